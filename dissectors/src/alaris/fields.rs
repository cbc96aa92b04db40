//! What the dissector shows, and what it rests on.

use crate::{fields, kinds};

fields! {
    VERB "verb" Text, Open, "verb as sent (Asena.java)";
    ARGUMENT "argument" Text[many], Open, "fields after the verb, as sent; the control code left out";
    STATE "state" Text, Open, "ENABLED, DISABLED, ACTIV, DEACT";
    CODE "code" Text, Secret, "control code of REMOTE_CTRL and REMOTE_CFG: CRC-16 of the serial number, no secret by design";
    CODE_FROM_SERIAL "code_from_serial" Flag, Open, "the code is the CRC-16 of the serial number that this conversation read before";
    PERMIT "permit" Text, Open, "the pump's answer to REMOTE_CTRL and REMOTE_CFG: PERMIT or another word";
    RATE "rate" Quantity, Open, "infusion rate (INF_RATE, INF)";
    RATE_MAX "rate_max" Quantity, Open, "highest rate with this syringe (INF_RATE_MAX_SYRINGE)";
    VOLUME "volume" Quantity, Open, "volume infused (INF_VI, INF)";
    VTBI "vtbi" Quantity, Open, "volume to be infused (INF_VTBI)";
    PRESSURE "pressure" Quantity, Open, "line pressure (INF)";
    TIME_LEFT "time_left" Text, Open, "time to the end as the pump prints it (INF)";
    ALARM "alarm" Text, Open, "alarm code (ALARM, INF)";
    MODE "mode" Text, Open, "mode (INF)";
    LOG "log" Text, Open, "newest log entry: type and number (INF)";
    SERIAL "serial" Text, Open, "serial number of the pump (INST_SERIALNO, INF)";
    REVISION "revision" Text, Open, "protocol name and revision (COMMS_PROTOCOL)";
    TIMEOUT "timeout" Quantity, Open, "longest pause between messages (COMMS_RESPONSE_MAX)";
    SYRINGE "syringe" Text, Open, "make and size of the syringe (SYRINGE_STATUS)";
}

kinds! {
    MALFORMED "malformed", "bytes that are no frame";
    INST_SERIALNO "INST_SERIALNO", "serial number";
    COMMS_PROTOCOL "COMMS_PROTOCOL", "protocol revision";
    COMMS_RESPONSE_MAX "COMMS_RESPONSE_MAX", "longest pause before the pump falls back to local control";
    INF "INF", "status: alarm, mode, rate, volume, pressure";
    INF_RATE "INF_RATE", "rate: read, or set if the host sends a value";
    INF_VI "INF_VI", "volume infused";
    INF_VI_CLEAR "INF_VI_CLEAR", "clears the total";
    INF_VTBI "INF_VTBI", "volume to be infused: read, set (ACTIV) or off (DEACT)";
    INF_START "INF_START", "starts the infusion";
    INF_STOP "INF_STOP", "stops the infusion";
    INF_BOLUS "INF_BOLUS", "gives a bolus";
    INF_RATE_MAX_SYRINGE "INF_RATE_MAX_SYRINGE", "highest rate with this syringe";
    SYRINGE_STATUS "SYRINGE_STATUS", "syringe make and size";
    ALARM_STATUS "ALARM", "alarm state";
    REMOTE_CTRL "REMOTE_CTRL", "takes or gives back remote control";
    REMOTE_CFG "REMOTE_CFG", "takes or gives back remote configuration";
    REMQUERY "REMQUERY", "remote query on or off";
}
