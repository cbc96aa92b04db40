//! Names of what an ARP message holds.

use crate::{fields, kinds};

fields! {
    OPERATION "operation" Integer, Open, "1 request, 2 reply (RFC 826)";
    SENDER_MAC "sender_mac" Text, Open, "hardware address that the sender claims for its IP address";
    SENDER_IP "sender_ip" Text, Open, "IPv4 address that the sender claims";
    TARGET_MAC "target_mac" Text, Open, "hardware address of the one asked or told; zero in a request";
    TARGET_IP "target_ip" Text, Open, "IPv4 address asked for, or of the one told";
}

kinds! {
    REQUEST "request", "who has this address?";
    REPLY "reply", "this address is mine";
    GRATUITOUS "gratuitous", "a reply that tells its own address unasked";
    PROBE "probe", "a request from nobody: is this address free? (RFC 5227 2.1)";
    ANNOUNCEMENT "announcement", "a request for the sender's own address (RFC 5227 2.3)";
    MALFORMED "malformed", "no ARP message for IPv4 over Ethernet";
}

pub const ANOMALIES: &[(&str, &str)] = &[
    ("cut-short", "The message ends before its addresses do"),
    (
        "other-addresses",
        "Not an Ethernet address for an IPv4 address",
    ),
    (
        "group-sender",
        "The sender claims a group address as its own, which no host has",
    ),
];
