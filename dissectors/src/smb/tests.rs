use crate::contract::{End, Probe, Side, Transport};
use crate::stage::{Stage, bytes, converse, cuts_do_not_matter, hint, probe, survives_mutations};

fn framed(message: &[u8]) -> Vec<u8> {
    let mut unit = vec![0, 0, (message.len() >> 8) as u8, message.len() as u8];
    unit.extend(message);
    unit
}

/// A header of version 2: status, command, answer or not (MS-SMB2 2.2.1.2).
fn version2(status: u32, command: u8, answer: bool, body: &[u8]) -> Vec<u8> {
    let mut message = b"\xFESMB\x40\0\0\0".to_vec();
    message.extend(status.to_le_bytes());
    message.extend([command, 0, 1, 0, u8::from(answer), 0, 0, 0, 0, 0, 0, 0, 9]);
    message.resize(64, 0);
    message.extend(body);
    framed(&message)
}

fn version1_negotiation() -> Vec<u8> {
    let mut message = b"\xFFSMB\x72\0\0\0\0\x18".to_vec();
    message.resize(32, 0);
    message.extend(bytes("00 0c00 02 4e54204c4d20302e3132 00"));
    framed(&message)
}

#[test]
fn zeros_are_not_smb() {
    let on = |bytes: &[u8], port| probe("smb", Side::Client, bytes, hint(Transport::Tcp, port));
    assert_eq!(on(&[0; 12], true), Probe::No);
    assert_eq!(on(&[0; 4], false), Probe::No);
    assert!(matches!(on(&version1_negotiation(), false), Probe::Yes(_)));
}

#[test]
fn version_1_is_told_once_it_is_offered_and_once_it_is_taken() {
    let offer = version1_negotiation();
    let mut answer = b"\xFFSMB\x72\0\0\0\0\x98".to_vec();
    answer.resize(32, 0);
    answer.extend([17, 0, 0]);
    answer.resize(80, 0);
    let answer = framed(&answer);
    let seen = converse(
        "smb",
        &[(Side::Client, &offer), (Side::Server, &answer)],
        usize::MAX,
    );
    assert_eq!(seen[0].first("dialect"), "NT LM 0.12");
    assert_eq!(seen[1].first("version"), "1");
}

#[test]
fn log_ins_shares_and_pipes_are_told_and_files_are_not() {
    let wide = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    let path = wide("\\\\pacs\\ADMIN$");
    let mut tree = vec![9, 0, 0, 0, 72, 0, path.len() as u8, 0];
    tree.extend(&path);
    let create = |name: &str| {
        let name = wide(name);
        let mut body = vec![57, 0];
        body.resize(44, 0);
        body.extend([120, 0, name.len() as u8, 0]);
        body.resize(56, 0);
        body.extend(&name);
        version2(0, 5, false, &body)
    };
    let turns = [
        (
            Side::Client,
            version2(
                0,
                0,
                false,
                &bytes(
                    "2400 0200 0200 0000 00000000 00000000000000000000000000000000 0000000000000000 0202 1103",
                ),
            ),
        ),
        (
            Side::Server,
            version2(0, 0, true, &bytes("4100 0300 1103 0000")),
        ),
        (
            Side::Server,
            version2(0xC000_006D, 1, true, &bytes("0900 0000")),
        ),
        (Side::Server, version2(0, 1, true, &bytes("0900 0100"))),
        (Side::Client, version2(0, 3, false, &tree)),
        (Side::Client, create("report.pdf")),
        (Side::Client, create("svcctl")),
        (Side::Client, version2(0, 9, false, &[7; 4000])),
    ];
    let turns = crate::stage::borrowed(&turns);
    let seen = converse("smb", &turns, usize::MAX);
    let kinds: Vec<&str> = seen.iter().map(|s| s.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "NEGOTIATE-request",
            "NEGOTIATE-response",
            "SESSION_SETUP-response",
            "SESSION_SETUP-response",
            "TREE_CONNECT-request",
            "CREATE-request"
        ]
    );
    assert_eq!(seen[0].all("dialect"), ["2.0.2", "3.1.1"]);
    assert_eq!(
        (seen[1].first("version"), seen[1].first("signing")),
        ("3.1.1", "true")
    );
    assert_eq!(seen[2].first("login"), "refused");
    assert_eq!(
        (seen[3].first("login"), seen[3].first("guest")),
        ("accepted", "true")
    );
    assert_eq!(seen[4].first("share"), "\\\\pacs\\ADMIN$");
    assert_eq!(seen[5].first("pipe"), "svcctl");
    cuts_do_not_matter("smb", &turns);
    survives_mutations("smb", &turns);
}

#[test]
fn after_a_gap_the_next_mark_is_found() {
    let mut stage = Stage::of("smb");
    stage
        .send(Side::Client, &version1_negotiation()[..20])
        .gap(Side::Client, 50);
    stage
        .send(Side::Client, &[5; 30])
        .send(Side::Client, &version1_negotiation());
    let seen = stage.end(End::Fin);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].kind, "NEGOTIATE-request");
}
