//! AE titles that were accepted: what a refused one may have been meant to be.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use dissectors::Side;
use dissectors::dicom::fields;
use dissectors::message::{Message, Value};

use super::limits;
use crate::output::clean;

/// Titles heard, by the address of the server that took them.
#[derive(Default)]
pub struct Titles {
    called: BTreeMap<IpAddr, BTreeSet<String>>,
    calling: BTreeMap<IpAddr, BTreeSet<String>>,
    count: usize,
}

impl Titles {
    /// Learns from an accepted association (its answer repeats both titles).
    pub fn hear(&mut self, m: Message<'_>) {
        if m.protocol().name() != "dicom"
            || m.kind_id() != Some(fields::A_ASSOCIATE_AC)
            || self.count >= limits::TITLES
        {
            return;
        }
        let server = m.conversation().ends[Side::Server.index()].ip;
        for (field, to) in [
            (fields::CALLED_AE, &mut self.called),
            (fields::CALLING_AE, &mut self.calling),
        ] {
            if let Some(Value::Text(title)) = m.field(field) {
                let new = to
                    .entry(server)
                    .or_default()
                    .insert(clean::text(title.trim_ascii()));
                self.count += usize::from(new);
            }
        }
    }

    /// What a called title that this server does not know may have been meant to be, in words.
    pub fn called_instead(&self, server: IpAddr, title: &str) -> String {
        meant(self.called.get(&server), &self.called, title)
    }

    /// The same of a calling title.
    pub fn calling_instead(&self, server: IpAddr, title: &str) -> String {
        meant(self.calling.get(&server), &self.calling, title)
    }
}

fn meant(
    here: Option<&BTreeSet<String>>,
    everywhere: &BTreeMap<IpAddr, BTreeSet<String>>,
    title: &str,
) -> String {
    let own = here.and_then(|set| nearest(title, set.iter()));
    let (found, whose) = match own {
        Some(found) => (Some(found), "this server accepted"),
        None => (
            nearest(title, everywhere.values().flatten()),
            "another server accepted",
        ),
    };
    match found {
        Some(found) if found == title => {
            format!("; {whose} the very same title at another time")
        }
        Some(found) if found.eq_ignore_ascii_case(title) => {
            format!("; {whose} \"{found}\", which differs only in case")
        }
        Some(found) => format!("; nearest: {whose} \"{found}\""),
        None => match here.map(|set| set.iter().take(3).cloned().collect::<Vec<_>>()) {
            Some(some) if !some.is_empty() => {
                format!("; this server accepted \"{}\"", some.join("\", \""))
            }
            _ => String::new(),
        },
    }
}

/// The known title nearest to a wrong one: the same in other case, else at most two letters away (one
/// in short titles).
pub fn nearest<'t>(title: &str, known: impl Iterator<Item = &'t String>) -> Option<&'t String> {
    let wanted = title.to_ascii_lowercase();
    let most = if title.len() < 6 { 1 } else { 2 };
    known
        .filter(|k| k.len() <= 64)
        .map(|k| {
            let lower = k.to_ascii_lowercase();
            let exact = usize::from(k != title);
            (distance(&wanted, &lower) * 2 + exact, k)
        })
        .filter(|(d, _)| *d <= 2 * most + 1)
        .min_by(|a, b| a.cmp(b))
        .map(|(_, k)| k)
}

/// Letters to change, put in or leave out.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}
