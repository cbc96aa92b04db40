//! pcapng (draft-ietf-opsawg-pcapng): sections of typed blocks.
//!
//! Read are section headers, interface descriptions, the three kinds of packet block, and
//! interface statistics for the drop counters; all other blocks are passed over.

use super::block::LinkType;
use super::error::Fault;
use super::record::{Order, Record, Step};

const SECTION: u32 = 0x0A0D_0D0A;
const INTERFACE: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/// A longer block is damage: it is what Wireshark reads at most too.
const LONGEST_BLOCK: u32 = 16 << 20;
/// How much of an interface's options is looked at; the ones read stand early.
const OPTIONS: usize = 64 * 1024;

/// What the headers of the present section say.
#[derive(Debug)]
pub(super) struct Pcapng {
    order: Order,
    in_section: bool,
    interfaces: Vec<Interface>,
    interfaces_max: usize,
    /// For simple packet blocks, which have no time: that of the frame before.
    last_time: i64,
    dropped: u64,
}

#[derive(Debug)]
struct Interface {
    link: LinkType,
    snap: u32,
    /// Ticks of a second (if_tsresol).
    ticks: u64,
    /// Nanoseconds added to each time (if_tsoffset).
    offset: i64,
    dropped: u64,
}

impl Pcapng {
    pub(super) fn of(magic: [u8; 4]) -> Option<Pcapng> {
        (u32::from_be_bytes(magic) == SECTION).then_some(Pcapng {
            order: Order { big: false },
            in_section: false,
            interfaces: Vec::new(),
            interfaces_max: usize::MAX,
            last_time: 0,
            dropped: 0,
        })
    }

