//! The chains that findings are strung on, stage by stage: data only.

/// One way that an attack on a hospital goes.
#[derive(Debug, PartialEq, Eq)]
pub struct Chain {
    /// Permanent: a number is never used again.
    pub id: &'static str,
    pub title: &'static str,
    pub stages: &'static [Stage],
    /// Nanoseconds of packet time from the first finding to the last.
    pub within: i64,
    /// What to do first about the whole.
    pub advice: &'static str,
}

/// One step of a chain.
#[derive(Debug, PartialEq, Eq)]
pub struct Stage {
    /// What the attacker did, as a story tells it.
    pub name: &'static str,
    /// Ids of rules; one that ends in `-` stands for its whole family.
    pub rules: &'static [&'static str],
}

impl Stage {
    pub fn holds(&self, rule: &str) -> bool {
        self.rules
            .iter()
            .any(|id| *id == rule || id.ends_with('-') && rule.starts_with(id))
    }
}

const HOUR: i64 = 3_600 * 1_000_000_000;

pub const CHAINS: &[Chain] = &[
    Chain {
        id: "INC-1",
        title: "Double extortion",
        stages: &[
            Stage {
                name: "looked around",
                rules: &[
                    "WW-SCAN-0039",
                    "WW-SCAN-0046",
                    "WW-SCAN-0047",
                    "WW-DICOM-0041",
                ],
            },
            Stage {
                name: "got in",
                rules: &["WW-CRED-0058", "WW-LAT-0096", "WW-LAT-0097", "WW-LAT-0098"],
            },
            Stage {
                name: "gathered patient data",
                rules: &["WW-DICOM-0042", "WW-EXF-0049", "WW-EXF-0054"],
            },
            Stage {
                name: "carried it out",
                rules: &["WW-EXF-0050", "WW-EXF-0051", "WW-EXF-0053"],
            },
            Stage {
                name: "encrypted",
                rules: &["WW-LAT-0101"],
            },
        ],
        within: 14 * 24 * HOUR,
        advice: "Isolate the hosts named here, make ready for work on paper, keep the evidence.",
    },
    Chain {
        id: "INC-2",
        title: "Device hijack",
        stages: &[
            Stage {
                name: "looked for devices",
                rules: &[
                    "WW-SCAN-",
                    "WW-DISC-",
                    "WW-SDC-0044",
                    "WW-IVUE-0045",
                    "WW-SER-0139",
                ],
            },
            Stage {
                name: "got hold of one",
                rules: &[
                    "WW-CRED-0056",
                    "WW-CRED-0057",
                    "WW-ID-0077",
                    "WW-NET-0084",
                    "WW-PUMP-0136",
                    "WW-IVUE-0012",
                    "WW-SER-0154",
                ],
            },
            Stage {
                name: "commanded it",
                rules: &[
                    "WW-CMD-0001",
                    "WW-CMD-0003",
                    "WW-VAL-0017",
                    "WW-VAL-0018",
                    "WW-ALM-0068",
                    "WW-ALM-0069",
                    "WW-IVUE-0011",
                    "WW-SER-0155",
                ],
            },
        ],
        within: 24 * HOUR,
        advice: "Go to the devices named here and compare each with its order; isolate the sender.",
    },
    Chain {
        id: "INC-3",
        title: "Man in the middle on values",
        stages: &[
            Stage {
                name: "put itself in between",
                rules: &["WW-NET-0084", "WW-NET-0085", "WW-DISC-0086", "WW-ID-0077"],
            },
            Stage {
                name: "broke into connections",
                rules: &["WW-NET-0034", "WW-IVUE-0033", "WW-HL7-0030"],
            },
            Stage {
                name: "changed values",
                rules: &["WW-VAL-0023", "WW-LAB-0133", "WW-IMG-0129", "WW-MON-0151"],
            },
        ],
        within: 2 * HOUR,
        advice: "Trust the patient and the bedside screen, not the central one; find the MAC's switch port.",
    },
    Chain {
        id: "INC-4",
        title: "Update poisoning",
        stages: &[
            Stage {
                name: "came in from outside",
                rules: &["WW-EXF-0050", "WW-LAT-0099", "WW-CRED-0056"],
            },
            Stage {
                name: "loaded software or library",
                rules: &["WW-UPD-0061", "WW-UPD-0062"],
            },
            Stage {
                name: "devices differ",
                rules: &["WW-UPD-0063", "WW-ID-0081"],
            },
        ],
        within: 7 * 24 * HOUR,
        advice: "Use none of these devices on a patient until their versions are checked.",
    },
    Chain {
        id: "INC-5",
        title: "Plunder of the archive",
        stages: &[
            Stage {
                name: "looked for a valid title",
                rules: &["WW-DICOM-0040", "WW-DICOM-0041", "WW-ID-0078"],
            },
            Stage {
                name: "listed the archive",
                rules: &["WW-DICOM-0042", "WW-DICOM-0149"],
            },
            Stage {
                name: "took images",
                rules: &["WW-EXF-0048", "WW-EXF-0049", "WW-EXF-0150"],
            },
        ],
        within: 24 * HOUR,
        advice: "Block the receiver of the images; tell the privacy officer.",
    },
    Chain {
        id: "INC-6",
        title: "Abuse of the interface engine",
        stages: &[
            Stage {
                name: "broke into the engine",
                rules: &["WW-LAT-0105", "WW-VULN-0106"],
            },
            Stage {
                name: "abused its messages",
                rules: &[
                    "WW-HL7-0006",
                    "WW-HL7-0007",
                    "WW-HL7-0008",
                    "WW-HL7-0027",
                    "WW-HL7-0029",
                    "WW-PHI-0055",
                ],
            },
        ],
        within: 7 * 24 * HOUR,
        advice: "Isolate the engine and take orders by phone.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_a_chain_has_a_number_of_the_catalogue() {
        let listed = include_str!("../../missing.toml");
        let shipped = crate::language::ruleset::RuleSet::shipped().expect("the catalogue");
        for id in CHAINS.iter().flat_map(|c| c.stages).flat_map(|s| s.rules) {
            let beside = || crate::baseline::rules().any(|r| r.id.starts_with(id));
            let known =
                shipped.rules().any(|r| r.id.starts_with(id)) || beside() || listed.contains(id);
            assert!(known, "{id}");
        }
    }

    #[test]
    fn family_stands_for_its_rules_and_no_other() {
        let stage = &CHAINS[1].stages[0];
        assert!(stage.holds("WW-SCAN-0046"));
        assert!(stage.holds("WW-SDC-0044"));
        assert!(!stage.holds("WW-SDC-0004"));
    }
}
