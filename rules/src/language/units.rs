//! Units: the part of UCUM that devices on a ward use, with dimensions, so that `20 mL/h` and
//! `0.02 L/h` are one value and a pressure is never compared with a rate.

/// Exponents of length, mass, time, temperature, amount of substance, (enzyme or international)
/// unit, and body weight.
///
/// The body weight in `ug/kg/min` is kept apart from the mass of the drug: they do not cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dimension([i8; 7]);

impl Dimension {
    pub const NONE: Dimension = Dimension([0; 7]);
    pub const TIME: Dimension = Dimension([0, 0, 1, 0, 0, 0, 0]);
    pub const VOLUME: Dimension = Dimension([3, 0, 0, 0, 0, 0, 0]);
    pub const FLOW: Dimension = Dimension([3, 0, -1, 0, 0, 0, 0]);
    pub const PRESSURE: Dimension = Dimension([-1, 1, -2, 0, 0, 0, 0]);
    pub const MASS: Dimension = Dimension([0, 1, 0, 0, 0, 0, 0]);
    pub const FREQUENCY: Dimension = Dimension([0, 0, -1, 0, 0, 0, 0]);
    pub const TEMPERATURE: Dimension = Dimension([0, 0, 0, 1, 0, 0, 0]);

    /// What a person would call it, with its article.
    pub fn words(self) -> &'static str {
        match self {
            Self::NONE => "a plain number",
            Self::TIME => "a time",
            Self::VOLUME => "a volume",
            Self::FLOW => "a flow rate",
            Self::PRESSURE => "a pressure",
            Self::MASS => "a mass",
            Self::FREQUENCY => "a frequency",
            Self::TEMPERATURE => "a temperature",
            d if d.is_dose_rate() => "a dose rate",
            _ => "a quantity of another kind",
        }
    }

    /// A number in base units as a person reads it: in the unit that is usual for its kind.
    pub fn shown(self, number: f64) -> String {
        let usual = match self {
            Self::NONE => "",
            Self::TIME => "s",
            Self::VOLUME => "mL",
            Self::FLOW => "mL/h",
            Self::PRESSURE => "mm[Hg]",
            Self::MASS => "mg",
            Self::FREQUENCY => "/min",
            Self::TEMPERATURE => "Cel",
            _ => "(base units)",
        };
        let unit = Unit::parse(usual.as_bytes());
        let number = unit.map_or(number, |u| (number - u.offset) / u.factor);
        let rounded = format!("{number:.4}");
        let short = if rounded.contains('.') {
            rounded.trim_end_matches('0').trim_end_matches('.')
        } else {
            &rounded
        };
        format!("{short} {usual}").trim_end().to_owned()
    }

    /// Drug per time, with or without body weight.
    pub fn is_dose_rate(self) -> bool {
        let Dimension([l, m, t, k, n, u, w]) = self;
        t == -1
            && k == 0
            && l == 0
            && (w == 0 || w == -1)
            && (m, n, u) != (0, 0, 0)
            && [m, n, u].iter().all(|e| (0..=1).contains(e))
            || self == Dimension([3, 0, -1, 0, 0, 0, -1])
    }

    fn plus(self, other: Dimension, times: i8) -> Dimension {
        let mut sum = self.0;
        for (a, b) in sum.iter_mut().zip(other.0) {
            *a = a.saturating_add(b.saturating_mul(times));
        }
        Dimension(sum)
    }
}

/// A unit: `number * factor + offset` is the value in base units (metre, gram, second, kelvin,
/// mole, unit).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    pub factor: f64,
    pub offset: f64,
    pub dimension: Dimension,
}

