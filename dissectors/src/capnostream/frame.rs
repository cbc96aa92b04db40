//! Frames: `85 · length · code · payload · checksum`. Length counts code and payload without
//! escapes; the checksum is the exclusive or of what was sent between.

pub const START: u8 = 0x85;
const ESCAPE: u8 = 0x80;

/// What the bytes after a start are.
#[derive(Debug, PartialEq, Eq)]
pub enum Framing {
    /// Bytes on the line, and whether the checksum fits. Code and payload are in the buffer.
    Whole { len: usize, fits: bool },
    /// Another frame begins after this many bytes.
    Cut(usize),
    /// At least this many bytes are needed in all.
    Short(usize),
}

/// Reads the frame that begins at `input[0]`; `body` gets code and payload, escapes taken out.
pub fn frame(input: &[u8], body: &mut Vec<u8>) -> Framing {
    body.clear();
    let Some(length) = input.get(1) else {
        return Framing::Short(3);
    };
    let mut sum = *length;
    let mut at = 2;
    while body.len() < usize::from(*length) {
        let missing = usize::from(*length) - body.len() + 1;
        let Some(byte) = input.get(at) else {
            return Framing::Short(at + missing);
        };
        if *byte == START {
            return Framing::Cut(at);
        }
        sum ^= byte;
        at += 1;
        if *byte == ESCAPE {
            let Some(low) = input.get(at) else {
                return Framing::Short(at + missing);
            };
            if *low == START {
                return Framing::Cut(at);
            }
            sum ^= low;
            at += 1;
            body.push(ESCAPE | low);
        } else {
            body.push(*byte);
        }
    }
    // A checksum that looks like a start or escape may come escaped.
    match (input.get(at), input.get(at + 1)) {
        (None, _) => Framing::Short(at + 1),
        (Some(&ESCAPE), None) if matches!(sum, START | ESCAPE) => Framing::Short(at + 2),
        (Some(&ESCAPE), Some(low)) if matches!(sum, START | ESCAPE) && ESCAPE | low == sum => {
            Framing::Whole {
                len: at + 2,
                fits: true,
            }
        }
        (Some(byte), _) if *byte == sum => Framing::Whole {
            len: at + 1,
            fits: true,
        },
        (Some(&START), _) => Framing::Cut(at),
        (Some(_), _) => Framing::Whole {
            len: at + 1,
            fits: false,
        },
    }
}
