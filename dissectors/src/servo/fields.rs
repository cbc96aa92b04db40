//! What the dissector shows.

use crate::{fields, kinds};

fields! {
    ARGUMENT "argument" Text, Open, "what follows the command, as sent; not that of STTX";
    CHANNEL "channel" Text[many], Open, "channels that SDAD or RCCO names";
    REPLY "reply" Text, Open, "reply as sent, where its command is known and not about a person";
    ERROR "error" Text, Open, "error code: ER10 unknown, 11 syntax, 12 range, 16 not configured, 17 standby, 18 check sum, 19 buffer; E0 in binary";
    PATIENT_ID "patient_id" Text, Patient("pid"), "reply to RPAI: patient id";
    ADMITTED "admitted" Text, Patient("visit"), "reply to RPAI: date of admission, YYMMDDhhmm";
    TEXT "text" Text, Patient("text"), "STTX, RETX, and replies whose command was not seen";
    VALUE "value" Quantity[many], Open, "values of a breath or settings record, raw; code: channel";
    STATE "alarm_state" Text[many], Open, "extended alarm record: channel and 0 none, 1 alarm, 2 alarm silenced";
    SILENCED "silenced" Flag, Open, "an alarm is active and silenced";
    BYTES "bytes" Integer, Open, "bytes of a curve record";
    PHASES "phases" Text[many], Open, "phase flags in a curve record: inspiration, pause, expiration";
}

kinds! {
    MALFORMED "malformed", "bytes that are no command and no record";
    REPLY_KIND "reply", "text reply";
    CURVE "curve", "record of curves: values and differences";
    BREATH "breath", "record of breath values (B)";
    SETTINGS "settings", "record of settings (S)";
    ALARMS "alarms", "record of alarms (A)";
    EXTENDED_ALARMS "extended-alarms", "record of alarms with their silence (E)";
    TREND "trend", "record of a trend (T)";
    BINARY_ERROR "binary-error", "error in binary form (E0)";
    ESCAPE "ESC", "stops transmission at once";
    CHECK "connection-check", "an empty command, answered by *";
    HO "HO", "general call: basic mode, all channel definitions cleared";
    RCTY "RCTY", "enters extended mode";
    RHVE "RHVE", "hardware version";
    RPVE "RPVE", "protocol version";
    RSEN "RSEN", "serial number";
    RSWV "RSWV", "software version";
    RADN "RADN", "number of channels";
    RADA "RADA", "read data";
    RADC "RADC", "continuous data";
    RALO "RALO", "alarm limits";
    RCCO "RCCO", "configuration of a channel: gain, offset, unit";
    RDAD "RDAD", "channel definitions";
    RSTI "RSTI", "standby time";
    RTIM "RTIM", "time";
    RTOU "RTOU", "time-out";
    RAIC "RAIC", "alarm information";
    RBAT "RBAT", "battery";
    RETX "RETX", "reads the text buffer";
    RPAI "RPAI", "reads patient id and date of admission";
    SDAD "SDAD", "defines the channels of the report; none: clears them";
    SPVE "SPVE", "chooses the protocol version; clears the definitions";
    SSMP "SSMP", "sampling interval";
    STOU "STOU", "time-out";
    STTX "STTX", "writes the text buffer";
    AN "AN", "basic: analogue channel";
    BC "BC", "basic: breath channels";
    SV "SV", "basic: settings";
    RV "RV", "basic: read value";
    RT "RT", "basic: read trend";
    RS "RS", "basic: read status";
    AO "AO", "basic: alarm 0 or 1";
    RB "RB", "basic: read breath";
    RC "RC", "basic: read curve";
    UC "UC", "basic: unit of a channel";
    TO "TO", "basic: time-out";
    UT "UT", "basic: unit and time";
    CT "CT", "basic: sets the time-out";
    DB "DB", "basic: defines breath channels";
    DC "DC", "basic: defines curve channels";
    CS "CS", "basic: sampling";
}
