//! Lists that a rule names by file: one value a line, `#` begins a comment.

use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;

use crate::limits::{self, Limits};

/// The values of a list file with the lines that they stand on.
pub fn read(path: &Path, limits: &Limits) -> Result<Vec<(usize, String)>, String> {
    let most = limits.get(limits::LIST_FILE) as u64;
    let told = |e: std::io::Error| format!("{}: {e}", path.display());
    if std::fs::metadata(path).map_err(told)?.len() > most {
        let shown = path.display();
        return Err(format!("{shown}: more than {most} bytes (limit list-file)"));
    }
    let text = std::fs::read_to_string(path).map_err(told)?;
    let values = text.lines().enumerate().filter_map(|(at, line)| {
        let value = match line.split_once('#') {
            // Text may hold a `#`; a comment stands behind a blank, or alone.
            Some((before, _)) if before.is_empty() || before.ends_with([' ', '\t']) => before,
            _ => line,
        };
        let value = value.trim();
        (!value.is_empty()).then(|| (at + 1, value.to_owned()))
    });
    Ok(values.collect())
}

/// Many addresses and networks, found by halving.
#[derive(Debug, Default)]
pub struct Addresses {
    /// First and last, in order, apart from one another.
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl Addresses {
    pub fn of(nets: &[IpNet]) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for net in nets {
            match net {
                IpNet::V4(n) => v4.push((u32::from(n.network()), u32::from(n.broadcast()))),
                IpNet::V6(n) => v6.push((u128::from(n.network()), u128::from(n.broadcast()))),
            }
        }
        Addresses {
            v4: apart(v4),
            v6: apart(v6),
        }
    }

    pub fn contains(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => holds(&self.v4, u32::from(ip)),
            IpAddr::V6(ip) => holds(&self.v6, u128::from(ip)),
        }
    }
}

fn apart<T: Ord + Copy>(mut all: Vec<(T, T)>) -> Vec<(T, T)> {
    all.sort_unstable();
    let mut out: Vec<(T, T)> = Vec::with_capacity(all.len());
    for (first, last) in all {
        match out.last_mut() {
            Some(before) if first <= before.1 => before.1 = before.1.max(last),
            _ => out.push((first, last)),
        }
    }
    out
}

fn holds<T: Ord + Copy>(ranges: &[(T, T)], one: T) -> bool {
    let at = ranges.partition_point(|(first, _)| *first <= one);
    at.checked_sub(1)
        .and_then(|at| ranges.get(at))
        .is_some_and(|(_, last)| one <= *last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_beside_and_between_networks_are_not_in_them() {
        let nets: Vec<IpNet> = [
            "10.0.0.0/8",
            "10.1.0.0/16",
            "192.168.1.5/32",
            "2001:db8::/32",
        ]
        .iter()
        .map(|n| n.parse().unwrap())
        .collect();
        let all = Addresses::of(&nets);
        for (ip, is) in [
            ("9.255.255.255", false),
            ("11.0.0.0", false),
            ("192.168.1.4", false),
            ("192.168.1.6", false),
            ("2001:db9::1", false),
            ("10.0.0.0", true),
            ("10.255.255.255", true),
            ("192.168.1.5", true),
            ("2001:db8::1", true),
        ] {
            assert_eq!(all.contains(ip.parse().unwrap()), is, "{ip}");
        }
    }
}
