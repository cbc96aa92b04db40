//! From bytes to messages: the state machine of a connection (PS3.8 9.3, annex E).
//!
//! P-DATA-TF bodies are read as they come, never waited for: their length is the sender's word and may
//! be anything up to 4 GiB. Only A-ASSOCIATE PDUs are waited for whole, under a limit.

use super::association::{Association, State};
use super::faults::{self, Faults};
use super::lane::{Framing, Headless, Lane, PData};
use super::negotiate::{self, Pdu};
use super::pdu::{self, HEADER, PduHeader, PduType, pdu_header};
use super::resync::{self, Place};
use super::walk::Room;
use crate::contract::{Dissector, End, Progress, Reason, Side};
use crate::limits::{self, Limits};
use crate::message::Messages;

/// One connection.
pub struct Dicom {
    pub(super) association: Association,
    pub(super) lanes: [Lane; 2],
    /// Room for texts and bodies being put together.
    pub(super) scratch: Vec<u8>,
    /// A message was written, so this is DICOM.
    pub(super) spoke: bool,
    pub(super) room: Room,
    pub(super) longest_associate: usize,
    pub(super) longest_command: usize,
    longest_pdu: usize,
    longest_search: u64,
}

/// What became of the next bytes.
pub(super) enum Step {
    /// So many are done with; 0: the same bytes again, in another state.
    Done(usize),
    Need(usize),
    Pass(usize, u64),
    Reject(Reason),
}

impl Dissector for Dicom {
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let base = out.offset();
        let lane = &mut self.lanes[side.index()];
        lane.at = base;
        lane.heard = true;
        let mut done = 0;
        while let Some(rest) = input.get(done..)
            && !rest.is_empty()
        {
            match self.step(side, rest, out) {
                Step::Done(n) => {
                    done += n;
                    self.lanes[side.index()].at = base + done as u64;
                }
                Step::Pass(n, body) => {
                    let head = done + n;
                    self.lanes[side.index()].at = base + head as u64 + body;
                    return Progress::Pass { head, body };
                }
                Step::Need(n) if done == 0 => return Progress::Need(n.max(input.len() + 1)),
                Step::Reject(why) if done == 0 => return Progress::Reject(why),
                Step::Need(_) | Step::Reject(_) => break,
            }
        }
        Progress::Read(done)
    }

    fn gap(&mut self, side: Side, rest: &[u8], len: u64, out: &mut Messages<'_>) -> Progress {
        let from = out.offset();
        let until = from + rest.len() as u64 + len;
        let lane = &mut self.lanes[side.index()];
        if len == 0 && !lane.heard {
            // The stream began before the capture.
            self.association.state = State::Unseen;
            lane.framing = Framing::Search;
            lane.at = until;
            lane.after_loss = true;
            lane.headless = Some(Headless {
                start: until,
                ..Headless::default()
            });
            return Progress::Read(rest.len());
        }
        self.lose(side, rest, until, out);
        let lane = &mut self.lanes[side.index()];
        lane.at = lane.at.max(until);
        lane.heard = true;
        Progress::Read(rest.len())
    }

    fn end(&mut self, side: Side, rest: &[u8], why: End, out: &mut Messages<'_>) {
        let fault = match why {
            End::Fin | End::Reset => faults::INCOMPLETE,
            End::Idle | End::Evicted | End::Capture => faults::UNFINISHED,
        };
        let until = out.offset() + rest.len() as u64;
        let lane = &mut self.lanes[side.index()];
        if lane.framing == Framing::Search
            && let Some(headless) = &mut lane.headless
        {
            headless.end = until;
        }
        self.tell_headless(side, out);
        self.cut_off(side, rest, until, fault, out);
    }

    fn held(&self) -> usize {
        size_of::<Self>()
            + self.association.held()
            + self.lanes.iter().map(|l| l.message.held()).sum::<usize>()
            + self.scratch.capacity()
    }
}

