//! The timeline of commands.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use dissectors::action::{Outcome, Verb};

use super::Messages;
use crate::feed::{CommandId, CommandNews, CommandRow, controls};
use crate::filter::{Around, Filter};
use crate::limits::COMMANDS;
use crate::widgets::list::Cursor;

/// Seconds that the lanes may span.
pub const ZOOMS: [i64; 9] = [30, 60, 180, 600, 1800, 3600, 14_400, 43_200, 86_400];

pub struct Commands {
    rows: VecDeque<CommandRow>,
    /// Places in `rows`, counted from the first id.
    order: Vec<u64>,
    cursor: Cursor<CommandId>,
    /// Index into [`ZOOMS`].
    pub zoom: usize,
    /// Reads and stores are listed too.
    pub reads: bool,
    /// The lanes are shown as a map.
    pub map: bool,
    dirty: bool,
    seen_by: (String, u64),
    pub forgotten: u64,
    /// Goes up with every change.
    changes: u64,
    lanes: Vec<Lane>,
    /// What the lanes were made for: changes, end, width, how many, zoom.
    lanes_for: Option<(u64, i64, usize, usize, usize)>,
    edges: Vec<Edge>,
    /// The list that the edges were made of.
    edges_for: u64,
    /// Goes up whenever the list is put in order.
    arranged: u64,
}

impl Default for Commands {
    fn default() -> Self {
        Commands {
            rows: VecDeque::new(),
            order: Vec::new(),
            cursor: Cursor::following(),
            zoom: 3,
            reads: false,
            map: false,
            dirty: false,
            seen_by: (String::new(), 0),
            forgotten: 0,
            changes: 0,
            lanes: Vec::new(),
            lanes_for: None,
            edges: Vec::new(),
            edges_for: 0,
            arranged: 0,
        }
    }
}

/// One lane: who commands whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    pub actor: IpAddr,
    pub target: IpAddr,
    pub subject: String,
    /// One mark a column; where several fall together the gravest stands.
    pub marks: Vec<Option<Verb>>,
    /// The command in that column was refused or failed.
    pub refused: Vec<bool>,
    pub count: u64,
}

/// One arrow of the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    pub actor: IpAddr,
    pub target: IpAddr,
    pub subject: String,
    /// Letters of the verbs, and how often.
    pub letters: Vec<(&'static str, u64)>,
    /// Refused or failed.
    pub refused: u64,
    pub last: i64,
}

impl Commands {
    /// Takes news in; gives what became of which request (conversation, frame, outcome).
    pub fn apply(&mut self, news: Vec<CommandNews>) -> Vec<(u64, u64, Outcome)> {
        let mut settled = Vec::new();
        for item in news {
            self.dirty = true;
            self.changes += 1;
            match item {
                CommandNews::New(row) => {
                    self.rows.push_back(*row);
                    if self.rows.len() > COMMANDS {
                        self.rows.pop_front();
                        self.forgotten += 1;
                    }
                }
                CommandNews::Settled { id, outcome, after } => {
                    let first = self.rows.front().map_or(0, |r| r.id.0);
                    let row =
                        id.0.checked_sub(first)
                            .and_then(|at| self.rows.get_mut(at as usize));
                    if let Some(row) = row.filter(|r| r.id == id) {
                        row.outcome = outcome;
                        row.answered = Some(after);
                        settled.push((row.flow_id, row.frame.seq, outcome));
                    }
                }
            }
        }
        settled
    }

    pub fn arrange(&mut self, filter: &Filter, _: Around<'_>, messages: &Messages) {
        let seen_by = (filter.text.clone(), messages.version());
        if !std::mem::take(&mut self.dirty) && (filter.is_all() || seen_by == self.seen_by) {
            return;
        }
        self.seen_by = seen_by;
        self.arranged += 1;
        self.order = self
            .rows
            .iter()
            .filter(|r| {
                (self.reads || controls(r.verb, r.effect))
                    && (filter.is_all() || messages.passing_frame(r.flow_id, r.frame.seq))
            })
            .map(|r| r.id.0)
            .collect();
        let mut cursor = std::mem::take(&mut self.cursor);
        cursor.settle(self.order.len(), |at| {
            self.order.get(at).map(|id| CommandId(*id))
        });
        self.cursor = cursor;
    }

    /// Lanes of the pairs that were active lately, most recent first, over the time up to `end`.
    pub fn lanes(&mut self, end: i64, width: usize, most: usize) -> &[Lane] {
        let made_for = (self.changes, end, width, most, self.zoom);
        if self.lanes_for != Some(made_for) {
            self.lanes = self.make_lanes(end, width, most);
            self.lanes_for = Some(made_for);
        }
        &self.lanes
    }

