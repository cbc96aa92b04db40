//! The bytes that a message covers, put together again from its frames.

use std::net::IpAddr;

use dissectors::contract::Transport;
use tui::evidence::StreamPart;

use super::{Recapture, address};
use crate::decode::packet::{Packet, TcpFlags, TransportHead};
use crate::limits::{self};

/// Reads the frames of the conversation up to the message's last and lays out their payload.
pub fn read(source: &Recapture, part: &StreamPart) -> Result<Vec<Option<u8>>, String> {
    let len = part.range.end.saturating_sub(part.range.start);
    let len = usize::try_from(len)
        .unwrap_or(usize::MAX)
        .min(source.limits.get(limits::MESSAGE_BYTES));
    let Some(last) = part.frames.iter().map(|f| source.place_of(f)).max() else {
        return Err("no frame carried this message".into());
    };
    // Where the place in the stream is not told, the payload of the message's frames has to do.
    let whole = part.range.is_empty() && part.transport == Transport::Tcp;
    let most = source.limits.get(limits::MESSAGE_BYTES);
    let mut laid = Laid {
        bytes: vec![None; len],
        start: part.range.start,
        begun: None,
        passed: 0,
    };
    let from = part.ends[part.side.index()];
    let to = part.ends[part.side.other().index()];
    source.walk(last, &mut |_, block, frame, packets| {
        let place = source.place(frame);
        let carries = || part.frames.iter().any(|f| source.place_of(f) == place);
        if place < source.place_of(&part.started) {
            return Ok(());
        }
        for packet in packets {
            let payload = block.payload(packet);
            match (part.transport, packet.head) {
                (Transport::Tcp, TransportHead::Tcp(head)) => {
                    let sent = (head.src_port, head.dst_port) == (from.1, to.1)
                        && ends(packet) == (from.0, to.0);
                    if sent && whole {
                        if carries() {
                            let room = most.saturating_sub(laid.bytes.len()).min(payload.len());
                            laid.bytes.extend(payload[..room].iter().map(|b| Some(*b)));
                        }
                    } else if sent {
                        laid.segment(head.seq, head.flags, payload);
                    }
                }
                (Transport::Udp, TransportHead::Udp(head)) => {
                    let sent = (head.src_port, head.dst_port) == (from.1, to.1)
                        && ends(packet) == (from.0, to.0);
                    if sent && carries() {
                        laid.datagram(payload);
                    }
                }
                (Transport::Icmp | Transport::Icmp6, TransportHead::Icmp { .. })
                    if ends(packet) == (from.0, to.0) && place == last =>
                {
                    laid.datagram(payload);
                }
                (Transport::Link(wanted), TransportHead::Link { ethertype })
                    if ethertype == wanted && place == last =>
                {
                    laid.datagram(payload);
                }
                _ => {}
            }
        }
        Ok(())
    })?;
    if laid.bytes.iter().all(Option::is_none) && len > 0 {
        return Err("its bytes are not found in the capture again".into());
    }
    Ok(laid.bytes)
}

fn ends(packet: &Packet) -> (IpAddr, IpAddr) {
    (address(packet.src), address(packet.dst))
}

/// The message's bytes as far as they were found.
struct Laid {
    bytes: Vec<Option<u8>>,
    /// Stream offset of the first.
    start: u64,
    /// Sequence number of stream offset `passed`.
    begun: Option<u32>,
    passed: u64,
}

impl Laid {
    /// A segment of this side. The first copy of a byte counts, as in the sensor.
    fn segment(&mut self, seq: u32, flags: TcpFlags, payload: &[u8]) {
        if flags.has(TcpFlags::SYN) {
            // A new connection on the same ports begins its stream anew.
            self.begun = Some(seq.wrapping_add(1));
            self.passed = 0;
            self.bytes.fill(None);
            return;
        }
        let begun = *self.begun.get_or_insert(seq);
        let at = self.passed as i64 + i64::from(seq.wrapping_sub(begun) as i32);
        self.lay(at, payload);
        // Sequence numbers wrap: the anchor moves along.
        let end = at + payload.len() as i64;
        if end - self.passed as i64 > 1 << 30 {
            self.begun = Some(seq.wrapping_add(payload.len() as u32));
            self.passed = end as u64;
        }
    }

    fn datagram(&mut self, payload: &[u8]) {
        self.lay(self.start as i64, payload);
    }

    fn lay(&mut self, at: i64, payload: &[u8]) {
        let start = self.start as i64;
        for (i, byte) in payload.iter().enumerate() {
            let Ok(place) = usize::try_from(at + i as i64 - start) else {
                continue;
            };
            match self.bytes.get_mut(place) {
                Some(slot) => {
                    slot.get_or_insert(*byte);
                }
                None => break,
            }
        }
    }
}
