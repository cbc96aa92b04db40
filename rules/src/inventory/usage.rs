//! Whether a device is in use: a patient context, a running infusion, an open study, vital signs.
//!
//! Evidence ages: what has not been seen for a while is unknown, never "not in use".

use std::sync::LazyLock;

use dissectors::action::Verb;
use dissectors::message::{FrameRef, Interest, Message, Value};
use dissectors::registry::{PROTOCOLS, ProtocolId};
use dissectors::schema::{FieldId, FieldType};

/// What shows that a device is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    Patient,
    Infusion,
    Study,
    Vitals,
}

impl Use {
    pub const ALL: [Use; 4] = [Use::Patient, Use::Infusion, Use::Study, Use::Vitals];

    pub const fn word(self) -> &'static str {
        match self {
            Use::Patient => "patient context",
            Use::Infusion => "running infusion",
            Use::Study => "open study",
            Use::Vitals => "vital signs",
        }
    }
}

/// One kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    pub protocol: ProtocolId,
    /// Since when without a longer pause.
    pub since: i64,
    pub last: FrameRef,
    /// It was said to be over.
    pub over: bool,
}

/// All evidence of one device.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Uses([Option<Evidence>; 4]);

impl Uses {
    /// The evidence, the newest first.
    pub fn each(&self) -> impl Iterator<Item = (Use, Evidence)> {
        let mut all: Vec<_> = Use::ALL
            .into_iter()
            .zip(self.0)
            .filter_map(|(u, e)| Some((u, e?)))
            .collect();
        all.sort_by_key(|(u, e)| (std::cmp::Reverse(e.last.seq), *u));
        all.into_iter()
    }

    /// What shows that it is in use at `now`, and how old that is; `None`: unknown.
    pub fn at(&self, now: i64, patience: i64) -> Option<(Use, Evidence)> {
        self.each()
            .find(|(_, e)| !e.over && now.saturating_sub(e.last.time) <= patience)
    }

    /// As an earlier run saw it.
    pub(super) fn set(&mut self, what: Use, evidence: Evidence) {
        self.0[what as usize] = Some(evidence);
    }

    pub(super) fn saw(
        &mut self,
        what: Use,
        protocol: ProtocolId,
        at: FrameRef,
        patience: i64,
        over: bool,
    ) -> Change {
        let slot = &mut self.0[what as usize];
        let running = slot.filter(|e| !e.over && at.time.saturating_sub(e.last.time) <= patience);
        let change = match (running.is_some(), over) {
            (false, false) => Change::Began,
            (true, true) => Change::Ended,
            _ => Change::None,
        };
        *slot = Some(Evidence {
            protocol,
            since: running.map_or(at.time, |e| e.since),
            last: at,
            over,
        });
        change
    }
}

/// What a piece of evidence changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    None,
    Began,
    Ended,
}

/// Protocols that a device at the bed speaks itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bedside {
    No,
    /// Its measured values are those of a patient.
    Measures,
    /// Its rate above zero is an infusion.
    Infuses,
}

static BEDSIDE: LazyLock<Vec<Bedside>> = LazyLock::new(|| {
    PROTOCOLS
        .iter()
        .map(|p| match p.name {
            "intellivue" | "ge_unity" | "datex_s5" | "contec" | "mindray" | "medibus" | "servo"
            | "hamilton" | "puritan_bennett" | "capnostream" | "nellcor" | "masimo" | "nonin"
            | "phd" | "sdc" => Bedside::Measures,
            "alaris" | "fresenius" | "bcc" => Bedside::Infuses,
            _ => Bedside::No,
        })
        .collect()
});

/// By protocol: the field of a pump's rate.
static RATES: LazyLock<Vec<Option<FieldId>>> =
    LazyLock::new(|| PROTOCOLS.iter().map(|p| p.field("rate")).collect());

/// Whether a bedside device speaks this protocol itself.
pub fn is_device(protocol: ProtocolId) -> bool {
    BEDSIDE
        .get(protocol.index())
        .is_some_and(|b| *b != Bedside::No)
}

