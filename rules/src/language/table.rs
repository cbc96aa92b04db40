//! Reads TOML tables key by key and tells every mistake where it is.

use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, Report, Text, nearest};

pub type Table<'i> = DeTable<'i>;
pub type Item<'i> = Spanned<DeValue<'i>>;

/// A text with its place in the file.
#[derive(Clone, Debug)]
pub struct Placed {
    pub text: String,
    /// Bytes of the file, quotation marks included.
    pub span: Range<usize>,
}

/// Parses a file. What TOML itself does not like is told first.
pub fn parse<'t>(
    file: &Arc<Text>,
    text: &'t str,
    code: &'static str,
    report: &mut Report,
) -> Table<'t> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        report.add(Diagnostic::error(
            file,
            code,
            span,
            "this is no TOML",
            error.message().to_owned(),
        ));
    }
    table.into_inner()
}

/// Reads one table; unknown keys are told by [`Self::done`].
pub struct Reader<'r, 't, 'i> {
    pub file: &'r Arc<Text>,
    pub report: &'r mut Report,
    pub code: &'static str,
    table: &'t Table<'i>,
    /// The table's place, for what is missing.
    pub span: Range<usize>,
    what: &'static str,
    asked: Vec<&'static str>,
}

impl<'r, 't, 'i> Reader<'r, 't, 'i> {
    pub fn new(
        file: &'r Arc<Text>,
        report: &'r mut Report,
        code: &'static str,
        table: &'t Table<'i>,
        span: Range<usize>,
        what: &'static str,
    ) -> Self {
        Reader {
            file,
            report,
            code,
            table,
            span,
            what,
            asked: Vec::new(),
        }
    }

    pub fn item(&mut self, key: &'static str) -> Option<&'t Item<'i>> {
        self.asked.push(key);
        self.table.get(key)
    }

    pub fn text(&mut self, key: &'static str) -> Option<Placed> {
        let item = self.item(key)?;
        self.placed(item)
    }

    pub fn placed(&mut self, item: &Item<'_>) -> Option<Placed> {
        match item.get_ref() {
            DeValue::String(text) => Some(Placed {
                text: text.to_string(),
                span: item.span(),
            }),
            other => {
                let label = format!("{} {}", article(other), other.type_str());
                self.wrong(item.span(), "a text in quotes is needed here", label);
                None
            }
        }
    }

    pub fn required(&mut self, key: &'static str) -> Option<Placed> {
        if self.table.get(key).is_none() {
            self.asked.push(key);
            let title = format!("{} has no `{key}`", self.what);
            let (file, code, span) = (self.file, self.code, self.span.clone());
            self.report.add(
                Diagnostic::error(file, code, span, title, "missing here")
                    .help(format!("add `{key} = \"...\"`")),
            );
            return None;
        }
        self.text(key)
    }

    pub fn plain(&mut self, key: &'static str) -> String {
        self.text(key).map(|p| p.text).unwrap_or_default()
    }

    /// A list of texts; a single text is a list of one.
    pub fn texts(&mut self, key: &'static str) -> Vec<Placed> {
        let Some(item) = self.item(key) else {
            return Vec::new();
        };
        self.placed_list(item)
    }

