//! What must hold whatever the packets: the same bytes give the same messages however they come, the
//! ledger closes, and the number of workers never shows.

use dissectors::contract::Side;
use dissectors::contract::Side::{Client, Server};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::lines;
use super::wire::*;
use crate::decode::packet::{TcpFlags, TransportHead};
use crate::flow::limits;

/// A turn of a conversation: who says what, and how it is cut.
#[derive(Clone, Debug)]
struct Turn {
    side: Side,
    bytes: Vec<u8>,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let line = prop_oneof![
        6 => "[a-z ]{0,40}".prop_map(|s| format!("L:{s}\n").into_bytes()),
        1 => (0usize..300).prop_map(|n| {
            let mut all = format!("L:pass {n}\n").into_bytes();
            // Bytes that would be lines if they were read.
            all.extend(b"L:not a line\n".iter().cycle().take(n));
            all
        }),
    ];
    let turn =
        (any::<bool>(), prop::collection::vec(line, 1..4)).prop_map(|(server, lines)| Turn {
            side: if server { Server } else { Client },
            bytes: lines.concat(),
        });
    prop::collection::vec(turn, 1..8)
}

/// How a conversation's packets are disturbed on their way, from a stream of random bytes.
struct Dice<'a>(std::iter::Cycle<std::slice::Iter<'a, u8>>, u8);

impl Dice<'_> {
    fn roll(&mut self, sides: usize) -> usize {
        self.1 = self
            .1
            .wrapping_mul(31)
            .wrapping_add(*self.0.next().unwrap());
        usize::from(self.1) % sides
    }
}

/// The conversation's packets, cut, shuffled within each turn, repeated, and doubled by a router.
fn shots(turns: &[Turn], dice: &mut Dice<'_>, isn: u32, shuffle: bool) -> Vec<Shot> {
    let client = End { isn, ..CLIENT };
    let server = End {
        isn: isn.wrapping_mul(3),
        ..SERVER
    };
    let mut talk = Talk::new(client, server);
    let mut wire = talk.open();
    let mut sent: [Vec<Shot>; 2] = Default::default();
    for turn in turns {
        let mut group = Vec::new();
        let mut rest = &turn.bytes[..];
        while !rest.is_empty() {
            let n = (1 + dice.roll(60)).min(rest.len());
            group.push(talk.say(turn.side, &rest[..n]));
            rest = &rest[n..];
        }
        sent[turn.side.index()].extend(group.iter().cloned());
        if shuffle {
            for n in 1..group.len() {
                let near = n.saturating_sub(3);
                let other = near + dice.roll(n - near + 1);
                group.swap(n, other);
            }
            // A repeat, cut in its own way.
            if dice.roll(2) == 0 {
                let old = &sent[turn.side.index()];
                let first = dice.roll(old.len());
                let mut again = old[first].clone();
                for next in old[first + 1..].iter().take(dice.roll(3)) {
                    again.bytes.extend(&next.bytes);
                }
                let skip = dice.roll(again.bytes.len());
                again.bytes.drain(..skip);
                again.head().seq = again.head().seq.wrapping_add(skip as u32);
                again.head().checksum = again.head().checksum.wrapping_add(1);
                let place = dice.roll(group.len() + 1);
                group.insert(place, again);
            }
            group = group
                .into_iter()
                .flat_map(|s| match dice.roll(3) {
                    0 => vec![s.clone(), s.routed()],
                    _ => vec![s],
                })
                .collect();
        }
        wire.extend(group);
        wire.push(talk.ack(turn.side.other()));
    }
    wire.push(talk.fin(Client));
    wire.push(talk.fin(Server));
    wire
}

