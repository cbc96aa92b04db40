//! What can be wrong with the bytes, by name.

/// Faults of one message: each name once, with the stream offset where it showed first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    list: [(&'static str, u64); Faults::ROOM],
    len: usize,
}

impl Faults {
    /// More different faults than this in one message are not told apart.
    const ROOM: usize = 12;

    pub fn add(&mut self, name: &'static str, at: u64) {
        if self.len < Self::ROOM && !self.has(name) {
            self.list[self.len] = (name, at);
            self.len += 1;
        }
    }

    pub fn add_all(&mut self, other: &Faults) {
        for (name, at) in other.iter() {
            self.add(name, at);
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.iter().any(|(n, _)| n == name)
    }

    /// Part of the message is not there.
    pub fn has_loss(&self) -> bool {
        self.iter().any(|(n, _)| {
            matches!(
                n,
                INCOMPLETE | UNFINISHED | GAP | START_MISSING | DATASET_UNEXPECTED
            )
        })
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.list.iter().take(self.len).copied()
    }
}

macro_rules! anomalies {
    ($($const:ident $name:literal, $doc:literal;)+) => {
        $(pub const $const: &str = $name;)+
        /// Every fault that a message may carry, with one line each.
        pub const ANOMALIES: &[(&str, &str)] = &[$(($name, $doc)),+];
    };
}

anomalies! {
    PDU_OVER_MAXIMUM "pdu-over-maximum", "P-DATA-TF length above the maximum that the receiver announced (PS3.8 D.1), or above the limit dicom-pdu where none is known";
    PDU_LENGTH_HUGE "pdu-length-huge", "A-ASSOCIATE or short PDU announces more bytes than the limit dicom-associate";
    PDU_LENGTH_WRONG "pdu-length-wrong", "a PDU of fixed length announces another one, or A-ASSOCIATE is shorter than its fixed part (PS3.8 9.3)";
    PDU_UNKNOWN "unknown-pdu-type", "PDU type other than 01 to 07 (PS3.8 9.3.1)";
    PDU_UNEXPECTED "unexpected-pdu", "PDU that the state of the association does not allow (PS3.8 9.2)";
    SECOND_REQUEST "second-request", "A-ASSOCIATE-RQ while an association is requested or open (PS3.8 9.2)";
    NO_ASSOCIATION "no-association", "P-DATA-TF or A-RELEASE on a connection seen from its start that never asked for an association";
    ITEM_PAST_END "item-past-end", "item or sub-item longer than what contains it (PS3.8 9.3.2)";
    ITEM_LENGTH_WRONG "item-length-wrong", "sub-item whose body does not have its defined layout (PS3.8 D, PS3.7 D.3.3)";
    ITEM_DUPLICATE "item-duplicate", "application context or user information given twice (PS3.8 9.3.2)";
    ITEM_MISSING "item-missing", "application context, presentation context or user information is missing (PS3.8 9.3.2)";
    ITEMS_TOO_MANY "items-too-many", "more items than the limit dicom-items";
    PROTOCOL_VERSION "protocol-version", "bit 0 of the protocol version is clear (PS3.8 9.3.2)";
    APPLICATION_CONTEXT "application-context", "application context other than 1.2.840.10008.3.1.1.1 (PS3.7 A.2.1)";
    AE_TITLE_EMPTY "ae-title-empty", "AE title of spaces only (PS3.8 table 9-11)";
    AE_TITLE_ILLEGAL "ae-title-illegal", "AE title with a control character, a byte above 7E, a slash, a backslash or `..` (PS3.5 6.2 AE; slash: path traversal)";
    CONTEXT_EVEN "context-id-even", "presentation context id is even (PS3.8 9.3.2.2)";
    CONTEXT_DUPLICATE "context-id-duplicate", "presentation context id proposed twice (PS3.8 9.3.2.2)";
    CONTEXT_NOT_PROPOSED "context-not-proposed", "answer for a presentation context that the request did not hold";
    CONTEXT_NOT_ACCEPTED "context-not-accepted", "message on a presentation context that was not accepted (PS3.8 9.3.5)";
    CONTEXT_CHANGED "context-changed", "fragments of one message on different presentation contexts (PS3.8 annex E)";
    ABSTRACT_SYNTAX "abstract-syntax-differs", "SOP class of the command is not the abstract syntax of its presentation context";
    PDV_PAST_PDU "pdv-past-pdu", "presentation data value longer than its PDU (PS3.8 9.3.5.1)";
    PDV_TOO_SHORT "pdv-too-short", "presentation data value without room for its own header (PS3.8 9.3.5.1)";
    CONTROL_RESERVED "control-reserved", "reserved bits of the message control header are set (PS3.8 E.2)";
    COMMAND_PAST_END "command-element-past-end", "command element longer than the command set (PS3.7 6.3)";
    COMMAND_GROUP_LENGTH "group-length-wrong", "command group length differs from the bytes that follow (PS3.7 9.3)";
    COMMAND_ORDER "command-order", "command elements repeat or do not ascend (PS3.7 6.3.1)";
    COMMAND_GROUP "command-group", "element of another group than 0000 in a command set (PS3.7 6.3.1)";
    COMMAND_FIELD_MISSING "command-field-missing", "command set without a readable Command Field (0000,0100)";
    COMMAND_VALUE "command-value-short", "command element too short for its type";
    COMMAND_TOO_LONG "command-too-long", "command set longer than the limit dicom-command";
    COMMAND_RETIRED "command-retired-element", "command element of ACR-NEMA times (PS3.7 E.2)";
    DATASET_MISSING "dataset-missing", "the command promises a data set, the next message begins instead";
    DATASET_UNEXPECTED "dataset-unexpected", "data set fragment without a command that promises one";
    DATASET_PAST_END "dataset-element-past-end", "data element or item longer than what contains it (PS3.5 7)";
    DATASET_UNREADABLE "dataset-unreadable", "data element without a known VR, or stray delimiter: the rest of the data set is not read (PS3.5 7)";
    DATASET_ENCODING "encoding-differs", "data set is not encoded as its transfer syntax says";
    DATASET_DEPTH "nesting-too-deep", "sequences nested deeper than the limit dicom-depth";
    SEQUENCE_OPEN "sequence-not-closed", "sequence of undefined length without its delimiter (PS3.5 7.5)";
    VALUE_LENGTH "value-length-wrong", "value length that the element cannot have (rows or columns other than 2 bytes)";
    FILE_META "file-meta-in-dataset", "data set holds file meta information (group 0002), which belongs into files only (PS3.10)";
    PART10 "part10-in-dataset", "a whole Part 10 file, preamble and `DICM`, was sent as the data set";
    PREAMBLE_EXECUTABLE "executable-preamble", "the 128 byte preamble begins as a program or archive does (CVE-2019-11687)";
    EXECUTABLE "executable-content", "a value begins as a program, script or archive does";
    SOP_CLASS_DIFFERS "sop-class-differs", "SOP class of the data set (0008,0016) is not the command's";
    SOP_INSTANCE_DIFFERS "sop-instance-differs", "SOP instance of the data set (0008,0018) is not the command's";
    UID_ILLEGAL "uid-illegal", "UID with other characters than digits and dots, longer than 64, or `.` or `..` (PS3.5 9.1; CVE-2022-2119)";
    UID_ODD "uid-odd-length", "UID value of odd length (PS3.5 9.4)";
    TRAILING_BYTES "trailing-bytes", "bytes left over inside a unit whose end is known";
    START_MISSING "start-missing", "the message began before the capture or in a gap";
    GAP "gap", "bytes of the message never reached the sensor";
    INCOMPLETE "incomplete", "the connection, or its direction, ended before the message did";
    UNFINISHED "unfinished", "the capture ended, or a limit evicted the conversation, before the message ended";
}
