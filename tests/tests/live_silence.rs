//! wardwatch never sends: somebody who listens at the other end of its cable hears nothing.

use std::time::Duration;

use wardwatch_tests::capture::{scratch, shipped};
use wardwatch_tests::live::{Cables, is_there};

/// tcpdump on both ends, the sensor's side limited to what goes out.
#[test]
fn second_capture_hears_no_frame_from_the_sensor_s_interface() {
    let Some(cables) = Cables::lay(1) else { return };
    let heard = scratch("pcap");
    // Addresses, so that a name look-up or an ARP request would have a way out.
    cables.near_ip(&["addr", "add", "10.20.1.1/16", "dev", "a0"]);
    cables.far_ip(&["addr", "add", "10.20.9.9/16", "dev", "b0"]);
    cables.far_ip(&["route", "add", "default", "via", "10.20.1.1"]);
    let mut ear = cables
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
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("tcpdump runs");
    std::thread::sleep(Duration::from_millis(500));
    let ring = scratch("ring");
    let watching = cables.watch(&["-i", "b0", "-w", &ring.display().to_string()]);
    cables.send(&shipped("pcaps/ward/one-evening.pcapng"), 1_000);
    std::thread::sleep(Duration::from_millis(1_500));
    watching.signal("HUP");
    std::thread::sleep(Duration::from_millis(1_000));
    let watched = watching.end();
    assert!(watched.stats()["stats"]["messages"].as_u64() > Some(50));
    let mut span = cables.far(wardwatch_tests::program::path());
    let span = span.args(["span", "-i", "b0", "--seconds", "2"]).output();
    assert!(span.is_ok());
    let mut list = cables.far(wardwatch_tests::program::path());
    assert!(list.arg("interfaces").output().is_ok());
    // The ear works: a frame that the kernel sends from there is heard.
    let pinged = is_there("ping")
        && cables
            .far("ping")
            .args(["-c", "1", "-W", "1", "10.20.1.1"])
            .output()
            .is_ok_and(|o| o.status.success());
    std::thread::sleep(Duration::from_millis(300));
    let _ = std::process::Command::new("kill")
        .args(["-INT", &ear.id().to_string()])
        .status();
    let _ = ear.wait();
    let frames = wardwatch_tests::capture::read(&heard);
    let ours = frames.iter().filter(|f| !is_ping(&f.bytes)).count();
    if pinged {
        assert!(frames.len() > ours, "the ear is deaf");
    }
    assert_eq!(ours, 0, "{frames:?}");
    let _ = std::fs::remove_file(heard);
    let _ = std::fs::remove_dir_all(ring);
}

/// The test's own ping, and the ARP that goes before it.
fn is_ping(frame: &[u8]) -> bool {
    let arp = frame.get(12..14) == Some(&[8, 6]);
    let icmp = frame.get(12..14) == Some(&[8, 0]) && frame.get(23) == Some(&1);
    arp || icmp
}
