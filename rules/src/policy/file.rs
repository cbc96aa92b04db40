//! A policy file: groups, grants and bounds, checked as a whole.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use dissectors::action::{Device, Effect, Verb};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use toml::de::DeValue;

use super::bounds::Bounds;
use super::hours::Hours;
use super::member::{GroupId, Member, Members, PREFIXES};
use super::zones::Zones;
use super::{Grant, Group, HardLimit, Policy, Selector};
use crate::language::diagnostic::{Diagnostic, Report, Text, nearest};
use crate::language::table::{self, Placed, Reader, Table};
use crate::limits::{self, Limits};

mod zone;

/// The schema that this version reads.
const SCHEMA: u32 = 1;

/// `more`: a further file that is read as the end of the first, with its name.
pub fn load(name: &str, text: &str, more: Option<(&str, &str)>) -> Result<Policy, Report> {
    let first = text.trim_end_matches('\n');
    let lines = first.matches('\n').count() + 1;
    let (whole, text) = match more {
        Some((other, added)) => (format!("{name} with {other}"), format!("{first}\n{added}")),
        None => (name.to_owned(), text.to_owned()),
    };
    let text = text.as_str();
    let file = Arc::new(Text {
        name: whole,
        text: text.to_owned(),
    });
    let mut report = Report::default();
    if text.len() > Limits::default().get(limits::RULE_FILE) {
        report.add(
            Diagnostic::error(&file, "WP000", 0..0, "this file is too long", "not read")
                .help("limit rule-file"),
        );
        return Err(report);
    }
    let root = table::parse(&file, text, "WP000", &mut report);
    let mut loader = Loader {
        file: Arc::clone(&file),
        report,
        groups: Vec::new(),
        places: HashMap::new(),
        used: Vec::new(),
        members: Members::default(),
        zone: TimeZone::UTC,
        learned: false,
    };
    let (grants, limits, zones) = loader.root(&root);
    loader.unused();
    if loader.report.errors() > 0 {
        return Err(loader.report);
    }
    Ok(Policy {
        name: name.to_owned(),
        more: more.map(|(other, _)| (other.to_owned(), lines)),
        zone: loader.zone,
        groups: loader.groups,
        members: loader.members,
        grants,
        limits,
        zones,
        warnings: loader.report,
    })
}

struct Loader {
    file: Arc<Text>,
    report: Report,
    groups: Vec<Group>,
    /// Where each named group is declared.
    places: HashMap<String, (GroupId, Range<usize>)>,
    used: Vec<bool>,
    members: Members,
    zone: TimeZone,
    /// The whole file was learned.
    learned: bool,
}

impl Loader {
    fn root(&mut self, root: &Table<'_>) -> (Vec<Grant>, Vec<HardLimit>, Zones) {
        let file = Arc::clone(&self.file);
        let mut report = std::mem::take(&mut self.report);
        let mut r = Reader::new(&file, &mut report, "WP001", root, 0..0, "the policy");
        r.schema(SCHEMA);
        if let Some(zone) = r.timezone() {
            self.zone = zone;
        }
        let _ = r.text("title");
        self.learned = r.flag("learned").unwrap_or(false);
        let groups = r.tables("group");
        let grants = r.tables("grant");
        let limits = r.tables("bound");
        let zones = r.tables("zone");
        r.done();
        self.report = report;
        for (table, span) in &groups {
            self.group(table, span.clone());
        }
        let grants = grants
            .iter()
            .filter_map(|(t, s)| self.grant(t, s.clone()))
            .collect();
        let limits = limits
            .iter()
            .filter_map(|(t, s)| self.bound(t, s.clone()))
            .collect();
        let zones = zones.iter().filter_map(|(t, s)| self.zone(t, s.clone()));
        let zones = zones.collect();
        (grants, limits, self.zones(zones))
    }

    fn group(&mut self, table: &Table<'_>, span: Range<usize>) {
        let file = Arc::clone(&self.file);
        let mut report = std::mem::take(&mut self.report);
        let mut r = Reader::new(&file, &mut report, "WP002", table, span, "the group");
        let name = r.required("name");
        let members = r.texts("members");
        let kind = r.text("kind");
        // What a note explains need not be named by a grant.
        let noted = r.text("note").is_some();
        r.done();
        let kind = kind.and_then(|k| device(&file, &mut report, &k));
        let id = self.groups.len() as GroupId;
        if let Some(name) = name {
            if let Some((_, first)) = self.places.get(&name.text) {
                report.add(
                    Diagnostic::error(
                        &file,
                        "WP002",
                        name.span.clone(),
                        format!("two groups are called `{}`", name.text),
                        "again here",
                    )
                    .other(first.clone(), "first here"),
                );
            } else if name.text == "any"
                || name.text.contains(':')
                || Member::parse(&name.text).is_ok()
            {
                report.add(Diagnostic::error(
                    &file,
                    "WP002",
                    name.span.clone(),
                    format!("a group cannot be called `{}`", name.text),
                    "means something else in a grant",
                ));
            } else {
                self.places
                    .insert(name.text.clone(), (id, name.span.clone()));
            }
            self.groups.push(Group {
                name: name.text,
                kind,
                named: true,
            });
            self.used.push(kind.is_some() || noted);
            for member in members {
                match Member::parse(&member.text) {
                    Ok(parsed) => self.members.add(&parsed, id),
                    Err(why) => report.add(
                        Diagnostic::error(
                            &file,
                            "WP003",
                            member.span,
                            format!("`{}` is no member", member.text),
                            why,
                        )
                        .help(format!("an address, a network, or one of {}", prefixes())),
                    ),
                }
            }
        }
        self.report = report;
    }

