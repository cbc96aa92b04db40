//! Situations on the wire. Rejections first.

use super::*;

const IMPLICIT: &str = "1.2.840.10008.1.2";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const CT_CLASS: &str = "1.2.840.10008.5.1.4.1.1.2";

/// Explicit little endian element of a short VR.
fn element(tag: &str, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let mut e = hex(tag);
    e.extend_from_slice(vr);
    e.extend_from_slice(&(value.len() as u16).to_le_bytes());
    e.extend_from_slice(value);
    e
}

/// Head of a CT object: SOP class, instance, modality, patient id; then pixel data of this length.
fn ct_head(pixels: u32) -> Vec<u8> {
    let mut set = element("08001600", b"UI", CT);
    set.extend(element("08001800", b"UI", b"1.2.3.4\0"));
    set.extend(element("08006000", b"CS", b"CT"));
    set.extend(element("10002000", b"LO", b"TST0001 "));
    set.extend(hex("e07f1000"));
    set.extend_from_slice(b"OW\0\0");
    set.extend_from_slice(&pixels.to_le_bytes());
    set
}

fn associated(contexts: &[(u8, &str, &str)]) -> Wire {
    let mut wire = Wire::new();
    let (request, answer) = association(16384, contexts);
    wire.send(Side::Client, &request)
        .send(Side::Server, &answer);
    wire
}

fn echo(context: u8) -> Vec<u8> {
    let set = command(&[
        (0x0002, b"1.2.840.10008.1.1\0"),
        (0x0100, &[0x30, 0]),
        (0x0110, &[1, 0]),
        (0x0800, &[1, 1]),
    ]);
    p_data(&[pdv(context, 3, &set)])
}

#[test]
fn other_protocols_are_not_dicom() {
    for other in [
        &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x0bMSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\r\x1c\r",
        b"\x00\x00\x00\x85\xffSMB",
        b"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        // As long as a request, and no titles.
        &[
            &b"\x01\x00\x00\x00\x00\xcd\x00\x01\x00\x00"[..],
            &[0x80; 90],
        ]
        .concat(),
    ] {
        assert_eq!(probe(other, hint()), Probe::No, "{other:?}");
    }
}

#[test]
fn text_in_the_middle_of_a_stream_is_not_dicom() {
    let mid = Hint {
        mid_stream: true,
        ..hint()
    };
    let text = b"PID|1||PATID1234^5^M11||JONES^WILLIAM^A^III\rNK1|1|JONES";
    assert_eq!(probe(text, mid), Probe::No);
}

#[test]
fn a_request_that_comes_one_byte_at_a_time_is_waited_for() {
    let request = vector("c_a_associate_rq");
    for end in 1..74 {
        assert!(
            matches!(probe(&request[..end], hint()), Probe::More(n) if n > end),
            "{end}"
        );
    }
    assert!(matches!(probe(&request[..74], hint()), Probe::Yes(c) if c.0 >= 90));
    let whole = Hint {
        whole: true,
        ..hint()
    };
    assert!(
        matches!(probe(&request[..59], whole), Probe::Yes(_)),
        "given up half way"
    );
}

#[test]
fn a_request_that_lies_about_version_or_length_is_still_dicom() {
    for name in [
        "bad_rq_protocol_version_0",
        "bad_rq_length_4gib",
        "bad_rq_length_too_short",
    ] {
        assert!(
            matches!(probe(&vector(name), hint()), Probe::Yes(c) if c.0 >= 90),
            "{name}"
        );
    }
}

#[test]
fn the_middle_of_a_connection_is_found_on_any_port() {
    let mid = Hint {
        mid_stream: true,
        ..hint()
    };
    let mut bytes = vec![0x80; 700];
    assert!(matches!(probe(&bytes, mid), Probe::More(_)));
    bytes.extend(vector("c_c_find_rq"));
    assert!(matches!(probe(&bytes, mid), Probe::Yes(_)));
}

#[test]
fn garbage_at_the_start_is_given_up_before_anything_is_told() {
    let mut wire = Wire::new();
    wire.send(Side::Client, b"GET / HTTP/1.1\r\n");
    assert!(wire.rejected.is_some());
    assert!(wire.batch.is_empty());
}

#[test]
fn calling_title_stands_on_every_message_of_the_association() {
    let mut wire = associated(&[(1, "1.2.840.10008.1.1", IMPLICIT)]);
    wire.send(Side::Client, &echo(1));
    wire.send(Side::Server, &vector("t_p_data_tf"));
    wire.send(Side::Client, &vector("t_a_release_rq"));
    wire.send(Side::Server, &vector("t_a_release_rp"));
    assert_eq!(
        wire.kinds(),
        [
            "A-ASSOCIATE-RQ",
            "A-ASSOCIATE-AC",
            "C-ECHO-RQ",
            "C-ECHO-RSP",
            "A-RELEASE-RQ",
            "A-RELEASE-RP"
        ]
    );
    for m in wire.batch.messages() {
        assert_eq!(
            value(&m, "calling_ae").as_deref(),
            Some("MODALITY"),
            "{}",
            tell(&m)
        );
        assert_eq!(value(&m, "called_ae").as_deref(), Some("ARCHIVE"));
        assert!(m.anomalies().is_empty(), "{}", tell(&m));
    }
}

