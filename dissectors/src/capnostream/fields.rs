//! What Capnostream frames are called and what they tell.

use crate::{fields, kinds};

fields! {
    CODE "code" Integer, Open, "code of the frame";
    ITEM "item" Text, Open, "item of the set-up (code 60)";
    SETTING "setting" Quantity, Open, "value that the item is set to";
    VALUE "value" Quantity[many], Open, "measured values; the code is the parameter's name";
    CO2_ALARMS "co2_alarms" Integer, Open, "CO2 alarm bits of the numerics";
    SPO2_ALARMS "spo2_alarms" Integer, Open, "SpO2 alarm bits of the numerics";
    PATIENT_ID "patient_id" Text, Patient("pid"), "patient id";
    DEVICE "device" Text, Open, "device id and software as sent (code 4)";
    LENGTH "length" Integer, Open, "payload bytes";
}

kinds! {
    ENABLE "enable_comm", "host: communication on (1)";
    DISABLE "disable_comm", "host: communication off (2)";
    INQUIRE_NUMERIC "inquire_numeric", "host: a numeric is asked for (3)";
    START "start_real_time", "host: real-time data on (4)";
    STOP "stop_real_time", "host: real-time data off (5)";
    LINK "link_active", "host: keep-alive (6)";
    HOST_ID "set_host_id", "host: its id (7, 8)";
    INQUIRE_REVISION "inquire_revision", "host: protocol revision asked for (9)";
    REQUEST_PERIODIC "request_periodic", "host: periodic message asked for (10)";
    INQUIRE_PATIENT "inquire_patient_id", "host: patient id asked for (11)";
    INQUIRE_EVENTS "inquire_events", "host: events asked for (21)";
    TREND_DOWNLOAD "trend_download", "host: trend asked for (54 to 56)";
    SETUP "setup", "host: a setting is read or written (60)";
    SET_PATIENT "set_patient_id", "host: patient id is set (61, 62)";
    WAVE "wave", "device: CO2 samples (0)";
    NUMERICS "numerics", "device: values, alarms and limits (1)";
    PATIENT "patient_id", "device: patient id (2, 12)";
    NUMERIC "numeric", "device: one numeric (3)";
    DEVICE_ID "device_id", "device: id and software (4)";
    REVISION "revision", "device: protocol revision (9)";
    PERIODIC "periodic", "device: periodic message (10)";
    EVENTS "events", "device: events (21, 22)";
    TREND "trend", "device: trend (55, 56)";
    NEW_PATIENT "new_patient", "device: another patient (57, 58)";
    SETUP_ANSWER "setup_answer", "device: a setting (60)";
    MALFORMED "malformed", "bytes that are no frame";
}

/// Names of the faults and what they mean.
pub const ANOMALIES: &[(&str, &str)] = &[
    ("bad-checksum", "the checksum does not fit the frame"),
    ("cut-frame", "a new frame begins inside a frame"),
    ("stray-bytes", "bytes outside of frames"),
    ("truncated", "a payload too short for its code"),
    (
        "unfinished",
        "a frame that the stream's end or a gap cut off",
    ),
];
