//! The line of a message (`--messages`) says what a person needs, and nothing of patients.

use std::path::Path;

use wardwatch_tests::capture::shipped;
use wardwatch_tests::program::{run, texts};

fn lines(capture: &str) -> String {
    let output = run([
        Path::new("-r"),
        &shipped(capture),
        Path::new("--messages"),
        Path::new("--utc"),
    ]);
    texts(&output).0
}

/// The line of a frame, by a word in it.
fn line<'t>(text: &'t str, frame: u32, word: &str) -> &'t str {
    let number = format!("  #{frame}  ");
    text.lines()
        .find(|l| l.contains(&number) && l.contains(word))
        .unwrap_or_else(|| panic!("no line of frame {frame} with {word} in\n{text}"))
}

// Values as tshark shows them: frames 72, 74, 62 of the ward's evening.
#[test]
fn command_and_its_answer_are_told_without_their_envelope() {
    let text = lines("pcaps/ward/one-evening.pcapng");
    let order = line(&text, 72, "hl7v2");
    assert!(
        order.starts_with(
            "20:41:52.217  #72  10.20.1.11:34936 > 10.20.2.20:3000  hl7v2 RGV^O15  \
             set-rate 13.3 mL/h  device PUMP-A0001  channel 1.1.0.0  drug 5678  order accession:"
        ),
        "{order}"
    );
    let answer = line(&text, 74, "hl7v2");
    assert!(answer.ends_with("accepted  ack=CA"), "{answer}");
    let end = line(&text, 62, "tcp");
    assert!(
        end.ends_with("tcp closed  client_bytes=7890  server_bytes=672"),
        "{end}"
    );
    for noise in ["message_time=", "sending_app_id=", "type=ACK", "state="] {
        assert!(!text.contains(noise), "{noise}");
    }
}

#[test]
fn no_line_has_more_than_four_fields() {
    for capture in [
        "pcaps/ward/one-evening.pcapng",
        "pcaps/dicom/attack_assoc_probe.pcapng",
    ] {
        if !shipped(capture).exists() {
            continue;
        }
        for line in lines(capture).lines().filter(|l| l.contains("  #")) {
            let fields = line.split("  ").filter(|p| p.contains('=')).count();
            assert!(fields <= 4, "{line}");
        }
    }
}
