//! What the blocks of a Contec monitor are called and what they tell.

use crate::{fields, kinds};

fields! {
    BLOCK_TYPE "block_type" Text, Open, "type byte of the block";
    LENGTH "length" Integer, Open, "data bytes of the block";
    DEPARTMENT "department" Text, Open, "department (block 3E)";
    BED "bed" Integer, Open, "bed number (blocks 3E, 45)";
    PATIENT_NAME "patient_name" Text, Patient("name"), "patient name (block 3E)";
    PATIENT_ID "patient_id" Text, Patient("pid"), "patient number (block 3E)";
    BIRTH_DATE "birth_date" Time, Patient("birth"), "date of birth, year-month-day as text (block 3E)";
    ADMITTED "admitted" Time, Patient("visit"), "date of admission, year-month-day as text (block 3E)";
    HEIGHT "height" Decimal, Patient("text"), "height, cm (block 3E)";
    WEIGHT "weight" Decimal, Patient("text"), "weight, kg (block 3E)";
    BLOOD_TYPE "blood_type" Integer, Patient("text"), "blood type as coded (block 3E)";
    DOCTOR "doctor" Text, Patient("staff"), "doctor (block 3E)";
    GROUP "group" Text, Open, "telemetry group: 14 ECG and respiration, 15 SpO2, 16 pressure, 17 temperature";
    VALUE "value" Quantity[many], Open, "measured values; the code is the parameter's name";
    LIMIT "limit" Text[many], Open, "alarm limits of a value, low and high";
    STATUS_CODE "status_code" Integer, Open, "code of a status text (block 49)";
    STATUS_TEXT "status_text" Text, Open, "status or error text (block 49)";
}

kinds! {
    PATIENT_INFO "patient_info", "patient, bed and doctor (block 3E)";
    BLOCK_43 "block_43" (Experimental), "empty block, perhaps the start of a session";
    BED_NUMBER "bed_number", "bed number (block 45)";
    TELEMETRY "telemetry", "samples, values and alarm limits (block 46)";
    SYNC "sync" (Experimental), "empty block, perhaps for synchronisation (47)";
    STATUS "status_text" (Experimental), "status or error text (block 49)";
    COMMAND "command" (Behaviour), "bytes from the station to the device: no command of it is publicly known";
    MALFORMED "malformed", "bytes that are no block";
}

/// Names of the faults and what they mean.
pub const ANOMALIES: &[(&str, &str)] = &[
    (
        "stray-bytes",
        "bytes where a block ought to begin and none does",
    ),
    ("truncated", "a block too short for its type"),
    ("unknown-block", "a block type without a name"),
    (
        "unfinished",
        "a block that the stream's end or a gap cut off",
    ),
];
