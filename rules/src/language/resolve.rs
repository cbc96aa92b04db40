//! Names and literals to operands.

use std::net::IpAddr;
use std::sync::Arc;

use dissectors::registry::{PROTOCOLS, ProtocolId};
use dissectors::schema::Privacy;
use ipnet::IpNet;

use super::ast::{Arithmetic, Expr, ExprKind};
use super::check::{Checker, Problem};
use super::compiled::{Attribute, Fact, Literal, Operand, Seat, Which};
use super::diagnostic::nearest;
use super::names::{ATTRIBUTES, FACTS, QUESTIONS, Type, Vocabulary};
use super::units::Dimension;

/// True if a name means something by itself, without knowing what it is compared with.
pub fn known(name: &str) -> bool {
    let (_, rest) = strip_from(name);
    QUESTIONS.contains(&name)
        || matches!(
            rest,
            "actor" | "target" | "sender" | "receiver" | "true" | "false" | "flow"
        )
        || FACTS.iter().any(|f| f.0 == rest)
        || rest.split_once('.').is_some_and(|(first, field)| {
            seat_of(first).is_some() && ATTRIBUTES.iter().any(|a| a.0 == field)
                || ProtocolId::of(first).is_some_and(|p| p.protocol().field(field).is_some())
        })
}

fn seat_of(word: &str) -> Option<Seat> {
    match word {
        "actor" => Some(Seat::Actor),
        "target" => Some(Seat::Target),
        "sender" => Some(Seat::Sender),
        "receiver" => Some(Seat::Receiver),
        _ => None,
    }
}

/// `request.kind`: which message of the pair, and what of it.
fn strip_from(name: &str) -> (Which, &str) {
    match name.split_once('.') {
        Some(("request", rest)) => (Which::Request, rest),
        Some(("answer", rest)) => (Which::Answer, rest),
        _ => (Which::This, name),
    }
}

