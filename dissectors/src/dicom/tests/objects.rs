//! Objects: data sets in all encodings, large ones, lying ones, dangerous ones.

use super::*;

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
