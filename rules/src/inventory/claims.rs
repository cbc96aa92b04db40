//! What a message says of the names of its two ends.

use std::sync::LazyLock;

use dissectors::contract::Side;
use dissectors::message::{Interest, Message, Value};
use dissectors::registry::{PROTOCOLS, ProtocolId};
use dissectors::schema::{FieldId, KindId};

/// The names that one end goes by in a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claims<'m> {
    pub ae: Option<&'m [u8]>,
    /// Application and facility.
    pub hl7: Option<(&'m [u8], &'m [u8])>,
    pub epr: Option<&'m [u8]>,
}

/// Where a protocol puts names.
#[derive(Clone, Copy, Debug)]
enum Fields {
    None,
    /// Named by who opened the conversation: its own title and the one that it called.
    Opener {
        own: FieldId,
        called: FieldId,
    },
    /// Named by who sent the message: application and facility of sender and receiver.
    Sender {
        from: [FieldId; 2],
        to: [FieldId; 2],
    },
    /// The sender announces its endpoint reference (WS-Discovery 1.1 4), if it names one alone.
    Announcer {
        epr: FieldId,
        kinds: [Option<KindId>; 4],
    },
}

/// One entry for each protocol. Derived from the field tables alone.
static FIELDS: LazyLock<Vec<Fields>> = LazyLock::new(|| {
    PROTOCOLS
        .iter()
        .map(|p| {
            let field = |name| p.field(name);
            let opener = || {
                Some(Fields::Opener {
                    own: field("calling_ae")?,
                    called: field("called_ae")?,
                })
            };
            let sender = || {
                Some(Fields::Sender {
                    from: [field("sending_app")?, field("sending_facility")?],
                    to: [field("receiving_app")?, field("receiving_facility")?],
                })
            };
            let announcer = || {
                let kind = |name| p.kinds.iter().position(|k| k.name == name);
                let id = |name| kind(name).map(|at| KindId(at as u16));
                Some(Fields::Announcer {
                    epr: field("epr")?,
                    kinds: ["Hello", "Bye", "ProbeMatches", "ResolveMatches"].map(id),
                })
            };
            opener()
                .or_else(sender)
                .or_else(announcer)
                .unwrap_or(Fields::None)
        })
        .collect()
});

impl<'m> Claims<'m> {
    /// The names of one side of the message's conversation, as far as this message tells them.
    pub fn of(message: Message<'m>, side: Side) -> Self {
        let text = |field| match message.field(field) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        };
        let mut claims = Claims::default();
        match FIELDS.get(message.protocol().index()) {
            Some(Fields::Opener { own, called }) => {
                claims.ae = text(if side == Side::Client { *own } else { *called });
            }
            Some(Fields::Sender { from, to }) => {
                let [app, facility] = if side == message.side() { from } else { to };
                claims.hl7 = match (text(*app), text(*facility)) {
                    (None, None) => None,
                    (app, facility) => Some((app.unwrap_or(b""), facility.unwrap_or(b""))),
                };
            }
            Some(Fields::Announcer { epr, kinds }) => {
                let announces = side == message.side()
                    && message.kind_id().is_some()
                    && kinds.contains(&message.kind_id());
                // A proxy names many: none is its own.
                let mut named = message.values(*epr);
                if announces && let (Some(Value::Text(epr)), None) = (named.next(), named.next()) {
                    claims.epr = Some(epr);
                }
            }
            Some(Fields::None) | None => {}
        }
        claims
    }
}

/// Adds the fields that names are read from.
pub(crate) fn interest(interest: &mut Interest) {
    for (at, fields) in FIELDS.iter().enumerate() {
        let protocol = ProtocolId(at as u16);
        match fields {
            Fields::None => {}
            Fields::Opener { own, called } => {
                interest.want_field(protocol, *own);
                interest.want_field(protocol, *called);
            }
            Fields::Sender { from, to } => {
                for field in from.iter().chain(to) {
                    interest.want_field(protocol, *field);
                }
            }
            Fields::Announcer { epr, .. } => interest.want_field(protocol, *epr),
        }
    }
}

/// The fields of a protocol that hold names.
pub(super) fn fields_of(protocol: &str) -> Vec<FieldId> {
    let Some(id) = ProtocolId::of(protocol) else {
        return Vec::new();
    };
    match FIELDS.get(id.index()) {
        Some(Fields::Opener { own, called }) => vec![*own, *called],
        Some(Fields::Sender { from, to }) => from.iter().chain(to).copied().collect(),
        Some(Fields::Announcer { epr, .. }) => vec![*epr],
        Some(Fields::None) | None => Vec::new(),
    }
}
