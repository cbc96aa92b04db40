use crate::action::{Outcome, Verb};
use crate::contract::{Confidence, Probe, Side, Transport};
use crate::drive::{Drive, Seen, mutate, probe, stream_any_cut};
use crate::limits::Limits;
use crate::schema::{Privacy, Provenance};

use super::POCT1A;

const METER: Side = Side::Client;
const MANAGER: Side = Side::Server;

/// A document of this root with a header of this control id.
fn document(root: &str, id: &str, body: &str) -> String {
    format!(
        "<{root}><HDR><HDR.control_id V=\"{id}\"/><HDR.version_id V=\"POCT1\"/>\
         <HDR.creation_dttm V=\"2026-01-01T08:00:00+00:00\"/></HDR>{body}</{root}>"
    )
}

fn one(text: &str) -> Seen {
    let mut seen = stream_any_cut("poct1a", &[(MANAGER, text.as_bytes())]);
    assert_eq!(seen.len(), 1, "{seen:?}");
    seen.remove(0)
}

fn directive(command: &str) -> Seen {
    let body = format!("<DTV><DTV.command_cd V=\"{command}\"/></DTV>");
    one(&document("DTV.R01", "4011", &body))
}

fn probed(bytes: &[u8]) -> Probe {
    probe("poct1a", Transport::Tcp, false, METER, bytes)
}

#[test]
fn other_documents_are_not_claimed() {
    for other in [
        &b"<html><body>"[..],
        b"<?xml version=\"1.0\"?><s:Envelope>",
        b"<ClinicalDocument>",
        b"\x0bMSH|^~\\&|",
        b"GET / HTTP/1.1",
        b"<ABC.R99>",
        b"<NOVA.LOC>",
        b"</ACK.R01>",
        b"<!DOCTYPE html><html>",
        b"<!-- x --><Envelope>",
    ] {
        assert_eq!(probed(other), Probe::No, "{other:?}");
    }
}

#[test]
fn document_type_or_comment_before_the_root_hides_nothing() {
    for before in [
        "<?xml version=\"1.0\"?><!DOCTYPE DTV.R01 [<!ENTITY a \"b\">]>",
        "<!-- a gateway's -->\r\n",
        "\x0b<?xml version=\"1.0\"?>\n<!-- <x> -->",
    ] {
        let text = format!("{before}<DTV.R01><HDR>");
        assert_eq!(
            probed(text.as_bytes()),
            Probe::Yes(Confidence(90)),
            "{text}"
        );
    }
    assert_eq!(
        probed(&[b"<!--".as_slice(), &[b'x'; 2000]].concat()),
        Probe::No
    );
}

#[test]
fn a_known_root_is_sure_on_any_port() {
    assert!(matches!(probed(b"<HEL"), Probe::More(_)));
    assert!(matches!(probed(b"\x0b"), Probe::More(_)));
    for first in [
        "<HEL.R01>",
        "\x0b<HEL.R01>",
        "\u{feff}<?xml version=\"1.0\"?>\r\n<DST.R01>",
        "<ACK.R01 xmlns=\"x\">",
        "<KPA.R01/>",
    ] {
        assert_eq!(probed(first.as_bytes()), Probe::Yes(Confidence(90)));
    }
}

#[test]
fn an_unknown_root_is_an_unknown_verb() {
    let seen = one(&document("DTV.ACME.WIPE", "1", ""));
    assert_eq!(seen.kind, "DTV.ACME.WIPE");
    assert_eq!(seen.verb, Some(Verb::UnknownVerb));
    assert_eq!(directive("SELF_DESTRUCT").verb, Some(Verb::UnknownVerb));
}

#[test]
fn entities_are_told_and_not_expanded() {
    let seen = one("<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]>\
         <OBS.R01><OBS.value V=\"&c;\"/></OBS.R01>");
    assert_eq!(seen.kind, "OBS.R01");
    assert_eq!(seen.anomalies, ["doctype"]);
    assert_eq!(seen.field("value"), "&c;");
}

