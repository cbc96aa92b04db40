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
    table: Table<(Held, Box<[u8]>), Vec<u32>>,
    room: usize,
}

/// Holders kept of one name. More change no verdict.
const HOLDERS: usize = 32;

impl Holders {
    pub fn new(room: usize) -> Self {
        Holders {
            table: Table::default(),
            room,
        }
    }

    pub fn add(&mut self, what: Held, name: &[u8], asset: u32, hits: &mut Hits) {
        let key = (what, name.into());
        let full = self.table.len() >= self.room;
        if full && !self.table.contains_key(&key) {
            return hits.count(limits::NAMES_HELD);
        }
        let holders = self.table.entry(key).or_default();
        if holders.len() < HOLDERS && !holders.contains(&asset) {
            holders.push(asset);
        }
    }

    pub fn of(&self, what: Held, name: &[u8]) -> &[u32] {
        self.table
            .get(&(what, name.into()))
            .map_or(&[], Vec::as_slice)
    }
}

/// Application and facility as one name.
pub fn pair(app: &[u8], facility: &[u8]) -> Vec<u8> {
    [app, b"|", facility].concat()
}
