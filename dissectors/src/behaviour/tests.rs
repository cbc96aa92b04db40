use super::*;
use crate::baxter_spectrum::BAXTER_SPECTRUM;
use crate::serial::harness::{hint, mutate, play, recut};
use crate::spacecom_config::SPACECOM_CONFIG;

#[test]
fn off_the_habitual_port_nothing_is_claimed() {
    assert_eq!(
        probe(Side::Client, b"anything at all, long", hint(false)),
        Probe::No
    );
    assert_eq!(probe(Side::Client, b"short", hint(true)), ABSTAIN);
}

#[test]
fn format_string_run_is_told_once() {
    let seen = play(
        &BAXTER_SPECTRUM,
        &[(Side::Client, b"hostmessage %x.%x.%x.%n %n %n")],
    );
    assert_eq!(seen.kinds(), ["first-data", "format-string", "closed"]);
    let calm = play(
        &BAXTER_SPECTRUM,
        &[(Side::Client, b"rate 50% now, 20 %s of it")],
    );
    assert_eq!(calm.kinds(), ["first-data", "closed"]);
}

#[test]
fn first_data_towards_the_device_may_be_a_command() {
    let script: &[(Side, &[u8])] = &[(Side::Client, b"CONFIG WRITE 1"), (Side::Server, b"ok")];
    let seen = play(&SPACECOM_CONFIG, script);
    assert_eq!(seen.kinds(), ["first-data", "first-data", "closed"]);
    assert_eq!(seen.messages[0].verb, Some(Verb::UnknownVerb));
    assert_eq!(seen.messages[1].verb, None);
    assert_eq!(seen.messages[2].field("to_server"), Some("14"));
}

#[test]
fn pump_that_opens_its_own_session_commands_nobody() {
    let seen = play(&BAXTER_SPECTRUM, &[(Side::Client, b"<status/>")]);
    assert_eq!(seen.messages[0].field("begins"), Some("XML"));
    assert_eq!(seen.messages[0].verb, None);
}

#[test]
fn cut_and_changed_bytes() {
    recut(
        &SPACECOM_CONFIG,
        &[
            (Side::Client, b"MSCF\0\0\0\0abc%x%x%x"),
            (Side::Server, b"no"),
        ],
    );
    mutate(&SPACECOM_CONFIG, b"<a>%s %s</a>%n MZ \x7fELF");
}
