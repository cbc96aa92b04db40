//! Units of HL7 fields as UCUM: from a UCUM code, an MDC code, an MDC reference id or the spellings
//! of the field (IHE PCD TF-2 3.3.4.4; MDC codes of ISO/IEEE 11073-10101, dimension partition 4).

use std::fmt::Write;

use super::delimiters::Delimiters;
use super::segments::nth;

/// A unit as a UCUM code, and what it measures if that is a dose, a volume, a rate or a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    text: [u8; 24],
    len: u8,
    pub measure: Option<Measure>,
}

/// What an amount in this unit is, and what one of it is in base units (mL, ug, U, h, kg).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measure {
    pub what: What,
    pub per_weight: bool,
    pub per_time: bool,
    pub per_volume: bool,
    pub factor: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// mL
    Volume,
    /// ug
    Mass,
    /// U, and international units taken as such
    Units,
    /// h
    Time,
    /// mmol
    Substance,
}

/// A unit field read in both its triplets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct UnitField<'a> {
    pub unit: Option<Unit>,
    /// UCUM code as sent, where it is none that we know.
    pub sent: &'a [u8],
    /// First component as sent.
    pub code: &'a [u8],
    /// The two triplets name different units.
    pub disagree: bool,
}

impl UnitField<'_> {
    pub fn ucum(&self) -> &[u8] {
        self.unit.as_ref().map_or(self.sent, Unit::ucum)
    }
}

/// Reads a CE/CWE of units: `code^text^system^code^text^system`, either triplet MDC or UCUM. A code
/// below 65536 is the bare term of an MDC code (seen: 3122 for 265266).
pub(super) fn read<'a>(field: &'a [u8], d: &Delimiters) -> UnitField<'a> {
    let at = |n: usize| nth(field, d.component, n).trim_ascii();
    let mut read = UnitField {
        unit: None,
        sent: b"",
        code: at(0),
        disagree: false,
    };
    if field.is_empty() {
        return read;
    }
    for first in [0, 3] {
        let (code, text, system) = (at(first), at(first + 1), at(first + 2));
        let unit = triplet(code, text);
        if let Some(unit) = unit {
            match read.unit {
                None => read.unit = Some(unit),
                Some(known) => read.disagree |= !known.same(&unit),
            }
        } else if system == b"UCUM" && read.sent.is_empty() && number(code).is_none() {
            read.sent = code;
        }
    }
    read
}

fn triplet(code: &[u8], text: &[u8]) -> Option<Unit> {
    if code.is_empty() && text.is_empty() {
        return None;
    }
    if let Some(number) = number(code) {
        return Unit::of_mdc(number).or_else(|| Unit::of_text(text));
    }
    Unit::of_text(code).or_else(|| Unit::of_text(text))
}

fn number(code: &[u8]) -> Option<u32> {
    (!code.is_empty() && code.len() <= 8 && code.iter().all(u8::is_ascii_digit))
        .then(|| code.iter().fold(0u32, |n, b| n * 10 + u32::from(b - b'0')))
}

/// First code of the thirty-two that differ by decimal prefix only, and their unit without one.
const MDC_BLOCKS: [(u32, &str); 17] = [
    (262_656, "1"),
    (262_688, "%"),
    (263_424, "m"),
    (263_744, "L"),
    (263_872, "g"),
    (264_288, "g/mL"),
    (264_320, "s"),
    (264_352, "min"),
    (264_384, "h"),
    (265_216, "L/min"),
    (265_248, "L/h"),
    (265_472, "g/min"),
    (265_504, "g/h"),
    (265_600, "g/kg/min"),
    (265_632, "g/kg/h"),
    (266_016, "mm[Hg]"),
    (267_840, "[iU]/h"),
];

/// Offset of a code in its block is its decimal prefix.
const MDC_PREFIXES: [(u32, &str); 6] = [
    (0, ""),
    (3, "k"),
    (17, "c"),
    (18, "m"),
    (19, "u"),
    (20, "n"),
];

impl Unit {
    pub fn ucum(&self) -> &[u8] {
        &self.text[..usize::from(self.len)]
    }

