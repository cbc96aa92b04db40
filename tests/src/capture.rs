//! Captures as lists of frames.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use sensor::capture::block::Block;
use sensor::capture::{Inputs, More, ReadOptions};

/// An Ethernet frame with its time in nanoseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub time: i64,
    pub bytes: Vec<u8>,
}

/// A file of the repository, by its path from the top.
pub fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Every shipped capture below `pcaps/`, sorted; without those of `mirrors/`, which are the ward's again,
/// made wrong on purpose.
pub fn all_shipped() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![shipped("pcaps")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of captures") {
            let path = entry.expect("a directory entry").path();
            // Mirrors made wrong on purpose are judged by tests of their own.
            if path.ends_with("pcaps/mirrors") {
                continue;
            }
            if path.is_dir() {
                if !path.ends_with("mirrors") {
                    folders.push(path);
                }
            } else if path
                .extension()
                .is_some_and(|e| e == "pcap" || e == "pcapng")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The policy of the small world that a shipped capture shows, by its folder.
pub fn policy_for(capture: &Path) -> Option<PathBuf> {
    let folder = capture.parent()?.file_name()?.to_str()?;
    let world = match folder {
        "hl7v2" | "ward" | "astm" | "poct1a" => "hl7",
        "intellivue" | "ge_unity" | "contec" | "datex_s5" | "mindray" => "monitors",
        "alaris" | "baxter_as50" | "baxter_spectrum" | "bcc" | "chemyx" | "fresenius"
        | "hamilton" | "harvard" | "lantronix" | "medibus" | "ne1000" | "serial" | "servo"
        | "telnet" => "pumps_vents",
        "tls" => "dicom",
        other => other,
    };
    Some(shipped(&format!("pcaps/policies/{world}.toml"))).filter(|path| path.exists())
}

/// Reads every frame of a capture.
pub fn read(path: &Path) -> Vec<Frame> {
    let mut inputs = Inputs::open(&[path], &ReadOptions::default()).expect("a readable capture");
    let mut block = Block::default();
    let mut frames = Vec::new();
    while let More::Frames = inputs.next_block(&mut block).expect("a readable block") {
        for frame in &block.frames {
            frames.push(Frame {
                time: frame.time,
                bytes: block.bytes(frame).to_vec(),
            });
        }
    }
    frames
}

/// Writes frames as a pcap file with nanoseconds, in a folder that goes when the value does.
pub fn write(frames: &[Frame]) -> TempCapture {
    let path = scratch("pcap");
    let mut file = BufWriter::new(File::create(&path).expect("a writable temporary folder"));
    let mut put = |bytes: &[u8]| file.write_all(bytes).expect("room in the temporary folder");
    put(&0xa1b2_3c4d_u32.to_le_bytes());
    put(&[2, 0, 4, 0]);
    put(&[0; 8]);
    put(&262_144u32.to_le_bytes());
    put(&1u32.to_le_bytes());
    for frame in frames {
        let (seconds, nanos) = (
            frame.time.div_euclid(1_000_000_000),
            frame.time.rem_euclid(1_000_000_000),
        );
        put(&(seconds as u32).to_le_bytes());
        put(&(nanos as u32).to_le_bytes());
        put(&(frame.bytes.len() as u32).to_le_bytes());
        put(&(frame.bytes.len() as u32).to_le_bytes());
        put(&frame.bytes);
    }
    file.flush().expect("room in the temporary folder");
    TempCapture(path)
}

/// A path in the temporary folder that nobody else uses.
pub fn scratch(extension: &str) -> PathBuf {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!(
        "wardwatch-test-{}-{n}.{extension}",
        std::process::id()
    ))
}

/// A capture that is removed with the value.
#[derive(Debug)]
pub struct TempCapture(pub PathBuf);

impl Drop for TempCapture {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
