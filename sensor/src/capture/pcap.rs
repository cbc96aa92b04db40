//! The classic capture format (draft-ietf-opsawg-pcap): a 24-byte header, then records.

use super::block::LinkType;
use super::error::Fault;
use super::record::{Order, Record, Step};

const FILE_HEADER: usize = 24;

/// What the file header says.
#[derive(Debug)]
pub(super) struct Pcap {
    order: Order,
    /// Nanoseconds of one unit of the second time field.
    unit: i64,
    /// Bytes before a frame: 16, or 24 in the variant that an old Linux patch wrote.
    record_header: usize,
    link: Option<LinkType>,
}

impl Pcap {
    /// By the magic number, in either byte order.
    pub(super) fn of(magic: [u8; 4]) -> Option<Pcap> {
        let read = |big: bool| {
            let number = if big {
                u32::from_be_bytes(magic)
            } else {
                u32::from_le_bytes(magic)
            };
            let (unit, record_header) = match number {
                0xA1B2_C3D4 => (1000, 16),
                0xA1B2_3C4D => (1, 16),
                0xA1B2_CD34 => (1000, 24),
                _ => return None,
            };
            Some(Pcap {
                order: Order { big },
                unit,
                record_header,
                link: None,
            })
        };
        read(false).or_else(|| read(true))
    }

    #[inline]
    pub(super) fn step(&mut self, bytes: &[u8], longest: usize) -> Step {
        let Some(link) = self.link else {
            return self.file_header(bytes);
        };
        if bytes.len() < self.record_header {
            return Step::Need(self.record_header);
        }
        let seconds = i64::from(self.order.u32(bytes, 0));
        // A fraction of a second or more (1,500,000 us) has been seen: it is added as it stands.
        let fraction = i64::from(self.order.u32(bytes, 4));
        let captured = self.order.u32(bytes, 8);
        let wire = self.order.u32(bytes, 12);
        if captured as usize > longest {
            return Step::Bad(Fault::FrameTooLong(u64::from(captured)));
        }
        let size = self.record_header + captured as usize;
        if bytes.len() < size {
            return Step::Need(size);
        }
        Step::Frame(Record {
            head: self.record_header,
            captured,
            wire: wire.max(captured),
            link,
            time: seconds * 1_000_000_000 + fraction * self.unit,
            size: size as u64,
        })
    }

    fn file_header(&mut self, bytes: &[u8]) -> Step {
        if bytes.len() < FILE_HEADER {
            return Step::Need(FILE_HEADER);
        }
        // The upper bits tell of a frame check sequence; the length of the IP packet tells where
        // a payload ends, so that it needs no cutting off.
        self.link = Some(LinkType(
            self.order.u16(bytes, if self.order.big { 22 } else { 20 }),
        ));
        Step::Other(FILE_HEADER as u64)
    }
}
