//! Writes association PDUs, and lets the association learn from them (PS3.8 9.3.2 to 9.3.4, 9.3.6 to
//! 9.3.8). They carry no action: an association by itself only probes.

use std::io::Write;
use std::ops::Range;

use super::associate::{self, ITEM_HEADER, Item, Items, item};
use super::association::{Association, State};
use super::faults::{self, Faults};
use super::fields::*;
use super::pdu::{AeTitle, HEADER, PduHeader, PduType, trim};
use super::value::is_legal_uid;
use super::words;
use crate::action::Outcome;
use crate::contract::Side;
use crate::limits;
use crate::message::{Draft, Messages, Scope};
use crate::schema::{FieldId, KindId};
use crate::vendor_logins::User;

/// Key under which an association request and its answer meet within the connection.
const ASSOCIATION: &[u8] = b"association";
/// The same for its release.
const RELEASE: &[u8] = b"release";

/// Application context name of DICOM (PS3.7 A.2.1).
pub const DICOM_APPLICATION: &[u8] = b"1.2.840.10008.3.1.1.1";

/// A PDU as far as it is there.
#[derive(Clone, Copy, Debug)]
pub struct Pdu<'a> {
    pub header: PduHeader,
    pub body: &'a [u8],
    /// Stream offset of its header.
    pub start: u64,
}

impl Pdu<'_> {
    fn range(&self) -> Range<u64> {
        self.start..self.start + (HEADER + self.body.len()) as u64
    }
}

/// Writes an A-ASSOCIATE-RQ or -AC. `learn`: the association takes it in.
pub fn associate(
    pdu: Pdu<'_>,
    mut wrong: Faults,
    learn: bool,
    association: &mut Association,
    scratch: &mut Vec<u8>,
    out: &mut Messages<'_>,
) {
    let Pdu {
        header,
        body,
        start,
    } = pdu;
    let is_request = header.kind == PduType::ASSOCIATE_RQ;
    let side = out.side();
    let kind = if is_request {
        A_ASSOCIATE_RQ
    } else {
        A_ASSOCIATE_AC
    };
    if body.len() < associate::FIXED && !wrong.has_loss() {
        wrong.add(faults::PDU_LENGTH_WRONG, start);
    }
    let Ok((_, parsed)) = associate::associate(body) else {
        let mut draft = out.message(kind, pdu.range());
        write_titles(association, &mut draft);
        return finish(draft.integer(PDU_LENGTH, i64::from(header.length)), &wrong);
    };
    if parsed.version & 1 == 0 {
        wrong.add(faults::PROTOCOL_VERSION, start + HEADER as u64);
    }
    let titles_at = start + HEADER as u64 + 4;
    for title in [parsed.called, parsed.calling] {
        if let Some(fault) = title.fault()
            && (is_request || fault == faults::AE_TITLE_ILLEGAL)
        {
            wrong.add(fault, titles_at);
        }
    }
    let (calling, called) = (parsed.calling, parsed.called);
    if learn {
        if is_request && wrong.has_loss() {
            association.begin(side, calling, called);
            association.state = State::Unseen;
        } else if is_request {
            association.request(side, calling, called);
        } else {
            if association.requester.is_none() {
                // The request was not seen; its echo is better than nothing (PS3.8 table 9-17).
                association.begin(side.other(), calling, called);
            }
            association.accept();
        }
    }
    let items_left = out.limits().get(limits::DICOM_ITEMS);
    let mut draft = out.message(kind, pdu.range());
    let calling_at = titles_at + AeTitle::LEN as u64;
    if is_request {
        text_at(CALLING_AE, calling.trimmed(), calling_at, &mut draft);
        text_at(CALLED_AE, called.trimmed(), titles_at, &mut draft);
    } else {
        // The titles in an answer are reserved bytes.
        write_titles(association, &mut draft);
    }
    draft.integer(PDU_LENGTH, i64::from(header.length));
    draft.integer(PROTOCOL_VERSION, i64::from(parsed.version));
    let mut reader = Reader {
        is_request,
        learn,
        side,
        at: start + (HEADER + associate::FIXED) as u64,
        items_left,
        accepted: 0,
        refused: 0,
        seen: [false; 3],
        association,
        scratch,
        wrong,
        draft,
    };
    reader.items(parsed.items);
    if reader.close() {
        out.limit(limits::DICOM_ITEMS);
    }
}

