//! What a policy would have denied: by pair of hosts, from what was heard.

use std::fmt::Write as _;
use std::net::IpAddr;

use crate::inventory::logbook::{Deal, Logbook};

/// All denials between two hosts.
#[derive(Debug)]
pub struct Denials<'b> {
    pub actor: IpAddr,
    pub target: IpAddr,
    /// Those with a denial or a broken bound, the gravest first.
    pub deals: Vec<&'b Deal>,
}

impl Denials<'_> {
    pub fn denied(&self) -> u64 {
        self.deals.iter().map(|d| d.ruling.denied).sum()
    }

    pub fn out_of_bounds(&self) -> u64 {
        self.deals.iter().map(|d| d.ruling.out_of_bounds).sum()
    }
}

/// Pairs with something denied or out of bounds, the most denials first.
pub fn denials(book: &Logbook) -> Vec<Denials<'_>> {
    let mut pairs: Vec<Denials<'_>> = Vec::new();
    let struck = |d: &&Deal| d.ruling.denied > 0 || d.ruling.out_of_bounds > 0;
    for deal in book.deals().iter().filter(struck) {
        let own = pairs
            .iter_mut()
            .find(|p| (p.actor, p.target) == (deal.actor, deal.target));
        match own {
            Some(pair) => pair.deals.push(deal),
            None => pairs.push(Denials {
                actor: deal.actor,
                target: deal.target,
                deals: vec![deal],
            }),
        }
    }
    for pair in &mut pairs {
        pair.deals
            .sort_by_key(|d| (!d.grave(), std::cmp::Reverse(d.ruling.denied), d.first.seq));
    }
    pairs.sort_by_key(|p| (std::cmp::Reverse(p.denied()), p.actor, p.target));
    pairs
}

/// The report, one pair after the other. `time` writes a packet time.
pub fn report(book: &Logbook, time: &dyn Fn(i64) -> String) -> String {
    let mut out = String::new();
    let pairs = denials(book);
    let asked: u64 = book.deals().iter().map(|d| d.count).sum();
    let denied: u64 = pairs.iter().map(Denials::denied).sum();
    let _ = writeln!(
        out,
        "{denied} of {asked} requests would have been denied, between {} pairs of hosts",
        pairs.iter().filter(|p| p.denied() > 0).count()
    );
    for pair in &pairs {
        let _ = writeln!(out, "\n{} -> {}", pair.actor, pair.target);
        for deal in &pair.deals {
            let r = &deal.ruling;
            if r.denied > 0 {
                let last = r.denied_last.unwrap_or(deal.last);
                let _ = write!(
                    out,
                    "    {:<16} denied {} of {}, last {} (frame {}); {}",
                    deal.verb.word(),
                    r.denied,
                    deal.count,
                    time(last.time),
                    last.number,
                    deal.outcome_text(),
                );
            } else {
                let _ = write!(out, "    {:<16} allowed", deal.verb.word());
            }
            if r.out_of_bounds > 0 {
                let _ = write!(
                    out,
                    "; {} out of bounds (values {})",
                    r.out_of_bounds,
                    deal.value_text()
                );
            }
            out.push('\n');
            if !r.nearest.is_empty() {
                let _ = writeln!(out, "    {:<16} {}", "", r.nearest);
            }
        }
    }
    out
}
