//! Every limit of the sensor: name, default, setting. What is refused by one is counted.
//!
//! The dissectors have their own list (`dissectors::limits`); both share the configuration's
//! `[limits]` table, so names differ.

pub use dissectors::limits::Limit;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

dissectors::limits! {
    FRAME "frame" = 256 * KIB, "captured bytes of one frame; a longer one counts as damage to its file";
    INTERFACES "interfaces" = 4096, "interfaces described in one section of a pcapng file";
    MERGE_BUFFERS "merge-buffers" = 64 * MIB, "bytes of read buffers while several files are merged";
    OPEN_FILES "open-files" = 200, "files kept open while several are merged; the others are reopened at need";
    EXPANSION_FREE "expansion-free" = GIB, "bytes that a compressed file may give before its ratio is judged";
    EXPANSION_RATIO "expansion-ratio" = 400, "bytes given for each byte of a compressed file";
    ZSTD_WINDOW "zstd-window" = 128 * MIB, "bytes of window that a zstd file may ask for";
    TUNNEL_DEPTH "tunnel-depth" = 16, "headers of one frame that carry another packet: tags, labels, tunnels";
    EXTENSION_HEADERS "extension-headers" = 16, "IPv6 extension headers of one packet";
    FRAGMENT_BYTES "fragment-bytes" = 16 * MIB, "bytes held of incomplete datagrams";
    FRAGMENT_DATAGRAMS "fragment-datagrams" = 4096, "incomplete datagrams held";
    FRAGMENT_TIMEOUT "fragment-timeout" = 30_000, "milliseconds of capture time that an incomplete datagram is held";
    FRAGMENT_REPEAT "fragment-repeat" = 100, "milliseconds in which a complete datagram's fragments count as seen twice";
    CHECKSUM_HOSTS "checksum-hosts" = 1024, "hosts whose bad checksums are counted by name";
    EVIDENCE_FRAMES "evidence-frames" = 100_000, "frames written for one finding; beyond it only those that it names";
    EVIDENCE_BYTES "evidence-bytes" = 256 * MIB, "bytes of frames written for one finding; beyond it only those that it names";
    MESSAGE_BYTES "message-bytes" = MIB, "bytes of one message read back for the byte pane";
    VIEWERS "viewers" = 16, "viewers attached at once";
    VIEWER_LINES "viewer-lines" = 4096, "records that wait for one viewer; a slower one loses messages, never findings";
    VIEWER_RECENT "viewer-recent" = 20_000, "records of messages that a new viewer is given";
    DECODE_EVENTS "decode-events" = 256, "events kept of one block (bad checksums, fragments that differ)";
}
