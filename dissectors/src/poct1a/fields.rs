//! What point-of-care messages are called and what they tell.

use crate::{fields, kinds};

fields! {
    CONTROL_ID "control_id" Text, Open, "control id of the message (HDR.control_id)";
    MESSAGE_TYPE "message_type" Text, Open, "message type where it is sent (HDR.message_type)";
    VERSION "version" Text, Open, "version id (HDR.version_id)";
    CREATED "created" Time, Open, "when the message was made (HDR.creation_dttm)";
    FRAMING "framing" Text, Open, "bare documents (xml) or blocks (mllp)";
    COMMAND "command" Text, Open, "directive: LOCK, UNLOCK, SET_TIME, START_CONTINUOUS ... (DTV.command_cd)";
    CLOCK "clock" Time, Open, "time that the device is set to (TM.dttm)";
    REQUEST "request" Text, Open, "what is asked for: ROBS observations, RDEV events ... (REQ.request_cd)";
    TOPIC "topic" Text, Open, "topic that ends (EOT.topic_cd)";
    ACK_TYPE "ack_type" Text, Open, "AA accepted, AE refused (ACK.type_cd, ACK.type_id)";
    ACK_CONTROL_ID "ack_control_id" Text, Open, "control id of the message answered (ACK.ack_control_id, ACK.control_id, ESC.esc_control_id)";
    DETAIL "detail" Text, Open, "why a message was refused (ESC.detail_cd)";
    REASON "reason" Text, Open, "why the conversation ends, or a result is sent (TRM.reason_cd, SVC.reason_cd)";
    DEVICE_ID "device_id" Text, Open, "device id (DEV.device_id)";
    VENDOR "vendor" Text, Open, "vendor (DEV.vendor_id)";
    MODEL "model" Text, Open, "model (DEV.model_id)";
    SERIAL "serial" Text, Open, "serial number (DEV.serial_id)";
    HARDWARE "hardware" Text, Open, "hardware version (DEV.hw_version)";
    SOFTWARE "software" Text, Open, "software version (DEV.sw_version)";
    DEVICE_NAME "device_name" Text, Open, "device name (DEV.device_name)";
    PROFILE "profile" Text, Open, "connection profile (DSC.connection_profile_cd)";
    TOPICS "topics" Text[many], Open, "topics that the device supports (DSC.topics_supported_cd)";
    DIRECTIVES "directives" Text[many], Open, "directives that the device supports (DSC.directives_supported_cd)";
    CONDITION "condition" Text, Open, "condition of the device: R ready, L locked (DST.condition_cd)";
    NEW_OBSERVATIONS "new_observations" Text, Open, "results waiting (DST.new_observations_qty)";
    NEW_EVENTS "new_events" Text, Open, "events waiting (DST.new_events_qty)";
    ROLE "role" Text, Open, "OBS result, LQC control, CAL calibration, PRF proficiency (SVC.role_cd)";
    OBSERVED "observed" Time, Open, "when it was observed (SVC.observation_dttm)";
    PATIENT_ID "patient_id" Text[many], Patient("pid"), "patient id (PT.patient_id)";
    PATIENT_NAME "patient_name" Text[many], Patient("name"), "patient name (PT.name)";
    BIRTH_DATE "birth_date" Time[many], Patient("birth"), "date of birth (PT.birth_date)";
    SEX "sex" Text[many], Patient("sex"), "sex (PT.gender_cd)";
    LOCATION "location" Text[many], Open, "location of the patient (PT.location)";
    WEIGHT "weight" Text[many], Patient("text"), "weight (PT.weight)";
    TEST "test" Text[many], Open, "observation id (OBS.observation_id)";
    VALUE "value" Text[many], Patient("text"), "result (OBS.value, OBS.qualitative_value)";
    UNIT "unit" Text[many], Open, "unit of the result (U of OBS.value)";
    METHOD "method" Text[many], Open, "M measured, C calculated, I entered (OBS.method_cd)";
    STATUS "status" Text[many], Open, "status of the result (OBS.status_cd)";
    INTERPRETATION "interpretation" Text[many], Open, "interpretation (OBS.interpretation_cd)";
    OPERATOR "operator" Text[many], Patient("staff"), "operator id (OPR.operator_id)";
    OPERATOR_NAME "operator_name" Text[many], Patient("staff"), "operator name (OPR.name)";
    OPERATORS "operators" Integer, Open, "operators in an operator list";
    PATIENTS "patients" Integer, Open, "patients in a patient list";
    PERMISSION "permission" Text[many], Open, "permission level: 1 user to 4 supervisor (ACC.permission_level_cd)";
    METHODS_ALLOWED "methods_allowed" Text[many], Open, "methods an operator may use (ACC.method_cd)";
    UPDATE "update" Text[many], Open, "I insert, D delete (UPD.action_cd)";
    ORDER_ID "order_id" Text[many], Patient("accession"), "order id (ORD.universal_service_id, ORD.order_id)";
    SPECIMEN_ID "specimen_id" Text[many], Patient("accession"), "specimen (SPC.specimen_dttm aside: SPC.specimen_id)";
    CONTROL_NAME "control_name" Text[many], Open, "control material (CTC.name)";
    LOT "lot" Text[many], Open, "lot numbers (CTC.lot_number, RGT.lot_number)";
    LEVEL "level" Text[many], Open, "level of a control (CTC.level_cd)";
    EVENT "event" Text[many], Open, "device event (EVT.description, EVT.severity_cd, EVS codes)";
    NOTE "note" Text[many], Patient("text"), "free text (NTE.text, ACK.note_txt, ESC.note_txt)";
}

