//! Known vulnerabilities, matched on what the wire shows of a device: banner, version, model.
//!
//! A version inside the affected range is certain where the program itself names it; a product
//! whose version is not seen, or cannot be compared, is possible; and of what works only on the
//! spot the wire shows nothing at all.

mod csaf;
mod version;

use std::sync::LazyLock;

use regex::Regex;

pub use csaf::read as read_csaf;
pub use version::{Affected, Version};

use crate::inventory::Mark;
use crate::inventory::devices::Device;
use crate::language::compiled::Truth;

/// From where a vulnerability can be used (CVSS attack vector, the least demanding).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    Unknown,
    Physical,
    Local,
    Adjacent,
    Network,
}

impl Reach {
    fn of(letter: Option<char>) -> Reach {
        match letter {
            Some('N') => Reach::Network,
            Some('A') => Reach::Adjacent,
            Some('L') => Reach::Local,
            Some('P') => Reach::Physical,
            _ => Reach::Unknown,
        }
    }

    fn wider(self, other: Reach) -> Reach {
        self.max(other)
    }

    /// False: nothing on the network shows that it is being used.
    pub fn on_the_wire(self) -> bool {
        self >= Reach::Adjacent || self == Reach::Unknown
    }
}

#[derive(Clone, Debug)]
pub struct Advisory {
    pub id: String,
    pub revised: String,
    pub title: String,
    /// The highest CVSS base score.
    pub score: f64,
    pub reach: Reach,
    pub cves: Vec<String>,
    pub products: Vec<Product>,
}

#[derive(Clone, Debug)]
pub struct Product {
    pub vendor: String,
    pub name: String,
    pub affected: Affected,
    /// The versions as written.
    pub written: String,
}

/// How sure a match is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    Possible,
    Certain,
}

impl Certainty {
    pub const fn word(self) -> &'static str {
        match self {
            Certainty::Possible => "possible",
            Certainty::Certain => "certain",
        }
    }
}

/// An advisory that concerns a device.
#[derive(Debug)]
pub struct Match<'a> {
    pub advisory: &'a Advisory,
    pub certainty: Certainty,
    /// What was seen, and what it is held against.
    pub why: String,
}

/// All advisories.
#[derive(Debug, Default)]
pub struct Advisories(Vec<Advisory>);

const SHIPPED: [&str; 2] = [include_str!("advisories.tsv"), include_str!("further.tsv")];

impl Advisories {
    /// The shipped table.
    pub fn shipped() -> Advisories {
        Advisories(
            SHIPPED
                .iter()
                .flat_map(|text| text.lines())
                .filter_map(row)
                .collect(),
        )
    }

    /// Adds an advisory; a newer one replaces the one of the same id.
    pub fn add(&mut self, advisory: Advisory) {
        match self.0.iter_mut().find(|a| a.id == advisory.id) {
            Some(old) => *old = advisory,
            None => self.0.push(advisory),
        }
    }

    pub fn all(&self) -> &[Advisory] {
        &self.0
    }

    /// Advisories that no traffic shows: local or physical access is needed.
    pub fn unseen(&self) -> impl Iterator<Item = &Advisory> {
        self.0.iter().filter(|a| !a.reach.on_the_wire())
    }

    /// What concerns a device, the surest and gravest first.
    pub fn of(&self, device: &Device<'_>) -> Vec<Match<'_>> {
        let shown = shown(&|mark| device.marked(mark));
        let mut found: Vec<Match<'_>> = Vec::new();
        for advisory in &self.0 {
            let best = advisory
                .products
                .iter()
                .flat_map(|p| shown.iter().filter_map(move |s| held(p, s)))
                .max_by_key(|(certainty, _)| *certainty);
            if let Some((certainty, why)) = best {
                found.push(Match {
                    advisory,
                    certainty,
                    why,
                });
            }
        }
        found.sort_by(|a, b| {
            b.certainty
                .cmp(&a.certainty)
                .then(b.advisory.score.total_cmp(&a.advisory.score))
                .then_with(|| a.advisory.id.cmp(&b.advisory.id))
        });
        found
    }
}

/// The shipped table, read once.
static TABLE: LazyLock<Advisories> = LazyLock::new(Advisories::shipped);

/// The vendors that each of them names, in small letters: most are passed over by a look at these.
static VENDORS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let of_each = TABLE.all().iter().map(|a| {
        let vendors = a.products.iter().map(|p| p.vendor.to_lowercase());
        vendors.collect::<Vec<_>>().join(" ")
    });
    of_each.collect()
});

