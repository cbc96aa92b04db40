//! `[[zone]]`: a part of the network.

use std::ops::Range;
use std::sync::Arc;

use super::Loader;
use crate::language::diagnostic::{Diagnostic, nearest};
use crate::language::table::{Placed, Reader, Table};
use crate::policy::zones::{OUTSIDE, Zone, Zones};

impl Loader {
    pub(super) fn zone(
        &mut self,
        table: &Table<'_>,
        span: Range<usize>,
    ) -> Option<(Zone, Vec<Placed>)> {
        let file = Arc::clone(&self.file);
        let mut report = std::mem::take(&mut self.report);
        let before = report.errors();
        let mut r = Reader::new(&file, &mut report, "WP010", table, span.clone(), "the zone");
        let name = r.required("name");
        let (networks, vlans) = (r.texts("networks"), r.integers("vlans"));
        let (from, commands_from) = (r.texts("from"), r.texts("commands_from"));
        let _ = r.text("note");
        if networks.is_empty() && vlans.is_empty() {
            r.wrong(
                span,
                "this zone has no `networks` and no `vlans`".to_owned(),
                "nobody is in it",
            );
        }
        if let Some(name) = name.as_ref().filter(|n| n.text == OUTSIDE) {
            r.wrong(
                name.span.clone(),
                format!("a zone cannot be called `{OUTSIDE}`"),
                "who is in no zone",
            );
        }
        let mut nets = Vec::new();
        for network in &networks {
            match crate::language::resolve::net(&network.text) {
                Ok(net) => nets.push(net),
                Err(why) => r.wrong(
                    network.span.clone(),
                    format!("`{}` is no network", network.text),
                    why,
                ),
            }
        }
        r.done();
        self.report = report;
        let texts = |list: &[Placed]| list.iter().map(|p| p.text.clone()).collect();
        let zone = Zone {
            name: name?.text,
            networks: nets,
            vlans: vlans
                .into_iter()
                .filter_map(|v| u16::try_from(v).ok())
                .collect(),
            from: texts(&from),
            commands_from: texts(&commands_from),
        };
        let names = from.into_iter().chain(commands_from).collect();
        (self.report.errors() == before).then_some((zone, names))
    }

    /// Every zone that another names has to be there.
    pub(super) fn zones(&mut self, zones: Vec<(Zone, Vec<Placed>)>) -> Zones {
        let known: Vec<&str> = zones.iter().map(|(z, _)| z.name.as_str()).collect();
        for name in zones.iter().flat_map(|(_, names)| names) {
            if name.text == OUTSIDE || known.contains(&name.text.as_str()) {
                continue;
            }
            let help = match nearest(&name.text, known.iter().copied()) {
                Some(n) => format!("did you mean \"{n}\"?"),
                None => format!("declare it by [[zone]], or write \"{OUTSIDE}\""),
            };
            let title = format!("there is no zone `{}`", name.text);
            self.report.add(
                Diagnostic::error(&self.file, "WP010", name.span.clone(), title, "not known")
                    .help(help),
            );
        }
        Zones::new(zones.into_iter().map(|(zone, _)| zone).collect())
    }
}
