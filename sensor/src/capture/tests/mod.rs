//! Files in, frames and complaints out.

mod damaged;
mod formats;
mod many;
mod properties;
mod written;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::block::{Block, LinkType};
use super::{Damage, Inputs, More, OpenError, ReadOptions};

/// A folder of its own for a test, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "wardwatch-capture-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A frame as it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Got {
    file: u32,
    number: u64,
    time: i64,
    wire: u32,
    link: LinkType,
    bytes: Vec<u8>,
}

/// All that reading gave.
#[derive(Debug)]
struct Read {
    frames: Vec<Got>,
    damages: Vec<Damage>,
    delivered: u64,
    filtered: u64,
    dropped: u64,
    names: Vec<String>,
    skipped: Vec<(String, String)>,
    progress: (u64, Option<u64>),
}

fn read<P: AsRef<Path>>(paths: &[P]) -> Read {
    read_with(paths, &ReadOptions::default()).unwrap()
}

fn read_with<P: AsRef<Path>>(paths: &[P], options: &ReadOptions) -> Result<Read, OpenError> {
    let mut inputs = Inputs::open(paths, options)?;
    let mut frames: Vec<Got> = Vec::new();
    // Two blocks in turn, never emptied, as a pool gives them.
    let mut blocks = [Block::default(), Block::default()];
    while inputs.next_block(&mut blocks[0]).unwrap() == More::Frames {
        let block = &blocks[0];
        assert!(!block.frames.is_empty());
        for frame in &block.frames {
            assert_eq!(frame.seq, frames.len() as u64, "one sequence without a gap");
            frames.push(Got {
                file: frame.file,
                number: frame.number,
                time: frame.time,
                wire: frame.wire,
                link: frame.link,
                bytes: block.bytes(frame).to_vec(),
            });
        }
        blocks.swap(0, 1);
    }
    assert_eq!(
        inputs.next_block(&mut blocks[0]).unwrap(),
        More::End,
        "the end stays the end"
    );
    let file_name = |p: &Path| p.file_name().unwrap().to_string_lossy().into_owned();
    Ok(Read {
        delivered: inputs.counts().delivered,
        filtered: inputs.counts().filtered,
        damages: inputs.damages().to_vec(),
        dropped: inputs.dropped(),
        names: (0..inputs.files())
            .map(|i| file_name(Path::new(inputs.name(i))))
            .collect(),
        skipped: inputs
            .skipped()
            .iter()
            .map(|s| (file_name(&s.path), s.why.clone()))
            .collect(),
        progress: (inputs.progress().read(), inputs.progress().total()),
        frames,
    })
}

fn error<P: AsRef<Path>>(paths: &[P]) -> String {
    Inputs::open(paths, &ReadOptions::default())
        .err()
        .expect("refused")
        .to_string()
}

impl Read {
    fn bytes(&self) -> Vec<&[u8]> {
        self.frames.iter().map(|f| f.bytes.as_slice()).collect()
    }

    fn times(&self) -> Vec<i64> {
        self.frames.iter().map(|f| f.time).collect()
    }
}
