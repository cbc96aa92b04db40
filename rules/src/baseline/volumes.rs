//! How much a device sends: too much, too little, nothing; and what it sends to the internet.

use dissectors::contract::{Side, Transport};
use dissectors::message::{Message, Value};
use dissectors::tcp;

use super::outside::{SMALL, is_outside};
use super::profile::{Over, Profile, SPAN};
use super::spans::Usual;
use super::told::Last;
use super::{Baseline, End, Kind, Tell, Unusual};
use crate::limits::{self, Hits};

/// Hours of a device's own that must be known before an hour is too much.
const HOURS: u64 = 3;
/// Spans with too little in a row before it is told.
const MEAGRE: u32 = 3;
/// So many messages and bytes in five minutes are never too many.
const FEW_MESSAGES: u64 = 60;
const FEW_BYTES: u64 = 10_000;
/// Silent spans that are told of a device that was never silent.
const SILENT: u64 = 3;

impl Baseline {
    pub(super) fn sends(
        &mut self,
        from: End,
        to: End,
        message: Message<'_>,
        hits: &mut Hits,
        tell: Tell<'_>,
    ) {
        let span = message.frame().time.div_euclid(SPAN);
        let transport = message.protocol().name() == tcp::TCP.name;
        let over = match self.profiles.get_mut(from.slot as usize) {
            Some(profile) => profile.now.moves(span, self.watched),
            None => return,
        };
        if let Some(over) = over {
            self.span_over(from, &over, tell);
        }
        if transport {
            self.call(from, to, message, hits, tell);
        }
        let sent = self.bytes_of(message, transport, hits);
        for (end, bytes) in [(from, sent[0]), (to, sent[1])] {
            let messages = u64::from(end.slot == from.slot && !transport);
            if messages == 0 && bytes == 0 {
                continue;
            }
            let Some(profile) = self.profiles.get_mut(end.slot as usize) else {
                continue;
            };
            // Bytes told late belong to no span that is over.
            profile.now.add(span, messages, bytes);
            if messages > 0 {
                profile.now.silence_told = false;
                profile.now.last = Some(Last {
                    conversation: *message.conversation(),
                    protocol: message.protocol(),
                    kind: message.kind_id(),
                    side: message.side(),
                    frame: message.frame(),
                });
            }
            if bytes > 0 {
                self.outbound(end, tell);
            }
        }
    }

    /// Bytes that sender and receiver of a message sent, as far as they were not counted before.
    fn bytes_of(&mut self, message: Message<'_>, transport: bool, hits: &mut Hits) -> [u64; 2] {
        let conversation = message.conversation();
        let range = message.range();
        let own = range.end.saturating_sub(range.start);
        let sender = message.side().index();
        if conversation.transport != Transport::Tcp || conversation.flow_id == 0 {
            return [if transport { 0 } else { own }, 0];
        }
        if !transport {
            let full = self.flows.len() >= self.room.flows;
            if full && !self.flows.contains_key(&conversation.flow_id) {
                hits.count(limits::BASELINE_FLOWS);
                self.flows.clear();
                self.flows_lost = true;
            }
            let counted = self.flows.entry(conversation.flow_id).or_default();
            counted[sender] = counted[sender].saturating_add(own);
            return [own, 0];
        }
        if message.kind_id() != Some(tcp::CLOSED) {
            return [0, 0];
        }
        let counted = self.flows.remove(&conversation.flow_id);
        if counted.is_none() && self.flows_lost {
            return [0, 0];
        }
        let counted = counted.unwrap_or_default();
        let said = |field| match message.field(field) {
            Some(Value::Integer(n)) => u64::try_from(n).unwrap_or(0),
            _ => 0,
        };
        let all = [said(tcp::CLIENT_BYTES), said(tcp::SERVER_BYTES)];
        [sender, 1 - sender].map(|side| all[side].saturating_sub(counted[side]))
    }

    /// Five minutes are over, perhaps an hour as well.
    fn span_over(&mut self, own: End, over: &Over, tell: Tell<'_>) {
        if own.learns {
            if let Some(profile) = self.profiles.get_mut(own.slot as usize) {
                profile.learn(over);
            }
            if let Some(kind) = own.kind {
                self.kind(kind).learn(over);
            }
            return;
        }
        if over.messages == 0 {
            return;
        }
        let learned = self.learned_words();
        let Some((whose, base)) = self.measure(own) else {
            return;
        };
        let usual = [base.messages.usual(), base.bytes.usual()];
        let meagre = usual[0].is_some_and(|u| over.messages < u.too_little());
        let words = |usual: &Usual, what: &str, limit: String| {
            format!(
                "{whose}: median {} {what} in 5 minutes, MAD {}, {limit} ({} spans {learned})",
                usual.median, usual.mad, usual.spans
            )
        };
        let mut found = Vec::new();
        for (kind, usual, count, what, few) in [
            (
                Kind::Rate,
                usual[0],
                over.messages,
                "messages",
                FEW_MESSAGES,
            ),
            (Kind::Volume, usual[1], over.bytes, "bytes", FEW_BYTES),
        ] {
            let limit = |u: &Usual| u.too_much().max(few);
            if let Some(usual) = usual.filter(|u| count > limit(u)) {
                let limit = format!("out of range above {}", limit(&usual));
                found.push((kind, words(&usual, what, limit), count, what));
            }
        }
        let Some(profile) = self.profiles.get_mut(own.slot as usize) else {
            return;
        };
        // What lies between two meagre spans breaks the row: silence has a finding of its own.
        profile.now.meagre = match meagre && over.idle == 0 {
            true => profile.now.meagre.saturating_add(1),
            false => 0,
        };
        if profile.now.meagre == MEAGRE
            && let Some(usual) = usual[0]
        {
            let limit = format!("out of range below {}", usual.too_little());
            let baseline = words(&usual, "messages", limit);
            found.push((Kind::Less, baseline, over.messages, "messages"));
        }
        for (kind, baseline, count, what) in found {
            tell(Unusual {
                kind,
                device: own.ip,
                detail: String::new(),
                baseline,
                observed: format!("{count} {what} in 5 minutes"),
                about: None,
            });
        }
    }