kinds! {
    HELLO "HEL.R01", "a device says who it is and what it can";
    ACK "ACK.R01", "acknowledgement";
    STATUS_MESSAGE "DST.R01", "device status";
    REQUEST_MESSAGE "REQ.R01", "results, events or a patient are asked for";
    OBSERVATIONS "OBS.R01", "patient results";
    CONTROLS "OBS.R02", "results of controls, calibration, proficiency";
    EVENTS "EVS.R01", "device events";
    OPERATOR_LIST "OPL.R01", "complete operator list";
    OPERATOR_UPDATE "OPL.R02", "changes of the operator list";
    PATIENT_LIST "PTL.R01", "complete patient list";
    PATIENT_UPDATE "PTL.R02", "changes of the patient list";
    DIRECTIVE "DTV.R01", "basic directive";
    COMPLEX_DIRECTIVE "DTV.R02", "complex directive";
    PIX_QC "DTV.PIX.QC" (Implementation), "vendor directive: control lots";
    PIX_RANGES "DTV.PIX.FB" (Implementation), "vendor directive: normal ranges";
    PIX_SETUP "DTV.PIX.DVCSET" (Implementation), "vendor directive: set-up";
    PIX_FIRMWARE "DTV.PIX.FW" (Implementation), "vendor directive: firmware";
    VENDOR_DIRECTIVE "DTV.VENDOR" (Implementation), "vendor directive";
    NOVA_FIRMWARE "NOVA.FRM" (Implementation), "vendor topic: firmware";
    NOVA_REAGENTS "NOVA.REAG" (Implementation), "vendor topic: reagents";
    NOVA_LOCATIONS "NOVA.LOC" (Implementation), "vendor topic: locations";
    NOVA_PHYSICIANS "NOVA.PHYS.R01" (Implementation), "vendor topic: physicians";
    NOVA_PHYSICIANS_UPDATE "NOVA.PHYS.R02" (Implementation), "vendor topic: physicians";
    NOVA_SETUP "NOVA.STATSTRIP.SETUP" (Implementation), "vendor topic: set-up";
    END_OF_TOPIC "EOT.R01", "end of a topic";
    ESCAPE "ESC.R01", "a message is refused, or cannot be served";
    KEEP_ALIVE "KPA.R01", "keep alive";
    TERMINATE "END.R01", "end of the conversation";
    MALFORMED "malformed", "bytes that are no message";
}

/// Names of the faults and what they mean.
pub const ANOMALIES: &[(&str, &str)] = &[
    (
        "doctype",
        "a document type or entity declaration; nothing of it is expanded",
    ),
    ("not-utf8", "the message is not UTF-8"),
    ("not-well-formed", "the XML is not well-formed"),
    ("too-deep", "elements nested beyond the limit"),
    ("too-long", "a message beyond the limit"),
    ("no-end-block", "a block that 1C 0D does not end"),
    ("stray-bytes", "bytes between messages"),
    (
        "unfinished",
        "the stream ended, or a gap began, inside a message",
    ),
];
