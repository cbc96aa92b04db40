//! What is known of an association: titles, contexts, maximum lengths, state (PS3.8 9.2
//! as a passive observer sees it).

use super::action;
use super::encoding::Encoding;
use super::faults;
use super::pdu::{AeTitle, PduType};
use super::value::UID_LEN;
use crate::contract::Side;

/// One association. A connection holds one; a second request on it inherits nothing.
#[derive(Debug)]
pub struct Association {
    pub state: State,
    /// Who sent the A-ASSOCIATE-RQ, if it was seen.
    pub requester: Option<Side>,
    pub calling: AeTitle,
    pub called: AeTitle,
    /// Longest P-DATA-TF length that each side takes; 0 without limit or not told.
    pub maximum: [u32; 2],
    contexts: Vec<Context>,
    /// UIDs of the contexts.
    names: Vec<u8>,
    request_seen: bool,
    answered: bool,
    /// The acceptor took an object class that no delivery device takes.
    pub no_delivery_device: bool,
    /// Encodings seen in data sets whose context was not: by half the context id.
    learned: [Option<Encoding>; 128],
}

/// State of the association (PS3.8 9.2, collapsed).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The start was not seen, or was lost: nothing is unexpected.
    Unseen,
    Idle,
    Requested,
    Open,
    /// This side asked for release.
    Releasing(Side),
    /// This side ended it. What the other sends yet was on its way.
    Closed(Side),
}

#[derive(Clone, Copy, Debug)]
struct Context {
    id: u8,
    abstract_syntax: Name,
    /// Accepted transfer syntax.
    transfer_syntax: Name,
    accepted: bool,
}

/// A range of `Association::names`.
#[derive(Clone, Copy, Debug, Default)]
struct Name {
    start: u32,
    len: u8,
}

impl Association {
    pub fn new() -> Self {
        Association {
            state: State::Idle,
            requester: None,
            calling: AeTitle::default(),
            called: AeTitle::default(),
            maximum: [0; 2],
            contexts: Vec::new(),
            names: Vec::new(),
            request_seen: false,
            answered: false,
            no_delivery_device: false,
            learned: [None; 128],
        }
    }

    /// A new request: what was known of an earlier association is gone.
    pub fn request(&mut self, by: Side, calling: AeTitle, called: AeTitle) {
        self.begin(by, calling, called);
        self.request_seen = true;
    }

    /// A request that was not seen, as far as its answer tells of it.
    pub fn begin(&mut self, by: Side, calling: AeTitle, called: AeTitle) {
        let (mut contexts, mut names) = (
            std::mem::take(&mut self.contexts),
            std::mem::take(&mut self.names),
        );
        contexts.clear();
        names.clear();
        *self = Association {
            state: State::Requested,
            requester: Some(by),
            calling,
            called,
            contexts,
            names,
            ..Association::new()
        };
    }

    /// Adds a proposed context. False if its id is taken.
    pub fn propose(&mut self, id: u8, abstract_syntax: &[u8]) -> bool {
        if self.context(id).is_some() {
            return false;
        }
        let abstract_syntax = self.name(abstract_syntax);
        self.contexts.push(Context {
            id,
            abstract_syntax,
            transfer_syntax: Name::default(),
            accepted: false,
        });
        true
    }

    /// The acceptor answers the request; contexts follow.
    pub fn accept(&mut self) {
        self.state = State::Open;
        self.answered = true;
    }

    /// Notes the answer on a context; false if it was not proposed (or the request was not seen).
    pub fn answer(&mut self, id: u8, accepted: bool, transfer_syntax: &[u8]) -> bool {
        let transfer_syntax = if accepted {
            self.name(transfer_syntax)
        } else {
            Name::default()
        };
        let proposed = self.context(id).is_some();
        if !proposed {
            self.propose(id, b"");
        }
        let at = self.contexts.iter().position(|c| c.id == id);
        if let Some(context) = at.and_then(|at| self.contexts.get_mut(at)) {
            context.accepted = accepted;
            context.transfer_syntax = transfer_syntax;
            let taken = *context;
            self.no_delivery_device |=
                accepted && action::is_archived_only(self.text(taken.abstract_syntax));
        }
        proposed
    }

    /// The request was seen, so its contexts are known.
    pub fn is_request_seen(&self) -> bool {
        self.request_seen
    }

    pub fn abstract_syntax(&self, id: u8) -> &[u8] {
        self.context(id)
            .map_or(b"", |c| self.text(c.abstract_syntax))
    }

    pub fn transfer_syntax(&self, id: u8) -> &[u8] {
        self.context(id)
            .map_or(b"", |c| self.text(c.transfer_syntax))
    }

