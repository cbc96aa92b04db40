//! Reads TOML with the place of every value, and collects faults instead of stopping at the first.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Something wrong in a data file: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub file: String,
    /// From 1.
    pub line: usize,
    pub what: String,
    pub fix: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}:{}: {}; {}",
            self.file, self.line, self.what, self.fix
        )
    }
}

impl std::error::Error for Fault {}

/// The file being read.
pub struct Source<'s> {
    file: &'s str,
    text: &'s str,
    faults: RefCell<Vec<Fault>>,
}

impl<'s> Source<'s> {
    pub fn new(text: &'s str, file: &'s str) -> Self {
        Source {
            file,
            text,
            faults: RefCell::default(),
        }
    }

    pub fn fault(&self, at: Range<usize>, what: impl Into<String>, fix: impl Into<String>) {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line = 1 + before.bytes().filter(|b| *b == b'\n').count();
        let fault = Fault {
            file: self.file.to_owned(),
            line,
            what: what.into(),
            fix: fix.into(),
        };
        self.faults.borrow_mut().push(fault);
    }

    /// All faults, in the order of their lines.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = self.faults.take();
        faults.sort_by_key(|f| f.line);
        faults
    }
}

/// One table of the file. Keys that nobody asks for are faults.
pub struct Node<'n> {
    source: &'n Source<'n>,
    table: &'n DeTable<'n>,
    span: Range<usize>,
    asked: RefCell<BTreeSet<&'static str>>,
}

/// A value with its place.
pub struct At<T> {
    pub value: T,
    pub span: Range<usize>,
}

impl<'n> Node<'n> {
    pub fn new(source: &'n Source<'n>, table: &'n DeTable<'n>, span: Range<usize>) -> Self {
        Node {
            source,
            table,
            span,
            asked: RefCell::default(),
        }
    }

    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub fn fault(&self, at: Range<usize>, what: impl Into<String>, fix: impl Into<String>) {
        self.source.fault(at, what, fix);
    }

    /// The place of a key's value, or of the table if it is not there.
    pub fn place(&self, key: &'static str) -> Range<usize> {
        self.get(key).map_or(self.span(), Spanned::span)
    }

