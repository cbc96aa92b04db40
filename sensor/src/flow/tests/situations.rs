use dissectors::contract::Side::{Client, Server};

use super::lines;
use super::wire::*;
use crate::decode::packet::{TcpFlags, TransportHead};
use crate::flow::limits;

const ACK: u8 = TcpFlags::ACK;
const RST: u8 = TcpFlags::RST;
const SYN: u8 = TcpFlags::SYN;

/// A conversation with its handshake on the wire.
fn opened() -> (Talk, Vec<Shot>) {
    let talk = Talk::new(CLIENT, SERVER);
    let shots = talk.open();
    (talk, shots)
}

// What is refused.

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
    assert_eq!(out.kinds(), [""; 0]);
    assert_eq!(out.counts.events.unidentified, 1);
    assert_eq!(out.counts.bytes.unidentified, 320);
}

// Order, repeats, overlaps.

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

// Holes.

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

// Beginnings.

#[test]
fn conversation_without_its_start_is_mid_stream_and_the_hinted_port_serves() {
    let mut talk = Talk::new(CLIENT, SERVER);
    // The server's port is the lower one and hinted at; it speaks first.
    let wire = [
        talk.say(Server, b"rest of a line\nL:one\n"),
        talk.say(Client, b"L:two\n"),
    ];
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:one", "L:two"]);
    let one = out.one("L:one");
    assert!(one.mid_stream);
    assert_eq!((one.side, one.source), (Server, 2));
}

#[test]
fn piece_that_no_signature_knows_does_not_make_a_mid_stream_conversation_deaf() {
    let odd = End {
        port: 9_999,
        ..SERVER
    };
    let mut talk = Talk::new(CLIENT, odd);
    let wire = [
        talk.say(Client, b"rest of a"),
        talk.say(Client, b" line\n"),
        talk.say(Client, b"L:one\n"),
    ];
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:one"]);
    assert_eq!(out.counts.bytes.unidentified, 15);
}

#[test]
fn answer_that_comes_first_waits_for_nothing() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Server, b"L"));
    wire.push(talk.say(Client, b"L"));
    wire.push(talk.say(Server, b":one\n"));
    wire.push(talk.say(Client, b":two\n"));
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:one", "L:two"]);
    assert_eq!(out.one("L:two").frames, [4, 6]);
}

#[test]
fn data_on_the_syn_is_read() {
    let mut talk = Talk::new(CLIENT, SERVER);
    let mut wire = talk.open();
    wire[0].bytes = b"L:fast\n".to_vec();
    talk.skip(Client, 7);
    wire[1].head().ack = CLIENT.isn + 8;
    wire[2].head().seq = CLIENT.isn + 8;
    wire.push(talk.say(Client, b"L:more\n"));
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:fast", "L:more"]);
}

#[test]
fn same_ports_used_again_make_a_new_conversation() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\n"));
    wire.push(talk.fin(Client));
    wire.push(talk.fin(Server));
    let again = End {
        isn: 900_000,
        ..CLIENT
    };
    let mut talk = Talk::new(again, SERVER);
    wire.extend(talk.open());
    wire.push(talk.say(Client, b"L:two\n"));
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:one", "L:two"]);
    assert_ne!(out.one("L:one").flow_id, out.one("L:two").flow_id);
    assert_eq!(out.counts.events.tcp_conversations, 2);
    assert_eq!(out.events(), ["opened", "closed", "opened", "closed"]);
}

#[test]
fn same_ports_used_again_after_a_loss_of_power_make_a_new_conversation() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\nL:unfin"));
    let (c, s) = (
        End {
            isn: 900_000,
            ..CLIENT
        },
        End {
            isn: 800_000,
            ..SERVER
        },
    );
    let mut talk = Talk::new(c, s);
    wire.extend(talk.open());
    wire.push(talk.say(Client, b"L:two\n"));
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:one", "L:two"]);
    assert_eq!(out.counts.events.tcp_conversations, 2);
    // It began with its SYN, not with the answer that made it sure.
    let two = out.one("L:two");
    assert!(!two.mid_stream);
    assert_eq!(out.counts.bytes.unfinished, 7);
}

