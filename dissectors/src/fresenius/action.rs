//! What requests do, and what refusals mean.

use crate::action::Verb;
use crate::schema::KindId;

use super::fields::*;

/// The verb of a request; `None` for those that only keep the session.
pub fn verb(kind: Option<KindId>) -> Option<Verb> {
    let Some(kind) = kind else {
        return Some(Verb::UnknownVerb);
    };
    Some(match kind {
        DC | FC | E_ACK | M_ACK => return None,
        LP | AP | LM | LE => Verb::Read,
        LN | LF => Verb::Discover,
        MO | RZ | EN | DE | AE | DM | AM | RV | PP | PS => Verb::Configure,
        OF => Verb::Stop,
        PO => Verb::Pause,
        SI => Verb::SilenceAlarm,
        EP => Verb::LoadLibrary,
        PR => Verb::SetRate,
        PB => Verb::Bolus,
        PF => Verb::Start,
        PV => Verb::SetVolume,
        _ => Verb::UnknownVerb,
    })
}

/// The meaning of a refusal's code (`I;08`).
pub fn refusal(code: &[u8]) -> &'static str {
    match code {
        b"01" => "unknown",
        b"02" => "disabled in this mode",
        b"03" => "disabled in this status",
        b"04" => "syntax",
        b"05" => "mode not authorised",
        b"06" => "already active",
        b"08" => "out of limits",
        b"0A" | b"0B" => "identifier",
        b"0C" => "too long",
        b"0D" => "base not open",
        b"0E" | b"1E" => "module not reachable",
        b"12" => "alarm present",
        b"14" => "rate missing",
        b"15" => "volume too small",
        b"20" => "not authorised on this port",
        b"22" => "new mode not authorised",
        b"25" => "drug number",
        _ => "",
    }
}

/// The meaning of the character after NAK.
pub fn nak(code: u8) -> &'static str {
    match code {
        b'1' => "character",
        b'2' => "check sum",
        b'4' => "address",
        b'5' => "acknowledgement too late",
        b'6' => "not ready",
        b'7' => "length",
        b'8' => "control code",
        _ => "",
    }
}
