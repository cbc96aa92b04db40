//! A message with what is known around it.

use std::cell::OnceCell;

use dissectors::action::Outcome;
use dissectors::contract::Side;
use dissectors::message::{Endpoint, Message};

use super::super::compiled::{Seat, Which};
use super::super::units::Dimension;
use crate::engine::orders::Closing;
use crate::engine::vitals::Unusual;
use crate::engine::{Neighbours, Taught};
use crate::inventory::{Claims, Inventory};
use crate::policy::{Identity, Policy, Standing};

/// The other message of a pair.
#[derive(Clone, Copy)]
pub enum Partner<'m> {
    /// It should have been seen, and was not.
    Missing,
    /// Whether there is one cannot be told.
    Unknown,
    /// It was seen, but nothing of it was kept.
    Known,
    Found(Message<'m>),
}

/// A message with what is known around it.
pub struct Facts<'m> {
    pub message: Message<'m>,
    pub request: Partner<'m>,
    pub answer: Partner<'m>,
    /// As the answer settled it; else the action's own.
    pub outcome: Option<Outcome>,
    pub sides: Sides<'m>,
    pub policy: Option<&'m Policy>,
    pub inventory: &'m Inventory,
    /// What the engine keeps of the past for this message.
    pub known: Known<'m>,
    standing: OnceCell<Standing>,
}

/// What the engine learnt before that bears on a message.
#[derive(Clone, Copy, Default)]
pub struct Known<'m> {
    /// The value in force before, in base units.
    pub before: Option<(f64, Dimension)>,
    /// What the device published of the operation asked for.
    pub taught: Option<Taught>,
    pub neighbours: Option<&'m Neighbours>,
    /// What is unusual about the vital signs of this message.
    pub vitals: Unusual,
    /// What this report says of an order.
    pub closing: Option<Closing>,
    /// It names a patient where that does not belong. `None`: not asked.
    pub patient: Option<bool>,
}

/// Who asks and who is asked.
#[derive(Clone, Copy)]
pub struct Sides<'m> {
    pub actor: &'m Endpoint,
    pub target: &'m Endpoint,
    /// The message whose claims name them, and which side of it the actor is on.
    pub named_by: Message<'m>,
    pub actor_side: Side,
}

impl<'m> Sides<'m> {
    /// An answer does not swap who asks and who is asked.
    pub fn of(message: Message<'m>) -> Self {
        let actor_side = if message.answers().is_some() {
            message.side().other()
        } else {
            message.side()
        };
        let ends = &message.conversation().ends;
        Sides {
            actor: &ends[actor_side.index()],
            target: &ends[actor_side.other().index()],
            named_by: message,
            actor_side,
        }
    }

    pub fn endpoint(&self, seat: Seat) -> &'m Endpoint {
        match seat {
            Seat::Actor => self.actor,
            Seat::Target => self.target,
            Seat::Sender => self.named_by.source(),
            Seat::Receiver => self.named_by.destination(),
        }
    }

    pub fn claims(&self, seat: Seat) -> Claims<'m> {
        let side = match seat {
            Seat::Actor => self.actor_side,
            Seat::Target => self.actor_side.other(),
            Seat::Sender => self.named_by.side(),
            Seat::Receiver => self.named_by.side().other(),
        };
        Claims::of(self.named_by, side)
    }

    pub fn identity(&self, seat: Seat) -> Identity<'m> {
        let end = self.endpoint(seat);
        Identity {
            ip: end.ip,
            mac: end.mac,
            claims: self.claims(seat),
        }
    }
}

impl<'m> Facts<'m> {
    pub fn new(message: Message<'m>, policy: Option<&'m Policy>, inventory: &'m Inventory) -> Self {
        Facts {
            message,
            request: Partner::Unknown,
            answer: Partner::Unknown,
            outcome: None,
            sides: Sides::of(message),
            policy,
            inventory,
            known: Known::default(),
            standing: OnceCell::new(),
        }
    }

    /// What the policy says of this message's action. `None` without a policy.
    pub fn standing(&self) -> Option<&Standing> {
        let policy = self.policy?;
        Some(self.standing.get_or_init(|| {
            policy.judge(
                &self.sides.identity(Seat::Actor),
                &self.sides.identity(Seat::Target),
                self.message.action(),
                self.message.frame().time,
            )
        }))
    }

    pub fn partner(&self, which: Which) -> Option<Message<'m>> {
        let partner = match which {
            Which::This => return Some(self.message),
            Which::Request => self.request,
            Which::Answer => self.answer,
        };
        match partner {
            Partner::Found(message) => Some(message),
            _ => None,
        }
    }

    /// The outcome: as settled by the answer, else as the message itself says.
    pub fn settled_outcome(&self) -> Option<Outcome> {
        let own = self.message.outcome();
        match (self.outcome, own) {
            (Some(outcome), _) => Some(outcome),
            (None, Some(Outcome::Requested)) | (None, None) => None,
            (None, Some(own)) => Some(own),
        }
    }
}
