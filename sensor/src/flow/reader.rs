//! A dissector at work on both sides of a conversation: feeding it, and placing what it writes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dissectors::ProtocolId;
use dissectors::contract::{Dissector, End, Progress, Side};
use dissectors::message::Messages;

use super::context::Context;
use super::health;
use super::limits;
use super::record::Ident;
use super::stream::Stream;

/// A dissector and where it is in its conversation.
pub struct Reader {
    /// Its row among the signatures.
    pub row: usize,
    id: ProtocolId,
    dissector: Box<dyn Dissector>,
    /// It gave a message.
    pub spoke: bool,
    /// All that it read can be read once more by another.
    pub rewindable: bool,
}

/// Why a dissector does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Rejected,
    Crashed,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("id", &self.id).finish()
    }
}

impl Reader {
    /// Opens a conversation of the protocol in a row of the signatures.
    pub fn open(row: usize, cx: &Context<'_>) -> Self {
        let (id, protocol) = cx.shared.settings.signatures.protocol(row);
        Reader {
            row,
            id,
            dissector: (protocol.open)(&cx.shared.settings.dissector_limits),
            spoke: false,
            rewindable: true,
        }
    }

    /// Name of its protocol.
    pub fn protocol(&self) -> &'static str {
        self.id.name()
    }

    pub fn held(&self) -> usize {
        self.dissector.held()
    }

    /// Offers the next bytes of a side, which begin where its stream ends. Reads on as long as there
    /// is progress; what is left unread is kept in the stream.
    pub fn feed(
        &mut self,
        streams: &mut [Stream; 2],
        side: Side,
        mut bytes: &[u8],
        id: &mut Ident,
        cx: &mut Context<'_>,
    ) -> Result<(), Stop> {
        let stream = &mut streams[side.index()];
        if stream.pass > 0 {
            let n = stream.pass.min(bytes.len() as u64);
            stream.pass -= n;
            stream.read += n;
            cx.counts.bytes.passed += n;
            bytes = &bytes[n as usize..];
        }
        if bytes.is_empty() {
            return Ok(());
        }
        if cx.shared.history > 0 {
            let at = stream.end();
            let history = stream.history.get_or_insert_with(Default::default);
            history.keep(at, bytes, cx.shared.history);
        }
        if stream.unread().is_empty() {
            let (read, result) = self.read(streams, side, bytes, id, cx);
            streams[side.index()].wait(&bytes[read..]);
            result?;
        } else {
            stream.wait(bytes);
            if stream.unread().len() >= stream.need {
                let (buffer, start) = stream.lend();
                let (read, result) = self.read(streams, side, &buffer[start..], id, cx);
                streams[side.index()].give_back(buffer, start + read);
                result?;
            }
        }
        self.bound(streams, side, id, cx)
    }

    /// Calls the dissector on `input` until it has read all or needs more. Says how much was read.
    pub fn read(
        &mut self,
        streams: &mut [Stream; 2],
        side: Side,
        input: &[u8],
        id: &mut Ident,
        cx: &mut Context<'_>,
    ) -> (usize, Result<(), Stop>) {
        let mut at = 0;
        streams[side.index()].need = 0;
        while at < input.len() {
            let rest = &input[at..];
            let progress = self.call(streams, side, id, cx, |d, out| d.read(side, rest, out));
            let stream = &mut streams[side.index()];
            let done = match progress {
                Err(stop) => return (at, Err(stop)),
                Ok(Progress::Read(n)) if n > 0 && n <= rest.len() => n,
                Ok(Progress::Need(n)) => {
                    if n <= rest.len() {
                        cx.counts.events.misbehaved += 1;
                    }
                    stream.need = n.max(rest.len() + 1);
                    return (at, Ok(()));
                }
                Ok(Progress::Pass { head, body })
                    if head <= rest.len() && (head > 0 || body > 0) =>
                {
                    let now = body.min((rest.len() - head) as u64);
                    cx.counts.bytes.passed += now;
                    stream.read += now;
                    stream.pass = body - now;
                    self.rewindable = false;
                    at += now as usize;
                    head
                }
                Ok(Progress::Reject(_)) => return (at, Err(Stop::Rejected)),
                // It read nothing, or more than there is.
                Ok(Progress::Read(_) | Progress::Pass { .. }) => {
                    cx.counts.events.misbehaved += 1;
                    return (at, Err(Stop::Rejected));
                }
            };
            cx.counts.bytes.dissected += done as u64;
            stream.read += done as u64;
            at += done;
        }
        (at, Ok(()))
    }

    /// Tells of a hole of `len` bytes after the unread bytes of a side, which are lost with it.
    pub fn gap(
        &mut self,
        streams: &mut [Stream; 2],
        side: Side,
        len: u64,
        id: &mut Ident,
        cx: &mut Context<'_>,
    ) -> Result<(), Stop> {
        self.rewindable = false;
        let stream = &mut streams[side.index()];
        stream.need = 0;
        let (buffer, start) = stream.lend();
        let rest = &buffer[start..];
        let lost = rest.len() as u64;
        let progress = self.call(streams, side, id, cx, |d, out| d.gap(side, rest, len, out));
        let stream = &mut streams[side.index()];
        stream.read += lost + len;
        let all = buffer.len();
        stream.give_back(buffer, all);
        match progress {
            Ok(Progress::Reject(_)) => Err(Stop::Rejected),
            Ok(_) => Ok(()),
            Err(stop) => Err(stop),
        }
    }

    /// Tells that a side ended. Its unread bytes are lost.
    pub fn end(
        &mut self,
        streams: &mut [Stream; 2],
        side: Side,
        why: End,
        id: &mut Ident,
        cx: &mut Context<'_>,
    ) -> Result<(), Stop> {
        let stream = &mut streams[side.index()];
        stream.end_told = true;
        let (buffer, start) = stream.lend();
        let rest = &buffer[start..];
        let lost = rest.len() as u64;
        cx.counts.bytes.unfinished += lost;
        let result = self.call(streams, side, id, cx, |d, out| d.end(side, rest, why, out));
        let stream = &mut streams[side.index()];
        stream.read += lost;
        let all = buffer.len();
        stream.give_back(buffer, all);
        result
    }

    /// A dissector that waits for more than may be kept loses what waits, and goes on behind it.
    fn bound(
        &mut self,
        streams: &mut [Stream; 2],
        side: Side,
        id: &mut Ident,
        cx: &mut Context<'_>,
    ) -> Result<(), Stop> {
        let stream = &streams[side.index()];
        let waits = stream.unread().len();
        if waits == 0 || waits.max(stream.need) as u64 <= cx.shared.limit(limits::STREAM_BUFFER) {
            return Ok(());
        }
        cx.counts.events.stream_buffer_hits += 1;
        cx.counts.bytes.refused += waits as u64;
        self.gap(streams, side, 0, id, cx)
    }

    /// Calls the dissector and places the messages that it wrote. A panic costs the conversation.
    fn call<R>(
        &mut self,
        streams: &mut [Stream; 2],
        side: Side,
        id: &mut Ident,
        cx: &mut Context<'_>,
        what: impl FnOnce(&mut dyn Dissector, &mut Messages<'_>) -> R,
    ) -> Result<R, Stop> {
        let before = cx.out.batch.len();
        let mut out = Messages::new(
            &mut cx.out.batch,
            &cx.shared.settings.dissector_limits,
            &cx.shared.interest,
            self.id,
            side,
            streams[side.index()].read,
        );
        let dissector = &mut *self.dissector;
        let result = catch_unwind(AssertUnwindSafe(|| what(dissector, &mut out)));
        let after = cx.out.batch.len();
        if after > before {
            self.spoke = true;
            place(streams, before..after, id, cx);
        }
        result.map_err(|_| {
            cx.counts.events.panics += 1;
            let newest = streams[side.index()].marks.newest();
            let (frame, _) = newest.unwrap_or((id.started, 0));
            health::fault(id, self.id.name(), side, frame, cx);
            Stop::Crashed
        })
    }

    /// Writes that a datagram's bytes from `from` on, up to the end of what came, are no message.
    pub fn malformed(
        &mut self,
        streams: &mut [Stream; 2],
        side: Side,
        len: u64,
        id: &mut Ident,
        cx: &mut Context<'_>,
    ) {
        let from = streams[side.index()].read;
        let before = cx.out.batch.len();
        Messages::new(
            &mut cx.out.batch,
            &cx.shared.settings.dissector_limits,
            &cx.shared.interest,
            self.id,
            side,
            from,
        )
        .message_named(b"malformed", from..from + len);
        place(streams, before..before + 1, id, cx);
    }
}

/// Tells which frames brought the batch's messages `which`.
fn place(
    streams: &mut [Stream; 2],
    which: std::ops::Range<usize>,
    id: &mut Ident,
    cx: &mut Context<'_>,
) {
    let conversation = id.record(cx);
    let limit = cx.shared.message_frames;
    for index in which {
        let (side, range) = cx.out.batch.covers(index);
        let stream = &mut streams[side.index()];
        stream.told = stream.told.max(range.end);
        let vlan = match stream.marks.frames(range, limit, cx.frames) {
            Some(vlan) => vlan,
            // Nothing came from this side (yet): it is told of in answer to the other.
            None => {
                let newest = streams[side.other().index()].marks.newest();
                let (frame, vlan) = newest.unwrap_or((id.started, 0));
                cx.frames.push(frame);
                vlan
            }
        };
        cx.place(index, conversation, vlan);
    }
}
