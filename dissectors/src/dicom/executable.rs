//! Programs inside values: what a value's first bytes say (CVE-2019-11687, PS3.10 7.1).

/// Bytes that are looked at: a DOS header with the offset of its PE header at 0x3C.
pub const SAMPLE: usize = 64;

/// What begins as a program, script or archive does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    Pe,
    Elf,
    Script,
    Zip,
}

impl Marker {
    pub const fn word(self) -> &'static str {
        match self {
            Marker::Pe => "pe",
            Marker::Elf => "elf",
            Marker::Script => "script",
            Marker::Zip => "zip",
        }
    }

    /// Looks at a value's first bytes. `MZ` alone is two bytes that any picture may begin with:
    /// the DOS header has to be one. Archives are programs to some readers (JAR, APK).
    pub fn of(first: &[u8]) -> Option<Marker> {
        match first {
            [b'M', b'Z', ..] if is_dos_header(first) => Some(Marker::Pe),
            [0x7F, b'E', b'L', b'F', ..] => Some(Marker::Elf),
            [b'#', b'!', b'/', ..] | [b'#', b'!', b' ', b'/', ..] => Some(Marker::Script),
            [b'P', b'K', 3, 4, ..] => Some(Marker::Zip),
            _ => None,
        }
    }

    /// Looks at a preamble or document, where `MZ` has no innocent reading.
    pub fn of_file(first: &[u8]) -> Option<Marker> {
        match first {
            [b'M', b'Z', ..] => Some(Marker::Pe),
            [b'#', b'!', ..] => Some(Marker::Script),
            _ => Marker::of(first),
        }
    }
}

/// A preamble in one word. TIFF is ordinary in whole-slide imaging.
pub fn preamble_word(preamble: &[u8]) -> &'static str {
    match (Marker::of_file(preamble), preamble) {
        (Some(marker), _) => marker.word(),
        (None, [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..]) => "tiff",
        (None, bytes) if bytes.iter().all(|b| *b == 0) => "empty",
        _ => "other",
    }
}

/// The PE header lies behind the DOS header and within reach of it (Microsoft PE format, 2.1).
fn is_dos_header(first: &[u8]) -> bool {
    let Some(&[a, b, c, d]) = first.get(0x3C..0x40).and_then(|b| b.first_chunk::<4>()) else {
        return false;
    };
    let last_page = u16::from_le_bytes([first[2], first[3]]);
    (0x40..0x1_0000).contains(&u32::from_le_bytes([a, b, c, d])) && last_page < 512
}
