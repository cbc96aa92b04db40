//! What does not come: gaps, aborts, streams without their start.

use super::*;

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
fn mid_stream_an_answer_to_a_later_request_tells_nothing_of_the_first_bytes() {
    let mut wire = Wire::mid_stream();
    wire.send(Side::Client, &[0x42; 900]);
    wire.send(Side::Client, &echo(1));
    wire.send(Side::Server, &vector("t_p_data_tf"));
    wire.send(Side::Client, &vector("t_a_release_rq"));
    assert_eq!(wire.kinds(), ["C-ECHO-RQ", "C-ECHO-RSP", "A-RELEASE-RQ"]);
}

#[test]
fn mid_stream_the_first_bytes_are_told_even_where_the_answer_is_read_late() {
    let mut wire = Wire::mid_stream();
    wire.send(Side::Client, &[0x42; 900]);
    let set = store_rq(2, CT, b"1.2.3.4\0");
    wire.send(Side::Client, &p_data(&[pdv(1, 3, &set)]));
    wire.send(Side::Client, &p_data(&[pdv(1, 2, &ct_head(0))]));
    wire.send(Side::Server, &vector("c_c_store_rsp"));
    wire.end(End::Fin);
    assert_eq!(wire.kinds(), ["C-STORE-RQ", "C-STORE-RSP", "C-STORE-RQ"]);
    assert_eq!(wire.last().range(), 0..900);
    assert_eq!(anomalies(&wire.last()), ["start-missing"]);
}
