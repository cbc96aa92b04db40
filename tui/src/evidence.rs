//! Bytes of the wire, from whoever holds them.

use std::path::PathBuf;

use dissectors::contract::{Side, Transport};
use dissectors::message::{FrameRef, Message};
use rules::finding::Finding;
use std::net::IpAddr;
use std::ops::Range;

/// Which bytes of which direction of which conversation a message covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamPart {
    pub transport: Transport,
    /// Client and server.
    pub ends: [(IpAddr, u16); 2],
    pub side: Side,
    /// Stream offsets.
    pub range: Range<u64>,
    /// The conversation's first frame.
    pub started: FrameRef,
    /// The frames that carried the message; the last completed it.
    pub frames: Vec<FrameRef>,
}

impl StreamPart {
    pub fn of(message: Message<'_>) -> Self {
        let conversation = message.conversation();
        StreamPart {
            transport: conversation.transport,
            ends: conversation.ends.map(|e| (e.ip, e.port)),
            side: message.side(),
            range: message.range(),
            started: conversation.started,
            frames: message.frames().to_vec(),
        }
    }
}

/// A finding to be exported.
#[derive(Clone, Debug)]
pub struct Case {
    pub finding: std::sync::Arc<Finding>,
    /// The first frame of its conversation, and of the next one between the same ends, as far as that is known.
    pub span: Option<(FrameRef, Option<FrameRef>)>,
    /// The page of text that goes beside the frames.
    pub page: String,
}

/// Gives bytes of the wire. Called from a thread of its own: it may read files.
pub trait EvidenceSource: Send {
    /// The bytes that a message covers; what was not captured is `None`.
    fn stream(&mut self, part: &StreamPart) -> Result<Vec<Option<u8>>, String>;

    /// Writes the frames of the finding's conversation and the page, and names the files.
    fn export(&mut self, case: &Case) -> Result<Vec<PathBuf>, String>;
}

/// Where there is nothing to read from.
pub struct NoEvidence(pub &'static str);

impl EvidenceSource for NoEvidence {
    fn stream(&mut self, _: &StreamPart) -> Result<Vec<Option<u8>>, String> {
        Err(self.0.to_owned())
    }

    fn export(&mut self, _: &Case) -> Result<Vec<PathBuf>, String> {
        Err(self.0.to_owned())
    }
}
