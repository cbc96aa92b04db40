//! A dissector for any protocol that can say where its frames end.

use crate::contract::{Dissector, End, Progress, Reason, Side};
use crate::limits::{Limits, SERIAL_FRAME, SERIAL_NOISE};
use crate::message::Messages;
use crate::schema::KindId;
use crate::serial::{NOT_A_FRAME, TOO_LONG, UNFINISHED};

/// What stands at the front of unread bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// One whole frame of this many bytes.
    Frame(usize),
    /// A frame that is not whole: at least this many bytes are needed in all.
    Short(usize),
    /// This many bytes that mean nothing and are no fault (line ends, keep-alive).
    Idle(usize),
    /// This many bytes that belong to no frame.
    Noise(usize),
}

/// Who sends, on a line with one host and one device. Which of them opened the connection does not
/// tell: a terminal server may wait for the host's call, or make the call itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Host,
    Device,
}

/// A protocol of frames on a serial line.
pub trait Frames: Send {
    /// The kind under which faults without a message are reported.
    const MALFORMED: KindId;

    /// Who sent the bytes at the front of `input`, where they tell. The other calls are told
    /// `Side::Client` for the host from then on, and for whoever opened the connection before.
    fn role(&self, _input: &[u8]) -> Option<Role> {
        None
    }

    /// What stands at the front of `input` (never empty). Bytes before `seen` were looked at in an
    /// earlier call that gave `Short`. `last`: no more bytes will come.
    fn cut(&self, side: Side, input: &[u8], seen: usize, last: bool) -> Cut;

    /// Reads one whole frame, the first bytes at `out.offset()`.
    fn frame(&mut self, side: Side, frame: &[u8], out: &mut Messages<'_>);

    /// Bytes are missing before what comes next.
    fn lost(&mut self, _: Side) {}

    fn held(&self) -> usize {
        0
    }
}

/// The dissector over [`Frames`]: faults, gaps, limits.
pub struct Line<F> {
    frames: F,
    sides: [State; 2],
    longest: usize,
    most_noise: usize,
    /// A frame was read: from here on these bytes are known to be this protocol.
    begun: bool,
    /// The side of the host, once it is known.
    host: Option<Side>,
}

#[derive(Default)]
struct State {
    /// Bytes already looked at without finding the end of a frame.
    seen: usize,
    /// Bytes of noise since the last frame; only the first of a run is reported.
    noise: usize,
    /// After a hole: noise up to the next frame is the rest of a frame that was cut.
    adrift: bool,
}

impl<F: Frames> Line<F> {
    pub fn new(frames: F, limits: &Limits) -> Self {
        Line {
            frames,
            sides: Default::default(),
            longest: limits.get(SERIAL_FRAME).max(2),
            most_noise: limits.get(SERIAL_NOISE),
            begun: false,
            host: None,
        }
    }

    /// The side's part: `Side::Client` for the host, where that is known.
    fn part(&mut self, side: Side, input: &[u8]) -> Side {
        if self.host.is_none() {
            self.host = self.frames.role(input).map(|role| match role {
                Role::Host => side,
                Role::Device => side.other(),
            });
        }
        match self.host {
            Some(Side::Server) => side.other(),
            _ => side,
        }
    }

    fn noise(&mut self, side: Side, len: usize, out: &mut Messages<'_>) -> Progress {
        let state = &mut self.sides[side.index()];
        if state.noise == 0 && !state.adrift {
            let at = out.offset();
            out.message(F::MALFORMED, at..at + 1)
                .anomaly(NOT_A_FRAME, at);
        }
        state.noise += len;
        state.seen = 0;
        if state.noise > self.most_noise {
            out.limit(SERIAL_NOISE);
            return Progress::Reject(Reason("no frame among too many bytes"));
        }
        Progress::Read(len)
    }

    fn read_frame(&mut self, side: Side, frame: &[u8], out: &mut Messages<'_>) -> Progress {
        self.sides[side.index()] = State::default();
        self.begun = true;
        let part = self.part(side, frame);
        self.frames.frame(part, frame, out);
        Progress::Read(frame.len())
    }
}

impl<F: Frames> Dissector for Line<F> {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let seen = self.sides[side.index()].seen;
        let part = self.part(side, input);
        match self.frames.cut(part, input, seen, false) {
            Cut::Frame(n) if (1..=input.len()).contains(&n) => {
                self.read_frame(side, &input[..n], out)
            }
            Cut::Idle(n) if (1..=input.len()).contains(&n) => {
                self.sides[side.index()].seen = 0;
                Progress::Read(n)
            }
            Cut::Short(_) if input.len() >= self.longest => {
                out.limit(SERIAL_FRAME);
                let at = out.offset();
                out.message(F::MALFORMED, at..at + self.longest as u64)
                    .anomaly(TOO_LONG, at);
                self.sides[side.index()] = State {
                    adrift: true,
                    ..State::default()
                };
                Progress::Read(self.longest)
            }
            Cut::Short(need) => {
                self.sides[side.index()].seen = input.len();
                Progress::Need(need.max(input.len() + 1))
            }
            Cut::Noise(n) => self.noise(side, n.clamp(1, input.len()), out),
            // A cutting function that overshoots must not stall the stream.
            Cut::Frame(_) | Cut::Idle(_) => self.noise(side, 1, out),
        }
    }

    fn gap(&mut self, side: Side, rest: &[u8], _: u64, out: &mut Messages<'_>) -> Progress {
        if !rest.is_empty() && !self.sides[side.index()].adrift {
            let at = out.offset();
            out.message(F::MALFORMED, at..at + rest.len() as u64)
                .anomaly(UNFINISHED, at);
        }
        self.sides[side.index()] = State {
            adrift: true,
            ..State::default()
        };
        let part = self.part(side, &[]);
        self.frames.lost(part);
        Progress::Read(rest.len().max(1))
    }

    fn end(&mut self, side: Side, rest: &[u8], _: End, out: &mut Messages<'_>) {
        if rest.is_empty() {
            return;
        }
        let at = out.offset();
        let part = self.part(side, rest);
        match self.frames.cut(part, rest, 0, true) {
            Cut::Frame(n) if n == rest.len() => {
                self.read_frame(side, rest, out);
            }
            Cut::Idle(_) => {}
            _ if self.sides[side.index()].adrift => {}
            _ => {
                out.message(F::MALFORMED, at..at + rest.len() as u64)
                    .anomaly(UNFINISHED, at);
            }
        }
    }

    fn held(&self) -> usize {
        self.frames.held()
    }
}