#[test]
fn second_answer_to_a_syn_is_told_and_the_client_decides() {
    let talk = Talk::new(CLIENT, SERVER);
    let [syn, answer, ack] = <[Shot; 3]>::try_from(talk.open()).unwrap();
    let mut forged = answer.clone();
    forged.head().seq = 1;
    let mut talk = talk;
    let wire = [syn, forged, answer, ack, talk.say(Server, b"L:hello\n")];
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:hello"]);
    assert_eq!(out.one("handshake-differs").frames, [2]);
}

#[test]
fn decoy_that_gives_up_before_its_first_message_leaves_the_bytes_to_the_next() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:dear\n"));
    wire.push(talk.say(Server, b"L:too\n"));
    let out = Rig::with(lines::with_decoy()).run(&wire);
    assert_eq!(out.lines(), ["L:dear", "L:too"]);
    assert_eq!(out.counts.events.rejections, 1);
    assert_eq!(out.counts.bytes.dissected, 13);
}

#[test]
fn decoy_that_gives_up_late_leaves_both_sides_in_their_order() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:de"));
    wire.push(talk.say(Server, b"dec"));
    wire.push(talk.say(Client, b"xx\n"));
    let out = Rig::with(lines::with_decoy()).run(&wire);
    // The client's line is read by the next candidate; the server's bytes are none of its.
    assert!(out.counts.events.rejections >= 1);
    assert_eq!(out.counts.waiting(), 0);
}

#[test]
fn dissector_that_gives_up_after_its_first_message_is_found_anew_a_few_times() {
    let (mut talk, mut wire) = opened();
    for n in 0..6 {
        wire.push(talk.say(Client, format!("L:{n}\nL:leave\n").as_bytes()));
    }
    let out = run(&wire);
    let lines = out.lines();
    assert_eq!(lines.first(), Some(&"L:0"));
    assert!(lines.len() < 6, "{lines:?}");
    assert!(out.counts.bytes.rejected > 0);
}

#[test]
fn protocol_that_only_the_end_of_its_side_settles_is_settled_then() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:"));
    wire.push(talk.fin(Client));
    let out = Rig::with(lines::with_decoy()).run(&wire);
    assert_eq!(out.kinds(), ["end Fin after 2", "end Capture after 0"]);
}

// Endings.

#[test]
fn each_side_ends_once_and_in_its_time() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\n"));
    wire.push(talk.fin(Client));
    wire.push(talk.say(Server, b"L:two\n"));
    wire.push(talk.fin(Server));
    wire.push(talk.ack(Client));
    let out = run(&wire);
    assert_eq!(
        out.kinds(),
        ["L:one", "end Fin after 0", "L:two", "end Fin after 0"]
    );
    assert_eq!(out.events(), ["opened", "closed"]);
    assert_eq!(out.one("closed").frames, [6]);
}

#[test]
fn silence_ends_a_conversation_before_the_frame_that_moves_the_clock() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\nL:un"));
    let late = Talk::new(End { host: 9, ..CLIENT }, SERVER);
    wire.push(at(late.open()[0].clone(), 3_700 * SECOND));
    let out = run(&wire);
    let end = out.one("end Idle after 4");
    assert_eq!((end.key.seq, end.frames.as_slice()), (4, &[3u64][..]));
    assert_eq!(out.events(), ["opened", "closed", "attempt"]);
}

#[test]
fn attempts_that_nobody_answers_and_those_refused_are_told() {
    let scan = |port| Shot::tcp(CLIENT, End { port, ..SERVER }, SYN, 1, 0, b"");
    let refusal = Shot::tcp(End { port: 23, ..SERVER }, CLIENT, RST | ACK, 0, 2, b"");
    let wire = [
        scan(22),
        scan(23),
        refusal.clone(),
        refusal.routed(),
        at(scan(24), 40 * SECOND),
    ];
    let out = run(&wire);
    assert_eq!(out.events(), ["refused", "attempt", "attempt"]);
    assert_eq!(out.counts.events.attempts, 2);
    let first = &out.told[1];
    assert_eq!((first.frames.as_slice(), first.key.seq), (&[0u64][..], 4));
}

