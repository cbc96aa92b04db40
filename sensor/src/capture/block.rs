//! A block: one large buffer with many frames in it. Blocks come from a pool and go back to it.

use std::fmt;

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
    /// Forgets everything, keeps the memory. The bytes of `data` stay (writing zeros over a
    /// mebibyte for every block would cost as much as reading it) but belong to no frame.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.packets.clear();
        self.spill.clear();
    }

    /// The bytes of a frame.
    pub fn bytes(&self, frame: &Frame) -> &[u8] {
        &self.data[frame.offset as usize..frame.offset as usize + frame.captured as usize]
    }

    /// The payload of a packet.
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

impl LinkType {
    pub const NULL: Self = Self(0);
    pub const ETHERNET: Self = Self(1);
    /// Raw IP as some systems wrote it into files, by their own number for it.
    pub const RAW_12: Self = Self(12);
    pub const RAW_14: Self = Self(14);
    pub const RAW: Self = Self(101);
    pub const LOOP: Self = Self(108);
    pub const LINUX_SLL: Self = Self(113);
    pub const IPV4: Self = Self(228);
    pub const IPV6: Self = Self(229);
    pub const LINUX_SLL2: Self = Self(276);

    /// Is it one that the decoder reads?
    pub const fn is_read(self) -> bool {
        matches!(
            self,
            Self::NULL
                | Self::ETHERNET
                | Self::RAW_12
                | Self::RAW_14
                | Self::RAW
                | Self::LOOP
                | Self::LINUX_SLL
                | Self::IPV4
                | Self::IPV6
                | Self::LINUX_SLL2
        )
    }

    /// Its name in the registry, without the prefix LINKTYPE_.
    pub fn name(self) -> Option<&'static str> {
        NAMES
            .iter()
            .find(|(number, _)| *number == self.0)
            .map(|(_, name)| *name)
    }
}

/// `link type 1 (ETHERNET)`.
impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "link type {} ({name})", self.0),
            None => write!(f, "link type {} (unknown)", self.0),
        }
    }
}

/// Link types that field captures come in (<https://www.tcpdump.org/linktypes.html>).
const NAMES: &[(u16, &str)] = &[
    (0, "NULL"),
    (1, "ETHERNET"),
    (6, "IEEE802_5"),
    (7, "ARCNET_BSD"),
    (8, "SLIP"),
    (9, "PPP"),
    (10, "FDDI"),
    (12, "RAW"),
    (14, "RAW"),
    (50, "PPP_HDLC"),
    (51, "PPP_ETHER"),
    (100, "ATM_RFC1483"),
    (101, "RAW"),
    (104, "C_HDLC"),
    (105, "IEEE802_11"),
    (107, "FRELAY"),
    (108, "LOOP"),
    (113, "LINUX_SLL"),
    (117, "PFLOG"),
    (119, "IEEE802_11_PRISM"),
    (127, "IEEE802_11_RADIOTAP"),
    (143, "DOCSIS"),
    (147, "USER0"),
    (148, "USER1"),
    (163, "IEEE802_11_AVS"),
    (187, "BLUETOOTH_HCI_H4"),
    (189, "USB_LINUX"),
    (192, "PPI"),
    (195, "IEEE802_15_4_WITHFCS"),
    (197, "ERF"),
    (201, "BLUETOOTH_HCI_H4_WITH_PHDR"),
    (220, "USB_LINUX_MMAPPED"),
    (227, "CAN_SOCKETCAN"),
    (228, "IPV4"),
    (229, "IPV6"),
    (230, "IEEE802_15_4_NOFCS"),
    (239, "NFLOG"),
    (240, "NETANALYZER"),
    (249, "USBPCAP"),
    (251, "BLUETOOTH_LE_LL"),
    (252, "WIRESHARK_UPPER_PDU"),
    (253, "NETLINK"),
    (276, "LINUX_SLL2"),
];
