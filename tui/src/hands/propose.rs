//! Keys while a proposal is shown.

use jiff::Timestamp;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Effect;
use crate::proposal::{Draft, NOTHING_TOLD, Proposal, Subject};
use crate::request::Request;
use crate::state::{Asking, Model, Prompt, Screen};

/// Shows what could be proposed about what is chosen.
pub fn open(model: &mut Model) {
    let subject = match model.screen {
        Screen::Findings => model
            .chosen_finding()
            .map(|e| Subject::of_finding(&e.finding)),
        Screen::Devices => model
            .devices
            .chosen()
            .and_then(|d| Subject::of_device(&d.row)),
        _ => None,
    };
    match subject.map(|subject| Proposal::new(subject, now(model))) {
        Some(Ok(proposal)) => model.proposal = Some(proposal),
        Some(Err(why)) => model.complain(why),
        None => model.complain(NOTHING_TOLD),
    }
}

/// Wall time: what is proposed holds from now on, whenever the capture was made.
pub fn now(model: &Model) -> Timestamp {
    Timestamp::from_second(model.now.div_euclid(1_000_000_000)).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub fn key(model: &mut Model, key: &KeyEvent) {
    let now = now(model);
    let Some(proposal) = &mut model.proposal else {
        return;
    };
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Esc | KeyCode::Char('q') => model.proposal = None,
        KeyCode::Char('c') if control => model.proposal = None,
        KeyCode::Tab => proposal.next(false, now),
        KeyCode::BackTab => proposal.next(true, now),
        KeyCode::Char('+' | '=') => proposal.longer(1),
        KeyCode::Char('-') => proposal.longer(-1),
        KeyCode::Enter => {
            model.prompt = Some(if model.who.is_some() {
                Prompt::new(Asking::Reason, "")
            } else {
                Prompt::new(Asking::ProposerName, model.login.clone())
            });
        }
        _ => {}
    }
}

/// Name and reason are there: it goes to the sensor.
pub fn send(model: &mut Model, reason: &str, effects: &mut Vec<Effect>) {
    let now = now(model);
    let Some(proposal) = model.proposal.take() else {
        return;
    };
    let who = model.who.clone().unwrap_or_else(|| model.login.clone());
    match proposal.text(&who, reason, now) {
        Ok(text) => {
            effects.push(Effect::Send(Request::Propose(Draft {
                kind: proposal.kind,
                text,
                who,
                reason: reason.to_owned(),
                at: model.now,
            })));
            model.say("checking...");
        }
        Err(why) => model.complain(why),
    }
}
