//! Who stores and fetches what; log-ins; and what is not FTP.

use crate::action::{Outcome, Verb};
use crate::contract::{End, Probe, Side, Transport};
use crate::stage::{
    Stage, borrowed, converse, cuts_do_not_matter, hint, probe, survives_mutations, turns,
};

const CAPTURE: &str = "ftp/fetch-store-delete-and-a-refused-login.pcap";

#[test]
fn a_mail_server_greets_alike_and_is_not_taken_for_it() {
    let server = |bytes: &[u8], port| probe("ftp", Side::Server, bytes, hint(Transport::Tcp, port));
    assert!(matches!(
        server(b"220 mail.example ESMTP\r\n", false),
        Probe::More(_)
    ));
    let client = |bytes: &[u8], port| probe("ftp", Side::Client, bytes, hint(Transport::Tcp, port));
    assert_eq!(client(b"EHLO x\r\n", false), Probe::No);
    assert_eq!(server(b"221 x\r\n", true), Probe::No);
    assert!(matches!(server(b"220 ready\r\n", true), Probe::Yes(_)));
    assert!(matches!(server(b"220 ProFTPD\r\n", false), Probe::Yes(_)));
    assert!(matches!(client(b"USER service\r\n", false), Probe::Yes(_)));
    assert_eq!(client(b"USER", false), Probe::No);
}

#[test]
fn lines_that_are_neither_are_malformed_and_then_given_up() {
    let mut stage = Stage::of("ftp");
    stage.send(Side::Server, b"220 x\r\n");
    for _ in 0..8 {
        stage.send(Side::Client, b"\x01\x02\x03\r\n");
    }
    assert!(stage.rejected.is_some());
    assert!(stage.seen()[1..].iter().all(|s| s.kind == "malformed"));
}

#[test]
fn an_endless_line_is_cut_and_the_next_one_read() {
    let mut line = vec![b'A'; 20_000];
    line.extend(b"\r\nNOOP\r\n");
    for piece in [1, 100, usize::MAX] {
        let seen = converse("ftp", &[(Side::Client, &line)], piece);
        assert_eq!(seen[0].anomalies, ["line-too-long"]);
        assert_eq!(seen.last().map(|s| s.kind.as_str()), Some("NOOP"));
    }
}

#[test]
fn a_password_never_enters_and_a_user_is_no_secret_word() {
    let seen = converse("ftp", &[(Side::Client, b"USER bob\r\nPASS geheim\r\n")], 7);
    assert_eq!(seen[0].first("user"), "bob");
    assert_eq!(seen[1].first("password"), "secret of 6");
    assert!(!format!("{seen:?}").contains("geheim"));
}

#[test]
fn a_file_is_stored_and_the_answer_says_so() {
    let turns = turns(CAPTURE, 21, 1);
    let seen = converse("ftp", &borrowed(&turns), usize::MAX);
    let store = seen.iter().find(|s| s.kind == "STOR").expect("STOR");
    assert_eq!(store.verb, Some(Verb::Store));
    assert_eq!(store.first("path"), "firmware-2.2.bin");
    assert_eq!(store.first("extension"), "bin");
    let answers: Vec<_> = seen
        .iter()
        .filter_map(|s| {
            s.answers
                .clone()
                .filter(|(key, ..)| Some(key) == store.asks.as_ref())
        })
        .map(|(_, last, outcome)| (last, outcome))
        .collect();
    assert_eq!(
        answers,
        [(false, Outcome::Requested), (true, Outcome::Accepted)]
    );
}

#[test]
fn a_refused_log_in_is_told() {
    let turns = turns(CAPTURE, 21, 2);
    let seen = converse("ftp", &borrowed(&turns), usize::MAX);
    let refused = seen
        .iter()
        .find(|s| s.first("login") == "refused")
        .expect("refused");
    assert_eq!(refused.first("code"), "530");
    assert_eq!(seen[0].first("banner"), "(vsFTPd 3.0.3)");
}

#[test]
fn replies_over_several_lines_are_one() {
    let seen = converse(
        "ftp",
        &[
            (
                Side::Server,
                b"220-Hello\r\n 220 not yet\r\n221-nor\r\n220 Pump\r\n",
            ),
            (Side::Client, b"SYST\r\n"),
            (Side::Server, b"215 UNIX Type: L8\r\n"),
        ],
        usize::MAX,
    );
    let kinds: Vec<&str> = seen.iter().map(|s| s.kind.as_str()).collect();
    assert_eq!(kinds, ["banner", "SYST", "reply"]);
    assert_eq!(seen[0].first("banner"), "Pump");
    assert_eq!(seen[0].range, 0..44);
    assert_eq!(seen[2].first("system"), "UNIX Type: L8");
}

#[test]
fn addresses_for_data_are_read() {
    let seen = converse(
        "ftp",
        &[
            (Side::Client, b"PORT 10,0,0,1,195,80\r\n"),
            (Side::Server, b"200 ok\r\n"),
            (Side::Client, b"PASV\r\n"),
            (
                Side::Server,
                b"227 Entering Passive Mode (10,0,0,2,4,1).\r\n",
            ),
            (Side::Client, b"PORT 10,0,0,300,1,2\r\n"),
        ],
        usize::MAX,
    );
    assert_eq!(
        (seen[0].first("data_address"), seen[0].first("data_port")),
        ("10.0.0.1", "50000")
    );
    assert_eq!(
        (seen[3].first("data_address"), seen[3].first("data_port")),
        ("10.0.0.2", "1025")
    );
    assert_eq!(seen[4].anomalies, ["address-form"]);
}

#[test]
fn an_unknown_command_is_never_a_read() {
    let seen = converse("ftp", &[(Side::Client, b"XFLASH 1\r\n")], 2);
    assert_eq!(
        (seen[0].kind.as_str(), seen[0].verb),
        ("XFLASH", Some(Verb::UnknownVerb))
    );
}

#[test]
fn what_follows_auth_tls_is_passed_over() {
    let mut stage = Stage::of("ftp");
    stage
        .send(Side::Server, b"220 x\r\n")
        .send(Side::Client, b"AUTH TLS\r\n");
    stage
        .send(Side::Server, b"234 go\r\n")
        .send(Side::Client, &[0x16; 500]);
    assert_eq!(stage.end(End::Fin).len(), 3);
}

#[test]
fn cuts_and_changed_bytes_do_no_harm() {
    for nth in 0..5 {
        let turns = turns(CAPTURE, 21, nth);
        cuts_do_not_matter("ftp", &borrowed(&turns));
        survives_mutations("ftp", &borrowed(&turns));
    }
}
