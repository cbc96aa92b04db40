use super::*;
use crate::contract::{End, Side};
use crate::http::tests::drive::{Drive, capture, run, same_at_every_cut, survives_mutations};
use crate::limits::Limits;
use crate::message::{Batch, Interest, Messages};
use crate::registry::ProtocolId;

fn pcaps(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../pcaps/sdc")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn post(body: &[u8]) -> Vec<u8> {
    coded(body, "")
}

fn coded(body: &[u8], field: &str) -> Vec<u8> {
    let mut text = format!(
        "POST /device/Set HTTP/1.1\r\nHost: d\r\nContent-Type: application/soap+xml; charset=utf-8\r\n{field}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    text.extend_from_slice(body);
    text
}

fn answer(body: &[u8]) -> Vec<u8> {
    let mut text = format!(
        "HTTP/1.1 200 Ok\r\nContent-Type: application/soap+xml\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    text.extend_from_slice(body);
    text
}

/// An envelope with this action and body.
fn envelope(action: &str, body: &str) -> String {
    format!(
        r#"<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:m="http://standards.ieee.org/downloads/11073/11073-10207-2017/message" xmlns:p="http://standards.ieee.org/downloads/11073/11073-10207-2017/participant" xmlns:x="http://www.w3.org/2001/XMLSchema-instance"><e:Header><a:Action>http://standards.ieee.org/downloads/11073/11073-20701-2018/{action}</a:Action><a:MessageID>urn:uuid:1</a:MessageID></e:Header><e:Body>{body}</e:Body></e:Envelope>"#
    )
}

fn one(text: &str) -> String {
    let lines = run(
        "http",
        &[(Side::Client, post(text.as_bytes()))],
        usize::MAX,
        &Limits::default(),
    )
    .lines();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines[0].clone()
}

#[track_caller]
fn has(line: &str, words: &[&str]) {
    for word in words {
        assert!(line.contains(word), "{word} is not in: {line}");
    }
}

const SET: &str = "<m:SetValue><m:OperationHandleRef>op.1</m:OperationHandleRef><m:RequestedNumericValue>5</m:RequestedNumericValue></m:SetValue>";

#[test]
fn a_set_on_a_handle_nobody_described_is_an_unknown_verb() {
    has(
        &one(&envelope("SetService/SetValue", SET)),
        &["sdc SetValue", "[unknown-verb unknown op.1 5]", "?http 0"],
    );
}

#[test]
fn contradictions_and_hostile_xml_are_told_and_the_set_is_decoded_all_the_same() {
    has(
        &one(&envelope("GetService/GetMdib", SET)),
        &["sdc SetValue", "!action-body", "value=5"],
    );
    let two = envelope("SetService/SetValue", SET).replace(
        "</e:Header>",
        "<a:Action>http://standards.ieee.org/downloads/11073/11073-20701-2018/GetService/GetMdib</a:Action></e:Header>",
    );
    has(&one(&two), &["sdc SetValue", "!two-actions"]);
    let entity = format!(
        "<!DOCTYPE x [<!ENTITY n \"99\">]>{}",
        envelope("SetService/SetValue", SET).replace(">5<", ">&n;<")
    );
    has(
        &one(&entity),
        &["sdc SetValue", "!doctype", "!entity", "!bad-number"],
    );
    let deep = envelope("SetService/SetValue", &"<m:a>".repeat(500));
    has(&one(&deep), &["!too-deep"]);
    let cut = &envelope("SetService/SetValue", SET)[..600];
    has(&one(cut), &["!truncated"]);
    let twice = envelope("SetService/SetValue", &format!("{SET}{SET}"));
    has(&one(&twice), &["!two-bodies"]);
    for bad in ["1e3", "NaN", "", "5,0", "0x10"] {
        has(
            &one(&envelope(
                "SetService/SetValue",
                &SET.replace(">5<", &format!(">{bad}<")),
            )),
            &["!bad-number"],
        );
    }
    has(
        &one(&envelope(
            "SetService/SetValue",
            &SET.replace("op.1", "op&#46;1"),
        )),
        &["operation=op.1 "],
    );
}

#[test]
fn an_unknown_action_is_an_unknown_verb_and_a_foreign_name_is_not_ours() {
    has(
        &one(&envelope("SetService/SetEverything", "<m:SetEverything/>")),
        &["sdc SetEverything", "[unknown-verb"],
    );
    let foreign = envelope("SetService/SetValue", "<SetValue xmlns=\"urn:other\"/>");
    has(&one(&foreign), &["sdc SetValue", "[unknown-verb"]);
    let other = "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body><q xmlns=\"urn:ihe\"/></e:Body></e:Envelope>";
    has(&one(other), &["http POST", "service=soap"]);
}

#[test]
fn an_older_discovery_is_named_as_such() {
    let old = br#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action></s:Header><s:Body><d:Probe><d:Types>wsdp:Device</d:Types></d:Probe></s:Body></s:Envelope>"#;
    let lines = run(
        "sdc",
        &[(Side::Client, old.to_vec())],
        usize::MAX,
        &Limits::default(),
    )
    .lines();
    has(&lines[0], &["sdc old Probe", "types=Device", "[discover"]);
}

#[test]
fn datagrams_that_are_no_envelope_are_malformed() {
    for bytes in [&[0u8; 64][..], b"<s12:Envelope", b"<"] {
        let lines = run(
            "sdc",
            &[(Side::Client, bytes.to_vec())],
            usize::MAX,
            &Limits::default(),
        )
        .lines();
        has(&lines[0], &["sdc malformed !"]);
    }
}

#[test]
fn alarms_are_weakened_by_what_is_proposed_not_by_the_handle() {
    let set = |kind: &str, rest: &str| {
        one(&envelope(
            "SetService/SetAlertState",
            &format!(
                "<m:SetAlertState><m:OperationHandleRef>o</m:OperationHandleRef><m:ProposedAlertState x:type=\"p:{kind}\" DescriptorHandle=\"h\" {rest}</m:ProposedAlertState></m:SetAlertState>"
            ),
        ))
    };
    has(
        &set(
            "LimitAlertConditionState",
            "ActivationState=\"On\"><p:Limits Upper=\"900\" Lower=\"0\"/>",
        ),
        &["[set-alarm-limit unknown o 900]", "limit_upper=900"],
    );
    has(
        &set("LimitAlertConditionState", "MonitoredAlertLimits=\"None\">"),
        &["[disable-alarm"],
    );
    has(
        &set("AlertSignalState", "ActivationState=\"Psd\">"),
        &["[silence-alarm"],
    );
    has(
        &set(
            "AlertSystemState",
            "ActivationState=\"On\"><p:SystemSignalActivation Manifestation=\"Aud\" State=\"Off\"/>",
        ),
        &["[disable-alarm", "signals=Aud Off"],
    );
    has(
        &set("AlertSystemState", "ActivationState=\"On\">"),
        &["[configure"],
    );
}

#[test]
fn what_an_mdib_teaches_completes_later_operations_of_the_connection() {
    let script = vec![
        (Side::Client, post(&pcaps("messages/SetValue.xml"))),
        (
            Side::Server,
            answer(&pcaps("messages/SetValueResponse.xml")),
        ),
        (Side::Client, post(&pcaps("messages/GetMdib.xml"))),
        (Side::Server, answer(&pcaps("messages/GetMdibResponse.xml"))),
        (Side::Client, post(&pcaps("messages/SetValue.xml"))),
        (Side::Client, post(&pcaps("messages/SetMetricState.xml"))),
        (Side::Client, post(&pcaps("messages/Activate.xml"))),
        (Side::Client, post(&pcaps("messages/SetContextState.xml"))),
    ];
    let lines = same_at_every_cut("http", &script, &Limits::default());
    let sets: Vec<_> = lines
        .iter()
        .filter(|l| l.contains("sdc SetValue "))
        .collect();
    assert!(
        sets.iter()
            .any(|l| l.contains("[unknown-verb unknown op.rate 80]"))
    );
    assert!(
        sets.iter()
            .any(|l| l.contains("[set-rate pump op.rate 80mL/h]"))
    );
    let of = |kind: &str| lines.iter().find(|l| l.contains(kind)).unwrap();
    has(
        of("sdc SetMetricState "),
        &["[set-rate pump metric.rate 33.3mL/h]"],
    );
    has(of("sdc Activate "), &["[start pump op.start ]"]);
    has(
        of("sdc SetContextState "),
        &[
            "[set-patient",
            "patient_id=TEST-0002",
            "patient_name=TESTPATIENT^Gamma",
        ],
    );
    // The library's answer relates to another MessageID here: it answers another request.
    has(
        of("sdc SetValueResponse "),
        &["=http 0/Requested/false", "?sdc urn:uuid:"],
    );
    let drive = run("http", &script, usize::MAX, &Limits::default());
    let lesson = drive
        .batch
        .messages()
        .flat_map(|m| m.lessons().collect::<Vec<_>>())
        .find(|l| l.handle == b"op.rate")
        .unwrap();
    assert_eq!(
        (
            lesson.unit,
            lesson.code,
            lesson.low,
            lesson.high,
            lesson.step
        ),
        (&b"mL/h"[..], &b"157784"[..], 0.1, 1200.0, 0.1)
    );
}

#[test]
fn patient_data_stand_in_patient_fields_only() {
    for name in [
        "SetContextState",
        "EpisodicContextReport",
        "GetMdibResponse",
        "GetContextStatesResponse",
    ] {
        let drive = run(
            "http",
            &[(Side::Client, post(&pcaps(&format!("messages/{name}.xml"))))],
            usize::MAX,
            &Limits::default(),
        );
        for m in drive.batch.messages() {
            let mut seen = 0;
            for (field, value) in m.fields() {
                let crate::message::Value::Text(text) = value else {
                    continue;
                };
                let text = String::from_utf8_lossy(text);
                if text.contains("TESTPATIENT")
                    || text.contains("TEST-000") && !text.contains("SN-")
                {
                    assert!(
                        matches!(
                            m.describe(field).privacy,
                            crate::schema::Privacy::Patient(_)
                        ),
                        "{name}: {text}"
                    );
                    seen += 1;
                }
            }
            assert!(seen > 0, "{name} names a patient");
        }
    }
}

/// Every sample against what an independent reader says of it.
#[test]
fn every_sample_says_what_the_vectors_say() {
    use crate::http::tests::leaves;
    let table = String::from_utf8(pcaps("vectors.tsv")).unwrap();
    let mut checked = 0;
    for row in table.lines().skip(1) {
        let mut cells = row.split('\t');
        let (name, source, expected) = (
            cells.next().unwrap(),
            cells.next().unwrap(),
            cells.next().unwrap(),
        );
        let Some(file) = source.strip_prefix("pcaps/sdc/") else {
            continue;
        };
        let body = pcaps(file);
        let line = run(
            "http",
            &[(Side::Client, post(&body))],
            usize::MAX,
            &Limits::default(),
        )
        .lines()
        .join("\n");
        assert!(line.contains(&format!("sdc {name} ")), "{name}: {line}");
        assert!(!line.contains(" !"), "{name}: {line}");
        for (path, leaf) in leaves(expected.as_bytes()) {
            // Values of reports are not kept; descriptions are taught, not written; texts of codes aside.
            let aside = [
                "metricValues",
                "stateHandles",
                "operations",
                "descriptors",
                "kind",
                "reason",
                "StateVersion",
                "DescriptorVersion",
                "DeterminationTime",
                "BindingMdibVersion",
                "OperatingHours",
                "Validity",
                "Validator",
                "Root",
                "texts",
            ];
            if aside.iter().any(|a| path.contains(a))
                || leaf.contains(" entries")
                || leaf.is_empty()
                || leaf == "null"
            {
                continue;
            }
            // Lists of actions and codes are told without what stands before the last word.
            let short = leaf.rsplit(['/', ':']).next().unwrap_or("");
            assert!(
                line.contains(leaf.as_str())
                    || (path.contains("fault") || path.contains("filter") || path.contains("code"))
                        && line.contains(short),
                "{name}: {path} = {leaf}\n{line}"
            );
            checked += 1;
        }
    }
    assert!(checked > 200, "{checked}");
}

#[test]
fn gzip_and_lz4_hold_the_same_set() {
    let table = String::from_utf8(pcaps("vectors.tsv")).unwrap();
    for (name, field) in [
        ("SetValue_gzip", "Content-Encoding: gzip\r\n"),
        ("SetValue_lz4_frame", "Content-Encoding: x-lz4\r\n"),
    ] {
        let row = table.lines().find(|l| l.starts_with(name)).unwrap();
        let hex = row.split('\t').nth(1).unwrap();
        let bytes: Vec<u8> = (0..hex.len() / 2)
            .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
            .collect();
        let lines = same_at_every_cut(
            "http",
            &[(Side::Client, coded(&bytes, field))],
            &Limits::default(),
        );
        has(
            &lines[0],
            &["sdc SetValue", "operation=op.rate", "value=80"],
        );
        assert!(!lines[0].contains('!'), "{}", lines[0]);
    }
}

#[test]
fn a_set_whose_head_was_lost_is_decoded() {
    let mut drive = Drive::new("http", Limits::default());
    drive.gap(Side::Client, 0);
    drive.gap(Side::Server, 0);
    drive.feed(Side::Client, &pcaps("messages/SetValue.xml"));
    drive.feed(Side::Client, &post(&pcaps("messages/Activate.xml")));
    drive.end(End::Capture);
    let lines = drive.lines();
    has(
        lines.iter().find(|l| l.contains("sdc SetValue ")).unwrap(),
        &["!head-lost", "value=80"],
    );
    assert!(lines.iter().any(|l| l.contains("sdc Activate ")));
}

#[test]
fn an_answer_with_a_hole_is_named_after_what_was_asked() {
    let mut drive = Drive::new("http", Limits::default());
    drive.feed(Side::Client, &post(&pcaps("messages/GetMdib.xml")));
    let text = answer(&pcaps("messages/GetMdibResponse.xml"));
    let head = text.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    drive.feed(Side::Server, &text[..head]);
    drive.gap(Side::Server, 10_000);
    drive.feed(Side::Server, &text[head + 10_000..]);
    drive.end(End::Fin);
    let lines = drive.lines();
    let range = format!("Server 0..{}", text.len());
    has(
        lines
            .iter()
            .find(|l| l.contains("GetMdibResponse"))
            .unwrap(),
        &[&range, "!body-lost", "=http 0/Unknown"],
    );
}

#[test]
fn captures_give_the_same_messages_at_every_cut() {
    for name in [
        "sdc/notify-to-a-third-host.pcap",
        "sdc/operations-joined-midstream.pcap",
        "sdc/hostile-envelopes.pcap",
    ] {
        for flow in capture(name) {
            if flow[0].1.first() == Some(&b'<') || flow[0].1.first() == Some(&0) {
                continue;
            }
            same_at_every_cut("http", &flow, &Limits::default());
        }
    }
}

#[test]
fn nothing_panics_whatever_the_bytes() {
    let mut script = Vec::new();
    for name in [
        "GetMdib",
        "SetValue",
        "SetAlertState",
        "SetMetricState",
        "Subscribe",
        "Hello",
    ] {
        script.push((Side::Client, post(&pcaps(&format!("messages/{name}.xml")))));
        script.push((Side::Server, answer(&pcaps("messages/Metadata.xml"))));
    }
    script.push((Side::Server, answer(&pcaps("messages/GetMdibResponse.xml"))));
    survives_mutations("http", &script, &Limits::default(), 250);
    // The walk itself, without HTTP around it: every prefix, and changed bytes.
    let id = ProtocolId::of("sdc").unwrap();
    let (limits, interest) = (Limits::default(), Interest::everything());
    let mut random = crate::http::tests::drive::Random(7);
    for name in [
        "SetContextState",
        "OperationInvokedReport",
        "SubscribeResponse",
        "EpisodicAlertReport",
    ] {
        let body = pcaps(&format!("messages/{name}.xml"));
        let mut soap = Soap::new(&limits);
        let mut batch = Batch::default();
        for round in 0..body.len() + 2000 {
            let mut bytes = body.clone();
            if round < body.len() {
                bytes.truncate(round);
            } else {
                let at = random.next(bytes.len());
                bytes[at] = random.next(256) as u8;
            }
            batch.clear();
            let mut pen = Messages::new(&mut batch, &limits, &interest, id, Side::Client, 0);
            let via = Via::datagram(Faults::default());
            soap.carried(&bytes, &via, 0..bytes.len() as u64, &mut pen);
        }
    }
}
