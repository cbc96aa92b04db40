//! Evaluates a compiled condition on one message and what is known around it.

mod facts;
mod values;

use std::net::IpAddr;

use ipnet::IpNet;

pub use self::facts::{Facts, Known, Partner, Sides};
use self::values::single;
pub use self::values::{each, privacy_of, quantity, value_of};
use super::ast::Comparison;
use super::compiled::{Fact, Node, Operand, Pattern, Seat, Set, Truth, Which};
use super::units::{Dimension, same};
use crate::inventory::Claims;
use crate::policy::Identity;

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
    /// Milliseconds since 1970.
    Time(i64),
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
        (Val::Time(a), Val::Time(b)) => ordered(op, a.saturating_sub(b) as f64, 0.0),
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
