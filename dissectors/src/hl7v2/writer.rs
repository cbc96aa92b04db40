//! Writes values of one message into its draft: resolves escapes, tells offsets, skips what
//! nobody wants.

use std::borrow::Cow;

use memchr::memchr;

use crate::action::Quantity;
use crate::message::{Draft, Wanted};
use crate::schema::FieldId;

use super::delimiters::Delimiters;
use super::escape;
use super::segments::Fields;
use super::units::{self, UnitField};

pub(super) struct Writer<'w, 'a, 'o> {
    pub draft: Draft<'o>,
    pub wanted: Wanted,
    /// Repetitions of a field that are looked at: one more than the limit of values, so that
    /// reaching it is counted.
    pub repeats: usize,
    pub d: Delimiters,
    pub source: Source<'a>,
    /// The message holds escape sequences at all.
    pub escapes: bool,
    pub leaf: &'w mut Vec<u8>,
}

/// The text that a message is read from, and where it lies in the stream.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub text: &'a [u8],
    /// Stream offset of the block.
    pub block: u64,
    /// Stream offset of `text`, unless it was decoded or rewritten.
    pub base: Option<u64>,
}

impl Source<'_> {
    /// Stream offset of a part of the text; that of the block where it cannot be told.
    pub fn offset(&self, part: &[u8]) -> u64 {
        self.within(part).unwrap_or(self.block)
    }

    fn within(&self, part: &[u8]) -> Option<u64> {
        let distance = (part.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
        (distance <= self.text.len()).then_some(self.base? + distance as u64)
    }
}

/// A number with its unit, as it stands in two fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amount<'a> {
    pub number: f64,
    pub sent: &'a [u8],
    pub unit: UnitField<'a>,
    /// Name of the fault if the number is none, or is in no form that the standard allows.
    pub fault: Option<&'static str>,
}

impl<'a> Amount<'a> {
    /// `None` if the number's field is empty.
    pub fn read(number: &'a [u8], unit: &'a [u8], d: &Delimiters) -> Option<Self> {
        let sent = number.trim_ascii();
        if sent.is_empty() || sent == b"\"\"" {
            return None;
        }
        let (number, fault) = numeric(sent);
        Some(Amount {
            number,
            sent,
            unit: units::read(unit, d),
            fault,
        })
    }

    pub fn quantity(&self) -> Quantity<'_> {
        Quantity {
            number: self.number,
            sent: self.sent,
            unit: self.unit.ucum(),
            code: self.unit.code,
        }
    }

    /// The amount in base units (mL, ug, U, h, kg), if its unit is known.
    pub fn base(&self) -> Option<f64> {
        let measure = self.unit.unit?.measure?;
        let base = self.number * measure.factor;
        base.is_finite().then_some(base)
    }
}

/// NM is an optional sign, digits, and an optional fraction (ch. 2A). Others that still are numbers
/// are read and told (`odd-number`); what is none is NaN (`bad-number`).
fn numeric(sent: &[u8]) -> (f64, Option<&'static str>) {
    let digits = sent
        .strip_prefix(b"-")
        .or(sent.strip_prefix(b"+"))
        .unwrap_or(sent);
    let mut count = 0usize;
    let mut points = 0usize;
    let mut plain = !digits.is_empty();
    for b in digits {
        count += usize::from(b.is_ascii_digit());
        points += usize::from(*b == b'.');
        plain &= b.is_ascii_digit() || *b == b'.';
    }
    plain &= points <= 1 && (1..=15).contains(&count);
    let value = std::str::from_utf8(sent)
        .ok()
        .filter(|text| text.len() <= 64)
        .and_then(|text| text.parse::<f64>().ok())
        .filter(|value| value.is_finite());
    match value {
        Some(value) if plain => (value, None),
        Some(value) => (value, Some("odd-number")),
        None => (f64::NAN, Some("bad-number")),
    }
}

impl<'a> Writer<'_, 'a, '_> {
    #[inline]
    pub fn wants(&self, field: FieldId) -> bool {
        self.wanted.has(field)
    }

    #[inline]
    pub fn wants_any(&self, fields: &[FieldId]) -> bool {
        fields.iter().any(|f| self.wanted.has(*f))
    }

    /// A leaf: its escapes are resolved. Nothing is written if it is empty or an explicit null.
    #[inline]
    pub fn put(&mut self, field: FieldId, raw: &[u8]) {
        if self.wanted.has(field) && !raw.is_empty() {
            self.leaf(field, raw);
        }
    }

    fn leaf(&mut self, field: FieldId, raw: &[u8]) {
        if raw == b"\"\"" {
            return;
        }
        if self.escapes && self.d.escape != 0 && memchr(self.d.escape, raw).is_some() {
            self.leaf.clear();
            escape::resolve(raw, &self.d, self.leaf);
            self.draft.text(field, self.leaf);
        } else {
            self.draft.text(field, raw);
        }
        self.tell(raw);
    }

