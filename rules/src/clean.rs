//! Nothing from the wire reaches a terminal, log line or file raw.
//!
//! Control bytes, escape sequences, line breaks, bidirectional marks and bytes that are no UTF-8
//! are shown escaped (`\x1b`, `\u{202e}`, `\xff`); everything else stays as it was.

/// Appends wire text to `out`, escaped where it could act on a terminal or a reader.
pub fn push(out: &mut String, bytes: &[u8]) {
    // The common case: printable ASCII, checked and copied in one go.
    if let (true, Ok(text)) = (
        bytes.iter().all(|b| (0x20..0x7f).contains(b)),
        str::from_utf8(bytes),
    ) {
        out.push_str(text);
        return;
    }
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_char(out, c);
        }
        for byte in chunk.invalid() {
            push_byte(out, *byte);
        }
    }
}

/// Wire text, escaped.
pub fn text(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    push(&mut out, bytes);
    out
}

/// Wire text for a CSV cell: escaped, quoted, and never the start of a formula.
pub fn csv_cell(bytes: &[u8]) -> String {
    let shown = text(bytes);
    let formula = shown.starts_with(['=', '+', '-', '@']) && shown.parse::<f64>().is_err();
    let guard = if formula { "'" } else { "" };
    if formula || shown.contains(['"', ',', ';']) {
        format!("\"{guard}{}\"", shown.replace('"', "\"\""))
    } else {
        shown
    }
}

fn push_char(out: &mut String, c: char) {
    match c {
        '\u{20}'..='\u{7e}' => out.push(c),
        '\0'..='\u{1f}' | '\u{7f}' => push_byte(out, c as u8),
        _ if acts_on_reader(c) => {
            out.push_str("\\u{");
            push_hex(out, c as u32);
            out.push('}');
        }
        _ => out.push(c),
    }
}

/// Characters beyond ASCII that a terminal or a reader obeys rather than shows: C1 controls,
/// bidirectional marks and isolates, zero-width and line separators, variation and tag characters.
fn acts_on_reader(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

fn push_byte(out: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push_str("\\x");
    out.push(HEX[usize::from(byte >> 4)] as char);
    out.push(HEX[usize::from(byte & 15)] as char);
}

fn push_hex(out: &mut String, n: u32) {
    use std::fmt::Write;
    let _ = write!(out, "{n:x}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequence_in_an_ae_title_is_shown_not_obeyed() {
        assert_eq!(text(b"\x1b]0;owned\x07"), "\\x1b]0;owned\\x07");
    }

    #[test]
    fn line_break_cannot_forge_a_log_line() {
        assert_eq!(text(b"PUMP\r\nfinding"), "PUMP\\x0d\\x0afinding");
    }

    #[test]
    fn right_to_left_override_is_named() {
        assert_eq!(text("a\u{202e}b".as_bytes()), "a\\u{202e}b");
    }

    #[test]
    fn c1_control_sent_as_utf8_is_escaped() {
        assert_eq!(text("\u{9b}2J".as_bytes()), "\\u{9b}2J");
    }

    #[test]
    fn bytes_that_are_no_utf8_survive_as_hex() {
        assert_eq!(text(b"M\xfcller"), "M\\xfcller");
    }

    #[test]
    fn names_in_other_scripts_stay_readable() {
        assert_eq!(text("Müller 山田".as_bytes()), "Müller 山田");
    }

    #[test]
    fn spreadsheet_formula_is_disarmed_and_numbers_are_not() {
        assert_eq!(csv_cell(b"=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\"");
        assert_eq!(csv_cell(b"-12.5"), "-12.5");
        assert_eq!(csv_cell(b"a\"b,c"), "\"a\"\"b,c\"");
    }
}
