//! Writes DIMSE messages: command set and data set together (PS3.7 9, 10).

use std::io::Write;
use std::ops::Range;

use super::action::{self, Deed, Request};
use super::association::Association;
use super::command::{self, Command, CommandField};
use super::dataset::{self, Summary};
use super::encoding::Encoding;
use super::faults::{self, Faults};
use super::fields::*;
use super::pdu::AeTitle;
use super::value::{Tag, is_legal_uid, uid_name};
use super::walk::Walker;
use super::words::Status;
use super::{path, walk};
use crate::action::{Action, Outcome};
use crate::contract::Side;
use crate::limits;
use crate::message::{Draft, Messages, Scope};

/// A message whose last fragment is here, or which ended without it.
pub struct Finished<'c, 'd> {
    pub range: Range<u64>,
    pub context: u8,
    /// The command set, and the stream offset of its first byte.
    pub command: &'c [u8],
    pub command_at: u64,
    /// The data set as walked, if a fragment of it came.
    pub dataset: Option<&'d Walker>,
    pub dataset_bytes: u64,
    pub pdvs: u32,
    pub faults: Faults,
}

/// Writes the message, and gives back its command set as read.
pub fn write<'c>(
    m: &Finished<'c, '_>,
    association: &mut Association,
    scratch: &mut Vec<u8>,
    out: &mut Messages<'_>,
) -> Command<'c> {
    let side = out.side();
    let mut wrong = m.faults;
    let mut in_command = Faults::default();
    let command = Command::read(m.command, m.command_at, &mut in_command);
    // What is not all there is not blamed for what it lacks.
    if !wrong.has_loss() {
        wrong.add_all(&in_command);
    }
    let records = m.dataset.map_or(&[][..], Walker::records);
    let summary = Summary::read(records);
    check(m, &command, &summary, association, &mut wrong);
    if let Some(walker) = m.dataset {
        wrong.add_all(&walker.report().faults);
        count_limits(walker.report(), out);
        if association.transfer_syntax(m.context).is_empty() {
            association.learn(m.context, walker.encoding());
        }
    }
    let deed = deed(&command, &summary, association, side);
    let wants_body = out.wants_body();
    let mut draft = match (command.field, command.field.and_then(CommandField::kind)) {
        (None, _) => out.message(MALFORMED, m.range.clone()),
        (_, Some(kind)) => out.message(kind, m.range.clone()),
        (Some(field), None) => out.message_unknown(u32::from(field.0), 4, m.range.clone()),
    };
    if wants_body {
        path::body(m.command, m.dataset, scratch);
        draft.body(scratch);
    }
    write_association(association, m.context, &mut draft);
    write_command(&command, scratch, &mut draft);
    if m.pdvs > 0 {
        draft.integer(PDVS, i64::from(m.pdvs));
    }
    if let Some(walker) = m.dataset {
        write_dataset(m, &command, walker, &summary, scratch, &mut draft);
    }
    write_action(&command, deed, association, side, &mut draft);
    for (name, at) in wrong.iter() {
        draft.anomaly(name, at);
    }
    command
}

/// What does not fit between command, data set and association.
fn check(
    m: &Finished<'_, '_>,
    command: &Command<'_>,
    summary: &Summary<'_>,
    association: &Association,
    wrong: &mut Faults,
) {
    if let Some(fault) = association.context_fault(m.context) {
        wrong.add(fault, m.range.start);
    }
    let agreed = association.abstract_syntax(m.context);
    let class = command.sop_class();
    if !agreed.is_empty() && !class.is_empty() && !action::may_stand_for(agreed, class) {
        wrong.add(faults::ABSTRACT_SYNTAX, m.command_at);
    }
    for title in [command.destination, command.originator_ae] {
        if !title.is_empty()
            && let Some(fault) = AeTitle::read(title).fault()
        {
            wrong.add(fault, m.command_at);
        }
    }
    if command.field == Some(CommandField::C_STORE) {
        let differs =
            |told: &[u8], held: &[u8]| !told.is_empty() && !held.is_empty() && told != held;
        if differs(command.affected_class, summary.sop_class) {
            wrong.add(faults::SOP_CLASS_DIFFERS, m.command_at);
        }
        if differs(command.affected_instance, summary.sop_instance) {
            wrong.add(faults::SOP_INSTANCE_DIFFERS, m.command_at);
        }
    }
    if let Some(walker) = m.dataset {
        dataset::check_uids(walker.records(), m.command_at, wrong);
    }
}

