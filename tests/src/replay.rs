//! Replays inside the test's own process.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use dissectors::ProtocolId;
use dissectors::identify::Signatures;
use dissectors::message::Interest;
use rules::engine::Judge;
use rules::language::ruleset::RuleSet;
use rules::policy::Policy;
use rules::privacy::Pseudonyms;
use sensor::capture::{Inputs, ReadOptions};
use sensor::decode::{DecodeOptions, Decoder};
use sensor::flow::Settings;
use sensor::output::clock::Clock;
use sensor::output::discretion::Discretion;
use sensor::output::eve::Eve;
use sensor::output::{EveOutput, Outputs};
use sensor::pipeline::{Judging, Run, Stop, Totals, listen};
use serde_json::Value;

use crate::capture::shipped;

/// A replay: which captures, judged how.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    pub captures: Vec<PathBuf>,
    pub policy: Option<PathBuf>,
    pub workers: usize,
    pub reveal: bool,
    /// As `-k none`: for frames whose bytes were changed.
    pub ignore_checksums: bool,
}

impl Replay {
    pub fn of(capture: &Path) -> Self {
        Replay {
            captures: vec![capture.to_owned()],
            ..Replay::default()
        }
    }

    pub fn policy(mut self, path: PathBuf) -> Self {
        self.policy = Some(path);
        self
    }

    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// EVE records as text, keyed with a fixed pseudonym key.
    pub fn eve(&self) -> String {
        self.run().0
    }

    /// The records, and where every frame and byte ended.
    pub fn run(&self) -> (String, Totals) {
        let rules = RuleSet::shipped().unwrap_or_else(|report| panic!("{report}"));
        let policy = self.policy.as_ref().map(|path| {
            let text = std::fs::read_to_string(path).expect("a readable policy");
            // Findings name the policy: by its path from the top, wherever the repository lies.
            let name = path
                .strip_prefix(shipped(""))
                .unwrap_or(path)
                .display()
                .to_string();
            Policy::load(&name, &text).unwrap_or_else(|report| panic!("{report}"))
        });
        let judge = Judge::new(rules, policy, rules::engine::Settings::default());
        let inputs =
            Inputs::open(&self.captures, &ReadOptions::default()).expect("readable captures");
        let names = (0..inputs.files())
            .map(|at| inputs.name(at).to_owned())
            .collect();
        let sink = Sink::default();
        let eve = EveOutput {
            eve: Eve::new(Clock::new(true), names, false),
            to: Box::new(sink.clone()),
            name: "the test".into(),
        };
        let discretion = Discretion::new(Pseudonyms::new(&[7; 32]), self.reveal);
        let outputs = Outputs::new(vec![eve], None, discretion);
        let mut interest = judge.interest();
        interest.want_all_fields_of_all();
        let mut judging = Judging::new(judge, outputs);
        let totals = Run {
            inputs,
            decoder: Decoder::new(&DecodeOptions {
                ignore_checksums: self.ignore_checksums,
                ..DecodeOptions::default()
            }),
            flow: Settings::default(),
            interest: Arc::new(interest),
            workers: self.workers,
            stop: Stop::default(),
        }
        .to_end(&mut judging);
        (sink.text(), totals)
    }

    /// EVE records, parsed.
    pub fn records(&self) -> Vec<Value> {
        self.eve()
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect()
    }
}

/// Messages of each protocol in a capture. `alone`: only this signature is asked.
pub fn heard(capture: &Path, alone: Option<ProtocolId>) -> BTreeMap<&'static str, u64> {
    let inputs = Inputs::open(&[capture], &ReadOptions::default()).expect("a readable capture");
    let mut settings = Settings::default();
    if let Some(id) = alone {
        settings.signatures = Arc::new(Signatures::of([(id, id.protocol())]));
    }
    let mut counts = BTreeMap::new();
    listen(
        inputs,
        Decoder::new(&DecodeOptions::default()),
        settings,
        Interest::nothing(),
        &Stop::default(),
        |message| *counts.entry(message.protocol().name()).or_insert(0) += 1,
    );
    for transport in ["tcp", "ip", "health"] {
        counts.remove(transport);
    }
    counts
}

/// What stays the same however the bytes were sent: for each message its protocol, parties and
/// object; for each finding its rule, parties, outcome and count. Frame numbers, times, VLANs and
/// stream positions are left out, and what the sensor says of its own sight.
pub fn essence(records: &[Value]) -> Vec<String> {
    records
        .iter()
        .filter(|r| {
            !["stats", "tcp", "health"]
                .iter()
                .any(|e| r["event_type"] == *e)
        })
        .filter(|r| r["app_proto"] != "health")
        .map(|r| {
            let event = r["event_type"].as_str().unwrap_or_default();
            let body = match event {
                "alert" => {
                    let a = &r["alert"];
                    format!(
                        "{} {} {} {}",
                        a["rule_id"], a["actor"]["ip"], a["target"]["ip"], a["level"]
                    )
                }
                "finding" => {
                    let f = &r["finding"];
                    format!("{} {} {}", f["rule_id"], f["outcomes"], f["count"])
                }
                "incident" => {
                    let i = &r["incident"];
                    format!(
                        "{} {} {} {} {}",
                        i["chain"], i["state"], i["level"], i["stages"], i["findings"]
                    )
                }
                name => without_places(&r[name]).to_string(),
            };
            format!(
                "{event} {}:{} > {}:{} {body}",
                r["src_ip"], r["src_port"], r["dest_ip"], r["dest_port"]
            )
        })
        .collect()
}

/// The object without offsets of anomalies, which count stream bytes from where the capture began.
fn without_places(object: &Value) -> Value {
    match object {
        Value::Object(map) => Value::Object(
            map.iter()
                .filter(|(k, _)| *k != "at")
                .map(|(k, v)| (k.clone(), without_places(v)))
                .collect(),
        ),
        Value::Array(list) => Value::Array(list.iter().map(without_places).collect()),
        other => other.clone(),
    }
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no writer panicked").clone()).expect("EVE is UTF-8")
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("no writer panicked")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
