//! What the dissector shows.

use crate::{fields, kinds};

fields! {
    ID "id" Integer, Open, "parameter number";
    PARAMETER "parameter" Text, Open, "parameter name, where it is published";
    UNLISTED "unlisted" Flag, Open, "the parameter number is not in the published list";
    VALUE "value" Text, Open, "value, as sent; for a 9-byte answer with a device letter, that letter first";
    DEVICE "device" Integer, Open, "first byte of an 8-byte answer";
    SAMPLES "samples" Bytes, Open, "curve record, as sent";
    SERIAL "serial" Text, Open, "serial number (parameter 86)";
}

kinds! {
    MALFORMED "malformed", "bytes that are no frame";
    POLL "poll", "reads a parameter";
    REQUEST "request", "a message to the device of another length than a poll";
    VALUE_RSP "value", "a parameter's value, or a record of curves";
    ERROR_RSP "error", "RERROR: the device does not know the parameter";
}
