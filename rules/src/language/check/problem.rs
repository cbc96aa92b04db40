//! A mistake in a condition.

use super::super::ast::Span;

/// One mistake, at bytes of the condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub span: Span,
    pub code: &'static str,
    pub title: String,
    pub label: String,
    pub others: Vec<(Span, String)>,
    pub help: Option<String>,
}

impl Problem {
    pub fn new(
        span: &Span,
        code: &'static str,
        title: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Problem {
            span: span.clone(),
            code,
            title: title.into(),
            label: label.into(),
            others: Vec::new(),
            help: None,
        }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn helped(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    pub fn other(mut self, span: &Span, label: impl Into<String>) -> Self {
        self.others.push((span.clone(), label.into()));
        self
    }
}
