//! Segments out of order, repeated, overlapping, missing.

use dissectors::contract::Side::{Client, Server};

use super::wire::*;
use crate::decode::packet::TcpFlags;

const ACK: u8 = TcpFlags::ACK;

#[test]
fn line_over_three_segments_in_the_wrong_order_belongs_to_the_one_that_fills_the_hole() {
    let (mut talk, mut wire) = opened();
    let a = talk.say(Client, b"L:on");
    let b = talk.say(Client, b"e li");
    let c = talk.say(Client, b"ne\n");
    wire.extend([a, c, b]);
    let out = run(&wire);
    let line = out.one("L:one line");
    assert_eq!(line.frames, [3, 4, 5]);
    assert_eq!(line.key.seq, 5);
    assert_eq!(out.counts.events.out_of_order, 1);
}

#[test]
fn sequence_numbers_that_wrap_are_followed() {
    let client = End {
        isn: u32::MAX - 4,
        ..CLIENT
    };
    let mut talk = Talk::new(client, SERVER);
    let mut wire = talk.open();
    for n in 0..5 {
        wire.push(talk.say(Client, format!("L:{n}\n").as_bytes()));
    }
    wire.swap(4, 5);
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:0", "L:1", "L:2", "L:3", "L:4"]);
}

#[test]
fn true_answer_behind_a_forged_one_is_told_as_an_overlap_that_differs() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:order\n"));
    let truth = {
        let mut talk = talk.clone();
        talk.say(Server, b"L:refused, allergy\n")
    };
    let mut forged = talk.say(Server, b"L:accepted\n");
    forged.packet.ttl = 63;
    wire.push(forged);
    wire.push(truth);
    let out = run(&wire);
    assert_eq!(out.lines()[..2], ["L:order", "L:accepted"]);
    let event = out.one("overlap-differs");
    // "L:" is the same; the first eleven bytes were forged.
    assert_eq!((event.offset, event.length), (2, 9));
    assert_eq!(event.frames, [5]);
    assert_eq!(out.counts.bytes.conflicting, 11);
}

#[test]
fn differing_copy_behind_a_hole_is_told_and_the_first_decoded() {
    let (mut talk, mut wire) = opened();
    let a = talk.say(Client, b"L:a\n");
    let b = talk.say(Client, b"L:rate 5\n");
    let mut evil = b.clone();
    evil.bytes = b"L:rate 9\n".to_vec();
    evil.head().checksum ^= 1;
    wire.extend([b, evil, a]);
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:a", "L:rate 5"]);
    assert_eq!(out.one("overlap-differs").offset, 11);
}

#[test]
fn keep_alive_probe_is_no_conflict() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\n"));
    let mut probe = talk.flagged(Client, ACK, b"\0");
    probe.head().seq = probe.head().seq.wrapping_sub(1);
    wire.push(at(probe, 10 * SECOND));
    wire.push(talk.ack(Server));
    wire.push(talk.say(Client, b"L:two\n"));
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:one", "L:two"]);
    assert_eq!(out.counts.bytes.keep_alive, 1);
    assert_eq!(out.events(), ["opened", "closed"]);
}

#[test]
fn zero_window_probe_is_the_next_byte() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\n"));
    let probe = talk.flagged(Client, ACK, b"L");
    wire.push(probe);
    wire.push(talk.say(Client, b"L:two\n"));
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:one", "L:two"]);
    assert_eq!(out.events(), ["opened", "closed"]);
}

#[test]
fn copies_from_behind_a_router_are_second_sightings_and_no_repeats() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\n"));
    wire.push(talk.say(Server, b"L:two\n"));
    wire.push(talk.fin(Client));
    wire.push(talk.fin(Server));
    let doubled: Vec<_> = wire.iter().flat_map(|s| [s.clone(), s.routed()]).collect();
    let (once, twice) = (run(&wire), run(&doubled));
    assert_eq!(once.kinds(), twice.kinds());
    assert_eq!(once.events(), twice.events());
    assert_eq!(twice.counts.events.second_sightings, 7);
    assert_eq!(twice.counts.bytes.second_sighting, 12);
    assert_eq!(twice.counts.events.retransmissions, 0);
}

#[test]
fn equal_datagrams_far_apart_are_two() {
    let one = Shot::udp(CLIENT, SERVER, b"L:alarm\n");
    let wire = [
        one.clone(),
        at(one.routed(), 3 * MILLISECOND / 2),
        at(one.clone(), 50 * MILLISECOND),
        at(one, 5 * SECOND),
    ];
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:alarm"; 3]);
    assert_eq!(out.counts.events.second_sightings, 1);
}

#[test]
fn equal_identification_makes_the_window_wider() {
    let mut one = Shot::udp(CLIENT, SERVER, b"L:alarm\n");
    one.packet.ip_id = 99;
    let mut next = one.clone();
    next.packet.ip_id = 100;
    let wire = [
        one.clone(),
        at(one.routed(), 50 * MILLISECOND),
        at(next, 60 * MILLISECOND),
    ];
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:alarm"; 2]);
}

#[test]
fn forged_copy_with_every_header_equal_is_a_conflict_and_no_second_sighting() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:rate 5\n"));
    let mut evil = wire[3].clone();
    evil.bytes = b"L:rate 9\n".to_vec();
    wire.push(evil);
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:rate 5"]);
    assert_eq!(out.one("overlap-differs").offset, 7);
}

