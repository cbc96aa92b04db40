//! Lantronix device servers: configuration over UDP 30718 (0x77FE). No authentication.
//!
//! One datagram asks, one answers. The setup record that anybody may read holds the telnet
//! password in clear.

use crate::action::{Action, Device, Outcome, Verb};
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
use crate::limits::{Limits, SERIAL_OPEN};
use crate::message::{Draft, Messages, Scope};
use crate::schema::{KindId, Port, Protocol, Provenance};
use crate::serial::Turns;
use crate::{fields, kinds};

fields! {
    CODE "code" Text, Open, "fourth byte, two hexadecimal digits";
    IP "ip" Text, Open, "address of the server (setup record, 4)";
    GATEWAY "gateway" Text, Open, "gateway (setup record, 16)";
    HOST_BITS "host_bits" Integer, Open, "bits of the host part (setup record, 10)";
    PASSWORD "password" Text, Secret, "telnet password, in clear on the wire (setup record, 12)";
    FIRMWARE "firmware" Text, Open, "firmware version (F5, 16)";
    MODEL "model" Text, Open, "device type (F7, 8)";
    MAC "mac" Text, Open, "MAC address (F7, 24)";
    RECORD "record" Integer, Open, "number of a setup record (E0 to EF)";
}

kinds! {
    MALFORMED "malformed", "a datagram that is no message";
    FIRMWARE_QUERY "firmware-query", "asks for the firmware version (F4)";
    FIRMWARE_REPLY "firmware-reply", "firmware version (F5)";
    QUERY "query", "asks who is there (F6)";
    QUERY_REPLY "query-reply", "type and MAC address (F7)";
    GET_SETUP "get-setup", "reads the setup record (F8)";
    SETUP_REPLY "setup-reply", "the setup record (F9)";
    SET_SETUP "set-setup", "writes the setup record: address, password, serial settings (FA)";
    SET_SETUP_ACK "set-setup-ack", "the setup record was written (FB)";
    GET_RECORD "get-setup-record" (Experimental), "reads a further setup record (E0 to EF)";
    SET_SECURITY "set-security" (Experimental), "writes the security record (A1)";
    SET_PASSWORD "set-enhanced-password" (Experimental), "writes the enhanced password record (C1)";
    SECURITY_ACK "set-security-ack" (Experimental), "a record was written (B1)";
}

/// Lantronix configuration protocol.
pub const LANTRONIX: Protocol = Protocol {
    name: "lantronix",
    title: "Lantronix device server configuration, UDP 30718",
    provenance: Provenance::Implementation,
    source: "kost/lantronix-witchcraft (played with the real tool); Nmap lantronix77feh",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[
        (BAD_LENGTH, "a message of another length than its code has"),
        (NOT_A_MESSAGE, "the first three bytes are not zero"),
    ],
    hints: &[Port::Udp(30718)],
    transports: &[Transport::Udp],
    probe,
    open,
    path: None,
};

const BAD_LENGTH: &str = "bad-length";
const NOT_A_MESSAGE: &str = "not-a-message";

/// Length of a setup record's datagram, head included.
const SETUP: usize = 124;

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let Some(([0, 0, 0], rest)) = first.split_first_chunk::<3>() else {
        return Probe::No;
    };
    let Some(code) = rest.first() else {
        return Probe::No;
    };
    let known = kind(*code).is_some();
    let fits = length(*code).is_none_or(|len| len == first.len());
    match (hint.port, known, fits) {
        (true, true, true) => Probe::Yes(Confidence(90)),
        (true, ..) => Probe::Yes(Confidence(40)),
        (false, true, true) if first.len() > 4 => Probe::Yes(Confidence(50)),
        _ => Probe::No,
    }
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Lantronix {
        turns: Turns::new(limits),
    })
}

struct Lantronix {
    /// Codes of the questions.
    turns: Turns<u8>,
}

