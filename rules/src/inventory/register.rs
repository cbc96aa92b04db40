//! The site's own list of devices (an export of its CMMS or NetBox): names, tags, rooms.
//!
//! The list never overwrites what the wire shows: where they differ, both are told.

use std::collections::HashMap;
use std::net::IpAddr;

use super::Asset;
use super::devices::{Device, mac_text};
use super::marks::Mark;
use crate::finding::Site;
use crate::language::resolve;

/// One row of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    pub tag: String,
    pub name: String,
    pub model: String,
    pub serial: String,
    pub mac: Option<[u8; 6]>,
    pub address: Option<IpAddr>,
    pub room: String,
    pub owner: String,
    /// Line in the file that it was read from.
    pub line: usize,
}

/// All rows, found by serial number, MAC or address.
#[derive(Debug, Default)]
pub struct Register {
    entries: Vec<Entry>,
    by_serial: HashMap<String, usize>,
    by_mac: HashMap<[u8; 6], usize>,
    by_address: HashMap<IpAddr, usize>,
}

/// The columns of a names file, in their order.
pub const COLUMNS: [&str; 8] = [
    "tag", "name", "model", "serial", "mac", "address", "room", "owner",
];

/// Titles that other programs give the columns, in small letters.
const TITLES: [&[&str]; 8] = [
    &[
        "tag",
        "asset tag",
        "asset_tag",
        "asset number",
        "asset id",
        "equipment number",
        "inventory number",
        "control number",
    ],
    &[
        "name",
        "description",
        "device name",
        "display",
        "equipment description",
    ],
    &[
        "model",
        "device type",
        "device_type",
        "model number",
        "model name",
    ],
    &[
        "serial",
        "serial number",
        "serial_number",
        "serial no",
        "sn",
    ],
    &[
        "mac",
        "mac address",
        "mac_address",
        "primary mac address",
        "primary_mac_address",
    ],
    &[
        "address",
        "ip",
        "ip address",
        "ip_address",
        "primary ip",
        "primary_ip4",
        "primary ipv4",
        "primary_ip",
    ],
    &["room", "location", "site", "department", "ward"],
    &["owner", "tenant", "responsible", "contact"],
];

/// Which column is what: the title of each, where it is not one of the usual ones.
#[derive(Clone, Debug, Default)]
pub struct Mapping([Option<String>; 8]);

impl Mapping {
    /// Reads `serial = "Serial No."` and so on.
    pub fn parse(text: &str) -> Result<Mapping, String> {
        let table: toml::Table = text
            .parse()
            .map_err(|e| format!("the mapping is no TOML: {e}"))?;
        let mut mapping = Mapping::default();
        for (key, value) in table {
            let at = COLUMNS.iter().position(|c| *c == key).ok_or_else(|| {
                format!(
                    "`{key}` is no column of the list; columns are {}",
                    COLUMNS.join(" ")
                )
            })?;
            let title = value
                .as_str()
                .ok_or_else(|| format!("`{key}` needs the title of a column in quotes"))?;
            mapping.0[at] = Some(title.to_owned());
        }
        Ok(mapping)
    }
}

/// Rows of one list.
const ROWS: usize = 262_144;