    /// Text that has no escapes by its nature.
    #[inline]
    pub fn put_raw(&mut self, field: FieldId, raw: &[u8]) {
        if !raw.is_empty() && self.wanted.has(field) {
            self.draft.text(field, raw);
            self.tell(raw);
        }
    }

    /// Component `n` of the first repetition.
    #[inline]
    pub fn put_component(&mut self, field: FieldId, raw: &'a [u8], n: usize) {
        if !raw.is_empty() && self.wanted.has(field) {
            self.put(field, self.d.component(raw, n));
        }
    }

    /// A field of a segment that is a leaf, or is given as sent.
    #[inline]
    pub fn field(&mut self, field: FieldId, of: &Fields<'a>, number: usize) {
        if self.wanted.has(field) {
            self.put(field, of.get(number));
        }
    }

    /// The first component of a field of a segment.
    #[inline]
    pub fn first(&mut self, field: FieldId, of: &Fields<'a>, number: usize) {
        if self.wanted.has(field) {
            self.put(field, self.d.component(of.get(number), 1));
        }
    }

    /// Each repetition as sent.
    #[inline]
    pub fn put_each(&mut self, field: FieldId, raw: &'a [u8]) {
        if !raw.is_empty() && self.wanted.has(field) {
            let d = self.d;
            for one in d.repetitions(raw).take(self.repeats) {
                self.put(field, one);
            }
        }
    }

    /// The first component of each repetition.
    #[inline]
    pub fn put_each_first(&mut self, field: FieldId, raw: &'a [u8]) {
        if !raw.is_empty() && self.wanted.has(field) {
            let d = self.d;
            for one in d.repetitions(raw).take(self.repeats) {
                self.put(field, d.component(one, 1));
            }
        }
    }

    #[inline]
    pub fn time(&mut self, field: FieldId, raw: &[u8]) {
        if !raw.is_empty() && self.wanted.has(field) {
            self.draft.time(field, raw);
            self.tell(raw);
        }
    }

    #[inline]
    pub fn secret(&mut self, field: FieldId, raw: &[u8]) {
        if !raw.is_empty() && raw != b"\"\"" && self.wanted.has(field) {
            self.draft.secret(field, raw.len());
            self.tell(raw);
        }
    }

    #[inline]
    pub fn amount(&mut self, field: FieldId, amount: &Amount<'_>) {
        if self.wanted.has(field) {
            self.draft.quantity(field, amount.quantity());
            self.tell(amount.sent);
        }
    }

    #[inline]
    pub fn quantity(&mut self, field: FieldId, quantity: Quantity<'_>) {
        if self.wanted.has(field) {
            self.draft.quantity(field, quantity);
        }
    }

    /// A fault at the first byte of `part`.
    pub fn anomaly(&mut self, name: &'static str, part: &[u8]) {
        let at = self.source.offset(part);
        self.draft.anomaly(name, at);
    }

    /// Faults of an amount's number and unit, whether anybody wants its value or not.
    pub fn faults(&mut self, amount: &Amount<'_>) {
        if let Some(fault) = amount.fault {
            self.anomaly(fault, amount.sent);
        }
        if amount.unit.disagree {
            self.anomaly("unit-disagrees", amount.sent);
        }
    }

    /// A part for an action: escapes resolved.
    pub fn plain<'p>(&self, raw: &'p [u8]) -> Cow<'p, [u8]> {
        if self.escapes && self.d.escape != 0 && memchr(self.d.escape, raw).is_some() {
            let mut out = Vec::with_capacity(raw.len());
            escape::resolve(raw, &self.d, &mut out);
            Cow::Owned(out)
        } else {
            Cow::Borrowed(raw)
        }
    }

    fn tell(&mut self, raw: &[u8]) {
        if let Some(at) = self.source.within(raw) {
            self.draft.at(at, raw.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_not_zero() {
        for sent in ["NaN", "inf", "%n%n", "1,5", "12 mL", "--5", "1e999"] {
            let (number, fault) = numeric(sent.as_bytes());
            assert!(number.is_nan(), "{sent}");
            assert_eq!(fault, Some("bad-number"));
        }
    }

    #[test]
    fn numbers_outside_the_standards_form_are_read_and_told() {
        assert_eq!(numeric(b"1e3"), (1000.0, Some("odd-number")));
        assert_eq!(numeric(b"1234567890123456").1, Some("odd-number"));
        assert_eq!(numeric(b"-5"), (-5.0, None));
        assert_eq!(numeric(b"13.3"), (13.3, None));
        assert_eq!(numeric(b".5"), (0.5, None));
    }
}
