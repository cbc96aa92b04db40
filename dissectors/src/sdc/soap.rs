//! One SOAP envelope becomes a message: header facts, kind, body, join keys.

use std::collections::VecDeque;
use std::ops::Range;

use super::addressing::{self, Header};
use super::fields::*;
use super::mdib::Handles;
use super::names::{BODIES, Body, Class, Depth, Ns, action_name, agree, body_named, is_own_action};
use super::operation::{Answered, Doing};
use super::xml::{Step, Tag, Xml};
use super::{context, discovery, mdib, operation, services, text};
use crate::action::{Action, Outcome, Verb};
use crate::http::{Faults, exchange_key};
use crate::limits::{self, Limits};
use crate::message::{Draft, Messages, Scope};
use crate::schema::KindId;

/// Requests whose message ids are remembered, to compare with what answers relate to.
const REMEMBERED: usize = 64;

/// What carries an envelope.
#[derive(Clone, Copy)]
pub struct Via<'a> {
    /// Number of the HTTP exchange in its conversation, where known.
    pub number: Option<u64>,
    pub response: bool,
    pub status: u16,
    /// The kind of the envelope that it answers, if the request was one.
    pub answers: Option<KindId>,
    /// The media type says SOAP.
    pub says_soap: bool,
    /// Only the front is there.
    pub cut: bool,
    pub agent: &'a [u8],
    pub server: &'a [u8],
    pub coding: &'a [u8],
    pub faults: Faults,
}

impl Via<'_> {
    pub fn datagram(faults: Faults) -> Self {
        Via {
            number: None,
            response: false,
            status: 0,
            answers: None,
            says_soap: true,
            cut: false,
            agent: b"",
            server: b"",
            coding: b"",
            faults,
        }
    }

    /// A body whose HTTP head was lost.
    pub fn headless(faults: Faults) -> Self {
        Self::datagram(faults)
    }
}

/// Where an envelope that starts `input` ends, looking from `from` on.
pub fn envelope_end(input: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let found = at + memchr::memmem::find(input.get(at..)?, b"Envelope>")?;
        let open = memchr::memrchr(b'<', &input[found.saturating_sub(32)..found])
            .map(|n| found.saturating_sub(32) + n);
        if open.is_some_and(|n| input.get(n + 1) == Some(&b'/')) {
            return Some(found + 9);
        }
        at = found + 1;
    }
}

/// The SOAP side of one connection: what it learned, and what was asked.
pub struct Soap {
    pub(super) handles: Handles,
    asked: VecDeque<(u64, u64)>,
    /// An envelope of SDC was seen.
    spoke: bool,
    /// The kind of the last one.
    told: Option<KindId>,
    room: String,
    key: Vec<u8>,
}

impl Soap {
    pub fn new(limits: &Limits) -> Self {
        Soap {
            handles: Handles::new(limits.get(limits::SDC_HANDLES)),
            asked: VecDeque::new(),
            spoke: false,
            told: None,
            room: String::new(),
            key: Vec::new(),
        }
    }

    pub fn held(&self) -> usize {
        self.handles.held()
            + self.asked.capacity() * 16
            + self.room.capacity()
            + self.key.capacity()
    }

    /// The kind of the message that was written last.
    pub fn told(&self) -> Option<KindId> {
        self.told
    }

    /// Reads a body. True if it was SDC's, and a message was written; else nothing was.
    pub fn carried(
        &mut self,
        content: &[u8],
        via: &Via<'_>,
        range: Range<u64>,
        out: &mut Messages<'_>,
    ) -> bool {
        if content.is_empty() {
            return self.empty(via, range, out);
        }
        let start = content
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(content)
            .trim_ascii_start();
        if !start.starts_with(b"<") && !text::is_wide_envelope(content) {
            let known = via.says_soap && (self.spoke || via.answers.is_some());
            if known {
                let mut draft = out.message(MALFORMED, range.clone());
                draft.anomaly("not-xml", range.start);
                self.carrier(via, &mut draft);
                self.join(via, &Header::default(), true, None, &mut draft);
            }
            return known;
        }
        if !via.says_soap && !crate::http::is_envelope(content) && !text::is_wide_envelope(content)
        {
            return false;
        }
        let mut room = std::mem::take(&mut self.room);
        let (document, coding) = text::decode(content, &mut room);
        let claimed = self.envelope(document, coding, via, range, out);
        if room.capacity() > 256 * 1024 {
            room = String::new();
        }
        self.room = room;
        self.spoke |= claimed;
        claimed
    }