/// Goes through items and writes their fields.
struct Reader<'a, 'd> {
    is_request: bool,
    learn: bool,
    side: Side,
    /// Stream offset of the first item.
    at: u64,
    /// Items and sub-items that may still be read.
    items_left: usize,
    accepted: i64,
    refused: i64,
    /// Application context, presentation context, user information.
    seen: [bool; 3],
    association: &'a mut Association,
    scratch: &'a mut Vec<u8>,
    wrong: Faults,
    draft: Draft<'d>,
}

impl Reader<'_, '_> {
    fn items(&mut self, items: Items<'_>) {
        let begin = self.at;
        for item in items {
            let at = begin + item.at as u64;
            if !self.may_read(&item, at) {
                return;
            }
            match item.kind {
                item::APPLICATION_CONTEXT => {
                    self.once(0, at);
                    let name = trim(item.body);
                    self.draft.text(APPLICATION_CONTEXT, name);
                    if name != DICOM_APPLICATION {
                        self.wrong.add(faults::APPLICATION_CONTEXT, at);
                    }
                }
                item::CONTEXT_RQ | item::CONTEXT_AC => {
                    self.seen[1] = true;
                    self.context(&item, at);
                }
                item::USER_INFORMATION => {
                    self.once(2, at);
                    self.user_information(Items::new(item.body), at + ITEM_HEADER as u64);
                }
                // The standard says: ignore what you do not know.
                _ => {}
            }
        }
    }

    /// Notes an item that lies; false when enough were read.
    fn may_read(&mut self, item: &Item<'_>, at: u64) -> bool {
        if item.cut && !self.wrong.has_loss() {
            self.wrong.add(faults::ITEM_PAST_END, at);
        }
        if self.items_left == 0 {
            self.wrong.add(faults::ITEMS_TOO_MANY, at);
            return false;
        }
        self.items_left -= 1;
        true
    }

    fn once(&mut self, which: usize, at: u64) {
        if let Some(seen) = self.seen.get_mut(which)
            && std::mem::replace(seen, true)
        {
            self.wrong.add(faults::ITEM_DUPLICATE, at);
        }
    }

    fn context(&mut self, item: &Item<'_>, at: u64) {
        let Ok((_, context)) = associate::context_item(item.body) else {
            if self.wrong.has_loss() {
                return;
            }
            return self.wrong.add(faults::ITEM_LENGTH_WRONG, at);
        };
        if context.id % 2 == 0 {
            self.wrong.add(faults::CONTEXT_EVEN, at);
        }
        let proposed = context
            .items
            .clone()
            .find(|sub| sub.kind == item::ABSTRACT_SYNTAX)
            .map_or(&b""[..], |sub| trim(sub.body));
        let learnt = !self.is_request
            || !self.learn
            || item.cut
            || self.association.propose(context.id, proposed);
        if !learnt {
            self.wrong.add(faults::CONTEXT_DUPLICATE, at);
        }
        self.scratch.clear();
        drop(write!(self.scratch, "{}:", context.id));
        let abstract_syntax = if self.is_request {
            proposed
        } else {
            self.association.abstract_syntax(context.id)
        };
        self.scratch.extend_from_slice(abstract_syntax);
        let mut transfer_syntax = &b""[..];
        let mut between = b'>';
        for sub in context.items {
            let at = at + (ITEM_HEADER * 2 + sub.at) as u64;
            if !self.may_read(&sub, at) {
                break;
            }
            let uid = trim(sub.body);
            let known = matches!(sub.kind, item::ABSTRACT_SYNTAX | item::TRANSFER_SYNTAX);
            if known && !uid.is_empty() && !is_legal_uid(uid) {
                self.wrong.add(faults::UID_ILLEGAL, at);
            }
            if sub.kind == item::TRANSFER_SYNTAX {
                self.scratch.push(std::mem::replace(&mut between, b','));
                self.scratch.extend_from_slice(uid);
                transfer_syntax = uid;
            }
        }
        if !self.is_request {
            let accepted = context.result == 0;
            if accepted {
                self.accepted += 1;
            } else {
                self.refused += 1;
            }
            if self.learn
                && !self
                    .association
                    .answer(context.id, accepted, transfer_syntax)
                && self.association.is_request_seen()
            {
                self.wrong.add(faults::CONTEXT_NOT_PROPOSED, at);
            }
            let result = words::context_result_text(context.result);
            drop(write!(self.scratch, "={result}"));
        }
        self.draft.text(CONTEXTS, self.scratch);
    }