impl Register {
    /// Reads an export: CSV with a header, separated by comma, semicolon or tab. Gives what was
    /// passed over, too.
    pub fn import(text: &str, mapping: &Mapping) -> Result<(Register, Vec<String>), String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().next().unwrap_or_default();
        let separator = [',', ';', '\t']
            .into_iter()
            .max_by_key(|s| (first.matches(*s).count(), *s == ','))
            .unwrap_or(',');
        let mut rows = Rows::new(text, separator);
        let (_, header) = rows.next().ok_or("the file is empty")?;
        let places = places(&header, mapping)?;
        let mut register = Register::default();
        let mut told = Vec::new();
        for (line, row) in rows {
            if row.iter().all(|c| c.trim().is_empty()) {
                continue;
            }
            if register.entries.len() >= ROWS {
                told.push(format!("line {line}: no more than {ROWS} rows are read"));
                break;
            }
            let cell = |at: usize| {
                let text = places[at].and_then(|p| row.get(p)).map_or("", |c| c.trim());
                unguarded(text).to_owned()
            };
            let mac = match cell(4) {
                text if text.is_empty() => None,
                text => {
                    let mac = any_mac(&text);
                    if mac.is_none() {
                        told.push(format!("line {line}: `{text}` is no MAC address"));
                    }
                    mac
                }
            };
            // NetBox writes an address with its prefix length.
            let address = match cell(5) {
                text if text.is_empty() => None,
                text => {
                    let ip = text.split('/').next().unwrap_or_default().parse().ok();
                    if ip.is_none() {
                        told.push(format!("line {line}: `{text}` is no address"));
                    }
                    ip
                }
            };
            let entry = Entry {
                tag: cell(0),
                name: cell(1),
                model: cell(2),
                serial: cell(3),
                mac,
                address,
                room: cell(6),
                owner: cell(7),
                line,
            };
            if entry.serial.is_empty() && mac.is_none() && address.is_none() {
                told.push(format!(
                    "line {line}: neither serial number nor MAC nor address: never found on the wire"
                ));
            }
            register.add(entry, &mut told);
        }
        Ok((register, told))
    }

    fn add(&mut self, entry: Entry, told: &mut Vec<String>) {
        let at = self.entries.len();
        let line = entry.line;
        let mut twice = |earlier: Option<usize>, what: String| {
            if let Some(earlier) = earlier.and_then(|e| self.entries.get(e)) {
                told.push(format!(
                    "line {line}: {what} stands in line {} too",
                    earlier.line
                ));
            }
        };
        if !entry.serial.is_empty() {
            let before = self.by_serial.insert(entry.serial.clone(), at);
            twice(before, format!("serial number {}", entry.serial));
        }
        if let Some(mac) = entry.mac {
            twice(
                self.by_mac.insert(mac, at),
                format!("MAC {}", mac_text(mac)),
            );
        }
        if let Some(ip) = entry.address {
            twice(self.by_address.insert(ip, at), format!("address {ip}"));
        }
        self.entries.push(entry);
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// By MAC, then by address.
    pub fn at(&self, ip: IpAddr, mac: Option<[u8; 6]>) -> Option<&Entry> {
        let by_mac = || mac.and_then(|m| self.by_mac.get(&m));
        let at = by_mac().or_else(|| self.by_address.get(&ip))?;
        self.entries.get(*at)
    }

    /// By serial number, then by its own MACs, then by address.
    pub fn of(&self, asset: &Asset, router: impl Fn([u8; 6]) -> bool) -> Option<&Entry> {
        let by_serial = || asset.serial().and_then(|s| self.by_serial.get(s));
        let by_mac = || {
            let mut own = asset.own_macs().filter(|m| !router(*m));
            own.find_map(|m| self.by_mac.get(&m))
        };
        let at = by_serial()
            .or_else(by_mac)
            .or_else(|| self.by_address.get(&asset.ip))?;
        self.entries.get(*at)
    }

    /// The row of a device: by any of its addresses.
    pub fn of_device(
        &self,
        device: &Device<'_>,
        router: impl Fn([u8; 6]) -> bool,
    ) -> Option<&Entry> {
        let serial = device.serial().and_then(|s| self.by_serial.get(s));
        serial
            .and_then(|at| self.entries.get(*at))
            .or_else(|| device.assets.iter().find_map(|a| self.of(a, &router)))
    }
}

impl Entry {
    pub fn site(&self) -> Site {
        Site {
            name: self.name.clone(),
            tag: self.tag.clone(),
            room: self.room.clone(),
        }
    }

    /// Its cells, in the order of [`COLUMNS`].
    pub fn cells(&self) -> [String; 8] {
        [
            self.tag.clone(),
            self.name.clone(),
            self.model.clone(),
            self.serial.clone(),
            self.mac.map(mac_text).unwrap_or_default(),
            self.address.map(|a| a.to_string()).unwrap_or_default(),
            self.room.clone(),
            self.owner.clone(),
        ]
    }

    /// Where the list and the wire say different things.
    pub fn differences(&self, device: &Device<'_>) -> Vec<String> {
        let mut told = Vec::new();
        let mut differ = |what: &str, listed: &str, seen: Vec<String>| {
            let same = seen.iter().any(|s| s.eq_ignore_ascii_case(listed));
            if !listed.is_empty() && !seen.is_empty() && !same {
                told.push(format!(
                    "{what}: the list says {listed}, the wire {}",
                    seen.join(", ")
                ));
            }
        };
        let serial = device.serial().map(str::to_owned);
        differ("serial number", &self.serial, serial.into_iter().collect());
        let cells = self.cells();
        let macs = device.macs().iter().map(|m| mac_text(m.what)).collect();
        differ("MAC", &cells[4], macs);
        let addresses = device.addresses().iter().map(ToString::to_string).collect();
        differ("address", &cells[5], addresses);
        let models = device
            .marked(Mark::Model)
            .into_iter()
            .map(str::to_owned)
            .collect();
        differ("model", &self.model, models);
        told
    }
}

/// Where each column stands.
fn places(header: &[String], mapping: &Mapping) -> Result<[Option<usize>; 8], String> {
    let mut places = [None; 8];
    for (at, place) in places.iter_mut().enumerate() {
        let find = |title: &str| {
            header
                .iter()
                .position(|h| h.trim().eq_ignore_ascii_case(title))
        };
        *place = match &mapping.0[at] {
            Some(title) => Some(find(title).ok_or_else(|| {
                format!(
                    "no column is titled `{title}`; the file has {}",
                    header.join(", ")
                )
            })?),
            None => TITLES[at].iter().find_map(|t| find(t)),
        };
    }
    if places[3].is_none() && places[4].is_none() && places[5].is_none() {
        return Err(format!(
            "none of the columns {} is a serial number, a MAC or an address; name them in a mapping file: serial = \"Title\"",
            header.join(", ")
        ));
    }
    Ok(places)
}

