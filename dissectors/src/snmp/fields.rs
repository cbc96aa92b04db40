//! Names of what an SNMP message holds.

use crate::{fields, kinds};

fields! {
    VERSION "version" Text, Open, "1, 2c or 3 (RFC 1157 4, RFC 1901, RFC 3412 6)";
    COMMUNITY "community" Text, Secret, "community, a password in clear (RFC 1157 4)";
    DEFAULT_COMMUNITY "default_community" Flag, Open, "the community is one of the two that devices are shipped with";
    COMMUNITIES "communities" Integer, Open, "different communities seen in this conversation so far, where there are more than one";
    USER "user" Text, Patient("staff"), "user of version 3 (RFC 3414 2.4)";
    ENGINE "engine" Text, Open, "engine id of version 3, in hexadecimal: names vendor and device (RFC 3411 5)";
    ENCRYPTED "encrypted" Flag, Open, "the message is encrypted (RFC 3412 6.4)";
    REQUEST_ID "request_id" Integer, Open, "joins answer and request (RFC 3416 3)";
    ERROR "error" Integer, Open, "error status; 0 is no error (RFC 3416 3)";
    OBJECTS "objects" Integer, Open, "objects named";
    OBJECT "object" Text, Open, "first object named";
    DESCRIPTION "description" Text, Open, "what the device says that it is (sysDescr, RFC 3418)";
    SYSTEM_NAME "system_name" Text, Open, "name of the device (sysName, RFC 3418)";
    LOCATION "location" Text, Open, "where the device stands (sysLocation, RFC 3418)";
}

kinds! {
    GET "get-request", "read objects";
    GET_NEXT "get-next-request", "read what follows objects: a walk";
    RESPONSE "response", "the answer";
    SET "set-request", "set objects";
    TRAP_1 "trap-v1", "a device tells of an event (version 1)";
    GET_BULK "get-bulk-request", "read much of what follows: a walk";
    INFORM "inform-request", "tells of an event and wants an answer";
    TRAP_2 "trap", "a device tells of an event";
    REPORT "report", "engines talk to each other";
    ENCRYPTED_PDU "encrypted", "nobody else can tell";
    MALFORMED "malformed", "the message cannot be read";
}

pub const ANOMALIES: &[(&str, &str)] = &[
    ("ber", "Tags or lengths that do not fit"),
    ("trailing-bytes", "Bytes behind the message"),
];
