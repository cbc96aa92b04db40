//! ClientHello and ServerHello (RFC 8446 4.1, RFC 5246 7.4.1), taken apart without copying.

use nom::bytes::complete::take;
use nom::combinator::{map, verify};
use nom::multi::{length_data, length_value};
use nom::number::complete::{be_u8, be_u16};
use nom::{IResult, Parser};

use super::codes::is_grease;

/// The random of a ServerHello that asks to try again (RFC 8446 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

pub const SERVER_NAME: u16 = 0;
pub const SUPPORTED_GROUPS: u16 = 10;
pub const POINT_FORMATS: u16 = 11;
pub const SIGNATURE_ALGORITHMS: u16 = 13;
pub const ALPN: u16 = 16;
pub const SESSION_TICKET: u16 = 35;
pub const PRE_SHARED_KEY: u16 = 41;
pub const SUPPORTED_VERSIONS: u16 = 43;
pub const KEY_SHARE: u16 = 51;

/// A hello of either side. Lists hold code points as sent, two bytes each.
#[derive(Clone, Copy)]
pub struct Hello<'a> {
    pub legacy_version: u16,
    pub retry: bool,
    /// One in a ServerHello.
    pub ciphers: &'a [u8],
    extensions: &'a [u8],
}

pub fn client(body: &[u8]) -> IResult<&[u8], Hello<'_>> {
    let (i, legacy_version) = be_u16.parse(body)?;
    let (i, _random) = take(32usize).parse(i)?;
    let (i, _session) = verify(length_data(be_u8), |s: &[u8]| s.len() <= 32).parse(i)?;
    let (i, ciphers) =
        verify(length_data(be_u16), |c: &[u8]| c.len().is_multiple_of(2)).parse(i)?;
    let (i, _compression) = length_data(be_u8).parse(i)?;
    let (i, extensions) = extensions(i)?;
    Ok((
        i,
        Hello {
            legacy_version,
            retry: false,
            ciphers,
            extensions,
        },
    ))
}

pub fn server(body: &[u8]) -> IResult<&[u8], Hello<'_>> {
    let (i, legacy_version) = be_u16.parse(body)?;
    let (i, random) = take(32usize).parse(i)?;
    let (i, _session) = verify(length_data(be_u8), |s: &[u8]| s.len() <= 32).parse(i)?;
    let (i, ciphers) = take(2usize).parse(i)?;
    let (i, _compression) = be_u8.parse(i)?;
    let (i, extensions) = extensions(i)?;
    Ok((
        i,
        Hello {
            legacy_version,
            retry: random == RETRY,
            ciphers,
            extensions,
        },
    ))
}

/// Extensions may be absent altogether (RFC 5246 7.4.1.2).
fn extensions(i: &[u8]) -> IResult<&[u8], &[u8]> {
    if i.is_empty() {
        return Ok((i, i));
    }
    let (i, list) = length_data(be_u16).parse(i)?;
    // Their lengths must fit too.
    let mut rest = list;
    while !rest.is_empty() {
        (rest, _) = extension(rest)?;
    }
    Ok((i, list))
}

fn extension(i: &[u8]) -> IResult<&[u8], (u16, &[u8])> {
    (be_u16, length_data(be_u16)).parse(i)
}

impl<'a> Hello<'a> {
    /// Extensions in the order sent.
    pub fn extensions(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut rest = self.extensions;
        std::iter::from_fn(move || {
            let (after, found) = extension(rest).ok()?;
            rest = after;
            Some(found)
        })
    }

    pub fn extension(&self, kind: u16) -> Option<&'a [u8]> {
        self.extensions()
            .find(|(k, _)| *k == kind)
            .map(|(_, body)| body)
    }

    pub fn server_name(&self) -> Option<&'a [u8]> {
        let body = self.extension(SERVER_NAME)?;
        let name = |i: &'a [u8]| -> IResult<&'a [u8], &'a [u8]> {
            length_value(
                be_u16,
                map(
                    (verify(be_u8, |t| *t == 0), length_data(be_u16)),
                    |(_, n)| n,
                ),
            )
            .parse(i)
        };
        name(body).ok().map(|(_, n)| n)
    }

    /// Versions that a client offers, GREASE aside.
    pub fn versions(&self) -> impl Iterator<Item = u16> + use<'a> {
        let list = self
            .extension(SUPPORTED_VERSIONS)
            .and_then(|b| b.get(1..))
            .unwrap_or(b"");
        codes(list)
    }

    /// The version that a server chose.
    pub fn chosen_version(&self) -> u16 {
        self.extension(SUPPORTED_VERSIONS)
            .and_then(|b| codes(b).next())
            .unwrap_or(self.legacy_version)
    }

    pub fn groups(&self) -> impl Iterator<Item = u16> + use<'a> {
        codes(
            self.extension(SUPPORTED_GROUPS)
                .and_then(|b| b.get(2..))
                .unwrap_or(b""),
        )
    }

    pub fn signature_algorithms(&self) -> impl Iterator<Item = u16> + use<'a> {
        pairs(
            self.extension(SIGNATURE_ALGORITHMS)
                .and_then(|b| b.get(2..))
                .unwrap_or(b""),
        )
    }

    pub fn point_formats(&self) -> &'a [u8] {
        self.extension(POINT_FORMATS)
            .and_then(|b| b.get(1..))
            .unwrap_or(b"")
    }

    /// Groups of a client's key shares.
    pub fn shares(&self) -> impl Iterator<Item = u16> + use<'a> {
        let mut rest = self
            .extension(KEY_SHARE)
            .and_then(|b| b.get(2..))
            .unwrap_or(b"");
        std::iter::from_fn(move || {
            let (after, (group, _)) = extension(rest).ok()?;
            rest = after;
            Some(group)
        })
        .filter(|g| !is_grease(*g))
    }

    /// The group of a server's key share, also in a request to try again.
    pub fn chosen_group(&self) -> Option<u16> {
        let body = self.extension(KEY_SHARE)?;
        Some(u16::from_be_bytes([*body.first()?, *body.get(1)?]))
    }

    pub fn protocols(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.extension(ALPN).and_then(|b| b.get(2..)).unwrap_or(b"");
        std::iter::from_fn(move || {
            let item: IResult<&'a [u8], &'a [u8]> = length_data(be_u8).parse(rest);
            let (after, name) = item.ok()?;
            rest = after;
            Some(name)
        })
    }
}

/// Code points of two bytes.
pub fn pairs(list: &[u8]) -> impl Iterator<Item = u16> + use<'_> {
    list.chunks_exact(2)
        .map(|p| u16::from_be_bytes([p[0], p[1]]))
}

/// Code points of two bytes, GREASE aside.
pub fn codes(list: &[u8]) -> impl Iterator<Item = u16> + use<'_> {
    pairs(list).filter(|c| !is_grease(*c))
}