#[test]
fn faults_of_the_xml_are_told_on_the_message() {
    let seen = one("<ACK.R01><HDR></ACK></ACK.R01>");
    assert_eq!(seen.anomalies, ["not-well-formed"]);
    let deep = format!(
        "<OBS.R01>{}{}</OBS.R01>",
        "<A>".repeat(40),
        "</A>".repeat(40)
    );
    assert_eq!(one(&deep).anomalies, ["too-deep"]);
    let mut bytes = document("ESC.R01", "1", "<NTE.text V=\"X\"/>").into_bytes();
    let at = bytes.iter().position(|b| *b == b'X').unwrap();
    bytes[at] = 0xE9;
    let seen = stream_any_cut("poct1a", &[(METER, &bytes)]);
    assert_eq!(seen[0].anomalies, ["not-utf8"]);
}

#[test]
fn bytes_between_documents_are_told() {
    let text = format!("noise{}\r\nmore", document("KPA.R01", "1", ""));
    let seen = stream_any_cut("poct1a", &[(METER, text.as_bytes())]);
    let kinds: Vec<_> = seen.iter().map(|s| s.kind.as_str()).collect();
    assert_eq!(kinds, ["malformed", "KPA.R01", "malformed"]);
    assert_eq!(seen[0].anomalies, ["stray-bytes"]);
    assert_eq!(seen[2].anomalies, ["unfinished"]);
}

#[test]
fn a_document_that_never_ends_is_bounded() {
    let mut limits = Limits::default();
    limits.set("poct1a-message", 1000);
    let mut drive = Drive::with_limits("poct1a", limits);
    drive.send(METER, b"<OBS.R01>");
    for _ in 0..300 {
        drive.send(METER, b"<A V=\"1\"/>");
    }
    assert_eq!(drive.seen[0].anomalies, ["too-long"]);
    assert!(!drive.limit_hits.is_empty());
}

#[test]
fn after_a_gap_the_next_document_is_read() {
    let mut drive = Drive::new("poct1a");
    drive.send(METER, b"<OBS.R01><HDR><HDR.contr");
    drive.gap(METER, 100);
    drive.send(
        METER,
        b".name V=\"1\"/><OBS.value V=\"2\"/></OBS></OBS.R01>",
    );
    drive.send(METER, document("EOT.R01", "7", "").as_bytes());
    let kinds: Vec<_> = drive.seen.iter().map(|s| s.kind.as_str()).collect();
    assert_eq!(kinds, ["OBS.R01", "malformed", "EOT.R01"]);
    assert_eq!(drive.seen[0].anomalies, ["unfinished"]);
    assert_eq!(drive.seen[2].field("control_id"), "7");
}

#[test]
fn directives_have_their_verbs() {
    for (command, verb) in [
        ("LOCK", Verb::Configure),
        ("UNLOCK", Verb::Configure),
        ("START_CONTINUOUS", Verb::Subscribe),
        ("SET_TIME", Verb::SetTime),
    ] {
        let seen = directive(command);
        assert_eq!(seen.verb, Some(verb), "{command}");
        assert_eq!(seen.field("command"), command);
        assert_eq!(seen.subject.clone().unwrap()[0], command);
    }
    for (root, verb) in [
        ("REQ.R01", Verb::Read),
        ("OBS.R02", Verb::Store),
        ("OPL.R02", Verb::Configure),
        ("PTL.R01", Verb::SetPatient),
        ("DTV.PIX.FB", Verb::Configure),
        ("DTV.PIX.FW", Verb::LoadFirmware),
        ("NOVA.FRM", Verb::LoadFirmware),
        ("NOVA.STATSTRIP.SETUP", Verb::Configure),
        ("DTV.VENDOR", Verb::UnknownVerb),
    ] {
        assert_eq!(one(&document(root, "1", "")).verb, Some(verb), "{root}");
    }
    assert_eq!(one(&document("EOT.R01", "1", "")).verb, None);
    let seen = one(&document("DTV.PIX.FW", "1", ""));
    assert_eq!(seen.provenance, Provenance::Implementation);
}

