//! Set operations, their answers and reports: what is asked of which handle, and what became of it.

use std::borrow::Cow;

use super::context;
use super::fields::*;
use super::mdib::Handles;
use super::services::signal;
use super::xml::{Step, Tag, Xml};
use crate::action::{Action, Device, Effect, Outcome, Quantity, Verb};
use crate::message::Draft;
use crate::schema::KindId;

/// What a set operation does.
#[derive(Default)]
pub struct Doing<'a> {
    operation: Cow<'a, str>,
    handle: Option<Cow<'a, str>>,
    verb: Option<Verb>,
    device: Option<Device>,
    value: Option<Cow<'a, str>>,
    unit: Vec<u8>,
    code: Vec<u8>,
    drug: Option<Cow<'a, str>>,
    /// A description says that something is deleted.
    pub deletes: bool,
}

impl Doing<'_> {
    pub fn action(&self) -> Action<'_> {
        let value = self.value.as_ref().map(|sent| Quantity {
            number: decimal(sent).unwrap_or(f64::NAN),
            sent: sent.as_bytes(),
            unit: &self.unit,
            code: &self.code,
        });
        Action {
            device: self.device.unwrap_or(Device::Unknown),
            handle: self.handle.as_ref().unwrap_or(&self.operation).as_bytes(),
            drug: self.drug.as_ref().map_or(b"", |d| d.as_bytes()),
            value,
            ..Action::of(self.verb.unwrap_or(Verb::UnknownVerb))
        }
    }
}

/// What an answer or a report says.
pub struct Answered<'a> {
    pub sequence: Cow<'a, str>,
    pub transaction: Option<i64>,
    pub state: Option<Outcome>,
    /// For a fault.
    pub fault: Outcome,
}

impl Default for Answered<'_> {
    fn default() -> Self {
        Answered {
            sequence: Cow::Borrowed(""),
            transaction: None,
            state: None,
            fault: Outcome::Refused,
        }
    }
}

impl Answered<'_> {
    /// Writes the key under which answer and reports of one operation meet.
    pub fn key(&self, key: &mut Vec<u8>) -> bool {
        use std::io::Write;
        key.clear();
        let Some(n) = self.transaction else {
            return false;
        };
        let sequence = self
            .sequence
            .get(..self.sequence.len().min(128))
            .unwrap_or("");
        write!(key, "sdc {sequence} {n}").is_ok()
    }
}

/// An xs:decimal: sign, digits, point; no exponent, no NaN (XML Schema 1.0 part 2, 3.2.3).
pub fn decimal(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let valid = digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|b| *b == b'.').count() <= 1;
    if valid { text.parse().ok() } else { None }
}

/// The name of a state in what an answer says.
fn outcome(state: &str) -> Outcome {
    match state {
        "Wait" | "Start" => Outcome::Requested,
        "Fin" | "FinMod" => Outcome::Accepted,
        "Fail" => Outcome::Refused,
        "Cnclld" | "CnclldMan" => Outcome::Failed,
        _ => Outcome::Unknown,
    }
}

