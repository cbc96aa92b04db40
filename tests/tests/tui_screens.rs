//! Every screen, drawn from shipped captures, looks as its golden shows it.
//!
//! `WARDWATCH_ACCEPT=1` writes the goldens anew; look at the difference before committing it.

use std::fs;
use std::path::PathBuf;

use rules::language::ruleset::{RuleSet, Source};
use tui::theme::{ASCII, Look, Theme};
use wardwatch_tests::capture::shipped;
use wardwatch_tests::screens::{Seat, styles, text};

/// A picture: its name, the capture, the policy, and the keys that lead to it.
const PICTURES: &[(&str, &str, &str, &str)] = &[
    ("findings", WARD, HL7, ""),
    ("findings-unfolded", WARD, HL7, "<Right>j"),
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
const STUDIES: &str = "pcaps/dicom/find_cancel_errors.pcap";
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

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

/// What a capture tells of patients, as sent.
fn patient_data(seat: &Seat) -> Vec<Vec<u8>> {
    use dissectors::message::Value;
    use dissectors::schema::Privacy;
    let messages = &seat.model.messages;
    let mut all = Vec::new();
    for m in (0..messages.len()).filter_map(|at| messages.get(messages.id(at)?)) {
        for (id, value) in m.fields() {
            let (Privacy::Patient(kind), Value::Text(sent) | Value::Time(sent)) =
                (m.describe(id).privacy, value)
            else {
                continue;
            };
            // A letter stands anywhere, and an order's number may be the time at which it was made.
            let time = kind == "accession" && sent.starts_with(b"2026");
            if sent.len() >= 5 && !time {
                all.push(sent.to_vec());
            }
        }
    }
    all.sort();
    all.dedup();
    all
}

#[test]
fn no_picture_shows_patient_data_that_nobody_asked_for() {
    let hex = |bytes: &[u8]| -> String {
        let bytes: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
        bytes.join(" ")
    };
    for (capture, policy) in [(WARD, Some(HL7)), (MONITORS, None), (STUDIES, None)] {
        let policy = policy.map(shipped);
        for size in SIZES {
            let mut seat = Seat::at(&shipped(capture), policy.as_deref(), size, Look::Dark);
            let known = patient_data(&seat);
            let mut shown_if_asked = false;
            let mut look = |screen: &str, hidden: bool| {
                for value in &known {
                    let text = String::from_utf8_lossy(value);
                    let seen = screen.contains(text.as_ref()) || screen.contains(&hex(&value[..5]));
                    assert!(!(seen && hidden), "{text} on\n{screen}");
                    shown_if_asked |= seen;
                }
            };
            for screen in ["1", "2", "3r", "4", "6", "7"] {
                for row in 0..8 {
                    seat.press(if row == 0 { screen } else { "j" });
                    look(&seat.text(), true);
                }
            }
            // Each message, its fields and all of its bytes, then asked for.
            seat.press("5g");
            for _ in 0..seat
                .model
                .messages
                .len()
                .min(if size == SIZES[1] { 16 } else { 0 })
            {
                seat.press("<Tab>");
                for _ in 0..4 {
                    look(&seat.text(), true);
                    seat.press("jjjjjjjjjjjj");
                }
                seat.press("<Tab>");
                for _ in 0..4 {
                    look(&seat.text(), true);
                    seat.press("jjjjjjjjjjjj");
                }
                seat.press("P");
                look(&seat.text(), false);
                seat.press("P<Tab>j");
            }
            assert!(
                size != SIZES[1] || shown_if_asked || known.is_empty(),
                "{capture} shows patient data when asked: the test can fail"
            );
        }
    }
}

#[test]
fn ascii_screens_are_ascii() {
    let policy = shipped(HL7);
    let mut seat = Seat::at(&shipped(WARD), Some(&policy), (120, 40), Look::Plain);
    seat.theme = Theme::new(Look::Plain, ASCII);
    for keys in [
        "1",
        "r",
        "r<Right>",
        "2",
        "3",
        "m",
        "4",
        "6",
        "7",
        "?",
        "<Esc>1<Enter>",
        "1w",
        "<Esc>/verb is ",
    ] {
        seat.press(keys);
        let said = seat.text();
        let other: Vec<char> = said.chars().filter(|c| !c.is_ascii()).collect();
        assert!(other.is_empty(), "{other:?} after {keys} on\n{said}");
    }
}

#[test]
fn mouse_chooses_screens_rows_and_bytes_and_scrolls() {
    use ratatui::crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let policy = shipped(HL7);
    let mut seat = Seat::at(&shipped(WARD), Some(&policy), (120, 40), Look::Dark);
    let act = |seat: &mut Seat, kind, at: &str| {
        let said = seat.text();
        let (row, line) = said
            .lines()
            .enumerate()
            .find(|(_, l)| l.contains(at))
            .unwrap_or_else(|| panic!("{at} is not on\n{said}"));
        let before = &line[..line.find(at).unwrap_or(0)];
        let event = MouseEvent {
            kind,
            column: before.chars().count() as u16 + 1,
            row: row as u16,
            modifiers: KeyModifiers::NONE,
        };
        let effects = tui::hands::mouse(&mut seat.model, &event);
        seat.serve(effects);
        seat.text()
    };
    let click = MouseEventKind::Down(MouseButton::Left);
    act(&mut seat, click, "2 Devices");
    let said = act(&mut seat, click, "LIS|LAB");
    assert!(said.contains("device  10.20.3.30"), "{said}");
    let said = act(&mut seat, MouseEventKind::ScrollDown, "LIS|LAB");
    assert!(!said.contains("device  10.20.3.30"), "{said}");
    act(&mut seat, click, "1 Findings");
    seat.press("<Enter>");
    // A click into the bytes chooses the field that they belong to.
    let said = act(&mut seat, click, "42 43 4d 41");
    assert!(said.contains("▸  sending_app "), "{said}");
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
