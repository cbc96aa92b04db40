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
    /// A measurement that is only counted.
    Other,
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
    match number(code) {
        Some(number) if number >= 0x1_0000 => {
            let found = TABLE.binary_search_by_key(&number, |(code, _, _)| *code);
            let Some(row) = found.ok().and_then(|at| TABLE.get(at)) else {
                // A code of its own for a reference id that has another.
                let named = by_refid(refid);
                return Observation {
                    metric: named.map(|(_, m)| m),
                    disagree: named.is_some_and(|(code, _)| code != 0),
                };
            };
            let same = refid.trim_ascii() == row.1.as_bytes();
            Observation {
                metric: Some(row.2),
                disagree: !same && by_refid(refid).is_some_and(|(_, metric)| metric != row.2),
            }
        }
        _ => Observation {
            metric: by_refid(refid).map(|(_, m)| m),
            disagree: false,
        },
    }
}

/// Code and meaning of a reference id.
fn by_refid(refid: &[u8]) -> Option<(u32, Metric)> {
    let id = refid.trim_ascii();
    // So does every name begin; most observations are named in another system.
    if !id.starts_with(b"MDC_") {
        return None;
    }
    let mut at = FIRST[bucket(id)];
    while let Some((code, name, metric)) = TABLE.get(usize::from(at)) {
        if name.as_bytes() == id {
            return Some((*code, *metric));
        }
        at = NEXT[usize::from(at)];
    }
    None
}

fn number(code: &[u8]) -> Option<u32> {
    let code = code.trim_ascii();
    (!code.is_empty() && code.len() <= 8 && code.iter().all(u8::is_ascii_digit))
        .then(|| code.iter().fold(0u32, |n, b| n * 10 + u32::from(b - b'0')))
}

use Device::{Dialysis, Monitor, Pump, Ventilator};

/// Code, reference id, meaning, sorted by code. 684810 is 68481 as some senders write it; an id
/// without a code of its own has 0.
const TABLE: &[(u32, &str, Metric)] = &[
    (0, "MDC_ATTR_EVT_PHASE", Metric::AlarmPhase),
    (67_886, "MDC_ATTR_ID_SOFT", Metric::Software),
    (68_060, "MDC_ATTR_PT_HEIGHT", Metric::Other),
    (68_063, "MDC_ATTR_PT_WEIGHT", Metric::Weight),
    (68_480, "MDC_ATTR_ALERT_SOURCE", Metric::AlarmSource),
    (68_481, "MDC_ATTR_EVENT_PHASE", Metric::AlarmPhase),
    (68_482, "MDC_ATTR_ALARM_STATE", Metric::AlarmState),
    (
        68_483,
        "MDC_ATTR_ALARM_INACTIVATION_STATE",
        Metric::AlarmInactivation,
    ),
    (68_484, "MDC_ATTR_ALARM_PRIORITY", Metric::AlarmPriority),
    (68_485, "MDC_ATTR_ALERT_TYPE", Metric::Other),
    (68_487, "MDC_ATTR_EVT_COND", Metric::InfusionEvent),
    (68_488, "MDC_ATTR_EVT_SOURCE", Metric::Other),
    (69_642, "MDC_DEV_ANALY_SAT_O2_VMD", Metric::Device(Monitor)),
    (69_798, "MDC_DEV_ECG_VMD", Metric::Device(Monitor)),
    (
        69_837,
        "MDC_DEV_METER_PHYSIO_MULTI_PARAM_MDS",
        Metric::Device(Monitor),
    ),
    (
        69_965,
        "MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS",
        Metric::Device(Monitor),
    ),
    (69_985, "MDC_DEV_PUMP_INFUS_MDS", Metric::Device(Pump)),
    (69_986, "MDC_DEV_PUMP_INFUS_VMD", Metric::Device(Pump)),
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
    (70_049, "MDC_DEV_PUMP_INFUS_LVP_MDS", Metric::Device(Pump)),
    (70_050, "MDC_DEV_PUMP_INFUS_LVP_VMD", Metric::Device(Pump)),
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
    (147_842, "MDC_ECG_CARD_BEAT_RATE", Metric::Other),
    (149_530, "MDC_PULS_OXIM_PULS_RATE", Metric::Other),
    (149_546, "MDC_PULS_RATE_NON_INV", Metric::Other),
    (150_021, "MDC_PRESS_BLD_NONINV_SYS", Metric::Other),
    (150_022, "MDC_PRESS_BLD_NONINV_DIA", Metric::Other),
    (150_023, "MDC_PRESS_BLD_NONINV_MEAN", Metric::Other),
    (150_037, "MDC_PRESS_BLD_ART_ABP_SYS", Metric::Other),
    (150_038, "MDC_PRESS_BLD_ART_ABP_DIA", Metric::Other),
    (150_039, "MDC_PRESS_BLD_ART_ABP_MEAN", Metric::Other),
    (150_448, "MDC_PULS_OXIM_PERF_REL", Metric::Other),
    (150_456, "MDC_PULS_OXIM_SAT_O2", Metric::Other),
    (151_562, "MDC_RESP_RATE", Metric::Other),
    (151_720, "MDC_VENT_CONC_AWAY_O2", Metric::Other),
    (151_804, "MDC_PRESS_AWAY_END_EXP_POS", Metric::Other),
    (151_817, "MDC_PRESS_AWAY_INSP_PEAK", Metric::Other),
    (157_760, "MDC_CONC_DRUG", Metric::Concentration),
    (157_784, "MDC_FLOW_FLUID_PUMP", Metric::SetRate),
    (157_804, "MDC_FLOW_DRUG_DELIV", Metric::DoseRate),
    (157_864, "MDC_VOL_FLUID_DELIV", Metric::Other),
    (157_872, "MDC_VOL_FLUID_TBI_REMAIN", Metric::Other),
    (157_884, "MDC_VOL_FLUID_TBI", Metric::Vtbi),
    (157_916, "MDC_TIME_PD_REMAIN", Metric::Other),
    (157_924, "MDC_RATE_DOSE", Metric::DoseRate),
    (157_985, "MDC_DOSE_PCA_LIMIT", Metric::Other),
    (157_993, "MDC_VOL_FLUID_DELIV_TOTAL", Metric::Other),
    (158_014, "MDC_FLOW_FLUID_PUMP_CURRENT", Metric::CurrentRate),
    (184_330, "MDC_DRUG_NAME_TYPE", Metric::DrugName),
    (184_514, "MDC_DRUG_NAME_LABEL", Metric::DrugName),
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
    (184_519, "MDC_PUMP_INFUSING_STATUS", Metric::PumpStatus),
    (192_526, "MDC_VOL_AWAY_TIDAL_EXP", Metric::Other),
    (192_527, "MDC_VOL_AWAY_MINUTE_EXP", Metric::Other),
    (196_616, "MDC_EVT_ALARM", Metric::AlarmEvent),
    (531_975, "MDC_ID_PROD_SPEC_SW", Metric::Software),
    (684_810, "MDC_ATTR_EVENT_PHASE", Metric::AlarmPhase),
];

