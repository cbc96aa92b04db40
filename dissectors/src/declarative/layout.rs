//! Walks through the content of a frame and finds its named parts.

use super::table::{Part, SLOTS, Slot, Table, Take};

/// The parts of one frame by slot.
pub type Parts<'f> = [Option<&'f [u8]>; SLOTS];

/// Reads `content` by `layout`. False if a part that must be there is not, or something is left.
pub fn walk<'f>(table: &Table, layout: &[Part], content: &'f [u8], parts: &mut Parts<'f>) -> bool {
    let mut rest = content;
    for part in layout {
        let (taken, over) = take(table, &part.take, rest);
        if taken.is_empty() && !part.optional {
            return false;
        }
        if let Some(Slot(slot)) = part.slot {
            parts[slot] = Some(taken);
        }
        rest = &rest[over..];
    }
    rest.is_empty()
}

/// What a step takes, and how many bytes it moves on.
fn take<'f>(table: &Table, step: &Take, rest: &'f [u8]) -> (&'f [u8], usize) {
    let while_ = |most: usize, wanted: fn(&u8) -> bool| {
        let len = rest.iter().take(most).take_while(|b| wanted(b)).count();
        (&rest[..len], len)
    };
    match step {
        Take::Digits(most) => while_(*most, u8::is_ascii_digit),
        Take::Number => while_(usize::MAX, |b| {
            b.is_ascii_digit() || matches!(*b, b'.' | b'-')
        }),
        Take::Letters(most) => while_(*most, u8::is_ascii_alphabetic),
        Take::Word => while_(usize::MAX, |b| *b != b' '),
        Take::Space => while_(usize::MAX, |b| *b == b' '),
        Take::Bytes(len) => match rest.get(..*len) {
            Some(taken) => (taken, *len),
            None => (&[], 0),
        },
        Take::Until(end) => match rest.iter().position(|b| b == end) {
            Some(at) => (&rest[..at], at + 1),
            None => (rest, rest.len()),
        },
        Take::Of(words) => {
            let best = words
                .iter()
                .filter(|w| rest.starts_with(w))
                .map(Vec::len)
                .max();
            let len = best.unwrap_or(0);
            (&rest[..len], len)
        }
        Take::Verb => {
            let listed = table.verbs.iter().map(|v| &v.name[..]);
            let best = listed
                .filter(|name| stands(table, rest, name))
                .map(<[u8]>::len)
                .max();
            let word = rest.iter().take_while(|b| **b != b' ').count();
            let len = best.filter(|n| *n > 0).unwrap_or(word);
            (&rest[..len], len)
        }
        Take::Rest => (rest, rest.len()),
    }
}

/// True if `name` stands at the front as a word of its own.
fn stands(table: &Table, rest: &[u8], name: &[u8]) -> bool {
    rest.get(..name.len())
        .is_some_and(|front| same(table, front, name))
        && rest.get(name.len()).is_none_or(|b| *b == b' ')
}

/// True if two verbs are the same in this protocol.
pub fn same(table: &Table, a: &[u8], b: &[u8]) -> bool {
    if table.ignore_case {
        a.eq_ignore_ascii_case(b)
    } else {
        a == b
    }
}
