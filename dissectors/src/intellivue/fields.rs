//! What Data Export messages are called and what they tell.

use crate::{fields, kinds};

fields! {
    INVOKE_ID "invoke_id" Integer, Open, "invoke id of the remote operation (guide: ROIVapdu)";
    OPERATION "operation" Text, Open, "ROIV, RORS, ROER or ROLRS (guide: ROapdus ro_type)";
    COMMAND "command" Text, Open, "command type: get, set, confirmed_set, event_report ... (guide: CMDType)";
    LINKED_STATE "linked_state" Text, Open, "place of a linked result: first, middle, last (guide: RorlsId)";
    LINKED_COUNT "linked_count" Integer, Open, "running number of a linked result (guide: RorlsId)";
    OBJECT_CLASS "object_class" Text, Open, "class of the managed object, by name where known";
    OBJECT_CONTEXT "object_context" Integer, Open, "context of the managed object";
    OBJECT_HANDLE "object_handle" Integer, Open, "handle of the managed object";
    EVENT "event" Text, Open, "event type of an event report";
    OBJECT_ACTION "object_action" Text, Open, "action type of a confirmed action: poll, extended_poll or its code";
    POLL_NUMBER "poll_number" Integer, Open, "poll number, echoed in the results";
    POLLED "polled" Text, Open, "class of the polled objects";
    GROUP "group" Text, Open, "polled attribute group";
    DURATION_MS "duration_ms" Integer, Open, "how long an extended poll goes on, ms (NOM_ATTR_TIME_PD_POLL)";
    SEQUENCE "sequence" Integer, Open, "sequence number of an extended poll result";
    OBJECTS "objects" Integer, Open, "objects in a poll result";
    RELATIVE_TIME "relative_time" Integer, Open, "monitor's clock since power-on, 1/8 ms";
    CLOCK "clock" Time, Open, "monitor's date and time (NOM_ATTR_TIME_ABS)";
    SYSTEM_TYPE "system_type" Text, Open, "client or server (association user information)";
    STARTUP "startup" Text, Open, "startup mode: hot, warm, cold (association user information)";
    PROTOCOL_VERSION "protocol_version" Text, Open, "MDDL version bits (association user information)";
    NOMENCLATURE "nomenclature_version" Text, Open, "nomenclature version bits (association user information)";
    MIN_POLL_MS "min_poll_period_ms" Integer, Open, "shortest poll period, ms (PollProfileSupport)";
    MAX_MTU_RX "max_mtu_rx" Integer, Open, "largest datagram received, bytes (PollProfileSupport)";
    MAX_MTU_TX "max_mtu_tx" Integer, Open, "largest datagram sent, bytes (PollProfileSupport)";
    POLL_OPTIONS "poll_options" Text, Open, "option bits of PollProfileSupport";
    POLL_EXT_OPTIONS "poll_ext_options" Text, Open, "option bits of PollProfileExt: what may be polled";
    BED_LABEL "bed_label" Text, Open, "bed label (NOM_ATTR_ID_BED_LABEL)";
    VENDOR "vendor" Text, Open, "manufacturer (NOM_ATTR_ID_MODEL)";
    MODEL "model" Text, Open, "model (NOM_ATTR_ID_MODEL)";
    SERIAL "serial" Text[many], Open, "serial numbers (NOM_ATTR_ID_PROD_SPECN)";
    PART_NUMBER "part_number" Text[many], Open, "part numbers (NOM_ATTR_ID_PROD_SPECN)";
    HARDWARE "hardware" Text[many], Open, "hardware revisions (NOM_ATTR_ID_PROD_SPECN)";
    SOFTWARE "software" Text[many], Open, "software and firmware revisions (NOM_ATTR_ID_PROD_SPECN)";
    SYSTEM_ID "system_id" Text, Open, "system id, usually the MAC address (NOM_ATTR_SYS_ID)";
    MAC "mac" Text, Open, "MAC address that the monitor announces";
    IP "ip" Text, Open, "IPv4 address that the monitor announces";
    NETMASK "netmask" Text, Open, "network mask that the monitor announces";
    SERVICE "service" Text[many], Open, "announced service: application, transport and port";
    OPERATING_MODE "operating_mode" Text, Open, "monitoring, demo, service, standby, config (NOM_ATTR_MODE_OP)";
    ATTRIBUTE "attribute" Text[many], Open, "attribute ids asked for, set or answered";
    OPERATOR "operator" Text[many], Open, "what a set does with each attribute: replace, add, remove, set-to-default";
    PRIORITY "priority" Text[many], Open, "entries of a wave or numeric priority list, text ids";
    PRIORITY_COUNT "priority_count" Integer, Open, "entries of a priority list; 0 stops the export";
    VALUE "value" Bytes[many], Patient("text"), "value set in an attribute without a name here";
    NUMERIC "numeric" Quantity[many], Open, "heart rate, SpO2, respiration, pressures, temperature; the code is the physiological id";
    ALERT_STATE "alert_state" Text, Open, "alert state bits (NOM_ATTR_DEV_AL_COND)";
    ALERTS_INHIBITED "alerts_inhibited" Flag, Open, "alarms are switched off at the monitor (alert state 0x8000)";
    ALERTS_SUSPENDED "alerts_suspended" Flag, Open, "alarms are paused at the monitor (alert state 0x4000)";
    ALERTS_SILENCED "alerts_silenced" Flag, Open, "alarms were silenced at the monitor (alert state 0x1000)";
    ALARM "alarm" Text[many], Open, "active alarms: their text, or their code where no text is sent";
    ERROR "error" Text, Open, "error of a refused operation (guide: ROERapdu)";
    ERROR_CODE "error_code" Integer, Open, "error value as sent";
    ERROR_STATUS "error_status" Integer[many], Open, "status of each attribute in a get-list or set-list error";
    ADMISSION "admission" Text, Open, "empty, pre-admitted, admitted, discharged (NOM_ATTR_PT_DEMOG_ST)";
    PATIENT_ID "patient_id" Text, Patient("pid"), "patient id (NOM_ATTR_PT_ID)";
    PATIENT_ID_INTERNAL "patient_id_internal" Bytes, Patient("pid"), "internal patient id (NOM_ATTR_PT_ID_INT)";
    FAMILY_NAME "family_name" Text, Patient("name"), "family name (NOM_ATTR_PT_NAME_FAMILY)";
    GIVEN_NAME "given_name" Text, Patient("name"), "given name (NOM_ATTR_PT_NAME_GIVEN)";
    MIDDLE_NAME "middle_name" Text, Patient("name"), "further names (attributes 0x095F, 0xF2E1)";
    BIRTH_DATE "birth_date" Time, Patient("birth"), "date of birth (NOM_ATTR_PT_DOB)";
    SEX "sex" Integer, Patient("sex"), "sex as coded (NOM_ATTR_PT_SEX)";
    AGE "age" Decimal, Patient("birth"), "age (NOM_ATTR_PT_AGE)";
    HEIGHT "height" Decimal, Patient("text"), "height (NOM_ATTR_PT_HEIGHT)";
    WEIGHT "weight" Decimal, Patient("text"), "weight (NOM_ATTR_PT_WEIGHT)";
    NOTES "notes" Text[many], Patient("text"), "notes (attributes 0xF129, 0xF12A)";
    ENCOUNTER "encounter" Bytes[many], Patient("visit"), "encounter ids (attributes 0xF2E2, 0xF2E3)";
}

