//! What S/5 records are called and what they tell.

use crate::{fields, kinds};

fields! {
    RECORD_NUMBER "record_number" Integer, Open, "running number of the record (r_nbr)";
    LEVEL "level" Integer, Open, "DRI level of the interface (dri_level)";
    CLOCK "clock" Integer, Open, "monitor's clock, seconds since 1970 (r_time)";
    MAIN_TYPE "main_type" Text, Open, "main type of the record (r_maintype)";
    SUB_TYPE "sub_type" Integer[many], Open, "type of each subrecord (sr_type)";
    EXPORT "export" Text, Open, "what is asked for: displayed values, trends, auxiliary data";
    INTERVAL "interval" Integer, Open, "seconds between records; -1 once, 0 stop";
    CLASSES "classes" Text, Open, "classes asked for, bits";
    WAVE "wave" Text[many], Open, "waveforms asked for or sent";
    SAMPLES "samples" Integer, Open, "samples in the record";
    VALUE "value" Quantity[many], Open, "measured values of the basic class; the code is the parameter's name";
    ALARM_COMMAND "alarm_command" Text, Open, "once, enter differential, exit differential";
    SILENCE "silence" Text, Open, "which alarms are silenced (silence_info)";
    SOUND "sound" Flag, Open, "alarm sound is on (sound_on_off)";
    ALARM "alarm" Text[many], Open, "alarm texts on the display";
    ALARM_COLOUR "alarm_colour" Text[many], Open, "colour of each alarm text";
    PATIENT_NAME "patient_name" Text[many], Patient("name"), "first, last and middle name (patient description)";
    PATIENT_ID "patient_id" Text, Patient("pid"), "patient id (patient description)";
}

kinds! {
    PHDB_REQUEST "phdb_request", "physiological data are asked for, or stopped";
    PHDB_DATA "phdb_data", "physiological data";
    WAVE_REQUEST "wave_request", "waveforms are asked for, or stopped";
    WAVE_DATA "wave_data", "waveform samples";
    ALARM_REQUEST "alarm_request", "alarm status is asked for, or stopped";
    ALARM_STATUS "alarm_status" (Implementation), "alarm status and texts";
    LOGIN "network_login", "a monitor enters the network";
    LOGOUT "network_logout", "a monitor leaves the network";
    PATIENT_DESCRIPTION "patient_description", "patient description";
    NETWORK "network_data", "another network record";
    EVENTS "fo_data", "anaesthesia record events";
    MALFORMED "malformed", "bytes that are no record";
}

/// Names of the faults and what they mean.
pub const ANOMALIES: &[(&str, &str)] = &[
    ("bad-checksum", "the checksum does not fit the frame"),
    (
        "bad-length",
        "the record's length does not agree with its frame",
    ),
    (
        "bad-subrecord",
        "a subrecord's place does not rise, or lies outside of the record",
    ),
    ("truncated", "a subrecord too short for its type"),
    ("unknown-type", "a main type without a name"),
    ("between-frames", "bytes outside of frames"),
    ("too-long", "a frame beyond the limit"),
    (
        "unfinished",
        "a frame that the stream's end or a gap cut off",
    ),
];
