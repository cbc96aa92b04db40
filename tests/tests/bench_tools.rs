//! The researcher's bench: `try`, `streams`, `protocols export --lua`, `new-dissector`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dissectors::declarative::described;
use dissectors::message::{Interest, Value};
use sensor::capture::{Inputs, ReadOptions};
use sensor::decode::{DecodeOptions, Decoder};
use sensor::flow::Settings;
use sensor::pipeline::{Stop, listen};
use wardwatch_tests::capture::{all_shipped, scratch, shipped, write};
use wardwatch_tests::program::{path, run, texts};
use wardwatch_tests::talk::{Who, tcp};

/// Lines of a pump that nobody here knows, in a file outside the tree.
const ZETA: &str = r#"
name = "zeta_pump"
title = "Zeta pump"
provenance = "experimental"
source = "a test"
device = "pump"
ports = [7100]
refused = ["ERR"]

[recognise]
frames = 3
confidence = 60
on_port = 2
port_confidence = 60

[[frame]]
side = "client"
end = "0D 0A"
max = 64
layout = [{ name = "verb", take = "letters" }, { name = "argument", take = "rest", optional = true }]

[[frame]]
side = "server"
end = "0D 0A"
max = 64
kind = "reply"
doc = "answer"
layout = [{ name = "status", take = "letters" }]

[[field]]
name = "status"
doc = "what became of it"

[[field]]
name = "rate"
type = "quantity"
unit = "mL/h"
doc = "rate"

[[verb]]
name = "RATE"
side = "client"
arguments = [{ take = "space" }, { name = "rate", take = "number" }]
action = "set-rate"
value = "rate"
doc = "sets the rate"
"#;

const TOO_FAST: &str = r#"
[[rule]]
id = "LOC-VAL-9001"
title = "Zeta too fast"
when = 'zeta_pump.rate > 10 mL/h'
severity = { attempted = "high", accepted = "critical", refused = "medium" }
category = "unsafe-value"
"#;

#[test]
fn protocol_of_a_directory_is_decoded_and_judged_and_what_is_guessed_is_never_critical() {
    let folder = Folder::new();
    let data = folder.0.join("zeta").join("zeta_pump.dissector.toml");
    fs::create_dir(data.parent().expect("a folder")).expect("writable");
    fs::write(&data, ZETA).expect("writable");
    let rule = folder.0.join("zeta.toml");
    fs::write(&rule, TOO_FAST).expect("writable");
    let said: &[(Who, &[u8])] = &[
        (Who::Client, b"RATE 12.5\r\n"),
        (Who::Server, b"OK\r\n"),
        (Who::Client, b"RATE 13\r\n"),
        (Who::Server, b"OK\r\n"),
        (Who::Client, b"ZZZ\r\n"),
        (Who::Server, b"ERR\r\n"),
    ];
    let capture = write(&tcp(7100, said));
    let replay = |rule: &Path| {
        run([
            "replay",
            "-r",
            text(&capture.0),
            "--messages",
            "--dissector-dir",
            text(&folder.0),
            "--rules",
            text(rule),
        ])
    };
    let told = texts(&replay(&rule)).0;
    assert!(
        told.contains("zeta_pump RATE  set-rate 12.5 mL/h"),
        "{told}"
    );
    assert!(told.contains("zeta_pump ZZZ  unknown-verb"), "{told}");
    let first = told
        .lines()
        .find(|l| l.starts_with(" ! ") || l.starts_with("!! "));
    assert_eq!(
        first,
        Some(" ! HIGH  LOC-VAL-9001  Zeta too fast (we may be misreading this)"),
        "{told}"
    );
    // A mistake in it is told with its line, and nothing is read.
    fs::write(&data, ZETA.replace("\"letters\"", "\"leters\"")).expect("writable");
    let output = replay(&rule);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        texts(&output).1.contains("zeta_pump.dissector.toml:20: "),
        "{}",
        texts(&output).1
    );
}

/// A folder that goes with the value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = scratch("dir");
        fs::create_dir_all(&path).expect("a writable temporary folder");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a UTF-8 path")
}

const DATA_FILE: &str = "dissectors/src/ne1000/ne1000.dissector.toml";
const CAPTURE: &str = "pcaps/ne1000/ne1000_lab_pump.pcap";

#[test]
fn try_shows_fields_with_offsets_and_agrees_with_the_golden() {
    let output = run([
        "try",
        text(&shipped("dissectors/src/ne1000")),
        "-r",
        text(&shipped(CAPTURE)),
    ]);
    let said = texts(&output).0;
    assert!(
        said.contains("21+5         diameter                   26.59 mm"),
        "{said}"
    );
    assert!(said.contains(" 0 bytes unclaimed"), "{said}");
    assert!(said.contains("same as "), "{said}");
}