impl Dicom {
    pub fn new(limits: &Limits) -> Self {
        Dicom {
            association: Association::new(),
            lanes: Default::default(),
            scratch: Vec::new(),
            spoke: false,
            room: Room {
                head: limits.get(limits::DICOM_HEAD),
                value: limits.get(limits::DICOM_VALUE),
                depth: limits.get(limits::DICOM_DEPTH),
            },
            longest_associate: limits.get(limits::DICOM_ASSOCIATE),
            longest_command: limits.get(limits::DICOM_COMMAND),
            longest_pdu: limits.get(limits::DICOM_PDU),
            longest_search: limits.get(limits::DICOM_RESYNC) as u64,
        }
    }

    fn step(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) -> Step {
        match self.lanes[side.index()].framing {
            Framing::Pdu => self.pdu(side, rest, out),
            Framing::Pdv => self.pdv(side, rest, out),
            Framing::Fragment => self.fragment(side, rest, out),
            Framing::Skip(left) => {
                let lane = &mut self.lanes[side.index()];
                lane.framing = Framing::Pdu;
                match usize::try_from(left) {
                    Ok(left) if left <= rest.len() => Step::Done(left),
                    _ => Step::Pass(rest.len(), left - rest.len() as u64),
                }
            }
            Framing::Search => self.search(side, rest, out),
        }
    }

    fn pdu(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) -> Step {
        let Ok((body, header)) = pdu_header(rest) else {
            return Step::Need(HEADER);
        };
        self.tell_headless(side, out);
        match header.kind {
            PduType::P_DATA_TF => self.p_data(side, header, out),
            PduType::ASSOCIATE_RQ | PduType::ASSOCIATE_AC => {
                self.associate(side, header, body, out)
            }
            kind => match kind.kind() {
                Some(_) => self.short(side, header, body, out),
                None if !self.spoke => Step::Reject(Reason("no DICOM PDU type at the start")),
                None => {
                    let at = self.lanes[side.index()].at;
                    let mut wrong = Faults::default();
                    wrong.add(faults::PDU_UNKNOWN, at);
                    let range = at..at + HEADER as u64;
                    negotiate::malformed(range, Some(header), &wrong, &self.association, out);
                    self.lanes[side.index()].framing = Framing::Search;
                    Step::Done(HEADER)
                }
            },
        }
    }

    fn associate(
        &mut self,
        side: Side,
        header: PduHeader,
        body: &[u8],
        out: &mut Messages<'_>,
    ) -> Step {
        let at = self.lanes[side.index()].at;
        let mut wrong = Faults::default();
        let told = header.length as usize;
        // A length beyond belief is reported as soon as the titles are there, and not waited for.
        let is_huge = told > self.longest_associate;
        let len = if is_huge {
            wrong.add(faults::PDU_LENGTH_HUGE, at);
            super::associate::FIXED
        } else {
            told
        };
        let Some(body) = body.get(..len) else {
            return Step::Need(HEADER + len);
        };
        if is_huge {
            out.limit(limits::DICOM_ASSOCIATE);
        }
        self.interrupt(side, out);
        let heard = self.lanes[side.other().index()].heard;
        let fault = self.association.step(side, header.kind, heard);
        if let Some(fault) = fault {
            wrong.add(fault, at);
        }
        // A second request, or an answer to nothing, does not change what was agreed.
        let learn = fault.is_none() || self.association.state == State::Requested;
        let learn = learn && fault != Some(faults::SECOND_REQUEST);
        let pdu = Pdu {
            header,
            body,
            start: at,
        };
        let (association, scratch) = (&mut self.association, &mut self.scratch);
        negotiate::associate(pdu, wrong, learn, association, scratch, out);
        self.spoke = true;
        let lane = &mut self.lanes[side.index()];
        lane.framing = if is_huge {
            Framing::Search
        } else {
            Framing::Pdu
        };
        Step::Done(HEADER + len)
    }

