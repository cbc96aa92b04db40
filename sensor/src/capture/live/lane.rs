//! One interface: opened, read without blocking, watched for going away and coming back.

use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use pcap::{Active, Capture, Error, Precision};
use rustix::event::{PollFd, PollFlags, Timespec};

use super::LiveOptions;
use super::device::Refusal;
use crate::capture::block::{Block, Frame, LinkType};
use crate::capture::engine::Port;

/// How long the kernel may hold frames back to hand over many at once.
pub const RETIRE: Duration = Duration::from_millis(50);

/// An interface that is gone is looked for this often.
const LOOK: Duration = Duration::from_millis(500);

/// One interface.
pub struct Lane {
    options: LiveOptions,
    port: Port,
    link: LinkType,
    /// Times come in nanoseconds rather than microseconds.
    nanos: bool,
    state: State,
    /// The system's number of the interface that was opened: another one means another interface
    /// under the same name.
    index: Option<u32>,
    looked: Instant,
    /// Counters of the kernel at the last look (they are 32 bits wide and wrap).
    last: [u32; 3],
    /// Frames read ahead while others are waited for, and how many of them are handed on.
    pub(super) ahead: Block,
    pub(super) used: usize,
}

enum State {
    Open(Capture<Active>),
    /// Nothing to read from; why is in `Port::trouble`.
    Closed,
}

impl Lane {
    pub fn open(name: &str, options: &LiveOptions) -> Result<Lane, Refusal> {
        let (capture, nanos) = open(name, options)?;
        let link = link_type(&capture);
        let port = Port {
            name: name.to_owned(),
            up: true,
            ..Port::default()
        };
        Ok(Lane {
            options: options.clone(),
            port,
            link,
            nanos,
            state: State::Open(capture),
            index: index(name),
            looked: Instant::now(),
            last: [0; 3],
            ahead: Block::default(),
            used: 0,
        })
    }

    pub fn name(&self) -> &str {
        &self.port.name
    }

    pub fn link(&self) -> LinkType {
        self.link
    }

    pub fn port(&self) -> &Port {
        &self.port
    }

    pub fn descriptor(&self) -> Option<RawFd> {
        match &self.state {
            State::Open(capture) => Some(capture.as_raw_fd()),
            State::Closed => None,
        }
    }

    /// Frames are read ahead and not handed on yet.
    pub fn holds(&self) -> bool {
        self.used < self.ahead.frames.len()
    }

    /// The time of the next frame that was read ahead.
    pub fn next_time(&self) -> Option<i64> {
        self.ahead.frames.get(self.used).map(|f| f.time)
    }

    pub(super) fn late(&mut self) {
        self.port.late += 1;
    }

    /// Reads ahead again, once all that was is handed on.
    pub(super) fn refill(&mut self, size: usize, file: u32) {
        let mut ahead = std::mem::take(&mut self.ahead);
        ahead.clear();
        self.used = 0;
        let mut used = 0;
        self.read(&mut ahead, &mut used, size, u64::MAX, file);
        self.ahead = ahead;
    }

    /// Appends what has arrived, up to `size` bytes of the block or `frames` frames.
    pub fn read(
        &mut self,
        block: &mut Block,
        used: &mut usize,
        size: usize,
        frames: u64,
        file: u32,
    ) {
        let State::Open(capture) = &mut self.state else {
            return self.look_for();
        };
        // A frame of the longest kind fits behind what is asked for.
        let room = size + self.options.snap as usize;
        if block.data.len() < room {
            block.data.resize(room, 0);
        }
        while *used < size && (block.frames.len() as u64) < frames {
            let packet = match capture.next_packet() {
                Ok(packet) => packet,
                Err(Error::TimeoutExpired | Error::NoMorePackets) => return,
                Err(error) => return self.went_down(&error),
            };
            let bytes = packet.data;
            let Some(place) = block.data.get_mut(*used..*used + bytes.len()) else {
                // Longer than the snap length that was set: the kernel does not do that.
                continue;
            };
            place.copy_from_slice(bytes);
            let header = packet.header;
            let time = time_of(header, self.nanos);
            block.frames.push(Frame {
                offset: *used as u32,
                captured: bytes.len() as u32,
                wire: header.len.max(bytes.len() as u32),
                link: self.link,
                file,
                number: 0,
                seq: 0,
                time,
            });
            *used += bytes.len();
        }
        if !self.port.up && !block.frames.is_empty() {
            self.came_back();
        }
    }

    /// Asks the kernel for its counters, and whether the interface is still there.
    pub fn look(&mut self) {
        let State::Open(capture) = &mut self.state else {
            return self.look_for();
        };
        if let Ok(stat) = capture.stats() {
            let now = [stat.received, stat.dropped, stat.if_dropped];
            let [received, dropped, refused] =
                std::array::from_fn(|n| u64::from(now[n].wrapping_sub(self.last[n])));
            self.last = now;
            self.port.received += received;
            self.port.losses.kernel += dropped;
            self.port.losses.interface += refused;
        }
        match index(&self.port.name) {
            None => self.close("the interface is gone"),
            Some(now) if self.index.is_some_and(|was| was != now) => {
                self.close("another interface has its name now");
                self.look_for();
            }
            Some(_) if !self.port.up && is_up(&self.port.name) == Some(true) => self.came_back(),
            // Where it went down without a read to tell us (nothing was read in between).
            Some(_) if self.port.up && is_up(&self.port.name) == Some(false) => {
                self.port.up = false;
                self.port.trouble = "the interface is down".into();
            }
            Some(_) => {}
        }
    }

