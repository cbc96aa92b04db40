//! Bytes in, clinical messages out.
//!
//! Everything here is pure: no I/O, no clock, no threads, no global state. One folder holds one
//! protocol; [`registry`] lists them. A dissector fulfils the [`contract`], writes what it found
//! into a [`message::Batch`], and declares its fields, kinds and provenance as data ([`schema`]).
//! What a message *does* is said in one vocabulary for all protocols ([`action`]).

#![recursion_limit = "1024"]

pub mod action;
mod address;
pub mod contract;
pub mod identify;
pub mod limits;
pub mod message;
pub mod registry;
pub mod schema;
#[cfg(test)]
mod stage;

pub mod arp;
pub mod dhcp;
pub mod dicom;
pub mod dns;
pub mod ftp;
pub mod hl7v2;
pub mod icmp;
pub mod lldp;
pub mod named;
pub mod nbns;
pub mod ndp;
pub mod ntp;
pub mod rdp;
pub mod smb;
pub mod snmp;
pub mod ssh;
pub mod tcp;
pub mod tftp;
pub mod vnc;

pub use action::{Action, Device, Effect, Outcome, Verb};
pub use contract::{Dissector, End, Hint, Probe, Progress, Reason, Side, Transport};
pub use limits::Limits;
pub use message::{Batch, Messages};
pub use registry::{PROTOCOLS, ProtocolId};
pub use schema::{Field, FieldId, FieldType, Kind, Privacy, Protocol, Provenance};
