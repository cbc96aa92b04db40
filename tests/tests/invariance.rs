//! The same bytes sent differently give the same messages and findings.
//!
//! The captures are real programs' traffic; only how it was sent is changed.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use wardwatch_tests::capture::{self, Frame, read, shipped, write};
use wardwatch_tests::replay::{Replay, essence};
use wardwatch_tests::rewrite::{self, Tunnel};

/// Small captures of both first protocols, with the policy that judges them.
fn subjects() -> Vec<(PathBuf, PathBuf)> {
    let mut list = Vec::new();
    for (folder, policy) in [
        ("pcaps/hl7v2", "pcaps/policies/hl7.toml"),
        ("pcaps/dicom", "pcaps/policies/dicom.toml"),
    ] {
        for path in capture::all_shipped() {
            if path.starts_with(shipped(folder)) && read(&path).len() < 600 {
                list.push((path, shipped(policy)));
            }
        }
    }
    assert!(list.len() >= 8, "captures are missing below pcaps/");
    list
}

/// Messages and findings of frames, sorted: cutting a segment may let two conversations overtake
/// each other, but says nothing else.
fn said(frames: &[Frame], policy: &Path) -> Vec<String> {
    let file = write(frames);
    let mut lines = essence(&Replay::of(&file.0).policy(policy.to_owned()).records());
    lines.sort();
    lines
}

fn same(name: &str, how: &str, expected: &[String], seen: &[String]) {
    let missing: Vec<_> = expected
        .iter()
        .filter(|l| !seen.contains(l))
        .take(3)
        .collect();
    let extra: Vec<_> = seen
        .iter()
        .filter(|l| !expected.contains(l))
        .take(3)
        .collect();
    assert!(
        expected == seen,
        "{name} {how}: {} lines became {}; missing {missing:#?}, extra {extra:#?}",
        expected.len(),
        seen.len()
    );
}

fn for_each_subject(how: &str, change: impl Fn(&[Frame]) -> Vec<Frame>) {
    for (path, policy) in subjects() {
        let frames = read(&path);
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let expected = said(&frames, &policy);
        same(&name, how, &expected, &said(&change(&frames), &policy));
    }
}

#[test]
fn in_segments_of_seven_bytes() {
    for_each_subject("cut to seven bytes", |f| rewrite::resegment(f, || 7));
}

#[test]
fn in_fragments_of_64_bytes() {
    for_each_subject("fragmented", |f| rewrite::fragment(f, 64, false));
}

#[test]
fn in_fragments_sent_backwards() {
    for_each_subject("fragmented backwards", |f| rewrite::fragment(f, 256, true));
}

#[test]
fn with_a_vlan_tag_on_every_frame() {
    for_each_subject("tagged", |f| rewrite::tag(f, 110, |_| true));
}

#[test]
fn with_a_vlan_tag_on_one_direction_only() {
    for_each_subject("half tagged", |f| {
        rewrite::tag(f, 110, |frame| frame.bytes[11] & 1 == 1)
    });
}

#[test]
fn inside_vxlan() {
    for_each_subject("in VXLAN", |f| rewrite::tunnel(f, Tunnel::Vxlan));
}

#[test]
fn inside_erspan() {
    for_each_subject("in ERSPAN", |f| rewrite::tunnel(f, Tunnel::Erspan2));
}

#[test]
fn inside_gre_and_tzsp() {
    for_each_subject("in GRE", |f| rewrite::tunnel(f, Tunnel::GreEthernet));
    for_each_subject("in TZSP", |f| rewrite::tunnel(f, Tunnel::Tzsp));
}

#[test]
fn every_frame_seen_twice_by_the_mirror() {
    for_each_subject("doubled", |f| {
        f.iter()
            .flat_map(|frame| [frame.clone(), frame.clone()])
            .collect()
    });
}

#[test]
fn seen_again_behind_a_router() {
    for_each_subject("routed copies", |f| {
        rewrite::routed_copies(f, Some(20), 40_000, |_| true)
    });
}

