//! Bytes that do not come: gaps, the end of a side, streams whose start was not seen.

use super::faults::{self, Faults};
use super::lane::{Framing, Headless};
use super::message::{self, Finished};
use super::negotiate::{self, Pdu};
use super::pdu::{HEADER, PduType, pdu_header};
use super::stream::Dicom;
use crate::contract::Side;
use crate::message::Messages;

impl Dicom {
    /// Bytes up to `until` are lost to this side; `rest` were read and not used before them.
    pub(super) fn lose(&mut self, side: Side, rest: &[u8], until: u64, out: &mut Messages<'_>) {
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
                // What comes behind the hole would be read out of place.
                lane.message.command_broke_off = true;
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
    pub(super) fn cut_off(
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
                Ok((body, header))
                    if matches!(header.kind, PduType::ASSOCIATE_RQ | PduType::ASSOCIATE_AC) =>
                {
                    self.spoke = true;
                    let pdu = Pdu {
                        header,
                        body,
                        start: from,
                    };
                    let learn = header.kind == PduType::ASSOCIATE_RQ;
                    let (association, scratch) = (&mut self.association, &mut self.scratch);
                    negotiate::associate(pdu, wrong, learn, association, scratch, out);
                }
                Ok((body, header)) if header.kind.kind().is_some() => {
                    if let Some(kind) = header.kind.kind() {
                        let pdu = Pdu {
                            header,
                            body,
                            start: from,
                        };
                        negotiate::short(pdu, kind, &wrong, &self.association, out);
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

    /// Tells the message whose end the stream began with, if its answer told what it was.
    pub(super) fn tell_headless(&mut self, side: Side, out: &mut Messages<'_>) {
        let told = |h: &mut Headless| !h.request.is_empty() && h.end > h.start;
        let Some(headless) = self.lanes[side.index()].headless.take_if(told) else {
            return;
        };
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