    /// The bytes of the hour that runs.
    fn outbound(&mut self, own: End, tell: Tell<'_>) {
        let Some(now) = self.profiles.get(own.slot as usize).map(|p| &p.now) else {
            return;
        };
        let hour = now.hour();
        if own.learns || now.hour_told || hour <= self.room.floor {
            return;
        }
        let Some((whose, base)) = self.measure(own) else {
            return;
        };
        let hours = base.hourly.all();
        let limit = base.hourly.most.saturating_mul(5);
        if hours < HOURS || hour <= limit {
            return;
        }
        tell(Unusual {
            kind: Kind::Outbound,
            device: own.ip,
            detail: String::new(),
            baseline: format!(
                "{whose}: at most {} bytes in one of {hours} hours {}, out of range above {}",
                base.hourly.most,
                self.learned_words(),
                limit.max(self.room.floor)
            ),
            observed: format!("{hour} bytes in this hour"),
            about: None,
        });
        if let Some(profile) = self.profiles.get_mut(own.slot as usize) {
            profile.now.hour_told = true;
        }
    }

    /// A connection to an address of the internet, or an attempt at one.
    fn call(&mut self, from: End, to: End, message: Message<'_>, hits: &mut Hits, tell: Tell<'_>) {
        let began = [tcp::OPENED, tcp::ATTEMPT, tcp::REFUSED];
        if message.side() != Side::Client || !is_outside(to.ip) || is_outside(from.ip) {
            return;
        }
        if message.kind_id() == Some(tcp::CLOSED) {
            let said = [tcp::CLIENT_BYTES, tcp::SERVER_BYTES].iter().any(|field| {
                matches!(message.field(*field), Some(Value::Integer(n)) if n > SMALL as i64)
            });
            if said {
                self.beats.talked(from.slot, to.ip);
            }
            return;
        }
        if from.learns || !message.kind_id().is_some_and(|k| began.contains(&k)) {
            return;
        }
        // An attempt is told when it is given up; it was made when it began.
        let at = message.conversation().started.time;
        if self.called_before(from, to) {
            return;
        }
        let room = self.room.beats;
        if let Some(beat) = self.beats.call(from.slot, to.ip, at, room, hits) {
            let known = self.profiles.get(from.slot as usize).map_or(0, |p| {
                p.peers
                    .iter()
                    .filter(|slot| self.who.address(**slot).is_some_and(is_outside))
                    .filter(|slot| {
                        self.profiles
                            .get(**slot as usize)
                            .is_some_and(|p| p.learned)
                    })
                    .count()
            });
            tell(Unusual {
                kind: Kind::Beacon,
                device: from.ip,
                detail: to.ip.to_string(),
                baseline: format!(
                    "the device: {known} addresses of the internet called {}, {} not among them",
                    self.learned_words(),
                    to.ip
                ),
                observed: format!(
                    "{} calls to {}, every {:.1} s (between {:.1} and {:.1} s)",
                    beat.calls, to.ip, beat.pause, beat.shortest, beat.longest
                ),
                about: None,
            });
        }
    }

    /// The peer was there to be learned, and this device's.
    fn called_before(&self, from: End, to: End) -> bool {
        let learned = |p: &Profile| p.learned && p.peers.contains(&to.slot);
        let peer = self.profiles.get(to.slot as usize);
        peer.is_some_and(|p| p.learned)
            && self.profiles.get(from.slot as usize).is_some_and(learned)
    }

    /// Whether a device that always spoke says nothing. Told once for a silence.
    pub(super) fn silent(&mut self, at: usize, span: i64, learned: &str) -> Option<Unusual> {
        let watched = self.watched;
        let profile = self.profiles.get_mut(at)?;
        if !profile.learned || profile.now.silence_told || !profile.messages.steady() {
            return None;
        }
        let silent = profile.now.silent(span, watched);
        if silent < SILENT.max(profile.messages.longest * 2 + 1) {
            return None;
        }
        let last = profile.now.last?;
        profile.now.silence_told = true;
        let ip = last.conversation.ends[last.side.index()].ip;
        Some(Unusual {
            kind: Kind::Silent,
            device: ip,
            detail: String::new(),
            baseline: format!(
                "the device: messages in {} of {} spans of 5 minutes, never silent for more than {} minutes {learned}",
                profile.messages.busy(),
                profile.messages.all(),
                (profile.messages.longest + 1) * 5
            ),
            observed: format!("nothing for {} minutes", silent * 5),
            about: Some(last),
        })
    }
}
