//! What a dissector is to the sensor, and the sensor to a dissector.

use crate::message::Messages;

/// One conversation of one protocol, both directions.
///
/// The sensor calls `read` with the unread bytes of one direction, in order, as often as there is
/// progress. A dissector knows no frame, clock, address or port; it names stream offsets only.
pub trait Dissector: Send {
    /// Reads from the front of `input`, the unread bytes of one direction, and says how far it got.
    /// `input` is never empty. The offset of `input[0]` in its direction is `out.offset()`.
    ///
    /// A datagram is handed over whole in one call; `Need` on it, or bytes left unread, mean
    /// that it is malformed.
    fn read(&mut self, side: Side, input: &[u8], out: &mut Messages<'_>) -> Progress;

    /// `len` bytes of this side never reached the sensor (0: the stream starts in the middle of a
    /// conversation). `rest` are the unread bytes before the hole; they will not be offered again.
    /// What comes next is whatever follows the hole: resynchronise there, or reject.
    /// `Progress::Reject` gives the conversation up, anything else goes on.
    fn gap(&mut self, side: Side, rest: &[u8], len: u64, out: &mut Messages<'_>) -> Progress;

    /// This side ended (FIN in order), or the conversation did (RST, idle, eviction, end of capture).
    /// `rest` are its unread bytes; they will not be offered again. Called at most once a side.
    fn end(&mut self, side: Side, rest: &[u8], why: End, out: &mut Messages<'_>);

    /// Bytes of heap that this dissector keeps alive, for the memory budget. Cheap to call.
    fn held(&self) -> usize {
        0
    }
}

/// A direction of a conversation, named by who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Side {
    /// The side that opened the conversation. Not thereby the commander.
    Client = 0,
    Server = 1,
}

impl Side {
    pub const BOTH: [Side; 2] = [Side::Client, Side::Server];

    /// The other direction.
    pub const fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }

    /// 0 for the client, 1 for the server: an index into pairs.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// How far a dissector got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// This many bytes (at least one) are done with. Call again with the rest.
    Read(usize),
    /// Nothing yet: at least this many unread bytes (more than there are now) are needed.
    Need(usize),
    /// `head` bytes are done with, and `body` bytes after them are passed over unseen (pixel data,
    /// waveforms): counted, neither kept nor offered.
    Pass { head: usize, body: u64 },
    /// These bytes are not this protocol.
    Reject(Reason),
}

/// Why a dissector gave a conversation up. Small and `Copy`: it is made on the packet path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reason(pub &'static str);

/// Why a side or a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    Fin,
    Reset,
    Idle,
    /// A limit of the sensor evicted the conversation.
    Evicted,
    /// The capture, or the sensor's run, ended.
    Capture,
}

/// What carries a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    Tcp,
    Udp,
    /// Frames below IP; the number is the EtherType (ARP 0x0806, LLDP 0x88CC).
    Link(u16),
    /// ICMP over IPv4; each message is handed over whole, from its type byte on.
    Icmp,
    /// ICMPv6.
    Icmp6,
    /// Inside another protocol (SOAP in HTTP, MEDIBUS in Telnet).
    Carried,
}

/// What the sensor knows when it asks a protocol whether some bytes are its own.
#[derive(Clone, Copy, Debug)]
pub struct Hint {
    pub transport: Transport,
    /// One of the ports is one of the protocol's hinted ports. It lowers the bar, never proves.
    pub port: bool,
    /// The start of the conversation was not seen: `first` may begin anywhere in a message.
    pub mid_stream: bool,
    /// No more bytes of this side will come (datagram, FIN): `More` would be in vain.
    pub whole: bool,
}

/// A protocol's answer to the question whether some bytes are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    No,
    /// Cannot tell yet: at least this many bytes of this side are needed in all.
    More(usize),
    /// Yes, this sure. Highest confidence wins, then registration order.
    Yes(Confidence),
}

/// How sure a signature is, 1 to 100. As a guide: 30 a few fitting bytes on a hinted port,
/// 60 a structure that rarely occurs by chance, 90 a magic plus a checked structure, 100 proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Confidence(pub u8);
