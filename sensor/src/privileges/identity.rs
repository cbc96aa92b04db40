//! User, groups, capabilities, and no way back.

use std::fs;

use caps::{CapSet, Capability, CapsHashSet};
use rustix::process::{Gid, Uid, geteuid};

use super::{Measure, Needs};

pub fn give_up(needs: &Needs) -> Vec<Measure> {
    let mut measures = Vec::new();
    let kept: CapsHashSet = if needs.capture {
        [Capability::CAP_NET_RAW].into_iter().collect()
    } else {
        CapsHashSet::new()
    };
    // Only root may shrink the bounding set; without it nothing could be gained by it anyway, once
    // no new privileges are taken.
    let bound = shrink_bounding_set(&kept);
    measures.push(leave_root(needs));
    measures.push(match empty(&kept) {
        Ok(()) if needs.capture => Measure::on(
            "capabilities",
            format!("only CAP_NET_RAW is left, to open interfaces again{bound}"),
        ),
        Ok(()) => Measure::on("capabilities", format!("all are given up{bound}")),
        Err(why) => Measure::off("capabilities", why),
    });
    measures.push(match rustix::thread::set_no_new_privs(true) {
        Ok(()) => Measure::on("no new privileges", "nothing started from here gets more"),
        Err(e) => Measure::off("no new privileges", e.to_string()),
    });
    measures
}

fn leave_root(needs: &Needs) -> Measure {
    const NAME: &str = "not root";
    let uid = geteuid();
    if !uid.is_root() {
        return Measure::on(NAME, format!("started as user {}", uid.as_raw()));
    }
    let found = account(&needs.user).map(|ids| (needs.user.as_str(), ids));
    let found = found.or_else(|| account("nobody").map(|ids| ("nobody", ids)));
    let Some((name, (uid, gid))) = found else {
        return Measure::off(NAME, format!("no user {} in /etc/passwd", needs.user));
    };
    match become_user(uid, gid, needs.capture) {
        Ok(()) => Measure::on(NAME, format!("became user {name} ({uid})")),
        Err(e) => Measure::off(NAME, format!("cannot become user {name}: {e}")),
    }
}

fn become_user(uid: u32, gid: u32, keep: bool) -> rustix::io::Result<()> {
    let (uid, gid) = (Uid::from_raw(uid), Gid::from_raw(gid));
    rustix::thread::set_keep_capabilities(keep)?;
    rustix::thread::set_thread_groups(&[])?;
    rustix::thread::set_thread_res_gid(gid, gid, gid)?;
    rustix::thread::set_thread_res_uid(uid, uid, uid)
}

/// User and group number of a name, from the file itself: asking the system's name service might
/// ask the network.
pub fn account(name: &str) -> Option<(u32, u32)> {
    let text = fs::read_to_string("/etc/passwd").ok()?;
    text.lines().find_map(|line| {
        let mut parts = line.split(':');
        if parts.next()? != name {
            return None;
        }
        Some((parts.nth(1)?.parse().ok()?, parts.next()?.parse().ok()?))
    })
}

fn shrink_bounding_set(kept: &CapsHashSet) -> &'static str {
    let present = caps::read(None, CapSet::Bounding).unwrap_or_default();
    let all = present
        .difference(kept)
        .all(|c| caps::drop(None, CapSet::Bounding, *c).is_ok());
    if all { ", and cannot come back" } else { "" }
}

fn empty(kept: &CapsHashSet) -> Result<(), String> {
    let has = caps::read(None, CapSet::Permitted).map_err(|e| e.to_string())?;
    let kept: CapsHashSet = has.intersection(kept).copied().collect();
    // Where the kernel has no ambient set there is nothing to clear in it.
    let _ = caps::clear(None, CapSet::Ambient);
    caps::set(None, CapSet::Effective, &kept).map_err(|e| e.to_string())?;
    caps::set(None, CapSet::Permitted, &kept).map_err(|e| e.to_string())?;
    caps::clear(None, CapSet::Inheritable).map_err(|e| e.to_string())?;
    let left = caps::read(None, CapSet::Permitted).map_err(|e| e.to_string())?;
    if left.difference(&kept).next().is_some() {
        return Err(format!("{} are still there", left.len()));
    }
    Ok(())
}
