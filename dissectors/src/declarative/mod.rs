//! Protocols described by a data file: `NAME.dissector.toml`.
//!
//! For line protocols that need no code: frames with a start and an end, a length or a check sum;
//! a verb at a known place; numbers with units. A file becomes the same [`Protocol`] as code does,
//! so that rules, screens and outputs see no difference. What needs state, nesting or arithmetic
//! is a protocol for Rust: the language has no loops, conditions or expressions, on purpose.
//!
//! README.md in this folder describes the file. [`load`] checks it whole and reports every fault
//! with file, line, what is wrong and what to do.

mod engine;
mod form;
mod framing;
mod layout;
mod load;
mod reader;
mod slots;
pub mod table;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::schema::Protocol;

use table::Table;

pub use load::load;
pub use reader::Fault;

/// The data files in this crate: name as in messages about faults, and text.
pub const EMBEDDED: &[(&str, &str)] = &[
    (
        "baxter_as50.dissector.toml",
        include_str!("../baxter_as50/baxter_as50.dissector.toml"),
    ),
    (
        "ne1000.dissector.toml",
        include_str!("../ne1000/ne1000.dissector.toml"),
    ),
    (
        "harvard.dissector.toml",
        include_str!("../harvard/harvard.dissector.toml"),
    ),
    (
        "chemyx.dissector.toml",
        include_str!("../chemyx/chemyx.dissector.toml"),
    ),
    (
        "mt_sics.dissector.toml",
        include_str!("../mt_sics/mt_sics.dissector.toml"),
    ),
    (
        "ivy.dissector.toml",
        include_str!("../ivy/ivy.dissector.toml"),
    ),
];

/// The protocols of [`EMBEDDED`], read once. A file with a fault is left out; a test sees to it
/// that there is none.
pub fn embedded() -> &'static [&'static Protocol] {
    static READ: OnceLock<Vec<&'static Protocol>> = OnceLock::new();
    READ.get_or_init(|| {
        EMBEDDED
            .iter()
            .filter_map(|(file, text)| load(text, file).ok())
            .collect()
    })
}

/// Tables of the protocols read so far, by name; the latest of a name last.
static TABLES: Mutex<Vec<(&'static str, &'static Table)>> = Mutex::new(Vec::new());

fn remember(name: &'static str, table: &'static Table) {
    let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    tables.push((name, table));
}

/// The table of a protocol that a data file describes, for those who write it in another form.
pub fn table_of(name: &str) -> Option<&'static Table> {
    embedded();
    let tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    let found = tables.iter().rev().find(|(n, _)| *n == name)?;
    Some(found.1)
}

/// Names of the protocols that data files describe.
pub fn described() -> impl Iterator<Item = &'static str> {
    crate::registry::protocols()
        .iter()
        .map(|p| p.name)
        .filter(|name| table_of(name).is_some())
}
