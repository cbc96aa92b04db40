//! Findings as a person works on them: open, acknowledged, muted.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use rules::finding::{Finding, FindingId, Severity};

use crate::feed::{FindingNews, Kept};
use crate::filter::{Around, Filter};
use crate::mark::{Handling, Mark};
use crate::widgets::list::Cursor;
use crate::words;

/// A group of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Open,
    Acknowledged,
    Muted,
    All,
}

impl Tab {
    pub const ALL: [Tab; 4] = [Tab::Open, Tab::Acknowledged, Tab::Muted, Tab::All];

    pub const fn word(self) -> &'static str {
        match self {
            Tab::Open => "open",
            Tab::Acknowledged => "acknowledged",
            Tab::Muted => "muted",
            Tab::All => "all",
        }
    }
}

/// How the list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Severity,
    Newest,
    Count,
    Rule,
}

impl Sort {
    pub const fn word(self) -> &'static str {
        match self {
            Sort::Severity => "severity",
            Sort::Newest => "newest",
            Sort::Count => "count",
            Sort::Rule => "rule",
        }
    }

    pub const fn next(self) -> Self {
        match self {
            Sort::Severity => Sort::Newest,
            Sort::Newest => Sort::Count,
            Sort::Count => Sort::Rule,
            Sort::Rule => Sort::Severity,
        }
    }
}

/// One finding with what people did about it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub finding: Arc<Finding>,
    /// For the list: cleaned, one line.
    pub headline: String,
    pub about: Option<Kept>,
    /// What people did, oldest first.
    pub marks: Vec<Mark>,
}

impl Entry {
    /// A finding about which nobody said anything yet.
    pub fn of(finding: Arc<Finding>) -> Self {
        Entry {
            headline: words::headline(&finding),
            finding,
            about: None,
            marks: Vec::new(),
        }
    }

    pub fn tab(&self) -> Tab {
        match self.marks.last() {
            Some(m) if m.holds(self.finding.severity) => match m.what {
                Handling::Acknowledged => Tab::Acknowledged,
                Handling::Muted => Tab::Muted,
                Handling::Reopened => Tab::Open,
            },
            _ => Tab::Open,
        }
    }
}

/// A row of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// Findings of one rule, gathered: how many, and the first of them.
    Rule {
        first: usize,
        count: usize,
    },
    One(usize),
}

#[derive(Default)]
pub struct Findings {
    entries: Vec<Entry>,
    by_id: HashMap<FindingId, usize>,
    /// Marks of findings that are not known (yet).
    early: HashMap<FindingId, Vec<Mark>>,
    worst: HashMap<IpAddr, Severity>,
    rows: Vec<Row>,
    pub tab: Tab,
    pub sort: Sort,
    /// Gathered by rule.
    pub by_rule: bool,
    opened: HashSet<String>,
    cursor: Cursor<FindingId>,
    counts: [usize; 3],
    dirty: bool,
    filtered_by: String,
}

impl Findings {
    /// Takes findings and marks in. True if a new one is high or critical.
    pub fn apply(&mut self, news: Vec<FindingNews>, marks: Vec<Mark>) -> bool {
        self.dirty = true;
        let mut alarm = false;
        for FindingNews { finding, about } in news {
            for ip in [finding.actor.ip, finding.target.ip] {
                let worst = self.worst.entry(ip).or_insert(finding.severity);
                *worst = (*worst).max(finding.severity);
            }
            match self.by_id.get(&finding.finding_id) {
                Some(at) => {
                    let entry = &mut self.entries[*at];
                    entry.headline = words::headline(&finding);
                    entry.finding = finding;
                    entry.about = entry.about.take().or(about);
                }
                None => {
                    alarm |= finding.severity >= Severity::High;
                    let id = finding.finding_id;
                    self.by_id.insert(id, self.entries.len());
                    self.entries.push(Entry {
                        headline: words::headline(&finding),
                        finding,
                        about,
                        marks: self.early.remove(&id).unwrap_or_default(),
                    });
                }
            }
        }
        for mark in marks {
            match self.by_id.get(&mark.finding) {
                Some(at) => self.entries[*at].marks.push(mark),
                None => self.early.entry(mark.finding).or_default().push(mark),
            }
        }
        alarm
    }

    /// Filters and sorts.
    pub fn arrange(&mut self, filter: &Filter, around: Around<'_>) {
        if self.filtered_by != filter.text {
            self.filtered_by.clone_from(&filter.text);
            self.dirty = true;
        }
        if !std::mem::take(&mut self.dirty) {
            return;
        }
        self.counts = [0; 3];
        let mut order: Vec<u32> = Vec::with_capacity(self.entries.len());
        for (at, entry) in self.entries.iter().enumerate() {
            let tab = entry.tab();
            let passes = filter.is_all()
                || filter.passes(
                    entry.about.as_ref().map(Kept::message),
                    Around {
                        outcome: Some(entry.finding.outcome),
                        ..around
                    },
                    || line(entry),
                );
            if passes {
                self.counts[tab as usize] += 1;
                if self.tab == Tab::All || self.tab == tab {
                    order.push(at as u32);
                }
            }
        }
        let entries = &self.entries;
        let f = |at: &u32| &entries[*at as usize].finding;
        let newest = |at: &u32| std::cmp::Reverse(f(at).last.seq);
        match self.sort {
            Sort::Severity => {
                order.sort_by_cached_key(|at| (std::cmp::Reverse(f(at).severity), newest(at), *at))
            }
            Sort::Newest => order.sort_by_cached_key(|at| (newest(at), *at)),
            Sort::Count => {
                order.sort_by_cached_key(|at| (std::cmp::Reverse(f(at).count), newest(at), *at));
            }
            Sort::Rule => order.sort_by(|a, b| {
                (&f(a).rule.id, newest(a), *a).cmp(&(&f(b).rule.id, newest(b), *b))
            }),
        }
        self.rows = if self.by_rule {
            self.gathered(&order)
        } else {
            order.iter().map(|at| Row::One(*at as usize)).collect()
        };
        self.settle();
    }

