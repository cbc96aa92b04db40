//! `wardwatch devices`: what is on the wire, by device.

use std::fmt::Write as _;
use std::net::IpAddr;

use rules::RuleSet;
use rules::inventory::devices::{Device, mac_text};
use rules::inventory::oui::{self, Vendors};
use rules::inventory::{Inventory, Mark};

use super::args::{DevicesArgs, DevicesCommand, Form, Input, JudgeArgs};
use super::setup::load_policy;
use super::survey::{Survey, say, stamp};
use super::{Ending, complain, rulebook};
use crate::output::clean;

/// The IEEE's listing, where the system has one.
const LISTING: &str = "/usr/share/ieee-data/oui.csv";

/// Lists the devices of captures, or shows one.
pub fn run(args: &DevicesArgs) -> Ending {
    let told = match &args.command {
        None => list(args),
        Some(DevicesCommand::Show {
            name,
            input,
            judge,
            utc,
            ..
        }) => show(name, input, judge, *utc),
        Some(DevicesCommand::Import { .. } | DevicesCommand::Diff { .. }) => {
            Err("not built in".to_owned())
        }
    };
    told.unwrap_or_else(|message| {
        complain(message);
        Ending::Failed
    })
}

fn list(args: &DevicesArgs) -> Result<Ending, String> {
    let rules = RuleSet::load(&[]).map_err(|e| e.to_string())?;
    let survey = Survey::of(&args.input, rules, None, None)?;
    let sheet = Sheet::new(&survey, args.utc);
    let devices = sheet.inventory.devices();
    let form = if args.json { Form::Json } else { args.form };
    let text = match form {
        Form::Text => sheet.text(&devices),
        Form::Json => devices.iter().map(|d| sheet.json(d)).collect(),
        Form::Csv => sheet.csv(&devices),
    };
    say(&text)?;
    Ok(survey.ending())
}

fn show(name: &str, input: &Input, judge: &JudgeArgs, utc: bool) -> Result<Ending, String> {
    let rules = rulebook::load(&judge.rules)?;
    let policy = judge.policy.as_deref().map(load_policy).transpose()?;
    let survey = Survey::of(input, rules, policy, None)?;
    let sheet = Sheet::new(&survey, utc);
    let devices = sheet.inventory.devices();
    let found: Vec<&Device<'_>> = devices.iter().filter(|d| d.is_called(name)).collect();
    if found.is_empty() {
        return Err(format!(
            "no device is called {}; `wardwatch devices -r FILE` names them",
            clean::text(name.as_bytes())
        ));
    }
    for device in found {
        say(&sheet.page(device, &survey))?;
    }
    Ok(survey.ending())
}

struct Sheet<'i> {
    inventory: &'i Inventory,
    vendors: Vendors,
    time: Box<dyn Fn(i64) -> String>,
}

/// Columns of the CSV form.
const COLUMNS: [&str; 16] = [
    "address",
    "mac",
    "vendor",
    "role",
    "names",
    "maker",
    "model",
    "serial",
    "firmware",
    "software",
    "label",
    "protocols",
    "commanders",
    "in_use",
    "first_seen",
    "last_seen",
];

impl<'i> Sheet<'i> {
    fn new(survey: &'i Survey, utc: bool) -> Self {
        Sheet {
            inventory: survey.judge.inventory(),
            vendors: std::fs::read_to_string(LISTING)
                .map(|text| Vendors::of_listing(&text))
                .unwrap_or_default(),
            time: Box::new(stamp(utc)),
        }
    }