#[test]
fn one_direction_seen_again_behind_a_router_without_a_tag() {
    for_each_subject("one direction copied", |f| {
        rewrite::routed_copies(f, None, 90_000, |frame| frame.bytes[11] & 1 == 1)
    });
}

#[test]
fn the_two_directions_in_two_files() {
    for (path, policy) in subjects() {
        let frames = read(&path);
        // Frames of one time could come in either order from two files.
        if frames.windows(2).any(|w| w[0].time >= w[1].time) {
            continue;
        }
        let expected = said(&frames, &policy);
        let [low, high] = rewrite::directions(&frames).map(|half| write(&half));
        let both = Replay {
            captures: vec![low.0.clone(), high.0.clone()],
            ..Replay::default()
        }
        .policy(policy);
        let mut seen = essence(&both.records());
        seen.sort();
        same(
            &path.display().to_string(),
            "in two files",
            &expected,
            &seen,
        );
    }
}

#[test]
fn any_number_of_workers_gives_the_same_bytes() {
    for (path, policy) in subjects() {
        let alone = Replay::of(&path).policy(policy.clone()).eve();
        for workers in [1, 2, 3, 16] {
            let together = Replay::of(&path)
                .policy(policy.clone())
                .workers(workers)
                .eve();
            assert!(
                alone == together,
                "{} differs with {workers} workers",
                path.display()
            );
        }
    }
}

#[test]
fn one_direction_missing_leaves_the_other_whole() {
    for (path, policy) in subjects() {
        let frames = read(&path);
        let halves = rewrite::directions(&frames);
        let all = messages(&frames, &policy);
        for half in &halves {
            let left = messages(half, &policy);
            let senders: Vec<&str> = left
                .iter()
                .map(|l| l.split(' ').nth(1).unwrap_or_default())
                .collect();
            // Kinds only: what the other side told (an accepted context) cannot be known.
            for line in all
                .iter()
                .filter(|l| senders.contains(&l.split(' ').nth(1).unwrap_or_default()))
            {
                assert!(
                    left.contains(line),
                    "{}: {line} is lost with the other direction",
                    path.display()
                );
            }
        }
    }
}

/// `protocol source>destination kind` of each message without anomalies.
fn messages(frames: &[Frame], policy: &Path) -> Vec<String> {
    let file = write(frames);
    Replay::of(&file.0)
        .policy(policy.to_owned())
        .records()
        .iter()
        .filter_map(|r| {
            let event = r["event_type"].as_str()?;
            let body = r.get(event)?;
            let said = !matches!(event, "tcp" | "health" | "alert" | "finding");
            (said && body.get("anomaly").is_none() && body.get("kind").is_some()).then(|| {
                format!(
                    "{event} {}:{}>{}:{} {}",
                    r["src_ip"], r["src_port"], r["dest_ip"], r["dest_port"], body["kind"]
                )
            })
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any cut, any tag, copies or not, any number of workers.
    #[test]
    fn however_it_is_sent(
        which in 0usize..64,
        cuts in prop::collection::vec(1usize..1500, 1..20),
        fragment in prop::option::of(64usize..1400),
        vlan in prop::option::of(1u16..4095),
        copies in any::<bool>(),
        workers in 0usize..4,
    ) {
        let subjects = subjects();
        let (path, policy) = &subjects[which % subjects.len()];
        let frames = read(path);
        let expected = said(&frames, policy);
        let mut next = cuts.iter().cycle();
        let mut sent = rewrite::resegment(&frames, || *next.next().expect("a cycle"));
        if let Some(size) = fragment {
            sent = rewrite::fragment(&sent, size, false);
        } else if copies {
            sent = rewrite::routed_copies(&sent, vlan, 30_000, |_| true);
        }
        if let Some(vlan) = vlan {
            sent = rewrite::tag(&sent, vlan, |_| true);
        }
        let file = write(&sent);
        let mut seen = essence(&Replay::of(&file.0).policy(policy.clone()).workers(workers).records());
        seen.sort();
        same(&path.display().to_string(), "sent at random", &expected, &seen);
    }
}