    fn gathered(&self, order: &[u32]) -> Vec<Row> {
        let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut place: HashMap<&str, usize> = HashMap::new();
        for at in order.iter().map(|at| *at as usize) {
            let rule = self.entries[at].finding.rule.id.as_str();
            match place.get(rule) {
                Some(group) => groups[*group].1.push(at),
                None => {
                    place.insert(rule, groups.len());
                    groups.push((at, vec![at]));
                }
            }
        }
        let mut rows = Vec::new();
        for (first, members) in groups {
            rows.push(Row::Rule {
                first,
                count: members.len(),
            });
            if self.opened.contains(&self.entries[first].finding.rule.id) {
                rows.extend(members.into_iter().map(Row::One));
            }
        }
        rows
    }

    fn settle(&mut self) {
        let mut cursor = std::mem::take(&mut self.cursor);
        cursor.settle(self.rows.len(), |at| self.id_at(at));
        self.cursor = cursor;
    }

    fn id_at(&self, row: usize) -> Option<FindingId> {
        // A gathered row goes by its rule, so that it is not taken for its first finding.
        self.rows.get(row).map(|r| match r {
            Row::One(at) => self.entries[*at].finding.finding_id,
            Row::Rule { first, .. } => {
                FindingId(!u64::from(self.entries[*first].finding.rule.number))
            }
        })
    }

    pub fn change(&mut self) {
        self.dirty = true;
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub fn entry(&self, at: usize) -> &Entry {
        &self.entries[at]
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn get(&self, id: FindingId) -> Option<&Entry> {
        self.by_id.get(&id).map(|at| &self.entries[*at])
    }

    /// Open, acknowledged, muted: how many pass the filter.
    pub fn counts(&self) -> [usize; 3] {
        self.counts
    }

    pub fn chosen_row(&self) -> Option<Row> {
        self.rows.get(self.cursor.row()).copied()
    }

    /// The chosen finding; of a gathered row the first.
    pub fn chosen(&self) -> Option<&Entry> {
        match self.chosen_row()? {
            Row::One(at) | Row::Rule { first: at, .. } => self.entries.get(at),
        }
    }

    pub fn by(&mut self, down: isize) {
        let mut cursor = std::mem::take(&mut self.cursor);
        cursor.by(down, self.rows.len(), |at| self.id_at(at));
        self.cursor = cursor;
    }

    pub fn to(&mut self, row: usize) {
        let mut cursor = std::mem::take(&mut self.cursor);
        cursor.to(row, self.rows.len(), |at| self.id_at(at));
        self.cursor = cursor;
    }

    pub fn choose(&mut self, id: FindingId) {
        if let Some(entry) = self.get(id)
            && self.tab != Tab::All
        {
            self.tab = entry.tab();
        }
        self.by_rule = false;
        self.cursor.choose(id);
        self.dirty = true;
    }

    pub fn cursor(&mut self) -> &mut Cursor<FindingId> {
        &mut self.cursor
    }

    /// Opens or closes the gathered row that is chosen. False if none is.
    pub fn toggle(&mut self) -> bool {
        let Some(Row::Rule { first, .. }) = self.chosen_row() else {
            return false;
        };
        let id = self.entries[first].finding.rule.id.clone();
        if !self.opened.remove(&id) {
            self.opened.insert(id);
        }
        self.dirty = true;
        true
    }

    /// How bad what is known of an address is.
    pub fn worst(&self, ip: IpAddr) -> Option<Severity> {
        self.worst.get(&ip).copied()
    }

    /// The worst finding about an address or a conversation.
    pub fn about(&self, ip: Option<IpAddr>, flow: Option<u64>) -> Option<FindingId> {
        self.entries
            .iter()
            .filter(|e| {
                let f = &e.finding;
                flow.is_some_and(|flow| f.talk.flow_id == flow)
                    || ip.is_some_and(|ip| f.actor.ip == ip || f.target.ip == ip)
            })
            .max_by_key(|e| (e.finding.severity, e.finding.last.seq))
            .map(|e| e.finding.finding_id)
    }
}

/// What a text filter looks in.
fn line(entry: &Entry) -> String {
    let f = &entry.finding;
    format!(
        "{} {} {} {} {} {}",
        f.severity, f.rule.id, f.rule.title, entry.headline, f.actor.ip, f.target.ip
    )
}
