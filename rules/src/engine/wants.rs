//! Which fields must be read of messages, so that every rule means the same whatever else is written:
//! what rules name, what the judge itself keeps, and all that goes into a key over the whole message.

use dissectors::message::Interest;
use dissectors::registry::{PROTOCOLS, ProtocolId};
use dissectors::schema::{FieldId, Privacy};

use super::needs::Needs;
use super::{lessons, orders, patients, setpoints, vitals};
use crate::inventory::{self, usage};
use crate::language::certificate;
use crate::language::compiled::{Attribute, Fact, Operand};
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
    certificate: bool,
    patients: bool,
    vitals: bool,
    orders: bool,
}

/// What a judge of these rules reads of messages.
pub fn interest(rules: &[Compiled]) -> Interest {
    let mut interest = Interest::nothing();
    inventory::interest(&mut interest);
    lessons::interest(&mut interest);
    crate::baseline::interest(&mut interest);
    for rule in rules {
        let mut whole = Whole::default();
        reads::rule(rule, &mut |operand| match operand {
            Operand::Field {
                protocol, field, ..
            } => interest.want_field(*protocol, *field),
            Operand::Path { protocol, .. } => interest.want_body(*protocol),
            Operand::Fact(_, Fact::ValueBefore) => whole.before = true,
            Operand::Fact(_, Fact::Content) => whole.content = true,
            Operand::Fact(_, Fact::PatientData) => whole.patient = true,
            Operand::Asset(_, Attribute::InUse) => whole.in_use = true,
            Operand::Fact(_, Fact::CertificateLeft | Fact::CertificateAge) => {
                whole.certificate = true;
            }
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
        if whole.certificate {
            certificate::interest(&mut interest);
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
            if !Needs::of(&rule.condition, id).possible {
                continue;
            }
            for (field, row) in protocol.fields.iter().enumerate() {
                if whole.content || matches!(row.privacy, Privacy::Patient(_)) {
                    interest.want_field(id, FieldId(field as u16));
                }
            }
        }
    }
    interest
}
