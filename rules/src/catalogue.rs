//! The shipped rules.

use crate::language::ruleset::Source;

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$((concat!("rules/catalogue/", $name), include_str!(concat!("../catalogue/", $name)))),+]
    };
}

/// Name and text of every shipped rule file.
const FILES: &[(&str, &str)] = files![
    "alarms.toml",
    "commands.toml",
    "dicom.toml",
    "health.toml",
    "hl7.toml",
    "identity.toml",
    "inventory.toml",
    "laboratory.toml",
    "lateral.toml",
    "logins.toml",
    "monitors.toml",
    "network.toml",
    "pumps.toml",
    "sdc.toml",
    "serial.toml",
    "values.toml",
    "web.toml",
    "zones.toml"
];

/// Every shipped rule file.
pub fn shipped() -> Vec<Source> {
    let source = |(name, text): &(&str, &str)| Source {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
    };
    FILES.iter().map(source).collect()
}

/// A detection that the catalogue of detections names and no shipped rule covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub id: String,
    pub title: String,
    pub why: String,
}

/// What no shipped rule covers, and why, in the order of the catalogue.
pub fn missing() -> Vec<Missing> {
    let table: toml::Table = toml::from_str(include_str!("../missing.toml")).unwrap_or_default();
    let rows = table.get("missing").and_then(|m| m.as_array());
    rows.into_iter()
        .flatten()
        .map(|row| {
            let text = |key| {
                let text = row.get(key).and_then(|v| v.as_str());
                text.unwrap_or_default().to_owned()
            };
            Missing {
                id: text("id"),
                title: text("title"),
                why: text("why"),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::language::ruleset::RuleSet;

    /// How many detections the catalogue numbers.
    const NUMBERED: u32 = 155;

    #[test]
    fn every_number_of_the_catalogue_is_built_or_told_as_missing() {
        let set = RuleSet::shipped().unwrap_or_else(|report| panic!("{report}"));
        let mut built: BTreeSet<u32> = set.rules().map(|r| r.number).collect();
        // Detectors beside the engine that the catalogue numbers.
        built.extend(
            crate::baseline::rules()
                .map(|r| r.number)
                .filter(|n| *n <= NUMBERED),
        );
        let number = |id: &str| id.rsplit('-').next().and_then(|n| n.parse().ok());
        let told: BTreeSet<u32> = missing().iter().filter_map(|m| number(&m.id)).collect();
        assert_eq!(
            built.intersection(&told).collect::<Vec<_>>(),
            Vec::<&u32>::new()
        );
        let all: BTreeSet<u32> = built.union(&told).copied().collect();
        assert_eq!(all, (1..=NUMBERED).collect());
        assert!(
            missing()
                .iter()
                .all(|m| !m.title.is_empty() && !m.why.is_empty())
        );
    }
}