/// A cell without the mark that keeps spreadsheets from running it.
fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => text,
    }
}

/// A MAC in any of the usual notations: `00:09:fb:..`, `00-09-FB-..`, `0009.fb01.0203`, `0009FB010203`.
fn any_mac(text: &str) -> Option<[u8; 6]> {
    resolve::mac(text).or_else(|| {
        let digits: String = text
            .chars()
            .filter(|c| !matches!(c, '.' | ':' | '-'))
            .collect();
        let n = (digits.len() == 12)
            .then(|| u64::from_str_radix(&digits, 16).ok())
            .flatten()?;
        let [_, _, mac @ ..] = n.to_be_bytes();
        Some(mac)
    })
}

/// Rows of a CSV file (RFC 4180), each with the line on which it begins.
struct Rows<'t> {
    rest: std::iter::Peekable<std::str::Chars<'t>>,
    separator: char,
    line: usize,
}

impl<'t> Rows<'t> {
    fn new(text: &'t str, separator: char) -> Self {
        Rows {
            rest: text.chars().peekable(),
            separator,
            line: 1,
        }
    }
}

impl Iterator for Rows<'_> {
    type Item = (usize, Vec<String>);

    fn next(&mut self) -> Option<Self::Item> {
        self.rest.peek()?;
        let began = self.line;
        let mut row = Vec::new();
        let mut cell = String::new();
        let mut quoted = false;
        while let Some(c) = self.rest.next() {
            self.line += usize::from(c == '\n');
            match c {
                '"' if quoted && self.rest.next_if_eq(&'"').is_some() => cell.push('"'),
                '"' if quoted => quoted = false,
                '"' if cell.is_empty() => quoted = true,
                _ if quoted => cell.push(c),
                '\r' if self.rest.peek() == Some(&'\n') => {}
                '\n' => {
                    row.push(cell);
                    return Some((began, row));
                }
                _ if c == self.separator => row.push(std::mem::take(&mut cell)),
                _ => cell.push(c),
            }
        }
        row.push(cell);
        Some((began, row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_without_anything_to_find_devices_by_is_refused() {
        let told = Register::import("Name,Room\nPump 7,12\n", &Mapping::default()).unwrap_err();
        assert!(told.contains("mapping"), "{told}");
        assert!(Register::import("", &Mapping::default()).is_err());
        assert!(
            Mapping::parse("colour = \"x\"")
                .unwrap_err()
                .contains("colour")
        );
        let mapping = Mapping::parse("serial = \"S/N\"").unwrap();
        assert!(Register::import("Name,Serial\n", &mapping).is_err());
    }

    #[test]
    fn what_is_no_address_is_told_by_line_and_the_row_stays() {
        let text =
            "tag,serial,mac,address\nA1,S1,nonsense,10.0.0.300\n\nA2,,,\nA3,S1,,10.0.0.1/24\n";
        let (register, told) = Register::import(text, &Mapping::default()).unwrap();
        assert_eq!(register.entries().len(), 3);
        assert!(told[0].starts_with("line 2") && told[1].starts_with("line 2"));
        assert!(told[2].starts_with("line 4: neither"));
        assert!(
            told[3].contains("line 5: serial number S1 stands in line 2"),
            "{told:?}"
        );
        let ip = "10.0.0.1".parse().unwrap();
        assert_eq!(register.at(ip, None).unwrap().tag, "A3");
    }

    #[test]
    fn quoted_cells_hold_separators_quotes_and_line_breaks() {
        let text = "\u{feff}Name;Serial Number;Primary MAC address\r\n\"a \"\"b\"\"; c\nd\";S;0009.FB01.0203\r\n'=x;T;\r\n";
        let (register, told) = Register::import(text, &Mapping::default()).unwrap();
        assert!(told.is_empty(), "{told:?}");
        assert_eq!(register.entries()[0].name, "a \"b\"; c\nd");
        assert_eq!(register.entries()[0].mac, Some([0, 9, 0xfb, 1, 2, 3]));
        assert_eq!(register.entries()[1].name, "=x");
        assert_eq!(register.entries()[1].line, 4);
    }

    #[test]
    fn mac_beats_address() {
        let text = "tag,mac,ip\nA,02:00:00:00:00:01,10.0.0.9\nB,,10.0.0.1\n";
        let (register, _) = Register::import(text, &Mapping::default()).unwrap();
        let ip = "10.0.0.1".parse().unwrap();
        assert_eq!(register.at(ip, Some([2, 0, 0, 0, 0, 1])).unwrap().tag, "A");
        assert_eq!(register.at(ip, None).unwrap().tag, "B");
    }
}
