//! FTP: the control channel. What is fetched and stored by which name, and how log-ins end; the
//! files themselves go over other connections.
//!
//! | file | job |
//! |---|---|
//! | `signature` | is this FTP |
//! | `stream` | lines of both sides; which reply belongs to which command |
//! | `command`, `reply` | what a line says |
//! | `fields` | names |

mod command;
mod fields;
mod reply;
mod signature;
mod stream;
#[cfg(test)]
mod tests;

use crate::contract::Transport;
use crate::schema::{Port, Protocol, Provenance};

pub use fields::*;

pub const FTP: Protocol = Protocol {
    name: "ftp",
    title: "File Transfer Protocol, control channel",
    provenance: Provenance::Specification,
    source: "RFC 959, RFC 2228, RFC 2428, RFC 3659; captures in pcaps/ftp",
    fields: FIELDS,
    kinds: KINDS,
    anomalies: ANOMALIES,
    hints: &[Port::Tcp(21)],
    transports: &[Transport::Tcp],
    probe: signature::probe,
    open: |_| Box::<stream::Ftp>::default(),
    path: None,
};
