//! Imports run one way: dissectors <- rules <- tui <- sensor.

use std::process::Command;

use serde_json::Value;

/// What each crate of the house may import, of the house.
const MAY: &[(&str, &[&str])] = &[
    ("wardwatch-dissectors", &[]),
    ("wardwatch-rules", &["wardwatch-dissectors"]),
    (
        "wardwatch-tui",
        &["wardwatch-dissectors", "wardwatch-rules"],
    ),
    (
        "wardwatch",
        &["wardwatch-dissectors", "wardwatch-rules", "wardwatch-tui"],
    ),
];

/// Crates that would bring I/O, threads or terminals into rooms that must stay free of them.
const NEVER: &[(&str, &[&str])] = &[
    (
        "wardwatch-dissectors",
        &[
            "pcap",
            "ratatui",
            "clap",
            "signal-hook",
            "crossbeam-channel",
            "tokio",
            "jiff",
        ],
    ),
    (
        "wardwatch-rules",
        &[
            "pcap",
            "pcap-parser",
            "etherparse",
            "ratatui",
            "clap",
            "signal-hook",
            "tokio",
            "crossbeam-channel",
        ],
    ),
    (
        "wardwatch-tui",
        &["pcap", "pcap-parser", "etherparse", "clap"],
    ),
];

#[test]
fn no_crate_imports_against_the_direction_of_the_house() {
    let metadata = metadata();
    for (name, allowed) in MAY {
        for dependency in imports(&metadata, name) {
            let ours = MAY.iter().any(|(n, _)| *n == dependency);
            assert!(
                !ours || allowed.contains(&dependency.as_str()),
                "{name} must not import {dependency}"
            );
        }
    }
}

#[test]
fn pure_rooms_import_no_io_no_threads_no_terminal() {
    let metadata = metadata();
    for (name, forbidden) in NEVER {
        for dependency in imports(&metadata, name) {
            assert!(
                !forbidden.contains(&dependency.as_str()),
                "{name} must not import {dependency}"
            );
        }
    }
}

#[test]
fn every_licence_in_the_tree_is_compatible() {
    const FINE: &[&str] = &[
        "MIT",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "Zlib",
        "Unicode-3.0",
        "Unlicense",
        "0BSD",
    ];
    for package in metadata()["packages"].as_array().expect("packages") {
        let licence = package["license"].as_str().unwrap_or("none told");
        // `A OR B` needs one that is fine, `A AND B` all of them; `/` is an old spelling of OR.
        let fine = licence.replace('/', " OR ").split(" OR ").any(|choice| {
            choice
                .trim_matches(['(', ')', ' '])
                .split(" AND ")
                .all(|one| {
                    FINE.contains(
                        &one.trim_matches(['(', ')', ' '])
                            .split(" WITH ")
                            .next()
                            .unwrap_or(""),
                    )
                })
        });
        assert!(fine, "{} is under {licence}", package["name"]);
    }
}

/// Direct imports of a crate, for building and for running (tests may use more).
fn imports(metadata: &Value, name: &str) -> Vec<String> {
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages
        .iter()
        .find(|p| p["name"] == name)
        .expect("a crate of the house");
    let dependencies = package["dependencies"].as_array().expect("dependencies");
    dependencies
        .iter()
        .filter(|d| d["kind"] != "dev")
        .filter_map(|d| d["name"].as_str().map(str::to_owned))
        .collect()
}

/// Cargo's view of the tree, for this machine's platform (others' crates may not be at hand).
fn metadata() -> Value {
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program)
            .args(args)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo and rustc can be run");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("text")
    };
    let version = run("rustc", &["-vV"]);
    let host = version
        .lines()
        .find_map(|l| l.strip_prefix("host: "))
        .expect("rustc names its host");
    let args = [
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--offline",
        "--filter-platform",
        host,
    ];
    serde_json::from_str(&run(env!("CARGO"), &args)).expect("cargo's metadata")
}