    pub fn placed_list(&mut self, item: &Item<'_>) -> Vec<Placed> {
        match item.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(|i| self.placed(i)).collect(),
            _ => self.placed(item).into_iter().collect(),
        }
    }

    pub fn plains(&mut self, key: &'static str) -> Vec<String> {
        self.texts(key).into_iter().map(|p| p.text).collect()
    }

    pub fn integer(&mut self, key: &'static str) -> Option<u32> {
        let item = self.item(key)?;
        self.whole(item)
    }

    /// A list of whole numbers; a single one is a list of one.
    pub fn integers(&mut self, key: &'static str) -> Vec<u32> {
        let Some(item) = self.item(key) else {
            return Vec::new();
        };
        match item.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(|i| self.whole(i)).collect(),
            _ => self.whole(item).into_iter().collect(),
        }
    }

    fn whole(&mut self, item: &Item<'_>) -> Option<u32> {
        if let DeValue::Integer(n) = item.get_ref()
            && let Ok(n) = u32::from_str_radix(n.as_str(), n.radix())
        {
            return Some(n);
        }
        self.wrong(
            item.span(),
            "a whole number is needed here",
            "no whole number",
        );
        None
    }

    /// `schema`: tells of another than the one that is read, and of none.
    pub fn schema(&mut self, read: u32) {
        let span = self.item("schema").map(|i| i.span());
        match (self.integer("schema"), span) {
            (Some(found), Some(span)) if found != read => self.wrong(
                span,
                format!("schema {found} is not read by this version"),
                format!("it reads schema {read}"),
            ),
            (None, None) => {
                let message = format!("{} has no `schema`", self.what);
                self.wrong(0..0, message, format!("write `schema = {read}` first"));
            }
            _ => {}
        }
    }

    /// `timezone`, if one is named that this machine knows.
    pub fn timezone(&mut self) -> Option<TimeZone> {
        let zone = self.text("timezone")?;
        let found = TimeZone::get(&zone.text).ok();
        if found.is_none() {
            self.wrong(
                zone.span,
                format!("`{}` is no time zone that this machine knows", zone.text),
                "write `UTC` or `Europe/Berlin`",
            );
        }
        found
    }

    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        let item = self.item(key)?;
        if let DeValue::Boolean(flag) = item.get_ref() {
            return Some(*flag);
        }
        self.wrong(item.span(), "`true` or `false` is needed here", "neither");
        None
    }

    /// The tables of `[[key]]`, with their places.
    pub fn tables(&mut self, key: &'static str) -> Vec<(&'t Table<'i>, Range<usize>)> {
        let Some(item) = self.item(key) else {
            return Vec::new();
        };
        let mut tables = Vec::new();
        match item.get_ref() {
            DeValue::Array(items) => {
                for item in items.iter() {
                    match item.get_ref() {
                        DeValue::Table(table) => tables.push((table, item.span())),
                        _ => self.wrong(item.span(), "a table is needed here", "no table"),
                    }
                }
            }
            _ => {
                let help = format!("write `[[{key}]]`");
                let (file, code) = (self.file, self.code);
                self.report.add(
                    Diagnostic::error(
                        file,
                        code,
                        item.span(),
                        "a list of tables is needed here",
                        "no list",
                    )
                    .help(help),
                );
            }
        }
        tables
    }

    pub fn wrong(
        &mut self,
        span: Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
    ) {
        let (file, code) = (self.file, self.code);
        self.report
            .add(Diagnostic::error(file, code, span, title, label));
    }

    /// Tells keys that nobody asked for.
    pub fn done(self) {
        let mut unknown: Vec<_> = self
            .table
            .iter()
            .filter(|(key, _)| !self.asked.contains(&key.get_ref().as_ref()))
            .collect();
        unknown.sort_by_key(|(key, _)| key.span().start);
        for (key, _) in unknown {
            let name = key.get_ref();
            let help = nearest(name, self.asked.iter().copied())
                .map(|n| format!("did you mean `{n}`?"))
                .unwrap_or_else(|| format!("known are {}", self.asked.join(", ")));
            self.report.add(
                Diagnostic::error(
                    self.file,
                    self.code,
                    key.span(),
                    format!("{} has no key `{name}`", self.what),
                    "not known",
                )
                .help(help),
            );
        }
    }
}

fn article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::Array(_) | DeValue::Integer(_) => "an",
        _ => "a",
    }
}

/// Maps bytes of a decoded text to bytes of the file, so that a caret points into the file even
/// where the text was written with escapes.
pub struct Places {
    /// File offset of each byte of the text, and of its end. Empty: evenly from `start`.
    offsets: Vec<usize>,
    start: usize,
}

impl Places {
    pub fn of(file: &str, placed: &Placed) -> Self {
        let raw = file.get(placed.span.clone()).unwrap_or("");
        let quotes = match raw.as_bytes() {
            [b'"', b'"', b'"', ..] | [b'\'', b'\'', b'\'', ..] if raw.len() >= 6 => 3,
            _ => 1,
        };
        let mut start = quotes;
        if quotes == 3 {
            // A line break right behind the quotes does not belong to the text.
            if raw[start..].starts_with("\r\n") {
                start += 2;
            } else if raw[start..].starts_with('\n') {
                start += 1;
            }
        }
        let inner = raw
            .get(start..raw.len().saturating_sub(quotes))
            .unwrap_or("");
        let mut places = Places {
            offsets: Vec::new(),
            start: placed.span.start + start,
        };
        if inner != placed.text {
            places.offsets = offsets(inner, &placed.text, places.start);
        }
        places
    }

    pub fn span(&self, span: &Range<usize>) -> Range<usize> {
        self.at(span.start)..self.at(span.end)
    }

    fn at(&self, at: usize) -> usize {
        match self.offsets.get(at).or(self.offsets.last()) {
            Some(offset) => *offset,
            None => self.start + at,
        }
    }
}

/// Walks a basic string and its decoded text side by side.
fn offsets(raw: &str, text: &str, start: usize) -> Vec<usize> {
    let mut offsets = Vec::with_capacity(text.len() + 1);
    let mut rest = raw;
    for c in text.chars() {
        // A backslash at the end of a line swallows it and the blanks after it.
        while let Some(after) = rest.strip_prefix('\\') {
            let trimmed = after.trim_start_matches([' ', '\t']);
            if !trimmed.starts_with(['\n', '\r']) {
                break;
            }
            rest = trimmed.trim_start();
        }
        let at = start + raw.len() - rest.len();
        offsets.extend(std::iter::repeat_n(at, c.len_utf8()));
        let len = match rest.as_bytes() {
            [b'\\', b'u', ..] => 6,
            [b'\\', b'U', ..] => 10,
            [b'\\', b'x', ..] => 4,
            [b'\\', ..] => 2,
            [b'\r', b'\n', ..] if c == '\n' => 2,
            _ => rest.chars().next().map_or(0, char::len_utf8),
        };
        rest = rest.get(len..).unwrap_or("");
    }
    offsets.push(start + raw.len() - rest.len());
    offsets
}