    /// What is wrong with a message on this context, if anything can be said.
    pub fn context_fault(&self, id: u8) -> Option<&'static str> {
        let refused = self.answered && !self.context(id).is_some_and(|c| c.accepted);
        if refused {
            Some(faults::CONTEXT_NOT_ACCEPTED)
        } else if id.is_multiple_of(2) {
            Some(faults::CONTEXT_EVEN)
        } else {
            None
        }
    }

    /// How data sets on this context are encoded, as negotiated or as seen before.
    pub fn encoding(&self, id: u8) -> Encoding {
        match self.transfer_syntax(id) {
            b"" => self.learned(id).unwrap_or_default(),
            uid => Encoding::of(uid),
        }
    }

    /// Remembers what a data set on this context looked like.
    pub fn learn(&mut self, id: u8, encoding: Encoding) {
        if let Some(slot) = self.learned.get_mut(usize::from(id / 2))
            && encoding != Encoding::Unknown
        {
            *slot = Some(encoding);
        }
    }

    fn learned(&self, id: u8) -> Option<Encoding> {
        self.learned.get(usize::from(id / 2)).copied().flatten()
    }

    /// Bytes of this association were lost: what the loss may have held is not unexpected.
    pub fn lost(&mut self) {
        if !matches!(self.state, State::Open | State::Releasing(_)) {
            self.state = State::Unseen;
        }
    }

    /// What is wrong with a PDU of this type from this side now, and the state after it.
    /// `heard`: the other side has said something.
    pub fn step(&mut self, side: Side, pdu: PduType, heard: bool) -> Option<&'static str> {
        use State::{Closed, Idle, Open, Releasing, Requested, Unseen};
        let by_requester = self.requester == Some(side);
        let (fault, next) = match (pdu, self.state) {
            (PduType::ASSOCIATE_RQ, Requested | Open | Releasing(_)) => {
                (Some(faults::SECOND_REQUEST), self.state)
            }
            (PduType::ASSOCIATE_RQ, Closed(_)) => (Some(faults::PDU_UNEXPECTED), Requested),
            (PduType::ASSOCIATE_RQ, Idle | Unseen) => (
                (side == Side::Server && self.state == Idle).then_some(faults::PDU_UNEXPECTED),
                Requested,
            ),
            (PduType::ASSOCIATE_AC, Requested) if !by_requester => (None, Open),
            (PduType::ASSOCIATE_AC, Unseen) => (None, Open),
            // The request may be in the direction that is not seen.
            (PduType::ASSOCIATE_AC, Idle) if side == Side::Server && !heard => (None, Open),
            (PduType::ASSOCIATE_RJ, Requested) if !by_requester => (None, Closed(side)),
            (PduType::ASSOCIATE_RJ, Unseen) => (None, Closed(side)),
            (PduType::ASSOCIATE_RJ, Idle) if side == Side::Server && !heard => (None, Closed(side)),
            (_, Idle) if side == Side::Server && !heard => (None, Unseen),
            (PduType::P_DATA_TF | PduType::RELEASE_RQ, Idle) => {
                (Some(faults::NO_ASSOCIATION), Unseen)
            }
            (PduType::P_DATA_TF, Open | Unseen) => (None, self.state),
            (PduType::P_DATA_TF, Releasing(by)) => {
                ((by == side).then_some(faults::PDU_UNEXPECTED), self.state)
            }
            // With the other direction missing nobody can say that the answer did not come.
            (PduType::P_DATA_TF, Requested) => {
                (heard.then_some(faults::PDU_UNEXPECTED), self.state)
            }
            (PduType::RELEASE_RQ, Requested) => {
                (heard.then_some(faults::PDU_UNEXPECTED), Releasing(side))
            }
            // Both may ask at once (release collision).
            (PduType::RELEASE_RQ, Open | Unseen) => (None, Releasing(side)),
            (PduType::RELEASE_RQ, Releasing(by)) => {
                ((by == side).then_some(faults::PDU_UNEXPECTED), self.state)
            }
            (PduType::RELEASE_RP, Releasing(_) | Unseen) => (None, Closed(side)),
            // What it answers may be in the direction that is not seen.
            (PduType::RELEASE_RP, Requested | Open) if !heard => (None, Closed(side)),
            (PduType::P_DATA_TF | PduType::RELEASE_RQ | PduType::RELEASE_RP, Closed(by))
                if by != side =>
            {
                (None, self.state)
            }
            (PduType::ABORT, _) => (None, Closed(side)),
            (_, state) => (Some(faults::PDU_UNEXPECTED), state),
        };
        self.state = next;
        fault
    }

    pub fn held(&self) -> usize {
        self.contexts.capacity() * size_of::<Context>() + self.names.capacity()
    }

    fn context(&self, id: u8) -> Option<&Context> {
        self.contexts.iter().find(|c| c.id == id)
    }

    fn text(&self, name: Name) -> &[u8] {
        let start = name.start as usize;
        self.names
            .get(start..start + usize::from(name.len))
            .unwrap_or(&[])
    }

    fn name(&mut self, uid: &[u8]) -> Name {
        let uid = uid.get(..UID_LEN).unwrap_or(uid);
        let start = self.names.len() as u32;
        self.names.extend_from_slice(uid);
        Name {
            start,
            len: uid.len() as u8,
        }
    }
}