/// Ids of shipped advisories whose affected versions lie surely around what somebody shows, and that
/// can be used over a network.
pub(crate) fn certain<'a>(marked: &dyn Fn(Mark) -> Vec<&'a str>) -> Vec<String> {
    // What a library inside a product may be affected by is never certain.
    let shown: Vec<Shown> = shown(marked).into_iter().filter(|s| !s.inside).collect();
    if shown.is_empty() {
        return Vec::new();
    }
    let sold_by = |vendor: &str| {
        let mut words = shown.iter().flat_map(|s| s.vendor.split_whitespace());
        words.any(|word| vendor.contains(word))
    };
    let concerned = TABLE
        .all()
        .iter()
        .zip(VENDORS.iter())
        .filter(|(a, vendors)| {
            let affected = |p: &Product| {
                let sure = |s: &Shown| held(p, s).is_some_and(|(c, _)| c == Certainty::Certain);
                shown.iter().any(sure)
            };
            a.reach.on_the_wire() && sold_by(vendors) && a.products.iter().any(affected)
        });
    concerned.map(|(a, _)| a.id.clone()).collect()
}

/// A product that a device shows.
struct Shown {
    /// Words of maker and product, in small letters.
    vendor: String,
    product: String,
    version: Option<Version>,
    /// A library inside of something else.
    inside: bool,
    seen: String,
}

/// A banner that names a product: pattern, vendor, product, whether it is a library. The groups
/// of the pattern are the parts of the version.
static BANNERS: LazyLock<Vec<(Regex, &str, &str, bool)>> = LazyLock::new(|| {
    [
        (r"(?-u)^OFFIS_DCMTK_(\d)(\d)(\d)$", "offis", "dcmtk", true),
        (
            r"(?-u)^1\.2\.276\.0\.7230010\.3\.0\.(\d+)\.(\d+)\.(\d+)$",
            "offis",
            "dcmtk",
            true,
        ),
        (
            r"(?-u)^PYNETDICOM_(\d)(\d)(\d)$",
            "pynetdicom",
            "pynetdicom",
            true,
        ),
        (
            r"(?-u)^1\.2\.826\.0\.1\.3680043\.9\.3811\.(\d+)\.(\d+)\.(\d+)$",
            "pynetdicom",
            "pynetdicom",
            true,
        ),
        (
            r"(?-u)^GDCM (\d+)\.(\d+)\.(\d+)",
            "grassroots",
            "gdcm",
            true,
        ),
        (
            r"(?i-u)^orthanc/(\d+)\.(\d+)\.(\d+)",
            "orthanc",
            "orthanc",
            false,
        ),
        (
            r"(?i-u)mirth[ _-]connect[ /](\d+)\.(\d+)\.(\d+)",
            "nextgen",
            "mirth connect",
            false,
        ),
    ]
    .into_iter()
    .filter_map(|(pattern, vendor, product, inside)| {
        Some((Regex::new(pattern).ok()?, vendor, product, inside))
    })
    .collect()
});

fn shown<'a>(marked: &dyn Fn(Mark) -> Vec<&'a str>) -> Vec<Shown> {
    let mut all = Vec::new();
    for text in [Mark::Software, Mark::Class].into_iter().flat_map(marked) {
        for (pattern, vendor, product, inside) in BANNERS.iter() {
            let Some(parts) = pattern.captures(text) else {
                continue;
            };
            let version: Vec<&str> = parts.iter().skip(1).flatten().map(|m| m.as_str()).collect();
            all.push(Shown {
                vendor: (*vendor).to_owned(),
                product: (*product).to_owned(),
                version: Version::parse(&version.join(".")),
                inside: *inside,
                seen: text.to_owned(),
            });
        }
    }
    let vendors = marked(Mark::Vendor);
    let firmware = marked(Mark::Firmware);
    for model in marked(Mark::Model) {
        for vendor in &vendors {
            all.push(Shown {
                vendor: vendor.to_lowercase(),
                product: model.to_lowercase(),
                version: match firmware[..] {
                    [one] => Version::parse(one),
                    _ => None,
                },
                inside: false,
                seen: match firmware[..] {
                    [one] => format!("{vendor} {model} firmware {one}"),
                    _ => format!("{vendor} {model}"),
                },
            });
        }
    }
    all
}

/// Whether a product of an advisory is what a device shows, and whether its version is affected.
fn held(product: &Product, shown: &Shown) -> Option<(Certainty, String)> {
    if !shares_word(&product.vendor, &shown.vendor) || !names(&product.name, &shown.product) {
        return None;
    }
    let truth = match &shown.version {
        Some(version) => product.affected.holds(version),
        None if product.affected == Affected::All => Truth::True,
        None => Truth::Unknown,
    };
    let certainty = match truth {
        Truth::False => return None,
        Truth::True if !shown.inside => Certainty::Certain,
        _ => Certainty::Possible,
    };
    let inside = if shown.inside {
        "; it contains the library, which may have been repaired by hand"
    } else {
        ""
    };
    let unknown = match truth {
        Truth::Unknown if shown.version.is_none() => "; its version is not seen",
        Truth::Unknown => "; the versions cannot be compared",
        _ => "",
    };
    Some((
        certainty,
        format!(
            "seen {}; affected {} {} {}{inside}{unknown}",
            shown.seen,
            product.vendor,
            product.name,
            product.written.trim()
        ),
    ))
}

