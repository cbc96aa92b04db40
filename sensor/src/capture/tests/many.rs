//! Several files as one sequence; filters and counts.

use super::written::*;
use super::*;
use crate::limits::Limits;

/// Time, file and number of each frame.
fn order(got: &Read) -> Vec<(i64, u32, u64)> {
    got.frames
        .iter()
        .map(|f| (f.time / 1000, f.file, f.number))
        .collect()
}

#[test]
fn files_are_merged_by_time_and_ties_by_their_place_on_the_command_line() {
    let folder = Folder::new();
    let b = folder.file("b.pcap", &simple(&[(10, b"b1"), (20, b"b2"), (30, b"b3")]));
    let a = folder.file(
        "a.pcap",
        &simple(&[(5, b"a1"), (20, b"a2"), (20, b"a3"), (40, b"a4")]),
    );
    let got = read(&[&b, &a]);
    assert_eq!(got.names, ["b.pcap", "a.pcap"]);
    assert_eq!(
        order(&got),
        [
            (5, 1, 1),
            (10, 0, 1),
            (20, 0, 2),
            (20, 1, 2),
            (20, 1, 3),
            (30, 0, 3),
            (40, 1, 4)
        ]
    );
    assert_eq!(
        got.bytes(),
        [b"a1", b"b1", b"b2", b"a2", b"a3", b"b3", b"a4"]
    );
}

#[test]
fn file_whose_clock_steps_back_keeps_its_own_order() {
    let folder = Folder::new();
    let a = folder.file(
        "a",
        &simple(&[(10, b"a1"), (100, b"a2"), (15, b"a3"), (50, b"a4")]),
    );
    let b = folder.file("b", &simple(&[(20, b"b1"), (60, b"b2"), (200, b"b3")]));
    let got = read(&[&a, &b]);
    assert_eq!(
        order(&got),
        [
            (10, 0, 1),
            (20, 1, 1),
            (60, 1, 2),
            (100, 0, 2),
            (15, 0, 3),
            (50, 0, 4),
            (200, 1, 3)
        ]
    );
}

