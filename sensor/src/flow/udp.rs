//! A UDP conversation's datagrams, and frames below IP. Each is read whole.

use std::hash::{BuildHasher, Hasher};

use dissectors::contract::{End, Hint, Side, Transport};
use dissectors::identify::{Row, Signatures};

use super::context::Context;
use super::events::Arrival;
use super::limits;
use super::marks::Carrier;
use super::reader::Stop;
use super::reassembly;
use super::record::{Content, Fate, Flow, Ident};
use super::sighting::Recent;
use super::tcp::deafen;
use super::work::{Work, all};
use crate::decode::packet::UdpHead;

/// A UDP datagram, or the payload of a frame below IP.
#[derive(Clone, Copy)]
pub struct Datagram<'a> {
    pub payload: &'a [u8],
    /// Payload bytes on the wire that were not captured.
    pub cut: u32,
    pub ip_id: u16,
    pub checksum: u16,
    pub at: Arrival,
}

/// Is the upper end of the key the client, judging by the first datagram, which `upper` says it sent?
/// Nothing tells whether it is the first of all; a port by habit tells who serves.
pub fn client_is_upper(head: &UdpHead, upper: bool, signatures: &Signatures) -> bool {
    let hinted = |port| signatures.hinted(Transport::Udp, port);
    let sender_serves = hinted(head.src_port) && !hinted(head.dst_port);
    upper != sender_serves
}

/// A datagram of a known conversation.
pub fn datagram(flow: &mut Flow, side: Side, datagram: &Datagram<'_>, cx: &mut Context<'_>) {
    let i = side.index();
    if !flow.id.seen[i] {
        flow.id.seen[i] = true;
        flow.id.macs[i] = datagram.at.mac;
        flow.id.changed();
    }
    let len = datagram.payload.len() as u64;
    if second_sighting(flow, side, datagram, cx) {
        cx.counts.events.second_sightings += 1;
        cx.counts.bytes.second_sighting += len;
        return;
    }
    super::events::mac(flow, side, &datagram.at, cx);
    if flow.id.macs[i] != datagram.at.mac && datagram.at.mac.is_some() {
        // From here on this side's messages come from another station.
        flow.id.macs[i] = datagram.at.mac;
        flow.id.changed();
    }
    let at = flow.sides[i].offset;
    flow.sides[i].offset += len;
    if datagram.cut > 0 {
        // Part of a datagram would only look like a malformed one.
        cx.counts.events.datagrams_cut += 1;
        cx.counts.events.cut_bytes += u64::from(datagram.cut);
        cx.counts.bytes.gap_adjacent += len;
        flow.id.missing[i] += u64::from(datagram.cut);
        flow.id.changed();
        return;
    }
    if len == 0 {
        return;
    }
    read(flow, side, at, datagram, cx);
}

/// A frame below IP: a conversation of its own.
pub fn frame(flow: &mut Flow, frame: &Datagram<'_>, cx: &mut Context<'_>) {
    if frame.cut > 0 {
        cx.counts.events.datagrams_cut += 1;
        cx.counts.bytes.gap_adjacent += frame.payload.len() as u64;
    } else if !frame.payload.is_empty() {
        read(flow, Side::Client, 0, frame, cx);
        close(flow, End::Capture, cx);
    }
}

/// The conversation is over.
pub fn close(flow: &mut Flow, why: End, cx: &mut Context<'_>) {
    for side in Side::BOTH {
        reassembly::end(flow, side, why, cx);
    }
    reassembly::retire(flow, cx);
}

fn read(flow: &mut Flow, side: Side, at: u64, datagram: &Datagram<'_>, cx: &mut Context<'_>) {
    let len = datagram.payload.len() as u64;
    if matches!(flow.content, Content::Silent) {
        let candidates = cx.shared.candidates(flow.id.transport());
        flow.content = if candidates == 0 {
            cx.counts.events.unidentified += 1;
            Content::Deaf(Fate::Unidentified)
        } else {
            let offsets = [flow.sides[0].offset, flow.sides[1].offset];
            Content::Work(Box::new(Work::new(offsets, candidates, false)))
        };
    }
    match &mut flow.content {
        Content::Work(work) => {
            let carrier = Carrier {
                frame: datagram.at.frame,
                vlan: datagram.at.vlan,
                filler: None,
            };
            let result = work.datagram(side, at, datagram.payload, &carrier, &mut flow.id, cx);
            if let Err(fate) = result {
                deafen(flow, fate, cx);
            }
        }
        Content::Deaf(fate) => *fate.counter(cx) += len,
        Content::Silent | Content::Done => cx.counts.bytes.after_end += len,
    }
}

