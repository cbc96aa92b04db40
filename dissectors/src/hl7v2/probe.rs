//! Is this HL7 v2? No port is proof: 0B and a header is (sheet, sections 1 and 13).

use crate::contract::{Confidence, Hint, Probe, Side};
use memchr::memmem;

use super::segments::{is_header, is_segment_id};

const SB: u8 = 0x0B;

/// How far the root element of an XML body is looked for.
const ROOT: usize = 1024;
/// Keep-alive bytes that may stand before the first block.
const IDLE: usize = 16;

pub(super) fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let idle = first
        .iter()
        .take(IDLE)
        .take_while(|b| matches!(b, b'\r' | b'\n' | 0 | b' '))
        .count();
    let front = &first[idle..];
    let answer = match front {
        [] => Probe::More(first.len() + 1),
        [SB, rest @ ..] => block(rest, hint, idle + 1),
        _ => unframed(front, idle),
    };
    match answer {
        Probe::No if hint.mid_stream => middle(first, hint),
        Probe::More(_) if hint.whole => Probe::No,
        answer => answer,
    }
}

/// What stands behind an 0B, `before` bytes into the stream.
fn block(rest: &[u8], hint: Hint, before: usize) -> Probe {
    let more = |n: usize| Probe::More(before + n);
    // An 0B and something else: only where HL7 is expected.
    let weak = || match hint.port {
        true => yes(30),
        false => Probe::No,
    };
    match rest {
        [] => more(3),
        [0x06 | 0x15, 0x1C, 0x0D, ..] => yes(80),
        [0x06 | 0x15] | [0x06 | 0x15, 0x1C] => more(3),
        [0x1C, 0x0D, ..] => yes(60),
        [0x1C] => more(2),
        [0xEF, 0xBB, 0xBF, text @ ..] => block(text, hint, before + 3),
        [0xEF] | [0xEF, 0xBB] => more(4),
        [b'<', ..] => xml(rest, more),
        _ if is_header(rest) => yes(95),
        [_, _, _] if header_prefix(rest) => more(4),
        _ => match rest.get(..3) {
            Some(id) if id.eq_ignore_ascii_case(b"MSH") => match rest.get(3) {
                // A header cut short, in small letters, or with letters for delimiters.
                Some(_) => yes(if hint.port { 70 } else { 60 }),
                None => more(4),
            },
            None if header_prefix(rest) => more(4),
            _ => weak(),
        },
    }
}

/// A message without framing. Five bytes of delimiters make it sure.
fn unframed(text: &[u8], before: usize) -> Probe {
    if text.len() < 4 {
        return if header_prefix(text) {
            Probe::More(before + 9)
        } else {
            Probe::No
        };
    }
    if !is_header(text) {
        return Probe::No;
    }
    let separator = text[3];
    let Some(end) = text.iter().skip(4).take(6).position(|b| *b == separator) else {
        return if text.len() < 10 {
            Probe::More(before + 10)
        } else {
            Probe::No
        };
    };
    let encoding = &text[4..4 + end];
    let sound = !encoding.is_empty() && encoding.iter().all(u8::is_ascii_punctuation);
    if sound { yes(85) } else { Probe::No }
}

/// XML in a block is HL7 v2.xml by its namespace or the name of its root; POCT1-A is another's.
fn xml(text: &[u8], more: impl Fn(usize) -> Probe) -> Probe {
    let text = &text[..text.len().min(ROOT)];
    let mut rest = text;
    while let Some(open) = memchr::memchr(b'<', rest) {
        let tag = &rest[open + 1..];
        let Some(close) = memchr::memchr(b'>', tag) else {
            break;
        };
        let inner = &tag[..close];
        if inner.starts_with(b"?") || inner.starts_with(b"!") {
            rest = &tag[close + 1..];
            continue;
        }
        if memmem::find(inner, b"urn:hl7-org:v2xml").is_some() {
            return yes(95);
        }
        let name = inner
            .split(|b| b.is_ascii_whitespace())
            .next()
            .unwrap_or_default();
        let structure = name == b"ACK"
            || matches!(name, [a @ .., b'_', x, y, z] if is_segment_id(a)
                && is_segment_id(&[*x, *y, *z]));
        return if structure { yes(80) } else { Probe::No };
    }
    if text.len() < ROOT {
        more(text.len() + 1)
    } else {
        Probe::No
    }
}

