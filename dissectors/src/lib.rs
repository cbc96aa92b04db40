//! Bytes in, clinical messages out.
//!
//! Everything here is pure: no I/O, no clock, no threads, no global state. One folder holds one
//! protocol; [`registry`] lists them. A dissector fulfils the [`contract`], writes what it found
//! into a [`message::Batch`], and declares its fields, kinds and provenance as data ([`schema`]).
//! What a message *does* is said in one vocabulary for all protocols ([`action`]).

#![recursion_limit = "1024"]

pub mod action;
mod address;
mod codes;
pub mod contract;
#[cfg(test)]
mod drive;
pub mod identify;
pub mod ieee11073;
pub mod interest;
pub mod limits;
mod lines;
pub mod message;
pub mod octets;
pub mod registry;
pub mod schema;
mod silent;
#[cfg(test)]
mod stage;

pub mod alaris;
pub mod arp;
pub mod astm;
pub mod baxter_spectrum;
pub mod bcc;
pub mod behaviour;
pub mod capnostream;
pub mod contec;
pub mod datex_s5;
pub mod declarative;
pub mod dhcp;
pub mod dicom;
pub mod dns;
pub mod fresenius;
pub mod ftp;
pub mod ge_serial;
pub mod ge_unity;
pub mod hamilton;
pub mod health;
pub mod hl7v2;
pub mod hospira_lifecare;
pub mod http;
pub mod icmp;
pub mod intellivue;
pub mod ip;
pub mod lantronix;
pub mod lldp;
pub mod masimo;
pub mod medibus;
pub mod mindray;
pub mod moxa;
pub mod named;
pub mod nbns;
pub mod ndp;
pub mod nellcor;
pub mod nonin;
pub mod ntp;
pub mod phd;
pub mod poct1a;
pub mod puritan_bennett;
pub mod rdp;
pub mod sdc;
pub mod serial;
pub mod servo;
pub mod smb;
pub mod snmp;
pub mod spacecom_config;
pub mod ssh;
pub mod tcp;
pub mod telnet;
pub mod tftp;
pub mod tls;
mod vendor_logins;
pub mod vnc;

pub use action::{Action, Device, Effect, Outcome, Verb};
pub use contract::{Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
pub use limits::Limits;
pub use message::{Batch, Messages};
pub use registry::{PROTOCOLS, ProtocolId};
pub use schema::{Field, FieldId, FieldType, Kind, Privacy, Protocol, Provenance};