/// Adds the measured values of bedside devices.
pub fn interest(interest: &mut Interest) {
    for (at, protocol) in PROTOCOLS.iter().enumerate() {
        let id = ProtocolId(at as u16);
        let measured = protocol
            .fields
            .iter()
            .enumerate()
            .filter(|(_, f)| is_device(id) && f.kind == FieldType::Quantity);
        for (field, _) in measured {
            interest.want_field(id, FieldId(field as u16));
        }
    }
}

/// What a message shows of its sender (`true`) or of the one that it is sent to (`false`):
/// what, of whom, and whether it is over.
pub fn shown(message: Message<'_>, patient: bool) -> impl Iterator<Item = (Use, bool, bool)> {
    let protocol = message.protocol();
    let bedside = BEDSIDE
        .get(protocol.index())
        .copied()
        .unwrap_or(Bedside::No);
    let verb = message.verb();
    let by_patient = (patient && bedside != Bedside::No).then_some((
        Use::Patient,
        verb != Some(Verb::SetPatient),
        false,
    ));
    let mut by_values = None;
    if bedside != Bedside::No
        && verb.is_none_or(|v| matches!(v, Verb::Store | Verb::Notify | Verb::Read))
    {
        let above_zero = message
            .fields()
            .any(|(_, v)| matches!(v, Value::Quantity(q) if q.number > 0.0));
        by_values = match bedside {
            Bedside::Measures if above_zero => Some((Use::Vitals, true, false)),
            _ => None,
        };
    }
    if bedside == Bedside::Infuses {
        by_values = rate_of(message).map(|rate| (Use::Infusion, true, rate <= 0.0));
    }
    let dicom = || protocol.name() == "dicom";
    let gives_therapy = message.device().is_some_and(|d| d.gives_therapy());
    let by_command = match (verb, gives_therapy) {
        (Some(Verb::Start), false) if dicom() => Some((Use::Study, true, false)),
        (Some(Verb::Stop), false) if dicom() => Some((Use::Study, true, true)),
        (Some(Verb::Start | Verb::Bolus), true) if bedside == Bedside::Infuses => {
            Some((Use::Infusion, false, false))
        }
        (Some(Verb::Stop), true) if bedside == Bedside::Infuses => {
            Some((Use::Infusion, false, true))
        }
        _ => None,
    };
    [by_patient, by_values, by_command].into_iter().flatten()
}

/// The rate that a pump reports in an answer, in its own unit.
fn rate_of(message: Message<'_>) -> Option<f64> {
    message.answers()?;
    let field = RATES.get(message.protocol().index()).copied().flatten()?;
    match message.field(field)? {
        Value::Quantity(q) if q.number.is_finite() => Some(q.number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> FrameRef {
        FrameRef {
            seq: seconds as u64,
            time: seconds * 1_000_000_000,
            ..FrameRef::default()
        }
    }

    const PATIENCE: i64 = 900_000_000_000;

    #[test]
    fn old_evidence_is_unknown_and_so_is_none() {
        let mut uses = Uses::default();
        assert_eq!(uses.at(0, PATIENCE), None);
        uses.saw(Use::Vitals, ProtocolId(0), at(10), PATIENCE, false);
        assert!(uses.at(at(910).time, PATIENCE).is_some());
        assert!(uses.at(at(911).time, PATIENCE).is_none());
    }

    #[test]
    fn infusion_that_was_stopped_runs_no_more() {
        let mut uses = Uses::default();
        let saw = |uses: &mut Uses, t, over| {
            uses.saw(Use::Infusion, ProtocolId(0), at(t), PATIENCE, over)
        };
        assert_eq!(saw(&mut uses, 10, false), Change::Began);
        assert_eq!(saw(&mut uses, 20, false), Change::None);
        assert_eq!(saw(&mut uses, 30, true), Change::Ended);
        assert_eq!(uses.at(at(31).time, PATIENCE), None);
    }
}
