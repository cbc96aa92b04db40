//! What is remembered of a conversation. Small, because there may be a million of them; what only a
//! conversation of a known protocol needs hangs on it in a box.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use dissectors::contract::{Side, Transport};
use dissectors::message::{Conversation, Endpoint, FrameRef};

use super::context::Context;
use super::key::Key;
use super::sighting::Recent;
use super::wheel::Link;
use super::work::Work;

/// One conversation.
#[derive(Debug)]
pub struct Flow {
    pub id: Ident,
    /// False for a record that is free to be used again.
    pub live: bool,
    /// Of client and server.
    pub sides: [TcpSide; 2],
    pub state: State,
    pub content: Content,
    pub recent: Recent,
    /// Elapsed time of its last packet.
    pub last: u64,
    /// The frame of its last packet.
    pub latest: FrameRef,
    pub link: Link,
    /// Something that may be a new conversation of the same ends, until it is sure.
    pub claim: Option<Box<Claim>>,
}

/// Who a conversation is between, and what is to be said of it with every message.
#[derive(Debug)]
pub struct Ident {
    pub key: Key,
    /// The client is the upper end of the key.
    pub client_is_upper: bool,
    pub mid_stream: bool,
    pub overlap_differs: bool,
    /// The conflict told last. Rare, hence on the heap.
    pub conflict: Option<Box<Conflict>>,
    /// Transport events told so far.
    pub events: u16,
    pub macs: [Option<[u8; 6]>; 2],
    /// That a side's MAC changed was told.
    pub mac_told: [bool; 2],
    pub urgent_told: [bool; 2],
    pub seen: [bool; 2],
    pub missing: [u64; 2],
    pub started: FrameRef,
    /// Where it is recorded in the batch being filled: which filling, and the index there.
    recorded: (u32, u32),
}

/// Stream bytes of which two copies differ, as told last.
#[derive(Clone, Debug)]
pub struct Conflict {
    pub side: Side,
    pub range: std::ops::Range<u64>,
    pub time: i64,
}

/// How far a TCP conversation got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A SYN, not answered yet.
    Attempt,
    /// SYN and its answer.
    HalfOpen,
    Established,
    /// A RST came from this side; if it goes on talking, the RST was not its own.
    Reset(Side),
    /// Both sides ended.
    Closed,
    /// The SYN was answered by RST.
    Refused,
    /// Not a TCP conversation.
    Datagrams,
}

/// What is known of what is being said.
#[derive(Debug, Default)]
pub enum Content {
    /// Nothing was said yet.
    #[default]
    Silent,
    Work(Box<Work>),
    /// Nobody listens any more; its bytes are counted under this.
    Deaf(Fate),
    /// Both sides said all they had to say.
    Done,
}

/// Why nobody listens to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Unidentified,
    Rejected,
    Crashed,
    Refused,
}

/// What a TCP side said so far, in sequence numbers and stream offsets.
#[derive(Debug, Default)]
pub struct TcpSide {
    /// Stream offset of the next byte expected in order.
    pub offset: u64,
    /// Its sequence number. Holds once `known`.
    pub next: u32,
    /// The other side's highest acknowledgement. Holds once `has_ack`.
    pub acked: u32,
    /// Initial sequence number. Holds once `syn`.
    pub isn: u32,
    /// Sequence number of the FIN. Holds once `fin`.
    pub fin_at: u32,
    /// Where the next segment would begin if the last strays are believed.
    pub stray_next: u32,
    pub strays: u8,
    /// TTL or hop limit of its first packet.
    pub ttl: u8,
    /// It sent payload.
    pub spoke: bool,
    pub known: bool,
    pub has_ack: bool,
    pub syn: bool,
    pub fin: bool,
    /// All up to the FIN was delivered.
    pub ended: bool,
}

/// A SYN or SYN-ACK that does not fit the conversation it came into.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    pub side: Side,
    pub isn: u32,
    /// What a SYN-ACK acknowledges.
    pub answers: Option<u32>,
    pub frame: FrameRef,
    pub ttl: u8,
    pub mac: Option<[u8; 6]>,
}

