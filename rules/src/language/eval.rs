//! Evaluates a compiled condition on one message and what is known around it.

use std::cell::OnceCell;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use dissectors::action::{Action, Device, Outcome, Quantity};
use dissectors::contract::Side;
use dissectors::message::{Endpoint, Message, Value};
use dissectors::schema::Privacy;
use ipnet::IpNet;

use super::ast::{Arithmetic, Comparison};
use super::certificate;
use super::compiled::{Attribute, Fact, Literal, Node, Operand, Pattern, Seat, Set, Truth, Which};
use super::names::transport_word;
use super::units::{Dimension, Unit, same};
use crate::engine::orders::Closing;
use crate::engine::vitals::Unusual;
use crate::engine::{Neighbours, Taught};
use crate::inventory::{Claims, Inventory};
use crate::policy::{Identity, Policy, Standing};

/// The other message of a pair.
#[derive(Clone, Copy)]
pub enum Partner<'m> {
    /// It should have been seen, and was not.
    Missing,
    /// Whether there is one cannot be told.
    Unknown,
    /// It was seen, but nothing of it was kept.
    Known,
    Found(Message<'m>),
}

/// A message with what is known around it.
pub struct Facts<'m> {
    pub message: Message<'m>,
    pub request: Partner<'m>,
    pub answer: Partner<'m>,
    /// As the answer settled it; else the action's own.
    pub outcome: Option<Outcome>,
    pub sides: Sides<'m>,
    pub policy: Option<&'m Policy>,
    pub inventory: &'m Inventory,
    /// What the engine keeps of the past for this message.
    pub known: Known<'m>,
    standing: OnceCell<Standing>,
}

/// What the engine learnt before that bears on a message.
#[derive(Clone, Copy, Default)]
pub struct Known<'m> {
    /// The value in force before, in base units.
    pub before: Option<(f64, Dimension)>,
    /// What the device published of the operation asked for.
    pub taught: Option<Taught>,
    pub neighbours: Option<&'m Neighbours>,
    /// What is unusual about the vital signs of this message.
    pub vitals: Unusual,
    /// What this report says of an order.
    pub closing: Option<Closing>,
    /// It names a patient where that does not belong. `None`: not asked.
    pub patient: Option<bool>,
}

/// Who asks and who is asked.
#[derive(Clone, Copy)]
pub struct Sides<'m> {
    pub actor: &'m Endpoint,
    pub target: &'m Endpoint,
    /// The message whose claims name them, and which side of it the actor is on.
    pub named_by: Message<'m>,
    pub actor_side: Side,
}

impl<'m> Sides<'m> {
    /// An answer does not swap who asks and who is asked.
    pub fn of(message: Message<'m>) -> Self {
        let actor_side = if message.answers().is_some() {
            message.side().other()
        } else {
            message.side()
        };
        let ends = &message.conversation().ends;
        Sides {
            actor: &ends[actor_side.index()],
            target: &ends[actor_side.other().index()],
            named_by: message,
            actor_side,
        }
    }

    pub fn endpoint(&self, seat: Seat) -> &'m Endpoint {
        match seat {
            Seat::Actor => self.actor,
            Seat::Target => self.target,
            Seat::Sender => self.named_by.source(),
            Seat::Receiver => self.named_by.destination(),
        }
    }

    pub fn claims(&self, seat: Seat) -> Claims<'m> {
        let side = match seat {
            Seat::Actor => self.actor_side,
            Seat::Target => self.actor_side.other(),
            Seat::Sender => self.named_by.side(),
            Seat::Receiver => self.named_by.side().other(),
        };
        Claims::of(self.named_by, side)
    }

    pub fn identity(&self, seat: Seat) -> Identity<'m> {
        let end = self.endpoint(seat);
        Identity {
            ip: end.ip,
            mac: end.mac,
            claims: self.claims(seat),
        }
    }
}

impl<'m> Facts<'m> {
    pub fn new(message: Message<'m>, policy: Option<&'m Policy>, inventory: &'m Inventory) -> Self {
        Facts {
            message,
            request: Partner::Unknown,
            answer: Partner::Unknown,
            outcome: None,
            sides: Sides::of(message),
            policy,
            inventory,
            known: Known::default(),
            standing: OnceCell::new(),
        }
    }

    /// What the policy says of this message's action. `None` without a policy.
    pub fn standing(&self) -> Option<&Standing> {
        let policy = self.policy?;
        Some(self.standing.get_or_init(|| {
            policy.judge(
                &self.sides.identity(Seat::Actor),
                &self.sides.identity(Seat::Target),
                self.message.action(),
                self.message.frame().time,
            )
        }))
    }

