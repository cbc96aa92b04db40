//! What many rules cost: the same capture is judged by 10, 100, 1,000 and 10,000 rules, and the CPU
//! time of each run is set against that of 10. Loading is timed apart.
//!
//! Usage: `rulecount [--rounds N] [--only N] CAPTURE`. `--only`: one run with that many rules, for a
//! profiler. The rules are made here: each names a protocol, a kind or a verb, and literals of its
//! own, in the mixture that a shared rule set has. None of them fires.

use std::fmt::Write;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use rules::engine::{Judge, Settings};
use rules::language::ruleset::{RuleSet, Source};
use sensor::capture::{Inputs, ReadOptions};
use sensor::decode::{DecodeOptions, Decoder};
use sensor::pipeline::{Stop, listen};

const COUNTS: [usize; 4] = [10, 100, 1_000, 10_000];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rulecount: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let (mut rounds, mut only, mut capture) = (7, None, None);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|n| n.parse().ok());
        match word.as_str() {
            "--rounds" => rounds = number().ok_or("--rounds takes a number")?,
            "--only" => only = Some(number().ok_or("--only takes a number")?),
            _ => capture = Some(word),
        }
    }
    let capture = capture.ok_or("usage: rulecount [--rounds N] [--only N] CAPTURE")?;
    if let Some(count) = only {
        let (judge, _) = load(count)?;
        let (seconds, messages) = judged(&capture, judge)?;
        println!("{count} rules: {seconds:.3} s of CPU, {messages} messages");
        return Ok(());
    }
    let mut seconds = vec![Vec::new(); COUNTS.len()];
    let mut loading = vec![f64::INFINITY; COUNTS.len()];
    let mut messages = 0;
    judged(&capture, load(COUNTS[0])?.0)?;
    // In turn, so that what else the machine does falls on all alike.
    for _ in 0..rounds {
        for (at, count) in COUNTS.into_iter().enumerate() {
            let (judge, took) = load(count)?;
            loading[at] = loading[at].min(took);
            let (own, heard) = judged(&capture, judge)?;
            seconds[at].push(own);
            messages = heard;
        }
    }
    println!(
        "{capture}: {messages} messages, {rounds} rounds; ratios pair by pair, median and least"
    );
    println!(
        "{:>7} {:>9} {:>9} {:>9} {:>9}",
        "rules", "load s", "CPU s", "x of 10", "least/least"
    );
    let least = |all: &[f64]| all.iter().copied().fold(f64::INFINITY, f64::min);
    for (at, count) in COUNTS.into_iter().enumerate() {
        let ratios = seconds[at]
            .iter()
            .zip(&seconds[0])
            .map(|(own, ten)| own / ten);
        println!(
            "{count:>7} {:>9.3} {:>9.3} {:>9.3} {:>9.3}",
            loading[at],
            median(seconds[at].clone()),
            median(ratios.collect()),
            least(&seconds[at]) / least(&seconds[0])
        );
    }
    Ok(())
}

/// A judge with so many rules, and the seconds of CPU that loading took.
fn load(count: usize) -> Result<(Judge, f64), String> {
    let text = made(count);
    let begun = Instant::now();
    let source = Source {
        name: "made.toml".into(),
        text,
    };
    let mut settings = Settings::default();
    settings.limits.set("rule-file", 64 << 20);
    let rules = RuleSet::load_within(&[source], &settings.limits).map_err(|r| r.to_string())?;
    let judge = Judge::new(rules, None, settings);
    Ok((judge, begun.elapsed().as_secs_f64()))
}