#[test]
fn try_of_a_changed_data_file_names_the_first_difference() {
    let folder = Folder::new();
    let file = folder.0.join("ne1000.dissector.toml");
    let data = fs::read_to_string(shipped(DATA_FILE)).expect("the data file");
    fs::write(&file, data.replace("UM = \"uL/min\"", "UM = \"mL/min\"")).expect("writable");
    let output = run(["try", text(&file), "-r", text(&shipped(CAPTURE))]);
    let said = texts(&output).0;
    assert!(
        said.contains("DIFFERS from ") && said.contains("first at message"),
        "{said}"
    );
    assert!(
        said.contains("rate") && said.contains("was \"uL/min\", is \"mL/min\""),
        "{said}"
    );
}

#[test]
fn try_of_a_data_file_with_a_mistake_names_the_line() {
    let folder = Folder::new();
    let file = folder.0.join("ne1000.dissector.toml");
    let data = fs::read_to_string(shipped(DATA_FILE)).expect("the data file");
    fs::write(&file, data.replace("provenance = ", "provenence = ")).expect("writable");
    let output = run(["try", text(&file), "-r", text(&shipped(CAPTURE))]);
    assert_eq!(output.status.code(), Some(1));
    let told = texts(&output).1;
    assert!(
        told.contains("ne1000.dissector.toml:") && told.contains("provenance"),
        "{told}"
    );
}

#[test]
fn try_shows_bytes_that_nobody_claimed() {
    // A frame of the protocol, then bytes between frames.
    let talk = tcp(
        4003,
        &[
            (Who::Client, b"0RAT10MH\r"),
            (Who::Server, b"\x0200S\x03"),
            (Who::Client, b"0RUN\r"),
            (Who::Server, b"\x0200I\x03"),
            (Who::Client, b"0STP\r"),
            (Who::Server, b"\x0200S\x03"),
            (Who::Server, b"\xfe\xfe\xfe\xfe"),
        ],
    );
    let output = run([
        "try",
        text(&shipped(DATA_FILE)),
        "-r",
        text(&write(&talk).0),
    ]);
    let said = texts(&output).0;
    assert!(
        said.contains("UNCLAIMED <") && said.contains("fe fe"),
        "{said}"
    );
}

#[test]
fn try_of_what_claims_nothing_says_what_its_signature_said() {
    let output = run(["try", "alaris", "-r", text(&shipped(CAPTURE))]);
    let said = texts(&output).0;
    assert!(
        said.contains("alaris: 0 messages") && said.contains(": No"),
        "{said}"
    );
    let output = run(["try", "no_such_protocol", "-r", text(&shipped(CAPTURE))]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        texts(&output).1.contains("neither a data file"),
        "{}",
        texts(&output).1
    );
}

