//! Fingerprints of a hello: JA3 and JA3S (MD5 of its numbers), JA4 of a client (sorted lists,
//! SHA-256). They tell the TLS stack. Only the client's JA4 is under a free licence; its relatives
//! are left out.

use std::io::Write;

use md5::Md5;
use sha2::{Digest, Sha256};

use super::codes::{Version, is_grease};
use super::hello::{self, Hello, codes};

/// Room for the text that is hashed, kept to be used again.
#[derive(Default)]
pub struct Room {
    text: Vec<u8>,
    sorted: Vec<u16>,
}

impl Room {
    pub fn held(&self) -> usize {
        self.text.capacity() + 2 * self.sorted.capacity()
    }

    fn list(&mut self, numbers: impl Iterator<Item = u16>) {
        for (i, n) in numbers.enumerate() {
            if i > 0 {
                self.text.push(b'-');
            }
            let _ = write!(self.text, "{n}");
        }
    }

    /// JA3: version, ciphers, extensions, groups, point formats.
    pub fn ja3(&mut self, hello: &Hello<'_>) -> [u8; 32] {
        self.text.clear();
        let _ = write!(self.text, "{},", hello.legacy_version);
        self.list(codes(hello.ciphers));
        self.text.push(b',');
        self.list(
            hello
                .extensions()
                .map(|(k, _)| k)
                .filter(|k| !is_grease(*k)),
        );
        self.text.push(b',');
        self.list(hello.groups());
        self.text.push(b',');
        self.list(hello.point_formats().iter().map(|f| u16::from(*f)));
        hex(&Md5::digest(&self.text))
    }

    /// JA3S: version, cipher, extensions.
    pub fn ja3s(&mut self, hello: &Hello<'_>) -> [u8; 32] {
        self.text.clear();
        let _ = write!(self.text, "{},", hello.legacy_version);
        self.list(hello::pairs(hello.ciphers));
        self.text.push(b',');
        self.list(hello.extensions().map(|(k, _)| k));
        hex(&Md5::digest(&self.text))
    }

    /// JA4 of a client over TCP: `t13d1516h2_8daaf6152771_e5627efa2ab1`.
    pub fn ja4(&mut self, hello: &Hello<'_>) -> [u8; 36] {
        let mut out = [b'0'; 36];
        let version = hello.versions().max().unwrap_or(hello.legacy_version);
        let ciphers = codes(hello.ciphers).count().min(99);
        let kinds = || {
            hello
                .extensions()
                .map(|(k, _)| k)
                .filter(|k| !is_grease(*k))
        };
        let sni = if kinds().any(|k| k == hello::SERVER_NAME) {
            'd'
        } else {
            'i'
        };
        let mut at = &mut out[..];
        let _ = write!(
            at,
            "t{}{sni}{ciphers:02}{:02}",
            Version(version).short(),
            kinds().count().min(99)
        );
        out[8..10].copy_from_slice(&alpn(hello));
        out[10] = b'_';
        self.sorted.clear();
        self.sorted.extend(codes(hello.ciphers));
        out[11..23].copy_from_slice(&self.sorted_hash(None));
        out[23] = b'_';
        self.sorted.clear();
        self.sorted
            .extend(kinds().filter(|k| !matches!(*k, hello::SERVER_NAME | hello::ALPN)));
        out[24..36].copy_from_slice(&self.sorted_hash(Some(hello)));
        out
    }

    /// First twelve digits of the hash over the sorted numbers, and a hello's signature algorithms.
    fn sorted_hash(&mut self, signatures: Option<&Hello<'_>>) -> [u8; 12] {
        if self.sorted.is_empty() {
            return [b'0'; 12];
        }
        self.sorted.sort_unstable();
        self.text.clear();
        for (i, n) in self.sorted.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            let _ = write!(self.text, "{comma}{n:04x}");
        }
        if let Some(hello) = signatures {
            for (i, n) in hello
                .signature_algorithms()
                .filter(|n| !is_grease(*n))
                .enumerate()
            {
                let mark = if i > 0 { "," } else { "_" };
                let _ = write!(self.text, "{mark}{n:04x}");
            }
        }
        let digest = Sha256::digest(&self.text);
        let mut out = [0; 12];
        out.copy_from_slice(&hex::<64>(&digest)[..12]);
        out
    }
}

/// First and last character of the first protocol, `00` without one; in hexadecimal where they are
/// no letters or digits.
fn alpn(hello: &Hello<'_>) -> [u8; 2] {
    match hello.protocols().next() {
        Some([]) | None => *b"00",
        Some(name) => {
            let (first, last) = (name[0], name[name.len() - 1]);
            if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
                [first, last]
            } else {
                [digit(first >> 4), digit(last & 15)]
            }
        }
    }
}

fn digit(n: u8) -> u8 {
    b"0123456789abcdef"[usize::from(n & 15)]
}

/// Lower-case hexadecimal digits, as many as there is room for.
pub fn hex<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [b'0'; N];
    for (pair, b) in out.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(b >> 4), digit(*b)]);
    }
    out
}
