//! HL7 v2 in an HTTP body: bare ER7, no MLLP bytes. Only the head of MSH is read here.

use super::fields::{CONTROL_ID, MESSAGE_TYPE};
use crate::action::Verb;
use crate::message::Draft;

pub fn is_message(content: &[u8]) -> bool {
    let content = content.trim_ascii_start();
    matches!(content, [b'M', b'S', b'H', sep, ..] if sep.is_ascii_punctuation())
}

/// MSH-n of the first segment (HL7 v2.5.1 ch.2 2.15.9: MSH-1 is the separator itself).
fn msh(content: &[u8], n: usize) -> &[u8] {
    let content = content.trim_ascii_start();
    let Some(sep) = content.get(3).copied() else {
        return b"";
    };
    let end = memchr::memchr2(b'\r', b'\n', content).unwrap_or(content.len());
    content[..end]
        .split(|b| *b == sep)
        .nth(n - 1)
        .unwrap_or(b"")
}

pub fn note(content: &[u8], draft: &mut Draft<'_>) {
    draft
        .text_if(MESSAGE_TYPE, msh(content, 9))
        .text_if(CONTROL_ID, msh(content, 10));
}

pub fn verb(content: &[u8]) -> Verb {
    let kind = msh(content, 9);
    match kind.get(..3).unwrap_or(b"") {
        b"ADT"
            if matches!(
                kind.get(4..7),
                Some(b"A18" | b"A23" | b"A29" | b"A34" | b"A40")
            ) =>
        {
            Verb::Merge
        }
        b"ADT" => Verb::SetPatient,
        b"ORU" | b"MDM" => Verb::Store,
        b"ORM" | b"OMG" | b"OML" | b"OMP" | b"RDE" => Verb::Order,
        b"RGV" => Verb::SetRate,
        b"QRY" | b"QBP" => Verb::Read,
        b"ACK" => Verb::Notify,
        b"MFN" => Verb::LoadLibrary,
        _ => Verb::UnknownVerb,
    }
}
