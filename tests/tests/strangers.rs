//! Bytes of no protocol: random ones, as long and as odd as the network likes, are of no medical protocol.

use std::collections::BTreeMap;

use dissectors::contract::{Hint, Side};
use dissectors::identify::{Row, Signatures};
use dissectors::schema::Provenance;
use dissectors::{PROTOCOLS, Transport};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

/// Streams of each kind.
const STREAMS: usize = 1_500;

/// What a device's protocol acts on; the others only name what beside them is on the network.
const MEDICAL: &[&str] = &[
    "dicom",
    "hl7v2",
    "sdc",
    "intellivue",
    "astm",
    "poct1a",
    "phd",
    "ge_unity",
    "ge_serial",
    "contec",
    "datex_s5",
    "capnostream",
    "masimo",
    "nellcor",
    "nonin",
    "mindray",
    "alaris",
    "medibus",
    "bcc",
    "fresenius",
    "puritan_bennett",
    "servo",
    "hamilton",
    "lantronix",
    "moxa",
    "baxter_as50",
    "ne1000",
    "harvard",
    "chemyx",
    "mt_sics",
    "ivy",
];

#[test]
fn random_bytes_off_port_are_of_no_medical_protocol() {
    let medical = |name: &str| MEDICAL.contains(&name);
    for name in MEDICAL {
        assert!(PROTOCOLS.iter().any(|p| p.name == *name), "{name} is gone");
    }
    assert!(
        PROTOCOLS
            .iter()
            .filter(|p| medical(p.name))
            .all(|p| p.provenance != Provenance::Behaviour)
    );
    let signatures = Signatures::registered();
    let mut rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut claimed: BTreeMap<(&str, &str, bool), usize> = BTreeMap::new();
    type Draw = fn(u32) -> u8;
    let draws: [(&str, Draw); 5] = [
        ("any byte", |n| n as u8),
        ("seven bits", |n| n as u8 & 0x7f),
        ("text and line ends", |n| {
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,;:=?.-\r\n"[n as usize % 46]
        }),
        ("few and low", |n| {
            [
                0, 1, 2, 3, 4, 5, 6, 0x0d, 0x10, 0x1b, 0x20, 0x30, 0x7f, 0x80, 0x81, 0xff,
            ][n as usize % 16]
        }),
        ("frame marks", |n| {
            [
                2, 3, 4, 5, 6, 0x0d, 0x15, 0x1b, 0x21, 0x5b, 0x7d, 0x7e, 0x80, 0x85, n as u8,
            ][(n >> 8) as usize % 15]
        }),
    ];
    for transport in [Transport::Tcp, Transport::Udp] {
        for (kind, draw) in draws {
            for n in 0..STREAMS {
                let len = 1 + rng.next_u32() as usize % if n % 4 == 0 { 4_000 } else { 300 };
                let bytes: Vec<u8> = (0..len).map(|_| draw(rng.next_u32())).collect();
                for (side, mid_stream) in [
                    (Side::Client, false),
                    (Side::Server, false),
                    (Side::Client, true),
                ] {
                    let hint = Hint {
                        transport,
                        port: false,
                        mid_stream: mid_stream && transport == Transport::Tcp,
                        whole: true,
                    };
                    let mut candidates = signatures.candidates(transport);
                    let told = signatures.identify(
                        &mut candidates,
                        side,
                        &bytes,
                        hint,
                        [40_001, 40_002],
                        true,
                    );
                    if let Row::Is(row, _) = told {
                        let name = signatures.protocol(row).1.name;
                        if medical(name) {
                            *claimed.entry((name, kind, hint.mid_stream)).or_default() += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(
        claimed.is_empty(),
        "of {STREAMS} streams each: {claimed:#?}"
    );
}
