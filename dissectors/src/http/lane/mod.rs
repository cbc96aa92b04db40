//! One HTTP connection: where each direction stands, and which response answers which request.

mod body;
mod skip;

use std::collections::VecDeque;
use std::ops::Range;

use super::chunk::Chunks;
use super::fields::*;
use super::head::{self, Framing, Head, Start};
use super::message::kind_of;
use super::service;
use super::target::Target;
use crate::contract::{Dissector, End, Progress, Reason, Side};
use crate::limits::{self, LimitId, Limits};
use crate::message::Messages;
use crate::registry::ProtocolId;
use crate::schema::KindId;
use crate::sdc;

/// Start lines are told from noise by so many bytes.
const LONGEST_METHOD: usize = 24;

/// Does this look like a start line?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looks {
    Yes,
    More,
    No,
}

/// Judges the first bytes of a start line. Every prefix of a good line is `More` or `Yes`, and a
/// `No` is never taken back, so that the answer does not depend on how bytes were cut.
pub fn start_line(first: &[u8], response: bool) -> Looks {
    let blank = first
        .iter()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .count();
    let first = &first[blank.min(4)..];
    if response {
        const MARK: &[u8] = b"HTTP/1.";
        let n = first.len().min(MARK.len());
        if first[..n] != MARK[..n] {
            return Looks::No;
        }
        return match first.get(MARK.len()..MARK.len() + 5) {
            Some([b'0' | b'1', b' ', a, b, c]) if [a, b, c].iter().all(|d| d.is_ascii_digit()) => {
                Looks::Yes
            }
            Some(_) => Looks::No,
            None => Looks::More,
        };
    }
    let window = &first[..first.len().min(LONGEST_METHOD)];
    let method = window
        .iter()
        .take_while(|b| b.is_ascii_uppercase() || matches!(b, b'-' | b'_'))
        .count();
    match window.get(method) {
        Some(b' ') if method >= 3 => {}
        None if first.len() < LONGEST_METHOD => return Looks::More,
        _ => return Looks::No,
    }
    let target = &first[method + 1..];
    match target.first() {
        None => return Looks::More,
        Some(b'/' | b'*') => {}
        Some(b) if b.is_ascii_alphanumeric() => {}
        Some(_) => return Looks::No,
    }
    let end = memchr::memchr2(b'\r', b'\n', target);
    match memchr::memmem::find(&target[..end.unwrap_or(target.len())], b" HTTP/") {
        Some(_) => Looks::Yes,
        None if end.is_some() => Looks::No,
        // So long a target is still a request.
        None if target.len() > 2048 && target[0] == b'/' => Looks::Yes,
        None => Looks::More,
    }
}

/// Where one direction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// A start line comes next.
    Start,
    /// The head is whole; its body is awaited. The unread bytes begin at the head.
    Body,
    /// The rest of a body up to this stream offset.
    Passing { until: u64 },
    /// The rest of a body with a hole, up to this stream offset; then its message is given.
    Holed { until: u64 },
    /// The rest of a chunked body.
    Chunks,
    /// The rest of a multipart body up to this stream offset, watched for further parts.
    Parts { until: u64 },
    /// A body that ends with the stream.
    Close,
    /// No head is known; one is looked for. `fresh`: nothing was skipped yet.
    Lost { fresh: bool },
    /// The connection now carries something else.
    Tunnel,
}

/// A message whose head was read and whose body is awaited.
#[derive(Clone, Copy)]
struct Pending {
    head: usize,
    framing: Framing,
    want: usize,
    /// All of the body is wanted, up to `want`; else only its front.
    all: bool,
    limit: Option<LimitId>,
    chunks: Chunks,
    number: Option<u64>,
    asked: Option<Asked>,
}

struct Lane {
    at: At,
    /// Unread bytes that hold no end of a head.
    scanned: usize,
    pending: Option<Pending>,
    /// Head and front of a body with a hole: stream offset and bytes.
    holed: Option<(u64, Vec<u8>)>,
    /// Data of the chunks walked over.
    plain: Vec<u8>,
    boundary: Vec<u8>,
    /// Chunks that are passed over.
    chunks: Chunks,
    /// Messages counted on this side, for pairing.
    count: u64,
}

/// A request that waits for its response.
#[derive(Clone, Copy)]
struct Asked {
    number: u64,
    kind: Option<KindId>,
    service: &'static str,
    /// It was an envelope of SDC, of this kind.
    soap: Option<KindId>,
}

/// One HTTP connection.
pub struct Http {
    lanes: [Lane; 2],
    asked: VecDeque<Asked>,
    /// Bytes were lost, or the start: pairing begins anew with the next request.
    unpaired: bool,
    /// A message was given.
    any: bool,
    /// Content codings undone, and routes.
    decoded: Vec<u8>,
    spare: Vec<u8>,
    soap: sdc::Soap,
    sdc: Option<ProtocolId>,
}