impl Unit {
    /// Reads a UCUM code. Common spellings outside UCUM (`mcg`, `mmHg`, `cmH2O`) are understood.
    pub fn parse(text: &[u8]) -> Option<Unit> {
        let text = std::str::from_utf8(text).ok()?.trim();
        if text.len() > LONGEST {
            return None;
        }
        let text = ALIASES
            .iter()
            .find(|(a, _)| *a == text)
            .map_or(text, |(_, u)| *u);
        let mut unit = Unit {
            factor: 1.0,
            offset: 0.0,
            dimension: Dimension::NONE,
        };
        let mut sign = 1i8;
        let mut terms = 0;
        let mut rest = text;
        if let Some(after) = rest.strip_prefix('/') {
            (sign, rest) = (-1, after);
        }
        loop {
            let end = term_end(rest);
            let (term, after) = rest.split_at(end);
            if term.is_empty() {
                return None;
            }
            let (atom, exponent) = atom(term)?;
            let power = sign.checked_mul(exponent)?;
            // A kilogram below the line, behind a drug, is the patient's.
            let body =
                term == "kg" && power == -1 && terms > 0 && unit.dimension != Dimension::NONE;
            let dimension = if body {
                Dimension([0, 0, 0, 0, 0, 0, 1])
            } else {
                atom.dimension
            };
            unit.factor *= atom.factor.powi(i32::from(power));
            unit.dimension = unit.dimension.plus(dimension, power);
            if terms == 0 && after.is_empty() && power == 1 {
                unit.offset = atom.offset;
            }
            terms += 1;
            match after.chars().next() {
                None => return Some(unit),
                Some('/') => sign = -1,
                Some('.') => sign = 1,
                Some(_) => return None,
            }
            rest = &after[1..];
        }
    }

    pub fn base(self, number: f64) -> f64 {
        number * self.factor + self.offset
    }
}

/// Longest unit that is read.
const LONGEST: usize = 32;

