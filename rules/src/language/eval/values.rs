//! The values of an operand.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use dissectors::action::{Action, Device, ORDER, Quantity};
use dissectors::contract::Side;
use dissectors::message::Value;
use dissectors::schema::Privacy;

use super::super::ast::Arithmetic;
use super::super::compiled::{Attribute, Fact, Literal, Operand, Seat, Which};
use super::super::names::transport_word;
use super::super::units::{Dimension, Unit};
use super::number;
use super::{Facts, Val};
use crate::language::dates::moment;

pub fn value_of(literal: &Literal) -> Val<'_> {
    match literal {
        Literal::Text(text) => Val::Text(text),
        Literal::Number(n) => Val::Number(*n),
        Literal::Quantity(n, d) => Val::Quantity(*n, *d),
        Literal::Word(w) => Val::Word(*w),
        Literal::Ip(ip) => Val::Ip(*ip),
        Literal::Mac(mac) => Val::Mac(*mac),
        Literal::Flag(flag) => Val::Flag(*flag),
        Literal::Time(time) => Val::Time(*time),
    }
}

/// Calls `found` for each known value of an operand.
pub fn each(operand: &Operand, facts: &Facts<'_>, found: &mut dyn FnMut(Val<'_>)) {
    if let Some(value) = single(operand, facts) {
        return value.into_iter().for_each(found);
    }
    match operand {
        Operand::Literal(literal) => found(value_of(literal)),
        Operand::Field {
            from,
            protocol,
            field,
            ..
        } => {
            let Some(message) = facts.partner(*from) else {
                return;
            };
            if message.protocol() != *protocol {
                return;
            }
            for value in message.values(*field) {
                if let Some(value) = read(value) {
                    found(value);
                }
            }
        }
        Operand::Path {
            from,
            protocol,
            reader,
            ..
        } => {
            let Some(message) = facts.partner(*from) else {
                return;
            };
            if message.protocol() != *protocol {
                return;
            }
            if let Some(body) = message.body() {
                reader.read(body, &mut |value| {
                    if let Some(value) = read(value) {
                        found(value);
                    }
                });
            }
        }
        Operand::Host(inner) => each(inner, facts, &mut |v| {
            if let Val::Text(text) = v
                && let Some(ip) = host(text)
            {
                found(Val::Ip(ip));
            }
        }),
        Operand::Moment(inner) => each(inner, facts, &mut |v| match v {
            Val::Text(text) => {
                if let Some(time) = moment(text) {
                    found(Val::Time(time));
                }
            }
            Val::Time(_) => found(v),
            _ => {}
        }),
        Operand::Fact(which, fact) => fact_of(*which, *fact, facts, found),
        Operand::Asset(seat, attribute) => attribute_of(*seat, *attribute, facts, found),
        Operand::Arithmetic(op, pair) => {
            each(&pair.0, facts, &mut |a| {
                each(&pair.1, facts, &mut |b| {
                    if let Some(result) = calculate(*op, a, b) {
                        found(result);
                    }
                });
            });
        }
    }
}

/// The value of an operand that has one at most and takes no search: what rules ask first, and what
/// windows are kept by. `None`: it is of another sort. `Some(None)`: it is not known.
#[inline]
pub fn single<'m>(operand: &Operand, facts: &Facts<'m>) -> Option<Option<Val<'m>>> {
    match operand {
        Operand::Asset(seat, Attribute::Ip) => Some(Some(Val::Ip(facts.sides.endpoint(*seat).ip))),
        Operand::Fact(
            which,
            fact @ (Fact::Verb
            | Fact::Effect
            | Fact::Protocol
            | Fact::Transport
            | Fact::Kind
            | Fact::FromServer
            | Fact::Conversation),
        ) => {
            let Some(message) = facts.partner(*which) else {
                return Some(None);
            };
            Some(match fact {
                Fact::Verb => message.verb().map(|v| Val::Word(v as u16)),
                Fact::Effect => message.effect().map(|e| Val::Word(e as u16)),
                Fact::Protocol => Some(Val::Word(message.protocol().0)),
                Fact::Transport => {
                    let transport = message.conversation().transport;
                    Some(Val::Word(transport_word(transport)))
                }
                Fact::Kind => Some(Val::Text(message.kind())),
                Fact::FromServer => Some(Val::Flag(message.side() == Side::Server)),
                _ => Some(Val::Number(message.conversation().flow_id as f64)),
            })
        }
        _ => None,
    }
}

