//! Landlock: which files may still be opened.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, path_beneath_rules,
};

use super::{Measure, Needs};

pub const NAME: &str = "landlock";

pub fn restrict(needs: &Needs) -> Measure {
    match rule_in(needs) {
        Ok((RulesetStatus::FullyEnforced, _)) => Measure::on(
            NAME,
            "files: only rules, policy, configuration and what is written; no TCP",
        ),
        Ok((RulesetStatus::PartiallyEnforced, _)) => Measure::on(
            NAME,
            "files only, as far as this kernel can: it is older than the whole rule",
        ),
        Ok((RulesetStatus::NotEnforced, why)) => Measure::off(NAME, why),
        Err(e) => Measure::off(NAME, e.to_string()),
    }
}

fn rule_in(needs: &Needs) -> Result<(RulesetStatus, String), RulesetError> {
    // The rights of the kernel that this was written for; an older one does what it can.
    let abi = ABI::V5;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?;
    if !needs.network {
        ruleset = ruleset.handle_access(AccessNet::from_all(abi))?;
    }
    // Interface state, time zones, and what a reload reads.
    let system = [
        "/sys/class/net",
        "/sys/devices",
        "/etc/localtime",
        "/usr/share/zoneinfo",
    ];
    let read: Vec<PathBuf> = system
        .iter()
        .map(PathBuf::from)
        .chain(needs.read.iter().cloned())
        .chain(parents(&needs.read))
        .collect();
    let status = ruleset
        .create()?
        .add_rules(path_beneath_rules(&read, AccessFs::from_read(abi)))?
        .add_rules(path_beneath_rules(&needs.write, AccessFs::from_all(abi)))?
        .restrict_self()?;
    Ok((
        status.ruleset,
        "this kernel has none, or it is turned off".into(),
    ))
}

/// An editor replaces a file by a new one of the same name: the right must hang on the directory.
fn parents(paths: &[PathBuf]) -> Vec<PathBuf> {
    paths
        .iter()
        .filter(|p| p.is_file())
        .filter_map(|p| match p.parent() {
            Some(parent) if parent == Path::new("") => Some(PathBuf::from(".")),
            Some(parent) => Some(parent.to_owned()),
            None => None,
        })
        .collect()
}
