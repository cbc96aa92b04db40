//! One message, from its MSH to the segment before the next: segments to fields, joins and action.

use crate::action::{Outcome, Verb};
use crate::limits;
use crate::message::{Messages, Scope};
use crate::schema::FieldId;

use super::block::Frame;
use super::content;
use super::escape::{self, Escapes};
use super::fields::*;
use super::header::Header;
use super::kinds::Meaning;
use super::observation::Observed;
use super::order::{self, Command, Group};
use super::segments::{Fields, Marks, Segment, is_segment_id, nth, parts};
use super::structure::Structure;
use super::writer::{Source, Writer};
use super::{action, structure};

/// The longest control id that is remembered to join answers without MSA-2 (199 in v2.7).
pub(super) const CONTROL_ID_ROOM: usize = 200;

/// What the action of a message is made of.
#[derive(Default)]
pub(super) struct Facts<'a> {
    pub command: Option<Command<'a>>,
    pub cancels: Option<Verb>,
    pub pharmacy: bool,
    pub observed: Observed<'a>,
    /// The message profile is the one for programming pumps (MSH-21).
    pub piv_profile: bool,
    pub equipment: &'a [u8],
    pub equipment_command: &'a [u8],
    pub master_file: &'a [u8],
    pub patients: u32,
    pub sets_clock: bool,
    /// MSA-1's, if there is an MSA.
    pub outcome: Option<Outcome>,
    ack: &'a [u8],
    ack_of: &'a [u8],
    answers: bool,
    orders: u32,
    query: bool,
    wildcard: bool,
}

impl<'a> Facts<'a> {
    pub fn device_id(&self) -> &'a [u8] {
        if self.observed.device_id.is_empty() {
            self.equipment
        } else {
            self.observed.device_id
        }
    }
}

/// Text, segments and envelope of the message at hand.
pub(super) struct Input<'a, 'f> {
    pub source: Source<'a>,
    pub segments: &'f [Segment],
    pub marks: &'a Marks,
    pub frame: &'f Frame,
    /// Stream bytes that the message covers.
    pub range: std::ops::Range<u64>,
    pub classes: content::Classes,
    /// Another message stands before it in a block without a batch header.
    pub follows: bool,
    /// Last control id that the other side sent, for an answer that names none.
    pub asked: &'f [u8],
}

/// Writes one message. Gives its control id, to be remembered.
pub(super) fn write<'a>(
    input: &Input<'a, '_>,
    leaf: &mut Vec<u8>,
    out: &mut Messages<'_>,
) -> &'a [u8] {
    let text = input.source.text;
    let first = input.segments.first().map_or(&b""[..], |s| s.of(text));
    let header = Header::read(first, |separator| match input.segments.first() {
        Some(segment) => Fields::cut(segment, text, input.marks, separator),
        None => Fields::none(),
    });
    let mut room = [0u8; 33];
    let repeats = out.limits().get(limits::FIELD_REPEATS) + 1;
    let draft = match header.kind {
        Some(kind) => out.message(kind, input.range.clone()),
        None => out.message_named(header.name(&mut room), input.range.clone()),
    };
    let mut w = Writer {
        wanted: draft.wanted(),
        draft,
        repeats,
        d: header.d,
        source: input.source,
        escapes: input.classes.escape,
        leaf,
    };
    input.frame.write(&mut w);
    header.write(&mut w);
    let mut facts = Facts {
        piv_profile: matches!(
            header.meaning,
            Meaning::PharmacyOrder | Meaning::Administration | Meaning::Order
        ) && memchr::memmem::find(header.fields.get(21), b"PIV").is_some(),
        ..Facts::default()
    };
    let mut structure = Structure::of(header.code, header.trigger, header.meaning);
    if header.d.usable() && header.meaning != Meaning::Nothing {
        body(input, &header, &mut facts, &mut structure, &mut w);
    }
    joins(input, &header, &facts, &mut w);
    action::write(header.meaning, &facts, &mut w);
    summary(input, &facts, &mut w);
    looks(input, &structure, &mut w);
    if input.follows {
        w.anomaly("several-messages-in-block", first);
    }
    let start = input.segments.first().map_or(0, |s| s.start as usize);
    let end = input.segments.last().map_or(0, |s| s.end as usize);
    w.draft.body(text.get(start..end).unwrap_or_default());
    header.control_id
}

const PATIENT: [FieldId; 8] = [
    PATIENT_ID,
    PATIENT_NAME,
    BIRTH,
    SEX,
    ADDRESS,
    PHONE,
    ACCOUNT,
    PRIOR_PATIENT_ID,
];

