//! From counts to words.

use std::fmt::Write;

use dissectors::PROTOCOLS;

use super::MirrorCounts;
use crate::capture::Losses;
use crate::flow::FlowCounts;

/// How good the mirror is, from worst to best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nothing can be judged on it.
    Useless,
    /// Some of what is judged on it is incomplete.
    Flawed,
    /// Something to know, no fault.
    Note,
    /// All is well.
    Good,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// A short name for machines: `broadcast-only`.
    pub name: &'static str,
    pub grade: Grade,
    pub what: String,
    /// What to ask the network team for; empty if there is nothing to ask.
    pub ask: String,
}

/// The whole verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub grade: Grade,
    /// Worst first.
    pub points: Vec<Point>,
}

/// What the verdict rests on.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    pub mirror: &'a MirrorCounts,
    pub flows: &'a FlowCounts,
    pub losses: &'a Losses,
    /// Messages by protocol, as registered.
    pub by_protocol: &'a [u64],
    /// Payload bytes of TCP.
    pub tcp_bytes: u64,
    /// Frames that are shorter than their own IP header says, and not by a snap length.
    pub short: u64,
}

/// Frames below which nothing is said about their quality.
const FEW: u64 = 20;

/// Protocols of offices, buildings and networks: they are no sign of a medical device.
#[rustfmt::skip]
const EVERYWHERE: &[&str] = &[
    "udp", "arp", "icmp", "icmpv6", "ndp", "lldp", "dhcp", "dhcpv6", "dns", "mdns",
    "llmnr", "nbns", "ntp", "ptp", "snmp", "syslog", "ssdp", "igmp", "http", "tls", "quic", "dtls",
    "ssh", "telnet", "ftp", "tftp", "smb", "rdp", "vnc", "rsync", "sunrpc", "dcerpc", "ldap",
    "kerberos", "radius", "smtp", "imap", "pop3", "sip", "rtsp", "mqtt", "amqp", "nats", "redis",
    "memcached", "mongodb", "mysql", "postgresql", "tds", "tns", "pjl", "netflow", "sflow", "stun",
    "ike", "wireguard", "openvpn", "bittorrent", "modbus", "bacnet", "opc_ua", "iso_tsap", "enip",
    "profinet", "dnp3", "iec104", "serial", "lantronix", "moxa",
];

/// Judges a mirror by what was seen of it.
pub fn judge(on: Evidence<'_>) -> Verdict {
    let mut points = Vec::new();
    let m = on.mirror;
    if m.frames - m.own < FEW {
        points.push(Point {
            name: "silence",
            grade: Grade::Useless,
            what: format!(
                "hardly anything arrives: {} frames of others",
                m.frames - m.own
            ),
            ask: "is the mirror session switched on, and is this the port that it sends to?".into(),
        });
    } else if unicast_missing(m) {
        points.push(broadcast_only(m));
    } else {
        directions(m, &mut points);
        copies(m, &mut points);
        cut(m, &mut points);
        short(on, &mut points);
        gaps(on, &mut points);
        vlans(m, &mut points);
        protocols(on.by_protocol, &mut points);
    }
    drops(on.losses, m, &mut points);
    told(on.losses, &mut points);
    points.sort_by_key(|p| p.grade);
    Verdict {
        grade: points
            .iter()
            .map(|p| p.grade)
            .filter(|g| *g != Grade::Note)
            .min()
            .unwrap_or(Grade::Good),
        points,
    }
}

impl Verdict {
    /// One sentence.
    pub fn headline(&self) -> &'static str {
        match self.grade {
            Grade::Useless => "This is not a usable mirror.",
            Grade::Flawed => "This mirror is usable, but has faults.",
            Grade::Note | Grade::Good => "This is a usable mirror.",
        }
    }

    pub fn is_good(&self) -> bool {
        self.grade >= Grade::Note
    }

    /// Nothing arrives: on a quiet network no fault by itself.
    pub fn is_quiet(&self) -> bool {
        self.points.iter().any(|p| p.name == "silence")
    }

    /// The verdict for people, one point a line.
    pub fn words(&self) -> String {
        let mut out = format!("{}\n", self.headline());
        for point in &self.points {
            let mark = match point.grade {
                Grade::Useless => "!!",
                Grade::Flawed => " !",
                Grade::Note | Grade::Good => "  ",
            };
            let _ = writeln!(out, " {mark} {}", point.what);
            if !point.ask.is_empty() {
                let _ = writeln!(out, "      ask the network team: {}", point.ask);
            }
        }
        out
    }
}