#[test]
fn second_association_on_same_connection_does_not_inherit_contexts() {
    let mut wire = associated(&[(1, "1.2.840.10008.1.1", IMPLICIT)]);
    wire.send(Side::Client, &vector("t_a_release_rq"));
    wire.send(Side::Server, &vector("t_a_release_rp"));
    let (request, answer) = association(16384, &[(3, CT_CLASS, IMPLICIT)]);
    wire.send(Side::Client, &request)
        .send(Side::Server, &answer);
    assert_eq!(anomalies(&wire.batch.message(4)), ["unexpected-pdu"]);
    wire.send(Side::Client, &echo(1));
    assert_eq!(anomalies(&wire.last()), ["context-not-accepted"]);
}

#[test]
fn a_second_request_does_not_change_what_was_agreed() {
    let mut wire = associated(&[(1, "1.2.840.10008.1.1", IMPLICIT)]);
    let (request, _) = association(16384, &[(3, CT_CLASS, IMPLICIT)]);
    wire.send(Side::Client, &request);
    assert_eq!(anomalies(&wire.last()), ["second-request"]);
    wire.send(Side::Client, &echo(1));
    assert!(wire.last().anomalies().is_empty());
}

#[test]
fn p_data_without_association_is_told_unless_the_start_was_not_seen() {
    let mut wire = Wire::new();
    wire.send(Side::Client, &echo(1));
    assert_eq!(anomalies(&wire.last()), ["no-association"]);
    let mut wire = Wire::mid_stream();
    wire.send(Side::Client, &echo(1));
    assert!(wire.last().anomalies().is_empty());
}

#[test]
fn one_direction_alone_gives_its_messages_without_blame() {
    let mut wire = Wire::new();
    wire.send(Side::Server, &vector("c_a_associate_ac"));
    wire.send(Side::Server, &vector("t_p_data_tf"));
    assert_eq!(wire.kinds(), ["A-ASSOCIATE-AC", "C-ECHO-RSP"]);
    let mut wire = Wire::new();
    wire.send(Side::Client, &vector("c_a_associate_rq"));
    wire.send(Side::Client, &echo(1));
    wire.send(Side::Client, &vector("t_a_release_rq"));
    assert_eq!(
        wire.kinds(),
        ["A-ASSOCIATE-RQ", "C-ECHO-RQ", "A-RELEASE-RQ"]
    );
    assert!(
        wire.batch.messages().all(|m| m.anomalies().is_empty()),
        "{:?}",
        wire.told()
    );
}

#[test]
fn answers_on_their_way_when_the_other_side_aborts_are_not_unexpected() {
    let mut wire = associated(&[(1, "1.2.840.10008.1.1", IMPLICIT)]);
    wire.send(Side::Client, &echo(1));
    wire.send(Side::Client, &vector("t_a_abort"));
    wire.send(Side::Server, &vector("t_p_data_tf"));
    assert!(wire.last().anomalies().is_empty());
    wire.send(Side::Client, &echo(1));
    assert_eq!(anomalies(&wire.last()), ["unexpected-pdu"]);
}

#[test]
fn a_context_with_another_class_is_told_and_a_meta_class_is_not() {
    let mut wire = associated(&[(1, CT_CLASS, IMPLICIT)]);
    wire.send(Side::Client, &echo(1));
    assert_eq!(anomalies(&wire.last()), ["abstract-syntax-differs"]);
}

#[test]
fn a_pdu_over_the_announced_maximum_is_told_once_with_its_message() {
    let mut wire = Wire::new();
    let (request, answer) = association(1000, &[(1, CT_CLASS, EXPLICIT)]);
    wire.send(Side::Client, &request)
        .send(Side::Server, &answer);
    let set = store_rq(1, CT, b"1.2.3.4\0");
    let mut data = ct_head(1500);
    data.resize(data.len() + 1500, 7);
    wire.send(Side::Client, &p_data(&[pdv(1, 3, &set)]));
    wire.send(Side::Client, &p_data(&[pdv(1, 0, &data[..900])]));
    // Eight bytes over may be a sender that counts the header.
    wire.send(Side::Client, &p_data(&[pdv(1, 2, &data[900..])]));
    assert_eq!(wire.kinds()[2..], ["C-STORE-RQ"]);
    assert!(wire.last().anomalies().is_empty());
    wire.send(Side::Client, &p_data(&[pdv(1, 3, &set)]));
    wire.send(Side::Client, &p_data(&[pdv(1, 2, &data)]));
    assert_eq!(wire.kinds()[3..], ["C-STORE-RQ"]);
    assert_eq!(anomalies(&wire.last()), ["pdu-over-maximum"]);
}

