//! What stands between runs: open findings, the inventory, as a value that a store writes and reads.
//!
//! Patient data are in it as pseudonyms, in the words that were shown.

mod finding;

use dissectors::message::FrameRef;
use serde_json::{Value, json};

pub use finding::{finding, finding_of};

/// A frame of an earlier run: where it was. Its order is that of the run before.
pub(crate) fn frame(f: FrameRef) -> Value {
    json!([f.number, f.file, f.time])
}

/// Frames of earlier runs stand before all of this one.
pub(crate) fn frame_of(value: &Value) -> Option<FrameRef> {
    Some(FrameRef {
        seq: 0,
        number: value.get(0)?.as_u64()?,
        file: u32::try_from(value.get(1)?.as_u64()?).ok()?,
        time: value.get(2)?.as_i64()?,
    })
}

pub(crate) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn mac_of(text: &str) -> Option<[u8; 6]> {
    let mut mac = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut mac {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(mac)
}
