//! A finding's words: parties, action, sentence, reasons.

use dissectors::message::{Message, Value};
use dissectors::schema::{Privacy, Provenance};

use crate::finding::{Act, Amount, Confidence, Name, Party};
use crate::language::compiled::{
    Attribute, Condition, Fact, Node, Operand, Seat, Which, WindowKind,
};
use crate::language::eval::{Facts, Partner, Val, each, privacy_of};
use crate::language::names::Vocabulary;
use crate::language::ruleset::{Compiled, Piece};
use crate::language::units::Unit;
use crate::privacy::{Words, printable};
use dissectors::action::ORDER;
use dissectors::action::{Device, Verb};

pub fn party(seat: Seat, facts: &Facts<'_>) -> Party {
    let end = facts.sides.endpoint(seat);
    let identity = facts.sides.identity(seat);
    let claims = identity.claims;
    let mut names = Vec::new();
    if let Some(title) = claims.ae.filter(|t| !t.is_empty()) {
        names.push(Name::Ae(printable(title)));
    }
    if let Some((app, facility)) = claims.hl7.filter(|(a, f)| !a.is_empty() || !f.is_empty()) {
        names.push(Name::Hl7(printable(app), printable(facility)));
    }
    if let Some(epr) = claims.epr {
        names.push(Name::Epr(printable(epr)));
    }
    let groups = facts
        .policy
        .map(|p| {
            p.group_names(&identity)
                .into_iter()
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default();
    let kinds = facts.policy.map_or(0, |p| p.kinds_of(&identity));
    let kind = Device::ALL
        .iter()
        .copied()
        .find(|d| kinds >> (*d as u32) & 1 == 1);
    Party {
        ip: end.ip,
        port: end.port,
        mac: end.mac,
        names,
        groups,
        kind,
        site: facts.inventory.called(end.ip, end.mac).map(|e| e.site()),
    }
}

pub fn act(message: Message<'_>) -> Option<Act> {
    let a = message.action()?;
    Some(Act {
        verb: a.verb,
        effect: a.verb.effect(a.device),
        device: a.device,
        subject: printable(a.device_id),
        channel: printable(a.channel),
        handle: printable(a.handle),
        order: Words::of(ORDER, a.order),
        drug: printable(a.drug),
        destination: printable(a.destination),
        value: a.value.map(|q| Amount {
            number: q.number,
            sent: printable(q.sent),
            unit: printable(q.unit),
            code: printable(q.code),
        }),
    })
}

/// What happened: the rule's sentence, or one made of the action.
pub fn why(rule: &Compiled, facts: &Facts<'_>, told: &str) -> Words {
    let mut words = Words::new();
    if rule.sentence.is_empty() {
        default_sentence(facts, &mut words);
    }
    for piece in &rule.sentence {
        match piece {
            Piece::Text(text) => words.push(text),
            Piece::Operand(operand) => value(operand, facts, &mut words),
        }
    }
    if !told.is_empty() {
        words.push(&format!(" ({told})"));
    }
    words
}

fn default_sentence(facts: &Facts<'_>, words: &mut Words) {
    value(&Operand::Asset(Seat::Actor, Attribute::Ip), facts, words);
    let kind = printable(facts.message.kind());
    match facts.message.action() {
        Some(action) => {
            words.push(&format!(" asked for {} by {kind}", action.verb.word()));
            let drug = printable(action.drug);
            if action.value.is_some() {
                words.push(" of ");
                value(&Operand::Fact(Which::This, Fact::Value), facts, words);
            }
            if !drug.is_empty() {
                words.push(&format!(" (drug {drug})"));
            }
            words.push(" from ");
        }
        None => words.push(&format!(" sent {kind} to ")),
    }
    value(&Operand::Asset(Seat::Target, Attribute::Ip), facts, words);
    if let Some(action) = facts.message.action().filter(|a| !a.device_id.is_empty()) {
        words.push(&format!(", device {}", printable(action.device_id)));
    }
}

/// A value in a sentence, with its privacy mark. What is not known is said so.
pub fn value(operand: &Operand, facts: &Facts<'_>, words: &mut Words) {
    match operand {
        Operand::Asset(seat, Attribute::Ip) => words.push(&party(*seat, facts).to_string()),
        Operand::Field {
            from: Which::This,
            protocol,
            field,
            privacy,
        } if facts.message.protocol() == *protocol => {
            list(facts.message.values(*field), *privacy, words);
        }
        Operand::Field {
            from,
            protocol,
            field,
            privacy,
        } => {
            let partner = match from {
                Which::Request => facts.request,
                _ => facts.answer,
            };
            match partner {
                Partner::Found(m) if m.protocol() == *protocol => {
                    list(m.values(*field), *privacy, words)
                }
                _ => words.push(UNKNOWN),
            }
        }
        Operand::Fact(Which::This, Fact::Value) => {
            match facts.message.action().and_then(|a| a.value) {
                Some(q) => single(Value::Quantity(q), Privacy::Open, words),
                None => words.push(UNKNOWN),
            }
        }
        Operand::Fact(Which::This, Fact::ValueBefore) => before(facts, words),
        _ => {
            let privacy = privacy_of(operand);
            let mut any = false;
            each(operand, facts, &mut |v| {
                if any {
                    words.push(", ");
                }
                any = true;
                plain(operand, &v, privacy, words);
            });
            if !any {
                words.push(UNKNOWN);
            }
        }
    }
}

/// The value in force before, in the unit that this message uses.
fn before(facts: &Facts<'_>, words: &mut Words) {
    let said =
        facts
            .known
            .before
            .zip(facts.message.action())
            .and_then(|((before, dimension), action)| {
                let quantity = action.value?;
                let unit = Unit::parse(quantity.unit).filter(|u| u.dimension == dimension)?;
                let one = unit.base(1.0);
                (one > 0.0).then(|| (before / one, quantity.unit))
            });
    match said {
        Some((number, unit)) => {
            // Four digits are more than any pump or monitor sets.
            let rounded = format!("{number:.4}");
            let short = rounded.trim_end_matches('0').trim_end_matches('.');
            words.push(short);
            words.push(" ");
            words.push(&printable(unit));
        }
        None => words.push(UNKNOWN),
    }
}

const UNKNOWN: &str = "(unknown)";
/// Values of one field that a sentence names.
const NAMED: usize = 4;

fn list<'a>(values: impl Iterator<Item = Value<'a>>, privacy: Privacy, words: &mut Words) {
    let mut count = 0;
    for value in values {
        if count == NAMED {
            words.push(" ...");
            break;
        }
        if count > 0 {
            words.push(", ");
        }
        count += 1;
        single(value, privacy, words);
    }
    if count == 0 {
        words.push(UNKNOWN);
    }
}

fn single(value: Value<'_>, privacy: Privacy, words: &mut Words) {
    match (value, privacy) {
        (Value::Secret(len), _) => words.push_secret(len),
        (Value::Text(v) | Value::Bytes(v) | Value::Time(v), privacy) => bytes(v, privacy, words),
        (Value::Integer(n), _) => words.push(&n.to_string()),
        (Value::Decimal(n), _) => words.push(&n.to_string()),
        (Value::Flag(flag), _) => words.push(if flag { "yes" } else { "no" }),
        (Value::Quantity(q), _) => {
            words.push(&printable(&q.shown()));
            if !q.unit.is_empty() {
                words.push(" ");
                words.push(&printable(q.unit));
            }
        }
    }
}

fn bytes(v: &[u8], privacy: Privacy, words: &mut Words) {
    match privacy {
        Privacy::Open => words.push(&printable(v)),
        Privacy::Patient(kind) => words.push_patient(kind, v),
        Privacy::Secret => words.push_secret(u32::try_from(v.len()).unwrap_or(u32::MAX)),
    }
}

fn plain(operand: &Operand, value: &Val<'_>, privacy: Privacy, words: &mut Words) {
    match value {
        Val::Text(text) => bytes(text, privacy, words),
        Val::Number(n) | Val::Quantity(n, _) => words.push(&n.to_string()),
        Val::Word(w) => {
            let vocabulary = match operand {
                Operand::Fact(_, Fact::Verb) => Vocabulary::Verb,
                Operand::Fact(_, Fact::Effect) => Vocabulary::Effect,
                Operand::Fact(_, Fact::Outcome) => Vocabulary::Outcome,
                Operand::Fact(_, Fact::Protocol) => Vocabulary::Protocol,
                Operand::Fact(_, Fact::Provenance) => Vocabulary::Provenance,
                Operand::Fact(_, Fact::Transport) => Vocabulary::Transport,
                _ => Vocabulary::Device,
            };
            words.push(vocabulary.words().get(usize::from(*w)).unwrap_or(&UNKNOWN));
        }
        Val::Ip(ip) => words.push(&ip.to_string()),
        Val::Mac(mac) => {
            let pairs: Vec<String> = mac.iter().map(|b| format!("{b:02x}")).collect();
            words.push(&pairs.join(":"));
        }
        Val::Time(time) => words.push(&crate::language::dates::shown(*time)),
        Val::Flag(flag) => words.push(if *flag { "yes" } else { "no" }),
        Val::Secret => words.push_secret(0),
    }
}

/// What was expected instead, by the policy.
pub fn expected(rule: &Compiled, facts: &Facts<'_>) -> Option<String> {
    let policy = facts.policy.filter(|_| rule.condition.uses.policy)?;
    let standing = facts.standing()?;
    if let Some(broken) = &standing.broken {
        return Some(broken.clone());
    }
    let action = facts.message.action()?;
    (standing.authorised == crate::language::compiled::Truth::False).then(|| {
        policy.nearest_grant(
            &facts.sides.identity(Seat::Actor),
            &facts.sides.identity(Seat::Target),
            &action,
            facts.message.frame().time,
        )
    })
}

/// How sure, and what speaks against more.
pub fn confidence(rule: &Compiled, facts: &Facts<'_>) -> (Confidence, Vec<String>) {
    let mut confidence = rule.rule.confidence;
    let mut reasons = Vec::new();
    let mut at_most = |limit: Confidence, reason: String| {
        confidence = confidence.min(limit);
        reasons.push(reason);
    };
    let message = facts.message;
    let provenance = message.provenance();
    match provenance {
        Provenance::Specification | Provenance::Implementation => {}
        Provenance::ReverseEngineered => {
            at_most(
                Confidence::Probable,
                format!("the dissector rests on {} knowledge", provenance.word()),
            );
        }
        Provenance::Behaviour | Provenance::Experimental => {
            at_most(
                Confidence::Hint,
                format!("the dissector is {}", provenance.word()),
            );
        }
    }
    let conversation = message.conversation();
    if conversation.mid_stream && rests_on_the_past(&rule.condition) {
        at_most(
            Confidence::Hint,
            "the conversation's start was not seen".to_owned(),
        );
    }
    let missing: u64 = conversation.missing.iter().sum();
    if missing > 0 {
        at_most(
            Confidence::Probable,
            format!("{missing} bytes of the conversation were not seen"),
        );
    }
    if message
        .action()
        .is_some_and(|a| a.verb == Verb::UnknownVerb)
    {
        at_most(Confidence::Probable, "the verb is not known".to_owned());
    }
    if reasons.is_empty() && confidence != Confidence::Certain {
        reasons.push("the rule concludes it from what it saw; the wire does not say it".to_owned());
    }
    (confidence, reasons)
}

/// True if the rule holds because nothing was seen before.
fn rests_on_the_past(condition: &Condition) -> bool {
    fn partner(node: &Node) -> bool {
        match node {
            Node::ExistsPartner(_) => true,
            Node::And(parts, _) | Node::Or(parts) => parts.iter().any(partner),
            Node::Not(inner) | Node::Surely(inner) => partner(inner),
            _ => false,
        }
    }
    condition
        .windows
        .iter()
        .any(|w| matches!(w.kind, WindowKind::FirstSeen | WindowKind::Unprepared))
        || partner(&condition.root)
}
