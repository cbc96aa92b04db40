//! What is not believed, and what is too much.

use dissectors::contract::Side::{Client, Server};

use super::wire::*;
use crate::decode::packet::TcpFlags;
use crate::flow::limits;

const ACK: u8 = TcpFlags::ACK;
const RST: u8 = TcpFlags::RST;
const SYN: u8 = TcpFlags::SYN;

#[test]
fn reset_out_of_the_window_ends_nothing() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\n"));
    let mut forged = talk.flagged(Server, RST, b"");
    forged.head().seq = forged.head().seq.wrapping_add(3_000);
    forged.packet.ttl = 40;
    wire.push(forged);
    wire.push(talk.say(Server, b"L:two\n"));
    let out = run(&wire);
    assert_eq!(
        out.kinds(),
        [
            "L:one",
            "L:two",
            "end Capture after 0",
            "end Capture after 0"
        ]
    );
    assert_eq!(out.one("reset").state, "ignored");
    assert_eq!(out.one("closed").state, "established");
}

#[test]
fn forged_reset_with_the_right_number_does_not_silence_what_follows() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\n"));
    wire.push(talk.flagged(Client, RST, b""));
    wire.push(talk.say(Client, b"L:two\n"));
    wire.push(talk.say(Server, b"L:three\n"));
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:one", "L:two", "L:three"]);
    assert_eq!(out.one("reset").state, "reset");
    assert_eq!(out.one("closed").state, "established");
}

#[test]
fn forged_fin_with_the_right_number_does_not_silence_what_follows() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\n"));
    wire.push(talk.flagged(Client, ACK | TcpFlags::FIN, b""));
    for n in 0..8 {
        wire.push(talk.say(Client, format!("L:{n}\n").as_bytes()));
        wire.push(talk.ack(Server));
    }
    let out = run(&wire);
    let lines = out.lines();
    assert_eq!(lines[0], "L:one");
    assert_eq!(lines[lines.len() - 4..], ["L:4", "L:5", "L:6", "L:7"]);
    assert!(out.counts.bytes.after_end > 0);
}

#[test]
fn forged_syn_into_a_conversation_does_not_end_it() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\n"));
    wire.push(Shot::tcp(CLIENT, SERVER, SYN, 77_777, 0, b""));
    wire.push(talk.say(Client, b"L:two\n"));
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:one", "L:two"]);
    assert_eq!(out.counts.events.tcp_conversations, 1);
}

#[test]
fn stray_segment_far_out_of_the_window_is_not_waited_for() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\n"));
    let mut stray = talk.flagged(Client, ACK, b"L:stray\n");
    stray.head().seq = stray.head().seq.wrapping_add(100_000_000);
    wire.push(stray);
    wire.push(talk.say(Client, b"L:two\n"));
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:one", "L:two"]);
    assert_eq!(out.counts.bytes.out_of_window, 8);
}

#[test]
fn dissector_that_crashes_costs_its_conversation_alone() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\nL:crash\nL:lost\n"));
    wire.push(talk.say(Client, b"L:lost too\n"));
    let other = End {
        port: 40_001,
        ..CLIENT
    };
    let mut second = Talk::new(other, SERVER);
    wire.extend(second.open());
    wire.push(second.say(Client, b"L:two\n"));
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let out = run(&wire);
    std::panic::set_hook(hook);
    assert_eq!(out.lines(), ["L:one", "L:two"]);
    assert_eq!(out.counts.events.panics, 1);
    assert_eq!(out.counts.bytes.crashed, 26);
}

#[test]
fn dissector_that_reads_nothing_is_given_up() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\nL:stuck\n"));
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:one"]);
    assert!(out.counts.events.misbehaved > 0);
}

#[test]
fn message_longer_than_may_be_kept_is_lost_and_counted_and_the_next_is_found() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\nL:"));
    wire.push(talk.say(Client, &[b'x'; 80]));
    wire.push(talk.say(Client, &[b'x'; 80]));
    wire.push(talk.say(Client, b"\nL:two\n"));
    let out = Rig::default().limit(limits::STREAM_BUFFER, 100).run(&wire);
    assert_eq!(out.lines(), ["L:one", "L:two"]);
    assert_eq!(out.counts.events.stream_buffer_hits, 1);
    assert_eq!(out.counts.bytes.refused, 162);
}

