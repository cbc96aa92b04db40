//! Streams of vital signs over time: a stream that used to vary and stands still, and a step that no
//! patient makes.

use std::hash::{BuildHasher, Hash, Hasher};
use std::net::IpAddr;

use dissectors::message::{Interest, Message, Value};
use dissectors::registry::{PROTOCOLS, ProtocolId};
use dissectors::schema::FieldId;
use foldhash::fast::RandomState;

use super::table::Table;
use crate::limits::{self, Hits, Limits};

/// Protocols of monitors and ventilators: the field of measured values, and the one that tells streams
/// of one sender apart.
const SOURCES: &[(&str, &str, &str)] = &[
    ("intellivue", "numeric", "polled"),
    ("ge_unity", "value", "bed"),
    ("datex_s5", "value", ""),
    ("masimo", "value", ""),
    ("capnostream", "value", ""),
    ("nellcor", "value", ""),
    ("medibus", "measured", ""),
    ("hl7v2", "measured", "device"),
];

/// What a code measures, as far as a step in it can be judged. The codes are those of the protocols'
/// own tables, ISO/IEEE 11073-10101 in the others.
const STEPS: &[(&str, Kind)] = &[
    ("hr", Kind::Heart),
    ("pulse", Kind::Heart),
    ("0x4182", Kind::Heart),
    ("0x4822", Kind::Heart),
    ("147842", Kind::Heart),
    ("149514", Kind::Heart),
    ("149530", Kind::Heart),
    ("spo2", Kind::Oxygen),
    ("0x4bb8", Kind::Oxygen),
    ("150456", Kind::Oxygen),
    ("rr", Kind::Breath),
    ("resp", Kind::Breath),
    ("0x500a", Kind::Breath),
    ("151562", Kind::Breath),
    ("151578", Kind::Breath),
    ("0x4a17", Kind::Pressure),
    ("0x4a13", Kind::Pressure),
    ("nibp_mean", Kind::Pressure),
    ("ibp1_mean", Kind::Pressure),
    ("150035", Kind::Pressure),
    ("150039", Kind::Pressure),
    ("0x4b48", Kind::Warmth),
    ("150344", Kind::Warmth),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Heart,
    Oxygen,
    Breath,
    Pressure,
    Warmth,
}

impl Kind {
    /// A change within [`STEP`] that a patient does not make, in the unit in which monitors tell it.
    const fn impossible(self) -> f64 {
        match self {
            Kind::Heart => 60.0,
            Kind::Oxygen => 20.0,
            Kind::Breath => 25.0,
            Kind::Pressure => 50.0,
            Kind::Warmth => 2.5,
        }
    }
}

/// Updates that are compared with one another.
const STEP: i64 = 6_000_000_000;
/// A stream that stands still for less says nothing.
const STILL: i64 = 300_000_000_000;
/// ... and for less than this many times the longest standstill so far.
const TIMES: i64 = 20;
/// Changes seen before a stream is taken for one that varies.
const CHANGES: u32 = 8;
/// Values at least that all stand still.
const VALUES: u32 = 3;
/// Values of one message that are read.
const READ: usize = 64;

/// What is unusual about the values of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Unusual {
    /// For how long (nanoseconds) nothing of it changed, where that is not its habit.
    pub frozen: Option<i64>,
    /// How many of its values made a step that no patient makes.
    pub steps: u32,
}

#[derive(Debug)]
struct Stream {
    print: u64,
    changed: i64,
    longest: i64,
    changes: u32,
    /// The last value of each kind with its time.
    last: Vec<(Kind, u64, f64, i64)>,
    /// Steps of the messages before within [`STEP`], by kind: parts of one update come apart.
    stepped: Vec<(Kind, i64)>,
}

#[derive(Debug)]
pub struct Vitals {
    streams: Table<u64, Stream>,
    room: usize,
    hasher: RandomState,
    /// By protocol: the fields of values and of the stream's name.
    fields: Vec<Option<(FieldId, Option<FieldId>)>>,
}

fn sources() -> impl Iterator<Item = Option<(FieldId, Option<FieldId>)>> {
    PROTOCOLS.iter().map(|p| {
        let (_, values, name) = SOURCES.iter().find(|s| s.0 == p.name)?;
        Some((p.field(values)?, p.field(name)))
    })
}

/// Adds the values.
pub fn interest(interest: &mut Interest) {
    for (at, fields) in sources().enumerate() {
        let Some((values, name)) = fields else {
            continue;
        };
        interest.want_field(ProtocolId(at as u16), values);
        if let Some(name) = name {
            interest.want_field(ProtocolId(at as u16), name);
        }
    }
}

impl Vitals {
    pub fn new(limits: &Limits) -> Self {
        Vitals {
            streams: Table::default(),
            room: limits.get(limits::VITAL_STREAMS).max(1),
            hasher: RandomState::default(),
            fields: sources().collect(),
        }
    }