fn count_limits(report: &walk::Report, out: &mut Messages<'_>) {
    for (hit, limit) in [
        (report.head_full, limits::DICOM_HEAD),
        (report.value_cut, limits::DICOM_VALUE),
        (report.too_deep, limits::DICOM_DEPTH),
    ] {
        if hit {
            out.limit(limit);
        }
    }
}

/// What a request does. A plain answer does nothing by itself: it says what became of its request.
fn deed(
    command: &Command<'_>,
    summary: &Summary<'_>,
    association: &Association,
    side: Side,
) -> Option<Deed> {
    let field = command
        .field
        .filter(|f| !f.is_response() || f.kind().is_none())?;
    let no_delivery_device = match association.requester {
        Some(requester) if requester == side => association.no_delivery_device,
        // A sub-operation of C-GET: the receiver asked for the object.
        Some(_) => true,
        None => false,
    };
    action::deed(&Request {
        field,
        sop_class: command.sop_class(),
        action_type: command.action_type,
        state: summary.procedure_state,
        no_delivery_device,
    })
}

fn write_association(association: &Association, context: u8, draft: &mut Draft<'_>) {
    draft.text_if(CALLING_AE, association.calling.trimmed());
    draft.text_if(CALLED_AE, association.called.trimmed());
    draft.integer(CONTEXT_ID, i64::from(context));
    draft.text_if(ABSTRACT_SYNTAX, association.abstract_syntax(context));
    let transfer_syntax = association.transfer_syntax(context);
    draft.text_if(TRANSFER_SYNTAX, transfer_syntax);
    if draft.wants(TRANSFER_SYNTAX_NAME)
        && let Some(name) = uid_name(transfer_syntax)
    {
        draft.text(TRANSFER_SYNTAX_NAME, name.as_bytes());
    }
}

fn write_command(command: &Command<'_>, scratch: &mut Vec<u8>, draft: &mut Draft<'_>) {
    let numbers = [
        (COMMAND_FIELD, command.field.map(|f| f.0)),
        (MESSAGE_ID, command.message_id),
        (RESPONDING_TO, command.responding_to),
        (PRIORITY, command.priority),
        (STATUS, command.status),
        (ERROR_ID, command.error_id),
        (MOVE_ORIGINATOR_MESSAGE_ID, command.originator_id),
        (REMAINING, command.remaining),
        (COMPLETED, command.completed),
        (FAILED, command.failed),
        (WARNING, command.warning),
        (EVENT_TYPE, command.event_type),
        (ACTION_TYPE, command.action_type),
    ];
    for (field, number) in numbers {
        if let Some(number) = number {
            draft.integer(field, i64::from(number));
        }
    }
    let texts = [
        (AFFECTED_SOP_CLASS, command.affected_class),
        (REQUESTED_SOP_CLASS, command.requested_class),
        (AFFECTED_SOP_INSTANCE, command.affected_instance),
        (REQUESTED_SOP_INSTANCE, command.requested_instance),
        (MOVE_DESTINATION, command.destination),
        (MOVE_ORIGINATOR_AE, command.originator_ae),
        (ERROR_COMMENT, command.comment),
    ];
    for (field, text) in texts {
        draft.text_if(field, text);
    }
    if draft.wants(SOP_CLASS_NAME)
        && let Some(name) = uid_name(command.sop_class())
    {
        draft.text(SOP_CLASS_NAME, name.as_bytes());
    }
    if let Some(status) = command.status.map(Status) {
        draft.text(STATUS_TEXT, status.text().as_bytes());
        draft.text(STATUS_CLASS, status.class().as_bytes());
    }
    if command.dataset_type.is_some() {
        draft.flag(DATASET_FOLLOWS, command.has_dataset());
    }
    for (field, list) in [
        (ATTRIBUTES, command.attributes),
        (OFFENDING, command.offending),
    ] {
        for tag in command::attribute_tags(list) {
            write_text(format_args!("{tag}"), scratch);
            draft.text(field, scratch);
        }
    }
    if let Some((tag, claimed, value)) = command.overrun {
        write_text(
            format_args!("{tag} claims {claimed} bytes, has {}:", value.len()),
            scratch,
        );
        if command::vr_of(tag) == *b"US" {
            for pair in value.chunks_exact(2).take(OVERRUN_SHOWN) {
                drop(write!(
                    scratch,
                    " {},",
                    u16::from_le_bytes([pair[0], pair[1]])
                ));
            }
        }
        scratch.pop();
        draft.text(OVERRUN, scratch);
    }
    let uids = [
        (0x0002, command.affected_class),
        (0x0003, command.requested_class),
        (0x1000, command.affected_instance),
        (0x1001, command.requested_instance),
    ];
    for (tag, uid) in uids {
        if !uid.is_empty() && !is_legal_uid(uid) {
            dataset::write_tagged(Tag(tag), uid, BAD_UIDS, scratch, draft);
        }
    }
}

