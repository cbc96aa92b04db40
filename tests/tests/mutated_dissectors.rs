//! Each dissector on conversations whose bytes were changed at random: nothing panics, no contract is
//! broken, no memory is held beyond what its limits allow.
//!
//! This is the fuzz target of all dissectors at once: its seeds are the conversations of the shipped
//! captures (and a few written ones for protocols without a capture), each dissector gets its own
//! share, and the same inputs come in every run. A few hundred each by default. A long run by hand:
//!
//! ```text
//! WARDWATCH_MUTATED_INPUTS=1000000 cargo test --profile mutations -p wardwatch-tests \
//!     --test mutated_dissectors -- --nocapture
//! ```
//!
//! `WARDWATCH_MUTATED_DISSECTORS=hl7v2,dicom` names the dissectors that take part.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use dissectors::contract::{End, Hint, Probe, Progress};
use dissectors::identify::{Row, Signatures};
use dissectors::message::{Batch, Interest, Messages};
use dissectors::registry::PROTOCOLS;
use dissectors::{Limits, ProtocolId, Side, Transport};
use sensor::capture::{Inputs, ReadOptions};
use sensor::decode::{DecodeOptions, Decoder};
use sensor::flow::Settings;
use sensor::pipeline::{Stop, listen};
use sensor::workbench::recorder::record;
use wardwatch_tests::capture::{all_shipped, read};

/// Pieces of a conversation that one input plays, and bytes of it. One in sixteen is longer.
const PIECES: usize = 5;
const BYTES: usize = 1200;
const LONGER: usize = 8;

/// What a dissector may hold after such an input: far more than the input, far less than a device has.
const HELD: usize = 8 << 20;

/// A conversation as it was captured, and what opens it.
struct Seed {
    opened_by: ProtocolId,
    transport: Transport,
    pieces: Vec<(Side, Vec<u8>)>,
}

#[test]
fn each_dissector_stands_changed_conversations() {
    let inputs = number("WARDWATCH_MUTATED_INPUTS", 300);
    let named = std::env::var("WARDWATCH_MUTATED_DISSECTORS").unwrap_or_default();
    let named: Vec<&str> = named.split(',').filter(|n| !n.is_empty()).collect();
    let mut seeds = captured();
    written(&mut seeds);
    let others: Vec<Seed> = seeds
        .values()
        .filter_map(|of_one| of_one.first())
        .map(|s| Seed {
            opened_by: s.opened_by,
            transport: s.transport,
            pieces: s.pieces.clone(),
        })
        .collect();
    let mut failed = Vec::new();
    let mut without = Vec::new();
    for (at, protocol) in PROTOCOLS.iter().enumerate() {
        if !named.is_empty() && !named.contains(&protocol.name) {
            continue;
        }
        let id = ProtocolId(at as u16);
        let own = seeds.get(protocol.name);
        if own.is_none() {
            without.push(protocol.name);
        }
        let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (at as u64 + 1).wrapping_mul(0x2545_f491));
        let started = Instant::now();
        let mut run = Player::default();
        for n in 0..inputs {
            // One in sixteen is another protocol's conversation: the wrong guess has to stand it too.
            let foreign = own.is_none() || random.below(16) == 0;
            let seed = match own {
                Some(own) if !foreign => &own[random.below(own.len())],
                _ => &others[random.below(others.len())],
            };
            let (opened_by, transport) = if foreign {
                let transports = protocol.transports;
                (id, *transports.first().unwrap_or(&Transport::Carried))
            } else {
                (seed.opened_by, seed.transport)
            };
            let parts = changed(seed, &mut random);
            let play = AssertUnwindSafe(|| run.play(opened_by, transport, &parts, &mut random));
            let fault = match catch_unwind(play) {
                Ok(Ok(())) => continue,
                Ok(Err(why)) => why,
                Err(_) => "panicked".into(),
            };
            failed.push(format!(
                "{} input {n}: {fault}: {}",
                protocol.name,
                shown(&parts)
            ));
            if failed.len() > 20 {
                break;
            }
            run = Player::default();
        }
        println!(
            "{:<20} {:>8} inputs {:>10} messages {:>9} faults told {:>8} B held at most {:>7.1} s{}",
            protocol.name,
            inputs,
            run.messages,
            run.anomalies,
            run.most_held,
            started.elapsed().as_secs_f64(),
            if own.is_none() {
                "  (others' seeds)"
            } else {
                ""
            },
        );
    }
    println!("without seeds of their own: {}", without.join(" "));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Plays conversations to dissectors as the flow layer does.
