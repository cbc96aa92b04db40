//! The grants of a draft: what was seen, with the evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use dissectors::action::{Device as Kind, Verb};

use super::Lesson;
use super::words::{plain, quoted, short, week_text};
use crate::inventory::logbook::Deal;
use crate::inventory::role;
use crate::language::units::Dimension;
use crate::policy::bounds::Bounds;

/// Evidence lines of one grant.
const EVIDENCE: usize = 12;

impl Lesson<'_> {
    pub(super) fn write_grants(&self, out: &mut String) -> (usize, usize) {
        // By pair of groups; in each the harmless, the grave and the ever refused.
        let mut pairs: BTreeMap<(&str, &str, Weight), Vec<&Deal>> = BTreeMap::new();
        for deal in &self.deals {
            let name = |ip| self.groups[self.nodes[self.place[&ip]].group].name.as_str();
            pairs
                .entry((name(deal.actor), name(deal.target), weight(deal)))
                .or_default()
                .push(deal);
        }
        let mut proposals = 0;
        let whole = self.whole_kinds();
        for ((who, on, weight), deals) in &pairs {
            self.write_grant(who, on, *weight, deals, &whole, out);
            proposals += usize::from(*weight != Weight::Harmless);
        }
        (pairs.len(), proposals)
    }

    /// What a group asks of devices of a kind so generally that it will ask a new one as well: three
    /// of them at least, and three quarters of all that there are. Harmless verbs only.
    fn whole_kinds(&self) -> Whole {
        let mut asked: BTreeMap<(usize, Kind, Verb), BTreeSet<usize>> = BTreeMap::new();
        for deal in self.deals.iter().filter(|d| weight(d) == Weight::Harmless) {
            let target = self.place[&deal.target];
            let kind = self.nodes[target].kind;
            if kind != Kind::Unknown && deal.verb != Verb::UnknownVerb {
                let key = (self.nodes[self.place[&deal.actor]].group, kind, deal.verb);
                asked.entry(key).or_default().insert(target);
            }
        }
        let mut whole = Whole::new();
        for ((group, kind, verb), targets) in asked {
            let all = self.nodes.iter().filter(|n| n.kind == kind).count();
            if targets.len() >= 3 && targets.len() * 4 >= all * 3 {
                let who = self.groups[group].name.clone();
                whole.insert((who, kind, verb), (targets.len(), all));
            }
        }
        whole
    }

    fn write_grant(
        &self,
        who: &str,
        on: &str,
        weight: Weight,
        deals: &[&Deal],
        whole: &Whole,
        out: &mut String,
    ) {
        for deal in deals.iter().take(EVIDENCE) {
            let _ = writeln!(out, "# {}", self.evidence(deal));
        }
        if deals.len() > EVIDENCE {
            let _ = writeln!(out, "# and {} more", deals.len() - EVIDENCE);
        }
        match weight {
            Weight::Harmless => {}
            Weight::Grave => {
                out.push_str("# Therapy or safety is at stake: check it, then sign.\n");
                let verbs: BTreeSet<Verb> = deals.iter().map(|d| d.verb).collect();
                for line in verbs.iter().flat_map(|v| basis(*v, deals)) {
                    let _ = writeln!(out, "# Bounds: {line}");
                }
                if let Some(line) = suggestion(&verbs, deals) {
                    let _ = writeln!(out, "# {line}");
                }
            }
            Weight::Refused => {
                out.push_str("# Always refused: leave it out, or find out why somebody tries.\n");
            }
        }
        let verbs: BTreeSet<Verb> = deals.iter().map(|d| d.verb).collect();
        let kinds: BTreeSet<Kind> = deals
            .iter()
            .map(|d| self.nodes[self.place[&d.target]].kind)
            .collect();
        // The whole kind, if that holds for all that the grant names.
        let general = match weight {
            Weight::Harmless => kinds.first().filter(|kind| {
                kinds.len() == 1
                    && verbs
                        .iter()
                        .all(|v| whole.contains_key(&(who.to_owned(), **kind, *v)))
            }),
            _ => None,
        };
        if let Some(kind) = general
            && let Some((asked, all)) = verbs
                .iter()
                .filter_map(|v| whole.get(&(who.to_owned(), *kind, *v)))
                .min()
        {
            let _ = writeln!(
                out,
                "# Asked of {asked} of {all} {}: granted on the whole kind, new ones included.",
                role::plural(*kind)
            );
        }
        let words: Vec<String> = verbs.iter().map(|v| quoted(v.word())).collect();
        let _ = writeln!(out, "[[grant]]\nwho = [{}]", quoted(who));
        let _ = writeln!(out, "may = [{}]", words.join(", "));
        let mut on = quoted(on);
        if let Some(kind) = general {
            let _ = write!(on, ", {}", quoted(&format!("kind:{}", kind.word())));
        }
        let _ = writeln!(out, "on = [{on}]");
        if weight != Weight::Harmless {
            let bounds: Vec<String> = verbs.iter().filter_map(|v| bounds(*v, deals)).collect();
            if !bounds.is_empty() {
                let _ = writeln!(out, "bounds = {{ {} }}", bounds.join(", "));
            }
        }
        match weight {
            Weight::Harmless => out.push_str("learned = true\n\n"),
            _ => out.push_str("proposed = true\n# accepted_by = \"A. Name, 2026-01-31\"\n\n"),
        }
    }

    pub(super) fn evidence(&self, deal: &Deal) -> String {
        let time = self.manner.time;
        let mut out = format!(
            "{} {} by {} to {}: {} time{}, {}",
            deal.protocol.name(),
            deal.verb.word(),
            deal.actor,
            deal.target,
            deal.count,
            if deal.count == 1 { "" } else { "s" },
            time(deal.first.time),
        );
        if deal.count > 1 {
            let _ = write!(out, " to {}", time(deal.last.time));
        }
        let _ = write!(out, " ({}); {}", week_text(deal.hours), deal.outcome_text());
        if !deal.values.is_empty() {
            let _ = write!(out, "; {}", plain(&deal.value_text()));
        }
        if !deal.subjects.is_empty() {
            let subjects: Vec<String> = deal.subjects.iter().map(|s| plain(s)).collect();
            let _ = write!(out, "; on {}", short(&subjects, 4));
        }
        out
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Harmless,
    Grave,
    Refused,
}