impl Http {
    pub fn new(limits: &Limits) -> Self {
        let lane = || Lane {
            at: At::Start,
            scanned: 0,
            pending: None,
            holed: None,
            plain: Vec::new(),
            boundary: Vec::new(),
            chunks: Chunks::default(),
            count: 0,
        };
        Http {
            lanes: [lane(), lane()],
            asked: VecDeque::new(),
            unpaired: false,
            any: false,
            decoded: Vec::new(),
            spare: Vec::new(),
            soap: sdc::Soap::new(limits),
            sdc: ProtocolId::of("sdc"),
        }
    }

    /// Bytes that are no head: one message tells, then the next head is looked for.
    fn malformed(
        &mut self,
        side: Side,
        name: &'static str,
        range: Range<u64>,
        out: &mut Messages<'_>,
    ) {
        out.message(MALFORMED, range.clone())
            .anomaly(name, range.start);
        self.any = true;
        self.unpaired = true;
        let lane = &mut self.lanes[side.index()];
        lane.at = At::Lost { fresh: false };
        lane.scanned = 0;
        lane.pending = None;
    }

    fn start(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let base = out.offset();
        let blank = input
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n'))
            .count();
        if blank > 0 {
            return Progress::Read(blank);
        }
        // Who speaks first is not thereby the one who asks: the line itself tells.
        let response = side == Side::Server;
        if start_line(input, response) == Looks::No && start_line(input, !response) == Looks::No {
            if !self.any {
                return Progress::Reject(Reason("not an HTTP start line"));
            }
            self.malformed(side, "not-a-head", base..base + 1, out);
            return Progress::Read(1);
        }
        let response = input.starts_with(b"HTTP/");
        if input.starts_with(b"PRI * HTTP/2.0\r\n") {
            out.message(PRI, base..base + 16).anomaly("http2", base);
            self.any = true;
            return Progress::Reject(Reason("HTTP/2 in clear is not decoded"));
        }
        let longest = out.limits().get(limits::HTTP_HEAD);
        let lane = &mut self.lanes[side.index()];
        let end = head::end(&input[..input.len().min(longest)], lane.scanned);
        let Some(end) = end else {
            if input.len() >= longest {
                out.limit(limits::HTTP_HEAD);
                self.malformed(side, "head-too-long", base..base + longest as u64, out);
                return Progress::Read(longest);
            }
            lane.scanned = input.len().saturating_sub(2);
            return Progress::Need(input.len() + 1);
        };
        lane.scanned = 0;
        let Some(head) = head::read(&input[..end], response, base) else {
            self.malformed(side, "bad-head", base..base + end as u64, out);
            return Progress::Read(end);
        };
        let asked = match head.start {
            Start::Request { method, target } => {
                self.ask(side, method, target, &head, out);
                None
            }
            Start::Response { status, .. } => self.answer(side, status),
        };
        let number = match head.start {
            Start::Request { .. } => self.asked.back().map(|a| a.number),
            Start::Response { .. } => asked.map(|a| a.number),
        };
        let method = asked
            .and_then(|a| a.kind)
            .map_or("", |k| KINDS[usize::from(k.0)].name);
        let framing = head.framing(method);
        let (want, all, limit) = body::wanted(&head, asked.map_or("", |a| a.service), out);
        let lane = &mut self.lanes[side.index()];
        lane.plain.clear();
        lane.pending = Some(Pending {
            head: end,
            framing,
            want,
            all,
            limit,
            chunks: Chunks::default(),
            number,
            asked,
        });
        lane.at = At::Body;
        self.body(side, input, None, out)
    }

    /// Notes a request, in order.
    fn ask(
        &mut self,
        side: Side,
        method: &str,
        target: &str,
        head: &Head<'_>,
        out: &mut Messages<'_>,
    ) {
        let other = side.other().index();
        if self.unpaired {
            let next = self.lanes[0].count.max(self.lanes[1].count);
            self.lanes[0].count = next;
            self.lanes[1].count = next;
            self.asked.clear();
            self.unpaired = false;
        }
        let number = self.lanes[side.index()].count;
        self.lanes[side.index()].count += 1;
        let ask = service::ask(method, &Target::new(target), head);
        // Its response came first: the capture has them in this order.
        if number < self.lanes[other].count {
            self.asked.clear();
        }
        if self.asked.len() >= out.limits().get(limits::HTTP_PIPELINE) {
            out.limit(limits::HTTP_PIPELINE);
            self.asked.pop_front();
        }
        self.asked.push_back(Asked {
            number,
            kind: kind_of(method),
            service: ask.service,
            soap: None,
        });
    }

