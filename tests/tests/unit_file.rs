//! The systemd unit is one that systemd understands, and leaves little open.

use std::fs;
use std::process::Command;

use wardwatch_tests::capture::{scratch, shipped};
use wardwatch_tests::live::is_there;

/// Exposure in tenths, by `systemd-analyze security`; 0 is none, 100 all.
const EXPOSURE: &str = "20";

#[test]
fn unit_is_understood_and_hardened() {
    if !is_there("systemd-analyze") {
        eprintln!("skipped: no systemd-analyze");
        return;
    }
    let text = fs::read_to_string(shipped("sensor/packaging/wardwatch.service")).expect("the unit");
    let folder = scratch("unit");
    fs::create_dir(&folder).expect("a writable folder");
    let unit = folder.join("wardwatch.service");
    // The program need not be installed here.
    fs::write(&unit, text.replace("/usr/local/bin/wardwatch", "/bin/true")).expect("our folder");
    let analyze = |arguments: &[&str]| {
        let mut command = Command::new("systemd-analyze");
        let output = command
            .args(arguments)
            .arg(&unit)
            .output()
            .expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    };
    let (good, said) = analyze(&["verify"]);
    let about_it: Vec<&str> = said.lines().filter(|l| l.contains("wardwatch")).collect();
    assert!(good && about_it.is_empty(), "{said}");
    let threshold = format!("--threshold={EXPOSURE}");
    let (good, said) = analyze(&["security", "--offline=true", &threshold]);
    if said.contains("unrecognized option") {
        eprintln!("skipped: this systemd-analyze judges no files");
    } else {
        assert!(good, "{said}");
    }
    let _ = fs::remove_dir_all(folder);
}