#[test]
fn command_and_data_set_in_one_pdu_are_one_message() {
    let mut wire = associated(&[(1, CT_CLASS, EXPLICIT)]);
    let set = store_rq(9, CT, b"1.2.3.4\0");
    let mut data = ct_head(4);
    data.extend_from_slice(&[1, 2, 3, 4]);
    let (a, b) = set.split_at(30);
    let (c, d) = data.split_at(41);
    let before = wire.batch.len();
    wire.send(
        Side::Client,
        &p_data(&[pdv(1, 1, a), pdv(1, 3, b), pdv(1, 0, c), pdv(1, 2, d)]),
    );
    assert_eq!(wire.batch.len(), before + 1);
    let m = wire.last();
    assert_eq!(value(&m, "pdvs").as_deref(), Some("4"));
    assert_eq!(value(&m, "message_id").as_deref(), Some("9"));
    assert_eq!(value(&m, "patient_id").as_deref(), Some("TST0001"));
    assert_eq!(value(&m, "dataset_bytes"), Some(data.len().to_string()));
    assert!(m.anomalies().is_empty(), "{}", tell(&m));
}

#[test]
fn an_object_of_500_mb_is_passed_over_and_told_at_its_last_byte() {
    const PDUS: u64 = 7_700;
    const FRAGMENT: usize = 65_536 - 6;
    let mut wire = Wire::new().without_bodies();
    let (request, answer) = association(65_536, &[(1, CT_CLASS, EXPLICIT)]);
    wire.send(Side::Client, &request)
        .send(Side::Server, &answer);
    let set = store_rq(1, CT, b"1.2.3.4\0");
    wire.send(Side::Client, &p_data(&[pdv(1, 3, &set)]));
    let pixels = PDUS * FRAGMENT as u64;
    let head = ct_head(u32::try_from(pixels).expect("under 4 GiB"));
    wire.send(Side::Client, &p_data(&[pdv(1, 0, &head)]));
    let calls = wire.calls;
    for n in 1..=PDUS {
        let control = if n == PDUS { 2 } else { 0 };
        let mut begin = p_data(&[pdv(1, control, &vec![0x55; FRAGMENT])]);
        begin.truncate(1448);
        let sent = begin.len() as u64;
        wire.send(Side::Client, &begin);
        let left = FRAGMENT as u64 + 12 - sent;
        if n < PDUS {
            assert_eq!(wire.passing(Side::Client), left);
            wire.skip(Side::Client, left);
        } else {
            assert_eq!(wire.passing(Side::Client), left - 1);
            wire.skip(Side::Client, left - 1);
            assert_eq!(wire.batch.len(), 2, "not before the last byte");
            wire.send(Side::Client, &[0x55]);
        }
    }
    assert_eq!(wire.kinds()[2..], ["C-STORE-RQ"]);
    let m = wire.last();
    assert_eq!(
        value(&m, "dataset_bytes"),
        Some((pixels + head.len() as u64).to_string())
    );
    assert!(m.anomalies().is_empty(), "{}", tell(&m));
    assert!(
        wire.passed > pixels / 100 * 97,
        "{} of {pixels}",
        wire.passed
    );
    assert!(wire.held < 16 << 10, "{} held", wire.held);
    assert!(
        wire.calls - calls <= 2 * PDUS as usize,
        "{} calls",
        wire.calls
    );
}

#[test]
fn one_pdu_of_500_mb_is_passed_over_too_where_there_is_no_maximum() {
    let mut wire = Wire::new();
    let (request, answer) = association(0, &[(1, CT_CLASS, EXPLICIT)]);
    wire.send(Side::Client, &request)
        .send(Side::Server, &answer);
    wire.send(
        Side::Client,
        &p_data(&[pdv(1, 3, &store_rq(1, CT, b"1.2.3.4\0"))]),
    );
    let pixels = 500_000_000u32;
    let head = ct_head(pixels);
    let fragment = head.len() as u32 + pixels;
    let mut begin = vec![4, 0];
    begin.extend_from_slice(&(fragment + 6).to_be_bytes());
    begin.extend_from_slice(&(fragment + 2).to_be_bytes());
    begin.extend_from_slice(&[1, 2]);
    begin.extend_from_slice(&head);
    begin.extend_from_slice(&[0; 100]);
    wire.send(Side::Client, &begin);
    let passing = wire.passing(Side::Client);
    assert_eq!(passing, u64::from(pixels) - 101);
    wire.skip(Side::Client, passing);
    wire.send(Side::Client, &[0]);
    assert_eq!(wire.kinds()[2..], ["C-STORE-RQ"]);
    assert!(wire.last().anomalies().is_empty());
}

