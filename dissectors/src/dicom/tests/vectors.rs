//! The byte vectors of `vectors.tsv`: each says what must come out. Rows `t_*` and `item_*` are
//! constants of pynetdicom's tests (MIT), the others were cut from captures (CC0).

use super::*;
use crate::dicom::associate::{self, Items, item};
use crate::dicom::encoding::Encoding;
use crate::dicom::pdu::trim;
use crate::dicom::walk::{Room, Walker};

/// Splits `a=1 b=x y c=[...]` at keys; values may hold spaces.
fn pairs(expected: &str) -> Vec<(&str, &str)> {
    let mut starts = Vec::new();
    for (at, _) in expected.match_indices('=') {
        let key_at = expected[..at].rfind(' ').map_or(0, |s| s + 1);
        let key = &expected[key_at..at];
        let inside = expected[..key_at].matches(['[', '{']).count()
            > expected[..key_at].matches([']', '}']).count();
        if !key.is_empty()
            && !inside
            && key.chars().all(|c| c.is_alphanumeric() || "_,".contains(c))
        {
            starts.push((key_at, at));
        }
    }
    (0..starts.len())
        .map(|i| {
            let (key_at, at) = starts[i];
            let end = starts.get(i + 1).map_or(expected.len(), |next| next.0);
            (&expected[key_at..at], expected[at + 1..end].trim_end())
        })
        .collect()
}

fn feed(bytes: &[u8], cut: usize) -> Wire {
    let side = if matches!(bytes.first(), Some(2 | 3)) {
        Side::Server
    } else {
        Side::Client
    };
    let mut wire = Wire::new();
    for piece in bytes.chunks(cut) {
        wire.send(side, piece);
    }
    wire.end(End::Fin);
    wire
}

#[test]
fn pdus_say_what_the_vectors_say() {
    let mut rows = 0;
    let mut checks = 0;
    for v in vectors() {
        if !v.name.starts_with("t_") && !v.name.starts_with("c_") {
            continue;
        }
        rows += 1;
        let wire = feed(&v.bytes, usize::MAX);
        let expected: Vec<_> = v.expected.split(" | ").collect();
        assert_eq!(
            wire.batch.len(),
            expected.len(),
            "{}: {:?}",
            v.name,
            wire.told()
        );
        for (m, expected) in wire.batch.messages().zip(expected) {
            for (key, expected) in pairs(expected) {
                check_field(&m, v.name, key, expected);
                checks += 1;
            }
        }
    }
    assert!(rows >= 80, "{rows} rows");
    assert!(checks > 400, "{checks} checks");
}

