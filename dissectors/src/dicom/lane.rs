//! One direction of a connection: where in which PDU it is, and the message that is coming in.

use super::faults::Faults;
use super::pdu::Control;
use super::walk::Walker;

/// State of one direction.
#[derive(Debug, Default)]
pub struct Lane {
    pub framing: Framing,
    /// Stream offset up to which this side is done with, passed bytes included.
    pub at: u64,
    /// This side has said something.
    pub heard: bool,
    /// The P-DATA-TF that is being read.
    pub pdu: PData,
    /// The fragment that is being read.
    pub pdv: Fragment,
    pub message: Incoming,
    /// What came before the first PDU of a stream whose start was not seen.
    pub headless: Option<Headless>,
    /// The longest PDU length that was reported as a lie.
    pub longest_told: u64,
    /// Bytes searched since the boundary of PDUs was lost.
    pub searched: u64,
    /// The next message may have lost its begin.
    pub after_loss: bool,
}

/// Where in the stream this side is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// At a PDU's first byte.
    #[default]
    Pdu,
    /// At a PDV's first byte, or at the end of its P-DATA-TF.
    Pdv,
    /// Inside a PDV.
    Fragment,
    /// So many bytes belong to something already reported.
    Skip(u64),
    /// The boundary of PDUs is lost.
    Search,
}

/// A P-DATA-TF PDU.
#[derive(Clone, Copy, Debug, Default)]
pub struct PData {
    /// Stream offset of its header.
    pub start: u64,
    /// Bytes of its body still to come.
    pub left: u64,
    pub pdvs: u32,
    /// Its length is not believed.
    pub is_doubted: bool,
    /// Faults for the message that its first PDV belongs to.
    pub faults: Faults,
}

/// A PDV's fragment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fragment {
    pub left: u64,
    pub control: Control,
}

/// A message of which fragments have come. Its memory is used again for the next.
#[derive(Debug, Default)]
pub struct Incoming {
    pub is_open: bool,
    /// Stream offset of its first byte.
    pub start: u64,
    pub context: u8,
    pub command: Vec<u8>,
    pub command_at: u64,
    pub has_command: bool,
    /// Bytes of the command set are missing; what came before them is all that is read.
    pub command_broke_off: bool,
    pub walker: Walker,
    pub has_dataset: bool,
    pub dataset_bytes: u64,
    pub pdvs: u32,
    pub faults: Faults,
}

impl Incoming {
    /// Begins a message at a stream offset.
    pub fn begin(&mut self, start: u64, context: u8) {
        self.is_open = true;
        self.start = start;
        self.context = context;
        self.command.clear();
        self.command_at = start;
        self.has_command = false;
        self.command_broke_off = false;
        self.has_dataset = false;
        self.dataset_bytes = 0;
        self.pdvs = 0;
        self.faults = Faults::default();
    }

    pub fn held(&self) -> usize {
        self.command.capacity() + self.walker.held()
    }
}

/// The end of a message whose begin was not seen.
#[derive(Clone, Debug, Default)]
pub struct Headless {
    pub start: u64,
    pub end: u64,
    /// The request that it was, as far as its answer tells; empty until then.
    pub request: Vec<u8>,
    pub context: u8,
    /// Message ids of requests after it: an answer to one of these is not its own.
    pub asked: Vec<u16>,
}

impl Headless {
    /// More requests are not outstanding before a first answer comes.
    pub const ASKED: usize = 16;
}
