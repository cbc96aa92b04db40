//! Values as tshark 4.0 shows them of the same capture.

use crate::action::{Outcome, Verb};
use crate::contract::{Probe, Side, Transport};
use crate::stage::{Stage, borrowed, datagram, hint, probe, survives_mutations, turns};

const CAPTURE: &str = "snmp/versions-1-2c-and-3.pcap";

#[test]
fn lengths_that_do_not_fit_are_not_snmp() {
    let bytes = &turns(CAPTURE, 161, 0)[0].1;
    let on = |bytes: &[u8], port| probe("snmp", Side::Client, bytes, hint(Transport::Udp, port));
    assert!(matches!(on(bytes, false), Probe::Yes(_)));
    assert_eq!(on(&bytes[..bytes.len() - 1], true), Probe::No);
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(on(&longer, false), Probe::No);
    assert_eq!(datagram("snmp", &longer)[0].anomalies, ["trailing-bytes"]);
    assert_eq!(datagram("snmp", &[0x30, 0x84])[0].anomalies, ["ber"]);
}

#[test]
fn a_device_tells_what_it_is_and_no_community() {
    let turns = turns(CAPTURE, 161, 0);
    let asked = &datagram("snmp", &turns[0].1)[0];
    let told = &datagram("snmp", &turns[1].1)[0];
    assert_eq!(
        (asked.kind.as_str(), asked.first("version")),
        ("get-request", "1")
    );
    assert_eq!(asked.first("objects"), "2");
    assert_eq!(asked.first("object"), "1.3.6.1.2.1.1.1.0");
    assert_eq!(asked.first("community"), "secret of 6");
    assert_eq!(asked.first("default_community"), "true");
    assert_eq!(told.first("system_name"), "infusion-7");
    let answer = told.answers.clone().expect("an answer");
    assert_eq!(
        (Some(answer.0), answer.2),
        (asked.asks.clone(), Outcome::Accepted)
    );
}

#[test]
fn setting_is_configuring_and_version_3_names_its_user() {
    let seen: Vec<_> = (0..8)
        .flat_map(|n| turns(CAPTURE, 161, n))
        .flat_map(|(_, b)| datagram("snmp", &b))
        .collect();
    let set = seen.iter().find(|s| s.kind == "set-request").expect("set");
    assert_eq!(set.verb, Some(Verb::Configure));
    let sealed = seen
        .iter()
        .find(|s| s.kind == "encrypted")
        .expect("version 3");
    assert_eq!((sealed.first("user"), sealed.verb), ("biomed", None));
}

#[test]
fn guesses_in_one_conversation_are_counted() {
    let bytes = turns(CAPTURE, 161, 0)[0].1.clone();
    let mut stage = Stage::of("snmp");
    for letter in *b"abca" {
        let mut bytes = bytes.clone();
        let at = bytes
            .windows(6)
            .position(|w| w == b"public")
            .expect("community");
        bytes[at] = letter;
        stage.datagram(Side::Client, &bytes);
    }
    let seen = stage.seen();
    assert_eq!(seen.last().map(|s| s.first("communities")), Some("3"));
}

#[test]
fn changed_bytes_do_no_harm() {
    let all: Vec<_> = (0..8).flat_map(|n| turns(CAPTURE, 161, n)).collect();
    survives_mutations("snmp", &borrowed(&all));
}
