//! The dissector and the signature of any table.

use crate::action::{Action, Outcome, Quantity, Verb};
use crate::contract::{Dissector, Hint, Probe, Side, Transport};
use crate::limits::{Limits, SERIAL_OPEN};
use crate::message::{Draft, Messages, Scope};
use crate::schema::{FieldType, KindId};
use crate::serial::number::decimal;
use crate::serial::signature::{self, Sign};
use crate::serial::turns::Key;
use crate::serial::{BAD_CHECKSUM, BAD_LAYOUT, BAD_NUMBER, Cut, Frames, Line, Role, Turns};

use super::form;
use super::layout::{self, Parts, same};
use super::table::{FieldRow, Form, SLOTS, Slot, Table, Unit, VerbRow};

pub fn open(table: &'static Table, limits: &Limits) -> Box<dyn Dissector> {
    Box::new(Line::new(Described::new(table, limits), limits))
}

pub fn probe(table: &Table, side: Side, first: &[u8], hint: Hint) -> Probe {
    // Where nothing but words tells, only a host that called is believed.
    if table.bar.words {
        return probe_as(table, side, first, hint);
    }
    signature::either(side, |side| probe_as(table, side, first, hint))
}

fn probe_as(table: &Table, side: Side, first: &[u8], hint: Hint) -> Probe {
    let tells = |f: &Form| f.checksum.is_some() || f.telling || f.kind.is_none();
    if !table.forms.iter().any(|f| f.of(side) && tells(f)) {
        return signature::ABSTAIN;
    }
    let told = signature::recognise(
        joined(table, side, first, hint),
        hint,
        table.bar,
        |rest| form::cut(table, side, rest, false).0,
        |frame| sign(table, side, frame),
    );
    match told {
        Probe::No if may_be_joined(table, side, first, hint) => signature::ABSTAIN,
        told => told,
    }
}

/// A start of so many bytes stands nowhere by chance.
const TELLING_START: usize = 6;

/// A device that sends without being asked is joined in the middle of a frame. Where a frame's start
/// tells it apart by itself, what comes before the first one is passed over.
fn joined<'f>(table: &Table, side: Side, first: &'f [u8], hint: Hint) -> &'f [u8] {
    if !(hint.port || hint.mid_stream || hint.transport == Transport::Carried) {
        return first;
    }
    let starts = table
        .forms
        .iter()
        .filter(|f| f.of(side) && f.start.len() >= TELLING_START)
        .filter_map(|f| {
            let window = &first[..first.len().min(f.max + f.start.len())];
            memchr::memmem::find(window, &f.start)
        });
    first.get(starts.min().unwrap_or(0)..).unwrap_or(first)
}

/// As `joined`, where no such start was seen yet and one may still come: neither yes nor no.
fn may_be_joined(table: &Table, side: Side, first: &[u8], hint: Hint) -> bool {
    (hint.port || hint.mid_stream || hint.transport == Transport::Carried)
        && !hint.whole
        && table.forms.iter().any(|f| {
            f.of(side) && f.start.len() >= TELLING_START && first.len() < f.max + f.start.len()
        })
}

/// A frame counts if its check sum fits, or else if it says something that only this protocol says.
fn sign(table: &Table, side: Side, frame: &[u8]) -> Sign {
    let (_, Some(form)) = form::cut(table, side, frame, true) else {
        return Sign::Foreign;
    };
    let (content, fits) = form::open(form, frame);
    if fits == Some(false) {
        return Sign::Broken;
    }
    let mut parts: Parts<'_> = [None; SLOTS];
    if !layout::walk(table, &form.layout, &content, &mut parts) {
        return if fits.is_some() {
            Sign::Neutral
        } else {
            Sign::Foreign
        };
    }
    let listed = row(table, side, form, &parts).is_some();
    match (fits, form.kind) {
        (Some(_), _) => Sign::Fits(1),
        (None, Some(_)) if form.telling => Sign::Fits(1),
        (None, Some(_)) => Sign::Neutral,
        // An empty line asks for the status in some protocols, and means nothing elsewhere.
        (None, None) if listed && content.is_empty() => Sign::Neutral,
        (None, None) if listed => Sign::Fits(1),
        (None, None) => Sign::Foreign,
    }
}

