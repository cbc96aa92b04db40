use crate::action::{Outcome, Verb};
use crate::contract::{Confidence, Probe, Side};
use crate::serial::harness::{hint, mutate, play, recut, turned};

use super::*;

fn header(function: u8, sub: u8, count: u16) -> Vec<u8> {
    let mut bytes = vec![0; 60];
    bytes[0] = if function == 202 { 0x40 } else { 0 };
    (bytes[13], bytes[15]) = (function, sub);
    bytes[58..60].copy_from_slice(&count.to_be_bytes());
    bytes
}

fn poll() -> Vec<u8> {
    let mut bytes = header(202, 35, 0);
    bytes.resize(104, 0);
    bytes
}

/// Alarm paused, level crisis; heart rate 148, limits 50 and 120.
fn update() -> Vec<u8> {
    let mut bytes = header(201, 20, 6 + 68);
    bytes[24..33].copy_from_slice(b"ICU|BED-4");
    bytes.extend([2, 7, 7, 1, 1, 0]);
    let mut entry = vec![0; 68];
    (entry[0], entry[1]) = (1, 0x3A);
    entry[4..6].copy_from_slice(&148_i16.to_be_bytes());
    entry[6..8].copy_from_slice(&i16::MIN.to_be_bytes());
    entry[30..34].copy_from_slice(&[0, 50, 0, 120]);
    bytes.extend(entry);
    bytes.extend([0x5A, 0xA5]);
    bytes
}

#[test]
fn request_that_nobody_knows_is_no_read() {
    let mut request = header(202, 36, 4);
    request.extend([1, 2, 3, 4, 0, 0]);
    let seen = play(&GE_SERIAL, &[(Side::Client, &request)]);
    assert_eq!(seen.kinds(), ["unknown 0x0024"]);
    assert_eq!(seen.messages[0].verb, Some(Verb::UnknownVerb));
}

#[test]
fn counts_that_disagree_are_told_and_prove_nothing() {
    let mut lying = update();
    lying[64] = 3;
    let seen = play(&GE_SERIAL, &[(Side::Server, &lying)]);
    assert_eq!(seen.messages[0].anomalies, [serial::BAD_LENGTH]);
    let probed = probe(Side::Server, &lying, hint(false));
    assert!(!matches!(probed, Probe::Yes(_)), "{probed:?}");
    for zeros in [&[0; 200][..], &[0x40; 104]] {
        let probed = probe(Side::Client, zeros, hint(true));
        assert!(!matches!(probed, Probe::Yes(_)), "{probed:?}");
    }
}

#[test]
fn poll_and_update_are_joined_and_read() {
    let (ask, told) = (poll(), update());
    let script: &[(Side, &[u8])] = &[(Side::Client, &ask), (Side::Server, &told)];
    let seen = play(&GE_SERIAL, script);
    assert_eq!(seen.kinds(), ["poll_parameters", "parameters"]);
    let update = &seen.messages[1];
    assert_eq!(seen.messages[0].verb, Some(Verb::Read));
    assert_eq!(update.answers, seen.messages[0].asks);
    assert_eq!(update.outcome, Some(Outcome::Accepted));
    assert_eq!(update.field("alarm_state"), Some("paused"));
    assert_eq!(update.field("bed"), Some("BED-4"));
    assert_eq!(update.all("limit"), ["hr 50..120"]);
    assert_eq!(update.all("value").len(), 1, "the second value is invalid");
    recut(&GE_SERIAL, script);
}

#[test]
fn either_side_alone_is_recognised_whoever_called() {
    for (side, bytes) in [(Side::Client, poll()), (Side::Server, update())] {
        assert_eq!(probe(side, &bytes, hint(false)), Probe::Yes(Confidence(80)));
        assert_eq!(
            probe(side.other(), &bytes, hint(false)),
            Probe::Yes(Confidence(79))
        );
    }
    let (ask, told) = (poll(), update());
    turned(&GE_SERIAL, &[(Side::Client, &ask), (Side::Server, &told)]);
}

#[test]
fn changed_bytes_never_panic() {
    mutate(&GE_SERIAL, &poll());
    mutate(&GE_SERIAL, &update());
}
