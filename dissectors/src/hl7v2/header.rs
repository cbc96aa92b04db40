//! The MSH segment: who speaks to whom, in which delimiters, and what kind of message follows.

use crate::schema::KindId;

use super::delimiters::{Delimiters, HeaderFault};
use super::fields::*;
use super::kinds::{self, Meaning};
use super::segments::{Fields, nth};
use super::writer::Writer;

/// The longest message code or trigger that is taken for one.
const CODE_ROOM: usize = 16;

pub(super) struct Header<'a> {
    pub fields: Fields<'a>,
    pub d: Delimiters,
    pub fault: Option<&'static str>,
    /// MSH-2 holds more than the five characters that have a meaning.
    pub long_encoding: bool,
    pub code: &'a [u8],
    pub trigger: &'a [u8],
    pub control_id: &'a [u8],
    pub kind: Option<KindId>,
    pub meaning: Meaning,
}

impl<'a> Header<'a> {
    /// Reads a segment that stands where an MSH must. `cut` cuts it by a separator.
    pub fn read(segment: &'a [u8], cut: impl FnOnce(u8) -> Fields<'a>) -> Self {
        let (d, fault) = Delimiters::read(segment);
        let id = segment.get(..3).unwrap_or(segment);
        let fault = if id == b"MSH" {
            fault.map(|f| match f {
                HeaderFault::CutShort => "header-cut-short",
                HeaderFault::Delimiters => "malformed-header",
            })
        } else if id.eq_ignore_ascii_case(b"MSH") {
            Some("segment-id-case")
        } else if b"MSH".starts_with(id) {
            Some("header-cut-short")
        } else {
            Some("not-er7")
        };
        let readable = d.usable() && !matches!(fault, Some("not-er7" | "header-cut-short"));
        let fields = if readable {
            cut(d.field).into_header()
        } else {
            Fields::none()
        };
        let message_type = nth(fields.get(9), d.repetition, 0);
        let code = nth(message_type, d.component, 0).trim_ascii();
        let trigger = nth(message_type, d.component, 1).trim_ascii();
        let (mut kind, meaning) = find(code, trigger);
        if fault.is_some() {
            kind = Some(kinds::MALFORMED);
        } else if code.is_empty() && trigger.is_empty() {
            kind = Some(kinds::UNTYPED);
        }
        Header {
            long_encoding: Delimiters::encoding(segment, d.field).len() > 5,
            code,
            trigger,
            control_id: fields.get(10).trim_ascii(),
            fields,
            d,
            fault,
            kind,
            meaning: if readable { meaning } else { Meaning::Nothing },
        }
    }

    /// The kind's name where it has no row, in `room`.
    pub fn name<'r>(&self, room: &'r mut [u8; 2 * CODE_ROOM + 1]) -> &'r [u8] {
        let mut len = 0;
        let mut push = |bytes: &[u8]| {
            for b in bytes.iter().take(CODE_ROOM) {
                if let Some(slot) = room.get_mut(len) {
                    *slot = *b;
                    len += 1;
                }
            }
        };
        push(self.code);
        if !self.trigger.is_empty() {
            push(b"^");
            push(self.trigger);
        }
        &room[..len]
    }

    pub fn write(&self, w: &mut Writer<'_, 'a, '_>) {
        let f = &self.fields;
        let d = self.d;
        for (number, name) in [
            (3, SENDING_APP),
            (4, SENDING_FACILITY),
            (5, RECEIVING_APP),
            (6, RECEIVING_FACILITY),
        ] {
            if w.wants(name) {
                // A hierarchic designator without a name is known by its universal id.
                let name_space = d.component(f.get(number), 1);
                w.put(
                    name,
                    if name_space.is_empty() {
                        d.component(f.get(number), 2)
                    } else {
                        name_space
                    },
                );
            }
        }
        if w.wants(SENDING_APP_ID) {
            w.put(SENDING_APP_ID, d.component(f.get(3), 2));
        }
        if w.wants(MESSAGE_TIME) {
            w.time(MESSAGE_TIME, d.component(f.get(7), 1));
        }
        w.secret(SECURITY, f.get(8));
        w.put(TYPE, self.code);
        w.put(TRIGGER, self.trigger);
        if w.wants(STRUCTURE) {
            w.put(STRUCTURE, d.component(f.get(9), 3));
        }
        w.put(CONTROL_ID, self.control_id);
        w.first(PROCESSING_ID, f, 11);
        w.first(VERSION, f, 12);
        w.field(SEQUENCE, f, 13);
        w.field(CONTINUATION, f, 14);
        w.field(ACCEPT_ACK, f, 15);
        w.field(APPLICATION_ACK, f, 16);
        w.field(CHARSET, f, 18);
        w.put_each(PROFILE, f.get(21));
        w.first(SENDING_ADDRESS, f, 24);
        if w.wants(DELIMITERS) {
            let segment = f.text();
            let end = 4 + f.get(2).len();
            w.put_raw(DELIMITERS, segment.get(3..end).unwrap_or_default());
        }
        if let Some(fault) = self.fault {
            w.anomaly(fault, f.text());
        } else if self.kind == Some(kinds::UNTYPED) {
            w.anomaly("type-missing", f.text());
        }
        if self.long_encoding {
            w.anomaly("too-many-encoding-characters", f.text());
        }
        if self.code.len() > CODE_ROOM || self.trigger.len() > CODE_ROOM {
            w.anomaly("type-too-long", f.get(9));
        }
        if self.code.iter().any(u8::is_ascii_lowercase) {
            w.anomaly("type-case", f.get(9));
        }
    }

    /// True if somebody has to answer under the control id (original mode: everything that is no
    /// answer itself; enhanced mode: unless both acknowledgements are NE).
    pub fn asks(&self, answers: bool) -> bool {
        let (accept, application) = (self.fields.get(15), self.fields.get(16));
        if self.control_id.is_empty() || self.code == b"ACK" {
            false
        } else if accept.is_empty() && application.is_empty() {
            !answers
        } else {
            [accept, application]
                .iter()
                .any(|a| !a.is_empty() && *a != b"NE")
        }
    }
}

/// Finds a type whatever its case: a lenient receiver takes `rgv^o15` too.
fn find(code: &[u8], trigger: &[u8]) -> (Option<KindId>, Meaning) {
    let found = kinds::find(code, trigger);
    if found.1 != Meaning::Unknown || !code.iter().any(u8::is_ascii_lowercase) {
        return found;
    }
    let mut folded = [0u8; 6];
    if code.len() != 3 || trigger.len() > 3 {
        return found;
    }
    folded[..3].copy_from_slice(code);
    folded[3..3 + trigger.len()].copy_from_slice(trigger);
    folded.make_ascii_uppercase();
    kinds::find(&folded[..3], &folded[3..3 + trigger.len()])
}
