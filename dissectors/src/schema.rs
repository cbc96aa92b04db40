//! What a protocol declares of itself, as data: fields, kinds, signature, provenance.
//!
//! The field table is the one list with many faces: it types the rule language, completes names in
//! filters, generates the reference page, and drives redaction and JSON.

use crate::contract::{Dissector, Hint, Probe, Side, Transport};
use crate::limits::Limits;
use crate::message::Value;

/// Everything that the sensor knows of a protocol before it sees a byte of it.
pub struct Protocol {
    /// One snake_case name: folder, field prefix, `event_type` and JSON object.
    pub name: &'static str,
    /// What it is, in a few words ("DICOM Upper Layer and DIMSE").
    pub title: &'static str,
    /// What the dissector rests on. A kind or a message may rest on less.
    pub provenance: Provenance,
    /// Where that is written down: clause, file, capture.
    pub source: &'static str,
    pub fields: &'static [Field],
    /// Every message kind known by name. Others are given as text at run time.
    pub kinds: &'static [Kind],
    /// Names of the faults that its messages may carry, with one line each.
    pub anomalies: &'static [(&'static str, &'static str)],
    /// Ports by habit: a hint that lowers the bar of the signature.
    pub hints: &'static [Port],
    /// Transports on which the signature is asked.
    pub transports: &'static [Transport],
    /// Are these the first bytes of one side? Pure and quick: it is asked for every conversation.
    pub probe: fn(Side, &[u8], Hint) -> Probe,
    /// Opens a conversation with the limits in force.
    pub open: fn(&Limits) -> Box<dyn Dissector>,
    /// Compiles a path (`RXG-15` in `hl7v2[RXG-15]`) into a reader of the kept body.
    pub path: Option<PathCompiler>,
}

/// Compiles a path of a rule into a reader of kept bodies; the error says what is wrong with it.
pub type PathCompiler = fn(&str) -> Result<Box<dyn BodyPath>, String>;

/// A well-known port of a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    Tcp(u16),
    Udp(u16),
}

/// Reads values out of a message's kept body, lazily.
pub trait BodyPath: Send + Sync {
    /// Calls `found` for each value that the path names, in order.
    fn read(&self, body: &[u8], found: &mut dyn FnMut(Value<'_>));
}

/// What a dissector, or one of its verbs, rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provenance {
    /// Only a guess; may be wrong.
    Experimental,
    /// Only behaviour is judged: who talks, direction, port, banner.
    Behaviour,
    ReverseEngineered,
    /// Read from an implementation's source.
    Implementation,
    /// Read from the published specification.
    Specification,
}

impl Provenance {
    pub const fn word(self) -> &'static str {
        match self {
            Provenance::Specification => "specification",
            Provenance::Implementation => "implementation",
            Provenance::ReverseEngineered => "reverse-engineered",
            Provenance::Behaviour => "behaviour",
            Provenance::Experimental => "experimental",
        }
    }
}

/// A message kind, named as in the standard.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub name: &'static str,
    pub doc: &'static str,
    /// What this kind rests on, where that is less than the protocol's own grade.
    pub provenance: Option<Provenance>,
}

impl Kind {
    pub const fn new(name: &'static str, doc: &'static str) -> Self {
        Kind {
            name,
            doc,
            provenance: None,
        }
    }

    pub const fn graded(name: &'static str, doc: &'static str, grade: Provenance) -> Self {
        Kind {
            name,
            doc,
            provenance: Some(grade),
        }
    }
}

/// Index of a field in its protocol's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u16);

/// Index of a kind in its protocol's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KindId(pub u16);

/// One field of a protocol.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: &'static str,
    pub kind: FieldType,
    pub privacy: Privacy,
    /// True if a message may carry it several times; then it is always a list in JSON.
    pub many: bool,
    /// One line with the clause that defines it.
    pub doc: &'static str,
}

/// The type of a field, for rules and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    Text,
    Integer,
    /// A number without a unit.
    Decimal,
    /// A number with its own unit.
    Quantity,
    Bytes,
    /// A time as sent, in the protocol's own notation.
    Time,
    Flag,
}

/// Whether a field may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privacy {
    /// Not about a person.
    Open,
    /// Patient (or staff) data: replaced by a keyed pseudonym unless asked for. The word is the
    /// kind of identity (`pid`, `name`, `birth`, `visit`, `staff`, `text`...): equal kind and value
    /// give an equal pseudonym in all protocols.
    Patient(&'static str),
    /// Passwords, tokens, communities: never shown, only that one was there and its length.
    Secret,
}

/// Declares a protocol's field table and a constant for each field.
///
/// ```
/// dissectors::fields! {
///     CALLED_AE "called_ae" Text, Open, "Called AE title (PS3.8 9.3.2)";
///     DRUGS "drugs" Text[many], Open, "Drug codes";
///     PATIENT_ID "patient_id" Text, Patient("pid"), "Patient ID (0010,0020)";
/// }
/// assert_eq!(FIELDS[CALLED_AE.0 as usize].name, "called_ae");
/// ```
#[macro_export]
macro_rules! fields {
    ($($const:ident $name:literal $ty:ident $([$many:ident])?, $privacy:ident $(($what:literal))?, $doc:literal;)+) => {
        $crate::fields!(@index 0u16; $($const)+);
        /// Every field of this protocol.
        pub const FIELDS: &[$crate::schema::Field] = &[$(
            $crate::fields!(@field $name, $ty $([$many])?, $privacy $(($what))?, $doc)
        ),+];
    };
    (@index $at:expr; $const:ident $($rest:ident)*) => {
        pub const $const: $crate::schema::FieldId = $crate::schema::FieldId($at);
        $crate::fields!(@index $at + 1u16; $($rest)*);
    };
    (@index $at:expr;) => {};
    (@field $name:literal, $ty:ident [$many:ident], $privacy:ident $(($what:literal))?, $doc:literal) => {
        $crate::schema::Field { name: $name, kind: $crate::schema::FieldType::$ty,
            privacy: $crate::schema::Privacy::$privacy $(($what))?, many: true, doc: $doc }
    };
    (@field $name:literal, $ty:ident, $privacy:ident $(($what:literal))?, $doc:literal) => {
        $crate::schema::Field { name: $name, kind: $crate::schema::FieldType::$ty,
            privacy: $crate::schema::Privacy::$privacy $(($what))?, many: false, doc: $doc }
    };
}

/// Declares a protocol's kinds and a constant for each.
#[macro_export]
macro_rules! kinds {
    ($($const:ident $name:literal $(($grade:ident))?, $doc:literal;)+) => {
        $crate::kinds!(@index 0u16; $($const)+);
        /// Every message kind that this protocol knows by name.
        pub const KINDS: &[$crate::schema::Kind] = &[$($crate::kinds!(@kind $name $(($grade))?, $doc)),+];
    };
    (@index $at:expr; $const:ident $($rest:ident)*) => {
        pub const $const: $crate::schema::KindId = $crate::schema::KindId($at);
        $crate::kinds!(@index $at + 1u16; $($rest)*);
    };
    (@index $at:expr;) => {};
    (@kind $name:literal ($grade:ident), $doc:literal) => {
        $crate::schema::Kind::graded($name, $doc, $crate::schema::Provenance::$grade)
    };
    (@kind $name:literal, $doc:literal) => { $crate::schema::Kind::new($name, $doc) };
}
