//! Why a conversation failed, in one sentence; nothing if it did not.

use dissectors::Side;
use dissectors::contract::Transport;

use super::conversation::{Conversation, Failure, Line, Which};
use super::limits;
use super::page::{elapsed, end};
use super::titles::Titles;

/// The cause, or `None` if nothing failed. `now`: how far the capture got.
pub fn of(talk: &Conversation, titles: &Titles, now: i64) -> Option<String> {
    if let Some(text) = silent(talk) {
        return Some(text);
    }
    // What the client does when no context was accepted (abort, release) is not the cause.
    if talk.dicom.accepted == 0
        && let Some(text) = no_context(talk)
    {
        return Some(text);
    }
    let hard = talk
        .failures
        .iter()
        .find(|f| !matches!(f, Failure::Empty(_)));
    if let Some(failure) = hard {
        let count = talk
            .failures
            .iter()
            .filter(|f| !matches!(f, Failure::Empty(_)))
            .count() as u64
            + talk.more_failures;
        let others = match count {
            0 | 1 => String::new(),
            n => format!(" ({n} failures in all)"),
        };
        return Some(format!("{}{others}", words(failure, talk, titles)));
    }
    if let Some(text) = no_context(talk) {
        return Some(text);
    }
    if let Some(text) = unanswered(talk, now) {
        return Some(text);
    }
    talk.failures.first().map(|f| words(f, talk, titles))
}

/// Nobody said anything: what TCP tells.
fn silent(talk: &Conversation) -> Option<String> {
    let server = end(&talk.known.ends[Side::Server.index()]);
    if talk.tcp.attempt {
        let took = elapsed(talk.last - talk.known.started.time);
        return Some(format!(
            "no answer to SYN from {server} within {took}: host off, wrong address, or a firewall drops it"
        ));
    }
    if talk.tcp.refused {
        return Some(format!(
            "connection refused: {server} answered SYN with RST, nothing listens on that port"
        ));
    }
    if !talk.is_silent() || talk.known.transport != Transport::Tcp {
        return None;
    }
    match (talk.tcp.reset, talk.tcp.bytes) {
        (Some((side, _)), [0, 0]) => Some(format!(
            "reset by the {} before anything was said",
            who(side)
        )),
        (Some((side, _)), [c, s]) => Some(format!(
            "reset by the {} after {c} bytes from the client and {s} from the server, of no known protocol",
            who(side)
        )),
        (None, [c, 0]) if c > 0 => Some(format!(
            "the server never said anything; {c} bytes from the client, of no known protocol"
        )),
        _ => None,
    }
}

fn words(failure: &Failure, talk: &Conversation, titles: &Titles) -> String {
    let server = talk.known.ends[Side::Server.index()].ip;
    match failure {
        Failure::Said(text) | Failure::Empty(text) => text.clone(),
        Failure::Title {
            called,
            which: Which::Called,
            ..
        } => format!(
            "called AE title \"{called}\" is not known to {server}{}",
            titles.called_instead(server, called)
        ),
        Failure::Title {
            calling,
            which: Which::Calling,
            ..
        } => format!(
            "calling AE title \"{calling}\" is not known to {server}: it has to be entered there{}",
            titles.calling_instead(server, calling)
        ),
        Failure::Title {
            called,
            calling,
            words,
            ..
        } => {
            format!("{server} refused the association of \"{calling}\" with \"{called}\": {words}")
        }
    }
}

/// An association in which nothing that was needed was accepted.
fn no_context(talk: &Conversation) -> Option<String> {
    let dicom = &talk.dicom;
    let useless = dicom.accepted == 0 || dicom.commands == 0;
    if dicom.refused.is_empty() || !useless {
        return None;
    }
    let more = match dicom.refused.len() {
        1 => String::new(),
        n => format!(" (and {} more)", n - 1),
    };
    Some(format!("context refused: {}{more}", dicom.refused.first()?))
}

/// A request that nobody answered, and how the conversation ended.
fn unanswered(talk: &Conversation, now: i64) -> Option<String> {
    // One direction was not captured: nothing can be said of answers.
    if talk.known.missing != [0; 2] || (talk.known.mid_stream && talk.known.seen != [true; 2]) {
        return None;
    }
    let open: Vec<&Line> = talk
        .lines
        .iter()
        .filter(|l| l.waits && !(l.received && now - l.time < limits::APPLICATION_PATIENCE))
        .collect();
    let last = open.last()?;
    let what = last.text.split("  ").take(2).collect::<Vec<_>>().join(" ");
    let asked = if last.from_server { "client" } else { "server" };
    let sent = match open.iter().filter(|l| l.resent).count() {
        0 => String::new(),
        n => format!(", sent {} times", n + 1),
    };
    if last.received {
        return Some(format!(
            "the {asked} received {what}, but its application never answered{sent}"
        ));
    }
    Some(match talk.tcp.reset {
        Some((side, time)) => format!(
            "reset by the {} {} after {what}, which was never answered{sent}",
            who(side),
            elapsed(time - last.time)
        ),
        None if talk.tcp.state == "closed" => format!(
            "the {asked} never answered {what}{sent}; the connection was closed after {}",
            elapsed(talk.last - last.time)
        ),
        None => format!(
            "the {asked} had not answered {what}{sent} when the capture ended, {} later",
            elapsed(talk.last.max(last.time) - last.time)
        ),
    })
}

fn who(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}
