//! Names of what an ICMP message holds.

use crate::{fields, kinds};

fields! {
    TYPE "type" Integer, Open, "message type (RFC 792, RFC 4443)";
    CODE "code" Integer, Open, "code within the type";
    REASON "reason" Text, Open, "what cannot be reached and why, in words";
    ID "id" Integer, Open, "identifier of an echo";
    SEQUENCE "sequence" Integer, Open, "sequence number of an echo";
    SIZE "size" Integer, Open, "bytes of data in an echo";
    CHANGED "changed" Flag, Open, "the data of this echo request differs from the last one's behind the 16 bytes where programs put the time";
    GATEWAY "gateway" Text, Open, "router that a redirect recommends (RFC 792)";
    MTU "mtu" Integer, Open, "largest packet that the next link takes (RFC 1191, RFC 4443 3.2)";
    ABOUT_SRC "about_src" Text, Open, "source address of the packet that the message is about";
    ABOUT_DST "about_dst" Text, Open, "destination address of that packet";
    ABOUT_PROTOCOL "about_protocol" Integer, Open, "IP protocol number of that packet";
    ABOUT_SRC_PORT "about_src_port" Integer, Open, "source port of that packet";
    ABOUT_DST_PORT "about_dst_port" Integer, Open, "destination port of that packet";
    GROUP "group" Text[many], Open, "multicast groups listened to (RFC 2710, RFC 3810)";
}

kinds! {
    ECHO_REQUEST "echo-request", "are you there?";
    ECHO_REPLY "echo-reply", "yes";
    UNREACHABLE "destination-unreachable", "a packet could not be delivered";
    TOO_BIG "packet-too-big", "a packet does not fit the next link";
    REDIRECT "redirect", "another router is nearer";
    TIME_EXCEEDED "time-exceeded", "a packet made too many hops, or its fragments never met";
    PARAMETER "parameter-problem", "a packet's header is at fault";
    QUENCH "source-quench", "slower, please (not in use any more)";
    TIMESTAMP_REQUEST "timestamp-request", "what time is it?";
    TIMESTAMP_REPLY "timestamp-reply", "this time";
    MASK_REQUEST "address-mask-request", "what is the subnet mask?";
    MASK_REPLY "address-mask-reply", "this mask";
    ROUTER_ADVERTISEMENT "router-advertisement", "I am a router (RFC 1256)";
    ROUTER_SOLICITATION "router-solicitation", "who is a router? (RFC 1256)";
    LISTENER_QUERY "listener-query", "who listens to a group? (RFC 2710)";
    LISTENER_REPORT "listener-report", "who listens to which groups (RFC 2710, RFC 3810)";
    LISTENER_DONE "listener-done", "a group is left (RFC 2710)";
    MALFORMED "malformed", "the message ends inside its header";
}

pub const ANOMALIES: &[(&str, &str)] = &[
    ("cut-short", "The message ends inside its header"),
    (
        "about-cut-short",
        "The packet that the message is about ends before its ports",
    ),
];
