//! Paths into a message: `dicom[0010,0020]`, `dicom[PatientID]`, `dicom[0040,0100>0040,0001]`.
//!
//! A kept body is one letter for the data set's encoding (see [`Encoding::letter`]) and then records
//! as in [`super::kept`]: the command set's elements (group 0000, implicit little endian), the data
//! set's after them.

use super::command;
use super::encoding::Encoding;
use super::kept::{self, Element, Elements, Trail};
use super::pdu::trim;
use super::value::{Tag, Vr};
use super::walk::Walker;
use crate::message::Value;
use crate::schema::BodyPath;

/// Puts a message's body together in `to`.
pub fn body(command: &[u8], dataset: Option<&Walker>, to: &mut Vec<u8>) {
    to.clear();
    to.push(
        dataset
            .map_or(Encoding::ImplicitLe, Walker::encoding)
            .letter(),
    );
    let mut rest = command;
    while let Ok((value, (tag, claimed))) = command::element_header(rest) {
        let len = usize::try_from(claimed).map_or(value.len(), |n| n.min(value.len()));
        let (value, after) = value.split_at(len);
        kept::begin(to, 0, tag, Vr(command::vr_of(tag)), claimed, len as u32);
        to.extend_from_slice(value);
        rest = after;
    }
    if let Some(walker) = dataset {
        to.extend_from_slice(walker.records());
    }
}

/// Compiles a path: tags or keywords, sequences first, with `>` between them.
pub fn compile(text: &str) -> Result<Box<dyn BodyPath>, String> {
    let mut tags = Vec::new();
    for step in text.split('>') {
        let step = step.trim();
        let tag = Tag::parse(step).ok_or_else(|| {
            format!(
                "`{step}` is neither a tag such as 0010,0020 nor a keyword such as PatientID \
                 that this program knows; write the tag, with `>` behind each sequence around it"
            )
        })?;
        tags.push(tag);
    }
    match tags.pop() {
        Some(element) => Ok(Box::new(ElementPath {
            sequences: tags,
            element,
        })),
        None => Err("the path is empty; write a tag such as 0010,0020".to_owned()),
    }
}

/// An element, in the sequences around it.
struct ElementPath {
    sequences: Vec<Tag>,
    element: Tag,
}

impl BodyPath for ElementPath {
    fn read(&self, body: &[u8], found: &mut dyn FnMut(Value<'_>)) {
        let Some((letter, records)) = body.split_first() else {
            return;
        };
        let is_big = *letter == Encoding::ExplicitBe.letter();
        let mut trail = Trail::default();
        for element in Elements(records) {
            trail.step(&element);
            let is_it = element.tag == self.element
                && element.whole
                && trail.around(&element) == self.sequences.as_slice();
            if is_it {
                let order = Order {
                    is_big: is_big && element.tag.group() != 0,
                };
                order.values(&element, found);
            }
        }
    }
}

/// Byte order of numbers.
#[derive(Clone, Copy)]
struct Order {
    is_big: bool,
}

impl Order {
    /// Gives the values of an element by its VR (PS3.5 6.2); nothing for an empty one.
    fn values(self, element: &Element<'_>, found: &mut dyn FnMut(Value<'_>)) {
        let value = element.value;
        match &element.vr.0 {
            b"US" => self.each(
                value,
                |b| Value::Integer(i64::from(u16::from_le_bytes(b))),
                found,
            ),
            b"SS" => self.each(
                value,
                |b| Value::Integer(i64::from(i16::from_le_bytes(b))),
                found,
            ),
            b"UL" => self.each(
                value,
                |b| Value::Integer(i64::from(u32::from_le_bytes(b))),
                found,
            ),
            b"SL" => self.each(
                value,
                |b| Value::Integer(i64::from(i32::from_le_bytes(b))),
                found,
            ),
            b"SV" => self.each(value, |b| Value::Integer(i64::from_le_bytes(b)), found),
            b"UV" => self.each(
                value,
                |b| Value::Integer(i64::try_from(u64::from_le_bytes(b)).unwrap_or(i64::MAX)),
                found,
            ),
            b"FL" => self.each(
                value,
                |b| Value::Decimal(f64::from(f32::from_le_bytes(b))),
                found,
            ),
            b"FD" => self.each(value, |b| Value::Decimal(f64::from_le_bytes(b)), found),
            b"AT" => {
                for pair in value.chunks_exact(4) {
                    let half = |at: usize| {
                        let bytes = [pair[at], pair[at + 1]];
                        if self.is_big {
                            u16::from_be_bytes(bytes)
                        } else {
                            u16::from_le_bytes(bytes)
                        }
                    };
                    let tag = Tag::of(half(0), half(2)).to_string();
                    found(Value::Text(tag.as_bytes()));
                }
            }
            b"SQ" => {}
            b"LT" | b"ST" | b"UT" | b"UR" => text(value, Value::Text, found),
            b"DA" | b"TM" | b"DT" => split(value, Value::Time, found),
            b"IS" => split(
                value,
                |t| number(t, |n| n.parse().ok().map(Value::Integer)),
                found,
            ),
            b"DS" => split(
                value,
                |t| number(t, |n| n.parse().ok().map(Value::Decimal)),
                found,
            ),
            b"??" if value.iter().all(|b| matches!(b, 0 | b' '..=b'~')) => {
                split(value, Value::Text, found);
            }
            b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"UN" | b"??" => {
                if !value.is_empty() {
                    found(Value::Bytes(value));
                }
            }
            _ => split(value, Value::Text, found),
        }
    }

    fn each<const N: usize>(
        self,
        value: &[u8],
        read: impl Fn([u8; N]) -> Value<'static>,
        found: &mut dyn FnMut(Value<'_>),
    ) {
        for chunk in value.chunks_exact(N) {
            if let Ok(mut bytes) = <[u8; N]>::try_from(chunk) {
                if self.is_big {
                    bytes.reverse();
                }
                found(read(bytes));
            }
        }
    }
}

fn text<'v>(
    value: &'v [u8],
    make: impl Fn(&'v [u8]) -> Value<'v>,
    found: &mut dyn FnMut(Value<'_>),
) {
    let value = trim(value);
    if !value.is_empty() {
        found(make(value));
    }
}

/// Values between backslashes (PS3.5 6.4).
fn split<'v>(
    value: &'v [u8],
    make: impl Fn(&'v [u8]) -> Value<'v>,
    found: &mut dyn FnMut(Value<'_>),
) {
    if trim(value).is_empty() {
        return;
    }
    for part in value.split(|b| *b == b'\\') {
        found(make(trim(part)));
    }
}

/// A number in text; as text where it is none.
fn number<'v>(value: &'v [u8], read: impl Fn(&str) -> Option<Value<'v>>) -> Value<'v> {
    std::str::from_utf8(value)
        .ok()
        .and_then(read)
        .unwrap_or(Value::Text(value))
}