#[test]
fn hole_that_was_acknowledged_is_given_up_after_some_segments() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\nL:ha"));
    talk.skip(Client, 10);
    for n in 0..5 {
        wire.push(talk.say(Client, format!("L:{n}\n").as_bytes()));
        wire.push(talk.ack(Server));
    }
    let out = run(&wire);
    assert_eq!(
        out.lines(),
        [
            "L:one",
            "gap of 10 after 4",
            "L:0",
            "L:1",
            "L:2",
            "L:3",
            "L:4"
        ]
    );
    assert_eq!(out.one("L:4").missing, [10, 0]);
    assert_eq!(out.counts.bytes.gap_adjacent, 4);
    // Found when the fourth was acknowledged, but brought by its own frame.
    let line = out.one("L:2");
    assert_eq!((line.frames.as_slice(), line.key.seq), (&[8u64][..], 10));
}

#[test]
fn request_behind_a_lost_one_is_read_before_its_answer() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\n"));
    talk.skip(Client, 6);
    wire.push(talk.say(Client, b"\nL:ask\n"));
    let answer = talk.say(Server, b"L:answer\n");
    let mut late = wire.clone();
    late.push(at(answer.clone(), 20 * MILLISECOND));
    let out = run(&late);
    assert_eq!(
        out.lines(),
        ["L:one", "gap of 6 after 0", "L:ask", "L:answer"]
    );
    // An answer at once may only have overtaken the request on its way to the sensor.
    wire.push(answer);
    assert_eq!(run(&wire).lines()[..2], ["L:one", "L:answer"]);
}

#[test]
fn hole_that_nobody_acknowledged_is_waited_for() {
    let (mut talk, mut wire) = opened();
    let lost = talk.say(Client, b"L:one\n");
    for n in 0..20 {
        let mut next = talk.say(Client, format!("L:{n}\n").as_bytes());
        next.head().ack = SERVER.isn + 1;
        wire.push(next);
    }
    wire.push(lost);
    let out = run(&wire);
    assert_eq!(out.lines().len(), 21);
    assert_eq!(out.counts.events.gaps, 0);
}

#[test]
fn hole_is_given_up_when_all_was_acknowledged_and_the_side_ends() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\n"));
    talk.skip(Client, 6);
    wire.push(talk.say(Client, b"\nL:three\n"));
    wire.push(talk.fin(Client));
    wire.push(talk.ack(Server));
    wire.push(talk.say(Server, b"L:four\n"));
    let out = run(&wire);
    assert_eq!(
        out.kinds(),
        [
            "L:one",
            "gap of 6 after 0",
            "L:three",
            "end Fin after 0",
            "L:four",
            "end Capture after 0"
        ]
    );
}

#[test]
fn hole_inside_a_body_that_is_passed_over_is_counted_only() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:pass 1000\n"));
    for n in 0..10 {
        if n == 4 {
            talk.skip(Client, 100);
        } else {
            wire.push(talk.say(Client, &[0; 100]));
            wire.push(talk.ack(Server));
        }
    }
    wire.push(talk.say(Client, b"L:next\n"));
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:pass 1000", "L:next"]);
    assert_eq!(out.counts.events.gap_bytes, 100);
    assert_eq!(out.counts.bytes.passed, 900);
    assert_eq!(out.one("L:next").missing, [100, 0]);
}

#[test]
fn hole_over_the_end_of_a_body_is_told_from_there_on() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:pass 100\n"));
    wire.push(talk.say(Client, &[0; 50]));
    talk.skip(Client, 60);
    for n in 0..5 {
        wire.push(talk.say(Client, format!("\nL:{n}").as_bytes()));
        wire.push(talk.ack(Server));
    }
    let out = run(&wire);
    assert_eq!(out.lines()[..2], ["L:pass 100", "gap of 10 after 0"]);
}

#[test]
fn bytes_cut_by_the_snap_length_are_a_gap_at_once() {
    let (mut talk, mut wire) = opened();
    let mut cut = talk.say(Client, b"L:one\nL:tw");
    cut.packet.cut = 20;
    talk.skip(Client, 20);
    wire.push(cut);
    wire.push(talk.say(Client, b"x\nL:three\n"));
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:one", "gap of 20 after 4", "L:three"]);
    assert_eq!(out.counts.events.cut_bytes, 20);
}

#[test]
fn conversation_seen_from_one_side_gives_that_side() {
    let (mut talk, mut wire) = opened();
    wire.remove(1);
    for n in 0..3 {
        wire.push(talk.say(Client, format!("L:{n}\n").as_bytes()));
        talk.skip(Server, 50);
    }
    wire.retain(|s| s.packet.src == Shot::tcp(CLIENT, SERVER, 0, 0, 0, b"").packet.src);
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:0", "L:1", "L:2"]);
    assert_eq!(out.events(), ["opened", "closed"]);
}

#[test]
fn hole_in_a_conversation_seen_from_one_side_is_given_up_in_time() {
    let (mut talk, mut wire) = opened();
    wire.remove(1);
    wire.push(talk.say(Client, b"L:one\n"));
    talk.skip(Client, 7);
    wire.push(talk.say(Client, b"\nL:two\n"));
    wire.push(at(talk.say(Client, b"L:three\n"), 60 * SECOND));
    let out = run(&wire);
    assert_eq!(
        out.lines(),
        ["L:one", "gap of 7 after 0", "L:two", "L:three"]
    );
    assert_eq!(out.one("L:two").key.seq, 4);
}

#[test]
fn loss_wider_than_the_window_is_believed_after_some_segments() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\n"));
    talk.skip(Client, 50_000_000);
    for n in 0..8 {
        let mut next = talk.say(Client, format!("\nL:{n}").as_bytes());
        next.head().ack = SERVER.isn + 1;
        wire.push(next);
    }
    wire.push(talk.say(Client, b"\n"));
    let out = run(&wire);
    assert_eq!(out.lines().last(), Some(&"L:7"));
    assert!(out.counts.events.gap_bytes >= 50_000_000);
}