    pub(super) fn limit_interfaces(&mut self, max: usize) {
        self.interfaces_max = max;
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    #[inline]
    pub(super) fn step(&mut self, bytes: &[u8], longest: usize) -> Step {
        if bytes.len() < 12 {
            return Step::Need(12);
        }
        // The section header's type reads the same in both orders; its third word gives the order.
        let kind = self.order.u32(bytes, 0);
        if kind == SECTION {
            return self.section(bytes);
        }
        if !self.in_section {
            return Step::Bad(Fault::Format("no section header at the start"));
        }
        let total = self.order.u32(bytes, 4);
        if total < 12 {
            return Step::Bad(Fault::Format("a block shorter than its own header"));
        }
        if total > LONGEST_BLOCK {
            return Step::Bad(Fault::Format("a block longer than 16 MiB"));
        }
        // Blocks are padded to 32 bits; writers that announce the unpadded length exist.
        let total = (u64::from(total) + 3) & !3;
        match kind {
            ENHANCED_PACKET => self.enhanced(bytes, total, longest),
            INTERFACE => self.interface(bytes, total),
            SIMPLE_PACKET => self.simple(bytes, total, longest),
            OBSOLETE_PACKET => self.obsolete(bytes, total, longest),
            STATISTICS => self.statistics(bytes, total),
            _ => Step::Other(total),
        }
    }

    fn section(&mut self, bytes: &[u8]) -> Step {
        if bytes.len() < 16 {
            return Step::Need(16);
        }
        self.order = match bytes.get(8..12) {
            Some([0x1A, 0x2B, 0x3C, 0x4D]) => Order { big: true },
            Some([0x4D, 0x3C, 0x2B, 0x1A]) => Order { big: false },
            _ => return Step::Bad(Fault::Format("a section header without byte-order magic")),
        };
        let total = self.order.u32(bytes, 4);
        if total < 28 {
            return Step::Bad(Fault::Format("a section header shorter than 28 bytes"));
        }
        if self.order.u16(bytes, 12) != 1 {
            return Step::Bad(Fault::Format("a section of a version other than 1"));
        }
        self.in_section = true;
        self.interfaces.clear();
        Step::Other((u64::from(total) + 3) & !3)
    }

    fn interface(&mut self, bytes: &[u8], total: u64) -> Step {
        if total < 20 {
            return Step::Bad(Fault::Format(
                "an interface description shorter than 20 bytes",
            ));
        }
        if self.interfaces.len() >= self.interfaces_max {
            return Step::Bad(Fault::Format("more interfaces than the limit `interfaces`"));
        }
        let body = usize::try_from(total - 4)
            .unwrap_or(usize::MAX)
            .min(OPTIONS);
        let Some(body_bytes) = bytes.get(..body) else {
            return Step::Need(body);
        };
        let mut it = Interface {
            link: LinkType(self.order.u16(bytes, 8)),
            snap: self.order.u32(bytes, 12),
            ticks: 1_000_000,
            offset: 0,
            dropped: 0,
        };
        let options = Options {
            bytes: body_bytes.get(16..).unwrap_or(&[]),
            order: self.order,
        };
        for (code, value) in options {
            match (code, value) {
                (9, [resolution, ..]) => match ticks_of(*resolution) {
                    Some(ticks) => it.ticks = ticks,
                    None => return Step::Bad(Fault::Format("a time resolution beyond 64 bits")),
                },
                (14, value) => {
                    let seconds = self.order.u64(value).unwrap_or(0).cast_signed();
                    it.offset = seconds.saturating_mul(1_000_000_000);
                }
                _ => {}
            }
        }
        self.interfaces.push(it);
        Step::Other(total)
    }

    #[inline]
    fn enhanced(&mut self, bytes: &[u8], total: u64, longest: usize) -> Step {
        if bytes.len() < 28 {
            return Step::Need(28);
        }
        let interface = self.order.u32(bytes, 8);
        let ticks =
            (u64::from(self.order.u32(bytes, 12)) << 32) | u64::from(self.order.u32(bytes, 16));
        let captured = self.order.u32(bytes, 20);
        let wire = self.order.u32(bytes, 24);
        self.frame(
            bytes,
            Lengths {
                head: 28,
                captured,
                wire,
                total,
            },
            interface,
            Some(ticks),
            longest,
        )
    }

    fn obsolete(&mut self, bytes: &[u8], total: u64, longest: usize) -> Step {
        if bytes.len() < 28 {
            return Step::Need(28);
        }
        let interface = u32::from(self.order.u16(bytes, 8));
        let ticks =
            (u64::from(self.order.u32(bytes, 12)) << 32) | u64::from(self.order.u32(bytes, 16));
        let captured = self.order.u32(bytes, 20);
        let wire = self.order.u32(bytes, 24);
        self.frame(
            bytes,
            Lengths {
                head: 28,
                captured,
                wire,
                total,
            },
            interface,
            Some(ticks),
            longest,
        )
    }

    /// The captured length is not written: the wire length, the snap length of interface 0 and
    /// the block's own length bound it (section 4.4).
    fn simple(&mut self, bytes: &[u8], total: u64, longest: usize) -> Step {
        let wire = self.order.u32(bytes, 8);
        let snap = match self.interfaces.first() {
            Some(Interface { snap: 0, .. }) | None => u32::MAX,
            Some(it) => it.snap,
        };
        let room = u32::try_from(total.saturating_sub(16)).unwrap_or(u32::MAX);
        let captured = wire.min(snap).min(room);
        self.frame(
            bytes,
            Lengths {
                head: 12,
                captured,
                wire,
                total,
            },
            0,
            None,
            longest,
        )
    }

    #[inline]
    fn frame(
        &mut self,
        bytes: &[u8],
        len: Lengths,
        interface: u32,
        ticks: Option<u64>,
        longest: usize,
    ) -> Step {
        let Lengths {
            head,
            captured,
            wire,
            total,
        } = len;
        if captured as usize > longest {
            return Step::Bad(Fault::FrameTooLong(u64::from(captured)));
        }
        let end = head + captured as usize;
        if end as u64 + 4 > total {
            return Step::Bad(Fault::Format("a packet longer than its block"));
        }
        let Some(it) = self.interfaces.get(interface as usize) else {
            return Step::Bad(Fault::Format(
                "a packet of an interface that was not described",
            ));
        };
        if bytes.len() < end {
            return Step::Need(end);
        }
        if let Some(ticks) = ticks {
            self.last_time = time_of(ticks, it);
        }
        Step::Frame(Record {
            head,
            captured,
            wire: wire.max(captured),
            link: it.link,
            time: self.last_time,
            size: total,
        })
    }

    /// isb_ifdrop (5) and isb_osdrop (7) count from the start of the capture; the last one stands.
    fn statistics(&mut self, bytes: &[u8], total: u64) -> Step {
        let body = usize::try_from(total - 4)
            .unwrap_or(usize::MAX)
            .min(OPTIONS);
        let Some(body_bytes) = bytes.get(..body) else {
            return Step::Need(body);
        };
        let order = self.order;
        let Some(it) = self.interfaces.get_mut(order.u32(bytes, 8) as usize) else {
            return Step::Other(total);
        };
        let now = Options {
            bytes: body_bytes.get(20..).unwrap_or(&[]),
            order,
        }
        .filter(|(code, _)| matches!(code, 5 | 7))
        .filter_map(|(_, value)| order.u64(value))
        .fold(0u64, u64::saturating_add);
        self.dropped = self.dropped.saturating_add(now.saturating_sub(it.dropped));
        it.dropped = it.dropped.max(now);
        Step::Other(total)
    }
}

#[derive(Clone, Copy)]
struct Lengths {
    head: usize,
    captured: u32,
    wire: u32,
    total: u64,
}

/// if_tsresol: a power of ten, or of two where the top bit is set.
fn ticks_of(resolution: u8) -> Option<u64> {
    let power = u32::from(resolution & 0x7F);
    if resolution & 0x80 == 0 {
        10u64.checked_pow(power)
    } else {
        1u64.checked_shl(power)
    }
}

#[inline]
fn time_of(ticks: u64, it: &Interface) -> i64 {
    let nanoseconds = match it.ticks {
        1_000_000 => i128::from(ticks) * 1000,
        1_000_000_000 => i128::from(ticks),
        per_second => {
            let (whole, part) = (ticks / per_second, ticks % per_second);
            i128::from(whole) * 1_000_000_000
                + i128::from(part) * 1_000_000_000 / i128::from(per_second)
        }
    } + i128::from(it.offset);
    i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
}

/// The options of a block: code, value; ends at opt_endofopt or where the bytes end.
struct Options<'a> {
    bytes: &'a [u8],
    order: Order,
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = self.bytes.split_at_checked(4)?;
        let (code, len) = (
            self.order.u16(head, 0),
            usize::from(self.order.u16(head, 2)),
        );
        if code == 0 {
            return None;
        }
        let value = rest.get(..len)?;
        self.bytes = rest.get((len + 3) & !3..).unwrap_or(&[]);
        Some((code, value))
    }
}
