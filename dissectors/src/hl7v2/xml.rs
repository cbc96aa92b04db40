//! HL7 v2.xml (`<ADT_A01 xmlns="urn:hl7-org:v2xml"><MSH><MSH.1>|</MSH.1>...`): written anew as ER7,
//! so that everything behind it reads one form. No entities are expanded but the five of XML.

use memchr::{memchr, memmem};

use super::segments::is_segment_id;

/// Elements nest to groups, segment, field, component, subcomponent; more is no v2.xml.
const DEPTH: usize = 24;
/// Highest number of a field or component that is taken for one.
const NUMBER: usize = 512;

/// Writes the document as ER7. The error names what is wrong with it.
pub(super) fn to_er7(xml: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    out.clear();
    let mut writer = Er7 {
        out,
        room: xml.len() * 2 + 1024,
        depth: 0,
        segment: None,
        id: [0; 3],
        place: [0; 3],
        skip: false,
        leaf: false,
    };
    let mut rest = xml;
    while let Some(open) = memchr(b'<', rest) {
        let text = &rest[..open];
        let tag = &rest[open + 1..];
        if let Some(data) = tag.strip_prefix(b"![CDATA[") {
            let end = memmem::find(data, b"]]>").ok_or("xml-malformed")?;
            writer.text(text)?;
            writer.characters(&data[..end])?;
            rest = &data[end + 3..];
            continue;
        }
        if let Some(comment) = tag.strip_prefix(b"!--") {
            rest = &comment[memmem::find(comment, b"-->").ok_or("xml-malformed")? + 3..];
            continue;
        }
        if tag.starts_with(b"!") {
            // A document type may define entities: nothing that a v2.xml needs.
            return Err("xml-doctype");
        }
        let close = memchr(b'>', tag).ok_or("xml-malformed")?;
        let inner = &tag[..close];
        rest = &tag[close + 1..];
        if inner.starts_with(b"?") {
            continue;
        }
        if inner.starts_with(b"/") {
            writer.text(text)?;
            writer.end();
        } else {
            let empty = inner.ends_with(b"/");
            let name = inner
                .split(|b| b.is_ascii_whitespace() || *b == b'/')
                .next()
                .unwrap_or_default();
            let local = name.rsplit(|b| *b == b':').next().unwrap_or_default();
            writer.start(local)?;
            if empty {
                writer.end();
            }
        }
    }
    if writer.depth != 0 {
        return Err("xml-malformed");
    }
    let found = out.get(..3).unwrap_or_default();
    if [&b"MSH"[..], b"FHS", b"BHS"].contains(&found) {
        Ok(())
    } else {
        Err("xml-not-hl7")
    }
}

struct Er7<'o> {
    out: &'o mut Vec<u8>,
    room: usize,
    depth: usize,
    /// Depth of the open segment element.
    segment: Option<usize>,
    id: [u8; 3],
    /// Field, component and subcomponent at hand.
    place: [usize; 3],
    /// Inside MSH.1 or MSH.2, whose values are ours.
    skip: bool,
    /// The element at hand has had no child.
    leaf: bool,
}

