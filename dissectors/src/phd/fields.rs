//! What personal health device messages are called and what they tell.

use crate::{fields, kinds};

fields! {
    INVOKE_ID "invoke_id" Integer, Open, "invoke id of the data APDU";
    HANDLE "handle" Integer, Open, "handle of the object; 0 is the MDS";
    EVENT "event" Text, Open, "event type, by its name where known";
    EVENT_CODE "event_code" Integer, Open, "event type as sent";
    EVENT_TIME "event_time" Integer, Open, "relative time of the event, 1/8 ms; absent if not told";
    OBJECT_ACTION "object_action" Text, Open, "action type, by its name where known";
    ACTION_CODE "action_code" Integer, Open, "action type as sent";
    CLOCK "clock" Time, Open, "absolute time that is set or told";
    RESULT "result" Text, Open, "result of an association";
    REASON "reason" Text, Open, "reason of a release or abort";
    SYSTEM_TYPE "system_type" Text, Open, "agent or manager";
    SYSTEM_ID "system_id" Text, Open, "system id, an EUI-64";
    CONFIG_ID "config_id" Text, Open, "device configuration: standard 0x0001 to 0x3FFF, extended from 0x4000";
    CONFIG_RESULT "config_result" Text, Open, "whether the manager took the configuration";
    CONFIG_OBJECTS "config_objects" Integer, Open, "objects in a configuration report";
    PROTOCOLS "protocols" Text[many], Open, "data protocols offered: 0x5079 is 20601";
    PERSON_ID "person_id" Integer[many], Patient("pid"), "person id of a multi-person report";
    REPORT_NUMBER "report_number" Integer, Open, "number of a scan report";
    OBSERVATIONS "observations" Integer, Open, "observations in a scan report";
    ATTRIBUTE "attribute" Text[many], Open, "attributes asked for, set or answered";
    OPERATOR "operator" Text[many], Open, "what a set does with each attribute";
    VALUE "value" Bytes[many], Patient("text"), "value that is set";
    VENDOR "vendor" Text, Open, "manufacturer (attribute 2344)";
    MODEL "model" Text, Open, "model (attribute 2344)";
    SERIAL "serial" Text[many], Open, "serial numbers (attribute 2349)";
    PART_NUMBER "part_number" Text[many], Open, "part numbers (attribute 2349)";
    HARDWARE "hardware" Text[many], Open, "hardware revisions (attribute 2349)";
    SOFTWARE "software" Text[many], Open, "software and firmware revisions (attribute 2349)";
    SPECIALISATION "specialisation" Text[many], Open, "device specialisations (attribute 2650)";
    ERROR "error" Text, Open, "error of a refused operation (roer)";
    ERROR_CODE "error_code" Integer, Open, "error as sent";
    PROBLEM "problem" Text, Open, "problem of a rejected APDU (rorj)";
}

kinds! {
    AARQ "AARQ", "association request";
    AARE "AARE", "association response";
    RLRQ "RLRQ", "association release request";
    RLRE "RLRE", "association release response";
    ABRT "ABRT", "association abort";
    PRST "PRST", "presentation APDU without a readable data APDU";
    EVENT_REPORT "roiv-cmip-event-report", "event report";
    CONFIRMED_EVENT_REPORT "roiv-cmip-confirmed-event-report", "event report that is to be confirmed";
    GET "roiv-cmip-get", "attributes are asked for";
    SET "roiv-cmip-set", "attributes are changed";
    CONFIRMED_SET "roiv-cmip-confirmed-set", "attributes are changed, to be confirmed";
    ACTION "roiv-cmip-action", "an action is asked for";
    CONFIRMED_ACTION "roiv-cmip-confirmed-action", "an action is asked for, to be confirmed";
    EVENT_RESULT "rors-cmip-confirmed-event-report", "event report confirmed";
    GET_RESULT "rors-cmip-get", "attributes asked for";
    SET_RESULT "rors-cmip-confirmed-set", "attributes changed";
    ACTION_RESULT "rors-cmip-confirmed-action", "action done";
    ERROR_RESULT "roer", "operation refused";
    REJECT "rorj", "APDU rejected";
    MALFORMED "malformed", "bytes that are no APDU";
}

/// Names of the faults and what they mean.
pub const ANOMALIES: &[(&str, &str)] = &[
    ("truncated", "the APDU ends before what its layout asks for"),
    ("length-mismatch", "nested lengths of the APDU do not agree"),
    (
        "count-mismatch",
        "a count does not agree with the length beside it",
    ),
    ("unknown-choice", "no APDU begins like this"),
    (
        "association-inside",
        "an association request inside a running association",
    ),
    (
        "unfinished",
        "an APDU that the stream's end or a gap cut off",
    ),
];
