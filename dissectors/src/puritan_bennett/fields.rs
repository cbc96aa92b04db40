//! What the dissector shows. Numbers in the doc lines count the record's fields from 5, the first
//! after STX, as the public parsers do.

use crate::{fields, kinds};

fields! {
    VENTILATOR "ventilator" Text, Open, "6: model and serial number";
    TIME "time" Time, Open, "5 and 7: time and date of the ventilator";
    TYPE "type" Text, Open, "8: ventilation type";
    MODE "mode" Text, Open, "9: A/C, SIMV, SPONT, BILEVL";
    MANDATORY "mandatory" Text, Open, "10: mandatory type";
    SPONTANEOUS "spontaneous" Text, Open, "11: spontaneous type";
    TRIGGER "trigger" Text, Open, "12: trigger type";
    RATE "rate" Quantity, Open, "13: respiratory rate set";
    TIDAL_VOLUME "tidal_volume" Quantity, Open, "14: tidal volume set";
    PEAK_FLOW "peak_flow" Quantity, Open, "15: peak flow set";
    OXYGEN "oxygen" Quantity, Open, "16: O2 set";
    SENSITIVITY "sensitivity" Quantity, Open, "17: pressure sensitivity";
    PEEP "peep" Quantity, Open, "18: PEEP set";
    PLATEAU "plateau" Quantity, Open, "19: plateau time";
    SUPPORT "support" Quantity, Open, "31: pressure support";
    FULL_OXYGEN "full_oxygen" Text, Open, "33: 100 % O2";
    LIMIT "limit" Text[many], Open, "34 to 43: alarm limits, number and value; OFF where switched off";
    WEIGHT "weight" Text, Patient("text"), "60: ideal body weight, kg";
    TOTAL_RATE "total_rate" Quantity, Open, "70: total rate";
    EXHALED "exhaled_volume" Quantity, Open, "71: exhaled tidal volume";
    MINUTE_VOLUME "minute_volume" Quantity, Open, "72: exhaled minute volume";
    PEAK_PRESSURE "peak_pressure" Quantity, Open, "73: peak pressure";
    MEAN_PRESSURE "mean_pressure" Quantity, Open, "74: mean pressure";
    OXYGEN_DELIVERED "oxygen_delivered" Quantity, Open, "77: O2 delivered";
    ALARM_SILENCE "alarm_silence" Text, Open, "105: ON where the alarm is silenced at the ventilator";
    ALARM "alarm" Text[many], Open, "106 to 153: alarms that are not NORMAL, number and state";
    BYTES "bytes" Integer, Open, "bytes between STX and ETX";
    FIELD_COUNT "field_count" Integer, Open, "fields in the record";
    BREATH "breath" Text, Open, "number of the breath in a waveform (BS)";
}

kinds! {
    MALFORMED "malformed", "bytes that are no request and no record";
    SNDA "SNDA", "asks for settings and monitored data";
    SNDF "SNDF", "asks for the full record";
    RSET "RSET", "clears the ventilator's receive buffer";
    VRPT "VRPT", "asks for the full report (V60), or that report";
    MISCA "MISCA", "settings and monitored data";
    MISCF "MISCF", "the full record";
    WAVEFORM "waveform", "start or end of a breath in a waveform; its samples are passed over";
    LINE "line", "another line from the ventilator";
}