    /// An answer without a body to a message of ours. Where the body was lost, what was asked tells
    /// what it was.
    fn empty(&mut self, via: &Via<'_>, range: Range<u64>, out: &mut Messages<'_>) -> bool {
        let Some(asked) = via.answers.filter(|_| via.response) else {
            return false;
        };
        let lost = via.cut.then(|| answer_to(asked)).flatten();
        let mut draft = out.message(lost.unwrap_or(EMPTY), range);
        self.carrier(via, &mut draft);
        let answered = Answered {
            state: lost.map(|_| Outcome::Unknown),
            ..Answered::default()
        };
        self.join(
            via,
            &Header::default(),
            true,
            Some((&answered, None)),
            &mut draft,
        );
        true
    }

    fn envelope(
        &mut self,
        document: &str,
        coding: Option<&'static str>,
        via: &Via<'_>,
        range: Range<u64>,
        out: &mut Messages<'_>,
    ) -> bool {
        let mut xml = Xml::new(document, out.limits());
        if let Some(name) = coding {
            xml.fault(name);
        }
        let mut header = Header::default();
        let mut child: Option<Tag<'_>> = None;
        let mut is_envelope = false;
        loop {
            match xml.step() {
                Step::Open(tag) if xml.depth() == 1 => {
                    if tag.local != "Envelope" {
                        break;
                    }
                    is_envelope = matches!(tag.ns, Ns::Soap12 | Ns::Soap11);
                }
                Step::Open(tag) if xml.depth() == 2 && tag.local == "Header" => {
                    addressing::read(&mut xml, &mut header)
                }
                Step::Open(tag) if xml.depth() == 2 && tag.local == "Body" => {
                    child = xml.child(2);
                    break;
                }
                Step::Open(_) => xml.skip(),
                Step::End => break,
                _ => {}
            }
        }
        let own = is_own_action(&header.action)
            || child.as_ref().is_some_and(|c| {
                matches!(c.ns, Ns::Wsd | Ns::Dpws | Ns::Wse | Ns::Mex | Ns::Wxf | Ns::Msg | Ns::Mdpws)
            })
            || header.action.starts_with("http://schemas.xmlsoap.org/ws/2005/04/discovery")
            || via.answers.is_some()
            || header.action == "http://www.w3.org/2005/08/addressing/fault"
            // What broke before it could be told.
            || xml.faults().next().is_some() && via.says_soap
            || !is_envelope && via.says_soap && (self.spoke || speaks(document));
        if !own {
            return false;
        }
        self.message(&mut xml, document, header, child, via, range, out);
        true
    }

