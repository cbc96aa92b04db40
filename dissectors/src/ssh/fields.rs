//! Names of what SSH tells in clear.

use crate::{fields, kinds};

fields! {
    VERSION "version" Text, Open, "protocol version of the banner: 2.0, 1.99, 1.5 (RFC 4253 4.2)";
    SOFTWARE "software" Text, Open, "program and its version, as the banner names them";
    COMMENT "comment" Text, Open, "what the banner says behind a blank";
    KEX "kex" Text, Open, "key exchange methods, most wanted first (RFC 4253 7.1)";
    HOST_KEYS "host_keys" Text, Open, "host key algorithms";
    CIPHERS "ciphers" Text, Open, "ciphers for what this side sends";
    MACS "macs" Text, Open, "authentication codes for what this side sends";
    COMPRESSION "compression" Text, Open, "compression for what this side sends";
    HASSH "hassh" Text, Open, "MD5 over the four lists for what this side sends: a mark of its program";
    HOST_KEY_TYPE "host_key_type" Text, Open, "algorithm of the host's key";
    HOST_KEY "host_key" Text, Open, "SHA-256 of the host's key, as OpenSSH shows it (RFC 4253 8)";
    REASON "reason" Integer, Open, "why the conversation is ended (RFC 4253 11.1)";
    DESCRIPTION "description" Text, Open, "the same in words";
}

kinds! {
    BANNER "banner", "protocol version and program (RFC 4253 4.2)";
    KEXINIT "KEXINIT", "algorithms that a side offers (RFC 4253 7.1)";
    HOST_KEY_SHOWN "host-key", "the server's part of the key exchange, with its host key (RFC 4253 8)";
    NEWKEYS "NEWKEYS", "all that this side sends from here on is encrypted (RFC 4253 7.3)";
    DISCONNECT "DISCONNECT", "a side gives up before encryption (RFC 4253 11.1)";
    MALFORMED "malformed", "no banner or packet where one has to be";
}

pub const ANOMALIES: &[(&str, &str)] = &[
    (
        "banner-too-long",
        "No line end within what a banner may have (RFC 4253 4.2)",
    ),
    ("banner-form", "A banner without version or program"),
    (
        "packet-length",
        "A packet longer than any, or shorter than its padding; the rest was passed over",
    ),
    ("message-short", "A message ends inside one of its fields"),
    ("unfinished", "The stream ended inside a message"),
];
