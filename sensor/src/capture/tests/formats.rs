//! pcap and pcapng in all their shapes, plain and compressed.

use super::written::*;
use super::*;

#[test]
fn classic_files_of_both_orders_and_resolutions_give_the_same_times() {
    let folder = Folder::new();
    for order in [LITTLE, BIG] {
        for (magic, fraction) in [(MICRO, 250_001), (NANO, 250_001_000)] {
            let mut bytes = pcap(order, magic, 1);
            bytes.extend(record(order, 1_700_000_000, fraction, 60, b"frame one"));
            bytes.extend(record(order, 4_000_000_000, fraction, 3, b"two"));
            let got = read(&[folder.file("x.pcap", &bytes)]);
            assert_eq!(got.bytes(), [&b"frame one"[..], b"two"]);
            assert_eq!(
                got.times(),
                [1_700_000_000_250_001_000, 4_000_000_000_250_001_000]
            );
            assert_eq!(got.frames[0].wire, 60);
            assert_eq!(got.frames[1].number, 2);
            assert!(got.damages.is_empty());
        }
    }
}

#[test]
fn microseconds_of_a_second_and_a_half_are_added() {
    let folder = Folder::new();
    let mut bytes = pcap(LITTLE, MICRO, 1);
    bytes.extend(record(LITTLE, 100, 1_500_000, 1, b"x"));
    assert_eq!(read(&[folder.file("x", &bytes)]).times(), [101_500_000_000]);
}

#[test]
fn captured_length_above_the_snap_length_and_above_the_wire_length_is_read() {
    let folder = Folder::new();
    let mut bytes = pcap(LITTLE, MICRO, 1);
    bytes[16..20].copy_from_slice(&96u32.to_le_bytes());
    bytes.extend(record(LITTLE, 100, 0, 20, &[7; 200]));
    let got = read(&[folder.file("x", &bytes)]);
    assert_eq!((got.frames[0].bytes.len(), got.frames[0].wire), (200, 200));
}

#[test]
fn link_type_is_read_beside_the_bits_for_a_check_sequence() {
    let folder = Folder::new();
    for order in [LITTLE, BIG] {
        let mut bytes = pcap(order, MICRO, 0x4400_0000 | 276);
        bytes.extend(record(order, 1, 0, 1, b"x"));
        assert_eq!(
            read(&[folder.file("x", &bytes)]).frames[0].link,
            LinkType::LINUX_SLL2
        );
    }
}

#[test]
fn variant_with_longer_record_headers_is_read() {
    let folder = Folder::new();
    let mut bytes = pcap(LITTLE, 0xA1B2_CD34, 1);
    for _ in 0..2 {
        let mut long = record(LITTLE, 1, 2, 4, b"");
        long[8..12].copy_from_slice(&4u32.to_le_bytes());
        long.extend([9; 8]);
        long.extend(b"data");
        bytes.extend(long);
    }
    assert_eq!(
        read(&[folder.file("x", &bytes)]).bytes(),
        [b"data", b"data"]
    );
}

#[test]
fn file_of_headers_alone_is_a_capture_without_frames() {
    let folder = Folder::new();
    let got = read(&[folder.file("x", &pcap(LITTLE, MICRO, 1))]);
    assert!(got.frames.is_empty() && got.damages.is_empty());
}

#[test]
fn interfaces_of_two_link_types_and_snap_lengths_share_one_numbering() {
    let folder = Folder::new();
    let mut bytes = section(LITTLE);
    bytes.extend(interface(LITTLE, 1, 65_535, &[]));
    bytes.extend(interface(LITTLE, 101, 96, &[]));
    bytes.extend(enhanced(
        LITTLE,
        0,
        1_000_000,
        5,
        b"first",
        &option(LITTLE, 1, b"a comment"),
    ));
    bytes.extend(block(LITTLE, 0x0BAD_BEEF, &[1, 2, 3]));
    bytes.extend(enhanced(LITTLE, 1, 2_000_000, 9, b"second", &[]));
    bytes.extend(block(LITTLE, 4, &[0; 200]));
    let got = read(&[folder.file("x.pcapng", &bytes)]);
    let seen: Vec<_> = got
        .frames
        .iter()
        .map(|f| (f.number, f.link.0, f.wire, &f.bytes[..]))
        .collect();
    assert_eq!(seen, [(1, 1, 5, &b"first"[..]), (2, 101, 9, b"second")]);
    assert_eq!(got.times(), [1_000_000_000, 2_000_000_000]);
}

