//! `wardwatch talk`: conversations as an engineer reads them.

use std::io::Write;

use dissectors::ProtocolId;
use dissectors::message::Interest;
use rules::privacy::Pseudonyms;

use super::args::{Checksums, TalkArgs};
use super::replay::troubles;
use super::setup::{end_on_signal, pseudonym_key};
use super::{Ending, complain};
use crate::capture::{Inputs, ReadOptions};
use crate::decode::{DecodeOptions, Decoder};
use crate::flow::Settings;
use crate::output::clock::Clock;
use crate::output::discretion::Discretion;
use crate::output::paint::Paint;
use crate::pipeline::{Stop, listen};
use crate::talk::{Manner, Talk};

/// Reads the captures and prints what was said in them.
pub fn run(args: &TalkArgs) -> Ending {
    match print(args) {
        Ok(ending) => ending,
        Err(message) => {
            complain(message);
            Ending::Failed
        }
    }
}

fn print(args: &TalkArgs) -> Result<Ending, String> {
    let options = ReadOptions {
        filter: args.input.filter.clone(),
        count: args.input.count,
        ..Default::default()
    };
    let inputs = Inputs::open(&args.input.read, &options).map_err(|e| e.to_string())?;
    let key = pseudonym_key(args.pseudonym_key.as_deref())?;
    let mut talk = Talk::new(Manner {
        verbose: args.verbose,
        hosts: args.hosts.clone(),
        clock: Clock::new(args.utc),
        paint: Paint::for_stdout(),
        discretion: Discretion::new(Pseudonyms::new(&key), args.show_patient_data),
    });
    let mut interest = Interest::everything();
    if args.verbose
        && let Some(hl7) = ProtocolId::of("hl7v2")
    {
        interest.want_body(hl7);
    }
    let decode = DecodeOptions {
        ignore_checksums: args.input.checksums == Checksums::None,
        ..Default::default()
    };
    let stop = Stop::default();
    end_on_signal(&stop)?;
    let mut out = std::io::stdout().lock();
    let mut written = Ok(());
    let totals = listen(
        inputs,
        Decoder::new(&decode),
        Settings::default(),
        interest,
        &stop,
        |message| {
            if let Some(text) = talk.hear(message)
                && written.is_ok()
            {
                written = out.write_all(text.as_bytes());
            }
        },
    );
    let mut text = talk.tell();
    if talk.is_silent() {
        text.push_str(if args.hosts.is_empty() {
            "No conversation of a known protocol, and no failed attempt.\n"
        } else {
            "No conversation of these hosts.\n"
        });
    }
    text.push_str(&talk.last_line().unwrap_or_default());
    for trouble in troubles(&totals) {
        complain(trouble);
    }
    match written.and_then(|()| out.write_all(text.as_bytes())) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(format!("cannot write to standard output: {e}"))
        }
        _ if totals.failed.is_some() => Ok(Ending::Failed),
        _ => Ok(Ending::Done),
    }
}
