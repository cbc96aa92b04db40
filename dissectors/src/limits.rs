//! Every limit of the dissectors: name, default, setting. What is refused by one is counted.
//!
//! A dissector gets its [`Limits`] when a conversation opens, never from a global; it reports a hit
//! with `Messages::limit`, which counts it under the limit's name.

/// One named limit.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The key in the configuration's `[limits]` table; also the counter's name.
    pub name: &'static str,
    pub default: u64,
    /// What it bounds, with the unit.
    pub doc: &'static str,
}

/// Makes a crate's list of limits: `ALL`, a `LimitId` constant for each, `Limits` (those in force)
/// and `Hits` (how often each refused something).
///
/// One line a limit: `CONSTANT "setting" = default, "what it bounds, with the unit";`
#[macro_export]
macro_rules! limits {
    ($($const:ident $name:literal = $default:expr, $doc:literal;)+) => {
        /// Every limit of this list.
        pub const ALL: &[$crate::limits::Limit] =
            &[$($crate::limits::Limit { name: $name, default: $default, doc: $doc }),+];

        /// Index of a limit in [`ALL`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct LimitId(pub u16);

        $crate::limits!(@index 0u16; $($const)+);

        /// The limits in force.
        #[derive(Clone, Debug)]
        pub struct Limits([u64; ALL.len()]);

        impl Default for Limits {
            fn default() -> Self {
                let mut values = [0; ALL.len()];
                for (value, limit) in values.iter_mut().zip(ALL) {
                    *value = limit.default;
                }
                Limits(values)
            }
        }

        impl Limits {
            /// A limit on something in memory: a number of bytes or of things.
            pub fn get(&self, id: LimitId) -> usize {
                usize::try_from(self.amount(id)).unwrap_or(usize::MAX)
            }

            /// A limit as it is set.
            pub fn amount(&self, id: LimitId) -> u64 {
                self.0[usize::from(id.0)]
            }

            /// Sets a limit by its name. False if there is no such limit.
            pub fn set(&mut self, name: &str, value: u64) -> bool {
                match ALL.iter().position(|l| l.name == name) {
                    Some(at) => {
                        self.0[at] = value;
                        true
                    }
                    None => false,
                }
            }
        }

        /// How often each limit refused something.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Hits([u64; ALL.len()]);

        impl Default for Hits {
            fn default() -> Self {
                Hits([0; ALL.len()])
            }
        }

        impl Hits {
            pub fn count(&mut self, id: LimitId) {
                self.0[usize::from(id.0)] += 1;
            }

            pub fn of(&self, id: LimitId) -> u64 {
                self.0[usize::from(id.0)]
            }

            /// Adds another tally to this one.
            pub fn add(&mut self, other: &Self) {
                for (sum, more) in self.0.iter_mut().zip(other.0) {
                    *sum += more;
                }
            }

            /// Name and hits of every limit that was hit.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
                ALL.iter()
                    .zip(self.0)
                    .filter(|(_, n)| *n > 0)
                    .map(|(l, n)| (l.name, n))
            }
        }
    };
    (@index $at:expr; $const:ident $($rest:ident)*) => {
        pub const $const: LimitId = LimitId($at);
        $crate::limits!(@index $at + 1u16; $($rest)*);
    };
    (@index $at:expr;) => {};
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

