//! The shipped rules.

use crate::language::ruleset::Source;

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$((concat!("rules/catalogue/", $name), include_str!(concat!("../catalogue/", $name)))),+]
    };
}

/// Name and text of every shipped rule file.
const FILES: &[(&str, &str)] = files![
    "commands.toml",
    "dicom.toml",
    "hl7.toml",
    "identity.toml",
    "laboratory.toml",
    "monitors.toml",
    "network.toml",
    "pumps.toml",
    "sdc.toml",
    "serial.toml",
    "values.toml",
    "web.toml"
];

/// Every shipped rule file.
pub fn shipped() -> Vec<Source> {
    let source = |(name, text): &(&str, &str)| Source {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
    };
    FILES.iter().map(source).collect()
}
