//! Which network card an address is used from, where a message itself says it: ARP, DHCP, and
//! frames from another card than their conversation's.

use std::net::IpAddr;
use std::sync::LazyLock;

use dissectors::message::{Interest, Message, Value};
use dissectors::registry::ProtocolId;
use dissectors::schema::FieldId;

use crate::language::resolve;

/// A message of one of these protocols binds an address to a card.
#[derive(Debug)]
struct Binding {
    protocol: ProtocolId,
    mac: FieldId,
    /// `None`: the sender's own.
    ip: Option<FieldId>,
    /// Only messages of this kind; the address is handed out: from now on it is the usual one.
    lease: Option<&'static [u8]>,
}

static BINDINGS: LazyLock<Vec<Binding>> = LazyLock::new(|| {
    let row = |protocol, mac, ip: Option<&str>, lease| {
        let id = ProtocolId::of(protocol)?;
        let field = |name| id.protocol().field(name);
        Some(Binding {
            protocol: id,
            mac: field(mac)?,
            ip: match ip {
                Some(name) => Some(field(name)?),
                None => None,
            },
            lease,
        })
    };
    [
        row("tcp", "mac", None, None),
        row("arp", "sender_mac", Some("sender_ip"), None),
        row(
            "dhcp",
            "client_mac",
            Some("your_ip"),
            Some(b"DHCPACK".as_slice()),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
});

/// What a message says.
pub struct Bound {
    /// `None`: the sender's own address.
    pub ip: Option<IpAddr>,
    pub mac: [u8; 6],
    pub lease: bool,
}

pub fn bound(message: Message<'_>) -> Option<Bound> {
    let row = BINDINGS.iter().find(|b| b.protocol == message.protocol())?;
    if row.lease.is_some_and(|kind| kind != message.kind()) {
        return None;
    }
    let text = |field| match message.field(field) {
        Some(Value::Text(text)) => std::str::from_utf8(text).ok(),
        _ => None,
    };
    let mac = resolve::mac(text(row.mac)?)?;
    let ip = match row.ip {
        Some(field) => Some(text(field)?.parse().ok()?),
        None => None,
    };
    Some(Bound {
        ip,
        mac,
        lease: row.lease.is_some(),
    })
}

/// Adds the fields that are read.
pub fn interest(interest: &mut Interest) {
    for row in BINDINGS.iter() {
        interest.want_field(row.protocol, row.mac);
        if let Some(ip) = row.ip {
            interest.want_field(row.protocol, ip);
        }
    }
}
