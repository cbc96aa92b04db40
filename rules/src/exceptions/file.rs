//! A file of exceptions: `[[exception]]`, `[[window]]` and `[[threshold]]`, checked as a whole.

use std::ops::Range;
use std::sync::Arc;

use dissectors::action::{Device, Verb};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use toml::de::DeValue;

use super::{Cause, Entry, Exceptions, Kind, Known, Pattern, Selector, Threshold};
use crate::language::diagnostic::{Diagnostic, Report, Text, nearest};
use crate::language::ruleset::Source;
use crate::language::table::{self, Placed, Reader, Table};
use crate::limits::{self, Limits};
use crate::policy::hours::Hours;
use crate::policy::member::{GroupId, Member, Members, PREFIXES};

/// The schema that this version reads.
const SCHEMA: u32 = 1;

/// The longest time that a threshold may count over: one day.
const LONGEST: i64 = 86_400;

pub fn load(sources: &[Source], known: &Known<'_>) -> Result<Exceptions, Report> {
    let mut loader = Loader {
        file: Arc::new(Text {
            name: String::new(),
            text: String::new(),
        }),
        report: Report::default(),
        zone: TimeZone::UTC,
        members: Members::default(),
        next: 0,
        entries: Vec::new(),
        known,
    };
    for source in sources {
        loader.source(source);
    }
    if loader.report.errors() > 0 {
        return Err(loader.report);
    }
    Ok(Exceptions {
        entries: loader.entries,
        members: loader.members,
        warnings: loader.report,
    })
}

struct Loader<'k> {
    file: Arc<Text>,
    report: Report,
    zone: TimeZone,
    members: Members,
    /// Id of the next member.
    next: GroupId,
    entries: Vec<Entry>,
    known: &'k Known<'k>,
}