/// Numbers shown of a command element that claims too much.
const OVERRUN_SHOWN: usize = 16;

fn write_text(text: std::fmt::Arguments<'_>, scratch: &mut Vec<u8>) {
    scratch.clear();
    // Writing to memory does not fail.
    drop(scratch.write_fmt(text));
}

fn write_dataset(
    m: &Finished<'_, '_>,
    command: &Command<'_>,
    walker: &Walker,
    summary: &Summary<'_>,
    scratch: &mut Vec<u8>,
    draft: &mut Draft<'_>,
) {
    let bytes = i64::try_from(m.dataset_bytes).unwrap_or(i64::MAX);
    draft.integer(DATASET_BYTES, bytes);
    draft.text(DATASET_ENCODING, walker.encoding().word().as_bytes());
    let keys = command.field.is_some_and(CommandField::is_query);
    dataset::write(walker.records(), summary, keys, scratch, draft);
    // A key that was not read may have narrowed the query.
    let is_read_whole = !matches!(walker.encoding(), Encoding::Deflated | Encoding::Unknown)
        && !m.faults.has_loss()
        && !walker.report().faults.has(faults::DATASET_UNREADABLE)
        && !walker.report().head_full;
    if command.field == Some(CommandField::C_FIND)
        && is_read_whole
        && !action::knows_no_patient(command.sop_class())
    {
        draft.flag(UNIVERSAL_MATCH, summary.is_universal());
        draft.flag(BROAD_MATCH, summary.is_broad());
    }
    dataset::write_report(walker.report(), scratch, draft);
    for (tag, uid) in dataset::bad_uids(walker.records()) {
        dataset::write_tagged(tag, uid, BAD_UIDS, scratch, draft);
    }
}

/// Action, and which request the message is or answers.
fn write_action(
    command: &Command<'_>,
    deed: Option<Deed>,
    association: &Association,
    side: Side,
    draft: &mut Draft<'_>,
) {
    let Some(field) = command.field else {
        return;
    };
    if let Some(deed) = deed {
        // Who is asked: the called title, unless the acceptor asks (C-GET, events).
        let asked = match association.requester {
            Some(requester) if requester == side => association.called,
            Some(_) => association.calling,
            None => AeTitle::default(),
        };
        draft.action(Action {
            device: deed.device,
            device_id: asked.trimmed(),
            handle: command.sop_instance(),
            destination: command.destination,
            ..Action::of(deed.verb)
        });
    }
    if field.is_response() {
        if let Some(id) = command.responding_to {
            let status = command.status.map(Status);
            let last = status.is_none_or(Status::is_last);
            let outcome = status.map_or(Outcome::Unknown, Status::outcome);
            let key = JoinKey::of(side.other(), id);
            draft.answers(Scope::Conversation, key.bytes(), last, outcome);
        }
        return;
    }
    if field != CommandField::C_CANCEL
        && let Some(id) = command.message_id
    {
        let key = JoinKey::of(side, id);
        draft.asks(Scope::Conversation, key.bytes());
    }
}

/// Key of a request within its connection: who asks, and the message id. In C-GET both sides ask, each
/// with ids of its own.
struct JoinKey {
    room: [u8; 8],
    len: usize,
}

impl JoinKey {
    fn of(asker: Side, message_id: u16) -> Self {
        let letter = match asker {
            Side::Client => b'c',
            Side::Server => b's',
        };
        // Eight bytes hold the letter, the colon and any 16-bit number.
        let mut room = [letter, b':', 0, 0, 0, 0, 0, 0];
        let mut len = 2;
        for power in [10_000, 1_000, 100, 10, 1] {
            if message_id >= power || power == 1 {
                room[len] = b'0' + (message_id / power % 10) as u8;
                len += 1;
            }
        }
        JoinKey { room, len }
    }

    fn bytes(&self) -> &[u8] {
        self.room.get(..self.len).unwrap_or(&self.room)
    }
}
