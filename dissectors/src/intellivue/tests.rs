use super::INTELLIVUE;
use super::serial::crc16_x25;
use crate::action::{Outcome, Verb};
use crate::contract::{Confidence, Probe, Side, Transport};
use crate::drive::{Drive, Seen, hex, mutate, probe, stream_any_cut};
use crate::schema::Provenance;

const VECTORS: &str = include_str!("../../../pcaps/intellivue/vectors.tsv");

fn vector(name: &str) -> Vec<u8> {
    let row = VECTORS
        .lines()
        .find_map(|l| l.strip_prefix(name)?.strip_prefix('\t'));
    hex(row.expect("a vector of this name"))
}

fn vectors() -> Vec<Vec<u8>> {
    let rows = VECTORS.lines().filter(|l| !l.starts_with('#'));
    rows.filter_map(|l| l.split_once('\t'))
        .map(|(_, bytes)| hex(bytes))
        .collect()
}

fn one(bytes: &[u8]) -> Seen {
    let mut drive = Drive::new("intellivue");
    drive.datagram(Side::Client, bytes);
    assert_eq!(drive.seen.len(), 1, "{:?}", drive.seen);
    drive.seen.remove(0)
}

/// An invoke of the MDS object with this command and argument behind the object.
fn invoke(command: u16, argument: &str) -> Vec<u8> {
    let argument = hex(&format!("0021 0000 0000 {argument}"));
    let mut bytes = hex("e1000002 0001 0000 0065");
    bytes.extend(command.to_be_bytes());
    bytes.extend((argument.len() as u16).to_be_bytes());
    bytes.extend(argument);
    let len = bytes.len() as u16 - 8;
    bytes[6..8].copy_from_slice(&len.to_be_bytes());
    bytes
}

fn probed(port: bool, bytes: &[u8]) -> Probe {
    probe("intellivue", Transport::Udp, port, Side::Client, bytes)
}

#[test]
fn other_datagrams_are_not_claimed() {
    for other in [
        &b"\r\n"[..],
        b"M-SEARCH * HTTP/1.1\r\n",
        &hex("0a18c1"),
        &hex("000100000001"),
        &[0; 64],
        &[0xE1; 64],
        // NTP, DNS
        &hex("1b0000000000000000000000000000000000000000000000"),
        &hex("e1000100000100000000000003777777036e6574000001 0001"),
    ] {
        assert_eq!(probed(false, other), Probe::No, "{other:02x?}");
    }
}

#[test]
fn a_right_message_is_known_on_any_port() {
    for bytes in vectors() {
        match probed(false, &bytes) {
            Probe::Yes(sure) => assert!(sure >= Confidence(85)),
            other => panic!("{other:?} for {bytes:02x?}"),
        }
    }
}

#[test]
fn an_unknown_first_byte_is_malformed() {
    let seen = one(&hex("77000000"));
    assert_eq!(seen.kind, "malformed");
    assert_eq!(seen.anomalies, ["unknown-first-byte"]);
}

#[test]
fn a_message_cut_anywhere_is_told_as_faulty() {
    for bytes in vectors() {
        for len in 1..bytes.len() {
            let seen = one(&bytes[..len]);
            assert!(
                !seen.anomalies.is_empty(),
                "{len} of {bytes:02x?}: {seen:?}"
            );
        }
    }
}

#[test]
fn a_count_beyond_its_length_is_told() {
    // Contexts, then objects of the first context.
    for at in [45, 51] {
        let mut bytes = vector("f12_poll_result");
        bytes[at] = 0x7F;
        assert_eq!(one(&bytes).anomalies, ["count-mismatch"]);
    }
}

#[test]
fn a_poll_that_departs_from_the_layout_keeps_its_invoke_id() {
    // Four bytes off, as one public client sends it.
    let seen = one(&hex(
        "e10000020001001c 0001 0007 0016 0021 0010 0000 0000 0000 0000 0c16 0008 000f 0001 0020 0036",
    ));
    assert!(!seen.anomalies.is_empty());
    assert_eq!(seen.field("invoke_id"), "1");
    assert_eq!(seen.verb, Some(Verb::UnknownVerb));
}

#[test]
fn setting_the_wave_list_configures() {
    let seen = one(&vector("f69_confirmed_set_request"));
    assert_eq!(seen.kind, "confirmed_set_request");
    assert_eq!(seen.field("invoke_id"), "1005");
    assert_eq!(seen.verb, Some(Verb::Configure));
    assert_eq!(seen.subject.clone().unwrap()[0], "0xf23a");
    assert_eq!(seen.all("priority").len(), 5);
    assert_eq!(seen.all("priority")[3], "0x00024a14");
    assert_eq!(seen.asks.as_deref(), Some("client 1005"));
    assert_eq!(seen.anomalies, [""; 0]);
}

#[test]
fn an_empty_wave_list_shows_as_such() {
    let seen = one(&vector("f143_set_request"));
    assert_eq!(seen.kind, "set_request");
    assert_eq!(seen.field("priority_count"), "0");
    assert_eq!(seen.verb, Some(Verb::Configure));
    // Nobody answers an unconfirmed set.
    assert_eq!(seen.asks, None);
}

