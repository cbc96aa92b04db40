//! Where a document ends: at the end tag of its root element. Read once, byte by byte.

/// Scans one document as it grows; every byte is looked at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scanner {
    state: State,
    /// Elements that are open.
    depth: u32,
    deepest: u32,
    doctype: bool,
    read: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// Behind `<`.
    Open,
    /// Inside a start tag; the last byte was `/`.
    Start {
        slash: bool,
    },
    StartQuoted(u8),
    End,
    /// `<?`, and whether the last byte was `?`.
    Instruction {
        mark: bool,
    },
    /// `<!`.
    Bang,
    /// `<!-`.
    BangDash,
    /// Dashes at the end so far.
    Comment(u8),
    /// Brackets at the end so far.
    Cdata(u8),
    /// A declaration and the angle brackets open in it.
    Declaration(u8),
}

/// What is known of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// It ends here: length, greatest depth, whether it declares a document type.
    Whole {
        len: usize,
        deepest: u32,
        doctype: bool,
    },
    Short,
    /// An end tag without a start.
    Broken(usize),
}

impl Scanner {
    /// Goes on where it stopped in `input`, the document from its first byte.
    pub fn scan(&mut self, input: &[u8]) -> Document {
        while let Some(byte) = input.get(self.read) {
            self.read += 1;
            if let Some(document) = self.step(*byte) {
                return document;
            }
        }
        Document::Short
    }

    fn step(&mut self, byte: u8) -> Option<Document> {
        self.state = match (self.state, byte) {
            (State::Text, b'<') => State::Open,
            (State::Text, _) => State::Text,
            (State::Open, b'/') => State::End,
            (State::Open, b'?') => State::Instruction { mark: false },
            (State::Open, b'!') => State::Bang,
            (State::Open, b'>') => State::Text,
            (State::Open, _) => State::Start { slash: false },
            (State::Start { slash }, b'>') => {
                self.state = State::Text;
                self.deepest = self.deepest.max(self.depth + 1);
                if !slash {
                    self.depth += 1;
                } else if self.depth == 0 {
                    return Some(self.whole());
                }
                State::Text
            }
            (State::Start { .. }, quote @ (b'"' | b'\'')) => State::StartQuoted(quote),
            (State::Start { .. }, byte) => State::Start {
                slash: byte == b'/',
            },
            (State::StartQuoted(quote), byte) if byte == quote => State::Start { slash: false },
            (State::End, b'>') => {
                self.state = State::Text;
                match self.depth {
                    0 => return Some(Document::Broken(self.read)),
                    1 => return Some(self.whole()),
                    _ => self.depth -= 1,
                }
                State::Text
            }
            (State::Instruction { mark: true }, b'>') => State::Text,
            (State::Instruction { .. }, byte) => State::Instruction { mark: byte == b'?' },
            (State::Bang, b'-') => State::BangDash,
            (State::Bang, b'[') => State::Cdata(0),
            (State::Bang, b'>') => State::Text,
            (State::Bang, _) => {
                self.doctype = true;
                State::Declaration(1)
            }
            (State::BangDash, b'-') => State::Comment(0),
            (State::BangDash, _) => State::Declaration(1),
            (State::Comment(2), b'>') => State::Text,
            (State::Comment(n), b'-') => State::Comment((n + 1).min(2)),
            (State::Comment(_), _) => State::Comment(0),
            (State::Cdata(2), b'>') => State::Text,
            (State::Cdata(n), b']') => State::Cdata((n + 1).min(2)),
            (State::Cdata(_), _) => State::Cdata(0),
            (State::Declaration(1), b'>') => State::Text,
            (State::Declaration(n), b'>') => State::Declaration(n - 1),
            (State::Declaration(n), b'<') => State::Declaration(n.saturating_add(1)),
            (state @ (State::StartQuoted(_) | State::End | State::Declaration(_)), _) => state,
        };
        None
    }

    fn whole(&self) -> Document {
        Document::Whole {
            len: self.read,
            deepest: self.deepest,
            doctype: self.doctype,
        }
    }
}

/// Does a document begin here: a declaration, or a root like `HEL.R01`? `None`: too few bytes.
/// Elements inside have lower case behind the point, groups have no point.
pub fn begins_document(bytes: &[u8]) -> Option<bool> {
    let name = bytes.strip_prefix(b"<")?;
    match name.first()? {
        b'?' | b'!' => return Some(true),
        _ => {}
    }
    let is_name = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'.';
    match name.iter().take(64).position(|b| !is_name(b)) {
        None if name.len() < 64 => None,
        None => Some(false),
        Some(end) => {
            let ends = matches!(name[end], b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n');
            Some(ends && is_root(&name[..end]))
        }
    }
}

/// Upper-case words and digits with points between.
pub fn is_root(name: &[u8]) -> bool {
    let mut parts = name.split(|b| *b == b'.');
    let first = parts.next().unwrap_or(b"");
    first.len() >= 3 && parts.clone().next().is_some() && parts.all(|p| !p.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str) -> Document {
        Scanner::default().scan(text.as_bytes())
    }

    fn len(text: &str) -> usize {
        match scan(text) {
            Document::Whole { len, .. } => len,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_end_tag_without_start_is_broken() {
        assert_eq!(scan("</A.B>"), Document::Broken(6));
    }

    #[test]
    fn an_end_in_quotes_comments_or_cdata_is_none() {
        assert_eq!(len("<A.B><X V=\"</A.B>\"/></A.B>rest"), 26);
        assert_eq!(len("<A.B><!-- </A.B> --></A.B>rest"), 26);
        assert_eq!(len("<A.B><![CDATA[</A.B>]]></A.B>x"), 29);
        assert_eq!(len("<A.B a='>/>'/>rest"), 14);
    }

    #[test]
    fn declarations_stand_before_the_root() {
        assert_eq!(len("<?xml version=\"1.0\"?>\n<A.B></A.B>"), 33);
        let text = "<!DOCTYPE a [<!ENTITY b \"c\">]><A.B/>";
        assert!(matches!(scan(text), Document::Whole { doctype: true, .. }));
    }

    #[test]
    fn a_root_has_upper_case_behind_its_point() {
        assert_eq!(begins_document(b"<OBS.value V="), Some(false));
        assert_eq!(begins_document(b"<OBS>"), Some(false));
        assert_eq!(begins_document(b"</OBS.R01>"), Some(false));
        assert_eq!(begins_document(b"<OBS.R0"), None);
        assert_eq!(begins_document(b"<OBS.R01>"), Some(true));
        assert_eq!(begins_document(b"<NOVA.STATSTRIP.SETUP "), Some(true));
        assert_eq!(begins_document(b"<?xml"), Some(true));
    }
}