/// Reads the body of a set operation (10207 AbstractSet and its kinds).
pub fn read<'a>(
    kind: KindId,
    xml: &mut Xml<'a>,
    handles: &Handles,
    doing: &mut Doing<'a>,
    draft: &mut Draft<'_>,
) {
    let (mut operations, mut values, mut states) = (0, 0, 0);
    let mut text_value = None;
    while let Some(tag) = xml.child(3) {
        match tag.local {
            "OperationHandleRef" => {
                let handle = xml.text();
                draft.text(OPERATION, handle.as_bytes());
                operations += 1;
                if operations == 1 {
                    doing.operation = handle;
                }
            }
            "RequestedNumericValue" => {
                let value = xml.text();
                draft.text(VALUE, value.as_bytes());
                if decimal(&value).is_none() {
                    xml.fault("bad-number");
                }
                values += 1;
                doing.value.get_or_insert(value);
            }
            "RequestedStringValue" => {
                let value = xml.text();
                draft.text(STRING_VALUE, value.as_bytes());
                values += 1;
                text_value.get_or_insert(value);
            }
            "Argument" => {
                while let Some(part) = xml.child(4) {
                    if part.local == "ArgValue" {
                        let value = xml.text();
                        draft.text(VALUE, value.as_bytes());
                        if decimal(&value).is_some() {
                            doing.value.get_or_insert(value);
                        }
                    }
                }
            }
            "ProposedAlertState" => {
                states += 1;
                alert(&tag, xml, doing, draft);
            }
            "ProposedMetricState" => {
                states += 1;
                metric(&tag, xml, handles, doing, draft);
            }
            "ProposedComponentState" => {
                states += 1;
                component(&tag, doing, draft);
            }
            "ProposedContextState" => {
                states += 1;
                let kind = tag.kind();
                let verb = match &*kind {
                    "PatientContextState" | "LocationContextState" => Verb::SetPatient,
                    _ => Verb::Configure,
                };
                doing.graver(verb);
                context::state(&tag, &kind, xml, draft);
            }
            _ => {}
        }
    }
    if operations > 1 || values > 1 {
        xml.fault("two-operations");
    }
    if states > 0 {
        draft.integer(STATES, states);
    }
    complete(kind, handles, text_value, doing);
}

/// Fills in what this connection learned about the operation.
fn complete<'a>(
    kind: KindId,
    handles: &Handles,
    text: Option<Cow<'a, str>>,
    doing: &mut Doing<'a>,
) {
    let Some(known) = handles.get(&doing.operation) else {
        return;
    };
    doing.device.get_or_insert(known.device);
    match kind {
        SET_VALUE | SET_STRING | ACTIVATE => {
            doing.verb = Some(known.verb);
            doing.unit = known.unit.to_vec();
            doing.code = known.code.to_vec();
            if known.drug {
                doing.drug = text;
            }
        }
        // Their states tell; the operation adds the device.
        _ => {}
    }
}

impl<'a> Doing<'a> {
    /// Keeps the verb that weighs more. True if this one is kept.
    fn graver(&mut self, verb: Verb) -> bool {
        // Among safety verbs the one that takes an alarm away weighs most.
        let weight = |v: Verb| match v {
            Verb::DisableAlarm => (Effect::Safety, 0),
            Verb::SilenceAlarm => (Effect::Safety, 1),
            v => (v.effect(Device::Pump), 2),
        };
        let graver = self.verb.is_none_or(|kept| weight(verb) < weight(kept));
        if graver {
            self.verb = Some(verb);
        }
        graver
    }
}

/// A state's handle and type.
fn named<'a>(
    tag: &Tag<'a>,
    draft: &mut Draft<'_>,
) -> (Cow<'a, str>, Cow<'a, str>, Option<Cow<'a, str>>) {
    let kind = tag.kind();
    let handle = tag.attribute("DescriptorHandle").unwrap_or_default();
    let activation = tag.attribute("ActivationState");
    draft
        .text_if(STATE_TYPES, kind.as_bytes())
        .text_if(HANDLES, handle.as_bytes());
    if let Some(state) = &activation {
        draft.text(ACTIVATION, state.as_bytes());
    }
    (kind, handle, activation)
}

/// A proposed alert state: off, paused, other limits (10207 AbstractAlertState).
fn alert<'a>(tag: &Tag<'a>, xml: &mut Xml<'a>, doing: &mut Doing<'a>, draft: &mut Draft<'_>) {
    let (kind, _, activation) = named(tag, draft);
    let mut verb = match activation.as_deref() {
        Some("Off") => Verb::DisableAlarm,
        Some("Psd") => Verb::SilenceAlarm,
        _ if kind == "LimitAlertConditionState" => Verb::SetAlarmLimit,
        // Switching on again, or a change that is none of these.
        _ => Verb::Configure,
    };
    if let Some(presence) = tag.attribute("Presence") {
        draft.text(PRESENCE, presence.as_bytes());
        if presence == "Ack" {
            doing.graver(Verb::SilenceAlarm);
        }
    }
    if let Some(monitored) = tag.attribute("MonitoredAlertLimits") {
        draft.text(MONITORED_LIMITS, monitored.as_bytes());
        if monitored == "None" {
            verb = Verb::DisableAlarm;
        }
    }
    doing.graver(verb);
    let depth = xml.depth();
    while let Some(child) = xml.child(depth) {
        match child.local {
            "Limits" => {
                for (name, field) in [("Upper", LIMIT_UPPER), ("Lower", LIMIT_LOWER)] {
                    if let Some(number) = child.number(name) {
                        draft.decimal(field, number);
                        if doing.value.is_none() {
                            doing.value = child.attribute(name);
                        }
                    }
                }
            }
            "SystemSignalActivation" => {
                signal(&child, draft);
                match child.attribute("State").as_deref() {
                    Some("Off") => doing.graver(Verb::DisableAlarm),
                    Some("Psd") => doing.graver(Verb::SilenceAlarm),
                    _ => false,
                };
            }
            _ => {}
        }
    }
}

