//! Whatever the bytes, reading ends; and another reader sees the same.

use proptest::prelude::*;

use super::written::*;
use super::*;

/// Pieces of pcapng files, right and wrong.
fn blocks() -> Vec<Vec<u8>> {
    vec![
        section(LITTLE),
        section(BIG),
        interface(LITTLE, 1, 0, &[]),
        interface(BIG, 101, 96, &option(BIG, 9, &[9])),
        enhanced(LITTLE, 0, 5, 9, b"a frame", &[]),
        enhanced(BIG, 0, 5, 9, b"another frame", &option(BIG, 1, b"comment")),
        block(LITTLE, 3, &[&3u32.to_le_bytes()[..], b"sim"].concat()),
        block(LITTLE, 5, &[0; 40]),
        block(LITTLE, 0x77, &[1; 33]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_bytes_behind_a_magic_end_somewhere(
        magic in proptest::sample::select(vec![
            &[0xD4u8, 0xC3, 0xB2, 0xA1][..], &[0xA1, 0xB2, 0x3C, 0x4D], &[0x0A, 0x0D, 0x0D, 0x0A],
            &[0x1F, 0x8B, 8, 0], &[0x28, 0xB5, 0x2F, 0xFD], &[0x50, 0x2A, 0x4D, 0x18],
        ]),
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let folder = Folder::new();
        let path = folder.file("x", &[magic, &bytes].concat());
        if let Ok(got) = read_with(&[path], &ReadOptions::default()) {
            prop_assert_eq!(got.frames.len() as u64, got.delivered);
        }
    }

    #[test]
    fn changed_pcapng_ends_somewhere(
        picks in proptest::collection::vec(any::<prop::sample::Index>(), 1..12),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let all = blocks();
        let mut bytes = [section(LITTLE), interface(LITTLE, 1, 0, &[])].concat();
        for pick in picks {
            bytes.extend(pick.get(&all));
        }
        for (at, value) in changes {
            let at = 4 + at.index(bytes.len() - 4);
            bytes[at] = value;
        }
        bytes.truncate(4 + cut.index(bytes.len() - 3));
        let folder = Folder::new();
        let got = read(&[folder.file("x", &bytes)]);
        prop_assert!(got.damages.len() <= 1);
        prop_assert_eq!(got.frames.len() as u64, got.delivered);
    }

    #[test]
    fn merged_files_give_the_frames_of_all_in_order(
        files in proptest::collection::vec(proptest::collection::vec(0..50u64, 0..40), 1..6),
    ) {
        let folder = Folder::new();
        let mut expected = Vec::new();
        let mut paths = Vec::new();
        for (file, times) in files.iter().enumerate() {
            let mut times = times.clone();
            times.sort_unstable();
            let frames: Vec<_> = times.iter().map(|t| (*t, &b"frame"[..])).collect();
            paths.push(folder.file(&file.to_string(), &simple(&frames)));
            expected.extend(times.iter().enumerate().map(|(n, t)| (*t as i64 * 1000, file as u32, n as u64 + 1)));
        }
        expected.sort_unstable();
        let got = read(&paths);
        let order: Vec<_> = got.frames.iter().map(|f| (f.time, f.file, f.number)).collect();
        prop_assert_eq!(order, expected);
    }

    /// pcap-parser reads the same frames from the same bytes.
    #[test]
    fn pcap_parser_reads_the_same_frames(
        frames in proptest::collection::vec((any::<u32>(), 0..1_000_000u32, proptest::collection::vec(any::<u8>(), 0..300)), 0..40),
        big in any::<bool>(),
    ) {
        let order = Order(big);
        let mut classic = pcap(order, MICRO, 1);
        let mut ng = [section(order), interface(order, 1, 0, &[])].concat();
        for (seconds, micros, bytes) in &frames {
            classic.extend(record(order, *seconds, *micros, bytes.len() as u32, bytes));
            let ticks = u64::from(*seconds) * 1_000_000 + u64::from(*micros);
            ng.extend(enhanced(order, 0, ticks, bytes.len() as u32, bytes, &[]));
        }
        let folder = Folder::new();
        for bytes in [classic, ng] {
            let got = read(&[folder.file("x", &bytes)]);
            let ours: Vec<_> = got.frames.iter().map(|f| (f.time / 1000, f.bytes.clone())).collect();
            prop_assert_eq!(ours, theirs(&bytes));
        }
    }
}

/// Microseconds and bytes of each frame, by pcap-parser.
fn theirs(bytes: &[u8]) -> Vec<(i64, Vec<u8>)> {
    use pcap_parser::{Block, PcapBlockOwned, PcapError};
    let mut out = Vec::new();
    let mut reader =
        pcap_parser::create_reader(1 << 20, std::io::Cursor::new(bytes.to_vec())).unwrap();
    loop {
        match reader.next() {
            Ok((offset, found)) => {
                match found {
                    PcapBlockOwned::Legacy(r) => {
                        out.push((
                            i64::from(r.ts_sec) * 1_000_000 + i64::from(r.ts_usec),
                            r.data.to_vec(),
                        ));
                    }
                    PcapBlockOwned::NG(Block::EnhancedPacket(r)) => {
                        let time = i64::from(r.ts_high) << 32 | i64::from(r.ts_low);
                        out.push((time, r.data[..r.caplen as usize].to_vec()));
                    }
                    _ => {}
                }
                reader.consume(offset);
            }
            Err(PcapError::Eof) => return out,
            Err(PcapError::Incomplete(_)) => reader.refill().unwrap(),
            Err(other) => panic!("{other:?}"),
        }
    }
}
