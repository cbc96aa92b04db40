//! A policy from captures: a draft that a person reads, edits and signs.
//!
//! It grants what was seen and no more. What puts therapy or safety at stake is a proposal: it
//! counts only when somebody's name and a date stand on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use dissectors::action::{Device as Kind, Verb};

use crate::finding::Name;
use crate::inventory::devices::Device;
use crate::inventory::logbook::{Deal, Logbook, Week};
use crate::inventory::{Inventory, role};

/// How the draft is written.
pub struct Manner<'m> {
    /// What it was learned from, for its head.
    pub sources: &'m [String],
    /// Writes a packet time.
    pub time: &'m dyn Fn(i64) -> String,
    /// Group names that are taken.
    pub taken: Vec<String>,
    /// Only what the logbook's policy denies.
    pub only_denied: bool,
}

/// A policy as text, and how much of it waits for a person.
#[derive(Debug)]
pub struct Draft {
    pub text: String,
    pub groups: usize,
    pub grants: usize,
    /// Grants that count only when accepted.
    pub proposals: usize,
}

/// Evidence lines of one grant.
const EVIDENCE: usize = 12;

/// Writes a draft of what was heard.
pub fn draft(book: &Logbook, inventory: &Inventory, manner: &Manner<'_>) -> Draft {
    let devices = inventory.devices();
    let mut lesson = Lesson::new(book, inventory, &devices, manner);
    lesson.name_groups();
    let mut text = if manner.only_denied {
        String::new()
    } else {
        lesson.head()
    };
    let used = lesson.used_groups();
    for group in &used {
        lesson.write_group(*group, &mut text);
    }
    lesson.write_pools(&mut text);
    let (grants, proposals) = lesson.write_grants(&mut text);
    Draft {
        groups: used.len(),
        text,
        grants,
        proposals,
    }
}

/// One device, or an address that many listen to.
struct Node<'i> {
    device: Option<&'i Device<'i>>,
    ips: Vec<IpAddr>,
    kind: Kind,
    why: String,
    group: usize,
}

struct Group {
    name: String,
    kind: Kind,
    nodes: Vec<usize>,
}

struct Lesson<'l> {
    book: &'l Logbook,
    inventory: &'l Inventory,
    manner: &'l Manner<'l>,
    deals: Vec<&'l Deal>,
    nodes: Vec<Node<'l>>,
    place: BTreeMap<IpAddr, usize>,
    groups: Vec<Group>,
    devices: &'l [Device<'l>],
}