/// A proposed metric state: its own handle tells what is set.
fn metric<'a>(
    tag: &Tag<'a>,
    xml: &mut Xml<'a>,
    handles: &Handles,
    doing: &mut Doing<'a>,
    draft: &mut Draft<'_>,
) {
    let (_, handle, _) = named(tag, draft);
    let depth = xml.depth();
    let mut value = None;
    while let Some(child) = xml.child(depth) {
        if child.local == "MetricValue" {
            value = child.attribute("Value");
        }
    }
    let known = handles.get(&handle);
    let numeric = value.as_deref().is_some_and(|v| decimal(v).is_some());
    if let Some(value) = &value {
        draft.text(if numeric { VALUE } else { STRING_VALUE }, value.as_bytes());
    }
    let verb = known.map_or(Verb::UnknownVerb, |k| k.verb);
    if doing.graver(verb) || doing.handle.is_none() {
        doing.handle = Some(handle);
        doing.value = value.filter(|_| numeric);
        if let Some(known) = known {
            doing.device = Some(known.device);
            doing.unit = known.unit.to_vec();
            doing.code = known.code.to_vec();
        }
    }
}

/// A proposed component state: standby, off, shut down; a clock's time.
fn component<'a>(tag: &Tag<'a>, doing: &mut Doing<'a>, draft: &mut Draft<'_>) {
    let (kind, _, activation) = named(tag, draft);
    doing.graver(match activation.as_deref() {
        _ if kind == "ClockState" => Verb::SetTime,
        Some("StndBy" | "Off" | "Shtdn" | "Fail" | "NotRdy") => Verb::SetMode,
        _ => Verb::Configure,
    });
}

/// The answer to a set operation (10207 InvocationInfo).
pub fn response(xml: &mut Xml<'_>, answered: &mut Answered<'_>, draft: &mut Draft<'_>) {
    invocations(xml, answered, draft);
}

/// An OperationInvokedReport: one part an operation. The key is the first part's.
pub fn report(xml: &mut Xml<'_>, answered: &mut Answered<'_>, draft: &mut Draft<'_>) {
    invocations(xml, answered, draft);
}

fn invocations(xml: &mut Xml<'_>, answered: &mut Answered<'_>, draft: &mut Draft<'_>) {
    loop {
        match xml.step() {
            Step::Open(tag) => match tag.local {
                "ReportPart" => {
                    for (name, field) in [
                        ("OperationHandleRef", OPERATION),
                        ("OperationTarget", OPERATION_TARGET),
                    ] {
                        if let Some(value) = tag.attribute(name) {
                            draft.text(field, value.as_bytes());
                        }
                    }
                }
                "TransactionId" => {
                    if let Ok(n) = xml.text().parse() {
                        draft.integer(TRANSACTION, n);
                        answered.transaction.get_or_insert(n);
                    }
                }
                "InvocationState" => {
                    let text = xml.text();
                    draft.text(INVOCATION_STATE, text.as_bytes());
                    answered.state.get_or_insert(outcome(&text));
                }
                "InvocationError" => {
                    let text = xml.text();
                    draft.text(INVOCATION_ERROR, text.as_bytes());
                }
                _ => {}
            },
            Step::Close if xml.depth() < 3 => return,
            Step::End => return,
            _ => {}
        }
    }
}