    /// A unit of the dimension partition by its number; a bare term gets the partition.
    pub fn of_mdc(code: u32) -> Option<Unit> {
        let code = if code < 0x1_0000 {
            4 * 0x1_0000 + code
        } else {
            code
        };
        let (base, unit) = MDC_BLOCKS.iter().rev().find(|(base, _)| *base <= code)?;
        let (_, prefix) = MDC_PREFIXES.iter().find(|(n, _)| *n == code - base)?;
        let mut text = Text::default();
        write!(text, "{prefix}{unit}").ok()?;
        Unit::of_ucum(text.bytes()).or(Some(Unit::plain(text)))
    }

    /// A UCUM code, an MDC reference id or a usual spelling of one of the units that we compare.
    pub fn of_text(text: &[u8]) -> Option<Unit> {
        match text.strip_prefix(b"MDC_DIM_") {
            Some(words) => Unit::of_refid(words),
            None => Unit::of_ucum(text),
        }
    }

    /// `MICRO_G_PER_KG_PER_MIN`
    fn of_refid(words: &[u8]) -> Option<Unit> {
        let mut text = Text::default();
        for word in words.split(|b| *b == b'_') {
            text.write_str(match word {
                b"MILLI" => "m",
                b"MICRO" => "u",
                b"NANO" => "n",
                b"KILO" => "k",
                b"X" => "",
                b"PER" => "/",
                b"L" => "L",
                b"ML" => "mL",
                b"G" => "g",
                b"KG" => "kg",
                b"HR" => "h",
                b"MIN" => "min",
                b"SEC" => "s",
                b"DAY" => "d",
                b"MOLE" => "mol",
                b"UNIT" => "U",
                _ => return None,
            })
            .ok()?;
        }
        Unit::of_ucum(text.bytes())
    }

    /// Atoms between slashes, in the spellings of UCUM and of the field, whatever their case.
    fn of_ucum(sent: &[u8]) -> Option<Unit> {
        let mut text = Text::default();
        let mut measure: Option<Measure> = None;
        for atom in sent.split(|b| *b == b'/') {
            let (name, what, factor) = atom_of(atom.trim_ascii())?;
            if let Some(m) = &mut measure {
                text.write_str("/").ok()?;
                match what {
                    What::Time if !m.per_time => m.per_time = true,
                    What::Mass if !m.per_weight => m.per_weight = true,
                    What::Volume if !m.per_volume => m.per_volume = true,
                    _ => return None,
                }
                // A weight below the line is counted in kilograms, not in micrograms.
                m.factor /= if what == What::Mass {
                    factor / 1e9
                } else {
                    factor
                };
            } else {
                measure = Some(Measure {
                    what,
                    per_weight: false,
                    per_time: false,
                    per_volume: false,
                    factor,
                });
            }
            text.write_str(name).ok()?;
        }
        let mut unit = Unit::plain(text);
        unit.measure = measure;
        Some(unit)
    }

    fn plain(text: Text) -> Unit {
        Unit {
            text: text.bytes,
            len: text.len,
            measure: None,
        }
    }

    fn same(&self, other: &Unit) -> bool {
        match (self.measure, other.measure) {
            (Some(a), Some(b)) => {
                (a.what, a.per_weight, a.per_time, a.per_volume)
                    == (b.what, b.per_weight, b.per_time, b.per_volume)
                    && (a.factor / b.factor - 1.0).abs() < 1e-9
            }
            _ => self.ucum() == other.ucum(),
        }
    }
}

/// Name in UCUM, what it measures, and its size in base units.
fn atom_of(atom: &[u8]) -> Option<(&'static str, What, f64)> {
    let mut folded = [0u8; 8];
    let lower = folded.get_mut(..atom.len())?;
    lower.copy_from_slice(atom);
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"ml" | b"cc" | b"mls" => ("mL", What::Volume, 1.0),
        b"l" | b"liter" | b"litre" => ("L", What::Volume, 1e3),
        b"dl" => ("dL", What::Volume, 1e2),
        b"ul" => ("uL", What::Volume, 1e-3),
        b"ug" | b"mcg" | b"\xC2\xB5g" | b"\xCE\xBCg" => ("ug", What::Mass, 1.0),
        b"ng" => ("ng", What::Mass, 1e-3),
        b"mg" => ("mg", What::Mass, 1e3),
        b"g" | b"gm" => ("g", What::Mass, 1e6),
        b"kg" => ("kg", What::Mass, 1e9),
        b"u" | b"unit" | b"units" => ("U", What::Units, 1.0),
        b"mu" => ("mU", What::Units, 1e-3),
        b"[iu]" | b"iu" => ("[iU]", What::Units, 1.0),
        b"mmol" => ("mmol", What::Substance, 1.0),
        b"mol" => ("mol", What::Substance, 1e3),
        b"h" | b"hr" | b"hrs" | b"hour" | b"hours" => ("h", What::Time, 1.0),
        b"min" | b"minute" | b"minutes" => ("min", What::Time, 1.0 / 60.0),
        b"s" | b"sec" => ("s", What::Time, 1.0 / 3600.0),
        b"ms" => ("ms", What::Time, 1.0 / 3_600_000.0),
        b"d" | b"day" => ("d", What::Time, 24.0),
        _ => return None,
    })
}