#[test]
fn a_store_cut_off_by_an_abort_or_the_end_is_told_as_incomplete() {
    let begun = || {
        let mut wire = associated(&[(1, CT_CLASS, EXPLICIT)]);
        wire.send(
            Side::Client,
            &p_data(&[pdv(1, 3, &store_rq(1, CT, b"1.2.3.4\0"))]),
        );
        wire.send(Side::Client, &p_data(&[pdv(1, 0, &ct_head(5000))]));
        wire
    };
    let mut wire = begun();
    wire.send(Side::Client, &vector("t_a_abort"));
    assert_eq!(wire.kinds()[2..], ["C-STORE-RQ", "A-ABORT"]);
    assert_eq!(anomalies(&wire.batch.message(2)), ["incomplete"]);
    assert_eq!(
        value(&wire.batch.message(2), "patient_id").as_deref(),
        Some("TST0001")
    );
    for (why, fault) in [
        (End::Fin, "incomplete"),
        (End::Reset, "incomplete"),
        (End::Capture, "unfinished"),
    ] {
        let mut wire = begun();
        wire.end(why);
        assert_eq!(wire.kinds()[2..], ["C-STORE-RQ"]);
        assert_eq!(anomalies(&wire.last()), [fault]);
    }
}

#[test]
fn a_gap_inside_pixel_data_costs_nothing_but_a_mark() {
    let mut wire = associated(&[(1, CT_CLASS, EXPLICIT)]);
    wire.send(
        Side::Client,
        &p_data(&[pdv(1, 3, &store_rq(1, CT, b"1.2.3.4\0"))]),
    );
    let mut data = ct_head(9000);
    data.resize(data.len() + 9000, 1);
    let pdu = p_data(&[pdv(1, 2, &data)]);
    wire.send(Side::Client, &pdu[..1400]);
    assert!(wire.passing(Side::Client) > 7000);
    wire.gap(Side::Client, 2800);
    wire.send(Side::Client, &pdu[4200..]);
    wire.send(Side::Client, &vector("t_a_release_rq"));
    assert_eq!(wire.kinds()[2..], ["C-STORE-RQ", "A-RELEASE-RQ"]);
    let m = wire.batch.message(2);
    assert_eq!(anomalies(&m), ["gap"]);
    assert_eq!(value(&m, "dataset_bytes"), Some(data.len().to_string()));
}

#[test]
fn after_a_gap_over_pdu_boundaries_the_next_pdu_is_found() {
    let mut wire = associated(&[(1, CT_CLASS, EXPLICIT), (3, "1.2.840.10008.1.1", IMPLICIT)]);
    wire.send(
        Side::Client,
        &p_data(&[pdv(1, 3, &store_rq(1, CT, b"1.2.3.4\0"))]),
    );
    let mut data = ct_head(9000);
    data.resize(data.len() + 9000, 1);
    let first = p_data(&[pdv(1, 0, &data[..4000])]);
    let second = p_data(&[pdv(1, 2, &data[4000..])]);
    wire.send(Side::Client, &first[..1400]);
    // The hole ends in the middle of the second PDU.
    wire.gap(Side::Client, first.len() as u64 - 1400 + 1000);
    wire.send(Side::Client, &second[1000..]);
    wire.send(Side::Client, &echo(3));
    assert_eq!(wire.kinds()[2..], ["C-STORE-RQ", "C-ECHO-RQ"]);
    assert_eq!(anomalies(&wire.batch.message(2)), ["gap"]);
    assert!(wire.last().anomalies().is_empty());
}

#[test]
fn a_gap_in_a_command_set_leaves_what_stands_before_it() {
    let mut wire = associated(&[(1, CT_CLASS, EXPLICIT), (3, "1.2.840.10008.1.1", IMPLICIT)]);
    let set = store_rq(7, CT, b"1.2.3.4\0");
    let pdu = p_data(&[pdv(1, 3, &set)]);
    wire.send(Side::Client, &pdu[..80]);
    wire.gap(Side::Client, 10);
    wire.send(Side::Client, &pdu[90..]);
    wire.send(Side::Client, &echo(3));
    let kinds = wire.kinds();
    assert_eq!(kinds[2..], ["C-STORE-RQ", "C-ECHO-RQ"]);
    let m = wire.batch.message(2);
    assert!(anomalies(&m).contains(&"gap"), "{}", tell(&m));
    assert_eq!(value(&m, "message_id").as_deref(), Some("7"));
}