#[derive(Default)]
struct Player {
    batch: Batch,
    messages: u64,
    anomalies: u64,
    most_held: usize,
}

impl Player {
    fn play(
        &mut self,
        protocol: ProtocolId,
        transport: Transport,
        parts: &[(Side, Vec<u8>)],
        random: &mut Random,
    ) -> Result<(), String> {
        let limits = Limits::default();
        let interest = match random.below(8) {
            0 => Interest::nothing(),
            _ => Interest::everything(),
        };
        let mut dissector = (protocol.protocol().open)(&limits);
        let stream = transport == Transport::Tcp;
        if let Some((side, first)) = parts.first() {
            let hint = Hint {
                transport,
                port: random.below(2) == 0,
                mid_stream: random.below(2) == 0,
                whole: !stream || random.below(2) == 0,
            };
            if let Probe::More(n) = (protocol.protocol().probe)(*side, first, hint)
                && (1..=first.len()).contains(&n)
            {
                return Err(format!(
                    "the signature asks for {n} bytes and has {}",
                    first.len()
                ));
            }
        }
        let mut unread: [Vec<u8>; 2] = Default::default();
        let (mut offset, mut need, mut pass) = ([0u64; 2], [0usize; 2], [0u64; 2]);
        let mut rejected = false;
        'conversation: for (side, bytes) in parts {
            let i = side.index();
            let cut = match stream && random.below(2) == 0 {
                true => 1 + random.below(bytes.len().max(1)),
                false => bytes.len().max(1),
            };
            for piece in bytes.chunks(cut) {
                if stream && random.below(64) == 0 {
                    let rest = std::mem::take(&mut unread[i]);
                    let len = random.below(3_000) as u64;
                    let mut out = Messages::new(
                        &mut self.batch,
                        &limits,
                        &interest,
                        protocol,
                        *side,
                        offset[i],
                    );
                    let gone = dissector.gap(*side, &rest, len, &mut out);
                    offset[i] += rest.len() as u64 + len;
                    (need[i], pass[i]) = (0, 0);
                    self.collect();
                    if matches!(gone, Progress::Reject(_)) {
                        rejected = true;
                        break 'conversation;
                    }
                    continue;
                }
                unread[i].extend_from_slice(piece);
                loop {
                    let passed = pass[i].min(unread[i].len() as u64);
                    unread[i].drain(..passed as usize);
                    pass[i] -= passed;
                    offset[i] += passed;
                    let have = unread[i].len();
                    if have == 0 || have < need[i] {
                        break;
                    }
                    let mut out = Messages::new(
                        &mut self.batch,
                        &limits,
                        &interest,
                        protocol,
                        *side,
                        offset[i],
                    );
                    let progress = dissector.read(*side, &unread[i], &mut out);
                    self.collect();
                    let done = match progress {
                        Progress::Read(n) if n == 0 || n > have => {
                            return Err(format!("read {n} of {have}"));
                        }
                        Progress::Read(n) => n,
                        Progress::Need(n) if n <= have => {
                            return Err(format!("needs {n} and has {have}"));
                        }
                        Progress::Need(n) => {
                            need[i] = n;
                            break;
                        }
                        Progress::Pass { head, body } if head > have || head as u64 + body == 0 => {
                            return Err(format!("passes {head} and {body} of {have}"));
                        }
                        Progress::Pass { head, body } => {
                            pass[i] = body;
                            head
                        }
                        Progress::Reject(_) => {
                            rejected = true;
                            break 'conversation;
                        }
                    };
                    unread[i].drain(..done);
                    offset[i] += done as u64;
                    need[i] = 0;
                }
                if !stream {
                    unread[i].clear();
                    need[i] = 0;
                }
                let held = dissector.held();
                self.most_held = self.most_held.max(held);
                if held > HELD {
                    return Err(format!("holds {held} bytes"));
                }
            }
        }
        if !rejected {
            for side in Side::BOTH {
                let i = side.index();
                let rest = std::mem::take(&mut unread[i]);
                let why = [End::Fin, End::Reset, End::Idle, End::Capture][random.below(4)];
                let mut out = Messages::new(
                    &mut self.batch,
                    &limits,
                    &interest,
                    protocol,
                    side,
                    offset[i],
                );
                dissector.end(side, &rest, why, &mut out);
                self.collect();
            }
        }
        Ok(())
    }

    /// Reads every part of every message once, as an output would.
    fn collect(&mut self) {
        for message in self.batch.messages() {
            self.messages += 1;
            self.anomalies += message.anomalies().len() as u64;
            let fields = message.fields().count();
            std::hint::black_box((message.kind(), fields, message.action(), message.body()));
        }
        self.batch.clear();
    }
}