    /// Notes a message's values.
    pub fn saw(&mut self, message: Message<'_>, hits: &mut Hits) -> Option<Unusual> {
        let (values, name) = (*self.fields.get(message.protocol().index())?)?;
        message.field(values)?;
        let now = message.frame().time;
        let mut print = self.hasher.build_hasher();
        let mut key = self.hasher.build_hasher();
        let (ip, port): (IpAddr, u16) = (message.source().ip, message.source().port);
        (ip, port, message.protocol(), message.destination().ip).hash(&mut key);
        if let Some(Value::Text(name)) = name.and_then(|f| message.field(f)) {
            name.hash(&mut key);
        }
        let (mut read, mut kinds) = (0u32, Vec::new());
        for value in message.values(values).take(READ) {
            let Value::Quantity(q) = value else { continue };
            if !q.number.is_finite() {
                continue;
            }
            read += 1;
            (q.code, q.number.to_bits()).hash(&mut print);
            // What is in which message is part of who sends it.
            q.code.hash(&mut key);
            let known = STEPS.iter().find(|s| s.0.as_bytes() == q.code);
            if let Some((_, kind)) = known.filter(|_| q.number > 0.0) {
                kinds.push((*kind, self.hasher.hash_one(q.code), q.number));
            }
        }
        if read == 0 {
            return None;
        }
        let (key, print) = (key.finish(), print.finish());
        if self.streams.len() >= self.room && !self.streams.contains_key(&key) {
            hits.count(limits::VITAL_STREAMS);
            return None;
        }
        let stream = self.streams.entry(key).or_insert_with(|| Stream {
            print,
            changed: now,
            longest: 0,
            changes: 0,
            last: Vec::new(),
            stepped: Vec::new(),
        });
        let unusual = Unusual {
            frozen: stream.still(print, now, read),
            steps: stream.steps(&kinds, now),
        };
        (unusual != Unusual::default()).then_some(unusual)
    }
}

impl Stream {
    fn still(&mut self, print: u64, now: i64, read: u32) -> Option<i64> {
        let stood = now.saturating_sub(self.changed);
        if print != self.print {
            self.print = print;
            self.changed = now;
            self.longest = self.longest.max(stood);
            self.changes = self.changes.saturating_add(1);
            return None;
        }
        let habit = self.longest.saturating_mul(TIMES);
        let frozen = read >= VALUES && self.changes >= CHANGES && stood > STILL.max(habit);
        frozen.then_some(stood)
    }

    /// Kinds of values that made an impossible step lately, this message's among them.
    fn steps(&mut self, kinds: &[(Kind, u64, f64)], now: i64) -> u32 {
        let mut here = false;
        for (kind, code, number) in kinds {
            let known = self.last.iter_mut().find(|l| l.1 == *code);
            let before = match known {
                Some(last) => {
                    let before = (last.2, last.3);
                    (last.2, last.3) = (*number, now);
                    before
                }
                None => {
                    self.last.push((*kind, *code, *number, now));
                    continue;
                }
            };
            let soon = (0..=STEP).contains(&now.saturating_sub(before.1));
            if soon && (number - before.0).abs() > kind.impossible() {
                here = true;
                self.stepped.retain(|s| s.0 != *kind);
                self.stepped.push((*kind, now));
            }
        }
        self.stepped.retain(|s| now.saturating_sub(s.1) <= STEP);
        if here { self.stepped.len() as u32 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn stream() -> Stream {
        Stream {
            print: 0,
            changed: 0,
            longest: 0,
            changes: 0,
            last: Vec::new(),
            stepped: Vec::new(),
        }
    }

    #[test]
    fn a_stream_that_never_varied_is_not_frozen() {
        let mut s = stream();
        assert!((0..4000).all(|n| s.still(0, n * SECOND, 6).is_none()));
    }

    #[test]
    fn a_stream_that_often_stands_for_minutes_is_not_frozen_by_another() {
        let mut s = stream();
        for n in 1..=20u64 {
            assert_eq!(s.still(n, n as i64 * 60 * SECOND, 6), None);
        }
        assert_eq!(s.still(20, (20 * 60 + 900) * SECOND, 6), None);
        // Twenty minutes and more, where a minute was the longest.
        let later = (20 * 60 + 1201) * SECOND;
        assert_eq!(s.still(20, later, 6), Some(1201 * SECOND));
        assert_eq!(s.still(20, later, 2), None);
    }

    #[test]
    fn one_value_that_jumps_is_an_artefact_and_two_at_once_are_told() {
        let mut s = stream();
        let heart = |n| (Kind::Heart, 1, n);
        let oxygen = |n| (Kind::Oxygen, 2, n);
        assert_eq!(s.steps(&[heart(72.0), oxygen(97.0)], 0), 0);
        assert_eq!(s.steps(&[heart(140.0), oxygen(96.0)], SECOND), 1);
        assert_eq!(s.steps(&[heart(141.0), oxygen(60.0)], 2 * SECOND), 2);
        // A minute later it is no step.
        assert_eq!(s.steps(&[heart(60.0), oxygen(97.0)], 62 * SECOND), 0);
    }
}
