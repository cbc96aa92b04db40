//! Names of what a DHCP message for IPv6 holds.

use crate::{fields, kinds};

fields! {
    TRANSACTION "transaction" Integer, Open, "transaction id (RFC 8415 8)";
    CLIENT_ID "client_id" Text, Open, "DUID of the client, in hexadecimal (RFC 8415 21.2)";
    CLIENT_MAC "client_mac" Text, Open, "link-layer address inside the client's DUID (RFC 8415 11.2, 11.4)";
    SERVER_ID "server_id" Text, Open, "DUID of the server, in hexadecimal (RFC 8415 21.3)";
    SERVER_MAC "server_mac" Text, Open, "link-layer address inside the server's DUID";
    FQDN "fqdn" Text, Open, "name of the client (RFC 4704)";
    VENDOR_CLASS "vendor_class" Text, Open, "what the client says that it is (RFC 8415 21.16)";
    PARAMETERS "parameters" Text, Open, "options that the client asks for, in its order (RFC 8415 21.7)";
    ADDRESS "address" Text[many], Open, "addresses asked for or handed out (RFC 8415 21.6)";
    PREFIX "prefix" Text[many], Open, "prefixes asked for or handed out (RFC 8415 21.22)";
    DNS "dns" Text[many], Open, "name servers (RFC 3646)";
    DOMAIN "domain" Text, Open, "domain search list, its first name (RFC 3646)";
    NTP "ntp" Text[many], Open, "time servers (RFC 5908, RFC 4075)";
    STATUS "status" Integer, Open, "status code (RFC 8415 21.13)";
    MESSAGE "message" Text, Open, "status in words (RFC 8415 21.13)";
    RELAYED "relayed" Integer, Open, "relay agents that passed the message on (RFC 8415 9)";
    PEER "peer" Text, Open, "whom the nearest relay agent had it from (RFC 8415 9)";
}

kinds! {
    SOLICIT "SOLICIT", "a client looks for servers";
    ADVERTISE "ADVERTISE", "a server offers";
    REQUEST "REQUEST", "a client takes an offer";
    CONFIRM "CONFIRM", "a client asks whether its address still fits";
    RENEW "RENEW", "a client keeps its address";
    REBIND "REBIND", "a client keeps its address with any server";
    REPLY "REPLY", "a server hands out, or confirms";
    RELEASE "RELEASE", "a client gives its address back";
    DECLINE "DECLINE", "a client finds its address in use";
    RECONFIGURE "RECONFIGURE", "a server has a client ask anew";
    INFORMATION "INFORMATION-REQUEST", "a client asks for all but an address";
    MALFORMED "malformed", "the message ends inside its header";
}

pub const ANOMALIES: &[(&str, &str)] = &[
    ("cut-short", "The message ends inside its header"),
    ("option-overrun", "An option is longer than what follows it"),
    (
        "relay-depth",
        "Passed on by more relay agents than the standard allows",
    ),
];
