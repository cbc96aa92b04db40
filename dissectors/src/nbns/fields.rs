//! Names of what a NetBIOS name message holds.

use crate::{fields, kinds};

fields! {
    ID "id" Integer, Open, "transaction id (RFC 1002 4.2.1.1)";
    NAME "name" Text, Open, "name asked for, told or claimed";
    SUFFIX "suffix" Integer, Open, "sixteenth byte of the name: 0 workstation, 0x20 server, 0x1C domain controllers";
    CODE "code" Integer, Open, "result; 0 is no error (RFC 1002 4.2.6)";
    BROADCAST_FLAG "broadcast" Flag, Open, "asked of everybody";
    ADDRESS "address" Text[many], Open, "addresses of the name (RFC 1002 4.2.13)";
    OWN_NAME "own_name" Text[many], Open, "names of the host that tells its status (RFC 1002 4.2.18)";
    MAC "mac" Text, Open, "MAC address in the status";
}

kinds! {
    QUERY "query", "who has this name, or: which names have you?";
    RESPONSE "response", "I have it, these are my names, or: nobody has";
    REGISTRATION "registration", "this name is mine now";
    REGISTRATION_RESPONSE "registration-response", "the name is yours, or another's";
    RELEASE "release", "the name is free";
    WAIT "wait", "the answer will take a while";
    REFRESH "refresh", "this name is still mine";
    MULTIHOMED "multihomed-registration", "this name is mine, at several addresses";
    MALFORMED "malformed", "no NetBIOS name where one has to be";
}

pub const ANOMALIES: &[(&str, &str)] = &[
    ("name-form", "The first name is none of NetBIOS"),
    ("cut-short", "The message ends inside a record"),
];
