//! What windows remember, as a text for the next run.

use std::collections::VecDeque;

use super::events::{Counted, State};
use super::{Keyed, Windows};
use crate::engine::packed::{Packer, Unpacker};
use crate::language::compiled::{Condition, Fact, Operand, Window, WindowKind};
use crate::limits::{self, Limits};

impl Windows {
    /// What each window remembers, newest first, as long as there is room for it; `None` for one
    /// whose memory ends with the run. `room`: digits left, `over`: keys for which there was none.
    pub fn keep(
        &self,
        condition: &Condition,
        room: &mut usize,
        over: &mut u64,
    ) -> Vec<Option<String>> {
        let kept = condition.windows.iter().zip(&self.tables);
        kept.map(|(window, table)| outlives(window).then(|| table.keep(room, over)))
            .collect()
    }

    /// Takes what an earlier run kept. `None`: it cannot be read, and nothing of it was taken.
    pub fn restore(
        &mut self,
        condition: &Condition,
        kept: &[Option<&str>],
        limits: &Limits,
    ) -> Option<()> {
        if kept.len() != self.tables.len() {
            return None;
        }
        let mut tables = Vec::new();
        for (window, text) in condition.windows.iter().zip(kept) {
            tables.push(text.map(|text| read(text, window, limits)));
        }
        if tables.iter().any(|t| matches!(t, Some(None))) {
            return None;
        }
        for (table, kept) in self.tables.iter_mut().zip(tables) {
            if let Some(Some(states)) = kept {
                table.take(states);
            }
        }
        Some(())
    }

    /// Messages that wait to be followed.
    pub fn waiting(&self) -> usize {
        self.tables.iter().map(|t| t.absences.len()).sum()
    }
}

/// False for what is told apart by conversations, which end with the run, and for what waits.
fn outlives(window: &Window) -> bool {
    let conversation = |o: &Operand| matches!(o, Operand::Fact(_, Fact::Conversation));
    window.kind != WindowKind::Absence
        && !window.by.iter().any(conversation)
        && !window.of.iter().any(conversation)
}

/// Keys with what is remembered of each, longest ago first, and whether they are in the order of
/// touching (what is seen for the first time is not: it is never forgotten).
struct Remembered {
    states: Vec<(u64, State)>,
    ordered: bool,
}

impl Keyed {
    fn keep(&self, room: &mut usize, over: &mut u64) -> String {
        let mut newest: Vec<(i64, u64)> = self.keys.iter().map(|(k, s)| (s.touched, *k)).collect();
        newest.sort_unstable_by(|a, b| b.cmp(a));
        let mut pen = Packer::default();
        for (at, (_, key)) in newest.iter().enumerate() {
            let Some(state) = self.keys.get(key) else {
                continue;
            };
            let mut own = Packer::default();
            own.number(*key);
            state.keep(&mut own);
            if pen.len() + own.len() > *room {
                *over += (newest.len() - at) as u64;
                break;
            }
            pen.append(own);
        }
        *room -= pen.len();
        pen.into_text()
    }

    fn take(&mut self, kept: Remembered) {
        for (key, mut state) in kept.states {
            if self.keys.contains_key(&key) {
                continue;
            }
            if kept.ordered {
                self.order.push_back((state.touched, key));
                state.counted = state.events.len();
                self.events += state.counted;
            }
            self.keys.insert(key, state);
        }
    }
}

fn read(text: &str, window: &Window, limits: &Limits) -> Option<Remembered> {
    let first_seen = window.kind == WindowKind::FirstSeen;
    let limit = if first_seen {
        limits::FIRST_SEEN_KEYS
    } else {
        limits::WINDOW_KEYS
    };
    let (keys, events) = (limits.get(limit), limits.get(limits::WINDOW_EVENTS));
    let mut pen = Unpacker::new(text);
    let (mut states, mut held) = (Vec::new(), 0);
    while !pen.is_empty() {
        let key = pen.number()?;
        let state = State::read(&mut pen)?;
        held += state.events.len();
        // The limits may be lower than those of the run before: the newest are taken.
        if states.len() < keys && held <= events {
            states.push((key, state));
        }
    }
    states.reverse();
    Some(Remembered {
        states,
        ordered: !first_seen,
    })
}

impl State {
    fn keep(&self, pen: &mut Packer) {
        pen.time(self.touched);
        pen.number(self.events.len() as u64);
        for event in self.events.iter() {
            pen.time(event.time);
            pen.number(event.what);
            pen.frame(event.frame);
        }
        let Some(more) = &self.more else {
            return pen.number(0);
        };
        pen.number(1);
        pen.number(more.sum.to_bits());
        pen.number(more.steps.len() as u64);
        for step in &more.steps {
            pen.number(u64::from(step.is_some()));
            if let Some((time, frame)) = step {
                pen.time(*time);
                pen.frame(*frame);
            }
        }
        pen.number(more.recent.len() as u64);
        for content in &more.recent {
            pen.number(*content);
        }
        pen.number(u64::from(more.let_go.is_some()));
        if let Some(time) = more.let_go {
            pen.time(time);
        }
    }

    fn read(pen: &mut Unpacker<'_>) -> Option<State> {
        let mut state = State::new(pen.time()?);
        for _ in 0..pen.count()? {
            state.events.push_back(Counted {
                time: pen.time()?,
                what: pen.number()?,
                frame: pen.frame()?,
            });
        }
        if pen.number()? == 0 {
            return Some(state);
        }
        let more = state.more();
        more.sum = f64::from_bits(pen.number()?);
        for _ in 0..pen.count()? {
            let reached = pen.number()? == 1;
            more.steps.push(if reached {
                Some((pen.time()?, pen.frame()?))
            } else {
                None
            });
        }
        more.recent = (0..pen.count()?)
            .map(|_| pen.number())
            .collect::<Option<VecDeque<u64>>>()?;
        if pen.number()? == 1 {
            more.let_go = Some(pen.time()?);
        }
        Some(state)
    }
}
