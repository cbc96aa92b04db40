//! The commands in a Telnet stream (RFC 854, 855).

pub const IAC: u8 = 0xFF;
pub const DONT: u8 = 0xFE;
pub const DO: u8 = 0xFD;
pub const WONT: u8 = 0xFC;
pub const WILL: u8 = 0xFB;
pub const SB: u8 = 0xFA;
const SE: u8 = 0xF0;
pub const INTERRUPT: u8 = 0xF4;
pub const BREAK: u8 = 0xF3;

/// What stands at the front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// This many bytes of data.
    Data(usize),
    /// IAC IAC: one byte FF of data.
    Escaped,
    /// A command of two bytes.
    Command(u8),
    /// WILL, WONT, DO, DONT.
    Option { verb: u8, option: u8 },
    /// IAC SB body IAC SE, `len` bytes in all; bytes FF in the body are doubled.
    Sub { body: &'a [u8], len: usize },
    /// At least this many bytes are needed.
    Short(usize),
}

/// True for options that IANA's list of Telnet options assigns.
pub const fn is_assigned(option: u8) -> bool {
    matches!(option, 0..=49 | 70 | 80 | 85 | 86 | 90 | 93 | 138..=140 | 200 | 201 | 255)
}

/// The token at the front of `input`; sub-negotiations up to `longest` bytes.
pub fn next(input: &[u8], longest: usize) -> Token<'_> {
    match input {
        [] => Token::Short(1),
        [IAC] => Token::Short(2),
        [IAC, IAC, ..] => Token::Escaped,
        [IAC, verb @ (WILL | WONT | DO | DONT), rest @ ..] => match rest.first() {
            Some(option) => Token::Option {
                verb: *verb,
                option: *option,
            },
            None => Token::Short(3),
        },
        [IAC, SB, body @ ..] => {
            let window = &body[..body.len().min(longest)];
            let mut at = 0;
            while at + 1 < window.len() {
                match (window[at], window[at + 1]) {
                    (IAC, SE) => {
                        return Token::Sub {
                            body: &body[..at],
                            len: at + 4,
                        };
                    }
                    (IAC, _) => at += 2,
                    _ => at += 1,
                }
            }
            Token::Short(input.len() + 1)
        }
        [IAC, code, ..] => Token::Command(*code),
        _ => {
            let end = input.iter().position(|b| *b == IAC);
            Token::Data(end.unwrap_or(input.len()))
        }
    }
}

/// Takes the doubling of FF back.
pub fn undouble(body: &[u8], plain: &mut Vec<u8>) {
    plain.clear();
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        plain.push(*byte);
        if *byte == IAC && bytes.as_slice().first() == Some(&IAC) {
            bytes.next();
        }
    }
}

/// The option's name in the IANA registry, for those that matter here.
pub fn option_name(option: u8) -> &'static str {
    match option {
        0 => "binary transmission",
        1 => "echo",
        3 => "suppress go ahead",
        5 => "status",
        6 => "timing mark",
        24 => "terminal type",
        31 => "window size",
        32 => "terminal speed",
        33 => "remote flow control",
        34 => "line mode",
        35 => "X display location",
        37 => "authentication",
        38 => "encryption",
        39 => "new environment",
        44 => "COM port control",
        _ => "",
    }
}
