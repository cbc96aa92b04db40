//! Messages in datagrams, and behind their lengths in a stream (RFC 1035 4.2, RFC 7766 8).

use super::message::{self, Header};
use super::{MALFORMED, Service};
use crate::contract::{Dissector, End, Progress, Reason, Side};
use crate::message::Messages;

pub struct Dns {
    service: Service,
    /// Messages stand behind their lengths. Told by the first bytes.
    framed: Option<bool>,
}

impl Dns {
    pub fn new(service: Service) -> Self {
        Dns {
            service,
            framed: (service != Service::Dns).then_some(false),
        }
    }
}

/// True if the bytes begin with a length and a header rather than with a header.
pub fn prefixed(first: &[u8]) -> bool {
    let sense = |bytes: &[u8]| Header::start(bytes).is_some_and(|h| h.makes_sense());
    let length = first.first_chunk().map_or(0, |l| u16::from_be_bytes(*l));
    usize::from(length) >= Header::LEN && first.get(2..12).is_some_and(sense) && {
        // As a datagram it would be an answer to nothing.
        !first.get(..10).is_some_and(sense) || first.get(4..6) == Some(&[0, 0])
    }
}

impl Dissector for Dns {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let framed = match self.framed {
            Some(framed) => framed,
            None if input.len() < Header::LEN => return Progress::Need(Header::LEN),
            None => *self.framed.insert(prefixed(input)),
        };
        let at = out.offset();
        if !framed {
            message::write(input, at..at + input.len() as u64, at, self.service, out);
            return Progress::Read(input.len());
        }
        let Some((length, rest)) = input.split_first_chunk::<2>() else {
            return Progress::Need(2);
        };
        let length = usize::from(u16::from_be_bytes(*length));
        let Some(body) = rest.get(..length) else {
            return Progress::Need(2 + length);
        };
        let range = at..at + 2 + length as u64;
        if length < Header::LEN {
            out.message(MALFORMED, range).anomaly("length-zero", at);
        } else {
            message::write(body, range, at + 2, self.service, out);
        }
        Progress::Read(2 + length)
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        // Lengths alone mark the borders of messages: they are lost.
        Progress::Reject(Reason("a gap in DNS over TCP"))
    }

    fn end(&mut self, _: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        if !rest.is_empty() {
            let at = out.offset();
            let range = at..at + rest.len() as u64;
            out.message(MALFORMED, range).anomaly("unfinished", at);
        }
    }
}