impl Dissector for Lantronix {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let range = at..at + input.len() as u64;
        let code = match input {
            [0, 0, 0, code, ..] => *code,
            _ => {
                out.message(MALFORMED, range).anomaly(NOT_A_MESSAGE, at);
                return Progress::Read(input.len());
            }
        };
        let reply = is_reply(code);
        let asks = if reply {
            None
        } else {
            let (key, full) = self.turns.ask(side, code);
            if full {
                out.limit(SERIAL_OPEN);
            }
            Some(key)
        };
        let answers = if reply {
            self.turns.answer(side, |asked| answers(*asked, code))
        } else {
            None
        };
        let mut draft = match kind(code) {
            Some(kind) => out.message(kind, range),
            None => out.message_unknown(u32::from(code), 2, range),
        };
        let digits = [digit(code >> 4), digit(code & 15)];
        draft.text(CODE, &digits);
        if length(code).is_some_and(|len| len != input.len()) {
            draft.anomaly(BAD_LENGTH, at);
        }
        body(&mut draft, code, input);
        if let Some(key) = asks {
            draft.asks(Scope::Conversation, key.as_ref());
        }
        if let Some((key, _)) = answers {
            draft.answers(Scope::Conversation, key.as_ref(), true, Outcome::Accepted);
        }
        let verb = match code {
            _ if reply => None,
            0xF4 | 0xF6 => Some(Verb::Discover),
            0xF8 | 0xE0..=0xEF => Some(Verb::Read),
            0xFA | 0xA1 | 0xC1 => Some(Verb::Configure),
            _ => Some(Verb::UnknownVerb),
        };
        if let Some(verb) = verb {
            draft.action(Action {
                device: Device::SerialGateway,
                handle: &digits,
                ..Action::of(verb)
            });
        }
        Progress::Read(input.len())
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Reject(Reason("datagrams have no gaps"))
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}

    fn held(&self) -> usize {
        self.turns.held()
    }
}

fn body(draft: &mut Draft<'_>, code: u8, input: &[u8]) {
    match code {
        0xF5 => {
            let text = input.get(16..).unwrap_or_default();
            draft.text_if(FIRMWARE, until_zero(text));
        }
        0xF7 => {
            draft.text_if(MODEL, until_zero(input.get(8..11).unwrap_or_default()));
            if let Some(mac) = input.get(24..30) {
                draft.text(MAC, &mac_text(mac));
            }
        }
        0xF9 | 0xFA => {
            if let Some(ip) = input.get(4..8) {
                address(draft, IP, ip);
            }
            if let Some(bits) = input.get(10) {
                draft.integer(HOST_BITS, i64::from(*bits));
            }
            let password = until_zero(input.get(12..16).unwrap_or_default());
            if !password.is_empty() {
                draft.secret(PASSWORD, password.len());
            }
            if let Some(gateway) = input.get(16..20) {
                address(draft, GATEWAY, gateway);
            }
        }
        0xE0..=0xEF => {
            draft.integer(RECORD, i64::from(code & 15));
        }
        _ => {}
    }
}

fn kind(code: u8) -> Option<KindId> {
    Some(match code {
        0xF4 => FIRMWARE_QUERY,
        0xF5 => FIRMWARE_REPLY,
        0xF6 => QUERY,
        0xF7 => QUERY_REPLY,
        0xF8 => GET_SETUP,
        0xF9 => SETUP_REPLY,
        0xFA => SET_SETUP,
        0xFB => SET_SETUP_ACK,
        0xE0..=0xEF => GET_RECORD,
        0xA1 => SET_SECURITY,
        0xC1 => SET_PASSWORD,
        0xB1 => SECURITY_ACK,
        _ => return None,
    })
}

/// The length of a message, where it is known and the same for question and answer.
fn length(code: u8) -> Option<usize> {
    match code {
        0xF4 | 0xF6 | 0xF8 | 0xFB => Some(4),
        0xF7 => Some(30),
        0xF9 | 0xFA => Some(SETUP),
        _ => None,
    }
}

fn is_reply(code: u8) -> bool {
    matches!(code, 0xF5 | 0xF7 | 0xF9 | 0xFB | 0xB1)
}

fn answers(asked: u8, code: u8) -> bool {
    match code {
        0xB1 => matches!(asked, 0xA1 | 0xC1),
        _ => asked.checked_add(1) == Some(code),
    }
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|b| *b == 0);
    &bytes[..end.unwrap_or(bytes.len())]
}

/// Dotted decimal.
pub(crate) fn address(draft: &mut Draft<'_>, field: crate::FieldId, ip: &[u8]) {
    let mut text = [0; 15];
    let mut len = 0;
    for (n, byte) in ip.iter().take(4).enumerate() {
        if n > 0 {
            text[len] = b'.';
            len += 1;
        }
        for (scale, least) in [(100, 100), (10, 10), (1, 0)] {
            if *byte >= least {
                text[len] = b'0' + byte / scale % 10;
                len += 1;
            }
        }
    }
    draft.text(field, &text[..len]);
}

