use super::*;
use crate::serial::harness::{hint, mutate, play, recut};

const HELLO: &[u8] = b"220 FTP server ready\r\n";

#[test]
fn line_without_end_is_given_up_at_the_limit() {
    let seen = play(
        &FTP,
        &[(Side::Server, HELLO), (Side::Client, &[b'A'; 5000])],
    );
    assert_eq!(seen.messages[1].anomalies, ["long-line"]);
}

#[test]
fn line_that_is_no_reply_is_reported() {
    let seen = play(&FTP, &[(Side::Server, b"220 x\r\nhello\r\n")]);
    assert_eq!(seen.messages[1].anomalies, ["not-a-reply"]);
}

#[test]
fn command_that_nobody_listed_is_unknown() {
    let seen = play(&FTP, &[(Side::Client, b"XYZZ 1\r\nSITE CHMOD 777 x\r\n")]);
    assert_eq!(seen.kinds(), ["XYZZ", "SITE"]);
    assert!(
        seen.messages
            .iter()
            .all(|m| m.verb == Some(Verb::UnknownVerb))
    );
}

#[test]
fn file_put_on_a_pump_without_a_real_login() {
    let script: &[(Side, &[u8])] = &[
        (Side::Server, HELLO),
        (Side::Client, b"USER anonymous\r\n"),
        (Side::Server, b"331 Password required\r\n"),
        (Side::Client, b"PASS sim@example.invalid\r\n"),
        (Side::Server, b"230 Logged in\r\n"),
        (Side::Client, b"STOR /lib/config.bin\r\n"),
        (Side::Server, b"150 Opening\r\n226 Transfer complete\r\n"),
    ];
    let seen = play(&FTP, script);
    let kinds = [
        "banner", "USER", "reply", "PASS", "reply", "STOR", "reply", "reply",
    ];
    assert_eq!(seen.kinds(), kinds);
    assert!(!format!("{seen:?}").contains("sim@example"));
    assert_eq!(seen.messages[3].field("password"), Some("secret of 19"));
    assert_eq!(seen.messages[5].verb, Some(Verb::Store));
    assert_eq!(seen.messages[5].field("extension"), Some("bin"));
    assert_eq!(seen.messages[6].answers, seen.messages[5].asks);
    assert_eq!(seen.messages[6].outcome, Some(Outcome::Requested));
    assert_eq!(seen.messages[7].answers, seen.messages[5].asks);
    assert_eq!(seen.messages[7].outcome, Some(Outcome::Accepted));
}

#[test]
fn reply_of_several_lines_is_one_reply() {
    let script: &[(Side, &[u8])] = &[
        (Side::Client, b"FEAT\r\n"),
        (
            Side::Server,
            b"211-Features\r\n UTF8\r\n 211 not yet\r\n211 End\r\n",
        ),
    ];
    let seen = play(&FTP, script);
    assert_eq!(seen.kinds(), ["FEAT", "reply"]);
    assert_eq!(seen.messages[1].answers, seen.messages[0].asks);
}

#[test]
fn mail_server_is_not_taken_for_one() {
    assert_eq!(
        probe(Side::Server, b"220 host ESMTP ready\r\n", hint(true)),
        Probe::No
    );
    assert!(matches!(
        probe(Side::Server, HELLO, hint(false)),
        Probe::Yes(_)
    ));
    assert!(matches!(
        probe(Side::Server, b"220 ready\r\n", hint(true)),
        Probe::Yes(_)
    ));
    assert_eq!(
        probe(Side::Server, b"220 ready\r\n", hint(false)),
        Probe::No
    );
    assert_eq!(probe(Side::Server, b"22", hint(false)), Probe::More(4));
    assert_eq!(
        probe(Side::Client, b"GET / HTTP/1.1\r\n", hint(false)),
        Probe::No
    );
}

#[test]
fn cut_and_changed_bytes() {
    recut(
        &FTP,
        &[
            (Side::Server, b"220-a\r\nb\r\n220 c\r\n230 x"),
            (Side::Client, b"USER a\r\nSTOR b.c\r\nZ"),
        ],
    );
    mutate(
        &FTP,
        b"220 FTP\r\nUSER a\r\nPASS b\r\nSTOR /x/y.bin\r\n230-a\r\n230 b\r\n",
    );
}
