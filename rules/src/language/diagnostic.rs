//! Mistakes in rule and policy files, shown where they are.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// A file as text: what a diagnostic points into.
#[derive(Debug)]
pub struct Text {
    pub name: String,
    pub text: String,
}

/// How bad a mistake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The file is refused.
    Error,
    /// The file is taken, but probably does not do what was meant.
    Warning,
}

/// One mistake.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    pub weight: Weight,
    /// `WR` and three digits: rule files; `WP`: policy files.
    pub code: &'static str,
    pub title: String,
    pub file: Arc<Text>,
    /// Byte range in the file.
    pub span: Range<usize>,
    /// What is wrong at the span.
    pub label: String,
    /// Other places that matter, with a label each.
    pub others: Vec<(Range<usize>, String)>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn error(
        file: &Arc<Text>,
        code: &'static str,
        span: Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Diagnostic {
            weight: Weight::Error,
            code,
            title: title.into(),
            file: Arc::clone(file),
            span,
            label: label.into(),
            others: Vec::new(),
            help: None,
        }
    }

    pub(crate) fn warning(mut self) -> Self {
        self.weight = Weight::Warning;
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn helped(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    pub(crate) fn other(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.others.push((span, label.into()));
        self
    }

    /// Line and column of the mistake, from 1; columns count characters.
    pub fn place(&self) -> (usize, usize) {
        let before = self.file.text.get(..self.span.start).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (line, before[start..].chars().count() + 1)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.file.text.len();
        let fit = |span: &Range<usize>| {
            let start = floor(&self.file.text, span.start.min(len));
            start..floor(&self.file.text, span.end.min(len)).max(start)
        };
        let mut snippet = Snippet::source(&self.file.text)
            .path(&self.file.name)
            .annotation(
                AnnotationKind::Primary
                    .span(fit(&self.span))
                    .label(&self.label),
            );
        for (span, label) in &self.others {
            snippet = snippet.annotation(AnnotationKind::Context.span(fit(span)).label(label));
        }
        let level = match self.weight {
            Weight::Error => Level::ERROR,
            Weight::Warning => Level::WARNING,
        };
        let mut group = level
            .primary_title(&self.title)
            .id(self.code)
            .element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        f.write_str(&Renderer::plain().render(&[group]))
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Every mistake that a set of files has.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub diagnostics: Vec<Diagnostic>,
}

impl Report {
    pub fn errors(&self) -> usize {
        self.diagnostics
            .iter()
            .filter(|d| d.weight == Weight::Error)
            .count()
    }

    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    pub(crate) fn add(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, diagnostic) in self.diagnostics.iter().enumerate() {
            if at > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}

/// The name nearest to a misspelt one, if any is near enough to be meant.
pub fn nearest<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let wrong = wrong.to_lowercase();
    let room = (wrong.chars().count() / 3).max(1);
    names
        .into_iter()
        .map(|name| (distance(&wrong, &name.to_lowercase(), room), name))
        .filter(|(d, _)| *d <= room)
        .min_by_key(|(d, name)| (*d, *name))
        .map(|(_, name)| name)
}

/// Edits between two words (insert, delete, change, swap of neighbours), or more than `room`.
fn distance(a: &str, b: &str, room: usize) -> usize {
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().take(64).collect();
    if a.len().abs_diff(b.len()) > room {
        return room + 1;
    }
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
