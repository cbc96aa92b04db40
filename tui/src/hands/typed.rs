//! Keys while a line is typed: filter, name, note, what to copy.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Effect, chosen_talk, set_filter};
use crate::limits::NOTE;
use crate::mark::Mark;
use crate::request::Request;
use crate::state::{Asking, Model, Prompt, Screen};

/// A key while a line is typed.
pub fn key(model: &mut Model, key: &KeyEvent, effects: &mut Vec<Effect>) {
    let Some(prompt) = &mut model.prompt else {
        return;
    };
    if prompt.asking == Asking::Copy {
        copy(model, key, effects);
        return;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Esc => model.prompt = None,
        KeyCode::Char('c') if control => model.prompt = None,
        KeyCode::Char('u') if control => prompt.clear(),
        KeyCode::Char('w') if control => prompt.erase_word(),
        KeyCode::Char(c) if !control => prompt.push(c),
        KeyCode::Backspace => prompt.erase(),
        KeyCode::Tab | KeyCode::Down => prompt.tab(false),
        KeyCode::BackTab | KeyCode::Up => prompt.tab(true),
        KeyCode::Enter => entered(model, effects),
        _ => {}
    }
}

fn entered(model: &mut Model, effects: &mut Vec<Effect>) {
    let Some(prompt) = model.prompt.take() else {
        return;
    };
    let text: String = prompt.text.trim().chars().take(NOTE).collect();
    match prompt.asking {
        // A filter with a mistake stays, with the mistake told.
        Asking::Filter if prompt.trouble.is_some() => model.prompt = Some(prompt),
        Asking::Filter => set_filter(model, &prompt.text),
        Asking::Name(..) if text.is_empty() => model.prompt = Some(prompt),
        Asking::Name(handling, many) => {
            model.who = Some(text);
            model.prompt = Some(Prompt::new(Asking::Note(handling, many), ""));
        }
        Asking::Note(handling, many) => {
            let who = model.who.clone().unwrap_or_else(|| model.login.clone());
            for id in &many {
                let Some(entry) = model.finding(*id) else {
                    continue;
                };
                effects.push(Effect::Send(Request::Mark(Mark {
                    finding: *id,
                    what: handling,
                    who: who.clone(),
                    at: model.now,
                    note: text.clone(),
                    severity: entry.finding.severity,
                })));
            }
            let kept = if model.source.marks_kept {
                ""
            } else {
                " (for this run only: --marks FILE keeps it)"
            };
            model.say(format!("{} by {who}{kept}", handling.word()));
        }
        Asking::ProposerName | Asking::Reason if text.is_empty() => model.prompt = Some(prompt),
        Asking::ProposerName => {
            model.who = Some(text);
            model.prompt = Some(Prompt::new(Asking::Reason, ""));
        }
        Asking::Reason => super::propose::send(model, &text, effects),
        Asking::Copy => {}
    }
}

fn copy(model: &mut Model, key: &KeyEvent, effects: &mut Vec<Effect>) {
    model.prompt = None;
    let KeyCode::Char(what) = key.code else {
        return;
    };
    let text = match (what, model.screen) {
        ('j', screen) => json(model, screen),
        ('w', Screen::Findings) => model.chosen_finding().map(|e| e.finding.wireshark()),
        ('c', Screen::Findings) => model
            .chosen_finding()
            .map(|e| e.finding.wireshark_conversation()),
        ('i', Screen::Findings) => model
            .chosen_finding()
            .map(|e| e.finding.finding_id.to_string()),
        ('l', Screen::Findings) => model.chosen_finding().map(|e| e.headline.clone()),
        ('w', Screen::Commands) => model
            .commands
            .chosen()
            .map(|c| format!("frame.number == {}", c.frame.number)),
        ('w', Screen::Message) => model.messages.chosen().map(|m| {
            let numbers: Vec<String> = m.frames().iter().map(|f| f.number.to_string()).collect();
            format!("frame.number in {{{}}}", numbers.join(", "))
        }),
        ('w', Screen::Devices) => model.devices.chosen().map(|d| {
            let ip = d.row.key.ip;
            let field = if ip.is_ipv4() { "ip" } else { "ipv6" };
            format!("{field}.addr == {ip}")
        }),
        ('c' | 'w', _) => chosen_talk(model)
            .and_then(|flow| model.talks.get(flow))
            .map(|t| t.wireshark()),
        ('i', _) => chosen_talk(model).map(|flow| flow.to_string()),
        _ => None,
    };
    match text {
        Some(text) => {
            model.say(match text.starts_with('{') {
                true => format!("copied: {} characters of JSON", text.chars().count()),
                false => format!("copied: {text}"),
            });
            effects.push(Effect::Copy(text));
        }
        None => {
            model.say("nothing to copy: w Wireshark filter, c conversation, j JSON, i id, l line")
        }
    }
}

/// What is chosen as JSON; without patient data, whatever the screen shows.
fn json(model: &Model, screen: Screen) -> Option<String> {
    use crate::copy::json;
    let when = &model.when;
    match screen {
        Screen::Findings => model
            .chosen_finding()
            .map(|e| json::finding(&e.finding, &when.full(e.finding.first.time))),
        Screen::Devices => model.devices.chosen().map(|d| json::device(&d.row)),
        Screen::Commands => model
            .commands
            .chosen()
            .map(|c| json::command(c, &when.full(c.frame.time))),
        Screen::Conversations => model.talks.chosen().map(json::talk),
        Screen::Message => model
            .messages
            .chosen()
            .map(|m| json::message(m, &when.full(m.frame().time))),
        Screen::Protocols | Screen::Sensor => None,
    }
}
