//! How conversations begin and end.

use dissectors::contract::Side::{Client, Server};

use super::lines;
use super::wire::*;
use crate::decode::packet::TcpFlags;

const ACK: u8 = TcpFlags::ACK;
const RST: u8 = TcpFlags::RST;
const SYN: u8 = TcpFlags::SYN;

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
