use crate::contract::{Probe, Side, Transport};
use crate::stage::{converse, cuts_do_not_matter, hint, probe, survives_mutations};

const TURNS: &[(Side, &[u8])] = &[
    (Side::Server, b"RFB 003.008\n"),
    (Side::Client, b"RFB 003.008\n"),
    (Side::Server, &[2, 1, 2]),
    (Side::Client, &[1]),
    (Side::Server, &[0, 0, 0, 0]),
    (Side::Client, &[1]),
    (Side::Server, &[7; 400]),
];

#[test]
fn other_numbers_are_not_vnc() {
    let on = |bytes: &[u8]| probe("vnc", Side::Server, bytes, hint(Transport::Tcp, true));
    assert_eq!(on(b"RFB 0x3.008\n"), Probe::No);
    assert_eq!(on(b"RFC 003.008\n"), Probe::No);
    assert_eq!(on(b"RFB 00"), Probe::More(12));
}

#[test]
fn a_screen_without_a_password_is_told() {
    let seen = converse("vnc", TURNS, usize::MAX);
    let kinds: Vec<&str> = seen.iter().map(|s| s.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["version", "version", "security-offer", "security-choice"]
    );
    assert_eq!(seen[2].all("security"), ["none", "password"]);
    assert_eq!(seen[3].first("security"), "none");
}

#[test]
fn the_server_decides_alone_in_old_versions() {
    let seen = converse(
        "vnc",
        &[
            (Side::Server, b"RFB 003.003\n"),
            (Side::Client, b"RFB 003.003\n"),
            (Side::Server, &[0, 0, 0, 2]),
            (Side::Client, &[9; 16]),
        ],
        3,
    );
    assert_eq!(seen.last().map(|s| s.first("security")), Some("password"));
}

#[test]
fn cuts_and_changed_bytes_do_no_harm() {
    cuts_do_not_matter("vnc", TURNS);
    survives_mutations("vnc", TURNS);
}
