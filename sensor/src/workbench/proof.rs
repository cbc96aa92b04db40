//! The golden beside a capture: where what is said now first differs from it.

use std::path::PathBuf;

use dissectors::message::Message;
use rules::privacy::Pseudonyms;
use serde_json::Value;

use crate::output::clock::Clock;
use crate::output::discretion::Discretion;
use crate::output::eve::Eve;

/// Compares messages with the golden, if there is one.
pub struct Proof {
    golden: Option<(PathBuf, Vec<Value>)>,
    eve: Eve,
    discretion: Discretion,
    said: Vec<Value>,
}

impl Proof {
    /// The golden beside the only capture, `NAME.golden.jsonl`.
    pub fn beside(captures: &[PathBuf]) -> Self {
        let golden = match captures {
            [one] => {
                let path = one.with_extension("golden.jsonl");
                std::fs::read_to_string(&path).ok().map(|text| {
                    let rows = text.lines().filter_map(|l| serde_json::from_str(l).ok());
                    (path, rows.collect())
                })
            }
            _ => None,
        };
        Proof {
            golden,
            eve: Eve::new(Clock::new(true), Vec::new(), false),
            discretion: Discretion::new(Pseudonyms::new(&[7; 32]), false),
            said: Vec::new(),
        }
    }

    pub fn hear(&mut self, m: Message<'_>) {
        if self.golden.is_none() {
            return;
        }
        let mut line = Vec::new();
        self.eve.message(m, &mut self.discretion, &mut line);
        self.said.extend(serde_json::from_slice(&line).ok());
    }

    /// One sentence, and the first difference if there is one.
    pub fn verdict(&self, protocol: &str) -> String {
        let Some((path, rows)) = &self.golden else {
            return "no golden beside the capture\n".into();
        };
        let golden: Vec<&Value> = rows
            .iter()
            .filter(|r| r["event_type"] == protocol)
            .collect();
        let name = path.display();
        let place = |r: &Value| format!("#{} {}", r["pcap_cnt"], text(&r[protocol]["kind"]));
        for (number, (was, is)) in golden.iter().zip(&self.said).enumerate() {
            if *was != is {
                let members = differences(&was[protocol], &is[protocol], "");
                let members = if members.is_empty() {
                    differences(was, is, "")
                } else {
                    members
                };
                return format!(
                    "DIFFERS from {name}, first at message {} ({}):\n{}",
                    number + 1,
                    place(was),
                    members.concat()
                );
            }
        }
        match self.said.len().cmp(&golden.len()) {
            std::cmp::Ordering::Equal => format!("same as {name} ({} messages)\n", golden.len()),
            std::cmp::Ordering::Less => format!(
                "DIFFERS from {name}: {} messages are missing, the first {}\n",
                golden.len() - self.said.len(),
                place(golden[self.said.len()])
            ),
            std::cmp::Ordering::Greater => format!(
                "DIFFERS from {name}: {} messages more, the first {}\n",
                self.said.len() - golden.len(),
                place(&self.said[golden.len()])
            ),
        }
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Members that differ, a line each: `rate: was 120, is 12`.
fn differences(was: &Value, is: &Value, path: &str) -> Vec<String> {
    match (was, is) {
        (Value::Object(a), Value::Object(b)) => {
            let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
            names.sort();
            names.dedup();
            let nothing = Value::Null;
            names
                .into_iter()
                .flat_map(|name| {
                    let below = format!("{path}{}{name}", if path.is_empty() { "" } else { "." });
                    differences(
                        a.get(name).unwrap_or(&nothing),
                        b.get(name).unwrap_or(&nothing),
                        &below,
                    )
                })
                .collect()
        }
        (was, is) if was == is => Vec::new(),
        (Value::Null, is) => vec![format!("    {path}: was not there, is {is}\n")],
        (was, Value::Null) => vec![format!("    {path}: was {was}, is not there\n")],
        (was, is) => vec![format!("    {path}: was {was}, is {is}\n")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_changed_and_a_lost_member_are_named_by_their_paths() {
        let was = json!({"kind": "RAT", "action": {"value": 1}, "old": true});
        let is = json!({"kind": "RAT", "action": {"value": 2}});
        assert_eq!(
            differences(&was, &is, ""),
            [
                "    action.value: was 1, is 2\n",
                "    old: was true, is not there\n"
            ]
        );
    }
}
