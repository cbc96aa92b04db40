//! Writes pcapng: sections with interfaces and packets that carry a comment.
//!
//! Source: draft-ietf-opsawg-pcapng (blocks 4.1 to 4.3; options 3.5).

use std::io::{self, Write};

use crate::capture::block::LinkType;

/// Writes one section.
pub struct PcapngWriter<W: Write> {
    to: W,
    interfaces: u32,
    block: Vec<u8>,
}

const SECTION: u32 = 0x0A0D_0D0A;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;

const OPT_COMMENT: u16 = 1;
const SHB_USERAPPL: u16 = 4;
const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;

impl<W: Write> PcapngWriter<W> {
    /// Begins the file.
    pub fn new(to: W, comment: &str) -> io::Result<Self> {
        let mut writer = PcapngWriter {
            to,
            interfaces: 0,
            block: Vec::new(),
        };
        let body = &mut writer.block;
        body.extend_from_slice(&0x1A2B_3C4Du32.to_le_bytes());
        body.extend_from_slice(&1u16.to_le_bytes());
        body.extend_from_slice(&0u16.to_le_bytes());
        body.extend_from_slice(&u64::MAX.to_le_bytes());
        option(body, OPT_COMMENT, comment.as_bytes());
        option(body, SHB_USERAPPL, b"wardwatch");
        writer.finish(SECTION)?;
        Ok(writer)
    }

    /// Describes an interface; gives its number. Times are nanoseconds.
    pub fn interface(&mut self, link: LinkType, name: &str) -> io::Result<u32> {
        self.block.extend_from_slice(&link.0.to_le_bytes());
        self.block.extend_from_slice(&0u16.to_le_bytes());
        self.block.extend_from_slice(&0u32.to_le_bytes());
        option(&mut self.block, IF_NAME, name.as_bytes());
        option(&mut self.block, IF_TSRESOL, &[9]);
        self.finish(INTERFACE)?;
        self.interfaces += 1;
        Ok(self.interfaces - 1)
    }

    /// Writes a frame as captured.
    pub fn packet(
        &mut self,
        interface: u32,
        time: i64,
        wire: u32,
        bytes: &[u8],
        comment: &str,
    ) -> io::Result<()> {
        let time = time.max(0) as u64;
        let captured = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let body = &mut self.block;
        body.extend_from_slice(&interface.to_le_bytes());
        body.extend_from_slice(&((time >> 32) as u32).to_le_bytes());
        body.extend_from_slice(&(time as u32).to_le_bytes());
        body.extend_from_slice(&captured.to_le_bytes());
        body.extend_from_slice(&wire.max(captured).to_le_bytes());
        body.extend_from_slice(bytes);
        pad(body);
        if !comment.is_empty() {
            option(body, OPT_COMMENT, comment.as_bytes());
        }
        self.finish(PACKET)
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }

    /// Closes the options (unless there are none) and writes the block.
    fn finish(&mut self, kind: u32) -> io::Result<()> {
        self.block.extend_from_slice(&[0; 4]);
        let len = (self.block.len() as u32 + 12).to_le_bytes();
        self.to.write_all(&kind.to_le_bytes())?;
        self.to.write_all(&len)?;
        self.to.write_all(&self.block)?;
        self.to.write_all(&len)?;
        self.block.clear();
        Ok(())
    }
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(usize::from(u16::MAX))];
    body.extend_from_slice(&code.to_le_bytes());
    body.extend_from_slice(&(value.len() as u16).to_le_bytes());
    body.extend_from_slice(value);
    pad(body);
}

fn pad(body: &mut Vec<u8>) {
    while !body.len().is_multiple_of(4) {
        body.push(0);
    }
}
