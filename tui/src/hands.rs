//! Keys and mouse: what they do to the model, and what they ask of others.

use std::sync::Arc;

use ratatui::crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use rules::finding::FindingId;

use crate::evidence::{Case, StreamPart};
use crate::filter::{Around, Filter};
use crate::keys::{self, Act};
use crate::mark::Handling;
use crate::report;
use crate::request::Request;
use crate::state::{Asking, Model, MsgId, Pane, Prompt, Screen, Stream, Tab};
use crate::when::TimeStyle;

pub mod propose;
mod typed;

/// What the model cannot do by itself.
#[derive(Clone, Debug)]
pub enum Effect {
    Send(Request),
    /// Into the terminal's clipboard.
    Copy(String),
    Export(Box<Case>),
    Fetch(MsgId, StreamPart),
    Mouse(bool),
    Redraw,
    Quit,
}

/// A key was pressed.
pub fn key(model: &mut Model, key: &KeyEvent) -> Vec<Effect> {
    let mut effects = Vec::new();
    if model.prompt.is_some() {
        typed::key(model, key, &mut effects);
    } else if model.proposal.is_some() {
        propose::key(model, key);
    } else if model.help {
        match keys::act(model.screen, key) {
            Some(Act::Down) => model.help_top += 1,
            Some(Act::Up) => model.help_top = model.help_top.saturating_sub(1),
            Some(Act::PageDown) => model.help_top += 15,
            Some(Act::PageUp) => model.help_top = model.help_top.saturating_sub(15),
            _ => model.help = false,
        }
    } else if let Some(act) = keys::act(model.screen, key) {
        done(model, act, &mut effects);
    }
    effects.extend(wanted_bytes(model));
    effects
}

/// The bytes of the chosen message, if they are looked at and not there yet.
pub fn wanted_bytes(model: &mut Model) -> Option<Effect> {
    if model.screen != Screen::Message {
        return None;
    }
    let id = model.messages.chosen_id()?;
    if model.messages.stream.is_for(id) {
        return None;
    }
    let part = StreamPart::of(model.messages.get(id)?);
    model.messages.stream = Stream::Asked(id);
    Some(Effect::Fetch(id, part))
}

/// The mouse did something.
pub fn mouse(model: &mut Model, event: &MouseEvent) -> Vec<Effect> {
    let mut effects = Vec::new();
    match event.kind {
        MouseEventKind::ScrollDown => move_by(model, 3),
        MouseEventKind::ScrollUp => move_by(model, -3),
        MouseEventKind::Down(MouseButton::Left) => {
            let (x, y) = (event.column, event.row);
            if y == model.hit.tabs_row
                && let Some((_, screen)) = model
                    .hit
                    .tabs
                    .iter()
                    .find(|(columns, _)| columns.contains(&x))
            {
                let screen = *screen;
                model.go(screen);
            } else if let Some((area, top, pane)) = model
                .hit
                .lists
                .iter()
                .find(|(area, ..)| area.contains((x, y).into()))
                .copied()
            {
                if let Some(pane) = pane {
                    model.messages.pane = pane;
                }
                to_row(model, top + usize::from(y - area.y));
                // A click on a byte chooses it, in the hex and in the text beside it.
                if pane == Some(Pane::Bytes) {
                    let across = model.hit.across.max(1);
                    let column = usize::from(x.saturating_sub(area.x)).saturating_sub(5);
                    let column = match column / 3 {
                        hex if hex < across => hex,
                        _ => column.saturating_sub(across * 3).min(across - 1),
                    };
                    byte_by(model, column as isize);
                }
            }
        }
        _ => {}
    }
    effects.extend(wanted_bytes(model));
    effects
}

