//! Which observation an OBX-3 names (ISO/IEEE 11073-10101, IHE PCD TF-3). The context-free code is
//! partition x 65536 + term; where it is 0 or a bare term, the reference id decides.

use crate::action::Device;

/// An observation that the dissector understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metric {
    Device(Device),
    SetRate,
    CurrentRate,
    DoseRate,
    Vtbi,
    Concentration,
    DrugName,
    Weight,
    PumpStatus,
    DrugLibrary,
    InfusionEvent,
    AlarmEvent,
    /// OBX-5 names the device that raised the alarm.
    AlarmSource,
    AlarmPhase,
    AlarmState,
    AlarmInactivation,
    AlarmPriority,
    Software,
}

/// An OBX-3 read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Observation {
    pub metric: Option<Metric>,
    /// Code and reference id are both known and name different things.
    pub disagree: bool,
}

/// Reads code and reference id of an OBX-3.
pub(super) fn read(code: &[u8], refid: &[u8]) -> Observation {
    let by_refid = || {
        let id = refid.trim_ascii();
        id.starts_with(b"MDC").then(|| {
            TABLE
                .iter()
                .find(|(_, name, _)| name.as_bytes() == id)
                .map(|(code, _, metric)| (*code, *metric))
        })?
    };
    match number(code) {
        Some(number) if number >= 0x1_0000 => {
            let Some(row) = TABLE.iter().find(|(c, _, _)| *c == number) else {
                // A code of its own for a reference id that has another.
                let disagree = by_refid().is_some_and(|(code, _)| code != 0);
                return Observation {
                    metric: by_refid().map(|(_, m)| m),
                    disagree,
                };
            };
            let same = refid.trim_ascii() == row.1.as_bytes();
            Observation {
                metric: Some(row.2),
                disagree: !same && by_refid().is_some_and(|(_, metric)| metric != row.2),
            }
        }
        _ => Observation {
            metric: by_refid().map(|(_, m)| m),
            disagree: false,
        },
    }
}

fn number(code: &[u8]) -> Option<u32> {
    let code = code.trim_ascii();
    (!code.is_empty() && code.len() <= 8 && code.iter().all(u8::is_ascii_digit))
        .then(|| code.iter().fold(0u32, |n, b| n * 10 + u32::from(b - b'0')))
}

use Device::{Dialysis, Monitor, Pump, Ventilator};