fn check_field(m: &Message<'_>, name: &str, key: &str, expected: &str) {
    let get = |field: &str| value(m, field).unwrap_or_default();
    let list = |field: &str, between: &str| values(m, field).join(between);
    let is = |seen: String| assert_eq!(seen, expected, "{name}: {key}\n{}", tell(m));
    match key {
        "kind" if expected.starts_with("MALFORMED") => assert!(!m.anomalies().is_empty(), "{name}"),
        "kind" => is(text(m.kind())),
        "malformed" => assert!(!m.anomalies().is_empty(), "{name}: {expected}"),
        "why" => assert_eq!(
            (expected, anomalies(m)),
            ("unknown PDU type", vec!["unknown-pdu-type"])
        ),
        "declared_length" => is(get("pdu_length")),
        "bytes_present" => {}
        "called_bytes" => assert_eq!(get("called_ae").as_bytes(), trim(&hex(expected)), "{name}"),
        "calling_bytes" => assert_eq!(get("calling_ae").as_bytes(), trim(&hex(expected)), "{name}"),
        "called_aet" => is(get("called_ae")),
        "calling_aet" => is(get("calling_ae")),
        "contexts" => {
            let contexts = list("contexts", ";").replace(',', "+");
            if text(m.kind()) == "A-ASSOCIATE-RQ" {
                return is(contexts);
            }
            // `1:result0>1.2` in the vector is `1:abstract>1.2=acceptance` here.
            for want in expected.split(';') {
                let (id, rest) = want.split_once(':').expect(want);
                let (result, transfer) = rest.split_once('>').expect(want);
                let code: u8 = result.trim_start_matches("result").parse().expect(want);
                let word = crate::dicom::words::context_result_text(code);
                let found = values(m, "contexts").into_iter().any(|c| {
                    c.starts_with(&format!("{id}:"))
                        && c.ends_with(&format!("={word}"))
                        && (transfer.is_empty() || c.contains(&format!(">{transfer}=")))
                });
                assert!(found, "{name}: {want} in {contexts}");
            }
        }
        "user_identity" => is(format!(
            "type{},resp{},primary_len{},secondary_len{}",
            get("identity_type"),
            u8::from(get("identity_confirm") == "true"),
            if get("token").is_empty() {
                get("username").len().to_string()
            } else {
                get("token").replace("secret ", "")
            },
            if get("passcode").is_empty() {
                "0".into()
            } else {
                get("passcode").replace("secret ", "")
            },
        )),
        "async" => is(format!(
            "[{},{}]",
            get("async_invoked"),
            get("async_performed")
        )),
        "roles" => is(list("roles", ";")),
        "extended" => {
            let all: Vec<_> = values(m, "extended")
                .iter()
                .map(|e| {
                    let (uid, info) = e.split_once(':').expect("a colon");
                    format!("{{sop_class:{uid},info:{info}}}")
                })
                .collect();
            is(format!("[{}]", all.join(",")));
        }
        "common_extended" => {
            let plain: String = expected
                .chars()
                .filter(|c| c.is_ascii_digit() || *c == '.')
                .collect();
            let seen: String = list("common_extended", "")
                .chars()
                .filter(|c| c.is_ascii_digit() || *c == '.')
                .collect();
            assert_eq!(seen, plain, "{name}: {key} {expected}");
        }
        "context" => is(get("context_id")),
        "command_field" | "status" => {
            let code = i64::from_str_radix(expected.trim_start_matches("0x"), 16).expect(expected);
            assert_eq!(get(key), code.to_string(), "{name}: {key}");
        }
        "move_originator_aet" => is(get("move_originator_ae")),
        "attributes" => {
            let plain = expected.replace(['[', ']', '(', ')'], "");
            let tags = list("attributes", ";");
            assert_eq!(tags.replace(';', ","), plain, "{name}");
        }
        "offending" | "offending_element" | "offending_elements" => {
            let plain = expected.replace(['[', ']', '(', ')'], "");
            assert_eq!(list("offending_elements", ","), plain, "{name}");
        }
        "command_only" => assert!(
            anomalies(m).contains(&"incomplete"),
            "{name}: a data set was to follow"
        ),
        "dataset_follows" => is(u8::from(get(key) == "true").to_string()),
        "note" => assert!(
            expected.starts_with("group length") && anomalies(m).contains(&"group-length-wrong")
                || expected.starts_with("the"),
            "{name}: {expected} {:?}",
            anomalies(m)
        ),
        _ => is(get(key)),
    }
}

#[test]
fn items_say_what_the_vectors_say() {
    let mut rows = 0;
    for v in vectors() {
        if !v.name.starts_with("item_") {
            continue;
        }
        rows += 1;
        let mut items = Items::new(&v.bytes);
        let first = items.next().expect(v.name);
        assert!(!first.cut && items.next().is_none(), "{}", v.name);
        for (key, expected) in pairs(v.expected) {
            check_item(&first, v.name, key, expected);
        }
    }
    assert!(rows >= 18, "{rows} rows");
}

