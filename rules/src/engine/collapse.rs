//! Open findings: repeats collapse into one with a count; quiet ones close.

use std::collections::BTreeMap;

use dissectors::action::{Effect, Outcome};
use dissectors::message::FrameRef;
use sha2::{Digest, Sha256};

use super::table::Table;
use crate::finding::{Event, Finding, FindingId, Severity};
use crate::limits::{self, Hits, Limits};

/// One occurrence of a rule.
pub struct Occurrence<'o> {
    /// Hash of rule and key.
    pub key: u64,
    pub outcome: Outcome,
    /// No lower than this, as the rule says of such messages.
    pub floor: Severity,
    pub frames: &'o [FrameRef],
    pub frame: FrameRef,
}

#[derive(Debug)]
struct Open {
    finding: Finding,
    /// Unknown for one of an earlier run, until it repeats.
    key: Option<u64>,
    /// Judge's clock at the last occurrence.
    touched: i64,
}

#[derive(Debug)]
pub struct Findings {
    /// By serial: the order of opening.
    open: BTreeMap<u64, Open>,
    by_key: Table<u64, u64>,
    /// Ids of the open findings.
    ids: Table<u64, ()>,
    /// Serials of findings of an earlier run that did not repeat yet, by what they collapse under.
    waiting: Table<String, Vec<u64>>,
    next: u64,
    /// No finding is due to close before this.
    next_quiet: i64,
    room: usize,
    frames: usize,
    quiet: i64,
}

impl Findings {
    pub fn new(limits: &Limits) -> Self {
        Self::numbered_from(0, limits)
    }

