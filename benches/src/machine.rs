//! What the figures were measured on.

use std::path::Path;
use std::process::Command;

/// Lines that name the machine, its load, the compiler and the state of the sources.
pub fn describe(top: &Path) -> Vec<String> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|l| l.strip_prefix("model name"))
        .map_or("unknown processor", |m| {
            m.trim_start_matches([' ', '\t', ':'])
        });
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let memory = read("/proc/meminfo")
        .lines()
        .find_map(|l| {
            l.strip_prefix("MemTotal:")?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .map_or(0, |kib: u64| kib >> 20);
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split_whitespace().next().unwrap_or("unknown");
    let say = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).current_dir(top).output();
        let told = output.map(|o| o.stdout).unwrap_or_default();
        String::from_utf8_lossy(&told).trim().to_owned()
    };
    vec![
        format!("{model}, {cores} processors to use, {memory} GiB"),
        format!("Linux {}, {}", kernel.trim(), say("rustc", &["-V"])),
        format!("load average when it began: {load}"),
        format!(
            "commit {}, {}",
            say("git", &["rev-parse", "--short=12", "HEAD"]),
            say("date", &["-u", "+%Y-%m-%d"])
        ),
    ]
}
