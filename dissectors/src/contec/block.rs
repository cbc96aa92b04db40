//! Blocks and their data, little-endian.

use super::fields::*;
use crate::action::{Action, Device, Quantity, Verb};
use crate::message::Draft;
use crate::octets::{ShortText, latin1, le16, le32, until_nul};
use crate::schema::{FieldId, KindId};

/// Length and header byte and type.
pub const HEAD: usize = 4;

/// The start of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub kind: BlockType,
    /// Bytes of the whole block, its length field included.
    pub all: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockType(pub u8);

impl BlockType {
    pub fn kind(self) -> Option<KindId> {
        Some(match self.0 {
            0x3E => PATIENT_INFO,
            0x43 => BLOCK_43,
            0x45 => BED_NUMBER,
            0x46 => TELEMETRY,
            0x47 => SYNC,
            0x49 => STATUS,
            _ => return None,
        })
    }
}

/// Reads the start of a block. `None` if these four bytes are none, or its length is out of bounds.
pub fn head(bytes: &[u8], longest: usize) -> Option<Head> {
    let length = usize::from(le16(bytes, 0)?);
    let (5, kind) = (*bytes.get(2)?, BlockType(*bytes.get(3)?)) else {
        return None;
    };
    ((2..=longest).contains(&length)).then_some(Head {
        kind,
        all: length + 2,
    })
}

/// Blocks of known types that follow one another from the first byte, the last one perhaps cut.
/// `None` where the chain breaks.
pub fn chain(bytes: &[u8], longest: usize) -> Option<usize> {
    let mut rest = bytes;
    let mut blocks = 0;
    while rest.len() >= HEAD && blocks < 8 {
        let head = head(rest, longest)?;
        head.kind.kind()?;
        blocks += 1;
        rest = rest.get(head.all..).unwrap_or(b"");
    }
    Some(blocks)
}

/// Writes what a block of the device tells.
pub fn read(kind: BlockType, data: &[u8], at: u64, draft: &mut Draft<'_>) {
    let text = ShortText::<8>::of(format_args!("0x{:02x}", kind.0));
    draft.text(BLOCK_TYPE, text.as_bytes());
    draft.integer(LENGTH, data.len() as i64);
    let whole = match kind.0 {
        0x3E => patient(data, draft),
        0x45 => bed(data, draft),
        0x46 => telemetry(data, draft),
        0x49 => status(data, draft),
        0x43 | 0x47 => Some(()),
        _ => {
            draft.anomaly("unknown-block", at + 3);
            Some(())
        }
    };
    if whole.is_none() {
        draft.anomaly("truncated", at);
    }
    let verb = match kind.0 {
        0x3E | 0x46 => Verb::Store,
        0x45 | 0x49 => Verb::Notify,
        0x43 | 0x47 => return,
        _ => Verb::UnknownVerb,
    };
    draft.action(Action {
        device: Device::Monitor,
        ..Action::of(verb)
    });
}

fn patient(data: &[u8], draft: &mut Draft<'_>) -> Option<()> {
    write_text(DEPARTMENT, data.get(..0x20)?, draft);
    draft.integer(BED, i64::from(*data.get(0x22)?));
    write_text(PATIENT_NAME, data.get(0x23..0x43)?, draft);
    write_text(PATIENT_ID, data.get(0x43..0x63)?, draft);
    write_date(ADMITTED, data.get(0x63..0x6E)?, draft);
    draft.decimal(HEIGHT, f64::from(le16(data, 0x74)?) / 10.0);
    draft.decimal(WEIGHT, f64::from(le16(data, 0x76)?) / 10.0);
    write_date(BIRTH_DATE, data.get(0x7C..0x87)?, draft);
    draft.integer(BLOOD_TYPE, i64::from(*data.get(0x8C)?));
    write_text(DOCTOR, data.get(0x8D..0xAD)?, draft);
    Some(())
}

fn bed(data: &[u8], draft: &mut Draft<'_>) -> Option<()> {
    draft.integer(BED, i64::from(*data.get(2)?));
    Some(())
}

fn status(data: &[u8], draft: &mut Draft<'_>) -> Option<()> {
    let (code, text) = data.split_first()?;
    draft.integer(STATUS_CODE, i64::from(*code));
    write_text(STATUS_TEXT, text, draft);
    Some(())
}

fn telemetry(data: &[u8], draft: &mut Draft<'_>) -> Option<()> {
    let group = *data.get(2)?;
    let text = ShortText::<8>::of(format_args!("0x{group:02x}"));
    draft.text(GROUP, text.as_bytes());
    let byte = |at: usize| data.get(at).copied();
    match group {
        0x14 => {
            for (name, unit, at, limits) in [
                ("hr", "/min", 0x384, 0x3A3),
                ("resp_rate", "/min", 0x386, 0x3A9),
            ] {
                if byte(at + 1)? == 0 {
                    value(name, unit, f64::from(byte(at)?), draft);
                }
                limit(name, le16(data, limits + 2)?, le16(data, limits)?, draft);
            }
        }
        0x15 => {
            let valid = byte(0x107)? == 0;
            for (name, unit, at, limits) in
                [("spo2", "%", 0x104, 0x108), ("pulse", "/min", 0x106, 0x10E)]
            {
                if valid {
                    value(name, unit, f64::from(byte(at)?), draft);
                }
                limit(name, le16(data, limits)?, le16(data, limits + 2)?, draft);
            }
        }
        0x16 => {
            for (name, at) in [
                ("nibp_systolic", 0x0B),
                ("nibp_diastolic", 0x0D),
                ("nibp_mean", 0x0F),
            ] {
                value(name, "mm[Hg]", f64::from(le16(data, at)?), draft);
            }
        }
        0x17 => {
            for (name, at) in [("temp_1", 4), ("temp_2", 8)] {
                let number = f64::from(f32::from_bits(le32(data, at)?));
                if number.is_finite() {
                    value(name, "Cel", number, draft);
                }
            }
        }
        _ => {}
    }
    Some(())
}

fn value(name: &str, unit: &str, number: f64, draft: &mut Draft<'_>) {
    draft.quantity(
        VALUE,
        Quantity {
            number,
            sent: b"",
            unit: unit.as_bytes(),
            code: name.as_bytes(),
        },
    );
}

fn limit(name: &str, low: u16, high: u16, draft: &mut Draft<'_>) {
    let text = ShortText::<48>::of(format_args!("{name} {low}..{high}"));
    draft.text(LIMIT, text.as_bytes());
}

fn write_text(field: FieldId, bytes: &[u8], draft: &mut Draft<'_>) {
    draft.text_if(field, latin1::<256>(until_nul(bytes)).as_bytes());
}

/// Year in five bytes, month and day in three, each text padded with NUL.
fn write_date(field: FieldId, bytes: &[u8], draft: &mut Draft<'_>) {
    let (Some(year), Some(month), Some(day)) = (bytes.get(..5), bytes.get(5..8), bytes.get(8..11))
    else {
        return;
    };
    let part = |bytes| String::from_utf8_lossy(until_nul(bytes));
    if !until_nul(year).is_empty() {
        let date = format_args!("{}-{}-{}", part(year), part(month), part(day));
        draft.time(field, ShortText::<40>::of(date).as_bytes());
    }
}
