//! The captures: built once, kept in `.perf`, each with a truth file beside it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Kind, how much of it is built, and what findings alone may cost as a multiple of the floor.
pub const KINDS: [(&str, [&str; 2], f64); 5] = [
    ("mix", ["--size-mb", "200"], 3.0),
    ("hl7-small", ["--size-mb", "200"], 5.0),
    ("dicom-bulk", ["--size-mb", "200"], 1.5),
    ("udp-small", ["--size-mb", "200"], 3.0),
    ("flows", ["--flows", "100000"], 3.0),
];

pub struct Capture {
    pub kind: String,
    pub path: PathBuf,
    pub truth: PathBuf,
    /// What findings alone may cost as a multiple of the floor.
    pub goal: Option<f64>,
}

impl Capture {
    /// The capture of a kind, built if it is not there yet. Read once, so that it is cached.
    pub fn of(top: &Path, kind: &str) -> Result<Capture, String> {
        let known = KINDS.iter().find(|(name, ..)| *name == kind);
        let size = known.map_or(["--size-mb", "200"], |(_, size, _)| *size);
        let folder = top.join(".perf");
        let path = folder.join(format!("{kind}.pcap"));
        let truth = folder.join(format!("{kind}.truth.json"));
        if !path.exists() || !truth.exists() {
            std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
            eprintln!("building {}", path.display());
            let status = Command::new("python3")
                .arg(top.join("benches/build_captures.py"))
                .arg(kind)
                .args(size)
                .arg("-o")
                .arg(&path)
                .stdout(Stdio::null())
                .status()
                .map_err(|e| format!("python3: {e}"))?;
            if !status.success() {
                return Err(format!("the capture {kind} could not be built"));
            }
        }
        std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Capture {
            kind: kind.to_owned(),
            path,
            truth,
            goal: known.map(|(.., goal)| *goal),
        })
    }
}
