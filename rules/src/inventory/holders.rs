//! Which assets hold a name: MAC, AE title, application, endpoint reference, serial number.

use crate::engine::Table;
use crate::limits::{self, Hits};

/// What kind of name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Held {
    Mac,
    Ae,
    /// HL7 application and facility, as [`pair`] makes one of them.
    App,
    Epr,
    Serial,
}

/// Assets that hold each name, in the order in which they claimed it.
#[derive(Debug)]
pub struct Holders {
    /// By kind of name: so that a name that is known is found without a copy of it.
    tables: [Table<Box<[u8]>, Vec<u32>>; KINDS],
    room: usize,
}

const KINDS: usize = Held::Serial as usize + 1;

/// Holders kept of one name. More change no verdict.
const HOLDERS: usize = 32;

impl Holders {
    pub fn new(room: usize) -> Self {
        Holders {
            tables: Default::default(),
            room,
        }
    }

    pub fn add(&mut self, what: Held, name: &[u8], asset: u32, hits: &mut Hits) {
        let names: usize = self.tables.iter().map(|t| t.len()).sum();
        let table = &mut self.tables[what as usize];
        let holders = match table.get_mut(name) {
            Some(holders) => holders,
            None if names >= self.room => return hits.count(limits::NAMES_HELD),
            None => table.entry(name.into()).or_default(),
        };
        if holders.len() < HOLDERS && !holders.contains(&asset) {
            holders.push(asset);
        }
    }

    pub fn of(&self, what: Held, name: &[u8]) -> &[u32] {
        self.tables[what as usize]
            .get(name)
            .map_or(&[], Vec::as_slice)
    }
}

/// Application and facility as one name.
pub fn pair(app: &[u8], facility: &[u8]) -> Vec<u8> {
    [app, b"|", facility].concat()
}
