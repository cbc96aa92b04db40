//! What polls and updates are called and what they tell.

use crate::{fields, kinds};

fields! {
    FUNCTION "function" Integer, Open, "function code of the bed message";
    SUB_FUNCTION "sub_function" Integer, Open, "sub-function code of the bed message";
    SEQUENCE "sequence" Integer, Open, "running number of a message";
    WARD "ward" Text, Open, "ward of the sender";
    BED "bed" Text, Open, "bed of the sender";
    STATUS "status" Integer, Open, "return status, where it is not 0";
    ALARM_STATE "alarm_state" Text, Open, "active, silenced, paused, off, volume off, paused with display off";
    ALARM_LEVEL "alarm_level" Text, Open, "level of the gravest alarm";
    AUDIO_LEVEL "audio_level" Text, Open, "level of the audible alarm";
    ADMITTED "admitted" Integer, Open, "patient admission as coded";
    PARAMETER "parameter" Text[many], Open, "parameters in an update";
    VALUE "value" Quantity[many], Open, "measured values; the code is the parameter's name";
    LIMIT "limit" Text[many], Open, "alarm limits of a value, low and high";
}

kinds! {
    MALFORMED "malformed", "bytes that are no bed message";
    POLL "poll_parameters", "the host asks for the parameters once";
    PARAMETERS "parameters", "values, limits, alarm state";
}
