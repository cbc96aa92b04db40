//! Is it DICOM? Rejections first.

use super::*;

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
