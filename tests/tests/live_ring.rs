//! `-w DIR` keeps every frame in a bounded ring, and `replay --follow DIR` reads it as it grows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use wardwatch_tests::capture::{self, scratch, shipped};
use wardwatch_tests::live::{Cables, records};
use wardwatch_tests::program;
use wardwatch_tests::replay::essence;

const WARD: &str = "pcaps/ward/one-evening.pcapng";

fn files(ring: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(ring)
        .expect("a ring")
        .map(|e| e.expect("an entry").path())
        .collect();
    files.sort();
    files
}

#[test]
fn kept_frames_are_those_of_the_cable_and_say_what_the_watch_said() {
    let Some(cables) = Cables::lay(1) else { return };
    let (ring, key) = (scratch("ring"), scratch("key"));
    fs::write(&key, [7; 32]).expect("a writable folder");
    let (ring_name, key_name) = (ring.display().to_string(), key.display().to_string());
    let watching = cables.watch(&["-i", "b0", "-w", &ring_name, "--pseudonym-key", &key_name]);
    cables.send(&shipped(WARD), 1_000);
    std::thread::sleep(Duration::from_millis(800));
    let watched = watching.end();
    let sent = capture::read(&shipped(WARD));
    let kept: Vec<Vec<u8>> = files(&ring)
        .iter()
        .flat_map(|f| capture::read(f))
        .map(|f| f.bytes)
        .collect();
    assert_eq!(kept.len(), sent.len(), "{}", watched.err);
    assert!(kept.iter().zip(&sent).all(|(k, s)| *k == s.bytes));
    assert_eq!(
        watched.stats()["stats"]["ledger"]["kept"]["frames written"],
        sent.len()
    );
    // Only their owner can read them.
    use std::os::unix::fs::PermissionsExt;
    for path in files(&ring) {
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
    let again = program::run([
        "replay",
        "-r",
        &ring_name,
        "--json",
        "--pseudonym-key",
        &key_name,
    ]);
    let (out, err) = program::texts(&again);
    assert_eq!(
        essence(&records(&out)),
        essence(&watched.records()),
        "{err}"
    );
    let _ = fs::remove_dir_all(ring);
    let _ = fs::remove_file(key);
}

#[test]
fn ring_stays_within_its_limits_and_loses_its_oldest_files_first() {
    let Some(cables) = Cables::lay(1) else { return };
    let ring = scratch("ring");
    let ring_name = ring.display().to_string();
    let watching = cables.watch(&[
        "-i",
        "b0",
        "-w",
        &ring_name,
        "--write-file",
        "1",
        "--write-files",
        "3",
    ]);
    // Five megabytes in frames of 1,000 bytes.
    let mut frame = capture::read(&shipped(WARD))[0].clone();
    frame.bytes.resize(1_000, 0);
    let many: Vec<capture::Frame> = (0..5_000i64)
        .map(|n| capture::Frame {
            time: frame.time + n * 1_000,
            bytes: frame.bytes.clone(),
        })
        .collect();
    let big = capture::write(&many);
    cables.send(&big.0, 4_000);
    std::thread::sleep(Duration::from_millis(800));
    let watched = watching.end();
    assert_eq!(
        watched.stats()["stats"]["ledger"]["kept"]["frames written"],
        5_000
    );
    let files = files(&ring);
    assert!(files.len() <= 3, "{files:?}");
    assert!(
        !files[0].to_string_lossy().contains("00000001"),
        "{files:?}"
    );
    for path in &files {
        assert!(fs::metadata(path).expect("a file").len() < 1_200_000);
    }
    let _ = fs::remove_dir_all(ring);
}

/// Follows a directory into a file of records.
struct Follower {
    child: std::process::Child,
    out: PathBuf,
}

impl Follower {
    fn of(directory: &Path) -> Follower {
        let out = scratch("out");
        let file = fs::File::create(&out).expect("a writable folder");
        let child = Command::new(program::path())
            .args(["replay", "--json", "--follow"])
            .arg(directory)
            .stdout(file)
            .stderr(Stdio::inherit())
            .spawn()
            .expect("it runs");
        Follower { child, out }
    }

    fn wait_for(&self, messages: usize) -> usize {
        let began = Instant::now();
        loop {
            let text = fs::read_to_string(&self.out).unwrap_or_default();
            let heard = records(&text)
                .iter()
                .filter(|r| r["event_type"] == "hl7v2")
                .count();
            if heard >= messages || began.elapsed() > Duration::from_secs(15) {
                return heard;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn end(mut self) -> serde_json::Value {
        assert!(program::signal("INT", &self.child.id().to_string()));
        let status = self.child.wait().expect("a child");
        assert_eq!(status.code(), Some(0));
        let text = fs::read_to_string(&self.out).unwrap_or_default();
        records(&text)
            .into_iter()
            .rfind(|r| r["event_type"] == "stats")
            .expect("statistics")
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.out);
    }
}

/// No namespace is needed for this: a file is written piece by piece, cut inside records.
#[test]
fn file_that_grows_in_pieces_cut_anywhere_is_followed_into_the_next_file() {
    let directory = scratch("ring");
    fs::create_dir(&directory).expect("a writable folder");
    let frames = capture::read(&shipped("pcaps/mirrors/good.pcap"));
    let (first, second) = frames.split_at(70);
    let follower = Follower::of(&directory);
    for (name, part) in [("r-9.pcap", first), ("r-10.pcap", second)] {
        let whole = capture::write(part);
        let bytes = fs::read(&whole.0).expect("a capture");
        use std::io::Write;
        let mut file = fs::File::create(directory.join(name)).expect("a file");
        for piece in bytes.chunks(3_001) {
            file.write_all(piece).expect("room");
            file.flush().expect("room");
            std::thread::sleep(Duration::from_millis(40));
        }
    }
    assert_eq!(follower.wait_for(60), 60);
    // Each record names the file that its frame number counts in.
    let text = fs::read_to_string(&follower.out).unwrap_or_default();
    let last = records(&text)
        .into_iter()
        .rfind(|r| r["event_type"] == "hl7v2")
        .expect("a message");
    let file = last["pcap_filename"].as_str().unwrap_or_default();
    assert!(file.ends_with("r-10.pcap"), "{last}");
    assert!(last["pcap_cnt"].as_u64() <= Some(70), "{last}");
    let stats = follower.end();
    assert_eq!(stats["stats"]["ledger"]["frames"]["in"], 140);
    assert_eq!(stats["stats"]["ledger"]["closes"], true);
    let _ = fs::remove_dir_all(directory);
}

#[test]
fn follower_hears_the_ward_while_it_is_watched() {
    let Some(cables) = Cables::lay(1) else { return };
    let ring = scratch("ring");
    let ring_name = ring.display().to_string();
    let watching = cables.watch(&["-i", "b0", "-w", &ring_name]);
    let follower = Follower::of(&ring);
    cables.send(&shipped(WARD), 1_000);
    let heard = follower.wait_for(93);
    let watched = watching.end();
    let said = watched
        .records()
        .iter()
        .filter(|r| r["event_type"] == "hl7v2")
        .count();
    assert_eq!(heard, said);
    let stats = follower.end();
    assert_eq!(
        stats["stats"]["ledger"]["frames"]["in"],
        watched.stats()["stats"]["ledger"]["frames"]["in"]
    );
    let _ = fs::remove_dir_all(ring);
}