/// Conversations of every shipped capture, under each protocol that was heard in them.
fn captured() -> BTreeMap<&'static str, Vec<Seed>> {
    let mut seeds: BTreeMap<&'static str, Vec<Seed>> = BTreeMap::new();
    let signatures = Signatures::registered();
    for capture in all_shipped() {
        let open = || Inputs::open(&[&capture], &ReadOptions::default()).expect("readable");
        let decode = DecodeOptions {
            ignore_checksums: true,
            ..DecodeOptions::default()
        };
        let mut heard: BTreeMap<u64, Vec<ProtocolId>> = BTreeMap::new();
        listen(
            open(),
            Decoder::new(&decode),
            Settings::default(),
            Interest::nothing(),
            &Stop::default(),
            |m| {
                let of_one = heard.entry(m.conversation().flow_id).or_default();
                if !of_one.contains(&m.protocol()) {
                    of_one.push(m.protocol());
                }
            },
        );
        below_tcp(&capture, &mut seeds);
        let (recording, _) = record(open(), &decode, |_| true);
        for talk in recording.conversations {
            let mut pieces: Vec<_> = Side::BOTH
                .into_iter()
                .flat_map(|side| {
                    let of_side = &talk.sides[side.index()];
                    of_side
                        .iter()
                        .map(move |p| (p.frame.seq, p.at, side, &p.bytes))
                })
                .collect();
            pieces.sort_by_key(|(seq, at, ..)| (*seq, *at));
            let ports = [talk.known.ends[0].port, talk.known.ends[1].port];
            let transport = talk.known.transport;
            let Some(heard) = heard.get(&talk.known.flow_id) else {
                continue;
            };
            let opened_by = Side::BOTH.into_iter().find_map(|side| {
                let first: Vec<u8> = pieces
                    .iter()
                    .filter(|p| p.2 == side)
                    .flat_map(|p| p.3.iter().copied())
                    .take(4096)
                    .collect();
                let mut candidates = signatures.candidates(transport);
                let hint = Hint {
                    transport,
                    port: false,
                    mid_stream: talk.known.mid_stream,
                    whole: true,
                };
                if first.is_empty() {
                    return None;
                }
                match signatures.identify(&mut candidates, side, &first, hint, ports, true) {
                    Row::Is(row, _) => Some(signatures.protocol(row).0),
                    _ => None,
                }
            });
            for id in heard {
                if matches!(id.name(), "tcp" | "ip" | "health") {
                    continue;
                }
                let of_one = seeds.entry(id.name()).or_default();
                if of_one.len() < 200 {
                    of_one.push(Seed {
                        opened_by: opened_by.unwrap_or(*id),
                        transport,
                        pieces: pieces
                            .iter()
                            .map(|(_, _, side, bytes)| (*side, bytes.to_vec()))
                            .collect(),
                    });
                }
            }
        }
    }
    seeds
}

