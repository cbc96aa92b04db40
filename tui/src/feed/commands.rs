//! Control actions in time: who told whom what, and what came of it.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use dissectors::action::{Effect, Outcome, Verb};
use dissectors::message::{FrameRef, Join, Message, Scope};
use dissectors::registry::ProtocolId;
use rules::clean;
use rules::language::eval::Sides;

use crate::limits::{COMMANDS, COMMANDS_WAITING};

/// The place of a command in the order of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId(pub u64);

/// One action that somebody asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandRow {
    pub id: CommandId,
    pub frame: FrameRef,
    pub flow_id: u64,
    pub actor: IpAddr,
    pub target: IpAddr,
    /// The device's own name on the wire.
    pub subject: String,
    pub protocol: ProtocolId,
    pub kind: String,
    pub verb: Verb,
    pub effect: Effect,
    /// The value with its unit, as sent.
    pub value: String,
    /// Channel, drug, order and the like, in words.
    pub more: String,
    pub outcome: Outcome,
    /// From the request to its answer, nanoseconds.
    pub answered: Option<i64>,
}

/// A new command, or what became of one.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandNews {
    New(Box<CommandRow>),
    Settled {
        id: CommandId,
        outcome: Outcome,
        after: i64,
    },
}

/// Does the message ask for something that changes a device, a record or the service?
pub fn is_command(m: Message<'_>) -> bool {
    m.answers().is_none()
        && m.action()
            .is_some_and(|a| controls(a.verb, a.verb.effect(a.device)))
}

/// Control, rather than the ward's daily handing on of data: reads and results that are stored.
pub fn controls(verb: Verb, effect: Effect) -> bool {
    !matches!(effect, Effect::None | Effect::Disclosure) && verb != Verb::Store
}

/// What is stored or handed out tells of its subject; it does not command it.
pub fn acts_on_subject(effect: Effect) -> bool {
    !matches!(effect, Effect::Record | Effect::Disclosure | Effect::None)
}

type Waiting = (ProtocolId, Scope, u64, [IpAddr; 2], Box<[u8]>);

#[derive(Default)]
pub struct Commands {
    next: u64,
    waiting: HashMap<Waiting, (CommandId, i64)>,
    age: VecDeque<Waiting>,
    news: Vec<CommandNews>,
}

impl Commands {
    pub fn message(&mut self, m: Message<'_>) {
        if let Some(join) = m.answers() {
            let key = key(m, &join);
            if let Some((id, asked)) = self.waiting.get(&key).copied() {
                if join.last || join.outcome.settled() {
                    self.waiting.remove(&key);
                }
                self.news.push(CommandNews::Settled {
                    id,
                    outcome: join.outcome,
                    after: m.frame().time - asked,
                });
            }
            return;
        }
        let Some(action) = m.action() else { return };
        let effect = action.verb.effect(action.device);
        if effect == Effect::None {
            return;
        }
        let id = CommandId(self.next);
        self.next += 1;
        let sides = Sides::of(m);
        let mut more = Vec::new();
        for (name, part) in [
            ("channel", action.channel),
            ("drug", action.drug),
            ("to", action.destination),
            ("handle", action.handle),
        ] {
            if !part.is_empty() {
                more.push(format!("{name} {}", clean::text(part)));
            }
        }
        let value = action.value.map_or_else(String::new, |q| {
            format!("{} {}", clean::text(&q.shown()), clean::text(q.unit))
                .trim()
                .to_owned()
        });
        // Nobody takes them: the oldest would be forgotten anyway.
        if self.news.len() > 4 * COMMANDS {
            self.news.drain(..2 * COMMANDS);
        }
        self.news.push(CommandNews::New(Box::new(CommandRow {
            id,
            frame: m.frame(),
            flow_id: m.conversation().flow_id,
            actor: sides.actor.ip,
            target: sides.target.ip,
            subject: if acts_on_subject(effect) {
                clean::text(action.device_id)
            } else {
                String::new()
            },
            protocol: m.protocol(),
            kind: clean::text(m.kind()),
            verb: action.verb,
            effect,
            value,
            more: more.join(", "),
            outcome: action.outcome,
            answered: None,
        })));
        if let Some(join) = m.asks() {
            if self.age.len() >= COMMANDS_WAITING
                && let Some(oldest) = self.age.pop_front()
            {
                self.waiting.remove(&oldest);
            }
            let key = key(m, &join);
            self.age.push_back(key.clone());
            self.waiting.insert(key, (id, m.frame().time));
        }
    }

    pub fn changes(&mut self, news: &mut Vec<CommandNews>) {
        news.append(&mut self.news);
    }
}

fn key(m: Message<'_>, join: &Join<'_>) -> Waiting {
    let c = m.conversation();
    let none = [IpAddr::from([0, 0, 0, 0]); 2];
    let (flow, hosts) = match join.scope {
        Scope::Conversation => (c.flow_id, none),
        Scope::Hosts => {
            let mut hosts = [c.ends[0].ip, c.ends[1].ip];
            hosts.sort();
            (0, hosts)
        }
        Scope::Everywhere => (0, none),
    };
    (m.protocol(), join.scope, flow, hosts, join.key.into())
}