/// Hexadecimal pairs with colons.
pub(crate) fn mac_text(mac: &[u8]) -> [u8; 17] {
    let mut text = [b':'; 17];
    for (n, byte) in mac.iter().take(6).enumerate() {
        text[3 * n] = digit(byte >> 4).to_ascii_lowercase();
        text[3 * n + 1] = digit(byte & 15).to_ascii_lowercase();
    }
    text
}

fn digit(nibble: u8) -> u8 {
    b"0123456789ABCDEF"[usize::from(nibble & 15)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serial::harness::{datagrams, hint, mutate_datagrams, vectors};

    fn setup(code: u8, password: &[u8; 4]) -> Vec<u8> {
        let mut bytes = vec![0; SETUP];
        bytes[3] = code;
        bytes[4..8].copy_from_slice(&[10, 77, 20, 101]);
        bytes[12..16].copy_from_slice(password);
        bytes[16..20].copy_from_slice(&[10, 77, 20, 1]);
        bytes
    }

    #[test]
    fn datagram_that_is_no_message_is_malformed() {
        let seen = datagrams(
            &LANTRONIX,
            &[(Side::Client, b"\x01\x00\x00\xf6"), (Side::Client, b"\0")],
        );
        assert_eq!(seen.kinds(), ["malformed", "malformed"]);
        let seen = datagrams(&LANTRONIX, &[(Side::Client, &setup(0xFA, b"abcd")[..50])]);
        assert_eq!(seen.messages[0].anomalies, ["bad-length"]);
    }

    #[test]
    fn code_that_nobody_listed_may_write() {
        let seen = datagrams(&LANTRONIX, &[(Side::Client, b"\0\0\0\xd3")]);
        assert_eq!(seen.kinds(), ["unknown 0xD3"]);
        assert_eq!(seen.messages[0].verb, Some(Verb::UnknownVerb));
    }

    #[test]
    fn requests_do_what_the_tool_does() {
        let v = vectors();
        for (name, kind, verb) in [
            ("lantronix_query", "query", Some(Verb::Discover)),
            ("lantronix_fw", "firmware-query", Some(Verb::Discover)),
            ("lantronix_getsetup", "get-setup", Some(Verb::Read)),
            ("lantronix_setack", "set-setup-ack", None),
        ] {
            let seen = datagrams(&LANTRONIX, &[(Side::Client, &v[name])]);
            assert_eq!(
                (seen.kinds(), seen.messages[0].verb),
                (vec![kind], verb),
                "{name}"
            );
        }
    }

    #[test]
    fn password_in_a_setup_record_is_told_and_not_shown() {
        let read = vectors()["lantronix_getsetup"].clone();
        let (told, written) = (setup(0xF9, b"sim0"), setup(0xFA, b"simX"));
        let seen = datagrams(
            &LANTRONIX,
            &[
                (Side::Client, &read),
                (Side::Server, &told),
                (Side::Client, &written),
            ],
        );
        assert!(!format!("{seen:?}").contains("sim"));
        assert_eq!(seen.messages[1].field("password"), Some("secret of 4"));
        assert_eq!(seen.messages[1].field("ip"), Some("10.77.20.101"));
        assert_eq!(seen.messages[1].answers, seen.messages[0].asks);
        assert_eq!(seen.messages[2].verb, Some(Verb::Configure));
        let none = datagrams(&LANTRONIX, &[(Side::Server, &setup(0xF9, &[0; 4]))]);
        assert_eq!(none.messages[0].field("password"), None);
    }

    #[test]
    fn recognised_on_its_port_or_by_a_whole_answer() {
        assert_eq!(probe(Side::Client, b"\0\0\0\xf8", hint(false)), Probe::No);
        assert!(matches!(
            probe(Side::Client, b"\0\0\0\xf8", hint(true)),
            Probe::Yes(_)
        ));
        assert!(matches!(
            probe(Side::Server, &setup(0xF9, b"sim0"), hint(false)),
            Probe::Yes(_)
        ));
        mutate_datagrams(&LANTRONIX, &setup(0xFA, b"sim0"));
    }
}
