//! From a bed message to what it says.

use crate::action::{Action, Device, Outcome, Verb};
use crate::contract::Side;
use crate::ge_unity::entry::{self, Names, print};
use crate::ge_unity::{AlarmLevel, AlarmState};
use crate::limits::{self, Limits, SERIAL_OPEN};
use crate::message::{Messages, Scope};
use crate::octets::{be16, latin1, until_nul};
use crate::schema::KindId;
use crate::serial::signature;
use crate::serial::{BAD_LENGTH, Cut, Frames, Role, Turns};

use super::fields::*;
use super::frame::{self, ENTRIES_AT, ENTRY, HEADER, POLL_PARAMETERS, UPDATE};

const NAMES: Names = Names {
    parameter: PARAMETER,
    value: VALUE,
    limit: LIMIT,
};

/// One conversation with one monitor.
pub struct GeSerial {
    turns: Turns<()>,
}

impl GeSerial {
    pub fn new(limits: &Limits) -> Self {
        GeSerial {
            turns: Turns::new(limits),
        }
    }
}

impl Frames for GeSerial {
    const MALFORMED: KindId = MALFORMED;

    fn role(&self, input: &[u8]) -> Option<Role> {
        signature::role(input, frame::cut, frame::sign)
    }

    fn cut(&self, side: Side, input: &[u8], _: usize, _: bool) -> Cut {
        frame::cut(side, input)
    }

    fn frame(&mut self, side: Side, bytes: &[u8], out: &mut Messages<'_>) {
        let at = out.offset();
        let range = at..at + bytes.len() as u64;
        let number = |place| be16(bytes, place).unwrap_or(0);
        let sub = number(14);
        let host = side == Side::Client;
        // What is not known may be a write.
        let (kind, verb) = match sub {
            POLL_PARAMETERS if host => (Some(POLL), Verb::Read),
            UPDATE if !host => (Some(PARAMETERS), Verb::Store),
            _ => (None, Verb::UnknownVerb),
        };
        let turn = if host {
            let (key, full) = self.turns.ask(side, ());
            if full {
                out.limit(SERIAL_OPEN);
            }
            Some(key)
        } else {
            self.turns.answer(side, |()| true).map(|(key, ())| key)
        };
        let mut draft = match kind {
            Some(kind) => out.message(kind, range),
            None => out.message_unknown(u32::from(sub), 4, range),
        };
        draft
            .integer(FUNCTION, i64::from(number(12)))
            .integer(SUB_FUNCTION, i64::from(sub))
            .integer(SEQUENCE, i64::from(number(18)));
        let origin = latin1::<64>(until_nul(bytes.get(24..56).unwrap_or(b"")));
        let mut parts = origin.as_bytes().splitn(2, |b| *b == b'|');
        draft.text_if(WARD, parts.next().unwrap_or(b""));
        draft.text_if(BED, parts.next().unwrap_or(b""));
        let status = number(56);
        if status != 0 {
            draft.integer(STATUS, i64::from(status));
        }
        match (host, turn) {
            (true, Some(key)) => {
                draft.asks(Scope::Conversation, key.as_ref());
            }
            (false, Some(key)) => {
                let outcome = if status == 0 {
                    Outcome::Accepted
                } else {
                    Outcome::Refused
                };
                draft.answers(Scope::Conversation, key.as_ref(), true, outcome);
            }
            _ => {}
        }
        // What the monitor itself says commands nobody.
        if host || kind.is_some() {
            draft.action(Action {
                device: Device::Monitor,
                device_id: if host { b"" } else { origin.as_bytes() },
                ..Action::of(verb)
            });
        }
        if kind != Some(PARAMETERS) {
            return;
        }
        let data = bytes.get(HEADER..).unwrap_or(b"");
        if let Some([state, level, audio, admitted]) = data.first_chunk::<4>() {
            print(&mut draft, ALARM_STATE, AlarmState(*state));
            print(&mut draft, ALARM_LEVEL, AlarmLevel(*level));
            print(&mut draft, AUDIO_LEVEL, AlarmLevel(*audio));
            draft.integer(ADMITTED, i64::from(*admitted));
        }
        let entries = frame::entries(bytes);
        if entries.is_none() {
            draft.anomaly(BAD_LENGTH, at + HEADER as u64 + 4);
        }
        let room = draft.limits().get(limits::UNITY_PARAMETERS);
        let entries = entries.unwrap_or(data.get(ENTRIES_AT..).unwrap_or(b""));
        if entries.len() / ENTRY > room {
            draft.limit(limits::UNITY_PARAMETERS);
        }
        for one in entries.chunks_exact(ENTRY).take(room) {
            entry::write(NAMES, one, &mut draft);
        }
    }

    fn lost(&mut self, _: Side) {
        self.turns.forget();
    }

    fn held(&self) -> usize {
        self.turns.held()
    }
}
