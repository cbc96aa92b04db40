//! The table of protocols.

use crate::feed::ProtocolRow;
use crate::widgets::list::Cursor;

#[derive(Default)]
pub struct Protocols {
    pub rows: Vec<ProtocolRow>,
    /// Sorted by messages rather than by name.
    pub by_messages: bool,
    cursor: Cursor<u16>,
}

impl Protocols {
    pub fn arrange(&mut self) {
        if self.by_messages {
            self.rows
                .sort_by_key(|r| (std::cmp::Reverse(r.messages), r.protocol.0));
        } else {
            self.rows.sort_by_key(|r| r.protocol.name());
        }
        self.cursor.settle(self.rows.len(), |at| {
            self.rows.get(at).map(|r| r.protocol.0)
        });
    }

    pub fn chosen(&self) -> Option<&ProtocolRow> {
        self.rows.get(self.cursor.row())
    }

    pub fn by(&mut self, down: isize) {
        self.cursor.by(down, self.rows.len(), |at| {
            self.rows.get(at).map(|r| r.protocol.0)
        });
    }

    pub fn to(&mut self, row: usize) {
        self.cursor.to(row, self.rows.len(), |at| {
            self.rows.get(at).map(|r| r.protocol.0)
        });
    }

    pub fn cursor(&mut self) -> &mut Cursor<u16> {
        &mut self.cursor
    }
}
