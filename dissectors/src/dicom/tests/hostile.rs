//! Hostile bytes: no panic, no waiting, bounded memory.

use super::*;

/// A small generator with a seed (xorshift, Marsaglia 2003), so that a failure can be run again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

#[test]
fn changed_bytes_never_panic_and_hold_little() {
    let mut dice = Dice(0x5EED_D1C0_4321_0001);
    let plain: Vec<_> = vectors()
        .into_iter()
        .filter(|v| !v.name.starts_with("item_"))
        .collect();
    for round in 0..12_000 {
        let v = &plain[round % plain.len()];
        let mut bytes = v.bytes.clone();
        if v.name.starts_with("ds_") {
            let set = store_rq(1, CT, b"1.2.3.4\0");
            bytes = [p_data(&[pdv(1, 3, &set)]), p_data(&[pdv(1, 2, &bytes)])].concat();
        }
        for _ in 0..=dice.roll(4) {
            let at = dice.roll(bytes.len());
            match dice.roll(4) {
                0 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF, 0xFE][dice.roll(6)],
                1 => bytes[at] ^= 1 << dice.roll(8),
                2 => {
                    bytes.remove(at);
                }
                _ => bytes.insert(at, bytes[dice.roll(bytes.len())]),
            }
            if bytes.is_empty() {
                bytes.push(0);
            }
        }
        let mut wire = if dice.roll(3) == 0 {
            Wire::mid_stream()
        } else {
            Wire::new()
        };
        let side = Side::BOTH[dice.roll(2)];
        let mut at = 0;
        while at < bytes.len() {
            let n = (1 + dice.roll(200)).min(bytes.len() - at);
            let passing = wire.passing(side);
            if dice.roll(40) == 0 && passing == 0 {
                wire.gap(side, n as u64);
            } else {
                wire.send(side, &bytes[at..at + n]);
            }
            at += n;
        }
        wire.end([End::Fin, End::Reset, End::Capture][dice.roll(3)]);
        assert!(
            wire.held < 400 << 10,
            "{} held after a change of {}",
            wire.held,
            v.name
        );
        for m in wire.batch.messages() {
            tell(&m);
            if m.body().is_some() {
                path(&m, "0010,0020");
                path(&m, "0040,0100>0040,0001");
            }
        }
    }
}

#[test]
fn every_prefix_is_read_without_panic_and_probed_without_a_wrong_no() {
    for v in vectors() {
        if !v.name.contains("rq") || v.bytes.first() != Some(&1) || v.name.starts_with("item") {
            continue;
        }
        for end in 1..v.bytes.len() {
            let prefix = &v.bytes[..end];
            assert!(
                !matches!(probe(prefix, hint()), Probe::No),
                "{} at {end}",
                v.name
            );
            let mut wire = Wire::new();
            wire.send(Side::Client, prefix);
            wire.end(End::Fin);
            assert!(!wire.batch.is_empty(), "{} at {end}", v.name);
        }
    }
}

#[test]
fn an_associate_pdu_of_4_gib_is_reported_once_its_titles_are_there() {
    let bytes = vector("bad_rq_length_4gib");
    let mut wire = Wire::new();
    wire.send(Side::Client, &bytes[..73]);
    assert!(wire.batch.is_empty());
    wire.send(Side::Client, &bytes[73..74]);
    assert_eq!(wire.kinds(), ["A-ASSOCIATE-RQ"]);
    assert_eq!(anomalies(&wire.last()), ["pdu-length-huge"]);
    assert_eq!(
        value(&wire.last(), "calling_ae").as_deref(),
        Some("EVILSCU")
    );
    assert_eq!(
        value(&wire.last(), "pdu_length").as_deref(),
        Some("4294967295")
    );
    assert!(wire.held < 64 << 10);
}

