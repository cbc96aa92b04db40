use crate::contract::{Probe, Side, Transport};
use crate::stage::{bytes, datagram, hint, probe, survives_mutations};

/// `WPAD` and eleven blanks, suffix 0 (RFC 1001 14.1).
const WPAD: &str = "20 46484641454245454341434143414341434143414341434143414341434141 41 00";

fn query() -> Vec<u8> {
    bytes(&format!("1234 0110 0001 0000 0000 0000 {WPAD} 0020 0001"))
}

#[test]
fn names_of_dns_are_not_netbios() {
    let dns = bytes("1234 0100 0001 0000 0000 0000 01 61 01 62 00 0001 0001");
    assert_eq!(
        probe("nbns", Side::Client, &dns, hint(Transport::Udp, false)),
        Probe::No
    );
    assert_eq!(datagram("nbns", &dns)[0].anomalies, ["name-form"]);
}

#[test]
fn whoever_answers_for_a_name_meets_the_question() {
    let asked = &datagram("nbns", &query())[0];
    assert_eq!(
        (
            asked.kind.as_str(),
            asked.first("name"),
            asked.first("suffix")
        ),
        ("query", "WPAD", "0")
    );
    assert_eq!(asked.first("broadcast"), "true");
    let answer = bytes(&format!(
        "1234 8500 0000 0001 0000 0000 {WPAD} 0020 0001 000000a5 0006 0000 0a000009"
    ));
    let told = &datagram("nbns", &answer)[0];
    assert_eq!(
        (told.kind.as_str(), told.first("address")),
        ("response", "10.0.0.9")
    );
    assert_eq!(
        asked.asks,
        told.answers.as_ref().map(|(key, ..)| key.clone())
    );
    survives_mutations("nbns", &[(Side::Client, &query()), (Side::Server, &answer)]);
}
