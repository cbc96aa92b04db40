//! Function pointers for tables that exist only at run time.
//!
//! A [`Protocol`](crate::Protocol) holds plain functions, which know nothing of the table they
//! serve. So each table gets a slot, and each slot has functions of its own.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::contract::{Dissector, Hint, Probe, Side};
use crate::limits::Limits;

use super::engine;
use super::table::Table;

/// How many data files can be loaded in one run, the embedded ones included.
pub const MOST: usize = 32;

pub type ProbeFn = fn(Side, &[u8], Hint) -> Probe;
pub type OpenFn = fn(&Limits) -> Box<dyn Dissector>;

static TABLES: [OnceLock<&'static Table>; MOST] = [const { OnceLock::new() }; MOST];
static EMPTY: Table = Table::EMPTY;
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Gives a table its functions; `None` if all slots are taken.
pub fn claim(table: &'static Table) -> Option<(ProbeFn, OpenFn)> {
    let slot = NEXT.fetch_add(1, Ordering::Relaxed);
    TABLES.get(slot)?.set(table).ok()?;
    FUNCTIONS.get(slot).copied()
}

fn probe<const SLOT: usize>(side: Side, first: &[u8], hint: Hint) -> Probe {
    TABLES[SLOT]
        .get()
        .map_or(Probe::No, |table| engine::probe(table, side, first, hint))
}

fn open<const SLOT: usize>(limits: &Limits) -> Box<dyn Dissector> {
    // A slot's functions are handed out only after its table was set.
    engine::open(TABLES[SLOT].get().copied().unwrap_or(&EMPTY), limits)
}

macro_rules! functions {
    ($($slot:literal)+) => { [$((probe::<$slot> as ProbeFn, open::<$slot> as OpenFn)),+] };
}

const FUNCTIONS: [(ProbeFn, OpenFn); MOST] = functions!(
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
);
