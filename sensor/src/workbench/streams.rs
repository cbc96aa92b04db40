//! `wardwatch streams`: each direction's bytes in a file, and a table of what they look like.

use std::collections::{HashMap, HashSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use dissectors::message::{Conversation, Endpoint, Interest};
use dissectors::{Side, Transport};

use super::recorder::{Piece, Recorded, open, record};
use super::{hex, limits};
use crate::cli::args::Input;
use crate::decode::Decoder;
use crate::flow::Settings;
use crate::pipeline::{Stop, listen};

/// Writes the streams of a capture into `folder` and gives the table. `unidentified`: only those of
/// conversations whose protocol nobody knew.
///
/// # Errors
/// What could not be read or written, and where.
pub fn write(input: &Input, unidentified: bool, folder: &Path) -> Result<String, String> {
    let mut known = HashSet::new();
    if unidentified {
        let (inputs, decode) = open(input)?;
        listen(
            inputs,
            Decoder::new(&decode),
            Settings::default(),
            Interest::nothing(),
            &Stop::default(),
            |m| {
                if !m.protocol().is_of_the_sensor() {
                    known.insert(m.conversation().flow_id);
                }
            },
        );
    }
    let (inputs, decode) = open(input)?;
    let (recording, _) = record(inputs, &decode, |c| !known.contains(&c.flow_id));
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut out = format!(
        "{:<48} {:>10} {:>7}  {}\n",
        "stream", "bytes", "bits/B", "commonest first bytes of its segments"
    );
    let mut shapes: HashMap<Shape, Count> = HashMap::new();
    for (number, talk) in recording.conversations.iter().enumerate() {
        for side in Side::BOTH {
            if talk.len(side) == 0 {
                continue;
            }
            let name = name(number + 1, &talk.known, side);
            save(&folder.join(&name), talk, side)?;
            let pieces = &talk.sides[side.index()];
            out.push_str(&format!(
                "{name:<48} {:>10} {:>7.2}  {}\n",
                talk.len(side),
                entropy(pieces),
                firsts(pieces)
            ));
            let shape = Shape {
                udp: talk.known.transport == Transport::Udp,
                port: talk.known.ends[Side::Server.index()].port,
                side,
            };
            shapes.entry(shape).or_default().add(pieces);
        }
    }
    if recording.conversations.is_empty() {
        out.push_str(if unidentified {
            "every conversation that said anything is of a known protocol\n"
        } else {
            "no conversation said anything\n"
        });
    }
    out.push_str(&by_port(shapes));
    if recording.left_out > 0 {
        out.push_str(&format!(
            "\n{} bytes beyond the first {} MiB were left out; `-f` narrows what is read\n",
            recording.left_out,
            limits::RECORDED >> 20
        ));
    }
    Ok(out)
}

/// `003-10.1.2.3_51000-10.1.2.4_4001.client.bin`.
fn name(number: usize, known: &Conversation, side: Side) -> String {
    let end = |e: &Endpoint| format!("{}_{}", e.ip.to_string().replace(':', "."), e.port);
    let side = match side {
        Side::Client => "client",
        Side::Server => "server",
    };
    format!(
        "{number:03}-{}-{}.{side}.bin",
        end(&known.ends[0]),
        end(&known.ends[1])
    )
}

/// Streams may hold anything, patients' data too: only their owner may read them.
fn save(path: &Path, talk: &Recorded, side: Side) -> Result<(), String> {
    let told = |e| format!("{}: {e}", path.display());
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(told)?;
    for piece in &talk.sides[side.index()] {
        file.write_all(&piece.bytes).map_err(told)?;
    }
    Ok(())
}

/// Bits of information in a byte: about 8 where bytes are encrypted or compressed, 4 to 5 in text.
pub fn entropy(pieces: &[Piece]) -> f64 {
    let mut counts = [0u64; 256];
    for byte in pieces.iter().flat_map(|p| &p.bytes) {
        counts[usize::from(*byte)] += 1;
    }
    let total: u64 = counts.iter().sum();
    counts
        .iter()
        .filter(|n| **n > 0)
        .map(|n| {
            let share = *n as f64 / total as f64;
            -share * share.log2()
        })
        .sum()
}

/// First bytes of a stream's segments, commonest first: `02 41 (17), 06 (3)`.
fn firsts(pieces: &[Piece]) -> String {
    let mut count = Count::default();
    count.add(pieces);
    count.commonest(3)
}

/// Streams of one port in one direction.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord, Clone, Copy)]
struct Shape {
    udp: bool,
    port: u16,
    side: Side,
}

#[derive(Default)]
struct Count {
    streams: u64,
    bytes: u64,
    firsts: HashMap<Vec<u8>, u64>,
}

/// Bytes of a segment's front that are told apart.
const FRONT: usize = 2;

impl Count {
    fn add(&mut self, pieces: &[Piece]) {
        self.streams += 1;
        for piece in pieces {
            self.bytes += piece.bytes.len() as u64;
            let front = &piece.bytes[..piece.bytes.len().min(FRONT)];
            if self.firsts.len() < limits::FIRST_BYTES || self.firsts.contains_key(front) {
                *self.firsts.entry(front.to_vec()).or_default() += 1;
            }
        }
    }

    fn commonest(&self, most: usize) -> String {
        let mut rows: Vec<_> = self.firsts.iter().collect();
        rows.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        let texts: Vec<String> = rows
            .iter()
            .take(most)
            .map(|(front, n)| format!("{} ({n})", hex::short(front)))
            .collect();
        texts.join(", ")
    }
}

fn by_port(shapes: HashMap<Shape, Count>) -> String {
    let mut rows: Vec<_> = shapes.into_iter().collect();
    rows.sort_by_key(|(shape, _)| *shape);
    let mut out = String::new();
    if rows.len() > 1 {
        out.push_str("\nBy port of the server\n");
        for (shape, count) in rows {
            let transport = if shape.udp { "udp" } else { "tcp" };
            let side = match shape.side {
                Side::Client => "to it",
                Side::Server => "from it",
            };
            out.push_str(&format!(
                "  {transport}/{:<5} {side:<8} {:>6} streams {:>10} bytes  {}\n",
                shape.port,
                count.streams,
                count.bytes,
                count.commonest(6)
            ));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use dissectors::message::FrameRef;

    fn pieces(bytes: &[&[u8]]) -> Vec<Piece> {
        let piece = |bytes: &&[u8]| Piece {
            at: 0,
            bytes: bytes.to_vec(),
            frame: FrameRef::default(),
        };
        bytes.iter().map(piece).collect()
    }

    #[test]
    fn one_byte_repeated_tells_nothing_and_all_bytes_tell_eight_bits() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(entropy(&pieces(&[b"aaaa", b"aaaa"])), 0.0);
        assert_eq!(entropy(&pieces(&[&all])), 8.0);
    }

    #[test]
    fn commonest_front_of_segments_comes_first() {
        assert_eq!(
            firsts(&pieces(&[b"\x06", b"\x02A1", b"\x02A2"])),
            "02 41 (2), 06 (1)"
        );
    }
}
