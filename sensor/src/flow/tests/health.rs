//! What limits the sight of one conversation is told of it, once.

use dissectors::contract::Side::{Client, Server};

use super::wire::*;
use crate::flow::limits;

/// Messages of the protocol `health`, by kind.
fn health(out: &Outcome) -> Vec<&str> {
    let own = out.told.iter().filter(|t| t.health);
    own.map(|t| t.kind.as_str()).collect()
}

#[test]
fn two_holes_in_what_one_side_said_are_told_once() {
    let (mut talk, mut wire) = opened();
    for round in 0..2 {
        wire.push(talk.say(Client, b"L:one\n"));
        talk.skip(Client, 10);
        for n in 0..5 {
            wire.push(talk.say(Client, format!("L:{round}{n}\n").as_bytes()));
            wire.push(talk.ack(Server));
        }
    }
    let out = run(&wire);
    assert_eq!(out.counts.events.gaps, 2);
    assert_eq!(health(&out), ["gap"]);
    assert_eq!(out.one("gap").side, Client);
}

#[test]
fn crash_of_a_dissector_is_told_of_its_conversation() {
    let (mut talk, mut wire) = opened();
    wire.push(talk.say(Client, b"L:one\nL:crash\n"));
    wire.push(talk.say(Client, b"L:lost\n"));
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let out = run(&wire);
    std::panic::set_hook(hook);
    assert_eq!(health(&out), ["fault"]);
    assert_eq!(out.one("fault").flow_id, out.one("L:one").flow_id);
    assert_eq!(out.one("fault").frames, [3]);
}

#[test]
fn conversation_that_nobody_knows_is_told_when_it_is_large() {
    let told = |bytes: usize| {
        let (mut talk, mut wire) = opened();
        wire.push(talk.say(Client, &vec![0xEE; bytes]));
        wire.push(talk.fin(Client));
        wire.push(talk.fin(Server));
        let rig = Rig::default().limit(limits::UNDECODED_BYTES, 1000);
        let out = rig.run(&wire);
        health(&out).len()
    };
    assert_eq!((told(999), told(1000)), (0, 1));
}

#[test]
fn conversation_without_its_answers_is_one_sided_and_an_attempt_is_not() {
    let whole = || {
        let (mut talk, mut wire) = opened();
        wire.push(talk.say(Client, b"L:one\n"));
        wire.push(talk.say(Server, b"L:two\n"));
        wire
    };
    let out = run(&whole());
    let counts = &out.counts.directions;
    assert_eq!((counts.one, counts.both), (0, 1));
    assert_eq!((counts.one_ended, counts.both_ended), (0, 1));
    // The mirror copies one direction only, the clients' or the servers'.
    for side in [Client, Server] {
        let from = if side == Client { CLIENT } else { SERVER };
        let half: Vec<Shot> = whole().into_iter().filter(|s| s.is_from(from)).collect();
        let out = run(&half);
        let counts = &out.counts.directions;
        assert_eq!((counts.one, counts.both), (1, 0), "{side:?}");
        assert_eq!((counts.one_ended, counts.both_ended), (1, 0), "{side:?}");
    }
    let attempt: Vec<Shot> = opened().1.into_iter().take(1).collect();
    let counts = run(&attempt).counts.directions;
    assert_eq!((counts.one, counts.both), (0, 0));
}
