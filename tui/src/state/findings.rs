//! Findings as a person works on them: open, acknowledged, muted.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use rules::finding::{Finding, FindingId, Severity};

use crate::feed::{FindingNews, Kept};
use crate::filter::{Around, Filter};
use crate::mark::{Handling, Mark};
use crate::widgets::list::Cursor;
use crate::words;

mod gather;

pub use gather::Row;

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

impl Sort {
    fn compare(self, entries: &[Entry], a: u32, b: u32) -> Ordering {
        let f = |at: u32| &entries[at as usize].finding;
        let (x, y) = (f(a), f(b));
        // The newest first, and one order for what is alike in all.
        let newest = || y.last.seq.cmp(&x.last.seq).then(a.cmp(&b));
        match self {
            Sort::Severity => y.severity.cmp(&x.severity).then_with(newest),
            Sort::Newest => newest(),
            Sort::Count => y.count.cmp(&x.count).then_with(newest),
            Sort::Rule => x.rule.id.cmp(&y.rule.id).then_with(newest),
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

#[derive(Default)]
pub struct Findings {
    entries: Vec<Entry>,
    by_id: HashMap<FindingId, usize>,
    /// Marks of findings that are not known (yet).
    early: HashMap<FindingId, Vec<Mark>>,
    worst: HashMap<IpAddr, Severity>,
    /// Of each entry: its group, and whether the filter lets it pass.
    sifted: Vec<(Tab, bool)>,
    /// Visible entries, sorted.
    order: Vec<u32>,
    /// Which of them fired on the same message.
    messages: gather::Messages,
    rows: Vec<Row>,
    /// Entries that changed since the list was put in order.
    changed: Vec<u32>,
    pub tab: Tab,
    pub sort: Sort,
    /// Gathered by rule.
    pub by_rule: bool,
    opened: HashSet<String>,
    cursor: Cursor<FindingId>,
    counts: [usize; 3],
    /// Everything is to be put in order anew.
    dirty: bool,
    filtered_by: String,
    version: u64,
}

impl Findings {
    /// Takes findings and marks in. True if a new one is high or critical.
    pub fn apply(&mut self, news: Vec<FindingNews>, marks: Vec<Mark>) -> bool {
        let mut alarm = false;
        self.version += 1;
        for FindingNews { finding, about } in news {
            for ip in [finding.actor.ip, finding.target.ip] {
                let worst = self.worst.entry(ip).or_insert(finding.severity);
                *worst = (*worst).max(finding.severity);
            }
            match self.by_id.get(&finding.finding_id) {
                Some(at) => {
                    self.changed.push(*at as u32);
                    let entry = &mut self.entries[*at];
                    entry.headline = words::headline(&finding);
                    entry.finding = finding;
                    entry.about = entry.about.take().or(about);
                }
                None => {
                    alarm |= finding.severity >= Severity::High;
                    let id = finding.finding_id;
                    self.changed.push(self.entries.len() as u32);
                    self.by_id.insert(id, self.entries.len());
                    let entry = Entry {
                        headline: words::headline(&finding),
                        finding,
                        about,
                        marks: self.early.remove(&id).unwrap_or_default(),
                    };
                    self.messages.push(&entry);
                    self.entries.push(entry);
                }
            }
        }
        for mark in marks {
            match self.by_id.get(&mark.finding) {
                Some(at) => {
                    self.changed.push(*at as u32);
                    self.entries[*at].marks.push(mark);
                }
                None => self.early.entry(mark.finding).or_default().push(mark),
            }
        }
        alarm
    }

    /// Filters and sorts: what changed, or everything if the filter, the group or the sort did.
    pub fn arrange(&mut self, filter: &Filter, around: Around<'_>) {
        if self.filtered_by != filter.text {
            self.filtered_by.clone_from(&filter.text);
            self.dirty = true;
        }
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        // Many at once are sorted quicker than put in one by one.
        let anew = std::mem::take(&mut self.dirty) || changed.len() > 64;
        if anew {
            changed.clear();
            changed.extend(0..self.entries.len() as u32);
            self.sifted.clear();
            self.counts = [0; 3];
            self.order.clear();
        } else if changed.is_empty() {
            return;
        }
        self.sifted.resize(self.entries.len(), (Tab::All, false));
        for at in &changed {
            let entry = &self.entries[*at as usize];
            let passes = filter.is_all()
                || filter.passes(
                    entry.about.as_ref().map(Kept::message),
                    Around {
                        outcome: Some(entry.finding.outcome),
                        ..around
                    },
                    || line(entry),
                );
            let before = std::mem::replace(&mut self.sifted[*at as usize], (entry.tab(), passes));
            for ((tab, passes), add) in [(before, false), (self.sifted[*at as usize], true)] {
                if let Some(count) = self.counts.get_mut(tab as usize).filter(|_| passes) {
                    *count = if add {
                        *count + 1
                    } else {
                        count.saturating_sub(1)
                    };
                }
            }
        }
        let Findings {
            entries,
            sifted,
            order,
            tab,
            sort,
            ..
        } = self;
        let shown = |at: &u32| {
            let (own, passes) = sifted[*at as usize];
            passes && (*tab == Tab::All || *tab == own)
        };
        let before = |a: &u32, b: &u32| sort.compare(entries, *a, *b);
        if anew {
            order.extend(changed.iter().filter(|at| shown(at)));
            order.sort_unstable_by(before);
        } else {
            order.retain(|at| changed.binary_search(at).is_err());
            for at in changed.iter().filter(|at| shown(at)) {
                let place = order.partition_point(|other| before(other, at).is_lt());
                order.insert(place, *at);
            }
        }
        self.gather();
    }

    fn gather(&mut self) {
        self.rows = if self.by_rule {
            gather::by_rule(&self.entries, &self.order, &self.opened)
        } else {
            self.messages.gather(&self.entries, &self.order)
        };
        self.settle();
    }

    fn settle(&mut self) {
        let mut cursor = std::mem::take(&mut self.cursor);
        // One that was folded into another's row is looked for there.
        if !self.by_rule
            && let Some(at) = cursor.key().and_then(|id| self.by_id.get(id))
            && let Some(head) = self.messages.head(*at).filter(|head| head != at)
            && !self.rows.contains(&Row::Beneath(*at))
        {
            cursor.key_is(self.entries[head].finding.finding_id);
        }
        cursor.settle(self.len(), |at| self.id_at(at));
        self.cursor = cursor;
    }

    fn id_at(&self, row: usize) -> Option<FindingId> {
        // A gathered row goes by its rule, so that it is not taken for its first finding.
        self.row(row).map(|r| match r {
            Row::One { at, .. } | Row::Beneath(at) => self.entries[at].finding.finding_id,
            Row::Rule { first, .. } => {
                FindingId(!u64::from(self.entries[first].finding.rule.number))
            }
        })
    }

    pub fn change(&mut self) {
        self.dirty = true;
    }

    /// Rows of the list.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn row(&self, row: usize) -> Option<Row> {
        self.rows.get(row).copied()
    }

    /// Visible findings that fired on the same message as this one.
    pub fn others(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        self.messages.others(at, &self.order)
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
        self.row(self.cursor.row())
    }

    /// The chosen finding; of a gathered row the first, of a folded one the gravest.
    pub fn chosen(&self) -> Option<&Entry> {
        self.entries.get(self.chosen_row()?.entry())
    }

    pub fn by(&mut self, down: isize) {
        let mut cursor = std::mem::take(&mut self.cursor);
        cursor.by(down, self.len(), |at| self.id_at(at));
        self.cursor = cursor;
    }

    pub fn to(&mut self, row: usize) {
        let mut cursor = std::mem::take(&mut self.cursor);
        cursor.to(row, self.len(), |at| self.id_at(at));
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

    /// Shows the other rules that fired on the chosen message, or folds them into its row.
    pub fn unfold(&mut self, open: bool) {
        if let (false, Some(row)) = (self.by_rule, self.chosen_row())
            && self.messages.unfold(row.entry(), open)
        {
            self.gather();
        }
    }

    /// Goes up with every finding.
    pub fn version(&self) -> u64 {
        self.version
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
