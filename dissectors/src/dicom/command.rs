//! Command sets (PS3.7 6.3, 9.3, 10.3, annex E): always implicit VR little endian, group 0000.

use nom::number::complete::{le_u16, le_u32};
use nom::{IResult, Parser};

use super::faults::{self, Faults};
use super::fields;
use super::pdu::trim;
use super::value::{Tag, is_legal_uid};
use crate::schema::KindId;

/// A command set as read. Texts are without padding; what is absent is `None` or empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Command<'a> {
    pub field: Option<CommandField>,
    pub message_id: Option<u16>,
    pub responding_to: Option<u16>,
    pub affected_class: &'a [u8],
    pub requested_class: &'a [u8],
    pub affected_instance: &'a [u8],
    pub requested_instance: &'a [u8],
    pub priority: Option<u16>,
    pub dataset_type: Option<u16>,
    pub status: Option<u16>,
    pub offending: &'a [u8],
    pub comment: &'a [u8],
    pub error_id: Option<u16>,
    pub destination: &'a [u8],
    pub originator_ae: &'a [u8],
    pub originator_id: Option<u16>,
    pub remaining: Option<u16>,
    pub completed: Option<u16>,
    pub failed: Option<u16>,
    pub warning: Option<u16>,
    pub event_type: Option<u16>,
    pub action_type: Option<u16>,
    pub attributes: &'a [u8],
    /// An element that claims more than there is: its tag, its claim, what is there.
    pub overrun: Option<(Tag, u32, &'a [u8])>,
}

/// Command Data Set Type that stands for "no data set" (PS3.7 9.3).
const NO_DATASET: u16 = 0x0101;

impl<'a> Command<'a> {
    /// Reads a command set. Faults are noted with offsets counted from `at`.
    /// The group length bounds nothing: servers do not look at it, the last-fragment bit decides.
    pub fn read(set: &'a [u8], at: u64, wrong: &mut Faults) -> Self {
        let mut command = Command::default();
        let mut previous = None;
        let mut rest = set;
        while !rest.is_empty() {
            let here = at + (set.len() - rest.len()) as u64;
            let Ok((value, (tag, claimed))) = element_header(rest) else {
                wrong.add(faults::TRAILING_BYTES, here);
                break;
            };
            let len = usize::try_from(claimed).map_or(value.len(), |n| n.min(value.len()));
            let (value, after) = value.split_at(len);
            rest = after;
            if len as u64 != u64::from(claimed) {
                wrong.add(faults::COMMAND_PAST_END, here);
                command.overrun = Some((tag, claimed, value));
            }
            if previous.is_some_and(|p| p >= tag) {
                wrong.add(faults::COMMAND_ORDER, here);
            }
            previous = Some(tag);
            if tag == GROUP_LENGTH {
                let told = number32(value);
                if told != u32::try_from(rest.len()).ok() {
                    wrong.add(faults::COMMAND_GROUP_LENGTH, here);
                }
            } else {
                command.element(tag, value, here, wrong);
            }
        }
        if command.field.is_none() {
            wrong.add(faults::COMMAND_FIELD_MISSING, at);
        }
        command
    }

    /// True if a data set follows. Trust this, not the table of which messages carry one.
    pub fn has_dataset(&self) -> bool {
        self.dataset_type.is_some_and(|t| t != NO_DATASET)
    }

