//! Is a file that ends inside a record still being written, or was it cut off?
//!
//! Its age alone does not tell: a file cut a second ago is young too. It counts as still being
//! written if some process has it open for writing (Linux, for processes that may be looked at),
//! or if it is at most two seconds old and grows while it is watched for a moment.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

const YOUNG: Duration = Duration::from_secs(2);
const WATCHED: Duration = Duration::from_millis(if cfg!(test) { 20 } else { 300 });
const LOOK: Duration = Duration::from_millis(20);

/// Looks for a writer, then for growth beyond `read`, the bytes that were read of it.
pub(super) fn is_growing(path: &Path, read: u64) -> bool {
    let Ok(meta) = fs::metadata(path) else {
        return false;
    };
    if !meta.is_file() {
        return false;
    }
    if meta.len() > read || has_writer(path) {
        return true;
    }
    let young = || {
        let age = meta
            .modified()
            .ok()
            .and_then(|t| SystemTime::now().duration_since(t).ok());
        // A time in the future (clocks of a file server) is taken for young.
        age.is_none_or(|age| age <= YOUNG)
    };
    if !young() {
        return false;
    }
    let looks = WATCHED.as_millis() / LOOK.as_millis();
    (0..looks).any(|_| {
        std::thread::sleep(LOOK);
        fs::metadata(path).is_ok_and(|m| m.len() > read)
    })
}

/// Does any process that we may look at have the file open for writing?
#[cfg(target_os = "linux")]
fn has_writer(path: &Path) -> bool {
    let Ok(path) = fs::canonicalize(path) else {
        return false;
    };
    let Ok(processes) = fs::read_dir("/proc") else {
        return false;
    };
    processes.flatten().any(|process| {
        let numeric = process
            .file_name()
            .to_str()
            .is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
        let Some(files) = numeric
            .then(|| fs::read_dir(process.path().join("fd")).ok())
            .flatten()
        else {
            return false;
        };
        files.flatten().any(|fd| {
            fs::read_link(fd.path()).is_ok_and(|target| target == path)
                && fs::read_to_string(process.path().join("fdinfo").join(fd.file_name()))
                    .is_ok_and(|info| opened_for_writing(&info))
        })
    })
}

#[cfg(not(target_os = "linux"))]
fn has_writer(_: &Path) -> bool {
    false
}

/// The `flags` line of /proc/PID/fdinfo/FD, in octal; the last two bits are the access mode
/// (0 read, 1 write, 2 both).
#[cfg(target_os = "linux")]
fn opened_for_writing(info: &str) -> bool {
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    flags
        .and_then(|f| u32::from_str_radix(f.trim(), 8).ok())
        .is_some_and(|f| f & 3 != 0)
}