/// A switch floods a little unicast to every port; a mirror shows mostly unicast.
fn unicast_missing(m: &MirrorCounts) -> bool {
    let others = m.frames - m.own;
    m.unicast * 50 < others
}

fn broadcast_only(m: &MirrorCounts) -> Point {
    let own = if m.own > 0 {
        format!(" (and {} of the sensor's own)", m.own)
    } else {
        String::new()
    };
    Point {
        name: "broadcast-only",
        grade: Grade::Useless,
        what: format!(
            "no mirror at all: only frames to everybody arrive, {} broadcast and {} multicast, {} to one station{own}",
            m.broadcast, m.multicast, m.unicast
        ),
        ask: "this port gets what every port gets. Please configure it as the destination of a mirror (SPAN) \
              session whose sources are the device ports or VLANs, both directions"
            .into(),
    }
}

fn directions(m: &MirrorCounts, points: &mut Vec<Point>) {
    let all = m.both_ways + m.one_way;
    if all == 0 || m.one_way * 10 < all * 3 {
        return;
    }
    let only = m.both_ways == 0;
    points.push(Point {
        name: "one-direction",
        grade: Grade::Flawed,
        what: if only {
            format!(
                "one direction only: of {all} TCP conversations not one is seen in both directions; \
                 whether a device accepted a command stays unknown"
            )
        } else {
            format!(
                "one direction only in part: {} of {all} TCP conversations are seen in one direction",
                m.one_way
            )
        },
        ask: "the mirror session copies one direction (`rx` or `tx`) of its sources; please set it to `both`. \
              With a TAP, connect both of its monitor ports and name both interfaces"
            .into(),
    });
}

fn copies(m: &MirrorCounts, points: &mut Vec<Point>) {
    let share = |n: u64| percent(n, m.packets);
    if m.doubled * 20 > m.packets {
        points.push(Point {
            name: "doubled",
            grade: Grade::Flawed,
            what: format!(
                "frames come twice: {} of them are exact copies; they are recognised and left out, but they halve \
                 what the mirror can carry",
                share(m.doubled)
            ),
            ask: "the session copies a frame where it enters and again where it leaves the switch. Please mirror \
                  the ports in one direction each (`rx` on all ports of the VLAN), or the VLAN instead of its ports"
                .into(),
        });
    }
    if m.routed * 20 > m.packets {
        points.push(Point {
            name: "routed-twice",
            grade: Grade::Flawed,
            what: format!(
                "packets come twice, before and behind a router: {} are second sightings with a lower time to \
                 live; they are recognised and left out",
                share(m.routed)
            ),
            ask: "both VLANs that a router joins are mirrored. Please leave one of them out, or the router's own port"
                .into(),
        });
    }
    if m.retagged * 20 > m.packets {
        points.push(Point {
            name: "retagged",
            grade: Grade::Flawed,
            what: format!(
                "packets come twice with another VLAN tag or hardware address: {}; they are recognised and left out",
                share(m.retagged)
            ),
            ask: "the same traffic is mirrored on two VLANs or at two switches; one of them is enough".into(),
        });
    }
}

fn cut(m: &MirrorCounts, points: &mut Vec<Point>) {
    if m.cut == 0 {
        return;
    }
    points.push(Point {
        name: "snapped",
        grade: Grade::Flawed,
        what: format!(
            "frames are cut: {} of them, at {} bytes or less; {} of all bytes are missing, and with them the ends of \
             messages",
            percent(m.cut, m.frames),
            m.cut_to,
            percent(m.cut_bytes, m.bytes),
        ),
        ask: "please let the mirror send whole frames (no truncation in the session, an MTU on the way that fits \
              the tunnel's header too); in a file, capture with `-s 0`"
            .into(),
    });
}

fn short(on: Evidence<'_>, points: &mut Vec<Point>) {
    if on.short * 100 <= on.mirror.frames {
        return;
    }
    points.push(Point {
        name: "truncated",
        grade: Grade::Flawed,
        what: format!(
            "{} of the frames are shorter than their own headers say: something on the way cuts them, and does not \
             tell; they cannot be read",
            percent(on.short, on.mirror.frames)
        ),
        ask: "please turn off truncation (slicing) in the mirror session or in the packet broker".into(),
    });
}

/// Missing bytes of a million: above this the mirror loses frames for good.
const GAPS_BAD: u64 = 1_000;
/// Above this it is worth knowing.
const GAPS_SOME: u64 = 10;

