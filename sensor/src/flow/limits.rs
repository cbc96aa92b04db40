//! Every limit of the flow layer: name, default, setting. What is refused by one is counted.
//!
//! Limits on totals are divided evenly among the [`SHARDS`](super::SHARDS), so that what one shard
//! does never depends on another, and the result never on the number of workers.

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

dissectors::limits! {
    FLOWS "flows" = MIB, "conversations known at a time, in all; the one nearest to its time-out is evicted";
    BUFFERS "flow-buffers" = 512 * MIB, "bytes kept for conversations (reassembly, dissectors), in all; the oldest holder loses its bytes";
    UNDECODED_BYTES "undecoded-bytes" = 4 * KIB, "payload bytes from which a conversation that no dissector knew is told";
    STREAM_BUFFER "stream-buffer" = 24 * MIB, "unread bytes of one direction kept until a dissector has enough";
    REORDER_BYTES "reorder-bytes" = 2 * MIB, "bytes of one direction kept behind a hole";
    REORDER_SEGMENTS "reorder-segments" = 512, "segments of one direction kept behind a hole";
    REORDER_AHEAD "reorder-ahead" = 8 * MIB, "bytes that a segment may lie ahead of what its receiver acknowledged";
    STRAY_SEGMENTS "stray-segments" = 4, "segments in a row outside of the window after which they are believed";
    HOLE_SEGMENTS "hole-segments" = 4, "segments behind an acknowledged hole after which it is given up";
    HOLE_BYTES "hole-bytes" = 32 * KIB, "bytes behind an acknowledged hole after which it is given up";
    HOLE_MILLISECONDS "hole-milliseconds" = 1_000, "age of an acknowledged hole at which it is given up";
    HOLE_ANSWERED_MILLISECONDS "hole-answered-milliseconds" = 5, "age of an acknowledged hole at which an answer to what is behind it gives it up";
    BLIND_SEGMENTS "blind-segments" = 32, "segments behind a hole after which it is given up where the other direction is not seen";
    BLIND_MILLISECONDS "blind-milliseconds" = 5_000, "age of a hole at which it is given up where the other direction is not seen";
    HISTORY "stream-history" = 4 * KIB, "delivered bytes of one direction kept to compare repeats with";
    MESSAGE_FRAMES "message-frames" = 32, "frames named for one message";
    WAITING_CHUNKS "waiting-chunks" = 256, "segments of one conversation told apart while its protocol is unknown";
    IDENTIFY_AGAIN "identify-again" = 3, "times that a conversation is identified anew after its dissector gave up";
    IDENTIFY_PIECES "identify-pieces" = 8, "segments in the middle of one conversation shown to the signatures, each by itself";
    IDENTIFY_DATAGRAMS "identify-datagrams" = 6, "datagrams of one conversation shown to the signatures";
    EVENTS "conversation-events" = 32, "transport events told of one conversation; more are counted only";
    SIGHTING_ID_MICROSECONDS "second-sighting-id-microseconds" = 100_000, "age up to which an equal packet with equal IPv4 identification is a second sighting";
    CONFLICT_BYTES "conflict-bytes" = 1_500, "stream bytes up to which conflicting copies beside each other are one event, however they were cut";
    CONFLICT_MICROSECONDS "conflict-microseconds" = 100_000, "age up to which conflicting copies of the same bytes are one event (second sightings of it)";
    SIGHTING_MICROSECONDS "second-sighting-microseconds" = 2_000, "age up to which an equal packet without IPv4 identification is a second sighting";
    CLOCK_DISORDER_MILLISECONDS "clock-disorder-milliseconds" = 1_000, "time that a frame may lie back before the clock is taken to have stepped";
    TCP_ATTEMPT_SECONDS "tcp-attempt-seconds" = 30, "silence after which an unanswered SYN is given up";
    TCP_IDLE_SECONDS "tcp-idle-seconds" = 3_600, "silence after which a TCP conversation has ended";
    TCP_CLOSED_SECONDS "tcp-closed-seconds" = 10, "time for which a closed TCP conversation is remembered";
    UDP_IDLE_SECONDS "udp-idle-seconds" = 180, "silence after which a UDP conversation has ended";
    BATCH_MESSAGES "batch-messages" = 8_192, "messages after which a batch is handed on";
}
