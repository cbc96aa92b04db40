//! `wardwatch interfaces`: what can be captured on, and why something cannot.

use super::{Ending, complain};
use crate::capture::live::{Candidate, candidates};

pub fn run(json: bool) -> Ending {
    let list = match candidates() {
        Ok(list) => list,
        Err(why) => {
            complain(format!("cannot list the interfaces: {why}"));
            return Ending::Failed;
        }
    };
    for candidate in &list {
        if json {
            println!("{}", record(candidate));
        } else {
            println!("{}", line(candidate));
        }
    }
    if list.iter().all(|c| c.refusal.is_some()) {
        complain("no interface can be captured on");
        return Ending::Failed;
    }
    Ending::Done
}

fn line(c: &Candidate) -> String {
    let state = match &c.refusal {
        None => "ok".to_owned(),
        Some(why) => format!("no: {why}"),
    };
    let mut about: Vec<String> = c.addresses.clone();
    if c.loopback {
        about.push("loopback".into());
    }
    if !c.description.is_empty() {
        about.push(c.description.clone());
    }
    format!("{:<16} {state:<4} {}", c.name, about.join(", "))
        .trim_end()
        .to_owned()
}

fn record(c: &Candidate) -> serde_json::Value {
    serde_json::json!({
        "name": c.name, "usable": c.refusal.is_none(), "why_not": c.refusal, "up": c.up, "loopback": c.loopback,
        "addresses": c.addresses, "link_type": c.link.map(|l| l.0), "description": c.description,
    })
}
