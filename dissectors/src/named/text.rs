//! Signatures: protocols of lines.

use memchr::{memchr, memmem};

use super::{any, begins, yes};
use crate::contract::{Hint, Probe, Side, Transport};

/// Bytes of a first line that are waited for.
const LINE: usize = 512;

/// The first line, or what to say while it is not there whole.
fn line(first: &[u8], hint: Hint) -> Result<&[u8], Probe> {
    match memchr(b'\n', first) {
        Some(end) => Ok(&first[..end]),
        None if first.len() < LINE && !hint.whole => Err(Probe::More(first.len() + 1)),
        None => Err(Probe::No),
    }
}

/// A greeting that says so, or a client that says hello to one that does not (FTP greets alike).
pub fn smtp(side: Side, first: &[u8], hint: Hint) -> Probe {
    if hint.mid_stream {
        return Probe::No;
    }
    if side == Side::Client {
        return any([b"EHLO ".as_slice(), b"HELO ", b"ehlo ", b"helo "]
            .map(|word| begins(first, word, hint, 85)));
    }
    match begins(first, b"220", hint, 50) {
        Probe::Yes(_) => match line(first, hint) {
            Ok(line) if memmem::find(&line.to_ascii_uppercase(), b"SMTP").is_some() => {
                yes(true, 90)
            }
            Ok(_) if hint.port => yes(true, 60),
            Ok(_) if !hint.whole => Probe::More(first.len() + 1),
            Ok(_) => Probe::No,
            Err(answer) => answer,
        },
        other => other,
    }
}

pub fn imap(side: Side, first: &[u8], hint: Hint) -> Probe {
    if side == Side::Client || hint.mid_stream {
        return Probe::No;
    }
    match any([
        begins(first, b"* OK", hint, 80),
        begins(first, b"* PREAUTH", hint, 80),
    ]) {
        Probe::Yes(_) if hint.port => yes(true, 85),
        Probe::Yes(_) => match line(first, hint) {
            Ok(line) => yes(
                memmem::find(&line.to_ascii_uppercase(), b"IMAP").is_some(),
                90,
            ),
            Err(answer) => answer,
        },
        other => other,
    }
}

pub fn pop3(side: Side, first: &[u8], hint: Hint) -> Probe {
    if side == Side::Client || hint.mid_stream {
        return Probe::No;
    }
    match begins(first, b"+OK", hint, 80) {
        Probe::Yes(_) if hint.port => yes(true, 85),
        Probe::Yes(_) => match line(first, hint) {
            Ok(line) => yes(
                memmem::find(&line.to_ascii_uppercase(), b"POP").is_some(),
                90,
            ),
            Err(answer) => answer,
        },
        other => other,
    }
}

/// A request line of one of these words that ends with this version, or a status line of it.
fn request(first: &[u8], words: &[&[u8]], version: &[u8], hint: Hint) -> Probe {
    let known = any(words.iter().map(|word| begins(first, word, hint, 80)));
    match known {
        Probe::Yes(_) => match line(first, hint) {
            Ok(line) => yes(line.trim_ascii_end().ends_with(version), 96),
            Err(answer) => answer,
        },
        other => any([other, begins(first, version, hint, 96)]),
    }
}

pub fn sip(_: Side, first: &[u8], hint: Hint) -> Probe {
    const WORDS: &[&[u8]] = &[
        b"INVITE sip",
        b"REGISTER sip",
        b"OPTIONS sip",
        b"ACK sip",
        b"BYE sip",
        b"CANCEL sip",
        b"SUBSCRIBE sip",
        b"NOTIFY sip",
        b"MESSAGE sip",
        b"INFO sip",
        b"PUBLISH sip",
        b"REFER sip",
    ];
    if hint.mid_stream {
        return Probe::No;
    }
    request(first, WORDS, b"SIP/2.0", hint)
}

pub fn rtsp(_: Side, first: &[u8], hint: Hint) -> Probe {
    const WORDS: &[&[u8]] = &[
        b"OPTIONS rtsp",
        b"DESCRIBE rtsp",
        b"SETUP rtsp",
        b"PLAY rtsp",
        b"OPTIONS * RTSP",
    ];
    if hint.mid_stream {
        return Probe::No;
    }
    request(first, WORDS, b"RTSP/1.0", hint)
}

pub fn ssdp(_: Side, first: &[u8], hint: Hint) -> Probe {
    any([
        begins(first, b"M-SEARCH * HTTP/1.1\r\n", hint, 96),
        begins(first, b"NOTIFY * HTTP/1.1\r\n", hint, 96),
    ])
}

/// A priority in angle brackets, then a version and a date, or a month.
pub fn syslog(side: Side, first: &[u8], hint: Hint) -> Probe {
    if side == Side::Server || (hint.transport == Transport::Tcp && (!hint.port || hint.mid_stream))
    {
        return Probe::No;
    }
    let Some(rest) = first.strip_prefix(b"<") else {
        return Probe::No;
    };
    let digits = rest
        .iter()
        .take(4)
        .take_while(|b| b.is_ascii_digit())
        .count();
    let priority = rest[..digits]
        .iter()
        .fold(0u32, |n, d| n * 10 + u32::from(d - b'0'));
    let Some([b'>', text @ ..]) = rest.get(digits..) else {
        return Probe::No;
    };
    if !(1..=3).contains(&digits) || priority > 191 {
        return Probe::No;
    }
    const MONTHS: [&[u8]; 12] = [
        b"Jan ", b"Feb ", b"Mar ", b"Apr ", b"May ", b"Jun ", b"Jul ", b"Aug ", b"Sep ", b"Oct ",
        b"Nov ", b"Dec ",
    ];
    let new = matches!(text, [b'1', b' ', b'-' | b'1' | b'2', ..]);
    let old = MONTHS.iter().any(|month| text.starts_with(month));
    // Some leave the time out.
    yes(new || old, 91).or_on_port(hint, 70)
}

impl Probe {
    /// On the port, less is enough.
    fn or_on_port(self, hint: Hint, confidence: u8) -> Probe {
        match self {
            Probe::No if hint.port => yes(true, confidence),
            other => other,
        }
    }
}

pub fn pjl(side: Side, first: &[u8], hint: Hint) -> Probe {
    if side == Side::Server || hint.mid_stream {
        return Probe::No;
    }
    begins(first, b"\x1B%-12345X", hint, 97)
}

pub fn rsync(_: Side, first: &[u8], hint: Hint) -> Probe {
    if hint.mid_stream {
        return Probe::No;
    }
    begins(first, b"@RSYNCD: ", hint, 97)
}

pub fn bittorrent(_: Side, first: &[u8], hint: Hint) -> Probe {
    if hint.mid_stream {
        return Probe::No;
    }
    begins(first, b"\x13BitTorrent protocol", hint, 99)
}