#[derive(Clone, Copy, Default)]
struct Text {
    bytes: [u8; 24],
    len: u8,
}

impl Text {
    fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl Write for Text {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        let start = usize::from(self.len);
        let room = self.bytes.get_mut(start..start + s.len());
        room.ok_or(std::fmt::Error)?.copy_from_slice(s.as_bytes());
        self.len += s.len() as u8;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ucum(field: &str) -> (String, bool) {
        let read = read(field.as_bytes(), &Delimiters::USUAL);
        (
            String::from_utf8_lossy(read.ucum()).into_owned(),
            read.disagree,
        )
    }

    #[test]
    fn unknown_units_stay_unknown() {
        assert_eq!(ucum("99999^furlongs^L"), ("".into(), false));
        assert_eq!(ucum("^^"), ("".into(), false));
        assert_eq!(ucum(""), ("".into(), false));
        assert_eq!(
            ucum("{beat}/min^{beat}/min^UCUM"),
            ("{beat}/min".into(), false)
        );
    }

    #[test]
    fn triplets_that_name_different_units_are_told() {
        assert_eq!(
            ucum("265266^MDC_DIM_MILLI_L_PER_HR^MDC^L/h^L/h^UCUM"),
            ("mL/h".into(), true)
        );
    }

    #[test]
    fn either_triplet_and_the_bare_term_give_the_unit() {
        for field in [
            "265266^MDC_DIM_MILLI_L_PER_HR^MDC",
            "265266^MDC_DIM_MILLI_L_PER_HR^MDC^mL/h^mL/h^UCUM",
            "3122^mL/h^UCUM^265266^MDC_DIM_MILLI_L_PER_HR^MDC",
            "3122^MDC_DIM_MILLI_L_PER_HR^MDC",
            "mL/h^mL/h^UCUM",
            "ml/hr",
            "0^MDC_DIM_MILLI_L_PER_HR^MDC",
        ] {
            assert_eq!(ucum(field), ("mL/h".into(), false), "{field}");
        }
        for (field, unit) in [
            ("265619^MDC_DIM_MICRO_G_PER_KG_PER_MIN^MDC", "ug/kg/min"),
            (
                "3475^ug/kg/min^UCUM^265619^MDC_DIM_MICRO_G_PER_KG_PER_MIN^MDC",
                "ug/kg/min",
            ),
            ("mcg/kg/min", "ug/kg/min"),
            ("L/h^L/h^UCUM", "L/h"),
            ("263762", "mL"),
            ("263890^MDC_DIM_MILLI_G^MDC", "mg"),
            ("1746^mg^UCUM^263890^MDC_DIM_MILLI_G^MDC", "mg"),
            ("263875^MDC_DIM_KILO_G^MDC", "kg"),
            ("264306^MDC_DIM_MILLI_G_PER_ML^MDC", "mg/mL"),
            ("265522", "mg/h"),
            ("265491", "ug/min"),
            ("267840", "[iU]/h"),
            ("264384&MDC_DIM_HR&MDC", ""),
            ("264338", "ms"),
        ] {
            assert_eq!(ucum(field), (unit.into(), false), "{field}");
        }
    }

    #[test]
    fn sizes_are_in_base_units() {
        let measure = |text: &str| {
            Unit::of_text(text.as_bytes())
                .and_then(|u| u.measure)
                .map(|m| m.factor)
        };
        assert_eq!(measure("L/h"), Some(1e3));
        assert_eq!(measure("mL/min"), Some(60.0));
        assert_eq!(measure("ug/kg/min"), Some(60.0));
        assert_eq!(measure("mg/mL"), Some(1e3));
        assert_eq!(measure("kg"), Some(1e9));
        assert_eq!(measure("ug/g/min").map(f64::round), Some(60_000.0));
    }
}