fn row<'t>(table: &'t Table, side: Side, form: &Form, parts: &Parts<'_>) -> Option<&'t VerbRow> {
    let Slot(slot) = table.verb?;
    if form.kind.is_some() {
        return None;
    }
    let verb = parts[slot].unwrap_or_default();
    table.verbs.iter().find(|row| {
        row.side == side
            && same(table, verb, &row.name)
            && row
                .when
                .is_none_or(|(Slot(s), there)| parts[s].is_some_and(|p| !p.is_empty()) == there)
    })
}

/// One conversation of a described protocol.
struct Described {
    table: &'static Table,
    turns: Turns<()>,
    /// The question that answers of several frames still belong to.
    answering: Option<Key>,
}

impl Described {
    fn new(table: &'static Table, limits: &Limits) -> Self {
        Described {
            table,
            turns: Turns::new(limits),
            answering: None,
        }
    }

    fn answered(&mut self, side: Side) -> Option<Key> {
        let next = self.turns.answer(side, |()| true).map(|(key, ())| key);
        if self.table.several {
            self.answering = next.or(self.answering);
            return self.answering;
        }
        next
    }
}

impl Frames for Described {
    // `load` gives every protocol this kind as its first.
    const MALFORMED: KindId = KindId(0);

    fn role(&self, input: &[u8]) -> Option<Role> {
        if self.table.bar.words {
            return None;
        }
        signature::role(
            input,
            |side, rest| form::cut(self.table, side, rest, false).0,
            |side, frame| sign(self.table, side, frame),
        )
    }

    fn cut(&self, side: Side, input: &[u8], _: usize, last: bool) -> Cut {
        form::cut(self.table, side, input, last).0
    }

    fn frame(&mut self, side: Side, frame: &[u8], out: &mut Messages<'_>) {
        let table = self.table;
        let at = out.offset();
        let range = at..at + frame.len() as u64;
        let (_, Some(form)) = form::cut(table, side, frame, true) else {
            out.message(table.malformed, range).anomaly(BAD_LAYOUT, at);
            return;
        };
        let (content, fits) = form::open(form, frame);
        let mut parts: Parts<'_> = [None; SLOTS];
        let whole = layout::walk(table, &form.layout, &content, &mut parts);
        let row = row(table, side, form, &parts);
        let read = match row.and_then(|r| r.arguments.as_ref()) {
            Some((Slot(slot), layout)) => match parts[*slot].filter(|p| !p.is_empty()) {
                Some(argument) => layout::walk(table, layout, argument, &mut parts),
                None => true,
            },
            None => true,
        };
        let asks = row.is_some() || form.kind.is_none();
        let key = if asks {
            self.answering = None;
            let (key, full) = self.turns.ask(side, ());
            if full {
                out.limit(SERIAL_OPEN);
            }
            Some(key)
        } else {
            self.answered(side)
        };
        let verb = table.verb.and_then(|Slot(s)| parts[s]).unwrap_or_default();
        let mut draft = match (row.map(|r| r.kind).or(form.kind), verb.is_empty()) {
            (Some(kind), _) => out.message(kind, range),
            (None, false) if whole => out.message_named(&verb[..verb.len().min(32)], range),
            (None, _) => out.message(table.malformed, range),
        };
        if fits == Some(false) {
            draft.anomaly(BAD_CHECKSUM, at);
        }
        if !whole || !read {
            draft.anomaly(BAD_LAYOUT, at);
        }
        if let Some(grade) = row.and_then(|r| r.provenance) {
            draft.provenance(grade);
        }
        let mut value = None;
        for field in &table.fields {
            if let Some(part) = parts[field.slot.0].filter(|p| !p.is_empty()) {
                let read = write(table, &mut draft, field, part, &parts, at);
                if let Some(place) = place(frame, part) {
                    draft.at(at + place as u64, part.len());
                }
                if row.is_some_and(|r| r.value == Some(field.id)) {
                    value = read;
                }
            }
        }
        match key {
            Some(key) if asks => {
                draft.asks(Scope::Conversation, key.as_ref());
            }
            Some(key) => {
                let outcome = outcome(table, &content);
                draft.answers(Scope::Conversation, key.as_ref(), !table.several, outcome);
            }
            None => {}
        }
        let action = match row {
            Some(row) => row.action,
            None if asks => Some(Verb::UnknownVerb),
            None => None,
        };
        if let Some(verb_word) = action {
            let part = |slot: Option<Slot>| slot.and_then(|Slot(s)| parts[s]).unwrap_or_default();
            draft.action(Action {
                device: table.device,
                device_id: part(table.device_id),
                channel: part(table.channel),
                handle: &verb[..verb.len().min(32)],
                value,
                ..Action::of(verb_word)
            });
        }
    }

