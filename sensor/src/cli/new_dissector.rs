//! `wardwatch new-dissector`: a dissector that works, to be changed into the one that is wanted.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dissectors::message::Interest;
use dissectors::{Side, declarative, registry};
use rules::engine::Judge;
use rules::privacy::Pseudonyms;

use super::args::NewDissectorArgs;
use super::{Ending, complain, rulebook};
use crate::capture::{Inputs, ReadOptions};
use crate::decode::{DecodeOptions, Decoder};
use crate::flow::Settings;
use crate::output::clock::Clock;
use crate::output::discretion::Discretion;
use crate::output::eve::Eve;
use crate::output::{EveOutput, Outputs};
use crate::pipeline::{Judging, Run, Stop};
use crate::workbench::sample;

const DATA: &str = include_str!("../workbench/template/data.dissector.toml");
const README: &str = include_str!("../workbench/template/README.md");
const RUST: &[(&str, &str)] = &[
    ("mod.rs", include_str!("../workbench/template/mod.rs.txt")),
    (
        "fields.rs",
        include_str!("../workbench/template/fields.rs.txt"),
    ),
    (
        "frame.rs",
        include_str!("../workbench/template/frame.rs.txt"),
    ),
    ("body.rs", include_str!("../workbench/template/body.rs.txt")),
    (
        "tests.rs",
        include_str!("../workbench/template/tests.rs.txt"),
    ),
];

/// What is said in the sample.
const SAID: &[(Side, &[u8])] = &[
    (Side::Client, b"STAT 1\r"),
    (Side::Server, b"STOPPED\r"),
    (Side::Client, b"RATE 1 12.5 mL/h\r"),
    (Side::Server, b"OK\r"),
    (Side::Client, b"RATE 1 9999 mL/h\r"),
    (Side::Server, b"ERR 3\r"),
    (Side::Client, b"STOP 1\r"),
    (Side::Server, b"OK\r"),
];

/// Writes folder, registration, capture and golden.
pub fn run(args: &NewDissectorArgs) -> Ending {
    match make(args) {
        Ok(text) => {
            print!("{text}");
            Ending::Done
        }
        Err(message) => {
            complain(message);
            Ending::Failed
        }
    }
}

fn make(args: &NewDissectorArgs) -> Result<String, String> {
    let name = &args.name;
    let snake = name
        .bytes()
        .enumerate()
        .all(|(at, b)| b.is_ascii_lowercase() || (at > 0 && (b.is_ascii_digit() || b == b'_')));
    if !snake || name.is_empty() || name.len() > 32 {
        return Err(format!(
            "`{name}` is no protocol name: small letters, digits and _, a letter first, at most 32"
        ));
    }
    let source = args.tree.join("dissectors/src");
    let list = source.join("registry.rs");
    if !list.is_file() {
        return Err(format!(
            "{} is not there: run this at the top of wardwatch's source tree, or name it with --tree",
            list.display()
        ));
    }
    let folder = source.join(name);
    let captures = args.tree.join("pcaps").join(name);
    for taken in [&folder, &captures] {
        if taken.exists() {
            return Err(format!("{} is there already", taken.display()));
        }
    }
    let fill = |text: &str| {
        text.replace("@NAME@", name)
            .replace("@UPPER@", &name.to_uppercase())
            .replace("@CAMEL@", &camel(name))
            .replace("@PORT@", &args.tcp.to_string())
    };
    let data = fill(DATA);
    // The template says the same in both ways, so that one golden serves both.
    let protocol = declarative::load(&data, name).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })?;
    registry::add(vec![protocol]).map_err(|e| e.to_string())?;

    let mut written = Vec::new();
    if args.rust {
        for (file, text) in RUST {
            put(&folder.join(file), fill(text).as_bytes(), &mut written)?;
        }
        let line = format!("    &crate::{name}::{},\n", name.to_uppercase());
        insert(&list, "const BUILT_IN", &line, &mut written)?;
        let line = format!("pub mod {name};\n");
        insert_after(
            &source.join("lib.rs"),
            "pub mod tls;\n",
            &line,
            &mut written,
        )?;
    } else {
        let file = format!("{name}.dissector.toml");
        put(&folder.join(&file), data.as_bytes(), &mut written)?;
        let line = format!(
            "    (\n        \"{file}\",\n        include_str!(\"../{name}/{file}\"),\n    ),\n"
        );
        insert(
            &source.join("declarative/mod.rs"),
            "pub const EMBEDDED",
            &line,
            &mut written,
        )?;
    }
    put(
        &captures.join("README.md"),
        fill(README).as_bytes(),
        &mut written,
    )?;
    let capture = captures.join("first-words.pcap");
    put(&capture, &sample::pcap(args.tcp, SAID), &mut written)?;
    let golden = judged(&capture)?;
    put(
        &captures.join("first-words.golden.jsonl"),
        golden.as_bytes(),
        &mut written,
    )?;
    Ok(told(args, &written, &folder, &capture))
}

