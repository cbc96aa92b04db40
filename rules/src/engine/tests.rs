//! Situations on the ward and on the wire, each judged by a rule of its own.

use std::net::IpAddr;

use dissectors::action::{Action, Device, Outcome, Quantity, Verb};
use dissectors::contract::{Side, Transport};
use dissectors::message::{
    Batch, Conversation, Draft, Endpoint, FrameRef, Interest, Messages, Scope,
};
use dissectors::{Limits, ProtocolId};

use super::{Judge, Settings};
use crate::finding::{Event, Finding, Severity};
use crate::language::ruleset::{RuleSet, Source};
use crate::policy::Policy;
use crate::privacy::{Pseudonyms, Show};

mod answers;
mod behaviour;
mod crowd;
mod dates;
mod findings;
mod many;
mod memory;
mod memory_kept;
mod policy;
mod quiet;
mod restart;
mod shaped;
mod truth;
mod waiting;
mod windows;

const SECOND: i64 = 1_000_000_000;

/// Rules under test, and what they said.
struct Bench {
    judge: Judge,
    seq: u64,
    told: Vec<(String, Finding)>,
    /// The message that was judged last.
    last_sent: Option<Batch>,
    /// The network card behind an address.
    card: fn(IpAddr) -> u8,
}

fn rule_text(id: &str, when: &str, more: &str) -> String {
    format!(
        "[[rule]]\nid = \"{id}\"\ntitle = \"t\"\nseverity = \"high\"\nwhen = '''{when}'''\n{more}\n"
    )
}

impl Bench {
    fn new(when: &str) -> Self {
        Self::with(&rule_text("T-X-0001", when, ""), None, Settings::default())
    }

    fn with(rules: &str, policy: Option<&str>, settings: Settings) -> Self {
        let source = Source {
            name: "test.toml".into(),
            text: rules.into(),
        };
        let rules = RuleSet::load(&[source]).unwrap_or_else(|e| panic!("{e}"));
        let policy =
            policy.map(|p| Policy::load("policy.toml", p).unwrap_or_else(|e| panic!("{e}")));
        Bench {
            judge: Judge::new(rules, policy, settings),
            seq: 0,
            told: Vec::new(),
            last_sent: None,
            card: |_| 1,
        }
    }

    fn limited(when: &str, limit: &str, value: u64) -> Self {
        let mut settings = Settings::default();
        assert!(settings.limits.set(limit, value));
        Self::with(&rule_text("T-X-0001", when, ""), None, settings)
    }

    /// A message of `protocol` from one host to another, at a second.
    fn send(
        &mut self,
        protocol: &str,
        kind: &str,
        from: &str,
        to: &str,
        at: f64,
        write: impl FnOnce(&mut Draft<'_>),
    ) {
        self.send_on(1, false, protocol, kind, from, to, at, write);
    }

    #[allow(clippy::too_many_arguments)]
    fn send_on(
        &mut self,
        flow: u64,
        mid_stream: bool,
        protocol: &str,
        kind: &str,
        from: &str,
        to: &str,
        at: f64,
        write: impl FnOnce(&mut Draft<'_>),
    ) {
        let id = ProtocolId::of(protocol).unwrap();
        let (from, to): (IpAddr, IpAddr) = (from.parse().unwrap(), to.parse().unwrap());
        // The lower address opened every conversation.
        let side = if from < to {
            Side::Client
        } else {
            Side::Server
        };
        let (limits, interest) = (Limits::default(), Interest::everything());
        let mut batch = Batch::default();
        {
            let mut pen = Messages::new(&mut batch, &limits, &interest, id, side, 0);
            let mut draft = match id.protocol().kind(kind) {
                Some(kind) => pen.message(kind, 0..100),
                None => pen.message_named(kind.as_bytes(), 0..100),
            };
            write(&mut draft);
        }
        self.seq += 1;
        let time = 1_767_607_200 * SECOND + (at * 1e9) as i64;
        let frame = FrameRef {
            seq: self.seq,
            number: self.seq,
            file: 0,
            time,
        };
        let end = |ip: IpAddr| Endpoint {
            ip,
            port: 1000,
            mac: Some([2, 0, 0, 0, 0, (self.card)(ip)]),
        };
        let ends = if from < to {
            [end(from), end(to)]
        } else {
            [end(to), end(from)]
        };
        let conversation = batch.add_conversation(Conversation {
            flow_id: flow,
            transport: Transport::Tcp,
            ends,
            started: frame,
            mid_stream,
            seen: [true; 2],
            missing: [0; 2],
            overlap_differs: false,
        });
        batch.place(0, conversation, 0, [frame]);
        let told = &mut self.told;
        self.judge
            .message(batch.message(0), &mut |e| told.push(note(e)));
        self.last_sent = Some(batch);
    }

    fn hl7(
        &mut self,
        kind: &str,
        from: &str,
        to: &str,
        at: f64,
        write: impl FnOnce(&mut Draft<'_>),
    ) {
        self.send("hl7v2", kind, from, to, at, write);
    }

    fn advance(&mut self, at: f64) {
        let told = &mut self.told;
        self.judge
            .advance(1_767_607_200 * SECOND + (at * 1e9) as i64, &mut |e| {
                told.push(note(e))
            });
    }

    fn finish(&mut self) {
        let told = &mut self.told;
        self.judge.finish(&mut |e| told.push(note(e)));
    }

    /// What was said so far, and forgets it.
    fn said(&mut self) -> Vec<String> {
        self.told
            .drain(..)
            .map(|(what, f)| format!("{what} {} {}", f.rule.id, f.severity))
            .collect()
    }

    fn last(&self) -> &Finding {
        &self.told.last().unwrap().1
    }
}

fn note(event: Event<'_>) -> (String, Finding) {
    match event {
        Event::Opened(f) => ("opened".into(), f.clone()),
        Event::Raised(f) => ("raised".into(), f.clone()),
        Event::Closed(f) => ("closed".into(), f.clone()),
        Event::Suppressed(f, cause) => (format!("held back by a {}", cause.kind), f.clone()),
    }
}

fn rate(draft: &mut Draft<'_>, number: f64, unit: &str) {
    let text = number.to_string();
    draft.action(Action {
        device: Device::Pump,
        device_id: b"PUMP-1",
        value: Some(Quantity {
            number,
            sent: text.as_bytes(),
            unit: unit.as_bytes(),
            code: b"",
        }),
        ..Action::of(Verb::SetRate)
    });
}

const A: &str = "10.0.0.1";
const B: &str = "10.0.0.2";
const C: &str = "10.0.0.3";
