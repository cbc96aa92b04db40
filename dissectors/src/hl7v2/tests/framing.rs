//! Blocks, batches, and the bytes around them.

use super::*;

#[test]
fn a_missing_end_block_spoils_only_its_own_message() {
    let mut bytes = block(ADT);
    bytes.truncate(bytes.len() - 2);
    bytes.extend(block(&ADT.replace("W1", "W2")));
    let seen = converse(&bytes, usize::MAX);
    assert_eq!(seen.len(), 2);
    assert!(seen[0].is_at_fault("missing-end-block"));
    assert_eq!(seen[0].first("framing"), "no-end");
    assert_eq!(seen[0].range.end, seen[1].range.start);
    assert_eq!(seen[1].first("control_id"), "W2");
    assert!(seen[1].anomalies.is_empty());
}

#[test]
fn a_stream_that_ends_inside_a_block_gives_what_there_was() {
    let bytes = &block(ADT)[..120];
    let seen = converse(bytes, usize::MAX);
    assert!(seen[0].is_at_fault("unterminated"));
    assert_eq!(seen[0].first("patient_id"), "T1");
    assert_eq!(seen[0].range, 0..120);
    let mut cut = Conversation::new();
    cut.send(Side::Client, bytes);
    assert!(cut.end(End::Capture)[0].is_at_fault("cut-off"));
}

#[test]
fn start_and_end_bytes_inside_a_field_hide_nothing_behind_them() {
    for inside in ["\x0B", "\x1C", "\x1C\x1C"] {
        let message =
            give("RE", "1|||5678|||||||||||999|mL/h", "").replace("T1", &format!("T{inside}1"));
        let seen = one(&message);
        assert_eq!(seen.verb(), Some(Verb::SetRate), "{inside:?}");
        assert!(seen.is_at_fault("framing-byte-inside"));
    }
}

#[test]
fn stray_bytes_between_blocks_are_told_once_a_run() {
    let mut bytes = b"\0\0\r\n".to_vec();
    bytes.extend(block(ADT));
    bytes.extend(b"\n\x0B\x1C\r");
    bytes.extend(block(ADT));
    bytes.extend(b" ");
    let kinds: Vec<String> = converse(&bytes, usize::MAX)
        .into_iter()
        .map(|m| m.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            "between-blocks",
            "ADT^A08",
            "between-blocks",
            "empty-block",
            "ADT^A08",
            "between-blocks"
        ]
    );
}

#[test]
fn bytes_that_never_become_a_block_end_the_conversation() {
    let mut conversation = Conversation::new();
    conversation.send(Side::Client, &block(ADT));
    conversation.send(Side::Client, &vec![b'x'; 80 * 1024]);
    assert!(conversation.rejected.is_some());
    let seen = conversation.end(End::Fin);
    assert_eq!(seen[0].kind, "ADT^A08");
    assert!(seen.len() < 40);
}

#[test]
fn a_block_over_the_limit_is_cut_and_the_next_one_read() {
    let mut limits = Limits::default();
    assert!(limits.set("mllp-message", 4096));
    let mut bytes = block(&format!("{ADT}OBX|1|ED|||{}\r", "A".repeat(20_000)));
    bytes.extend(block(&ADT.replace("W1", "W2")));
    for piece in [1, 7, 4096, usize::MAX] {
        let mut conversation = Conversation::with(limits.clone());
        for part in bytes.chunks(piece) {
            conversation.send(Side::Client, part);
        }
        let seen = conversation.end(End::Fin);
        assert_eq!(seen.len(), 2, "{piece}");
        assert!(seen[0].is_at_fault("block-too-long"));
        assert_eq!(seen[0].range, 0..4096);
        assert_eq!(seen[1].first("control_id"), "W2");
        assert!(seen[1].anomalies.is_empty());
    }
}

#[test]
fn a_large_block_in_tiny_segments_is_searched_once() {
    // Quadratic work over these bytes would take minutes.
    let bytes = block(&format!("{ADT}OBX|1|ED|||{}\r", "QUJD".repeat(500_000)));
    let mut conversation = Conversation::new();
    conversation.need = [0; 2];
    let mut out_of = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let next = (at + 3).min(bytes.len());
        let mut out = Messages::new(
            &mut conversation.batch,
            &conversation.limits,
            &conversation.interest,
            protocol(),
            Side::Client,
            0,
        );
        match conversation
            .dissector
            .read(Side::Client, &bytes[..next], &mut out)
        {
            Progress::Need(n) => assert!(n > next),
            other => out_of.push((next, other)),
        }
        at = next;
    }
    assert_eq!(out_of, [(bytes.len(), Progress::Read(bytes.len()))]);
}