fn body<'a>(
    input: &Input<'a, '_>,
    header: &Header<'a>,
    facts: &mut Facts<'a>,
    structure: &mut Structure,
    w: &mut Writer<'_, 'a, '_>,
) {
    let text = input.source.text;
    let d = header.d;
    let mut group = Group::default();
    let mut equipment_seen = false;
    for place in input.segments.iter().skip(1) {
        let segment = place.of(text);
        let id = segment.get(..3).unwrap_or(segment);
        structure.meets(id, segment);
        let cut = || Fields::cut(place, text, input.marks, d.field);
        match id {
            b"PID" => {
                facts.patients += 1;
                if w.wants_any(&PATIENT) {
                    patient(&cut(), w);
                }
            }
            b"PV1" if w.wants_any(&[LOCATION, VISIT, STAFF]) => visit(&cut(), w),
            b"MRG" if w.wants(PRIOR_PATIENT_ID) => {
                w.put_each_first(PRIOR_PATIENT_ID, cut().get(1));
            }
            b"ORC" => {
                end_group(&group, facts, w);
                facts.orders += 1;
                group = Group::begin(&cut(), w);
                facts.cancels = action::graver_cancel(facts.cancels, group.control);
            }
            b"RXG" | b"RXE" | b"RXO" | b"RXA" | b"RXD" => {
                group.pharmacy(id, &cut(), w);
                facts.pharmacy = true;
            }
            b"RXR" => {
                facts.pharmacy = true;
                w.first(ROUTE, &cut(), 1);
            }
            b"TQ1" => group.timing(&cut(), w),
            b"OBR" if w.wants_any(&[PLACER_ORDER, FILLER_ORDER]) => {
                let f = &cut();
                w.first(PLACER_ORDER, f, 2);
                w.first(FILLER_ORDER, f, 3);
            }
            b"OBX" => {
                let order = matches!(
                    header.meaning,
                    Meaning::Give
                        | Meaning::PharmacyOrder
                        | Meaning::Administration
                        | Meaning::Order
                );
                facts.observed.read(&cut(), order.then_some(&mut group), w);
            }
            b"MSA" => acknowledgement(&cut(), facts, w),
            b"ERR" => error(&cut(), w),
            b"EQU" => {
                let f = &cut();
                if !equipment_seen {
                    facts.equipment = d.component(f.get(1), 1);
                    equipment_seen = true;
                }
                w.first(EQUIPMENT_STATE, f, 3);
                w.first(EQUIPMENT_CONTROL, f, 4);
            }
            b"ECD" => {
                let f = &cut();
                let command = d.component(f.get(2), 1);
                facts.equipment_command =
                    action::graver_equipment(facts.equipment_command, command);
                w.put(COMMAND, command);
                w.field(COMMAND_REF, f, 1);
            }
            b"ECR" => w.first(COMMAND_RESPONSE, &cut(), 1),
            b"MFI" => {
                let f = &cut();
                facts.master_file = d.component(f.get(1), 1);
                w.put(MASTER_FILE, facts.master_file);
            }
            b"MFE" => w.field(MASTER_EVENT, &cut(), 1),
            b"NCK" => facts.sets_clock = true,
            b"QPD" | b"QRD" | b"QRF" | b"RCP" | b"QAK" => query(id, &cut(), facts, w),
            b"SFT" if w.wants(SOFTWARE) => {
                let f = &cut();
                w.field(SOFTWARE, f, 3);
                w.field(SOFTWARE, f, 2);
            }
            b"DSC" => w.field(CONTINUATION, &cut(), 1),
            _ => {}
        }
    }
    end_group(&group, facts, w);
    w.put(DEVICE, facts.device_id());
    w.put(CHANNEL, facts.observed.channel);
}

fn end_group<'a>(group: &Group<'a>, facts: &mut Facts<'a>, w: &mut Writer<'_, 'a, '_>) {
    if let Some(command) = group.end(w) {
        facts.command = Some(order::graver(facts.command, command));
    }
}

fn patient<'a>(f: &Fields<'a>, w: &mut Writer<'_, 'a, '_>) {
    let d = w.d;
    let list = f.get(3);
    w.put_each_first(PATIENT_ID, if list.is_empty() { f.get(2) } else { list });
    if w.wants(PATIENT_NAME) {
        for name in d.repetitions(f.get(5)).take(w.repeats) {
            w.put(PATIENT_NAME, first_parts(name, d.component));
        }
    }
    w.put(BIRTH, f.get(7).get(..8).unwrap_or(f.get(7)));
    w.field(SEX, f, 8);
    w.put_each(ADDRESS, f.get(11));
    w.put_each_first(PHONE, f.get(13));
    w.put_each_first(PHONE, f.get(14));
    w.first(ACCOUNT, f, 18);
}

