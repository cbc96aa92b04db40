//! A pull walk over one XML document with namespaces, to fixed limits: no DTD is obeyed, no entity
//! but the five of XML is expanded, nothing is built.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::attributes::Attributes;
use quick_xml::events::{BytesStart, Event};

use super::names::Ns;
use crate::limits::{self, LimitId, Limits};

/// Namespace declarations in scope at once.
const MOST_SPACES: usize = 64;

/// What is wrong with a document. The first of each kind is told.
pub type Fault = (&'static str, usize);

/// A walk over one document.
pub struct Xml<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    spaces: [(u16, &'a str, Ns); MOST_SPACES],
    used: usize,
    depth: u16,
    deepest: usize,
    most_attributes: usize,
    over: bool,
    /// Something but blanks stood after the root element, or before it.
    pub faults: [Option<Fault>; 6],
    pub hit: Option<LimitId>,
}

/// An element's start.
#[derive(Clone, Copy)]
pub struct Tag<'a> {
    pub ns: Ns,
    pub local: &'a str,
    /// All between `<` and `>`.
    content: &'a str,
    name: usize,
    most: usize,
}

impl<'a> Tag<'a> {
    /// The value of an attribute by its local name, entities expanded.
    pub fn attribute(&self, local: &str) -> Option<Cow<'a, str>> {
        Attributes::new(self.content, self.name)
            .with_checks(false)
            .take(self.most)
            .flatten()
            .find(|a| {
                let key = a.key.into_inner();
                key.rsplit(':').next() == Some(local)
            })
            .map(|a| match a.value {
                Cow::Borrowed(v) => unescape(v).unwrap_or(Cow::Borrowed(v)),
                Cow::Owned(v) => Cow::Owned(v),
            })
    }

    /// The number in an attribute.
    pub fn number(&self, local: &str) -> Option<f64> {
        self.attribute(local)?.trim().parse().ok()
    }

    /// The local name of the type in `xsi:type`, without its prefix.
    pub fn kind(&self) -> Cow<'a, str> {
        match self.attribute("type") {
            Some(Cow::Borrowed(t)) => Cow::Borrowed(t.rsplit(':').next().unwrap_or(t).trim()),
            Some(Cow::Owned(t)) => Cow::Owned(t.rsplit(':').next().unwrap_or("").trim().to_owned()),
            None => Cow::Borrowed(""),
        }
    }
}