fn check_item(item: &associate::Item<'_>, name: &str, key: &str, expected: &str) {
    let body = item.body;
    let uid_in = |body: &[u8], kind: u8| {
        let context = associate::context_item(body).expect(name).1;
        let found = context
            .items
            .filter(|i| i.kind == kind)
            .map(|i| text(trim(i.body)));
        found.collect::<Vec<_>>()
    };
    let identity = || associate::user_identity(body).expect(name).1;
    let seen = match key {
        "item" => format!("0x{:02x}", item.kind),
        "length" => body.len().to_string(),
        "total" => (body.len() + associate::ITEM_HEADER).to_string(),
        "application_context_name"
        | "abstract_syntax_name"
        | "transfer_syntax_name"
        | "implementation_class_uid"
        | "implementation_version_name" => text(trim(body)),
        "maximum_length_received" => associate::maximum_length(body).expect(name).1.to_string(),
        "max_operations_invoked" => associate::async_operations(body)
            .expect(name)
            .1
            .0
            .to_string(),
        "max_operations_performed" => associate::async_operations(body)
            .expect(name)
            .1
            .1
            .to_string(),
        "user_identity_type" => identity().kind.0.to_string(),
        "positive_response_requested" => u8::from(identity().confirm).to_string(),
        "primary_field_length" => identity().primary.len().to_string(),
        "secondary_field_length" => identity().secondary.len().to_string(),
        "server_response_length" => associate::user_identity_answer(body)
            .expect(name)
            .1
            .len()
            .to_string(),
        "presentation_context_id" => associate::context_item(body).expect(name).1.id.to_string(),
        "result_reason" => associate::context_item(body)
            .expect(name)
            .1
            .result
            .to_string(),
        "abstract_syntax" => uid_in(body, item::ABSTRACT_SYNTAX).join(","),
        "transfer_syntax" => {
            let all = uid_in(body, item::TRANSFER_SYNTAX).join(",");
            let plain: String = expected.replace(['[', ']', '\'', ' '], "");
            return assert_eq!(all, plain, "{name}");
        }
        "uid" if item.kind == item::ROLE_SELECTION => {
            text(associate::role_selection(body).expect(name).1.0)
        }
        "scu_role" => associate::role_selection(body).expect(name).1.1.to_string(),
        "scp_role" => associate::role_selection(body).expect(name).1.2.to_string(),
        "uid" => text(associate::extended(body).expect(name).1.0),
        "service_class_application_information" => associate::extended(body)
            .expect(name)
            .1
            .1
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect(),
        "sop_class_uid" => text(associate::common_extended(body).expect(name).1.sop_class),
        "service_class_uid" => text(
            associate::common_extended(body)
                .expect(name)
                .1
                .service_class,
        ),
        "related_general_sop_class_identification" | "related" => {
            let mut related = associate::common_extended(body).expect(name).1.related;
            let mut all = Vec::new();
            while let Ok((rest, uid)) = associate::uid(related) {
                all.push(text(uid));
                related = rest;
            }
            let plain: String = expected.replace(['[', ']', '\'', ' '], "");
            return assert_eq!(all.join(","), plain, "{name}");
        }
        // pynetdicom refuses UIDs that are not UTF-8 digits and dots: we read them and say so.
        "pynetdicom_refuses" => {
            let uids = uid_in(body, item::ABSTRACT_SYNTAX);
            return assert!(
                !crate::dicom::value::is_legal_uid(uids[0].as_bytes()),
                "{name}"
            );
        }
        _ => panic!("{name}: no check for {key}"),
    };
    assert_eq!(seen, expected, "{name}: {key}");
}

