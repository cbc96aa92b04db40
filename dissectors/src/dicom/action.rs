//! What a DIMSE message does, in the vocabulary of clinical actions (PS3.7 9, 10; PS3.4).
//!
//! The same request means other things for other SOP classes, so both decide.
//! - C-CANCEL-RQ carries no action: it calls off a query or retrieval of its own association, touches
//!   neither record nor therapy, and the request that it ends is answered on its own (FE00).
//! - A radiotherapy prescription (plan, ion plan, delivery instruction, second-generation radiation)
//!   is `set-dose` on a radiotherapy device: it is what the beam will deliver. Only where the acceptor
//!   showed itself to be an archive or workstation, by accepting object classes that no delivery
//!   device takes, or where the object comes back to the one who asked for it by C-GET, is it a plain
//!   `store`. The sender cannot fake that: acceptance is the receiver's word. Where the association
//!   tells nothing of the receiver, it counts as a delivery device.
//! - Machine verification (1.2.840.10008.5.1.4.34.8, .9) prepares the treatment machine for one
//!   fraction: `set-mode` on a radiotherapy device for all that writes.
//! - Storage commitment, MPPS and logs are `store`: they write the record of what was done.
//! - Media creation is `retrieve`: images leave on a disc, whatever the film-like services suggest.
//! - Notices of a new state (N-EVENT-REPORT, instance availability) are `notify`.

use super::command::CommandField;
use crate::action::{Device, Verb};

/// Verb and device of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed {
    pub verb: Verb,
    pub device: Device,
}

/// What decides the deed of a request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Command field in its request form.
    pub field: CommandField,
    pub sop_class: &'a [u8],
    pub action_type: Option<u16>,
    /// Procedure Step State (0074,1000) that an N-ACTION asks for.
    pub state: &'a [u8],
    /// The receiver is known to be no delivery device, or asked for the object itself.
    pub no_delivery_device: bool,
}

/// What a request does. `None` for C-CANCEL; an unknown command is an unknown verb.
pub fn deed(request: &Request<'_>) -> Option<Deed> {
    let family = Family::of(request.sop_class);
    let on = |verb, device| Some(Deed { verb, device });
    let rt = Device::Radiotherapy;
    match (request.field, family) {
        (CommandField::C_CANCEL, _) => None,
        (CommandField::C_ECHO, _) => on(Verb::Verify, Device::Unknown),
        (CommandField::C_FIND, Family::Worklist) => on(Verb::Read, Device::Server),
        (CommandField::C_FIND, _) => on(Verb::Read, family.device()),
        (CommandField::C_MOVE | CommandField::C_GET, _) => on(Verb::Retrieve, family.device()),
        (CommandField::C_STORE, Family::Prescription) if !request.no_delivery_device => {
            on(Verb::SetDose, rt)
        }
        (CommandField::C_STORE, _) => on(Verb::Store, Device::Unknown),
        (CommandField::N_EVENT_REPORT, _) => on(Verb::Notify, Device::Unknown),
        (CommandField::N_GET, _) => on(Verb::Read, family.device()),
        (CommandField::N_DELETE, _) => on(Verb::Delete, family.device()),
        (_, Family::MachineVerification) if is_writing(request.field) => on(Verb::SetMode, rt),
        (CommandField::N_CREATE | CommandField::N_SET, Family::ProcedureStep) => {
            on(Verb::Order, family.device())
        }
        (CommandField::N_ACTION, Family::ProcedureStep) => {
            on(procedure_step_action(request), family.device())
        }
        (_, Family::Print) if is_writing(request.field) => on(Verb::Print, Device::Unknown),
        (_, Family::Media) if is_writing(request.field) => on(Verb::Retrieve, Device::Unknown),
        (CommandField::N_ACTION, Family::Inventory) => on(Verb::Read, Device::Pacs),
        (_, Family::Commitment) if is_writing(request.field) => on(Verb::Store, Device::Pacs),
        (_, Family::PerformedStep | Family::Logging) if is_writing(request.field) => {
            on(Verb::Store, Device::Server)
        }
        (CommandField::N_CREATE, Family::Availability) => on(Verb::Notify, Device::Unknown),
        _ => on(Verb::UnknownVerb, family.device()),
    }
}

