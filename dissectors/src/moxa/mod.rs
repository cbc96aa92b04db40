//! Moxa NPort serial device servers: administration over UDP 4800 (UDP 1029 in the old family).
//!
//! The commands that set, unlock and restart are not public: any command that is not listed may
//! write, and so may a listed one from a host that carries more than the device id.

use crate::action::{Action, Device, Outcome, Verb};
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
use crate::lantronix::{address, mac_text};
use crate::limits::{Limits, SERIAL_OPEN};
use crate::message::{Draft, Messages, Scope};
use crate::schema::{KindId, Port, Protocol, Provenance};
use crate::serial::Turns;
use crate::{fields, kinds};

fields! {
    CODE "code" Text, Open, "command, two hexadecimal digits, without the bit of answers";
    REPLY "reply" Flag, Open, "bit 7 of the command is set: an answer";
    STATUS "status" Integer, Open, "second byte: 0, or 4 for a bad request";
    TRANSACTION "transaction" Integer, Open, "bytes 4 to 7";
    MODEL "model" Text, Open, "model number, from the device id";
    MAC "mac" Text, Open, "MAC address, from the device id";
    IP "ip" Text, Open, "address (discovery, 21)";
    NETMASK "netmask" Text, Open, "network mask (22)";
    GATEWAY "gateway" Text, Open, "gateway (23)";
    DEVICE_NAME "device_name" Text, Open, "name of the server (10)";
    COMMUNITY "community" Text, Secret, "SNMP community, in clear on the wire (28)";
    EXTRA "extra" Integer, Open, "bytes that a host sent beyond head and device id";
}

kinds! {
    MALFORMED "malformed", "a datagram that is no message";
    DISCOVERY "discovery", "who is there (01)";
    NAME_KIND "name", "name of the server (10)";
    SERIAL_NUMBER "serial-number", "serial number and version (16)";
    IP_KIND "ip", "address (21)";
    NETMASK_KIND "netmask", "network mask (22)";
    GATEWAY_KIND "gateway", "gateway (23)";
    AUTOREPORT "autoreport", "automatic report (25)";
    NETWORK "network", "network settings (26)";
    DNS "dns", "name servers (27)";
    SNMP "snmp", "SNMP settings with the communities (28)";
    EMAIL "e-mail", "e-mail settings (29)";
    OPERATION "operation", "operation mode of the ports (4D)";
    PORT_SETTINGS "port-settings", "serial settings of the ports (4F)";
    ACCESS_LIST "access-list", "addresses that may connect (51)";
    EVENTS "events", "event settings (52)";
    OLD_DISCOVERY "old-discovery", "probe of the vendor's tool for the old family (49, six bytes)";
}

/// Moxa administration.
pub const MOXA: Protocol = Protocol {
    name: "moxa",
    title: "Moxa NPort administration, UDP 4800",
    provenance: Provenance::ReverseEngineered,
    source: "public notes on an NPort 5110A; a public Lua dissector",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[(BAD_LENGTH, "the length told and the length found differ")],
    hints: &[Port::Udp(4800), Port::Udp(1029), Port::Udp(29168)],
    transports: &[Transport::Udp],
    probe,
    open,
    path: None,
};

const BAD_LENGTH: &str = "bad-length";
const HEAD: usize = 8;
/// Head and device id: APID (4), model (2, little endian), MAC (6).
const HEAD_AND_ID: usize = 20;
const REPLY_BIT: u8 = 0x80;

fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let [command, status, high, low, rest @ ..] = first else {
        return Probe::No;
    };
    let fits = usize::from(u16::from_be_bytes([*high, *low])) == first.len();
    let known = kind(*command & !REPLY_BIT).is_some();
    let body = matches!(rest.len(), 2 | 4..=508) && matches!(*status, 0 | 4);
    match (hint.port, fits && body, known) {
        (true, true, true) => Probe::Yes(Confidence(90)),
        (true, true, false) => Probe::Yes(Confidence(60)),
        (true, false, true) => Probe::Yes(Confidence(30)),
        (false, true, true) if first.len() >= HEAD_AND_ID => Probe::Yes(Confidence(45)),
        _ => Probe::No,
    }
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Moxa {
        turns: Turns::new(limits),
    })
}

struct Moxa {
    /// Commands and transactions of the questions.
    turns: Turns<(u8, u32)>,
}

