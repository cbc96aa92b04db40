//! `wardwatch try`: one dissector on one capture, message by message, with what it left over.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use dissectors::identify::Signatures;
use dissectors::message::{Interest, Message, Value};
use dissectors::schema::{Privacy, Protocol};
use dissectors::{ProtocolId, Side, Transport};
use rules::privacy::Pseudonyms;

use super::proof::Proof;
use super::recorder::{Recorded, open, record};
use super::{hex, limits};
use crate::cli::args::Input;
use crate::decode::Decoder;
use crate::flow::Settings;
use crate::output::clean;
use crate::output::discretion::{Discretion, shown};
use crate::output::text::end;
use crate::pipeline::{Stop, listen};

/// Runs the dissector and gives what it made of the capture. `reveal`: patient data and the bytes of
/// messages as sent.
///
/// # Errors
/// What could not be read.
pub fn run(protocol: ProtocolId, input: &Input, reveal: bool) -> Result<String, String> {
    let (inputs, decode) = open(input)?;
    let (recording, _) = record(inputs, &decode, |_| true);
    let settings = Settings {
        signatures: Arc::new(Signatures::of(alone(protocol))),
        ..Settings::default()
    };
    let (inputs, _) = open(input)?;
    let mut pages: HashMap<u64, Page> = HashMap::new();
    // The key of goldens, so that pseudonyms are theirs.
    let mut discretion = Discretion::new(Pseudonyms::new(&[7; 32]), reveal);
    let mut proof = Proof::beside(&input.read);
    let by_id: HashMap<u64, &Recorded> = recording
        .conversations
        .iter()
        .map(|c| (c.known.flow_id, c))
        .collect();
    listen(
        inputs,
        Decoder::new(&decode),
        settings,
        Interest::everything(),
        &Stop::default(),
        |m| {
            if m.protocol() != protocol {
                return;
            }
            proof.hear(m);
            let talk = by_id.get(&m.conversation().flow_id).copied();
            let page = pages.entry(m.conversation().flow_id).or_default();
            page.claimed[m.side().index()].push(m.range());
            page.messages += 1;
            page.text
                .push_str(&message(m, talk, &mut discretion, reveal));
        },
    );
    let mut out = String::new();
    let mut total = Totals::default();
    for talk in &recording.conversations {
        match pages.remove(&talk.known.flow_id) {
            Some(page) => out.push_str(&claimed(talk, page, protocol, reveal, &mut total)),
            None => total.other += 1,
        }
    }
    // Below IP, or evicted from the recording: told without bytes.
    let mut rest: Vec<_> = pages.into_iter().collect();
    rest.sort_by_key(|(id, _)| *id);
    for (_, page) in rest {
        out.push_str(&page.text);
        total.messages += page.messages;
    }
    out.push_str(&format!(
        "{}: {} messages in {} conversations, {} bytes unclaimed in them; {} conversations not its own\n",
        protocol.name(),
        total.messages,
        total.own,
        total.unclaimed,
        total.other
    ));
    if total.messages == 0 {
        out.push_str(&asked(protocol, &recording.conversations));
    }
    out.push_str(&proof.verdict(protocol.name()));
    Ok(out)
}

/// Protocols that carry others: what is carried inside one needs it to be brought.
const CARRIERS: &[&str] = &["http", "telnet"];

/// The dissector under trial and, if it may be carried, those that carry.
fn alone(protocol: ProtocolId) -> Vec<(ProtocolId, &'static Protocol)> {
    let carried = protocol.protocol().transports.contains(&Transport::Carried);
    let carriers = CARRIERS
        .iter()
        .filter_map(|name| ProtocolId::of(name))
        .filter(|id| carried && *id != protocol);
    std::iter::once(protocol)
        .chain(carriers)
        .map(|id| (id, id.protocol()))
        .collect()
}

/// What was said of one conversation.
#[derive(Default)]
struct Page {
    text: String,
    messages: u64,
    claimed: [Vec<Range<u64>>; 2],
}

#[derive(Default)]
struct Totals {
    messages: u64,
    own: u64,
    other: u64,
    unclaimed: u64,
}