    #[allow(clippy::too_many_arguments)]
    fn message<'a>(
        &mut self,
        xml: &mut Xml<'a>,
        document: &str,
        header: Header<'a>,
        child: Option<Tag<'a>>,
        via: &Via<'_>,
        range: Range<u64>,
        out: &mut Messages<'_>,
    ) {
        let name = match &child {
            Some(tag) => tag.local,
            None => action_name(&header.action),
        };
        let old = header
            .action
            .starts_with("http://schemas.xmlsoap.org/ws/2005/04/discovery")
            || child.as_ref().is_some_and(|c| c.ns == Ns::Old);
        // A known name in a foreign namespace is not the known message.
        let foreign = child.as_ref().is_some_and(|c| {
            !matches!(
                c.ns,
                Ns::Wsd
                    | Ns::Dpws
                    | Ns::Wse
                    | Ns::Mex
                    | Ns::Wxf
                    | Ns::Msg
                    | Ns::Mdpws
                    | Ns::Soap12
                    | Ns::Soap11
            )
        });
        let body = body_named(name).filter(|_| !foreign && !old);
        let limits = out.limits();
        self.told = Some(body.map_or(MALFORMED, |b| b.kind));
        let mut draft = match body {
            Some(body) => out.message(body.kind, range.clone()),
            None if name.is_empty() => out.message(MALFORMED, range.clone()),
            None if old => {
                self.key.clear();
                self.key.extend_from_slice(b"old ");
                self.key
                    .extend_from_slice(&name.as_bytes()[..name.len().min(64)]);
                out.message_named(&self.key, range.clone())
            }
            None => out.message_named(&name.as_bytes()[..name.len().min(64)], range.clone()),
        };
        self.carrier(via, &mut draft);
        header.write(&mut draft);
        let mut doing = Doing::default();
        let mut answered = Answered::default();
        if let (Some(body), Some(tag)) = (body, &child) {
            let whole = match body.depth {
                Depth::Whole => true,
                Depth::Root => false,
                Depth::Patients => {
                    memchr::memmem::find(document.as_bytes(), b"PatientContextState").is_some()
                }
            };
            services::versions(tag, &mut answered, &mut draft);
            if whole {
                self.content(
                    body,
                    tag,
                    xml,
                    limits,
                    &mut doing,
                    &mut answered,
                    &mut draft,
                );
                self.after(xml);
            } else {
                self.front(xml, document, via, &mut draft);
            }
        } else if old && child.is_some() {
            discovery::read(xml, 3, &mut draft);
        } else {
            self.after(xml);
        }
        match &child {
            Some(tag)
                if !header.action.is_empty()
                    && body.is_some()
                    && !agree(&header.action, tag.local) =>
            {
                xml.fault("action-body");
            }
            _ if header.action.is_empty() && body.is_some() => xml.fault("no-action"),
            _ => {}
        }
        self.act(body, name, old, &doing, &mut draft);
        let answer = match body {
            Some(b) => b.class == Class::Answer,
            None => via.response || name.ends_with("Response"),
        };
        let refused = (name == "Fault").then_some(answered.fault);
        if answered.state.is_none() {
            answered.state = refused;
        }
        if !answer && via.number.is_some() {
            self.remember(via, &header);
        } else if self.elsewhere(via, &header) {
            xml.fault("relates-elsewhere");
        }
        self.join(via, &header, answer, Some((&answered, body)), &mut draft);
        let base = range.start;
        for (fault, at) in xml.faults() {
            draft.anomaly(fault, base + (at as u64).min(range.end - base));
        }
        if body.is_none() && name.is_empty() && xml.faults().next().is_none() {
            draft.anomaly("not-well-formed", base);
        }
        if let Some(id) = xml.hit {
            out.limit(id);
        }
        if self.handles.take_hit() {
            out.limit(limits::SDC_HANDLES);
        }
    }

    /// Reads the body of a kind that is read whole.
    #[allow(clippy::too_many_arguments)]
    fn content<'a>(
        &mut self,
        body: &Body,
        tag: &Tag<'a>,
        xml: &mut Xml<'a>,
        limits: &Limits,
        doing: &mut Doing<'a>,
        answered: &mut Answered<'a>,
        draft: &mut Draft<'_>,
    ) {
        match body.kind {
            HELLO | BYE | PROBE | PROBE_MATCHES | RESOLVE | RESOLVE_MATCHES => {
                discovery::read(xml, 3, draft)
            }
            METADATA => {
                let device = discovery::metadata(xml, draft);
                self.handles.carried_by(device);
            }
            SUBSCRIBE | SUBSCRIBE_RESPONSE | RENEW | RENEW_RESPONSE | GET_STATUS
            | GET_STATUS_RESPONSE | UNSUBSCRIBE | SUBSCRIPTION_END => {
                services::eventing(xml, draft)
            }
            FAULT => services::fault(xml, answered, draft),
            GET_MDIB_RESPONSE | GET_MD_DESCRIPTION_RESPONSE | DESCRIPTION_MODIFICATION_REPORT => {
                mdib::read(xml, &mut self.handles, limits, answered, doing, draft);
            }
            SET_VALUE | SET_STRING | ACTIVATE | SET_ALERT_STATE | SET_METRIC_STATE
            | SET_COMPONENT_STATE | SET_CONTEXT_STATE => {
                operation::read(body.kind, xml, &self.handles, doing, draft)
            }
            EPISODIC_ALERT_REPORT => services::alerts(xml, draft),
            OPERATION_INVOKED_REPORT => operation::report(xml, answered, draft),
            _ if body.class == Class::Answer && body.depth == Depth::Whole => {
                operation::response(xml, answered, draft);
            }
            _ => context::read(tag, xml, draft),
        }
    }

    /// After the body's first element: nothing but ends should come.
    fn after(&mut self, xml: &mut Xml<'_>) {
        loop {
            match xml.step() {
                Step::Open(_) if xml.depth() == 3 => {
                    xml.fault("two-bodies");
                    xml.skip();
                }
                Step::Open(_) => xml.skip(),
                Step::End => break,
                _ => {}
            }
        }
    }

    /// Of a report only the front was read: its states are counted, its end looked at.
    fn front(&mut self, xml: &mut Xml<'_>, document: &str, via: &Via<'_>, draft: &mut Draft<'_>) {
        if draft.wants(STATES) {
            let states =
                memchr::memmem::find_iter(document.as_bytes(), b"DescriptorHandle=").count();
            if states > 0 {
                draft.integer(STATES, states as i64);
            }
        }
        if !via.cut && !document.trim_end().ends_with("Envelope>") {
            xml.fault("truncated");
        }
    }

    /// The message's action.
    fn act(
        &self,
        body: Option<&Body>,
        name: &str,
        old: bool,
        doing: &Doing<'_>,
        draft: &mut Draft<'_>,
    ) {
        let verb = match body.map(|b| b.class) {
            Some(Class::Answer) => return,
            Some(Class::Does(_)) if doing.deletes => Verb::Delete,
            Some(Class::Does(verb)) => verb,
            Some(Class::Set) => {
                draft.action(doing.action());
                return;
            }
            None if old && matches!(name, "Hello" | "Bye" | "Probe" | "Resolve") => Verb::Discover,
            None if name.ends_with("Response") || name.ends_with("Matches") || name.is_empty() => {
                return;
            }
            None => Verb::UnknownVerb,
        };
        draft.action(Action::of(verb));
    }

    /// What the HTTP message tells beside the envelope.
    fn carrier(&self, via: &Via<'_>, draft: &mut Draft<'_>) {
        if via.status != 0 {
            draft.integer(HTTP_STATUS, i64::from(via.status));
        }
        draft
            .text_if(USER_AGENT, via.agent)
            .text_if(SERVER, via.server)
            .text_if(CONTENT_ENCODING, via.coding);
        for (name, at) in via.faults.iter() {
            draft.anomaly(name, at);
        }
    }

    /// Join keys. The HTTP exchange joins request and answer; a transaction joins the answer of a
    /// set operation to its reports, which go to other connections and hosts.
    fn join(
        &mut self,
        via: &Via<'_>,
        header: &Header<'_>,
        answer: bool,
        body: Option<(&Answered<'_>, Option<&Body>)>,
        draft: &mut Draft<'_>,
    ) {
        let mut room = [0; 28];
        let answered = body.map(|(a, _)| a);
        let state = answered.and_then(|a| a.state);
        let pending = matches!(state, Some(Outcome::Requested));
        let outcome = match state {
            Some(outcome) => outcome,
            None if via.status >= 400 => crate::http::outcome(via.status),
            None => Outcome::Accepted,
        };
        let transaction = answered.is_some_and(|a| a.key(&mut self.key));
        let report = body
            .and_then(|(_, b)| b)
            .is_some_and(|b| b.kind == OPERATION_INVOKED_REPORT);
        let reach = if self.key.starts_with(b"sdc  ") {
            Scope::Hosts
        } else {
            Scope::Everywhere
        };
        match via.number {
            Some(n) if via.response => {
                draft.answers(
                    Scope::Conversation,
                    exchange_key(n, &mut room),
                    !pending,
                    outcome,
                );
            }
            Some(n) => {
                draft.asks(Scope::Conversation, exchange_key(n, &mut room));
            }
            None => {
                // A search asks; Hello and Bye do not. Without its HTTP exchange, a message is
                // joined by the ids that it names.
                let announces = body
                    .and_then(|(_, b)| b)
                    .is_some_and(|b| matches!(b.kind, HELLO | BYE));
                if answer && !header.relates_to.is_empty() {
                    let more = pending || answered.is_some() && state.is_none();
                    draft.answers(
                        Scope::Everywhere,
                        header.relates_to.as_bytes(),
                        !more,
                        outcome,
                    );
                } else if !answer && !announces && !header.message_id.is_empty() {
                    draft.asks(Scope::Everywhere, header.message_id.as_bytes());
                }
            }
        }
        if transaction && report {
            draft.answers(reach, &self.key, !pending, outcome);
        } else if transaction && answer {
            draft.asks(reach, &self.key);
        }
    }

    fn remember(&mut self, via: &Via<'_>, header: &Header<'_>) {
        if let Some(n) = via.number
            && !via.response
            && !header.message_id.is_empty()
        {
            if self.asked.len() == REMEMBERED {
                self.asked.pop_front();
            }
            self.asked
                .push_back((n, digest(header.message_id.as_bytes())));
        }
    }

    /// Does this answer relate to another message than the one that its HTTP request carried?
    fn elsewhere(&self, via: &Via<'_>, header: &Header<'_>) -> bool {
        via.response
            && !header.relates_to.is_empty()
            && self.asked.iter().any(|(n, id)| {
                Some(*n) == via.number && *id != digest(header.relates_to.as_bytes())
            })
    }
}

/// The kind that answers a request of this kind.
fn answer_to(asked: KindId) -> Option<KindId> {
    let name = BODIES.iter().find(|b| b.kind == asked)?.name;
    let answer = match asked {
        GET | GET_METADATA => return Some(METADATA),
        PROBE => return Some(PROBE_MATCHES),
        RESOLVE => return Some(RESOLVE_MATCHES),
        _ => BODIES
            .iter()
            .find(|b| b.name.strip_prefix(name) == Some("Response"))?,
    };
    Some(answer.kind)
}

/// FNV-1a: to compare, not to protect.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Does a document that cannot be read name SDC?
fn speaks(document: &str) -> bool {
    let has = |word: &str| memchr::memmem::find(document.as_bytes(), word.as_bytes()).is_some();
    has("/11073/11073-") || has("/ws-dd/ns/")
}