    fn make_lanes(&self, end: i64, width: usize, most: usize) -> Vec<Lane> {
        let span = ZOOMS[self.zoom] * 1_000_000_000;
        let start = end - span;
        let mut lanes: Vec<Lane> = Vec::new();
        let mut place: HashMap<(IpAddr, IpAddr, &str), usize> = HashMap::new();
        if width == 0 {
            return lanes;
        }
        for row in self.rows.iter().rev() {
            let time = row.frame.time;
            if time > end {
                continue;
            }
            if time <= start {
                // Rows are in the order of time, but for clock steps of the capture.
                break;
            }
            let column = ((time - start) as i128 * width as i128 / span as i128) as usize;
            let column = column.min(width - 1);
            let key = (row.actor, row.target, row.subject.as_str());
            let at = match place.get(&key) {
                Some(at) => *at,
                None if lanes.len() < 200 => {
                    lanes.push(Lane {
                        actor: row.actor,
                        target: row.target,
                        subject: row.subject.clone(),
                        marks: vec![None; width],
                        refused: vec![false; width],
                        count: 0,
                    });
                    place.insert(key, lanes.len() - 1);
                    lanes.len() - 1
                }
                None => continue,
            };
            let lane = &mut lanes[at];
            lane.count += u64::from(controls(row.verb, row.effect));
            let mark = &mut lane.marks[column];
            if mark.is_none_or(|m| grave(row.verb) > grave(m)) {
                *mark = Some(row.verb);
            }
            lane.refused[column] |= matches!(row.outcome, Outcome::Refused | Outcome::Failed);
        }
        // Who commands stands before who only reads.
        lanes.sort_by_key(|l| l.count == 0);
        lanes.truncate(most);
        lanes
    }

    /// Who commands whom, of all listed commands: each commander with those that it commanded, the
    /// busiest first.
    pub fn edges(&mut self) -> &[Edge] {
        if self.edges_for != self.arranged {
            self.edges = self.make_edges();
            self.edges_for = self.arranged;
        }
        &self.edges
    }

    fn make_edges(&self) -> Vec<Edge> {
        let mut edges: Vec<Edge> = Vec::new();
        let mut place: HashMap<(IpAddr, IpAddr, &str), usize> = HashMap::new();
        let mut given: HashMap<IpAddr, u64> = HashMap::new();
        for row in (0..self.order.len()).filter_map(|at| self.row(at)) {
            let key = (row.actor, row.target, row.subject.as_str());
            let at = *place.entry(key).or_insert_with(|| {
                edges.push(Edge {
                    actor: row.actor,
                    target: row.target,
                    subject: row.subject.clone(),
                    letters: Vec::new(),
                    refused: 0,
                    last: 0,
                });
                edges.len() - 1
            });
            let edge = &mut edges[at];
            let letter = letter(row.verb);
            match edge.letters.iter_mut().find(|(l, _)| *l == letter) {
                Some((_, n)) => *n += 1,
                None => edge.letters.push((letter, 1)),
            }
            edge.refused += u64::from(matches!(row.outcome, Outcome::Refused | Outcome::Failed));
            edge.last = edge.last.max(row.frame.time);
            *given.entry(row.actor).or_default() += 1;
        }
        edges.sort_by_cached_key(|e| {
            let own: u64 = e.letters.iter().map(|(_, n)| n).sum();
            (
                std::cmp::Reverse(given.get(&e.actor).copied()),
                e.actor,
                std::cmp::Reverse(own),
                e.target,
                e.subject.clone(),
            )
        });
        edges
    }

    pub fn change(&mut self) {
        self.dirty = true;
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub fn row(&self, row: usize) -> Option<&CommandRow> {
        let id = *self.order.get(row)?;
        let first = self.rows.front()?.id.0;
        self.rows.get(id.checked_sub(first)? as usize)
    }

    pub fn chosen(&self) -> Option<&CommandRow> {
        self.row(self.cursor.row())
    }

    pub fn by(&mut self, down: isize) {
        self.cursor.follow = false;
        self.cursor.by(down, self.order.len(), |at| {
            self.order.get(at).map(|id| CommandId(*id))
        });
    }

    pub fn to(&mut self, row: usize) {
        self.cursor.follow = row >= self.order.len();
        self.cursor.to(row, self.order.len(), |at| {
            self.order.get(at).map(|id| CommandId(*id))
        });
    }

    pub fn cursor(&mut self) -> &mut Cursor<CommandId> {
        &mut self.cursor
    }
}

/// What the letters stand for, in the order of a legend.
pub const LETTERS: [(&str, &str); 11] = [
    ("S", "set"),
    ("^", "start"),
    ("X", "stop"),
    ("A", "alarm"),
    ("F", "service"),
    ("C", "set up"),
    ("O", "order"),
    ("W", "delete"),
    ("?", "unknown"),
    ("r", "read"),
    ("w", "store"),
];

/// The letter of a verb on a lane.
pub fn letter(verb: Verb) -> &'static str {
    match verb {
        Verb::SetRate | Verb::SetDose | Verb::SetVolume | Verb::Bolus | Verb::SetMode => "S",
        Verb::Start => "^",
        Verb::Stop | Verb::Pause => "X",
        Verb::SetAlarmLimit | Verb::SilenceAlarm | Verb::DisableAlarm => "A",
        Verb::SetPatient | Verb::SetTime | Verb::Configure => "C",
        Verb::Restart | Verb::ServiceMode | Verb::LoadLibrary | Verb::LoadFirmware => "F",
        Verb::Order => "O",
        Verb::Delete | Verb::Merge => "W",
        Verb::Store => "w",
        Verb::Retrieve | Verb::Read | Verb::Subscribe => "r",
        Verb::Verify | Verb::Discover | Verb::Print | Verb::Notify => ".",
        Verb::UnknownVerb => "?",
    }
}

fn grave(verb: Verb) -> u8 {
    match letter(verb) {
        "S" | "^" | "X" | "?" => 4,
        "A" | "F" => 3,
        "C" | "O" | "W" => 2,
        _ => 1,
    }
}