    /// Serials begin at a number of their own.
    pub fn numbered_from(first: u64, limits: &Limits) -> Self {
        Findings {
            open: BTreeMap::new(),
            by_key: Table::default(),
            ids: Table::default(),
            waiting: Table::default(),
            next: first,
            next_quiet: i64::MAX,
            room: limits.get(limits::FINDINGS_OPEN).max(1),
            frames: limits.get(limits::FINDING_FRAMES).max(1),
            quiet: limits.nanoseconds(limits::FINDING_QUIET),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.open.values().map(|o| &o.finding)
    }

    /// Counts an occurrence; `make` makes the finding if this is the first. Gives its serial.
    pub fn occur(
        &mut self,
        occurrence: &Occurrence<'_>,
        now: i64,
        hits: &mut Hits,
        make: impl FnOnce() -> Finding,
        sink: &mut dyn FnMut(Event<'_>),
    ) -> u64 {
        self.next_quiet = self.next_quiet.min(now.saturating_add(self.quiet));
        let mut made = None;
        let make = if self.waiting.is_empty() || self.by_key.contains_key(&occurrence.key) {
            Some(make)
        } else {
            let finding = make();
            self.take_over(&finding.dedup_key, occurrence.key);
            made = Some(finding);
            None
        };
        if let Some(serial) = self.by_key.get(&occurrence.key).copied()
            && let Some(open) = self.open.get_mut(&serial)
        {
            let finding = &mut open.finding;
            open.touched = now;
            finding.count += 1;
            finding.floor = finding.floor.max(occurrence.floor);
            finding.last = occurrence.frame;
            *finding.outcomes.slot(occurrence.outcome) += 1;
            add_frames(finding, occurrence.frames, self.frames);
            settle(finding, sink);
            return serial;
        }
        if self.open.len() >= self.room
            && let Some(serial) = self.open.keys().next().copied()
        {
            hits.count(limits::FINDINGS_OPEN);
            self.close(serial, sink);
        }
        let Some(mut finding) = made.or_else(|| make.map(|make| make())) else {
            return 0; // there is one or the other
        };
        finding.floor = occurrence.floor;
        *finding.outcomes.slot(occurrence.outcome) += 1;
        add_frames(&mut finding, occurrence.frames, self.frames);
        finding.outcome = worst(&finding);
        finding.severity = severity(&finding);
        finding.finding_id = self.unique(finding.finding_id);
        let serial = self.next;
        self.next += 1;
        sink(Event::Opened(&finding));
        self.by_key.insert(occurrence.key, serial);
        self.ids.insert(finding.finding_id.0, ());
        self.open.insert(
            serial,
            Open {
                finding,
                key: Some(occurrence.key),
                touched: now,
            },
        );
        serial
    }

    /// Takes findings that an earlier run left open, oldest first.
    pub fn restore(&mut self, findings: Vec<Finding>, hits: &mut Hits) {
        for finding in findings {
            if self.open.len() >= self.room {
                hits.count(limits::FINDINGS_OPEN);
                return;
            }
            let (serial, touched) = (self.next, finding.last.time);
            self.next += 1;
            self.next_quiet = self.next_quiet.min(touched.saturating_add(self.quiet));
            self.ids.insert(finding.finding_id.0, ());
            let waiting = self.waiting.entry(finding.dedup_key.clone()).or_default();
            waiting.push(serial);
            let open = Open {
                finding,
                key: None,
                touched,
            };
            self.open.insert(serial, open);
        }
    }

    /// A finding of an earlier run repeats: from here on it collapses under this key.
    fn take_over(&mut self, dedup_key: &str, key: u64) {
        let Some(serials) = self.waiting.get_mut(dedup_key) else {
            return;
        };
        let serial = (!serials.is_empty()).then(|| serials.remove(0));
        if serials.is_empty() {
            self.waiting.remove(dedup_key);
        }
        if let Some(serial) = serial
            && let Some(open) = self.open.get_mut(&serial)
        {
            open.key = Some(key);
            self.by_key.insert(key, serial);
        }
    }

    /// An answer came: one occurrence's outcome is now known.
    pub fn learn(
        &mut self,
        serial: u64,
        was: Outcome,
        is: Outcome,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        let Some(open) = self.open.get_mut(&serial) else {
            return;
        };
        let slot = open.finding.outcomes.slot(was);
        *slot = slot.saturating_sub(1);
        *open.finding.outcomes.slot(is) += 1;
        settle(&mut open.finding, sink);
    }

    /// True if a finding may have been quiet for long enough.
    #[inline]
    pub fn is_due(&self, now: i64) -> bool {
        now >= self.next_quiet
    }

    /// Closes what has been quiet for long enough, in the order of opening.
    pub fn advance(&mut self, now: i64, sink: &mut dyn FnMut(Event<'_>)) {
        if !self.is_due(now) {
            return;
        }
        let due: Vec<u64> = self
            .open
            .iter()
            .filter(|(_, o)| o.touched.saturating_add(self.quiet) <= now)
            .map(|(serial, _)| *serial)
            .collect();
        for serial in due {
            self.close(serial, sink);
        }
        let next = self
            .open
            .values()
            .map(|o| o.touched.saturating_add(self.quiet))
            .min();
        self.next_quiet = next.unwrap_or(i64::MAX);
    }

    pub fn finish(&mut self, sink: &mut dyn FnMut(Event<'_>)) {
        while let Some(serial) = self.open.keys().next().copied() {
            self.close(serial, sink);
        }
    }

    fn close(&mut self, serial: u64, sink: &mut dyn FnMut(Event<'_>)) {
        if let Some(mut open) = self.open.remove(&serial) {
            if let Some(key) = open.key {
                self.by_key.remove(&key);
            } else if let Some(serials) = self.waiting.get_mut(&open.finding.dedup_key) {
                serials.retain(|s| *s != serial);
                if serials.is_empty() {
                    self.waiting.remove(&open.finding.dedup_key);
                }
            }
            self.ids.remove(&open.finding.finding_id.0);
            open.finding.open = false;
            sink(Event::Closed(&open.finding));
        }
    }

    /// Two findings of one rule, parties and frame differ in patient data only, which no id may
    /// show: they are told apart by their order.
    fn unique(&self, mut id: FindingId) -> FindingId {
        while self.ids.contains_key(&id.0) {
            id.0 = id.0.wrapping_add(1);
        }
        id
    }
}

/// Outcome and severity anew; a rise is told.
fn settle(finding: &mut Finding, sink: &mut dyn FnMut(Event<'_>)) {
    finding.outcome = worst(finding);
    let severity = severity(finding);
    let rose = severity > finding.severity;
    finding.severity = severity;
    if rose {
        sink(Event::Raised(finding));
    }
}

/// The outcome that weighs most among the occurrences.
fn worst(finding: &Finding) -> Outcome {
    let o = finding.outcomes;
    match () {
        () if o.accepted > 0 => Outcome::Accepted,
        () if o.requested > 0 => Outcome::Requested,
        () if o.unknown > 0 => Outcome::Unknown,
        () if o.failed > 0 => Outcome::Failed,
        () => Outcome::Refused,
    }
}

fn severity(finding: &Finding) -> Severity {
    let severities = &finding.rule.severity;
    let severity = match finding.outcome {
        Outcome::Accepted if severities.stated || changes_something(finding) => severities.accepted,
        Outcome::Refused => severities.refused,
        _ => severities.attempted,
    };
    let severity = severity.max(finding.floor);
    match finding.may_be_misread() {
        true => severity.min(Severity::High),
        false => severity,
    }
}

/// That a query was answered makes it no worse: the rule's severity holds for it as asked.
fn changes_something(finding: &Finding) -> bool {
    finding
        .action
        .as_ref()
        .is_some_and(|a| !matches!(a.effect, Effect::Disclosure | Effect::None))
}

fn add_frames(finding: &mut Finding, frames: &[FrameRef], room: usize) {
    for frame in frames {
        if finding.frames.len() >= room {
            break;
        }
        if !finding.frames.iter().any(|f| f.seq == frame.seq) {
            finding.frames.push(*frame);
        }
    }
}

/// The same in every run: rule, parties, open key, first frame.
pub fn finding_id(rule: &str, key: &str, first: FrameRef) -> FindingId {
    let mut digest = Sha256::new();
    digest.update(rule.as_bytes());
    digest.update([0]);
    digest.update(key.as_bytes());
    digest.update([0]);
    digest.update(first.time.to_be_bytes());
    digest.update(first.number.to_be_bytes());
    digest.update(first.file.to_be_bytes());
    let bytes = digest.finalize();
    let mut id = [0; 8];
    id.copy_from_slice(&bytes[..8]);
    FindingId(u64::from_be_bytes(id))
}
