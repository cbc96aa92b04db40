//! Every screen, drawn from shipped captures, looks as its golden shows it.
//!
//! `WARDWATCH_ACCEPT=1` writes the goldens anew; look at the difference before committing it.

use std::fs;
use std::path::PathBuf;

use rules::language::ruleset::{RuleSet, Source};
use tui::theme::Look;
use wardwatch_tests::capture::shipped;
use wardwatch_tests::screens::{Seat, styles, text};

/// A picture: its name, the capture, the policy, and the keys that lead to it.
const PICTURES: &[(&str, &str, &str, &str)] = &[
    ("findings", WARD, HL7, ""),
    ("findings-by-rule", WARD, HL7, "r<Enter>"),
    ("findings-acknowledge", WARD, HL7, "aAnna<Enter>ward called"),
    ("findings-help", WARD, HL7, "?"),
    ("findings-propose", WARD, HL7, "w<Tab>+"),
    ("devices", WARD, HL7, "2"),
    ("devices-in-use", MONITORS, "", "2"),
    ("devices-propose", WARD, HL7, "2jw<Tab><Tab>"),
    ("commands", WARD, HL7, "3"),
    ("commands-map", WARD, HL7, "3m"),
    ("conversations", WARD, HL7, "4"),
    ("message", WARD, HL7, "<Enter><Tab>jjjjjjjjjjjjjj"),
    ("message-revealed", WARD, HL7, "<Enter><Tab>jjjjjjjjjjjjjjP"),
    (
        "message-byte",
        WARD,
        HL7,
        "<Enter><Tab><Tab>jjjjjjj<Right><Right>",
    ),
    ("protocols", WARD, HL7, "6"),
    ("sensor", WARD, HL7, "7"),
    ("filter-completes", WARD, HL7, "/verb is set-<Tab>"),
    (
        "filter-mistake",
        WARD,
        HL7,
        "/verb is set-rate and valeu > 30 mL/h<Enter>",
    ),
    (
        "filter-taken",
        WARD,
        HL7,
        "/verb is set-rate and value > 30 mL/h<Enter>3",
    ),
    ("frozen", WARD, HL7, "f2"),
    ("no-policy", WARD, "", ""),
];

const WARD: &str = "pcaps/ward/one-evening.pcapng";
const MONITORS: &str = "pcaps/intellivue/ivue_two_monitors.pcap";
const HL7: &str = "pcaps/policies/hl7.toml";
const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

#[test]
fn every_screen_looks_as_its_golden() {
    let accept = std::env::var_os("WARDWATCH_ACCEPT").is_some();
    let mut wrong = Vec::new();
    for (name, capture, policy, keys) in PICTURES {
        for size in SIZES {
            let policy = (!policy.is_empty()).then(|| shipped(policy));
            let draw = |look| {
                let capture = shipped(capture);
                let mut seat = Seat::judged_by(rules(), &capture, policy.as_deref(), size, look);
                seat.press(keys);
                seat.buffer()
            };
            let (dark, plain) = (draw(Look::Dark), draw(Look::Plain));
            assert_eq!(
                text(&dark),
                text(&plain),
                "{name}: what is said by a colour is said by a sign too"
            );
            let picture = format!(
                "{}\ndark\n{}\nNO_COLOR\n{}",
                text(&dark),
                styles(&dark),
                styles(&plain)
            );
            let path = golden(name, size);
            if accept {
                fs::write(&path, &picture).expect("a writable repository");
            } else if fs::read_to_string(&path).unwrap_or_default() != picture {
                wrong.push(format!("{}:\n{}", path.display(), text(&dark)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The README shows pictures as they are; `WARDWATCH_ACCEPT=1` puts the newest in.
#[test]
fn pictures_of_the_readme_are_the_goldens() {
    const MARK: &str = "<!-- picture: ";
    let path = shipped("README.md");
    let readme = fs::read_to_string(&path).expect("a README");
    let (mut wanted, mut shown) = (String::new(), 0);
    let mut lines = readme.lines().peekable();
    while let Some(line) = lines.next() {
        wanted.push_str(line);
        wanted.push('\n');
        let Some(name) = line.strip_prefix(MARK).and_then(|l| l.strip_suffix(" -->")) else {
            continue;
        };
        shown += 1;
        let file = shipped("tests/screens").join(format!("{name}.txt"));
        let golden = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        let picture = golden.split("\ndark\n").next().unwrap_or_default();
        wanted.push_str("```text\n");
        wanted.push_str(picture.trim_end());
        wanted.push_str("\n```\n");
        if lines.next_if(|l| *l == "```text").is_some() {
            for line in lines.by_ref() {
                if line == "```" {
                    break;
                }
            }
        }
    }
    assert!(shown >= 7, "every screen is shown");
    if std::env::var_os("WARDWATCH_ACCEPT").is_some() {
        fs::write(&path, &wanted).expect("a writable repository");
    } else {
        assert!(wanted == readme, "WARDWATCH_ACCEPT=1 puts the pictures in");
    }
}

#[test]
fn no_colour_is_written_under_no_color() {
    let policy = shipped(HL7);
    for screen in ["1", "2", "3", "4", "5", "6", "7", "?"] {
        let mut seat = Seat::at(&shipped(WARD), Some(&policy), (120, 40), Look::Plain);
        let buffer = seat.press(screen).buffer();
        for cell in buffer.content() {
            let style = cell.style();
            let none = |c: Option<ratatui::style::Color>| {
                c.is_none_or(|c| c == ratatui::style::Color::Reset)
            };
            assert!(
                none(style.fg) && none(style.bg),
                "a colour on screen {screen}"
            );
        }
    }
}

#[test]
fn chosen_row_and_severity_are_told_without_colour() {
    let policy = shipped(HL7);
    let mut seat = Seat::at(&shipped(WARD), Some(&policy), (80, 24), Look::Plain);
    let said = seat.text();
    assert!(said.contains("▸!! C"), "{said}");
    assert!(said.contains(" ! H"), "{said}");
}

#[test]
fn narrow_terminal_keeps_the_essential() {
    let policy = shipped(HL7);
    let mut seat = Seat::at(&shipped(WARD), Some(&policy), (40, 12), Look::Dark);
    let said = seat.text();
    for part in ["!! C", "? help", "q quit", "open"] {
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
    let mut seat = Seat::at(&shipped(WARD), Some(&policy), (30, 5), Look::Dark);
    assert!(seat.text().contains("wardwatch needs 40 x 10"));
}

#[test]
fn every_size_of_terminal_is_drawn_without_a_panic() {
    let policy = shipped(HL7);
    let mut seat = Seat::at(&shipped(WARD), Some(&policy), (80, 24), Look::Dark);
    for width in (1..130).step_by(7) {
        for height in (1..45).step_by(4) {
            seat.resize(width, height);
            seat.press("1234567?<Esc>1<Enter><Tab>/verb is <Tab><Esc>");
        }
    }
}

/// A few fixed rules: a picture changes when a screen does, not when the catalogue grows.
fn rules() -> RuleSet {
    let path = shipped("tests/screens/rules.toml");
    let text = fs::read_to_string(&path).expect("rules beside the pictures");
    let name = "rules.toml".to_owned();
    RuleSet::load(&[Source { name, text }]).unwrap_or_else(|report| panic!("{report}"))
}

fn golden(name: &str, (width, height): (u16, u16)) -> PathBuf {
    shipped("tests/screens").join(format!("{name}-{width}x{height}.txt"))
}