    fn short(
        &mut self,
        side: Side,
        header: PduHeader,
        body: &[u8],
        out: &mut Messages<'_>,
    ) -> Step {
        let at = self.lanes[side.index()].at;
        let mut wrong = Faults::default();
        let len = header.length.min(pdu::SHORT) as usize;
        let Some(body) = body.get(..len) else {
            return Step::Need(HEADER + len);
        };
        if header.length != pdu::SHORT {
            wrong.add(faults::PDU_LENGTH_WRONG, at);
        }
        let after = u64::from(header.length) - len as u64;
        let is_huge = after > self.longest_associate as u64;
        if is_huge {
            wrong.add(faults::PDU_LENGTH_HUGE, at);
            out.limit(limits::DICOM_ASSOCIATE);
        }
        self.interrupt(side, out);
        let heard = self.lanes[side.other().index()].heard;
        if let Some(fault) = self.association.step(side, header.kind, heard) {
            wrong.add(fault, at);
        }
        if let Some(kind) = header.kind.kind() {
            let pdu = Pdu {
                header,
                body,
                start: at,
            };
            negotiate::short(pdu, kind, &wrong, &self.association, out);
        }
        self.spoke = true;
        self.lanes[side.index()].framing = match after {
            0 => Framing::Pdu,
            _ if is_huge => Framing::Search,
            after => Framing::Skip(after),
        };
        Step::Done(HEADER + len)
    }

    fn p_data(&mut self, side: Side, header: PduHeader, out: &mut Messages<'_>) -> Step {
        let at = self.lanes[side.index()].at;
        let mut wrong = Faults::default();
        let heard = self.lanes[side.other().index()].heard;
        if let Some(fault) = self.association.step(side, PduType::P_DATA_TF, heard) {
            wrong.add(fault, at);
        }
        let told = u64::from(header.length);
        let maximum = u64::from(self.association.maximum[side.other().index()]);
        let believable = match maximum {
            0 => self.longest_pdu as u64,
            maximum => 2 * maximum + LENGTH_TOLERANCE,
        };
        let over = maximum != 0 && told > maximum + LENGTH_TOLERANCE;
        let is_doubted = told > believable;
        if over || is_doubted {
            wrong.add(faults::PDU_OVER_MAXIMUM, at);
        }
        if is_doubted && maximum == 0 {
            out.limit(limits::DICOM_PDU);
        }
        if told == 0 {
            wrong.add(faults::PDV_TOO_SHORT, at);
        }
        // At once: the rest may never come. And once: a sender that knows no better does it again.
        let lane = &mut self.lanes[side.index()];
        let is_news = is_doubted && told > 2 * lane.longest_told;
        if is_news || told == 0 {
            lane.longest_told = lane.longest_told.max(told);
            let range = at..at + HEADER as u64;
            negotiate::malformed(range, Some(header), &wrong, &self.association, out);
            self.spoke = true;
            wrong = Faults::default();
        }
        let lane = &mut self.lanes[side.index()];
        lane.pdu = PData {
            start: at,
            left: told,
            pdvs: 0,
            is_doubted,
            faults: wrong,
        };
        lane.framing = Framing::Pdv;
        Step::Done(HEADER)
    }

    fn search(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) -> Step {
        let lane = &mut self.lanes[side.index()];
        let passed = match resync::find(rest) {
            Place::Found(0) => {
                lane.framing = Framing::Pdu;
                if let Some(headless) = &mut lane.headless
                    && headless.end <= headless.start
                {
                    headless.end = lane.at;
                    // The stream began with a whole PDU.
                    lane.headless.take_if(|h| h.end == h.start);
                }
                lane.searched = 0;
                return Step::Done(0);
            }
            Place::Maybe { at: 0, needs } => return Step::Need(needs),
            Place::Found(at) | Place::Maybe { at, .. } => at,
            Place::Nothing => rest.len(),
        };
        lane.searched += passed as u64;
        if lane.searched > self.longest_search {
            out.limit(limits::DICOM_RESYNC);
            return Step::Reject(Reason("no DICOM PDU found within dicom-resync bytes"));
        }
        Step::Done(passed)
    }
}

/// A few senders count the PDU header too, or pad (detection WW-DICOM-0026).
const LENGTH_TOLERANCE: u64 = 6 + 2;
