//! A data file as the engine uses it: checked, indices resolved.

use crate::action::{Device, Verb};
use crate::contract::Side;
use crate::schema::{FieldId, FieldType, KindId, Provenance};
use crate::serial::signature::Bar;

/// One protocol.
#[derive(Debug)]
pub struct Table {
    pub forms: Vec<Form>,
    pub verbs: Vec<VerbRow>,
    pub fields: Vec<FieldRow>,
    pub malformed: KindId,
    /// Bytes between frames that mean nothing.
    pub skip: Vec<u8>,
    pub ignore_case: bool,
    /// The part that holds the verb, and the one after it.
    pub verb: Option<Slot>,
    pub channel: Option<Slot>,
    pub device_id: Option<Slot>,
    pub device: Device,
    pub bar: Bar,
    /// What a refusing answer contains.
    pub refused: Vec<Vec<u8>>,
    /// An answer may take several frames.
    pub several: bool,
    /// Names of the units on the wire and their UCUM codes.
    pub units: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Table {
    pub const EMPTY: Table = Table {
        forms: Vec::new(),
        verbs: Vec::new(),
        fields: Vec::new(),
        malformed: KindId(0),
        skip: Vec::new(),
        ignore_case: false,
        verb: None,
        channel: None,
        device_id: None,
        device: Device::Unknown,
        bar: Bar {
            enough: 1,
            confidence: 1,
            on_port: 1,
            port_confidence: 1,
            words: false,
        },
        refused: Vec::new(),
        several: false,
        units: Vec::new(),
    };
}

/// Index of a named part of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(pub usize);

/// The most named parts that a table may have.
pub const SLOTS: usize = 32;

/// One way of framing.
#[derive(Debug)]
pub struct Form {
    pub sides: [bool; 2],
    pub start: Vec<u8>,
    pub end: Vec<u8>,
    pub length: Option<Length>,
    pub checksum: Option<Checksum>,
    pub escape: Option<(u8, u8)>,
    pub max: usize,
    pub layout: Vec<Part>,
    /// The kind of all its frames; without it the verb names the kind.
    pub kind: Option<KindId>,
    /// A frame that fits the layout counts for the signature even without a listed verb.
    pub telling: bool,
}

impl Form {
    pub fn of(&self, side: Side) -> bool {
        self.sides[side.index()]
    }
}

/// A length byte.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    /// Offset from the start of the frame.
    pub at: usize,
    /// What to add to it for the length of the whole frame.
    pub add: usize,
    /// Other values mean that the frame has another form.
    pub low: u8,
    pub high: u8,
}

#[derive(Clone, Debug)]
pub struct Checksum {
    pub kind: Sum,
    pub hex: bool,
    pub separator: Vec<u8>,
    pub after_end: bool,
    /// Summed over the whole frame up to the check sum, not only over what is between start and it.
    pub whole: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    Sum8,
    /// 0xFF minus the sum.
    Complement8,
    Xor8,
    Crc16CcittFalse,
    Crc16Xmodem,
}

impl Sum {
    pub const NAMES: &'static [(&'static str, Sum)] = &[
        ("sum8", Sum::Sum8),
        ("complement8", Sum::Complement8),
        ("xor8", Sum::Xor8),
        ("crc16-ccitt-false", Sum::Crc16CcittFalse),
        ("crc16-xmodem", Sum::Crc16Xmodem),
    ];

    /// Width in bytes.
    pub fn width(self) -> usize {
        match self {
            Sum::Sum8 | Sum::Complement8 | Sum::Xor8 => 1,
            Sum::Crc16CcittFalse | Sum::Crc16Xmodem => 2,
        }
    }
}

/// One step through the content of a frame.
#[derive(Debug)]
pub struct Part {
    pub slot: Option<Slot>,
    pub take: Take,
    pub optional: bool,
}

#[derive(Debug)]
pub enum Take {
    /// Digits, at most so many.
    Digits(usize),
    /// Digits and a point.
    Number,
    /// ASCII letters, at most so many.
    Letters(usize),
    /// Anything but a space.
    Word,
    /// Spaces, none too.
    Space,
    /// Exactly so many bytes.
    Bytes(usize),
    /// Up to this byte, which is taken too; to the end if it is not there.
    Until(u8),
    /// The longest of these that stands here.
    Of(Vec<Vec<u8>>),
    /// The longest listed verb that stands here, else a word.
    Verb,
    Rest,
}

/// What a verb does.
#[derive(Debug)]
pub struct VerbRow {
    pub name: Vec<u8>,
    pub side: Side,
    /// Only with this part there (true) or absent (false).
    pub when: Option<(Slot, bool)>,
    /// How to read the part that `arguments_of` names.
    pub arguments: Option<(Slot, Vec<Part>)>,
    pub kind: KindId,
    pub action: Option<Verb>,
    pub value: Option<FieldId>,
    pub provenance: Option<Provenance>,
}

/// A field, and the part that it is read from.
#[derive(Debug)]
pub struct FieldRow {
    pub id: FieldId,
    pub slot: Slot,
    pub kind: FieldType,
    pub secret: bool,
    pub unit: Unit,
    pub scale: f64,
    pub hex: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Unit {
    None,
    Fixed(Vec<u8>),
    From(Slot),
}