/// Seconds of CPU to judge a capture, and its messages.
fn judged(capture: &str, mut judge: Judge) -> Result<(f64, u64), String> {
    let inputs = Inputs::open(&[capture], &ReadOptions::default()).map_err(|e| e.to_string())?;
    // As with a record of every message: what rules read of messages is read anyhow.
    let mut interest = judge.interest();
    interest.want_all_fields_of_all();
    let (mut messages, mut findings) = (0u64, 0u64);
    let before = own()?;
    listen(
        inputs,
        Decoder::new(&DecodeOptions::default()),
        sensor::flow::Settings::default(),
        interest,
        &Stop::default(),
        |message| {
            messages += 1;
            judge.message(message, &mut |event| {
                findings += 1;
                black_box(&event);
            });
        },
    );
    let seconds = own()? - before;
    if findings > 0 {
        return Err(format!(
            "{findings} findings: rules that fire measure something else"
        ));
    }
    Ok((seconds, messages))
}

fn own() -> Result<f64, String> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).map_err(|e| e.to_string())?;
    let seconds = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 + t.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// So many rules as a rule file.
fn made(count: usize) -> String {
    let mut out = String::new();
    for n in 0..count {
        let _ = write!(
            out,
            "[[rule]]\nid = \"MADE-RULE-{n:05}\"\ntitle = \"Made rule {n}\"\nseverity = \"medium\"\n\
             category = \"made\"\nwhy = \"{{actor}} sent {{kind}} to {{target}}\"\n\
             when = '''{}'''\n",
            condition(n)
        );
    }
    out
}

/// One condition; neighbours differ in shape, all in their literals.
fn condition(n: usize) -> String {
    let (a, b, c) = (n / 250 % 250, n % 250, n % 97);
    match n % 20 {
        0 => format!(
            "kind is \"ORU^R01\" and hl7v2.sending_app is \"LAB{n}\" and not hl7v2.sending_facility is \"HOSP{c}\""
        ),
        1 => format!("verb is set-rate and actor.ip is 203.{c}.{a}.{b} and value > {c} mL/h"),
        2 => format!("protocol is dicom and verb is store and dicom.called_ae is \"ARCH{n}\""),
        3 => format!(
            "protocol is dicom and kind is \"C-FIND-RQ\" and dicom.calling_ae in [\"WL{n}\", \"WL{n}B\", \"WL{n}C\"]"
        ),
        4 => format!("protocol is http and http.route contains \"/cgi-bin/adm{n}\""),
        5 => format!("protocol is tls and tls.sni ends with \".evil{n}.example\""),
        6 => format!("protocol is tls and tls.ja3 is \"{n:032x}\""),
        7 => {
            format!("protocol is dns and dns.question in [\"c2-{n}.example\", \"c3-{n}.example\"]")
        }
        8 => format!("actor.ip in 198.{c}.{a}.{b} and verb in [store, retrieve, read]"),
        9 => format!(
            "target.ip in 10.{}.{a}.0/24 and verb in [configure, load-firmware, restart]",
            100 + c
        ),
        10 => format!("protocol is hl7v2 and hl7v2.sending_facility starts with \"ROGUE{n}\""),
        11 => format!("protocol is http and http.user_agent matches \"*badtool/{n}.*\""),
        12 => format!("kind in [\"ADT^A40\", \"ADT^A34\"] and hl7v2.sending_app is \"MPI{n}\""),
        13 => format!(
            "protocol is http and port is {} and http.method is \"PUT\"",
            20_000 + n
        ),
        14 => format!(
            "protocol is tls and tls.cipher_code is {} and not listed(target)",
            40_000 + n
        ),
        15 => format!(
            "protocol is dicom and dicom.called_ae is \"MOD{n}\" and count() by (actor) within 60 s > {}",
            20 + c
        ),
        16 => format!(
            "protocol is intellivue and actor.ip is 192.0.{c}.{b} and intellivue.command is \"set\""
        ),
        17 => format!("protocol is sdc and sdc.soap_action ends with \"/SetValue{n}\""),
        18 => format!("protocol is ssh and ssh.software matches /^(lib|drop)bear{n}-[0-9]+/"),
        _ => format!(
            "protocol is http and http.host is \"host{n}.example\" and http.method in [\"POST\", \"PUT\"]"
        ),
    }
}
