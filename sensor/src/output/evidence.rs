//! Evidence: the frames of a finding's conversation, read again from the captures.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::net::{IpAddr, Ipv6Addr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use dissectors::contract::Transport;
use dissectors::message::FrameRef;
use rules::clean;
use rules::finding::Finding;
use tui::evidence::{Case, EvidenceSource, StreamPart};

use super::pcapng::PcapngWriter;
use crate::capture::block::{Block, Frame, LinkType};
use crate::capture::{Inputs, More, ReadOptions};
use crate::decode::packet::{Packet, TransportHead};
use crate::decode::{DecodeOptions, Decoder};
use crate::limits::{self, Limits};

mod stream;

/// The captures of a replay, to be read again.
#[derive(Clone)]
pub struct Recapture {
    pub paths: Vec<PathBuf>,
    pub options: ReadOptions,
    pub decode: DecodeOptions,
    /// Where evidence is written.
    pub folder: PathBuf,
    pub limits: Limits,
    /// What is read again is another capture of the same frames (a ring beside a live capture):
    /// places in the sequence differ, times do not.
    pub by_time: bool,
}

/// Looks at a frame: the name of its file, its block, itself, the packets that it gave.
type Each<'a> = dyn FnMut(&str, &Block, &Frame, &[Packet]) -> Result<(), String> + 'a;

/// Findings that are written in one reading of the captures: each keeps a file open.
const AT_ONCE: usize = 100;

impl EvidenceSource for Recapture {
    fn stream(&mut self, part: &StreamPart) -> Result<Vec<Option<u8>>, String> {
        stream::read(self, part)
    }

    fn export(&mut self, case: &Case) -> Result<Vec<PathBuf>, String> {
        self.export_all(std::slice::from_ref(case))
    }
}

impl Recapture {
    /// Writes a capture and a page for each case; names what was written.
    pub fn export_all(&self, cases: &[Case]) -> Result<Vec<PathBuf>, String> {
        fs::create_dir_all(&self.folder)
            .map_err(|e| format!("cannot make {}: {e}", self.folder.display()))?;
        let mut written = Vec::new();
        for cases in cases.chunks(AT_ONCE) {
            let mut exports = Vec::new();
            for case in cases {
                exports.push(Export::begin(self, case)?);
            }
            let mut by_ends: HashMap<Ends, Vec<usize>> = HashMap::new();
            let mut by_frame: HashMap<u64, Vec<usize>> = HashMap::new();
            for (at, case) in cases.iter().enumerate() {
                let f = &case.finding;
                if let Some(ends) = Ends::of_talk(f.talk.transport, f.talk.ends) {
                    by_ends.entry(ends).or_default().push(at);
                }
                for frame in f.frames.iter().chain([&f.first, &f.last]) {
                    let of = by_frame.entry(self.place_of(frame)).or_default();
                    if of.last() != Some(&at) {
                        of.push(at);
                    }
                }
            }
            self.walk(u64::MAX, &mut |name, block, frame, packets| {
                let mut wanted: Vec<usize> = by_frame
                    .get(&self.place(frame))
                    .cloned()
                    .unwrap_or_default();
                for packet in packets {
                    if let Some(more) = Ends::of_packet(packet).and_then(|e| by_ends.get(&e)) {
                        wanted.extend(more);
                    }
                }
                wanted.sort_unstable();
                wanted.dedup();
                for at in wanted {
                    exports[at].frame(name, block, frame, self.place(frame))?;
                }
                Ok(())
            })?;
            for export in exports {
                written.extend(export.finish()?);
            }
        }
        Ok(written)
    }

    /// What a frame goes by here: its place in the sequence, or its time.
    fn place(&self, frame: &Frame) -> u64 {
        if self.by_time {
            frame.time.max(0) as u64
        } else {
            frame.seq
        }
    }

    fn place_of(&self, frame: &FrameRef) -> u64 {
        if self.by_time {
            frame.time.max(0) as u64
        } else {
            frame.seq
        }
    }

    /// Calls `each` with every frame up to a place in the sequence and the packets that it gave.
    fn walk(&self, last: u64, each: &mut Each<'_>) -> Result<(), String> {
        if self.paths.iter().any(|p| p == Path::new("-")) {
            return Err(
                "the capture came from standard input and cannot be read again; name a file".into(),
            );
        }
        let options = ReadOptions {
            speed: None,
            ..self.options.clone()
        };
        let mut inputs = Inputs::open(&self.paths, &options).map_err(|e| e.to_string())?;
        let mut decoder = Decoder::new(&self.decode);
        let mut block = Block::default();
        while let More::Frames = inputs.next_block(&mut block).map_err(|e| e.to_string())? {
            decoder.block(&mut block);
            let mut packets = block.packets.as_slice();
            for (at, frame) in block.frames.iter().enumerate() {
                if self.place(frame) > last {
                    return Ok(());
                }
                let count = packets
                    .iter()
                    .take_while(|p| p.frame as usize <= at)
                    .count();
                let (own, rest) = packets.split_at(count);
                packets = rest;
                each(inputs.name(frame.file), &block, frame, own)?;
            }
        }
        Ok(())
    }
}

/// Both ends of a conversation, whichever way: the lower first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Ends(u8, [(IpAddr, u16); 2]);

impl Ends {
    fn of_talk(transport: Transport, mut ends: [(IpAddr, u16); 2]) -> Option<Self> {
        let number = match transport {
            Transport::Tcp => 6,
            Transport::Udp => 17,
            Transport::Icmp => 1,
            Transport::Icmp6 => 58,
            Transport::Link(_) | Transport::Carried => return None,
        };
        ends.sort();
        Some(Ends(number, ends))
    }

