//! What cannot be read, or only up to a point.

use std::io::Write;

use super::super::Fault;
use super::written::*;
use super::*;
use crate::limits::Limits;

#[test]
fn paths_that_are_no_captures_are_refused_with_the_reason() {
    let folder = Folder::new();
    let gone = folder.0.join("gone.pcap");
    assert_eq!(
        error(&[&gone]),
        format!("{}: no such file or directory", gone.display())
    );
    let empty = folder.file("empty.pcap", b"");
    assert_eq!(
        error(&[&empty]),
        format!("{}: the file is empty", empty.display())
    );
    let text = folder.file("notes.txt", b"Dear all,\n");
    assert_eq!(
        error(&[&text]),
        format!(
            "{}: not a pcap or pcapng capture (it looks like text)",
            text.display()
        )
    );
    let zip = folder.file("x.zip", b"PK\x03\x04....");
    assert!(error(&[&zip]).contains("zip archive: unpack it first"));
    let packed_text = folder.file("x.gz", &gzip(b"Dear all,\n"));
    assert!(error(&[&packed_text]).contains("it looks like text"));
    let packed_nothing = folder.file("y.gz", &gzip(b""));
    assert!(error(&[&packed_nothing]).contains("the file is empty"));
    let cut = folder.file("z.gz", &gzip(&simple(&[]))[..6]);
    assert!(
        error(&[&cut]).contains("ends at its start"),
        "{}",
        error(&[&cut])
    );
    assert!(error::<&str>(&[]).contains("no capture named"));
    assert_eq!(error(&["-", "-"]), "`-` (standard input) is named twice");
    // Among others too.
    let good = folder.file("good.pcap", &simple(&[(1, b"x")]));
    assert!(error(&[&good, &text]).contains("looks like text"));
}

#[test]
fn directories_without_captures_are_refused() {
    let folder = Folder::new();
    assert!(error(&[&folder.0]).ends_with("the directory has no files in it"));
    folder.file("notes.txt", b"Dear all,\n");
    std::fs::create_dir(folder.0.join("deeper")).unwrap();
    assert!(error(&[&folder.0]).ends_with("none of the 2 entries of the directory is a capture"));
}

#[test]
fn filter_that_does_not_compile_is_refused_with_libpcaps_words() {
    let folder = Folder::new();
    let path = folder.file("x", &simple(&[(1, b"x")]));
    let options = ReadOptions {
        filter: Some("tcp prot 104".into()),
        ..Default::default()
    };
    let error = read_with(&[&path], &options).unwrap_err().to_string();
    assert!(
        error.starts_with("filter `tcp prot 104` does not compile for link type 1 (ETHERNET): "),
        "{error}"
    );
}

#[test]
fn truncated_files_of_every_kind_are_read_up_to_the_cut() {
    let folder = Folder::new();
    let classic = simple(&[(1, b"one"), (2, b"two"), (3, &[9; 400])]);
    let mut ng = section(LITTLE);
    ng.extend(interface(LITTLE, 1, 0, &[]));
    for (n, frame) in [&b"one"[..], b"two", &[9; 400]].iter().enumerate() {
        ng.extend(enhanced(LITTLE, 0, n as u64, 9, frame, &[]));
    }
    let (cut, cut_ng) = (&classic[..classic.len() - 1], &ng[..ng.len() - 20]);
    for bytes in [
        cut,
        &classic[..24 + 16 + 3 + 16 + 3 + 1],
        cut_ng,
        &gzip(cut),
        &zstd(cut_ng),
    ] {
        let got = read(&[folder.file("x", bytes)]);
        assert_eq!(got.bytes(), [b"one", b"two"]);
        assert_eq!(got.damages.len(), 1);
        let damage = &got.damages[0];
        assert_eq!(
            (damage.file, &damage.fault, damage.tail),
            (0, &Fault::Truncated, false)
        );
    }
    // The place is that of the record that is cut.
    let got = read(&[folder.file("x", cut)]);
    assert_eq!(got.damages[0].offset, 24 + 19 + 19);
    assert_eq!(
        got.damages[0].to_string(),
        "truncated: ends inside the record at byte 62"
    );
    // A pcapng block whose frame is there but whose end is not gives the frame and the complaint.
    let got = read(&[folder.file("x", &ng[..ng.len() - 2])]);
    assert_eq!((got.frames.len(), got.damages.len()), (3, 1));
    // The place is that block's, however much of it was passed over.
    assert_eq!(got.damages[0].offset, (ng.len() - 32 - 400) as u64);
    // The compressed stream itself is cut.
    let noise: Vec<u8> = (0..300_000u32)
        .flat_map(|n| n.wrapping_mul(n).to_le_bytes())
        .collect();
    let many: Vec<_> = noise.chunks(1000).map(|c| (7, c)).collect();
    for whole in [gzip(&ng), gzip(&simple(&many)), zstd(&simple(&many))] {
        let got = read(&[folder.file("x", &whole[..whole.len() - 6])]);
        assert!(got.frames.len() >= 2);
        assert_eq!(got.damages.len(), 1, "{:?}", got.damages);
        assert_eq!(got.damages[0].fault, Fault::Truncated);
    }
    // Inside the file header.
    let got = read(&[folder.file("x", &classic[..20])]);
    assert_eq!((got.frames.len(), got.damages[0].offset), (0, 0));
}