#[test]
fn ring_directory_is_read_in_time_and_the_rest_is_skipped_with_a_word() {
    let folder = Folder::new();
    folder.file("ring.pcap10", &simple(&[(300, b"late")]));
    folder.file(
        "ring.pcap2",
        &gzip(&simple(&[(100, b"early"), (200, b"middle")])),
    );
    folder.file("ring.pcap9", &simple(&[(300, b"tied, first by name")]));
    folder.file("README", b"rings of ward 3");
    folder.file("ring.pcap11", b"");
    std::fs::create_dir(folder.0.join("old")).unwrap();
    let got = read(&[&folder.0]);
    assert_eq!(
        got.bytes(),
        [&b"early"[..], b"middle", b"tied, first by name", b"late"]
    );
    assert_eq!(got.names, ["ring.pcap2", "ring.pcap9", "ring.pcap10"]);
    let mut skipped = got.skipped.clone();
    skipped.sort();
    let expected = [
        ("README", "not a capture: it looks like text"),
        ("old", "a directory"),
        ("ring.pcap11", "empty"),
    ];
    assert_eq!(skipped, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
}

#[test]
fn many_files_at_once_are_merged_with_few_open_and_small_buffers() {
    let folder = Folder::new();
    // Frame n goes to file n % 60; each file is larger than its buffer.
    let frames: Vec<Vec<u8>> = (0..6000u32)
        .map(|n| n.to_be_bytes().repeat(20 + n as usize % 500))
        .collect();
    let paths: Vec<_> = (0..60usize)
        .map(|file| {
            let own: Vec<_> = frames
                .iter()
                .enumerate()
                .skip(file)
                .step_by(60)
                .map(|(n, f)| (n as u64, &f[..]))
                .collect();
            folder.file(&format!("{file}.pcap"), &simple(&own))
        })
        .collect();
    let mut limits = Limits::default();
    limits.set("open-files", 5);
    limits.set("merge-buffers", 1);
    let got = read_with(
        &paths,
        &ReadOptions {
            limits,
            ..Default::default()
        },
    )
    .unwrap();
    assert!(got.bytes() == frames, "in order, every byte the same");
    assert_eq!(got.progress.0, got.progress.1.unwrap());
    assert_eq!(got.frames.last().unwrap().number, 100);
}

#[test]
fn damage_in_one_file_does_not_end_the_others() {
    let folder = Folder::new();
    let cut = simple(&[(1, b"a1"), (3, b"a2")]);
    let a = folder.file("a", &cut[..cut.len() - 1]);
    let b = folder.file("b", &simple(&[(2, b"b1"), (4, b"b2")]));
    let got = read(&[&a, &b]);
    assert_eq!(got.bytes(), [b"a1", b"b1", b"b2"]);
    assert_eq!((got.damages.len(), got.damages[0].file), (1, 0));
}

fn udp(port: u8) -> Vec<u8> {
    let mut frame = vec![0; 60];
    frame[12..15].copy_from_slice(&[8, 0, 0x45]);
    frame[23] = 17;
    frame[36..38].copy_from_slice(&[0, port]);
    frame
}

#[test]
fn filter_keeps_numbers_and_counts_what_it_refuses() {
    let folder = Folder::new();
    let frames = [udp(53), udp(104), udp(53), udp(104)];
    let timed = |start: u64| -> Vec<(u64, &[u8])> {
        frames
            .iter()
            .enumerate()
            .map(|(n, f)| (start + n as u64, &f[..]))
            .collect()
    };
    let options = ReadOptions {
        filter: Some("udp dst port 104".into()),
        ..Default::default()
    };
    let one = folder.file("one", &simple(&timed(0)));
    let got = read_with(&[&one], &options).unwrap();
    assert_eq!(order(&got), [(1, 0, 2), (3, 0, 4)]);
    assert_eq!((got.delivered, got.filtered), (2, 2));
    let two = folder.file("two", &simple(&timed(2)));
    let got = read_with(&[&one, &two], &options).unwrap();
    assert_eq!(order(&got), [(1, 0, 2), (3, 0, 4), (3, 1, 2), (5, 1, 4)]);
    assert_eq!((got.delivered, got.filtered), (4, 4));
}

#[test]
fn filter_is_compiled_for_each_link_type() {
    let folder = Folder::new();
    let frame = udp(104);
    let mut bytes = section(LITTLE);
    for (n, link) in [1u16, 101, 189].into_iter().enumerate() {
        bytes.extend(interface(LITTLE, link, 0, &[]));
        let frame = if link == 101 {
            &frame[14..]
        } else {
            &frame[..]
        };
        bytes.extend(enhanced(LITTLE, n as u32, n as u64, 60, frame, &[]));
    }
    let options = ReadOptions {
        filter: Some("udp dst port 104".into()),
        ..Default::default()
    };
    let got = read_with(&[folder.file("x", &bytes)], &options).unwrap();
    assert_eq!(
        got.frames.iter().map(|f| f.number).collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(got.filtered, 1, "USB frames cannot match");
}

#[test]
fn filter_that_makes_no_sense_for_a_later_link_type_stops_with_an_error() {
    let folder = Folder::new();
    let mut bytes = section(LITTLE);
    for (n, link) in [1u16, 101].into_iter().enumerate() {
        bytes.extend(interface(LITTLE, link, 0, &[]));
        bytes.extend(enhanced(LITTLE, n as u32, n as u64, 60, &udp(1), &[]));
    }
    let path = folder.file("x", &bytes);
    let options = ReadOptions {
        filter: Some("ether host 02:00:00:00:00:01".into()),
        ..Default::default()
    };
    let mut inputs = Inputs::open(&[path], &options).unwrap();
    let error = inputs
        .next_block(&mut Block::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("does not compile for link type 101 (RAW)"),
        "{error}"
    );
}

#[test]
fn count_stops_after_that_many_delivered_frames() {
    let folder = Folder::new();
    let frames = [udp(53), udp(104), udp(53), udp(104), udp(104)];
    let timed: Vec<_> = frames
        .iter()
        .enumerate()
        .map(|(n, f)| (n as u64, &f[..]))
        .collect();
    let (one, two) = (
        folder.file("one", &simple(&timed)),
        folder.file("two", &simple(&timed)),
    );
    let with = |filter: Option<&str>, count| ReadOptions {
        filter: filter.map(str::to_owned),
        count: Some(count),
        ..Default::default()
    };
    assert_eq!(read_with(&[&one], &with(None, 3)).unwrap().frames.len(), 3);
    assert_eq!(read_with(&[&one], &with(None, 0)).unwrap().frames.len(), 0);
    assert_eq!(read_with(&[&one], &with(None, 9)).unwrap().frames.len(), 5);
    let got = read_with(&[&one], &with(Some("udp dst port 104"), 2)).unwrap();
    assert_eq!(order(&got), [(1, 0, 2), (3, 0, 4)]);
    assert_eq!((got.delivered, got.filtered), (2, 2));
    let got = read_with(&[&one, &two], &with(None, 3)).unwrap();
    assert_eq!(order(&got), [(0, 0, 1), (0, 1, 1), (1, 0, 2)]);
}