/// Rows of [`TABLE`] whose names are alike in length and last bytes: the first of each bucket, and
/// behind each row the next. No row: [`NONE`].
const FIRST: [u8; BUCKETS] = CHAINS.0;
const NEXT: [u8; TABLE.len()] = CHAINS.1;
const BUCKETS: usize = 128;
const NONE: u8 = u8::MAX;

const CHAINS: ([u8; BUCKETS], [u8; TABLE.len()]) = {
    assert!(TABLE.len() < NONE as usize);
    let mut first = [NONE; BUCKETS];
    let mut next = [NONE; TABLE.len()];
    // From the last row up, so that of equal names the first is found.
    let mut row = TABLE.len();
    while row > 0 {
        row -= 1;
        let bucket = bucket(TABLE[row].1.as_bytes());
        next[row] = first[bucket];
        first[bucket] = row as u8;
    }
    (first, next)
};

const fn bucket(name: &[u8]) -> usize {
    let mut mixed = name.len();
    let mut at = name.len().saturating_sub(3);
    while at < name.len() {
        mixed = mixed * 5 + name[at] as usize;
        at += 1;
    }
    mixed % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(code: &str, refid: &str) -> Option<Metric> {
        read(code.as_bytes(), refid.as_bytes()).metric
    }

    #[test]
    fn the_table_is_sorted_by_code() {
        assert!(TABLE.is_sorted_by_key(|(code, _, _)| *code));
    }

    #[test]
    fn every_name_begins_alike() {
        assert!(TABLE.iter().all(|(_, name, _)| name.starts_with("MDC_")));
    }

    #[test]
    fn every_row_is_found_by_its_reference_id_alone() {
        for (_, name, metric) in TABLE {
            assert_eq!(read(b"0", name.as_bytes()).metric, Some(*metric), "{name}");
        }
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
        assert_eq!(read_wrong.metric, Some(Metric::Other));
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
