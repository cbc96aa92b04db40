//! A dissector that claims everything and keeps it: the streams as the flow layer puts them together.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use dissectors::identify::Signatures;
use dissectors::message::{Conversation, FrameRef, Interest, Message};
use dissectors::schema::{Protocol, Provenance};
use dissectors::{
    Dissector, End, Hint, Limits, Messages, Probe, Progress, ProtocolId, Side, Transport,
};

use super::limits;
use crate::capture::{Inputs, ReadOptions};
use crate::decode::{DecodeOptions, Decoder};
use crate::flow::Settings;
use crate::pipeline::{Stop, Totals, listen};

/// A conversation's bytes.
pub struct Recorded {
    pub known: Conversation,
    pub sides: [Vec<Piece>; 2],
}

/// Bytes that came at once, in order: a segment or a datagram.
pub struct Piece {
    /// Stream offset of the first.
    pub at: u64,
    pub bytes: Vec<u8>,
    pub frame: FrameRef,
}

/// All conversations of a capture, in the order of their first frames.
pub struct Recording {
    pub conversations: Vec<Recorded>,
    /// Bytes that did not fit.
    pub left_out: u64,
}

impl Recorded {
    pub fn len(&self, side: Side) -> usize {
        self.sides[side.index()].iter().map(|p| p.bytes.len()).sum()
    }

    /// The bytes of a range of one side's stream, as far as they were captured.
    pub fn bytes(&self, side: Side, range: Range<u64>) -> Vec<u8> {
        let mut out = Vec::new();
        for piece in &self.sides[side.index()] {
            let end = piece.at + piece.bytes.len() as u64;
            let from = range.start.clamp(piece.at, end) - piece.at;
            let to = range.end.clamp(piece.at, end) - piece.at;
            out.extend_from_slice(&piece.bytes[from as usize..to.max(from) as usize]);
        }
        out
    }

    /// The ranges of one side's stream that lie in none of `claimed`.
    pub fn unclaimed(&self, side: Side, mut claimed: Vec<Range<u64>>) -> Vec<Range<u64>> {
        claimed.sort_by_key(|r| (r.start, r.end));
        let mut out: Vec<Range<u64>> = Vec::new();
        let mut next = claimed.iter().peekable();
        let mut covered = 0;
        for piece in &self.sides[side.index()] {
            let mut at = piece.at.max(covered);
            let end = piece.at + piece.bytes.len() as u64;
            while at < end {
                while let Some(range) = next.next_if(|r| r.start <= at) {
                    covered = covered.max(range.end);
                }
                if covered > at {
                    at = covered;
                    continue;
                }
                let to = next.peek().map_or(end, |r| r.start.min(end));
                match out.last_mut() {
                    Some(last) if last.end == at => last.end = to,
                    _ => out.push(at..to),
                }
                at = to;
            }
        }
        out
    }
}

/// Records the conversations that `wanted` names by their flow ids.
pub fn record(
    inputs: Inputs,
    decode: &DecodeOptions,
    wanted: impl Fn(&Conversation) -> bool,
) -> (Recording, Totals) {
    let settings = Settings {
        signatures: Arc::new(Signatures::of([(CARRIER, &RECORDER)])),
        connections: false,
        ..Settings::default()
    };
    let mut interest = Interest::nothing();
    interest.want_body(CARRIER);
    let mut by_id: HashMap<u64, usize> = HashMap::new();
    let mut recording = Recording {
        conversations: Vec::new(),
        left_out: 0,
    };
    let mut held = 0;
    let hear = |m: Message<'_>| {
        let Some(body) = m.body().filter(|_| m.kind() == KIND) else {
            return;
        };
        let known = m.conversation();
        if !wanted(known) {
            return;
        }
        if held + body.len() > limits::RECORDED {
            recording.left_out += body.len() as u64;
            return;
        }
        held += body.len();
        let next = recording.conversations.len();
        let at = *by_id.entry(known.flow_id).or_insert(next);
        if at == next {
            recording.conversations.push(Recorded {
                known: *known,
                sides: Default::default(),
            });
        }
        recording.conversations[at].sides[m.side().index()].push(Piece {
            at: m.range().start,
            bytes: body.to_vec(),
            frame: m.frame(),
        });
    };
    let totals = listen(
        inputs,
        Decoder::new(decode),
        settings,
        interest,
        &Stop::default(),
        hear,
    );
    recording.conversations.sort_by_key(|c| c.known.started.seq);
    (recording, totals)
}

/// Opens captures for one of several readings.
pub fn open(args: &crate::cli::args::Input) -> Result<(Inputs, DecodeOptions), String> {
    if args.read.iter().any(|p| p.as_os_str() == "-") {
        return Err(
            "the capture is read more than once, standard input cannot be: name a file".into(),
        );
    }
    let options = ReadOptions {
        filter: args.filter.clone(),
        count: args.count,
        ..Default::default()
    };
    let inputs = Inputs::open(&args.read, &options).map_err(|e| e.to_string())?;
    let decode = DecodeOptions {
        ignore_checksums: args.checksums == crate::cli::args::Checksums::None,
        ..Default::default()
    };
    Ok((inputs, decode))
}

const KIND: &[u8] = b"bytes";

/// The id under which its messages are written; kinds and fields of that protocol are not used.
const CARRIER: ProtocolId = ProtocolId(0);

static RECORDER: Protocol = Protocol {
    name: "recorder",
    title: "Every byte",
    provenance: Provenance::Experimental,
    source: "",
    fields: &[],
    kinds: &[],
    anomalies: &[],
    hints: &[],
    transports: &[Transport::Tcp, Transport::Udp],
    probe: |_: Side, _: &[u8], _: Hint| Probe::Yes(dissectors::contract::Confidence(100)),
    open: |_: &Limits| Box::new(Recorder),
    path: None,
};

struct Recorder;

impl Dissector for Recorder {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let room = out.limits().get(dissectors::limits::KEPT_BODY).max(1);
        let piece = &input[..input.len().min(room)];
        let at = out.offset();
        out.message_named(KIND, at..at + piece.len() as u64)
            .body(piece);
        Progress::Read(piece.len())
    }

    fn gap(&mut self, _: Side, rest: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Read(rest.len().max(1))
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(pieces: &[(u64, &[u8])]) -> Recorded {
        let nobody = dissectors::message::Endpoint {
            ip: std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
            port: 0,
            mac: None,
        };
        let known = Conversation {
            flow_id: 1,
            transport: Transport::Tcp,
            ends: [nobody; 2],
            started: FrameRef::default(),
            mid_stream: false,
            seen: [true; 2],
            missing: [0; 2],
            overlap_differs: false,
        };
        let pieces = pieces.iter().map(|(at, bytes)| Piece {
            at: *at,
            bytes: bytes.to_vec(),
            frame: FrameRef::default(),
        });
        Recorded {
            known,
            sides: [pieces.collect(), Vec::new()],
        }
    }

    #[test]
    fn bytes_that_nobody_claimed_are_told_across_segments_and_not_across_holes() {
        let r = recorded(&[(0, b"abcd"), (4, b"efgh"), (20, b"xyz")]);
        assert_eq!(
            r.unclaimed(Side::Client, vec![2..3, 2..3]),
            [0..2, 3..8, 20..23]
        );
        assert_eq!(r.unclaimed(Side::Client, vec![3..22, 0..1]), [1..3, 22..23]);
        assert_eq!(r.unclaimed(Side::Client, vec![0..100, 5..6]), []);
        assert_eq!(r.bytes(Side::Client, 3..21), b"defghx");
    }
}
