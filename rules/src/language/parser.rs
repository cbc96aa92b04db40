//! Tokens to a tree. `or` binds loosest, then `and`, `not`, comparisons, `+ -`, `* /`.

use super::ast::{Arithmetic, Call, Comparison, Expr, ExprKind, Span, TextTest, Unit};
use super::lexer::{Lexed, Token, lex};

/// A place where the condition cannot be read further.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntaxError {
    pub span: Span,
    pub title: String,
    pub label: String,
    pub help: Option<String>,
}

/// Reads a whole condition. `depth` bounds its nesting.
pub fn parse(text: &str, depth: usize) -> Result<Expr, SyntaxError> {
    let tokens = lex(text).map_err(|stray| SyntaxError {
        span: stray.span,
        title: "the condition cannot be read".into(),
        label: stray.what.into(),
        help: stray.help.map(str::to_owned),
    })?;
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        end: text.len(),
        depth,
    };
    let expr = parser.or()?;
    match parser.tokens.get(parser.at) {
        None => Ok(expr),
        Some(_) => Err(parser.unexpected("`and`, `or`, or the end")),
    }
}

struct Parser<'t> {
    tokens: &'t [Lexed],
    at: usize,
    end: usize,
    depth: usize,
}

const KEYWORDS: &[&str] = &[
    "and", "or", "not", "is", "in", "by", "within", "after", "matches", "contains", "starts",
    "ends",
];

