//! What a window that held has to say.

use crate::language::units::Dimension;

/// What a window that held has to say. Put into words only where a finding opens.
#[derive(Clone, Copy, Debug)]
pub enum Told {
    Count(usize, i64),
    Different(usize, i64),
    Sum(f64, Dimension, i64),
    Times(f64),
    FirstSeen,
    WentBack(usize, i64),
    Became(f64, f64),
    /// A number came after this greater one.
    After(f64, f64),
    Nothing(i64),
    Moved(f64, f64, Dimension, i64),
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Told::Count(n, within) => write!(f, "{n} within {}", words(*within)),
            Told::Different(n, within) => write!(f, "{n} different within {}", words(*within)),
            Told::Sum(sum, dimension, within) => {
                write!(f, "{} within {}", dimension.shown(*sum), words(*within))
            }
            Told::Times(times) => write!(f, "{times:.3} times the value before"),
            Told::FirstSeen => f.write_str("first seen"),
            Told::WentBack(n, within) => {
                write!(f, "went back {n} times within {}", words(*within))
            }
            Told::Became(old, new) => write!(f, "{old} became {new}"),
            Told::After(now, greatest) => write!(f, "{now} after {greatest}"),
            Told::Nothing(within) => write!(f, "none within {}", words(*within)),
            Told::Moved(from, to, dimension, within) => {
                let (from, to) = (dimension.shown(*from), dimension.shown(*to));
                write!(f, "from {from} to {to} within {}", words(*within))
            }
        }
    }
}

/// All that the windows have to say.
pub fn in_words(told: &[Told]) -> String {
    let words: Vec<String> = told.iter().map(Told::to_string).collect();
    words.join(", ")
}

pub fn words(nanoseconds: i64) -> String {
    let seconds = nanoseconds as f64 / 1e9;
    let (number, unit) = match seconds {
        s if s >= 86_400.0 => (s / 86_400.0, "d"),
        s if s >= 3600.0 => (s / 3600.0, "h"),
        s if s >= 60.0 => (s / 60.0, "min"),
        s => (s, "s"),
    };
    format!("{} {unit}", (number * 100.0).round() / 100.0)
}
