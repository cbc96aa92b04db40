//! Names of what is told of SMB.

use crate::{fields, kinds};

fields! {
    VERSION "version" Text, Open, "version spoken: 1, 2.0.2, 2.1, 3.0, 3.0.2, 3.1.1 (MS-SMB2 2.2.4)";
    DIALECT "dialect" Text[many], Open, "versions offered (MS-SMB2 2.2.3, MS-CIFS 2.2.4.52)";
    SIGNING "signing" Flag, Open, "the sender requires signatures (MS-SMB2 2.2.3)";
    STATUS "status" Integer, Open, "result, an NTSTATUS; 0 is success (MS-ERREF 2.3)";
    LOGIN "login" Text, Open, "how a log-in ended: accepted, refused, more";
    GUEST "guest" Flag, Open, "the log-in was let in as a guest, or without a name (MS-SMB2 2.2.6)";
    SHARE "share" Text, Open, "share that is opened (MS-SMB2 2.2.9)";
    PIPE "pipe" Text, Open, "named pipe that is opened on IPC$ (MS-SMB2 2.2.13)";
    COMMAND "command" Integer, Open, "command code";
}

kinds! {
    NEGOTIATE_REQUEST "NEGOTIATE-request", "versions that the client speaks";
    NEGOTIATE_RESPONSE "NEGOTIATE-response", "the version that the server chose";
    SESSION_RESPONSE "SESSION_SETUP-response", "how a log-in ended";
    TREE_REQUEST "TREE_CONNECT-request", "a share is to be opened";
    TREE_RESPONSE "TREE_CONNECT-response", "whether it was";
    CREATE_REQUEST "CREATE-request", "a named pipe is to be opened";
    SESSION_TRANS2 "TRANS2-session-setup", "a transaction of version 1 that no client uses, and exploits do (0x000E)";
    NETBIOS "netbios-session", "a session between NetBIOS names begins (RFC 1002 4.3.2)";
    ENCRYPTED "encrypted", "the first message that is encrypted";
    MALFORMED "malformed", "no message of SMB where one has to be";
}

pub const ANOMALIES: &[(&str, &str)] = &[
    (
        "mark",
        "A unit that begins with no mark of SMB; it was passed over",
    ),
    ("cut-short", "The message ends inside its fields"),
];