fn done(model: &mut Model, act: Act, effects: &mut Vec<Effect>) {
    let page = model.page.max(2) as isize - 1;
    match act {
        Act::Go(screen) => model.go(screen),
        Act::Left => byte_by(model, -1),
        Act::Right => byte_by(model, 1),
        Act::Unfold => model.findings.unfold(true),
        Act::Fold => model.findings.unfold(false),
        Act::Up => move_by(model, -1),
        Act::Down => move_by(model, 1),
        Act::PageUp => move_by(model, -page),
        Act::PageDown => move_by(model, page),
        Act::Top => to_row(model, 0),
        Act::Bottom => to_row(model, usize::MAX),
        Act::In => go_in(model),
        Act::Back => back(model),
        Act::NextPane => pane(model, 1),
        Act::PreviousPane => pane(model, 2),
        Act::Filter => model.prompt = Some(Prompt::new(Asking::Filter, model.filter.text.clone())),
        // The lists hold hits only: the next hit is the next row.
        Act::NextHit => move_by(model, 1),
        Act::PreviousHit => move_by(model, -1),
        Act::Freeze => freeze(model),
        Act::Sort => sort(model),
        Act::Columns => model.wide_columns = !model.wide_columns,
        Act::Acknowledge => handle(model, Handling::Acknowledged),
        Act::Mute => handle(model, Handling::Muted),
        Act::Reopen => handle(model, Handling::Reopened),
        Act::Propose => propose::open(model),
        Act::Map => model.commands.map = !model.commands.map,
        Act::Export => export(model, effects),
        Act::Copy => model.prompt = Some(Prompt::new(Asking::Copy, "")),
        Act::Reveal => reveal(model, effects),
        Act::Times => {
            model.times = match model.times {
                TimeStyle::Clock => TimeStyle::SinceStart,
                TimeStyle::SinceStart => TimeStyle::SincePrevious,
                TimeStyle::SincePrevious => TimeStyle::Clock,
            };
        }
        Act::Device => jump_device(model),
        Act::Conversation => jump_conversation(model),
        Act::Finding => jump_finding(model),
        Act::ZoomIn => model.commands.zoom = model.commands.zoom.saturating_sub(1),
        Act::ZoomOut => {
            let most = crate::state::ZOOMS.len() - 1;
            model.commands.zoom = (model.commands.zoom + 1).min(most);
        }
        Act::Group => group(model),
        Act::Bell => {
            model.bell = !model.bell;
            model.say(if model.bell {
                "the bell rings for new critical and high findings"
            } else {
                "the bell is silent"
            });
        }
        Act::Mouse => {
            model.mouse = !model.mouse;
            effects.push(Effect::Mouse(model.mouse));
        }
        Act::Redraw => effects.push(Effect::Redraw),
        Act::More => model.detail_top += 1,
        Act::Less => model.detail_top = model.detail_top.saturating_sub(1),
        Act::Help => {
            model.help = true;
            model.help_top = 0;
        }
        Act::Quit => effects.push(Effect::Quit),
    }
}

fn move_by(model: &mut Model, down: isize) {
    model.detail_top = 0;
    match model.screen {
        Screen::Findings => model.findings.by(down),
        Screen::Devices => model.devices.by(down),
        Screen::Commands => model.commands.by(down),
        Screen::Conversations => model.talks.by(down),
        Screen::Protocols => model.protocols.by(down),
        Screen::Sensor => model.sensor_top = model.sensor_top.saturating_add_signed(down),
        Screen::Message => match model.messages.pane {
            Pane::List => model.messages.by(down),
            Pane::Fields => {
                let m = &mut model.messages;
                m.field = m.field.saturating_add_signed(down);
            }
            Pane::Bytes => byte_by(model, down.saturating_mul(model.hit.across.max(1) as isize)),
        },
    }
}

/// Moves the byte that the keys stand on; drawing keeps it within the message.
fn byte_by(model: &mut Model, by: isize) {
    let byte = model.messages.byte.unwrap_or(0);
    model.messages.byte = Some(byte.saturating_add_signed(by));
}

fn to_row(model: &mut Model, row: usize) {
    match model.screen {
        Screen::Findings => model.findings.to(row),
        Screen::Devices => model.devices.to(row),
        Screen::Commands => model.commands.to(row),
        Screen::Conversations => model.talks.to(row),
        Screen::Protocols => model.protocols.to(row),
        Screen::Sensor => model.sensor_top = row.min(1000),
        Screen::Message => match model.messages.pane {
            Pane::List if row == usize::MAX => model.messages.follow(),
            Pane::List => model.messages.to(row),
            Pane::Fields => model.messages.field = row.min(100_000),
            Pane::Bytes => {
                let across = model.hit.across.max(1);
                model.messages.byte = Some(row.min(1_000_000).saturating_mul(across));
            }
        },
    }
}

