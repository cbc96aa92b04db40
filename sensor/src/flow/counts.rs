//! The flow layer's part of the ledger: what became of every packet and every payload byte.

use crate::counters;

counters! {
    /// What became of each payload byte. Once the capture has ended, the sum is
    /// [`FlowCounts::bytes_in`].
    ByteFates {
        /// Read by a dissector.
        dissected = "dissected",
        /// Bodies that nobody needs to keep (pixel data, waveforms).
        passed = "passed over",
        /// Seen before in its stream.
        retransmitted = "retransmitted",
        /// The one stale byte of a keep-alive probe.
        keep_alive = "keep-alive",
        /// The same packet again, copied by the SPAN.
        second_sighting = "second sighting",
        /// Repeats with other content: the first copy was decoded.
        conflicting = "conflicting copy",
        /// Unread before a hole, or in a datagram that the snap length cut.
        gap_adjacent = "gap-adjacent",
        /// No protocol is known for it.
        unidentified = "unidentified",
        /// A dissector gave its conversation up on it, or left it unread in a datagram.
        rejected = "rejected",
        /// A dissector crashed on its conversation.
        crashed = "crashed dissector",
        /// A limit left no room.
        refused = "refused by limit",
        /// Sequence numbers that fit nothing in the conversation.
        out_of_window = "out of window",
        /// Sent after FIN.
        after_end = "after end",
        /// A message begun and never finished when its side ended.
        unfinished = "unfinished at end",
    }
}

counters! {
    /// Packets by kind; the sum is all packets handed in.
    PacketCounts {
        tcp = "tcp",
        udp = "udp",
        link = "link",
        icmp = "icmp",
        /// Transports that no dissector asks for.
        other = "other",
    }
}

counters! {
    /// Events and states worth a number.
    FlowEvents {
        tcp_conversations = "tcp conversations",
        udp_conversations = "udp conversations",
        icmp_conversations = "icmp conversations",
        mid_stream = "mid-stream conversations",
        identified = "identified conversations",
        unidentified = "unidentified conversations",
        /// Conversations that a dissector gave up (again counts again).
        rejections = "rejections",
        second_sightings = "second sightings",
        retransmissions = "retransmitted segments",
        keep_alives = "keep-alive probes",
        out_of_order = "out-of-order segments",
        out_of_window = "segments out of window",
        conflicts = "conflicting segments",
        gaps = "gaps",
        gap_bytes = "bytes missing in gaps",
        /// Part of the gaps: frames that the snap length cut.
        cut_gaps = "gaps by snap length",
        cut_bytes = "bytes cut by snap length",
        resets = "resets",
        resets_ignored = "resets out of window",
        attempts = "unanswered attempts",
        refused = "refused attempts",
        idle_ends = "idle conversations ended",
        flow_evictions = "conversations evicted",
        buffer_evictions = "buffers evicted",
        stream_buffer_hits = "stream buffers full",
        reorder_hits = "reorder buffers full",
        panics = "crashed dissectors",
        misbehaved = "dissectors that broke the contract",
        datagrams_unfinished = "datagrams with bytes left unread",
        datagrams_cut = "datagrams cut by snap length",
        events_suppressed = "events beyond the limit",
        clock_steps = "clock steps",
    }
}

counters! {
    /// TCP conversations in which something was said, by the directions seen of them. Those that
    /// ended are in both numbers, so that what lives now is the difference.
    Directions {
        one = "one direction",
        both = "both directions",
        one_ended = "one direction, ended",
        both_ended = "both directions, ended",
    }
}

/// All that the flow layer counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowCounts {
    /// Payload bytes handed in.
    pub bytes_in: u64,
    pub bytes: ByteFates,
    pub packets: PacketCounts,
    pub events: FlowEvents,
    pub directions: Directions,
}

impl FlowCounts {
    /// Adds another tally to this one.
    pub fn add(&mut self, other: &Self) {
        self.bytes_in += other.bytes_in;
        self.bytes.add(&other.bytes);
        self.packets.add(&other.packets);
        self.events.add(&other.events);
        self.directions.add(&other.directions);
    }

    /// Bytes still waiting for others in a buffer. Zero once the capture has ended: the ledger closes.
    pub fn waiting(&self) -> i128 {
        i128::from(self.bytes_in) - i128::from(self.bytes.total())
    }
}
