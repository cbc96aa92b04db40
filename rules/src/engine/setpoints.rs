//! The values in force: what a device was last told by a sender that may, or itself reported. A jump
//! is measured against these, so that a return to normal after somebody else's command is no jump,
//! and what a device refused leaves no trace.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash, Hasher};
use std::net::IpAddr;

use dissectors::action::{Action, Effect, Outcome, Verb};
use dissectors::message::{Interest, Message, Value};
use dissectors::registry::{PROTOCOLS, ProtocolId};
use dissectors::schema::FieldId;

use super::packed::{Packer, Unpacker};
use super::seed::{self, Keys};
use super::table::Table;
use crate::language::eval::{Sides, Val, quantity};
use crate::language::units::Dimension;
use crate::limits::{self, Hits, LimitId, Limits};

/// How long a value is a measure for the next.
const HOLDS: i64 = 600_000_000_000;
/// How long after a bolus rates mean nothing: the pump runs at the bolus rate and comes back.
const BOLUS: i64 = 120_000_000_000;

/// Serial pump protocols, one device a port, whose own reports tell the rate: field of the rate,
/// field of the channel.
const REPORTS: &[(&str, &str, &str)] = &[
    ("alaris", "rate", ""),
    ("fresenius", "rate", "module"),
    ("ne1000", "rate", ""),
    ("harvard", "rate", ""),
    ("chemyx", "rate", ""),
    ("baxter_as50", "rate", ""),
];

#[derive(Clone, Copy, Debug)]
struct Point {
    value: f64,
    time: i64,
    /// What holds if this one is refused.
    else_holds: Option<(f64, i64)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Device {
    /// Somebody who may not has set it: its reports are no measure until one who may sets it again.
    tainted: bool,
    stopped: i64,
    bolus_until: i64,
}

#[derive(Debug)]
pub struct Setpoints {
    points: Table<u64, Point>,
    devices: Table<u64, Device>,
    /// Asked and not answered yet: by the join's key.
    pending: Table<u64, (u64, i64)>,
    order: [VecDeque<u64>; 3],
    room: usize,
    hasher: Keys,
    /// By protocol: the fields of rate and channel of those whose reports are read.
    reports: Vec<Option<(FieldId, Option<FieldId>)>>,
}

/// What a message sets.
struct Target {
    point: u64,
    device: u64,
    number: f64,
    dimension: Dimension,
}

/// Adds what devices report of their rates.
pub fn interest(interest: &mut Interest) {
    for (at, protocol) in PROTOCOLS.iter().enumerate() {
        let Some((_, rate, channel)) = REPORTS.iter().find(|r| r.0 == protocol.name) else {
            continue;
        };
        for field in [rate, channel]
            .into_iter()
            .filter_map(|f| protocol.field(f))
        {
            interest.want_field(ProtocolId(at as u16), field);
        }
    }
}

impl Setpoints {
    pub fn new(limits: &Limits, seed: u64) -> Self {
        Setpoints {
            points: Table::default(),
            devices: Table::default(),
            pending: Table::default(),
            order: Default::default(),
            room: limits.get(limits::SETPOINTS).max(1),
            hasher: seed::keys(seed),
            reports: PROTOCOLS
                .iter()
                .map(|p| {
                    let (_, rate, channel) = REPORTS.iter().find(|r| r.0 == p.name)?;
                    Some((p.field(rate)?, p.field(channel)))
                })
                .collect(),
        }
    }

    /// Values and devices for the next run; what waits for its answer ends with this one.
    pub fn keep(&self) -> String {
        let mut pen = Packer::default();
        let points = || {
            self.order[1]
                .iter()
                .filter_map(|k| Some((k, self.points.get(k)?)))
        };
        pen.number(points().count() as u64);
        for (key, point) in points() {
            pen.number(*key);
            pen.number(point.value.to_bits());
            pen.time(point.time);
        }
        let devices = || {
            self.order[2]
                .iter()
                .filter_map(|k| Some((k, self.devices.get(k)?)))
        };
        pen.number(devices().count() as u64);
        for (key, device) in devices() {
            pen.number(*key);
            pen.number(u64::from(device.tainted));
            pen.time(device.stopped);
            pen.time(device.bolus_until);
        }
        pen.into_text()
    }

