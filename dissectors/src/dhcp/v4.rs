//! DHCP for IPv4: a fixed part as in BOOTP, a magic number, options (RFC 2131 2, RFC 2132 2).

use super::fields::*;
use crate::action::Outcome;
use crate::address::{self, Short};
use crate::contract::{Confidence, Dissector, End, Hint, Probe, Progress, Reason, Side};
use crate::message::{Draft, Messages, Scope};
use crate::schema::{FieldId, KindId};

const FIXED: usize = 236;
const COOKIE: [u8; 4] = [99, 130, 83, 99];
const END: u8 = 255;

pub fn probe(_: Side, first: &[u8], hint: Hint) -> Probe {
    let head = matches!(first, [1 | 2, _, 0..=16, 0..=64, ..]);
    match first.get(FIXED..FIXED + 4) {
        Some(cookie) if head && cookie == COOKIE => Probe::Yes(Confidence(95)),
        // BOOTP of old has 64 bytes of the vendor's own there.
        Some(_) if head && hint.port => Probe::Yes(Confidence(50)),
        None if head && hint.port && first.len() > 28 => Probe::Yes(Confidence(30)),
        _ => Probe::No,
    }
}

pub struct Dhcp;

impl Dissector for Dhcp {
    fn read(&mut self, _: Side, input: &[u8], out: &mut Messages<'_>) -> Progress {
        let at = out.offset();
        let range = at..at + input.len() as u64;
        let Some((fixed, rest)) = input.split_first_chunk::<FIXED>() else {
            out.message(MALFORMED, range).anomaly("cut-short", at);
            return Progress::Read(input.len());
        };
        let options = rest.strip_prefix(&COOKIE);
        let areas = Areas::of(fixed, options.unwrap_or(&[]));
        let kind = match areas.message_type() {
            Some(code) => kind_of(code),
            None if fixed[0] == 2 => Some(BOOTREPLY),
            None => Some(BOOTREQUEST),
        };
        let mut draft = match kind {
            Some(kind) => out.message(kind, range),
            None => out.message_unknown(areas.message_type().unwrap_or(0).into(), 2, range),
        };
        head(fixed, &mut draft, at);
        areas.write(fixed, &mut draft, at, options.is_some());
        join(fixed, kind, &mut draft);
        Progress::Read(input.len())
    }

    fn gap(&mut self, _: Side, _: &[u8], _: u64, _: &mut Messages<'_>) -> Progress {
        Progress::Reject(Reason("datagrams have no gaps"))
    }

