//! Reads an advisory in CISA's CSAF 2.0 form (OASIS CSAF 2.0, 3.2): who made what in which versions.

use super::version::Affected;
use super::{Advisory, Product, Reach};

/// Branches nested deeper than this are not read.
const DEPTH: usize = 16;
/// Products of one advisory.
const PRODUCTS: usize = 4096;

/// One advisory. The error says what is missing.
pub fn read(text: &str) -> Result<Advisory, String> {
    let json: serde_json::Value =
        serde_json::from_str(text).map_err(|e| format!("this is no JSON: {e}"))?;
    let text = |path: &str| {
        json.pointer(path)
            .and_then(|v| v.as_str())
            .unwrap_or_default()
    };
    let id = text("/document/tracking/id");
    if id.is_empty() {
        return Err("this is no CSAF document: it has no /document/tracking/id".to_owned());
    }
    let mut products = Vec::new();
    if let Some(branches) = json.pointer("/product_tree/branches") {
        walk(branches, ["", ""], DEPTH, &mut products);
    }
    if products.is_empty() {
        return Err(format!("{id} names no product in /product_tree/branches"));
    }
    let mut cves = Vec::new();
    let (mut score, mut reach) = (0.0f64, Reach::Unknown);
    let none = Vec::new();
    let vulnerabilities = json.get("vulnerabilities").and_then(|v| v.as_array());
    for vulnerability in vulnerabilities.unwrap_or(&none) {
        if let Some(cve) = vulnerability.get("cve").and_then(|c| c.as_str()) {
            cves.push(cve.to_owned());
        }
        let scores = vulnerability.get("scores").and_then(|s| s.as_array());
        for cvss in scores
            .unwrap_or(&none)
            .iter()
            .filter_map(|s| s.get("cvss_v3"))
        {
            let base = cvss.get("baseScore").and_then(|s| s.as_f64());
            score = score.max(base.unwrap_or(0.0));
            let vector = cvss.get("vectorString").and_then(|s| s.as_str());
            let letter = vector.and_then(|v| v.split("/AV:").nth(1)?.chars().next());
            reach = reach.wider(Reach::of(letter));
        }
    }
    Ok(Advisory {
        id: id.to_owned(),
        revised: text("/document/tracking/current_release_date")
            .get(..10)
            .unwrap_or_default()
            .to_owned(),
        title: text("/document/title").to_owned(),
        score,
        reach,
        cves,
        products,
    })
}

fn walk<'j>(
    branches: &'j serde_json::Value,
    [vendor, name]: [&'j str; 2],
    depth: usize,
    products: &mut Vec<Product>,
) {
    let Some(list) = branches.as_array().filter(|_| depth > 0) else {
        return;
    };
    for branch in list {
        let text = |key| branch.get(key).and_then(|v| v.as_str()).unwrap_or_default();
        let own = text("name");
        match text("category") {
            "product_version" | "product_version_range" => {
                if products.len() < PRODUCTS {
                    products.push(Product {
                        vendor: vendor.to_owned(),
                        name: name.to_owned(),
                        affected: Affected::parse(own),
                        written: own.to_owned(),
                    });
                }
            }
            "vendor" => descend(branch, [own, name], depth, products),
            "product_name" => descend(branch, [vendor, own], depth, products),
            _ => descend(branch, [vendor, name], depth, products),
        }
    }
}

fn descend<'j>(
    branch: &'j serde_json::Value,
    named: [&'j str; 2],
    depth: usize,
    products: &mut Vec<Product>,
) {
    if let Some(inner) = branch.get("branches") {
        walk(inner, named, depth - 1, products);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_advisory_is_refused_with_the_reason() {
        assert!(read("{").unwrap_err().contains("no JSON"));
        assert!(read("{}").unwrap_err().contains("tracking/id"));
        let empty = r#"{"document":{"tracking":{"id":"X"}}}"#;
        assert!(read(empty).unwrap_err().contains("no product"));
    }

    #[test]
    fn range_score_and_reach_are_read() {
        let text = r#"{"document":{"title":"T","tracking":{"id":"ICSMA-00-000-01","current_release_date":"2022-06-23T00:00:00Z"}},
          "product_tree":{"branches":[{"category":"vendor","name":"OFFIS","branches":[{"category":"product_name","name":"DCMTK",
            "branches":[{"category":"product_version_range","name":"< 3.6.7","product":{"name":"x","product_id":"P"}}]}]}]},
          "vulnerabilities":[{"cve":"CVE-2022-2119","scores":[{"cvss_v3":{"baseScore":7.5,"vectorString":"CVSS:3.0/AV:A/AC:H"}}]},
            {"cve":"CVE-2022-2120","scores":[{"cvss_v3":{"baseScore":5.0,"vectorString":"CVSS:3.0/AV:L/AC:H"}}]}]}"#;
        let advisory = read(text).unwrap();
        assert_eq!((advisory.score, advisory.reach), (7.5, Reach::Adjacent));
        assert_eq!(advisory.cves.len(), 2);
        assert_eq!(advisory.revised, "2022-06-23");
        assert_eq!(advisory.products[0].affected, Affected::parse("< 3.6.7"));
        assert_eq!(advisory.products[0].vendor, "OFFIS");
    }
}