/// What comes next.
pub enum Step<'a> {
    Open(Tag<'a>),
    Close,
    Text(Cow<'a, str>),
    /// The document ended, or the walk gave up (then there is a fault).
    End,
}

impl<'a> Xml<'a> {
    pub fn new(text: &'a str, limits: &Limits) -> Self {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_end_names = true;
        config.allow_dangling_amp = true;
        Xml {
            text,
            reader,
            spaces: [(0, "", Ns::None); MOST_SPACES],
            used: 0,
            depth: 0,
            deepest: limits.get(limits::SDC_DEPTH),
            most_attributes: limits.get(limits::SDC_ATTRIBUTES),
            over: false,
            faults: [None; 6],
            hit: None,
        }
    }

    /// How many elements are open.
    pub fn depth(&self) -> u16 {
        self.depth
    }

    /// Where in the document the walk stands.
    pub fn at(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    pub fn fault(&mut self, name: &'static str) {
        let at = self.at();
        if self.faults.iter().flatten().all(|(n, _)| *n != name)
            && let Some(slot) = self.faults.iter_mut().find(|f| f.is_none())
        {
            *slot = Some((name, at));
        }
    }

    pub fn faults(&self) -> impl Iterator<Item = Fault> + '_ {
        self.faults.iter().flatten().copied()
    }

    pub fn step(&mut self) -> Step<'a> {
        loop {
            if self.over {
                return Step::End;
            }
            match self.reader.read_event() {
                Ok(Event::Start(raw)) => return self.open(raw),
                // Not given: empty elements are expanded.
                Ok(Event::Empty(_)) => {}
                Ok(Event::End(_)) => {
                    while self.used > 0 && self.spaces[self.used - 1].0 == self.depth {
                        self.used -= 1;
                    }
                    self.depth = self.depth.saturating_sub(1);
                    return Step::Close;
                }
                Ok(Event::Text(text)) => {
                    let text = text.into_inner();
                    if self.depth > 0 {
                        return Step::Text(text);
                    }
                    if !text.trim().is_empty() {
                        self.fault("not-well-formed");
                    }
                }
                Ok(Event::CData(text)) => return Step::Text(text.into_inner()),
                Ok(Event::GeneralRef(name)) => {
                    if let Ok(Some(c)) = name.resolve_char_ref() {
                        return Step::Text(Cow::Owned(c.to_string()));
                    }
                    let text = match name.into_inner().as_ref() {
                        "lt" => "<",
                        "gt" => ">",
                        "amp" => "&",
                        "quot" => "\"",
                        "apos" => "'",
                        _ => {
                            self.fault("entity");
                            continue;
                        }
                    };
                    return Step::Text(Cow::Borrowed(text));
                }
                Ok(Event::DocType(_)) => self.fault("doctype"),
                Ok(Event::Comment(_) | Event::PI(_) | Event::Decl(_)) => {}
                Ok(Event::Eof) => {
                    if self.depth > 0 {
                        self.fault("truncated");
                    }
                    self.over = true;
                }
                Err(_) => {
                    self.fault(if self.at() >= self.length() {
                        "truncated"
                    } else {
                        "not-well-formed"
                    });
                    self.over = true;
                }
            }
        }
    }

    fn length(&self) -> usize {
        self.text.len()
    }

    fn open(&mut self, raw: BytesStart<'a>) -> Step<'a> {
        self.depth += 1;
        if usize::from(self.depth) > self.deepest {
            self.fault("too-deep");
            self.hit = Some(limits::SDC_DEPTH);
            self.over = true;
            return Step::End;
        }
        let name = raw.name().into_inner().len();
        let content = self.borrowed(&raw);
        if memchr::memmem::find(content.as_bytes(), b"xmlns").is_some() {
            let mut count = 0;
            for attribute in Attributes::new(content, name).with_checks(false).flatten() {
                count += 1;
                if count > self.most_attributes {
                    break;
                }
                let prefix = match attribute.key.into_inner().strip_prefix("xmlns") {
                    Some("") => "",
                    Some(rest) if rest.starts_with(':') => &rest[1..],
                    _ => continue,
                };
                match self.spaces.get_mut(self.used) {
                    Some(slot) => {
                        *slot = (self.depth, prefix, Ns::of(&attribute.value));
                        self.used += 1;
                    }
                    None => {
                        self.fault("too-many-namespaces");
                        self.over = true;
                        return Step::End;
                    }
                }
            }
            if count > self.most_attributes {
                self.fault("too-many-attributes");
                self.hit = Some(limits::SDC_ATTRIBUTES);
            }
        }
        let full = content.get(..name).unwrap_or("");
        let (prefix, local) = full.split_once(':').unwrap_or(("", full));
        Step::Open(Tag {
            ns: self.resolve(prefix),
            local,
            content,
            name,
            most: self.most_attributes,
        })
    }

    /// The tag's content, borrowed from the document and not from the event.
    fn borrowed(&self, raw: &BytesStart<'_>) -> &'a str {
        let from = (raw.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        self.text
            .get(from..from.saturating_add(raw.len()))
            .unwrap_or("")
    }

    /// The namespace that a prefix stands for here.
    pub fn resolve(&self, prefix: &str) -> Ns {
        self.spaces[..self.used]
            .iter()
            .rev()
            .find(|(_, p, _)| *p == prefix)
            .map_or(Ns::None, |(_, _, ns)| *ns)
    }

    /// The text of the element just opened, up to its end; elements inside are passed over.
    pub fn text(&mut self) -> Cow<'a, str> {
        let depth = self.depth;
        let mut text = Cow::Borrowed("");
        loop {
            match self.step() {
                Step::Text(piece) if self.depth == depth => {
                    if text.is_empty() {
                        text = piece;
                    } else {
                        text.to_mut().push_str(&piece);
                    }
                }
                Step::Close if self.depth < depth => return trimmed(text),
                Step::End => return trimmed(text),
                _ => {}
            }
        }
    }

    /// Passes over the rest of the element just opened.
    pub fn skip(&mut self) {
        let depth = self.depth;
        loop {
            match self.step() {
                Step::Close if self.depth < depth => return,
                Step::End => return,
                _ => {}
            }
        }
    }

    /// The next element directly below the one that was at `depth` when opened; `None` when that
    /// one ends.
    pub fn child(&mut self, depth: u16) -> Option<Tag<'a>> {
        loop {
            match self.step() {
                Step::Open(tag) if self.depth == depth + 1 => return Some(tag),
                Step::Close if self.depth < depth => return None,
                Step::End => return None,
                _ => {}
            }
        }
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(t) => Cow::Borrowed(t.trim()),
        Cow::Owned(t) if t.trim().len() == t.len() => Cow::Owned(t),
        Cow::Owned(t) => Cow::Owned(t.trim().to_owned()),
    }
}