    fn partner(&self, which: Which) -> Option<Message<'m>> {
        let partner = match which {
            Which::This => return Some(self.message),
            Which::Request => self.request,
            Which::Answer => self.answer,
        };
        match partner {
            Partner::Found(message) => Some(message),
            _ => None,
        }
    }

    /// The outcome: as settled by the answer, else as the message itself says.
    pub fn settled_outcome(&self) -> Option<Outcome> {
        let own = self.message.outcome();
        match (self.outcome, own) {
            (Some(outcome), _) => Some(outcome),
            (None, Some(Outcome::Requested)) | (None, None) => None,
            (None, Some(own)) => Some(own),
        }
    }
}

/// Keeps windows: what the evaluator asks of whoever owns the memory of the past.
pub trait Past {
    /// This message reached the window: counts it, and says whether the window holds.
    fn window(&mut self, window: usize, facts: &Facts<'_>) -> Truth;
}

/// No past: windows are unknown and are not fed.
pub struct NoPast;

impl Past for NoPast {
    fn window(&mut self, _: usize, _: &Facts<'_>) -> Truth {
        Truth::Unknown
    }
}

/// A value while it is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Val<'a> {
    Text(&'a [u8]),
    Number(f64),
    /// In base units.
    Quantity(f64, Dimension),
    Word(u16),
    Ip(IpAddr),
    Mac([u8; 6]),
    Flag(bool),
    Secret,
}

pub fn eval(node: &Node, facts: &Facts<'_>, past: &mut dyn Past) -> Truth {
    match node {
        // The parts without a window stand first and decide which messages reach the windows;
        // then every window sees its messages, whatever the others say.
        Node::And(parts, split) => {
            let (plain, windows) = parts.split_at_checked(*split).unwrap_or((parts, &[]));
            let mut all = Truth::True;
            for part in plain {
                all = all.and(eval(part, facts, past));
                if all == Truth::False {
                    return Truth::False;
                }
            }
            if all == Truth::True {
                for part in windows {
                    all = all.and(eval(part, facts, past));
                }
            }
            all
        }
        // Every branch is evaluated if it holds a window: it must see every message.
        Node::Or(parts) => {
            let mut any = Truth::False;
            for part in parts {
                if any == Truth::True && !has_window(part) {
                    continue;
                }
                any = any.or(eval(part, facts, past));
            }
            any
        }
        Node::Not(inner) => eval(inner, facts, past).negated(),
        Node::Surely(inner) => (eval(inner, facts, past) == Truth::True).into(),
        Node::Compare(op, left, right) => compare(*op, left, right, facts),
        Node::In(operand, set) => within(operand, set, facts),
        Node::Test(operand, pattern) => any(operand, facts, |v| match v {
            Val::Text(text) => matches(pattern, text).into(),
            _ => Truth::Unknown,
        }),
        Node::Exists(operand) => {
            let mut found = false;
            each(operand, facts, &mut |_| found = true);
            match operand {
                Operand::Fact(which, Fact::Anomaly) => facts
                    .partner(*which)
                    .is_some_and(|m| !m.anomalies().is_empty())
                    .into(),
                Operand::Path { from, protocol, .. } if !found => {
                    // What was not kept may have been there.
                    match facts.partner(*from) {
                        Some(m) if m.protocol() == *protocol && m.body().is_none() => {
                            Truth::Unknown
                        }
                        _ => Truth::False,
                    }
                }
                _ => found.into(),
            }
        }
        Node::ExistsPartner(which) => {
            let partner = if *which == Which::Answer {
                facts.answer
            } else {
                facts.request
            };
            match partner {
                Partner::Missing => Truth::False,
                Partner::Unknown => Truth::Unknown,
                Partner::Known | Partner::Found(_) => Truth::True,
            }
        }
        Node::Flag(operand) => any(operand, facts, |v| match v {
            Val::Flag(flag) => flag.into(),
            _ => Truth::Unknown,
        }),
        Node::Authorised => facts.standing().map_or(Truth::Unknown, |s| s.authorised),
        Node::WithinBounds => facts.standing().map_or(Truth::Unknown, |s| s.within_bounds),
        Node::Listed(seat) => match facts.policy {
            Some(policy) => policy.lists(&facts.sides.identity(*seat)).into(),
            None => Truth::Unknown,
        },
        Node::Known(seat) => {
            let named = facts.policy.map(|p| p.lists(&facts.sides.identity(*seat)));
            let end = facts.sides.endpoint(*seat);
            let inventory = facts.inventory;
            let called = inventory.register().is_some();
            let called = called.then(|| inventory.called(end.ip, end.mac).is_some());
            match (named, called) {
                (None, None) => Truth::Unknown,
                (named, called) => (named == Some(true) || called == Some(true)).into(),
            }
        }
        Node::ListedTitle(operand) => {
            let Some(policy) = facts.policy else {
                return Truth::Unknown;
            };
            any(operand, facts, |v| match v {
                Val::Text(title) => {
                    let own = facts.sides.claims(Seat::Actor).ae == Some(title)
                        && policy.lists(&facts.sides.identity(Seat::Actor));
                    let held = || {
                        facts.inventory.holders_of_ae(title).any(|asset| {
                            policy.lists(&Identity {
                                ip: asset.ip,
                                mac: asset.usual_mac(),
                                claims: Claims {
                                    ae: Some(title),
                                    ..Claims::default()
                                },
                            })
                        })
                    };
                    (policy.lists_ae(title) || own || held()).into()
                }
                _ => Truth::Unknown,
            })
        }
        Node::Window(index) => past.window(*index, facts),
    }
}

pub fn has_window(node: &Node) -> bool {
    match node {
        Node::Window(_) => true,
        Node::And(parts, _) | Node::Or(parts) => parts.iter().any(has_window),
        Node::Not(inner) | Node::Surely(inner) => has_window(inner),
        _ => false,
    }
}

/// True if it holds for any value of the operand, unknown if there is none.
fn any(operand: &Operand, facts: &Facts<'_>, mut holds: impl FnMut(Val<'_>) -> Truth) -> Truth {
    if let Some(value) = single(operand, facts) {
        return value.map_or(Truth::Unknown, holds);
    }
    let mut result: Option<Truth> = None;
    each(operand, facts, &mut |value| {
        let truth = holds(value);
        result = Some(result.map_or(truth, |r| r.or(truth)));
    });
    result.unwrap_or(Truth::Unknown)
}

