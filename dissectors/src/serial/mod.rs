//! What serial devices behind terminal servers have in common, whatever they speak.
//!
//! A serial line has no connection and no length of its own: devices frame their messages with
//! start and end bytes and mostly a check sum, answer in order, and skip what they cannot read.
//! [`Line`] turns a protocol that says only where a frame ends and what it holds ([`Frames`]) into
//! a dissector; [`signature::recognise`] asks the same cutting function about the first bytes.
//!
//! The folder also holds the protocol `serial`: streams on terminal-server ports whose protocol
//! nobody recognised ([`opaque`]). There only behaviour is judged.

pub mod checksum;
#[cfg(test)]
pub mod harness;
pub mod line;
pub mod number;
pub mod opaque;
pub mod signature;
pub mod turns;

pub use line::{Cut, Frames, Line, Role};
pub use opaque::SERIAL;
pub use turns::Turns;

use crate::contract::Transport;
use crate::schema::Port;

/// Where serial protocols are looked for: raw on TCP, or inside Telnet.
pub const TRANSPORTS: &[Transport] = &[Transport::Tcp, Transport::Carried];

/// Data ports that terminal servers use by habit: Moxa NPort (950.., 4001..), Lantronix (3001..,
/// 10001..), Digi (2101..), Perle (7001..).
pub const PORTS: &[Port] = &[
    Port::Tcp(950),
    Port::Tcp(951),
    Port::Tcp(952),
    Port::Tcp(953),
    Port::Tcp(954),
    Port::Tcp(955),
    Port::Tcp(956),
    Port::Tcp(957),
    Port::Tcp(958),
    Port::Tcp(959),
    Port::Tcp(960),
    Port::Tcp(961),
    Port::Tcp(962),
    Port::Tcp(963),
    Port::Tcp(964),
    Port::Tcp(965),
    Port::Tcp(2101),
    Port::Tcp(2102),
    Port::Tcp(2103),
    Port::Tcp(2104),
    Port::Tcp(3001),
    Port::Tcp(3002),
    Port::Tcp(3003),
    Port::Tcp(3004),
    Port::Tcp(4001),
    Port::Tcp(4002),
    Port::Tcp(4003),
    Port::Tcp(4004),
    Port::Tcp(4005),
    Port::Tcp(4006),
    Port::Tcp(4007),
    Port::Tcp(4008),
    Port::Tcp(4009),
    Port::Tcp(4010),
    Port::Tcp(4011),
    Port::Tcp(4012),
    Port::Tcp(4013),
    Port::Tcp(4014),
    Port::Tcp(4015),
    Port::Tcp(4016),
    Port::Tcp(7001),
    Port::Tcp(7002),
    Port::Tcp(7003),
    Port::Tcp(7004),
    Port::Tcp(10001),
    Port::Tcp(10002),
    Port::Tcp(10003),
    Port::Tcp(10004),
    Port::Tcp(10005),
    Port::Tcp(10006),
    Port::Tcp(10007),
    Port::Tcp(10008),
    Port::Tcp(10009),
    Port::Tcp(10010),
    Port::Tcp(10011),
    Port::Tcp(10012),
    Port::Tcp(10013),
    Port::Tcp(10014),
    Port::Tcp(10015),
    Port::Tcp(10016),
];

/// Faults that every serial protocol may report.
pub const ANOMALIES: &[(&str, &str)] = &[
    (
        NOT_A_FRAME,
        "bytes between frames that belong to none; the run begins at the offset",
    ),
    (UNFINISHED, "a frame began and its end never came"),
    (TOO_LONG, "no frame end within the limit `serial-frame`"),
    (BAD_CHECKSUM, "the check sum does not fit the bytes"),
    (BAD_NUMBER, "a number is expected here and the text is none"),
    (
        BAD_LAYOUT,
        "the text does not follow the layout of its verb",
    ),
    (BAD_LENGTH, "the length told and the length found differ"),
];

pub const NOT_A_FRAME: &str = "not-a-frame";
pub const UNFINISHED: &str = "unfinished-frame";
pub const TOO_LONG: &str = "frame-too-long";
pub const BAD_CHECKSUM: &str = "bad-checksum";
pub const BAD_NUMBER: &str = "bad-number";
pub const BAD_LAYOUT: &str = "bad-layout";
pub const BAD_LENGTH: &str = "bad-length";