impl Work {
    /// A datagram or a frame below IP, which begins at stream offset `at` of its side: identified (if
    /// its conversation is not yet) and read in one piece.
    fn datagram(
        &mut self,
        side: Side,
        at: u64,
        bytes: &[u8],
        carrier: &Carrier,
        id: &mut Ident,
        cx: &mut Context<'_>,
    ) -> Result<(), Fate> {
        let i = side.index();
        let end = at + bytes.len() as u64;
        let limit = cx.shared.message_frames;
        self.streams[i].read = at;
        let told = self.streams[i].told;
        self.streams[i].marks.push(end, carrier, false, told, limit);
        let link = matches!(id.transport(), Transport::Link(_));
        let mut refused = 0;
        let mut fate = Ok(());
        loop {
            if self.reader.is_none() {
                self.candidates = all(id, cx) & !refused;
                let row = self.whole(side, bytes, id, cx);
                let Some(row) = row else {
                    cx.counts.bytes.unidentified += bytes.len() as u64;
                    self.looks = self.looks.saturating_add(1);
                    if u64::from(self.looks) >= cx.shared.limit(limits::IDENTIFY_DATAGRAMS) {
                        fate = Err(Fate::Unidentified);
                    }
                    break;
                };
                if let Err(stop) = self.open(row, id, cx) {
                    debug_assert_eq!(stop, Stop::Crashed, "nothing was read yet");
                }
            }
            let Some(reader) = &mut self.reader else {
                break;
            };
            let (read, result) = reader.read(&mut self.streams, side, bytes, id, cx);
            let left = (bytes.len() - read) as u64;
            match result {
                Ok(()) if left == 0 => {}
                // Padding of a short frame.
                Ok(()) | Err(Stop::Rejected) if link && read > 0 => {
                    cx.counts.bytes.passed += left;
                }
                Err(Stop::Rejected) if read == 0 || (!reader.spoke && reader.rewindable) => {
                    cx.counts.events.rejections += 1;
                    refused |= 1 << reader.row;
                    if reader.spoke {
                        self.tries = self.tries.saturating_add(1);
                    } else {
                        // Another candidate reads it from its start.
                        cx.counts.bytes.dissected -= read as u64;
                        self.streams[i].read = at;
                    }
                    self.reader = None;
                    if u64::from(self.tries) <= cx.shared.limit(limits::IDENTIFY_AGAIN) {
                        continue;
                    }
                    cx.counts.bytes.rejected += bytes.len() as u64;
                    fate = Err(Fate::Rejected);
                }
                Err(Stop::Crashed) => {
                    cx.counts.bytes.crashed += left;
                    self.reader = None;
                    fate = Err(Fate::Crashed);
                }
                Ok(()) | Err(Stop::Rejected) => {
                    cx.counts.events.datagrams_unfinished += 1;
                    cx.counts.bytes.rejected += left;
                    reader.malformed(&mut self.streams, side, left, id, cx);
                }
            }
            break;
        }
        let stream = &mut self.streams[i];
        stream.read = end;
        stream.pass = 0;
        stream.need = 0;
        fate
    }

    /// The protocol of a datagram.
    fn whole(&mut self, side: Side, bytes: &[u8], id: &Ident, cx: &Context<'_>) -> Option<usize> {
        let hint = Hint {
            transport: id.transport(),
            port: false,
            mid_stream: false,
            whole: true,
        };
        let signatures = &cx.shared.settings.signatures;
        let first = &bytes[..bytes.len().min(cx.shared.probe_bytes)];
        match signatures.identify(&mut self.candidates, side, first, hint, id.ports(), true) {
            Row::Is(row, _) => Some(row),
            Row::NeedMore(_) | Row::Nothing => None,
        }
    }
}

/// True if this datagram was seen just now. Remembers it if not.
fn second_sighting(
    flow: &mut Flow,
    side: Side,
    datagram: &Datagram<'_>,
    cx: &mut Context<'_>,
) -> bool {
    let shared =
        u64::from(datagram.ip_id) << 32 | u64::from(datagram.checksum) << 16 | side.index() as u64;
    let window = if datagram.ip_id != 0 {
        cx.shared.sighting_id
    } else {
        cx.shared.sighting
    };
    again(&mut flow.recent, shared, datagram, window, cx)
}

/// True if this frame below IP was seen just now. Remembers it if not.
pub fn frame_again(
    recent: &mut Recent,
    ethertype: u16,
    frame: &Datagram<'_>,
    cx: &mut Context<'_>,
) -> bool {
    let window = cx.shared.sighting;
    again(recent, u64::from(ethertype), frame, window, cx)
}

/// `shared` is what copies have in common beside the payload.
fn again(
    recent: &mut Recent,
    shared: u64,
    datagram: &Datagram<'_>,
    window: u64,
    cx: &mut Context<'_>,
) -> bool {
    let mut hasher = cx.shared.hasher.build_hasher();
    hasher.write(datagram.payload);
    hasher.write_u64(shared);
    hasher.write_u64(datagram.payload.len() as u64);
    let mark = hasher.finish();
    let time = datagram.at.frame.time;
    if recent.saw(mark, time, window) {
        return true;
    }
    recent.remember(mark, time, window);
    false
}