#[test]
fn a_gap_in_the_request_leaves_its_titles() {
    let request = vector("c_a_associate_rq_2");
    let mut wire = Wire::new();
    wire.send(Side::Client, &request[..120]);
    wire.gap(Side::Client, 40);
    wire.send(Side::Client, &request[160..]);
    wire.send(Side::Server, &vector("c_a_associate_ac_2"));
    wire.send(Side::Client, &echo(1));
    assert_eq!(
        wire.kinds(),
        ["A-ASSOCIATE-RQ", "A-ASSOCIATE-AC", "C-ECHO-RQ"]
    );
    assert_eq!(anomalies(&wire.batch.message(0)), ["gap"]);
    assert!(wire.last().anomalies().is_empty(), "{}", tell(&wire.last()));
    assert_eq!(
        value(&wire.last(), "calling_ae").as_deref(),
        Some("WSREAD1")
    );
}

#[test]
fn mid_stream_the_transfer_syntax_is_seen_from_the_data() {
    for (name, encoding) in [
        ("ds_c_store_rq", "explicit-le"),
        ("ds_c_store_rq_6", "explicit-be"),
        ("ds_c_store_rq_7", "implicit-le"),
        ("ds_c_store_rq_5", "unknown"),
    ] {
        let mut wire = Wire::mid_stream();
        wire.send(
            Side::Client,
            &p_data(&[pdv(5, 3, &store_rq(1, CT, b"1.2.3.4\0"))]),
        );
        wire.send(Side::Client, &p_data(&[pdv(5, 2, &vector(name))]));
        assert_eq!(
            value(&wire.last(), "dataset_encoding").as_deref(),
            Some(encoding),
            "{name}"
        );
        let known = encoding != "unknown";
        assert_eq!(value(&wire.last(), "study_uid").is_some(), known, "{name}");
    }
}

#[test]
fn mid_stream_the_answer_tells_what_the_first_bytes_were() {
    let mut wire = Wire::mid_stream();
    wire.send(Side::Client, &[0x42; 900]);
    wire.send(Side::Server, &vector("c_c_store_rsp"));
    wire.send(Side::Client, &vector("t_a_release_rq"));
    assert_eq!(wire.kinds(), ["C-STORE-RSP", "C-STORE-RQ", "A-RELEASE-RQ"]);
    let m = wire.batch.message(1);
    assert_eq!(anomalies(&m), ["start-missing"]);
    assert_eq!(m.range(), 0..900);
    assert_eq!(
        value(&m, "affected_sop_instance"),
        value(&wire.batch.message(0), "affected_sop_instance")
    );
}

#[test]
fn a_deflated_data_set_is_named_and_not_inflated() {
    let mut wire = associated(&[(1, CT_CLASS, "1.2.840.10008.1.2.1.99")]);
    wire.send(
        Side::Client,
        &p_data(&[pdv(1, 3, &store_rq(1, CT, b"1.2.3.4\0"))]),
    );
    wire.send(
        Side::Client,
        &p_data(&[pdv(1, 2, &vector("ds_c_store_rq_5"))]),
    );
    let m = wire.last();
    assert_eq!(value(&m, "dataset_encoding").as_deref(), Some("deflated"));
    assert_eq!(value(&m, "dataset_bytes").as_deref(), Some("512"));
    assert!(m.anomalies().is_empty(), "{}", tell(&m));
}

#[test]
fn a_data_set_against_its_transfer_syntax_is_read_as_it_is() {
    let mut wire = associated(&[(1, CT_CLASS, IMPLICIT)]);
    let mut data = ct_head(2);
    data.extend_from_slice(&[0, 0]);
    wire.send(
        Side::Client,
        &p_data(&[pdv(1, 3, &store_rq(1, CT, b"1.2.3.4\0"))]),
    );
    wire.send(Side::Client, &p_data(&[pdv(1, 2, &data)]));
    assert_eq!(anomalies(&wire.last()), ["encoding-differs"]);
    assert_eq!(
        value(&wire.last(), "patient_id").as_deref(),
        Some("TST0001")
    );
}

fn store(data: &[u8], class: &[u8], instance: &[u8]) -> Wire {
    let mut wire = associated(&[(1, CT_CLASS, EXPLICIT)]);
    wire.send(
        Side::Client,
        &p_data(&[pdv(1, 3, &store_rq(1, class, instance))]),
    );
    wire.send(Side::Client, &p_data(&[pdv(1, 2, data)]));
    wire
}

