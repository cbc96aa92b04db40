//! A conversation as a block of text: head, lines, cause.

use std::collections::HashMap;
use std::net::IpAddr;

use dissectors::contract::Transport;

use super::conversation::{Conversation, Line};
use super::titles::Titles;
use super::{Manner, cause, limits};
pub use crate::output::text::end;

/// What stands together: a conversation, and how many more like it (attempts and refusals) there were.
pub struct Block<'c> {
    talk: &'c Conversation,
    alike: u64,
    /// Silent conversations that are not told each, at the end.
    untold: u64,
}

/// A block's text, and its cause if it failed.
pub struct Written {
    pub text: String,
    pub cause: Option<String>,
}

/// What hosts say to find each other, all the time: told only of hosts that were named.
const BENEATH: &[&str] = &[
    "arp", "ndp", "icmp", "icmpv6", "lldp", "dns", "mdns", "llmnr", "nbns", "ssdp", "dhcp",
    "dhcpv6", "ntp", "ptp",
];

/// What is told: conversations in which something was said, and failed attempts, alike ones once.
/// `all`: those of unknown protocols, and network services, too (somebody asked for a host by name).
pub fn blocks(conversations: &[Conversation], all: bool) -> Vec<Block<'_>> {
    let mut out: Vec<Block<'_>> = Vec::new();
    let mut silent: HashMap<(bool, IpAddr, IpAddr, u16), usize> = HashMap::new();
    let mut untold = 0;
    for talk in conversations {
        let failed = talk.tcp.attempt || talk.tcp.refused;
        if !all && talk.protocol.is_some_and(|p| BENEATH.contains(&p.name())) {
            continue;
        }
        if !talk.lines.is_empty() || (all && !failed) {
            out.push(Block {
                talk,
                alike: 0,
                untold: 0,
            });
        } else if failed {
            let [client, server] = &talk.known.ends;
            let key = (talk.tcp.attempt, client.ip, server.ip, server.port);
            match silent.get(&key) {
                Some(at) => out[*at].alike += 1,
                None if silent.len() < limits::SILENT_BLOCKS => {
                    silent.insert(key, out.len());
                    out.push(Block {
                        talk,
                        alike: 0,
                        untold: 0,
                    });
                }
                None => untold += 1,
            }
        }
    }
    if let Some(last) = out.last_mut() {
        last.untold = untold;
    }
    out
}

/// Writes a block. `now`: how far the capture got.
pub fn write(block: &Block<'_>, titles: &Titles, now: i64, manner: &mut Manner) -> Written {
    let talk = block.talk;
    let mut text = head(talk, manner);
    for line in &talk.lines {
        push_line(&mut text, line, manner);
    }
    if talk.known.missing != [0; 2] {
        text.push_str(&format!(
            "    ({} bytes of the client and {} of the server were not captured)\n",
            talk.known.missing[0], talk.known.missing[1]
        ));
    }
    if talk.tcp.overlap {
        text.push_str("    (two copies of the same stream bytes differ; the first is shown)\n");
    }
    if block.alike > 0 {
        text.push_str(&format!("    and {} more times\n", block.alike));
    }
    let cause = cause::of(talk, titles, now);
    match &cause {
        Some(cause) => text.push_str(&manner.paint.strong(&format!("  why: {cause}"))),
        None if talk.lines.is_empty() => text.push_str(&format!(
            "  {} bytes from the client and {} from the server, of no known protocol",
            talk.tcp.bytes[0], talk.tcp.bytes[1]
        )),
        None => text.push_str("  no failure seen"),
    }
    text.push('\n');
    if block.untold > 0 {
        text.push_str(&format!(
            "\n{} more conversations got no answer or were refused\n",
            block.untold
        ));
    }
    Written { text, cause }
}

fn head(talk: &Conversation, manner: &mut Manner) -> String {
    let [client, server] = &talk.known.ends;
    let transport = match talk.known.transport {
        Transport::Tcp => "tcp".to_owned(),
        Transport::Udp => "udp".to_owned(),
        Transport::Icmp => "icmp".to_owned(),
        Transport::Icmp6 => "icmpv6".to_owned(),
        Transport::Link(ethertype) => format!("ethertype 0x{ethertype:04x}"),
        Transport::Carried => "carried".to_owned(),
    };
    let protocol = talk.protocol.map_or(transport.clone(), |p| {
        format!("{} over {transport}", p.name())
    });
    let start = if talk.known.mid_stream {
        "  (its start was not captured)"
    } else {
        ""
    };
    let line = format!(
        "{}  {} > {}  {protocol}  frame {}{start}",
        manner.clock.date_and_time(talk.known.started.time),
        end(client),
        end(server),
        talk.known.started.number,
    );
    format!("{}\n", manner.paint.strong(&line))
}

fn push_line(out: &mut String, line: &Line, manner: &mut Manner) {
    let arrow = if line.from_server { '<' } else { '>' };
    out.push_str(&format!(
        "  {} #{:<6} {arrow} {}",
        manner.clock.time_of_day(line.time),
        line.frame,
        line.text
    ));
    if line.count > 1 {
        out.push_str(&format!(
            "  (and {} more like it in {})",
            line.count - 1,
            elapsed(line.until - line.time)
        ));
    }
    if let Some(after) = line.after {
        out.push_str(&format!("  after {}", elapsed(after)));
    }
    if line.resent {
        out.push_str("  *resent*");
    }
    if line.waits && line.received {
        out.push_str("  *received, unanswered*");
    } else if line.waits {
        out.push_str("  *unanswered*");
    }
    out.push('\n');
    for detail in &line.detail {
        out.push_str(&format!("                         {detail}\n"));
    }
}

/// A time span for people: `12 ms`, `3.0 s`, `2 min 5 s`.
pub fn elapsed(nanoseconds: i64) -> String {
    let n = nanoseconds.max(0);
    let seconds = n / 1_000_000_000;
    match seconds {
        0 if n < 1_000_000 => format!("{} us", n / 1_000),
        0 => format!("{} ms", n / 1_000_000),
        1..60 => format!("{:.1} s", n as f64 / 1e9),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// `1 context`, `2 contexts`.
pub fn counted(n: usize, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {what}{s}")
}
