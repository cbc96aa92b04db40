//! Values as tshark 4.0 shows them of the same captures.

use crate::contract::{Probe, Side, Transport};
use crate::stage::{
    Stage, borrowed, bytes, cuts_do_not_matter, datagram, hint, probe, survives_mutations, turns,
};

const CAPTURE: &str = "dns/records-and-a-tunnel-like-name.pcap";
/// A question for `a.b`, and then what each test puts behind it.
const QUESTION: &str = "1234 8180 0001 0001 0000 0000 01 61 01 62 00 0001 0001";

fn answer(record: &str) -> crate::stage::Seen {
    let mut message = bytes(QUESTION);
    message.extend(bytes(record));
    datagram("dns", &message).remove(0)
}

#[test]
fn a_name_that_points_at_itself_ends() {
    // The answer's name begins at offset 21.
    assert_eq!(
        answer("c015 0001 0001 00000000 0004 0a000001").anomalies,
        ["compression-loop"]
    );
    assert_eq!(
        answer("c0ff 0001 0001 00000000 0004 0a000001").anomalies,
        ["compression-loop"]
    );
    // Two that point at each other: the first points back, the second forward.
    assert_eq!(
        answer("0161 c015 0001 0001 00000000 0004 0a000001").anomalies,
        ["compression-loop"]
    );
}

#[test]
fn labels_and_names_beyond_the_standard_are_told() {
    assert_eq!(
        answer("80 6161 00 0001 0001 00000000 0000").anomalies,
        ["label-type"]
    );
    let long = format!(
        "{} 00 0001 0001 00000000 0000",
        format!("3f {}", "61".repeat(63)).repeat(5)
    );
    assert_eq!(answer(&long).anomalies, ["name-too-long"]);
    assert_eq!(answer("c00c 0001").anomalies, ["cut-short"]);
    assert_eq!(
        answer("c00c 0001 0001 00000000 0003 0a0000").anomalies,
        ["record-length"]
    );
    assert_eq!(
        answer("c00c 0001 0001 00000000 0004 0a000001 ff").anomalies,
        ["trailing-bytes"]
    );
}

#[test]
fn random_bytes_off_the_port_are_not_dns() {
    let off = |bytes: &[u8]| probe("dns", Side::Client, bytes, hint(Transport::Udp, false));
    assert_eq!(off(&bytes("e100000200020002d10100000000")), Probe::No);
    assert_eq!(off(&[0; 64]), Probe::No);
    let query = bytes("1234 0100 0001 0000 0000 0000 01 61 01 62 00 0001 0001");
    assert!(matches!(off(&query), Probe::Yes(_)));
    // One byte more, and it does not fit any longer.
    assert_eq!(off(&[query.as_slice(), &[0]].concat()), Probe::No);
}

#[test]
fn mdns_is_told_by_its_port_alone() {
    let response = bytes(
        "0000 8400 0000 0001 0000 0000 01 61 05 6c6f63616c 00 0001 8001 00000078 0004 0a000001",
    );
    assert_eq!(
        probe("mdns", Side::Client, &response, hint(Transport::Udp, false)),
        Probe::No
    );
    let seen = &datagram("mdns", &response)[0];
    assert_eq!(
        (seen.kind.as_str(), seen.first("answer")),
        ("response", "a.local")
    );
    assert_eq!(
        (seen.first("address"), seen.first("ttl")),
        ("10.0.0.1", "120")
    );
    assert_eq!(seen.answers, None);
}

#[test]
fn an_answer_by_llmnr_meets_its_question_from_elsewhere() {
    let asked = &datagram(
        "llmnr",
        &bytes("beef 0000 0001 0000 0000 0000 04 57504144 00 0001 0001"),
    )[0];
    let told = &datagram(
        "llmnr",
        &bytes(
            "beef 8000 0001 0001 0000 0000 04 77706164 00 0001 0001 c00c 0001 0001 0000001e 0004 0a000009",
        ),
    )[0];
    assert_eq!(
        asked.asks,
        told.answers.as_ref().map(|(key, ..)| key.clone())
    );
    assert_eq!(told.first("address"), "10.0.0.9");
}

#[test]
fn records_of_each_kind_are_read() {
    let all: Vec<_> = (0..12).flat_map(|n| turns(CAPTURE, 53, n)).collect();
    let values = |field: &str| -> Vec<String> {
        let said = all.iter().flat_map(|(_, b)| match b.first_chunk() {
            // The one over TCP stands behind its length.
            Some(l) if usize::from(u16::from_be_bytes(*l)) + 2 == b.len() => {
                datagram("dns", &b[2..])
            }
            _ => datagram("dns", b),
        });
        let mut values: Vec<String> = said
            .flat_map(|s| {
                s.all(field)
                    .iter()
                    .map(|v| (*v).to_owned())
                    .collect::<Vec<_>>()
            })
            .collect();
        values.dedup();
        values
    };
    assert_eq!(
        values("address"),
        ["10.77.0.70", "2001:db8:77::70", "10.77.0.70"]
    );
    assert_eq!(values("service"), ["pacs.ward.example:104"]);
    assert_eq!(values("alias"), ["pump7.ward.example"]);
    assert_eq!(values("mail"), ["mail.ward.example"]);
    assert_eq!(values("pointer"), ["pump7.ward.example"]);
    // 200 letters each, behind a byte of length: 402 bytes.
    assert_eq!(values("opaque_bytes"), ["402"]);
    assert_eq!(
        values("code_name"),
        ["NOERROR", "REFUSED", "NOERROR", "REFUSED"]
    );
}

#[test]
fn a_long_label_of_letters_at_random_stands_out() {
    let seen = (0..12)
        .flat_map(|n| turns(CAPTURE, 53, n))
        .flat_map(|(_, b)| datagram("dns", &b))
        .find(|s| s.first("longest_label") == "52")
        .expect("the tunnel");
    let entropy: f64 = seen.first("label_entropy").parse().expect("a number");
    assert!(entropy > 3.5, "{entropy}");
    assert_eq!(seen.first("domain"), "ward.example");
}

#[test]
fn messages_over_tcp_stand_behind_their_lengths() {
    let turns = (0..12)
        .map(|n| turns(CAPTURE, 53, n))
        .find(|t| t[0].1[0] == 0 && usize::from(t[0].1[1]) + 2 == t[0].1.len())
        .expect("the one over TCP");
    cuts_do_not_matter("dns", &borrowed(&turns));
    survives_mutations("dns", &borrowed(&turns));
    let mut stage = Stage::of("dns");
    // Two in one segment.
    stage.send(
        Side::Client,
        &[turns[0].1.as_slice(), turns[0].1.as_slice()].concat(),
    );
    assert_eq!(stage.seen().len(), 2);
}

#[test]
fn changed_bytes_do_no_harm() {
    let all: Vec<_> = (0..12).flat_map(|n| turns(CAPTURE, 53, n)).collect();
    survives_mutations("dns", &borrowed(&all));
    survives_mutations("mdns", &borrowed(&all));
    survives_mutations("llmnr", &borrowed(&all));
}
