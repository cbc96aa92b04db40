//! Names of what the beginning of a remote desktop tells.

use crate::{fields, kinds};

fields! {
    USER "user" Text, Patient("staff"), "who logs in, as the client's cookie says (MS-RDPBCGR 2.2.1.1)";
    SECURITY "security" Text[many], Open, "protection offered by the client, or chosen by the server: rdp, tls, credssp ... (MS-RDPBCGR 2.2.1.1.1)";
    FAILURE "failure" Integer, Open, "why the server refuses (MS-RDPBCGR 2.2.1.2.2)";
    CLIENT_NAME "client_name" Text, Open, "name of the client's machine (MS-RDPBCGR 2.2.1.3.2)";
    CLIENT_BUILD "client_build" Integer, Open, "build of the client's program";
    CHANNEL "channel" Text[many], Open, "channels that the client wants (MS-RDPBCGR 2.2.1.3.4)";
}

kinds! {
    REQUEST "connection-request", "a client wants a desktop";
    CONFIRM "connection-confirm", "the server's answer";
    BEGIN "connect-initial", "a client names itself and its channels";
}

pub const ANOMALIES: &[(&str, &str)] = &[(
    "internal-channel",
    "The client asks for the server's internal channel MS_T120, as CVE-2019-0708 is used",
)];
