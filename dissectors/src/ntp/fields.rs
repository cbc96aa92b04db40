//! Names of what an NTP packet holds.

use crate::{fields, kinds};

fields! {
    VERSION "version" Integer, Open, "version (RFC 5905 7.3)";
    LEAP "leap" Integer, Open, "leap second ahead; 3: the sender's clock is not set (RFC 5905 7.3)";
    STRATUM "stratum" Integer, Open, "distance from a reference clock; 0 in an answer: go away (RFC 5905 7.3)";
    POLL "poll" Integer, Open, "interval between questions, as a power of two seconds";
    REFERENCE "reference" Text, Open, "clock or server that the time comes from, or why it is refused (RFC 5905 7.3)";
    ROOT_DELAY "root_delay" Decimal, Open, "seconds to the reference clock and back";
    ROOT_DISPERSION "root_dispersion" Decimal, Open, "how far the time may be off, in seconds";
    REFERENCE_TIME "reference_time" Decimal, Open, "when the sender's clock was set last, in seconds since 1970";
    ORIGINATE "originate" Decimal, Open, "time of the question by the asker's clock, as the answer repeats it";
    RECEIVE "receive" Decimal, Open, "time at which the question came, by the answerer's clock";
    TRANSMIT "transmit" Decimal, Open, "time at which this was sent, by the sender's clock; many clients send a random number";
    OFFSET "offset" Decimal, Open, "seconds by which the server's clock is ahead of the client's, the way included; without sense where the client sent a random number";
    OPERATION "operation" Integer, Open, "operation of a control message, request of a private one (RFC 9327)";
}

kinds! {
    SYMMETRIC_ACTIVE "symmetric-active", "two servers, one asks";
    SYMMETRIC_PASSIVE "symmetric-passive", "two servers, the other answers";
    CLIENT "client", "what time is it?";
    SERVER "server", "this time";
    BROADCAST "broadcast", "the time for all";
    CONTROL "control", "control message: reads or sets a server's variables (RFC 9327)";
    PRIVATE "private", "private message of the reference implementation, which can set anything";
    MALFORMED "malformed", "the packet cannot be read";
}

pub const ANOMALIES: &[(&str, &str)] = &[
    ("cut-short", "The packet is shorter than its header"),
    ("mode", "A mode that is reserved"),
];
