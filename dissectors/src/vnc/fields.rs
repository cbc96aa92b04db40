//! Names of what the beginning of a VNC conversation tells.

use crate::{fields, kinds};

fields! {
    VERSION "version" Text, Open, "version, as 003.008 (RFC 6143 7.1.1)";
    SECURITY "security" Text[many], Open, "what guards the screen: none, password, tls ... (RFC 6143 7.1.2)";
}

kinds! {
    VERSION_TOLD "version", "which version a side speaks";
    SECURITY_OFFER "security-offer", "what the server would have guard the screen";
    SECURITY_CHOICE "security-choice", "what the client chose";
}