#[test]
fn a_program_in_a_private_element_a_document_or_pixels_is_found() {
    let mut program = b"MZ".to_vec();
    program.resize(0x3C, 0);
    program.extend_from_slice(&[0x80, 0, 0, 0, 0, 0]);
    let long = |tag: &str, vr: &[u8; 2], value: &[u8]| {
        let mut e = hex(tag);
        e.extend_from_slice(vr);
        e.extend_from_slice(&[0, 0]);
        e.extend_from_slice(&(value.len() as u32).to_le_bytes());
        e.extend_from_slice(value);
        e
    };
    for (tag, vr, value, want) in [
        ("09000110", b"OB", &program[..], "0009,1001 pe"),
        ("42001100", b"OB", b"\x7fELF\x02\x01", "0042,0011 elf"),
        ("e07f1000", b"OW", b"#!/bin/sh\n", "7FE0,0010 script"),
        ("09000110", b"UN", b"PK\x03\x04\0\0", "0009,1001 zip"),
    ] {
        let wire = store(&long(tag, vr, value), CT, b"1.2.3.4\0");
        assert_eq!(values(&wire.last(), "executable"), [want]);
        assert_eq!(anomalies(&wire.last()), ["executable-content"]);
    }
    // A picture may begin with any two bytes.
    let wire = store(
        &long("e07f1000", b"OW", b"MZ\x10\0\x20\0"),
        CT,
        b"1.2.3.4\0",
    );
    assert!(wire.last().anomalies().is_empty());
}

#[test]
fn a_part_10_file_as_data_set_is_told_with_its_preamble_and_read() {
    let wire = store(&vector("ds_c_store_rq_9"), CT, b"1.2.3.4\0");
    let m = wire.last();
    assert_eq!(value(&m, "preamble").as_deref(), Some("pe"));
    let told = anomalies(&m);
    assert!(
        told.contains(&"part10-in-dataset") && told.contains(&"executable-preamble"),
        "{told:?}"
    );
    // What lies behind the preamble is read: here the SOP class that is not the command's.
    assert!(told.contains(&"sop-class-differs"), "{told:?}");
    let mut tiff = vector("ds_c_store_rq_9");
    tiff[..4].copy_from_slice(b"II*\0");
    let wire = store(&tiff, CT, b"1.2.3.4\0");
    assert_eq!(value(&wire.last(), "preamble").as_deref(), Some("tiff"));
    assert!(!anomalies(&wire.last()).contains(&"executable-preamble"));
}

#[test]
fn uids_that_are_paths_are_told_wherever_they_stand() {
    let wire = store(&element("20000d00", b"UI", b"..\0\0"), CT, b"../../etc/x\0");
    let m = wire.last();
    assert_eq!(anomalies(&m), ["uid-illegal"]);
    assert_eq!(
        values(&m, "bad_uids"),
        ["0000,1000 ../../etc/x", "0020,000D .."]
    );
    // In a query a backslash separates; each is judged.
    let wire = store(&element("20000d00", b"UI", b"1.2\\1.3 "), CT, b"1.2.3\0");
    assert!(!anomalies(&wire.last()).contains(&"uid-illegal"));
}

#[test]
fn another_object_in_the_data_set_than_in_the_command_is_told() {
    let mut data = ct_head(2);
    data.extend_from_slice(&[0, 0]);
    let wire = store(&data, CT, b"1.2.3.5\0");
    assert_eq!(anomalies(&wire.last()), ["sop-instance-differs"]);
}

#[test]
fn elements_that_lie_about_their_length_are_told() {
    let mut past = element("10001000", b"PN", b"A");
    past[6] = 200;
    assert_eq!(
        anomalies(&store(&past, CT, b"1.2\0").last()),
        ["dataset-element-past-end"]
    );
    let item_past_sequence = hex("40000001535100000a000000feff00e0ff000000");
    let told = store(&item_past_sequence, CT, b"1.2\0");
    assert!(
        anomalies(&told.last()).contains(&"dataset-element-past-end"),
        "{}",
        tell(&told.last())
    );
    let open = hex("4000000153510000fffffffffeff00e000000000");
    assert_eq!(
        anomalies(&store(&open, CT, b"1.2\0").last()),
        ["sequence-not-closed"]
    );
    let rows = element("28001000", b"US", &[1, 0, 0, 0]);
    assert_eq!(
        anomalies(&store(&rows, CT, b"1.2\0").last()),
        ["value-length-wrong"]
    );
    let odd = element("20000d00", b"UI", b"1.2.3");
    assert_eq!(
        anomalies(&store(&odd, CT, b"1.2\0").last()),
        ["uid-odd-length"]
    );
}

fn find(class: &[u8], identifier: &[u8]) -> Wire {
    let class_text = text(class).replace('\0', "");
    let mut wire = associated(&[(1, &class_text, EXPLICIT)]);
    let set = command(&[
        (0x0002, class),
        (0x0100, &[0x20, 0]),
        (0x0110, &[3, 0]),
        (0x0700, &[0, 0]),
        (0x0800, &[1, 0]),
    ]);
    wire.send(
        Side::Client,
        &p_data(&[pdv(1, 3, &set), pdv(1, 2, identifier)]),
    );
    wire
}