    /// The read failed: it was taken down, or is gone. The capture itself goes on once it is up again.
    fn went_down(&mut self, error: &Error) {
        self.port.up = false;
        self.port.trouble = match error {
            Error::PcapError(text) => text.clone(),
            other => other.to_string(),
        };
        if index(&self.port.name).is_none_or(|now| Some(now) != self.index) {
            self.close("the interface is gone");
        }
    }

    fn close(&mut self, why: &str) {
        self.state = State::Closed;
        self.port.up = false;
        self.port.trouble = why.to_owned();
        self.last = [0; 3];
    }

    fn came_back(&mut self) {
        self.port.up = true;
        self.port.returns += 1;
        self.port.trouble.clear();
    }

    /// Tries to open an interface that was gone.
    fn look_for(&mut self) {
        if self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        let Some(now) = index(&self.port.name) else {
            return;
        };
        match open(&self.port.name, &self.options) {
            Ok((capture, nanos)) => {
                self.link = link_type(&capture);
                self.nanos = nanos;
                self.state = State::Open(capture);
                self.index = Some(now);
                self.last = [0; 3];
                self.came_back();
            }
            Err(refusal) => {
                self.port.trouble = format!(
                    "it is back but cannot be opened again ({}); a restart will",
                    refusal.why()
                );
            }
        }
    }
}

/// Sleeps until one of them can be read, or for this long.
pub fn wait(lanes: &mut [Lane], long: Duration) {
    let mut fds: Vec<PollFd<'_>> = lanes
        .iter()
        // One that is full of frames that wait for others would end every sleep at once.
        .filter(|lane| !lane.holds())
        .filter_map(|lane| match &lane.state {
            State::Open(capture) if lane.port.up => {
                Some(PollFd::from_borrowed_fd(capture.as_fd(), PollFlags::IN))
            }
            _ => None,
        })
        .collect();
    if fds.is_empty() {
        std::thread::sleep(long);
        return;
    }
    let time = Timespec {
        tv_sec: 0,
        tv_nsec: i64::from(long.subsec_nanos()),
    };
    // A signal ends the sleep early, and is looked at by the caller.
    let _ = rustix::event::poll(&mut fds, Some(&time));
}

/// Opens an interface, ready to be read without blocking. Tells whether times are in nanoseconds.
fn open(name: &str, options: &LiveOptions) -> Result<(Capture<Active>, bool), Refusal> {
    let refuse = |error: Error| Refusal::of(name, &error);
    let inactive = |precise: bool| -> Result<Capture<Active>, Error> {
        let ring = i32::try_from(options.ring).unwrap_or(i32::MAX);
        let snap = i32::try_from(options.snap).unwrap_or(i32::MAX);
        let mut capture = Capture::from_device(name)?
            .promisc(options.promiscuous)
            .snaplen(snap)
            .buffer_size(ring)
            .timeout(RETIRE.as_millis() as i32);
        if precise {
            capture = capture.precision(Precision::Nano);
        }
        capture.open()
    };
    let (capture, nanos) = match inactive(true) {
        Ok(capture) => (capture, true),
        // Not every system has times this fine.
        Err(Error::PcapError(text)) if text.contains("precision") => {
            (inactive(false).map_err(refuse)?, false)
        }
        Err(error) => return Err(refuse(error)),
    };
    let mut capture = capture.setnonblock().map_err(refuse)?;
    if let Some(filter) = &options.filter {
        capture
            .filter(filter, true)
            .map_err(|error| Refusal::Filter {
                expression: filter.clone(),
                interface: name.to_owned(),
                why: match error {
                    Error::PcapError(text) => text,
                    other => other.to_string(),
                },
            })?;
    }
    Ok((capture, nanos))
}

/// A frame's time in nanoseconds since 1970-01-01 UTC.
#[allow(
    clippy::useless_conversion,
    reason = "the fields are narrower on other systems"
)]
fn time_of(header: &pcap::PacketHeader, nanos: bool) -> i64 {
    let part = i64::from(header.ts.tv_usec) * if nanos { 1 } else { 1_000 };
    i64::from(header.ts.tv_sec)
        .saturating_mul(1_000_000_000)
        .saturating_add(part)
}

/// libpcap's own number of the link type, as files have it.
pub(super) fn link_type(capture: &Capture<Active>) -> LinkType {
    match capture.get_datalink().0 {
        // Raw IP has another number in files.
        12 | 14 => LinkType::RAW,
        other => LinkType(u16::try_from(other).unwrap_or(u16::MAX)),
    }
}

/// The system's number of an interface. A local socket is all that the question needs.
fn index(name: &str) -> Option<u32> {
    let any = UnixDatagram::unbound().ok()?;
    rustix::net::netdevice::name_to_index(&any, name).ok()
}

/// Is it switched on? `None` where the system does not say.
fn is_up(name: &str) -> Option<bool> {
    let flags = std::fs::read_to_string(format!("/sys/class/net/{name}/flags")).ok()?;
    let flags = u32::from_str_radix(flags.trim().trim_start_matches("0x"), 16).ok()?;
    Some(flags & 1 == 1)
}
