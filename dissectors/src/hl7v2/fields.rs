//! The field table of HL7 v2. Names in brackets are segment-field[.component].

use crate::fields;

fields! {
    // The header.
    SENDING_APP "sending_app" Text, Open, "Sending application (MSH-3.1)";
    SENDING_APP_ID "sending_app_id" Text, Open, "Universal id of the sending application, often an EUI-64 (MSH-3.2)";
    SENDING_FACILITY "sending_facility" Text, Open, "Sending facility (MSH-4.1)";
    RECEIVING_APP "receiving_app" Text, Open, "Receiving application (MSH-5.1)";
    RECEIVING_FACILITY "receiving_facility" Text, Open, "Receiving facility (MSH-6.1)";
    MESSAGE_TIME "message_time" Time, Open, "Date and time of the message (MSH-7)";
    SECURITY "security" Text[many], Secret, "Security field was filled (MSH-8, FHS-8, BHS-8): only its length is told";
    TYPE "type" Text, Open, "Message code (MSH-9.1)";
    TRIGGER "trigger" Text, Open, "Trigger event (MSH-9.2)";
    STRUCTURE "structure" Text, Open, "Message structure (MSH-9.3)";
    CONTROL_ID "control_id" Text, Open, "Message control id (MSH-10); of a batch: BHS-11 or FHS-11";
    PROCESSING_ID "processing_id" Text, Open, "P production, T training, D debugging (MSH-11.1)";
    VERSION "version" Text, Open, "Version of the standard (MSH-12.1)";
    SEQUENCE "sequence" Text, Open, "Sequence number (MSH-13)";
    CONTINUATION "continuation" Text, Open, "Continuation pointer (MSH-14, DSC-1)";
    ACCEPT_ACK "accept_ack" Text, Open, "When a commit acknowledgement is wanted: AL NE ER SU (MSH-15)";
    APPLICATION_ACK "application_ack" Text, Open, "When an application acknowledgement is wanted: AL NE ER SU (MSH-16)";
    CHARSET "charset" Text, Open, "Character sets as declared (MSH-18)";
    PROFILE "profile" Text[many], Open, "Message profile, such as an IHE transaction (MSH-21)";
    SENDING_ADDRESS "sending_address" Text, Open, "Network address that the sender claims (MSH-24.1)";
    DELIMITERS "delimiters" Text, Open, "Field separator and encoding characters as declared (MSH-1, MSH-2)";
    ENCODING "encoding" Text, Open, "`xml` for a v2.xml body; absent for ER7";
    FRAMING "framing" Text, Open, "How the block departs from 0B ... 1C 0D: `none`, `end-without-cr`, `no-end`; absent if it does not";
    SEGMENT_END "segment_end" Text, Open, "LF or CRLF where segments do not end in CR";
    SEGMENTS "segments" Text, Open, "Segment ids in order";
    SEGMENT_COUNT "segment_count" Integer, Open, "Number of segments";
    SOFTWARE "software" Text[many], Open, "Product and version that the sender names (SFT-3, SFT-2)";

    // Acknowledgement.
    ACK "ack" Text, Open, "Acknowledgement code: AA AE AR, CA CE CR (MSA-1; table 0008)";
    ACK_OF "ack_of" Text, Open, "Control id of the message that is answered (MSA-2)";
    ACK_TEXT "ack_text" Text, Patient("text"), "Text of the acknowledgement (MSA-3)";
    ERROR_CODE "error_code" Text[many], Open, "Error code of table 0357 (ERR-3.1, ERR-1.4, MSA-6.1)";
    ERROR_APP_CODE "error_app_code" Text[many], Open, "Application's own error code, 9001.. in IHE PCD-03 (ERR-5.1)";
    ERROR_SEVERITY "error_severity" Text[many], Open, "I, W, E or F (ERR-4)";
    ERROR_LOCATION "error_location" Text[many], Open, "Where the error lies (ERR-2, ERR-1)";
    ERROR_TEXT "error_text" Text[many], Patient("text"), "Diagnostic or user message (ERR-7, ERR-8)";

    // Batch and file.
    BATCH_COUNT "batch_count" Integer, Open, "Messages found in the batch";
    BATCH_DECLARED "batch_declared" Integer[many], Open, "Messages announced by the batch trailer (BTS-1)";
    FILE_DECLARED "file_declared" Integer, Open, "Batches announced by the file trailer (FTS-1)";

    // Orders and infusions.
    ORDER_CONTROL "order_control" Text[many], Open, "Order control: RE, XO, CH, NW, CA, DC, HD ... (ORC-1; table 0119)";
    PLACER_ORDER "placer_order" Text[many], Patient("accession"), "Placer order number (ORC-2.1, OBR-2.1)";
    FILLER_ORDER "filler_order" Text[many], Patient("accession"), "Filler order number (ORC-3.1, OBR-3.1)";
    PARENT_ORDER "parent_order" Text[many], Patient("accession"), "Parent order (ORC-8)";
    ORDERS "orders" Integer, Open, "Number of order groups (ORC)";
    DRUG "drug" Text[many], Open, "Drug code (RXG-4.1, RXE-2.1, RXA-5.1, RXO-1.1, RXD-2.1)";
    DRUG_TEXT "drug_text" Text[many], Open, "Drug name (second component beside `drug`; OBX of MDC_DRUG_NAME_LABEL)";
    RATE "rate" Quantity[many], Open, "Ordered rate: volume per time, or a number whose unit is unknown (RXG-15, -16; RXE-23, -24)";
    DOSE "dose" Quantity[many], Open, "Ordered dose or dose rate (RXG-15, -16 with a unit of mass; RXE-3, -5)";
    VTBI "vtbi" Quantity[many], Open, "Volume to be infused (RXG-5, -7)";
    DURATION "duration" Quantity[many], Open, "Duration (TQ1-13)";
    CONCENTRATION "concentration" Quantity[many], Open, "Strength over volume (RXG-17/-18 over RXG-23/-24; OBX of MDC_CONC_DRUG)";
    WEIGHT "weight" Quantity[many], Open, "Patient weight that the order is computed with (OBX of MDC_ATTR_PT_WEIGHT)";
    RATE_ML_H "rate_ml_h" Quantity[many], Open, "Ordered rate in mL/h: dose x weight / concentration where the order is a dose rate, converted where it is a rate";
    ROUTE "route" Text[many], Open, "Route (RXR-1.1)";

    // Devices.
    DEVICE "device" Text, Open, "Device addressed or reporting (OBX-18, EQU-1)";
    CHANNEL "channel" Text, Open, "Containment path of that device within its MDS (OBX-4)";
    MDC "mdc" Text[many], Open, "MDC codes of the observations as sent (OBX-3.1)";
    OBSERVATIONS "observations" Integer, Open, "Number of observations (OBX)";
    RESULT_STATUS "result_status" Text[many], Open, "Observation result status where it is not a plain report: C corrected, D deleted, W wrong (OBX-11)";
    PUMP_STATUS "pump_status" Text[many], Open, "Infusing status (OBX of MDC_PUMP_INFUSING_STATUS)";
    INFUSION_EVENT "infusion_event" Text[many], Open, "Infusion event (OBX of MDC_ATTR_EVT_COND)";
    REPORTED_RATE "reported_rate" Quantity[many], Open, "Rate that the pump reports (OBX of MDC_FLOW_FLUID_PUMP, _CURRENT)";
    MEASURED "measured" Quantity[many], Open, "Measured values by their MDC code, where they have no field of their own: heart rate, SpO2, respiration, pressures, temperature (OBX of type NM)";
    REPORTED_DOSE "reported_dose" Quantity[many], Open, "Dose rate that the pump reports (OBX of MDC_RATE_DOSE)";
    REPORTED_VTBI "reported_vtbi" Quantity[many], Open, "Volume to be infused that the pump reports (OBX of MDC_VOL_FLUID_TBI)";
    DRUG_LIBRARY "drug_library" Text[many], Open, "Drug library care area and version (OBX)";
    ALARM_EVENT "alarm_event" Text[many], Open, "Alarm condition (OBX facet 1 of IHE PCD-04)";
    ALARM_PHASE "alarm_phase" Text[many], Open, "start, continue, end, present, update ... (OBX of MDC_ATTR_EVENT_PHASE)";
    ALARM_STATE "alarm_state" Text[many], Open, "inactive, active, latched (OBX of MDC_ATTR_ALARM_STATE)";
    ALARM_INACTIVATION "alarm_inactivation" Text[many], Open, "enabled, audio-paused, alarm-off ... (OBX of MDC_ATTR_ALARM_INACTIVATION_STATE)";
    ALARM_PRIORITY "alarm_priority" Text[many], Open, "PN PL PM PH (OBX of MDC_ATTR_ALARM_PRIORITY)";
    COMMAND "command" Text[many], Open, "Equipment command (ECD-2.1; table 0368)";
    COMMAND_REF "command_ref" Text[many], Open, "Reference number of the equipment command (ECD-1)";
    COMMAND_RESPONSE "command_response" Text[many], Open, "Equipment's response: OK ER ST TI UN (ECR-1.1; table 0387)";
    EQUIPMENT_STATE "equipment_state" Text[many], Open, "Equipment state (EQU-3.1; table 0365)";
    EQUIPMENT_CONTROL "equipment_control" Text[many], Open, "L local or R remote control (EQU-4.1)";
    MASTER_FILE "master_file" Text[many], Open, "Master file that is changed (MFI-1.1)";
    MASTER_EVENT "master_event" Text[many], Open, "What is done to its records: MAD MUP MDL MDC MAC (MFE-1)";

    // Patients and staff.
    PATIENT_ID "patient_id" Text[many], Patient("pid"), "Patient identifiers (PID-3.1, each repetition; PID-2.1 where it is empty)";
    PATIENT_NAME "patient_name" Text[many], Patient("name"), "Patient name: family^given^middle (PID-5)";
    BIRTH "birth" Text[many], Patient("birth"), "Date of birth, YYYYMMDD (PID-7)";
    SEX "sex" Text[many], Patient("sex"), "Administrative sex (PID-8)";
    ADDRESS "address" Text[many], Patient("address"), "Address (PID-11)";
    PHONE "phone" Text[many], Patient("phone"), "Phone (PID-13, PID-14)";
    ACCOUNT "account" Text[many], Patient("account"), "Account number (PID-18.1)";
    VISIT "visit" Text[many], Patient("visit"), "Visit number (PV1-19.1)";
    LOCATION "location" Text[many], Patient("location"), "Assigned location: unit^room^bed (PV1-3)";
    PRIOR_PATIENT_ID "prior_patient_id" Text[many], Patient("pid"), "Identifier that a merge or a change removes (MRG-1.1)";
    STAFF "staff" Text[many], Patient("staff"), "Staff named in orders, visits and observations (ORC-10..12, -19, PV1-7..9, OBX-16)";
    EXPLICIT_NULLS "explicit_nulls" Integer, Open, "Fields that order the receiver to delete its value (\"\")";

    // Queries.
    QUERY_NAME "query_name" Text, Open, "Query (QPD-1, QRD-9)";
    QUERY_TAG "query_tag" Text, Open, "Query tag (QPD-2, QRD-4)";
    QUERY_KEY "query_key" Text[many], Patient("text"), "Search parameters (QPD-3.., QRD-8, QRF)";
    QUERY_PATIENT_ID "query_patient_id" Text[many], Patient("pid"), "Patient identifier that is asked for";
    QUERY_PATIENT_NAME "query_patient_name" Text[many], Patient("name"), "Patient name that is asked for";
    QUERY_WILDCARD "query_wildcard" Flag, Open, "A search parameter holds * or %";
    QUERY_LIMIT "query_limit" Integer, Open, "Most records wanted (RCP-2.1, QRD-7.1)";
    QUERY_HITS "query_hits" Integer, Open, "Patients in the answer (PID segments beside a QAK, QRD or QPD)";

    // What the content looks like.
    SUSPICIOUS "suspicious" Text[many], Open, "Content that belongs to no message: `sql`, `script`, `path`, `format`, `command`, `expression`";
}