impl Loader<'_> {
    fn source(&mut self, source: &Source) {
        self.file = Arc::new(Text {
            name: source.name.clone(),
            text: source.text.clone(),
        });
        let file = Arc::clone(&self.file);
        if source.text.len() > Limits::default().get(limits::RULE_FILE) {
            self.report.add(
                Diagnostic::error(&file, "WX000", 0..0, "this file is too long", "not read")
                    .help("limit rule-file"),
            );
            return;
        }
        self.zone = TimeZone::UTC;
        let mut report = std::mem::take(&mut self.report);
        let root = table::parse(&file, &source.text, "WX000", &mut report);
        let mut r = Reader::new(
            &file,
            &mut report,
            "WX001",
            &root,
            0..0,
            "the file of exceptions",
        );
        r.schema(SCHEMA);
        if let Some(zone) = r.timezone() {
            self.zone = zone;
        }
        let lists = [
            (Kind::Exception, r.tables("exception")),
            (Kind::Window, r.tables("window")),
            (Kind::Threshold, r.tables("threshold")),
        ];
        r.done();
        self.report = report;
        for (kind, tables) in lists {
            for (table, span) in tables {
                self.entry(kind, table, span);
            }
        }
    }

    fn entry(&mut self, kind: Kind, table: &Table<'_>, span: Range<usize>) {
        let file = Arc::clone(&self.file);
        let mut report = std::mem::take(&mut self.report);
        let before = report.errors();
        let (code, what) = match kind {
            Kind::Exception => ("WX002", "the exception"),
            Kind::Window => ("WX003", "the window"),
            Kind::Threshold => ("WX004", "the threshold"),
        };
        let mut r = Reader::new(&file, &mut report, code, table, span.clone(), what);
        let (who_key, on_key) = match kind {
            Kind::Window => ("people", "devices"),
            _ => ("who", "on"),
        };
        let rules = match kind {
            Kind::Window => r.texts("rule"),
            _ => needed(&mut r, "rule"),
        };
        let (who, on) = match kind {
            // Without people a window would hide anybody.
            Kind::Window => (needed(&mut r, who_key), needed(&mut r, on_key)),
            _ => (r.texts(who_key), r.texts(on_key)),
        };
        let verbs = r.texts("verbs");
        let reason = r.required("reason");
        let by = r.required("by");
        for text in [&reason, &by].into_iter().flatten() {
            if text.text.trim().is_empty() {
                r.wrong(
                    text.span.clone(),
                    "this is empty",
                    "somebody answers for it",
                );
            }
        }
        let mut hours = Vec::new();
        let mut from = None;
        let until;
        match kind {
            Kind::Exception => until = moment(&mut r, "until", &self.zone, true, true),
            Kind::Threshold => until = moment(&mut r, "until", &self.zone, false, true),
            Kind::Window => {
                for text in r.texts("hours") {
                    match Hours::parse(&text.text) {
                        Ok(parsed) => hours.push(parsed),
                        Err(why) => {
                            r.wrong(text.span, format!("`{}` are no hours", text.text), why);
                        }
                    }
                }
                if r.item("hours").is_some() {
                    from = moment(&mut r, "from", &self.zone, false, false);
                    until = moment(&mut r, "until", &self.zone, true, true);
                } else {
                    from = moment(&mut r, "from", &self.zone, true, false);
                    until = moment(&mut r, "to", &self.zone, true, false);
                }
                if let (Some(a), Some(b)) = (from, until)
                    && a >= b
                {
                    r.wrong(
                        span.clone(),
                        "this window ends before it begins",
                        "never open",
                    );
                }
            }
        }
        let threshold = (kind == Kind::Threshold)
            .then(|| threshold(&mut r))
            .flatten();
        r.done();
        self.report = report;
        let patterns = rules.iter().filter_map(|r| self.pattern(r)).collect();
        let entry = Entry {
            rules: patterns,
            who: self.selectors(&who),
            on: self.selectors(&on),
            verbs: self.verbs(&verbs),
            hours,
            zone: self.zone.clone(),
            threshold,
            cause: Arc::new(Cause {
                kind,
                place: format!("{}:{}", file.name, line_of(&file.text, span.start)),
                reason: reason.map(|p| p.text).unwrap_or_default(),
                by: by.map(|p| p.text).unwrap_or_default(),
                about: about(&rules, &who, &on),
                from,
                until,
            }),
        };
        if self.report.errors() > before {
            return;
        }
        self.look(&entry, kind, &span);
        self.entries.push(entry);
    }

    /// What loads but deserves a look.
    fn look(&mut self, entry: &Entry, kind: Kind, span: &Range<usize>) {
        let file = Arc::clone(&self.file);
        let mut warn = |code, title: String, label: &str, help: &str| {
            self.report.add(
                Diagnostic::error(&file, code, span.clone(), title, label)
                    .help(help)
                    .warning(),
            );
        };
        if let (Some(until), Some(now)) = (entry.cause.until, self.known.now)
            && until <= now
        {
            let day = Timestamp::from_nanosecond(i128::from(until)).map(|t| {
                t.to_zoned_datetime(entry.zone.clone())
                    .strftime("%Y-%m-%d %H:%M")
                    .to_string()
            });
            warn(
                "WX007",
                format!(
                    "this {kind} has expired: it ended at {}",
                    day.unwrap_or_default()
                ),
                "holds nothing back any more",
                "remove it, or give it a new end if it is still needed",
            );
        }
        if kind == Kind::Exception && entry.who.is_empty() && entry.on.is_empty() {
            warn(
                "WX008",
                "this exception hides its rule for everybody".to_owned(),
                "neither `who` nor `on`",
                "name the asset that it is about",
            );
        }
    }

    fn pattern(&mut self, item: &Placed) -> Option<Pattern> {
        if let Some(start) = item.text.strip_suffix('*') {
            if self.known.rules.iter().any(|id| id.starts_with(start)) {
                return Some(Pattern::Begins(start.to_owned()));
            }
        } else if self.known.rules.contains(&item.text.as_str()) {
            return Some(Pattern::Is(item.text.clone()));
        }
        let help = match nearest(&item.text, self.known.rules.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "`wardwatch rules list` tells them; `WW-DIC-*` means all that begin so".into(),
        };
        self.report.add(
            Diagnostic::error(
                &self.file,
                "WX005",
                item.span.clone(),
                format!("there is no rule `{}`", item.text),
                "not known",
            )
            .help(help),
        );
        None
    }

    fn verbs(&mut self, list: &[Placed]) -> u32 {
        let mut verbs = 0;
        for item in list {
            match Verb::from_word(&item.text) {
                Some(verb) => verbs |= 1 << (verb as u32),
                None => {
                    let words = Verb::ALL.iter().map(|v| v.word());
                    let help = nearest(&item.text, words).map(|n| format!("did you mean \"{n}\"?"));
                    let title = format!("`{}` is not a verb", item.text);
                    self.report.add(
                        Diagnostic::error(
                            &self.file,
                            "WX006",
                            item.span.clone(),
                            title,
                            "not known",
                        )
                        .helped(help),
                    );
                }
            }
        }
        verbs
    }

    fn selectors(&mut self, list: &[Placed]) -> Vec<Selector> {
        list.iter().filter_map(|item| self.selector(item)).collect()
    }

    /// `any`, `kind:..`, a group of the policy, or a member as in the policy.
    fn selector(&mut self, item: &Placed) -> Option<Selector> {
        if item.text == "any" {
            return Some(Selector::Any);
        }
        let mut refuse = |title: String, label: String, help: Option<String>| {
            self.report.add(
                Diagnostic::error(&self.file, "WX006", item.span.clone(), title, label)
                    .helped(help),
            );
        };
        if let Some(word) = item.text.strip_prefix("kind:") {
            if let Some(device) = Device::from_word(word) {
                return Some(Selector::Kind(device));
            }
            let words = Device::ALL.iter().map(|d| d.word());
            let help = nearest(word, words).map(|n| format!("did you mean \"kind:{n}\"?"));
            refuse(
                format!("`{word}` is not a kind of device"),
                "not known".into(),
                help,
            );
            return None;
        }
        let groups = self.known.policy.map(|p| p.names()).unwrap_or_default();
        if groups.contains(&item.text) {
            return Some(Selector::Group(item.text.clone()));
        }
        match Member::parse(&item.text) {
            Ok(member) => {
                let id = self.next;
                self.next += 1;
                self.members.add(&member, id);
                Some(Selector::Member(id))
            }
            Err(why) => {
                let known = groups.iter().map(String::as_str);
                let help = match nearest(&item.text, known) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!(
                        "an address, a network, a group of the policy, `any`, `kind:pump`, or one of {}",
                        PREFIXES
                            .iter()
                            .map(|p| format!("`{p}:`"))
                            .collect::<Vec<_>>()
                            .join(" ")
                    ),
                };
                refuse(format!("`{}` names nobody", item.text), why, Some(help));
                None
            }
        }
    }
}

