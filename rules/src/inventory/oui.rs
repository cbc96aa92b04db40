//! Who made a network card, by the first three bytes of its MAC address.

use std::sync::LazyLock;

/// A small table: makers of medical devices, and of what stands beside them.
const SHIPPED: &str = include_str!("oui.tsv");

static VENDORS: LazyLock<Vec<([u8; 3], &'static str)>> = LazyLock::new(|| {
    let mut rows: Vec<_> = SHIPPED.lines().filter_map(row).collect();
    rows.sort_unstable();
    rows
});

/// A fuller listing from elsewhere, asked before the shipped table.
#[derive(Debug, Default)]
pub struct Vendors {
    rows: Vec<([u8; 3], String)>,
}

impl Vendors {
    /// Reads the IEEE's listing as `oui.csv` has it (`MA-L,002272,Organisation,..`). Lines that are
    /// no assignment are passed over.
    pub fn of_listing(csv: &str) -> Vendors {
        let mut rows: Vec<_> = csv
            .lines()
            .filter_map(|line| {
                let (prefix, rest) = line.strip_prefix("MA-L,")?.split_once(',')?;
                let name = match rest.strip_prefix('"') {
                    Some(quoted) => quoted.split('"').next()?,
                    None => rest.split(',').next()?,
                };
                Some((three(prefix)?, name.trim().to_owned()))
            })
            .collect();
        rows.sort_unstable();
        Vendors { rows }
    }

    pub fn of(&self, mac: [u8; 6]) -> Option<&str> {
        let [a, b, c, ..] = mac;
        let at = self.rows.binary_search_by_key(&[a, b, c], |row| row.0);
        match at {
            Ok(at) => Some(&self.rows[at].1),
            Err(_) => vendor(mac),
        }
    }
}

/// The maker of a card, as the shipped table has it.
pub fn vendor(mac: [u8; 6]) -> Option<&'static str> {
    let [a, b, c, ..] = mac;
    let at = VENDORS.binary_search_by_key(&[a, b, c], |row| row.0).ok()?;
    Some(VENDORS[at].1)
}

/// Whether an address was made up rather than assigned (the U/L bit).
pub const fn is_private(mac: [u8; 6]) -> bool {
    mac[0] & 2 != 0
}

/// MACs that belong to a service and move between hosts: VRRP (RFC 9568 7.3), HSRP, GLBP, cluster
/// addresses of network load balancing; and group addresses, which nobody sends from.
pub const fn is_virtual(mac: [u8; 6]) -> bool {
    matches!(
        mac,
        [0x00, 0x00, 0x5e, 0x00, 0x01 | 0x02, _]
            | [0x00, 0x00, 0x0c, 0x07, 0xac, _]
            | [0x00, 0x00, 0x0c, 0x9f, 0xf0..=0xff, _]
            | [0x00, 0x05, 0x73, 0xa0, _, _]
            | [0x00, 0x07, 0xb4, 0x00, _, _]
            | [0x02, 0xbf, _, _, _, _]
    ) || mac[0] & 1 != 0
}

fn row(line: &'static str) -> Option<([u8; 3], &'static str)> {
    let (prefix, name) = line.split_once('\t')?;
    Some((three(prefix)?, name))
}

fn three(hex: &str) -> Option<[u8; 3]> {
    let n = (hex.len() == 6).then(|| u32::from_str_radix(hex, 16).ok())??;
    let [_, a, b, c] = n.to_be_bytes();
    Some([a, b, c])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unassigned_prefix_has_no_vendor() {
        assert_eq!(vendor([0x02, 0, 0, 0, 0, 1]), None);
        assert!(is_private([0x02, 0, 0, 0, 0, 1]));
    }

    // The IEEE's listing: 0009FB Philips Patient Monitoring.
    #[test]
    fn maker_of_monitors_is_known() {
        let name = vendor([0x00, 0x09, 0xfb, 1, 2, 3]).unwrap();
        assert!(name.contains("Philips"), "{name}");
    }

    #[test]
    fn fuller_listing_is_asked_first_and_the_shipped_one_after_it() {
        let vendors = Vendors::of_listing(
            "Registry,Assignment\nMA-L,020000,\"Example, Inc.\",Street\nMA-L,0009FB,Other,x\nMA-L,zz,bad\n",
        );
        assert_eq!(vendors.of([2, 0, 0, 9, 9, 9]), Some("Example, Inc."));
        assert_eq!(vendors.of([0, 9, 0xfb, 0, 0, 0]), Some("Other"));
        assert!(Vendors::default().of([0, 9, 0xfb, 0, 0, 0]).is_some());
    }

    #[test]
    fn address_of_a_virtual_router_is_nobodys_own() {
        assert!(is_virtual([0, 0, 0x5e, 0, 1, 7]));
        assert!(is_virtual([0xff; 6]));
        assert!(!is_virtual([0, 9, 0xfb, 0, 1, 7]));
    }
}
