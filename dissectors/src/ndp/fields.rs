//! Names of what a message of neighbour discovery holds.

use crate::{fields, kinds};

fields! {
    TARGET "target" Text, Open, "address asked for or told of (RFC 4861 4.3, 4.4); in a redirect: the better next hop";
    DESTINATION "destination" Text, Open, "address that the redirect is about (RFC 4861 4.5)";
    ROUTER "router" Flag, Open, "the sender says that it is a router (RFC 4861 4.4)";
    SOLICITED "solicited" Flag, Open, "the advertisement answers a solicitation (RFC 4861 4.4)";
    OVERRIDE "override" Flag, Open, "the advertisement is to replace what is known (RFC 4861 4.4)";
    SOURCE_MAC "source_mac" Text, Open, "link-layer address of the sender (RFC 4861 4.6.1)";
    TARGET_MAC "target_mac" Text, Open, "link-layer address of the target (RFC 4861 4.6.1)";
    HOP_LIMIT "hop_limit" Integer, Open, "hop limit that hosts are to use (RFC 4861 4.2)";
    LIFETIME "lifetime" Integer, Open, "seconds for which this is a default router; 0: it is none (RFC 4861 4.2)";
    PREFERENCE "preference" Text, Open, "how much the router wants to be the default one (RFC 4191)";
    MANAGED "managed" Flag, Open, "addresses come from DHCP (RFC 4861 4.2)";
    OTHER "other" Flag, Open, "the rest comes from DHCP (RFC 4861 4.2)";
    PREFIX "prefix" Text[many], Open, "prefixes on this link (RFC 4861 4.6.2)";
    PREFIX_LIFETIME "prefix_lifetime" Integer[many], Open, "seconds for which each prefix is valid";
    AUTONOMOUS "autonomous" Flag[many], Open, "hosts may make addresses under each prefix";
    MTU "mtu" Integer, Open, "largest packet on this link (RFC 4861 4.6.4)";
    ROUTE "route" Text[many], Open, "more routes over this router (RFC 4191)";
    DNS "dns" Text[many], Open, "name servers (RFC 8106)";
    DOMAIN "domain" Text, Open, "first name of the search list (RFC 8106)";
    NONCE "nonce" Flag, Open, "the message carries a nonce, as duplicate address detection does (RFC 7527)";
}

kinds! {
    ROUTER_SOLICITATION "router-solicitation", "who is a router?";
    ROUTER_ADVERTISEMENT "router-advertisement", "I am a router, and these are the prefixes";
    NEIGHBOR_SOLICITATION "neighbor-solicitation", "who has this address?";
    NEIGHBOR_ADVERTISEMENT "neighbor-advertisement", "this address is mine";
    REDIRECT "redirect", "another next hop is better";
    MALFORMED "malformed", "the message ends inside its fixed part";
}

pub const ANOMALIES: &[(&str, &str)] = &[
    ("cut-short", "The message ends inside its fixed part"),
    ("option-overrun", "An option is longer than what follows it"),
    (
        "option-length-zero",
        "An option of length zero, which nobody may send (RFC 4861 4.6)",
    ),
];