#[test]
fn an_operator_list_tells_its_levels() {
    let body = "<OPR><OPR.operator_id V=\"OP77\"/><OPR.name V=\"TESTER ONE\"/>\
                <ACC><ACC.method_cd V=\"ALL\"/><ACC.permission_level_cd V=\"4\"/></ACC></OPR>";
    let seen = one(&document("OPL.R01", "6004", body));
    assert_eq!(seen.field("permission"), "4");
    assert_eq!(seen.field("operators"), "1");
    assert_eq!(seen.field("operator_name"), "TESTER ONE");
    assert_eq!(seen.verb, Some(Verb::Configure));
}

#[test]
fn an_answer_names_the_message_that_it_answers() {
    let request = document("DTV.R01", "4011", "<DTV><DTV.command_cd V=\"LOCK\"/></DTV>");
    for (ack, outcome) in [
        (
            "<ACK.type_cd V=\"AA\"/><ACK.ack_control_id V=\"4011\"/>",
            Outcome::Accepted,
        ),
        (
            "<ACK.type_cd V=\"AE\"/><ACK.control_id V=\"4011\"/>",
            Outcome::Refused,
        ),
        (
            "<ACK.type_id V=\"AA\"/><ACK.control_id V=\"4011\"/>",
            Outcome::Accepted,
        ),
        ("<ACK.ack_control_id V=\"4011\"/>", Outcome::Unknown),
    ] {
        let answer = document("ACK.R01", "10011", &format!("<ACK>{ack}</ACK>"));
        let parts = [(MANAGER, request.as_bytes()), (METER, answer.as_bytes())];
        let seen = stream_any_cut("poct1a", &parts);
        assert_eq!(seen[0].asks.as_deref(), Some("server 4011"));
        assert_eq!(seen[1].answers, Some(("server 4011".into(), true, outcome)));
        assert_eq!(seen[1].asks, None);
    }
}

#[test]
fn blocks_are_covered_whole() {
    let text = document("DST.R01", "10002", "<DST><DST.condition_cd V=\"R\"/></DST>");
    let block = format!("\x0b{text}\x1c\r");
    let two = format!("{block}{block}\x0b\x1c\r");
    let seen = stream_any_cut("poct1a", &[(METER, two.as_bytes())]);
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].range, block.len() as u64..2 * block.len() as u64);
    assert_eq!(seen[1].field("framing"), "mllp");
    assert_eq!(seen[1].field("condition"), "R");
    let seen = stream_any_cut("poct1a", &[(METER, &block.as_bytes()[..block.len() - 2])]);
    assert_eq!(seen[0].anomalies, ["no-end-block"]);
    assert_eq!(seen[0].kind, "DST.R01");
}

#[test]
fn a_result_is_a_record_of_a_patient() {
    let body = "<SVC><SVC.role_cd V=\"OBS\"/><PT><PT.patient_id V=\"T90001\"/>\
                <OBS><OBS.observation_id V=\"2341-6\" SN=\"LN\"/><OBS.value V=\"104\" U=\"mg/dL\"/>\
                </OBS></PT></SVC>";
    let seen = one(&document("OBS.R01", "10005", body));
    assert_eq!(seen.verb, Some(Verb::Store));
    assert_eq!(seen.field("test"), "2341-6");
    assert_eq!(seen.field("value"), "104");
    assert_eq!(seen.field("unit"), "mg/dL");
    for name in [
        "patient_id",
        "patient_name",
        "birth_date",
        "sex",
        "weight",
        "value",
        "operator",
        "operator_name",
        "order_id",
        "specimen_id",
        "note",
    ] {
        let field = POCT1A.field(name).unwrap();
        let privacy = POCT1A.fields[usize::from(field.0)].privacy;
        assert!(matches!(privacy, Privacy::Patient(_)), "{name}");
    }
}

#[test]
fn changed_documents_never_panic() {
    let seeds = [
        document("DTV.R01", "4011", "<DTV><DTV.command_cd V=\"LOCK\"/></DTV>").into_bytes(),
        format!(
            "\x0b{}\x1c\r",
            document("OPL.R01", "1", "<OPR><OPR.name V='x'/></OPR>")
        )
        .into_bytes(),
        b"<!DOCTYPE a [<!ENTITY b \"c\">]><OBS.R01><![CDATA[x]]><!-- y --></OBS.R01>".to_vec(),
    ];
    mutate("poct1a", &seeds, false, 6_000, 64 * 1024);
}
