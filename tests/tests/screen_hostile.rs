//! Names from the wire that no honest device sends leave every screen in its shape: lines stay in
//! their columns, nothing acts on the terminal, nothing covers what stands beside it.

use tui::theme::Look;
use unicode_width::UnicodeWidthStr;
use wardwatch_tests::capture::{TempCapture, write};
use wardwatch_tests::screens::Seat;
use wardwatch_tests::talk::{Who, mllp, tcp};

/// Situations that a name may bring about.
fn names() -> Vec<(&'static str, String)> {
    vec![
        (
            "controls",
            "A\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}1m\u{8}\u{7f}B".into(),
        ),
        ("very wide", "山".repeat(200)),
        ("one long word", "W".repeat(600)),
        ("right to left", "\u{202e}\u{2067}שלום\u{200f}B".into()),
        ("zero width", "A\u{200b}\u{200d}\u{feff}\u{2060}B".into()),
        ("marks piled up", format!("e{}", "\u{301}".repeat(300))),
        ("pictures joined", "👨‍👩‍👧‍👦🏳️‍🌈".into()),
        ("half a character", "\u{ff76}\u{ff9e}a\u{3000}b".into()),
    ]
}

/// Orders to a pump, a refusal, a patient's admission and an unknown message with the name in every place.
fn capture(name: &str) -> TempCapture {
    let order = format!(
        "MSH|^~\\&|{name}|F|PUMPGW|ICU|20261124204152||RGV^O15^RGV_O15|{name}|P|2.6\nPID|1||{name}\nORC|RE|{name}\n\
         RXG|1|||{name}^{name}|500||mL^mL^UCUM||||||||9999|mL/h^mL/h^UCUM\n\
         OBX|1||69986^MDC_DEV_PUMP_INFUS_VMD^MDC|1.1.0.0|||||||X|||||||{name}\n"
    );
    let refusal =
        format!("MSH|^~\\&|{name}|F|A|F|20261124204152||ACK^O15|1|P|2.6\nMSA|AE|{name}|{name}\n");
    let strange = format!("MSH|^~\\&|A|F|B|F|2026||{name}^Z01|2|P|2.6\n");
    write(&tcp(
        2575,
        &[
            (Who::Client, &mllp(&order)),
            (Who::Server, &mllp(&refusal)),
            (Who::Client, &mllp(&strange)),
        ],
    ))
}

/// Every line is as wide as the terminal, and no cell holds what a terminal would obey.
fn in_shape(how: &str, seat: &mut Seat, (width, height): (u16, u16)) {
    let buffer = seat.buffer();
    for y in 0..height {
        let mut columns = 0;
        let mut line = String::new();
        while columns < usize::from(width) {
            let symbol = buffer[(columns as u16, y)].symbol();
            // A wide character takes the cell after it too.
            columns += symbol.width().max(1);
            line.push_str(symbol);
            assert!(
                symbol.chars().count() <= 12,
                "{how}: {symbol:?} in one cell"
            );
            for c in symbol.chars() {
                let acts = c.is_control()
                    || matches!(c, '\u{80}'..='\u{9f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
                assert!(!acts, "{how}: {c:?} came through in {line}");
            }
        }
        assert_eq!(columns, usize::from(width), "{how}: {line}");
        // Panels end where they should.
        let last = buffer[(width - 1, y)].symbol();
        let first = buffer[(0, y)].symbol();
        if first == "│" {
            assert_eq!(last, "│", "{how}: {line}");
        }
    }
}

#[test]
fn hostile_names_leave_every_screen_in_its_shape() {
    for (what, name) in names() {
        let capture = capture(&name);
        for size in [(80, 24), (120, 40), (200, 60)] {
            let mut seat = Seat::at(&capture.0, None, size, Look::Dark);
            assert!(seat.model.seen > 3, "{what}: messages are found");
            // Patient data too, for they are wire text like any other.
            seat.press("P");
            for keys in [
                "1<Tab><Tab><Tab>",
                "1w",
                "<Esc>2",
                "3r",
                "m",
                "4",
                "5g",
                "6",
                "7",
                "1yj",
            ] {
                seat.press(keys);
                for _ in 0..6 {
                    in_shape(&format!("{what}, {keys}, {size:?}"), &mut seat, size);
                    seat.press("j");
                }
                seat.press("<Esc>");
            }
            seat.press("5g");
            for _ in 0..seat.model.messages.len() {
                seat.press("<Tab>");
                for _ in 0..12 {
                    in_shape(&format!("{what}, message, {size:?}"), &mut seat, size);
                    seat.press("jjj");
                }
                seat.press("<Tab><Tab>j");
            }
        }
    }
}
