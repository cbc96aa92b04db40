//! Nothing from the wire reaches a terminal, a log line or a file raw.
//!
//! One capture carries hostile names in every place that outputs show; each output joins this test.

use std::path::Path;

use tui::theme::Look;
use wardwatch_tests::capture::{TempCapture, scratch, write};
use wardwatch_tests::program::run;
use wardwatch_tests::screens::Seat;
use wardwatch_tests::talk::{Who, mllp, tcp};

/// Clears the screen, sets the window title, breaks the line, turns the direction of writing,
/// starts a formula.
const NASTY: &str = "=A\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}\u{9b}1mB";

fn hostile() -> TempCapture {
    let order = format!(
        "MSH|^~\\&|{NASTY}|F|PUMPGW|ICU|20261124204152||RGV^O15^RGV_O15|{NASTY}|P|2.6\nPID|1||{NASTY}\nORC|RE|{NASTY}\n\
         RXG|1|||{NASTY}^{NASTY}|500||mL^mL^UCUM||||||||9999|mL/h^mL/h^UCUM\n\
         OBX|1||69986^MDC_DEV_PUMP_INFUS_VMD^MDC|1.1.0.0|||||||X|||||||{NASTY}\n"
    );
    let ack = format!(
        "MSH|^~\\&|{NASTY}|F|A|F|20261124204152||ACK^O15|1|P|2.6\nMSA|AE|{NASTY}|{NASTY}\n"
    );
    let strange = format!("MSH|^~\\&|A|F|B|F|2026||{NASTY}^Z01|2|P|2.6\n");
    let mut frames = tcp(
        2575,
        &[
            (Who::Client, &mllp(&order)),
            (Who::Server, &mllp(&ack)),
            (Who::Client, &mllp(&strange)),
        ],
    );
    frames.extend(tcp(
        104,
        &[
            (Who::Client, &associate_request()),
            (Who::Server, &[7, 0, 0, 0, 0, 4, 0, 0, 0, 0]),
        ],
    ));
    let get = format!("GET /{NASTY} HTTP/1.1\r\nHost: {NASTY}\r\nUser-Agent: {NASTY}\r\n\r\n");
    frames.extend(tcp(80, &[(Who::Client, get.as_bytes())]));
    write(&frames)
}

/// An A-ASSOCIATE-RQ whose AE titles carry escape sequences (PS3.8 9.3.2).
fn associate_request() -> Vec<u8> {
    let mut body = vec![0, 1, 0, 0];
    body.extend_from_slice(b"PACS\x1b[2J        ");
    body.extend_from_slice(b"=CT\x1b]0;x\x07       ");
    body.extend_from_slice(&[0; 32]);
    let uid = b"1.2.840.10008.3.1.1.1";
    body.extend_from_slice(&[0x10, 0, 0, uid.len() as u8]);
    body.extend_from_slice(uid);
    let mut pdu = vec![1, 0];
    pdu.extend_from_slice(&(body.len() as u32).to_be_bytes());
    pdu.extend_from_slice(&body);
    pdu
}

/// Every line of an output is made of printable characters alone.
fn harmless(how: &str, bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap_or_else(|e| panic!("{how} is no UTF-8: {e}"));
    for (number, line) in text.lines().enumerate() {
        for c in line.chars() {
            let acts = c.is_control()
                || matches!(c, '\u{80}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            assert!(
                !acts,
                "{how}, line {}: {c:?} came through: {line}",
                number + 1
            );
        }
    }
}