/// Somewhere inside a message: a block that begins later, or lines that begin as segments do.
fn middle(first: &[u8], hint: Hint) -> Probe {
    for at in memchr::memchr_iter(SB, first) {
        if is_header(&first[at + 1..]) {
            return yes(85);
        }
    }
    let mut segments = 0;
    let (mut lines, mut known) = (0, false);
    let mut separator = None;
    let mut from = 0;
    for at in memchr::memchr2_iter(b'\r', b'\n', first) {
        // Segments are lines of one text: across binary bytes, three that fit are three chances.
        if first[from..at].iter().any(|b| is_binary(*b)) {
            (segments, separator) = (0, None);
            (lines, known) = (0, false);
        }
        from = at + 1;
        let line = &first[at + 1..];
        if matches!(
            line.first().copied(),
            None | Some(b'\r' | b'\n' | SB | 0x1C)
        ) {
            continue;
        }
        lines += usize::from(line.len() >= 4);
        if let Some(head) = line.get(..4)
            && is_segment_id(&head[..3])
            && head[3].is_ascii_punctuation()
            && separator.is_none_or(|s| s == head[3])
        {
            separator = Some(head[3]);
            segments += 1;
            known = known || USUAL.iter().any(|name| head.starts_with(*name));
        }
    }
    // Tables and listings have lines of that shape too: not every other one, and not of these names.
    if !hint.port && (!known || segments * 2 < lines) {
        segments = 0;
    }
    if first[from..].iter().any(|b| is_binary(*b)) {
        segments = 0;
    }
    let enough = if hint.port { 1 } else { 3 };
    if segments >= enough {
        yes(if segments >= 3 { 60 } else { 35 })
    } else if hint.whole {
        Probe::No
    } else {
        Probe::More(first.len() + 1)
    }
}

/// Segments of which every message of a device, a ward or a laboratory has some.
const USUAL: &[&[u8; 3]] = &[
    b"MSH", b"MSA", b"ERR", b"EVN", b"PID", b"PV1", b"NK1", b"MRG", b"ORC", b"OBR", b"OBX", b"NTE",
    b"RXG", b"RXE", b"RXO", b"RXR", b"RXA", b"TQ1", b"SPM", b"SAC", b"EQU", b"ECD", b"QPD", b"QRD",
    b"RCP", b"DSC", b"DSP", b"MFE", b"SCH", b"TXA", b"DG1", b"AL1", b"IN1", b"FT1", b"BHS", b"BTS",
    b"FHS", b"FTS",
];

/// True for bytes that stand in no HL7 text and are no framing.
fn is_binary(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | SB | 0x1B | 0x1C | b'\r' | b'\n')
}

fn header_prefix(text: &[u8]) -> bool {
    let mut head = [0u8; 3];
    let seen = text.len().min(3);
    head[..seen].copy_from_slice(&text[..seen]);
    head.make_ascii_uppercase();
    [&b"MSH"[..], b"FHS", b"BHS"]
        .iter()
        .any(|h| h.starts_with(&head[..seen]))
}

