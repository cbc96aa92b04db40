//! What a value may be in: lists, ranges, networks, groups, files.

use super::super::ast::{Expr, ExprKind};
use super::super::compiled::{Literal, Node, Operand, Set};
use super::super::lists::Addresses;
use super::super::names::Type;
use super::super::units::Dimension;
use super::{Checker, Problem, comparable, plain};

impl Checker<'_> {
    pub(super) fn membership(&mut self, left: &Expr, set: &Expr) -> Option<Node> {
        let typed = self.operand(left, None);
        let (operand, ty) = typed?;
        let set = self.set(left, &operand, ty, set)?;
        Some(Node::In(operand, set))
    }

    pub(super) fn set(
        &mut self,
        left: &Expr,
        operand: &Operand,
        ty: Type,
        set: &Expr,
    ) -> Option<Set> {
        match &set.kind {
            ExprKind::Group(name) => {
                self.uses.policy = true;
                let seat = match operand {
                    Operand::Asset(seat, _) => *seat,
                    _ => {
                        return self.fail(Problem::new(
                            &left.span,
                            "WR004",
                            "only `actor` and `target` can be in a group",
                            ty.words().to_owned(),
                        ));
                    }
                };
                Some(Set::Group(seat, name.clone()))
            }
            ExprKind::Range(low, high, unit) => {
                let (low, high, dimension, tb) = match unit {
                    Some(unit) => {
                        let known = self.unit(unit)?;
                        (known.base(*low), known.base(*high), known.dimension, Type::Quantity)
                    }
                    None => (*low, *high, Dimension::NONE, Type::Number),
                };
                if !comparable(ty, tb) || ty == Type::Text {
                    return self.mismatch(left, ty, set, tb);
                }
                if low > high {
                    return self.fail(Problem::new(
                        &set.span,
                        "WR008",
                        "nothing lies in this range",
                        "its end is below its beginning",
                    ));
                }
                Some(Set::Range(low, high, dimension))
            }
            ExprKind::List(items) => self.list(left, operand, written(ty), items),
            ExprKind::File(name) => self.file(written(ty), set, name),
            ExprKind::Net(_) | ExprKind::Text(_) if plain(ty) == Type::Address => {
                self.list(left, operand, Type::Address, std::slice::from_ref(set))
            }
            _ => self.fail(
                Problem::new(&set.span, "WR004", "`in` needs a set", "no set").help(
                    "a list `[a, b]`, a range `0..10 mL/h`, a network `10.0.0.0/8`, `group \"name\"`, or `file \"list.txt\"`",
                ),
            ),
        }
    }

    pub(super) fn list(
        &mut self,
        left: &Expr,
        operand: &Operand,
        ty: Type,
        items: &[Expr],
    ) -> Option<Set> {
        if ty == Type::Address {
            let nets: Vec<Option<ipnet::IpNet>> = items.iter().map(|i| self.net(i)).collect();
            return Some(Set::Nets(nets.into_iter().collect::<Option<_>>()?));
        }
        let mut texts = Vec::new();
        let mut numbers = Vec::new();
        let mut quantities = Vec::new();
        let mut macs = Vec::new();
        let mut words = 0u128;
        let mut good = true;
        for item in items {
            let Some((value, tb)) = self.operand(item, Some(ty)) else {
                good = false;
                continue;
            };
            if !comparable(ty, tb) {
                self.mismatch::<()>(left, ty, item, tb);
                good = false;
                continue;
            }
            self.literal_is_known(operand, item);
            match value {
                Operand::Literal(Literal::Text(t)) => texts.push(t),
                Operand::Literal(Literal::Number(n)) => numbers.push(n),
                Operand::Literal(Literal::Quantity(n, d)) => quantities.push((n, d)),
                Operand::Literal(Literal::Word(w)) => {
                    words |= 1u128.checked_shl(u32::from(w)).unwrap_or(0);
                }
                Operand::Literal(Literal::Mac(m)) => macs.push(m),
                _ => {
                    self.problems.push(Problem::new(
                        &item.span,
                        "WR004",
                        "a list holds values written out",
                        "not known before the message is seen",
                    ));
                    good = false;
                }
            }
        }
        if !good {
            return None;
        }
        texts.sort();
        macs.sort_unstable();
        Some(match ty {
            Type::Word(_) => Set::Words(words),
            Type::Mac => Set::Macs(macs),
            Type::Quantity => Set::Quantities(quantities),
            Type::Number => Set::Numbers(numbers),
            Type::Any if texts.is_empty() && !numbers.is_empty() => Set::Numbers(numbers),
            _ => Set::Texts(texts),
        })
    }

    /// The values of a list file as a set of this type.
    pub(super) fn file(&mut self, ty: Type, set: &Expr, name: &str) -> Option<Set> {
        let Some(folder) = self.folder else {
            return self.fail(Problem::new(
                &set.span,
                "WR016",
                "only a rule file can name a list",
                "no folder to look in",
            ));
        };
        let lines = match super::super::lists::read(&folder.join(name), self.limits) {
            Ok(lines) => lines,
            Err(why) => {
                return self.fail(
                    Problem::new(&set.span, "WR016", "this list cannot be read", why)
                        .help("its path is read from the folder of the rule file"),
                );
            }
        };
        let (mut nets, mut macs, mut words) = (Vec::new(), Vec::new(), 0u128);
        let mut texts: Vec<Box<[u8]>> = Vec::new();
        for (line, value) in lines {
            let good = match ty {
                Type::Address => super::super::resolve::net(&value)
                    .map(|n| nets.push(n))
                    .is_ok(),
                Type::Mac => super::super::resolve::mac(&value)
                    .map(|m| macs.push(m))
                    .is_some(),
                Type::Word(vocabulary) => vocabulary
                    .find(&value)
                    .map(|w| words |= 1u128.checked_shl(u32::from(w)).unwrap_or(0))
                    .is_some(),
                Type::Text | Type::Any => {
                    texts.push(value.as_bytes().into());
                    true
                }
                _ => {
                    return self.fail(Problem::new(
                        &set.span,
                        "WR016",
                        "a list file holds texts, addresses, MACs or words",
                        format!("compared with {}", ty.words()),
                    ));
                }
            };
            if !good {
                let shown = crate::privacy::printable(value.as_bytes());
                return self.fail(Problem::new(
                    &set.span,
                    "WR016",
                    format!("line {line} of this list is not {}", ty.words()),
                    format!("`{shown}`"),
                ));
            }
        }
        texts.sort();
        texts.dedup();
        macs.sort_unstable();
        Some(match ty {
            Type::Address => Set::Addresses(Addresses::of(&nets).into()),
            Type::Mac => Set::Macs(macs),
            Type::Word(_) => Set::Words(words),
            _ => Set::Texts(texts),
        })
    }
}

/// Times in a set are compared as they are written.
fn written(ty: Type) -> Type {
    match plain(ty) {
        Type::Time => Type::Text,
        other => other,
    }
}
