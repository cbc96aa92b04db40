//! The part of a data file that describes frames: `[[frame]]`, layouts, lengths, check sums.

use super::load::Loader;
use super::reader::{At, Node};
use super::table::{Checksum, Form, Length, Part, SLOTS, Slot, Sum, Take};

/// How a word of a layout becomes a step, with its `max`.
type MakeTake = fn(usize) -> Take;

impl Loader {
    pub(super) fn form(&mut self, node: &Node<'_>) -> Form {
        let side = node.word(
            "side",
            &[
                ("client", [true, false]),
                ("server", [false, true]),
                ("both", [true, true]),
            ],
        );
        if side.is_none() && node.text("side").is_none() {
            node.fault(
                node.span(),
                "`side` is missing",
                "say who sends it: client, server or both",
            );
        }
        let max = node.number("max", 2..=8192).unwrap_or(256) as usize;
        let (start, end) = (node.bytes("start"), node.bytes("end"));
        let length = node.table("length").map(|n| length(&n));
        if end.is_empty() && length.is_none() {
            node.fault(
                node.span(),
                "this frame has neither `end` nor `length`",
                "give the bytes that end it, as in end = \"0D\"",
            );
        }
        let checksum = node.table("checksum").and_then(|n| checksum(&n));
        let escape = node.table("escape").and_then(|n| {
            let (byte, flip) = (n.bytes("byte"), n.bytes("xor"));
            n.done();
            match (&byte[..], &flip[..]) {
                (&[byte], &[flip]) => Some((byte, flip)),
                _ => {
                    n.fault(
                        n.span(),
                        "an escape is one byte and what it is xor-ed with",
                        "write { byte = \"1B\", xor = \"20\" }",
                    );
                    None
                }
            }
        });
        let kind = node.text("kind").map(|k| {
            let doc = node.text("doc").map_or("", |d| d.value);
            self.kind(k.value, doc, None)
        });
        let layout = self.layout(node, "layout");
        let telling = node.flag("telling");
        node.done();
        Form {
            sides: side.unwrap_or_default(),
            start,
            end,
            length,
            checksum,
            escape,
            max,
            layout,
            kind,
            telling,
        }
    }

    pub(super) fn layout(&mut self, node: &Node<'_>, key: &'static str) -> Vec<Part> {
        node.tables(key)
            .iter()
            .map(|part| self.part(part))
            .collect()
    }

    fn part(&mut self, node: &Node<'_>) -> Part {
        let max = node
            .number("max", 1..=8192)
            .map_or(usize::MAX, |n| n as usize);
        let of = node.texts("of");
        let name = node.text("name");
        let optional = node.flag("optional");
        let until = node.bytes("until");
        let words: &[(&str, MakeTake)] = &[
            ("digits", Take::Digits),
            ("number", |_| Take::Number),
            ("letters", Take::Letters),
            ("word", |_| Take::Word),
            ("space", |_| Take::Space),
            ("bytes", |n| {
                Take::Bytes(if n == usize::MAX { 1 } else { n })
            }),
            ("verb", |_| Take::Verb),
            ("rest", |_| Take::Rest),
        ];
        let take = match (&of[..], &until[..]) {
            ([], []) => match node.word("take", words) {
                Some(make) => make(max),
                None => {
                    if node.text("take").is_none() {
                        node.fault(
                            node.span(),
                            "this part does not say what it takes",
                            "add `take`, `of` or `until`",
                        );
                    }
                    Take::Rest
                }
            },
            ([], [end]) => Take::Until(*end),
            ([], _) => {
                node.fault(
                    node.place("until"),
                    "`until` is more than one byte",
                    "write one, as in \"5E\"",
                );
                Take::Rest
            }
            (words, _) => Take::Of(bytes_of(words)),
        };
        let optional = optional || matches!(take, Take::Space);
        let slot = name.and_then(|n| self.slot(node, &n));
        node.done();
        Part {
            slot,
            take,
            optional,
        }
    }

    /// The slot of a name, a new one if need be.
    fn slot(&mut self, node: &Node<'_>, name: &At<&str>) -> Option<Slot> {
        if let Some(at) = self.slots.iter().position(|s| s == name.value) {
            return Some(Slot(at));
        }
        if self.slots.len() == SLOTS {
            node.fault(
                name.span.clone(),
                format!("more than {SLOTS} named parts"),
                "name fewer",
            );
            return None;
        }
        self.slots.push(name.value.to_owned());
        Some(Slot(self.slots.len() - 1))
    }
}

fn length(node: &Node<'_>) -> Length {
    let at = node.number("at", 0..=64).unwrap_or(1) as usize;
    let add = node.number("add", 0..=64).unwrap_or(0) as usize;
    let low = node.number("low", 0..=255).unwrap_or(1) as u8;
    let high = node.number("high", 1..=255).unwrap_or(255) as u8;
    node.done();
    Length { at, add, low, high }
}

fn checksum(node: &Node<'_>) -> Option<Checksum> {
    node.need("kind", "which check sum");
    let kind = node.word("kind", Sum::NAMES);
    let hex = node
        .word("form", &[("hex", true), ("binary", false)])
        .unwrap_or(true);
    let after_end = node
        .word("place", &[("before-end", false), ("after-end", true)])
        .unwrap_or(false);
    let whole = node
        .word("over", &[("content", false), ("frame", true)])
        .unwrap_or(false);
    let separator = node.bytes("separator");
    node.done();
    Some(Checksum {
        kind: kind?,
        hex,
        separator,
        after_end,
        whole,
    })
}

pub(super) fn bytes_of(texts: &[At<&str>]) -> Vec<Vec<u8>> {
    texts
        .iter()
        .map(|t| t.value.as_bytes().to_vec())
        .filter(|t| !t.is_empty())
        .collect()
}