    /// Affected or requested SOP class, whichever is there.
    pub fn sop_class(&self) -> &'a [u8] {
        first_filled(self.affected_class, self.requested_class)
    }

    /// Affected or requested SOP instance, whichever is there.
    pub fn sop_instance(&self) -> &'a [u8] {
        first_filled(self.affected_instance, self.requested_instance)
    }

    /// Writes the command set of the request that this answer belongs to, as far as it tells.
    pub fn write_request(&self, to: &mut Vec<u8>) {
        let field = self.field.map_or(0, |f| f.0 & !CommandField::RESPONSE);
        // These requests name an instance that is there already (PS3.7 10.3).
        let is_on_instance = matches!(
            CommandField(field),
            CommandField::N_GET
                | CommandField::N_SET
                | CommandField::N_ACTION
                | CommandField::N_DELETE
        );
        let (class, instance) = if is_on_instance {
            (0x0003, 0x1001)
        } else {
            (0x0002, 0x1000)
        };
        let id = self.responding_to.unwrap_or(0);
        let mut element = |tag: u16, value: &[u8]| {
            if !value.is_empty() {
                to.extend_from_slice(&[0, 0]);
                to.extend_from_slice(&tag.to_le_bytes());
                let padding = value.len() % 2;
                to.extend_from_slice(&((value.len() + padding) as u32).to_le_bytes());
                to.extend_from_slice(value);
                to.resize(to.len() + padding, 0);
            }
        };
        element(class, self.sop_class());
        element(0x0100, &field.to_le_bytes());
        element(0x0110, &id.to_le_bytes());
        element(instance, self.sop_instance());
    }

    fn element(&mut self, tag: Tag, value: &'a [u8], at: u64, wrong: &mut Faults) {
        let mut uid = |slot: &mut &'a [u8]| {
            if value.len() % 2 == 1 {
                wrong.add(faults::UID_ODD, at);
            }
            *slot = trim(value);
            if !slot.is_empty() && !is_legal_uid(slot) {
                wrong.add(faults::UID_ILLEGAL, at);
            }
        };
        match tag.0 {
            0x0002 => return uid(&mut self.affected_class),
            0x0003 => return uid(&mut self.requested_class),
            0x1000 => return uid(&mut self.affected_instance),
            0x1001 => return uid(&mut self.requested_instance),
            0x0600 => self.destination = trim(value),
            0x1030 => self.originator_ae = trim(value),
            0x0901 => self.offending = value,
            0x0902 => self.comment = trim(value),
            0x1005 => self.attributes = value,
            _ => {}
        }
        let slot = match tag.0 {
            0x0100 => {
                self.field = number16(value).map(CommandField);
                return;
            }
            0x0110 => &mut self.message_id,
            0x0120 => &mut self.responding_to,
            0x0700 => &mut self.priority,
            0x0800 => &mut self.dataset_type,
            0x0900 => &mut self.status,
            0x0903 => &mut self.error_id,
            0x1002 => &mut self.event_type,
            0x1008 => &mut self.action_type,
            0x1020 => &mut self.remaining,
            0x1021 => &mut self.completed,
            0x1022 => &mut self.failed,
            0x1023 => &mut self.warning,
            0x1031 => &mut self.originator_id,
            0x0001
            | 0x0010
            | 0x0200
            | 0x0300
            | 0x0400
            | 0x0850
            | 0x0860
            | 0x4000
            | 0x4010
            | 0x5010
            | 0x5020
            | 0x5110..=0x51B0 => {
                return wrong.add(faults::COMMAND_RETIRED, at);
            }
            _ if tag.group() != 0 => return wrong.add(faults::COMMAND_GROUP, at),
            _ => return,
        };
        *slot = number16(value);
        if slot.is_none() && !value.is_empty() {
            wrong.add(faults::COMMAND_VALUE, at);
        }
    }
}

const GROUP_LENGTH: Tag = Tag(0);

/// What decides how a message goes on: a look at a command set that is cheaper than reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    pub field: Option<CommandField>,
    pub has_dataset: bool,
}

impl Outline {
    pub fn of(set: &[u8]) -> Self {
        let mut outline = Outline::default();
        let mut rest = set;
        while let Ok((value, (tag, length))) = element_header(rest) {
            match tag.0 {
                0x0100 => outline.field = number16(value).map(CommandField),
                0x0800 => outline.has_dataset = number16(value).is_some_and(|t| t != NO_DATASET),
                _ => {}
            }
            let Some(after) = usize::try_from(length).ok().and_then(|n| value.get(n..)) else {
                break;
            };
            rest = after;
        }
        outline
    }
}

