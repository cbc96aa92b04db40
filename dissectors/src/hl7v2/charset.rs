//! Character sets of MSH-18 (table 0211). Text that is no UTF-8 is decoded before it is split: in
//! Big5, GB 18030 and Shift-JIS the second byte of a character can be `\ ^ | ~`.

use encoding_rs::{
    BIG5, EUC_KR, Encoding, GB18030, ISO_2022_JP, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5,
    ISO_8859_6, ISO_8859_7, ISO_8859_8, ISO_8859_10, ISO_8859_13, ISO_8859_14, ISO_8859_15,
    ISO_8859_16, SHIFT_JIS, UTF_8, WINDOWS_1254,
};

use super::delimiters::Delimiters;

/// Whether the text was what the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// Plain ASCII, or UTF-8: nothing was decoded.
    AsIs,
    /// Decoded as declared.
    Declared,
    /// The declaration is missing, unknown or wrong; decoded by what the bytes look like.
    Mismatch,
}

/// Decodes a message that holds bytes above 7F or ISO 2022 escapes, if need be, into `into`.
/// If the answer is [`Fit::AsIs`] or the bytes are UTF-8 under a wrong label, `into` stays empty.
pub(super) fn decode(text: &[u8], into: &mut Vec<u8>) -> Fit {
    into.clear();
    let declared = declared(text);
    let set = Set::of(declared);
    if set == Set::Shifted && text.contains(&0x1B) {
        append(ISO_2022_JP, text, into);
        return Fit::Declared;
    }
    if std::str::from_utf8(text).is_ok() {
        // An empty MSH-18 means ASCII; what is beyond it is a mismatch however well it reads.
        let fits = text.is_ascii() || set == Set::Encoded(UTF_8);
        return if fits { Fit::AsIs } else { Fit::Mismatch };
    }
    match set {
        Set::Latin1 => {
            latin1(text, into);
            Fit::Declared
        }
        Set::Shifted => {
            // Under the JIS labels real senders put Shift-JIS.
            append(SHIFT_JIS, text, into);
            Fit::Mismatch
        }
        Set::Encoded(encoding) if encoding != UTF_8 => {
            append(encoding, text, into);
            Fit::Declared
        }
        Set::Encoded(_) | Set::Unknown => {
            latin1(text, into);
            Fit::Mismatch
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Unknown,
    Latin1,
    /// JIS sets reached by ISO 2022 escapes.
    Shifted,
    Encoded(&'static Encoding),
}

impl Set {
    /// Reads every repetition of MSH-18: the first that is not ASCII decides.
    fn of(declared: &[u8]) -> Set {
        declared
            .split(|b| *b == b'~')
            .map(Set::named)
            .find(|set| *set != Set::Unknown)
            .unwrap_or(Set::Unknown)
    }

    fn named(name: &[u8]) -> Set {
        let mut folded = [0u8; 24];
        let mut len = 0;
        for b in name.iter().filter(|b| b.is_ascii_alphanumeric()) {
            let Some(slot) = folded.get_mut(len) else {
                return Set::Unknown;
            };
            *slot = b.to_ascii_uppercase();
            len += 1;
        }
        let name = &folded[..len];
        let name = name.strip_prefix(b"ISO").unwrap_or(name);
        Set::Encoded(match name {
            b"88591" | b"LATIN1" => return Set::Latin1,
            b"IR14" | b"IR87" | b"IR159" => return Set::Shifted,
            b"UNICODEUTF8" | b"UTF8" | b"UNICODE" => UTF_8,
            b"88592" => ISO_8859_2,
            b"88593" => ISO_8859_3,
            b"88594" => ISO_8859_4,
            b"88595" => ISO_8859_5,
            b"88596" => ISO_8859_6,
            b"88597" => ISO_8859_7,
            b"88598" => ISO_8859_8,
            b"88599" => WINDOWS_1254,
            b"885910" => ISO_8859_10,
            b"885913" => ISO_8859_13,
            b"885914" => ISO_8859_14,
            b"885915" => ISO_8859_15,
            b"885916" => ISO_8859_16,
            b"GB180302000" | b"GB18030" => GB18030,
            b"KSX1001" => EUC_KR,
            b"BIG5" => BIG5,
            b"SHIFTJIS" | b"SJIS" => SHIFT_JIS,
            _ => return Set::Unknown,
        })
    }
}

/// MSH-18 of the first MSH, as bytes: what stands before it is ASCII in practice.
fn declared(text: &[u8]) -> &[u8] {
    let start = match text {
        [b'M', b'S', b'H', ..] => Some(0),
        _ => memchr::memmem::find(text, b"\rMSH").map(|at| at + 1),
    };
    let header = start.and_then(|at| text.get(at..)).unwrap_or_default();
    let end = memchr::memchr2(b'\r', b'\n', header).unwrap_or(header.len());
    let header = &header[..end];
    let (d, _) = Delimiters::read(header);
    super::segments::nth(header, d.field, 17)
}

fn append(encoding: &'static Encoding, text: &[u8], into: &mut Vec<u8>) {
    let (decoded, _) = encoding.decode_without_bom_handling(text);
    into.extend_from_slice(decoded.as_bytes());
}

fn latin1(text: &[u8], into: &mut Vec<u8>) {
    into.extend_from_slice(encoding_rs::mem::decode_latin1(text).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(charset: &str, name: &[u8]) -> Vec<u8> {
        let mut text =
            format!("MSH|^~\\&|A|B|C|D|2026||ADT^A08|X1|P|2.5||||||{charset}\rPID|1||T9||")
                .into_bytes();
        text.extend_from_slice(name);
        text
    }

    fn name(charset: &str, name: &[u8]) -> (String, Fit) {
        let text = message(charset, name);
        let mut out = Vec::new();
        let fit = decode(&text, &mut out);
        let decoded = if out.is_empty() { &text } else { &out };
        let last = decoded.rsplit(|b| *b == b'|').next().unwrap_or_default();
        (String::from_utf8_lossy(last).into_owned(), fit)
    }

    #[test]
    fn undeclared_bytes_are_read_as_utf_8_then_latin_1_and_told() {
        assert_eq!(name("", b"M\xDCLLER"), ("MÜLLER".into(), Fit::Mismatch));
        assert_eq!(name("", "Łódź".as_bytes()), ("Łódź".into(), Fit::Mismatch));
        assert_eq!(name("UTF-8", b"TEST\xF1"), ("TESTñ".into(), Fit::Mismatch));
        assert_eq!(
            name("UNICODE UTF-16", b"TESTx"),
            ("TESTx".into(), Fit::AsIs)
        );
    }

    #[test]
    fn declared_sets_are_decoded_before_splitting() {
        assert_eq!(name("BIG-5", b"\xA5\x5C"), ("功".into(), Fit::Declared));
        assert_eq!(
            name("GB 18030-2000", b"\x8F\x88"),
            ("張".into(), Fit::Declared)
        );
        assert_eq!(name("8859/1", b"\xC5\xC6"), ("ÅÆ".into(), Fit::Declared));
        assert_eq!(name("8859/5", b"\xB8"), ("И".into(), Fit::Declared));
        assert_eq!(
            name("UNICODE UTF-8", "Łódź".as_bytes()),
            ("Łódź".into(), Fit::AsIs)
        );
    }

    #[test]
    fn jis_labels_hold_escapes_or_shift_jis() {
        assert_eq!(
            name("~ISO IR87", b"\x1B$B;3\x1B(B"),
            ("山".into(), Fit::Declared)
        );
        assert_eq!(
            name("ISO IR87", b"\x83\\\x95\\"),
            ("ソ表".into(), Fit::Mismatch)
        );
    }
}
