//! From PDVs to messages (PS3.8 9.3.5, annex E): command set fragments, then data set fragments.

use super::command::{Command, CommandField, Outline};
use super::faults::{self, Faults};
use super::lane::{Fragment, Framing, Headless, Lane};
use super::message::{self, Finished};
use super::negotiate;
use super::pdu::{PDV_HEADER, PDV_LENGTH, pdv_header};
use super::resync::{self, Judgement};
use super::stream::{Dicom, Step};
use crate::contract::Side;
use crate::limits;
use crate::message::Messages;

impl Dicom {
    pub(super) fn pdv(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) -> Step {
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
        if lane.pdu.is_doubted {
            // The length was reported; what stands here may be the next PDU rather.
            let is_odd = pdv.context.is_multiple_of(2) || pdv.control.has_reserved_bits();
            match resync::judge(rest) {
                Judgement::More(needs) => return Step::Need(needs),
                Judgement::No if fault.is_none() && !is_odd => {}
                Judgement::Yes | Judgement::No => {
                    lane.framing = Framing::Search;
                    return Step::Done(0);
                }
            }
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
    pub(super) fn begin_fragment(
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
        if !is_command && !message.has_command && !message.command.is_empty() {
            // The command set was not complete yet.
            message.faults.add(faults::DATASET_UNEXPECTED, start);
        }
        message.pdvs += 1;
        message.faults.add_all(wrong);
        if !is_command && !message.has_dataset {
            message.has_dataset = true;
            // Objects are large and read by name; identifiers and attribute lists are kept whole.
            let is_store = Outline::of(&message.command).field == Some(CommandField::C_STORE);
            let keep_all = out.wants_body() || !is_store;
            let encoding = self.association.encoding(message.context);
            message.walker.start(encoding, keep_all, self.room);
        }
    }

    pub(super) fn fragment(&mut self, side: Side, rest: &[u8], out: &mut Messages<'_>) -> Step {
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
            let is_only = message.command.is_empty() && !message.command_broke_off;
            let fits = left <= self.longest_command as u64;
            if is_whole && is_only && fits && control.is_last() {
                return self.whole_command(side, bytes, out);
            }
            let room = match message.command_broke_off {
                true => 0,
                false => self.longest_command.saturating_sub(message.command.len()),
            };
            if bytes.len() > room && !message.command_broke_off {
                message.faults.add(faults::COMMAND_TOO_LONG, message.start);
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
    pub(super) fn whole_command(
        &mut self,
        side: Side,
        bytes: &[u8],
        out: &mut Messages<'_>,
    ) -> Step {
        let lane = &mut self.lanes[side.index()];
        let end = lane.at + bytes.len() as u64;
        lane.pdv.left = 0;
        lane.framing = Framing::Pdv;
        if Outline::of(bytes).has_dataset {
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
        let (own, other) = self.lanes_of(side);
        note_answer(own, other, context, &command);
        Step::Done(bytes.len())
    }

    pub(super) fn end_fragment(&mut self, side: Side, end: u64, out: &mut Messages<'_>) {
        let lane = &mut self.lanes[side.index()];
        lane.framing = Framing::Pdv;
        let control = lane.pdv.control;
        if !control.is_last() {
            return;
        }
        if control.is_command() {
            lane.message.has_command = true;
            if Outline::of(&lane.message.command).has_dataset {
                return;
            }
            // Whether a data set follows may be what was lost.
            lane.after_loss |= lane.message.command_broke_off;
        } else {
            lane.message.walker.finish(true);
        }
        self.write(side, end, out);
    }

    /// Writes the message that is coming in, as it is.
    pub(super) fn write(&mut self, side: Side, end: u64, out: &mut Messages<'_>) {
        let message = &mut self.lanes[side.index()].message;
        message.is_open = false;
        // The command set is lent to the writer and given back, so that its memory is used again.
        let set = std::mem::take(&mut message.command);
        let finished = Finished {
            range: message.start..end,
            context: message.context,
            command: &set,
            command_at: message.command_at,
            dataset: message.has_dataset.then_some(&message.walker),
            dataset_bytes: message.dataset_bytes,
            pdvs: message.pdvs,
            faults: message.faults,
        };
        self.spoke = true;
        let command = message::write(&finished, &mut self.association, &mut self.scratch, out);
        let context = message.context;
        let (own, other) = self.lanes_of(side);
        note_answer(own, other, context, &command);
        own.message.command = set;
    }

    /// This side's lane and the other's.
    fn lanes_of(&mut self, side: Side) -> (&mut Lane, &mut Lane) {
        let [client, server] = &mut self.lanes;
        match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        }
    }

    /// Another PDU comes while a message is not complete.
    pub(super) fn interrupt(&mut self, side: Side, out: &mut Messages<'_>) {
        let lane = &mut self.lanes[side.index()];
        if lane.message.is_open {
            let at = lane.at;
            lane.message.faults.add(faults::INCOMPLETE, at);
            lane.message.walker.finish(false);
            self.write(side, at, out);
        }
    }
}

/// An answer to a request that was not seen tells what the end of a message was, with which the other
/// side's stream begins. The other side may have been read further already.
fn note_answer(own: &mut Lane, other: &mut Lane, context: u8, command: &Command<'_>) {
    let Some(field) = command.field else {
        return;
    };
    if !field.is_response() {
        if let (Some(headless), Some(id)) = (&mut own.headless, command.message_id)
            && headless.asked.len() < Headless::ASKED
        {
            headless.asked.push(id);
        }
        return;
    }
    let (Some(headless), Some(id)) = (&mut other.headless, command.responding_to) else {
        return;
    };
    if !headless.request.is_empty() {
        return;
    }
    if headless.asked.contains(&id) {
        // What the stream began with was answered before the capture, or not at all.
        other.headless = None;
    } else {
        headless.context = context;
        command.write_request(&mut headless.request);
    }
}
