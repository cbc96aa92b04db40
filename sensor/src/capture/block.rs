//! A block: one large buffer with many frames in it. Blocks come from a pool and go back to it.

use crate::decode::packet::Packet;

/// Link type as in pcap and pcapng files (LINKTYPE_ values of the tcpdump group's registry).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

/// Many frames in one buffer, and what was decoded of them.
#[derive(Debug, Default)]
pub struct Block {
    /// Bytes as read; frames lie in it wherever the reader left them.
    pub data: Vec<u8>,
    /// The frames of this block, in the one sequence of all frames.
    pub frames: Vec<Frame>,
    /// What the decoder made of the frames, in their order. A frame gives no packet, one, or (a
    /// fragment that completes a datagram) one whose payload lies in `spill`.
    pub packets: Vec<Packet>,
    /// Payloads that are not in `data`: reassembled fragments.
    pub spill: Vec<u8>,
}

/// One frame of a block.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Where its bytes begin in `Block::data`.
    pub offset: u32,
    /// Bytes captured.
    pub captured: u32,
    /// Bytes on the wire.
    pub wire: u32,
    pub link: LinkType,
    /// Index of its file (or interface) among the inputs.
    pub file: u32,
    /// Number in its own file, from 1, as Wireshark shows it.
    pub number: u64,
    /// Position in the one sequence of all frames of all inputs, from 0.
    pub seq: u64,
    /// Nanoseconds since 1970-01-01 UTC.
    pub time: i64,
}

impl Block {
    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.data.clear();
        self.frames.clear();
        self.packets.clear();
        self.spill.clear();
    }

    pub fn bytes(&self, frame: &Frame) -> &[u8] {
        &self.data[frame.offset as usize..frame.offset as usize + frame.captured as usize]
    }

    pub fn payload(&self, packet: &Packet) -> &[u8] {
        let from = packet.payload.offset as usize;
        let to = from + packet.payload.len as usize;
        if packet.payload.spilled {
            &self.spill[from..to]
        } else {
            &self.data[from..to]
        }
    }
}