impl Er7<'_> {
    fn start(&mut self, name: &[u8]) -> Result<(), &'static str> {
        self.depth += 1;
        self.leaf = true;
        if self.depth > DEPTH {
            return Err("xml-too-deep");
        }
        let Some(segment) = self.segment else {
            if is_segment_id(name) && self.depth > 1 {
                self.begin(name);
            }
            return Ok(());
        };
        let level = self.depth - segment - 1;
        let Some(number) = number(name).filter(|_| level < 3) else {
            return Ok(());
        };
        if level == 0 && self.id == *b"MSH" && number <= 2 {
            self.skip = true;
            return Ok(());
        }
        self.move_to(level, number)
    }

    fn begin(&mut self, name: &[u8]) {
        if !self.out.is_empty() {
            self.out.push(b'\r');
        }
        self.segment = Some(self.depth);
        self.id.copy_from_slice(name);
        self.out.extend_from_slice(name);
        self.place = [0; 3];
        if matches!(name, b"MSH" | b"FHS" | b"BHS") {
            self.out.extend_from_slice(b"|^~\\&");
            self.place[0] = 2;
        }
    }

    /// Writes the separators up to field, component or subcomponent `number`.
    fn move_to(&mut self, level: usize, number: usize) -> Result<(), &'static str> {
        let separator = [b'|', b'^', b'&'][level];
        let first = usize::from(level > 0);
        let here = self.place[level].max(first);
        if level == 0 && number == here {
            self.out.push(b'~');
        } else {
            let missing = number.saturating_sub(here);
            if self.out.len() + missing > self.room {
                return Err("xml-too-long");
            }
            self.out.extend(std::iter::repeat_n(separator, missing));
        }
        self.place[level] = number;
        self.place[level + 1..].fill(0);
        Ok(())
    }

    fn end(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.leaf = false;
        self.skip = false;
        if self.segment.is_some_and(|s| self.depth < s) {
            self.segment = None;
        }
    }

    /// Text before a tag: a value if no child stood beside it.
    fn text(&mut self, text: &[u8]) -> Result<(), &'static str> {
        let mut rest = text;
        while let Some(at) = memchr(b'&', rest) {
            self.characters(&rest[..at])?;
            let Some(end) = memchr(b';', &rest[at..]) else {
                return Err("xml-malformed");
            };
            let name = &rest[at + 1..at + end];
            let mut utf8 = [0u8; 4];
            let value: &[u8] = match name {
                b"amp" => b"&",
                b"lt" => b"<",
                b"gt" => b">",
                b"quot" => b"\"",
                b"apos" => b"'",
                _ => character(name)
                    .ok_or("xml-entity")?
                    .encode_utf8(&mut utf8)
                    .as_bytes(),
            };
            self.characters(value)?;
            rest = &rest[at + end + 1..];
        }
        self.characters(rest)
    }

    fn characters(&mut self, text: &[u8]) -> Result<(), &'static str> {
        if self.segment.is_none() || !self.leaf || self.skip {
            return Ok(());
        }
        if self.out.len() + text.len() > self.room {
            return Err("xml-too-long");
        }
        for b in text {
            let escaped: &[u8] = match b {
                b'|' => b"\\F\\",
                b'^' => b"\\S\\",
                b'~' => b"\\R\\",
                b'\\' => b"\\E\\",
                b'&' => b"\\T\\",
                b'\r' | b'\n' => b" ",
                _ => std::slice::from_ref(b),
            };
            self.out.extend_from_slice(escaped);
        }
        Ok(())
    }
}

/// The number of `PID.5` or `XPN.1`.
fn number(name: &[u8]) -> Option<usize> {
    let dot = name.iter().rposition(|b| *b == b'.')?;
    let digits = std::str::from_utf8(name.get(dot + 1..)?).ok()?;
    digits.parse().ok().filter(|n| (1..=NUMBER).contains(n))
}

/// `#65` or `#x41`
fn character(name: &[u8]) -> Option<char> {
    let digits = std::str::from_utf8(name.strip_prefix(b"#")?).ok()?;
    let code = match digits.strip_prefix('x') {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn er7(xml: &str) -> Result<String, &'static str> {
        let mut out = Vec::new();
        to_er7(xml.as_bytes(), &mut out)?;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }

    #[test]
    fn what_is_no_v2_xml_is_refused_by_name() {
        assert_eq!(er7("<HEL.R01><HDR/></HEL.R01>"), Err("xml-not-hl7"));
        assert_eq!(er7("<ACK><MSH><MSH.9>"), Err("xml-malformed"));
        assert_eq!(
            er7("<!DOCTYPE x [<!ENTITY a \"b\">]><ACK><MSH/></ACK>"),
            Err("xml-doctype")
        );
        assert_eq!(
            er7("<ACK><MSH><MSH.3>&x;</MSH.3></MSH></ACK>"),
            Err("xml-entity")
        );
        assert_eq!(er7(&"<A>".repeat(100)), Err("xml-too-deep"));
        let wide = format!("<ACK><MSH/>{}</ACK>", "<PID><PID.512/></PID>".repeat(100));
        assert_eq!(er7(&wide), Err("xml-too-long"));
    }

    #[test]
    fn elements_become_fields_components_and_repetitions() {
        let xml = r#"<?xml version="1.0"?><RGV_O15 xmlns="urn:hl7-org:v2xml">
            <MSH><MSH.1>|</MSH.1><MSH.2>^~\&amp;</MSH.2><MSH.3><HD.1>BCMA</HD.1></MSH.3>
            <MSH.9><MSG.1>RGV</MSG.1><MSG.2>O15</MSG.2></MSH.9><MSH.10>X&amp;1</MSH.10></MSH>
            <RGV_O15.PATIENT><PID><PID.3><CX.1>T9</CX.1></PID.3><PID.3><CX.1>T8</CX.1></PID.3>
            <PID.5><XPN.1><FN.1>A</FN.1><FN.3>C</FN.3></XPN.1><XPN.2>B</XPN.2></PID.5></PID></RGV_O15.PATIENT>
            <ORC><ORC.1>RE</ORC.1></ORC></RGV_O15>"#;
        assert_eq!(
            er7(xml).as_deref(),
            Ok("MSH|^~\\&|BCMA||||||RGV^O15|X\\T\\1\rPID|||T9~T8||A&&C^B\rORC|RE")
        );
    }
}
