//! A command line (RFC 959 5.3): a word and its argument.

use std::ops::Range;

use super::fields::*;
use crate::action::{Action, Verb};
use crate::address;
use crate::message::{Draft, Messages, Scope};
use crate::schema::KindId;
use crate::vendor_logins::User;

/// The longest command word that anybody defined has four letters, `XSHA256` and its like seven.
const LONGEST: usize = 8;

/// A command's word in capitals.
#[derive(Clone, Copy, Default)]
pub struct Word {
    letters: [u8; LONGEST],
    len: usize,
}

impl Word {
    pub fn of(word: &[u8]) -> Self {
        let mut letters = [0; LONGEST];
        let len = word.len().min(LONGEST);
        letters[..len].copy_from_slice(&word[..len]);
        letters.make_ascii_uppercase();
        Word { letters, len }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.letters[..self.len]
    }

    fn kind(&self) -> Option<KindId> {
        // RFC 775 has some of them with an X before.
        let name: &[u8] = match self.bytes() {
            b"XCWD" => b"CWD",
            b"XCUP" => b"CDUP",
            b"XMKD" => b"MKD",
            b"XRMD" => b"RMD",
            b"XPWD" => b"PWD",
            name => name,
        };
        let at = KINDS.iter().position(|k| k.name.as_bytes() == name)?;
        // Names in small letters are not commands.
        (at < usize::from(BANNER_TOLD.0)).then_some(KindId(at as u16))
    }
}

pub fn is_known(word: &[u8]) -> bool {
    (3..=4).contains(&word.len()) && Word::of(word).kind().is_some()
}

/// Writes what a command says. Its answer will name `key`. Gives its word.
pub fn write(
    line: &[u8],
    range: Range<u64>,
    key: u32,
    user: &mut Option<User>,
    out: &mut Messages<'_>,
) -> Word {
    let at = range.start;
    // Telnet's interrupt and synch come before ABOR (RFC 959 4.1.3).
    let start = line.iter().position(|b| *b < 0xF0).unwrap_or(line.len());
    let line = &line[start..];
    let end = line.iter().position(|b| *b == b' ').unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    let argument = rest.strip_prefix(b" ").unwrap_or(rest);
    let letters = !word.is_empty() && word.len() <= LONGEST;
    if !letters || !word.iter().all(u8::is_ascii_alphanumeric) {
        out.message(MALFORMED, range);
        return Word::default();
    }
    let word = Word::of(word);
    let kind = word.kind();
    let mut draft = match kind {
        Some(kind) => out.message(kind, range),
        None => out.message_named(word.bytes(), range),
    };
    draft.asks(Scope::Conversation, &key.to_be_bytes());
    say(kind, argument, &mut draft, at);
    match kind {
        Some(USER_NAME) => *user = Some(User::named(argument.trim_ascii())),
        Some(PASS) if draft.wants(DEFAULT_LOGIN) => {
            if let Some(of) = user.as_ref().and_then(|user| user.with(argument)) {
                draft.text(DEFAULT_LOGIN, of.as_bytes());
            }
        }
        _ => {}
    }
    if let Some(verb) = verb(kind, argument) {
        draft.action(Action::of(verb));
    }
    word
}

fn say(kind: Option<KindId>, argument: &[u8], draft: &mut Draft<'_>, at: u64) {
    match kind {
        Some(PASS | ACCT) => {
            draft.secret(PASSWORD, argument.len());
        }
        Some(USER_NAME) => {
            draft.text_if(USER, argument);
            let name = argument.trim_ascii();
            if [b"anonymous".as_slice(), b"ftp"]
                .iter()
                .any(|n| name.eq_ignore_ascii_case(n))
            {
                draft.flag(ANONYMOUS, true);
            }
        }
        Some(PORT) => match numbers(argument) {
            Some((ip, port)) => {
                draft.text(DATA_ADDRESS, address::ipv4(ip).bytes());
                draft.integer(DATA_PORT, port.into());
            }
            None => {
                draft.anomaly("address-form", at);
            }
        },
        Some(EPRT) => match extended(argument) {
            Some((host, port)) => {
                draft.text(DATA_ADDRESS, host);
                draft.integer(DATA_PORT, port.into());
            }
            None => {
                draft.anomaly("address-form", at);
            }
        },
        // Nobody knows what stands behind an unknown command.
        None => {
            draft.text_if(PATH, argument);
        }
        kind if takes_file(kind) => {
            draft.text_if(PATH, argument);
            draft.text_if(EXTENSION, extension(argument));
        }
        _ => {
            draft.text_if(ARGUMENT, argument);
        }
    }
}

/// What stands after the last point of a file's name, if it is short.
fn extension(path: &[u8]) -> &[u8] {
    const LONGEST: usize = 8;
    let name = path
        .rsplit(|b| matches!(b, b'/' | b'\\'))
        .next()
        .unwrap_or(path);
    match name.iter().rposition(|b| *b == b'.') {
        Some(at) if name.len() - at - 1 <= LONGEST => &name[at + 1..],
        _ => b"",
    }
}

fn takes_file(kind: Option<KindId>) -> bool {
    matches!(
        kind,
        Some(
            RETR | STOR
                | STOU
                | APPE
                | DELE
                | RMD
                | MKD
                | CWD
                | RNFR
                | RNTO
                | LIST
                | NLST
                | MLSD
                | MLST
                | SIZE
                | MDTM
        )
    )
}

fn verb(kind: Option<KindId>, argument: &[u8]) -> Option<Verb> {
    Some(match kind {
        Some(STOR | STOU | APPE) => Verb::Store,
        Some(RETR) => Verb::Retrieve,
        Some(DELE | RMD) => Verb::Delete,
        Some(RNTO | MKD) => Verb::Configure,
        // Whoever gives a password wants to do more than look.
        Some(PASS) => Verb::ServiceMode,
        // Each server's own.
        Some(SITE) => Verb::UnknownVerb,
        Some(LIST | NLST | MLSD) => Verb::Read,
        Some(STAT) if !argument.is_empty() => Verb::Read,
        Some(_) => return None,
        None => Verb::UnknownVerb,
    })
}

/// `10,0,0,1,195,80`: an address and a port in six numbers (RFC 959 4.1.2).
pub fn numbers(text: &[u8]) -> Option<([u8; 4], u16)> {
    let mut six = [0u8; 6];
    let mut parts = text.trim_ascii().split(|b| *b == b',');
    for n in &mut six {
        *n = std::str::from_utf8(parts.next()?.trim_ascii())
            .ok()?
            .parse()
            .ok()?;
    }
    let [a, b, c, d, high, low] = six;
    parts
        .next()
        .is_none()
        .then_some(([a, b, c, d], u16::from_be_bytes([high, low])))
}

/// `|2|2001:db8::1|50000|` (RFC 2428 2).
fn extended(text: &[u8]) -> Option<(&[u8], u16)> {
    let (mark, rest) = text.split_first()?;
    let mut parts = rest.split(|b| b == mark);
    let (_, host, port) = (parts.next()?, parts.next()?, parts.next()?);
    Some((host, std::str::from_utf8(port).ok()?.parse().ok()?))
}