#[test]
fn a_p_data_pdu_of_4_gib_is_reported_with_its_header() {
    let mut wire = Wire::new();
    wire.send(Side::Client, &vector("t_a_associate_rq"));
    wire.send(Side::Server, &vector("t_a_associate_ac"));
    wire.send(Side::Client, &[4, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    assert_eq!(anomalies(&wire.last()), ["pdu-over-maximum"]);
    // And what follows it is found again.
    wire.send(Side::Client, &vector("t_p_data_tf_rq"));
    wire.send(Side::Client, &vector("t_a_release_rq"));
    let kinds = wire.kinds();
    assert_eq!(
        kinds.last().map(String::as_str),
        Some("A-RELEASE-RQ"),
        "{kinds:?}"
    );
    assert!(kinds.contains(&"C-ECHO-RQ".to_owned()), "{kinds:?}");
}

#[test]
fn a_sender_that_ignores_the_maximum_is_reported_once_and_read_on() {
    let mut wire = Wire::new();
    let (request, answer) = association(1000, &[(1, CT_CLASS, EXPLICIT)]);
    wire.send(Side::Client, &request);
    wire.send(Side::Server, &answer);
    let mut data = ct_head(20_000);
    data.resize(data.len() + 20_000, 3);
    wire.send(
        Side::Client,
        &p_data(&[pdv(1, 3, &store_rq(1, CT, b"1.2.3.4\0"))]),
    );
    for (at, part) in data.chunks(5000).enumerate() {
        let last = if at == data.len() / 5000 { 2 } else { 0 };
        wire.send(Side::Client, &p_data(&[pdv(1, last, part)]));
    }
    assert_eq!(wire.kinds()[2..], ["malformed", "C-STORE-RQ"]);
    assert_eq!(anomalies(&wire.batch.message(2)), ["pdu-over-maximum"]);
    assert_eq!(anomalies(&wire.last()), ["pdu-over-maximum"]);
    assert_eq!(
        value(&wire.last(), "dataset_bytes"),
        Some(data.len().to_string())
    );
}

#[test]
fn items_without_end_are_not_read_without_end() {
    let (request, _) = association(0, &[]);
    let mut body = request[6..].to_vec();
    while body.len() < 900_000 {
        body.extend_from_slice(&[0x20, 0, 0, 4, 1, 0, 0, 0]);
    }
    let mut pdu = vec![1, 0];
    pdu.extend_from_slice(&(body.len() as u32).to_be_bytes());
    pdu.extend_from_slice(&body);
    let mut wire = Wire::new();
    wire.send(Side::Client, &pdu);
    let told = anomalies(&wire.last());
    assert!(told.contains(&"items-too-many"), "{told:?}");
    assert!(told.contains(&"context-id-duplicate"), "{told:?}");
    assert!(
        wire.batch
            .limit_hits()
            .iter()
            .any(|(id, _)| *id == crate::limits::DICOM_ITEMS)
    );
}

#[test]
fn sequences_nested_without_end_are_left_alone() {
    let mut set = Vec::new();
    for _ in 0..100 {
        set.extend_from_slice(&hex("40000001ffffffff")); // (0040,0100), undefined length
        set.extend_from_slice(&hex("feff00e0ffffffff")); // item
    }
    let mut wire = Wire::mid_stream();
    wire.send(
        Side::Client,
        &p_data(&[pdv(1, 3, &store_rq(1, CT, b"1.2\0"))]),
    );
    wire.send(Side::Client, &p_data(&[pdv(1, 2, &set)]));
    assert_eq!(wire.kinds(), ["C-STORE-RQ"]);
    assert!(anomalies(&wire.last()).contains(&"nesting-too-deep"));
    assert!(
        wire.batch
            .limit_hits()
            .iter()
            .any(|(id, _)| *id == crate::limits::DICOM_DEPTH)
    );
}

#[test]
fn a_command_set_without_end_stops_at_the_limit() {
    let mut wire = Wire::mid_stream();
    let set = store_rq(1, CT, b"1.2\0");
    wire.send(Side::Client, &p_data(&[pdv(1, 1, &set)]));
    for _ in 0..40 {
        wire.send(Side::Client, &p_data(&[pdv(1, 1, &[0; 16_000])]));
    }
    wire.send(Side::Client, &p_data(&[pdv(1, 3, &[0; 16])]));
    assert!(wire.held < 300 << 10, "{}", wire.held);
    assert!(
        wire.batch
            .limit_hits()
            .iter()
            .any(|(id, _)| *id == crate::limits::DICOM_COMMAND)
    );
}

#[test]
fn a_stream_that_never_comes_back_to_dicom_is_given_up() {
    let mut limits = Limits::default();
    assert!(limits.set("dicom-resync", 10_000));
    let mut wire = Wire::with(limits);
    wire.send(Side::Client, &vector("t_a_associate_rq"));
    wire.send(Side::Client, &[0x55; 9_000]);
    assert!(wire.rejected.is_none());
    wire.send(Side::Client, &[0x55; 9_000]);
    assert!(wire.rejected.is_some());
}