/// Tag and length of a command element.
pub fn element_header(i: &[u8]) -> IResult<&[u8], (Tag, u32)> {
    let (i, (group, element, length)) = (le_u16, le_u16, le_u32).parse(i)?;
    Ok((i, (Tag::of(group, element), length)))
}

/// Attribute tags of a value of VR AT.
pub fn attribute_tags(value: &[u8]) -> impl Iterator<Item = Tag> + '_ {
    value.chunks_exact(4).map(|c| {
        Tag::of(
            u16::from_le_bytes([c[0], c[1]]),
            u16::from_le_bytes([c[2], c[3]]),
        )
    })
}

/// VR of a command element, for paths.
pub fn vr_of(tag: Tag) -> [u8; 2] {
    *match tag.0 {
        0 => b"UL",
        0x0002 | 0x0003 | 0x1000 | 0x1001 => b"UI",
        0x0600 | 0x1030 => b"AE",
        0x0901 | 0x1005 => b"AT",
        0x0902 => b"LO",
        _ => b"US",
    }
}

fn number16(value: &[u8]) -> Option<u16> {
    value.first_chunk().map(|b| u16::from_le_bytes(*b))
}

fn number32(value: &[u8]) -> Option<u32> {
    value.first_chunk().map(|b| u32::from_le_bytes(*b))
}

fn first_filled<'a>(a: &'a [u8], b: &'a [u8]) -> &'a [u8] {
    if a.is_empty() { b } else { a }
}

/// Command Field (0000,0100) (PS3.7 table E.1-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandField(pub u16);

impl CommandField {
    pub const C_STORE: Self = Self(0x0001);
    pub const C_GET: Self = Self(0x0010);
    pub const C_FIND: Self = Self(0x0020);
    pub const C_MOVE: Self = Self(0x0021);
    pub const C_ECHO: Self = Self(0x0030);
    pub const N_EVENT_REPORT: Self = Self(0x0100);
    pub const N_GET: Self = Self(0x0110);
    pub const N_SET: Self = Self(0x0120);
    pub const N_ACTION: Self = Self(0x0130);
    pub const N_CREATE: Self = Self(0x0140);
    pub const N_DELETE: Self = Self(0x0150);
    pub const C_CANCEL: Self = Self(0x0FFF);

    const RESPONSE: u16 = 0x8000;

    pub const fn is_response(self) -> bool {
        self.0 & Self::RESPONSE != 0
    }

    /// True for requests that carry an identifier of query keys (PS3.4 C.4).
    pub const fn is_query(self) -> bool {
        matches!(self, Self::C_FIND | Self::C_MOVE | Self::C_GET)
    }

    pub const fn kind(self) -> Option<KindId> {
        Some(match self.0 {
            0x0001 => fields::C_STORE_RQ,
            0x8001 => fields::C_STORE_RSP,
            0x0010 => fields::C_GET_RQ,
            0x8010 => fields::C_GET_RSP,
            0x0020 => fields::C_FIND_RQ,
            0x8020 => fields::C_FIND_RSP,
            0x0021 => fields::C_MOVE_RQ,
            0x8021 => fields::C_MOVE_RSP,
            0x0030 => fields::C_ECHO_RQ,
            0x8030 => fields::C_ECHO_RSP,
            0x0FFF => fields::C_CANCEL_RQ,
            0x0100 => fields::N_EVENT_REPORT_RQ,
            0x8100 => fields::N_EVENT_REPORT_RSP,
            0x0110 => fields::N_GET_RQ,
            0x8110 => fields::N_GET_RSP,
            0x0120 => fields::N_SET_RQ,
            0x8120 => fields::N_SET_RSP,
            0x0130 => fields::N_ACTION_RQ,
            0x8130 => fields::N_ACTION_RSP,
            0x0140 => fields::N_CREATE_RQ,
            0x8140 => fields::N_CREATE_RSP,
            0x0150 => fields::N_DELETE_RQ,
            0x8150 => fields::N_DELETE_RSP,
            _ => return None,
        })
    }
}