/// Frames below TCP and UDP, each a conversation of its own.
fn below_tcp(capture: &std::path::Path, seeds: &mut BTreeMap<&'static str, Vec<Seed>>) {
    for frame in read(capture) {
        let at = |n: usize| frame.bytes.get(n).copied().unwrap_or_default();
        let found: &[(&str, Transport, usize)] = match (at(12), at(13)) {
            (0x08, 0x06) => &[("arp", Transport::Link(0x0806), 14)],
            (0x88, 0xcc) => &[("lldp", Transport::Link(0x88cc), 14)],
            (0x08, 0x00) if at(23) == 1 => &[("icmp", Transport::Icmp, 34)],
            (0x86, 0xdd) if at(20) == 58 => &[
                ("icmpv6", Transport::Icmp6, 54),
                ("ndp", Transport::Icmp6, 54),
            ],
            _ => &[],
        };
        for (name, transport, from) in found {
            let of_one = seeds.entry(*name).or_default();
            if let (Some(id), Some(bytes), true) = (
                ProtocolId::of(name),
                frame.bytes.get(*from..),
                of_one.len() < 200,
            ) {
                of_one.push(Seed {
                    opened_by: id,
                    transport: *transport,
                    pieces: vec![(Side::Client, bytes.to_vec())],
                });
            }
        }
    }
}