    pub fn text(&self, key: &'static str) -> Option<At<&'n str>> {
        let found = self.get(key)?;
        match found.get_ref().as_str() {
            Some(value) => Some(At {
                value,
                span: found.span(),
            }),
            None => self.wrong(key, found, "a text in quotes"),
        }
    }

    /// A text that must be there; empty after a fault.
    pub fn need(&self, key: &'static str, meaning: &str) -> At<&'n str> {
        self.text(key).unwrap_or_else(|| {
            if self.get(key).is_none() {
                self.fault(
                    self.span(),
                    format!("`{key}` is missing"),
                    format!("add `{key} = \"...\"`: {meaning}"),
                );
            }
            At {
                value: "",
                span: self.span(),
            }
        })
    }

    pub fn number(&self, key: &'static str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let found = self.get(key)?;
        let read = found.get_ref().as_integer();
        let value = read.and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        match value {
            Some(n) if range.contains(&n) => Some(n),
            _ => {
                let (low, high) = (range.start(), range.end());
                self.wrong(key, found, &format!("a whole number from {low} to {high}"))
            }
        }
    }

    pub fn decimal(&self, key: &'static str) -> Option<f64> {
        let found = self.get(key)?;
        let value = match found.get_ref() {
            DeValue::Float(f) => f.as_str().parse().ok(),
            DeValue::Integer(n) => n.as_str().parse().ok(),
            _ => None,
        };
        match value.filter(|n: &f64| n.is_finite()) {
            Some(n) => Some(n),
            None => self.wrong(key, found, "a number"),
        }
    }

    pub fn flag(&self, key: &'static str) -> bool {
        let Some(found) = self.get(key) else {
            return false;
        };
        match found.get_ref().as_bool() {
            Some(value) => value,
            None => self.wrong(key, found, "true or false").unwrap_or(false),
        }
    }

    /// Bytes written as hexadecimal pairs: `"02"`, `"0D 0A"`. Empty if the key is not there.
    pub fn bytes(&self, key: &'static str) -> Vec<u8> {
        let Some(At { value, span }) = self.text(key) else {
            return Vec::new();
        };
        let digits: Vec<u8> = value.bytes().filter(|b| *b != b' ').collect();
        let pair = |p: &[u8]| {
            let text = std::str::from_utf8(p).ok().filter(|_| p.len() == 2)?;
            u8::from_str_radix(text, 16).ok()
        };
        digits
            .chunks(2)
            .map(pair)
            .collect::<Option<Vec<u8>>>()
            .unwrap_or_else(|| {
                self.fault(
                    span,
                    format!("`{key} = \"{value}\"` is not a list of bytes"),
                    "write each byte as two hexadecimal digits, as in \"0D 0A\"",
                );
                Vec::new()
            })
    }

    pub fn texts(&self, key: &'static str) -> Vec<At<&'n str>> {
        let Some(found) = self.get(key) else {
            return Vec::new();
        };
        let Some(list) = found.get_ref().as_array() else {
            let _: Option<()> = self.wrong(key, found, "a list of texts, as in [\"A\", \"B\"]");
            return Vec::new();
        };
        let mut all = Vec::new();
        for item in list.iter() {
            match item.get_ref().as_str() {
                Some(value) => all.push(At {
                    value,
                    span: item.span(),
                }),
                None => {
                    self.wrong::<()>(key, item, "a text in quotes");
                }
            }
        }
        all
    }

    pub fn numbers(&self, key: &'static str) -> Vec<u16> {
        let Some(found) = self.get(key) else {
            return Vec::new();
        };
        let list = found.get_ref().as_array();
        let read: Option<Vec<u16>> = list.and_then(|list| {
            list.iter()
                .map(|n| n.get_ref().as_integer()?.as_str().parse().ok())
                .collect()
        });
        read.unwrap_or_else(|| {
            self.wrong(key, found, "a list of numbers from 0 to 65535")
                .unwrap_or_default()
        })
    }

    pub fn table(&self, key: &'static str) -> Option<Node<'n>> {
        let found = self.get(key)?;
        match found.get_ref().as_table() {
            Some(table) => Some(Node::new(self.source, table, found.span())),
            None => self.wrong(key, found, "a table"),
        }
    }

    /// A list of tables: `[[key]]`, or a list of inline tables.
    pub fn tables(&self, key: &'static str) -> Vec<Node<'n>> {
        let Some(found) = self.get(key) else {
            return Vec::new();
        };
        let Some(list) = found.get_ref().as_array() else {
            let _: Option<()> = self.wrong(key, found, "a list of tables");
            return Vec::new();
        };
        let mut all = Vec::new();
        for item in list.iter() {
            match item.get_ref().as_table() {
                Some(table) => all.push(Node::new(self.source, table, item.span())),
                None => {
                    self.wrong::<()>(key, item, "a table");
                }
            }
        }
        all
    }

    /// A free table of texts (`[units]`).
    pub fn pairs(&self) -> Vec<(&'n str, &'n str)> {
        let mut all = Vec::new();
        for (key, value) in self.table.iter() {
            match value.get_ref().as_str() {
                Some(text) => all.push((key.get_ref().as_ref(), text)),
                None => {
                    self.wrong::<()>(key.get_ref(), value, "a text in quotes");
                }
            }
        }
        all
    }

    /// One of a list of words.
    pub fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let At { value, span } = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == value);
        if found.is_none() {
            let names: Vec<&str> = words.iter().map(|(w, _)| *w).collect();
            self.fault(
                span,
                format!("`{key} = \"{value}\"` is not known"),
                advise(value, &names),
            );
        }
        found.map(|(_, t)| *t)
    }

    /// Reports every key that was never asked for.
    pub fn done(&self) {
        let asked = self.asked.borrow();
        let known: Vec<&str> = asked.iter().copied().collect();
        for (key, _) in self.table.iter() {
            let name: &str = key.get_ref();
            if !asked.contains(name) {
                self.fault(
                    key.span(),
                    format!("`{name}` is not a key here"),
                    advise(name, &known),
                );
            }
        }
    }

    fn get(&self, key: &'static str) -> Option<&'n Spanned<DeValue<'n>>> {
        self.asked.borrow_mut().insert(key);
        let name = |k: &Spanned<toml::de::DeString<'_>>| k.get_ref().as_ref() == key;
        self.table.iter().find(|(k, _)| name(k)).map(|(_, v)| v)
    }

    fn wrong<T>(&self, key: &str, found: &Spanned<DeValue<'_>>, want: &str) -> Option<T> {
        let have = found.get_ref().type_str();
        self.fault(
            found.span(),
            format!("`{key}` is {have}"),
            format!("write {want}"),
        );
        None
    }
}

/// Names the nearest known word, or all of them.
pub fn advise(word: &str, known: &[&str]) -> String {
    let near = known.iter().map(|k| (distance(word, k), k)).min();
    match near {
        Some((far, near)) if far <= 2.max(word.len() / 3) => format!("did you mean `{near}`?"),
        _ => format!("known are: {}", known.join(", ")),
    }
}

/// How many letters must be put in, taken out or changed to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(40).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(40).enumerate() {
        let mut left = i + 1;
        let mut corner = i;
        row[0] = left;
        for (j, y) in b.iter().enumerate() {
            let here = (corner + usize::from(x != *y))
                .min(left + 1)
                .min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = here;
            left = here;
        }
    }
    row[b.len()]
}