fn compare(op: Comparison, left: &Operand, right: &Operand, facts: &Facts<'_>) -> Truth {
    // `a != b` is `not a = b`, also where a field has several values.
    if op == Comparison::Unequal {
        return compare(Comparison::Equal, left, right, facts).negated();
    }
    if let Operand::Literal(literal) = right {
        let right = value_of(literal);
        return any(left, facts, |v| compare_values(op, v, right));
    }
    any(left, facts, |a| {
        any(right, facts, |b| compare_values(op, a, b))
    })
}

/// The value of an operand that has one at most and takes no search: what rules ask first, and what
/// windows are kept by. `None`: it is of another sort. `Some(None)`: it is not known.
#[inline]
fn single<'m>(operand: &Operand, facts: &Facts<'m>) -> Option<Option<Val<'m>>> {
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

fn compare_values(op: Comparison, a: Val<'_>, b: Val<'_>) -> Truth {
    match (a, b) {
        (Val::Text(a), Val::Text(b)) => (a == b).into(),
        (Val::Number(a), Val::Number(b)) => ordered(op, a, b),
        (Val::Quantity(a, da), Val::Quantity(b, db)) if da == db => ordered(op, a, b),
        // A path reads text; a number beside it makes it a number.
        (Val::Text(a), Val::Number(b)) => number(a).map_or(Truth::Unknown, |a| ordered(op, a, b)),
        (Val::Number(a), Val::Text(b)) => number(b).map_or(Truth::Unknown, |b| ordered(op, a, b)),
        (Val::Word(a), Val::Word(b)) => ordered(op, f64::from(a), f64::from(b)),
        (Val::Ip(a), Val::Ip(b)) => (a == b).into(),
        (Val::Mac(a), Val::Mac(b)) => (a == b).into(),
        (Val::Flag(a), Val::Flag(b)) => (a == b).into(),
        // Other dimensions cannot be compared: neither equal nor unequal.
        _ => Truth::Unknown,
    }
}

pub fn ordered(op: Comparison, a: f64, b: f64) -> Truth {
    if a.is_nan() || b.is_nan() {
        return Truth::Unknown;
    }
    let equal = same(a, b);
    match op {
        Comparison::Equal => equal,
        Comparison::Unequal => !equal,
        Comparison::Less => a < b && !equal,
        Comparison::LessOrEqual => a < b || equal,
        Comparison::Greater => a > b && !equal,
        Comparison::GreaterOrEqual => a > b || equal,
    }
    .into()
}

fn number(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
    text.parse().ok().filter(|_| plain)
}

