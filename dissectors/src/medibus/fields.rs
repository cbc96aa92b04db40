//! What the dissector shows. Kinds carry short names; the doc line names the manual's own.

use crate::{fields, kinds};

fields! {
    FORM "form" Text, Open, "command (ESC) or response (SOH)";
    CODE "code" Text, Open, "command code, two hexadecimal digits";
    ARGUMENT "argument" Text, Open, "argument of a command, as sent";
    EMBEDDED "embedded" Flag, Open, "a command inside a response that was not finished yet";
    MEASURED "measured" Quantity[many], Open, "measured values (24, 2B); code: data code";
    LOW_LIMIT "low_limit" Quantity[many], Open, "low alarm limits (25, 2C)";
    HIGH_LIMIT "high_limit" Quantity[many], Open, "high alarm limits (26, 2D)";
    SETTING "setting" Quantity[many], Open, "device settings (29), but age and weight";
    AGE "age" Text, Patient("text"), "setting 4A, years";
    WEIGHT "weight" Text, Patient("text"), "setting 4B, kg";
    ALARM "alarm" Text[many], Open, "active alarms (23, 27, 2E): priority, code, phrase";
    TEXT_MESSAGE "text" Text[many], Patient("text"), "text messages (2A): code and text";
    DATE_TIME_VALUE "date_time" Time, Open, "date and time as the device prints them (28)";
    DEVICE "device" Text, Open, "device id (52): 8260 EvitaXL, 0161 a computer";
    DEVICE_NAME "device_name" Text, Open, "device name (52)";
    REVISION "revision" Text, Open, "device and MEDIBUS revision (52)";
    KEY "key" Text[many], Open, "active keys and switched-off monitoring (6A '2')";
    SILENCE "alarm_silence" Flag, Open, "the alarm silence key is active (6A '2', code 32)";
    REPORT "report" Text, Open, "data type that a 4A narrows, two hexadecimal digits";
    REPORTED "reported" Text[many], Open, "data codes that a 4A leaves in the report";
    CURVE "curve" Text[many], Open, "real-time curves: code and multiplier (54), or code, interval and range (53)";
    RECORD "record" Bytes, Open, "one real-time record as sent";
    DATA "data" Bytes, Open, "response data of a code without a published layout";
}

kinds! {
    MALFORMED "malformed", "bytes that are no frame";
    NAK "NAK", "corrupt or unknown command (response 15)";
    ALARMS_3 "alarms-3" (Implementation), "alarms, code page 3 (23)";
    MEASURED_1 "measured-1", "current measured data, code page 1 (24)";
    LOW_LIMITS_1 "low-limits-1", "current low alarm limits, code page 1 (25)";
    HIGH_LIMITS_1 "high-limits-1", "current high alarm limits, code page 1 (26)";
    ALARMS_1 "alarms-1", "current alarms, code page 1 (27)";
    DATE_TIME "date-time", "current date and time (28)";
    SETTINGS "settings", "current device settings (29)";
    TEXT "text", "current text messages (2A)";
    MEASURED_2 "measured-2", "current measured data, code page 2 (2B)";
    LOW_LIMITS_2 "low-limits-2", "current low alarm limits, code page 2 (2C)";
    HIGH_LIMITS_2 "high-limits-2", "current high alarm limits, code page 2 (2D)";
    ALARMS_2 "alarms-2", "current alarms, code page 2 (2E)";
    NOP "NOP", "no operation (30)";
    TIME_CHANGED "time-changed", "time changed (49)";
    CONFIGURE_RESPONSE "configure-response", "configure data response (4A): what is reported, nothing else";
    ICC "ICC", "initialise communication (51)";
    DEVICE_ID "device-id", "device identification (52)";
    REALTIME_CONFIG "realtime-config", "request real-time configuration (53)";
    CONFIGURE_REALTIME "configure-realtime", "configure real-time transmission (54)";
    STOP "STOP", "stop communication (55): the device goes quiet";
    REALTIME_CHANGED "realtime-config-changed", "real-time configuration changed (56)";
    DEVICE_SPECIFIC "device-specific", "device specific request (6A): keys, version, patient type, channel";
    TREND_STATUS "trend-status" (Implementation), "trend data status (6C, MEDIBUS.X)";
    TREND_DATA "trend-data" (Implementation), "trend data (6D, MEDIBUS.X)";
    REALTIME "realtime", "one real-time record, or a sync command of the host";
    SUSPEND "DC1-suspend", "flow control: the receiver must stop sending";
    RESUME "DC3-resume", "flow control: the receiver may send again";
    ABORT "CAN", "flow control: abort the frame";
}
