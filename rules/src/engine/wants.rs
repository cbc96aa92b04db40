//! Which fields must be read of messages, so that every rule means the same whatever else is written:
//! what rules name, what the judge itself keeps, and all that goes into a key over the whole message.

use dissectors::message::Interest;
use dissectors::registry::{PROTOCOLS, ProtocolId};
use dissectors::schema::{FieldId, KindId, Privacy};

use super::needs::Needs;
use super::{lessons, orders, patients, setpoints, vitals};
use crate::inventory::{self, usage};
use crate::language::compiled::{Attribute, Fact, Operand, Which};
use crate::language::reads;
use crate::language::ruleset::Compiled;

/// What rules ask of whole messages.
#[derive(Clone, Copy, Debug, Default)]
struct Whole {
    /// The value in force before.
    before: bool,
    /// All fields as one key.
    content: bool,
    /// Whether any field is a patient's.
    patient: bool,
    in_use: bool,
    patients: bool,
    vitals: bool,
    orders: bool,
    /// Of requests and answers, too.
    of_partners: bool,
}

/// The kinds of messages that a rule looks at, by protocol.
struct KindsOf<'r> {
    rule: &'r Compiled,
    known: Vec<(ProtocolId, Needs)>,
}

impl<'r> KindsOf<'r> {
    fn new(rule: &'r Compiled) -> Self {
        KindsOf {
            rule,
            known: Vec::new(),
        }
    }

    fn of(&mut self, protocol: ProtocolId) -> &Needs {
        let at = self.known.iter().position(|(id, _)| *id == protocol);
        let at = at.unwrap_or_else(|| {
            self.known
                .push((protocol, Needs::of(&self.rule.condition, protocol)));
            self.known.len() - 1
        });
        &self.known[at].1
    }

    /// Wants a field of the messages that the rule looks at.
    fn want(&mut self, protocol: ProtocolId, field: FieldId, interest: &mut Interest) {
        let needs = self.of(protocol);
        if !needs.possible {
            return;
        }
        match &needs.kinds {
            None => interest.want_field(protocol, field),
            Some(kinds) => {
                let rows = kinds.rows().map(|row| Some(KindId(row as u16)));
                let unlisted = kinds.unlisted.then_some(None);
                interest.want_field_of(protocol, rows.chain(unlisted), field);
            }
        }
    }
}

/// What a judge of these rules reads of messages.
pub fn interest(rules: &[Compiled]) -> Interest {
    let mut interest = Interest::nothing();
    inventory::interest(&mut interest);
    lessons::interest(&mut interest);
    crate::baseline::interest(&mut interest);
    for rule in rules {
        let mut whole = Whole::default();
        let mut kinds = KindsOf::new(rule);
        reads::rule(rule, &mut |operand| match operand {
            Operand::Field {
                from: Which::This,
                protocol,
                field,
                ..
            } => kinds.want(*protocol, *field, &mut interest),
            // Of what it answers to, or is answered by, any kind.
            Operand::Field {
                protocol, field, ..
            } => interest.want_field(*protocol, *field),
            Operand::Path { protocol, .. } => interest.want_body(*protocol),
            Operand::Fact(_, Fact::ValueBefore) => whole.before = true,
            Operand::Fact(which, Fact::Content) => {
                whole.content = true;
                whole.of_partners |= *which != Which::This;
            }
            Operand::Fact(which, Fact::PatientData) => {
                whole.patient = true;
                whole.of_partners |= *which != Which::This;
            }
            Operand::Asset(_, Attribute::InUse) => whole.in_use = true,
            Operand::Fact(_, Fact::KnownPatient) => whole.patients = true,
            Operand::Fact(_, Fact::VitalsFrozen | Fact::VitalsSteps) => whole.vitals = true,
            Operand::Fact(_, Fact::OrderKept | Fact::OrderRate | Fact::OrderReported) => {
                whole.orders = true;
            }
            _ => {}
        });
        if whole.before {
            setpoints::interest(&mut interest);
        }
        if whole.in_use {
            usage::interest(&mut interest);
        }
        if whole.patients {
            patients::interest(&mut interest);
        }
        if whole.vitals {
            vitals::interest(&mut interest);
        }
        if whole.orders {
            orders::interest(&mut interest);
        }
        if !whole.content && !whole.patient {
            continue;
        }
        for (at, protocol) in PROTOCOLS.iter().enumerate() {
            let id = ProtocolId(at as u16);
            if !kinds.of(id).possible {
                continue;
            }
            for (field, row) in protocol.fields.iter().enumerate() {
                if !whole.content && !matches!(row.privacy, Privacy::Patient(_)) {
                    continue;
                }
                let field = FieldId(field as u16);
                if whole.of_partners {
                    interest.want_field(id, field);
                } else {
                    kinds.want(id, field, &mut interest);
                }
            }
        }
    }
    interest
}