fn within(operand: &Operand, set: &Set, facts: &Facts<'_>) -> Truth {
    if let Set::Group(seat, name) = set {
        return match facts.policy {
            Some(policy) => policy.in_group(&facts.sides.identity(*seat), name),
            None => Truth::Unknown,
        };
    }
    any(operand, facts, |value| match (set, value) {
        (Set::Texts(texts), Val::Text(text)) => texts
            .binary_search_by(|t| t.as_ref().cmp(text))
            .is_ok()
            .into(),
        (Set::Words(mask), Val::Word(word)) => {
            (mask.checked_shr(u32::from(word)).unwrap_or(0) & 1 == 1).into()
        }
        (Set::Numbers(numbers), Val::Number(n)) => numbers.iter().any(|m| same(*m, n)).into(),
        (Set::Numbers(numbers), Val::Text(text)) => match number(text) {
            Some(n) => numbers.iter().any(|m| same(*m, n)).into(),
            None => Truth::Unknown,
        },
        (Set::Quantities(all), Val::Quantity(n, d)) => {
            let mut comparable = all.iter().filter(|(_, e)| *e == d).peekable();
            if comparable.peek().is_none() {
                return Truth::Unknown;
            }
            comparable.any(|(m, _)| same(*m, n)).into()
        }
        (Set::Range(low, high, Dimension::NONE), Val::Number(n)) => inside(*low, *high, n),
        (Set::Range(low, high, Dimension::NONE), Val::Text(text)) => {
            number(text).map_or(Truth::Unknown, |n| inside(*low, *high, n))
        }
        (Set::Range(low, high, d), Val::Quantity(n, e)) if *d == e => inside(*low, *high, n),
        (Set::Nets(nets), Val::Ip(ip)) => nets.iter().any(|net| lies_in(ip, net)).into(),
        (Set::Addresses(all), Val::Ip(ip)) => all.contains(ip).into(),
        (Set::Macs(macs), Val::Mac(mac)) => macs.binary_search(&mac).is_ok().into(),
        _ => Truth::Unknown,
    })
}

/// Whether an address lies in a network: by its first bits alone, as this is asked of every message.
fn lies_in(ip: IpAddr, net: &IpNet) -> bool {
    match (ip, net) {
        (IpAddr::V4(ip), IpNet::V4(net)) => {
            let differs = ip.to_bits() ^ net.addr().to_bits();
            let behind = 32 - u32::from(net.prefix_len());
            differs.checked_shr(behind).unwrap_or(0) == 0
        }
        (IpAddr::V6(ip), IpNet::V6(net)) => {
            let differs = ip.to_bits() ^ net.addr().to_bits();
            let behind = 128 - u32::from(net.prefix_len());
            differs.checked_shr(behind).unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// Whether a number lies in a range whose ends are members.
pub fn inside(low: f64, high: f64, n: f64) -> Truth {
    if n.is_nan() {
        return Truth::Unknown;
    }
    ((n >= low || same(n, low)) && (n <= high || same(n, high))).into()
}

/// Whether a text fits a pattern.
pub fn matches(pattern: &Pattern, text: &[u8]) -> bool {
    match pattern {
        Pattern::Contains(part) => contains(text, part),
        Pattern::StartsWith(part) => text.starts_with(part),
        Pattern::EndsWith(part) => text.ends_with(part),
        Pattern::Regex(regex, _) => regex.is_match(text),
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|w| w == part)
}

pub fn value_of(literal: &Literal) -> Val<'_> {
    match literal {
        Literal::Text(text) => Val::Text(text),
        Literal::Number(n) => Val::Number(*n),
        Literal::Quantity(n, d) => Val::Quantity(*n, *d),
        Literal::Word(w) => Val::Word(*w),
        Literal::Ip(ip) => Val::Ip(*ip),
        Literal::Mac(mac) => Val::Mac(*mac),
        Literal::Flag(flag) => Val::Flag(*flag),
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

fn calculate<'a>(op: Arithmetic, a: Val<'_>, b: Val<'_>) -> Option<Val<'a>> {
    let plain = |v: Val<'_>| match v {
        Val::Text(text) => number(text).map(Val::Number),
        Val::Number(n) => Some(Val::Number(n)),
        Val::Quantity(n, d) => Some(Val::Quantity(n, d)),
        _ => None,
    };
    let result = match (plain(a)?, op, plain(b)?) {
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
        known => Some(known),
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
        Fact::CertificateLeft | Fact::CertificateAge => {
            if let Some(seconds) = certificate::seconds(message, fact == Fact::CertificateAge) {
                found(Val::Quantity(seconds, Dimension::TIME));
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
        // Order numbers identify a visit; a subject is a device.
        Operand::Fact(_, Fact::Order) => Privacy::Patient("accession"),
        Operand::Host(inner) => privacy_of(inner),
        Operand::Arithmetic(_, pair) => match (privacy_of(&pair.0), privacy_of(&pair.1)) {
            (Privacy::Open, other) => other,
            (first, _) => first,
        },
        _ => Privacy::Open,
    }
}
