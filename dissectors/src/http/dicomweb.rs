//! DICOMweb (PS3.18), WADO-URI, and the REST interface of Orthanc, by method and path.

use super::head::Head;
use super::service::{Ask, contains};
use super::target::Target;
use crate::action::Verb;

pub fn ask<'a>(method: &str, target: &Target<'a>, head: &Head<'_>) -> Option<Ask<'a>> {
    let reads = matches!(method, "GET" | "HEAD");
    if let Some(kind) = target.parameter("requestType")
        && kind.eq_ignore_ascii_case("WADO")
    {
        return Some(Ask {
            service: "wado",
            interaction: "wado-uri",
            resource: "instances",
            verb: Some(if reads {
                Verb::Retrieve
            } else {
                Verb::UnknownVerb
            }),
            ..Ask::default()
        });
    }
    let segments = target.segments();
    let dicom = contains(head.content_type, b"application/dicom")
        || contains(head.accept, b"application/dicom")
        || segments.iter().any(|s| {
            contains(s.as_bytes(), b"dicomweb")
                || contains(s.as_bytes(), b"dicom-web")
                || contains(s.as_bytes(), b"dcm4chee")
                || s.eq_ignore_ascii_case("wado-rs")
                || s.eq_ignore_ascii_case("qido-rs")
                || s.eq_ignore_ascii_case("stow-rs")
        });
    if !dicom {
        return orthanc(method, target);
    }
    let at = segments
        .iter()
        .position(|s| matches!(*s, "studies" | "series" | "instances" | "workitems"))?;
    let path = &segments[at..];
    let mut ids = 0u32;
    let mut level = path[0];
    let mut suffix = "";
    let mut expects_id = false;
    for (i, segment) in path.iter().enumerate() {
        if expects_id {
            ids |= bit(at + i);
            expects_id = false;
            continue;
        }
        match *segment {
            "studies" | "series" | "instances" | "workitems" => {
                level = segment;
                expects_id = true;
            }
            "frames" | "bulkdata" | "subscribers" => {
                suffix = segment;
                expects_id = true;
            }
            other => suffix = other,
        }
    }
    let ends_in_id = ids & bit(segments.len() - 1) != 0;
    let (interaction, verb) = if path[0] == "workitems" {
        match (method, suffix) {
            ("GET" | "HEAD", _) => ("ups-read", Verb::Read),
            (_, "state") => ("ups-state", Verb::Start),
            (_, "cancelrequest") => ("ups-cancel", Verb::Stop),
            (_, "subscribers" | "suspend") => ("ups-subscribe", Verb::Subscribe),
            ("POST", _) => ("ups-create", Verb::Order),
            _ => ("other", Verb::UnknownVerb),
        }
    } else {
        match method {
            "GET" | "HEAD" if suffix.is_empty() && !ends_in_id => ("qido", Verb::Read),
            "GET" | "HEAD" if suffix == "metadata" => ("wado-metadata", Verb::Retrieve),
            "GET" | "HEAD" => ("wado-rs", Verb::Retrieve),
            "POST" => ("stow", Verb::Store),
            "DELETE" => ("delete", Verb::Delete),
            "OPTIONS" => ("options", Verb::Discover),
            _ => ("other", Verb::UnknownVerb),
        }
    };
    Some(Ask {
        service: "dicomweb",
        interaction,
        resource: level,
        operation: suffix,
        verb: Some(verb),
        ids,
        fixed: !ids & !0u32.checked_shl(segments.len() as u32).unwrap_or(0),
        ..Ask::default()
    })
}

fn bit(at: usize) -> u32 {
    1u32.checked_shl(at as u32).unwrap_or(0)
}