fn read(value: Value<'_>) -> Option<Val<'_>> {
    Some(match value {
        Value::Text(text) | Value::Bytes(text) | Value::Time(text) => Val::Text(text),
        Value::Integer(n) => Val::Number(n as f64),
        Value::Decimal(n) => Val::Number(n),
        Value::Quantity(q) => return quantity(&q),
        Value::Flag(flag) => Val::Flag(flag),
        Value::Secret(_) => Val::Secret,
    })
}

/// A quantity in base units. Without a unit that is known it cannot be compared.
pub fn quantity<'a>(q: &Quantity<'_>) -> Option<Val<'a>> {
    if q.number.is_nan() || q.unit.is_empty() {
        return None;
    }
    let unit = Unit::parse(q.unit)?;
    Some(Val::Quantity(unit.base(q.number), unit.dimension))
}

/// What can be calculated with; a text, if it is a number.
fn plain(value: Val<'_>) -> Option<Val<'_>> {
    match value {
        Val::Text(text) => number(text).map(Val::Number),
        Val::Number(_) | Val::Quantity(..) | Val::Time(_) => Some(value),
        _ => None,
    }
}

fn calculate<'a>(op: Arithmetic, a: Val<'_>, b: Val<'_>) -> Option<Val<'a>> {
    let result = match (plain(a)?, op, plain(b)?) {
        (Val::Time(a), Arithmetic::Subtract, Val::Time(b)) => {
            Val::Quantity(a.saturating_sub(b) as f64 / 1e3, Dimension::TIME)
        }
        (Val::Time(a), Arithmetic::Add, Val::Quantity(b, Dimension::TIME))
        | (Val::Quantity(b, Dimension::TIME), Arithmetic::Add, Val::Time(a)) => {
            Val::Time(a.saturating_add((b * 1e3) as i64))
        }
        (Val::Time(a), Arithmetic::Subtract, Val::Quantity(b, Dimension::TIME)) => {
            Val::Time(a.saturating_sub((b * 1e3) as i64))
        }
        (Val::Number(a), Arithmetic::Add, Val::Number(b)) => Val::Number(a + b),
        (Val::Number(a), Arithmetic::Subtract, Val::Number(b)) => Val::Number(a - b),
        (Val::Number(a), Arithmetic::Multiply, Val::Number(b)) => Val::Number(a * b),
        (Val::Number(a), Arithmetic::Divide, Val::Number(b)) => Val::Number(a / b),
        (Val::Quantity(a, d), Arithmetic::Multiply, Val::Number(b))
        | (Val::Number(b), Arithmetic::Multiply, Val::Quantity(a, d)) => Val::Quantity(a * b, d),
        (Val::Quantity(a, d), Arithmetic::Divide, Val::Number(b)) => Val::Quantity(a / b, d),
        (Val::Quantity(a, d), Arithmetic::Add, Val::Quantity(b, e)) if d == e => {
            Val::Quantity(a + b, d)
        }
        (Val::Quantity(a, d), Arithmetic::Subtract, Val::Quantity(b, e)) if d == e => {
            Val::Quantity(a - b, d)
        }
        (Val::Quantity(a, d), Arithmetic::Divide, Val::Quantity(b, e)) if d == e => {
            Val::Number(a / b)
        }
        _ => return None,
    };
    match result {
        Val::Number(n) | Val::Quantity(n, _) if !n.is_finite() => None,
        Val::Number(n) => Some(Val::Number(n)),
        Val::Quantity(n, d) => Some(Val::Quantity(n, d)),
        Val::Time(time) => Some(Val::Time(time)),
        _ => None,
    }
}

fn fact_of(which: Which, fact: Fact, facts: &Facts<'_>, found: &mut dyn FnMut(Val<'_>)) {
    let Some(message) = facts.partner(which) else {
        return;
    };
    let mut text = |t: &[u8]| {
        if !t.is_empty() {
            found(Val::Text(t));
        }
    };
    let action: Option<Action<'_>> = match fact {
        Fact::Device
        | Fact::Subject
        | Fact::Channel
        | Fact::Handle
        | Fact::Order
        | Fact::Drug
        | Fact::Destination
        | Fact::Value
        | Fact::ValueNumber
        | Fact::ValueUnit
        | Fact::ValueCode
        | Fact::InRange
        | Fact::OnStep => match message.action() {
            Some(action) => Some(action),
            None => return,
        },
        _ => None,
    };
    if let Some(a) = action {
        match fact {
            Fact::Device if a.device != Device::Unknown => found(Val::Word(a.device as u16)),
            Fact::Subject => text(a.device_id),
            Fact::Channel => text(a.channel),
            Fact::Handle => text(a.handle),
            Fact::Order => text(a.order),
            Fact::Drug => text(a.drug),
            Fact::Destination => text(a.destination),
            Fact::Value => {
                if let Some(v) = a.value.as_ref().and_then(quantity) {
                    found(v);
                }
            }
            Fact::ValueNumber => {
                if let Some(q) = a.value
                    && !q.number.is_nan()
                {
                    found(Val::Number(q.number));
                }
            }
            Fact::ValueUnit => text(a.value.map_or(b"", |q| q.unit)),
            Fact::ValueCode => text(a.value.map_or(b"", |q| q.code)),
            Fact::InRange | Fact::OnStep => {
                let taught = facts.known.taught.filter(|_| which == Which::This);
                if let (Some(taught), Some(q)) = (taught, a.value)
                    && !q.number.is_nan()
                {
                    let fits = if fact == Fact::InRange {
                        taught.in_range(q.number)
                    } else {
                        taught.on_step(q.number)
                    };
                    if let Some(fits) = fits {
                        found(Val::Flag(fits));
                    }
                }
            }
            _ => {}
        }
        return;
    }
    let conversation = message.conversation();
    match fact {
        Fact::Outcome => {
            let outcome = match which {
                Which::This => facts.settled_outcome(),
                _ => message.outcome(),
            };
            if let Some(outcome) = outcome {
                found(Val::Word(outcome as u16));
            }
        }
        Fact::Provenance => found(Val::Word(message.provenance() as u16)),
        Fact::Anomaly => {
            // No anomaly is known, not unknown: the message was read whole.
            if message.anomalies().is_empty() {
                found(Val::Text(b""));
            }
            for anomaly in message.anomalies() {
                found(Val::Text(anomaly.name.as_bytes()));
            }
        }
        Fact::MidStream => found(Val::Flag(conversation.mid_stream)),
        Fact::Missing => {
            let [a, b] = conversation.missing;
            found(Val::Number(a.saturating_add(b) as f64));
        }
        Fact::OverlapDiffers => found(Val::Flag(conversation.overlap_differs)),
        Fact::OneSided => found(Val::Flag(conversation.seen != [true, true])),
        Fact::Port => found(Val::Number(f64::from(conversation.ends[1].port))),
        Fact::Vlan => found(Val::Number(f64::from(message.vlan()))),
        Fact::Length => {
            let range = message.range();
            found(Val::Number(range.end.saturating_sub(range.start) as f64));
        }
        Fact::Duration => {
            let first = message.frames().first().map_or(0, |f| f.time);
            let seconds = message.frame().time.saturating_sub(first) as f64 / 1e9;
            found(Val::Quantity(seconds.max(0.0), Dimension::TIME));
        }
        Fact::Age => {
            let age = message
                .frame()
                .time
                .saturating_sub(conversation.started.time);
            found(Val::Quantity((age as f64 / 1e9).max(0.0), Dimension::TIME));
        }
        Fact::Now => found(Val::Time(message.frame().time.div_euclid(1_000_000))),
        Fact::ValueBefore => {
            if let Some((n, d)) = facts.known.before.filter(|_| which == Which::This) {
                found(Val::Quantity(n, d));
            }
        }
        Fact::Hosts => {
            let mut ends = conversation.ends.map(|e| e.ip);
            ends.sort();
            found(Val::Number(key_number(|h| ends.hash(h))));
        }
        Fact::Content => found(Val::Number(key_number(|h| {
            message.kind().hash(h);
            for (field, value) in message.fields() {
                field.hash(h);
                match value {
                    Value::Text(v) | Value::Bytes(v) | Value::Time(v) => v.hash(h),
                    Value::Integer(n) => n.hash(h),
                    Value::Decimal(n) => n.to_bits().hash(h),
                    Value::Quantity(q) => (q.number.to_bits(), q.unit, q.code).hash(h),
                    Value::Flag(flag) => flag.hash(h),
                    Value::Secret(len) => len.hash(h),
                }
            }
        }))),
        Fact::PatientData => {
            let held = message
                .fields()
                .any(|(field, _)| matches!(message.describe(field).privacy, Privacy::Patient(k) if k != "text" && k != "staff"));
            found(Val::Flag(held));
        }
        Fact::ZoneAllowed => {
            let ends = &conversation.ends;
            let zones = facts.policy.map(|p| p.zones());
            if let Some(allowed) =
                zones.and_then(|z| z.allows([ends[0].ip, ends[1].ip], message.vlan(), false))
            {
                found(Val::Flag(allowed));
            }
        }
        Fact::ZoneCommands => {
            let ends = [facts.sides.actor.ip, facts.sides.target.ip];
            let zones = facts.policy.map(|p| p.zones());
            if let Some(allowed) = zones.and_then(|z| z.allows(ends, message.vlan(), true)) {
                found(Val::Flag(allowed));
            }
        }
        Fact::KnownPatient => {
            if let Some(known) = facts.known.patient.filter(|_| which == Which::This) {
                found(Val::Flag(known));
            }
        }
        Fact::VitalsFrozen => {
            if let Some(ns) = facts.known.vitals.frozen.filter(|_| which == Which::This) {
                found(Val::Quantity(ns as f64 / 1e9, Dimension::TIME));
            }
        }
        Fact::VitalsSteps if which == Which::This => {
            found(Val::Number(f64::from(facts.known.vitals.steps)));
        }
        Fact::OrderKept | Fact::OrderRate | Fact::OrderReported => {
            if let Some(closing) = facts.known.closing.filter(|_| which == Which::This) {
                found(match fact {
                    Fact::OrderKept => Val::Flag(closing.kept),
                    Fact::OrderRate => Val::Quantity(closing.ordered.0, closing.ordered.1),
                    _ => Val::Quantity(closing.reported.0, closing.reported.1),
                });
            }
        }
        _ => {}
    }
}

