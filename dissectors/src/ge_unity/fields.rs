//! What GE Unity datagrams are called and what they tell.

use crate::{fields, kinds};

fields! {
    FUNCTION "function" Integer, Open, "function code of the bed message";
    SUB_FUNCTION "sub_function" Integer, Open, "sub-function code of the bed message";
    SENDER_IP "sender_ip" Text, Open, "IPv4 address that the sender claims in the message";
    TARGET_IP "target_ip" Text, Open, "IPv4 address that the message claims to go to";
    SEQUENCE "sequence" Integer, Open, "running number of a parameter update or waveform";
    PROCESS "process" Integer, Open, "process id of a request";
    WARD "ward" Text, Open, "ward of the sender";
    BED "bed" Text, Open, "bed of the sender";
    CLOCK "clock" Integer, Open, "monitor's clock, seconds since 1970 (inferred)";
    PATIENT_NAME "patient_name" Text, Patient("name"), "last and first name in a discovery message";
    SERVICE "service" Text[many], Open, "announced service and port (inferred)";
    ALARM_STATE "alarm_state" Text, Open, "active, silenced, paused, off, volume off, paused with display off";
    ALARM_LEVEL "alarm_level" Text, Open, "level of the gravest alarm";
    AUDIO_LEVEL "audio_level" Text, Open, "level of the audible alarm";
    ADMITTED "admitted" Integer, Open, "patient admission as coded";
    PARAMETER "parameter" Text[many], Open, "parameters in an update, or that of an alarm";
    VALUE "value" Quantity[many], Open, "measured values; the code is the parameter's name";
    LIMIT "limit" Text[many], Open, "alarm limits of a value, low and high";
    ALARM "alarm" Text, Open, "alarm text, in the monitor's language";
    COUNTER "counter" Integer, Open, "counter of an alarm message";
    CHANNEL "channel" Text[many], Open, "channels of a waveform";
    LEAD_OFF "lead_off" Text[many], Open, "channels whose samples all say that there is no signal (inferred)";
}

kinds! {
    DISCOVERY "discovery", "a monitor says that it is there (UDP 7000)";
    ALARM_MESSAGE "alarm", "alarm text, broadcast each two seconds (UDP 7001)";
    PARAMETERS "parameters", "parameter update: values, limits, alarm state";
    WAVEFORM "waveform", "samples of a quarter of a second";
    REQUEST_PARAMETERS "request_parameters", "parameters are asked for (UDP 2000)";
    REQUEST_WAVEFORMS "request_waveforms", "waveforms are asked for (UDP 2000)";
    POLL_PARAMETERS "poll_parameters" (Implementation), "parameters are asked for once (serial variant)";
    MALFORMED "malformed", "a datagram that is no message of this family";
}

/// Names of the faults and what they mean.
pub const ANOMALIES: &[(&str, &str)] = &[
    (
        "truncated",
        "the datagram ends before what its layout asks for",
    ),
    (
        "length-mismatch",
        "a data count does not agree with the bytes there are",
    ),
    (
        "count-mismatch",
        "the number of entries does not agree with the bytes there are",
    ),
    (
        "unknown-message",
        "no message of this family looks like this",
    ),
];
