//! Associations: titles, contexts, states, what is agreed and what is not.

use super::*;

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
fn a_passcode_never_enters_the_batch() {
    let mut wire = Wire::new();
    wire.send(Side::Client, &vector("t_a_associate_rq_user_id_user_pass"));
    let m = wire.last();
    assert_eq!(value(&m, "passcode").as_deref(), Some("secret 8"));
    assert_eq!(value(&m, "username").as_deref(), Some("pynetdicom"));
    assert!(!tell(&m).contains("p4ssw0rd"), "{}", tell(&m));
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