    fn grant(&mut self, table: &Table<'_>, span: Range<usize>) -> Option<Grant> {
        let file = Arc::clone(&self.file);
        let mut report = std::mem::take(&mut self.report);
        let before = report.errors();
        let mut r = Reader::new(
            &file,
            &mut report,
            "WP004",
            table,
            span.clone(),
            "the grant",
        );
        let line = line_of(&file.text, span.start);
        let list = |r: &mut Reader<'_, '_, '_>, key: &'static str| {
            if r.item(key).is_none() {
                r.required(key);
            }
            let texts = r.texts(key);
            if texts.is_empty()
                && let Some(item) = r.item(key)
            {
                r.wrong(
                    item.span(),
                    format!("`{key}` is empty"),
                    "the grant would allow nothing",
                );
            }
            texts
        };
        let (who, may, on) = (list(&mut r, "who"), list(&mut r, "may"), list(&mut r, "on"));
        let bounds = bounds(&mut r);
        let hours_text = r.texts("hours");
        let hours = hours_text
            .iter()
            .filter_map(|h| match Hours::parse(&h.text) {
                Ok(hours) => Some(hours),
                Err(why) => {
                    r.wrong(h.span.clone(), format!("`{}` are no hours", h.text), why);
                    None
                }
            });
        let hours = hours.collect();
        let until = until(&mut r, &self.zone);
        let accepted = r.text("accepted_by");
        let learned = r.flag("learned").unwrap_or(false) || self.learned;
        let proposed = r.flag("proposed").unwrap_or(false);
        let accepted = match accepted {
            Some(by) if (learned || proposed) && !signed(&by.text) => {
                r.wrong(
                    by.span,
                    "this acceptance has no name or no date",
                    "write `accepted_by = \"A. Name, 2026-11-02\"`",
                );
                false
            }
            Some(by) => !by.text.trim().is_empty(),
            None => false,
        };
        let _ = r.text("note");
        r.done();
        self.report = report;
        let (verbs, effects) = self.may(&may, true);
        let who_selectors = self.selectors(&who);
        let on_selectors = self.selectors(&on);
        let texts = |list: &[Placed]| list.iter().map(|p| p.text.clone()).collect();
        for (verb, place, _) in &bounds {
            let covered = verbs >> (*verb as u32) & 1 == 1 || effects != 0;
            if !covered {
                self.report.add(
                    Diagnostic::error(
                        &file,
                        "WP006",
                        place.clone(),
                        format!("bounds for `{verb}`, which the grant does not allow"),
                        "never asked for",
                    )
                    .help(format!("add \"{verb}\" to `may`, or leave the bound out")),
                );
            }
        }
        let grave = grave(verbs, effects);
        if (proposed || learned && grave) && !accepted {
            let label = if proposed {
                "does not count"
            } else {
                "does not count for therapy and safety verbs"
            };
            self.report.add(
                Diagnostic::error(
                    &file,
                    "WP007",
                    span,
                    "this learned grant is not accepted by anybody",
                    label,
                )
                .help("add `accepted_by = \"A. Name, 2026-11-02\"`")
                .warning(),
            );
        }
        (self.report.errors() == before).then(|| Grant {
            who: who_selectors,
            verbs,
            effects,
            on: on_selectors,
            bounds: bounds
                .into_iter()
                .map(|(verb, _, bounds)| (verb, bounds))
                .collect(),
            hours,
            until,
            unsigned: (learned || proposed) && !accepted,
            proposed: proposed && !accepted,
            line,
            who_text: texts(&who),
            on_text: texts(&on),
            may_text: texts(&may),
            hours_text: hours_text
                .iter()
                .map(|h| h.text.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    fn bound(&mut self, table: &Table<'_>, span: Range<usize>) -> Option<HardLimit> {
        let file = Arc::clone(&self.file);
        let mut report = std::mem::take(&mut self.report);
        let before = report.errors();
        let mut r = Reader::new(
            &file,
            &mut report,
            "WP005",
            table,
            span.clone(),
            "the bound",
        );
        if r.item("verb").is_none() {
            r.required("verb");
        }
        let verbs = r.texts("verb");
        if r.item("range").is_none() {
            r.required("range");
        }
        let ranges = r.texts("range");
        let on = r.texts("on");
        let drug = r.text("drug").map(|d| d.text);
        let _ = r.text("note");
        let ranges: Vec<Bounds> = ranges.iter().filter_map(|t| range(&mut r, t)).collect();
        r.done();
        self.report = report;
        let (verbs, _) = self.may(&verbs, false);
        let on = if on.is_empty() {
            vec![Selector::Any]
        } else {
            self.selectors(&on)
        };
        let line = line_of(&file.text, span.start);
        (self.report.errors() == before).then_some(HardLimit {
            verbs,
            on,
            drug,
            ranges,
            line,
        })
    }

    /// Verbs, `effect:..`, `any`.
    fn may(&mut self, list: &[Placed], effects_too: bool) -> (u32, u16) {
        let (mut verbs, mut effects) = (0u32, 0u16);
        for item in list {
            if let Some(verb) = Verb::from_word(&item.text) {
                verbs |= 1 << (verb as u32);
            } else if effects_too && item.text == "any" {
                verbs = u32::MAX;
                effects = u16::MAX;
            } else if let Some(word) = item.text.strip_prefix("effect:").filter(|_| effects_too) {
                match Effect::from_word(word) {
                    Some(effect) => effects |= 1 << (effect as u16),
                    None => {
                        let words = Effect::ALL.iter().map(|e| e.word());
                        self.unknown(
                            item,
                            format!("`{word}` is not an effect"),
                            word,
                            words,
                            "effect:",
                        );
                    }
                }
            } else {
                let words = Verb::ALL.iter().map(|v| v.word());
                self.unknown(
                    item,
                    format!("`{}` is not a verb", item.text),
                    &item.text,
                    words,
                    "",
                );
            }
        }
        (verbs, effects)
    }

    fn unknown(
        &mut self,
        item: &Placed,
        title: String,
        wrong: &str,
        words: impl Iterator<Item = &'static str> + Clone,
        prefix: &str,
    ) {
        let help = match nearest(wrong, words.clone()) {
            Some(n) => format!("did you mean \"{prefix}{n}\"?"),
            None => format!("known are {}", words.collect::<Vec<_>>().join(", ")),
        };
        self.report.add(
            Diagnostic::error(&self.file, "WP006", item.span.clone(), title, "not known")
                .help(help),
        );
    }

    /// `any`, `kind:..`, a group, or a member.
    fn selectors(&mut self, list: &[Placed]) -> Vec<Selector> {
        list.iter().filter_map(|item| self.selector(item)).collect()
    }

    fn selector(&mut self, item: &Placed) -> Option<Selector> {
        if item.text == "any" {
            return Some(Selector::Any);
        }
        if let Some(word) = item.text.strip_prefix("kind:") {
            let kind = Placed {
                text: word.to_owned(),
                span: item.span.clone(),
            };
            let file = Arc::clone(&self.file);
            return device(&file, &mut self.report, &kind).map(Selector::Kind);
        }
        if let Some((id, _)) = self.places.get(&item.text) {
            if let Some(used) = self.used.get_mut(*id as usize) {
                *used = true;
            }
            return Some(Selector::Group(*id));
        }
        match Member::parse(&item.text) {
            Ok(member) => {
                let id = self.groups.len() as GroupId;
                self.groups.push(Group {
                    name: item.text.clone(),
                    kind: None,
                    named: false,
                });
                self.members.add(&member, id);
                Some(Selector::Group(id))
            }
            Err(why) => {
                let prefixed = item
                    .text
                    .split_once(':')
                    .is_some_and(|(p, _)| PREFIXES.contains(&p));
                let looks_like_address =
                    item.text.starts_with(|c: char| c.is_ascii_digit()) || item.text.contains("::");
                let told = if prefixed || looks_like_address {
                    Diagnostic::error(
                        &self.file,
                        "WP003",
                        item.span.clone(),
                        format!("`{}` is no member", item.text),
                        why,
                    )
                } else {
                    let help = match nearest(&item.text, self.places.keys().map(String::as_str)) {
                        Some(n) => format!("did you mean \"{n}\"?"),
                        None => "declare it by [[group]], or write an address, `any`, `kind:pump`, `ae:TITLE`, `hl7:APP|FACILITY`".to_owned(),
                    };
                    Diagnostic::error(
                        &self.file,
                        "WP008",
                        item.span.clone(),
                        format!("there is no group `{}`", item.text),
                        "not known",
                    )
                    .help(help)
                };
                self.report.add(told);
                None
            }
        }
    }

    fn unused(&mut self) {
        let mut unused: Vec<(&String, &Range<usize>)> = self
            .places
            .iter()
            .filter(|(_, (id, _))| self.used.get(*id as usize) == Some(&false))
            .map(|(name, (_, span))| (name, span))
            .collect();
        unused.sort_by_key(|(_, span)| span.start);
        for (name, span) in unused {
            let title = format!("no grant names the group `{name}`");
            self.report.add(
                Diagnostic::error(&self.file, "WP009", span.clone(), title, "declared here")
                    .warning(),
            );
        }
    }
}

fn prefixes() -> String {
    PREFIXES
        .iter()
        .map(|p| format!("`{p}:`"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn device(file: &Arc<Text>, report: &mut Report, word: &Placed) -> Option<Device> {
    if let Some(device) = Device::from_word(&word.text) {
        return Some(device);
    }
    let words = Device::ALL.iter().map(|d| d.word());
    let help = match nearest(&word.text, words.clone()) {
        Some(n) => format!("did you mean \"{n}\"?"),
        None => format!("known are {}", words.collect::<Vec<_>>().join(", ")),
    };
    let title = format!("`{}` is not a kind of device", word.text);
    report.add(Diagnostic::error(file, "WP006", word.span.clone(), title, "not known").help(help));
    None
}

/// `bounds = { set-rate = "0..1200 mL/h", set-dose = ["0..10 ug/kg/min", "0..50 mg/h"] }`
fn bounds(r: &mut Reader<'_, '_, '_>) -> Vec<(Verb, Range<usize>, Bounds)> {
    let Some(item) = r.item("bounds") else {
        return Vec::new();
    };
    let DeValue::Table(table) = item.get_ref() else {
        r.wrong(
            item.span(),
            "a table is needed here",
            "write `bounds = { set-rate = \"0..1200 mL/h\" }`",
        );
        return Vec::new();
    };
    let mut rows: Vec<_> = table.iter().collect();
    rows.sort_by_key(|(key, _)| key.span().start);
    let mut found = Vec::new();
    for (key, value) in rows {
        let Some(verb) = Verb::from_word(key.get_ref()) else {
            let words = Verb::ALL.iter().map(|v| v.word());
            let help = nearest(key.get_ref(), words).map(|n| format!("did you mean `{n}`?"));
            let (file, title) = (r.file, format!("`{}` is not a verb", key.get_ref()));
            r.report
                .add(Diagnostic::error(file, "WP006", key.span(), title, "not known").helped(help));
            continue;
        };
        for text in r.placed_list(value) {
            if let Some(bounds) = range(r, &text) {
                found.push((verb, key.span(), bounds));
            }
        }
    }
    found
}

fn range(r: &mut Reader<'_, '_, '_>, text: &Placed) -> Option<Bounds> {
    match Bounds::parse(&text.text) {
        Ok(bounds) => Some(bounds),
        Err(why) => {
            r.wrong(
                text.span.clone(),
                format!("`{}` is no range of values", text.text),
                why,
            );
            None
        }
    }
}

/// A day, inclusive, in the policy's time zone: the first moment at which the grant no longer holds.
fn until(r: &mut Reader<'_, '_, '_>, zone: &TimeZone) -> Option<i64> {
    let item = r.item("until")?;
    let text = match item.get_ref() {
        DeValue::Datetime(date) => date.to_string(),
        DeValue::String(text) => text.to_string(),
        _ => String::new(),
    };
    let end = text
        .parse::<Date>()
        .ok()
        .and_then(|day| day.tomorrow().ok()?.to_zoned_datetime(zone.clone()).ok())
        .and_then(|end| i64::try_from(end.timestamp().as_nanosecond()).ok());
    if end.is_none() {
        r.wrong(item.span(), "this is no day", "write `until = 2027-06-30`");
    }
    end
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or("").matches('\n').count() + 1
}

/// A name and a day: `A. Name, 2026-11-02`.
fn signed(text: &str) -> bool {
    text.rsplit_once(',')
        .is_some_and(|(name, day)| !name.trim().is_empty() && day.trim().parse::<Date>().is_ok())
}

/// Whether therapy or safety may be at stake.
fn grave(verbs: u32, effects: u16) -> bool {
    let at_stake = |effect| matches!(effect, Effect::Therapy | Effect::Safety);
    let by_verb = Verb::ALL
        .iter()
        .any(|v| verbs >> (*v as u32) & 1 == 1 && at_stake(v.effect(Device::Pump)));
    by_verb
        || Effect::ALL
            .iter()
            .any(|e| effects >> (*e as u16) & 1 == 1 && at_stake(*e))
}
