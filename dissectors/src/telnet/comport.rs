//! COM-port control (RFC 2217): who sets the serial line, and to what.

use std::ops::Range;

use crate::action::{Action, Device, Outcome, Verb};
use crate::contract::Side;
use crate::limits::{Limits, SERIAL_OPEN};
use crate::message::{Messages, Scope};
use crate::schema::KindId;
use crate::serial::Turns;

use super::BAD_VALUE;
use super::fields::*;

pub const OPTION: u8 = 44;

/// What the server adds to a command's number in its answer.
const REPLIES: u8 = 100;

const KINDS_IN_ORDER: [KindId; 13] = [
    SIGNATURE_KIND,
    SET_BAUDRATE,
    SET_DATASIZE,
    SET_PARITY,
    SET_STOPSIZE,
    SET_CONTROL,
    NOTIFY_LINESTATE,
    NOTIFY_MODEMSTATE,
    SUSPEND,
    RESUME,
    LINESTATE_MASK,
    MODEMSTATE_MASK,
    PURGE,
];

/// Questions about the line that wait for their answers.
pub struct ComPort {
    turns: Turns<(u8, u32)>,
}

impl ComPort {
    pub fn new(limits: &Limits) -> Self {
        ComPort {
            turns: Turns::new(limits),
        }
    }

    pub fn forget(&mut self) {
        self.turns.forget();
    }

    pub fn held(&self) -> usize {
        self.turns.held()
    }

    /// Reads a sub-negotiation's body: command and value.
    pub fn read(&mut self, side: Side, body: &[u8], range: Range<u64>, out: &mut Messages<'_>) {
        let Some((number, sent)) = body.split_first() else {
            return;
        };
        let reply = *number >= REPLIES;
        let command = if reply { number - REPLIES } else { *number };
        let value = sent
            .iter()
            .take(4)
            .fold(0u32, |n, b| n << 8 | u32::from(*b));
        let wanted = match command {
            0 => sent.len(),
            1 => 4,
            8 | 9 => 0,
            _ => 1,
        };
        let asking = !reply && asks(command, value, sent.len());
        // The server's own notices (line and modem state, flow control) answer nothing.
        let notice = matches!(command, 6..=9);
        let key = match (reply, notice) {
            (_, true) => None,
            (false, false) => {
                let (key, full) = self.turns.ask(side, (command, value));
                if full {
                    out.limit(SERIAL_OPEN);
                }
                Some((key, None))
            }
            (true, false) => {
                let found = self.turns.answer(side, |(asked, _)| *asked == command);
                found.map(|(key, (_, wish))| (key, Some(wish)))
            }
        };
        let at = range.start;
        let mut draft = match KINDS_IN_ORDER.get(usize::from(command)) {
            Some(kind) => out.message(*kind, range),
            None => out.message_unknown(u32::from(*number), 2, range),
        };
        if command == 0 {
            draft.text_if(SIGNATURE, sent);
        } else {
            draft.integer(VALUE, i64::from(value));
            draft.text_if(MEANING, meaning(command, value).as_bytes());
            if sent.len() != wanted {
                draft.anomaly(BAD_VALUE, at);
            }
        }
        if reply {
            draft.flag(REPLY, true);
        }
        match key {
            Some((key, None)) => {
                draft.asks(Scope::Conversation, key.as_ref());
            }
            Some((key, Some(wish))) => {
                // A question (0) is answered by whatever is in force; a wish by itself or not.
                let asked = asks(command, wish, usize::from(command != 0));
                let granted = asked || wish == value || command == 0;
                let outcome = if granted {
                    Outcome::Accepted
                } else {
                    Outcome::Refused
                };
                draft.answers(Scope::Conversation, key.as_ref(), true, outcome);
            }
            None => {}
        }
        let verb = match command {
            _ if reply => None,
            0 => Some(Verb::Discover),
            6 | 7 => Some(Verb::Notify),
            1..=12 if asking => Some(Verb::Read),
            1..=12 => Some(Verb::Configure),
            _ => Some(Verb::UnknownVerb),
        };
        if let Some(verb) = verb {
            draft.action(Action {
                device: Device::SerialGateway,
                ..Action::of(verb)
            });
        }
    }
}

/// True for values that ask for the setting in force (RFC 2217, one sub-section a command).
fn asks(command: u8, value: u32, len: usize) -> bool {
    match command {
        0 => len == 0,
        1..=4 => value == 0,
        5 => matches!(value, 0 | 4 | 7 | 10 | 13),
        _ => false,
    }
}

fn meaning(command: u8, value: u32) -> &'static str {
    match (command, value) {
        (1..=4, 0) | (5, 0 | 4 | 7 | 10 | 13) => "asks",
        (3, 1) => "none",
        (3, 2) => "odd",
        (3, 3) => "even",
        (3, 4) => "mark",
        (3, 5) => "space",
        (4, 1) => "one",
        (4, 2) => "two",
        (4, 3) => "one and a half",
        (5, 1) => "no flow control",
        (5, 2) => "XON/XOFF",
        (5, 3) => "hardware flow control",
        (5, 5) => "break on",
        (5, 6) => "break off",
        (5, 8) => "DTR on",
        (5, 9) => "DTR off",
        (5, 11) => "RTS on",
        (5, 12) => "RTS off",
        (5, 14) => "no inbound flow control",
        (5, 15) => "inbound XON/XOFF",
        (5, 16) => "inbound hardware flow control",
        (5, 17) => "DCD flow control",
        (5, 18) => "inbound DTR flow control",
        (5, 19) => "DSR flow control",
        (12, 1) => "received data",
        (12, 2) => "data to be sent",
        (12, 3) => "both",
        _ => "",
    }
}