/// The first three components without empty ends. Of a name they are family^given^middle: the same
/// name in other protocols. Of an error's location they are segment^sequence^field.
fn first_parts(name: &[u8], component: u8) -> &[u8] {
    let mut end = 0;
    for (n, part) in parts(name, component).take(3).enumerate() {
        let after = part.as_ptr() as usize - name.as_ptr() as usize + part.len();
        if !part.is_empty() || n == 0 {
            end = after;
        }
    }
    name.get(..end).unwrap_or(name)
}

fn visit<'a>(f: &Fields<'a>, w: &mut Writer<'_, 'a, '_>) {
    w.put(LOCATION, nth(f.get(3), w.d.repetition, 0));
    w.first(VISIT, f, 19);
    if w.wants(STAFF) {
        for n in [7, 8, 9, 17] {
            w.put_each_first(STAFF, f.get(n));
        }
    }
}

fn acknowledgement<'a>(f: &Fields<'a>, facts: &mut Facts<'a>, w: &mut Writer<'_, 'a, '_>) {
    if facts.outcome.is_none() {
        facts.ack = f.get(1).trim_ascii();
        facts.ack_of = f.get(2).trim_ascii();
        facts.outcome = Some(action::outcome(facts.ack));
        facts.answers = true;
        w.put(ACK, facts.ack);
        w.put(ACK_OF, facts.ack_of);
        w.field(ACK_TEXT, f, 3);
    }
    w.first(ERROR_CODE, f, 6);
}

fn error<'a>(f: &Fields<'a>, w: &mut Writer<'_, 'a, '_>) {
    let d = w.d;
    let code = d.component(f.get(3), 1);
    if code.is_empty() {
        // ELD before v2.5: segment^sequence^field^code&text.
        let location = nth(f.get(1), d.repetition, 0);
        w.put(ERROR_LOCATION, first_parts(location, d.component));
        w.put(ERROR_CODE, d.component(f.get(1), 4));
    } else {
        w.put(ERROR_CODE, code);
        w.put_each(ERROR_LOCATION, f.get(2));
    }
    w.field(ERROR_SEVERITY, f, 4);
    w.first(ERROR_APP_CODE, f, 5);
    w.field(ERROR_TEXT, f, 7);
    w.field(ERROR_TEXT, f, 8);
}

fn query<'a>(id: &[u8], f: &Fields<'a>, facts: &mut Facts<'a>, w: &mut Writer<'_, 'a, '_>) {
    let d = w.d;
    facts.query = true;
    match id {
        b"QPD" => {
            w.first(QUERY_NAME, f, 1);
            w.field(QUERY_TAG, f, 2);
            for n in 3..16 {
                keys(f.get(n), facts, w);
            }
        }
        b"QRD" => {
            w.first(QUERY_NAME, f, 9);
            w.field(QUERY_TAG, f, 4);
            for who in d
                .repetitions(f.get(8))
                .take(w.repeats)
                .filter(|who| !who.is_empty())
            {
                w.put(QUERY_KEY, who);
                w.put(QUERY_PATIENT_ID, d.component(who, 1));
                let rest = nth(who, d.component, 0).len() + 1;
                let name = who.get(rest..).unwrap_or_default();
                w.put(QUERY_PATIENT_NAME, first_parts(name, d.component));
                facts.wildcard |= memchr::memchr2(b'*', b'%', who).is_some();
            }
            limit(d.component(f.get(7), 1), w);
        }
        b"QRF" => {
            for n in [4, 5] {
                keys(f.get(n), facts, w);
            }
        }
        b"RCP" => limit(d.component(f.get(2), 1), w),
        _ => {}
    }
}

/// Search parameters: `@PID.5.1^TESTA` and the like.
fn keys<'a>(raw: &'a [u8], facts: &mut Facts<'a>, w: &mut Writer<'_, 'a, '_>) {
    if raw.is_empty() {
        return;
    }
    let d = w.d;
    for key in d.repetitions(raw).take(w.repeats).filter(|k| !k.is_empty()) {
        w.put(QUERY_KEY, key);
        let value = nth(key, d.component, 1);
        match key.get(..6) {
            Some(b"@PID.3" | b"@PID.2") => w.put(QUERY_PATIENT_ID, value),
            Some(b"@PID.5") => w.put(QUERY_PATIENT_NAME, value),
            _ => {}
        }
        facts.wildcard |= memchr::memchr2(b'*', b'%', key).is_some();
    }
}

fn limit(number: &[u8], w: &mut Writer<'_, '_, '_>) {
    let number = std::str::from_utf8(number)
        .ok()
        .and_then(|n| n.parse().ok());
    if let Some(number) = number {
        w.draft.integer(QUERY_LIMIT, number);
    }
}

