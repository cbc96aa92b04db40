//! wardwatch never sends: somebody who listens at the other end of its cable hears nothing.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use wardwatch_tests::capture::{self, scratch, shipped};
use wardwatch_tests::live::{Cables, is_there};

/// tcpdump at the near end, hearing only what comes from the sensor's side.
struct Ear {
    tcpdump: Child,
    heard: PathBuf,
}

impl Ear {
    fn at(cables: &Cables) -> Ear {
        let heard = scratch("pcap");
        let tcpdump = cables
            .near("tcpdump")
            .args([
                "-i",
                "a0",
                "-Q",
                "in",
                "--immediate-mode",
                "-U",
                "-Z",
                "root",
                "-w",
            ])
            .arg(&heard)
            .stderr(Stdio::null())
            .spawn()
            .expect("tcpdump runs");
        std::thread::sleep(Duration::from_millis(800));
        Ear { tcpdump, heard }
    }

    fn heard(mut self) -> Vec<capture::Frame> {
        std::thread::sleep(Duration::from_millis(500));
        wardwatch_tests::program::signal("INT", &self.tcpdump.id().to_string());
        let _ = self.tcpdump.wait();
        let frames = capture::read(&self.heard);
        let _ = std::fs::remove_file(&self.heard);
        frames
    }
}

#[test]
fn second_capture_hears_no_frame_from_the_sensor_s_interface() {
    let Some(cables) = Cables::lay(1) else { return };
    // Addresses and a way out, so that a name look-up or an ARP request would be sent if one were made.
    cables.near_ip(&["addr", "add", "192.0.2.1/24", "dev", "a0"]);
    cables.far_ip(&["addr", "add", "192.0.2.9/24", "dev", "b0"]);
    cables.far_ip(&["route", "add", "default", "via", "192.0.2.1"]);

    let ear = Ear::at(&cables);
    let ring = scratch("ring");
    let watching = cables.watch(&["-i", "b0", "-w", &ring.display().to_string()]);
    cables.send(&shipped("pcaps/ward/one-evening.pcapng"), 1_000);
    std::thread::sleep(Duration::from_millis(1_500));
    watching.signal("HUP");
    std::thread::sleep(Duration::from_millis(1_000));
    let watched = watching.end();
    assert!(watched.stats()["stats"]["messages"].as_u64() > Some(50));
    for arguments in [&["span", "-i", "b0", "--seconds", "2"][..], &["interfaces"]] {
        let mut command = cables.far(wardwatch_tests::program::path());
        assert!(command.args(arguments).output().is_ok());
    }
    let frames = ear.heard();
    assert_eq!(frames.len(), 0, "{frames:?}");
    let _ = std::fs::remove_dir_all(ring);

    // The same ear is not deaf: it hears what the kernel sends from there when asked to.
    if is_there("ping") {
        let ear = Ear::at(&cables);
        let mut ping = cables.far("ping");
        let _ = ping.args(["-c", "1", "-W", "1", "192.0.2.1"]).output();
        assert!(!ear.heard().is_empty(), "the ear is deaf");
    }
}
