//! Bodies of A-ASSOCIATE-RQ and -AC: fixed part, items, sub-items (PS3.8 9.3.2, 9.3.3, D; PS3.7 D.3.3).

use nom::bytes::complete::take;
use nom::combinator::{map, rest};
use nom::multi::length_data;
use nom::number::complete::{be_u8, be_u16, be_u32};
use nom::{IResult, Parser};

use super::pdu::{AeTitle, trim};

/// Bytes of the fixed part: version, reserved, two titles, reserved.
pub const FIXED: usize = 68;

/// An A-ASSOCIATE body. In an answer the titles are an echo that must not be trusted (table 9-17).
#[derive(Clone, Copy, Debug)]
pub struct Associate<'a> {
    pub version: u16,
    pub called: AeTitle,
    pub calling: AeTitle,
    pub items: Items<'a>,
}

/// Reads a body whose titles are there; what lacks behind them is the caller's to see by its length.
pub fn associate(i: &[u8]) -> IResult<&[u8], Associate<'_>> {
    let title = |i| map(take(AeTitle::LEN), AeTitle::read).parse(i);
    let (i, (version, _, called, calling)) = (be_u16, be_u16, title, title).parse(i)?;
    let items = Items::new(i.get(RESERVED..).unwrap_or(&[]));
    Ok((
        &[],
        Associate {
            version,
            called,
            calling,
            items,
        },
    ))
}

/// Reserved bytes between the titles and the first item.
const RESERVED: usize = 32;

/// Item or sub-item: type, a byte that only 57 uses, length, body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    pub kind: u8,
    pub second: u8,
    pub body: &'a [u8],
    /// Where it begins in what contains it.
    pub at: usize,
    /// It claims more than there is; `body` is what there is.
    pub cut: bool,
}

/// Goes through items; ends after one that is cut.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Items<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Items { rest: bytes, at: 0 }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        let (&kind, _) = self.rest.split_first()?;
        let at = self.at;
        let (second, body, after, cut) = match item_header(self.rest) {
            Ok((i, (_, second, length))) => match i.split_at_checked(usize::from(length)) {
                Some((body, after)) => (second, body, after, false),
                None => (second, i, &[][..], true),
            },
            Err(_) => (0, &[][..], &[][..], true),
        };
        self.at += self.rest.len() - after.len();
        self.rest = after;
        Some(Item {
            kind,
            second,
            body,
            at,
            cut,
        })
    }
}

fn item_header(i: &[u8]) -> IResult<&[u8], (u8, u8, u16)> {
    (be_u8, be_u8, be_u16).parse(i)
}

/// Bytes of an item's header.
pub const ITEM_HEADER: usize = 4;

pub mod item {
    //! Item and sub-item types.
    pub const APPLICATION_CONTEXT: u8 = 0x10;
    pub const CONTEXT_RQ: u8 = 0x20;
    pub const CONTEXT_AC: u8 = 0x21;
    pub const ABSTRACT_SYNTAX: u8 = 0x30;
    pub const TRANSFER_SYNTAX: u8 = 0x40;
    pub const USER_INFORMATION: u8 = 0x50;
    pub const MAXIMUM_LENGTH: u8 = 0x51;
    pub const IMPLEMENTATION_CLASS: u8 = 0x52;
    pub const ASYNC_OPERATIONS: u8 = 0x53;
    pub const ROLE_SELECTION: u8 = 0x54;
    pub const IMPLEMENTATION_VERSION: u8 = 0x55;
    pub const EXTENDED: u8 = 0x56;
    pub const COMMON_EXTENDED: u8 = 0x57;
    pub const USER_IDENTITY: u8 = 0x58;
    pub const USER_IDENTITY_AC: u8 = 0x59;
}

/// Presentation context item (20, 21): id, result (0 in a request), sub-items.
#[derive(Clone, Copy, Debug)]
pub struct ContextItem<'a> {
    pub id: u8,
    pub result: u8,
    pub items: Items<'a>,
}

pub fn context_item(i: &[u8]) -> IResult<&[u8], ContextItem<'_>> {
    let (i, (id, _, result, _)) = (be_u8, be_u8, be_u8, be_u8).parse(i)?;
    let items = Items::new(i);
    Ok((&[], ContextItem { id, result, items }))
}

/// Maximum length received (51).
pub fn maximum_length(i: &[u8]) -> IResult<&[u8], u32> {
    be_u32.parse(i)
}

/// Asynchronous operations window (53): invoked, performed.
pub fn async_operations(i: &[u8]) -> IResult<&[u8], (u16, u16)> {
    (be_u16, be_u16).parse(i)
}

/// Role selection (54): SOP class, SCU role, SCP role.
pub fn role_selection(i: &[u8]) -> IResult<&[u8], (&[u8], u8, u8)> {
    (uid, be_u8, be_u8).parse(i)
}

/// Extended negotiation (56): SOP class, one byte a flag.
pub fn extended(i: &[u8]) -> IResult<&[u8], (&[u8], &[u8])> {
    (uid, rest).parse(i)
}

/// Common extended negotiation (57).
#[derive(Clone, Copy, Debug)]
pub struct CommonExtended<'a> {
    pub sop_class: &'a [u8],
    pub service_class: &'a [u8],
    /// Related SOP classes: [`uid`] after [`uid`].
    pub related: &'a [u8],
}

pub fn common_extended(i: &[u8]) -> IResult<&[u8], CommonExtended<'_>> {
    let (i, (sop_class, service_class, related)) = (uid, uid, length_data(be_u16)).parse(i)?;
    Ok((
        i,
        CommonExtended {
            sop_class,
            service_class,
            related,
        },
    ))
}

/// A UID with its length before it.
pub fn uid(i: &[u8]) -> IResult<&[u8], &[u8]> {
    map(length_data(be_u16), trim).parse(i)
}

/// User identity (58).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserIdentity<'a> {
    pub kind: IdentityType,
    pub confirm: bool,
    /// User name, or for types 3 to 5 a bearer secret.
    pub primary: &'a [u8],
    /// Passcode of type 2.
    pub secondary: &'a [u8],
}

pub fn user_identity(i: &[u8]) -> IResult<&[u8], UserIdentity<'_>> {
    let field = || length_data(be_u16);
    let (i, (kind, confirm, primary, secondary)) = (be_u8, be_u8, field(), field()).parse(i)?;
    Ok((
        i,
        UserIdentity {
            kind: IdentityType(kind),
            confirm: confirm != 0,
            primary,
            secondary,
        },
    ))
}

/// User identity, answer (59).
pub fn user_identity_answer(i: &[u8]) -> IResult<&[u8], &[u8]> {
    length_data(be_u16).parse(i)
}

/// User identity type (PS3.7 D.3.3.7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityType(pub u8);

impl IdentityType {
    pub const fn word(self) -> &'static str {
        match self.0 {
            1 => "username",
            2 => "username and passcode",
            3 => "Kerberos service ticket",
            4 => "SAML assertion",
            5 => "JSON Web Token",
            _ => "unknown",
        }
    }

    /// The primary field is a name rather than a secret.
    pub const fn has_name(self) -> bool {
        matches!(self.0, 1 | 2)
    }
}