/// Keys under which the message asks and answers. A control id holds between two hosts: an
/// application acknowledgement comes back on another connection.
fn joins<'a>(
    input: &Input<'a, '_>,
    header: &Header<'a>,
    facts: &Facts<'a>,
    w: &mut Writer<'_, 'a, '_>,
) {
    let cut = |id: &'a [u8]| &id[..id.len().min(CONTROL_ID_ROOM)];
    if header.asks(facts.answers) {
        w.draft.asks(Scope::Hosts, cut(header.control_id));
    }
    if let Some(outcome) = facts.outcome {
        let committed = facts.ack.eq_ignore_ascii_case(b"CA");
        let key = if facts.ack_of.is_empty() {
            input.asked
        } else {
            cut(facts.ack_of)
        };
        if !key.is_empty() {
            w.draft.answers(Scope::Hosts, key, !committed, outcome);
        }
    }
}

fn summary<'a>(input: &Input<'a, '_>, facts: &Facts<'a>, w: &mut Writer<'_, 'a, '_>) {
    let count = |w: &mut Writer<'_, '_, '_>, field, n: u32| {
        if n > 0 {
            w.draft.integer(field, i64::from(n));
        }
    };
    count(w, ORDERS, facts.orders);
    count(w, OBSERVATIONS, facts.observed.count);
    if facts.query && facts.answers {
        w.draft.integer(QUERY_HITS, i64::from(facts.patients));
    }
    if facts.wildcard {
        w.draft.flag(QUERY_WILDCARD, true);
    }
    w.draft.integer(SEGMENT_COUNT, input.segments.len() as i64);
    if w.wants(SEGMENTS) {
        segment_list(input.source.text, input.segments, w);
    }
    if input.classes.quote && w.wants(EXPLICIT_NULLS) {
        let nulls = nulls(input, w.d.field);
        count(w, EXPLICIT_NULLS, nulls);
    }
}

/// Segment ids in order. What is no id shows as `?`: it may be a line of text.
pub(super) fn segment_list(text: &[u8], segments: &[Segment], w: &mut Writer<'_, '_, '_>) {
    const ROOM: usize = 1024;
    let mut list = [0u8; ROOM];
    let mut len = 0;
    for segment in segments {
        let id = segment.of(text).get(..3).unwrap_or_default();
        let id = if is_segment_id(id) { id } else { b"?" };
        let gap = usize::from(len > 0);
        let Some(room) = list.get_mut(len..len + gap + id.len()) else {
            break;
        };
        room[..gap].fill(b' ');
        room[gap..].copy_from_slice(id);
        len += room.len();
    }
    w.draft.text(SEGMENTS, &list[..len]);
}

/// Fields that are `""` and nothing else.
fn nulls(input: &Input<'_, '_>, field: u8) -> u32 {
    let mut nulls = 0;
    for segment in input.segments.iter().skip(1) {
        let text = segment.of(input.source.text);
        if memchr::memchr(b'"', text).is_some() {
            nulls += parts(text, field).filter(|f| *f == b"\"\"").count() as u32;
        }
    }
    nulls
}

/// Faults and oddities of the content, whatever fields are wanted.
fn looks<'a>(input: &Input<'a, '_>, structure: &Structure, w: &mut Writer<'_, 'a, '_>) {
    let text = input.source.text;
    let start = input.segments.first().map_or(0, |s| s.start as usize);
    let end = input.segments.last().map_or(0, |s| s.end as usize);
    let whole = text.get(start..end).unwrap_or_default();
    if let Some(injected) = structure.injection() {
        let segment = input.segments.get(injected);
        w.anomaly("segment-injection", segment.map_or(whole, |s| s.of(text)));
    }
    if structure.strange() {
        w.anomaly("not-a-segment", whole);
    }
    if w.escapes {
        let mut escapes = Escapes::default();
        for segment in input
            .segments
            .iter()
            .filter(|s| !structure::is_envelope(s.of(text)))
        {
            escape::inspect(segment.of(text), segment.start as usize, &w.d, &mut escapes);
        }
        if let Some(at) = escapes.injection {
            w.anomaly("segment-injection", text.get(at..).unwrap_or_default());
        }
        if let Some(at) = escapes.bad {
            w.anomaly("bad-escape", text.get(at..).unwrap_or_default());
        }
    }
    if input.classes.control
        && let Some(at) = content::first_control(whole)
    {
        w.anomaly("control-byte", &whole[at..]);
    }
    if w.wants(SUSPICIOUS) {
        // The header's own delimiters are no content.
        let skip = input
            .segments
            .first()
            .map_or(0, |s| (s.end - s.start).min(9) as usize);
        content::suspicious(whole.get(skip..).unwrap_or_default(), |name| {
            w.draft.text(SUSPICIOUS, name);
        });
    }
}