#[test]
fn dissector_that_asks_for_more_than_may_be_kept_is_refused_at_once() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\nL:greedy\n"));
    wire.push(talk.say(Client, b"L:two\n"));
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:one", "L:two"]);
    assert_eq!(out.counts.bytes.refused, 9);
}

#[test]
fn conversation_of_no_known_protocol_keeps_nothing() {
    let (mut talk, mut wire) = opened();
    for _ in 0..20 {
        wire.push(talk.say(Client, b"GET / HTTP/1.1\r\n"));
    }
    let out = run(&wire);
    assert!(out.kinds().is_empty());
    assert_eq!(out.counts.events.unidentified, 1);
    assert_eq!(out.counts.bytes.unidentified, 320);
}

#[test]
fn flood_of_attempts_evicts_attempts_and_not_the_conversation_that_speaks() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\n"));
    for port in 1..=200 {
        wire.push(Shot::tcp(CLIENT, End { port, ..SERVER }, SYN, 1, 0, b""));
    }
    wire.push(talk.say(Client, b"L:two\n"));
    let out = Rig::default().limit(limits::FLOWS, 16 * 10).run(&wire);
    assert_eq!(out.lines(), ["L:one", "L:two"]);
    assert_eq!(out.counts.events.tcp_conversations, 201);
    assert_eq!(out.counts.events.flow_evictions, 191);
    assert_eq!(
        out.events().iter().filter(|k| **k == "attempt").count(),
        200
    );
}

#[test]
fn conversation_that_hoards_loses_its_buffer_and_the_small_one_keeps_its_own() {
    let (mut small, mut wire) = opened();
    wire.push(small.say(Client, b"L:sma"));
    let hoarder = End {
        port: 40_001,
        ..CLIENT
    };
    let mut talk = Talk::new(hoarder, SERVER);
    wire.extend(talk.open());
    wire.push(talk.say(Client, b"L:"));
    for _ in 0..20 {
        wire.push(talk.say(Client, &[b'x'; 1_000]));
    }
    wire.push(small.say(Client, b"ll\n"));
    let out = Rig::default()
        .limit(limits::BUFFERS, 16 * 12_000)
        .run(&wire);
    assert!(out.lines().contains(&"L:small"), "{:?}", out.lines());
    assert!(out.counts.events.buffer_evictions > 0);
}

#[test]
fn segments_behind_a_hole_are_kept_up_to_a_limit() {
    let (mut talk, mut wire) = opened();
    talk.skip(Client, 3);
    for n in 0..30 {
        let mut next = talk.say(Client, format!("\nL:{n}").as_bytes());
        next.head().ack = SERVER.isn + 1;
        wire.push(next);
    }
    let out = Rig::default()
        .limit(limits::REORDER_SEGMENTS, 10)
        .run(&wire);
    assert_eq!(out.counts.events.reorder_hits, 1);
    assert_eq!(out.counts.events.gap_bytes, 3);
}

#[test]
fn batch_that_is_full_is_handed_on_and_nothing_is_lost() {
    let (mut talk, mut wire) = opened();
    for n in 0..50 {
        wire.push(talk.say(Client, format!("L:{n}\n").as_bytes()));
    }
    let whole = run(&wire);
    let pieces = Rig::default().limit(limits::BATCH_MESSAGES, 3).run(&wire);
    assert_eq!(whole, pieces);
}

#[test]
fn neighbours_on_a_ward_are_spread_over_the_shards() {
    let mut hit = [0; crate::flow::SHARDS];
    for host in 1..=200 {
        let shot = Shot::udp(
            End { host, ..CLIENT },
            End {
                host: 250,
                ..SERVER
            },
            b"",
        );
        hit[crate::flow::shard_of(&shot.packet)] += 1;
    }
    assert!(hit.iter().all(|n| (3..=30).contains(n)), "{hit:?}");
}
