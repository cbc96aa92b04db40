//! What the dissector shows.

use crate::{fields, kinds};

fields! {
    OPTION "option" Integer, Open, "option number (IANA registry)";
    NAME "name" Text, Open, "option name";
    LENGTH "length" Integer, Open, "bytes of a sub-negotiation that is not read";
    VALUE "value" Integer, Open, "COM-port value (RFC 2217)";
    MEANING "meaning" Text, Open, "what the COM-port value means";
    REPLY "reply" Flag, Open, "the server's answer to a COM-port command (its number plus 100)";
    SIGNATURE "signature" Text, Open, "COM-port signature of client or server";
    PROMPT "prompt" Text, Open, "prompt as sent";
    BANNER "banner" Text, Open, "first line of text before the first prompt";
    USER "user" Text, Patient("staff"), "name given at a login prompt";
    PASSWORD "password" Text, Secret, "line given at a password prompt";
    DEFAULT_LOGIN "default_login" Text, Open, "what the login is of, where it is one that products are shipped with or that became public; never the login";
    COMMAND "command" Text, Patient("text"), "line given at another prompt";
    WITHOUT_LOGIN "without_login" Flag, Open, "a shell prompt, and no login or password prompt before it";
}

kinds! {
    MALFORMED "malformed", "a Telnet command that is not whole";
    WILL "WILL", "offers an option (RFC 855)";
    WONT "WONT", "refuses or ends an option";
    DO "DO", "asks for an option";
    DONT "DONT", "forbids an option";
    SUB "SB", "sub-negotiation of another option than COM port";
    BREAK "BREAK", "break or interrupt";
    SIGNATURE_KIND "COM-PORT SIGNATURE", "names itself, or asks who is there (0)";
    SET_BAUDRATE "COM-PORT SET-BAUDRATE", "baud rate; 0 asks (1)";
    SET_DATASIZE "COM-PORT SET-DATASIZE", "data bits; 0 asks (2)";
    SET_PARITY "COM-PORT SET-PARITY", "parity; 0 asks (3)";
    SET_STOPSIZE "COM-PORT SET-STOPSIZE", "stop bits; 0 asks (4)";
    SET_CONTROL "COM-PORT SET-CONTROL", "flow control, break, DTR, RTS (5)";
    NOTIFY_LINESTATE "COM-PORT NOTIFY-LINESTATE", "line state (6)";
    NOTIFY_MODEMSTATE "COM-PORT NOTIFY-MODEMSTATE", "modem state (7)";
    SUSPEND "COM-PORT FLOWCONTROL-SUSPEND", "stop sending (8)";
    RESUME "COM-PORT FLOWCONTROL-RESUME", "go on sending (9)";
    LINESTATE_MASK "COM-PORT SET-LINESTATE-MASK", "which line states are told (10)";
    MODEMSTATE_MASK "COM-PORT SET-MODEMSTATE-MASK", "which modem states are told (11)";
    PURGE "COM-PORT PURGE-DATA", "throws buffered data away (12)";
    LOGIN_PROMPT "login-prompt", "the server asks for a name";
    PASSWORD_PROMPT "password-prompt", "the server asks for a password";
    SHELL_PROMPT "shell-prompt", "the server waits for commands: the first such prompt, or the first after a login";
    LOGIN "login", "a name, given at a login prompt";
    PASSWORD_KIND "password", "a password, given at a password prompt";
    REFUSED "login-refused", "the server says that the login failed";
    COMMAND_KIND "command", "a line given at a shell prompt";
    INPUT "input", "a line given elsewhere in a dialogue";
}