    /// Takes what an earlier run kept under this seed. `None`: it cannot be read.
    pub fn restore(&mut self, kept: &str, seed: u64) -> Option<()> {
        let mut pen = Unpacker::new(kept);
        let (mut points, mut devices) = (Vec::new(), Vec::new());
        for _ in 0..pen.count()? {
            let (key, value) = (pen.number()?, f64::from_bits(pen.number()?));
            let time = pen.time()?;
            points.push((
                key,
                Point {
                    value,
                    time,
                    else_holds: None,
                },
            ));
        }
        for _ in 0..pen.count()? {
            let (key, tainted) = (pen.number()?, pen.number()? == 1);
            let (stopped, bolus_until) = (pen.time()?, pen.time()?);
            devices.push((
                key,
                Device {
                    tainted,
                    stopped,
                    bolus_until,
                },
            ));
        }
        self.hasher = seed::keys(seed);
        for (key, point) in points.into_iter().rev().take(self.room).rev() {
            self.order[1].push_back(key);
            self.points.insert(key, point);
        }
        for (key, device) in devices.into_iter().rev().take(self.room).rev() {
            self.order[2].push_back(key);
            self.devices.insert(key, device);
        }
        Some(())
    }

    /// The value in force before this message, in base units; `None` if none is known, or if a stop
    /// or a bolus makes comparing senseless.
    pub fn before(&self, message: Message<'_>, now: i64) -> Option<(f64, Dimension)> {
        if self.points.is_empty() {
            return None;
        }
        let action = message.action()?;
        let target = self.target(message, &action)?;
        let point = self.points.get(&target.point)?;
        let device = self
            .devices
            .get(&target.device)
            .copied()
            .unwrap_or_default();
        let fresh = point.time.saturating_add(HOLDS) >= now && point.time > device.stopped;
        (fresh && now >= device.bolus_until && point.value != 0.0)
            .then_some((point.value, target.dimension))
    }

    /// True if a join's answer matters here.
    pub fn waits(&self) -> bool {
        !self.pending.is_empty()
    }

    /// An answer came.
    pub fn answered(&mut self, key: u64, outcome: Outcome) {
        if outcome == Outcome::Requested {
            return;
        }
        let Some((at, time)) = self.pending.remove(&key) else {
            return;
        };
        if matches!(outcome, Outcome::Refused | Outcome::Failed)
            && let Some(point) = self.points.get_mut(&at)
            && point.time == time
        {
            match point.else_holds.take() {
                Some((value, time)) => (point.value, point.time) = (value, time),
                None => point.value = 0.0,
            }
        }
    }

    /// A message was judged. `may`: its sender is not one whom the policy forbids it.
    pub fn saw(
        &mut self,
        message: Message<'_>,
        asked: Option<u64>,
        may: bool,
        now: i64,
        hits: &mut Hits,
    ) {
        let Some(action) = message.action() else {
            return self.report(message, now, hits);
        };
        if action.verb.effect(action.device) != Effect::Therapy {
            return;
        }
        let device = self.device(message, &action);
        match action.verb {
            Verb::Stop | Verb::Bolus if may => {
                let Some(state) = self.entry(device, hits) else {
                    return;
                };
                if action.verb == Verb::Stop {
                    state.stopped = now;
                } else {
                    state.bolus_until = now.saturating_add(BOLUS);
                }
                return;
            }
            _ => {}
        }
        let Some(target) = self.target(message, &action) else {
            return;
        };
        if !may {
            if let Some(state) = self.entry(device, hits) {
                state.tainted = true;
            }
            return;
        }
        if matches!(action.outcome, Outcome::Refused | Outcome::Failed) {
            return;
        }
        let point = Point {
            value: target.number,
            time: now,
            else_holds: self.points.get(&target.point).map(|p| (p.value, p.time)),
        };
        if let Some(key) = asked {
            make_room(
                &mut self.pending,
                &mut self.order[0],
                key,
                self.room,
                limits::SETPOINTS,
                hits,
            );
            self.pending.insert(key, (target.point, now));
        }
        self.accept(target.point, target.device, point, hits);
    }