/// What the turns say, by their making: lines outside of bodies.
fn truth(turns: &[Turn]) -> Vec<String> {
    let mut all = Vec::new();
    for turn in turns {
        let mut rest = &turn.bytes[..];
        while let Some(len) = rest.iter().position(|b| *b == b'\n') {
            let line = std::str::from_utf8(&rest[..len]).unwrap();
            all.push(line.to_string());
            let body = line
                .strip_prefix("L:pass ")
                .map_or(0, |n| n.parse().unwrap());
            rest = &rest[len + 1 + body..];
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn same_bytes_cut_shuffled_repeated_and_doubled_give_the_same_messages(
        turns in turns(),
        random in prop::collection::vec(any::<u8>(), 1..80),
        isn in any::<u32>(),
        decoy in any::<bool>(),
        shuffle in any::<bool>(),
    ) {
        let mut dice = Dice(random.iter().cycle(), 1);
        let wire = shots(&turns, &mut dice, isn, shuffle);
        let rig = if decoy { Rig::with(lines::with_decoy()) } else { Rig::default() };
        let out = rig.run(&wire);
        prop_assert_eq!(out.lines(), truth(&turns));
        prop_assert_eq!(out.events(), ["opened", "closed"]);
        prop_assert_eq!(out.counts.events.gaps, 0);
        let said: usize = turns.iter().map(|t| t.bytes.len()).sum();
        prop_assert_eq!(out.counts.bytes.dissected + out.counts.bytes.passed, said as u64);
        let ends: Vec<_> = out.kinds().into_iter().filter(|k| k.starts_with("end ")).collect();
        prop_assert_eq!(ends, ["end Fin after 0"; 2]);
        // A message belongs to frames in its own conversation, the last not after it was known.
        for told in &out.told {
            prop_assert!(told.frames.last().unwrap() <= &told.key.seq.min(wire.len() as u64));
        }
    }

    #[test]
    fn losses_and_overlaps_that_differ_leave_the_ledger_closed(
        turns in turns(),
        random in prop::collection::vec(any::<u8>(), 1..80),
        lose in 0usize..30,
        spoil in 0usize..30,
    ) {
        let mut dice = Dice(random.iter().cycle(), 7);
        let mut wire = shots(&turns, &mut dice, 1, true);
        wire.retain(|_| lose == 0 || dice.roll(30) >= lose / 3);
        for shot in &mut wire {
            if dice.roll(30) < spoil / 3 && !shot.bytes.is_empty() {
                let at = dice.roll(shot.bytes.len());
                shot.bytes[at] ^= 1;
                shot.head().checksum ^= 5;
            }
            if dice.roll(60) < lose / 3 {
                let keep = dice.roll(shot.bytes.len() + 1);
                shot.packet.cut = (shot.bytes.len() - keep) as u32;
                shot.bytes.truncate(keep);
            }
        }
        // The rig asserts that it closes.
        let out = Rig::default().run(&wire);
        let small = Rig::with(lines::with_decoy())
            .limit(limits::STREAM_BUFFER, 20)
            .limit(limits::REORDER_SEGMENTS, 2)
            .limit(limits::BUFFERS, 16 * 3_000)
            .limit(limits::HISTORY, 16)
            .run(&wire);
        prop_assert_eq!(out.counts.bytes_in, small.counts.bytes_in);
    }

    #[test]
    fn number_of_workers_never_shows(
        shots in prop::collection::vec(anything(), 1..300),
        workers in 2usize..20,
        block in 1usize..50,
        batch in 1u64..40,
    ) {
        let one = quiet(|| Rig::default().run(&shots));
        let many = Rig { workers: workers.min(16), block, ..Rig::default() }
            .limit(limits::BATCH_MESSAGES, batch);
        let many = quiet(|| many.run(&shots));
        prop_assert_eq!(one.told, many.told);
        prop_assert_eq!(one.counts, many.counts);
    }
}

/// Any packet between a few hosts, near enough to others to matter.
fn anything() -> impl Strategy<Value = Shot> {
    let end = || (1u8..5, prop_oneof![Just(2575u16), Just(40_000), Just(1)]);
    let bytes = prop_oneof![
        3 => Just(Vec::new()),
        3 => "L:[a-z]{0,6}\n".prop_map(String::into_bytes),
        1 => "(L:pass [0-9]{1,3}\n|L:crash\n|L:stuck\n|L:leave\n|L:greedy\n|L|L:|x\n)".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    let number = || {
        prop_oneof![
            8 => (0u32..60).prop_map(|n| n.wrapping_sub(20)),
            1 => any::<u32>(),
        ]
    };
    let time = prop_oneof![20 => Just(0i64), 1 => (0i64..5_000).prop_map(|s| s * SECOND)];
    let flags = prop_oneof![5 => Just(TcpFlags::ACK), 2 => Just(TcpFlags::SYN), 1 => any::<u8>()];
    (
        (end(), end()),
        bytes,
        (number(), number()),
        flags,
        time,
        (
            0u16..3,
            prop_oneof![9 => Just(0u32), 1 => 0u32..30],
            0u8..20,
        ),
    )
        .prop_map(
            |((a, b), bytes, (seq, ack), flags, time, (ip_id, cut, kind))| {
                let end = |(host, port): (u8, u16)| End {
                    host,
                    port,
                    isn: 0,
                    ttl: 64,
                };
                let mut shot = match kind {
                    0 => Shot::udp(end(a), end(b), &bytes),
                    _ => Shot::tcp(end(a), end(b), flags, seq, ack, &bytes),
                };
                if kind == 1 {
                    shot.packet.head = TransportHead::Link { ethertype: 0x88CC };
                }
                shot.packet.ip_id = ip_id;
                shot.packet.cut = cut;
                at(shot, time)
            },
        )
}

/// Without the noise of panics that are part of the game.
fn quiet<R>(what: impl FnOnce() -> R) -> R {
    use std::sync::Once;
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let text = info.payload().downcast_ref::<&str>();
            if text != Some(&"as asked") {
                usual(info);
            }
        }));
    });
    what()
}

/// A hundred thousand packets of any kind; as many as `WARDWATCH_PACKETS` says if it is set.
#[test]
fn packets_of_any_kind_never_crash_the_sensor() {
    let wanted = std::env::var("WARDWATCH_PACKETS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(60_000usize);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = prop::collection::vec(anything(), 2_000);
    let rig = Rig::with(lines::with_decoy())
        .limit(limits::FLOWS, 16 * 8)
        .limit(limits::BUFFERS, 16 * 6_000);
    let mut sent = 0;
    while sent < wanted {
        let shots = strategy.new_tree(&mut runner).unwrap().current();
        let out = quiet(|| rig.run(&shots));
        assert!(out.counts.events.tcp_conversations > 0);
        sent += shots.len();
    }
}
