//! OBX and OBR: what devices report (IHE PCD-01, -04, -10) and which device an order is for.

use crate::action::Device;

use super::fields::*;
use super::mdc::{self, Metric};
use super::order::Group;
use super::segments::Fields;
use super::writer::{Amount, Writer};
use crate::action::Quantity;

/// What the observations of one message tell together.
#[derive(Clone, Copy, Default)]
pub(super) struct Observed<'a> {
    pub count: u32,
    /// Device addressed or reporting: the one of the first OBX with an OBX-18.
    pub device_id: &'a [u8],
    pub device: Option<Device>,
    /// OBX-4 of that row.
    pub channel: &'a [u8],
    /// An OBX-11 says that a result is deleted.
    pub deleted: bool,
    /// An OBX names a pump as a device: such an order is a program.
    pub pump: bool,
}

impl<'a> Observed<'a> {
    /// Reads an OBX. `order`: the order group that it belongs to.
    pub fn read(
        &mut self,
        f: &Fields<'a>,
        order: Option<&mut Group<'a>>,
        w: &mut Writer<'_, 'a, '_>,
    ) {
        self.count += 1;
        let d = w.d;
        self.deleted |= self.status(f, w);
        let instance = f.get(18);
        let id = f.get(3);
        let [code, refid, system] = d.first_three(id);
        let seen = mdc::read(code, refid);
        if seen.disagree {
            w.anomaly("mdc-code-disagrees", id);
        }
        if let Some(Metric::Device(device)) = seen.metric {
            self.pump |= device == Device::Pump;
            self.device = self.device.or(Some(device));
        }
        if self.device_id.is_empty() && !instance.is_empty() {
            self.names(instance, f.get(4), w);
        }
        if system == b"MDC" || refid.starts_with(b"MDC") {
            w.put(MDC, code);
        }
        match seen.metric {
            Some(metric) => self.report(metric, f, order, w),
            // Facet 1 of an alert names its event in OBX-3 itself.
            None if refid.starts_with(b"MDC_EVT_") => w.put(ALARM_EVENT, refid),
            None => {}
        }
    }

    /// OBX-18: the id, or the universal id where the old form leaves the first component empty.
    fn names(&mut self, instance: &'a [u8], path: &'a [u8], w: &Writer<'_, 'a, '_>) {
        let id = w.d.component(instance, 1).trim_ascii();
        self.device_id = if id.is_empty() {
            w.d.component(instance, 3).trim_ascii()
        } else {
            id
        };
        self.channel = path.trim_ascii();
    }

    fn status(&self, f: &Fields<'a>, w: &mut Writer<'_, 'a, '_>) -> bool {
        let status = f.get(11);
        if matches!(status, b"C" | b"D" | b"W") {
            w.put(RESULT_STATUS, status);
        }
        status == b"D"
    }

    fn report(
        &mut self,
        metric: Metric,
        f: &Fields<'a>,
        order: Option<&mut Group<'a>>,
        w: &mut Writer<'_, 'a, '_>,
    ) {
        let d = w.d;
        let value = f.get(5);
        let text = || {
            // `^pump-status-infusing`, `197288^MDC_EVT_PUMP_DELIV_START^MDC`, `start`
            let second = d.component(value, 2);
            if second.is_empty() {
                d.component(value, 1)
            } else {
                second
            }
        };
        let amount = || Amount::read(d.component(value, 1), f.get(6), &d);
        let number = |field, w: &mut Writer<'_, 'a, '_>| {
            let amount = amount();
            if let Some(amount) = &amount {
                w.faults(amount);
                w.amount(field, amount);
            }
            amount
        };
        match metric {
            Metric::Device(_) => {}
            Metric::Other => {
                if f.get(2) == b"NM"
                    && let Some(amount) = amount()
                {
                    let code = d.first_three(f.get(3))[0];
                    let quantity = amount.quantity();
                    w.quantity(MEASURED, Quantity { code, ..quantity });
                }
            }
            Metric::SetRate | Metric::CurrentRate => {
                number(REPORTED_RATE, w);
            }
            Metric::DoseRate => {
                number(REPORTED_DOSE, w);
            }
            Metric::Vtbi => {
                number(REPORTED_VTBI, w);
            }
            Metric::Weight => {
                if let (Some(weight), Some(group)) = (number(WEIGHT, w), order) {
                    group.weighs(weight);
                }
            }
            Metric::Concentration => {
                if let (Some(concentration), Some(group)) = (number(CONCENTRATION, w), order) {
                    group.concentrates(concentration);
                }
            }
            Metric::DrugName => w.put(DRUG_TEXT, text()),
            Metric::PumpStatus => w.put(PUMP_STATUS, text()),
            Metric::DrugLibrary => w.put(DRUG_LIBRARY, text()),
            Metric::InfusionEvent => w.put(INFUSION_EVENT, text()),
            Metric::AlarmEvent => w.put(ALARM_EVENT, text()),
            Metric::AlarmSource => {
                let source = mdc::read(d.component(value, 1), d.component(value, 2));
                if let Some(Metric::Device(device)) = source.metric {
                    self.device = self.device.or(Some(device));
                }
            }
            Metric::AlarmPhase => w.put(ALARM_PHASE, text()),
            Metric::AlarmState => w.put(ALARM_STATE, text()),
            Metric::AlarmInactivation => w.put(ALARM_INACTIVATION, text()),
            Metric::AlarmPriority => w.put(ALARM_PRIORITY, text()),
            Metric::Software => w.put(SOFTWARE, text()),
        }
    }
}
