//! What messages mean: queries, actions, paths.

use super::*;

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