    fn text(&self, devices: &[Device<'_>]) -> String {
        let mut out = String::new();
        for device in devices {
            let addresses = joined(device.addresses().iter().map(IpAddr::to_string));
            let _ = write!(out, "{addresses:<16}  {:<14}", role_word(device));
            for part in [self.identity(device), self.cards(device)] {
                if !part.is_empty() {
                    let _ = write!(out, "  {part}");
                }
            }
            out.push('\n');
            self.rows(device, &mut out, false);
        }
        let _ = writeln!(out, "{} devices", devices.len());
        out
    }

    /// The lines below a device's first.
    fn rows(&self, device: &Device<'_>, out: &mut String, all: bool) {
        let mut row = |label: &str, text: String| {
            if !text.is_empty() {
                let _ = writeln!(out, "    {label:<11} {text}");
            }
        };
        row(
            "names",
            joined(device.names().iter().map(|n| n.what.to_string())),
        );
        let marks = [Mark::Software, Mark::Class, Mark::Label];
        for mark in marks.into_iter().filter(|m| all || *m != Mark::Class) {
            row(
                mark.word(),
                joined(device.marked(mark).iter().map(ToString::to_string)),
            );
        }
        row(
            "protocols",
            joined(device.protocols().iter().map(|p| p.name().to_owned())),
        );
        let commanders = device.commanders(self.inventory);
        row(
            "commanded",
            joined(commanders.iter().map(|(ip, verbs)| {
                let verbs: Vec<&str> = verbs.iter().map(|v| v.word()).collect();
                format!("by {ip} ({})", verbs.join(" "))
            })),
        );
        let behind = device.behind();
        let shown = if all {
            behind.len()
        } else {
            behind.len().min(6)
        };
        let mut list = joined(behind[..shown].iter().map(ToString::to_string));
        if shown < behind.len() {
            let _ = write!(list, " and {} more", behind.len() - shown);
        }
        row("speaks for", list);
        if let Some(used) = self.used(device) {
            row("in use", used);
        } else if all {
            row("in use", "unknown".to_owned());
        }
        row(
            "one device",
            joined(device.joined_by.iter().map(|w| format!("by {w}"))),
        );
        for conflict in &device.conflicts {
            row("CONFLICT", clean::text(conflict.as_bytes()));
        }
        row(
            "seen",
            format!(
                "{} to {}",
                self.time(device.first_seen()),
                self.time(device.last_seen())
            ),
        );
    }

    /// Maker, model, serial number, firmware.
    fn identity(&self, device: &Device<'_>) -> String {
        let mut parts = Vec::new();
        for (mark, word) in [
            (Mark::Vendor, ""),
            (Mark::Model, ""),
            (Mark::Firmware, "firmware "),
        ] {
            if let Some(value) = device.marked(mark).first() {
                parts.push(format!("{word}{}", clean::text(value.as_bytes())));
            }
        }
        if let Some(serial) = device.serial() {
            parts.push(format!("serial {}", clean::text(serial.as_bytes())));
        }
        parts.join(" ")
    }

    /// Its network cards with their makers.
    fn cards(&self, device: &Device<'_>) -> String {
        let cards = device.macs().into_iter().map(|m| {
            let text = mac_text(m.what);
            if self.inventory.is_router(m.what) {
                format!("{text} (a router's)")
            } else if oui::is_private(m.what) {
                format!("{text} (private)")
            } else {
                match self.vendors.of(m.what) {
                    Some(vendor) => format!("{text} ({vendor})"),
                    None => text,
                }
            }
        });
        joined(cards)
    }

    fn vendor(&self, device: &Device<'_>) -> String {
        let own = |m: [u8; 6]| !self.inventory.is_router(m);
        let vendor = device
            .macs()
            .into_iter()
            .filter(|m| own(m.what))
            .find_map(|m| self.vendors.of(m.what));
        vendor.unwrap_or_default().to_owned()
    }

    /// What shows that it is in use, and how old that is.
    fn used(&self, device: &Device<'_>) -> Option<String> {
        let now = self.inventory.now();
        let newest = device
            .assets
            .iter()
            .filter_map(|a| a.uses.at(now, self.inventory.use_patience()))
            .max_by_key(|(_, e)| e.last.seq)?;
        let (what, evidence) = newest;
        let age = now.saturating_sub(evidence.last.time) / 1_000_000_000;
        Some(format!(
            "{} by {}, {age} s ago (frame {})",
            what.word(),
            evidence.protocol.name(),
            evidence.last.number
        ))
    }

    fn time(&self, at: i64) -> String {
        (self.time)(at)
    }

    fn csv(&self, devices: &[Device<'_>]) -> String {
        let mut out = COLUMNS.join(",");
        out.push_str("\r\n");
        for device in devices {
            let cells = self.cells(device);
            let cells: Vec<String> = cells
                .iter()
                .map(|c| clean::csv_cell(c.as_bytes()))
                .collect();
            out.push_str(&cells.join(","));
            out.push_str("\r\n");
        }
        out
    }

    fn cells(&self, device: &Device<'_>) -> [String; COLUMNS.len()] {
        let many = |list: Vec<String>| list.join(" ");
        let marked = |mark| {
            let values: Vec<String> = device
                .marked(mark)
                .iter()
                .map(ToString::to_string)
                .collect();
            values.join(" / ")
        };
        let commanders = device.commanders(self.inventory);
        [
            many(device.addresses().iter().map(ToString::to_string).collect()),
            many(device.macs().iter().map(|m| mac_text(m.what)).collect()),
            self.vendor(device),
            role_word(device).to_owned(),
            many(device.names().iter().map(|n| n.what.to_string()).collect()),
            marked(Mark::Vendor),
            marked(Mark::Model),
            device.serial().unwrap_or_default().to_owned(),
            marked(Mark::Firmware),
            marked(Mark::Software),
            marked(Mark::Label),
            many(
                device
                    .protocols()
                    .iter()
                    .map(|p| p.name().to_owned())
                    .collect(),
            ),
            many(commanders.iter().map(|(ip, _)| ip.to_string()).collect()),
            self.used(device).unwrap_or_else(|| "unknown".to_owned()),
            self.time(device.first_seen()),
            self.time(device.last_seen()),
        ]
    }

    fn json(&self, device: &Device<'_>) -> String {
        let clean = |text: &str| clean::text(text.as_bytes());
        let marks: serde_json::Map<String, serde_json::Value> = Mark::ALL
            .into_iter()
            .filter_map(|mark| {
                let values: Vec<String> = device.marked(mark).into_iter().map(clean).collect();
                let single = mark != Mark::Serial || device.serial().is_some();
                (!values.is_empty() && single)
                    .then(|| (mark.word().replace(' ', "_"), values.into()))
            })
            .collect();
        let role = device.role().map(|(kind, votes)| {
            let why: Vec<String> = votes
                .iter()
                .map(|v| {
                    format!(
                        "{} ({}, frame {})",
                        v.why,
                        v.protocol.name(),
                        v.first.number
                    )
                })
                .collect();
            serde_json::json!({ "kind": kind.word(), "why": why })
        });
        let macs: Vec<serde_json::Value> = device
            .macs()
            .iter()
            .map(|m| {
                serde_json::json!({
                    "mac": mac_text(m.what), "vendor": self.vendors.of(m.what),
                    "router": self.inventory.is_router(m.what), "private": oui::is_private(m.what),
                    "first_frame": m.first.number, "last_seen": self.time(m.last),
                })
            })
            .collect();
        let names: Vec<serde_json::Value> = device
            .names()
            .iter()
            .map(|n| {
                serde_json::json!({
                    "name": clean(&n.what.to_string()), "protocol": n.protocol.name(),
                    "first_frame": n.first.number, "last_seen": self.time(n.last),
                })
            })
            .collect();
        let commanders: Vec<serde_json::Value> = device
            .commanders(self.inventory)
            .iter()
            .map(|(ip, verbs)| {
                let verbs: Vec<&str> = verbs.iter().map(|v| v.word()).collect();
                serde_json::json!({ "ip": ip, "verbs": verbs })
            })
            .collect();
        let record = serde_json::json!({
            "addresses": device.addresses(), "macs": macs, "names": names, "role": role, "marks": marks,
            "speaks_for": device.behind().into_iter().map(clean).collect::<Vec<_>>(),
            "protocols": device.protocols().iter().map(|p| p.name()).collect::<Vec<_>>(),
            "commanders": commanders, "peers": device.peers(self.inventory),
            "joined_by": device.joined_by, "conflicts": device.conflicts.iter().map(|c| clean(c)).collect::<Vec<_>>(),
            "in_use": self.used(device), "messages": device.sent(),
            "first_seen": self.time(device.first_seen()), "last_seen": self.time(device.last_seen()),
        });
        format!("{record}\n")
    }

    /// One device's day.
    fn page(&self, device: &Device<'_>, survey: &Survey) -> String {
        let addresses = joined(device.addresses().iter().map(IpAddr::to_string));
        let mut out = format!("{addresses}  {}\n", role_word(device));
        if let Some((_, votes)) = device.role() {
            for vote in votes {
                let _ = writeln!(
                    out,
                    "    because it {} ({}, frame {})",
                    vote.why,
                    vote.protocol.name(),
                    vote.first.number
                );
            }
        }
        for part in [self.identity(device), self.cards(device)] {
            if !part.is_empty() {
                let _ = writeln!(out, "    {part}");
            }
        }
        self.rows(device, &mut out, true);
        let day = survey.day(device);
        if !day.is_empty() {
            out.push_str("\n  The day\n");
        }
        for (time, line) in day {
            let line = clean::text(line.as_bytes());
            let _ = writeln!(out, "    {}  {line}", self.time(time));
        }
        out.push('\n');
        out
    }
}

fn role_word(device: &Device<'_>) -> &'static str {
    device.role().map_or("unknown", |(kind, _)| kind.word())
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.map(|p| clean::text(p.as_bytes())).collect();
    parts.join(", ")
}
