//! Bytes changed at random: nothing panics, nothing is lost from the ledger.
//!
//! A bounded run by default; `WARDWATCH_MUTATIONS=1000000` frames for a long one by hand.

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use rules::language::ruleset::{RuleSet, Source};
use rules::policy::Policy;
use wardwatch_tests::capture::{Frame, all_shipped, read, shipped, write};
use wardwatch_tests::replay::Replay;

/// Frames changed in a run.
fn budget(default: usize) -> usize {
    std::env::var("WARDWATCH_MUTATIONS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(default)
}

/// The same sequence in every run: a failure can be repeated.
fn random() -> TestRng {
    TestRng::deterministic_rng(RngAlgorithm::ChaCha)
}

fn below(rng: &mut TestRng, n: usize) -> usize {
    (rng.next_u64() % n.max(1) as u64) as usize
}

/// Changes a frame behind its Ethernet header: a byte, a run of bytes, its length.
fn change(frame: &Frame, rng: &mut TestRng) -> Frame {
    let mut bytes = frame.bytes.clone();
    // Headers are hit more rarely than payload, else most frames never reach a dissector.
    let from = if below(rng, 8) == 0 {
        12
    } else {
        54.min(bytes.len())
    };
    for _ in 0..=below(rng, 3) {
        if bytes.len() <= from {
            break;
        }
        let at = from + below(rng, bytes.len() - from);
        match below(rng, 6) {
            0 => bytes[at] = rng.next_u32() as u8,
            1 => bytes[at] ^= 1 << below(rng, 8),
            2 => bytes[at] = [0, 0xff, 0x7f, 0x80, 0x0b, 0x1c, b'|'][below(rng, 7)],
            3 => {
                let to = (at + below(rng, 64)).min(bytes.len());
                bytes[at..to].fill(rng.next_u32() as u8);
            }
            4 => bytes.truncate(at),
            _ => {
                let extra = vec![rng.next_u32() as u8; below(rng, 32)];
                bytes.splice(at..at, extra);
            }
        }
    }
    Frame {
        time: frame.time,
        bytes,
    }
}

#[test]
fn changed_frames_of_every_shipped_capture() {
    let captures: Vec<Vec<Frame>> = all_shipped().iter().map(|path| read(path)).collect();
    let mut rng = random();
    let mut left = budget(20_000);
    while left > 0 {
        let frames = &captures[below(&mut rng, captures.len())];
        let odds = 1 + below(&mut rng, 6);
        let mut changed = Vec::with_capacity(frames.len());
        for frame in frames {
            match below(&mut rng, 12) {
                n if n < odds => {
                    changed.push(change(frame, &mut rng));
                    left = left.saturating_sub(1);
                }
                11 => {}
                _ => changed.push(frame.clone()),
            }
        }
        let file = write(&changed);
        let mut replay = Replay::of(&file.0).policy(shipped("pcaps/policies/hl7.toml"));
        replay.ignore_checksums = true;
        let (_, totals) = replay.run();
        assert_eq!(
            totals.flows.events.panics,
            0,
            "a dissector panicked on {}",
            kept(&changed)
        );
        assert_eq!(
            totals.flows.events.misbehaved,
            0,
            "a dissector broke the contract on {}",
            kept(&changed)
        );
        assert_eq!(
            totals.flows.waiting(),
            0,
            "bytes are missing from the ledger on {}",
            kept(&changed)
        );
    }
}

/// Keeps a capture that failed, and says where.
fn kept(frames: &[Frame]) -> String {
    let file = write(frames);
    let path = file.0.with_extension("failed.pcap");
    std::fs::rename(&file.0, &path)
        .map(|()| path.display().to_string())
        .unwrap_or_default()
}

/// Bytes that mean something to a rule's condition or to TOML.
const ODD: &[u8] = b"()[]'\"<>=!~,.#&| \n\\^09azAZ\xc3";

#[test]
fn changed_rules_and_policies_are_refused_or_loaded_never_worse() {
    let mut texts: Vec<String> = rules::catalogue::shipped()
        .into_iter()
        .map(|s| s.text)
        .collect();
    texts.push(std::fs::read_to_string(shipped("pcaps/policies/hl7.toml")).expect("a policy"));
    let mut rng = random();
    for _ in 0..budget(20_000) / 100 {
        let mut bytes = texts[below(&mut rng, texts.len())].clone().into_bytes();
        let start = below(&mut rng, bytes.len());
        bytes.drain(..start);
        bytes.truncate(2_000);
        for _ in 0..=below(&mut rng, 6) {
            let at = below(&mut rng, bytes.len().max(1));
            if let Some(byte) = bytes.get_mut(at) {
                *byte = ODD[below(&mut rng, ODD.len())];
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let source = Source {
            name: "changed.toml".into(),
            text: text.clone(),
        };
        if let Err(report) = RuleSet::load(&[source]) {
            assert!(!report.to_string().is_empty());
        }
        if let Err(report) = Policy::load("changed.toml", &text) {
            assert!(!report.to_string().is_empty());
        }
    }
}
