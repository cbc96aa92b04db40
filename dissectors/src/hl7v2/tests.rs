//! Whole conversations: what real senders do, what attackers do, and what must not matter.

use std::ops::Range;

use crate::action::{Action, Device, Outcome, Verb};
use crate::contract::{Dissector, End, Progress, Side};
use crate::limits::Limits;
use crate::message::{Batch, Interest, Message, Messages, Value};
use crate::registry::ProtocolId;

/// A message as a test compares it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    pub kind: String,
    pub range: Range<u64>,
    pub fields: Vec<(String, String)>,
    pub anomalies: Vec<String>,
    pub action: Option<Done>,
    pub asks: Option<String>,
    pub answers: Option<(String, bool, Outcome)>,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Done {
    pub verb: Verb,
    pub device: Device,
    pub device_id: String,
    pub order: String,
    pub drug: String,
    pub handle: String,
    pub value: String,
    pub outcome: Outcome,
}

impl Seen {
    fn of(m: &Message<'_>) -> Self {
        Seen {
            kind: text(m.kind()),
            range: m.range(),
            fields: m
                .fields()
                .map(|(id, v)| (m.describe(id).name.to_owned(), show(v)))
                .collect(),
            anomalies: m.anomalies().iter().map(|a| a.name.to_owned()).collect(),
            action: m.action().map(|a| Done::of(&a)),
            asks: m.asks().map(|j| text(j.key)),
            answers: m.answers().map(|j| (text(j.key), j.last, j.outcome)),
            body: m.body().unwrap_or_default().to_vec(),
        }
    }

    pub fn first(&self, field: &str) -> String {
        let found = self.fields.iter().find(|(name, _)| name == field);
        found.map_or(String::new(), |(_, v)| v.clone())
    }

    fn all(&self, field: &str) -> Vec<&str> {
        let values = self.fields.iter().filter(|(name, _)| name == field);
        values.map(|(_, v)| v.as_str()).collect()
    }

    fn verb(&self) -> Option<Verb> {
        self.action.as_ref().map(|a| a.verb)
    }

    fn is_at_fault(&self, name: &str) -> bool {
        self.anomalies.iter().any(|a| a == name)
    }
}