    fn accept(&mut self, at: u64, device: u64, point: Point, hits: &mut Hits) {
        if let Some(state) = self.devices.get_mut(&device) {
            state.tainted = false;
            if point.time < state.bolus_until {
                return;
            }
        }
        make_room(
            &mut self.points,
            &mut self.order[1],
            at,
            self.room,
            limits::SETPOINTS,
            hits,
        );
        self.points.insert(at, point);
    }

    /// A device's own word of its rate.
    fn report(&mut self, message: Message<'_>, now: i64, hits: &mut Hits) {
        let Some((rate, channel)) = self.fields(message) else {
            return;
        };
        let Some(Value::Quantity(q)) = message.field(rate) else {
            return;
        };
        let Some(Val::Quantity(number, dimension)) = quantity(&q) else {
            return;
        };
        let channel = match channel.and_then(|f| message.field(f)) {
            Some(Value::Text(text)) => text,
            _ => b"",
        };
        let source = message.source();
        let line = self.hash(|h| (source.ip, source.port, b"" as &[u8]).hash(h));
        if self.devices.get(&line).is_some_and(|d| d.tainted) {
            return;
        }
        let empty: &[u8] = b"";
        let at =
            self.hash(|h| (line, channel, empty, empty, Verb::SetRate as u8, dimension).hash(h));
        let point = Point {
            value: number,
            time: now,
            else_holds: None,
        };
        // What a device says never makes it rightful.
        if self.devices.get(&line).is_some_and(|d| now < d.bolus_until) {
            return;
        }
        make_room(
            &mut self.points,
            &mut self.order[1],
            at,
            self.room,
            limits::SETPOINTS,
            hits,
        );
        self.points.insert(at, point);
    }

    fn entry(&mut self, device: u64, hits: &mut Hits) -> Option<&mut Device> {
        make_room(
            &mut self.devices,
            &mut self.order[2],
            device,
            self.room,
            limits::SETPOINTS,
            hits,
        );
        Some(self.devices.entry(device).or_default())
    }

    /// Of protocols with one device a port: where their reports tell rate and channel.
    fn fields(&self, message: Message<'_>) -> Option<(FieldId, Option<FieldId>)> {
        *self.reports.get(message.protocol().index())?
    }

    fn device(&self, message: Message<'_>, action: &Action<'_>) -> u64 {
        let target = Sides::of(message).target;
        let (ip, port): (IpAddr, u16) = (target.ip, target.port);
        if self.fields(message).is_some() {
            self.hash(|h| (ip, port, b"" as &[u8]).hash(h))
        } else {
            self.hash(|h| (ip, 0u16, action.device_id).hash(h))
        }
    }

    fn target(&self, message: Message<'_>, action: &Action<'_>) -> Option<Target> {
        if !matches!(action.verb, Verb::SetRate | Verb::SetDose | Verb::SetVolume) {
            return None;
        }
        let Some(Val::Quantity(number, dimension)) = quantity(action.value.as_ref()?) else {
            return None;
        };
        let device = self.device(message, action);
        let empty: &[u8] = b"";
        // A handle of SDC names the parameter; in other protocols it is the command's code.
        let handle = if message.protocol().protocol().name == "sdc" {
            action.handle
        } else {
            empty
        };
        let point = self.hash(|h| {
            (
                device,
                action.channel,
                action.drug,
                handle,
                action.verb as u8,
                dimension,
            )
                .hash(h);
        });
        Some(Target {
            point,
            device,
            number,
            dimension,
        })
    }

    fn hash(&self, fill: impl FnOnce(&mut foldhash::fast::FoldHasher<'_>)) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        0x7365_7470u32.hash(&mut hasher);
        fill(&mut hasher);
        hasher.finish()
    }
}

/// Makes room for a key, in the order of first coming.
fn make_room<V>(
    table: &mut Table<u64, V>,
    order: &mut VecDeque<u64>,
    key: u64,
    room: usize,
    limit: LimitId,
    hits: &mut Hits,
) {
    if table.contains_key(&key) {
        return;
    }
    order.push_back(key);
    while table.len() >= room || order.len() > room.saturating_mul(2) {
        let Some(oldest) = order.pop_front() else {
            return;
        };
        if table.remove(&oldest).is_some() {
            hits.count(limit);
        }
    }
}
