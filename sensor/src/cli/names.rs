//! The site's list of devices: `wardwatch devices import`, `devices diff`, and `--names`.

use std::fmt::Write as _;
use std::path::Path;

use rules::RuleSet;
use rules::inventory::register::{COLUMNS, Entry, Mapping, Register};

use super::args::Input;
use super::survey::{Survey, say, stamp};
use super::{Ending, complain};
use crate::output::clean;

/// Reads a names file. What in it is wrong is told.
pub fn load(path: &Path) -> Result<Register, String> {
    read(path, &Mapping::default())
}

/// Reads an export and writes a names file.
pub fn import(
    path: &Path,
    mapping: Option<&Path>,
    output: Option<&Path>,
) -> Result<Ending, String> {
    let mapping = match mapping {
        Some(file) => {
            let text =
                std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
            Mapping::parse(&text).map_err(|why| format!("{}: {why}", file.display()))?
        }
        None => Mapping::default(),
    };
    let register = read(path, &mapping)?;
    let mut text = COLUMNS.join(",");
    text.push('\n');
    for entry in register.entries() {
        let cells = entry.cells();
        let cells: Vec<String> = cells
            .iter()
            .map(|c| clean::csv_cell(c.as_bytes()))
            .collect();
        let _ = writeln!(text, "{}", cells.join(","));
    }
    match output {
        Some(file) => std::fs::write(file, &text)
            .map_err(|e| format!("cannot write to {}: {e}", file.display()))?,
        None => say(&text)?,
    }
    eprintln!("{} devices", register.entries().len());
    Ok(Ending::Done)
}

/// What is on the list and never seen, the reverse, and where they differ.
pub fn diff(path: &Path, input: &Input, utc: bool) -> Result<Ending, String> {
    let register = load(path)?;
    let rules = RuleSet::load(&[]).map_err(|e| e.to_string())?;
    let survey = Survey::of(input, rules, None, None)?;
    let inventory = survey.judge.inventory();
    let time = stamp(utc);
    let mut seen = Vec::new();
    let (mut unlisted, mut differing) = (String::new(), String::new());
    for device in inventory.devices() {
        let addresses: Vec<String> = device.addresses().iter().map(ToString::to_string).collect();
        let addresses = addresses.join(", ");
        match register.of_device(&device, |mac| inventory.is_router(mac)) {
            Some(entry) => {
                seen.push(entry.line);
                for difference in entry.differences(&device) {
                    let line = clean::text(difference.as_bytes());
                    let _ = writeln!(differing, "    {}  {line}", called(entry));
                }
            }
            None => {
                let role = device.role().map_or("unknown", |(kind, _)| kind.word());
                let first = time(device.first_seen());
                let _ = writeln!(
                    unlisted,
                    "    {addresses:<24} {role:<14} first seen {first}"
                );
            }
        }
    }
    let mut unseen = String::new();
    for entry in register
        .entries()
        .iter()
        .filter(|e| !seen.contains(&e.line))
    {
        let by: Vec<String> = entry.cells()[3..6]
            .iter()
            .filter(|c| !c.is_empty())
            .map(|c| clean::text(c.as_bytes()))
            .collect();
        let _ = writeln!(unseen, "    {}  ({})", called(entry), by.join(", "));
    }
    let mut out = String::new();
    for (title, lines) in [
        ("On the list and never seen", unseen),
        ("Seen and not on the list", unlisted),
        ("The list and the wire differ", differing),
    ] {
        let lines = if lines.is_empty() {
            "    nothing\n".to_owned()
        } else {
            lines
        };
        let _ = write!(out, "{title}\n{lines}\n");
    }
    say(&out)?;
    Ok(survey.ending())
}

fn called(entry: &Entry) -> String {
    clean::text(entry.site().to_string().as_bytes())
}

fn read(path: &Path, mapping: &Mapping) -> Result<Register, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let (register, told) = Register::import(&text, mapping)
        .map_err(|why| format!("{}: {}", path.display(), clean::text(why.as_bytes())))?;
    for line in told {
        complain(format!(
            "{}: {}",
            path.display(),
            clean::text(line.as_bytes())
        ));
    }
    Ok(register)
}