#[test]
fn mllp_release_2_acknowledges_the_block_before_it() {
    let mut conversation = Conversation::new();
    conversation.send(Side::Client, &block(ADT));
    conversation.send(Side::Server, b"\x0B\x06\x1C\r\x0B\x15\x1C\r");
    let seen = conversation.end(End::Fin);
    assert_eq!(seen[1].kind, "commit-ack");
    assert_eq!(
        seen[1].answers,
        Some(("W1".into(), false, Outcome::Accepted))
    );
    assert_eq!(seen[2].kind, "commit-nak");
    assert_eq!(
        seen[2].answers,
        Some(("W1".into(), false, Outcome::Refused))
    );
}

#[test]
fn unframed_messages_end_where_the_next_begins() {
    let two = format!("{ADT}{}", ADT.replace("W1", "W2"));
    for piece in [1, 5, usize::MAX] {
        let seen = converse(two.as_bytes(), piece);
        assert_eq!(seen.len(), 2);
        assert!(
            seen.iter()
                .all(|m| m.kind == "ADT^A08" && m.is_at_fault("unframed"))
        );
        assert_eq!(seen[0].range.end, ADT.len() as u64);
    }
}

#[test]
fn a_capture_that_starts_inside_a_message_finds_the_next() {
    let mut conversation = Conversation::new();
    conversation.gap(Side::Client, 0);
    conversation.send(Side::Client, b"||V9A\rOBX|1|NM|1\r\x1C\r");
    conversation.send(Side::Client, &block(ADT));
    let seen = conversation.end(End::Fin);
    assert_eq!(seen[0].kind, "fragment");
    assert!(seen[0].is_at_fault("start-not-seen"));
    assert_eq!(seen[1].kind, "ADT^A08");
    assert!(seen[1].anomalies.is_empty());
}

#[test]
fn a_hole_inside_a_message_leaves_both_its_ends() {
    let bytes = block(ADT);
    let mut conversation = Conversation::new();
    conversation.send(Side::Client, &bytes[..100]);
    conversation.gap(Side::Client, 20);
    conversation.send(Side::Client, &bytes[120..]);
    conversation.send(Side::Client, &block(&ADT.replace("W1", "W2")));
    let seen = conversation.end(End::Fin);
    let kinds: Vec<&str> = seen.iter().map(|m| m.kind.as_str()).collect();
    assert_eq!(kinds, ["ADT^A08", "fragment", "ADT^A08"]);
    assert!(seen[0].is_at_fault("gap") && seen[1].is_at_fault("gap"));
    assert_eq!(seen[2].first("control_id"), "W2");
}

#[test]
fn a_batch_with_a_false_count_is_told_and_its_secret_is_not() {
    let batch = format!(
        "FHS|^~\\&|LIS|LAB|EHR|HOSP|2026|S3cret1|||F1\rBHS|^~\\&|LIS|LAB|||2026|pw||||B1\r{ADT}{}BTS|3\rFTS|1\r",
        ADT.replace("W1", "W2")
    );
    let seen = converse(&block(&batch), usize::MAX);
    assert_eq!(seen.len(), 3);
    let envelope = &seen[2];
    assert_eq!(envelope.kind, "batch");
    assert_eq!(envelope.range, 0..block(&batch).len() as u64);
    assert_eq!(envelope.first("batch_count"), "2");
    assert_eq!(envelope.first("batch_declared"), "3");
    assert_eq!(envelope.anomalies, ["batch-count"]);
    assert_eq!(envelope.all("security"), ["secret of 7", "secret of 2"]);
    assert!(!format!("{:?}", envelope.fields).contains("S3cret"));
    assert!(seen[..2].iter().all(|m| m.anomalies.is_empty()));
}

#[test]
fn each_message_of_a_batch_has_its_own_delimiters() {
    let seen = converse(
        &block("BHS|^~\\&|A|B\rMSH$@*?!$A$B$C$D$2026$$ADT@A08$X7$P$2.5\rPID$1$$T1@@@W\rBTS|1\r"),
        usize::MAX,
    );
    assert_eq!(seen[0].kind, "ADT^A08");
    assert_eq!(seen[0].first("patient_id"), "T1");
    assert!(seen[1].anomalies.is_empty());
}

#[test]
fn envelope_in_blocks_of_its_own_is_no_malformed_message() {
    let stream: Vec<u8> = [
        "FHS|^~\\&|A|B",
        "BHS|^~\\&|A|B",
        "MSH|^~\\&|A|B|C|D|2026||ORU^R01|1|P|2.3\rPID|1",
        "BTS|1",
        "FTS|1",
    ]
    .iter()
    .flat_map(|text| block(text))
    .collect();
    let seen = converse(&stream, usize::MAX);
    let kinds: Vec<_> = seen.iter().map(|m| m.kind.as_str()).collect();
    assert_eq!(kinds, ["batch", "batch", "ORU^R01", "batch", "batch"]);
    assert!(seen.iter().all(|m| m.anomalies.is_empty()), "{seen:?}");
    assert_eq!(seen[3].first("batch_declared"), "1");
}
