//! One HTTP connection: where each direction stands, and which response answers which request.

use std::collections::VecDeque;
use std::ops::Range;

use super::chunk::{Chunks, Walk};
use super::content::{self, Decoded};
use super::fields::*;
use super::head::{self, Faults, Framing, Head, Start};
use super::message::{self, Whole, is_envelope, kind_of};
use super::service::contains;
use super::target::Target;
use super::{multipart, resync, service};
use crate::contract::{Dissector, End, Progress, Reason, Side};
use crate::limits::{self, LimitId, Limits};
use crate::message::Messages;
use crate::registry::ProtocolId;
use crate::schema::KindId;
use crate::sdc;

/// Bytes of a body that are always looked at: for what it is.
const FRONT: usize = 1024;
/// A stretch of a body without known end that is passed over at a time.
const STRETCH: u64 = 1 << 40;
/// While no head is found, so much is kept for one that began in it.
const KEPT_BEHIND: usize = 4096 + 16;
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
        let (want, all, limit) = wanted(&head, asked.map_or("", |a| a.service), out);
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

    /// The body is there as far as it is wanted, or it is awaited. `ended`: no more will come.
    fn body(
        &mut self,
        side: Side,
        input: &[u8],
        ended: Option<End>,
        out: &mut Messages<'_>,
    ) -> Progress {
        let base = out.offset();
        let Some(mut pending) = self.lanes[side.index()].pending.take() else {
            self.lanes[side.index()].at = At::Lost { fresh: false };
            return Progress::Read(input.len());
        };
        let head = pending.head;
        let body = input.get(head..).unwrap_or(b"");
        let mut plain = std::mem::take(&mut self.lanes[side.index()].plain);
        let mut faults = Faults::default();
        // How much of the input the message covers, and whether the body goes on after it.
        let (used, goes_on) = loop {
            let seen = match pending.framing {
                Framing::Nothing => break (0, false),
                Framing::Length(n) => {
                    let need = pending.want.min(usize::try_from(n).unwrap_or(usize::MAX));
                    if body.len() >= need {
                        Some((need, (need as u64) < n))
                    } else {
                        self.wait(side, pending, head + need, ended.is_none());
                        None
                    }
                }
                Framing::UntilClose if body.len() >= pending.want => Some((pending.want, true)),
                Framing::UntilClose => {
                    self.wait(side, pending, head + pending.want, ended.is_none());
                    None
                }
                Framing::Chunked => match pending.chunks.walk(body, &mut plain, pending.want) {
                    Walk::Done => Some((pending.chunks.at, false)),
                    Walk::Enough => Some((pending.chunks.at, true)),
                    Walk::Bad(at) => {
                        faults.add("bad-chunk", base + (head + at) as u64);
                        Some((at.max(pending.chunks.at), false))
                    }
                    Walk::Need(n) => {
                        self.wait(side, pending, head + n, ended.is_none());
                        None
                    }
                },
            };
            let Some((used, goes_on)) = seen else {
                if ended.is_some() {
                    break (body.len(), true);
                }
                self.lanes[side.index()].plain = plain;
                return Progress::Need(self.lanes[side.index()].scanned);
            };
            // The front may show that all of it is worth reading.
            let front = if pending.framing == Framing::Chunked {
                &plain[..]
            } else {
                &body[..used]
            };
            if goes_on && !pending.all && (is_envelope(front) || sdc::is_wide_envelope(front)) {
                pending.all = true;
                pending.limit = Some(limits::SDC_ENVELOPE);
                pending.want = out.limits().get(limits::SDC_ENVELOPE);
                continue;
            }
            break (used, goes_on);
        };
        self.lanes[side.index()].scanned = 0;
        if goes_on
            && ended.is_none()
            && let Some(limit) = pending.limit
        {
            out.limit(limit);
        }
        let chunked = pending.framing == Framing::Chunked;
        let raw: &[u8] = if chunked { &plain } else { &body[..used] };
        let whole = Piece {
            base,
            end: None,
            used,
            goes_on,
            ended,
            faults,
        };
        let bad = faults.iter().next().is_some();
        let parts = self.give(side, input, raw, &pending, whole, out);
        plain.clear();
        if plain.capacity() > 256 * 1024 {
            plain = Vec::new();
        }
        let lane = &mut self.lanes[side.index()];
        lane.plain = plain;
        if lane.at == At::Tunnel || lane.at == At::Close {
            return Progress::Read((head + used).max(1));
        }
        if bad {
            self.unpaired = true;
            lane.at = At::Lost { fresh: false };
            return Progress::Read((head + used).max(1));
        }
        if !goes_on || ended.is_some() {
            lane.at = At::Start;
            return Progress::Read((head + used).max(1));
        }
        match pending.framing {
            Framing::Length(n) => {
                let until = base + head as u64 + n;
                if let Some(resume) = parts {
                    lane.at = At::Parts { until };
                    return Progress::Read(head + resume);
                }
                lane.at = At::Passing { until };
                Progress::Pass {
                    head: head + used,
                    body: n - used as u64,
                }
            }
            Framing::Chunked => {
                lane.chunks = pending.chunks;
                lane.chunks.rebase();
                lane.at = At::Chunks;
                let run = lane.chunks.run();
                lane.chunks.passed(run);
                Progress::Pass {
                    head: head + used,
                    body: run,
                }
            }
            _ => {
                lane.at = At::Close;
                Progress::Pass {
                    head: head + used,
                    body: STRETCH,
                }
            }
        }
    }

    /// Keeps what is known until there is more.
    fn wait(&mut self, side: Side, pending: Pending, need: usize, goes_on: bool) {
        if goes_on {
            let lane = &mut self.lanes[side.index()];
            lane.pending = Some(pending);
            lane.scanned = need;
        }
    }

    /// Writes one message. For a multipart body that goes on: where in the body watching resumes.
    fn give(
        &mut self,
        side: Side,
        input: &[u8],
        raw: &[u8],
        pending: &Pending,
        piece: Piece,
        out: &mut Messages<'_>,
    ) -> Option<usize> {
        let response = input.starts_with(b"HTTP/");
        let head = head::read(&input[..pending.head], response, piece.base)?;
        self.any = true;
        let body_at = piece.base + pending.head as u64;
        let mut faults = head.faults;
        for (name, at) in piece.faults.iter() {
            faults.add(name, at);
        }
        let complete = !piece.goes_on;
        if let Some(why) = piece.ended
            && pending.framing != Framing::UntilClose
            && piece.goes_on
            && matches!(why, End::Fin | End::Reset)
        {
            faults.add("body-short", body_at + piece.used as u64);
        }
        let until_close = pending.framing == Framing::UntilClose && piece.ended.is_some();
        let cut = !complete && !until_close;
        let resume =
            (cut && piece.ended.is_none() && matches!(pending.framing, Framing::Length(_)))
                .then(|| self.watch(side, &head, raw))
                .flatten();
        let mut decoded = std::mem::take(&mut self.decoded);
        let coding = head.content_encoding;
        let content =
            if coding.is_empty() || coding.eq_ignore_ascii_case(b"identity") || raw.is_empty() {
                raw
            } else {
                let limit = out.limits().get(limits::HTTP_CONTENT);
                match content::decode(coding, raw, limit, &mut decoded) {
                    Decoded::Whole => {}
                    Decoded::Short if cut => {}
                    Decoded::Short | Decoded::Bad => faults.add("bad-content", body_at),
                    Decoded::TooLong => {
                        out.limit(limits::HTTP_CONTENT);
                        faults.add("content-too-long", body_at);
                    }
                    Decoded::Unknown => {}
                }
                &decoded[..]
            };
        let end = piece.base + (pending.head + resume.unwrap_or(piece.used)) as u64;
        let range = piece.base..piece.end.unwrap_or(end);
        let (status, asked_soap) = match head.start {
            Start::Response { status, .. } => (status, pending.asked.and_then(|a| a.soap)),
            Start::Request { .. } => (0, None),
        };
        let via = sdc::Via {
            number: pending.number,
            response,
            status,
            answers: asked_soap,
            says_soap: contains(head.media_type(), b"soap+xml"),
            cut,
            agent: head.agent,
            server: head.server,
            coding,
            faults,
        };
        let mut claimed = false;
        if let Some(id) = self.sdc {
            let offset = body_at;
            let mut pen = out.inside(id, range.clone(), offset);
            claimed = self.soap.carried(content, &via, range.clone(), &mut pen);
        }
        if claimed {
            if !response
                && let Some(asked) = self
                    .asked
                    .iter_mut()
                    .find(|a| Some(a.number) == pending.number)
            {
                asked.soap = self.soap.told();
            }
        } else {
            let wire = match pending.framing {
                Framing::Nothing => Some(0),
                Framing::Length(n) => Some(n),
                Framing::Chunked => complete.then_some(raw.len() as u64),
                Framing::UntilClose => until_close.then_some(raw.len() as u64),
            };
            let whole = Whole {
                head: &head,
                range,
                content,
                wire,
                cut,
                faults,
                number: pending.number,
                asked: pending.asked.map(|a| (a.kind, a.service)),
            };
            message::write(&whole, &mut self.spare, out);
        }
        if decoded.capacity() > 1024 * 1024 {
            decoded = Vec::new();
        }
        decoded.clear();
        self.decoded = decoded;
        self.turns(side, &head, pending);
        resume
    }

    /// After a CONNECT that was granted something else follows, after an upgrade too.
    fn turns(&mut self, side: Side, head: &Head<'_>, pending: &Pending) {
        let Start::Response { status, .. } = head.start else {
            return;
        };
        let connects = pending.asked.is_some_and(|a| a.kind == Some(CONNECT));
        let to = match status {
            101 => At::Close,
            200..=299 if connects => At::Tunnel,
            _ => return,
        };
        self.lanes[side.index()].at = to;
        let other = &mut self.lanes[side.other().index()];
        if other.at == At::Start {
            other.at = to;
        }
    }

    /// A multipart body with DICOM that exceeds the limit is watched to its end. Gives where the
    /// first part begins that is not seen as far as its preamble.
    fn watch(&mut self, side: Side, head: &Head<'_>, raw: &[u8]) -> Option<usize> {
        let boundary = head.media_parameter("boundary");
        if boundary.is_empty()
            || boundary.len() > 70
            || !contains(head.content_type, b"application/dicom")
        {
            return None;
        }
        let lane = &mut self.lanes[side.index()];
        lane.boundary.clear();
        lane.boundary.extend_from_slice(boundary);
        let mut resume = raw.len().saturating_sub(boundary.len() + 3);
        for part in multipart::Parts::new(raw, boundary) {
            if !part.whole && part.content.len() < 132 {
                resume = part.at;
            }
        }
        (resume > 0).then_some(resume)
    }

    /// Looks for further parts of a long multipart body.
    fn parts(&mut self, side: Side, until: u64, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let base = out.offset();
        let left = until.saturating_sub(base);
        let lane = &mut self.lanes[side.index()];
        if left == 0 {
            lane.at = At::Start;
            return self.start(side, input, out);
        }
        let last = input.len() as u64 >= left;
        let body = &input[..input.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
        let mark = lane.boundary.len() + 2;
        let Some(at) = multipart::find(body, &lane.boundary, 0) else {
            if last {
                return Progress::Read(body.len());
            }
            return match body.len().checked_sub(mark) {
                None | Some(0) => Progress::Need(mark + 1),
                Some(n) => Progress::Read(n),
            };
        };
        if at > 0 {
            // Keeps the line end before the boundary with what follows.
            return Progress::Read(at);
        }
        let window = &body[mark..body.len().min(mark + multipart::LONGEST_PART_HEAD)];
        let Some(head) = memchr::memmem::find(window, b"\r\n\r\n") else {
            if last || window.len() >= multipart::LONGEST_PART_HEAD || window.starts_with(b"--") {
                return Progress::Read(mark);
            }
            return Progress::Need(input.len() + 1);
        };
        let content = mark + head + 4;
        if body.len() < content + 132 && !last {
            return Progress::Need(content + 132);
        }
        let used = body.len().min(content + 132);
        if let Some(word) = super::dicomweb::preamble(&body[content..used]) {
            out.message(PART, base..base + used as u64)
                .text(PREAMBLE, word.as_bytes());
        }
        Progress::Read(used)
    }

    /// Passes over what is left of a chunked body.
    fn skip_chunks(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let base = out.offset();
        let lane = &mut self.lanes[side.index()];
        let mut plain = std::mem::take(&mut lane.plain);
        let walk = lane.chunks.walk(input, &mut plain, 0);
        plain.clear();
        lane.plain = plain;
        match walk {
            Walk::Done => {
                let used = lane.chunks.at;
                lane.at = At::Start;
                Progress::Read(used)
            }
            Walk::Enough => {
                let (head, run) = (lane.chunks.at, lane.chunks.run());
                lane.chunks.passed(run);
                lane.chunks.rebase();
                Progress::Pass { head, body: run }
            }
            Walk::Need(n) => Progress::Need(n.max(input.len() + 1)),
            Walk::Bad(at) => {
                let used = (at + 1).min(input.len());
                self.malformed(side, "bad-chunk", base..base + used as u64, out);
                Progress::Read(used)
            }
        }
    }

    /// Looks for a head. Right after a loss, an envelope without its head is read as well.
    fn lost(&mut self, side: Side, fresh: bool, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let base = out.offset();
        if fresh
            && input.starts_with(b"<")
            && let Some(id) = self.sdc
        {
            let longest = out.limits().get(limits::SDC_ENVELOPE);
            let scanned = self.lanes[side.index()].scanned.saturating_sub(16);
            match sdc::envelope_end(input, scanned) {
                Some(end) => {
                    let range = base..base + end as u64;
                    let mut faults = Faults::default();
                    faults.add("head-lost", base);
                    let via = sdc::Via::headless(faults);
                    let mut pen = out.inside(id, range.clone(), base);
                    self.any |= self.soap.carried(&input[..end], &via, range, &mut pen);
                    let lane = &mut self.lanes[side.index()];
                    (lane.at, lane.scanned) = (At::Start, 0);
                    return Progress::Read(end);
                }
                None if input.len() < longest && resync::either(input, scanned).is_none() => {
                    self.lanes[side.index()].scanned = input.len();
                    return Progress::Need(input.len() + 1);
                }
                None => {}
            }
        }
        let lane = &mut self.lanes[side.index()];
        let from = lane.scanned.saturating_sub(16).min(input.len());
        if let Some(at) = resync::either(input, from) {
            (lane.at, lane.scanned) = (At::Start, 0);
            return if at > 0 {
                Progress::Read(at)
            } else {
                self.start(side, input, out)
            };
        }
        lane.at = At::Lost { fresh: false };
        if input.len() >= 2 * KEPT_BEHIND {
            lane.scanned = KEPT_BEHIND;
            return Progress::Read(input.len() - KEPT_BEHIND);
        }
        lane.scanned = input.len();
        Progress::Need(input.len() + 1)
    }
}

