//! Words about patients: marked where they are made, replaced where they are shown.

use dissectors::schema::Privacy;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Makes pseudonyms such as `pid:7f3a91c2d4e5f607`: the kind of identity and the first 64 bits of
/// HMAC-SHA-256 over kind and trimmed value, so that one patient is one pseudonym in all protocols.
#[derive(Clone)]
pub struct Pseudonyms {
    keyed: Hmac<Sha256>,
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms(key not shown)")
    }
}

impl Pseudonyms {
    /// With a key of 32 bytes. The key is never written anywhere.
    pub fn new(key: &[u8; 32]) -> Self {
        let keyed = Hmac::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()));
        Pseudonyms { keyed }
    }

    /// The pseudonym of a value. Spaces and NULs around it do not count.
    pub fn of(&self, kind: &str, value: &[u8]) -> String {
        let mut mac = self.keyed.clone();
        mac.update(kind.as_bytes());
        mac.update(b"\0");
        mac.update(trimmed(value));
        let digest = mac.finalize().into_bytes();
        let mut out = String::with_capacity(kind.len() + 17);
        out.push_str(kind);
        out.push(':');
        for byte in &digest[..8] {
            out.push_str(&format!("{byte:02x}"));
        }
        out
    }
}

fn trimmed(value: &[u8]) -> &[u8] {
    let blank = |b: &u8| b.is_ascii_whitespace() || *b == 0;
    let start = value.iter().position(|b| !blank(b)).unwrap_or(value.len());
    let end = value
        .iter()
        .rposition(|b| !blank(b))
        .map_or(start, |e| e + 1);
    &value[start..end]
}

/// How patient data are shown.
#[derive(Clone, Copy, Debug)]
pub enum Show<'a> {
    /// As pseudonyms.
    Hidden(&'a Pseudonyms),
    /// As sent: only where the user turned it on by name.
    Revealed,
}

/// A sentence whose patient data keep their mark, so that whoever shows it decides how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(Vec<Piece>);

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Open(String),
    /// Patient (or staff) data of this kind of identity, as sent.
    Patient(&'static str, Vec<u8>),
    /// A secret of this length. Its bytes never came this far.
    Secret(u32),
}

impl Words {
    pub fn new() -> Self {
        Self::default()
    }

    /// A value of the wire, marked as what it is. Nothing if it is empty.
    pub fn of(privacy: Privacy, value: &[u8]) -> Self {
        let mut words = Words::new();
        match privacy {
            _ if value.is_empty() => {}
            Privacy::Open => words.push(&printable(value)),
            Privacy::Patient(kind) => words.push_patient(kind, value),
            Privacy::Secret => words.push_secret(u32::try_from(value.len()).unwrap_or(u32::MAX)),
        }
        words
    }

    /// The bytes behind a value made by [`Words::of`], to compare with.
    pub fn sent(&self) -> &[u8] {
        match self.0.first() {
            Some(Piece::Open(text)) => text.as_bytes(),
            Some(Piece::Patient(_, value)) => value,
            _ => b"",
        }
    }

    pub fn open(mut self, text: impl AsRef<str>) -> Self {
        self.push(text.as_ref());
        self
    }

    pub fn push(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(Piece::Open(last)) => last.push_str(text),
            _ => self.0.push(Piece::Open(text.to_owned())),
        }
    }

    pub fn push_patient(&mut self, kind: &'static str, value: &[u8]) {
        self.0.push(Piece::Patient(kind, value.to_vec()));
    }

    pub fn push_secret(&mut self, len: u32) {
        self.0.push(Piece::Secret(len));
    }

    pub fn append(&mut self, other: Words) {
        for piece in other.0 {
            match piece {
                Piece::Open(text) => self.push(&text),
                other => self.0.push(other),
            }
        }
    }

    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sentence as it may be shown. Control characters of the wire are replaced.
    pub fn render(&self, show: Show<'_>) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match (piece, show) {
                (Piece::Open(text), _) => out.push_str(text),
                (Piece::Patient(kind, value), Show::Hidden(p)) => out.push_str(&p.of(kind, value)),
                (Piece::Patient(_, value), Show::Revealed) => out.push_str(&printable(value)),
                (Piece::Secret(len), _) => out.push_str(&format!("(secret, {len} bytes)")),
            }
        }
        out
    }
}

/// Bytes of the wire as text that no terminal obeys: control characters and bytes that are not
/// UTF-8 are replaced.
pub fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .map(|c| {
            if c.is_control() || is_direction(c) {
                '\u{FFFD}'
            } else {
                c
            }
        })
        .collect()
}

/// Characters that turn the direction of writing and so can make text look like other text.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
