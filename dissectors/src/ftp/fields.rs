//! What the dissector shows.

use crate::{fields, kinds};

fields! {
    USER_NAME "user" Text, Patient("staff"), "name given (USER)";
    PASSWORD "password" Text, Secret, "password or account given (PASS, ACCT)";
    PATH "path" Text, Patient("text"), "file or folder named; the argument of an unknown command";
    EXTENSION "extension" Text, Open, "extension of the file named";
    ARGUMENT "argument" Text, Open, "argument of another command";
    CODE "code" Text, Open, "reply code (RFC 959 4.2)";
    TEXT "text" Text, Patient("text"), "text of a reply";
}

kinds! {
    MALFORMED "malformed", "a line that is no command";
    BANNER "banner", "the server's greeting (220)";
    REPLY "reply", "a reply to a command";
    USER "USER", "names a user";
    PASS "PASS", "gives a password";
    ACCT "ACCT", "gives an account";
    STOR "STOR", "puts a file";
    STOU "STOU", "puts a file under a new name";
    APPE "APPE", "adds to a file";
    RETR "RETR", "takes a file";
    DELE "DELE", "deletes a file";
    RMD "RMD", "deletes a folder";
    MKD "MKD", "makes a folder";
    RNFR "RNFR", "renames: old name";
    RNTO "RNTO", "renames: new name";
    CWD "CWD", "changes the folder";
    PWD "PWD", "which folder";
    LIST "LIST", "lists a folder";
    NLST "NLST", "lists names";
    STAT "STAT", "status";
    SIZE "SIZE", "size of a file";
    MDTM "MDTM", "time of a file";
    SITE "SITE", "a command of this server alone";
    TYPE "TYPE", "form of the data";
    MODE "MODE", "transfer mode";
    STRU "STRU", "structure of the data";
    PORT_KIND "PORT", "the client waits for the data connection";
    PASV "PASV", "the server waits for the data connection";
    EPRT "EPRT", "as PORT, with IPv6";
    EPSV "EPSV", "as PASV, with IPv6";
    AUTH "AUTH", "asks for TLS";
    PBSZ "PBSZ", "protection buffer";
    PROT "PROT", "protection of the data";
    FEAT "FEAT", "which extensions";
    OPTS "OPTS", "sets an extension";
    SYST "SYST", "which system";
    HELP "HELP", "help";
    NOOP "NOOP", "nothing";
    ABOR "ABOR", "breaks a transfer off";
    REST "REST", "goes on at an offset";
    ALLO "ALLO", "reserves room";
    CDUP "CDUP", "one folder up";
    REIN "REIN", "starts again";
    QUIT "QUIT", "ends the session";
}