/// What a message gives way to: its place in the stream.
#[derive(Clone, Copy)]
struct Piece {
    base: u64,
    /// Where the message ends, if not where its bytes do.
    end: Option<u64>,
    used: usize,
    goes_on: bool,
    ended: Option<End>,
    faults: Faults,
}

/// How much of a body is worth reading: bytes, whether that is all of it, and the limit that it is.
fn wanted(head: &Head<'_>, asked: &str, out: &Messages<'_>) -> (usize, bool, Option<LimitId>) {
    let all = |id: LimitId| (out.limits().get(id), true, Some(id));
    let media = head.media_type();
    let coded = !head.content_encoding.is_empty();
    let is = |word: &[u8]| contains(media, word);
    if is(b"soap+xml") || (is(b"xml") && coded) || !head.soap_action.is_empty() {
        return all(limits::SDC_ENVELOPE);
    }
    let clinical = is(b"fhir") || is(b"dicom") || matches!(asked, "fhir" | "dicomweb" | "orthanc");
    let parts = is(b"multipart/related") && contains(head.content_type, b"application/dicom");
    if (is(b"json") && (clinical || !head.is_response()))
        || parts
        || is(b"x-www-form-urlencoded")
        || is(b"hl7")
    {
        return all(limits::HTTP_BODY);
    }
    (FRONT, false, None)
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
                body: STRETCH,
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

impl Http {
    /// A message whose body the end of the stream cut off.
    fn partial(&mut self, side: Side, rest: &[u8], why: End, out: &mut Messages<'_>) {
        let head = self.lanes[side.index()].pending.as_ref().map(|p| p.head);
        if head.is_some_and(|h| rest.len() >= h) {
            self.body(side, rest, Some(why), out);
        }
    }

    /// Gives the message whose body has a hole; it ends at stream offset `end`.
    fn holed(&mut self, side: Side, end: u64, out: &mut Messages<'_>) {
        let lane = &mut self.lanes[side.index()];
        lane.at = At::Start;
        let (Some((base, bytes)), Some(pending)) = (lane.holed.take(), lane.pending.take()) else {
            return;
        };
        let mut faults = Faults::default();
        faults.add("body-lost", base + bytes.len() as u64);
        let mut plain = std::mem::take(&mut lane.plain);
        let body = bytes.get(pending.head..).unwrap_or(b"");
        let chunked = pending.framing == Framing::Chunked;
        if chunked {
            let _ = pending.chunks.clone().walk(body, &mut plain, pending.want);
        }
        let piece = Piece {
            base,
            end: Some(end),
            used: body.len(),
            goes_on: true,
            ended: None,
            faults,
        };
        self.give(
            side,
            &bytes,
            if chunked { &plain } else { body },
            &pending,
            piece,
            out,
        );
        plain.clear();
        self.lanes[side.index()].plain = plain;
    }

    /// An envelope without its head that the end of the stream cut off.
    fn lost_rest(&mut self, _side: Side, rest: &[u8], out: &mut Messages<'_>) {
        let Some(id) = self.sdc else {
            return;
        };
        let base = out.offset();
        let range = base..base + rest.len() as u64;
        let mut faults = Faults::default();
        faults.add("head-lost", base);
        let via = sdc::Via::headless(faults);
        let mut pen = out.inside(id, range.clone(), base);
        self.soap.carried(rest, &via, range, &mut pen);
    }
}
