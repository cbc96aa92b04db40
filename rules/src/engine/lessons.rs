//! What one conversation teaches about another: what a device's operation handles mean. Kept by
//! device, so that a set that comes alone, on a connection of its own, is read all the same.

use std::collections::VecDeque;
use std::net::IpAddr;

use dissectors::action::{Action, Device, Verb};
use dissectors::contract::Side;
use dissectors::message::{Batch, Interest, Lesson, Message, Value};
use dissectors::registry::{PROTOCOLS, ProtocolId};
use dissectors::schema::FieldId;
use serde_json::{Value as Json, json};

use super::keep;
use super::table::Table;
use crate::language::units::same;
use crate::limits::{self, Hits, Limits};

/// The range and steps that a device published for an operation, in the operation's own unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taught {
    low: Option<f64>,
    high: Option<f64>,
    step: Option<f64>,
}

impl Taught {
    /// Ends are allowed. `None` if no range was published.
    pub fn in_range(self, number: f64) -> Option<bool> {
        if self.low.is_none() && self.high.is_none() {
            return None;
        }
        let low = self
            .low
            .is_none_or(|low| number >= low || same(number, low));
        let high = self
            .high
            .is_none_or(|high| number <= high || same(number, high));
        Some(low && high)
    }

    /// `None` if no steps were published.
    pub fn on_step(self, number: f64) -> Option<bool> {
        let step = self.step.filter(|s| *s > 0.0)?;
        let steps = (number - self.low.unwrap_or(0.0)) / step;
        Some((steps - steps.round()).abs() < 1e-6 * steps.abs().max(1.0))
    }
}

#[derive(Clone, Debug)]
struct Meaning {
    verb: Verb,
    device: Device,
    unit: Box<[u8]>,
    code: Box<[u8]>,
    taught: Taught,
}

#[derive(Debug, Default)]
struct Provider {
    /// The sequence under which the handles hold; a new one voids them.
    sequence: Box<[u8]>,
    handles: Table<Box<[u8]>, Meaning>,
}

/// Meanings of handles, by the device that taught them.
#[derive(Debug)]
pub struct Lessons {
    providers: Table<IpAddr, Provider>,
    /// In the order of their first lesson: who is forgotten first.
    order: VecDeque<IpAddr>,
    held: usize,
    room: usize,
    /// By protocol: the field of the sequence, and whether it ever taught anything.
    protocols: Vec<(Option<FieldId>, bool)>,
}

/// Adds the sequence under which handles hold.
pub fn interest(interest: &mut Interest) {
    for (at, protocol) in PROTOCOLS.iter().enumerate() {
        if let Some(field) = protocol.field("sequence_id") {
            interest.want_field(ProtocolId(at as u16), field);
        }
    }
}

impl Lessons {
    pub fn new(limits: &Limits) -> Self {
        Lessons {
            providers: Table::default(),
            order: VecDeque::new(),
            held: 0,
            room: limits.get(limits::TAUGHT_HANDLES).max(1),
            protocols: PROTOCOLS
                .iter()
                .map(|p| (p.field("sequence_id"), false))
                .collect(),
        }
    }

    /// What devices taught, for the next run. Handles that are no text are left out.
    pub fn kept(&self) -> Json {
        let text = |b: &[u8]| std::str::from_utf8(b).ok().map(str::to_owned);
        let mut devices = Vec::new();
        for ip in &self.order {
            let Some(provider) = self.providers.get(ip) else {
                continue;
            };
            let mut handles: Vec<_> = provider.handles.iter().collect();
            handles.sort_by_key(|(handle, _)| *handle);
            let handles: Vec<Json> = handles
                .into_iter()
                .filter_map(|(handle, m)| {
                    let t = m.taught;
                    Some(json!([
                        text(handle)?,
                        m.verb.word(),
                        m.device.word(),
                        text(&m.unit)?,
                        text(&m.code)?,
                        t.low,
                        t.high,
                        t.step,
                    ]))
                })
                .collect();
            if let Some(sequence) = text(&provider.sequence) {
                devices.push(json!({ "ip": ip, "sequence": sequence, "handles": handles }));
            }
        }
        devices.into()
    }

    /// Takes what an earlier run kept; what in it cannot be read is left out.
    pub fn restore(&mut self, kept: &Json) {
        for device in kept.as_array().into_iter().flatten() {
            let text = |key| device.get(key).and_then(Json::as_str);
            let ip = text("ip").and_then(|ip| ip.parse::<IpAddr>().ok());
            let handles = device.get("handles").and_then(Json::as_array);
            let (Some(ip), Some(sequence), Some(handles)) = (ip, text("sequence"), handles) else {
                continue;
            };
            if self.providers.contains_key(&ip) {
                continue;
            }
            let mut provider = Provider {
                sequence: sequence.as_bytes().into(),
                ..Provider::default()
            };
            for handle in handles {
                if self.held < self.room
                    && let Some((handle, meaning)) = meaning_of(handle)
                    && provider.handles.insert(handle, meaning).is_none()
                {
                    self.held += 1;
                }
            }
            self.order.push_back(ip);
            self.providers.insert(ip, provider);
        }
        for (field, taught) in &mut self.protocols {
            *taught |= field.is_some() && !self.providers.is_empty();
        }
    }