#[test]
fn watch_tells_again_after_a_save() {
    let folder = Folder::new();
    let file = folder.0.join("ne1000.dissector.toml");
    let data = fs::read_to_string(shipped(DATA_FILE)).expect("the data file");
    fs::write(&file, &data).expect("writable");
    let mut watching = Command::new(path())
        .args(["try", text(&file), "-r", text(&shipped(CAPTURE)), "--watch"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("wardwatch can be run");
    let mut verdicts = Vec::new();
    let lines = BufReader::new(watching.stdout.take().expect("its output")).lines();
    for line in lines.map_while(Result::ok) {
        if line.starts_with("same as ") || line.starts_with("DIFFERS") {
            verdicts.push(line);
        } else if line.starts_with("-- waiting") {
            if verdicts.len() == 2 {
                break;
            }
            fs::write(&file, data.replace("UM = \"uL/min\"", "UM = \"mL/min\"")).expect("writable");
        }
    }
    watching.kill().expect("it runs until it is ended");
    let _ = watching.wait();
    assert!(verdicts[0].starts_with("same as "), "{verdicts:?}");
    assert!(verdicts[1].starts_with("DIFFERS"), "{verdicts:?}");
}

#[test]
fn streams_of_unknown_protocols_are_written_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mut frames = tcp(
        9999,
        &[
            (Who::Client, b"\xAA\x01hello"),
            (Who::Server, b"\xAA\x02"),
            (Who::Client, b"\xAA\x01again"),
        ],
    );
    frames.extend(
        tcp(80, &[(Who::Client, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")])
            .into_iter()
            .map(|mut f| {
                f.time += 1_000_000_000;
                f
            }),
    );
    let capture = write(&frames);
    let folder = Folder::new();
    let output = run([
        "streams",
        "--unidentified",
        "-r",
        text(&capture.0),
        "-o",
        text(&folder.0),
    ]);
    let said = texts(&output).0;
    assert!(said.contains("aa 01 (2)"), "{said}");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder.0)
        .expect("the folder")
        .map(|e| e.expect("an entry").path())
        .collect();
    files.sort();
    assert_eq!(
        files.len(),
        2,
        "both directions of one conversation: {files:?}"
    );
    assert_eq!(
        fs::read(&files[0]).expect("readable"),
        b"\xAA\x01hello\xAA\x01again"
    );
    assert_eq!(fs::read(&files[1]).expect("readable"), b"\xAA\x02");
    let mode = fs::metadata(&files[0]).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn template_of_a_new_dissector_reads_its_own_sample() {
    let tree = Folder::new();
    let at = |name: &str| tree.0.join(name);
    for file in [
        "dissectors/src/registry.rs",
        "dissectors/src/lib.rs",
        "dissectors/src/declarative/mod.rs",
    ] {
        fs::create_dir_all(at(file).parent().expect("a folder")).expect("writable");
        fs::copy(shipped(file), at(file)).expect("copied");
    }
    for (name, more) in [("acme_pump", &[][..]), ("acme_rust", &["--rust"])] {
        let mut args = vec![
            "new-dissector",
            name,
            "--tcp",
            "4711",
            "--tree",
            text(&tree.0),
        ];
        args.extend(more);
        let output = run(args);
        assert!(output.status.success(), "{}", texts(&output).1);
        let golden = at(&format!("pcaps/{name}/first-words.golden.jsonl"));
        let golden = fs::read_to_string(golden).expect("a golden");
        assert!(
            golden.contains("\"refused\"") || golden.contains("set-rate"),
            "{golden}"
        );
    }
    let capture = at("pcaps/acme_pump/first-words.pcap");
    let output = run([
        "try",
        text(&at("dissectors/src/acme_pump")),
        "-r",
        text(&capture),
    ]);
    let said = texts(&output).0;
    assert!(
        said.contains("acme_pump: 8 messages") && said.contains("same as "),
        "{said}"
    );
    let list = fs::read_to_string(at("dissectors/src/registry.rs")).expect("readable");
    assert!(
        list.contains("    &crate::acme_rust::ACME_RUST,\n];"),
        "{list}"
    );
    let list = fs::read_to_string(at("dissectors/src/declarative/mod.rs")).expect("readable");
    assert!(
        list.contains("include_str!(\"../acme_pump/acme_pump.dissector.toml\")"),
        "{list}"
    );
    let output = run([
        "new-dissector",
        "acme_pump",
        "--tcp",
        "1",
        "--tree",
        text(&tree.0),
    ]);
    assert!(
        texts(&output).1.contains("there already"),
        "{}",
        texts(&output).1
    );
    let output = run([
        "new-dissector",
        "Acme-Pump",
        "--tcp",
        "1",
        "--tree",
        text(&tree.0),
    ]);
    assert!(
        texts(&output).1.contains("no protocol name"),
        "{}",
        texts(&output).1
    );
}

/// Of each frame: kinds and fields of its messages, in order.
type Frames = BTreeMap<u64, BTreeMap<String, Vec<String>>>;

#[test]
fn exported_dissector_says_in_wireshark_what_ours_says_frame_by_frame() {
    if Command::new("tshark").arg("--version").output().is_err() {
        eprintln!("not tested: tshark is not installed");
        return;
    }
    let mut compared = 0;
    for name in described() {
        let folder = Folder::new();
        let script = folder.0.join(format!("{name}.lua"));
        let output = run(["protocols", "export", "--lua", name]);
        assert!(output.status.success(), "{}", texts(&output).1);
        fs::write(&script, &output.stdout).expect("writable");
        let own = shipped(&format!("pcaps/{name}"));
        let captures: Vec<PathBuf> = all_shipped()
            .into_iter()
            .filter(|c| c.starts_with(&own))
            .collect();
        for capture in &captures {
            let ours = ours(name, capture);
            let theirs = wiresharks(name, capture, &script);
            assert!(!ours.is_empty(), "{}", capture.display());
            for (frame, fields) in &ours {
                assert_eq!(
                    Some(fields),
                    theirs.get(frame),
                    "{} frame {frame} (ours, then Wireshark's)",
                    capture.display()
                );
            }
            assert_eq!(ours.len(), theirs.len(), "{}", capture.display());
            compared += ours.len();
        }
        if captures.is_empty() {
            // It loads at least.
            wiresharks(name, &shipped(CAPTURE), &script);
        }
    }
    assert!(compared > 50, "{compared} frames");
    let output = run(["protocols", "export", "--lua", "dicom"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        texts(&output).1.contains("written in Rust"),
        "{}",
        texts(&output).1
    );
}

fn ours(name: &str, capture: &Path) -> Frames {
    let inputs = Inputs::open(&[capture], &ReadOptions::default()).expect("a readable capture");
    let mut frames = Frames::new();
    listen(
        inputs,
        Decoder::new(&DecodeOptions::default()),
        Settings::default(),
        Interest::everything(),
        &Stop::default(),
        |m| {
            if m.protocol().name() != name {
                return;
            }
            let fields = frames.entry(m.frame().number).or_default();
            let lossy = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
            fields
                .entry("kind".into())
                .or_default()
                .push(lossy(m.kind()));
            if let Some(action) = m.action() {
                fields
                    .entry("action".into())
                    .or_default()
                    .push(action.verb.word().into());
            }
            for (id, value) in m.fields() {
                let field = m.describe(id).name;
                let mut put = |name: &str, value: String| {
                    fields.entry(name.into()).or_default().push(value);
                };
                match value {
                    Value::Text(b) | Value::Time(b) => put(field, lossy(b)),
                    Value::Bytes(b) => put(field, b.iter().map(|x| format!("{x:02x}")).collect()),
                    Value::Integer(n) => put(field, number(n as f64)),
                    Value::Decimal(n) => put(field, number(n)),
                    Value::Flag(f) => put(field, f.to_string()),
                    Value::Secret(n) => put(field, format!("(secret, {n} bytes)")),
                    Value::Quantity(q) => {
                        if q.number.is_finite() {
                            put(field, number(q.number));
                        }
                        if !q.unit.is_empty() {
                            put(&format!("{field}.unit"), lossy(q.unit));
                        }
                    }
                }
            }
        },
    );
    frames
}

fn number(n: f64) -> String {
    format!("{n:.6}")
}

fn wiresharks(name: &str, capture: &Path, script: &Path) -> Frames {
    let protocol = dissectors::ProtocolId::of(name)
        .expect("registered")
        .protocol();
    let mut names = vec!["kind".to_owned(), "action".to_owned()];
    for field in protocol.fields {
        names.push(field.name.to_owned());
        if field.kind == dissectors::FieldType::Quantity {
            names.push(format!("{}.unit", field.name));
        }
    }
    let lua = fs::read_to_string(script).expect("the script");
    names.retain(|n| !n.ends_with(".unit") || has_unit(&lua, n));
    let mut command = Command::new("tshark");
    command
        .args([
            "-r",
            text(capture),
            "-X",
            &format!("lua_script:{}", text(script)),
        ])
        .args([
            "-Y",
            name,
            "-T",
            "fields",
            "-E",
            "occurrence=a",
            "-E",
            "aggregator=\x1f",
            "-e",
            "frame.number",
        ]);
    for field in &names {
        command.args(["-e", &format!("{name}.{field}")]);
    }
    let output = command.output().expect("tshark can be run");
    let (said, told) = texts(&output);
    assert!(
        output.status.success() && !told.contains("Lua"),
        "{name}: {told}"
    );
    let mut frames = Frames::new();
    for line in said.lines() {
        let mut cells = line.split('\t');
        let frame = cells
            .next()
            .and_then(|n| n.parse().ok())
            .expect("a frame number");
        let fields: &mut BTreeMap<String, Vec<String>> = frames.entry(frame).or_default();
        for (field, cell) in names.iter().zip(cells) {
            let numeric = protocol.fields.iter().any(|f| {
                f.name == *field
                    && matches!(
                        f.kind,
                        dissectors::FieldType::Quantity
                            | dissectors::FieldType::Integer
                            | dissectors::FieldType::Decimal
                    )
            });
            for value in cell.split('\x1f').filter(|v| !v.is_empty()) {
                let value = match value.parse::<f64>() {
                    Ok(n) if numeric => number(n),
                    _ => value.to_owned(),
                };
                fields.entry(field.clone()).or_default().push(value);
            }
        }
    }
    frames
}

/// The exported field `rate` has a unit, so that `rate.unit` exists.
fn has_unit(lua: &str, name: &str) -> bool {
    let field = name.strip_suffix(".unit").unwrap_or(name);
    lua.lines().any(|l| {
        l.contains(&format!("{{ name = \"{field}\", type = \"number\""))
            && (l.contains(", unit = ") || l.contains(", unit_from = "))
    })
}