    fn user_information(&mut self, items: Items<'_>, begin: u64) {
        for item in items {
            let at = begin + item.at as u64;
            if !self.may_read(&item, at) {
                return;
            }
            if self.sub_item(&item, at).is_none() && !self.wrong.has_loss() {
                self.wrong.add(faults::ITEM_LENGTH_WRONG, at);
            }
        }
    }

    /// Writes a sub-item; `None` if its layout is not the defined one.
    fn sub_item(&mut self, item: &Item<'_>, at: u64) -> Option<()> {
        let body = item.body;
        match item.kind {
            item::MAXIMUM_LENGTH => {
                let (_, length) = associate::maximum_length(body).ok()?;
                if self.learn {
                    self.association.maximum[self.side.index()] = length;
                }
                self.draft.integer(MAX_LENGTH, i64::from(length));
            }
            item::IMPLEMENTATION_CLASS => {
                self.draft.text_if(IMPL_CLASS, trim(body));
            }
            item::IMPLEMENTATION_VERSION => {
                self.draft.text_if(IMPL_VERSION, trim(body));
            }
            item::ASYNC_OPERATIONS => {
                let (_, (invoked, performed)) = associate::async_operations(body).ok()?;
                self.draft.integer(ASYNC_INVOKED, i64::from(invoked));
                self.draft.integer(ASYNC_PERFORMED, i64::from(performed));
            }
            item::ROLE_SELECTION => {
                let (_, (uid, scu, scp)) = associate::role_selection(body).ok()?;
                self.begin_text(uid);
                drop(write!(self.scratch, ",scu{scu},scp{scp}"));
                self.draft.text(ROLES, self.scratch);
            }
            item::EXTENDED => {
                let (_, (uid, flags)) = associate::extended(body).ok()?;
                self.begin_text(uid);
                self.scratch.push(b':');
                for byte in flags {
                    drop(write!(self.scratch, "{byte:02x}"));
                }
                self.draft.text(EXTENDED, self.scratch);
            }
            item::COMMON_EXTENDED => {
                let (_, negotiation) = associate::common_extended(body).ok()?;
                self.begin_text(negotiation.sop_class);
                self.scratch.push(b'>');
                self.scratch.extend_from_slice(negotiation.service_class);
                let mut related = negotiation.related;
                while let Ok((rest, uid)) = associate::uid(related) {
                    self.scratch.push(b',');
                    self.scratch.extend_from_slice(uid);
                    related = rest;
                }
                self.draft.text(COMMON_EXTENDED, self.scratch);
            }
            item::USER_IDENTITY => {
                let (_, identity) = associate::user_identity(body).ok()?;
                self.draft
                    .integer(IDENTITY_TYPE, i64::from(identity.kind.0));
                self.draft.text(IDENTITY, identity.kind.word().as_bytes());
                self.draft.flag(IDENTITY_CONFIRM, identity.confirm);
                let primary_at = at + (ITEM_HEADER + 4) as u64;
                if identity.kind.has_name() {
                    text_at(USERNAME, identity.primary, primary_at, &mut self.draft);
                } else {
                    secret_at(TOKEN, identity.primary, primary_at, &mut self.draft);
                }
                // Redacted whatever the type: some put a passcode where none belongs.
                let secondary_at = primary_at + identity.primary.len() as u64 + 2;
                secret_at(PASSCODE, identity.secondary, secondary_at, &mut self.draft);
                if identity.kind.has_name() && self.draft.wants(DEFAULT_LOGIN) {
                    let user = User::named(identity.primary);
                    if let Some(of) = user.with(identity.secondary) {
                        self.draft.text(DEFAULT_LOGIN, of.as_bytes());
                    }
                }
            }
            item::USER_IDENTITY_AC => {
                let (_, answer) = associate::user_identity_answer(body).ok()?;
                self.draft.secret(IDENTITY_RESPONSE, answer.len());
            }
            _ => {}
        }
        Some(())
    }

    fn begin_text(&mut self, text: &[u8]) {
        self.scratch.clear();
        self.scratch.extend_from_slice(text);
    }