#[test]
fn setting_anything_else_is_never_a_read() {
    for (attribute, verb) in [
        ("0916", Verb::UnknownVerb),
        ("0950", Verb::UnknownVerb),
        ("0987", Verb::SetTime),
        ("0946", Verb::SetMode),
        ("095c", Verb::SetPatient),
        ("095a", Verb::SetPatient),
    ] {
        let set = format!("00000000 0001 0008 0000 {attribute} 0002 4000");
        for command in [4, 5] {
            let seen = one(&invoke(command, &set));
            assert_eq!(seen.verb, Some(verb), "{attribute}");
            assert_eq!(seen.anomalies, [""; 0]);
        }
    }
}

#[test]
fn the_gravest_of_several_settings_counts() {
    let set = "00000000 0002 0012 0000 f23a 0004 00000000 0000 0916 0002 0000";
    let seen = one(&invoke(5, set));
    assert_eq!(seen.verb, Some(Verb::UnknownVerb));
    assert_eq!(seen.all("attribute"), ["0xf23a", "0x0916"]);
}

#[test]
fn a_set_that_cannot_be_read_to_its_end_is_an_unknown_verb() {
    let seen = one(&invoke(5, "00000000 0001 0010 0000 f23a 0010 0000"));
    assert_eq!(seen.verb, Some(Verb::UnknownVerb));
    assert!(!seen.anomalies.is_empty());
}

#[test]
fn an_action_that_the_guide_does_not_know_is_an_unknown_verb() {
    let seen = one(&invoke(7, "00000000 0c17 0000"));
    assert_eq!(seen.kind, "action_request");
    assert_eq!(seen.verb, Some(Verb::UnknownVerb));
    assert_eq!(seen.field("object_action"), "0x0c17");
}

#[test]
fn an_unknown_command_is_named_by_its_code() {
    let seen = one(&invoke(9, ""));
    assert_eq!(seen.kind, "unknown 0x0009");
    assert_eq!(seen.verb, Some(Verb::UnknownVerb));
}

#[test]
fn a_refused_association_rests_on_implementations() {
    let seen = one(&hex("0c03320100"));
    assert_eq!(seen.kind, "assoc_refuse");
    assert_eq!(seen.provenance, Provenance::Implementation);
    let (_, last, outcome) = seen.answers.unwrap();
    assert!(last);
    assert_eq!(outcome, Outcome::Refused);
}

#[test]
fn a_connect_indication_tells_the_monitor() {
    let seen = one(&vector("f1_connect_indication"));
    assert_eq!(seen.kind, "connect_indication");
    assert_eq!(seen.verb, Some(Verb::Discover));
    assert_eq!(seen.field("mac"), "00:09:fb:70:d8:0c");
    assert_eq!(seen.field("ip"), "10.0.42.9");
    assert_eq!(seen.field("serial"), "DE82021892");
    assert_eq!(seen.field("model"), "M8003A");
    assert_eq!(seen.field("bed_label"), "LeTemple_1");
    assert!(
        seen.all("service")
            .contains(&"application 5 transport 1 port 24105")
    );
    assert_eq!(seen.asks, None);
}

#[test]
fn an_odd_indication_is_told() {
    let mut bytes = vector("f1_connect_indication");
    bytes[2] = 0;
    bytes[11] = 3;
    let seen = one(&bytes);
    assert_eq!(seen.kind, "connect_indication");
    assert_eq!(seen.anomalies, ["odd-indication"]);
}

#[test]
fn an_association_tells_its_profile() {
    let seen = one(&vector("f4_assoc_request"));
    assert_eq!(seen.kind, "assoc_request");
    assert_eq!(seen.field("system_type"), "client");
    assert_eq!(seen.field("startup"), "cold");
    assert_eq!(seen.field("min_poll_period_ms"), "40000");
    assert_eq!(seen.field("max_mtu_rx"), "12288");
    assert_eq!(seen.field("poll_ext_options"), "0x8c000000");
    assert_eq!(seen.verb, None);
    let seen = one(&vector("f6_assoc_accept"));
    assert_eq!(seen.field("startup"), "hot");
    assert_eq!(seen.field("system_type"), "server");
    assert_eq!(seen.answers.unwrap().2, Outcome::Accepted);
}

#[test]
fn an_extended_poll_has_many_results() {
    let seen = one(&vector("f160_extended_poll_result"));
    assert_eq!(seen.kind, "extended_poll_result");
    assert_eq!(seen.field("sequence"), "3");
    assert_eq!(seen.field("objects"), "20");
    assert_eq!(seen.field("polled"), "numeric");
    let numerics = seen.all("numeric");
    assert!(numerics.contains(&"60 {beats}/min 0x4182"), "{numerics:?}");
    assert!(numerics.contains(&"120 mm[Hg] 0x4a15"), "{numerics:?}");
    let (_, last, _) = seen.answers.unwrap();
    assert!(!last);
}

