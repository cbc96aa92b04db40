//! A condition as written, before names are resolved. Every node knows its bytes in the condition.

use std::ops::Range;

pub type Span = Range<usize>;

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub span: Span,
    pub kind: ExprKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    Or(Vec<Expr>),
    And(Vec<Expr>),
    Not(Box<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// `contains`, `starts with`, `ends with`, `matches`.
    Test(TextTest, Box<Expr>, Box<Expr>),
    In(Box<Expr>, Box<Expr>),
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    Negative(Box<Expr>),
    Number(f64, Option<Unit>),
    /// `0..1200 mL/h`
    Range(f64, f64, Option<Unit>),
    Text(String),
    /// `/.../`
    Pattern(String),
    /// `10.0.0.0/8`, `10.1.2.3`
    Net(String),
    List(Vec<Expr>),
    /// `group "name"`
    Group(String),
    /// `file "list.txt"`
    File(String),
    /// `verb`, `dicom.calling_ae`, `request.dicom.called_ae`, `set-rate`
    Name(String),
    /// `hl7v2[RXG-15]`: the dotted name before the bracket, and what stands in it.
    Path(String, String, Span),
    Call(Call),
}

/// `count(condition) by (keys) within 60 s`, `role(actor)`, `exists(field)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub name: String,
    pub name_span: Span,
    pub args: Vec<Expr>,
    pub by: Vec<Expr>,
    pub within: Option<Box<Expr>>,
    pub after: Option<Box<Expr>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    pub text: String,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::Unequal => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }

    /// `a < b` is `b > a`.
    pub fn turned(self) -> Self {
        match self {
            Comparison::Less => Comparison::Greater,
            Comparison::LessOrEqual => Comparison::GreaterOrEqual,
            Comparison::Greater => Comparison::Less,
            Comparison::GreaterOrEqual => Comparison::LessOrEqual,
            same => same,
        }
    }

    pub fn is_ordering(self) -> bool {
        !matches!(self, Comparison::Equal | Comparison::Unequal)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
    Matches,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}