crate::limits! {
    KEPT_BODY "kept-body" = 64 * KIB, "bytes of one message's body kept for paths in rules";
    FIELD_TEXT "field-text" = 4 * KIB, "bytes of one text field; the rest is cut off and counted";
    FIELD_REPEATS "field-repeats" = 256, "values of one field in one message";
    PROBE_BYTES "probe-bytes" = 4 * KIB, "bytes of one side that signatures may look at";
    MLLP_MESSAGE "mllp-message" = 16 * MIB, "bytes of one HL7 v2 block";
    MLLP_STRAY "mllp-stray" = 64 * KIB, "bytes outside HL7 v2 blocks in a row before the conversation is given up";
    HL7_SEGMENTS "hl7-segments" = 16 * KIB, "segments of one HL7 v2 block";
    DICOM_ASSOCIATE "dicom-associate" = MIB, "bytes of one A-ASSOCIATE PDU";
    DICOM_COMMAND "dicom-command" = 64 * KIB, "bytes of one DIMSE command set";
    ASTM_FRAME "astm-frame" = 64 * KIB, "bytes of one ASTM E1381 frame, or of a record sent without one";
    ASTM_RECORD "astm-record" = 64 * KIB, "bytes of one ASTM E1394 record over several frames";
    INTELLIVUE_ATTRIBUTES "intellivue-attributes" = 512, "attributes of one IntelliVue attribute list that are read";
    INTELLIVUE_OBJECTS "intellivue-objects" = 1024, "objects of one IntelliVue poll result that are read";
    POCT1A_MESSAGE "poct1a-message" = MIB, "bytes of one POCT1-A document";
    POCT1A_DEPTH "poct1a-depth" = 32, "elements nested in one POCT1-A document";
    UNITY_PARAMETERS "unity-parameters" = 64, "parameters of one GE Unity update that are read";
    CONTEC_BLOCK "contec-block" = 4 * KIB, "bytes of one Contec block";
    S5_FRAME "s5-frame" = 32 * KIB, "bytes of one Datex-Ohmeda S/5 frame, escapes included";
    SERIAL_LINE "serial-line" = KIB, "bytes of one line of text from a device on a serial line";
    INTELLIVUE_FRAME "intellivue-frame" = 8 * KIB, "bytes of one IntelliVue frame on a serial line";
    DICOM_HEAD "dicom-head" = 64 * KIB, "bytes of one data set's elements that are kept while it streams by";
    DICOM_VALUE "dicom-value" = 4 * KIB, "bytes of one data element's value that are kept";
    DICOM_DEPTH "dicom-depth" = 16, "nested sequences of a data set that are read";
    DICOM_ITEMS "dicom-items" = 4096, "items and sub-items of one A-ASSOCIATE PDU that are read";
    DICOM_PDU "dicom-pdu" = 1024 * MIB, "length of a P-DATA-TF PDU that is believed where no maximum was negotiated";
    DICOM_RESYNC "dicom-resync" = 16 * MIB, "bytes searched for a PDU after a gap or a fault before a conversation is given up";
    SSH_LINE "ssh-line" = 4 * KIB, "bytes of one line before an SSH banner, or of the banner";
    SSH_PACKET "ssh-packet" = 256 * KIB, "bytes of one SSH packet before encryption";
    FTP_WAITING "ftp-waiting" = 64, "FTP commands of one conversation that may wait for their replies";
    NAMED_LINE "named-line" = 512, "bytes of the first line of a protocol that is known by name only";
    SNMP_COMMUNITIES "snmp-communities" = 64, "different SNMP communities of one conversation that are counted";
    DNS_RECORDS "dns-records" = 256, "questions, or records of one section, of one DNS message that are read";
    HTTP_HEAD "http-head" = 64 * KIB, "bytes of the start line and header fields of one HTTP message";
    HTTP_BODY "http-body" = MIB, "bytes of one JSON, HL7, form or multipart body over HTTP that are read";
    HTTP_CONTENT "http-content" = 4 * MIB, "bytes of one HTTP body once its content encoding is undone";
    HTTP_PIPELINE "http-pipeline" = 64, "requests of one HTTP connection that wait for their response";
    SDC_ENVELOPE "sdc-envelope" = 4 * MIB, "bytes of one SOAP envelope";
    SDC_DEPTH "sdc-depth" = 64, "nested XML elements of one SOAP envelope";
    SDC_ATTRIBUTES "sdc-attributes" = 64, "attributes of one XML element";
    SDC_HANDLES "sdc-handles" = 4 * KIB, "handles that one conversation learns from an MDIB";
    TLS_HANDSHAKE "tls-handshake" = 64 * KIB, "bytes of one TLS handshake message";
    TLS_CERTIFICATES "tls-certificates" = 8, "certificates of one TLS chain that are read";
    SERIAL_FRAME "serial-frame" = 8 * KIB, "bytes of one frame of a serial protocol";
    SERIAL_NOISE "serial-noise" = 4 * KIB, "bytes between two frames of a serial protocol before it is given up";
    SERIAL_OPEN "serial-open" = 64, "questions of one side of a serial line that wait for an answer";
    SERIAL_SHAPES "serial-shapes" = 64, "shapes of messages remembered of one side of an unknown serial stream";
    TELNET_OPTION "telnet-option" = KIB, "bytes of one Telnet sub-negotiation";
    TELNET_LINE "telnet-line" = 512, "bytes of one line of a Telnet dialogue";
    TELNET_INNER "telnet-inner" = 16 * KIB, "bytes of one side inside Telnet that wait for their protocol";
    FTP_LINE "ftp-line" = 8 * KIB, "bytes of one FTP command or reply line";
}
