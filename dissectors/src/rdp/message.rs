//! Connection request and confirmation, and the client's data where no TLS hides them.

use std::ops::Range;

use memchr::memmem;

use super::fields::*;
use crate::action::Outcome;
use crate::message::{Messages, Scope};

/// X.224 13.3, 13.4 behind TPKT.
pub struct Connect<'a> {
    pub request: bool,
    /// Routing token or cookie, without its line end.
    cookie: Option<&'a [u8]>,
    /// Type and four bytes of the negotiation (MS-RDPBCGR 2.2.1.1.1).
    negotiation: Option<(u8, u32)>,
    bare: bool,
}

impl<'a> Connect<'a> {
    pub fn read(body: &'a [u8]) -> Option<Self> {
        let [length, code @ (0xE0 | 0xD0), _, _, _, _, _, rest @ ..] = body else {
            return None;
        };
        if usize::from(*length) != body.len() - 1 {
            return None;
        }
        let line = memmem::find(rest, b"\r\n").filter(|_| rest.starts_with(b"Cookie: "));
        let (cookie, parameters) = match line {
            Some(end) => (Some(&rest[..end]), &rest[end + 2..]),
            None => (None, rest),
        };
        let negotiation = match parameters {
            [kind @ 1..=3, _, 8, 0, v0, v1, v2, v3, ..] => {
                Some((*kind, u32::from_le_bytes([*v0, *v1, *v2, *v3])))
            }
            _ => None,
        };
        Some(Connect {
            request: *code == 0xE0,
            cookie,
            negotiation,
            bare: rest.is_empty(),
        })
    }

    pub fn is_desktop(&self) -> bool {
        let own = match self.negotiation {
            Some((1, _)) => self.request,
            Some(_) => !self.request,
            None => false,
        };
        self.cookie.is_some() || own
    }

    pub fn is_bare(&self) -> bool {
        self.bare
    }
}

/// Writes a request or confirmation. True if TLS follows.
pub fn connect(connect: &Connect<'_>, range: Range<u64>, out: &mut Messages<'_>) -> bool {
    const NEGOTIATION_FAILED: u8 = 3;
    let mut draft = out.message(if connect.request { REQUEST } else { CONFIRM }, range);
    if let Some(user) = connect
        .cookie
        .and_then(|c| c.strip_prefix(b"Cookie: mstshash="))
    {
        draft.text_if(USER, user);
    }
    let mut sealed = false;
    match connect.negotiation {
        Some((NEGOTIATION_FAILED, why)) => {
            draft.integer(FAILURE, why.into());
        }
        Some((_, protocols)) => {
            // MS-RDPBCGR 2.2.1.1.1.
            const WORDS: [(u32, &str); 5] = [
                (1, "tls"),
                (2, "credssp"),
                (4, "rdstls"),
                (8, "credssp-ex"),
                (16, "aad"),
            ];
            for (bit, word) in WORDS {
                if protocols & bit != 0 {
                    draft.text(SECURITY, word.as_bytes());
                }
            }
            if protocols == 0 {
                draft.text(SECURITY, b"rdp");
            }
            sealed = !connect.request && protocols != 0;
        }
        None => {
            draft.text(SECURITY, b"rdp");
        }
    }
    if connect.request {
        draft.asks(Scope::Conversation, b"connect");
    } else {
        let outcome = match connect.negotiation {
            Some((NEGOTIATION_FAILED, _)) => Outcome::Refused,
            _ => Outcome::Accepted,
        };
        draft.answers(Scope::Conversation, b"connect", true, outcome);
    }
    sealed
}

/// The client's data inside its MCS connect-initial (MS-RDPBCGR 2.2.1.3): blocks of type, length,
/// value. They are looked for behind the client's mark, not through all of BER and PER.
pub fn begin(body: &[u8], range: Range<u64>, out: &mut Messages<'_>) {
    let start = range.start;
    let Some(mark) = memmem::find(body, b"Duca") else {
        return;
    };
    // The mark, then a length of one or two bytes.
    let mut rest = match body.get(mark + 4..) {
        Some([first, _, rest @ ..]) if first & 0x80 != 0 => rest,
        Some([_, rest @ ..]) => rest,
        _ => return,
    };
    let mut draft = out.message(BEGIN, range);
    while let [t0, t1, l0, l1, ..] = rest {
        let length = usize::from(u16::from_le_bytes([*l0, *l1]));
        let Some((block, after)) = rest.split_at_checked(length).filter(|_| length >= 4) else {
            break;
        };
        match u16::from_le_bytes([*t0, *t1]) {
            // Core: after fifteen more bytes of sizes and depths, keyboard, build, name.
            0xC001 => {
                if let Some(build) = block.get(20..24).and_then(|b| b.first_chunk()) {
                    draft.integer(CLIENT_BUILD, u32::from_le_bytes(*build).into());
                }
                let mut name = [0; 15];
                let mut len = 0;
                for [low, high] in block.get(24..56).unwrap_or(&[]).as_chunks().0 {
                    if [*low, *high] == [0, 0] || len == name.len() {
                        break;
                    }
                    name[len] = if *high == 0 { *low } else { b'?' };
                    len += 1;
                }
                draft.text_if(CLIENT_NAME, &name[..len]);
            }
            // Channels: how many, then a name of eight bytes and options each.
            0xC003 => {
                for channel in block.get(8..).unwrap_or(&[]).as_chunks::<12>().0 {
                    let name = channel[..8].split(|b| *b == 0).next().unwrap_or(&[]);
                    draft.text_if(CHANNEL, name);
                    if name.eq_ignore_ascii_case(b"MS_T120") {
                        draft.anomaly("internal-channel", start);
                    }
                }
            }
            _ => {}
        }
        rest = after;
    }
}