fn weight(deal: &Deal) -> Weight {
    match (deal.always_refused(), deal.grave()) {
        (true, _) => Weight::Refused,
        (false, true) => Weight::Grave,
        (false, false) => Weight::Harmless,
    }
}

/// Verbs that a group asks of so many devices of a kind that it will ask a new one as well: how many
/// it asked, and how many there are.
type Whole = BTreeMap<(String, Kind, Verb), (usize, usize)>;

/// Values of one dimension, in the unit that was seen first.
struct Range<'d> {
    low: f64,
    high: f64,
    unit: &'d str,
    scale: f64,
    dimension: Dimension,
    count: u64,
}

/// The values of a verb.
fn ranges<'d>(verb: Verb, deals: &[&'d Deal]) -> Vec<Range<'d>> {
    let mut ranges: Vec<Range<'d>> = Vec::new();
    for value in deals
        .iter()
        .filter(|d| d.verb == verb)
        .flat_map(|d| &d.values)
    {
        let own = ranges.iter_mut().find(|r| r.dimension == value.dimension);
        match own {
            Some(own) => {
                own.low = own.low.min(value.low * value.scale / own.scale);
                own.high = own.high.max(value.high * value.scale / own.scale);
                own.count += value.count;
            }
            None => ranges.push(Range {
                low: value.low,
                high: value.high,
                unit: &value.unit,
                scale: value.scale,
                dimension: value.dimension,
                count: value.count,
            }),
        }
    }
    ranges
}

/// What few values leave open: the ends that were seen are moved out fivefold where one value was
/// seen, by a tenth where there were hundreds. So the next ordinary value lies within, and a decimal
/// point in the wrong place does not.
fn room(values: u64) -> f64 {
    (1.0 + 80.0 / values.max(1) as f64).clamp(1.1, 5.0)
}

/// A number to three digits, so that ends can be read.
fn round(number: f64) -> f64 {
    if number == 0.0 || !number.is_finite() {
        return number;
    }
    let scale = 10f64.powi(2 - number.abs().log10().floor() as i32);
    (number * scale).round() / scale
}

/// The bounds of a verb, as seen and with room: `set-rate = ["1..400 mL/h"]`.
fn bounds(verb: Verb, deals: &[&Deal]) -> Option<String> {
    let texts: Vec<String> = ranges(verb, deals)
        .iter()
        .map(|r| {
            let room = room(r.count);
            let out = |end: f64, up: bool| match (end > 0.0) == up {
                true => round(end * room),
                false => round(end / room),
            };
            format!("{}..{} {}", out(r.low, false), out(r.high, true), r.unit)
        })
        .filter(|text| Bounds::parse(text).is_ok())
        .map(|text| quoted(&text))
        .collect();
    (!texts.is_empty()).then(|| format!("{} = [{}]", verb.word(), texts.join(", ")))
}

/// What the bounds rest on: `set-rate 13.3 to 20 mL/h in 3 values, ends moved out 5 times`.
fn basis(verb: Verb, deals: &[&Deal]) -> Vec<String> {
    ranges(verb, deals)
        .iter()
        .map(|r| {
            format!(
                "{verb} {} to {} {} in {} value{}, ends moved out {} times",
                r.low,
                r.high,
                plain(r.unit),
                r.count,
                if r.count == 1 { "" } else { "s" },
                round(room(r.count)),
            )
        })
        .collect()
}

/// Verbs that one transaction carries: whoever sends some of them usually sends the others.
const TRANSACTIONS: &[(&str, &str, &[Verb])] = &[(
    "hl7v2",
    "infusion orders (IHE PCD-03)",
    &[
        Verb::SetRate,
        Verb::SetDose,
        Verb::SetVolume,
        Verb::Bolus,
        Verb::Start,
        Verb::Stop,
        Verb::Pause,
    ],
)];

/// What a person may want to grant beside, because one transaction carries it as well. A suggestion,
/// never in force.
fn suggestion(verbs: &BTreeSet<Verb>, deals: &[&Deal]) -> Option<String> {
    let (_, what, family) = TRANSACTIONS.iter().find(|(protocol, _, family)| {
        deals
            .iter()
            .any(|d| d.protocol.name() == *protocol && family[..4].contains(&d.verb))
    })?;
    let rest: Vec<&str> = family
        .iter()
        .filter(|v| !verbs.contains(v))
        .map(|v| v.word())
        .collect();
    (!rest.is_empty()).then(|| {
        format!(
            "Not seen, but {what} carry it as well: {}. Add what is meant.",
            rest.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_leave_room_and_many_leave_little() {
        assert_eq!(room(0), 5.0);
        assert_eq!(room(1), 5.0);
        assert_eq!(room(40), 3.0);
        assert_eq!(room(100_000), 1.1);
        assert_eq!(round(2.6666), 2.67);
        assert_eq!(round(0.0), 0.0);
        assert_eq!(round(1234.5), 1230.0);
    }
}
