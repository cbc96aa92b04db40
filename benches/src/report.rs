//! The table: printed as it grows, and a page in the end.

use crate::captures::Capture;
use crate::contest::{Timing, median};
use crate::truth::Found;

/// A contestant's figures on one capture.
pub struct Row {
    name: &'static str,
    timing: Timing,
    /// Of CPU seconds, to the floor run just before.
    ratio: f64,
}

impl Row {
    /// `pairs`: the contestant's runs, each with the floor's before it.
    pub fn of(name: &'static str, pairs: &[(Timing, Timing)]) -> Row {
        let own: Vec<Timing> = pairs.iter().map(|(own, _)| *own).collect();
        Row {
            name,
            timing: Timing::median(&own),
            ratio: median(pairs.iter().map(|(own, base)| own.cpu / base.cpu).collect()),
        }
    }
}

pub struct Sheet {
    machine: Vec<String>,
    table: Vec<String>,
    notes: Vec<String>,
    right: bool,
}

const HEAD: [&str; 2] = [
    "| capture | program | CPU s | x floor | wall s | peak MiB | messages/s |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
];

impl Sheet {
    pub fn new(machine: Vec<String>) -> Sheet {
        for line in machine.iter().map(String::as_str).chain(HEAD) {
            println!("{line}");
        }
        Sheet {
            machine,
            table: Vec::new(),
            notes: Vec::new(),
            right: true,
        }
    }

    pub fn add(&mut self, capture: &Capture, floor: &Timing, rows: Vec<Row>, found: Found) {
        let base = Row {
            name: "floor",
            timing: *floor,
            ratio: 1.0,
        };
        for row in std::iter::once(base).chain(rows) {
            let goal = capture
                .goal
                .filter(|_| row.name == "wardwatch, findings only")
                .map_or(String::new(), |goal| format!(" (goal {goal})"));
            let rate = if row.name.starts_with("wardwatch") {
                format!("{:.0}", found.messages as f64 / row.timing.cpu)
            } else {
                String::new()
            };
            let line = format!(
                "| {} | {} | {:.3} | {:.2}{goal} | {:.2} | {:.0} | {rate} |",
                capture.kind, row.name, row.timing.cpu, row.ratio, row.timing.wall, row.timing.peak
            );
            println!("{line}");
            self.table.push(line);
        }
        self.right &= found.is_right();
        for note in found.words(&capture.kind) {
            println!("{note}");
            self.notes.push(note);
        }
    }

    /// All captures were read as their truth files say.
    pub fn is_right(&self) -> bool {
        self.right
    }

    pub fn page(&self) -> String {
        let list = |lines: &[String]| lines.iter().map(|l| format!("- {l}\n")).collect::<String>();
        format!(
            "# What `make bench` measured\n\n{}\nCPU seconds are user and system time of the whole \
             process, the median; \"x floor\" is the median of ratios to a run of the floor just \
             before. The floor reads the capture, decodes headers and looks up the flow, and does \
             nothing with the payload. Messages a second are per CPU second.\n\n{}\n{}\n{}\n\n{}",
            list(&self.machine),
            HEAD[0],
            HEAD[1],
            self.table.join("\n"),
            list(&self.notes),
        )
    }
}