fn told(args: &NewDissectorArgs, written: &[PathBuf], folder: &Path, capture: &Path) -> String {
    let mut out = String::new();
    for path in written {
        out.push_str(&format!("wrote {}\n", path.display()));
    }
    let build = if args.rust {
        "cargo build -p wardwatch\n  "
    } else {
        ""
    };
    out.push_str(&format!(
        "\nNext, beside an editor:\n  {build}wardwatch try {} -r {} --watch\n\
         When it reads your own capture:\n  WARDWATCH_ACCEPT=1 cargo test -p wardwatch-tests --test golden --test reference\n\
         then read the difference. The guide: dissectors/README.md\n",
        folder.display(),
        capture.display()
    ));
    out
}

fn camel(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|c| c.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<String>()
        })
        .collect()
}

fn put(path: &Path, bytes: &[u8], written: &mut Vec<PathBuf>) -> Result<(), String> {
    let told = |e| format!("{}: {e}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(told)?;
    }
    std::fs::write(path, bytes).map_err(told)?;
    written.push(path.to_owned());
    Ok(())
}

/// Puts a line at the end of the list that begins at `list`.
fn insert(path: &Path, list: &str, line: &str, written: &mut Vec<PathBuf>) -> Result<(), String> {
    let text = read(path)?;
    let end = text
        .find(list)
        .and_then(|at| text[at..].find("\n];").map(|n| at + n + 1))
        .ok_or_else(|| format!("{}: `{list}` is not there", path.display()))?;
    put(
        path,
        format!("{}{line}{}", &text[..end], &text[end..]).as_bytes(),
        written,
    )
}

fn insert_after(
    path: &Path,
    mark: &str,
    line: &str,
    written: &mut Vec<PathBuf>,
) -> Result<(), String> {
    let text = read(path)?;
    let end = text
        .find(mark)
        .map(|at| at + mark.len())
        .ok_or_else(|| format!("{}: `{}` is not there", path.display(), mark.trim()))?;
    put(
        path,
        format!("{}{line}{}", &text[..end], &text[end..]).as_bytes(),
        written,
    )
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

/// The records of a capture as goldens hold them: no policy, the goldens' key, no statistics.
fn judged(capture: &Path) -> Result<String, String> {
    let judge = Judge::new(
        rulebook::load(&[])?,
        None,
        rules::engine::Settings::default(),
    );
    let inputs = Inputs::open(&[capture], &ReadOptions::default()).map_err(|e| e.to_string())?;
    let name = inputs.name(0).to_owned();
    let sink = Sink::default();
    let eve = EveOutput {
        eve: Eve::new(Clock::new(true), vec![name], false),
        to: Box::new(sink.clone()),
        name: "the golden".into(),
    };
    let discretion = Discretion::new(Pseudonyms::new(&[7; 32]), false);
    let mut interest: Interest = judge.interest();
    interest.want_all_fields_of_all();
    let mut judging = Judging::new(judge, Outputs::new(vec![eve], None, discretion));
    Run {
        inputs,
        decoder: Decoder::new(&DecodeOptions::default()),
        flow: Settings::default(),
        interest: Arc::new(interest),
        workers: 0,
        stop: Stop::default(),
    }
    .to_end(&mut judging);
    let bytes = sink.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