impl Flow {
    pub fn new(key: Key, client_is_upper: bool, started: FrameRef, state: State) -> Self {
        Flow {
            id: Ident::new(key, client_is_upper, started),
            live: true,
            sides: Default::default(),
            state,
            content: Content::Silent,
            recent: Recent::default(),
            last: 0,
            latest: started,
            link: Link::default(),
            claim: None,
        }
    }
}

impl TcpSide {
    /// Stream offset of a sequence number, below zero for what lies before the first byte.
    pub fn offset_of(&self, seq: u32) -> i64 {
        self.offset as i64 + i64::from(seq.wrapping_sub(self.next) as i32)
    }

    /// Stream offset up to which the other side acknowledged, if it did.
    pub fn acked_offset(&self) -> Option<i64> {
        (self.known && self.has_ack).then(|| self.offset_of(self.acked))
    }

    /// The stream goes on `len` bytes further.
    pub fn advance(&mut self, len: u64) {
        self.offset += len;
        self.next = self.next.wrapping_add(len as u32);
    }

    /// The stream begins at this sequence number.
    pub fn begin(&mut self, next: u32) {
        self.next = next;
        self.known = true;
    }
}

impl Ident {
    pub fn new(key: Key, client_is_upper: bool, started: FrameRef) -> Self {
        Ident {
            key,
            client_is_upper,
            mid_stream: false,
            overlap_differs: false,
            conflict: None,
            events: 0,
            macs: [None; 2],
            mac_told: [false; 2],
            urgent_told: [false; 2],
            seen: [false; 2],
            missing: [0; 2],
            started,
            recorded: (0, 0),
        }
    }

    pub fn transport(&self) -> Transport {
        self.key.transport()
    }

    /// Ports of client and server.
    pub fn ports(&self) -> [u16; 2] {
        let [low, high] = self.key.ports();
        if self.client_is_upper {
            [high, low]
        } else {
            [low, high]
        }
    }

    /// What the record says has changed: messages from here on refer to a new one.
    pub fn changed(&mut self) {
        self.recorded.0 = 0;
    }

    /// Index of this conversation's record in the batch.
    pub fn record(&mut self, cx: &mut Context<'_>) -> u32 {
        if self.recorded.0 != cx.filling {
            let end = |side: Side| {
                let upper = (side == Side::Client) == self.client_is_upper;
                let (address, port) = self.key.end(usize::from(upper));
                Endpoint {
                    ip: address_of(&address),
                    port,
                    mac: self.macs[side.index()],
                }
            };
            let record = Conversation {
                flow_id: self.key.flow_id(self.started.time),
                transport: self.transport(),
                ends: [end(Side::Client), end(Side::Server)],
                started: self.started,
                mid_stream: self.mid_stream,
                seen: self.seen,
                missing: self.missing,
                overlap_differs: self.overlap_differs,
            };
            self.recorded = (cx.filling, cx.out.batch.add_conversation(record));
        }
        self.recorded.1
    }
}

/// An address as people know it: IPv4 where it is mapped into IPv6. Zero for frames below IP.
fn address_of(bytes: &[u8; 16]) -> IpAddr {
    if *bytes == [0; 16] {
        return IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    }
    let v6 = Ipv6Addr::from(*bytes);
    v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_conversations_fit_into_350_megabytes() {
        assert!(size_of::<Flow>() <= 350, "{}", size_of::<Flow>());
    }

    #[test]
    fn offsets_go_on_where_sequence_numbers_wrap() {
        let mut side = TcpSide::default();
        side.begin(u32::MAX - 9);
        side.advance(10);
        assert_eq!((side.next, side.offset), (0, 10));
        assert_eq!(side.offset_of(5), 15);
        assert_eq!(side.offset_of(u32::MAX), 9);
        assert_eq!(side.offset_of(u32::MAX - 19), -10);
    }
}