#[test]
fn half_open_scan_is_a_reset_of_a_half_open_conversation() {
    let talk = Talk::new(CLIENT, SERVER);
    let mut wire = talk.open();
    wire[2] = Shot::tcp(CLIENT, SERVER, RST, CLIENT.isn + 1, 0, b"");
    let out = run(&wire);
    assert_eq!(out.one("reset").state, "half-open");
}

#[test]
fn reset_ends_both_sides_as_reset() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\nL:un"));
    wire.push(talk.flagged(Server, RST | ACK, b""));
    let out = run(&wire);
    assert_eq!(
        out.kinds(),
        ["L:one", "end Reset after 4", "end Reset after 0"]
    );
    assert_eq!(out.one("closed").state, "reset");
}

#[test]
fn clock_set_back_is_told_once_and_ends_nothing() {
    let (mut talk, mut wire) = opened();
    wire.push(at(talk.say(Client, b"L:one\n"), 10_000 * SECOND));
    wire.push(at(talk.say(Client, b"L:two\n"), SECOND));
    wire.push(talk.say(Client, b"L:three\n"));
    let out = Rig {
        workers: 3,
        ..Rig::default()
    }
    .run(&wire);
    assert_eq!(
        out.events().iter().filter(|k| **k == "clock-step").count(),
        1
    );
    assert_eq!(out.counts.events.clock_steps, 1);
    let after = out.told.iter().skip_while(|t| t.kind != "clock-step");
    let kinds: Vec<_> = after.map(|t| t.kind.as_str()).collect();
    assert_eq!(kinds[1..3], ["L:two", "L:three"]);
}

// Limits.

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

// Datagrams and frames.

#[test]
fn datagram_that_is_not_read_to_its_end_is_malformed() {
    let wire = [
        Shot::udp(CLIENT, SERVER, b"L:one\nL:two\n"),
        Shot::udp(SERVER, CLIENT, b"L:three\nL:unfinished"),
    ];
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:one", "L:two", "L:three", "malformed"]);
    assert_eq!(out.one("malformed").frames, [1]);
    assert_eq!(out.counts.bytes.rejected, 12);
}

#[test]
fn datagrams_of_no_known_protocol_are_looked_at_a_few_times_only() {
    let mut wire: Vec<_> = (0..5).map(|n| Shot::udp(CLIENT, SERVER, &[n; 4])).collect();
    wire.push(Shot::udp(CLIENT, SERVER, b"L:known\n"));
    wire.push(Shot::udp(CLIENT, SERVER, b"odd"));
    assert_eq!(run(&wire).lines(), ["L:known"]);
    let mut wire: Vec<_> = (0..6).map(|n| Shot::udp(CLIENT, SERVER, &[n; 4])).collect();
    wire.push(Shot::udp(CLIENT, SERVER, b"L:known\n"));
    assert_eq!(run(&wire).lines(), [""; 0]);
}

#[test]
fn datagram_cut_by_the_snap_length_is_not_called_malformed() {
    let mut cut = Shot::udp(CLIENT, SERVER, b"L:on");
    cut.packet.cut = 9;
    let wire = [Shot::udp(CLIENT, SERVER, b"L:zero\n"), cut];
    let out = run(&wire);
    assert_eq!(out.lines(), ["L:zero"]);
    assert_eq!(out.counts.bytes.gap_adjacent, 4);
}

#[test]
fn server_that_is_heard_first_serves_all_the_same() {
    let wire = [Shot::udp(SERVER, CLIENT, b"L:alarm\n")];
    assert_eq!(run(&wire).one("L:alarm").side, Server);
}

#[test]
fn frame_below_ip_is_a_conversation_of_its_own() {
    let mut frame = Shot::udp(CLIENT, SERVER, b"L:neighbour\n\0\0\0\0");
    frame.packet.src = [0; 16];
    frame.packet.dst = [0; 16];
    frame.packet.head = TransportHead::Link { ethertype: 0x88CC };
    let mut arp = frame.clone();
    arp.packet.head = TransportHead::Link { ethertype: 0x0806 };
    let out = run(&[frame.clone(), arp, frame]);
    assert_eq!(
        out.lines().iter().filter(|k| **k == "L:neighbour").count(),
        2
    );
    assert_eq!(out.counts.packets.link, 3);
    assert_eq!(out.counts.bytes.unidentified, 16);
    assert_eq!(out.counts.events.datagrams_unfinished, 0);
}