#[test]
fn hostile_names_are_shown_escaped_in_every_output() {
    let capture = hostile();
    let eve = scratch("json");
    let text = run([
        Path::new("-r"),
        &capture.0,
        Path::new("--messages"),
        Path::new("--show-patient-data"),
        Path::new("-o"),
        &eve,
    ]);
    let json = run([
        Path::new("-r"),
        &capture.0,
        Path::new("--json"),
        Path::new("--show-patient-data"),
    ]);
    for flags in [&["talk"][..], &["talk", "-v"]] {
        let mut args: Vec<&Path> = flags.iter().map(Path::new).collect();
        args.extend([
            Path::new("--show-patient-data"),
            Path::new("-r"),
            &capture.0,
        ]);
        let talk = run(args);
        harmless("talk", &talk.stdout);
        harmless("errors beside talk", &talk.stderr);
        let said = String::from_utf8_lossy(&talk.stdout).into_owned();
        assert!(
            said.contains("RGV^O15") && said.contains("\\x1b["),
            "{said}"
        );
    }
    for protocol in ["hl7v2", "dicom", "http"] {
        for flag in ["-r", "--show-patient-data"] {
            let mut args = vec![Path::new("try"), Path::new(protocol)];
            if flag != "-r" {
                args.push(Path::new(flag));
            }
            args.extend([Path::new("-r"), &capture.0]);
            let tried = run(args);
            harmless("try", &tried.stdout);
            harmless("errors beside try", &tried.stderr);
        }
    }
    let ward = "pcaps/policies/hl7.toml";
    let policy = wardwatch_tests::capture::shipped(ward);
    for (how, args) in [
        ("devices", &["devices"][..]),
        ("devices as JSON", &["devices", "--json"]),
        ("devices as CSV", &["devices", "-T", "csv"]),
        ("a device's day", &["devices", "show", "10.20.2.66"]),
        ("a learned policy", &["learn"]),
        ("a handover", &["report"]),
        ("a handover in Markdown", &["report", "--markdown"]),
        ("shadow", &["policy", "shadow"]),
    ] {
        let mut args: Vec<&Path> = args.iter().map(Path::new).collect();
        if how == "shadow" {
            args.push(&policy);
        }
        args.extend([Path::new("-r"), &capture.0]);
        let looked = run(args);
        harmless(how, &looked.stdout);
        harmless("errors beside it", &looked.stderr);
    }
    let folder = scratch("dir");
    let streams = run([
        Path::new("streams"),
        Path::new("-r"),
        &capture.0,
        Path::new("-o"),
        &folder,
    ]);
    let _ = std::fs::remove_dir_all(&folder);
    harmless("table of streams", &streams.stdout);
    harmless("text", &text.stdout);
    harmless("errors", &text.stderr);
    harmless("JSON", &json.stdout);
    harmless("errors beside JSON", &json.stderr);
    harmless("EVE file", &std::fs::read(&eve).expect("an EVE file"));
    let said = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(
        said.contains("RGV^O15"),
        "the hostile order is decoded: {said}"
    );
    assert!(
        said.contains("\\x1b["),
        "and its names are shown escaped: {said}"
    );
    // What a program reads back from JSON is harmless too.
    for line in String::from_utf8_lossy(&json.stdout).lines() {
        let record: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        assert!(
            texts(&record)
                .iter()
                .all(|t| !t.chars().any(char::is_control)),
            "{line}"
        );
    }
}

#[test]
fn hostile_names_are_shown_escaped_on_every_screen() {
    let capture = hostile();
    let mut seat = Seat::at(&capture.0, None, (160, 50), Look::Dark);
    let mut escaped = false;
    let mut look = |how: &str, seat: &mut Seat| {
        let said = seat.text();
        harmless(how, said.as_bytes());
        escaped |= said.contains("\\x1b");
    };
    // Patient data too, for they are wire text like any other.
    seat.press("P");
    for keys in ["1", "1<Tab><Tab><Tab>", "2", "3r", "4", "5", "6", "7"] {
        seat.press(keys);
        for _ in 0..12 {
            look(&format!("screen after {keys}"), &mut seat);
            seat.press("<Down>");
        }
        seat.press("<Home>");
    }
    seat.press("5g");
    for _ in 0..seat.model.messages.len() {
        seat.press("<Tab>");
        for _ in 0..40 {
            look("message", &mut seat);
            seat.press("<Down>");
        }
        seat.press("<Tab><Tab><Down>");
    }
    for entry in seat.model.findings.entries() {
        let page = tui::report::page(entry, &seat.model.source, &seat.model.when);
        harmless("the page for a ticket", page.as_bytes());
    }
    assert!(escaped, "the hostile names are on some screen");
}

fn texts(value: &serde_json::Value) -> Vec<&str> {
    match value {
        serde_json::Value::String(s) => vec![s],
        serde_json::Value::Array(list) => list.iter().flat_map(texts).collect(),
        serde_json::Value::Object(map) => map.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