/// Words of at least three letters.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| w.len() >= 3)
        .map(str::to_lowercase)
        .collect::<Vec<_>>()
        .into_iter()
}

fn shares_word(a: &str, b: &str) -> bool {
    const COMMON: [&str; 8] = [
        "inc",
        "medical",
        "health",
        "healthcare",
        "systems",
        "company",
        "and",
        "the",
    ];
    let other: Vec<String> = words(b).collect();
    words(a).any(|w| !COMMON.contains(&w.as_str()) && other.contains(&w))
}

/// Whether every word of the model stands in the advisory's product, one of them with a digit, or
/// the names are equal: `MX800` is named by `IntelliVue MX800`, `Monitor` by nothing.
fn names(product: &str, model: &str) -> bool {
    let product = product.to_lowercase();
    if product == model {
        return true;
    }
    let there: Vec<String> = words(&product).collect();
    let mut any = false;
    let all = words(model).all(|w| {
        any |= w.bytes().any(|b| b.is_ascii_digit());
        there.contains(&w)
    });
    let library = ["dcmtk", "gdcm", "pynetdicom", "orthanc", "mirth connect"];
    all && (any || library.contains(&model))
}

fn row(line: &str) -> Option<Advisory> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [id, revised, score, vector, _, cves, products, title] = cells[..] else {
        return None;
    };
    let score = score.parse().ok()?;
    Some(Advisory {
        id: id.to_owned(),
        revised: revised.to_owned(),
        title: title.to_owned(),
        score,
        reach: Reach::of(vector.chars().next()),
        cves: cves
            .split(',')
            .filter(|c| !c.is_empty())
            .map(str::to_owned)
            .collect(),
        products: products
            .split(" ; ")
            .filter_map(|text| {
                let mut parts = text.splitn(3, " / ");
                let (vendor, name) = (parts.next()?, parts.next()?);
                let written = parts.next().unwrap_or_default();
                Some(Product {
                    vendor: vendor.trim().to_owned(),
                    name: name.trim().to_owned(),
                    affected: Affected::parse(written),
                    written: written.to_owned(),
                })
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_shipped_table_is_read() {
        let lines = SHIPPED
            .iter()
            .flat_map(|t| t.lines())
            .filter(|l| l.starts_with("ICS") || l.starts_with("KEV"))
            .count();
        let advisories = Advisories::shipped();
        assert_eq!(advisories.all().len(), lines);
        assert!(advisories.all().iter().all(|a| !a.products.is_empty()));
        // 23 local and 20 physical ones, by the extract's own count.
        assert_eq!(advisories.unseen().count(), 43);
    }

    fn product(version: &str) -> Product {
        Product {
            vendor: "OFFIS".into(),
            name: "DCMTK".into(),
            affected: Affected::parse(version),
            written: version.into(),
        }
    }

    fn dcmtk(version: Option<&str>, inside: bool) -> Shown {
        Shown {
            vendor: "offis".into(),
            product: "dcmtk".into(),
            version: version.and_then(Version::parse),
            inside,
            seen: "OFFIS_DCMTK_366".into(),
        }
    }

    #[test]
    fn repaired_version_is_no_match_and_a_library_is_only_possible() {
        let affected = product("< 3.6.7");
        assert!(held(&affected, &dcmtk(Some("3.6.7"), false)).is_none());
        let sure = |s| held(&affected, &s).map(|h| h.0);
        assert_eq!(sure(dcmtk(Some("3.6.6"), false)), Some(Certainty::Certain));
        assert_eq!(sure(dcmtk(Some("3.6.6"), true)), Some(Certainty::Possible));
        assert_eq!(sure(dcmtk(None, false)), Some(Certainty::Possible));
    }

    #[test]
    fn common_words_name_no_product() {
        assert!(!shares_word(
            "Philips Medical Systems",
            "GE Medical Systems"
        ));
        assert!(names("IntelliVue MX800", "mx800"));
        assert!(!names("Patient Monitor MX800", "patient monitor"));
        assert!(!names("Patient Monitor", "monitor"));
    }

    #[test]
    fn banners_compile() {
        assert_eq!(BANNERS.len(), 7);
    }
}