impl Done {
    fn of(a: &Action<'_>) -> Self {
        Done {
            verb: a.verb,
            device: a.device,
            device_id: text(a.device_id),
            order: text(a.order),
            drug: text(a.drug),
            handle: text(a.handle),
            value: a.value.map_or(String::new(), |q| show(Value::Quantity(q))),
            outcome: a.outcome,
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn show(value: Value<'_>) -> String {
    match value {
        Value::Text(t) | Value::Time(t) | Value::Bytes(t) => text(t),
        Value::Quantity(q) => format!("{} {}", q.number, text(q.unit)),
        Value::Secret(len) => format!("secret of {len}"),
        Value::Integer(n) => n.to_string(),
        Value::Flag(f) => f.to_string(),
        Value::Decimal(n) => n.to_string(),
    }
}

/// One conversation, fed piece by piece as the flow layer does.
struct Conversation {
    dissector: Box<dyn Dissector>,
    batch: Batch,
    limits: Limits,
    interest: Interest,
    unread: [Vec<u8>; 2],
    offset: [u64; 2],
    need: [usize; 2],
    rejected: Option<&'static str>,
}

fn protocol() -> ProtocolId {
    ProtocolId::of("hl7v2").expect("registered")
}

impl Conversation {
    fn new() -> Self {
        Conversation::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let mut interest = Interest::everything();
        interest.want_body(protocol());
        Conversation {
            dissector: (protocol().protocol().open)(&limits),
            batch: Batch::default(),
            limits,
            interest,
            unread: [Vec::new(), Vec::new()],
            offset: [0; 2],
            need: [0; 2],
            rejected: None,
        }
    }

    fn send(&mut self, side: Side, bytes: &[u8]) -> &mut Self {
        let at = side.index();
        self.unread[at].extend_from_slice(bytes);
        while self.rejected.is_none()
            && !self.unread[at].is_empty()
            && self.unread[at].len() >= self.need[at]
        {
            let mut out = Messages::new(
                &mut self.batch,
                &self.limits,
                &self.interest,
                protocol(),
                side,
                self.offset[at],
            );
            let unread = self.unread[at].len();
            match self.dissector.read(side, &self.unread[at], &mut out) {
                Progress::Read(n) => {
                    assert!(n > 0 && n <= unread, "read {n} of {unread}");
                    self.unread[at].drain(..n);
                    self.offset[at] += n as u64;
                    self.need[at] = 0;
                }
                Progress::Need(n) => {
                    assert!(n > unread, "needs {n}, has {unread}");
                    self.need[at] = n;
                }
                Progress::Pass { .. } => panic!("HL7 passes over nothing"),
                Progress::Reject(why) => self.rejected = Some(why.0),
            }
        }
        self
    }

    fn gap(&mut self, side: Side, len: u64) -> &mut Self {
        let at = side.index();
        let rest = std::mem::take(&mut self.unread[at]);
        let mut out = Messages::new(
            &mut self.batch,
            &self.limits,
            &self.interest,
            protocol(),
            side,
            self.offset[at],
        );
        let _ = self.dissector.gap(side, &rest, len, &mut out);
        self.offset[at] += rest.len() as u64 + len;
        self.need[at] = 0;
        self
    }

    fn end(&mut self, why: End) -> Vec<Seen> {
        for side in Side::BOTH {
            let at = side.index();
            let rest = std::mem::take(&mut self.unread[at]);
            let mut out = Messages::new(
                &mut self.batch,
                &self.limits,
                &self.interest,
                protocol(),
                side,
                self.offset[at],
            );
            self.dissector.end(side, &rest, why, &mut out);
        }
        self.batch.messages().map(|m| Seen::of(&m)).collect()
    }
}

/// What the client's bytes give, cut into pieces of `piece` bytes.
pub(super) fn converse(bytes: &[u8], piece: usize) -> Vec<Seen> {
    let mut conversation = Conversation::new();
    for part in bytes.chunks(piece.max(1)) {
        conversation.send(Side::Client, part);
    }
    conversation.end(End::Fin)
}

/// Values of a path in a body.
pub(super) fn paths(path: &str, body: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    let compiled = super::path::compile(path).unwrap_or_else(|e| panic!("{e}"));
    compiled.read(body, &mut |v| all.push(show(v)));
    all
}

fn block(message: &str) -> Vec<u8> {
    let mut bytes = vec![0x0B];
    bytes.extend_from_slice(message.as_bytes());
    bytes.extend_from_slice(b"\x1C\r");
    bytes
}

fn one(message: &str) -> Seen {
    let mut all = converse(&block(message), usize::MAX);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

const ADT: &str = "MSH|^~\\&|EHR|HOSP|PUMPGW|ICU|2026||ADT^A08^ADT_A01|W1|P|2.5.1\r\
    EVN|A08|2026\rPID|1||T1^^^W^MR||TEST^PATIENT^^^^^L||19700101|F\rPV1|1|I|ICU^101^A\r";

fn give(control: &str, rxg: &str, more: &str) -> String {
    format!(
        "MSH|^~\\&|BCMA|HOSP|PUMPGW|ICU|2026||RGV^O15^RGV_O15|RG1|P|2.6|||AL|AL\rPID|1||T1\r\
         ORC|{control}|ORD1|||||||||||||||||N1\rRXG|{rxg}\rRXR|IV\r\
         OBX|1||69986^MDC_DEV_PUMP_INFUS_VMD^MDC|1.1.0.0|||||||X|||||||PUMP-1^^0012^EUI-64\r{more}"
    )
}

// ---- What is no message -------------------------------------------------------------------

#[test]
fn headers_that_two_readers_split_differently_are_malformed() {
    for (header, fault) in [
        ("MSH||||||EHR|HOSP", "malformed-header"),
        ("MSHAbcdeAEHRAHOSPA", "malformed-header"),
        ("MSH|^&&^|S|F|R|F|2026||ADT^A01|1|P|2.6", "malformed-header"),
        ("MSH|^~", "header-cut-short"),
        ("MSH", "header-cut-short"),
        ("M", "header-cut-short"),
        (
            "msh|^~\\&|A|B|C|D|2026||ADT^A08|X1|P|2.5",
            "segment-id-case",
        ),
        ("HELLO|WORLD", "not-er7"),
    ] {
        let seen = one(header);
        assert_eq!(seen.kind, "malformed", "{header}");
        assert!(seen.is_at_fault(fault), "{header}: {:?}", seen.anomalies);
    }
}

#[test]
fn a_command_behind_a_doubtful_header_is_still_a_command() {
    let message = give("RE", "1|||5678|||||||||||20|mL/h", "").replacen("^~\\&", "^~\\^", 1);
    let seen = one(&message);
    assert_eq!(seen.kind, "malformed");
    assert_eq!(seen.verb(), Some(Verb::SetRate));
}

#[test]
fn equal_delimiters_hide_no_fields_in_wrong_places() {
    let seen = one("MSH||||||EHR|HOSP|A|B|C");
    assert_eq!(seen.first("control_id"), "");
    assert_eq!(seen.verb(), None);
}

#[test]
fn unknown_and_missing_types_are_never_reads() {
    assert_eq!(
        one("MSH|^~\\&|A|B|C|D|2026||XYZ^Z99|1|P|2.5\r").verb(),
        Some(Verb::UnknownVerb)
    );
    let untyped = one("MSH|^~\\&|A|B|C|D|2026|||1|P|2.5\r");
    assert_eq!(untyped.kind, "untyped");
    assert_eq!(untyped.verb(), Some(Verb::UnknownVerb));
    assert!(untyped.is_at_fault("type-missing"));
}

#[test]
fn a_type_in_small_letters_means_what_it_means() {
    let seen = one("MSH|^~\\&|A|B|C|D|2026||adt^a40|1|P|2.5\rPID|1||T1\rMRG|T2\r");
    assert_eq!(seen.verb(), Some(Verb::Merge));
    assert!(seen.is_at_fault("type-case"));
}

// ---- Framing ------------------------------------------------------------------------------

#[test]
fn a_missing_end_block_spoils_only_its_own_message() {
    let mut bytes = block(ADT);
    bytes.truncate(bytes.len() - 2);
    bytes.extend(block(&ADT.replace("W1", "W2")));
    let seen = converse(&bytes, usize::MAX);
    assert_eq!(seen.len(), 2);
    assert!(seen[0].is_at_fault("missing-end-block"));
    assert_eq!(seen[0].first("framing"), "no-end");
    assert_eq!(seen[0].range.end, seen[1].range.start);
    assert_eq!(seen[1].first("control_id"), "W2");
    assert!(seen[1].anomalies.is_empty());
}

#[test]
fn a_stream_that_ends_inside_a_block_gives_what_there_was() {
    let bytes = &block(ADT)[..120];
    let seen = converse(bytes, usize::MAX);
    assert!(seen[0].is_at_fault("unterminated"));
    assert_eq!(seen[0].first("patient_id"), "T1");
    assert_eq!(seen[0].range, 0..120);
    let mut cut = Conversation::new();
    cut.send(Side::Client, bytes);
    assert!(cut.end(End::Capture)[0].is_at_fault("cut-off"));
}

#[test]
fn start_and_end_bytes_inside_a_field_hide_nothing_behind_them() {
    for inside in ["\x0B", "\x1C", "\x1C\x1C"] {
        let message =
            give("RE", "1|||5678|||||||||||999|mL/h", "").replace("T1", &format!("T{inside}1"));
        let seen = one(&message);
        assert_eq!(seen.verb(), Some(Verb::SetRate), "{inside:?}");
        assert!(seen.is_at_fault("framing-byte-inside"));
    }
}

#[test]
fn stray_bytes_between_blocks_are_told_once_a_run() {
    let mut bytes = b"\0\0\r\n".to_vec();
    bytes.extend(block(ADT));
    bytes.extend(b"\n\x0B\x1C\r");
    bytes.extend(block(ADT));
    bytes.extend(b" ");
    let kinds: Vec<String> = converse(&bytes, usize::MAX)
        .into_iter()
        .map(|m| m.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            "between-blocks",
            "ADT^A08",
            "between-blocks",
            "empty-block",
            "ADT^A08",
            "between-blocks"
        ]
    );
}

#[test]
fn bytes_that_never_become_a_block_end_the_conversation() {
    let mut conversation = Conversation::new();
    conversation.send(Side::Client, &block(ADT));
    conversation.send(Side::Client, &vec![b'x'; 80 * 1024]);
    assert!(conversation.rejected.is_some());
    let seen = conversation.end(End::Fin);
    assert_eq!(seen[0].kind, "ADT^A08");
    assert!(seen.len() < 40);
}

#[test]
fn a_block_over_the_limit_is_cut_and_the_next_one_read() {
    let mut limits = Limits::default();
    assert!(limits.set("mllp-message", 4096));
    let mut bytes = block(&format!("{ADT}OBX|1|ED|||{}\r", "A".repeat(20_000)));
    bytes.extend(block(&ADT.replace("W1", "W2")));
    for piece in [1, 7, 4096, usize::MAX] {
        let mut conversation = Conversation::with(limits.clone());
        for part in bytes.chunks(piece) {
            conversation.send(Side::Client, part);
        }
        let seen = conversation.end(End::Fin);
        assert_eq!(seen.len(), 2, "{piece}");
        assert!(seen[0].is_at_fault("block-too-long"));
        assert_eq!(seen[0].range, 0..4096);
        assert_eq!(seen[1].first("control_id"), "W2");
        assert!(seen[1].anomalies.is_empty());
    }
}

#[test]
fn a_large_block_in_tiny_segments_is_searched_once() {
    // Quadratic work over these bytes would take minutes.
    let bytes = block(&format!("{ADT}OBX|1|ED|||{}\r", "QUJD".repeat(500_000)));
    let mut conversation = Conversation::new();
    conversation.need = [0; 2];
    let mut out_of = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let next = (at + 3).min(bytes.len());
        let mut out = Messages::new(
            &mut conversation.batch,
            &conversation.limits,
            &conversation.interest,
            protocol(),
            Side::Client,
            0,
        );
        match conversation
            .dissector
            .read(Side::Client, &bytes[..next], &mut out)
        {
            Progress::Need(n) => assert!(n > next),
            other => out_of.push((next, other)),
        }
        at = next;
    }
    assert_eq!(out_of, [(bytes.len(), Progress::Read(bytes.len()))]);
}

#[test]
fn mllp_release_2_acknowledges_the_block_before_it() {
    let mut conversation = Conversation::new();
    conversation.send(Side::Client, &block(ADT));
    conversation.send(Side::Server, b"\x0B\x06\x1C\r\x0B\x15\x1C\r");
    let seen = conversation.end(End::Fin);
    assert_eq!(seen[1].kind, "commit-ack");
    assert_eq!(
        seen[1].answers,
        Some(("W1".into(), false, Outcome::Accepted))
    );
    assert_eq!(seen[2].kind, "commit-nak");
    assert_eq!(
        seen[2].answers,
        Some(("W1".into(), false, Outcome::Refused))
    );
}

#[test]
fn unframed_messages_end_where_the_next_begins() {
    let two = format!("{ADT}{}", ADT.replace("W1", "W2"));
    for piece in [1, 5, usize::MAX] {
        let seen = converse(two.as_bytes(), piece);
        assert_eq!(seen.len(), 2);
        assert!(
            seen.iter()
                .all(|m| m.kind == "ADT^A08" && m.is_at_fault("unframed"))
        );
        assert_eq!(seen[0].range.end, ADT.len() as u64);
    }
}

#[test]
fn a_capture_that_starts_inside_a_message_finds_the_next() {
    let mut conversation = Conversation::new();
    conversation.gap(Side::Client, 0);
    conversation.send(Side::Client, b"||V9A\rOBX|1|NM|1\r\x1C\r");
    conversation.send(Side::Client, &block(ADT));
    let seen = conversation.end(End::Fin);
    assert_eq!(seen[0].kind, "fragment");
    assert!(seen[0].is_at_fault("start-not-seen"));
    assert_eq!(seen[1].kind, "ADT^A08");
    assert!(seen[1].anomalies.is_empty());
}

#[test]
fn a_hole_inside_a_message_leaves_both_its_ends() {
    let bytes = block(ADT);
    let mut conversation = Conversation::new();
    conversation.send(Side::Client, &bytes[..100]);
    conversation.gap(Side::Client, 20);
    conversation.send(Side::Client, &bytes[120..]);
    conversation.send(Side::Client, &block(&ADT.replace("W1", "W2")));
    let seen = conversation.end(End::Fin);
    let kinds: Vec<&str> = seen.iter().map(|m| m.kind.as_str()).collect();
    assert_eq!(kinds, ["ADT^A08", "fragment", "ADT^A08"]);
    assert!(seen[0].is_at_fault("gap") && seen[1].is_at_fault("gap"));
    assert_eq!(seen[2].first("control_id"), "W2");
}

// ---- Batches ------------------------------------------------------------------------------

#[test]
fn a_batch_with_a_false_count_is_told_and_its_secret_is_not() {
    let batch = format!(
        "FHS|^~\\&|LIS|LAB|EHR|HOSP|2026|S3cret1|||F1\rBHS|^~\\&|LIS|LAB|||2026|pw||||B1\r{ADT}{}BTS|3\rFTS|1\r",
        ADT.replace("W1", "W2")
    );
    let seen = converse(&block(&batch), usize::MAX);
    assert_eq!(seen.len(), 3);
    let envelope = &seen[2];
    assert_eq!(envelope.kind, "batch");
    assert_eq!(envelope.range, 0..block(&batch).len() as u64);
    assert_eq!(envelope.first("batch_count"), "2");
    assert_eq!(envelope.first("batch_declared"), "3");
    assert_eq!(envelope.anomalies, ["batch-count"]);
    assert_eq!(envelope.all("security"), ["secret of 7", "secret of 2"]);
    assert!(!format!("{:?}", envelope.fields).contains("S3cret"));
    assert!(seen[..2].iter().all(|m| m.anomalies.is_empty()));
}

#[test]
fn each_message_of_a_batch_has_its_own_delimiters() {
    let seen = converse(
        &block("BHS|^~\\&|A|B\rMSH$@*?!$A$B$C$D$2026$$ADT@A08$X7$P$2.5\rPID$1$$T1@@@W\rBTS|1\r"),
        usize::MAX,
    );
    assert_eq!(seen[0].kind, "ADT^A08");
    assert_eq!(seen[0].first("patient_id"), "T1");
    assert!(seen[1].anomalies.is_empty());
}

// ---- Commands -----------------------------------------------------------------------------

#[test]
fn a_give_sets_a_rate_on_the_pump_it_names() {
    let seen = one(&give(
        "RE",
        "1|||5678^Saline|500||263762^MDC_DIM_MILLI_L^MDC||||||||13.3|3122^mL/h^UCUM^265266^MDC_DIM_MILLI_L_PER_HR^MDC",
        "",
    ));
    assert_eq!(
        seen.action,
        Some(Done {
            verb: Verb::SetRate,
            device: Device::Pump,
            device_id: "PUMP-1".into(),
            order: "ORD1".into(),
            drug: "5678".into(),
            handle: String::new(),
            value: "13.3 mL/h".into(),
            outcome: Outcome::Requested,
        })
    );
    assert_eq!(seen.first("vtbi"), "500 mL");
    assert_eq!(seen.first("rate_ml_h"), "13.3 mL/h");
    assert_eq!(seen.asks.as_deref(), Some("RG1"));
}

#[test]
fn order_control_says_what_a_give_does() {
    let rxg = "1|||5678|50||mL||||||||100|mL/h";
    for (control, verb) in [
        ("RE", Verb::SetRate),
        ("XO", Verb::SetRate),
        ("CH", Verb::Bolus),
        ("CA", Verb::Stop),
        ("DC", Verb::Stop),
        ("HD", Verb::Pause),
        ("RL", Verb::Start),
    ] {
        assert_eq!(one(&give(control, rxg, "")).verb(), Some(verb), "{control}");
    }
    let bolus = one(&give("CH", rxg, "")).action.map(|a| a.value);
    assert_eq!(bolus.as_deref(), Some("50 mL"));
}

#[test]
fn dose_rates_become_millilitres_an_hour() {
    let rxg =
        "1|||1234|250||mL||||||||10|265619^MDC_DIM_MICRO_G_PER_KG_PER_MIN^MDC|400|mg|||||250|mL";
    let kilograms = give(
        "RE",
        rxg,
        "OBX|2|NM|68063^MDC_ATTR_PT_WEIGHT^MDC||85.0|263875^MDC_DIM_KILO_G^MDC\r",
    );
    let grams = give(
        "RE",
        rxg,
        "OBX|2|NM|68063^MDC_ATTR_PT_WEIGHT^MDC||85000|263872^MDC_DIM_X_G^MDC\r",
    );
    for message in [kilograms, grams] {
        let seen = one(&message);
        assert_eq!(seen.verb(), Some(Verb::SetDose));
        assert_eq!(seen.first("rate_ml_h"), "31.875 mL/h");
        assert_eq!(seen.first("concentration"), "1.6 mg/mL");
    }
    // Without a weight it cannot be told.
    assert_eq!(one(&give("RE", rxg, "")).first("rate_ml_h"), "");
}

#[test]
fn the_graver_of_two_orders_in_a_message_is_its_action() {
    let more = "ORC|RE|ORD2\rRXG|1|||9|||||||||||1999|mL/h\r";
    let seen = one(&give("RE", "1|||5678|||||||||||5|mL/h", more));
    let action = seen.action.expect("an action");
    assert_eq!(
        (action.value.as_str(), action.order.as_str()),
        ("1999 mL/h", "ORD2")
    );
}

#[test]
fn what_is_no_number_is_not_a_rate_of_zero() {
    for (sent, fault) in [
        ("NaN", "bad-number"),
        ("%n%n", "bad-number"),
        ("1e3", "odd-number"),
    ] {
        let seen = one(&give("RE", &format!("1|||5678|||||||||||{sent}|mL/h"), ""));
        assert!(seen.is_at_fault(fault), "{sent}");
        assert_eq!(seen.verb(), Some(Verb::SetRate));
    }
}

#[test]
fn a_continued_field_is_read_whole() {
    // A reader that stops at the segment sees a harmless rate.
    let seen =
        one(&give("RE", "1|||5678|||||||||||1", "").replace("|1\rRXR", "|1\rADD|999|mL/h\rRXR"));
    assert_eq!(seen.first("rate"), "1999 mL/h");
}

#[test]
fn pharmacy_orders_program_a_pump_only_where_they_name_one() {
    let order = |obx: &str| {
        format!(
            "MSH|^~\\&|A|B|C|D|2026||RDE^O11|1|P|2.6\rPID|1||T1\rORC|NW|O1\r\
            RXE||77^Drug|1||mL||||||||||||||||||40|mL/h\r{obx}"
        )
    };
    assert_eq!(one(&order("")).verb(), Some(Verb::Order));
    let pump = one(&order(
        "OBX|1||69986^MDC_DEV_PUMP_INFUS_VMD^MDC|1.1.0.0|||||||X|||||||P9\r",
    ));
    assert_eq!(pump.verb(), Some(Verb::SetRate));
    assert_eq!(
        pump.action.map(|a| (a.device, a.device_id)),
        Some((Device::Pump, "P9".into()))
    );
    let held = one(&order("").replace("ORC|NW", "ORC|HD"));
    assert_eq!(held.verb(), Some(Verb::Pause));
}

#[test]
fn cancelling_a_laboratory_order_deletes_it_and_stops_nothing() {
    let order = |control: &str| {
        format!("MSH|^~\\&|A|B|C|D|2026||ORM^O01|1|P|2.3\rPID|1||T1\rORC|{control}|L1\rOBR|1|L1\r")
    };
    assert_eq!(one(&order("NW")).verb(), Some(Verb::Order));
    assert_eq!(one(&order("CA")).verb(), Some(Verb::Delete));
}

#[test]
fn equipment_commands_are_told_apart() {
    for (command, verb) in [
        ("ES", Verb::Stop),
        ("PA", Verb::Pause),
        ("RE", Verb::Start),
        ("CN", Verb::SilenceAlarm),
        ("DI", Verb::DisableAlarm),
        ("LK", Verb::Configure),
        ("QQ", Verb::UnknownVerb),
    ] {
        let seen = one(&format!(
            "MSH|^~\\&|LAS|LAB|AN|LAB|2026||EAC^U07|1|P|2.5\rEQU|AN1^LAB|2026\rECD|1|{command}^x^HL70368\r"
        ));
        let action = seen.action.expect("an action");
        assert_eq!(
            (action.verb, action.device),
            (verb, Device::Analyser),
            "{command}"
        );
        assert_eq!(
            (action.device_id.as_str(), action.handle.as_str()),
            ("AN1", command)
        );
    }
}

#[test]
fn identity_acts_are_told_apart() {
    for (event, verb) in [
        ("A01", Verb::SetPatient),
        ("A40", Verb::Merge),
        ("A23", Verb::Delete),
        ("A29", Verb::Delete),
        ("Z01", Verb::UnknownVerb),
    ] {
        let seen = one(&format!(
            "MSH|^~\\&|A|B|C|D|2026||ADT^{event}|1|P|2.5\rPID|1||T1\rMRG|T2^^^W~T3\r"
        ));
        assert_eq!(seen.verb(), Some(verb), "{event}");
        assert_eq!(seen.all("prior_patient_id"), ["T2", "T3"]);
    }
}

#[test]
fn a_deleted_result_is_a_deletion() {
    let result = |status: &str| {
        format!(
            "MSH|^~\\&|A|B|C|D|2026||ORU^R01|1|P|2.5\rOBR|1|O1|F1\rOBX|1|NM|1||5||||||{status}\r"
        )
    };
    assert_eq!(one(&result("F")).verb(), Some(Verb::Store));
    let deleted = one(&result("D"));
    assert_eq!(deleted.verb(), Some(Verb::Delete));
    assert_eq!(deleted.all("result_status"), ["D"]);
}

// ---- Answers ------------------------------------------------------------------------------

#[test]
fn an_answer_says_what_became_of_the_request() {
    for (code, last, outcome) in [
        ("AA", true, Outcome::Accepted),
        ("CA", false, Outcome::Accepted),
        ("AE", true, Outcome::Failed),
        ("CE", true, Outcome::Failed),
        ("AR", true, Outcome::Refused),
        ("CR", true, Outcome::Refused),
        ("aa", true, Outcome::Accepted),
        ("??", true, Outcome::Unknown),
    ] {
        let seen = one(&format!(
            "MSH|^~\\&|A|B|C|D|2026||ACK^O15^ACK|K1|P|2.6\rMSA|{code}|RG1\r"
        ));
        assert_eq!(seen.kind, "ACK^O15");
        assert_eq!(seen.answers, Some(("RG1".into(), last, outcome)), "{code}");
        assert_eq!((seen.action, seen.asks), (None, None));
    }
}

#[test]
fn an_answer_without_an_id_means_the_last_request() {
    let mut conversation = Conversation::new();
    conversation.send(Side::Client, &block(ADT));
    conversation.send(
        Side::Server,
        &block("MSH|^~\\&|A|B|C|D|2026||ACK|K1|P|2.6\rMSA|AA|\r"),
    );
    let seen = conversation.end(End::Fin);
    assert_eq!(
        seen[1].answers,
        Some(("W1".into(), true, Outcome::Accepted))
    );
}

#[test]
fn a_typed_answer_may_ask_for_an_acknowledgement_itself() {
    let seen = one(
        "MSH|^~\\&|A|B|C|D|2026||RRG^O16|RR1|P|2.6|||AL|NE\rMSA|AR|RG1\r\
        ERR||RXG^1^15|207^e^HL70357|E|9005^Out of range^X|||patient text\r",
    );
    assert_eq!(seen.asks.as_deref(), Some("RR1"));
    assert_eq!(seen.answers, Some(("RG1".into(), true, Outcome::Refused)));
    assert_eq!(seen.first("error_app_code"), "9005");
    assert_eq!(seen.verb(), None);
}

#[test]
fn results_of_a_query_are_a_disclosure_with_its_size() {
    let seen =
        one("MSH|^~\\&|A|B|C|D|2026||RSP^K22|1|P|2.5\rMSA|AA|Q1\rQAK|Q|OK\rPID|1||T1\rPID|2||T2\r");
    assert_eq!(seen.verb(), Some(Verb::Retrieve));
    assert_eq!(
        seen.action.as_ref().map(|a| a.outcome),
        Some(Outcome::Accepted)
    );
    assert_eq!(seen.first("query_hits"), "2");
}

// ---- Hostile content ----------------------------------------------------------------------

#[test]
fn segments_that_a_field_made_are_told() {
    for injected in [
        "NTE|1||x\\X0D\\RXG|1|||5678|500||||||||||999\r",
        "NTE|1||x\rRXG|1|||5678|500||||||||||999\r",
        "NTE|1||x\rPID|1||T9\r",
        "NTE|1||x\rORC|CA|O1\r",
        "NTE|1||x\rMSA|AA|W1\r",
    ] {
        let seen = one(&format!("{ADT}{injected}"));
        assert_eq!(seen.anomalies, ["segment-injection"], "{injected:?}");
    }
}

#[test]
fn patients_that_belong_to_a_message_are_no_injection() {
    for message in [
        "MSH|^~\\&|A|B|C|D|2026||ADT^A24|1|P|2.4\rEVN|A24\rPID|1||T1\rPID|2||T2\r",
        "MSH|^~\\&|A|B|C|D|2026||ADT^A40|1|P|2.5\rEVN|A40\rPID|1||T1\rMRG|T2\rPID|2||T3\rMRG|T4\r",
        "MSH|^~\\&|A|B|C|D|2026||ORU^R01|1|P|2.5\rPID|1||T1\rORC|RE\rOBR|1\rPID|2||T2\rOBR|1\r",
    ] {
        assert_eq!(one(message).anomalies, Vec::<String>::new(), "{message}");
    }
}

#[test]
fn nothing_about_the_patient_leaves_outside_patient_fields() {
    use crate::schema::Privacy;
    let secret = "SECRETPERSON";
    let message = format!(
        "MSH|^~\\&|EHR|HOSP|GW|ICU|2026|{secret}|ORU^R01|W1|P|2.5\r\
         PID|1|{secret}|{secret}^^^W|{secret}|{secret}^{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}\r\
         PV1|1|I|{secret}^1|||{secret}|{secret}|{secret}|{secret}||||||||{secret}||{secret}\rNK1|1|{secret}\r\
         ORC|RE|{secret}|{secret}|||||{secret}||{secret}|{secret}|{secret}|||||||{secret}\r\
         OBR|1|{secret}|{secret}|X|||||||{secret}||||{secret}|{secret}\r\
         OBX|1|ST|NOTE^n^L||{secret}||||||F|||||{secret}\rNTE|1||{secret}\rDG1|1||{secret}\rAL1|1||{secret}\r\
         ZPM|{secret}\rMSA|AA|W0|{secret}\rERR||||||{secret}|{secret}|{secret}\rMRG|{secret}\rQPD|Q|T|@PID.5.1^{secret}\r"
    );
    let mut conversation = Conversation::new();
    conversation.send(Side::Client, &block(&message));
    let _ = conversation.end(End::Fin);
    let mut checked = 0;
    for m in conversation.batch.messages() {
        for (id, value) in m.fields() {
            if m.describe(id).privacy == Privacy::Open {
                assert!(!show(value).contains(secret), "{}", m.describe(id).name);
                checked += 1;
            }
        }
        let mut action = m.action().map(|a| Done::of(&a)).expect("an action");
        // The order id is the one part that the vocabulary asks for.
        action.order.clear();
        assert!(!format!("{action:?}").contains(secret));
        assert!(!text(m.kind()).contains(secret));
    }
    assert!(checked > 10);
}

// ---- What must not matter -----------------------------------------------------------------

fn conversations() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../pcaps/hl7v2/vectors.tsv"
    ))
    .expect("vectors.tsv is in the repository")
    .lines()
    .skip(1)
    .filter_map(|line| line.split('\t').nth(1))
    .map(|hex| {
        (0..hex.len() / 2)
            .filter_map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).ok())
            .collect()
    })
    .collect();
    let joined = all.concat();
    all.push(joined);
    all
}