/// N-ACTION on a unified procedure step (PS3.4 CC.2.1 to CC.2.4): 1 change state, 2 request
/// cancellation, 3 subscribe, 4 unsubscribe, 5 suspend the global subscription.
fn procedure_step_action(request: &Request<'_>) -> Verb {
    match (request.action_type, request.state) {
        (Some(1), b"IN PROGRESS") => Verb::Start,
        (Some(1), b"COMPLETED" | b"CANCELED") | (Some(2), _) => Verb::Stop,
        (Some(3..=5), _) => Verb::Subscribe,
        _ => Verb::UnknownVerb,
    }
}

const fn is_writing(field: CommandField) -> bool {
    matches!(
        field,
        CommandField::N_CREATE | CommandField::N_SET | CommandField::N_ACTION
    )
}

/// Families of SOP classes (PS3.4, PS3.6 annex A).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Query,
    Worklist,
    Inventory,
    Prescription,
    MachineVerification,
    ProcedureStep,
    PerformedStep,
    Commitment,
    Print,
    Media,
    Logging,
    Availability,
    Other,
}

impl Family {
    fn of(sop_class: &[u8]) -> Self {
        let Some(class) = sop_class.strip_prefix(b"1.2.840.10008.") else {
            return Family::Other;
        };
        match class {
            b"5.1.4.31" => Family::Worklist,
            b"5.1.4.33" => Family::Availability,
            b"1.20.1" | b"1.20.2" => Family::Commitment,
            b"1.40" | b"1.42" => Family::Logging,
            b"5.1.1.33" => Family::Media,
            b"5.1.4.34.8" | b"5.1.4.34.9" | b"5.1.4.34.2" | b"5.1.4.34.3" => {
                Family::MachineVerification
            }
            _ if is_prescription(class) => Family::Prescription,
            _ if class.starts_with(b"5.1.4.34.6.") || class.starts_with(b"5.1.4.34.4.") => {
                Family::ProcedureStep
            }
            _ if class.starts_with(b"3.1.2.3.") => Family::PerformedStep,
            _ if class.starts_with(b"5.1.1.") => Family::Print,
            _ if class.starts_with(b"5.1.4.1.1.201.") => Family::Inventory,
            _ if class.starts_with(b"5.1.4.1.2.") => Family::Query,
            _ => Family::Other,
        }
    }

    const fn device(self) -> Device {
        match self {
            Family::Query | Family::Inventory | Family::Commitment => Device::Pacs,
            Family::Worklist | Family::PerformedStep | Family::Logging => Device::Server,
            Family::MachineVerification | Family::Prescription => Device::Radiotherapy,
            _ => Device::Unknown,
        }
    }
}

/// Objects that tell a treatment machine what to deliver: plan, ion plan, beams and brachytherapy
/// delivery instructions, radiation set, its radiations and its delivery instruction.
fn is_prescription(class: &[u8]) -> bool {
    matches!(
        class,
        b"5.1.4.1.1.481.5"
            | b"5.1.4.1.1.481.8"
            | b"5.1.4.1.1.481.12"
            | b"5.1.4.1.1.481.13"
            | b"5.1.4.1.1.481.14"
            | b"5.1.4.1.1.481.15"
            | b"5.1.4.1.1.481.21"
            | b"5.1.4.34.1"
            | b"5.1.4.34.7"
            | b"5.1.4.34.10"
    )
}

/// True for object classes that archives take and treatment machines do not: ultrasound, mammography,
/// nuclear medicine, electrocardiograms, visible light, angiography.
pub fn is_archived_only(sop_class: &[u8]) -> bool {
    let Some(class) = sop_class.strip_prefix(b"1.2.840.10008.5.1.4.1.1.") else {
        return false;
    };
    matches!(
        class,
        b"1.2" | b"1.2.1" | b"3.1" | b"6.1" | b"6.2" | b"9.1.1" | b"12.1" | b"20"
    ) || class.starts_with(b"77.1.")
}

