//! Names of what the control channel says.

use crate::{fields, kinds};

fields! {
    USER "user" Text, Patient("staff"), "user name (RFC 959 4.1.1)";
    ANONYMOUS "anonymous" Flag, Open, "the user is the one that everybody may be (RFC 1635)";
    PASSWORD "password" Text, Secret, "password (RFC 959 4.1.1)";
    DEFAULT_LOGIN "default_login" Text, Open, "what the login is of, where it is one that products are shipped with or that became public; never the login";
    PATH "path" Text, Patient("text"), "file or directory named; the argument of a command that nobody knows";
    EXTENSION "extension" Text, Open, "extension of the file named";
    ARGUMENT "argument" Text, Open, "argument of any other command";
    DATA_ADDRESS "data_address" Text, Open, "address where data is to go to (PORT, EPRT) or to come from (PASV)";
    DATA_PORT "data_port" Integer, Open, "port of the same";
    CODE "code" Integer, Open, "reply code (RFC 959 4.2)";
    TEXT "text" Text, Patient("staff"), "text of the reply's last line; servers name users in it";
    BANNER "banner" Text, Open, "what the server says that it is";
    SYSTEM "system" Text, Open, "system of the server (SYST)";
    LOGIN "login" Text, Open, "how a log-in ended: accepted, refused";
    REPLY_TO "reply_to" Text, Open, "command that the reply belongs to";
}

kinds! {
    USER_NAME "USER", "who logs in";
    PASS "PASS", "the password";
    ACCT "ACCT", "an account";
    CWD "CWD", "go to a directory";
    CDUP "CDUP", "go one directory up";
    QUIT "QUIT", "log out";
    REIN "REIN", "log out and begin anew";
    PORT "PORT", "the client waits for data at an address";
    PASV "PASV", "the server is to wait for data";
    EPRT "EPRT", "as PORT, for IPv6 too (RFC 2428)";
    EPSV "EPSV", "as PASV, for IPv6 too (RFC 2428)";
    TYPE "TYPE", "text or binary";
    STRU "STRU", "structure of files";
    MODE "MODE", "mode of transfer";
    RETR "RETR", "fetch a file";
    STOR "STOR", "store a file";
    STOU "STOU", "store a file under a new name";
    APPE "APPE", "add to a file";
    ALLO "ALLO", "make room for a file";
    REST "REST", "begin in the middle of a file";
    RNFR "RNFR", "rename this";
    RNTO "RNTO", "to that";
    ABOR "ABOR", "stop a transfer";
    DELE "DELE", "delete a file";
    RMD "RMD", "delete a directory";
    MKD "MKD", "make a directory";
    PWD "PWD", "which directory is this?";
    LIST "LIST", "list a directory";
    NLST "NLST", "list names";
    MLSD "MLSD", "list a directory for programs (RFC 3659)";
    MLST "MLST", "describe a file (RFC 3659)";
    SIZE "SIZE", "size of a file (RFC 3659)";
    MDTM "MDTM", "time of a file (RFC 3659); some servers set it";
    SITE "SITE", "a command of the server's own, often to change it";
    SYST "SYST", "which system is this?";
    STAT "STAT", "how far is it? or: list";
    FEAT "FEAT", "what else can you do? (RFC 2389)";
    OPTS "OPTS", "set an option (RFC 2389)";
    HELP "HELP", "help";
    NOOP "NOOP", "nothing";
    CLNT "CLNT", "which program the client is";
    AUTH "AUTH", "encrypt from here on (RFC 4217)";
    PBSZ "PBSZ", "protection buffer (RFC 4217)";
    PROT "PROT", "protect data (RFC 4217)";
    BANNER_TOLD "banner", "the server's first reply";
    REPLY "reply", "a reply";
    MALFORMED "malformed", "a line that is neither command nor reply";
}

pub const ANOMALIES: &[(&str, &str)] = &[
    (
        "line-too-long",
        "A line longer than the limit ftp-line; its rest was passed over",
    ),
    ("address-form", "The address for data cannot be read"),
    ("gap", "Bytes of the line before were not captured"),
    ("unfinished", "The stream ended inside a line"),
];