fn claimed(
    talk: &Recorded,
    page: Page,
    protocol: ProtocolId,
    reveal: bool,
    total: &mut Totals,
) -> String {
    let mut out = format!(
        "{} > {}  {}\n",
        end(&talk.known.ends[0]),
        end(&talk.known.ends[1]),
        protocol.name()
    );
    out.push_str(&page.text);
    for (side, ranges) in Side::BOTH.into_iter().zip(page.claimed) {
        for range in talk.unclaimed(side, ranges) {
            let bytes = talk.bytes(side, range.clone());
            out.push_str(&format!(
                "  UNCLAIMED {} {}..{} ({} bytes)\n",
                arrow(side),
                range.start,
                range.end,
                bytes.len()
            ));
            let some = &bytes[..bytes.len().min(limits::SHOWN)];
            for line in hex::lines(range.start, some, reveal) {
                out.push_str(&format!("      {line}\n"));
            }
            total.unclaimed += bytes.len() as u64;
        }
    }
    total.messages += page.messages;
    total.own += 1;
    out.push('\n');
    out
}

fn message(
    m: Message<'_>,
    talk: Option<&Recorded>,
    discretion: &mut Discretion,
    reveal: bool,
) -> String {
    let range = m.range();
    let mut out = format!(
        "  #{} {} {}  bytes {}..{}",
        m.frame().number,
        arrow(m.side()),
        clean::text(m.kind()),
        range.start,
        range.end
    );
    if let Some(action) = m.action() {
        out.push_str(&crate::talk::deed(&action, discretion));
    }
    if let Some(answer) = m.answers() {
        out.push_str(&format!("  {}", answer.outcome));
    }
    out.push('\n');
    let bytes = talk.map(|t| t.bytes(m.side(), range.clone()));
    if reveal && let Some(bytes) = &bytes {
        let some = &bytes[..bytes.len().min(limits::SHOWN)];
        for line in hex::lines(range.start, some, true) {
            out.push_str(&format!("      {line}\n"));
        }
    }
    for (id, value, (at, len)) in m.fields_with_ranges() {
        let field = m.describe(id);
        let place = match (len, &bytes) {
            (1.., _) => format!("{at}+{len}"),
            (0, Some(bytes)) => found(bytes, value)
                .map(|(n, len)| format!("~{}+{len}", range.start + n as u64))
                .unwrap_or_default(),
            (0, None) => String::new(),
        };
        let mut text = shown(field.privacy, value, discretion);
        if let (Value::Bytes(b), Privacy::Open) = (value, field.privacy) {
            text = hex::short(&b[..b.len().min(32)]);
        }
        out.push_str(&format!("      {place:<12} {:<26} {text}\n", field.name));
    }
    for anomaly in m.anomalies() {
        out.push_str(&format!("      {:<12} !{}\n", anomaly.at, anomaly.name));
    }
    out
}

/// Where a value stands in the message's bytes, if it stands there once as sent.
fn found(bytes: &[u8], value: Value<'_>) -> Option<(usize, usize)> {
    let integer;
    let wanted: &[u8] = match value {
        Value::Text(b) | Value::Time(b) | Value::Bytes(b) => b,
        Value::Quantity(q) => q.sent,
        Value::Integer(n) => {
            integer = n.to_string();
            integer.as_bytes()
        }
        _ => return None,
    };
    if wanted.is_empty() || wanted.len() > bytes.len() {
        return None;
    }
    let mut places = bytes
        .windows(wanted.len())
        .enumerate()
        .filter(|(_, w)| *w == wanted);
    let first = places.next()?.0;
    places.next().is_none().then_some((first, wanted.len()))
}

/// What the signature said of conversations that it did not claim.
fn asked(protocol: ProtocolId, conversations: &[Recorded]) -> String {
    let mut out = "What its signature says of the first bytes of each side:\n".to_owned();
    for talk in conversations.iter().take(20) {
        for side in Side::BOTH {
            let bytes = talk.bytes(side, 0..4096);
            if bytes.is_empty() {
                continue;
            }
            let hint = dissectors::Hint {
                transport: talk.known.transport,
                port: false,
                mid_stream: talk.known.mid_stream,
                whole: true,
            };
            let answer = (protocol.protocol().probe)(side, &bytes, hint);
            out.push_str(&format!(
                "  {} {} {}  {}: {answer:?}\n",
                end(&talk.known.ends[0]),
                arrow(side),
                end(&talk.known.ends[1]),
                hex::short(&bytes[..bytes.len().min(16)])
            ));
        }
    }
    out
}

fn arrow(side: Side) -> char {
    match side {
        Side::Client => '>',
        Side::Server => '<',
    }
}