/// Orthanc's own interface, which can do more than any DIMSE service. Its path words are common
/// ones, so only what it alone has, or a resource path as it makes them, counts.
fn orthanc<'a>(method: &str, target: &Target<'a>) -> Option<Ask<'a>> {
    let segments = target.segments();
    let reads = matches!(method, "GET" | "HEAD");
    let first = *segments.first()?;
    let named = segments.get(1).is_some_and(|s| orthanc_id(s));
    let (interaction, verb) = match (first, segments.get(1).copied().unwrap_or("")) {
        ("tools", "execute-script") => ("execute-script", Verb::ServiceMode),
        ("tools", "reset" | "shutdown") => ("restart", Verb::Restart),
        ("tools", "find" | "lookup" | "count-resources") => ("find", Verb::Read),
        ("tools", "create-dicom" | "create-media") => ("create", Verb::Store),
        ("modalities" | "peers", _) if segments.get(2) == Some(&"store") => {
            ("send", Verb::Retrieve)
        }
        ("modalities" | "peers", _) if segments.len() >= 3 && !reads => {
            ("ask-peer", Verb::UnknownVerb)
        }
        ("modalities", _) if reads => ("list", Verb::Read),
        ("modalities", _) => ("configure", Verb::Configure),
        ("patients" | "studies" | "series" | "instances", _) if segments.len() == 1 || named => {
            match method {
                "GET" | "HEAD" if segments.len() <= 2 => ("list", Verb::Read),
                "GET" | "HEAD" => ("retrieve", Verb::Retrieve),
                "DELETE" => ("delete", Verb::Delete),
                "POST" if segments.len() == 1 && first == "instances" => ("store", Verb::Store),
                "POST"
                    if matches!(
                        segments.last(),
                        Some(&("modify" | "anonymize" | "merge" | "split"))
                    ) =>
                {
                    ("modify", Verb::Merge)
                }
                _ => ("other", Verb::UnknownVerb),
            }
        }
        ("changes" | "exports", "") => match method {
            "DELETE" => ("clear-log", Verb::Delete),
            _ => ("list", Verb::Read),
        },
        _ => return None,
    };
    Some(Ask {
        service: "orthanc",
        interaction,
        resource: first,
        operation: "",
        resource_id: if named { segments[1] } else { "" },
        verb: Some(verb),
        ids: if named { 2 } else { 0 },
        fixed: 1,
    })
}

/// Five groups of eight hexadecimal digits.
fn orthanc_id(segment: &str) -> bool {
    segment.len() == 44
        && segment.split('-').count() == 5
        && segment
            .split('-')
            .all(|g| g.len() == 8 && g.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// What stands in the 128 bytes before `DICM` (PS3.10 7.1), or `None` where this is no such file.
pub fn preamble(file: &[u8]) -> Option<&'static str> {
    if file.get(128..132)? != b"DICM" {
        return None;
    }
    Some(match &file[..128] {
        [b'M', b'Z', ..] => "MZ",
        [0x7f, b'E', b'L', b'F', ..] => "ELF",
        [b'#', b'!', ..] => "shebang",
        [b'P', b'K', 3, 4, ..] => "PK",
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => "tiff",
        [b'I', b'I', 43, 0, ..] | [b'M', b'M', 0, 43, ..] => "tiff",
        [0xfe, 0xed, 0xfa, _, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => "mach-o",
        zero if zero.iter().all(|b| *b == 0) => "zero",
        _ => "other",
    })
}

/// What a body begins with.
pub fn magic(body: &[u8]) -> &'static str {
    match body {
        [b'M', b'S', b'C', b'F', ..] => "MSCF",
        [0x7f, b'E', b'L', b'F', ..] => "ELF",
        [b'M', b'Z', ..] => "MZ",
        [0x1f, 0x8b, 8, ..] => "gzip",
        [b'P', b'K', 3, 4, ..] => "zip",
        [b'U', b'B', b'I', b'#', ..] => "UBI",
        [b'h', b's', b'q', b's', ..] | [b's', b'q', b's', b'h', ..] => "squashfs",
        [b'%', b'P', b'D', b'F', ..] => "pdf",
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => "xz",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd",
        _ if body.get(257..262) == Some(b"ustar") => "tar",
        _ if body.get(128..132) == Some(b"DICM") => "dicom",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_dicm_has_no_preamble_and_tiff_is_no_program() {
        assert_eq!(preamble(b"MZ"), None);
        let mut file = [0u8; 132];
        assert_eq!(preamble(&file), None);
        file[128..].copy_from_slice(b"DICM");
        assert_eq!(preamble(&file), Some("zero"));
        file[..4].copy_from_slice(b"II*\0");
        assert_eq!(preamble(&file), Some("tiff"));
        file[..2].copy_from_slice(b"MZ");
        assert_eq!(preamble(&file), Some("MZ"));
    }
}