    /// Takes in what a message teaches of its sender.
    pub fn learn(&mut self, message: Message<'_>, hits: &mut Hits) {
        let mut lessons = message.lessons().peekable();
        let Some((field, taught)) = self.protocols.get_mut(message.protocol().index()) else {
            return;
        };
        let (field, teaches) = (*field, lessons.peek().is_some());
        *taught |= teaches;
        let ip = message.source().ip;
        if !teaches && (!*taught || !self.providers.contains_key(&ip)) {
            return;
        }
        let sequence = field.and_then(|f| sequence(message, f));
        if let Some(sequence) = sequence
            && let Some(provider) = self.providers.get_mut(&ip)
            && !provider.sequence.is_empty()
            && provider.sequence.as_ref() != sequence
        {
            self.held = self.held.saturating_sub(provider.handles.len());
            provider.handles.clear();
            provider.sequence = sequence.into();
        }
        for lesson in lessons {
            self.keep(ip, &lesson, sequence.unwrap_or(b""), hits);
        }
    }

    fn keep(&mut self, ip: IpAddr, lesson: &Lesson<'_>, sequence: &[u8], hits: &mut Hits) {
        while self.held >= self.room {
            hits.count(limits::TAUGHT_HANDLES);
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            if let Some(gone) = self.providers.remove(&oldest) {
                self.held = self.held.saturating_sub(gone.handles.len());
            }
        }
        if !self.providers.contains_key(&ip) {
            self.order.push_back(ip);
        }
        let provider = self.providers.entry(ip).or_default();
        if provider.sequence.is_empty() {
            provider.sequence = sequence.into();
        }
        let meaning = Meaning {
            verb: lesson.verb,
            device: lesson.device,
            unit: lesson.unit.into(),
            code: lesson.code.into(),
            taught: Taught {
                low: known(lesson.low),
                high: known(lesson.high),
                step: known(lesson.step),
            },
        };
        if provider
            .handles
            .insert(lesson.handle.into(), meaning)
            .is_none()
        {
            self.held += 1;
        }
    }

    fn teaches(&self, message: Message<'_>) -> bool {
        let at = message.protocol().index();
        self.protocols.get(at).is_some_and(|(_, taught)| *taught)
    }

    fn meaning(&self, message: Message<'_>, action: &Action<'_>) -> Option<&Meaning> {
        if action.handle.is_empty() {
            return None;
        }
        let asked = message.conversation().ends[match message.answers() {
            Some(_) => message.side(),
            None => message.side().other(),
        }
        .index()];
        self.providers.get(&asked.ip)?.handles.get(action.handle)
    }

    /// What the device published of the operation that a message asks for.
    pub fn taught(&self, message: Message<'_>) -> Option<Taught> {
        if !self.teaches(message) {
            return None;
        }
        let action = message.action()?;
        self.meaning(message, &action).map(|m| m.taught)
    }

    /// The message with its action completed, if more is known of it than it says.
    pub fn complete(&self, message: Message<'_>) -> Option<Batch> {
        if !self.teaches(message) {
            return None;
        }
        let mut action = message.action()?;
        let meaning = self.meaning(message, &action)?;
        let unread = action.verb == Verb::UnknownVerb && meaning.verb != Verb::UnknownVerb;
        let unit = action
            .value
            .is_some_and(|v| v.unit.is_empty() && !meaning.unit.is_empty());
        let device = action.device == Device::Unknown && meaning.device != Device::Unknown;
        if !unread && !unit && !device {
            return None;
        }
        if unread {
            action.verb = meaning.verb;
        }
        if device {
            action.device = meaning.device;
        }
        if let Some(value) = &mut action.value {
            if value.unit.is_empty() {
                value.unit = &meaning.unit;
            }
            if value.code.is_empty() {
                value.code = &meaning.code;
            }
        }
        Some(keep::with_action(message, Some(action)))
    }
}

fn meaning_of(kept: &Json) -> Option<(Box<[u8]>, Meaning)> {
    let text = |at: usize| kept.get(at)?.as_str();
    let number = |at: usize| kept.get(at).and_then(Json::as_f64);
    let meaning = Meaning {
        verb: Verb::ALL
            .iter()
            .copied()
            .find(|v| Some(v.word()) == text(1))?,
        device: Device::ALL
            .iter()
            .copied()
            .find(|d| Some(d.word()) == text(2))?,
        unit: text(3)?.as_bytes().into(),
        code: text(4)?.as_bytes().into(),
        taught: Taught {
            low: number(5),
            high: number(6),
            step: number(7),
        },
    };
    Some((text(0)?.as_bytes().into(), meaning))
}

/// Open ends are not numbers.
fn known(n: f64) -> Option<f64> {
    n.is_finite().then_some(n)
}

/// The sequence that a device names; a consumer only repeats what it was told.
fn sequence<'m>(message: Message<'m>, field: FieldId) -> Option<&'m [u8]> {
    match message.field(field)? {
        Value::Text(text) if !text.is_empty() && message.side() != Side::Client => Some(text),
        Value::Text(text) if !text.is_empty() && message.answers().is_none() => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taught(low: Option<f64>, high: Option<f64>, step: Option<f64>) -> Taught {
        Taught { low, high, step }
    }

    #[test]
    fn without_a_published_range_nothing_is_said() {
        assert_eq!(taught(None, None, Some(0.1)).in_range(9e9), None);
        assert_eq!(taught(Some(0.0), None, None).on_step(0.05), None);
        assert_eq!(taught(None, None, Some(0.0)).on_step(0.05), None);
    }

    #[test]
    fn ends_of_the_range_are_in_it() {
        let t = taught(Some(0.1), Some(1200.0), Some(0.1));
        assert_eq!(t.in_range(1200.0), Some(true));
        assert_eq!(t.in_range(1200.01), Some(false));
        assert_eq!(t.in_range(-5.0), Some(false));
        assert_eq!(t.on_step(7.3), Some(true));
        assert_eq!(t.on_step(7.35), Some(false));
    }
}
