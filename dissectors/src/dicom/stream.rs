//! From bytes to messages: the state machine of a connection (PS3.8 9.3, annex E).
//!
//! P-DATA-TF bodies are read as they come, never waited for: their length is the sender's word and may
//! be anything up to 4 GiB. Only A-ASSOCIATE PDUs are waited for whole, under a limit.

use super::association::{Association, State};
use super::command::{Command, CommandField};
use super::faults::{self, Faults};
use super::lane::{Fragment, Framing, Headless, Lane, PData};
use super::message::{self, Finished};
use super::negotiate;
use super::pdu::{
    self, HEADER, PDV_HEADER, PDV_LENGTH, PduHeader, PduType, pdu_header, pdv_header,
};
use super::resync::{self, Place};
use super::walk::Room;
use crate::contract::{Dissector, End, Progress, Reason, Side};
use crate::limits::{self, Limits};
use crate::message::Messages;

/// One connection.
pub struct Dicom {
    association: Association,
    lanes: [Lane; 2],
    /// Room for texts and bodies being put together.
    scratch: Vec<u8>,
    /// A message was written, so this is DICOM.
    spoke: bool,
    room: Room,
    longest_associate: usize,
    longest_command: usize,
    longest_pdu: usize,
    longest_search: u64,
}

/// What became of the next bytes.
enum Step {
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
        negotiate::associate(
            header,
            body,
            at..at + (HEADER + len) as u64,
            wrong,
            learn,
            &mut self.association,
            &mut self.scratch,
            out,
        );
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
            let range = at..at + (HEADER + len) as u64;
            negotiate::short(header, kind, body, range, &wrong, &self.association, out);
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
        let mut keep = wrong;
        if is_doubted || told == 0 {
            // At once: the rest may never come.
            let range = at..at + HEADER as u64;
            negotiate::malformed(range, Some(header), &wrong, &self.association, out);
            self.spoke = true;
            keep = Faults::default();
        }
        let lane = &mut self.lanes[side.index()];
        lane.pdu = PData {
            start: at,
            left: told,
            pdvs: 0,
            is_doubted,
            faults: keep,
        };
        lane.framing = Framing::Pdv;
        Step::Done(HEADER)
    }

    fn pdv(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) -> Step {
        let lane = &mut self.lanes[side.index()];
        let left = lane.pdu.left;
        if left == 0 {
            lane.framing = Framing::Pdu;
            return Step::Done(0);
        }
        let at = lane.at;
        let room = usize::try_from(left).map_or(PDV_HEADER, |n| n.min(PDV_HEADER));
        let Some(head) = rest.get(..room) else {
            return Step::Need(room);
        };
        let (pdv, fault) = match pdv_header(head) {
            Ok((_, pdv)) if pdv.length >= 2 => (pdv, None),
            Ok(_) => (Default::default(), Some(faults::PDV_TOO_SHORT)),
            Err(_) if lane.pdu.pdvs == 0 => (Default::default(), Some(faults::PDV_TOO_SHORT)),
            Err(_) => (Default::default(), Some(faults::TRAILING_BYTES)),
        };
        let is_odd = pdv.context % 2 == 0 || pdv.control.has_reserved_bits();
        if lane.pdu.is_doubted && (fault.is_some() || is_odd) {
            // Already reported; what stands here is the next PDU rather.
            lane.framing = Framing::Search;
            return Step::Done(0);
        }
        if let Some(fault) = fault {
            let mut wrong = lane.pdu.faults;
            wrong.add(fault, at);
            let range = lane.pdu.start..at + room as u64;
            lane.framing = Framing::Skip(left - room as u64);
            negotiate::malformed(range, None, &wrong, &self.association, out);
            self.spoke = true;
            return Step::Done(room);
        }
        lane.pdu.pdvs += 1;
        lane.pdv = Fragment {
            left: u64::from(pdv.length) + PDV_LENGTH - PDV_HEADER as u64,
            control: pdv.control,
        };
        let mut wrong = std::mem::take(&mut lane.pdu.faults);
        let after = left - PDV_HEADER as u64;
        if lane.pdv.left > after {
            wrong.add(faults::PDV_PAST_PDU, at);
            lane.pdv.left = after;
        }
        if pdv.control.has_reserved_bits() {
            wrong.add(faults::CONTROL_RESERVED, at);
        }
        lane.pdu.left = after - lane.pdv.left;
        lane.framing = Framing::Fragment;
        let start = match lane.pdu.pdvs {
            1 => lane.pdu.start,
            _ => at,
        };
        self.begin_fragment(side, start, pdv.context, &wrong, out);
        if self.lanes[side.index()].pdv.left == 0 {
            self.end_fragment(side, at + PDV_HEADER as u64, out);
        }
        Step::Done(PDV_HEADER)
    }

    /// The fragment goes to the message that is coming in, or begins one.
    fn begin_fragment(
        &mut self,
        side: Side,
        start: u64,
        context: u8,
        wrong: &Faults,
        out: &mut Messages<'_>,
    ) {
        let lane = &mut self.lanes[side.index()];
        let is_command = lane.pdv.control.is_command();
        if is_command
            && lane.message.is_open
            && (lane.message.has_command || lane.message.has_dataset)
        {
            lane.message.faults.add(faults::DATASET_MISSING, start);
            self.write(side, start, out);
        }
        let lane = &mut self.lanes[side.index()];
        let message = &mut lane.message;
        if !message.is_open {
            message.begin(start, context);
            message.command_at = lane.at + PDV_HEADER as u64;
            if !is_command {
                message.faults.add(
                    if lane.after_loss {
                        faults::START_MISSING
                    } else {
                        faults::DATASET_UNEXPECTED
                    },
                    start,
                );
            }
            lane.after_loss = false;
        } else if message.context != context {
            message.faults.add(faults::CONTEXT_CHANGED, start);
        }
        message.pdvs += 1;
        message.faults.add_all(wrong);
        if !is_command && !message.has_dataset {
            message.has_dataset = true;
            let mut ignored = Faults::default();
            let command = Command::read(&message.command, 0, &mut ignored);
            // Objects are large and read by name; identifiers and attribute lists are kept whole.
            let keep_all = out.wants_body() || !is_store(&command);
            let encoding = self.association.encoding(message.context);
            message.walker.start(encoding, keep_all, self.room);
        }
    }

    fn fragment(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) -> Step {
        let lane = &mut self.lanes[side.index()];
        let at = lane.at;
        let left = lane.pdv.left;
        let bytes = match usize::try_from(left) {
            Ok(left) => rest.get(..left).unwrap_or(rest),
            Err(_) => rest,
        };
        let is_whole = bytes.len() as u64 == left;
        let control = lane.pdv.control;
        let message = &mut lane.message;
        if control.is_command() {
            if is_whole && control.is_last() && message.command.is_empty() {
                return self.whole_command(side, bytes, out);
            }
            let room = self.longest_command.saturating_sub(message.command.len());
            if bytes.len() > room {
                message.faults.add(faults::COMMAND_TOO_LONG, at);
                out.limit(limits::DICOM_COMMAND);
            }
            message
                .command
                .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        } else {
            message.walker.feed(bytes, at);
            message.dataset_bytes += bytes.len() as u64;
        }
        lane.pdv.left -= bytes.len() as u64;
        if is_whole {
            self.end_fragment(side, at + left, out);
            return Step::Done(bytes.len());
        }
        if control.is_command() {
            return Step::Done(bytes.len());
        }
        // The last byte of a message is read, so that the message is told when it is there.
        let lane = &mut self.lanes[side.index()];
        let last = u64::from(control.is_last());
        let pass = lane.message.walker.skippable().min(lane.pdv.left - last);
        if pass == 0 {
            return Step::Done(bytes.len());
        }
        lane.message.walker.skip(pass);
        lane.message.dataset_bytes += pass;
        lane.pdv.left -= pass;
        if lane.pdv.left == 0 {
            self.end_fragment(side, at + bytes.len() as u64 + pass, out);
        }
        Step::Pass(bytes.len(), pass)
    }

    /// A command set that lies whole in the input is read in place.
    fn whole_command(&mut self, side: Side, bytes: &[u8], out: &mut Messages<'_>) -> Step {
        let lane = &mut self.lanes[side.index()];
        let end = lane.at + bytes.len() as u64;
        lane.pdv.left = 0;
        lane.framing = Framing::Pdv;
        let mut ignored = Faults::default();
        if bytes.len() <= self.longest_command
            && Command::read(bytes, 0, &mut ignored).has_dataset()
        {
            lane.message.command.extend_from_slice(bytes);
            lane.message.has_command = true;
            return Step::Done(bytes.len());
        }
        let message = &mut lane.message;
        let finished = Finished {
            range: message.start..end,
            context: message.context,
            command: bytes,
            command_at: message.command_at,
            dataset: None,
            dataset_bytes: 0,
            pdvs: message.pdvs,
            faults: message.faults,
        };
        message.is_open = false;
        let context = message.context;
        self.spoke = true;
        let command = message::write(&finished, &mut self.association, &mut self.scratch, out);
        if command.field.is_some_and(CommandField::is_response) {
            self.note_answer(side, context, &command);
        }
        Step::Done(bytes.len())
    }

    fn end_fragment(&mut self, side: Side, end: u64, out: &mut Messages<'_>) {
        let lane = &mut self.lanes[side.index()];
        lane.framing = Framing::Pdv;
        let control = lane.pdv.control;
        if !control.is_last() {
            return;
        }
        if control.is_command() {
            lane.message.has_command = true;
            let mut ignored = Faults::default();
            if Command::read(&lane.message.command, 0, &mut ignored).has_dataset() {
                return;
            }
        } else {
            lane.message.walker.finish(true);
        }
        self.write(side, end, out);
    }

    /// Writes the message that is coming in, as it is.
    fn write(&mut self, side: Side, end: u64, out: &mut Messages<'_>) {
        let message = &mut self.lanes[side.index()].message;
        message.is_open = false;
        let finished = Finished {
            range: message.start..end,
            context: message.context,
            command: &message.command,
            command_at: message.command_at,
            dataset: message.has_dataset.then_some(&message.walker),
            dataset_bytes: message.dataset_bytes,
            pdvs: message.pdvs,
            faults: message.faults,
        };
        self.spoke = true;
        message::write(&finished, &mut self.association, &mut self.scratch, out);
    }

    /// Another PDU comes while a message is not complete.
    fn interrupt(&mut self, side: Side, out: &mut Messages<'_>) {
        let lane = &mut self.lanes[side.index()];
        if lane.message.is_open {
            let at = lane.at;
            lane.message.faults.add(faults::INCOMPLETE, at);
            lane.message.walker.finish(false);
            self.write(side, at, out);
        }
    }

    fn search(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) -> Step {
        let lane = &mut self.lanes[side.index()];
        let passed = match resync::find(rest) {
            Place::Found(0) => {
                lane.framing = Framing::Pdu;
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

    /// Bytes up to `until` are lost to this side; `rest` were read and not used before them.
    fn lose(&mut self, side: Side, rest: &[u8], until: u64, out: &mut Messages<'_>) {
        self.association.lost();
        let lane = &mut self.lanes[side.index()];
        // A hole in bytes that were passed over hurts only where it is longer.
        let from = lane.at.max(out.offset());
        let mut lost = until.saturating_sub(from);
        if lost == 0 {
            if lane.message.is_open {
                lane.message.faults.add(faults::GAP, out.offset());
            }
            return;
        }
        if lane.framing == Framing::Pdu && !rest.is_empty() {
            // The hole is in a PDU whose header may be here.
            let pdu = pdu_header(rest).ok().map(|(_, header)| header);
            self.cut_off(
                side,
                rest,
                out.offset() + rest.len() as u64,
                faults::GAP,
                out,
            );
            let lane = &mut self.lanes[side.index()];
            lane.framing = match pdu.map(|h| HEADER as u64 + u64::from(h.length)) {
                Some(whole) if whole >= lost && whole - lost <= self.longest_associate as u64 => {
                    Framing::Skip(whole - lost)
                }
                _ => Framing::Search,
            };
            lane.after_loss = true;
            return;
        }
        lane.message.faults.add(faults::GAP, from);
        if lane.framing == Framing::Fragment {
            let here = lost.min(lane.pdv.left);
            lost -= here;
            lane.pdv.left -= here;
            if lane.pdv.control.is_command() {
                lane.message.faults.add(faults::START_MISSING, from);
            } else {
                lane.message.walker.lose(here);
                lane.message.dataset_bytes += here;
            }
            if lane.pdv.left > 0 {
                return;
            }
            self.end_fragment(side, from + here, out);
        }
        let lane = &mut self.lanes[side.index()];
        if lost == 0 {
            return;
        }
        lane.after_loss = true;
        // PDVs behind the hole cannot be told apart: the message goes as far as it came.
        let was_in = lane.framing;
        if lane.message.is_open {
            lane.message.faults.add(faults::GAP, from);
            lane.message.walker.finish(false);
            self.write(side, from, out);
        }
        let lane = &mut self.lanes[side.index()];
        lane.framing = match was_in {
            Framing::Pdv if lane.pdu.left > lost => Framing::Skip(lane.pdu.left - lost),
            Framing::Pdv if lane.pdu.left == lost => Framing::Pdu,
            Framing::Skip(left) if left >= lost => Framing::Skip(left - lost),
            _ => Framing::Search,
        };
    }

    /// This side stops in the middle of something: tells what it was.
    fn cut_off(
        &mut self,
        side: Side,
        rest: &[u8],
        until: u64,
        fault: &'static str,
        out: &mut Messages<'_>,
    ) {
        let lane = &mut self.lanes[side.index()];
        let from = out.offset();
        let mut wrong = Faults::default();
        wrong.add(fault, until);
        if lane.message.is_open {
            lane.message.faults.add(fault, until);
            if lane.message.has_dataset {
                lane.message.walker.finish(false);
            }
            // Of bytes passed over, those that did not come are not counted.
            let ahead = lane.at.saturating_sub(until);
            lane.message.dataset_bytes = lane.message.dataset_bytes.saturating_sub(ahead);
            return self.write(side, until, out);
        }
        match lane.framing {
            Framing::Pdu if rest.is_empty() => {}
            Framing::Pdu => match pdu_header(rest) {
                Ok((body, header)) if header.kind.0 <= PduType::ASSOCIATE_AC.0 => {
                    self.spoke = true;
                    negotiate::associate(
                        header,
                        body,
                        from..until,
                        wrong,
                        false,
                        &mut self.association,
                        &mut self.scratch,
                        out,
                    );
                }
                Ok((body, header)) if header.kind.kind().is_some() => {
                    if let Some(kind) = header.kind.kind() {
                        let range = from..until;
                        negotiate::short(header, kind, body, range, &wrong, &self.association, out);
                    }
                }
                Ok((_, header)) => {
                    negotiate::malformed(from..until, Some(header), &wrong, &self.association, out);
                }
                Err(_) => negotiate::malformed(from..until, None, &wrong, &self.association, out),
            },
            Framing::Pdv if lane.pdu.left == 0 || lane.pdu.is_doubted => {}
            Framing::Pdv | Framing::Fragment => {
                let range = lane.pdu.start..until;
                negotiate::malformed(range, None, &wrong, &self.association, out);
            }
            Framing::Skip(_) | Framing::Search => {}
        }
    }

    /// An answer to a request that was not seen tells what the end of a message was, with which the
    /// other side's stream begins.
    fn note_answer(&mut self, side: Side, context: u8, answer: &Command<'_>) {
        let other = &mut self.lanes[side.other().index()];
        if let Some(headless) = &mut other.headless
            && headless.request.is_empty()
            && other.framing == Framing::Search
            && other.searched > 0
        {
            headless.end = other.at;
            headless.context = context;
            answer.write_request(&mut headless.request);
        }
    }

    /// Tells the message whose end the stream began with, if its answer told what it was.
    fn tell_headless(&mut self, side: Side, out: &mut Messages<'_>) {
        let Some(headless) = self.lanes[side.index()].headless.take() else {
            return;
        };
        if headless.request.is_empty() {
            return;
        }
        let mut faults = Faults::default();
        faults.add(faults::START_MISSING, headless.start);
        let finished = Finished {
            range: headless.start..headless.end,
            context: headless.context,
            command: &headless.request,
            command_at: headless.start,
            dataset: None,
            dataset_bytes: 0,
            pdvs: 0,
            faults,
        };
        self.spoke = true;
        message::write(&finished, &mut self.association, &mut self.scratch, out);
    }
}

/// A few senders count the PDU header too, or pad (detection WW-DICOM-0026).
const LENGTH_TOLERANCE: u64 = 6 + 2;

fn is_store(command: &Command<'_>) -> bool {
    command.field == Some(CommandField::C_STORE)
}