/// Code, reference id, meaning. Most frequent first.
const TABLE: &[(u32, &str, Metric)] = &[
    (157_784, "MDC_FLOW_FLUID_PUMP", Metric::SetRate),
    (158_014, "MDC_FLOW_FLUID_PUMP_CURRENT", Metric::CurrentRate),
    (157_924, "MDC_RATE_DOSE", Metric::DoseRate),
    (157_804, "MDC_FLOW_DRUG_DELIV", Metric::DoseRate),
    (157_884, "MDC_VOL_FLUID_TBI", Metric::Vtbi),
    (157_760, "MDC_CONC_DRUG", Metric::Concentration),
    (184_330, "MDC_DRUG_NAME_TYPE", Metric::DrugName),
    (184_514, "MDC_DRUG_NAME_LABEL", Metric::DrugName),
    (68_063, "MDC_ATTR_PT_WEIGHT", Metric::Weight),
    (184_519, "MDC_PUMP_INFUSING_STATUS", Metric::PumpStatus),
    (
        184_516,
        "MDC_PUMP_DRUG_LIBRARY_CARE_AREA",
        Metric::DrugLibrary,
    ),
    (
        184_517,
        "MDC_PUMP_DRUG_LIBRARY_VERSION",
        Metric::DrugLibrary,
    ),
    (68_487, "MDC_ATTR_EVT_COND", Metric::InfusionEvent),
    (196_616, "MDC_EVT_ALARM", Metric::AlarmEvent),
    (68_480, "MDC_ATTR_ALERT_SOURCE", Metric::AlarmSource),
    (68_481, "MDC_ATTR_EVENT_PHASE", Metric::AlarmPhase),
    (0, "MDC_ATTR_EVT_PHASE", Metric::AlarmPhase),
    (68_482, "MDC_ATTR_ALARM_STATE", Metric::AlarmState),
    // Seen with an extra digit, 684810 (sheet, section 7).
    (684_810, "MDC_ATTR_EVENT_PHASE", Metric::AlarmPhase),
    (
        68_483,
        "MDC_ATTR_ALARM_INACTIVATION_STATE",
        Metric::AlarmInactivation,
    ),
    (68_484, "MDC_ATTR_ALARM_PRIORITY", Metric::AlarmPriority),
    (531_975, "MDC_ID_PROD_SPEC_SW", Metric::Software),
    (67_886, "MDC_ATTR_ID_SOFT", Metric::Software),
    (69_985, "MDC_DEV_PUMP_INFUS_MDS", Metric::Device(Pump)),
    (69_986, "MDC_DEV_PUMP_INFUS_VMD", Metric::Device(Pump)),
    (70_049, "MDC_DEV_PUMP_INFUS_LVP_MDS", Metric::Device(Pump)),
    (70_050, "MDC_DEV_PUMP_INFUS_LVP_VMD", Metric::Device(Pump)),
    (
        126_977,
        "MDC_DEV_PUMP_INFUS_CHAN_SOURCE",
        Metric::Device(Pump),
    ),
    (
        126_978,
        "MDC_DEV_PUMP_INFUS_CHAN_DELIVERY",
        Metric::Device(Pump),
    ),
    (
        70_001,
        "MDC_DEV_SYS_PT_VENT_MDS",
        Metric::Device(Ventilator),
    ),
    (
        70_002,
        "MDC_DEV_SYS_PT_VENT_VMD",
        Metric::Device(Ventilator),
    ),
    (
        69_965,
        "MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS",
        Metric::Device(Monitor),
    ),
    (
        69_837,
        "MDC_DEV_METER_PHYSIO_MULTI_PARAM_MDS",
        Metric::Device(Monitor),
    ),
    (69_642, "MDC_DEV_ANALY_SAT_O2_VMD", Metric::Device(Monitor)),
    (69_798, "MDC_DEV_ECG_VMD", Metric::Device(Monitor)),
    (
        70_686,
        "MDC_DEV_PRESS_BLD_NONINV_VMD",
        Metric::Device(Monitor),
    ),
    (
        70_929,
        "MDC_DEV_HDIALY_MACHINE_MDS",
        Metric::Device(Dialysis),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(code: &str, refid: &str) -> Option<Metric> {
        read(code.as_bytes(), refid.as_bytes()).metric
    }

    #[test]
    fn private_codes_name_nothing() {
        assert_eq!(metric("1554-5", "GLUCOSE"), None);
        assert_eq!(metric("", ""), None);
        assert_eq!(metric("999999", "MDCX_OWN"), None);
        assert_eq!(metric("99999999999999999999", ""), None);
    }

    #[test]
    fn code_and_reference_id_that_disagree_are_told() {
        // One public gateway maps the rate to a PCA limit's code.
        let read_wrong = read(b"157985", b"MDC_FLOW_FLUID_PUMP");
        assert_eq!(read_wrong.metric, Some(Metric::SetRate));
        assert!(read_wrong.disagree);
        assert!(read(b"157784", b"MDC_VOL_FLUID_TBI").disagree);
        assert!(!read(b"157784", b"MDC_FLOW_FLUID_PUMP").disagree);
        assert!(!read(b"157784", b"Flow rate").disagree);
    }

    #[test]
    fn zero_and_bare_terms_are_read_by_reference_id() {
        assert_eq!(
            metric("0", "MDC_FLOW_FLUID_PUMP_CURRENT"),
            Some(Metric::CurrentRate)
        );
        assert_eq!(
            metric("4262", "MDC_DEV_ECG_VMD"),
            Some(Metric::Device(Monitor))
        );
        assert_eq!(metric("157784", ""), Some(Metric::SetRate));
    }
}
