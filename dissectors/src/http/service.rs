//! Which clinical service does a request speak to, and what does it ask there?

use super::head::Head;
use super::target::Target;
use super::{dicomweb, fhir};
use crate::action::Verb;

/// What a request asks, as far as its head tells.
#[derive(Clone, Copy, Default)]
pub struct Ask<'a> {
    /// `fhir`, `dicomweb`, `wado`, `orthanc`, `mirth`; empty for none.
    pub service: &'static str,
    pub interaction: &'static str,
    pub resource: &'a str,
    pub operation: &'a str,
    pub resource_id: &'a str,
    pub verb: Option<Verb>,
    /// Path segments that are identifiers, and such that are words of the service.
    pub ids: u32,
    pub fixed: u32,
}

/// Classes a request by its effective method, target and media types.
pub fn ask<'a>(method: &str, target: &Target<'a>, head: &Head<'_>) -> Ask<'a> {
    if let Some(ask) = fhir::ask(method, target, head) {
        return ask;
    }
    if let Some(ask) = dicomweb::ask(method, target, head) {
        return ask;
    }
    // Mirth Connect's own interface (CVE-2023-43208 came through it).
    if let [first, what, ..] = target.segments()
        && *first == "api"
        && MIRTH.contains(what)
        && (contains(head.media_type(), b"xml") || contains(head.accept, b"xml"))
    {
        return Ask {
            service: "mirth",
            interaction: "administer",
            resource: what,
            fixed: 3,
            verb: Some(match method {
                "GET" | "HEAD" => Verb::Read,
                _ => Verb::Configure,
            }),
            ..Ask::default()
        };
    }
    Ask {
        verb: plain_verb(method),
        ..Ask::default()
    }
}

/// What a method does where no clinical service is known: reading a page is nobody's clinical act,
/// anything that may write is not known to be harmless.
fn plain_verb(method: &str) -> Option<Verb> {
    match method {
        "GET" | "HEAD" | "OPTIONS" | "TRACE" | "CONNECT" => None,
        "DELETE" => Some(Verb::Delete),
        _ => Some(Verb::UnknownVerb),
    }
}

const MIRTH: [&str; 10] = [
    "users",
    "channels",
    "channelgroups",
    "server",
    "extensions",
    "codeTemplates",
    "alerts",
    "databaseTasks",
    "events",
    "system",
];

/// Does `text` contain `word` (lower case), whatever its case?
pub fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len().max(1))
        .any(|w| w.eq_ignore_ascii_case(word))
}

/// An upload by name and first bytes: firmware, drug library, or settings?
pub fn upload_verb(path: &str, file: &[u8], member: &[u8], magic: &str) -> Option<Verb> {
    let named = |words: &[&[u8]]| {
        words
            .iter()
            .any(|w| contains(path.as_bytes(), w) || contains(file, w) || contains(member, w))
    };
    if named(&[
        b"druglib",
        b"drug_lib",
        b"drug-lib",
        b"dataset",
        b"masterdrug",
        b"formulary",
    ]) {
        return Some(Verb::LoadLibrary);
    }
    let program = matches!(magic, "MSCF" | "ELF" | "MZ" | "UBI" | "squashfs");
    if program || named(&[b"firmware", b"upgrade", b"update", b"/fw", b"swupdate"]) {
        return Some(Verb::LoadFirmware);
    }
    if named(&[b"config", b"setting", b"setup", b"restore"]) {
        return Some(Verb::Configure);
    }
    None
}