/// True where the class of a message may differ from the abstract syntax of its context: meta SOP
/// classes stand for several (print), unified procedure steps always name the push class (PS3.4
/// CC.3.1), performed procedure steps likewise name the first.
pub fn may_stand_for(abstract_syntax: &[u8], sop_class: &[u8]) -> bool {
    let family = Family::of(abstract_syntax);
    abstract_syntax == sop_class
        || (family == Family::of(sop_class)
            && matches!(
                family,
                Family::Print | Family::ProcedureStep | Family::PerformedStep
            ))
}

/// True for queries of models that know no patient: hanging protocols, palettes, implants, procedure
/// protocols, product data (PS3.4 U, X, BB, HH).
pub fn knows_no_patient(sop_class: &[u8]) -> bool {
    let Some(class) = sop_class.strip_prefix(b"1.2.840.10008.5.1.4.") else {
        return false;
    };
    [
        &b"38."[..],
        b"39.",
        b"43.",
        b"44.",
        b"45.",
        b"20.",
        b"41",
        b"42",
    ]
    .iter()
    .any(|prefix| class.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(
        field: u16,
        sop_class: &str,
        action_type: u16,
        state: &str,
        no_delivery_device: bool,
    ) -> Option<(Verb, Device)> {
        deed(&Request {
            field: CommandField(field),
            sop_class: sop_class.as_bytes(),
            action_type: Some(action_type),
            state: state.as_bytes(),
            no_delivery_device,
        })
        .map(|d| (d.verb, d.device))
    }

    const PLAN: &str = "1.2.840.10008.5.1.4.1.1.481.5";
    const UPS: &str = "1.2.840.10008.5.1.4.34.6.1";

    #[test]
    fn an_unknown_command_is_an_unknown_verb_never_a_read() {
        assert_eq!(
            ask(0x0777, "1.2.840.10008.1.1", 0, "", false),
            Some((Verb::UnknownVerb, Device::Unknown))
        );
    }

    #[test]
    fn an_unknown_action_on_a_procedure_step_is_an_unknown_verb() {
        assert_eq!(
            ask(0x0130, UPS, 9, "", false).map(|d| d.0),
            Some(Verb::UnknownVerb)
        );
        assert_eq!(
            ask(0x0130, UPS, 1, "", false).map(|d| d.0),
            Some(Verb::UnknownVerb)
        );
        assert_eq!(
            ask(0x0130, UPS, 1, "IN PROGRESS", false).map(|d| d.0),
            Some(Verb::Start)
        );
        assert_eq!(
            ask(0x0130, UPS, 1, "CANCELED", false).map(|d| d.0),
            Some(Verb::Stop)
        );
    }

    #[test]
    fn a_plan_sets_the_dose_unless_the_receiver_is_an_archive() {
        assert_eq!(
            ask(0x0001, PLAN, 0, "", false),
            Some((Verb::SetDose, Device::Radiotherapy))
        );
        assert_eq!(
            ask(0x0001, PLAN, 0, "", true),
            Some((Verb::Store, Device::Unknown))
        );
    }

    #[test]
    fn a_write_to_machine_verification_changes_the_mode_of_a_treatment_machine() {
        for field in [0x0120, 0x0130, 0x0140] {
            let deed = ask(field, "1.2.840.10008.5.1.4.34.8", 1, "", false);
            assert_eq!(deed, Some((Verb::SetMode, Device::Radiotherapy)));
        }
    }

    #[test]
    fn a_cancel_does_nothing_by_itself() {
        assert_eq!(ask(0x0FFF, "", 0, "", false), None);
    }

    #[test]
    fn a_meta_class_stands_for_its_members_only() {
        let meta = b"1.2.840.10008.5.1.1.9";
        assert!(may_stand_for(meta, b"1.2.840.10008.5.1.1.1"));
        assert!(!may_stand_for(meta, b"1.2.840.10008.1.1"));
        assert!(!may_stand_for(
            b"1.2.840.10008.5.1.4.1.2.1.1",
            b"1.2.840.10008.5.1.4.1.2.2.1"
        ));
    }
}