/// Shows the message of a conversation that a frame completed.
fn show_message(model: &mut Model, flow: u64, seq: u64) {
    let policy = model.policy.clone();
    let around = Around {
        policy: policy.as_deref(),
        outcome: None,
    };
    if !model.messages.choose(flow, seq, &model.filter, around) {
        model.complain("its messages are no longer kept; the capture has them");
    }
    model.messages.pane = Pane::List;
    model.go(Screen::Message);
}

fn go_in(model: &mut Model) {
    match model.screen {
        Screen::Findings => {
            if model.findings.toggle() {
                model.arrange();
                return;
            }
            let Some(f) = model.chosen_finding().map(|e| Arc::clone(&e.finding)) else {
                return;
            };
            show_message(model, f.talk.flow_id, f.first.seq);
        }
        Screen::Devices => {
            let Some(ip) = model.devices.chosen().map(|d| d.row.key.ip) else {
                return;
            };
            set_filter(model, &format!("actor.ip = {ip} or target.ip = {ip}"));
            model.go(Screen::Commands);
        }
        Screen::Commands => {
            if let Some((flow, seq)) = model.commands.chosen().map(|c| (c.flow_id, c.frame.seq)) {
                show_message(model, flow, seq);
            }
        }
        Screen::Conversations => {
            if let Some(flow) = model.talks.chosen().map(|t| t.flow_id) {
                show_message(model, flow, u64::MAX);
                model.messages.to(0);
            }
        }
        Screen::Protocols => {
            if let Some(name) = model.protocols.chosen().map(|p| p.protocol.name()) {
                set_filter(model, &format!("protocol is {name}"));
                model.messages.flow = None;
                model.arrange();
                model.go(Screen::Message);
            }
        }
        Screen::Message | Screen::Sensor => {}
    }
}

fn back(model: &mut Model) {
    if let Some(screen) = model.trail.pop() {
        if model.screen == Screen::Message {
            model.messages.flow = None;
            model.arrange();
        }
        model.screen = screen;
    } else if !model.filter.is_all() {
        set_filter(model, "");
    }
}

fn pane(model: &mut Model, step: usize) {
    if model.screen == Screen::Message {
        const PANES: [Pane; 3] = [Pane::List, Pane::Fields, Pane::Bytes];
        let at = PANES.iter().position(|p| *p == model.messages.pane);
        model.messages.pane = PANES[(at.unwrap_or(0) + step) % 3];
    } else {
        let at = Tab::ALL.iter().position(|t| *t == model.findings.tab);
        let step = if step == 1 { 1 } else { 3 };
        model.findings.tab = Tab::ALL[(at.unwrap_or(0) + step) % 4];
        model.findings.change();
        model.arrange();
    }
}

fn freeze(model: &mut Model) {
    model.frozen = match model.frozen {
        Some(_) => None,
        None => Some(model.seen),
    };
}

fn sort(model: &mut Model) {
    match model.screen {
        Screen::Findings => {
            model.findings.sort = model.findings.sort.next();
            model.findings.change();
        }
        Screen::Devices => {
            model.devices.sort = model.devices.sort.next();
            model.devices.change();
        }
        Screen::Conversations => {
            model.talks.sort = model.talks.sort.next();
            model.talks.change();
        }
        Screen::Protocols => model.protocols.by_messages = !model.protocols.by_messages,
        Screen::Commands | Screen::Message | Screen::Sensor => {}
    }
    model.arrange();
}

fn group(model: &mut Model) {
    if model.screen == Screen::Commands {
        model.commands.reads = !model.commands.reads;
        model.commands.change();
    } else {
        model.findings.by_rule = !model.findings.by_rule;
        model.findings.change();
    }
    model.arrange();
}

/// Sets a filter that is known to be right, or says what is wrong with it.
pub fn set_filter(model: &mut Model, text: &str) {
    match Filter::parse(text) {
        Ok(filter) => {
            model.filter = filter;
            model.arrange();
        }
        Err(trouble) => model.complain(trouble.says),
    }
}

