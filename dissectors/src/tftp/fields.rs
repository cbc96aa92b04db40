//! Names of what a TFTP request holds.

use crate::{fields, kinds};

fields! {
    FILE "file" Text, Open, "file asked for or sent (RFC 1350 5)";
    MODE "mode" Text, Open, "octet, netascii or mail (RFC 1350 5)";
    SIZE "size" Integer, Open, "bytes of the file, where a request to write tells (RFC 2349)";
}

kinds! {
    RRQ "RRQ", "fetch a file";
    WRQ "WRQ", "store a file";
}
