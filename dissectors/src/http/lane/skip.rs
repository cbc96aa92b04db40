//! Bytes that are passed over: rests of bodies, watched for parts, and what follows a loss.

use super::{At, Http};
use crate::contract::{Progress, Side};
use crate::http::chunk::Walk;
use crate::http::dicomweb;
use crate::http::fields::{PART, PREAMBLE};
use crate::http::head::Faults;
use crate::http::{multipart, resync};
use crate::limits;
use crate::message::Messages;
use crate::sdc;

/// While no head is found, so much is kept for one that began in it.
const KEPT_BEHIND: usize = 4096 + 16;

impl Http {
    /// Looks for further parts of a long multipart body.
    pub(super) fn parts(
        &mut self,
        side: Side,
        until: u64,
        input: &[u8],
        out: &mut Messages<'_>,
    ) -> Progress {
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
        if let Some(word) = dicomweb::preamble(&body[content..used]) {
            out.message(PART, base..base + used as u64)
                .text(PREAMBLE, word.as_bytes());
        }
        Progress::Read(used)
    }

    /// Passes over what is left of a chunked body.
    pub(super) fn skip_chunks(
        &mut self,
        side: Side,
        input: &[u8],
        out: &mut Messages<'_>,
    ) -> Progress {
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
    pub(super) fn lost(
        &mut self,
        side: Side,
        fresh: bool,
        input: &[u8],
        out: &mut Messages<'_>,
    ) -> Progress {
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

    /// An envelope without its head that the end of the stream cut off.
    pub(super) fn lost_rest(&mut self, _side: Side, rest: &[u8], out: &mut Messages<'_>) {
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
