//! Telnet, with the COM-port options of terminal servers: a carrier.
//!
//! Bytes between the commands are the inner stream. If a protocol for serial lines recognises it,
//! that protocol reports it; a dialogue of prompts and lines is reported here. The COM-port options
//! are read whether or not they were negotiated: real servers serve them all the same.

mod comport;
mod dialogue;
mod fields;
mod inner;
#[cfg(test)]
mod tests;
mod token;

use crate::action::{Action, Device, Verb};
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Side, Transport};
use crate::limits::{Limits, TELNET_OPTION};
use crate::message::Messages;
use crate::schema::{Port, Protocol, Provenance};
use crate::serial::signature::ABSTAIN;

use fields::*;
use inner::Inner;
use token::{Token, next};

pub use fields::{FIELDS, KINDS};

/// Telnet and RFC 2217.
pub const TELNET: Protocol = Protocol {
    name: "telnet",
    title: "Telnet and COM-port control",
    provenance: Provenance::Specification,
    source: "RFC 854, 855, 856, 857, 858, 2217",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[
        (UNFINISHED, "the conversation ended inside a Telnet command"),
        (
            LONG_OPTION,
            "a sub-negotiation longer than the limit `telnet-option`",
        ),
        (BAD_VALUE, "a COM-port value of the wrong length"),
    ],
    hints: &[Port::Tcp(23), Port::Tcp(2323), Port::Tcp(9999)],
    transports: &[Transport::Tcp],
    probe,
    open,
    path: None,
};

const UNFINISHED: &str = "unfinished-command";
const LONG_OPTION: &str = "long-option";
const BAD_VALUE: &str = "bad-value";

/// Option negotiation at the front; or on a hinted port, text from the server.
fn probe(side: Side, first: &[u8], hint: Hint) -> Probe {
    let at = if hint.mid_stream {
        // IAC SB COM-PORT, anywhere.
        first
            .windows(3)
            .position(|w| w == [token::IAC, token::SB, comport::OPTION])
            .unwrap_or(0)
    } else {
        0
    };
    match next(&first[at..], usize::MAX) {
        // FF FE is also how a text in UTF-16 begins.
        Token::Option { option, .. } if !token::is_assigned(option) => Probe::No,
        Token::Option { .. } | Token::Sub { .. } => Probe::Yes(Confidence(92)),
        Token::Short(need) if at + need > first.len() => {
            if hint.whole {
                Probe::No
            } else {
                Probe::More(at + need)
            }
        }
        Token::Data(n) => {
            let text = |b: &u8| b.is_ascii_graphic() || b.is_ascii_whitespace() || *b == 0x1B;
            match side {
                Side::Server if hint.port && first[..n].iter().all(text) => {
                    Probe::Yes(Confidence(30))
                }
                // A client may begin with anything; the server's bytes decide.
                Side::Client if hint.port => ABSTAIN,
                _ => Probe::No,
            }
        }
        _ => Probe::No,
    }
}

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Telnet {
        inner: Inner::new(limits),
        comport: comport::ComPort::new(limits),
        option: Vec::new(),
        longest: limits.get(TELNET_OPTION).max(16),
    })
}

/// One connection.
struct Telnet {
    inner: Inner,
    comport: comport::ComPort,
    /// A sub-negotiation without its doubled bytes; kept to be used again.
    option: Vec<u8>,
    longest: usize,
}

impl Dissector for Telnet {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        match next(input, self.longest) {
            Token::Data(n) => {
                self.inner.push(side, &input[..n], at, out);
                Progress::Read(n)
            }
            Token::Escaped => {
                self.inner.push(side, &[token::IAC], at + 1, out);
                Progress::Read(2)
            }
            Token::Command(code) => {
                command(code, at, out);
                Progress::Read(2)
            }
            Token::Option { verb, option } => {
                let kind = match verb {
                    token::WILL => WILL,
                    token::WONT => WONT,
                    token::DO => DO,
                    _ => DONT,
                };
                out.message(kind, at..at + 3)
                    .integer(OPTION, i64::from(option))
                    .text_if(NAME, token::option_name(option).as_bytes());
                Progress::Read(3)
            }
            Token::Sub { body, len } => {
                token::undouble(body, &mut self.option);
                self.sub(side, at, len, out);
                Progress::Read(len)
            }
            Token::Short(_) if input.len() > self.longest => {
                out.limit(TELNET_OPTION);
                out.message(SUB, at..at + 2).anomaly(LONG_OPTION, at);
                Progress::Read(2)
            }
            Token::Short(need) => Progress::Need(need.max(input.len() + 1)),
        }
    }

    fn gap(&mut self, side: Side, _: &[u8], len: u64, out: &mut Messages<'_>) -> Progress {
        self.comport.forget();
        self.inner.gap(side, len, out);
        Progress::Read(1)
    }

    fn end(&mut self, side: Side, rest: &[u8], why: End, out: &mut Messages<'_>) {
        if !rest.is_empty() {
            let at = out.offset();
            out.message(MALFORMED, at..at + rest.len() as u64)
                .anomaly(UNFINISHED, at);
        }
        self.inner.end(side, why, out);
    }

    fn held(&self) -> usize {
        self.inner.held() + self.comport.held() + self.option.capacity()
    }
}

impl Telnet {
    fn sub(&mut self, side: Side, at: u64, len: usize, out: &mut Messages<'_>) {
        let range = at..at + len as u64;
        match self.option.split_first() {
            Some((&comport::OPTION, body)) if !body.is_empty() => {
                self.inner.serial_line();
                self.comport.read(side, body, range, out);
            }
            Some((option, body)) => {
                out.message(SUB, range)
                    .integer(OPTION, i64::from(*option))
                    .text_if(NAME, token::option_name(*option).as_bytes())
                    .integer(LENGTH, body.len() as i64);
            }
            None => {
                out.message(SUB, range);
            }
        }
    }
}

/// Two-byte commands. A break or an interrupt reaches the device behind the server.
fn command(code: u8, at: u64, out: &mut Messages<'_>) {
    let range = at..at + 2;
    match code {
        token::BREAK | token::INTERRUPT => {
            out.message(BREAK, range).action(Action {
                device: Device::SerialGateway,
                ..Action::of(Verb::Configure)
            });
        }
        // No operation, go ahead, are you there and the like.
        _ => {}
    }
}
