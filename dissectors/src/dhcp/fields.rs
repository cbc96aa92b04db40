//! Names of what a DHCP message for IPv4 holds.

use crate::{fields, kinds};

fields! {
    TRANSACTION "transaction" Integer, Open, "transaction id, xid (RFC 2131 2)";
    CLIENT_MAC "client_mac" Text, Open, "hardware address of the client, chaddr (RFC 2131 2)";
    CLIENT_IP "client_ip" Text, Open, "address that the client has already, ciaddr (RFC 2131 2)";
    YOUR_IP "your_ip" Text, Open, "address handed out, yiaddr (RFC 2131 2)";
    NEXT_SERVER "next_server" Text, Open, "server to boot from, siaddr (RFC 2131 2)";
    RELAY "relay" Text, Open, "relay agent that passed the message on, giaddr (RFC 2131 2)";
    HOST_NAME "host_name" Text, Open, "name of the client (RFC 2132 3.14)";
    FQDN "fqdn" Text, Open, "full name that the client wants registered (RFC 4702)";
    DOMAIN "domain" Text, Open, "domain of the network (RFC 2132 3.17)";
    VENDOR_CLASS "vendor_class" Text, Open, "what the client says that it is (RFC 2132 9.13)";
    USER_CLASS "user_class" Text, Open, "class of the client (RFC 3004)";
    PARAMETERS "parameters" Text, Open, "options that the client asks for, in its order: a mark of its system (RFC 2132 9.8)";
    OPTIONS "options" Text, Open, "options of the message, in their order: a mark of the sender's system";
    CLIENT_ID "client_id" Text, Open, "client identifier, in hexadecimal (RFC 2132 9.14)";
    REQUESTED_IP "requested_ip" Text, Open, "address that the client wants (RFC 2132 9.1)";
    SERVER_ID "server_id" Text, Open, "server that speaks or is spoken to (RFC 2132 9.7)";
    LEASE "lease" Integer, Open, "seconds for which the address is handed out (RFC 2132 9.2)";
    MASK "mask" Text, Open, "subnet mask (RFC 2132 3.3)";
    ROUTER "router" Text[many], Open, "routers (RFC 2132 3.5)";
    DNS "dns" Text[many], Open, "name servers (RFC 2132 3.8)";
    NTP "ntp" Text[many], Open, "time servers (RFC 2132 8.3)";
    ROUTE "route" Text[many], Open, "classless static routes: destination and router (RFC 3442)";
    PROXY "proxy" Text, Open, "address of a proxy configuration script (option 252, by habit)";
    MESSAGE "message" Text, Open, "why the server or the client refuses (RFC 2132 9.9)";
    BOOT_FILE "boot_file" Text, Open, "file to boot (RFC 2131 2, RFC 2132 9.5)";
    BOOT_SERVER "boot_server" Text, Open, "name of the server to boot from (RFC 2131 2, RFC 2132 9.4)";
    CIRCUIT "circuit" Text, Open, "port of the relay agent, as it names it (RFC 3046 3.1)";
    REMOTE "remote" Text, Open, "remote end of the circuit, in hexadecimal (RFC 3046 3.2)";
}

kinds! {
    DISCOVER "DHCPDISCOVER", "a client looks for servers";
    OFFER "DHCPOFFER", "a server offers an address";
    REQUEST "DHCPREQUEST", "a client takes an offer, or keeps an address";
    DECLINE "DHCPDECLINE", "a client finds its address in use";
    ACK "DHCPACK", "a server hands an address out";
    NAK "DHCPNAK", "a server refuses an address";
    RELEASE "DHCPRELEASE", "a client gives its address back";
    INFORM "DHCPINFORM", "a client asks for all but an address";
    FORCERENEW "DHCPFORCERENEW", "a server has a client ask anew (RFC 3203)";
    BOOTREQUEST "BOOTREQUEST", "a request without a type: BOOTP (RFC 951)";
    BOOTREPLY "BOOTREPLY", "a reply without a type: BOOTP (RFC 951)";
    MALFORMED "malformed", "the fixed part of the message is not there whole";
}

pub const ANOMALIES: &[(&str, &str)] = &[
    ("cut-short", "The message ends inside its fixed part"),
    ("option-overrun", "An option is longer than what follows it"),
    (
        "option-length",
        "An option's length does not fit what it holds",
    ),
    ("no-end", "The options end without the end mark"),
    (
        "type-twice",
        "Two message types that differ; the first was taken",
    ),
    (
        "hardware-length",
        "The length of the hardware address is more than there is room for",
    ),
];
