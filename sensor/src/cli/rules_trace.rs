//! `wardwatch rules trace`: why a rule fired on a frame, or did not.

use rules::engine::{Judge, Meeting, Part, Trace, When};
use rules::language::compiled::Truth;
use rules::privacy::{Pseudonyms, Show};

use super::args::{Checksums, TraceArgs};
use super::replay::troubles;
use super::{Ending, complain, rulebook, setup, survey};
use crate::capture::{Inputs, ReadOptions};
use crate::config::Limits;
use crate::decode::{DecodeOptions, Decoder};
use crate::pipeline::{Stop, listen};

/// Reads the capture, follows the rule, prints how it met the frame.
pub fn run(args: &TraceArgs, limits: &Limits) -> Ending {
    trace(args, limits).unwrap_or_else(|message| {
        complain(message);
        Ending::Failed
    })
}

fn trace(args: &TraceArgs, limits: &Limits) -> Result<Ending, String> {
    let sources = rulebook::all_sources(&args.rules)?;
    let rules = rulebook::load_sources(&sources, &limits.judge)?;
    let rule = rulebook::find(&rules, &args.id)?;
    let (id, title) = (rule.id.clone(), rule.title.clone());
    let policy = args
        .policy
        .as_deref()
        .map(|path| setup::read_policy(path, None, ""))
        .transpose()?
        .map(|(policy, _)| policy);
    let [capture] = args.input.read.as_slice() else {
        return Err("`rules trace` follows a frame of one capture: name one with -r".to_owned());
    };
    let options = ReadOptions {
        filter: args.input.filter.clone(),
        count: args.input.count,
        limits: limits.sensor.clone(),
        ..Default::default()
    };
    let inputs = Inputs::open(&[capture], &options).map_err(|e| e.to_string())?;
    if inputs.files() != 1 {
        return Err("`rules trace` follows a frame of one capture: name one file".to_owned());
    }
    let settings = rules::Settings {
        limits: limits.judge.clone(),
    };
    let mut judge = Judge::new(rules, policy, settings);
    judge.follow(Trace::new(&id, 0, args.frame));
    let decode = DecodeOptions {
        ignore_checksums: args.input.checksums == Checksums::None,
        limits: limits.sensor.clone(),
    };
    let mut heard: Vec<String> = Vec::new();
    let totals = listen(
        inputs,
        Decoder::new(&decode),
        limits.flow_settings(),
        judge.interest(),
        &Stop::default(),
        |message| {
            let completed = judge.completed(message);
            let message = completed.as_ref().map_or(message, |b| b.message(0));
            if message.frames().iter().any(|f| f.number == args.frame) {
                heard.push(format!(
                    "{} {}",
                    message.protocol().name(),
                    rules::privacy::printable(message.kind())
                ));
            }
            judge.message(message, &mut |_| {});
        },
    );
    judge.finish(&mut |_| {});
    for trouble in troubles(&totals) {
        complain(trouble);
    }
    let meetings = judge.followed().map(|t| t.meetings).unwrap_or_default();
    let mut out = format!("{id}  {title}\n");
    let frame = args.frame;
    if heard.is_empty() {
        out.push_str(&format!(
            "\nFrame {frame} carries no message: it lies beyond the end, was left out, or is part of none.\n"
        ));
    } else {
        out.push_str(&format!("\nFrame {frame} carries {}\n", heard.join(", ")));
    }
    let key = setup::pseudonym_key(None)?;
    let pseudonyms = Pseudonyms::new(&key);
    let show = if args.show_patient_data {
        Show::Revealed
    } else {
        Show::Hidden(&pseudonyms)
    };
    for meeting in &meetings {
        out.push_str(&told(meeting, show));
    }
    survey::say(&out)?;
    Ok(match meetings.is_empty() {
        true => Ending::Failed,
        false => Ending::Done,
    })
}

fn told(meeting: &Meeting, show: Show<'_>) -> String {
    let (first, last) = meeting.frames;
    let frames = if first == last {
        format!("frame {first}")
    } else {
        format!("frames {first} to {last}")
    };
    let when = match meeting.when {
        When::Came => "as it came",
        When::WaitsForAnswer => "as it came; the rule asks for the answer and waits for it",
        When::Settled => "when it was answered, or no answer came",
        When::InVain => "when the time had run out in which something should have followed",
        When::InDoubt => {
            "when the time had run out; what should have followed may not have been seen"
        }
        When::NoConcern => "the rule cannot hold for such a message and was not asked",
        When::Draft => "a draft: checked and not judged",
    };
    let mut out = format!(
        "\n{} {} ({frames}), {when}\n",
        meeting.protocol, meeting.kind
    );
    let width = meeting
        .parts
        .iter()
        .map(|p| 2 * p.depth + p.text.chars().count())
        .filter(|w| *w <= 72)
        .max()
        .unwrap_or(0);
    for part in &meeting.parts {
        let text = format!("{:indent$}{}", "", part.text, indent = 2 * part.depth);
        let met = part.met.render(show);
        let line = format!("    {:<8}{text:<width$}   {met}", word(part.truth));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    let fired = meeting.truth == Truth::True;
    let judged = matches!(meeting.when, When::Came | When::Settled | When::InVain);
    if fired && judged {
        out.push_str("    It fired.\n");
    } else if meeting.when != When::WaitsForAnswer {
        let mut why = Vec::new();
        decisive(&meeting.parts, meeting.truth, &mut why);
        let why: Vec<String> = why
            .iter()
            .map(|p| format!("`{}` is {}", p.text, word(p.truth)))
            .collect();
        let reason = if why.is_empty() {
            String::new()
        } else {
            format!(": {}", why.join(", "))
        };
        out.push_str(&format!("    It did not fire{reason}.\n"));
    }
    out
}

fn word(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Unknown => "unknown",
    }
}

/// The parts that made the whole what it is: those without parts of their own.
fn decisive<'p>(parts: &'p [Part], truth: Truth, into: &mut Vec<&'p Part>) {
    let Some((first, rest)) = parts.split_first() else {
        return;
    };
    let inner: Vec<&[Part]> = children(first.depth, rest);
    // A window is one thing; what lies in it are its steps.
    let joined = matches!(first.text.as_str(), "all of" | "any of" | "not");
    if !joined || inner.is_empty() {
        into.push(first);
        return;
    }
    for child in inner {
        let Some(own) = child.first() else { continue };
        let bears = match first.text.as_str() {
            "all of" if truth == Truth::False => own.truth == Truth::False,
            "all of" | "any of" => own.truth != Truth::True,
            _ => true,
        };
        if bears {
            decisive(child, own.truth, into);
        }
    }
}

/// The parts one level below, each with all that lies in it.
fn children(depth: usize, rest: &[Part]) -> Vec<&[Part]> {
    let starts: Vec<usize> = (0..rest.len())
        .take_while(|at| rest[*at].depth > depth)
        .filter(|at| rest[*at].depth == depth + 1)
        .collect();
    let end = rest
        .iter()
        .position(|p| p.depth <= depth)
        .unwrap_or(rest.len());
    starts
        .iter()
        .enumerate()
        .map(|(n, start)| &rest[*start..starts.get(n + 1).copied().unwrap_or(end)])
        .collect()
}