kinds! {
    CONNECT_INDICATION "connect_indication", "a monitor announces itself (UDP 24005)";
    ASSOC_REQUEST "assoc_request", "association request (CN SPDU)";
    ASSOC_ACCEPT "assoc_accept", "association accepted (AC SPDU)";
    ASSOC_REFUSE "assoc_refuse" (Implementation), "association refused (RF SPDU)";
    RELEASE_REQUEST "release_request", "association release asked (FN SPDU)";
    RELEASE_RESPONSE "release_response", "association released (DN SPDU)";
    ASSOC_ABORT "assoc_abort", "association aborted (AB SPDU)";
    MDS_CREATE "mds_create_request", "the monitor describes itself after an association";
    MDS_CREATE_RESULT "mds_create_result", "the client took the description";
    EVENT_REPORT "event_report_request", "another event report";
    EVENT_REPORT_RESULT "event_report_result", "answer to another event report";
    GET "get_request", "attributes are asked for";
    GET_RESULT "get_result", "attributes asked for";
    GET_RESULT_LINKED "get_result_linked", "attributes asked for, more follow";
    SET "set_request", "attributes are changed, no answer wanted";
    CONFIRMED_SET "confirmed_set_request", "attributes are changed";
    CONFIRMED_SET_RESULT "confirmed_set_result", "attributes were changed";
    POLL "poll_request", "objects are asked for once";
    POLL_RESULT "poll_result", "objects asked for";
    POLL_RESULT_LINKED "poll_result_linked", "objects asked for, more follow";
    EXTENDED_POLL "extended_poll_request", "objects are asked for over a time";
    EXTENDED_POLL_RESULT "extended_poll_result", "objects of an extended poll";
    EXTENDED_POLL_RESULT_LINKED "extended_poll_result_linked", "objects of an extended poll, more follow";
    ACTION "action_request", "an action that the guide does not document";
    ACTION_RESULT "action_result", "answer to such an action";
    ERROR_RESULT "error", "an operation was refused (ROER)";
    MALFORMED "malformed", "bytes that are no Data Export message";
}

/// Names of the faults and what they mean.
pub const ANOMALIES: &[(&str, &str)] = &[
    (
        "truncated",
        "the message ends before what its layout asks for",
    ),
    (
        "length-mismatch",
        "a length field does not agree with the bytes that are there",
    ),
    (
        "count-mismatch",
        "a count does not agree with the length beside it",
    ),
    ("unknown-first-byte", "no message begins like this"),
    ("unknown-operation", "remote operation type without a name"),
    (
        "no-user-information",
        "an association without readable user information",
    ),
    (
        "odd-indication",
        "a connect indication with another header or command type than the guide's",
    ),
    (
        "wrong-fcs",
        "the frame check sequence does not fit (RS-232 framing)",
    ),
    ("between-frames", "bytes outside of frames (RS-232 framing)"),
    ("too-long", "a frame longer than the limit (RS-232 framing)"),
    (
        "unfinished",
        "a frame that the stream's end or a gap cut off",
    ),
];
