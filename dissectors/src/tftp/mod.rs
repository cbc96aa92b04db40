//! TFTP: which file is fetched or stored. The data goes over ports of its own (RFC 1350 4).

mod fields;
#[cfg(test)]
mod tests;

pub use fields::*;

use crate::action::{Action, Verb};
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
use crate::message::Messages;
use crate::schema::{Port, Protocol, Provenance};

pub const TFTP: Protocol = Protocol {
    name: "tftp",
    title: "Trivial File Transfer Protocol, its requests",
    provenance: Provenance::Specification,
    source: "RFC 1350, RFC 2347, RFC 2349",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: &[],
    hints: &[Port::Udp(69)],
    transports: &[Transport::Udp],
    probe,
    open: |_| Box::new(Tftp),
    path: None,
};

/// RRQ or WRQ (RFC 1350 5).
struct Request<'a> {
    write: bool,
    file: &'a [u8],
    mode: &'a [u8],
    options: &'a [u8],
}

impl<'a> Request<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let [0, code @ (1 | 2), rest @ ..] = bytes else {
            return None;
        };
        let (file, rest) = text(rest)?;
        let (mode, options) = text(rest)?;
        let known = [b"octet".as_slice(), b"netascii", b"mail"]
            .iter()
            .any(|m| mode.eq_ignore_ascii_case(m));
        (known && !file.is_empty()).then_some(Request {
            write: *code == 2,
            file,
            mode,
            options,
        })
    }
}

/// A text and what follows its NUL.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(0, bytes)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

fn probe(_: Side, first: &[u8], _: Hint) -> Probe {
    match Request::read(first) {
        Some(_) => Probe::Yes(Confidence(95)),
        None => Probe::No,
    }
}

struct Tftp;

impl Dissector for Tftp {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let range = at..at + input.len() as u64;
        let Some(request) = Request::read(input) else {
            // Servers that answer from the port itself send data there.
            return match input {
                [0, 3..=6, _, _, ..] => Progress::Read(input.len()),
                _ => Progress::Reject(Reason("no request")),
            };
        };
        let (kind, verb) = if request.write {
            (WRQ, Verb::Store)
        } else {
            (RRQ, Verb::Retrieve)
        };
        let mut draft = out.message(kind, range);
        draft.text(FILE, request.file).text(MODE, request.mode);
        let mut rest = request.options;
        while let Some((name, after)) = text(rest) {
            let Some((value, after)) = text(after) else {
                break;
            };
            let number = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
            if let Some(size) = number.filter(|_| name.eq_ignore_ascii_case(b"tsize")) {
                draft.integer(SIZE, size);
            }
            rest = after;
        }
        draft.action(Action {
            handle: request.file,
            ..Action::of(verb)
        });
        Progress::Read(input.len())
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Reject(Reason("datagrams have no gaps"))
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}