fn attribute_of(
    seat: Seat,
    attribute: Attribute,
    facts: &Facts<'_>,
    found: &mut dyn FnMut(Val<'_>),
) {
    let end = facts.sides.endpoint(seat);
    let mut text = |t: Option<&[u8]>| {
        if let Some(t) = t.filter(|t| !t.is_empty()) {
            found(Val::Text(t));
        }
    };
    match attribute {
        // Read by `single`.
        Attribute::Ip => {}
        Attribute::Port => found(Val::Number(f64::from(end.port))),
        Attribute::Mac => {
            if let Some(mac) = end.mac {
                found(Val::Mac(mac));
            }
        }
        Attribute::Routed => {
            if let (Some(mac), Some(neighbours)) = (end.mac, facts.known.neighbours) {
                found(Val::Flag(neighbours.routed(mac)));
            }
        }
        Attribute::Ae => text(facts.sides.claims(seat).ae),
        Attribute::App => text(facts.sides.claims(seat).hl7.map(|h| h.0)),
        Attribute::Facility => text(facts.sides.claims(seat).hl7.map(|h| h.1)),
        Attribute::Epr => text(facts.sides.claims(seat).epr),
        Attribute::UsualMac => {
            if let Some(mac) = facts.inventory.usual_mac(end.ip) {
                found(Val::Mac(mac));
            }
        }
        Attribute::AeHolders | Attribute::AppHolders | Attribute::EprHolders => {
            if let Some(n) = facts
                .inventory
                .holders_of(attribute, facts.sides.claims(seat))
            {
                found(Val::Number(n as f64));
            }
        }
        Attribute::SerialHolders => {
            if let Some(n) = facts.inventory.holders_of_serial(end.ip) {
                found(Val::Number(n as f64));
            }
        }
        Attribute::InUse => {
            if facts.inventory.in_use(end.ip).is_some() {
                found(Val::Flag(true));
            }
        }
        Attribute::Zone => {
            let zones = facts.policy.map(|p| p.zones());
            text(zones.and_then(|z| Some(z.name(end.ip, facts.message.vlan())?.as_bytes())));
        }
        Attribute::New => {
            if let Some(new) = facts.inventory.is_new(end.ip) {
                found(Val::Flag(new));
            }
        }
        Attribute::Unheard | Attribute::SinceMalformed => {
            let since = match attribute {
                Attribute::Unheard => facts.inventory.unheard(end.ip),
                _ => facts.inventory.since_malformed(end.ip, end.mac),
            };
            if let Some(ns) = since {
                found(Val::Quantity(ns as f64 / 1e9, Dimension::TIME));
            }
        }
        Attribute::Crashes => {
            let crashes = facts.inventory.crashes(end.ip, end.mac);
            found(Val::Number(crashes as f64));
        }
        Attribute::FirmwareDiffers => {
            if let Some(differs) = facts.inventory.firmware_differs(end.ip) {
                found(Val::Flag(differs));
            }
        }
        Attribute::Advisories => {
            let ids = facts
                .inventory
                .asset(end.ip)
                .map(|a| a.advisories.as_slice());
            for id in ids.unwrap_or_default() {
                found(Val::Text(id.as_bytes()));
            }
        }
        Attribute::Kind => {
            if let Some(policy) = facts.policy {
                let kinds = policy.kinds_of(&facts.sides.identity(seat));
                let mut any = false;
                for device in Device::ALL {
                    if kinds >> (*device as u16) & 1 == 1 {
                        any = true;
                        found(Val::Word(*device as u16));
                    }
                }
                if !any {
                    found(Val::Word(Device::Unknown as u16));
                }
            }
        }
    }
}

/// A key as a number: 53 bits, exact. Unkeyed: such keys only lead to values that are hashed again.
fn key_number(fill: impl FnOnce(&mut foldhash::fast::FoldHasher<'_>)) -> f64 {
    use std::hash::BuildHasher;
    let mut hasher = foldhash::fast::FixedState::with_seed(0x5eed).build_hasher();
    fill(&mut hasher);
    (hasher.finish() >> 11) as f64
}

/// The address that a URL or `host:port` names.
fn host(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, a)| a);
    if let Some(v6) = authority.strip_prefix('[') {
        return v6.split(']').next()?.parse().ok();
    }
    authority
        .parse()
        .ok()
        .or_else(|| authority.split(':').next()?.parse().ok())
}

/// Whether an operand is patient data, and of which kind.
pub fn privacy_of(operand: &Operand) -> Privacy {
    match operand {
        Operand::Field { privacy, .. } => *privacy,
        // What a path reads is not in the table: it may be anybody's.
        Operand::Path { .. } => Privacy::Patient("text"),
        Operand::Fact(_, Fact::Order) => ORDER,
        Operand::Host(inner) | Operand::Moment(inner) => privacy_of(inner),
        Operand::Arithmetic(_, pair) => match (privacy_of(&pair.0), privacy_of(&pair.1)) {
            (Privacy::Open, other) => other,
            (first, _) => first,
        },
        _ => Privacy::Open,
    }
}