#[test]
fn data_sets_say_what_the_vectors_say() {
    let mut rows = 0;
    let mut checks = 0;
    for v in vectors() {
        if !v.name.starts_with("ds_") {
            continue;
        }
        rows += 1;
        let expected = pairs(v.expected);
        let get = |key: &str| expected.iter().find(|p| p.0 == key).map(|p| p.1);
        let syntax = get("transfer_syntax").expect(v.name);
        let is_cut = get("truncated_to").is_some();
        let mut walker = Walker::default();
        let room = Room {
            head: 1 << 16,
            value: 4096,
            depth: 16,
        };
        walker.start(Encoding::of(syntax.as_bytes()), true, room);
        walker.feed(&v.bytes, 0);
        walker.finish(!is_cut);
        let mut body = Vec::new();
        crate::dicom::path::body(&[], Some(&walker), &mut body);
        let read = |path: &str| {
            let mut found = Vec::new();
            let reader = crate::dicom::path::compile(path).expect(path);
            reader.read(&body, &mut |v| found.push(shown(&v)));
            found.join("\\")
        };
        if get("part10_in_dataset").is_some() {
            assert!(walker.report().preamble.is_some(), "{}", v.name);
        } else {
            let fine = walker
                .report()
                .faults
                .iter()
                .all(|(f, _)| f == "executable-content");
            assert!(fine, "{}: {:?}", v.name, walker.report());
        }
        let is_deflated = syntax == "1.2.840.10008.1.2.1.99";
        assert_eq!(
            walker.encoding(),
            Encoding::of(syntax.as_bytes()),
            "{}",
            v.name
        );
        for (key, want) in &expected {
            match *key {
                "transfer_syntax" | "of" | "truncated_to" | "part10_in_dataset" => continue,
                "dataset_bytes" if is_cut => continue,
                "dataset_bytes" => assert_eq!(v.bytes.len().to_string(), *want),
                "EncapsulatedDocument_first_bytes" => {
                    let Some(first) = walker.report().executables[0] else {
                        assert!(
                            is_cut && read("EncapsulatedDocument").is_empty(),
                            "{}",
                            v.name
                        );
                        continue;
                    };
                    assert_eq!(
                        (first.0, first.1.word()),
                        (crate::dicom::value::Tag(0x0042_0011), "pe")
                    );
                }
                _ if is_deflated => assert_eq!(read(key), "", "nothing is inflated"),
                key if want.starts_with("[{") => {
                    // [{'0008,0060': 'CT', ...}, ...]: each element's values, item after item.
                    let quoted: Vec<_> = want.split('\'').skip(1).step_by(2).collect();
                    for inner in quoted.chunks(2) {
                        let all: Vec<_> = quoted
                            .chunks(2)
                            .filter(|c| c[0] == inner[0])
                            .map(|c| c[1])
                            .collect();
                        assert_eq!(
                            read(&format!("{key}>{}", inner[0])),
                            all.join("\\"),
                            "{}",
                            v.name
                        );
                    }
                }
                // Cut before the element came.
                key if is_cut && read(key).is_empty() => continue,
                key => assert_eq!(read(key), *want, "{}: {key}", v.name),
            }
            checks += 1;
        }
    }
    assert!(rows >= 24, "{rows} rows");
    assert!(checks > 90, "{checks} checks");
}