fn handle(model: &mut Model, handling: Handling) {
    use crate::state::FindingRow;
    let many: Vec<FindingId> = match model.findings.chosen_row() {
        None => return,
        // What is folded into the row goes with it.
        Some(FindingRow::One { at, folded: 1.. }) => std::iter::once(at)
            .chain(model.findings.others(at))
            .map(|at| model.findings.entry(at).finding.finding_id)
            .collect(),
        Some(FindingRow::One { at, .. } | FindingRow::Beneath(at)) => {
            vec![model.findings.entry(at).finding.finding_id]
        }
        Some(FindingRow::Rule { first, .. }) => {
            let rule = model.findings.entry(first).finding.rule.id.clone();
            let tab = model.findings.tab;
            model
                .findings
                .entries()
                .iter()
                .filter(|e| e.finding.rule.id == rule && (tab == Tab::All || e.tab() == tab))
                .map(|e| e.finding.finding_id)
                .collect()
        }
    };
    model.prompt = Some(if model.who.is_some() {
        Prompt::new(Asking::Note(handling, many), "")
    } else {
        Prompt::new(Asking::Name(handling, many), model.login.clone())
    });
}

fn export(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(entry) = model.chosen_finding() else {
        return;
    };
    let case = Case {
        finding: Arc::clone(&entry.finding),
        span: model.talks.span(entry.finding.talk.flow_id),
        page: report::page(entry, &model.source, &model.when),
    };
    effects.push(Effect::Export(Box::new(case)));
    model.say("exporting...");
}

fn reveal(model: &mut Model, effects: &mut Vec<Effect>) {
    if model.reveal_until.take().is_some() {
        return;
    }
    model.reveal();
    if model.source.pseudonyms {
        model.say("values stay pseudonyms here; bytes are shown");
    }
    effects.push(Effect::Send(Request::Revealed {
        who: model.who.clone().unwrap_or_else(|| model.login.clone()),
        at: model.now,
    }));
}

/// Conversation, frame and parties of what is chosen.
fn chosen_talk(model: &Model) -> Option<u64> {
    match model.screen {
        Screen::Findings => model.chosen_finding().map(|e| e.finding.talk.flow_id),
        Screen::Commands => model.commands.chosen().map(|c| c.flow_id),
        Screen::Conversations => model.talks.chosen().map(|t| t.flow_id),
        Screen::Message => model.messages.chosen().map(|m| m.conversation().flow_id),
        _ => None,
    }
}

fn jump_device(model: &mut Model) {
    let wanted = match model.screen {
        Screen::Findings => model.chosen_finding().map(|e| {
            let subject = e.finding.action.as_ref().map(|a| a.subject.clone());
            (e.finding.target.ip, subject.unwrap_or_default())
        }),
        Screen::Commands => model
            .commands
            .chosen()
            .map(|c| (c.target, c.subject.clone())),
        Screen::Conversations => model.talks.chosen().map(|t| (t.server().0, String::new())),
        Screen::Message => model
            .messages
            .chosen()
            .map(|m| (m.destination().ip, String::new())),
        // The peer: who commanded it last.
        Screen::Devices => model.devices.chosen().and_then(|d| {
            let last = d.row.commanders.iter().max_by_key(|c| c.last)?;
            Some((last.ip, String::new()))
        }),
        _ => None,
    };
    if let Some((ip, subject)) = wanted {
        model.devices.choose(ip, &subject);
        model.arrange();
        model.go(Screen::Devices);
    }
}

fn jump_conversation(model: &mut Model) {
    if let Some(flow) = chosen_talk(model) {
        model.talks.choose(flow);
        model.arrange();
        model.go(Screen::Conversations);
    }
}

fn jump_finding(model: &mut Model) {
    let ip = match model.screen {
        Screen::Devices => model.devices.chosen().map(|d| d.row.key.ip),
        _ => None,
    };
    match model.findings.about(ip, chosen_talk(model)) {
        Some(id) => {
            model.findings.choose(id);
            model.arrange();
            model.go(Screen::Findings);
        }
        None => model.say("no finding is about this"),
    }
}
