//! Names that several hosts use.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use dissectors::action::Device as Kind;

use super::Lesson;
use super::words::{clean, member, plain, quoted, slug};
use crate::finding::Name;

impl Lesson<'_> {
    /// AE titles used from several addresses, and those that images were asked to be sent to.
    pub(super) fn write_pools(&self, out: &mut String) {
        let mut titles: BTreeMap<&str, BTreeSet<IpAddr>> = BTreeMap::new();
        for asset in self.inventory.assets() {
            for name in &asset.names {
                if let Name::Ae(title) = &name.what {
                    titles.entry(title).or_default().insert(asset.ip);
                }
            }
        }
        for (title, ips) in titles.iter().filter(|(_, ips)| ips.len() > 1) {
            let told: Vec<String> = ips.iter().map(IpAddr::to_string).collect();
            let kinds: BTreeSet<_> = ips.iter().map(|ip| self.kind_at(*ip)).collect();
            let _ = writeln!(
                out,
                "# AE title {} was used from {}: a pool, a change of address, or an impostor.",
                plain(title),
                told.join(", ")
            );
            let members: Vec<String> = ips
                .iter()
                .filter_map(|ip| member(&Name::Ae((*title).to_owned()), *ip))
                .map(|m| quoted(&m))
                .collect();
            let name = slug(title).map(|s| format!("pool-{s}"));
            // Of one kind, and known to be one: that speaks for a pool.
            match (name, kinds.first(), members.len() == ips.len()) {
                (Some(name), Some(Some(kind)), true) if kinds.len() == 1 => {
                    let _ = writeln!(
                        out,
                        "# All of them look like a {}: a pool, if you take the # away.\n\
                         # [[group]]\n# name = {}\n# members = [{}]\n# kind = {}\n# note = \"proposed\"\n",
                        kind.word(),
                        quoted(&name),
                        members.join(", "),
                        quoted(kind.word())
                    );
                }
                _ => out.push_str("# They do not look alike: find out which.\n\n"),
            }
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

    /// What the host at an address looks like.
    fn kind_at(&self, ip: IpAddr) -> Option<Kind> {
        let node = &self.nodes[*self.place.get(&ip)?];
        (node.kind != Kind::Unknown).then_some(node.kind)
    }
}
