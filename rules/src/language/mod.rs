//! The rule language: TOML prose around one typed condition.
//!
//! ```toml
//! [[rule]]
//! id = "WW-HL7-0008"                       # FAMILY-NUMBER, permanent
//! title = "Patient records merged in a burst"
//! when = '''
//! kind starts with "ADT^" and verb in [merge, delete]
//! and (not authorised or count() by (actor) within 60 s > 10)
//! '''
//! severity = "high"                        # or { attempted, accepted, refused }
//! why = "{actor} sent {kind} to {target}"  # operands in braces
//! collapse = ["actor"]                     # repeats are one finding; default actor and target
//! # also: rev confidence category clinical bedside network references attack false_positives tags
//! # raise = { when, severity }: messages that are at least so severe
//! # status (active, draft) tests = { fires, silent, policy }
//! ```
//!
//! | written | means |
//! |---|---|
//! | `a and b`, `a or b`, `not a` | three-valued: only true fires, `not unknown` is unknown |
//! | `= is != < <= > >=` | comparison; a field with several values is met by any of them |
//! | `in [a, b]`, `in 0..10 mL/h`, `in 10.0.0.0/8`, `in group "x"` | membership |
//! | `in file "scanners.txt"` | one value a line, beside the rule file |
//! | `matches "A*"`, `matches /re/`, `contains`, `starts with`, `ends with` | text |
//! | `value > 20 mL/h` | UCUM units; other dimensions are an error where known, else unknown |
//! | `verb effect device subject channel handle order drug destination value outcome` | the action |
//! | `actor`, `target` and `.ip .port .mac .ae .app .facility .epr .kind` | who asks, who is asked |
//! | `kind protocol anomaly provenance transport mid_stream missing duration age ...` | any message ([`names`]) |
//! | `dicom.calling_ae`, `hl7v2[RXG-15]` | declared fields, paths into the kept body |
//! | `request.x`, `answer.x`, `exists(x)`, `exists(request)` | the joined partner; presence |
//! | `authorised`, `within_bounds`, `listed(x)`, `role(x) is pump` | the policy; unknown without one |
//! | `known(x)` | the policy or the site's list of devices names it |
//! | `surely(a)` | true only if `a` is true, else false: `not surely(authorised)` holds without a policy |
//! | `count(c) distinct(x) sum(x) ratio(x) by (keys) within 60 s > n` | windows over packet time |
//! | `sequence(a, b) by (keys) within 60 s`, `first_seen(x) after 1 h` | order, novelty |
//! | `takeover(a, b, x, until) by (keys) within 1 h` | a message of `b` whose `x` differs from the one that holds since a message of `a`; `until` (may be left out) lets go |
//! | `unprepared(a, b) by (keys) within 1 h` | a message of `a`, and none of `b` before it; unknown where the start was not seen |
//! | `interleaved(n) by (keys) within 60 s >= 3` | numbers that should only grow went back, copies aside |
//! | `rise(x) by (keys) within 10 min > 20 mm[Hg]`, `fall(x) ...` | how far a number moved within the time |
//! | `absence(a, b) by (keys) within 60 s` | a message of `a` that none of `b` follows; `absence(a)`: a stream that ends |
//! | `backwards(x) by (keys) within 24 h` | a number that may only grow is below the greatest so far |
//! | `tls.not_after < now + 30 d`, `time(hl7v2[MSH-7]) > "2026-11-01"` | points in time; `now` is the packet's |
//! | `changes(x) by (keys) within 24 h` | a number differs by more than 5 % from the one before under its code |
//! | `sender`, `receiver`, `host(x)` | who sent this very message; the address that a text names |
//! | `value.before`, `value.in_range`, `value.on_step` | the value in force, and what the device itself published |
//! | `hosts`, `content`, `patient_data` | the pair, the whole message, whether it holds patient data |
//!
//! What stands beside a window in the same `and` decides which messages the window sees. A rule that
//! names `answer` or `outcome` is judged when the answer has come, the join lapsed, or at the end.
//!
//! A condition is cut into tokens ([`lexer`]), read into a tree ([`ast`], [`parser`]), checked
//! against the field tables of the protocols ([`check`], [`resolve`], [`windows`], [`names`],
//! [`units`]) and compiled ([`compiled`]); [`eval`] evaluates it. [`rulefile`] reads the TOML
//! around it through [`table`]; mistakes are told by [`diagnostic`].

pub mod ast;
pub mod check;
pub mod compiled;
pub mod dates;
pub mod diagnostic;
pub mod eval;
pub mod lexer;
pub mod lists;
pub mod names;
pub mod parser;
pub mod plain;
pub mod reads;
mod required;
pub mod resolve;
pub mod rulefile;
pub mod ruleset;
pub mod table;
pub mod units;
pub mod windows;

#[cfg(test)]
mod tests;
