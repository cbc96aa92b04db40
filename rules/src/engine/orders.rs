//! What pumps were ordered to give, and what they then say that they give. The first report of a pump
//! after an order shows whether the loop closed; what is changed at the bed later is nobody's fault.

use std::hash::BuildHasher;

use dissectors::action::{Action, Effect, Outcome, Verb};
use dissectors::message::{Interest, Message, Value};
use dissectors::registry::ProtocolId;
use dissectors::schema::FieldId;
use foldhash::fast::RandomState;

use super::table::Table;
use crate::language::eval::{Val, quantity};
use crate::language::units::Dimension;
use crate::limits::{self, Hits, Limits};

/// How long a report is held against an order.
const HOLDS: i64 = 1_800_000_000_000;
/// How far a report may differ.
const EXACT: f64 = 0.01;
/// Rates kept of the time before an order.
const BEFORE: usize = 8;

/// What an order was and what came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Closing {
    pub kept: bool,
    /// As ordered, in base units.
    pub ordered: (f64, Dimension),
    pub reported: (f64, Dimension),
}

#[derive(Debug, Default)]
struct Pump {
    /// The order that no report has shown yet.
    open: Option<Open>,
    /// What it said last.
    said: Vec<f64>,
}

#[derive(Clone, Debug)]
struct Open {
    order: u64,
    rate: (f64, Dimension),
    time: i64,
    /// What the pump gave when it came: a nurse has to confirm it first.
    before: Vec<f64>,
}

/// Fields of the protocol that carries orders and reports.
#[derive(Clone, Copy, Debug)]
struct Fields {
    protocol: ProtocolId,
    ordered: FieldId,
    reported: FieldId,
    device: FieldId,
    order: FieldId,
    status: FieldId,
}

impl Fields {
    fn find() -> Option<Self> {
        let protocol = ProtocolId::of("hl7v2")?;
        let field = |name| protocol.protocol().field(name);
        Some(Fields {
            protocol,
            ordered: field("rate_ml_h")?,
            reported: field("reported_rate")?,
            device: field("device")?,
            order: field("placer_order")?,
            status: field("pump_status")?,
        })
    }
}

#[derive(Debug)]
pub struct Orders {
    pumps: Table<u64, Pump>,
    /// Asked and not answered: by the join's key, the pump.
    pending: Table<u64, u64>,
    room: usize,
    hasher: RandomState,
    fields: Option<Fields>,
}

/// Adds what is read of orders and reports.
pub fn interest(interest: &mut Interest) {
    if let Some(f) = Fields::find() {
        for field in [f.ordered, f.reported, f.device, f.order, f.status] {
            interest.want_field(f.protocol, field);
        }
    }
}

impl Orders {
    pub fn new(limits: &Limits) -> Self {
        Orders {
            pumps: Table::default(),
            pending: Table::default(),
            room: limits.get(limits::SETPOINTS).max(1),
            hasher: RandomState::default(),
            fields: Fields::find(),
        }
    }

    /// A report: whether it shows what was ordered, if an order waits to be shown.
    pub fn reported(&mut self, message: Message<'_>, hits: &mut Hits) -> Option<Closing> {
        let f = self.fields.filter(|f| f.protocol == message.protocol())?;
        let mut said: Vec<(f64, Dimension)> = Vec::new();
        for value in message.values(f.reported).take(BEFORE) {
            if let Value::Quantity(q) = value
                && let Some(Val::Quantity(n, d)) = quantity(&q)
                && n > 0.0
            {
                said.push((n, d));
            }
        }
        if said.is_empty() {
            return None;
        }
        let device = text(message, f.device)?;
        let infusing = message.values(f.status).all(|s| match s {
            Value::Text(s) => s.ends_with(b"-infusing") && !s.ends_with(b"not-infusing"),
            _ => true,
        });
        if !infusing {
            return None;
        }
        let key = self.hasher.hash_one(device);
        let order = text(message, f.order).map(|o| self.hasher.hash_one(o));
        let pump = self.pump(key, hits)?;
        let closing = pump.closes(&said, order, message.frame().time);
        pump.said = said.iter().map(|s| s.0).collect();
        closing
    }

    /// An order was judged. `asked`: the key under which its answer comes.
    pub fn ordered(&mut self, message: Message<'_>, asked: Option<u64>, hits: &mut Hits) {
        let Some(f) = self.fields.filter(|f| f.protocol == message.protocol()) else {
            return;
        };
        let Some(action) = message.action() else {
            return;
        };
        if action.verb.effect(action.device) != Effect::Therapy || action.device_id.is_empty() {
            return;
        }
        let key = self.hasher.hash_one(action.device_id);
        if !sets(&action) {
            // Stopped, paused, started: what it gives now is not what was ordered.
            if let Some(pump) = self.pumps.get_mut(&key) {
                pump.open = None;
            }
            return;
        }
        let mut rates = message.values(f.ordered);
        let (Some(Value::Quantity(q)), None) = (rates.next(), rates.next()) else {
            return;
        };
        let Some(Val::Quantity(rate, dimension)) = quantity(&q) else {
            return;
        };
        if matches!(action.outcome, Outcome::Refused | Outcome::Failed) {
            return;
        }
        let order = self.hasher.hash_one(action.order);
        let Some(pump) = self.pump(key, hits) else {
            return;
        };
        pump.open = Some(Open {
            order,
            rate: (rate, dimension),
            time: message.frame().time,
            before: pump.said.clone(),
        });
        if let Some(asked) = asked {
            if self.pending.len() >= self.room {
                self.pending.clear();
                hits.count(limits::SETPOINTS);
            }
            self.pending.insert(asked, key);
        }
    }