/// Protocols that no shipped capture holds: first bytes from their documents, `\xNN` for a byte.
/// LLDP from IEEE 802.1AB 8, NBNS from RFC 1002 4.2, the oximeters from their fact sheets.
const WRITTEN: &[(&str, Transport, &str)] = &[
    (
        "masimo",
        Transport::Tcp,
        "11/24/26 20:38:02 SN=0000070986 SPO2=098% BPM=072 PI=01.30% SPCO=--.-% \
        SPMET=--.-% SPHB=--.- DESAT=-- PIDELTA=+-- PVI=--- ALARM=0000 EXC=000000\r\n",
    ),
    (
        "nellcor",
        Transport::Tcp,
        "N-595 VERSION 3.00 CRC:XXXX SpO2 Limit: 85-100% PR Limit: 40-170 BPM\r\n\
        TIME %SpO2 BPM PA Status\r\n24-Nov-26 20:38:02 98 72 40\r\n24-Nov-26 20:38:04 84* 72 40 LB\r\n",
    ),
    (
        "nonin",
        Transport::Tcp,
        "\\x02\\x70\\x02\\x02\\x08\\x03\\x06\\x01\\x81\\x7f\\x01\\x03\\x01\\x80\\x7f\\x62\\x65",
    ),
    (
        "capnostream",
        Transport::Tcp,
        "\\x85\\x01\\x01\\x00\\x85\\x03\\x3c\\x01\\x00\\x3e\\x85\\x05\\x05\\x01\\x02\\x85\\x03\\x3c\\x0b\\x80\\x00\\xb4",
    ),
    (
        "puritan_bennett",
        Transport::Tcp,
        "SNDA\rRSET\rSNDF\rMISCA,706,97,\x0208:51 ,840 3510012345 ,\x03\rMISCF,1225,169,\x02NOP1 ,11:11 ,\x03\r",
    ),
    (
        "moxa",
        Transport::Udp,
        "\\x01\\x00\\x00\\x08\\x00\\x00\\x00\\x00",
    ),
    (
        "lldp",
        Transport::Link(0x88cc),
        "\\x02\\x07\\x04\\x02\\x00\\x5e\\x14\\x01\\x05\\x04\\x05\\x05eth0\\x00\\x06\\x02\\x00\\x78\\x0a\\x05ward7\\x0c\\x06switch\\x0e\\x04\\x00\\x14\\x00\\x04\\x10\\x0c\\x05\\x01\\x0a\\x14\\x01\\x02\\x02\\x00\\x00\\x00\\x01\\x00\\x00\\x00",
    ),
    (
        "nbns",
        Transport::Udp,
        "\\x12\\x34\\x01\\x10\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x20FHEPFCELEHFCEPFFFACACACACACACAAA\\x00\\x00\\x20\\x00\\x01",
    ),
    (
        "smb",
        Transport::Tcp,
        "\\x00\\x00\\x00\\x44\\xfeSMB\\x40\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x1f\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x24\\x00\\x05\\x00",
    ),
    (
        "rdp",
        Transport::Tcp,
        "\\x03\\x00\\x00\\x2b\\x26\\xe0\\x00\\x00\\x00\\x00\\x00Cookie: mstshash=ward\r\n\\x01\\x00\\x08\\x00\\x03\\x00\\x00\\x00",
    ),
    ("vnc", Transport::Tcp, "RFB 003.008\n\\x01\\x02"),
    (
        "hospira_lifecare",
        Transport::Tcp,
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
];

fn written(seeds: &mut BTreeMap<&'static str, Vec<Seed>>) {
    for (name, transport, text) in WRITTEN {
        let id = ProtocolId::of(name).expect("a registered protocol");
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((&first, after)) = rest.split_first() {
            match rest.get(..4) {
                Some([b'\\', b'x', high, low]) => {
                    let digit = |b: u8| char::from(b).to_digit(16).expect("a digit") as u8;
                    bytes.push(digit(*high) << 4 | digit(*low));
                    rest = &rest[4..];
                }
                _ => {
                    bytes.push(first);
                    rest = after;
                }
            }
        }
        for side in Side::BOTH {
            seeds.entry(*name).or_default().push(Seed {
                opened_by: id,
                transport: *transport,
                pieces: vec![(side, bytes.clone()), (side.other(), bytes.clone())],
            });
        }
    }
}

/// Some pieces of a conversation, from its start or its middle, with bytes changed.
fn changed(seed: &Seed, random: &mut Random) -> Vec<(Side, Vec<u8>)> {
    let from = match random.below(2) {
        0 => 0,
        _ => random.below(seed.pieces.len()),
    };
    let times = if random.below(16) == 0 { LONGER } else { 1 };
    let mut room = BYTES * times;
    let mut parts = Vec::new();
    for (side, bytes) in seed.pieces.iter().skip(from).take(PIECES * times) {
        let take = bytes.len().min(room);
        if take == 0 {
            break;
        }
        room -= take;
        parts.push((*side, bytes[..take].to_vec()));
    }
    for _ in 0..=random.below(4) {
        let count = parts.len();
        if count == 0 {
            break;
        }
        let which = random.below(count);
        let bytes = &mut parts[which].1;
        let at = random.below(bytes.len());
        match random.below(8) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.next() as u8),
            2 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            3 if !bytes.is_empty() => {
                bytes[at] = [0, 0xff, 0x7f, 0x80, b'|', 0x0b, 0x1c, b'<'][random.below(8)];
            }
            4 if !bytes.is_empty() => bytes[at] = random.next() as u8,
            // A length of two or four bytes, large or none.
            5 => {
                let value = [0u8, 0xff][random.below(2)];
                let to = (at + 2 + 2 * random.below(2)).min(bytes.len());
                bytes[at..to].fill(value);
            }
            6 => {
                let to = (at + random.below(64)).min(bytes.len());
                let piece = bytes[at..to].to_vec();
                let place = random.below(bytes.len() + 1);
                bytes.splice(place..place, piece);
            }
            _ => {
                let other = random.below(count);
                parts.swap(which, other);
            }
        }
    }
    parts.retain(|(_, bytes)| !bytes.is_empty());
    parts
}

/// xorshift: quick, and the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

fn number(name: &str, default: usize) -> usize {
    let told = std::env::var(name).ok().and_then(|n| n.parse().ok());
    told.unwrap_or(default)
}

/// The parts as text: enough to repeat a failure in a test of the dissector.
fn shown(parts: &[(Side, Vec<u8>)]) -> String {
    let parts = parts.iter().map(|(side, bytes)| {
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        format!("{side:?} {hex}")
    });
    parts.collect::<Vec<_>>().join(" / ")
}
