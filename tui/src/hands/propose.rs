//! Keys while a proposal is shown.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
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
            .and_then(|e| Subject::of_finding(&e.finding)),
        Screen::Devices => model
            .devices
            .chosen()
            .and_then(|d| Subject::of_device(&d.row)),
        _ => None,
    };
    match subject {
        Some(subject) => {
            let mut proposal = Proposal::new(subject);
            match proposal.check(today(model)) {
                Ok(()) => model.proposal = Some(proposal),
                Err(why) => model.complain(why),
            }
        }
        None => model.complain(NOTHING_TOLD),
    }
}

/// The day by wall time: what is proposed holds from now on, whenever the capture was made.
pub fn today(model: &Model) -> Date {
    Timestamp::from_second(model.now.div_euclid(1_000_000_000))
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_zoned_datetime(TimeZone::UTC)
        .date()
}

pub fn key(model: &mut Model, key: &KeyEvent) {
    let Some(proposal) = &mut model.proposal else {
        return;
    };
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Esc | KeyCode::Char('q') => model.proposal = None,
        KeyCode::Char('c') if control => model.proposal = None,
        KeyCode::Tab | KeyCode::BackTab => proposal.kind = proposal.kind.next(),
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
    let today = today(model);
    let Some(proposal) = model.proposal.take() else {
        return;
    };
    let who = model.who.clone().unwrap_or_else(|| model.login.clone());
    effects.push(Effect::Send(Request::Propose(Draft {
        kind: proposal.kind,
        text: proposal.text(&who, reason, today),
        who,
        reason: reason.to_owned(),
        at: model.now,
    })));
    model.say("checking...");
}
