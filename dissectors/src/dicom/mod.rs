//! DICOM: Upper Layer and DIMSE (PS3.8, PS3.7; data sets as in PS3.5).
//!
//! A connection carries one association. Each direction is a row of PDUs; P-DATA-TF PDUs carry
//! presentation data values, which are the fragments of a command set and then of a data set. Command
//! and data set are one message, told when the last fragment ends. Data sets are walked as they
//! stream by: what is read by name is kept, the rest (pixel data above all) is passed over unseen.
//!
//! Rests on the standard, and on real traffic of DCMTK 3.6.7, pynetdicom 3.0.4 and Orthanc 1.10.1.
//!
//! | file | job |
//! |---|---|
//! | `signature` | is this DICOM |
//! | `stream`, `lane`, `fragments`, `loss`, `resync` | from bytes to PDUs, PDVs and messages; gaps |
//! | `pdu`, `associate`, `command` | parsers of units that are there whole |
//! | `walk`, `encoding`, `kept`, `executable` | data sets |
//! | `association`, `negotiate` | what an association knows, and the PDUs that teach it |
//! | `message`, `dataset`, `action`, `words` | messages, their fields, their meaning |
//! | `path` | `dicom[0010,0020]` |
//! | `fields`, `faults`, `value`, `uid_table`, `dictionary_table` | names |

mod action;
mod associate;
mod association;
mod command;
mod dataset;
mod dictionary_table;
mod encoding;
mod executable;
mod faults;
pub mod fields;
mod fragments;
mod kept;
mod lane;
mod loss;
mod message;
mod negotiate;
mod path;
mod pdu;
mod resync;
mod signature;
mod stream;
#[cfg(test)]
mod tests;
mod uid_table;
mod value;
mod walk;
mod words;

pub use value::uid_name;

use crate::contract::{Dissector, Transport};
use crate::limits::Limits;
use crate::schema::{Protocol, Provenance};

/// DICOM over TCP, or inside TLS that somebody opened.
pub const DICOM: Protocol = Protocol {
    name: "dicom",
    title: "DICOM Upper Layer and DIMSE",
    provenance: Provenance::Specification,
    source: "DICOM PS3.8 9.3, PS3.7 9 and 10, PS3.5 7; captures in pcaps/dicom",
    fields: fields::FIELDS,
    kinds: fields::KINDS,
    anomalies: faults::ANOMALIES,
    hints: signature::PORTS,
    transports: &[Transport::Tcp, Transport::Carried],
    probe: signature::probe,
    open,
    path: Some(path::compile),
};

fn open(limits: &Limits) -> Box<dyn Dissector> {
    Box::new(stream::Dicom::new(limits))
}
