use crate::action::Outcome;
use crate::contract::{Probe, Side, Transport};
use crate::stage::{bytes, converse, cuts_do_not_matter, hint, probe, survives_mutations};

/// `Cookie: mstshash=bob` and the wish for TLS and CredSSP.
const REQUEST: &str = "0300 0029 24 e0 0000 0000 00 436f6f6b69653a206d737473686173683d626f62 0d0a 01 00 0800 03000000";
const CONFIRM: &str = "0300 0013 0e d0 0000 1234 00 02 1f 0800 02000000";
const CONFIRM_OLD: &str = "0300 0013 0e d0 0000 1234 00 02 00 0800 00000000";

/// The client's data behind its mark: core with build and name, and two channels.
fn initial() -> Vec<u8> {
    let mut data = bytes("7f65 0401 01 44756361 80f0");
    data.extend([0x01, 0xC0, 60, 0]);
    data.extend([0; 16]);
    data.extend([0x28, 0x0A, 0, 0]);
    let mut name = [0; 36];
    for (at, letter) in b"LAPTOP-7".iter().enumerate() {
        name[2 * at] = *letter;
    }
    data.extend(name);
    data.extend([0x03, 0xC0, 32, 0, 2, 0, 0, 0]);
    data.extend(b"rdpsnd\0\0\0\0\0\0MS_T120\0\0\0\0\0");
    let mut unit = vec![3, 0, 0, (data.len() + 7) as u8, 2, 0xF0, 0x80];
    unit.extend(data);
    unit
}

#[test]
fn selectors_are_not_a_desktop() {
    // A controller's connection request (ISO transport).
    let s7 = bytes("0300 0016 11 e0 0000 0001 00 c1 02 0100 c2 02 0102 c0 01 0a");
    let on =
        |name: &str, bytes: &[u8]| probe(name, Side::Client, bytes, hint(Transport::Tcp, true));
    assert_eq!(on("rdp", &s7), Probe::No);
    assert!(matches!(on("iso_tsap", &s7), Probe::Yes(_)));
    assert!(matches!(on("rdp", &bytes(REQUEST)), Probe::Yes(_)));
    assert_eq!(on("iso_tsap", &bytes(REQUEST)), Probe::No);
}

#[test]
fn a_client_names_its_user_and_then_all_is_tls() {
    let (request, confirm) = (bytes(REQUEST), bytes(CONFIRM));
    let turns: &[(Side, &[u8])] = &[
        (Side::Client, &request),
        (Side::Server, &confirm),
        (Side::Client, &[22, 3, 1, 0, 5, 1, 2, 3, 4, 5]),
    ];
    let seen = converse("rdp", turns, usize::MAX);
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].first("user"), "bob");
    assert_eq!(seen[0].all("security"), ["tls", "credssp"]);
    assert_eq!(seen[1].all("security"), ["credssp"]);
    assert_eq!(
        seen[1].answers.as_ref().map(|(.., outcome)| *outcome),
        Some(Outcome::Accepted)
    );
    cuts_do_not_matter("rdp", turns);
    survives_mutations("rdp", turns);
}

#[test]
fn the_internal_channel_is_told_where_nothing_hides_it() {
    let (request, confirm, initial) = (bytes(REQUEST), bytes(CONFIRM_OLD), initial());
    let turns: &[(Side, &[u8])] = &[
        (Side::Client, &request),
        (Side::Server, &confirm),
        (Side::Client, &initial),
    ];
    let seen = converse("rdp", turns, usize::MAX);
    assert_eq!(seen[2].first("client_name"), "LAPTOP-7");
    assert_eq!(seen[2].first("client_build"), "2600");
    assert_eq!(seen[2].all("channel"), ["rdpsnd", "MS_T120"]);
    assert_eq!(seen[2].anomalies, ["internal-channel"]);
    cuts_do_not_matter("rdp", turns);
    survives_mutations("rdp", turns);
}