impl Dissector for Moxa {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let range = at..at + input.len() as u64;
        let [first, status, high, low, rest @ ..] = input else {
            out.message(MALFORMED, range).anomaly(BAD_LENGTH, at);
            return Progress::Read(input.len());
        };
        let (command, reply) = (first & !REPLY_BIT, first & REPLY_BIT != 0);
        let told = usize::from(u16::from_be_bytes([*high, *low]));
        let transaction = rest
            .first_chunk::<4>()
            .map(|t| u32::from_be_bytes(*t))
            .unwrap_or(0);
        let asks = if reply {
            None
        } else {
            let (key, full) = self.turns.ask(side, (command, transaction));
            if full {
                out.limit(SERIAL_OPEN);
            }
            Some(key)
        };
        let answers = if reply {
            self.turns
                .answer_among(side, |asked| *asked == (command, transaction))
        } else {
            None
        };
        let mut draft = match kind(command) {
            Some(OLD_DISCOVERY) if input.len() != 6 => {
                out.message_unknown(u32::from(command), 2, range)
            }
            Some(kind) => out.message(kind, range),
            None => out.message_unknown(u32::from(command), 2, range),
        };
        let digits = [digit(command >> 4), digit(command & 15)];
        draft
            .text(CODE, &digits)
            .integer(STATUS, i64::from(*status));
        draft.integer(TRANSACTION, i64::from(transaction));
        if reply {
            draft.flag(REPLY, true);
        }
        if told != input.len() {
            draft.anomaly(BAD_LENGTH, at);
        }
        if let Some(id) = input.get(HEAD..HEAD_AND_ID) {
            draft.text(
                MODEL,
                &[
                    digit(id[5] >> 4),
                    digit(id[5] & 15),
                    digit(id[4] >> 4),
                    digit(id[4] & 15),
                ],
            );
            draft.text(MAC, &mac_text(&id[6..]));
        }
        let extra = input.len().saturating_sub(HEAD_AND_ID);
        if reply {
            body(
                &mut draft,
                command,
                input.get(HEAD_AND_ID..).unwrap_or_default(),
            );
        } else if extra > 0 {
            draft.integer(EXTRA, extra as i64);
        }
        if let Some(key) = asks {
            draft.asks(Scope::Conversation, key.as_ref());
        }
        if let Some((key, _)) = answers {
            let outcome = if *status == 0 {
                Outcome::Accepted
            } else {
                Outcome::Refused
            };
            draft.answers(Scope::Conversation, key.as_ref(), true, outcome);
        }
        if !reply {
            let verb = match (kind(command), extra) {
                (Some(OLD_DISCOVERY), _) if input.len() == 6 => Verb::Discover,
                (None | Some(OLD_DISCOVERY), _) => Verb::UnknownVerb,
                (Some(_), 1..) => Verb::Configure,
                (
                    Some(
                        DISCOVERY | NAME_KIND | SERIAL_NUMBER | IP_KIND | NETMASK_KIND
                        | GATEWAY_KIND,
                    ),
                    0,
                ) => Verb::Discover,
                (Some(_), 0) => Verb::Read,
            };
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

fn body(draft: &mut Draft<'_>, command: u8, data: &[u8]) {
    let field = match command {
        0x01 | 0x21 => IP,
        0x22 => NETMASK,
        0x23 => GATEWAY,
        0x10 => {
            draft.text_if(DEVICE_NAME, until_zero(data));
            return;
        }
        0x28 => {
            // Communities are texts filled up with zeros.
            for text in data
                .split(|b| *b == 0)
                .filter(|t| t.len() > 2 && t.is_ascii())
            {
                draft.secret(COMMUNITY, text.len());
            }
            return;
        }
        _ => return,
    };
    if let Some(ip) = data.get(..4) {
        address(draft, field, ip);
    }
}

fn kind(command: u8) -> Option<KindId> {
    Some(match command {
        0x01 => DISCOVERY,
        0x10 => NAME_KIND,
        0x16 => SERIAL_NUMBER,
        0x21 => IP_KIND,
        0x22 => NETMASK_KIND,
        0x23 => GATEWAY_KIND,
        0x25 => AUTOREPORT,
        0x26 => NETWORK,
        0x27 => DNS,
        0x28 => SNMP,
        0x29 => EMAIL,
        0x49 => OLD_DISCOVERY,
        0x4D => OPERATION,
        0x4F => PORT_SETTINGS,
        0x51 => ACCESS_LIST,
        0x52 => EVENTS,
        _ => return None,
    })
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|b| *b == 0);
    &bytes[..end.unwrap_or(bytes.len())]
}

fn digit(nibble: u8) -> u8 {
    b"0123456789ABCDEF"[usize::from(nibble & 15)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serial::harness::{datagrams, hint, mutate_datagrams, vectors};

    const ID: [u8; 12] = [
        0, 0, 0x55, 0x55, 0x1A, 0x51, 0, 0x90, 0xE8, 0xAA, 0xAA, 0xAA,
    ];

    fn message(command: u8, status: u8, body: &[u8]) -> Vec<u8> {
        let len = (HEAD + ID.len() + body.len()) as u16;
        let [high, low] = len.to_be_bytes();
        [&[command, status, high, low, 0, 0, 0, 9][..], &ID, body].concat()
    }

    #[test]
    fn length_that_does_not_fit_is_reported() {
        let seen = datagrams(
            &MOXA,
            &[
                (Side::Client, b"\x01\x00\x00\x09\0\0\0\0"),
                (Side::Client, b"\x01"),
            ],
        );
        assert_eq!(seen.kinds(), ["discovery", "malformed"]);
        assert_eq!(seen.messages[0].anomalies, ["bad-length"]);
    }

    #[test]
    fn command_that_nobody_listed_or_that_carries_something_may_write() {
        let script = [
            message(0x2C, 0, b"SIM0"),
            message(0x21, 0, &[10, 0, 0, 1]),
            message(0x49, 0, b""),
        ];
        let seen = datagrams(&MOXA, &script.each_ref().map(|b| (Side::Client, &b[..])));
        let verbs: Vec<_> = seen.messages.iter().map(|m| m.verb.unwrap()).collect();
        assert_eq!(
            verbs,
            [Verb::UnknownVerb, Verb::Configure, Verb::UnknownVerb]
        );
        assert_eq!(seen.messages[0].field("code"), Some("2C"));
    }

    #[test]
    fn discovery_tells_model_and_address() {
        let v = vectors();
        let seen = datagrams(
            &MOXA,
            &[
                (Side::Client, &v["moxa_discovery"]),
                (Side::Server, &v["moxa_discovery_rsp"]),
            ],
        );
        assert_eq!(seen.kinds(), ["discovery", "discovery"]);
        let told = &seen.messages[1];
        assert_eq!(told.field("model"), Some("511A"));
        assert_eq!(told.field("mac"), Some("00:90:e8:aa:aa:aa"));
        assert_eq!(told.field("ip"), Some("192.168.127.254"));
        assert_eq!(told.answers, seen.messages[0].asks);
        let seen = datagrams(&MOXA, &[(Side::Client, &v["moxa_dsu_1029"])]);
        assert_eq!(
            (seen.kinds(), seen.messages[0].verb),
            (vec!["old-discovery"], Some(Verb::Discover))
        );
    }

    #[test]
    fn community_is_told_and_not_shown() {
        let body = [&b"\0\0\0\0public"[..], &[0; 30]].concat();
        let seen = datagrams(&MOXA, &[(Side::Server, &message(0xA8, 0, &body))]);
        assert_eq!(seen.messages[0].field("community"), Some("secret of 6"));
    }

    #[test]
    fn bad_request_is_refused() {
        let (asked, told) = (message(0x10, 0, b""), message(0x90, 4, b""));
        let seen = datagrams(&MOXA, &[(Side::Client, &asked), (Side::Server, &told)]);
        assert_eq!(seen.messages[1].outcome, Some(Outcome::Refused));
    }

    #[test]
    fn recognised_by_port_and_length() {
        let v = vectors();
        assert!(matches!(
            probe(Side::Client, &v["moxa_discovery"], hint(true)),
            Probe::Yes(_)
        ));
        assert_eq!(
            probe(Side::Client, &v["moxa_discovery"], hint(false)),
            Probe::No
        );
        assert!(matches!(
            probe(Side::Server, &v["moxa_discovery_rsp"], hint(false)),
            Probe::Yes(_)
        ));
        mutate_datagrams(&MOXA, &v["moxa_discovery_rsp"]);
    }
}