    fn of_packet(packet: &Packet) -> Option<Self> {
        let (number, from, to) = match packet.head {
            TransportHead::Tcp(h) => (6, h.src_port, h.dst_port),
            TransportHead::Udp(h) => (17, h.src_port, h.dst_port),
            TransportHead::Icmp { v6, .. } => (if v6 { 58 } else { 1 }, 0, 0),
            TransportHead::Link { .. } => return None,
        };
        let mut ends = [(address(packet.src), from), (address(packet.dst), to)];
        ends.sort();
        Some(Ends(number, ends))
    }
}

fn address(octets: [u8; 16]) -> IpAddr {
    Ipv6Addr::from(octets).to_canonical()
}

/// One finding being written.
struct Export<'c> {
    case: &'c Case,
    pcapng: PathBuf,
    page: PathBuf,
    writer: PcapngWriter<BufWriter<File>>,
    interfaces: HashMap<(u32, LinkType), u32>,
    named: Vec<u64>,
    /// Where the conversation begins, and the next one between the same ends.
    from: u64,
    until: Option<u64>,
    head: String,
    frames: usize,
    bytes: usize,
    left_out: u64,
    most: (usize, usize),
}

impl<'c> Export<'c> {
    fn begin(source: &Recapture, case: &'c Case) -> Result<Self, String> {
        let (folder, limits) = (&source.folder, &source.limits);
        let f = &case.finding;
        let stem = format!("{}-{}", file_name(&f.rule.id), f.finding_id);
        let pcapng = folder.join(format!("{stem}.pcapng"));
        let page = folder.join(format!("{stem}.txt"));
        let failed = |e: io::Error| format!("cannot write {}: {e}", pcapng.display());
        let file = private(&pcapng).map_err(failed)?;
        let head = head(f);
        let writer = PcapngWriter::new(BufWriter::new(file), &head).map_err(failed)?;
        let frames = f.frames.iter().chain([&f.first, &f.last]);
        let mut named: Vec<u64> = frames.map(|f| source.place_of(f)).collect();
        named.sort_unstable();
        let (from, until) = match &case.span {
            Some((from, until)) => (
                source.place_of(from),
                until.as_ref().map(|f| source.place_of(f)),
            ),
            None => (0, None),
        };
        Ok(Export {
            case,
            page,
            writer,
            interfaces: HashMap::new(),
            named,
            from,
            until,
            head,
            frames: 0,
            bytes: 0,
            left_out: 0,
            most: (
                limits.get(limits::EVIDENCE_FRAMES),
                limits.get(limits::EVIDENCE_BYTES),
            ),
            pcapng,
        })
    }

    fn frame(
        &mut self,
        file: &str,
        block: &Block,
        frame: &Frame,
        place: u64,
    ) -> Result<(), String> {
        let named = self.named.binary_search(&place).is_ok();
        if !named {
            if place < self.from || self.until.is_some_and(|until| place >= until) {
                return Ok(());
            }
            let bytes = block.bytes(frame);
            if self.frames >= self.most.0 || self.bytes + bytes.len() > self.most.1 {
                self.left_out += 1;
                return Ok(());
            }
        }
        let bytes = block.bytes(frame);
        self.frames += 1;
        self.bytes += bytes.len();
        let what = if named { "evidence" } else { "conversation" };
        let comment = format!("{}; original frame {}; {what}", self.head, frame.number);
        self.write(file, frame, bytes, &comment)
            .map_err(|e| format!("cannot write {}: {e}", self.pcapng.display()))
    }

    fn write(&mut self, file: &str, frame: &Frame, bytes: &[u8], comment: &str) -> io::Result<()> {
        let interface = match self.interfaces.get(&(frame.file, frame.link)) {
            Some(at) => *at,
            None => {
                let at = self
                    .writer
                    .interface(frame.link, &clean::text(file.as_bytes()))?;
                self.interfaces.insert((frame.file, frame.link), at);
                at
            }
        };
        self.writer
            .packet(interface, frame.time, frame.wire, bytes, comment)
    }

    fn finish(mut self) -> Result<[PathBuf; 2], String> {
        self.writer
            .flush()
            .map_err(|e| format!("cannot write {}: {e}", self.pcapng.display()))?;
        let mut page = self.case.page.clone();
        if self.left_out > 0 {
            page.push_str(&format!(
                "\n{} further frames of the conversation were left out (limits evidence-frames, evidence-bytes).\n",
                self.left_out
            ));
        }
        private(&self.page)
            .and_then(|mut file| file.write_all(page.as_bytes()))
            .map_err(|e| format!("cannot write {}: {e}", self.page.display()))?;
        Ok([self.pcapng, self.page])
    }
}

/// `wardwatch finding 00ff WW-CMD-0001 critical; hl7v2 RGV^O15`: no patient data.
fn head(f: &Finding) -> String {
    let kind = clean::text(f.kind.as_bytes());
    format!(
        "wardwatch finding {} {} {}; {} {kind}",
        f.finding_id,
        clean::text(f.rule.id.as_bytes()),
        f.severity,
        f.protocol.name(),
    )
}

/// Frames hold what was sent, patients included: the files are for their owner alone.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

/// A rule's id as a part of a file name.
fn file_name(id: &str) -> String {
    id.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect()
}
