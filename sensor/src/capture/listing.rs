//! Which files the named paths stand for.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::{OpenError, Skipped};

/// The files to read, in command-line order; those of a directory by name.
pub(super) struct Listing {
    pub files: Vec<Listed>,
    pub skipped: Vec<Skipped>,
    pub directories: Vec<PathBuf>,
}

/// One file.
pub(super) struct Listed {
    pub path: PathBuf,
    /// It was found in a directory rather than named.
    pub listed: bool,
    /// When its first frame was captured, once it was looked at.
    pub time: Option<i64>,
}

/// Replaces directories by the regular files directly in them.
pub(super) fn expand<P: AsRef<Path>>(paths: &[P]) -> Result<Listing, OpenError> {
    let mut listing = Listing {
        files: Vec::new(),
        skipped: Vec::new(),
        directories: Vec::new(),
    };
    for path in paths {
        let path = path.as_ref();
        if path == Path::new("-") {
            if listing.files.iter().any(|f| f.path == Path::new("-")) {
                return Err(OpenError::StandardInputTwice);
            }
            listing.files.push(Listed {
                path: path.to_owned(),
                listed: false,
                time: None,
            });
            continue;
        }
        let io = |error| OpenError::Io {
            path: path.to_owned(),
            error,
        };
        if !fs::metadata(path).map_err(io)?.is_dir() {
            listing.files.push(Listed {
                path: path.to_owned(),
                listed: false,
                time: None,
            });
            continue;
        }
        let mut entries: Vec<PathBuf> = fs::read_dir(path)
            .map_err(io)?
            .flatten()
            .map(|entry| path.join(entry.file_name()))
            .collect();
        entries.sort_by(|a, b| by_name(a, b));
        for entry in entries {
            match fs::metadata(&entry) {
                Ok(meta) if meta.is_file() => {
                    listing.files.push(Listed {
                        path: entry,
                        listed: true,
                        time: None,
                    });
                }
                Ok(meta) if meta.is_dir() => {
                    listing.skipped.push(Skipped {
                        path: entry,
                        why: "a directory".into(),
                    });
                }
                Ok(_) => listing.skipped.push(Skipped {
                    path: entry,
                    why: "not a regular file".into(),
                }),
                Err(error) => listing.skipped.push(Skipped {
                    path: entry,
                    why: error.to_string(),
                }),
            }
        }
        listing.directories.push(path.to_owned());
    }
    if listing.files.is_empty() && listing.directories.is_empty() {
        return Err(OpenError::Nothing);
    }
    Ok(listing)
}

/// By name, runs of digits as numbers: `ring.pcap9` stands before `ring.pcap10`.
pub(super) fn by_name(a: &Path, b: &Path) -> Ordering {
    let (a, b) = (
        a.as_os_str().as_encoded_bytes(),
        b.as_os_str().as_encoded_bytes(),
    );
    let (mut x, mut y) = (a, b);
    loop {
        let (dx, dy) = (digits(x), digits(y));
        if dx > 0 && dy > 0 {
            let (nx, ny) = (number(&x[..dx]), number(&y[..dy]));
            match nx.len().cmp(&ny.len()).then_with(|| nx.cmp(ny)) {
                Ordering::Equal => (x, y) = (&x[dx..], &y[dy..]),
                other => return other,
            }
            continue;
        }
        match (x.split_first(), y.split_first()) {
            (Some((p, rest)), Some((q, other))) if p == q => (x, y) = (rest, other),
            (p, q) => return p.map(|p| p.0).cmp(&q.map(|q| q.0)).then_with(|| a.cmp(b)),
        }
    }
}

fn digits(name: &[u8]) -> usize {
    name.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// Digits without leading zeros.
fn number(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ring_files_stand_in_the_order_of_their_numbers() {
        let mut names: Vec<PathBuf> = [
            "r.pcap10", "r.pcap9", "r.pcap", "r.pcap1", "q.pcap", "r.pcap01",
        ]
        .map(PathBuf::from)
        .into();
        names.sort_by(|a, b| by_name(a, b));
        let names: Vec<_> = names.iter().map(|n| n.to_str().unwrap()).collect();
        assert_eq!(
            names,
            [
                "q.pcap", "r.pcap", "r.pcap01", "r.pcap1", "r.pcap9", "r.pcap10"
            ]
        );
    }
}