impl<'l> Lesson<'l> {
    fn new(
        book: &'l Logbook,
        inventory: &'l Inventory,
        devices: &'l [Device<'l>],
        manner: &'l Manner<'l>,
    ) -> Self {
        let mut deals: Vec<&Deal> = book
            .deals()
            .iter()
            .filter(|d| !manner.only_denied || d.ruling.denied > 0)
            .collect();
        deals.sort_by_key(|d| (d.actor, d.target, d.verb as u8, d.protocol.index()));
        let mut lesson = Lesson {
            book,
            inventory,
            manner,
            deals,
            nodes: Vec::new(),
            place: BTreeMap::new(),
            groups: Vec::new(),
            devices,
        };
        lesson.find_nodes();
        lesson.find_groups();
        lesson
    }

    fn find_nodes(&mut self) {
        let ips: BTreeSet<IpAddr> = self
            .deals
            .iter()
            .flat_map(|d| [d.actor, d.target])
            .collect();
        for ip in ips {
            if self.place.contains_key(&ip) {
                continue;
            }
            let device = self
                .devices
                .iter()
                .find(|d| d.assets.iter().any(|a| a.ip == ip));
            let at = self.nodes.len();
            let role = device.and_then(Device::role);
            let (kind, why) = match &role {
                Some((kind, votes)) => {
                    let why = votes.iter().max_by_key(|v| v.weight).map(|v| {
                        format!(
                            "it {} ({}, frame {})",
                            v.why,
                            v.protocol.name(),
                            v.first.number
                        )
                    });
                    (*kind, why.unwrap_or_default())
                }
                None => (Kind::Unknown, String::new()),
            };
            let mut ips = device.map_or_else(|| vec![ip], Device::addresses);
            ips.sort_unstable();
            for own in &ips {
                self.place.insert(*own, at);
            }
            self.nodes.push(Node {
                device,
                ips,
                kind,
                why,
                group: 0,
            });
        }
    }

    /// Devices of one kind that deal with the same others are one group.
    fn find_groups(&mut self) {
        let mut ties: Vec<(BTreeSet<usize>, BTreeSet<usize>)> =
            vec![Default::default(); self.nodes.len()];
        for deal in &self.deals {
            let (a, t) = (self.place[&deal.actor], self.place[&deal.target]);
            ties[a].0.insert(t);
            ties[t].1.insert(a);
        }
        let mut known: BTreeMap<(Kind, BTreeSet<usize>, BTreeSet<usize>), usize> = BTreeMap::new();
        for (at, (asks, asked)) in ties.into_iter().enumerate() {
            let kind = self.nodes[at].kind;
            let alone = kind == Kind::Unknown || self.nodes[at].device.is_none();
            let next = self.groups.len();
            let group = match alone {
                true => next,
                false => *known.entry((kind, asks, asked)).or_insert(next),
            };
            if group == next {
                self.groups.push(Group {
                    name: String::new(),
                    kind,
                    nodes: Vec::new(),
                });
            }
            self.groups[group].nodes.push(at);
            self.nodes[at].group = group;
        }
    }

    fn name_groups(&mut self) {
        let mut taken: BTreeSet<String> = self.manner.taken.iter().cloned().collect();
        for at in 0..self.groups.len() {
            let group = &self.groups[at];
            let base = match group.nodes[..] {
                [one] => self.single_name(one),
                _ => role::plural(group.kind).to_owned(),
            };
            let mut name = base.clone();
            let mut number = 2;
            while !taken.insert(name.clone()) {
                name = format!("{base}-{number}");
                number += 1;
            }
            self.groups[at].name = name;
        }
    }

    fn single_name(&self, node: usize) -> String {
        let node = &self.nodes[node];
        let named = node
            .device
            .into_iter()
            .flat_map(Device::names)
            .find_map(|n| match &n.what {
                Name::Ae(title) => slug(title),
                Name::Hl7(app, _) => slug(app),
                Name::Epr(_) => None,
            });
        let ip = node.ips[0].to_string().replace([':', '.'], "-");
        let word = match node.kind {
            Kind::Unknown if node.device.is_none() => "everybody",
            Kind::Unknown => "host",
            kind => kind.word(),
        };
        named.unwrap_or_else(|| format!("{word}-{}", ip.trim_matches('-')))
    }

    fn used_groups(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        order.sort_by_key(|at| (self.groups[*at].kind, self.groups[*at].name.clone()));
        order
    }

    fn head(&self) -> String {
        let time = self.manner.time;
        let mut out = String::from("schema = 1\n");
        let sources: Vec<String> = self.manner.sources.iter().map(|s| plain(s)).collect();
        let _ = writeln!(
            out,
            "title = {}",
            quoted(&format!("Learned from {}", sources.join(", ")))
        );
        let _ = writeln!(out, "learned = true");
        let _ = writeln!(out, "timezone = \"UTC\"\n");
        if let Some((first, last)) = self.book.seen() {
            let _ = writeln!(
                out,
                "# {} messages from {} to {}.",
                self.book.messages(),
                time(first.time),
                time(last.time)
            );
        }
        out.push_str(
            "# Read it, put right what is wrong, and sign: a grant marked `proposed` counts only when\n\
             # `accepted_by` with a name and a date stands on it.\n#\n# Not seen:\n",
        );
        let week = self.book.week();
        let _ = writeln!(
            out,
            "#   {} of the 168 hours of the week (UTC); heard were {}.",
            168 - week.count(),
            week_text(week)
        );
        let once: Vec<String> = self
            .devices
            .iter()
            .filter(|d| d.sent() <= 2 || d.last_seen() - d.first_seen() < 10_000_000_000)
            .map(|d| d.address().to_string())
            .collect();
        if !once.is_empty() {
            let _ = writeln!(out, "#   more than a glimpse of {}.", short(&once, 12));
        }
        let mute: Vec<String> = self
            .inventory
            .assets()
            .iter()
            .filter(|a| a.sent == 0)
            .map(|a| a.ip.to_string())
            .collect();
        if !mute.is_empty() {
            let _ = writeln!(out, "#   a word from {}.", short(&mute, 12));
        }
        out.push('\n');
        out
    }

    fn write_group(&self, at: usize, out: &mut String) {
        let group = &self.groups[at];
        for node in &group.nodes {
            let node = &self.nodes[*node];
            let ips: Vec<String> = node.ips.iter().map(IpAddr::to_string).collect();
            if let Some(device) = node.device {
                let looks = match node.kind {
                    Kind::Unknown => "nothing tells what it is".to_owned(),
                    kind => format!("looks like a {}: {}", kind.word(), node.why),
                };
                let _ = writeln!(out, "# {} {looks}", ips.join(", "));
                for why in &device.joined_by {
                    let _ = writeln!(out, "#   one device by {}", plain(why));
                }
                for conflict in &device.conflicts {
                    let _ = writeln!(out, "#   CONFLICT: {}", plain(conflict));
                }
            } else {
                let _ = writeln!(out, "# {} sent nothing", ips.join(", "));
            }
        }
        let mut members = Vec::new();
        for node in &group.nodes {
            let node = &self.nodes[*node];
            members.extend(node.ips.iter().map(IpAddr::to_string));
            for name in node.device.into_iter().flat_map(Device::names) {
                members.extend(
                    node.ips
                        .iter()
                        .filter(|ip| {
                            let asset = self.inventory.asset(**ip);
                            asset.is_some_and(|a| a.names.iter().any(|n| n.what == name.what))
                        })
                        .filter_map(|ip| member(&name.what, *ip)),
                );
            }
        }
        let members: Vec<String> = members.iter().map(|m| quoted(m)).collect();
        let _ = writeln!(out, "[[group]]\nname = {}", quoted(&group.name));
        let _ = writeln!(out, "members = [{}]", members.join(", "));
        if group.kind != Kind::Unknown {
            let _ = writeln!(out, "kind = {}", quoted(group.kind.word()));
        }
        out.push('\n');
    }

    /// AE titles used from several addresses, and those that images were asked to be sent to.
    fn write_pools(&self, out: &mut String) {
        let mut titles: BTreeMap<&str, BTreeSet<IpAddr>> = BTreeMap::new();
        for asset in self.inventory.assets() {
            for name in &asset.names {
                if let Name::Ae(title) = &name.what {
                    titles.entry(title).or_default().insert(asset.ip);
                }
            }
        }
        for (title, ips) in titles.iter().filter(|(_, ips)| ips.len() > 1) {
            let ips: Vec<String> = ips.iter().map(IpAddr::to_string).collect();
            let _ = writeln!(
                out,
                "# AE title {} was used from {}: a pool, a change of address, or an impostor.\n",
                plain(title),
                ips.join(", ")
            );
        }
        let destinations: BTreeSet<&str> = self
            .deals
            .iter()
            .filter(|d| !d.always_refused())
            .flat_map(|d| &d.destinations)
            .map(String::as_str)
            .filter(|title| !titles.contains_key(title) && title.len() <= 16 && clean(title))
            .collect();
        if !destinations.is_empty() {
            let members: Vec<String> = destinations
                .iter()
                .map(|t| quoted(&format!("ae:{t}")))
                .collect();
            let _ = writeln!(
                out,
                "# Titles that images were asked to be sent to; no host was seen to claim them.\n\
                 [[group]]\nname = {}\nmembers = [{}]\nnote = \"destinations of C-MOVE\"\n",
                quoted("destinations"),
                members.join(", ")
            );
        }
    }

    fn write_grants(&self, out: &mut String) -> (usize, usize) {
        // By pair of groups; in each the harmless, the grave and the ever refused.
        let mut pairs: BTreeMap<(&str, &str, Weight), Vec<&Deal>> = BTreeMap::new();
        for deal in &self.deals {
            let name = |ip| self.groups[self.nodes[self.place[&ip]].group].name.as_str();
            let weight = match (deal.always_refused(), deal.grave()) {
                (true, _) => Weight::Refused,
                (false, true) => Weight::Grave,
                (false, false) => Weight::Harmless,
            };
            pairs
                .entry((name(deal.actor), name(deal.target), weight))
                .or_default()
                .push(deal);
        }
        let mut proposals = 0;
        for ((who, on, weight), deals) in &pairs {
            self.write_grant(who, on, *weight, deals, out);
            proposals += usize::from(*weight != Weight::Harmless);
        }
        (pairs.len(), proposals)
    }

    fn write_grant(&self, who: &str, on: &str, weight: Weight, deals: &[&Deal], out: &mut String) {
        for deal in deals.iter().take(EVIDENCE) {
            let _ = writeln!(out, "# {}", self.evidence(deal));
        }
        if deals.len() > EVIDENCE {
            let _ = writeln!(out, "# and {} more", deals.len() - EVIDENCE);
        }
        match weight {
            Weight::Harmless => {}
            Weight::Grave => {
                out.push_str("# Therapy or safety is at stake: check it, then sign.\n")
            }
            Weight::Refused => {
                out.push_str("# Always refused: leave it out, or find out why somebody tries.\n");
            }
        }
        let verbs: BTreeSet<Verb> = deals.iter().map(|d| d.verb).collect();
        let words: Vec<String> = verbs.iter().map(|v| quoted(v.word())).collect();
        let _ = writeln!(out, "[[grant]]\nwho = [{}]", quoted(who));
        let _ = writeln!(out, "may = [{}]", words.join(", "));
        let _ = writeln!(out, "on = [{}]", quoted(on));
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

    fn evidence(&self, deal: &Deal) -> String {
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

/// The bounds of a verb, as seen: `set-rate = ["5..80 mL/h"]`.
fn bounds(verb: Verb, deals: &[&Deal]) -> Option<String> {
    let mut ranges: Vec<(f64, f64, &str, f64, _)> = Vec::new();
    for value in deals
        .iter()
        .filter(|d| d.verb == verb)
        .flat_map(|d| &d.values)
    {
        // Ends in the unit that was seen first for the dimension.
        let own = ranges.iter_mut().find(|r| r.4 == value.dimension);
        match own {
            Some((low, high, _, scale, _)) => {
                *low = low.min(value.low * value.scale / *scale);
                *high = high.max(value.high * value.scale / *scale);
            }
            None => ranges.push((
                value.low,
                value.high,
                &value.unit,
                value.scale,
                value.dimension,
            )),
        }
    }
    let texts: Vec<String> = ranges
        .iter()
        .map(|(low, high, unit, ..)| format!("{low}..{high} {unit}"))
        .filter(|text| super::bounds::Bounds::parse(text).is_ok())
        .map(|text| quoted(&text))
        .collect();
    (!texts.is_empty()).then(|| format!("{} = [{}]", verb.word(), texts.join(", ")))
}

/// A member that pins a name to an address, if the name can be written as one.
fn member(name: &Name, ip: IpAddr) -> Option<String> {
    let text = match name {
        Name::Ae(title) if clean(title) => format!("ae:{title}@{ip}"),
        Name::Hl7(app, facility)
            if clean(app) && clean(facility) && !app.contains('|') && !app.is_empty() =>
        {
            format!("hl7:{app}|{facility}@{ip}")
        }
        Name::Epr(epr) if clean(epr) => format!("epr:{epr}"),
        _ => return None,
    };
    super::member::Member::parse(&text).ok()?;
    Some(text)
}

/// Whether a name of the wire is what it looks like.
fn clean(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() && c != '\u{FFFD}')
}

/// A name of the wire as a group's name.
fn slug(text: &str) -> Option<String> {
    let mut out = String::new();
    for c in text.chars().take(32) {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
    }
    let out = out.trim_matches('-').to_owned();
    let letter = out.starts_with(|c: char| c.is_ascii_alphabetic());
    (letter && out != "any").then_some(out)
}

/// Text of the wire in a comment.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
        .collect()
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn short(list: &[String], most: usize) -> String {
    if list.len() <= most {
        return list.join(", ");
    }
    format!("{} and {} more", list[..most].join(", "), list.len() - most)
}

/// Hours of the week: `Tue 20-22, Wed 07-08`.
fn week_text(week: Week) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let mut parts: Vec<String> = Vec::new();
    for (day, name) in DAYS.iter().enumerate() {
        let mut hour = 0;
        while hour < 24 {
            if !week.has(day * 24 + hour) {
                hour += 1;
                continue;
            }
            let from = hour;
            while hour < 24 && week.has(day * 24 + hour) {
                hour += 1;
            }
            parts.push(format!("{name} {from:02}-{hour:02}"));
        }
    }
    if parts.is_empty() {
        return "none".to_owned();
    }
    short(&parts, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_name_is_no_member_and_no_group_name() {
        assert_eq!(slug("\u{FFFD}[2J"), None.or(slug("2J")));
        assert_eq!(slug("10.1"), None);
        assert_eq!(slug("PACS MAIN!"), Some("pacs-main".to_owned()));
        let ip = "10.0.0.1".parse().unwrap();
        assert_eq!(member(&Name::Ae("A\u{FFFD}".into()), ip), None);
        assert_eq!(
            member(&Name::Hl7("A".into(), "B".into()), ip).as_deref(),
            Some("hl7:A|B@10.0.0.1")
        );
    }

    #[test]
    fn quotes_and_line_breaks_do_not_end_a_string() {
        assert_eq!(quoted("a\"b\\c\nd"), "\"a\\\"b\\\\c\\u000Ad\"");
        assert_eq!(plain("a\nb"), "a\u{FFFD}b");
    }

    #[test]
    fn hours_that_follow_each_other_are_one_range() {
        let mut week = Week::default();
        for minute in [20 * 60, 21 * 60 + 59, 23 * 60] {
            week.add(1, minute);
        }
        assert_eq!(week_text(week), "Tue 20-22, Tue 23-24");
        assert_eq!(week_text(Week::default()), "none");
    }
}
