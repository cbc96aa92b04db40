//! What laboratory analyser messages are called and what they tell.

use crate::{fields, kinds};

fields! {
    FRAME_NUMBER "frame_number" Integer, Open, "frame number, 1 to 7 then 0 (E1381 6.3.1)";
    LAST "last" Flag, Open, "the frame ends with ETX: no continuation follows (E1381 6.3)";
    RETRANSMISSION "retransmission" Flag, Open, "the frame repeats the one before it (E1381 6.3)";
    TEXT_LENGTH "text_length" Integer, Open, "bytes of text in the frame";
    RECORDS "records" Text[many], Open, "types of the records that begin in the frame";
    RECORD_TYPE "record_type" Text, Open, "record type letter (E1394 field 1)";
    SEQUENCE "sequence" Text, Open, "sequence number of the record (field 2)";
    CONTROL_ID "control_id" Text, Open, "message control id (H-3)";
    PASSWORD "password" Text, Secret, "access password (H-4), sent in clear";
    SENDER "sender" Text, Open, "sender name or id (H-5)";
    RECEIVER "receiver" Text, Open, "receiver id (H-10)";
    PROCESSING_ID "processing_id" Text, Open, "P production, T training, D debugging, Q quality control (H-12)";
    VERSION "version" Text, Open, "version of the specification (H-13)";
    SENT "sent" Time, Open, "date and time of the message (H-14)";
    PATIENT_ID "patient_id" Text[many], Patient("pid"), "practice, laboratory and third patient id (P-3 to P-5); the first of them in orders and results";
    PATIENT_NAME "patient_name" Text, Patient("name"), "patient name (P-6)";
    MAIDEN_NAME "maiden_name" Text, Patient("name"), "mother's maiden name (P-7)";
    BIRTH_DATE "birth_date" Time, Patient("birth"), "date of birth (P-8)";
    SEX "sex" Text, Patient("sex"), "sex (P-9)";
    ADDRESS "address" Text, Patient("address"), "address (P-11)";
    PHONE "phone" Text, Patient("phone"), "telephone number (P-13)";
    PHYSICIAN "physician" Text, Patient("staff"), "attending or ordering physician (P-14, O-17)";
    LOCATION "location" Text, Open, "location of the patient (P-26)";
    SPECIMEN_ID "specimen_id" Text, Patient("accession"), "specimen id (O-3); in a result that of its order";
    INSTRUMENT_SPECIMEN_ID "instrument_specimen_id" Text, Patient("accession"), "instrument specimen id (O-4)";
    TEST "test" Text[many], Open, "universal test ids (O-5, R-3, Q-5)";
    PRIORITY "priority" Text, Open, "S stat, A as soon as possible, R routine, C call back, P preoperative (O-6)";
    ORDERED "ordered" Time, Open, "when it was ordered (O-7)";
    COLLECTED "collected" Time, Open, "when the specimen was collected (O-8)";
    ACTION_CODE "action_code" Text, Open, "C cancel, A add, N new, P pending, L reserved, X in process, Q control (O-12)";
    DANGER_CODE "danger_code" Text, Patient("text"), "danger code (O-13)";
    SPECIMEN_TYPE "specimen_type" Text, Open, "specimen descriptor (O-16)";
    REPORT_TYPE "report_type" Text, Open, "O order, C correction, P preliminary, F final, X cancelled, Q query response ... (O-26)";
    VALUE "value" Text, Patient("text"), "result value (R-4)";
    UNIT "unit" Text, Open, "unit as sent (R-5)";
    REFERENCE_RANGE "reference_range" Text, Open, "reference range (R-6)";
    FLAGS "flags" Text, Open, "abnormal flags (R-7)";
    STATUS "status" Text, Open, "result status: F final, P preliminary, C correction, X failed ... (R-9)";
    OPERATOR "operator" Text, Patient("staff"), "operator (R-11)";
    STARTED "started" Time, Open, "when the test started (R-12)";
    COMPLETED "completed" Time, Open, "when the test was completed (R-13)";
    INSTRUMENT "instrument" Text, Open, "instrument id (R-14)";
    COMMENT_SOURCE "comment_source" Text, Open, "P practice, L computer, I instrument (C-3)";
    COMMENT "comment" Text, Patient("text"), "comment (C-4)";
    COMMENT_TYPE "comment_type" Text, Open, "G generic, T test name, P positive, N negative, I instrument flag (C-5)";
    QUERY_START "query_start" Text, Patient("accession"), "starting range id: patient, specimen (Q-3)";
    QUERY_END "query_end" Text, Patient("accession"), "ending range id (Q-4)";
    QUERY_FROM "query_from" Time, Open, "results from this time on (Q-7)";
    QUERY_TO "query_to" Time, Open, "results up to this time (Q-8)";
    QUERY_STATUS "query_status" Text, Open, "O orders wanted, F final results, X cancel query, D demographics ... (Q-13)";
    TERMINATION "termination" Text, Open, "N normal, T aborted, R asked for, E error, Q no information, I incomplete, F last (L-3)";
}

kinds! {
    ENQ "ENQ", "the sender wants the line (E1381 6.2)";
    ACK "ACK", "accepted: the line, or a frame";
    NAK "NAK", "busy, or a bad frame";
    EOT "EOT", "the sender is done";
    FRAME "frame", "a frame of text (E1381 6.3)";
    HEADER "header", "message header record H (E1394 6)";
    PATIENT "patient", "patient information record P (E1394 7)";
    ORDER "order", "test order record O (E1394 8)";
    WORK_ORDER "work-order", "an order record that neither codes nor a result behind it tell to be a report";
    RESULT "result", "result record R (E1394 9)";
    COMMENT_RECORD "comment", "comment record C (E1394 10)";
    QUERY "query", "request information record Q (E1394 11)";
    TERMINATOR "terminator", "message terminator record L (E1394 12)";
    SCIENTIFIC "scientific", "scientific record S (E1394 13)";
    MANUFACTURER "manufacturer", "manufacturer information record M (E1394 14)";
    MALFORMED "malformed", "bytes outside of frames, or a frame that is none";
}

/// Names of the faults and what they mean.
pub const ANOMALIES: &[(&str, &str)] = &[
    ("bad-checksum", "the checksum does not fit the frame"),
    (
        "bad-frame-accepted",
        "the receiver acknowledged a frame with a wrong checksum",
    ),
    (
        "bad-frame-number",
        "the frame number is no digit from 0 to 7",
    ),
    (
        "frame-number-jump",
        "the frame number does not follow the one before it",
    ),
    (
        "frame-number-repeated",
        "the frame number repeats with other contents",
    ),
    ("bad-frame-end", "CR LF does not follow the checksum"),
    ("frame-outside-session", "a frame without ENQ before it"),
    ("cut-frame", "a new frame or control begins inside a frame"),
    ("too-long", "a frame or record beyond the limit"),
    ("stray-bytes", "bytes outside of frames"),
    (
        "unfinished",
        "the stream, or the session, ended inside a frame or record",
    ),
    ("bad-delimiters", "the header declares no usable delimiters"),
    ("unknown-record", "a record type without a name"),
];