#[test]
fn sections_of_both_orders_begin_with_interfaces_of_their_own() {
    let folder = Folder::new();
    let mut bytes = Vec::new();
    for (order, link) in [(LITTLE, 1), (BIG, 113), (LITTLE, 0)] {
        bytes.extend(section(order));
        bytes.extend(interface(order, link, 0, &[]));
        bytes.extend(enhanced(order, 0, 7, 4, b"data", &[]));
    }
    let got = read(&[folder.file("x.pcapng", &bytes)]);
    let links: Vec<_> = got.frames.iter().map(|f| (f.number, f.link.0)).collect();
    assert_eq!(links, [(1, 1), (2, 113), (3, 0)]);
}

#[test]
fn time_resolutions_and_offsets_are_honoured() {
    let folder = Folder::new();
    // if_tsresol, if_tsoffset in seconds, ticks, nanoseconds.
    let cases: &[(Option<u8>, i64, u64, i64)] = &[
        (None, 0, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
        (Some(6), 0, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
        (
            Some(9),
            0,
            1_700_000_000_123_456_789,
            1_700_000_000_123_456_789,
        ),
        (Some(3), 0, 1_700_000_000_123, 1_700_000_000_123_000_000),
        (Some(0), 0, 1_700_000_000, 1_700_000_000_000_000_000),
        (Some(12), 0, 1_700_000_000_123_456, 1_700_000_000_123),
        (
            Some(0x80 | 10),
            0,
            1_700_000_000 << 10 | 512,
            1_700_000_000_500_000_000,
        ),
        (Some(0x80 | 20), 0, 3 << 20 | 1, 3_000_000_953),
        (Some(6), 1_700_000_000, 5, 1_700_000_000_000_005_000),
        (Some(6), -1, 2_500_000, 1_500_000_000),
        (Some(0), 0, u64::MAX, i64::MAX),
    ];
    for order in [LITTLE, BIG] {
        for (resolution, offset, ticks, expected) in cases {
            let mut options = option(order, 2, b"eth0");
            if let Some(resolution) = resolution {
                options.extend(option(order, 9, &[*resolution]));
            }
            if *offset != 0 {
                let bytes = if order.0 {
                    offset.to_be_bytes()
                } else {
                    offset.to_le_bytes()
                };
                options.extend(option(order, 14, &bytes));
            }
            options.extend(option(order, 0, &[]));
            let mut bytes = section(order);
            bytes.extend(interface(order, 1, 0, &options));
            bytes.extend(enhanced(order, 0, *ticks, 1, b"x", &[]));
            let got = read(&[folder.file("x", &bytes)]);
            assert_eq!(
                got.times(),
                [*expected],
                "resolution {resolution:?} offset {offset} ticks {ticks}"
            );
        }
    }
}

#[test]
fn simple_and_obsolete_packet_blocks_are_read() {
    let folder = Folder::new();
    let mut bytes = section(LITTLE);
    bytes.extend(interface(LITTLE, 1, 4, &[]));
    let mut obsolete = vec![0, 0, 0xFF, 0xFF];
    obsolete.extend([0, 0, 0, 0]);
    obsolete.extend(9u32.to_le_bytes());
    obsolete.extend(3u32.to_le_bytes());
    obsolete.extend(50u32.to_le_bytes());
    obsolete.extend(b"old");
    bytes.extend(block(LITTLE, 2, &obsolete));
    // A simple block has no time: it gets that of the frame before. Cut to the snap length 4.
    bytes.extend(block(
        LITTLE,
        3,
        &[&6u32.to_le_bytes()[..], b"simp"].concat(),
    ));
    bytes.extend(block(
        LITTLE,
        3,
        &[&3u32.to_le_bytes()[..], b"sim"].concat(),
    ));
    let got = read(&[folder.file("x", &bytes)]);
    assert_eq!(got.bytes(), [&b"old"[..], b"simp", b"sim"]);
    assert_eq!(got.times(), [9000, 9000, 9000]);
    assert_eq!(
        got.frames.iter().map(|f| f.wire).collect::<Vec<_>>(),
        [50, 6, 3]
    );
}

#[test]
fn drops_of_the_capturing_program_are_added_up() {
    let folder = Folder::new();
    let statistics = |interface: u32, dropped: u64| {
        let mut body = interface.to_le_bytes().to_vec();
        body.extend([0; 8]);
        body.extend(option(LITTLE, 4, &1000u64.to_le_bytes()));
        body.extend(option(LITTLE, 5, &dropped.to_le_bytes()));
        body.extend(option(LITTLE, 7, &1u64.to_le_bytes()));
        block(LITTLE, 5, &body)
    };
    let mut bytes = section(LITTLE);
    bytes.extend(interface(LITTLE, 1, 0, &[]));
    bytes.extend(interface(LITTLE, 1, 0, &[]));
    // Counted from the start each time: the second of interface 0 holds the first.
    for (interface, dropped) in [(0, 10), (1, 5), (0, 30), (9, 99)] {
        bytes.extend(statistics(interface, dropped));
    }
    assert_eq!(read(&[folder.file("x", &bytes)]).dropped, 31 + 6);
}

#[test]
fn block_longer_than_the_buffer_is_passed_over() {
    let folder = Folder::new();
    let mut bytes = section(LITTLE);
    bytes.extend(block(LITTLE, 0x0A, &vec![0; 3_000_000]));
    bytes.extend(interface(
        LITTLE,
        1,
        0,
        &option(LITTLE, 3, &[b'd'; 60_000]).repeat(4),
    ));
    bytes.extend(enhanced(
        LITTLE,
        0,
        7,
        4,
        b"data",
        &option(LITTLE, 1, &[b'c'; 60_000]).repeat(30),
    ));
    bytes.extend(enhanced(LITTLE, 0, 8, 4, b"more", &[]));
    assert_eq!(
        read(&[folder.file("x", &bytes)]).bytes(),
        [b"data", b"more"]
    );
}

#[test]
fn frames_across_block_borders_and_of_the_largest_size_come_out_whole() {
    let folder = Folder::new();
    let frames: Vec<Vec<u8>> = (0..3000u32)
        .map(|n| {
            let len = if n % 500 == 499 {
                256 * 1024
            } else {
                60 + (n * 37 % 1400) as usize
            };
            (0..len).map(|i| (i as u32 * 31 + n) as u8).collect()
        })
        .collect();
    let classic = simple(&frames.iter().map(|f| (5, &f[..])).collect::<Vec<_>>());
    let mut ng = section(LITTLE);
    ng.extend(interface(LITTLE, 1, 0, &[]));
    for frame in &frames {
        ng.extend(enhanced(LITTLE, 0, 5, frame.len() as u32, frame, &[]));
    }
    for bytes in [&classic, &ng, &gzip(&classic), &zstd(&ng)] {
        let got = read(&[folder.file("x", bytes)]);
        assert!(got.bytes() == frames, "every byte the same");
        assert_eq!(got.progress, (bytes.len() as u64, Some(bytes.len() as u64)));
    }
}

#[test]
fn compressed_files_are_known_by_their_bytes_not_their_name() {
    let folder = Folder::new();
    let first = simple(&[(1, b"one"), (2, b"two")]);
    let second = record(LITTLE, 0, 3, 5, b"three");
    // gzip members one after the other; zstd frames with a skippable one between.
    let gz = [gzip(&first), gzip(&second)].concat();
    let skippable = [
        &0x184D_2A53u32.to_le_bytes()[..],
        &5u32.to_le_bytes(),
        b"extra",
    ]
    .concat();
    let zst = [skippable.clone(), zstd(&first), skippable, zstd(&second)].concat();
    for (name, bytes) in [("a.pcap", gz), ("b.gz", zst)] {
        let got = read(&[folder.file(name, &bytes)]);
        assert_eq!(got.bytes(), [&b"one"[..], b"two", b"three"], "{name}");
        assert!(got.damages.is_empty(), "{name}");
    }
}

#[test]
fn pipe_is_read_like_a_file() {
    let folder = Folder::new();
    let pipe = folder.0.join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if !made.is_ok_and(|s| s.success()) {
        eprintln!("no mkfifo here: skipped");
        return;
    }
    let bytes = simple(&[(1, b"one"), (2, &[3; 5000]), (3, b"three")]);
    let to = pipe.clone();
    let writer = std::thread::spawn(move || {
        use std::io::Write;
        let mut file = std::fs::OpenOptions::new().write(true).open(to).unwrap();
        for part in bytes.chunks(7) {
            file.write_all(part).unwrap();
        }
    });
    let got = read(&[pipe]);
    writer.join().unwrap();
    assert_eq!(got.bytes(), [&b"one"[..], &[3; 5000], b"three"]);
    assert_eq!(got.progress.1, None);
}