#[test]
fn a_query_for_everybody_is_told_from_one_for_somebody() {
    const STUDY_ROOT: &[u8] = b"1.2.840.10008.5.1.4.1.2.2.1\0";
    const PALETTE: &[u8] = b"1.2.840.10008.5.1.4.39.2";
    let flags = |wire: &Wire| {
        let get = |f| value(&wire.last(), f);
        (get("universal_match"), get("broad_match"))
    };
    let yes = || Some("true".to_owned());
    let no = || Some("false".to_owned());
    let level = element("08005200", b"CS", b"STUDY ");
    let name = |v: &[u8]| [level.clone(), element("10001000", b"PN", v)].concat();
    assert_eq!(flags(&find(STUDY_ROOT, &name(b""))), (yes(), yes()));
    assert_eq!(flags(&find(STUDY_ROOT, &name(b"* "))), (yes(), yes()));
    assert_eq!(flags(&find(STUDY_ROOT, &name(b"A*"))), (no(), yes()));
    assert_eq!(flags(&find(STUDY_ROOT, &name(b"TEST^A"))), (no(), no()));
    let dated = [element("08002000", b"DA", b"20260302"), name(b"* ")].concat();
    assert_eq!(flags(&find(STUDY_ROOT, &dated)), (no(), no()));
    let palette = find(PALETTE, &element("08000500", b"CS", b""));
    assert_eq!(flags(&palette), (None, None), "palettes know no patients");
}

#[test]
fn query_keys_are_named_without_their_values() {
    let wire = find(b"1.2.840.10008.5.1.4.31", &vector("ds_c_find_rq"));
    let m = wire.last();
    let keys = values(&m, "query_keys");
    assert!(keys.contains(&"PatientName".to_owned()), "{keys:?}");
    assert!(
        keys.contains(&"ScheduledProcedureStepSequence>Modality".to_owned()),
        "{keys:?}"
    );
    assert_eq!(values(&m, "scheduled_station_ae"), ["CTROOM1"]);
    assert_eq!(values(&m, "scheduled_date"), ["20260302"]);
    assert_eq!(value(&m, "universal_match").as_deref(), Some("false"));
}

#[test]
fn paths_reach_command_and_data_set_in_any_encoding() {
    let wire = find(b"1.2.840.10008.5.1.4.31", &vector("ds_c_find_rq"));
    let m = wire.last();
    assert_eq!(path(&m, "0040,0100>0040,0001"), ["CTROOM1"]);
    assert_eq!(
        path(&m, "ScheduledProcedureStepSequence > Modality"),
        ["CT"]
    );
    assert_eq!(
        path(&m, "0040,0001"),
        Vec::<String>::new(),
        "not at the top"
    );
    assert_eq!(path(&m, "0000,0110"), ["3"]);
    assert_eq!(m.body().and_then(|b| b.first()), Some(&b'e'));
    let mut wire = Wire::mid_stream();
    wire.send(
        Side::Client,
        &p_data(&[pdv(5, 3, &store_rq(1, CT, b"1.2.3.4\0"))]),
    );
    wire.send(
        Side::Client,
        &p_data(&[pdv(5, 2, &vector("ds_c_store_rq_6"))]),
    );
    let m = wire.last();
    assert_eq!(path(&m, "PatientID"), ["TST0002"]);
    assert_eq!(path(&m, "0000,0100"), ["1"]);
    assert_eq!(m.body().and_then(|b| b.first()), Some(&b'b'));
}

#[test]
fn numbers_are_read_in_the_byte_order_of_their_data_set() {
    let little = element("28000200", b"US", &[3, 0]);
    let little = [element("08006000", b"CS", b"CT"), little].concat();
    let wire = store(&little, CT, b"1.2\0");
    assert_eq!(path(&wire.last(), "0028,0002"), ["3"]);
    let mut wire = associated(&[(1, CT_CLASS, "1.2.840.10008.1.2.2")]);
    let big = hex("0008006043530002435400280002555300020003");
    wire.send(
        Side::Client,
        &p_data(&[pdv(1, 3, &store_rq(1, CT, b"1.2\0"))]),
    );
    wire.send(Side::Client, &p_data(&[pdv(1, 2, &big)]));
    assert_eq!(path(&wire.last(), "0028,0002"), ["3"]);
}

#[test]
fn a_wrong_path_says_what_is_wrong_with_it() {
    let error = crate::dicom::path::compile("0040,0100>PatienID")
        .err()
        .expect("an error");
    assert!(
        error.contains("`PatienID`") && error.contains("0010,0020"),
        "{error}"
    );
    assert!(crate::dicom::path::compile("").is_err());
}

