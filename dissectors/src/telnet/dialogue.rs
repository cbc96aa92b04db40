//! Prompts and lines: who logs in, and whether anybody was asked to.
//!
//! Prompts are recognised by the bytes up to them alone, so that it does not matter how the stream
//! was cut. Passwords are counted, never kept.

use crate::action::{Action, Outcome, Verb};
use crate::contract::Side;
use crate::limits::{Limits, TELNET_LINE};
use crate::message::{Messages, Scope};
use crate::vendor_logins::User;

use super::fields::*;

/// The dialogue of one connection.
pub struct Dialogue {
    lines: [Line; 2],
    /// What the last prompt asked for.
    prompt: Prompt,
    /// A login or password prompt came before.
    login_seen: bool,
    shell_seen: bool,
    /// A password was given and its fate is not known yet.
    pending: Option<u32>,
    passwords: u32,
    /// Who wants to log in.
    user: Option<User>,
    banner: Vec<u8>,
    from_start: bool,
    longest: usize,
}

#[derive(Default)]
struct Line {
    text: Vec<u8>,
    /// Outer offset of its first byte.
    start: u64,
    /// The line outgrew the limit: only its end is waited for.
    over: bool,
    after_return: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prompt {
    None,
    User,
    Password,
    Shell,
}

/// The longest banner shown.
const BANNER_LONGEST: usize = 120;

impl Dialogue {
    pub fn new(limits: &Limits) -> Self {
        Dialogue {
            lines: Default::default(),
            prompt: Prompt::None,
            login_seen: false,
            shell_seen: false,
            pending: None,
            passwords: 0,
            user: None,
            banner: Vec::new(),
            from_start: true,
            longest: limits.get(TELNET_LINE).max(64),
        }
    }

    /// Bytes are missing: what was asked before is not known.
    pub fn gap(&mut self) {
        self.from_start = false;
        self.prompt = Prompt::None;
        self.pending = None;
        for line in &mut self.lines {
            line.text.clear();
        }
    }

    pub fn held(&self) -> usize {
        self.lines.iter().map(|l| l.text.capacity()).sum::<usize>() + self.banner.capacity()
    }

    /// `plain`: nothing else reads this stream, so that lines without a prompt count too.
    pub fn read(
        &mut self,
        side: Side,
        bytes: &[u8],
        outer: u64,
        plain: bool,
        out: &mut Messages<'_>,
    ) {
        for (n, byte) in bytes.iter().enumerate() {
            let at = outer + n as u64;
            let line = &mut self.lines[side.index()];
            let after_return = std::mem::replace(&mut line.after_return, *byte == b'\r');
            match byte {
                b'\n' | 0 if after_return => continue,
                b'\r' | b'\n' => {
                    let text = std::mem::take(&mut line.text);
                    let start = line.start;
                    let over = std::mem::take(&mut line.over);
                    let kept = match side {
                        Side::Client => {
                            if over {
                                out.limit(TELNET_LINE);
                            }
                            self.client_line(text, start, at + 1, plain, out)
                        }
                        Side::Server => self.server_line(text, start, at + 1, out),
                    };
                    self.lines[side.index()].text = kept;
                    continue;
                }
                // Backspace and delete.
                0x08 | 0x7F => {
                    line.text.pop();
                }
                _ if line.text.len() >= self.longest => line.over = true,
                _ => {
                    if line.text.is_empty() {
                        line.start = at;
                    }
                    line.text.push(*byte);
                }
            }
            if side == Side::Server {
                self.look_for_prompt(*byte, at + 1, out);
            }
        }
    }

    /// Asked after each byte of the server's line.
    fn look_for_prompt(&mut self, byte: u8, end: u64, out: &mut Messages<'_>) {
        let line = &self.lines[Side::Server.index()];
        let text = &line.text[..];
        let range = line.start..end;
        if byte == b':' && ends_with(text, &[b"login:", b"username:", b"user name:", b"user:"]) {
            let first = !self.login_seen;
            self.prompt = Prompt::User;
            self.login_seen = true;
            let mut draft = out.message(LOGIN_PROMPT, range);
            draft.text(PROMPT, text);
            if first {
                draft.text_if(BANNER, &self.banner);
            }
            // Asked again: the password before was not taken.
            if let Some(key) = self.pending.take() {
                draft.answers(
                    Scope::Conversation,
                    &key.to_be_bytes(),
                    true,
                    Outcome::Refused,
                );
            }
        } else if byte == b':' && ends_with(text, &[b"password:", b"passwd:", b"passcode:"]) {
            self.prompt = Prompt::Password;
            self.login_seen = true;
            out.message(PASSWORD_PROMPT, range).text(PROMPT, text);
        } else if byte == b' ' && is_shell(text) {
            self.prompt = Prompt::Shell;
            let answered = self.pending.take();
            if self.shell_seen && answered.is_none() {
                return;
            }
            let mut draft = out.message(SHELL_PROMPT, range);
            draft.text(PROMPT, text);
            if !self.login_seen && self.from_start {
                draft
                    .text_if(BANNER, &self.banner)
                    .flag(WITHOUT_LOGIN, true);
            }
            if let Some(key) = answered {
                draft.answers(
                    Scope::Conversation,
                    &key.to_be_bytes(),
                    true,
                    Outcome::Accepted,
                );
            }
            self.shell_seen = true;
        }
    }