impl Checker<'_> {
    /// Resolves an operand. `expect` says how a literal or a bare word is to be read.
    pub fn operand(&mut self, expr: &Expr, expect: Option<Type>) -> Option<(Operand, Type)> {
        match &expr.kind {
            ExprKind::Name(name) => self.name(expr, name, expect),
            ExprKind::Path(name, inside, at) => self.path(expr, name, inside, at),
            ExprKind::Number(number, None) => {
                if expect == Some(Type::Any) {
                    return Some((Operand::Literal(Literal::Number(*number)), Type::Any));
                }
                Some((Operand::Literal(Literal::Number(*number)), Type::Number))
            }
            ExprKind::Number(number, Some(unit)) => {
                let known = self.unit(unit)?;
                let literal = Literal::Quantity(known.base(*number), known.dimension);
                Some((Operand::Literal(literal), Type::Quantity))
            }
            ExprKind::Negative(inner) => match self.operand(inner, expect)? {
                (Operand::Literal(Literal::Number(n)), ty) => {
                    Some((Operand::Literal(Literal::Number(-n)), ty))
                }
                (Operand::Literal(Literal::Quantity(n, d)), ty) => {
                    Some((Operand::Literal(Literal::Quantity(-n, d)), ty))
                }
                (inner, ty @ (Type::Number | Type::Any)) => {
                    let zero = Operand::Literal(Literal::Number(0.0));
                    Some((
                        Operand::Arithmetic(Arithmetic::Subtract, Box::new((zero, inner))),
                        ty,
                    ))
                }
                (_, ty) => self.fail(Problem::new(
                    &expr.span,
                    "WR002",
                    "only a number has a sign",
                    ty.words().to_owned(),
                )),
            },
            ExprKind::Text(text) => self.text(expr, text, expect),
            ExprKind::Net(net) => match net.parse::<IpAddr>() {
                Ok(ip) => Some((Operand::Literal(Literal::Ip(ip)), Type::Address)),
                Err(_) => {
                    self.net(expr)?;
                    self.fail(
                        Problem::new(&expr.span, "WR004", "a network is a set", "a network")
                            .help("write `in`"),
                    )
                }
            },
            ExprKind::Arithmetic(op, left, right) => self.arithmetic(*op, left, right),
            ExprKind::Call(call) if call.name == "role" => self.role(expr, call),
            ExprKind::Call(call) if call.name == "host" => self.host(expr, call),
            ExprKind::Call(call) if call.name == "time" => self.time(expr, call),
            ExprKind::Call(call) if !super::names::CALLS.contains(&call.name.as_str()) => {
                self.unknown_call(call)
            }
            _ => self.fail(Problem::new(
                &expr.span,
                "WR003",
                "a value is needed here",
                "no value",
            )),
        }
    }

    fn name(&mut self, expr: &Expr, name: &str, expect: Option<Type>) -> Option<(Operand, Type)> {
        if let Some(Type::Word(vocabulary)) = expect
            && !name.contains('.')
        {
            return self.word(expr, name, vocabulary);
        }
        let (from, rest) = strip_from(name);
        match from {
            Which::Request => {
                self.uses.request = true;
                self.uses.request_fields = true;
            }
            Which::Answer => self.uses.answer = true,
            Which::This => {}
        }
        let rest = if rest == "flow" { "conversation" } else { rest };
        if let Some((_, fact, ty, _)) = FACTS.iter().find(|f| f.0 == rest) {
            if *fact == Fact::Outcome && from == Which::This {
                self.uses.answer = true;
            }
            self.uses.policy |= matches!(fact, Fact::ZoneAllowed | Fact::ZoneCommands);
            return Some((Operand::Fact(from, *fact), *ty));
        }
        if from == Which::This && (rest == "true" || rest == "false") {
            return Some((Operand::Literal(Literal::Flag(rest == "true")), Type::Flag));
        }
        if let Some(seat) = seat_of(rest) {
            return Some((Operand::Asset(seat, Attribute::Ip), Type::Asset));
        }
        if let Some((first, field)) = rest.split_once('.') {
            if let Some(seat) = seat_of(first) {
                return self.attribute(expr, seat, field);
            }
            if let Some(protocol) = ProtocolId::of(first) {
                return self.field(expr, from, protocol, field);
            }
        }
        let fields = PROTOCOLS
            .iter()
            .flat_map(|p| p.fields.iter().map(|f| format!("{}.{}", p.name, f.name)));
        let mut names: Vec<String> = fields.collect();
        names.extend(FACTS.iter().map(|f| f.0.to_owned()));
        names.extend(QUESTIONS.iter().map(|q| (*q).to_owned()));
        names.extend(["actor".to_owned(), "target".to_owned()]);
        for a in ATTRIBUTES {
            names.push(format!("actor.{}", a.0));
            names.push(format!("target.{}", a.0));
        }
        let near =
            nearest(rest, names.iter().map(String::as_str)).map(|n| format!("did you mean `{n}`?"));
        let quotes =
            (expect == Some(Type::Text)).then(|| format!("text is written in quotes: \"{name}\""));
        self.fail(
            Problem::new(
                &expr.span,
                "WR001",
                format!("unknown name `{name}`"),
                "not known",
            )
            .helped(quotes.or(near)),
        )
    }

    fn word(&mut self, expr: &Expr, word: &str, vocabulary: Vocabulary) -> Option<(Operand, Type)> {
        if let Some(at) = vocabulary.find(word) {
            return Some((Operand::Literal(Literal::Word(at)), Type::Word(vocabulary)));
        }
        let words = vocabulary.words();
        let help = nearest(word, words.iter().copied())
            .map(|n| format!("did you mean `{n}`?"))
            .unwrap_or_else(|| format!("known are {}", words.join(", ")));
        self.fail(
            Problem::new(
                &expr.span,
                "WR001",
                format!("`{word}` is not {}", vocabulary.title()),
                "not known",
            )
            .help(help),
        )
    }

    fn attribute(&mut self, expr: &Expr, seat: Seat, field: &str) -> Option<(Operand, Type)> {
        if let Some((_, attribute, ty, _)) = ATTRIBUTES.iter().find(|a| a.0 == field) {
            self.uses.policy |= matches!(attribute, Attribute::Kind | Attribute::Zone);
            return Some((Operand::Asset(seat, *attribute), *ty));
        }
        let help = nearest(field, ATTRIBUTES.iter().map(|a| a.0))
            .map(|n| format!("did you mean `{n}`?"))
            .unwrap_or_else(|| {
                let all: Vec<&str> = ATTRIBUTES.iter().map(|a| a.0).collect();
                format!("an asset has {}", all.join(", "))
            });
        self.fail(
            Problem::new(
                &expr.span,
                "WR001",
                format!("an asset has no `{field}`"),
                "not known",
            )
            .help(help),
        )
    }

    fn field(
        &mut self,
        expr: &Expr,
        from: Which,
        protocol: ProtocolId,
        name: &str,
    ) -> Option<(Operand, Type)> {
        let table = protocol.protocol();
        if let Some(field) = table.field(name) {
            let row = &table.fields[usize::from(field.0)];
            let ty = if row.privacy == Privacy::Secret {
                Type::Secret
            } else {
                Type::of(row.kind)
            };
            let operand = Operand::Field {
                from,
                protocol,
                field,
                privacy: row.privacy,
            };
            return Some((operand, ty));
        }
        let help = nearest(name, table.fields.iter().map(|f| f.name))
            .map(|n| format!("did you mean `{}.{n}`?", table.name));
        self.fail(
            Problem::new(
                &expr.span,
                "WR001",
                format!("`{}` has no field `{name}`", table.name),
                "unknown field",
            )
            .helped(help),
        )
    }

    fn path(
        &mut self,
        expr: &Expr,
        name: &str,
        inside: &str,
        at: &std::ops::Range<usize>,
    ) -> Option<(Operand, Type)> {
        let (from, protocol_name) = strip_from(name);
        match from {
            Which::Request => {
                self.uses.request = true;
                self.uses.request_fields = true;
            }
            Which::Answer => self.uses.answer = true,
            Which::This => {}
        }
        let Some(protocol) = ProtocolId::of(protocol_name) else {
            let help = nearest(protocol_name, PROTOCOLS.iter().map(|p| p.name))
                .map(|n| format!("did you mean `{n}[{inside}]`?"));
            return self.fail(
                Problem::new(
                    &expr.span,
                    "WR001",
                    format!("unknown protocol `{protocol_name}`"),
                    "not known",
                )
                .helped(help),
            );
        };
        let Some(compile) = protocol.protocol().path else {
            return self.fail(Problem::new(
                &expr.span,
                "WR014",
                format!("`{protocol_name}` has no paths"),
                "only its fields can be read",
            ));
        };
        match compile(inside) {
            Ok(reader) => {
                let written = format!("{name}[{inside}]");
                let reader = Arc::from(reader);
                Some((
                    Operand::Path {
                        from,
                        protocol,
                        reader,
                        written,
                    },
                    Type::Any,
                ))
            }
            Err(why) => self.fail(Problem::new(
                at,
                "WR014",
                format!("`{inside}` is no path of {protocol_name}"),
                why,
            )),
        }
    }

    fn text(&mut self, expr: &Expr, text: &str, expect: Option<Type>) -> Option<(Operand, Type)> {
        let bytes = || Literal::Text(text.as_bytes().into());
        match expect {
            Some(Type::Word(vocabulary)) => self.word(expr, text, vocabulary),
            Some(Type::Address | Type::Asset) => match text.parse::<IpAddr>() {
                Ok(ip) => Some((Operand::Literal(Literal::Ip(ip)), Type::Address)),
                Err(_) => self.fail(Problem::new(
                    &expr.span,
                    "WR015",
                    format!("`{text}` is no address"),
                    "no IPv4 or IPv6 address",
                )),
            },
            Some(Type::Mac) => match mac(text) {
                Some(mac) => Some((Operand::Literal(Literal::Mac(mac)), Type::Mac)),
                None => self.fail(Problem::new(
                    &expr.span,
                    "WR015",
                    format!("`{text}` is no MAC address"),
                    "six pairs of hexadecimal digits with `:` between them",
                )),
            },
            Some(Type::Time) => match super::dates::moment(text.as_bytes()) {
                Some(time) => Some((Operand::Literal(Literal::Time(time)), Type::Time)),
                None => self.fail(
                    Problem::new(
                        &expr.span,
                        "WR015",
                        format!("`{text}` is no point in time"),
                        "neither a date nor a date with a time",
                    )
                    .help("write \"2026-11-01\" or \"2026-11-01T07:30Z\""),
                ),
            },
            Some(Type::Any) => Some((Operand::Literal(bytes()), Type::Any)),
            _ => Some((Operand::Literal(bytes()), Type::Text)),
        }
    }

    /// An address or network, bare or in quotes.
    pub fn net(&mut self, expr: &Expr) -> Option<IpNet> {
        let (ExprKind::Net(text) | ExprKind::Text(text)) = &expr.kind else {
            return self.fail(Problem::new(
                &expr.span,
                "WR015",
                "an address or network is needed here",
                "neither",
            ));
        };
        match net(text) {
            Ok(net) => Some(net),
            Err(why) => self.fail(Problem::new(
                &expr.span,
                "WR015",
                format!("`{text}` is no address or network"),
                why,
            )),
        }
    }

    fn role(&mut self, expr: &Expr, call: &super::ast::Call) -> Option<(Operand, Type)> {
        self.uses.policy = true;
        if let [arg] = call.args.as_slice()
            && let ExprKind::Name(name) = &arg.kind
            && let Some(seat) = seat_of(name)
        {
            let ty = Type::Word(Vocabulary::Device);
            return Some((Operand::Asset(seat, Attribute::Kind), ty));
        }
        self.fail(Problem::new(
            &expr.span,
            "WR009",
            "`role` asks for `actor` or `target`",
            "neither",
        ))
    }

    /// `host(sdc.notify_to)`
    fn host(&mut self, expr: &Expr, call: &super::ast::Call) -> Option<(Operand, Type)> {
        if let [arg] = call.args.as_slice() {
            let (operand, ty) = self.operand(arg, None)?;
            if matches!(ty, Type::Text | Type::Any) {
                return Some((Operand::Host(Box::new(operand)), Type::Address));
            }
        }
        self.fail(Problem::new(
            &expr.span,
            "WR009",
            "`host` asks for one text that names a host",
            "none",
        ))
    }

    /// `time(hl7v2[MSH-7])`
    fn time(&mut self, expr: &Expr, call: &super::ast::Call) -> Option<(Operand, Type)> {
        if let [arg] = call.args.as_slice() {
            let (operand, ty) = self.operand(arg, None)?;
            if matches!(ty, Type::Text | Type::Time | Type::Any) {
                return Some((Operand::Moment(Box::new(operand)), Type::Time));
            }
        }
        self.fail(Problem::new(
            &expr.span,
            "WR009",
            "`time` asks for one text that names a point in time",
            "none",
        ))
    }

    fn arithmetic(&mut self, op: Arithmetic, left: &Expr, right: &Expr) -> Option<(Operand, Type)> {
        let a = self.operand(left, None);
        let b = self.operand(right, None);
        let ((mut a, mut ta), (mut b, mut tb)) = (a?, b?);
        if ta == Type::Time || tb == Type::Time {
            (a, ta) = super::check::timed(a, ta);
            (b, tb) = super::check::timed(b, tb);
        }
        let lasts = |operand: &Operand| match operand {
            Operand::Literal(Literal::Quantity(_, d)) => *d == Dimension::TIME,
            _ => true,
        };
        if self.forbid_secret(&left.span, &a) | self.forbid_secret(&right.span, &b) {
            return None;
        }
        use Arithmetic::{Add, Divide, Multiply, Subtract};
        let number = |t| matches!(t, Type::Number | Type::Any);
        let ty = match (ta, op, tb) {
            (a, _, b) if number(a) && number(b) => Type::Number,
            (Type::Quantity, Multiply | Divide, b) if number(b) => Type::Quantity,
            (a, Multiply, Type::Quantity) if number(a) => Type::Quantity,
            (Type::Quantity, Add | Subtract, Type::Quantity) => Type::Quantity,
            (Type::Quantity, Divide, Type::Quantity) => Type::Number,
            (Type::Time, Subtract, Type::Time) => Type::Quantity,
            (Type::Time, Add | Subtract, Type::Quantity) if lasts(&b) => Type::Time,
            (Type::Quantity, Add, Type::Time) if lasts(&a) => Type::Time,
            _ => {
                return self.fail(
                    Problem::new(
                        &right.span,
                        "WR002",
                        "these cannot be calculated with",
                        tb.words().to_owned(),
                    )
                    .other(&left.span, ta.words()),
                );
            }
        };
        Some((Operand::Arithmetic(op, Box::new((a, b))), ty))
    }
}

/// `10.0.0.0/8`, `10.1.2.3`, `2001:db8::/32`. Bits behind the prefix must be zero: a network
/// written with them is a host that somebody meant, or a slip.
pub fn net(text: &str) -> Result<IpNet, String> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(ip));
    }
    match text.parse::<IpNet>() {
        Ok(net) if net.trunc() == net => Ok(net),
        Ok(net) => Err(format!(
            "bits behind the prefix are set; the network is {}",
            net.trunc()
        )),
        Err(_) => Err("no IPv4 or IPv6 address or network".to_owned()),
    }
}

/// `02:00:00:aa:bb:cc`, also with `-`.
pub fn mac(text: &str) -> Option<[u8; 6]> {
    let mut mac = [0; 6];
    let mut parts = text.split([':', '-']);
    for byte in &mut mac {
        let part = parts
            .next()
            .filter(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(mac)
}