impl Parser<'_> {
    fn or(&mut self) -> Result<Expr, SyntaxError> {
        self.joined("or", "||", Self::and, ExprKind::Or)
    }

    fn and(&mut self) -> Result<Expr, SyntaxError> {
        self.joined("and", "&&", Self::not, ExprKind::And)
    }

    fn joined(
        &mut self,
        word: &str,
        sign: &str,
        part: fn(&mut Self) -> Result<Expr, SyntaxError>,
        make: fn(Vec<Expr>) -> ExprKind,
    ) -> Result<Expr, SyntaxError> {
        let mut parts = vec![part(self)?];
        while self.take_word(word) || self.take_sign(sign) {
            parts.push(part(self)?);
        }
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        let span = parts[0].span.start..parts[parts.len() - 1].span.end;
        Ok(Expr {
            span,
            kind: make(parts),
        })
    }

    fn not(&mut self) -> Result<Expr, SyntaxError> {
        let start = self.place().start;
        if self.take_word("not") || self.take_sign("!") {
            let inner = self.deeper(Self::not)?;
            return Ok(Expr {
                span: start..inner.span.end,
                kind: ExprKind::Not(Box::new(inner)),
            });
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expr, SyntaxError> {
        let left = self.sum()?;
        let compare = |op, left: Expr, right: Expr| Expr {
            span: left.span.start..right.span.end,
            kind: ExprKind::Compare(op, Box::new(left), Box::new(right)),
        };
        let signs = [
            ("==", Comparison::Equal),
            ("=", Comparison::Equal),
            ("!=", Comparison::Unequal),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        for (sign, op) in signs {
            if self.take_sign(sign) {
                let right = self.sum()?;
                return Ok(compare(op, left, right));
            }
        }
        if self.take_word("is") {
            let negated = self.take_word("not");
            if self.take_word("in") {
                return self.membership(left, negated);
            }
            let right = self.sum()?;
            let op = if negated {
                Comparison::Unequal
            } else {
                Comparison::Equal
            };
            return Ok(compare(op, left, right));
        }
        if self.is_word("not") && self.follows("in") {
            self.at += 2;
            return self.membership(left, true);
        }
        if self.take_word("in") {
            return self.membership(left, false);
        }
        for (word, second, test) in [
            ("contains", None, TextTest::Contains),
            ("starts", Some("with"), TextTest::StartsWith),
            ("ends", Some("with"), TextTest::EndsWith),
            ("matches", None, TextTest::Matches),
        ] {
            let negated = self.is_word("not") && self.follows(word);
            if negated {
                self.at += 1;
            }
            if self.take_word(word) {
                if let Some(second) = second
                    && !self.take_word(second)
                {
                    return Err(self.unexpected(&format!("`{second}`")));
                }
                let right = self.sum()?;
                let span = left.span.start..right.span.end;
                let expr = Expr {
                    span: span.clone(),
                    kind: ExprKind::Test(test, Box::new(left), Box::new(right)),
                };
                return Ok(negate(expr, negated));
            }
        }
        Ok(left)
    }

    fn membership(&mut self, left: Expr, negated: bool) -> Result<Expr, SyntaxError> {
        let set = self.sum()?;
        let expr = Expr {
            span: left.span.start..set.span.end,
            kind: ExprKind::In(Box::new(left), Box::new(set)),
        };
        Ok(negate(expr, negated))
    }

    fn sum(&mut self) -> Result<Expr, SyntaxError> {
        self.arithmetic(
            Self::product,
            &[("+", Arithmetic::Add), ("-", Arithmetic::Subtract)],
        )
    }

    fn product(&mut self) -> Result<Expr, SyntaxError> {
        self.arithmetic(
            Self::primary,
            &[("*", Arithmetic::Multiply), ("/", Arithmetic::Divide)],
        )
    }

    fn arithmetic(
        &mut self,
        part: fn(&mut Self) -> Result<Expr, SyntaxError>,
        signs: &[(&str, Arithmetic)],
    ) -> Result<Expr, SyntaxError> {
        let mut left = part(self)?;
        let mut terms = 0;
        'next: loop {
            for (sign, op) in signs {
                if self.take_sign(sign) {
                    terms += 1;
                    if terms > self.depth {
                        return Err(self.too_deep());
                    }
                    let right = part(self)?;
                    left = Expr {
                        span: left.span.start..right.span.end,
                        kind: ExprKind::Arithmetic(*op, Box::new(left), Box::new(right)),
                    };
                    continue 'next;
                }
            }
            return Ok(left);
        }
    }

    fn primary(&mut self) -> Result<Expr, SyntaxError> {
        let Some(Lexed { token, span }) = self.tokens.get(self.at).cloned() else {
            return Err(self.unexpected("a value"));
        };
        let whole = |kind| {
            Ok(Expr {
                span: span.clone(),
                kind,
            })
        };
        match token {
            Token::Sign("(") => {
                self.at += 1;
                let inner = self.deeper(Self::or)?;
                self.need(")")?;
                Ok(inner)
            }
            Token::Sign("[") => {
                self.at += 1;
                let items = self.list("]")?;
                Ok(Expr {
                    span: span.start..self.last_end(),
                    kind: ExprKind::List(items),
                })
            }
            Token::Sign("-") => {
                self.at += 1;
                let inner = self.deeper(Self::primary)?;
                Ok(Expr {
                    span: span.start..inner.span.end,
                    kind: ExprKind::Negative(Box::new(inner)),
                })
            }
            Token::Number(low, unit) => {
                self.at += 1;
                if self.take_sign("..") {
                    return self.range(span.start, low, unit);
                }
                whole(ExprKind::Number(low, unit))
            }
            Token::Text(text) => {
                self.at += 1;
                whole(ExprKind::Text(text))
            }
            Token::Pattern(pattern) => {
                self.at += 1;
                whole(ExprKind::Pattern(pattern))
            }
            Token::Net(net) => {
                self.at += 1;
                whole(ExprKind::Net(net))
            }
            Token::Path(name, inside, at) => {
                self.at += 1;
                whole(ExprKind::Path(name, inside, at))
            }
            Token::Word(word) if KEYWORDS.contains(&word.as_str()) => {
                Err(self.unexpected("a value"))
            }
            Token::Word(word) => {
                self.at += 1;
                if word == "group"
                    && let Some(Lexed {
                        token: Token::Text(name),
                        span: end,
                    }) = self.tokens.get(self.at).cloned()
                {
                    self.at += 1;
                    return Ok(Expr {
                        span: span.start..end.end,
                        kind: ExprKind::Group(name),
                    });
                }
                if word == "file"
                    && let Some(Lexed {
                        token: Token::Text(name),
                        span: end,
                    }) = self.tokens.get(self.at).cloned()
                {
                    self.at += 1;
                    return Ok(Expr {
                        span: span.start..end.end,
                        kind: ExprKind::File(name),
                    });
                }
                if self.take_sign("(") {
                    return self.call(word, span);
                }
                whole(ExprKind::Name(word))
            }
            Token::Sign(_) => Err(self.unexpected("a value")),
        }
    }

    fn range(
        &mut self,
        start: usize,
        low: f64,
        low_unit: Option<Unit>,
    ) -> Result<Expr, SyntaxError> {
        match self.tokens.get(self.at).cloned() {
            Some(Lexed {
                token: Token::Number(high, unit),
                span,
            }) => {
                self.at += 1;
                if let Some(low_unit) = low_unit {
                    return Err(SyntaxError {
                        span: low_unit.span,
                        title: "a range has one unit, behind its end".into(),
                        label: "leave this one out".into(),
                        help: None,
                    });
                }
                Ok(Expr {
                    span: start..span.end,
                    kind: ExprKind::Range(low, high, unit),
                })
            }
            _ => Err(self.unexpected("the end of the range")),
        }
    }

    /// Behind `name(`.
    fn call(&mut self, name: String, name_span: Span) -> Result<Expr, SyntaxError> {
        let args = self.list(")")?;
        let mut call = Call {
            name,
            name_span,
            args,
            by: Vec::new(),
            within: None,
            after: None,
        };
        loop {
            if self.take_word("by") {
                self.need("(")?;
                call.by = self.list(")")?;
            } else if self.take_word("within") {
                call.within = Some(Box::new(self.deeper(Self::primary)?));
            } else if self.take_word("after") {
                call.after = Some(Box::new(self.deeper(Self::primary)?));
            } else {
                break;
            }
        }
        Ok(Expr {
            span: call.name_span.start..self.last_end(),
            kind: ExprKind::Call(call),
        })
    }

    fn list(&mut self, close: &'static str) -> Result<Vec<Expr>, SyntaxError> {
        let mut items = Vec::new();
        loop {
            if self.take_sign(close) {
                return Ok(items);
            }
            items.push(self.deeper(Self::or)?);
            if !self.take_sign(",") {
                self.need(close)?;
                return Ok(items);
            }
        }
    }

    fn deeper(
        &mut self,
        part: fn(&mut Self) -> Result<Expr, SyntaxError>,
    ) -> Result<Expr, SyntaxError> {
        if self.depth == 0 {
            return Err(self.too_deep());
        }
        self.depth -= 1;
        let expr = part(self);
        self.depth += 1;
        expr
    }

    fn too_deep(&self) -> SyntaxError {
        SyntaxError {
            span: self.place(),
            title: "the condition is nested too deeply".into(),
            label: "no further level is read".into(),
            help: Some("split the rule (limit expression-depth)".into()),
        }
    }

    fn place(&self) -> Span {
        self.tokens
            .get(self.at)
            .map_or(self.end..self.end, |t| t.span.clone())
    }

    fn last_end(&self) -> usize {
        self.at
            .checked_sub(1)
            .and_then(|at| self.tokens.get(at))
            .map_or(0, |t| t.span.end)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Lexed { token: Token::Word(w), .. }) if w == word)
    }

    fn follows(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at + 1), Some(Lexed { token: Token::Word(w), .. }) if w == word)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let hit = self.is_word(word);
        self.at += usize::from(hit);
        hit
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let hit = matches!(self.tokens.get(self.at), Some(Lexed { token: Token::Sign(s), .. }) if *s == sign);
        self.at += usize::from(hit);
        hit
    }

    fn need(&mut self, sign: &'static str) -> Result<(), SyntaxError> {
        if self.take_sign(sign) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{sign}`")))
    }

    fn unexpected(&self, wanted: &str) -> SyntaxError {
        let found = match self.tokens.get(self.at) {
            None => "the condition ends here".to_owned(),
            Some(_) => "this does not fit here".to_owned(),
        };
        SyntaxError {
            span: self.place(),
            title: format!("expected {wanted}"),
            label: found,
            help: None,
        }
    }
}

fn negate(expr: Expr, negated: bool) -> Expr {
    if !negated {
        return expr;
    }
    Expr {
        span: expr.span.clone(),
        kind: ExprKind::Not(Box::new(expr)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Expr {
        parse(text, 64).unwrap()
    }

    #[test]
    fn missing_operand_is_reported_where_it_should_stand() {
        let e = parse("verb is set-rate and", 64).unwrap_err();
        assert_eq!(e.span, 20..20);
        let e = parse("count( by (actor)", 64).unwrap_err();
        assert_eq!(e.span, 7..9);
        assert!(parse("", 64).is_err());
        assert!(parse("verb set-rate", 64).is_err());
        assert!(parse("value in 1 mL..2 mL", 64).is_err());
    }

    #[test]
    fn ten_thousand_brackets_are_refused_not_recursed_into() {
        for c in ["(", "not ", "[", "- ", "f("] {
            let e = parse(&c.repeat(10_000), 64).unwrap_err();
            assert!(e.title.contains("deeply"), "{c}: {}", e.title);
        }
    }

    #[test]
    fn and_binds_closer_than_or_and_not_closer_than_and() {
        let ExprKind::Or(parts) = read("a and not b or c").kind else {
            panic!()
        };
        assert_eq!(parts.len(), 2);
        let ExprKind::And(parts) = &parts[0].kind else {
            panic!()
        };
        assert!(matches!(parts[1].kind, ExprKind::Not(_)));
    }

    #[test]
    fn window_carries_its_keys_and_its_time() {
        let ExprKind::Compare(Comparison::Greater, left, _) =
            read("count(kind is \"A\") by (actor, target.ip) within 60 s > 20").kind
        else {
            panic!()
        };
        let ExprKind::Call(call) = left.kind else {
            panic!()
        };
        assert_eq!((call.args.len(), call.by.len()), (1, 2));
        assert!(
            matches!(&call.within.unwrap().kind, ExprKind::Number(n, Some(u)) if *n == 60.0 && u.text == "s")
        );
    }

    #[test]
    fn is_not_and_not_in_read_as_said() {
        assert!(matches!(
            read("verb is not stop").kind,
            ExprKind::Compare(Comparison::Unequal, _, _)
        ));
        assert!(matches!(read("verb not in [stop]").kind, ExprKind::Not(_)));
        assert!(matches!(
            read("actor in group \"pumps\"").kind,
            ExprKind::In(_, _)
        ));
    }
}