    fn lost(&mut self, _: Side) {
        self.turns.forget();
        self.answering = None;
    }

    fn held(&self) -> usize {
        self.turns.held()
    }
}

/// Where a part of a frame begins in it; `None` for what was copied out of it (escaped contents).
fn place(frame: &[u8], part: &[u8]) -> Option<usize> {
    let at = (part.as_ptr() as usize).checked_sub(frame.as_ptr() as usize)?;
    (at + part.len() <= frame.len()).then_some(at)
}

fn outcome(table: &Table, content: &[u8]) -> Outcome {
    let refused = table
        .refused
        .iter()
        .any(|word| content.windows(word.len()).any(|w| w == &word[..]));
    if refused {
        Outcome::Refused
    } else {
        Outcome::Accepted
    }
}

/// Writes one field; gives the number, if it is one.
fn write<'f>(
    table: &'f Table,
    draft: &mut Draft<'_>,
    field: &'f FieldRow,
    part: &'f [u8],
    parts: &Parts<'f>,
    at: u64,
) -> Option<Quantity<'f>> {
    if field.secret {
        draft.secret(field.id, part.len());
        return None;
    }
    match field.kind {
        FieldType::Text => {
            draft.text(field.id, part);
        }
        FieldType::Bytes => {
            draft.bytes(field.id, part);
        }
        FieldType::Time => {
            draft.time(field.id, part);
        }
        FieldType::Flag => {
            draft.flag(field.id, true);
        }
        FieldType::Integer | FieldType::Decimal | FieldType::Quantity => {
            let number = number(field, part).map_or(f64::NAN, |n| n * field.scale);
            if number.is_nan() {
                draft.anomaly(BAD_NUMBER, at);
            }
            let (unit, code) = unit(table, field, parts);
            let quantity = Quantity {
                number,
                sent: part,
                unit,
                code,
            };
            match field.kind {
                FieldType::Integer if number.is_finite() => {
                    draft.integer(field.id, number as i64);
                }
                FieldType::Decimal => {
                    draft.decimal(field.id, number);
                }
                FieldType::Quantity => {
                    draft.quantity(field.id, quantity);
                }
                _ => {}
            }
            return Some(quantity);
        }
    }
    None
}

fn number(field: &FieldRow, part: &[u8]) -> Option<f64> {
    if field.hex {
        return crate::serial::checksum::hex(part).map(f64::from);
    }
    decimal(part)
}

/// The unit as UCUM, and as sent.
fn unit<'f>(table: &'f Table, field: &'f FieldRow, parts: &Parts<'f>) -> (&'f [u8], &'f [u8]) {
    match &field.unit {
        Unit::None => (b"", b""),
        Unit::Fixed(unit) => (unit, b""),
        Unit::From(Slot(slot)) => {
            let sent = parts[*slot].unwrap_or_default();
            let known = table.units.iter().find(|(name, _)| same(table, name, sent));
            (known.map_or(&b""[..], |(_, ucum)| ucum), sent)
        }
    }
}