    /// Finds the request that a response answers. One that arrives before its request has a number
    /// all the same.
    fn answer(&mut self, side: Side, status: u16) -> Option<Asked> {
        if self.unpaired {
            return None;
        }
        let number = self.lanes[side.index()].count;
        while self.asked.front().is_some_and(|a| a.number < number) {
            self.asked.pop_front();
        }
        let found = self.asked.front().copied().filter(|a| a.number == number);
        if status >= 200 || status == 101 {
            self.lanes[side.index()].count += 1;
        }
        found.or(Some(Asked {
            number,
            kind: None,
            service: "",
            soap: None,
        }))
    }
}

impl Dissector for Http {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let base = out.offset();
        match self.lanes[side.index()].at {
            At::Start => self.start(side, input, out),
            At::Body => {
                let need = self.lanes[side.index()].scanned;
                if input.len() < need {
                    return Progress::Need(need);
                }
                self.body(side, input, None, out)
            }
            At::Passing { until } if base < until => Progress::Pass {
                head: 0,
                body: until - base,
            },
            At::Holed { until } if base < until => Progress::Pass {
                head: 0,
                body: until - base,
            },
            At::Holed { until } => {
                self.holed(side, until, out);
                self.start(side, input, out)
            }
            At::Passing { .. } => {
                self.lanes[side.index()].at = At::Start;
                self.start(side, input, out)
            }
            At::Chunks => self.skip_chunks(side, input, out),
            At::Parts { until } => self.parts(side, until, input, out),
            At::Close => Progress::Pass {
                head: 0,
                body: body::STRETCH,
            },
            At::Lost { fresh } => self.lost(side, fresh, input, out),
            At::Tunnel => Progress::Reject(Reason("a CONNECT tunnel carries something else")),
        }
    }

    fn gap(&mut self, side: Side, rest: &[u8], len: u64, out: &mut Messages<'_>) -> Progress {
        let base = out.offset();
        let hole = base + rest.len() as u64;
        let after = hole + len;
        let lane = &mut self.lanes[side.index()];
        let at = match lane.at {
            At::Passing { until } | At::Parts { until } if after <= until => At::Passing { until },
            At::Holed { until } if after <= until => At::Holed { until },
            At::Holed { until } => {
                self.holed(side, until.min(hole), out);
                At::Lost { fresh: true }
            }
            At::Close => At::Close,
            At::Tunnel => At::Tunnel,
            At::Body => match lane.pending.as_ref().map(|p| (p.head, p.framing)) {
                Some((head, framing)) if rest.len() >= head => {
                    lane.holed = Some((base, rest.to_vec()));
                    match framing {
                        Framing::Length(n) if after <= base + head as u64 + n => At::Holed {
                            until: base + head as u64 + n,
                        },
                        Framing::UntilClose => {
                            self.holed(side, hole, out);
                            At::Close
                        }
                        _ => {
                            self.holed(side, hole, out);
                            At::Lost { fresh: true }
                        }
                    }
                }
                _ => At::Lost { fresh: true },
            },
            _ => At::Lost { fresh: true },
        };
        let lane = &mut self.lanes[side.index()];
        lane.at = at;
        lane.scanned = 0;
        if !matches!(at, At::Holed { .. }) {
            lane.pending = None;
        }
        if matches!(at, At::Lost { .. }) {
            self.unpaired = true;
        }
        Progress::Read(0)
    }

    fn end(&mut self, side: Side, rest: &[u8], why: End, out: &mut Messages<'_>) {
        let base = out.offset();
        match self.lanes[side.index()].at {
            At::Body => self.partial(side, rest, why, out),
            At::Holed { until } => self.holed(side, until.min(base + rest.len() as u64), out),
            At::Start if self.any && matches!(why, End::Fin | End::Reset) => {
                let blank = rest
                    .iter()
                    .take_while(|b| matches!(b, b'\r' | b'\n'))
                    .count();
                if blank < rest.len() {
                    self.malformed(side, "bad-head", base..base + rest.len() as u64, out);
                }
            }
            At::Lost { fresh: true } if rest.starts_with(b"<") => {
                self.lost_rest(side, rest, out);
            }
            _ => {}
        }
    }

    fn held(&self) -> usize {
        self.lanes
            .iter()
            .map(|l| {
                l.plain.capacity()
                    + l.boundary.capacity()
                    + l.holed.as_ref().map_or(0, |h| h.1.capacity())
            })
            .sum::<usize>()
            + self.decoded.capacity()
            + self.spare.capacity()
            + self.asked.capacity() * size_of::<Asked>()
            + self.soap.held()
    }
}