#[test]
fn however_a_stream_is_cut_it_gives_the_same_messages() {
    for bytes in conversations() {
        let whole = converse(&bytes, usize::MAX);
        for piece in [1, 2, 3, 5, 17, 1460] {
            assert_eq!(converse(&bytes, piece), whole, "pieces of {piece}");
        }
    }
}

#[test]
fn no_change_of_bytes_breaks_the_dissector() {
    let mut seed = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below.max(1) as u64) as usize
    };
    const TELLING: &[u8] = b"\x0B\x1C\r\n|^~\\&MSH<>\0\xFF\x1B\"0";
    for bytes in conversations() {
        for _ in 0..40 {
            let mut changed = bytes.clone();
            for _ in 0..=random(8) {
                if changed.is_empty() {
                    break;
                }
                let at = random(changed.len());
                match random(4) {
                    0 => changed[at] = random(256) as u8,
                    1 => changed[at] = TELLING[random(TELLING.len())],
                    2 => drop(changed.remove(at)),
                    _ => changed.insert(at, TELLING[random(TELLING.len())]),
                }
            }
            let piece = 1 + random(200);
            let whole = converse(&changed, usize::MAX);
            assert_eq!(converse(&changed, piece), whole);
        }
        for end in 0..bytes.len().min(400) {
            let _ = converse(&bytes[..end], usize::MAX);
        }
    }
}
