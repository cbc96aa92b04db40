//! `wardwatch span`: watches for a minute and says whether this is a usable mirror.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dissectors::PROTOCOLS;
use dissectors::message::Interest;

use super::args::Span;
use super::{Ending, complain, setup, watch};
use crate::capture::block::Block;
use crate::capture::live::Live;
use crate::capture::{Engine, Inputs, More, ReadOptions};
use crate::config::Limits;
use crate::decode::{DecodeOptions, Decoder};
use crate::flow::{Rest, ShardSet, Shards, WorkBatch};
use crate::pipeline::Stop;
use crate::privileges::{self, Needs};
use crate::span::{Evidence, Grade, Mirror, Verdict, judge};

/// Exit code 0: usable; 1: not, or in part only.
pub fn run(args: &Span, limits: &Limits) -> Ending {
    let verdict = match (args.port.interface.is_empty(), args.read.is_empty()) {
        (true, true) => {
            complain("nothing named: `-i IFACE` watches an interface, `-r FILE` reads a capture");
            return Ending::Usage;
        }
        (false, false) => {
            complain("an interface or a capture, not both");
            return Ending::Usage;
        }
        (true, false) => of_files(args, limits),
        (false, true) => of_interfaces(args, limits),
    };
    match verdict {
        Ok(verdict) => {
            if args.json {
                println!("{}", record(&verdict));
            } else {
                print!("{}", verdict.words());
            }
            if verdict.is_good() {
                Ending::Done
            } else {
                Ending::Failed
            }
        }
        Err(message) => {
            complain(message);
            Ending::Failed
        }
    }
}

fn of_files(args: &Span, limits: &Limits) -> Result<Verdict, String> {
    let options = ReadOptions {
        filter: args.port.filter.clone(),
        count: None,
        limits: limits.sensor.clone(),
    };
    let inputs = Inputs::open(&args.read, &options).map_err(|e| e.to_string())?;
    look(inputs, Mirror::default(), limits, None)
}

fn of_interfaces(args: &Span, limits: &Limits) -> Result<Verdict, String> {
    let live = Live::open(&watch::live_options(&args.port, None)).map_err(|e| e.to_string())?;
    let names = live.names();
    let needs = Needs {
        user: args.privileges.user.clone(),
        captures: live.descriptors(),
        no_sandbox: args.privileges.no_sandbox,
        ..Needs::default()
    };
    for measure in privileges::give_up(&needs).iter().filter(|m| !m.on) {
        eprintln!("wardwatch: {measure}");
    }
    eprintln!(
        "wardwatch: watching {} for {} seconds",
        names.join(" and "),
        args.seconds
    );
    let mirror = Mirror::new(watch::own_addresses(&names));
    look(
        live,
        mirror,
        limits,
        Some(Duration::from_secs(args.seconds)),
    )
}

/// Reads to the end, or for this long.
fn look<E: Engine>(
    mut engine: E,
    mut mirror: Mirror,
    limits: &Limits,
    long: Option<Duration>,
) -> Result<Verdict, String> {
    let stop = Stop::default();
    setup::end_on_signal(&stop)?;
    let decode = DecodeOptions {
        ignore_checksums: true,
        limits: limits.sensor.clone(),
    };
    let mut decoder = Decoder::new(&decode);
    let interest = Arc::new(Interest::nothing());
    let mut shards = Shards::new(limits.flow_settings(), interest, ShardSet::ALL);
    let mut by_protocol = vec![0u64; PROTOCOLS.len()];
    let mut batch = WorkBatch::default();
    let mut block = Block::default();
    let began = Instant::now();
    while !stop.asked() && long.is_none_or(|long| began.elapsed() < long) {
        match engine.next_block(&mut block).map_err(|e| e.to_string())? {
            More::Frames => {}
            More::Idle(_) => continue,
            More::End => break,
        }
        decoder.block(&mut block);
        mirror.block(&block);
        // What was noticed is nobody's business here.
        decoder.take_events(&mut Vec::new());
        drain(&mut by_protocol, &mut batch, |b| shards.block(&block, b));
    }
    drain(&mut by_protocol, &mut batch, |b| shards.finish(b));
    Ok(judge(Evidence {
        mirror: mirror.counts(),
        flows: shards.counts(),
        losses: &engine.losses(),
        by_protocol: &by_protocol,
        tcp_bytes: decoder.notes().tcp_bytes,
        short: decoder.counts().overlong,
    }))
}

fn drain(
    by_protocol: &mut [u64],
    batch: &mut WorkBatch,
    mut step: impl FnMut(&mut WorkBatch) -> Rest,
) {
    loop {
        batch.clear();
        let rest = step(batch);
        for at in 0..batch.len() {
            if let Some(n) = by_protocol.get_mut(batch.batch.message(at).protocol().index()) {
                *n += 1;
            }
        }
        if rest == Rest::Done {
            return;
        }
    }
}

fn record(verdict: &Verdict) -> serde_json::Value {
    let word = |grade: Grade| match grade {
        Grade::Useless => "useless",
        Grade::Flawed => "flawed",
        Grade::Note => "note",
        Grade::Good => "good",
    };
    let points: Vec<serde_json::Value> = verdict
        .points
        .iter()
        .map(|p| serde_json::json!({"name": p.name, "grade": word(p.grade), "what": p.what, "ask": p.ask}))
        .collect();
    serde_json::json!({
        "usable": verdict.is_good(), "grade": word(verdict.grade), "verdict": verdict.headline(), "points": points,
    })
}
