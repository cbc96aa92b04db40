//! `wardwatch report`: the handover of a shift, from captures or from a sensor's state directory.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rules::privacy::Pseudonyms;
use sha2::{Digest, Sha256};

use super::args::{Checksums, ReportArgs};
use super::replay::troubles;
use super::setup::{self, Law};
use super::survey::{say, stamp};
use super::{Ending, complain};
use crate::capture::{Inputs, ReadOptions};
use crate::config::Limits;
use crate::decode::{DecodeOptions, Decoder};
use crate::handover::{self, Form, Handover, Sources};
use crate::output::clean;
use crate::output::discretion::Discretion;
use crate::output::{Outputs, marks};
use crate::pipeline::{Judging, Run, Stop};
use crate::store;

pub fn run(args: &ReportArgs, limits: &Limits) -> Ending {
    let told = match (&args.state, args.read.is_empty()) {
        (Some(dir), true) => of_state(args, dir),
        (None, false) => of_captures(args, limits),
        _ => {
            complain("name captures (`-r FILE`) or a state directory (`--state DIR`), one of them");
            return Ending::Usage;
        }
    };
    told.unwrap_or_else(|message| {
        complain(message);
        Ending::Failed
    })
}

fn of_state(args: &ReportArgs, dir: &Path) -> Result<Ending, String> {
    let kept = store::read(dir)?;
    let kept =
        kept.ok_or_else(|| format!("{}: no sensor wrote its state here yet", dir.display()))?;
    let path = args.marks.clone().unwrap_or_else(|| dir.join(store::MARKS));
    let marks = marks::read(&path)?;
    let names = args.judge.names.as_deref();
    let register = names.map(super::names::load).transpose()?.map(Arc::new);
    let hand = Handover::of(&Sources {
        state: &kept.value,
        marks: &marks,
        from: kept.written.saturating_sub(args.since.0),
        to: kept.written,
        today: end_of_day(kept.written, args.utc),
        begins: None,
        register,
    });
    tell(args, &hand)?;
    Ok(Ending::Done)
}

fn of_captures(args: &ReportArgs, limits: &Limits) -> Result<Ending, String> {
    let law = Law::load(&args.judge, limits)?;
    let (ruling, register) = (law.ruling.clone(), law.register.clone());
    let marks = args.marks.as_deref().map(marks::read).transpose()?;
    let judge = law.judge(limits);
    let options = ReadOptions {
        limits: limits.sensor.clone(),
        ..ReadOptions::default()
    };
    let inputs = Inputs::open(&args.read, &options).map_err(|e| e.to_string())?;
    let names: Vec<String> = (0..inputs.files())
        .map(|at| inputs.name(at).to_owned())
        .collect();
    let key = setup::pseudonym_key(args.pseudonym_key.as_deref())?;
    let discretion = Discretion::new(Pseudonyms::new(&key), false);
    let interest = Arc::new(judge.interest());
    let mut judging = Judging::new(judge, Outputs::new(Vec::new(), None, discretion));
    // What is open at the end stays open: it is told so.
    judging.stand(None, None, "");
    let stop = Stop::default();
    setup::end_on_signal(&stop)?;
    let decode = DecodeOptions {
        ignore_checksums: args.checksums == Checksums::None,
        limits: limits.sensor.clone(),
    };
    let run = Run {
        inputs,
        decoder: Decoder::new(&decode),
        flow: limits.flow_settings(),
        interest,
        workers: 0,
        stop,
    };
    let totals = run.to_end(&mut judging);
    for trouble in troubles(&totals) {
        complain(trouble);
    }
    let (first, last) = (judging.tally().first_time, judging.tally().last_time);
    let to = last.ok_or("there is no frame in what was read")?;
    let lost = totals.snapshot.reader.losses.total();
    let state = store::state_of(&judging, &ruling, lost, to);
    let mut hand = Handover::of(&Sources {
        state: &state,
        marks: &marks.unwrap_or_default(),
        from: to.saturating_sub(args.since.0),
        to,
        today: end_of_day(to, args.utc),
        begins: first,
        register,
    });
    hand.gaps = Some(totals.flows.events.gap_bytes);
    for name in &names {
        let hash = sha256(Path::new(name)).unwrap_or_else(|why| format!("not known ({why})"));
        hand.captures.push((clean::text(name.as_bytes()), hash));
    }
    tell(args, &hand)?;
    let broken = totals.failed.is_some() || totals.inputs.damages().iter().any(|d| !d.tail);
    Ok(if broken { Ending::Failed } else { Ending::Done })
}

fn tell(args: &ReportArgs, hand: &Handover) -> Result<(), String> {
    let form = if args.markdown {
        Form::Markdown
    } else {
        Form::Text
    };
    let zone = if args.utc {
        "UTC".to_owned()
    } else {
        let zone = jiff::tz::TimeZone::system();
        zone.iana_name()
            .unwrap_or("the machine's own zone")
            .to_owned()
    };
    let text = handover::write(hand, form, &stamp(args.utc), &zone);
    match &args.output {
        None => say(&text),
        Some(path) => {
            std::fs::write(path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))
        }
    }
}

fn sha256(path: &Path) -> Result<String, String> {
    let mut file = File::open(path).map_err(|e| e.to_string())?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(|e| e.to_string())? {
            0 => break,
            n => hash.update(&buffer[..n]),
        }
    }
    Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

fn end_of_day(time: i64, utc: bool) -> i64 {
    let zone = match utc {
        true => jiff::tz::TimeZone::UTC,
        false => jiff::tz::TimeZone::system(),
    };
    let end = jiff::Timestamp::from_nanosecond(i128::from(time))
        .ok()
        .and_then(|t| t.to_zoned_datetime(zone.clone()).date().tomorrow().ok())
        .and_then(|day| day.to_zoned_datetime(zone).ok())
        .and_then(|end| i64::try_from(end.timestamp().as_nanosecond()).ok());
    end.unwrap_or(time)
}
