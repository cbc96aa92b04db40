//! Bodies: awaited as far as they are wanted, decoded, and given as messages.

use super::{At, Http, Pending};
use crate::contract::{End, Progress, Side};
use crate::http::chunk::Walk;
use crate::http::content::{self, Decoded};
use crate::http::fields::CONNECT;
use crate::http::head::{self, Faults, Framing, Head, Start};
use crate::http::message::{self, Whole, is_envelope};
use crate::http::multipart;
use crate::http::service::contains;
use crate::limits::{self, LimitId};
use crate::message::Messages;
use crate::sdc;

/// Bytes of a body that are always looked at: for what it is.
const FRONT: usize = 1024;
/// A stretch of a body without known end that is passed over at a time.
pub(super) const STRETCH: u64 = 1 << 40;

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
pub(super) fn wanted(
    head: &Head<'_>,
    asked: &str,
    out: &Messages<'_>,
) -> (usize, bool, Option<LimitId>) {
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

impl Http {
    /// The body is there as far as it is wanted, or it is awaited. `ended`: no more will come.
    pub(super) fn body(
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

    /// A message whose body the end of the stream cut off.
    pub(super) fn partial(&mut self, side: Side, rest: &[u8], why: End, out: &mut Messages<'_>) {
        let head = self.lanes[side.index()].pending.as_ref().map(|p| p.head);
        if head.is_some_and(|h| rest.len() >= h) {
            self.body(side, rest, Some(why), out);
        }
    }

    /// Gives the message whose body has a hole; it ends at stream offset `end`.
    pub(super) fn holed(&mut self, side: Side, end: u64, out: &mut Messages<'_>) {
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
}