#[test]
fn malformed_openings_are_reported_and_read_as_far_as_they_go() {
    let mut rows = 0;
    for v in vectors() {
        if !v.name.starts_with("bad_") {
            continue;
        }
        rows += 1;
        let wire = feed(&v.bytes, usize::MAX);
        let first_fault = |m: &Message<'_>| m.anomalies().first().map(|a| a.name);
        let faults: Vec<_> = wire
            .batch
            .messages()
            .map(|m| (text(m.kind()), first_fault(&m)))
            .collect();
        let want: &[(&str, Option<&str>)] = match v.name {
            "bad_rq_length_too_short" => &[
                ("A-ASSOCIATE-RQ", Some("item-past-end")),
                ("malformed", Some("unknown-pdu-type")),
            ],
            "bad_rq_length_4gib" => &[("A-ASSOCIATE-RQ", Some("pdu-length-huge"))],
            "bad_rq_truncated_then_fin" => &[("A-ASSOCIATE-RQ", Some("incomplete"))],
            "bad_rq_subitem_overrun" => &[("A-ASSOCIATE-RQ", Some("item-past-end"))],
            "bad_rq_protocol_version_0" => &[("A-ASSOCIATE-RQ", Some("protocol-version"))],
            "bad_rq_context_id_even" => &[("A-ASSOCIATE-RQ", Some("context-id-even"))],
            "bad_unknown_pdu_type" => &[
                ("A-ASSOCIATE-RQ", None),
                ("malformed", Some("unknown-pdu-type")),
            ],
            // The announced length is reported at once, what is inside is read all the same.
            "bad_pdata_4gib" => &[
                ("A-ASSOCIATE-RQ", None),
                ("malformed", Some("pdu-over-maximum")),
                ("C-ECHO-RQ", None),
            ],
            "bad_pdv_longer_than_pdu" => &[
                ("A-ASSOCIATE-RQ", None),
                ("C-ECHO-RQ", Some("pdv-past-pdu")),
            ],
            "bad_pdv_length_1" => &[
                ("A-ASSOCIATE-RQ", None),
                ("malformed", Some("pdv-too-short")),
            ],
            // Without the answer nobody can say what was accepted.
            "bad_pdv_context_not_accepted" => &[("A-ASSOCIATE-RQ", None), ("C-ECHO-RQ", None)],
            "bad_command_group_length_wrong" => &[
                ("A-ASSOCIATE-RQ", None),
                ("C-ECHO-RQ", Some("group-length-wrong")),
                ("A-RELEASE-RQ", None),
            ],
            "bad_command_element_overrun" => &[
                ("A-ASSOCIATE-RQ", None),
                ("C-ECHO-RQ", Some("command-element-past-end")),
            ],
            "bad_command_unknown_field" => &[
                ("A-ASSOCIATE-RQ", None),
                ("unknown 0x0777", None),
                ("A-RELEASE-RQ", None),
            ],
            "bad_pdata_truncated_then_fin" => {
                &[("A-ASSOCIATE-RQ", None), ("malformed", Some("incomplete"))]
            }
            "bad_two_rqs" => &[
                ("A-ASSOCIATE-RQ", None),
                ("A-ASSOCIATE-RQ", Some("second-request")),
            ],
            _ => panic!("no expectation for {}", v.name),
        };
        let want: Vec<_> = want.iter().map(|(k, f)| ((*k).to_owned(), *f)).collect();
        assert_eq!(faults, want, "{}", v.name);
    }
    assert!(rows >= 16, "{rows} rows");
}

#[test]
fn cutting_a_stream_byte_by_byte_changes_nothing() {
    for v in vectors() {
        if v.name.starts_with("item_") || v.name.starts_with("ds_") {
            continue;
        }
        let whole = feed(&v.bytes, usize::MAX).told();
        for cut in [1, 2, 7, 64, 133] {
            assert_eq!(feed(&v.bytes, cut).told(), whole, "{} cut at {cut}", v.name);
        }
    }
}

#[test]
fn cutting_a_data_set_anywhere_keeps_the_same_elements() {
    for v in vectors().into_iter().filter(|v| v.name.starts_with("ds_")) {
        let expected = pairs(v.expected);
        let syntax = expected
            .iter()
            .find(|p| p.0 == "transfer_syntax")
            .expect(v.name)
            .1;
        let walk = |cut: usize, keep_all: bool| {
            let mut walker = Walker::default();
            let room = Room {
                head: 1 << 16,
                value: 4096,
                depth: 16,
            };
            walker.start(Encoding::of(syntax.as_bytes()), keep_all, room);
            let mut stream = 1000;
            for piece in v.bytes.chunks(cut) {
                walker.feed(piece, stream);
                stream += piece.len() as u64;
            }
            walker.finish(true);
            (walker.records().to_vec(), format!("{:?}", walker.report()))
        };
        for keep_all in [true, false] {
            let whole = walk(usize::MAX, keep_all);
            for cut in [1, 3, 5, 131, 132] {
                assert_eq!(walk(cut, keep_all), whole, "{} cut at {cut}", v.name);
            }
        }
    }
}
