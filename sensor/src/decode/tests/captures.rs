//! Captures of real programs, read from their files: counts and sums are tshark's.
//!
//! `tshark -r FILE -T fields -e frame.number -e frame.time_epoch -e vlan.id -e tcp.len`

use std::path::Path;

use super::*;
use crate::capture::{Inputs, More, ReadOptions};

/// Frames, TCP payload bytes, VLAN of all frames, times of the first and last frame.
const CAPTURES: &[(&str, u64, u64, u16, i64, i64)] = &[
    (
        "hl7v2/vlan.pcap",
        23,
        1427,
        110,
        1_795_553_075_512_154_000,
        1_795_553_075_916_886_000,
    ),
    (
        "dicom/assoc_rejected.pcap",
        60,
        1480,
        0,
        1_795_552_771_483_726_000,
        1_795_552_773_522_952_000,
    ),
    (
        "ward/one-evening.pcapng",
        275,
        42_861,
        0,
        1_795_552_839_014_072_000,
        1_795_553_502_337_231_000,
    ),
];

#[test]
fn frames_and_payload_of_real_captures_are_those_that_tshark_counts() {
    for (name, frames, bytes, vlan, first, last) in CAPTURES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../pcaps")
            .join(name);
        let mut inputs = Inputs::open(&[path], &ReadOptions::default()).unwrap();
        let mut seen = Seen::new();
        let mut times = Vec::new();
        while inputs.next_block(&mut seen.block).unwrap() == More::Frames {
            seen.decoder.block(&mut seen.block);
            times.extend(seen.block.frames.iter().map(|f| f.time));
            for packet in &seen.block.packets {
                assert_eq!(packet.vlan, *vlan, "{name}");
                assert!(packet.macs.is_some() && packet.cut == 0, "{name}");
                let _ = tcp_ports(packet);
            }
        }
        assert_eq!(seen.reasons(), [("decoded", *frames)], "{name}");
        assert_eq!(seen.decoder.notes().tcp_bytes, *bytes, "{name}");
        assert_eq!(seen.decoder.notes().offloaded, 0, "{name}");
        assert_eq!(
            (times.first(), times.last()),
            (Some(first), Some(last)),
            "{name}"
        );
        assert!(inputs.damages().is_empty());
    }
}
