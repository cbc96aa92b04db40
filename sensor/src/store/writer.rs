//! Writes the newest state to the disk, in a thread of its own.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

#[derive(Default)]
struct Desk {
    waiting: Option<Vec<u8>>,
    trouble: Option<String>,
    ended: bool,
}

pub struct Writer {
    desk: Arc<(Mutex<Desk>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub fn start(path: PathBuf) -> Result<Writer, String> {
        let desk = Arc::new((Mutex::new(Desk::default()), Condvar::new()));
        let mine = Arc::clone(&desk);
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || work(&mine, &path))
            .map_err(|e| format!("no thread: {e}"))?;
        Ok(Writer {
            desk,
            thread: Some(thread),
        })
    }

    pub fn write(&self, text: Vec<u8>) {
        let (desk, bell) = &*self.desk;
        desk.lock().unwrap_or_else(PoisonError::into_inner).waiting = Some(text);
        bell.notify_one();
    }

    pub fn trouble(&self) -> Option<String> {
        let (desk, _) = &*self.desk;
        let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
        desk.trouble.take()
    }

    pub fn close(mut self) -> Result<(), String> {
        self.end();
        self.trouble().map_or(Ok(()), Err)
    }

    fn end(&mut self) {
        let (desk, bell) = &*self.desk;
        desk.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        bell.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end();
    }
}

fn work((desk, bell): &(Mutex<Desk>, Condvar), path: &Path) {
    loop {
        let text = {
            let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                if let Some(text) = desk.waiting.take() {
                    break text;
                }
                if desk.ended {
                    return;
                }
                desk = bell.wait(desk).unwrap_or_else(PoisonError::into_inner);
            }
        };
        if let Err(e) = replace(path, &text) {
            let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
            desk.trouble = Some(format!("cannot write {}: {e}", path.display()));
        }
    }
}

/// The old file or the new one is there, never a part of either.
pub fn replace(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    // The name itself; a file system that cannot is no reason to fail.
    if let Some(dir) = path.parent().and_then(|dir| File::open(dir).ok()) {
        let _ = dir.sync_all();
    }
    Ok(())
}