    /// Ends the message; true if it held more items than are read.
    fn close(mut self) -> bool {
        if !self.is_request {
            self.draft.integer(ACCEPTED, self.accepted);
            self.draft.integer(REFUSED, self.refused);
            self.draft
                .answers(Scope::Conversation, ASSOCIATION, true, Outcome::Accepted);
        } else {
            self.draft.asks(Scope::Conversation, ASSOCIATION);
        }
        let is_cut = self.wrong.has_loss()
            || self.wrong.has(faults::ITEM_PAST_END)
            || self.wrong.has(faults::PDU_LENGTH_HUGE);
        if self.seen.contains(&false) && !is_cut {
            self.wrong.add(faults::ITEM_MISSING, self.at);
        }
        finish(&mut self.draft, &self.wrong);
        self.wrong.has(faults::ITEMS_TOO_MANY)
    }
}

/// Writes A-ASSOCIATE-RJ, A-RELEASE-RQ, A-RELEASE-RP or A-ABORT.
pub fn short(
    pdu: Pdu<'_>,
    kind: KindId,
    wrong: &Faults,
    association: &Association,
    out: &mut Messages<'_>,
) {
    let Pdu { header, body, .. } = pdu;
    let mut draft = out.message(kind, pdu.range());
    write_titles(association, &mut draft);
    draft.integer(PDU_LENGTH, i64::from(header.length));
    match (header.kind, body) {
        (PduType::ASSOCIATE_RJ, &[_, result, source, reason, ..]) => {
            let rejection = words::Rejection {
                result,
                source,
                reason,
            };
            draft.integer(RESULT, i64::from(result));
            draft.integer(SOURCE, i64::from(source));
            draft.integer(REASON, i64::from(reason));
            draft.text(RESULT_TEXT, rejection.result_text().as_bytes());
            draft.text(SOURCE_TEXT, rejection.source_text().as_bytes());
            draft.text(REASON_TEXT, rejection.reason_text().as_bytes());
            draft.answers(Scope::Conversation, ASSOCIATION, true, Outcome::Refused);
        }
        (PduType::ABORT, &[_, _, source, reason, ..]) => {
            draft.integer(SOURCE, i64::from(source));
            draft.integer(REASON, i64::from(reason));
            draft.text(SOURCE_TEXT, words::abort_source_text(source).as_bytes());
            draft.text(
                REASON_TEXT,
                words::abort_reason_text(source, reason).as_bytes(),
            );
        }
        (PduType::RELEASE_RQ, _) => {
            draft.asks(Scope::Conversation, RELEASE);
        }
        (PduType::RELEASE_RP, _) => {
            draft.answers(Scope::Conversation, RELEASE, true, Outcome::Accepted);
        }
        _ => {}
    }
    finish(&mut draft, wrong);
}

/// Writes bytes that belong to no message.
pub fn malformed(
    range: Range<u64>,
    header: Option<PduHeader>,
    wrong: &Faults,
    association: &Association,
    out: &mut Messages<'_>,
) {
    let mut draft = out.message(MALFORMED, range);
    write_titles(association, &mut draft);
    if let Some(header) = header {
        draft.integer(PDU_TYPE, i64::from(header.kind.0));
        draft.integer(PDU_LENGTH, i64::from(header.length));
    }
    finish(&mut draft, wrong);
}

/// A text with the place where it stands, unless it is empty or nobody wants it.
fn text_at(field: FieldId, text: &[u8], at: u64, draft: &mut Draft<'_>) {
    if !text.is_empty() && draft.wants(field) {
        draft.text(field, text).at(at, text.len());
    }
}

/// The same for a secret: only its length is kept.
fn secret_at(field: FieldId, secret: &[u8], at: u64, draft: &mut Draft<'_>) {
    if !secret.is_empty() && draft.wants(field) {
        draft.secret(field, secret.len()).at(at, secret.len());
    }
}

fn write_titles(association: &Association, draft: &mut Draft<'_>) {
    draft.text_if(CALLING_AE, association.calling.trimmed());
    draft.text_if(CALLED_AE, association.called.trimmed());
}

fn finish(draft: &mut Draft<'_>, wrong: &Faults) {
    for (name, at) in wrong.iter() {
        draft.anomaly(name, at);
    }
}