    fn end(&mut self, _: Side, _: &[u8], _: End, _: &mut Messages<'_>) {}
}

/// RFC 2132 9.6.
fn kind_of(code: u8) -> Option<KindId> {
    const KINDS: [KindId; 9] = [
        DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM, FORCERENEW,
    ];
    KINDS.get(usize::from(code).wrapping_sub(1)).copied()
}

fn head(fixed: &[u8; FIXED], draft: &mut Draft<'_>, at: u64) {
    let part = |from: usize| {
        [
            fixed[from],
            fixed[from + 1],
            fixed[from + 2],
            fixed[from + 3],
        ]
    };
    draft.integer(TRANSACTION, u32::from_be_bytes(part(4)).into());
    match fixed[2] {
        6 => {
            let mut mac = [0; 6];
            mac.copy_from_slice(&fixed[28..34]);
            draft.text(CLIENT_MAC, address::mac(mac).bytes());
        }
        len @ 0..=16 => {
            let held = &fixed[28..28 + usize::from(len)];
            draft.text_if(CLIENT_MAC, address::hex(held).bytes());
        }
        _ => {
            draft.anomaly("hardware-length", at + 2);
        }
    }
    for (field, from) in [
        (CLIENT_IP, 12),
        (YOUR_IP, 16),
        (NEXT_SERVER, 20),
        (RELAY, 24),
    ] {
        if part(from) != [0; 4] {
            draft.text(field, address::ipv4(part(from)).bytes());
        }
    }
}

/// The client is told by transaction and hardware address, wherever it asks from.
fn join(fixed: &[u8; FIXED], kind: Option<KindId>, draft: &mut Draft<'_>) {
    let mut key = *b"dhcp\0\0\0\0\0\0\0\0\0\0\0\0";
    key[4..8].copy_from_slice(&fixed[4..8]);
    key[8..16].copy_from_slice(&fixed[28..36]);
    match kind {
        Some(DISCOVER | REQUEST | INFORM | BOOTREQUEST) => {
            draft.asks(Scope::Everywhere, &key);
        }
        Some(OFFER) => {
            draft.answers(Scope::Everywhere, &key, false, Outcome::Accepted);
        }
        Some(ACK | BOOTREPLY) => {
            draft.answers(Scope::Everywhere, &key, true, Outcome::Accepted);
        }
        Some(NAK) => {
            draft.answers(Scope::Everywhere, &key, true, Outcome::Refused);
        }
        _ => {}
    }
}

/// Where options lie: their own place, and the names of server and file where those are overloaded
/// (RFC 2132 9.3). Each with its offset in the message.
struct Areas<'a> {
    all: [(usize, &'a [u8]); 3],
    overload: u8,
}

impl<'a> Areas<'a> {
    fn of(fixed: &'a [u8; FIXED], options: &'a [u8]) -> Self {
        let overload = Options::of(options)
            .find(|(_, o)| o.code == 52)
            .and_then(|(_, o)| o.value.first().copied())
            .unwrap_or(0);
        let (server, file) = (&fixed[44..108], &fixed[108..236]);
        Areas {
            all: [
                (FIXED + 4, options),
                (108, if overload & 1 != 0 { file } else { &[] }),
                (44, if overload & 2 != 0 { server } else { &[] }),
            ],
            overload,
        }
    }

    fn each(&self) -> impl Iterator<Item = (usize, Opt<'a>)> + use<'a> {
        let all = self.all;
        all.into_iter()
            .flat_map(|(base, area)| Options::of(area).map(move |(at, o)| (base + at, o)))
    }

    fn message_type(&self) -> Option<u8> {
        let (_, found) = self.each().find(|(_, o)| o.code == 53)?;
        found.value.first().copied()
    }

    fn write(&self, fixed: &[u8; FIXED], draft: &mut Draft<'_>, at: u64, dhcp: bool) {
        for (field, from, to, bit) in [(BOOT_SERVER, 44, 108, 2), (BOOT_FILE, 108, 236, 1)] {
            if self.overload & bit == 0 {
                draft.text_if(field, until_nul(&fixed[from..to]));
            }
        }
        let mut codes = Codes::default();
        let mut kind = None;
        for (offset, option) in self.each() {
            let at = at + offset as u64;
            codes.push(option.code);
            if option.code == 53 {
                let told = *kind.get_or_insert(option.value.first().copied());
                if told != option.value.first().copied() {
                    draft.anomaly("type-twice", at);
                }
            }
            if !option.write(draft) {
                draft.anomaly("option-length", at);
            }
        }
        draft.text_if(OPTIONS, codes.text());
        if !dhcp {
            return;
        }
        for (base, area) in self.all {
            match Options::of(area).fault() {
                Some(("no-end", _)) if base != FIXED + 4 => {}
                Some((fault, offset)) => {
                    draft.anomaly(fault, at + (base + offset) as u64);
                }
                None => {}
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Opt<'a> {
    code: u8,
    value: &'a [u8],
}

/// The options of one area, up to the end mark or the first that overruns it.
struct Options<'a> {
    area: &'a [u8],
    at: usize,
    ended: bool,
}

impl<'a> Options<'a> {
    fn of(area: &'a [u8]) -> Self {
        Options {
            area,
            at: 0,
            ended: area.is_empty(),
        }
    }

    /// What is wrong with how the area ends, and where.
    fn fault(mut self) -> Option<(&'static str, usize)> {
        while self.next().is_some() {}
        if self.ended {
            None
        } else if self.at >= self.area.len() {
            Some(("no-end", self.at))
        } else {
            Some(("option-overrun", self.at))
        }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (usize, Opt<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.ended {
                return None;
            }
            let at = self.at;
            match *self.area.get(at)? {
                0 => self.at += 1,
                END => self.ended = true,
                code => {
                    let len = usize::from(*self.area.get(at + 1)?);
                    let value = self.area.get(at + 2..at + 2 + len)?;
                    self.at = at + 2 + len;
                    return Some((at, Opt { code, value }));
                }
            }
        }
    }
}

impl Opt<'_> {
    /// Writes what the option says. False if its length is wrong.
    fn write(&self, draft: &mut Draft<'_>) -> bool {
        let value = self.value;
        match self.code {
            1 => addresses(MASK, value, draft),
            3 => addresses(ROUTER, value, draft),
            6 => addresses(DNS, value, draft),
            42 => addresses(NTP, value, draft),
            50 => addresses(REQUESTED_IP, value, draft),
            54 => addresses(SERVER_ID, value, draft),
            12 => named(HOST_NAME, value, draft),
            15 => named(DOMAIN, value, draft),
            56 => named(MESSAGE, value, draft),
            60 => named(VENDOR_CLASS, value, draft),
            66 => named(BOOT_SERVER, value, draft),
            67 => named(BOOT_FILE, value, draft),
            77 => named(USER_CLASS, value, draft),
            252 => named(PROXY, value, draft),
            51 => match value.try_into() {
                Ok(seconds) => {
                    draft.integer(LEASE, u32::from_be_bytes(seconds).into());
                    true
                }
                Err(_) => false,
            },
            55 => {
                let mut codes = Codes::default();
                value.iter().for_each(|code| codes.push(*code));
                draft.text_if(PARAMETERS, codes.text());
                !value.is_empty()
            }
            61 => {
                draft.text_if(CLIENT_ID, address::hex(value).bytes());
                value.len() >= 2
            }
            81 => full_name(value, draft),
            82 => relay(value, draft),
            121 | 249 => routes(value, draft),
            _ => true,
        }
    }
}

fn named(field: FieldId, value: &[u8], draft: &mut Draft<'_>) -> bool {
    draft.text_if(field, until_nul(value));
    !value.is_empty()
}

fn addresses(field: FieldId, value: &[u8], draft: &mut Draft<'_>) -> bool {
    let (addresses, rest) = value.as_chunks::<4>();
    let one = matches!(field, MASK | REQUESTED_IP | SERVER_ID);
    for address in addresses.iter().take(if one { 1 } else { usize::MAX }) {
        draft.text(field, address::ipv4(*address).bytes());
    }
    rest.is_empty() && !addresses.is_empty()
}

/// RFC 4702 2: flags, two retired codes, the name in plain letters or as in DNS.
fn full_name(value: &[u8], draft: &mut Draft<'_>) -> bool {
    let [flags, _, _, name @ ..] = value else {
        return false;
    };
    const AS_IN_DNS: u8 = 4;
    if flags & AS_IN_DNS == 0 {
        draft.text_if(FQDN, until_nul(name));
    } else {
        draft.text_if(FQDN, crate::dns::plain_name(name).bytes());
    }
    true
}

/// RFC 3046 2: options in an option.
fn relay(value: &[u8], draft: &mut Draft<'_>) -> bool {
    let mut rest = value;
    while let [code, len, more @ ..] = rest {
        let Some((part, more)) = more.split_at_checked((*len).into()) else {
            return false;
        };
        match code {
            1 if part.iter().all(|b| matches!(b, b' '..=b'~')) => {
                draft.text_if(CIRCUIT, part);
            }
            1 => {
                draft.text_if(CIRCUIT, address::hex(part).bytes());
            }
            2 => {
                draft.text_if(REMOTE, address::hex(part).bytes());
            }
            _ => {}
        }
        rest = more;
    }
    rest.is_empty()
}

/// RFC 3442: prefix length, as many bytes of the destination as it needs, router.
fn routes(value: &[u8], draft: &mut Draft<'_>) -> bool {
    let mut rest = value;
    while let [bits, more @ ..] = rest {
        let len = usize::from(bits.div_ceil(8));
        let Some((part, more)) = more.split_at_checked(len).filter(|_| *bits <= 32) else {
            return false;
        };
        let Some((router, more)) = more.split_first_chunk::<4>() else {
            return false;
        };
        let mut to = [0; 4];
        to[..len].copy_from_slice(part);
        let text = Short::of(format_args!(
            "{}/{bits} {}",
            std::net::Ipv4Addr::from(to),
            std::net::Ipv4Addr::from(*router)
        ));
        draft.text(ROUTE, text.bytes());
        rest = more;
    }
    true
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    &bytes[..end]
}

/// Option codes as `53,61,12`.
struct Codes {
    text: [u8; Codes::ROOM],
    len: usize,
}

impl Codes {
    /// A hundred codes and more: an option holds 255 bytes, honest ones about twenty.
    const ROOM: usize = 512;

    fn push(&mut self, code: u8) {
        let comma = if self.len == 0 { "" } else { "," };
        let text = Short::of(format_args!("{comma}{code}"));
        let part = text.bytes();
        if let Some(room) = self.text.get_mut(self.len..self.len + part.len()) {
            room.copy_from_slice(part);
            self.len += part.len();
        }
    }

    fn text(&self) -> &[u8] {
        &self.text[..self.len]
    }
}

impl Default for Codes {
    fn default() -> Self {
        Codes {
            text: [0; Self::ROOM],
            len: 0,
        }
    }
}