/// Where a term ends: at `/` or `.` outside of brackets and braces.
fn term_end(text: &str) -> usize {
    let mut depth = 0i32;
    for (at, c) in text.char_indices() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            '/' | '.' if depth <= 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// A prefixed atom with its exponent: `cm3`, `mm[Hg]`, `10*3`, `{beats}`.
fn atom(term: &str) -> Option<(Unit, i8)> {
    let term = match term.split_once('{') {
        Some((before, annotation)) => {
            annotation.strip_suffix('}')?;
            before
        }
        None => term,
    };
    if term.is_empty() || term == "1" {
        return Some((
            Unit {
                factor: 1.0,
                offset: 0.0,
                dimension: Dimension::NONE,
            },
            1,
        ));
    }
    for ten in ["10*", "10^"] {
        if let Some(power) = term.strip_prefix(ten) {
            let power: i8 = power.parse().ok().filter(|p: &i8| p.abs() <= 30)?;
            let factor = 10f64.powi(i32::from(power));
            return Some((
                Unit {
                    factor,
                    offset: 0.0,
                    dimension: Dimension::NONE,
                },
                1,
            ));
        }
    }
    let digits = term.rfind(|c: char| !c.is_ascii_digit())? + 1;
    let (name, exponent) = match term.get(digits..) {
        Some("") | None => (term, 1),
        Some(power) => {
            let negative = term[..digits].ends_with('-');
            let name = &term[..digits - usize::from(negative)];
            let power: i8 = power.parse().ok().filter(|p| (1..=4).contains(p))?;
            (name, if negative { -power } else { power })
        }
    };
    let known = |name: &str| ATOMS.iter().find(|a| a.0 == name);
    if let Some(a) = known(name) {
        return Some((a.unit(1.0), exponent));
    }
    for (prefix, factor) in PREFIXES {
        if let Some(rest) = name.strip_prefix(prefix)
            && let Some(a) = known(rest)
            && a.3
        {
            return Some((a.unit(*factor), exponent));
        }
    }
    None
}

/// Name, factor to base units, dimension, takes prefixes.
struct Atom(&'static str, f64, Dimension, bool);

impl Atom {
    fn unit(&self, prefix: f64) -> Unit {
        let offset = match self.0 {
            "Cel" => 273.15,
            "[degF]" => 459.67 * 5.0 / 9.0,
            _ => 0.0,
        };
        Unit {
            factor: self.1 * prefix,
            offset,
            dimension: self.2,
        }
    }
}

const PREFIXES: &[(&str, f64)] = &[
    ("da", 1e1),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("h", 1e2),
    ("d", 1e-1),
    ("c", 1e-2),
    ("m", 1e-3),
    ("u", 1e-6),
    ("µ", 1e-6),
    ("μ", 1e-6),
    ("n", 1e-9),
    ("p", 1e-12),
    ("f", 1e-15),
];

const fn d(exponents: [i8; 7]) -> Dimension {
    Dimension(exponents)
}

/// UCUM tables 1 to 3, as far as bedside devices, analysers and orders use them. Masses are in
/// grams, so that pressures come in g/(m·s²).
const ATOMS: &[Atom] = &[
    Atom("m", 1.0, d([1, 0, 0, 0, 0, 0, 0]), true),
    Atom("g", 1.0, Dimension::MASS, true),
    Atom("s", 1.0, Dimension::TIME, true),
    Atom("min", 60.0, Dimension::TIME, false),
    Atom("h", 3600.0, Dimension::TIME, false),
    Atom("d", 86_400.0, Dimension::TIME, false),
    Atom("wk", 604_800.0, Dimension::TIME, false),
    Atom("K", 1.0, Dimension::TEMPERATURE, true),
    Atom("Cel", 1.0, Dimension::TEMPERATURE, false),
    Atom("[degF]", 5.0 / 9.0, Dimension::TEMPERATURE, false),
    Atom("L", 1e-3, Dimension::VOLUME, true),
    Atom("l", 1e-3, Dimension::VOLUME, true),
    Atom("[drp]", 0.05e-6, Dimension::VOLUME, false),
    Atom("mol", 1.0, d([0, 0, 0, 0, 1, 0, 0]), true),
    Atom("eq", 1.0, d([0, 0, 0, 0, 1, 0, 0]), true),
    Atom("osm", 1.0, d([0, 0, 0, 0, 1, 0, 0]), true),
    Atom("[iU]", 1.0, d([0, 0, 0, 0, 0, 1, 0]), true),
    Atom("[IU]", 1.0, d([0, 0, 0, 0, 0, 1, 0]), true),
    Atom("U", 1.0, d([0, 0, 0, 0, 0, 1, 0]), true),
    Atom("Pa", 1e3, Dimension::PRESSURE, true),
    Atom("bar", 1e8, Dimension::PRESSURE, true),
    Atom("m[Hg]", 133_322_000.0, Dimension::PRESSURE, true),
    Atom("m[H2O]", 9_806_650.0, Dimension::PRESSURE, true),
    Atom("[psi]", 6_894_757.293_168, Dimension::PRESSURE, false),
    Atom("Hz", 1.0, Dimension::FREQUENCY, true),
    Atom("N", 1e3, d([1, 1, -2, 0, 0, 0, 0]), true),
    Atom("J", 1e3, d([2, 1, -2, 0, 0, 0, 0]), true),
    Atom("cal", 4184.0, d([2, 1, -2, 0, 0, 0, 0]), true),
    Atom("W", 1e3, d([2, 1, -3, 0, 0, 0, 0]), true),
    Atom("[lb_av]", 453.592_37, Dimension::MASS, false),
    Atom("[oz_av]", 28.349_523_125, Dimension::MASS, false),
    Atom("[in_i]", 0.0254, d([1, 0, 0, 0, 0, 0, 0]), false),
    Atom("[ft_i]", 0.3048, d([1, 0, 0, 0, 0, 0, 0]), false),
    Atom("%", 0.01, Dimension::NONE, false),
    Atom("deg", std::f64::consts::PI / 180.0, Dimension::NONE, false),
    Atom("rad", 1.0, Dimension::NONE, true),
];

/// Spellings outside UCUM that people and devices use, and what they mean.
const ALIASES: &[(&str, &str)] = &[
    ("mmHg", "mm[Hg]"),
    ("cmH2O", "cm[H2O]"),
    ("mcg", "ug"),
    ("mcg/kg/min", "ug/kg/min"),
    ("mcg/kg/h", "ug/kg/h"),
    ("mcg/min", "ug/min"),
    ("mcg/h", "ug/h"),
    ("cc", "mL"),
    ("cc/h", "mL/h"),
    ("ml/hr", "mL/h"),
    ("mL/hr", "mL/h"),
    ("L/hr", "L/h"),
    ("bpm", "/min"),
    ("IU", "[iU]"),
    ("IU/h", "[iU]/h"),
];

/// Names for suggestions.
pub(crate) const COMMON: &[&str] = &[
    "mL/h",
    "L/h",
    "mL/min",
    "mL",
    "L",
    "mg",
    "g",
    "kg",
    "ug",
    "mg/h",
    "ug/h",
    "ug/kg/min",
    "ug/min",
    "mg/kg/h",
    "mL/kg/h",
    "U/h",
    "[iU]/h",
    "mmol/L",
    "mg/dL",
    "mm[Hg]",
    "cm[H2O]",
    "kPa",
    "hPa",
    "mbar",
    "L/min",
    "/min",
    "s",
    "min",
    "h",
    "d",
    "%",
    "Cel",
    "Hz",
    "ms",
];

/// True if two numbers in base units are the same value: equal but for rounding of conversions.
pub fn same(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(number: f64, unit: &str) -> f64 {
        Unit::parse(unit.as_bytes())
            .unwrap_or_else(|| panic!("{unit}"))
            .base(number)
    }

    #[test]
    fn what_is_no_unit_is_refused() {
        for wrong in [
            "mlh", "furlong", "mL//h", "mL/", "(mL)", "mL h", "m9", "10*999", "{", "kmin", "mL.",
            "5",
        ] {
            assert_eq!(Unit::parse(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(Unit::parse(&[0xFF]), None);
        assert_eq!(Unit::parse("m.".repeat(40).as_bytes()), None);
    }

    #[test]
    fn equal_rates_in_other_units_are_one_value() {
        assert!(same(base(20.0, "mL/h"), base(0.02, "L/h")));
        assert!(same(base(500.0, "mL/h"), base(0.5, "L/h")));
        assert!(same(base(60.0, "mL/h"), base(1.0, "mL/min")));
        assert!(same(base(1.0, "kPa"), base(10.0, "hPa")));
        assert!(same(base(1.0, "ug/kg/min"), base(0.06, "mg/kg/h")));
        assert!((base(100.0, "mm[Hg]") - base(133.322, "hPa")).abs() < 1.0);
        assert!(same(base(37.0, "Cel"), base(98.6, "[degF]")));
        assert!(same(base(1.0, "10*3/uL"), base(1.0, "10*9/L")));
    }

    #[test]
    fn body_weight_does_not_cancel_against_the_drug() {
        let dose = Unit::parse(b"ug/kg/min").unwrap().dimension;
        assert_ne!(dose, Unit::parse(b"/min").unwrap().dimension);
        assert_ne!(dose, Unit::parse(b"ug/min").unwrap().dimension);
        assert_ne!(Unit::parse(b"mL/kg/h").unwrap().dimension, Dimension::FLOW);
        assert!(dose.is_dose_rate());
        assert_eq!(Unit::parse(b"kg").unwrap().dimension, Dimension::MASS);
    }

    #[test]
    fn a_gram_is_not_a_millilitre() {
        assert_ne!(
            Unit::parse(b"g/h").unwrap().dimension,
            Unit::parse(b"mL/h").unwrap().dimension
        );
        assert_eq!(
            Unit::parse(b"cm[H2O]").unwrap().dimension,
            Dimension::PRESSURE
        );
        assert_eq!(
            Unit::parse(b"{beats}/min").unwrap().dimension,
            Dimension::FREQUENCY
        );
    }
}