fn yes(confidence: u8) -> Probe {
    Probe::Yes(Confidence(confidence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_lines_that_look_like_segments_in_binary_data_are_chance() {
        let hint = Hint {
            transport: crate::contract::Transport::Tcp,
            port: false,
            mid_stream: true,
            whole: true,
        };
        let text = b"x|y\rPID|1||Q\rORC|RE\rRXG|1\r";
        assert_eq!(probe(Side::Client, text, hint), yes(60));
        let binary = b"x|y\rPID|1\x01||Q\rORC|R\0E\rRXG|1\x02\r";
        assert_eq!(probe(Side::Client, binary, hint), Probe::No);
        let table = b"tag\rABC,1\rDEF,2\rGHI,3\r";
        assert_eq!(probe(Side::Client, table, hint), Probe::No);
        let listing =
            b"x\rPID|1\rwords and more\rABC|1\rother words\rthe last\rDEF|2\rno\rend of it\r";
        assert_eq!(probe(Side::Client, listing, hint), Probe::No);
    }
    use crate::contract::Transport;

    fn ask(first: &[u8]) -> Probe {
        with(first, false, false)
    }

    fn with(first: &[u8], port: bool, mid_stream: bool) -> Probe {
        let hint = Hint {
            transport: Transport::Tcp,
            port,
            mid_stream,
            whole: false,
        };
        probe(Side::Client, first, hint)
    }

    fn says_yes(p: Probe) -> bool {
        matches!(p, Probe::Yes(_))
    }

    #[test]
    fn other_protocols_are_refused() {
        for first in [
            &b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"[..],
            b"GET / HTTP/1.1\r\n",
            b"\x02\x31H|\\^&|||ANALYSER1\r\x03E9\r\n",
            b"\x05",
            b"\x0B<HEL.R01><HDR>",
            b"\x0B<?xml version=\"1.0\"?><HEL.R01>",
            b"\x0BGARBAGE",
            b"MSHELL> ",
            b"MSH is short",
        ] {
            assert_eq!(ask(first), Probe::No, "{first:?}");
        }
    }

    #[test]
    fn partial_beginnings_wait() {
        for first in [
            &b"\x0B"[..],
            b"\x0BM",
            b"\x0BMSH",
            b"\x0BFHS",
            b"\x0BBHS",
            b"\x0B\x06",
            b"\x0B\x1C",
            b"M",
            b"MSH|^",
            b"\r\n",
            b"\x0B\xEF\xBB",
            b"\x0B<",
            b"\x0B<?xml version",
        ] {
            match ask(first) {
                Probe::More(n) => assert!(n > first.len(), "{first:?}"),
                other => panic!("{first:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn blocks_are_known_on_any_port() {
        for first in [
            &b"\x0BMSH|^~\\&|EHR"[..],
            b"\x0BMSH$@*?!$EHR",
            b"\x0BMSH||||||EHR",
            b"\x0BMSHAbcdeAEHRA",
            b"\x0BFHS|^~\\&|",
            b"\x0BBHS|^~\\&|",
            b"\x0Bmsh|^~\\&|",
            b"\x0B\xEF\xBB\xBFMSH|^~\\&|",
            b"\x0B\x06\x1C\r",
            b"\x0B\x1C\r",
            b"\r\n\x0BMSH|^~\\&|",
            b"MSH|^~\\&|EHR",
            b"\x0B<?xml version=\"1.0\"?><ADT_A01 xmlns=\"urn:hl7-org:v2xml\">",
        ] {
            assert!(says_yes(ask(first)), "{first:?}");
        }
    }

    #[test]
    fn the_middle_of_a_message_is_known_by_its_segments() {
        let tail = b"|A\rPV1|1|I\rOBR|1||2\rOBX|1|NM|";
        assert!(says_yes(with(tail, false, true)));
        assert_eq!(with(tail, false, false), Probe::No);
        assert!(says_yes(with(b"|A\rPV1|1|I", true, true)));
        assert!(says_yes(with(b"xyz\r\x1C\r\x0BMSH|^~\\&|", false, true)));
        assert!(matches!(
            with(b"GET / HTTP/1.1\r\n", false, true),
            Probe::More(_)
        ));
    }

    #[test]
    fn anything_behind_an_0b_counts_on_a_known_port_only() {
        assert!(says_yes(with(b"\x0BGARBAGE", true, false)));
    }
}
