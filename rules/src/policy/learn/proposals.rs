//! Groups that a person may want, with what speaks for them. None is in force.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;

use dissectors::action::{Effect, Verb};

use super::words::{quoted, short};
use super::{Lesson, Node};
use crate::inventory::logbook::Deal;

/// Hosts that a host must have looked at to look like one that looks for weaknesses.
const MANY: usize = 8;
/// Whoever asks the same host more often polls it.
const OFTEN: u64 = 4;

impl Lesson<'_> {
    /// `# [[group]]` for hosts that look like an interface engine, an update server, a scanner.
    pub(super) fn write_proposals(&self, out: &mut String) {
        if self.manner.only_denied {
            return;
        }
        type Look = fn(&Lesson<'_>, &Node<'_>) -> Option<String>;
        let looks: [(&str, &str, Look); 3] = [
            ("interface-engines", "an interface engine", |l, n| {
                l.engine(n)
            }),
            ("update-servers", "an update server", |l, n| l.updater(n)),
            (
                "scanners",
                "a scanner that looks for weaknesses; listed here, rules let it scan",
                |l, n| l.scanner(n),
            ),
        ];
        for (name, what, look) in looks {
            let found: Vec<(&Node<'_>, String)> = self
                .nodes
                .iter()
                .filter(|n| n.device.is_some())
                .filter_map(|n| Some((n, look(self, n)?)))
                .collect();
            if found.is_empty() || self.manner.taken.iter().any(|t| t == name) {
                continue;
            }
            let mut members = Vec::new();
            for (node, why) in &found {
                let ips: Vec<String> = node.ips.iter().map(IpAddr::to_string).collect();
                let _ = writeln!(out, "# {} looks like {what}: {why}.", ips.join(", "));
                members.extend(ips.iter().map(|ip| quoted(ip)));
            }
            let _ = writeln!(
                out,
                "# If that is right, take the # away:\n# [[group]]\n# name = {}\n# members = [{}]\n# note = \"proposed\"\n",
                quoted(name),
                members.join(", ")
            );
        }
    }

    fn asks<'s>(&'s self, node: &'s Node<'_>) -> impl Iterator<Item = &'s &'s Deal> {
        self.deals.iter().filter(|d| node.ips.contains(&d.actor))
    }

    fn is_asked<'s>(&'s self, node: &'s Node<'_>) -> impl Iterator<Item = &'s &'s Deal> {
        self.deals.iter().filter(|d| node.ips.contains(&d.target))
    }

    /// It takes messages and sends messages of the same verb on to others.
    fn engine(&self, node: &Node<'_>) -> Option<String> {
        let hl7 = |d: &&&Deal| {
            d.protocol.name() == "hl7v2"
                && matches!(
                    d.effect(),
                    Effect::Identity | Effect::Record | Effect::Therapy
                )
        };
        let mut told = Vec::new();
        let mut others: BTreeSet<IpAddr> = BTreeSet::new();
        let verbs: BTreeSet<Verb> = self.is_asked(node).filter(hl7).map(|d| d.verb).collect();
        for verb in verbs {
            let of = |d: &&&Deal| d.verb == verb;
            let from: BTreeSet<IpAddr> = self
                .is_asked(node)
                .filter(hl7)
                .filter(of)
                .map(|d| d.actor)
                .collect();
            let to: BTreeSet<IpAddr> = self
                .asks(node)
                .filter(hl7)
                .filter(of)
                .map(|d| d.target)
                .filter(|ip| !from.contains(ip))
                .collect();
            if to.is_empty() {
                continue;
            }
            told.push(format!(
                "takes {verb} from {} and sends {verb} to {}",
                listed(&from),
                listed(&to)
            ));
            others.extend(from.iter().chain(&to));
        }
        (others.len() >= 3).then(|| told.join("; "))
    }

    /// It loads libraries or firmware, or several devices fetch files from it.
    fn updater(&self, node: &Node<'_>) -> Option<String> {
        let loads: BTreeSet<IpAddr> = self
            .asks(node)
            .filter(|d| matches!(d.verb, Verb::LoadLibrary | Verb::LoadFirmware))
            .filter(|d| !d.always_refused())
            .map(|d| d.target)
            .collect();
        let fetchers: BTreeSet<IpAddr> = self
            .is_asked(node)
            .filter(|d| {
                d.verb == Verb::Retrieve && matches!(d.protocol.name(), "http" | "tftp" | "ftp")
            })
            .map(|d| d.actor)
            .collect();
        let mut told = Vec::new();
        if !loads.is_empty() {
            told.push(format!(
                "loads libraries or firmware into {}",
                listed(&loads)
            ));
        }
        if fetchers.len() >= 3 {
            told.push(format!(
                "files are fetched from it by {}",
                listed(&fetchers)
            ));
        }
        (!told.is_empty()).then(|| told.join("; "))
    }

    /// It looks at many hosts and asks nothing of them that changes anything.
    fn scanner(&self, node: &Node<'_>) -> Option<String> {
        let looks = |v: Verb| matches!(v, Verb::Verify | Verb::Discover | Verb::Read);
        if self.asks(node).any(|d| !looks(d.verb)) {
            return None;
        }
        let peers = node.device?.peers(self.inventory);
        let answered: BTreeSet<IpAddr> = self.asks(node).map(|d| d.target).collect();
        let asked: u64 = self.asks(node).map(|d| d.count).sum();
        if asked > OFTEN * answered.len() as u64 {
            return None;
        }
        let without = peers.iter().filter(|ip| !answered.contains(ip)).count();
        (peers.len() >= MANY && without * 2 >= peers.len()).then(|| {
            format!(
                "it called on {} hosts and asked {without} of them for nothing",
                peers.len()
            )
        })
    }
}

fn listed(ips: &BTreeSet<IpAddr>) -> String {
    let texts: Vec<String> = ips.iter().map(IpAddr::to_string).collect();
    short(&texts, 6)
}
