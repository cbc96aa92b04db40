//! A walk over JSON without a tree: what FHIR and DICOM bodies tell, to a depth and a length.

/// Nested objects and lists beyond which the walk gives up.
const DEEPEST: usize = 64;

/// One value met on the walk, with the key that it stands under (empty in lists).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    Open {
        key: &'a [u8],
        list: bool,
    },
    Close,
    /// Text between the quotes, escapes as sent.
    Text {
        key: &'a [u8],
        value: &'a [u8],
    },
    /// Number, true, false or null as sent.
    Word {
        key: &'a [u8],
        value: &'a [u8],
    },
}

/// The walk. Several values after each other (as in ndjson) are fine.
pub struct Json<'a> {
    rest: &'a [u8],
    lists: u64,
    pub depth: usize,
    /// The input is no JSON, or too deep.
    pub bad: bool,
}

impl<'a> Json<'a> {
    pub fn new(input: &'a [u8]) -> Self {
        Json {
            rest: input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input),
            lists: 0,
            depth: 0,
            bad: false,
        }
    }

    fn fail<T>(&mut self) -> Option<T> {
        self.bad = true;
        self.rest = b"";
        None
    }

    fn blank(&mut self) {
        let n = self
            .rest
            .iter()
            .take_while(|b| b.is_ascii_whitespace() || **b == b',')
            .count();
        self.rest = &self.rest[n..];
    }

    fn quoted(&mut self) -> Option<&'a [u8]> {
        let text = self.rest.get(1..)?;
        let mut at = 0;
        while let Some(n) = memchr::memchr2(b'"', b'\\', text.get(at..)?) {
            at += n;
            if text[at] == b'"' {
                self.rest = &text[at + 1..];
                return Some(&text[..at]);
            }
            at += 2;
        }
        None
    }
}

impl<'a> Iterator for Json<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        self.blank();
        if self.rest.is_empty() {
            self.bad |= self.depth > 0;
            return None;
        }
        let mut key: &'a [u8] = b"";
        let in_object = self.depth > 0 && self.lists >> (self.depth - 1) & 1 == 0;
        if in_object && self.rest[0] == b'"' {
            let Some(k) = self.quoted() else {
                return self.fail();
            };
            key = k;
            self.blank();
            let Some(after) = self.rest.strip_prefix(b":") else {
                return self.fail();
            };
            self.rest = after;
            self.blank();
        }
        match self.rest.first() {
            Some(open @ (b'{' | b'[')) => {
                if self.depth == DEEPEST {
                    return self.fail();
                }
                let list = *open == b'[';
                self.lists &= !(1 << self.depth);
                self.lists |= u64::from(list) << self.depth;
                self.depth += 1;
                self.rest = &self.rest[1..];
                Some(Item::Open { key, list })
            }
            Some(close @ (b'}' | b']')) => {
                if self.depth == 0 || (self.lists >> (self.depth - 1) & 1 == 1) != (*close == b']')
                {
                    return self.fail();
                }
                self.depth -= 1;
                self.rest = &self.rest[1..];
                Some(Item::Close)
            }
            Some(b'"') => match self.quoted() {
                Some(value) => Some(Item::Text { key, value }),
                None => self.fail(),
            },
            Some(_) => {
                let n = self
                    .rest
                    .iter()
                    .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
                    .count();
                if n == 0 {
                    return self.fail();
                }
                let (value, rest) = self.rest.split_at(n);
                self.rest = rest;
                Some(Item::Word { key, value })
            }
            None => self.fail(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_unclosed_and_crossed_input_is_bad() {
        for text in ["{", "[}", "{\"a\" 1}", "\"open", "{\"a\":", "@"] {
            let mut json = Json::new(text.as_bytes());
            while json.next().is_some() {}
            assert!(json.bad, "{text}");
        }
        let deep = vec![b'['; 100_000];
        let mut json = Json::new(&deep);
        assert_eq!((&mut json).count(), DEEPEST);
        assert!(json.bad);
    }

    #[test]
    fn keys_stand_with_their_values() {
        let mut json = Json::new(br#"{"a": "x\"y", "b": [1, {"c": null}]} {"d":true}"#);
        let items: Vec<_> = (&mut json).collect();
        assert_eq!(
            items[1],
            Item::Text {
                key: b"a",
                value: br#"x\"y"#
            }
        );
        assert_eq!(
            items[3],
            Item::Word {
                key: b"",
                value: b"1"
            }
        );
        assert_eq!(
            items[5],
            Item::Word {
                key: b"c",
                value: b"null"
            }
        );
        assert_eq!(
            items[10],
            Item::Word {
                key: b"d",
                value: b"true"
            }
        );
        assert!(!json.bad);
    }
}