    /// True if an answer matters here.
    pub fn waits(&self) -> bool {
        !self.pending.is_empty()
    }

    /// An answer came: what was refused is not given.
    pub fn answered(&mut self, key: u64, outcome: Outcome) {
        if outcome == Outcome::Requested {
            return;
        }
        if let Some(pump) = self.pending.remove(&key)
            && matches!(outcome, Outcome::Refused | Outcome::Failed)
            && let Some(pump) = self.pumps.get_mut(&pump)
        {
            pump.open = None;
        }
    }

    fn pump(&mut self, key: u64, hits: &mut Hits) -> Option<&mut Pump> {
        if self.pumps.len() >= self.room && !self.pumps.contains_key(&key) {
            hits.count(limits::SETPOINTS);
            return None;
        }
        Some(self.pumps.entry(key).or_default())
    }
}

fn sets(action: &Action<'_>) -> bool {
    matches!(action.verb, Verb::SetRate | Verb::SetDose)
}

fn text<'m>(message: Message<'m>, field: FieldId) -> Option<&'m [u8]> {
    match message.field(field) {
        Some(Value::Text(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= EXACT * b.abs()
}

impl Pump {
    fn closes(
        &mut self,
        said: &[(f64, Dimension)],
        order: Option<u64>,
        now: i64,
    ) -> Option<Closing> {
        let open = self.open.as_ref()?;
        if now.saturating_sub(open.time) > HOLDS {
            self.open = None;
            return None;
        }
        let ordered = open.rate;
        let of_its_kind: Vec<f64> = said
            .iter()
            .filter(|s| s.1 == ordered.1)
            .map(|s| s.0)
            .collect();
        let reported = *of_its_kind.first()?;
        let kept = of_its_kind.iter().any(|n| same(*n, ordered.0));
        let names_it = order == Some(open.order);
        let still_before = of_its_kind
            .iter()
            .any(|n| open.before.iter().any(|b| same(*n, *b)));
        // Without the order's number, and without knowing what it gave before, nothing is known.
        if !kept && !names_it && (still_before || open.before.is_empty()) {
            return None;
        }
        self.open = None;
        Some(Closing {
            kept,
            ordered,
            reported: (reported, ordered.1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000_000;
    const D: Dimension = Dimension::NONE;

    fn ordered(rate: f64, before: &[f64]) -> Pump {
        Pump {
            open: Some(Open {
                order: 7,
                rate: (rate, D),
                time: 0,
                before: before.to_vec(),
            }),
            said: Vec::new(),
        }
    }

    #[test]
    fn what_is_not_known_for_sure_is_not_told() {
        // It still gives what it gave before: nobody has confirmed the order.
        let mut pump = ordered(10.0, &[5.0]);
        assert_eq!(pump.closes(&[(5.0, D)], None, MINUTE), None);
        // What it gave before is not known.
        let mut pump = ordered(10.0, &[]);
        assert_eq!(pump.closes(&[(5.0, D)], None, MINUTE), None);
        // Too late to be about this order.
        let mut pump = ordered(10.0, &[5.0]);
        assert_eq!(pump.closes(&[(50.0, D)], None, 31 * MINUTE), None);
    }

    #[test]
    fn titration_after_the_order_was_shown_is_nobodys_fault() {
        let mut pump = ordered(10.0, &[5.0]);
        let shown = pump.closes(&[(10.05, D)], None, MINUTE);
        assert_eq!(shown.map(|c| c.kept), Some(true));
        assert_eq!(pump.closes(&[(12.0, D)], None, 2 * MINUTE), None);
    }

    #[test]
    fn first_report_that_differs_is_told_once() {
        let mut pump = ordered(10.0, &[5.0]);
        let shown = pump.closes(&[(100.0, D)], None, MINUTE);
        assert_eq!(shown.map(|c| (c.kept, c.reported.0)), Some((false, 100.0)));
        assert_eq!(pump.closes(&[(100.0, D)], None, 2 * MINUTE), None);
        let mut named = ordered(10.0, &[]);
        let shown = named.closes(&[(100.0, D)], Some(7), MINUTE);
        assert_eq!(shown.map(|c| c.kept), Some(false));
    }
}