#[test]
fn a_passcode_never_enters_the_batch() {
    let mut wire = Wire::new();
    wire.send(Side::Client, &vector("t_a_associate_rq_user_id_user_pass"));
    let m = wire.last();
    assert_eq!(value(&m, "passcode").as_deref(), Some("secret 8"));
    assert_eq!(value(&m, "username").as_deref(), Some("pynetdicom"));
    assert!(!tell(&m).contains("p4ssw0rd"), "{}", tell(&m));
}

#[test]
fn a_plan_to_an_unknown_receiver_sets_the_dose_and_to_an_archive_does_not() {
    const PLAN: &str = "1.2.840.10008.5.1.4.1.1.481.5";
    let send = |contexts: &[(u8, &str, &str)]| {
        let mut wire = associated(contexts);
        wire.send(
            Side::Client,
            &p_data(&[pdv(
                1,
                3,
                &store_rq(1, b"1.2.840.10008.5.1.4.1.1.481.5\0", b"1.2\0"),
            )]),
        );
        wire.send(
            Side::Client,
            &p_data(&[pdv(1, 2, &element("08006000", b"CS", b"RTPLAN"))]),
        );
        let action = wire.last().action().expect("an action");
        (
            action.verb.word(),
            action.device.word(),
            text(action.device_id),
        )
    };
    let set_dose = ("set-dose", "radiotherapy", "ARCHIVE".to_owned());
    assert_eq!(send(&[(1, PLAN, EXPLICIT)]), set_dose);
    let ultrasound = "1.2.840.10008.5.1.4.1.1.6.1";
    let store = ("store", "unknown", "ARCHIVE".to_owned());
    assert_eq!(
        send(&[(1, PLAN, EXPLICIT), (3, ultrasound, EXPLICIT)]),
        store
    );
}

#[test]
fn requests_and_answers_meet_by_asker_and_message_id() {
    let mut wire = associated(&[(1, "1.2.840.10008.1.1", IMPLICIT)]);
    wire.send(Side::Client, &echo(1));
    assert_eq!(
        wire.last().asks().map(|j| text(j.key)).as_deref(),
        Some("c:1")
    );
    wire.send(Side::Server, &vector("t_p_data_tf"));
    let m = wire.last();
    let answer = m.answers().expect("an answer");
    assert_eq!(
        (text(answer.key), answer.last, answer.outcome.word()),
        ("c:1".into(), true, "accepted")
    );
    assert!(m.action().is_none(), "an answer does nothing by itself");
    for (name, last, outcome) in [
        ("c_c_find_rsp_3", true, "failed"),
        ("c_c_move_rsp", false, "requested"),
        ("c_c_move_rsp_3", true, "refused"),
        ("c_n_set_rsp_2", true, "refused"),
        ("c_n_delete_rsp_2", true, "failed"),
        ("c_c_store_rsp_2", true, "accepted"),
    ] {
        let mut wire = Wire::mid_stream();
        wire.send(Side::Server, &vector(name));
        let m = wire.last();
        let answer = m.answers().expect(name);
        assert_eq!(
            (answer.last, answer.outcome.word()),
            (last, outcome),
            "{name}"
        );
    }
}

#[test]
fn titles_that_are_paths_are_told() {
    let (mut request, _) = association(0, &[(1, CT_CLASS, EXPLICIT)]);
    request[10..26].copy_from_slice(b"../../etc       ");
    let mut wire = Wire::new();
    wire.send(Side::Client, &request);
    assert_eq!(anomalies(&wire.last()), ["ae-title-illegal"]);
}

#[test]
fn latin_names_become_utf_8() {
    let mut data = element("08000500", b"CS", b"ISO_IR 100");
    data.extend(element("10001000", b"PN", b"M\xfcller^A "));
    let wire = store(&data, CT, b"1.2\0");
    assert_eq!(
        value(&wire.last(), "patient_name").as_deref(),
        Some("Müller^A")
    );
}

#[test]
fn implicit_sequences_of_unknown_elements_are_walked_by_their_look() {
    // (0009,1010) of length 16 holds one item with (0010,0020); then (0020,000D) behind it.
    let set = hex(
        "080060000200000043540900101012000000feff00e00a0000001000200002000000583120000d0004000000312e3200",
    );
    let mut wire = associated(&[(1, CT_CLASS, IMPLICIT)]);
    wire.send(
        Side::Client,
        &p_data(&[pdv(1, 3, &store_rq(1, CT, b"1.2\0"))]),
    );
    wire.send(Side::Client, &p_data(&[pdv(1, 2, &set)]));
    let m = wire.last();
    assert!(m.anomalies().is_empty(), "{}", tell(&m));
    assert_eq!(path(&m, "0009,1010>0010,0020"), ["X1"]);
    assert_eq!(values(&m, "study_uid"), ["1.2"]);
    assert_eq!(value(&m, "patient_id"), None, "only at the top");
}