#[test]
fn linked_results_are_closed_by_a_result() {
    let first = one(&vector("f56_extended_poll_result_linked"));
    assert_eq!(first.kind, "extended_poll_result_linked");
    assert_eq!(first.field("linked_state"), "first");
    assert_eq!(first.field("objects"), "10");
    let last = one(&vector("f58_extended_poll_result"));
    assert_eq!(last.field("objects"), "0");
    assert_eq!(first.answers.unwrap().0, last.answers.unwrap().0);
}

#[test]
fn a_refused_get_says_so() {
    // Seen from a real monitor: two bytes more than the layout behind the list.
    let mut drive = Drive::new("intellivue");
    drive.datagram(
        Side::Server,
        &hex("e1000002000300160000000700100021000000000001 0004 0005 f12a 0000"),
    );
    let seen = &drive.seen[0];
    assert_eq!(seen.kind, "error");
    assert_eq!(seen.field("error"), "get-list-error");
    assert_eq!(seen.field("attribute"), "0xf12a");
    assert_eq!(seen.field("error_status"), "5");
    assert_eq!(
        seen.answers,
        Some(("client 0".into(), true, Outcome::Refused))
    );
}

#[test]
fn demographics_fields_are_patient_data() {
    let marked = |name: &str| {
        let field = INTELLIVUE.field(name).unwrap();
        let privacy = INTELLIVUE.fields[usize::from(field.0)].privacy;
        matches!(privacy, crate::schema::Privacy::Patient(_))
    };
    for name in [
        "patient_id",
        "patient_id_internal",
        "family_name",
        "given_name",
        "middle_name",
        "birth_date",
        "sex",
        "age",
        "height",
        "weight",
        "notes",
        "encounter",
        "value",
    ] {
        assert!(marked(name), "{name}");
    }
    assert!(!marked("bed_label"));
}

fn framed(message: &[u8]) -> Vec<u8> {
    let mut body = vec![0x11, 0x01];
    body.extend((message.len() as u16).to_be_bytes());
    body.extend(message);
    let fcs = crc16_x25(&body).to_le_bytes();
    body.extend(fcs);
    let mut line = vec![0xC0];
    for byte in body {
        match byte {
            0xC0 | 0xC1 | 0x7D => line.extend([0x7D, byte ^ 0x20]),
            byte => line.push(byte),
        }
    }
    line.push(0xC1);
    line
}

#[test]
fn the_frame_check_sequence_fits_its_vectors() {
    // mdpnp/mdpnp TestFCSOutputStream.
    assert_eq!(crc16_x25(&[0x3a, 0x71]).to_le_bytes(), [0x9b, 0x26]);
    assert_eq!(crc16_x25(&[0x3a, 0x91]).to_le_bytes(), [0x95, 0xc1]);
}

#[test]
fn frames_of_a_serial_line_are_read_however_they_are_cut() {
    let mut line = Vec::new();
    for bytes in vectors() {
        line.extend(framed(&bytes));
    }
    let mut wrong = framed(&vector("f14_release_response"));
    let at = wrong.len() - 2;
    wrong[at] ^= 1;
    line.extend(b"noise");
    line.extend(&wrong);
    line.extend(framed(&vector("f69_confirmed_set_request")));
    let seen = stream_any_cut("intellivue", &[(Side::Server, &line)]);
    let whole = vectors().len();
    assert_eq!(seen.len(), whole + 3);
    for (seen, bytes) in seen.iter().zip(vectors()) {
        assert_eq!(seen.kind, one(&bytes).kind);
    }
    assert_eq!(seen[whole].anomalies, ["between-frames"]);
    assert_eq!(seen[whole + 1].anomalies, ["wrong-fcs"]);
    assert_eq!(seen[whole + 2].verb, Some(Verb::Configure));
}

#[test]
fn a_frame_without_an_end_is_bounded() {
    let mut drive = Drive::new("intellivue");
    for _ in 0..20_000 {
        drive.send(Side::Client, &[0xC0]);
    }
    let mut drive = Drive::new("intellivue");
    drive.send(Side::Client, &[0xC0]);
    for _ in 0..20_000 {
        drive.send(Side::Client, &[0x11]);
    }
    assert_eq!(drive.seen[0].anomalies, ["too-long"]);
    assert_eq!(drive.limit_hits.len(), drive.seen.len());
}

#[test]
fn the_signature_wants_a_right_frame_on_a_serial_line() {
    let line = framed(&vector("f14_release_response"));
    let probed = |bytes: &[u8]| probe("intellivue", Transport::Tcp, false, Side::Server, bytes);
    assert!(matches!(probed(&line[..2]), Probe::More(_)));
    assert!(matches!(probed(&line[..20]), Probe::More(_)));
    assert_eq!(probed(&line), Probe::Yes(Confidence(90)));
    let mut wrong = line.clone();
    wrong[8] ^= 1;
    assert_eq!(probed(&wrong), Probe::No);
    assert_eq!(probed(b"GET / HTTP/1.1"), Probe::No);
}

#[test]
fn changed_messages_never_panic() {
    mutate("intellivue", &vectors(), true, 20_000, 64 * 1024);
    let lines: Vec<_> = vectors().iter().map(|v| framed(v)).collect();
    mutate("intellivue", &lines, false, 3_000, 64 * 1024);
}
