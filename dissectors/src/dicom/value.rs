//! Tags, value representations and UIDs (PS3.5 6, 7, 9).

use std::fmt;

use super::dictionary_table::ELEMENTS;
use super::uid_table::NAMES;

/// Data element tag: group in the upper half, element in the lower.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u32);

impl Tag {
    pub const ITEM: Self = Self(0xFFFE_E000);
    pub const ITEM_END: Self = Self(0xFFFE_E00D);
    pub const SEQUENCE_END: Self = Self(0xFFFE_E0DD);
    pub const PIXEL_DATA: Self = Self(0x7FE0_0010);
    pub const ENCAPSULATED_DOCUMENT: Self = Self(0x0042_0011);
    pub const ROWS: Self = Self(0x0028_0010);
    pub const COLUMNS: Self = Self(0x0028_0011);

    pub const fn of(group: u16, element: u16) -> Self {
        Self((group as u32) << 16 | element as u32)
    }

    pub const fn group(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// Its row in the dictionary: VR and keyword, if it is read by name.
    pub fn known(self) -> Option<([u8; 2], &'static str)> {
        let at = ELEMENTS.binary_search_by_key(&self.0, |e| e.0).ok()?;
        ELEMENTS.get(at).map(|e| (e.1, e.2))
    }

    /// Reads `gggg,eeee` or a keyword.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((group, element)) = text.split_once(',') {
            let half = |t: &str| {
                (t.len() == 4 && t.bytes().all(|b| b.is_ascii_hexdigit()))
                    .then(|| u16::from_str_radix(t, 16).ok())
                    .flatten()
            };
            return Some(Tag::of(half(group)?, half(element)?));
        }
        ELEMENTS.iter().find(|e| e.2 == text).map(|e| Tag(e.0))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X},{:04X}", self.group(), self.0 & 0xFFFF)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({self})")
    }
}

/// Value representation: two letters (PS3.5 6.2). `??` where an implicit VR is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vr(pub [u8; 2]);

impl Vr {
    pub const UNKNOWN: Self = Self(*b"??");
    pub const SQ: Self = Self(*b"SQ");
    pub const UI: Self = Self(*b"UI");
    pub const UN: Self = Self(*b"UN");

    /// True for the letters that PS3.5 defines.
    pub const fn is_known(self) -> bool {
        matches!(
            &self.0,
            b"AE"
                | b"AS"
                | b"AT"
                | b"CS"
                | b"DA"
                | b"DS"
                | b"DT"
                | b"FL"
                | b"FD"
                | b"IS"
                | b"LO"
                | b"LT"
                | b"OB"
                | b"OD"
                | b"OF"
                | b"OL"
                | b"OV"
                | b"OW"
                | b"PN"
                | b"SH"
                | b"SL"
                | b"SQ"
                | b"SS"
                | b"ST"
                | b"SV"
                | b"TM"
                | b"UC"
                | b"UI"
                | b"UL"
                | b"UN"
                | b"UR"
                | b"US"
                | b"UT"
                | b"UV"
        )
    }

    /// Explicit VR elements of these have a reserved half and a length of 32 bits (PS3.5 7.1.2).
    pub const fn has_long_length(self) -> bool {
        self.is_bulk() || matches!(&self.0, b"SQ" | b"SV" | b"UC" | b"UR" | b"UT" | b"UV")
    }

    /// Bytes rather than text or numbers that anybody reads.
    pub const fn is_bulk(self) -> bool {
        matches!(
            &self.0,
            b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"UN"
        )
    }
}

/// Longest UID (PS3.5 9.1).
pub const UID_LEN: usize = 64;

/// True for digits and dots, at most 64, and not a name of a folder (`.`, `..`).
/// What is none of these is joined to paths by some receivers (CVE-2022-2119).
pub fn is_legal_uid(uid: &[u8]) -> bool {
    uid.len() <= UID_LEN
        && uid.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        && uid.iter().any(u8::is_ascii_digit)
}

/// Name of a SOP class or transfer syntax.
pub fn uid_name(uid: &[u8]) -> Option<&'static str> {
    let at = NAMES
        .binary_search_by(|(known, _)| known.as_bytes().cmp(uid))
        .ok()?;
    NAMES.get(at).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_so_that_searching_finds_everything() {
        assert!(
            NAMES
                .windows(2)
                .all(|w| w[0].0.as_bytes() < w[1].0.as_bytes())
        );
        assert!(ELEMENTS.windows(2).all(|w| w[0].0 < w[1].0));
        assert_eq!(
            uid_name(b"1.2.840.10008.1.1"),
            Some("Verification SOP Class")
        );
        assert_eq!(
            uid_name(b"1.2.840.10008.5.1.4.1.1.481.5"),
            Some("RT Plan Storage")
        );
        assert_eq!(uid_name(b"1.2"), None);
    }

    #[test]
    fn a_uid_that_could_be_a_path_is_not_legal() {
        for bad in [
            &b".."[..],
            b".",
            b"../x",
            b"1.2/3",
            b"1.2\\3",
            b"C:1",
            b"1.2\x003",
            &[b'1'; 65],
        ] {
            assert!(!is_legal_uid(bad), "{bad:?}");
        }
        assert!(is_legal_uid(b"1.2.840.10008.1.1"));
        assert!(is_legal_uid(&[b'1'; 64]));
    }

    #[test]
    fn a_tag_is_read_by_number_and_by_keyword_and_by_nothing_else() {
        assert_eq!(Tag::parse("0010,0020"), Some(Tag(0x0010_0020)));
        assert_eq!(Tag::parse("7fe0,0010"), Some(Tag::PIXEL_DATA));
        assert_eq!(Tag::parse("PatientID"), Some(Tag(0x0010_0020)));
        for bad in ["0010,20", "10,0020", "+010,0020", "patient", "", ","] {
            assert_eq!(Tag::parse(bad), None, "{bad}");
        }
    }
}