fn gaps(on: Evidence<'_>, points: &mut Vec<Point>) {
    let events = &on.flows.events;
    // What the snap length cut has a point of its own.
    let missing = events.gap_bytes.saturating_sub(events.cut_bytes);
    let expected = on.tcp_bytes + missing;
    if expected == 0 {
        return;
    }
    let rate = u64::try_from(u128::from(missing) * 1_000_000 / u128::from(expected)).unwrap_or(0);
    if rate >= GAPS_SOME {
        points.push(Point {
            name: "gaps",
            grade: if rate >= GAPS_BAD {
                Grade::Flawed
            } else {
                Grade::Note
            },
            what: format!(
                "bytes are missing inside conversations: {rate} of a million, in {} gaps",
                events.gaps.saturating_sub(events.cut_gaps)
            ),
            ask: "more is mirrored than the mirror port can carry, or the switch mirrors at low priority. Please \
                  mirror fewer sources, or to a faster port; look at its output drops"
                .into(),
        });
    } else if on.tcp_bytes > 0 {
        points.push(Point {
            name: "no-gaps",
            grade: Grade::Good,
            what: format!("no gaps to speak of: {rate} bytes missing of a million"),
            ask: String::new(),
        });
    }
}

fn drops(losses: &Losses, m: &MirrorCounts, points: &mut Vec<Point>) {
    let lost = losses.kernel + losses.interface;
    if lost > 0 {
        points.push(Point {
            name: "drops",
            grade: if lost * 1_000 > m.frames {
                Grade::Flawed
            } else {
                Grade::Note
            },
            what: format!(
                "the sensor's machine lost {lost} frames ({} for a full ring, {} at the interface)",
                losses.kernel, losses.interface
            ),
            ask: "nothing: a larger ring (`--buffer`), a filter (`-f`) or a faster machine helps"
                .into(),
        });
    }
}

fn told(losses: &Losses, points: &mut Vec<Point>) {
    if losses.told > 0 {
        points.push(Point {
            name: "drops-told",
            grade: Grade::Note,
            what: format!(
                "the program that made the capture says that it lost {} frames",
                losses.told
            ),
            ask: String::new(),
        });
    }
}

fn vlans(m: &MirrorCounts, points: &mut Vec<Point>) {
    let tagged: Vec<String> = m
        .vlans
        .iter()
        .filter(|(vlan, _)| *vlan != 0)
        .take(20)
        .map(|(vlan, n)| format!("{vlan} ({})", percent(*n, m.packets)))
        .collect();
    let untagged = m
        .vlans
        .iter()
        .find(|(vlan, _)| *vlan == 0)
        .map_or(0, |v| v.1);
    let what = match (tagged.is_empty(), untagged) {
        (true, _) => "VLANs seen: none, all frames are untagged".to_owned(),
        (false, 0) => format!("VLANs seen: {}", tagged.join(", ")),
        (false, n) => format!(
            "VLANs seen: {}, and {} untagged",
            tagged.join(", "),
            percent(n, m.packets)
        ),
    };
    points.push(Point {
        name: "vlans",
        grade: Grade::Good,
        what,
        ask: String::new(),
    });
}

fn protocols(by_protocol: &[u64], points: &mut Vec<Point>) {
    let heard: Vec<String> = PROTOCOLS
        .iter()
        .zip(by_protocol)
        .filter(|(p, n)| **n > 0 && !p.is_of_the_sensor() && !EVERYWHERE.contains(&p.name))
        .map(|(p, n)| format!("{} ({n} messages)", p.name))
        .collect();
    points.push(if heard.is_empty() {
        Point {
            name: "no-medical-protocol",
            grade: Grade::Note,
            what: "no medical protocol was heard: the devices may be quiet or speak TLS, or this may be the wrong VLAN"
                .into(),
            ask: "are the VLANs of the medical devices among the sources?".into(),
        }
    } else {
        Point {
            name: "medical-protocols",
            grade: Grade::Good,
            what: format!("medical protocols heard: {}", heard.join(", ")),
            ask: String::new(),
        }
    });
}

fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0 %".into();
    }
    let tenths = u64::try_from(u128::from(part) * 1_000 / u128::from(whole)).unwrap_or(0);
    match tenths {
        0 if part > 0 => "less than 0.1 %".into(),
        n if n % 10 == 0 => format!("{} %", n / 10),
        n => format!("{}.{} %", n / 10, n % 10),
    }
}
