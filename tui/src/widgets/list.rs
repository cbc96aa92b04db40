//! Where one is in a list: by what is chosen, not by its row, so that rows may come and go.

/// A place in a list of rows that carry keys.
#[derive(Clone, Debug)]
pub struct Cursor<K> {
    key: Option<K>,
    row: usize,
    top: usize,
    /// Stays at the newest row.
    pub follow: bool,
}

impl<K> Default for Cursor<K> {
    fn default() -> Self {
        Cursor {
            key: None,
            row: 0,
            top: 0,
            follow: false,
        }
    }
}

impl<K: Clone + PartialEq> Cursor<K> {
    pub fn following() -> Self {
        Cursor {
            follow: true,
            ..Cursor::default()
        }
    }

    pub fn row(&self) -> usize {
        self.row
    }

    pub fn key(&self) -> Option<&K> {
        self.key.as_ref()
    }

    /// The first row on the screen.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Finds the chosen row again after rows came, went or moved; if it is gone, stays near.
    pub fn settle(&mut self, rows: usize, key_at: impl Fn(usize) -> Option<K>) {
        if rows == 0 {
            self.row = 0;
            return;
        }
        if self.follow {
            self.row = rows - 1;
            self.key = key_at(self.row);
            return;
        }
        if let Some(key) = &self.key {
            if key_at(self.row).as_ref() == Some(key) {
                return;
            }
            if let Some(at) = (0..rows).find(|at| key_at(*at).as_ref() == Some(key)) {
                self.row = at;
                return;
            }
        }
        self.row = self.row.min(rows - 1);
        self.key = key_at(self.row);
    }

    pub fn to(&mut self, row: usize, rows: usize, key_at: impl Fn(usize) -> Option<K>) {
        if rows == 0 {
            return;
        }
        self.row = row.min(rows - 1);
        self.key = key_at(self.row);
    }

    pub fn by(&mut self, rows_down: isize, rows: usize, key_at: impl Fn(usize) -> Option<K>) {
        let row = self.row.saturating_add_signed(rows_down);
        self.to(row, rows, key_at);
    }

    /// What is chosen goes by another key from now on.
    pub fn key_is(&mut self, key: K) {
        self.key = Some(key);
    }

    /// Chooses a key; `settle` finds its row.
    pub fn choose(&mut self, key: K) {
        self.key = Some(key);
        self.follow = false;
    }

    /// Keeps the chosen row among `height` visible ones.
    pub fn scroll(&mut self, rows: usize, height: usize) -> std::ops::Range<usize> {
        if height == 0 {
            return 0..0;
        }
        if self.row < self.top {
            self.top = self.row;
        } else if self.row >= self.top + height {
            self.top = self.row + 1 - height;
        }
        self.top = self.top.min(rows.saturating_sub(height));
        self.top..rows.min(self.top + height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_row_is_kept_when_a_worse_finding_arrives_above_it() {
        let rows = ["b", "c"];
        let mut cursor = Cursor::default();
        cursor.to(1, 2, |at| rows.get(at).copied());
        let rows = ["a", "b", "c"];
        cursor.settle(3, |at| rows.get(at).copied());
        assert_eq!((cursor.row(), cursor.key()), (2, Some(&"c")));
    }

    #[test]
    fn chosen_row_that_went_leaves_the_cursor_near() {
        let rows = ["a", "b"];
        let mut cursor = Cursor::default();
        cursor.to(1, 2, |at| rows.get(at).copied());
        cursor.settle(1, |at| rows[..1].get(at).copied());
        assert_eq!((cursor.row(), cursor.key()), (0, Some(&"a")));
    }

    #[test]
    fn a_page_moves_the_window_only_as_far_as_there_are_rows() {
        let mut cursor: Cursor<usize> = Cursor::default();
        cursor.by(100, 10, Some);
        assert_eq!(cursor.scroll(10, 4), 6..10);
        cursor.by(-100, 10, Some);
        assert_eq!(cursor.scroll(10, 4), 0..4);
    }
}