    fn server_line(
        &mut self,
        mut text: Vec<u8>,
        start: u64,
        end: u64,
        out: &mut Messages<'_>,
    ) -> Vec<u8> {
        let shown = text.trim_ascii();
        if self.banner.is_empty() && !self.login_seen {
            self.banner
                .extend_from_slice(&shown[..shown.len().min(BANNER_LONGEST)]);
        }
        const FAILED: [&[u8]; 4] = [b"incorrect", b"invalid", b"denied", b"failed"];
        if let Some(key) = self.pending
            && FAILED.iter().any(|word| contains(shown, word))
        {
            self.pending = None;
            out.message(REFUSED, start..end)
                .text(PROMPT, shown)
                .answers(
                    Scope::Conversation,
                    &key.to_be_bytes(),
                    true,
                    Outcome::Refused,
                );
        }
        text.clear();
        text
    }

    fn client_line(
        &mut self,
        mut text: Vec<u8>,
        start: u64,
        end: u64,
        plain: bool,
        out: &mut Messages<'_>,
    ) -> Vec<u8> {
        let start = if text.is_empty() { end - 1 } else { start };
        match self.prompt {
            Prompt::User => {
                self.user = Some(User::named(text.trim_ascii()));
                out.message(LOGIN, start..end)
                    .text_if(USER, text.trim_ascii());
            }
            Prompt::Password => {
                let key = self.passwords;
                self.passwords = key.wrapping_add(1);
                self.pending = Some(key);
                let mut draft = out.message(PASSWORD_KIND, start..end);
                draft.secret(PASSWORD, text.len());
                let known = self.user.as_ref().filter(|_| draft.wants(DEFAULT_LOGIN));
                if let Some(of) = known.and_then(|user| user.with(text.trim_ascii())) {
                    draft.text(DEFAULT_LOGIN, of.as_bytes());
                }
                draft
                    .asks(Scope::Conversation, &key.to_be_bytes())
                    .action(Action::of(Verb::ServiceMode));
            }
            Prompt::Shell if !text.trim_ascii().is_empty() => {
                out.message(COMMAND_KIND, start..end)
                    .text(COMMAND, text.trim_ascii())
                    .action(Action::of(Verb::UnknownVerb));
            }
            Prompt::None if (plain || self.login_seen) && !text.trim_ascii().is_empty() => {
                out.message(INPUT, start..end)
                    .text(COMMAND, text.trim_ascii())
                    .action(Action::of(Verb::UnknownVerb));
            }
            _ => {}
        }
        if self.prompt != Prompt::Shell {
            self.prompt = Prompt::None;
        }
        // Whatever it was, it does not stay in memory.
        text.fill(0);
        text.clear();
        text
    }
}

fn ends_with(text: &[u8], words: &[&[u8]]) -> bool {
    words.iter().any(|word| {
        text.len() >= word.len() && text[text.len() - word.len()..].eq_ignore_ascii_case(word)
    })
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len())
        .any(|w| w.eq_ignore_ascii_case(word))
}

/// A line so far that is a shell's prompt: a sign, a space, and before them at most a name, a host,
/// a path.
fn is_shell(text: &[u8]) -> bool {
    let Some((head, [b'#' | b'$' | b'>' | b'%', b' '])) = text.split_last_chunk::<2>() else {
        return false;
    };
    let bracketed = head.first() == Some(&b'[');
    let name = |b: &u8| b.is_ascii_alphanumeric() || b"@:~/\\._-[]()+".contains(b);
    head.len() <= 48 && head.iter().all(|b| name(b) || bracketed && *b == b' ')
}