#[test]
fn file_that_somebody_still_writes_to_ends_without_fault() {
    let folder = Folder::new();
    let bytes = simple(&[(1, b"one"), (2, b"two")]);
    let path = folder.0.join("live.pcap");
    let mut writer = std::fs::File::create(&path).unwrap();
    writer.write_all(&bytes[..bytes.len() - 1]).unwrap();
    let got = read(&[&path]);
    assert_eq!(got.bytes(), [b"one"]);
    if cfg!(target_os = "linux") {
        assert!(got.damages[0].tail, "{:?}", got.damages);
        assert!(
            got.damages[0]
                .to_string()
                .starts_with("still being written")
        );
    }
    // The same bytes with nobody writing are truncated, however young.
    drop(writer);
    assert!(!read(&[&path]).damages[0].tail);
}

#[test]
fn record_of_an_impossible_length_ends_its_file() {
    let folder = Folder::new();
    for len in [0x7FFF_FFFFu32, u32::MAX, 256 * 1024 + 1] {
        let mut bytes = simple(&[(1, b"one")]);
        let mut bad = record(LITTLE, 1, 1, 4, b"data");
        bad[8..12].copy_from_slice(&len.to_le_bytes());
        bytes.extend(bad);
        bytes.extend(vec![0; 600_000]);
        let got = read(&[folder.file("x", &bytes)]);
        assert_eq!(got.bytes(), [b"one"]);
        assert_eq!(got.damages[0].fault, Fault::FrameTooLong(u64::from(len)));
        assert_eq!(got.damages[0].offset, 43);
    }
}

#[test]
fn pcapng_that_contradicts_itself_ends_there() {
    let folder = Folder::new();
    let start = [
        section(LITTLE),
        interface(LITTLE, 1, 0, &[]),
        enhanced(LITTLE, 0, 1, 3, b"one", &[]),
    ]
    .concat();
    let mut longer = enhanced(LITTLE, 0, 1, 3, b"two", &[]);
    longer[20..24].copy_from_slice(&100u32.to_le_bytes());
    let mut short = block(LITTLE, 77, &[]);
    short[4..8].copy_from_slice(&8u32.to_le_bytes());
    let mut endless = enhanced(LITTLE, 0, 1, 3, b"two", &[]);
    endless[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut no_order = section(LITTLE);
    no_order[8] = 0;
    let mut version = section(LITTLE);
    version[12] = 2;
    let cases = [
        (
            enhanced(LITTLE, 1, 1, 3, b"two", &[]),
            "a packet of an interface that was not described",
        ),
        (longer, "a packet longer than its block"),
        (short, "a block shorter than its own header"),
        (endless, "a block longer than 16 MiB"),
        (no_order, "a section header without byte-order magic"),
        (version, "a section of a version other than 1"),
        (
            interface(LITTLE, 1, 0, &option(LITTLE, 9, &[20])),
            "a time resolution beyond 64 bits",
        ),
    ];
    for (bad, what) in cases {
        let bytes = [&start[..], &bad, &start].concat();
        let got = read(&[folder.file("x", &bytes)]);
        assert_eq!(got.bytes(), [b"one"], "{what}");
        assert_eq!(got.damages[0].fault, Fault::Format(what));
        assert_eq!(got.damages[0].offset, start.len() as u64);
    }
}

#[test]
fn compressed_stream_that_is_broken_is_read_up_to_the_break() {
    let folder = Folder::new();
    let frames: Vec<Vec<u8>> = (0..20_000u32)
        .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes().repeat(9))
        .collect();
    let bytes = simple(&frames.iter().map(|f| (5, &f[..])).collect::<Vec<_>>());
    for mut packed in [gzip(&bytes), zstd(&bytes)] {
        let middle = packed.len() * 3 / 4;
        packed[middle..middle + 40].fill(0x5A);
        let got = read(&[folder.file("x", &packed)]);
        assert_eq!(got.damages.len(), 1);
        assert!(!got.damages[0].tail);
        assert!(got.frames.len() < 20_000);
    }
}

#[test]
fn compressed_file_that_swells_beyond_all_measure_is_given_up() {
    let folder = Folder::new();
    let mut bytes = simple(&[(1, b"one")]);
    for _ in 0..300 {
        bytes.extend(record(LITTLE, 1, 1, 60_000, &[0; 60_000]));
    }
    let path = folder.file("bomb.gz", &gzip(&bytes));
    let mut limits = Limits::default();
    limits.set("expansion-free", 4_000_000);
    let options = ReadOptions {
        limits,
        ..Default::default()
    };
    let got = read_with(&[&path], &options).unwrap();
    assert_eq!(got.damages[0].fault, Fault::Expansion);
    assert!(
        got.frames.len() > 30 && got.frames.len() < 300,
        "{}",
        got.frames.len()
    );
    assert_eq!(
        read(&[&path]).frames.len(),
        301,
        "below the default nothing is refused"
    );
}
