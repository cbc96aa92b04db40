//! Whether a run found all that its capture holds: EVE records against the truth file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::Value;

use crate::captures::Capture;

/// What was found, and what differs from the truth.
pub struct Found {
    pub messages: u64,
    /// Counts that were compared.
    compared: usize,
    wrong: Vec<String>,
    left_out: Vec<String>,
    closes: bool,
}

impl Found {
    pub fn is_right(&self) -> bool {
        self.closes && self.wrong.is_empty()
    }

    pub fn words(&self, kind: &str) -> Vec<String> {
        let ledger = if self.closes {
            "the ledger closes"
        } else {
            "the ledger does NOT close"
        };
        let mut words = vec![format!(
            "{kind}: {} messages; {} of {} counts of the truth file met; {ledger}",
            self.messages,
            self.compared - self.wrong.len(),
            self.compared
        )];
        words.extend(self.wrong.iter().map(|w| format!("{kind}: WRONG: {w}")));
        if !self.left_out.is_empty() {
            words.push(format!(
                "{kind}: not compared: {}",
                self.left_out.join(", ")
            ));
        }
        words
    }
}

/// Messages by protocol, then by kind; and the verbs of their actions.
#[derive(Default)]
struct Counts {
    kinds: BTreeMap<String, BTreeMap<String, u64>>,
    verbs: BTreeMap<String, BTreeMap<String, u64>>,
    stats: Value,
}

impl Counts {
    fn read(eve: &Path) -> Result<Counts, String> {
        let told = |e: &dyn std::fmt::Display| format!("{}: {e}", eve.display());
        let mut counts = Counts::default();
        for line in
            BufReader::with_capacity(1 << 20, File::open(eve).map_err(|e| told(&e))?).lines()
        {
            let record: Value =
                serde_json::from_str(&line.map_err(|e| told(&e))?).map_err(|e| told(&e))?;
            let protocol = record["event_type"].as_str().unwrap_or_default();
            match protocol {
                "alert" | "finding" => continue,
                "stats" => {
                    counts.stats = record["stats"].clone();
                    continue;
                }
                _ => {}
            }
            let message = &record[protocol];
            let add = |to: &mut BTreeMap<String, BTreeMap<String, u64>>, what: &Value| {
                if let Some(what) = what.as_str() {
                    let by = to.entry(protocol.to_owned()).or_default();
                    *by.entry(what.to_owned()).or_default() += 1;
                }
            };
            add(&mut counts.kinds, &message["kind"]);
            add(&mut counts.verbs, &message["action"]["verb"]);
        }
        Ok(counts)
    }

    fn of(&self, protocol: &str, which: impl Fn(&str) -> bool) -> u64 {
        let kinds = self.kinds.get(protocol).into_iter().flatten();
        kinds.filter(|(kind, _)| which(kind)).map(|(_, n)| n).sum()
    }

    /// What stands in the records for a count of the truth file; none if nothing does.
    fn found(&self, part: &str, name: &str) -> Option<u64> {
        let total = |protocol: &str| self.of(protocol, |_| true);
        Some(match (part, name) {
            ("hl7", "messages") => total("hl7v2"),
            // An acknowledgement is told with the event that it answers.
            ("hl7", "ACK") => self.of("hl7v2", |k| k == "ACK" || k.starts_with("ACK^")),
            ("hl7", kind) if kind.contains('^') => self.of("hl7v2", |k| k == kind),
            ("dicom", kind) if kind.starts_with("C-") => self.of("dicom", |k| k == kind),
            ("dicom", "PDU_P-DATA-TF") => return None,
            ("dicom", "dimse_messages") => self.of("dicom", |k| k.starts_with("C-")),
            // Other counts of the truth are of bytes, of flows and of parts of messages.
            ("dicom", name) => {
                let pdu = name.strip_prefix("PDU_")?;
                self.of("dicom", |k| k == pdu)
            }
            ("dns", "queries") => self.of("dns", |k| k == "query"),
            ("dns", "responses") => self.of("dns", |k| k == "response"),
            ("http", "requests") => self.of("http", |k| k != "response"),
            ("http", "responses") => self.of("http", |k| k == "response"),
            ("tls", "client_hellos") => self.of("tls", |k| k == "ClientHello"),
            ("intellivue", "messages") => total("intellivue"),
            // Parts of kinds that are counted whole already.
            ("intellivue", "associations" | "poll_request_keep_alive") => return None,
            ("intellivue", kind) if kind.starts_with("extended_poll_request_") => return None,
            ("intellivue", kind) => self.of("intellivue", |k| k == kind),
            // A command and its reply are of one kind.
            ("pump", "commands" | "replies") => total("alaris") / 2,
            ("pump", kind) => match kind.strip_prefix("class_") {
                Some(class) => {
                    let verb = match class {
                        "configuration" => "configure",
                        "discovery" => "discover",
                        same => same,
                    };
                    *self.verbs.get("alaris")?.get(verb)?
                }
                None => self.of("alaris", |k| k == kind) / 2,
            },
            ("sdc", "requests") => self.of("sdc", |k| !k.ends_with("Response")),
            ("sdc", "responses") => self.of("sdc", |k| k.ends_with("Response")),
            ("sdc", "chunked_responses") => return None,
            ("sdc", kind) => self.of("sdc", |k| k == kind),
            // A datagram holds one message, or is one that is malformed.
            ("udp_small", "intellivue_datagrams") => total("intellivue"),
            _ => return None,
        })
    }
}

/// Holds the records of a run against the capture's truth.
pub fn compare(capture: &Capture, eve: &Path) -> Result<Found, String> {
    let counts = Counts::read(eve)?;
    let told = |e: &dyn std::fmt::Display| format!("{}: {e}", capture.truth.display());
    let text = std::fs::read_to_string(&capture.truth).map_err(|e| told(&e))?;
    let truth: Value = serde_json::from_str(&text).map_err(|e| told(&e))?;
    let mut found = Found {
        messages: counts.stats["messages"].as_u64().unwrap_or(0),
        compared: 0,
        wrong: Vec::new(),
        left_out: Vec::new(),
        closes: counts.stats["ledger"]["closes"] == true,
    };
    for (part, names) in truth["messages"].as_object().into_iter().flatten() {
        for (name, wanted) in names.as_object().into_iter().flatten() {
            let wanted = wanted.as_u64().unwrap_or(u64::MAX);
            match counts.found(part, name) {
                None => found.left_out.push(format!("{part} {name}")),
                Some(n) => {
                    found.compared += 1;
                    if n != wanted {
                        found
                            .wrong
                            .push(format!("{part} {name}: {n}, not {wanted}"));
                    }
                }
            }
        }
    }
    Ok(found)
}
