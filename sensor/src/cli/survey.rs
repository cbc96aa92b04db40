//! Looking back over captures: everything is read and judged, and what was learned is kept whole.

use std::io::Write;
use std::path::Path;

use rules::baseline::Baseline;
use rules::engine::Judge;
use rules::finding::{Event, Finding};
use rules::inventory::Logbook;
use rules::inventory::devices::Device;
use rules::limits::Limits;
use rules::policy::Policy;
use rules::{RuleSet, Settings};

use super::args::{Checksums, Input};
use super::replay::troubles;
use super::setup::end_on_signal;
use super::{Ending, complain};
use crate::capture::{Inputs, ReadOptions};
use crate::decode::{DecodeOptions, Decoder};
use crate::output::clock::Clock;
use crate::pipeline::{Stop, listen};

/// What the captures told.
pub struct Survey {
    pub judge: Judge,
    pub book: Logbook,
    /// As they closed.
    pub findings: Vec<Finding>,
    /// Names of the captures.
    pub sources: Vec<String>,
    /// Reading ended early.
    pub broken: bool,
}

/// Findings kept; the summary of `replay` counts the rest.
const FINDINGS: usize = 10_000;

impl Survey {
    /// Reads captures to the end. The logbook is held against `shadow`, the judge against `policy`.
    pub fn of(
        input: &Input,
        rules: RuleSet,
        policy: Option<Policy>,
        shadow: Option<Policy>,
    ) -> Result<Survey, String> {
        Self::learning(input, rules, policy, shadow, None)
    }

    /// The same, and `baseline` learns how devices behave.
    pub fn learning(
        input: &Input,
        rules: RuleSet,
        policy: Option<Policy>,
        shadow: Option<Policy>,
        baseline: Option<Baseline>,
    ) -> Result<Survey, String> {
        let options = ReadOptions {
            filter: input.filter.clone(),
            count: input.count,
            ..Default::default()
        };
        let inputs = Inputs::open(&input.read, &options).map_err(|e| e.to_string())?;
        let sources = (0..inputs.files())
            .map(|at| inputs.name(at).to_owned())
            .collect();
        let mut judge = Judge::new(rules, policy, Settings::default());
        if let Some(baseline) = baseline {
            judge.know_behaviour(baseline);
        }
        let mut book = Logbook::new(shadow, &Limits::default());
        let mut findings = Vec::new();
        let mut note = |event: Event<'_>| {
            if let Event::Closed(finding) = event
                && findings.len() < FINDINGS
            {
                findings.push(finding.clone());
            }
        };
        let mut interest = judge.interest();
        rules::inventory::all_interest(&mut interest);
        let decode = DecodeOptions {
            ignore_checksums: input.checksums == Checksums::None,
            ..Default::default()
        };
        let stop = Stop::default();
        end_on_signal(&stop)?;
        let totals = listen(
            inputs,
            Decoder::new(&decode),
            crate::flow::Settings::default(),
            interest,
            &stop,
            |message| {
                judge.message(message, &mut note);
                book.hear(message, judge.inventory());
            },
        );
        judge.finish(&mut note);
        book.finish();
        for trouble in troubles(&totals) {
            complain(trouble);
        }
        for (limit, hits) in judge.limit_hits().named().chain(book.limit_hits().named()) {
            complain(format!(
                "limit {limit} was hit {hits} times: what is told may lack something"
            ));
        }
        let broken = totals.failed.is_some() || totals.inputs.damages().iter().any(|d| !d.tail);
        Ok(Survey {
            judge,
            book,
            findings,
            sources,
            broken,
        })
    }

    /// Gives the devices the names of the site's list.
    pub fn call_by(&mut self, names: Option<&Path>) -> Result<(), String> {
        if let Some(path) = names {
            self.judge
                .call_by(Some(std::sync::Arc::new(super::names::load(path)?)));
        }
        Ok(())
    }

    pub fn ending(&self) -> Ending {
        if self.broken {
            Ending::Failed
        } else {
            Ending::Done
        }
    }

    /// What happened to and by a device, in the order of time: time and line.
    pub fn day(&self, device: &Device<'_>) -> Vec<(i64, String)> {
        let own = |ip: &std::net::IpAddr| device.assets.iter().any(|a| a.ip == *ip);
        let mut lines: Vec<(i64, String)> = Vec::new();
        for asset in &device.assets {
            for mac in asset.macs.iter().skip(1) {
                let text = rules::inventory::devices::mac_text(mac.what);
                lines.push((
                    mac.first.time,
                    format!("{} used from {text} (frame {})", asset.ip, mac.first.number),
                ));
            }
            for name in &asset.names {
                lines.push((
                    name.first.time,
                    format!(
                        "{} speaks as {} ({}, frame {})",
                        asset.ip,
                        name.what,
                        name.protocol.name(),
                        name.first.number
                    ),
                ));
            }
        }
        for deal in self.book.deals() {
            let other = match (own(&deal.actor), own(&deal.target)) {
                (true, _) => format!("asks {} for {}", deal.target, deal.verb),
                (_, true) => format!("is asked for {} by {}", deal.verb, deal.actor),
                _ => continue,
            };
            let values = match deal.value_text() {
                text if text.is_empty() => text,
                text => format!(", {text}"),
            };
            let times = if deal.count == 1 { "once" } else { "times" };
            let count = match deal.count {
                1 => times.to_owned(),
                n => format!("{n} {times}"),
            };
            lines.push((
                deal.first.time,
                format!(
                    "{other} ({}), {count}: {}{values} (frames {} to {})",
                    deal.protocol.name(),
                    deal.outcome_text(),
                    deal.first.number,
                    deal.last.number
                ),
            ));
        }
        for span in self.book.spans().iter().filter(|s| own(&s.ip)) {
            let seconds = span.to.saturating_sub(span.from) / 1_000_000_000;
            let end = if span.over { "ended" } else { "last seen" };
            lines.push((
                span.from,
                format!(
                    "in use: {} by {}, {end} {seconds} s later",
                    span.what.word(),
                    span.protocol.name()
                ),
            ));
        }
        for silence in self.book.silences().iter().filter(|s| own(&s.ip)) {
            let seconds = silence.to.saturating_sub(silence.from) / 1_000_000_000;
            lines.push((silence.from, format!("silent for {seconds} s")));
        }
        for finding in &self.findings {
            if own(&finding.actor.ip) || own(&finding.target.ip) {
                lines.push((
                    finding.first.time,
                    format!(
                        "finding {} {}: {} (frame {}, {} time{})",
                        finding.severity,
                        finding.rule.id,
                        finding.rule.title,
                        finding.first.number,
                        finding.count,
                        if finding.count == 1 { "" } else { "s" }
                    ),
                ));
            }
        }
        lines.sort_by_key(|a| a.0);
        lines
    }
}

/// A time as people read it, with the zone's offset.
pub fn stamp(utc: bool) -> impl Fn(i64) -> String {
    let clock = std::cell::RefCell::new(Clock::new(utc));
    move |time| {
        let mut clock = clock.borrow_mut();
        format!("{}{}", clock.date_and_time(time), clock.offset(time))
    }
}

/// Writes to standard output. A reader that went away is no failure.
pub fn say(text: &str) -> Result<(), String> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(format!("cannot write to standard output: {e}"))
        }
        _ => Ok(()),
    }
}
