//! Segments where the structure of a message has no place for them: a sign that a line break in a
//! field made a segment that the sender's user chose (CVE-2020-27260 and its like).

use super::kinds::Meaning;
use super::segments::{is_header, is_segment_id};

/// Watches the segments of one message go by.
pub(super) struct Structure {
    form: Form,
    at: usize,
    patients: u32,
    events: u32,
    acknowledgements: u32,
    injection: Option<usize>,
    strange: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One patient, no orders and no commands.
    OneIdentity,
    /// Identity of two patients or more.
    Identities,
    /// One patient with orders.
    OnePatient,
    Other,
}

impl Structure {
    pub fn of(code: &[u8], trigger: &[u8], meaning: Meaning) -> Self {
        let form = match (code, trigger) {
            (b"ADT", b"A17" | b"A24" | b"A37") => Form::Identities,
            (b"ADT", _) if meaning == Meaning::Merge => Form::Identities,
            (b"ADT", _) => Form::OneIdentity,
            (b"RGV" | b"RDE" | b"RAS" | b"RDS" | b"OMP" | b"ORM" | b"MDM" | b"EAC" | b"TCU", _) => {
                Form::OnePatient
            }
            _ => Form::Other,
        };
        Structure {
            form,
            at: 0,
            patients: 0,
            events: 0,
            acknowledgements: 0,
            injection: None,
            strange: false,
        }
    }

    /// The next segment behind the header.
    pub fn meets(&mut self, id: &[u8], segment: &[u8]) {
        self.at += 1;
        match id {
            b"PID" => {
                self.patients += 1;
                let single = matches!(self.form, Form::OneIdentity | Form::OnePatient);
                self.flag(single && self.patients > 1);
            }
            b"EVN" => {
                self.events += 1;
                self.flag(self.events > 1);
            }
            b"MSA" => {
                self.acknowledgements += 1;
                self.flag(self.acknowledgements > 1 || self.form == Form::OneIdentity);
            }
            b"ORC" | b"RXG" | b"RXE" | b"RXO" | b"RXA" | b"RXD" | b"RXR" | b"ECD" | b"EQU"
            | b"TCC" | b"MFE" | b"QPD" | b"QRD" => {
                self.flag(matches!(self.form, Form::OneIdentity | Form::Identities));
            }
            b"MRG" => self.flag(matches!(self.form, Form::OnePatient)),
            _ => {
                let sound =
                    is_segment_id(id) && segment.get(3).is_none_or(|b| !b.is_ascii_alphanumeric());
                self.strange |= !sound;
            }
        }
    }

    /// Index of the first segment that has no place.
    pub fn injection(&self) -> Option<usize> {
        self.injection
    }

    /// A line begins with no segment id.
    pub fn strange(&self) -> bool {
        self.strange
    }

    fn flag(&mut self, misplaced: bool) {
        if misplaced && self.injection.is_none() {
            self.injection = Some(self.at);
        }
    }
}

/// FHS, BHS, MSH and the trailers: their second field holds delimiters, or a count.
pub(super) fn is_envelope(segment: &[u8]) -> bool {
    is_header(segment) || segment.starts_with(b"BTS") || segment.starts_with(b"FTS")
}