/// A list that must be there and not be empty.
fn needed(r: &mut Reader<'_, '_, '_>, key: &'static str) -> Vec<Placed> {
    if r.item(key).is_none() {
        r.required(key);
        return Vec::new();
    }
    let errors = r.report.errors();
    let texts = r.texts(key);
    if texts.is_empty()
        && r.report.errors() == errors
        && let Some(item) = r.item(key)
    {
        r.wrong(item.span(), format!("`{key}` is empty"), "names nothing");
    }
    texts
}

/// A day or a moment. A day as an end lasts to its end.
fn moment(
    r: &mut Reader<'_, '_, '_>,
    key: &'static str,
    zone: &TimeZone,
    needed: bool,
    end: bool,
) -> Option<i64> {
    let Some(item) = r.item(key) else {
        if needed {
            let (span, what) = (
                r.span.clone(),
                if end {
                    "2027-06-30"
                } else {
                    "2026-11-24T22:00:00"
                },
            );
            r.wrong(
                span,
                format!("`{key}` is missing: nothing is held back for ever"),
                format!("add `{key} = {what}`"),
            );
        }
        return None;
    };
    let text = match item.get_ref() {
        DeValue::Datetime(date) => date.to_string(),
        DeValue::String(text) => text.to_string(),
        _ => String::new(),
    };
    let at = parse_moment(&text, zone, end);
    if at.is_none() {
        r.wrong(
            item.span(),
            "this is no day and no time",
            "write `2027-06-30`, `2026-11-24T22:00:00` or `2026-11-24T22:00:00Z`",
        );
    }
    at
}

fn parse_moment(text: &str, zone: &TimeZone, end: bool) -> Option<i64> {
    let at = if let Ok(at) = text.parse::<Timestamp>() {
        at
    } else if text.contains(['T', ' ', ':']) {
        let civil = text.parse::<DateTime>().ok()?;
        civil.to_zoned_datetime(zone.clone()).ok()?.timestamp()
    } else {
        let day = text.parse::<Date>().ok()?;
        let day = if end { day.tomorrow().ok()? } else { day };
        day.to_zoned_datetime(zone.clone()).ok()?.timestamp()
    };
    i64::try_from(at.as_nanosecond()).ok()
}

fn threshold(r: &mut Reader<'_, '_, '_>) -> Option<Threshold> {
    let most = Limits::default().get(limits::WINDOW_THRESHOLD);
    let count = match r.item("count") {
        None => {
            r.wrong(
                r.span.clone(),
                "the threshold has no `count`",
                "add `count = 5`",
            );
            None
        }
        Some(item) => {
            let span = item.span();
            let count = r.integer("count").map(|n| n as usize);
            if count.is_some_and(|n| n < 2 || n > most) {
                r.wrong(
                    span,
                    "this count is out of range",
                    format!("from 2 to {most}; with 1 the rule fires as it does"),
                );
            }
            count
        }
    };
    let within = r.required("within").and_then(|text| {
        let seconds = duration(&text.text).filter(|s| (1..=LONGEST).contains(s));
        if seconds.is_none() {
            r.wrong(
                text.span,
                format!("`{}` is no time to count over", text.text),
                "write `30s`, `10m` or `2h`; at most one day",
            );
        }
        seconds
    });
    let (mut per_actor, mut per_target) = (true, true);
    if r.item("per").is_some() {
        (per_actor, per_target) = (false, false);
        for text in r.texts("per") {
            match text.text.as_str() {
                "actor" => per_actor = true,
                "target" => per_target = true,
                _ => r.wrong(
                    text.span,
                    format!("`{}` is not counted by", text.text),
                    "`actor` or `target`",
                ),
            }
        }
    }
    Some(Threshold {
        count: count?,
        within: within?.saturating_mul(1_000_000_000),
        per_actor,
        per_target,
    })
}

/// Seconds.
fn duration(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.trim().parse().ok()?;
    let scale = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    number.checked_mul(scale)
}

fn about(rules: &[Placed], who: &[Placed], on: &[Placed]) -> String {
    let list = |list: &[Placed]| {
        let texts: Vec<&str> = list.iter().map(|p| p.text.as_str()).collect();
        texts.join(", ")
    };
    let mut out = list(rules);
    for (word, part) in [(" by ", list(who)), (" on ", list(on))] {
        if !part.is_empty() {
            out.push_str(word);
            out.push_str(&part);
        }
    }
    out.trim().to_owned()
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or("").matches('\n').count() + 1
}
