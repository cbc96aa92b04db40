//! Names of what a DNS message holds.

use crate::{fields, kinds};

fields! {
    ID "id" Integer, Open, "number that joins answer and question (RFC 1035 4.1.1)";
    OPCODE "opcode" Integer, Open, "kind of question: 0 standard, 4 notify, 5 update (RFC 1035 4.1.1)";
    CODE "code" Integer, Open, "response code; 0 is no error (RFC 1035 4.1.1)";
    CODE_NAME "code_name" Text, Open, "response code by name, as NXDOMAIN";
    AUTHORITATIVE "authoritative" Flag, Open, "the answerer owns the name; in LLMNR: it may be not the only one (RFC 4795 2.1.1)";
    TRUNCATED "truncated" Flag, Open, "there was more than would fit";
    RECURSION "recursion" Flag, Open, "recursion was wished for";
    QUESTION "question" Text[many], Open, "names asked for (RFC 1035 4.1.2)";
    QUESTION_TYPE "question_type" Text[many], Open, "types asked for, one for each name";
    ANSWER "answer" Text[many], Open, "names of the answers' records";
    ANSWER_TYPE "answer_type" Text[many], Open, "types of the answers' records, one for each name";
    ADDRESS "address" Text[many], Open, "addresses in answers and additional records (A, AAAA)";
    ALIAS "alias" Text[many], Open, "names that names stand for (CNAME, DNAME)";
    POINTER "pointer" Text[many], Open, "names that are pointed at (PTR, NS)";
    SERVICE "service" Text[many], Open, "hosts and ports of services (SRV, RFC 2782)";
    MAIL "mail" Text[many], Open, "mail exchangers (MX)";
    TEXT "text" Text[many], Open, "texts (TXT); mDNS describes devices with them (RFC 6763 6)";
    TTL "ttl" Integer, Open, "shortest time to live of the answers, in seconds; 0 in mDNS takes them back";
    ANSWERS "answers" Integer, Open, "records in the answer section, as the header counts";
    UDP_SIZE "udp_size" Integer, Open, "largest datagram that the sender takes (EDNS, RFC 6891)";
    LONGEST_LABEL "longest_label" Integer, Open, "bytes of the longest label asked for: long ones carry data";
    LABEL_ENTROPY "label_entropy" Decimal, Open, "entropy of that label in bits a byte";
    NAME_LENGTH "name_length" Integer, Open, "bytes of the longest name asked for";
    DOMAIN "domain" Text, Open, "last two labels of the first name asked for; not the registered domain where a country has more";
    OPAQUE_BYTES "opaque_bytes" Integer, Open, "bytes in TXT and NULL records of the answers";
}

kinds! {
    QUERY "query", "a question";
    RESPONSE "response", "an answer";
    NOTIFY "notify", "a zone changed (RFC 1996)";
    UPDATE "update", "records are to be changed (RFC 2136)";
    MALFORMED "malformed", "no header, or none that can be read";
}

pub const ANOMALIES: &[(&str, &str)] = &[
    (
        "cut-short",
        "The message ends inside a header, a name or a record",
    ),
    (
        "compression-loop",
        "A name points at itself, or forward (RFC 1035 4.1.4 has it point back)",
    ),
    ("label-type", "A label of a type that nobody defined"),
    (
        "name-too-long",
        "A name of more than 255 bytes (RFC 1035 3.1)",
    ),
    ("record-length", "A record's length does not fit its type"),
    ("trailing-bytes", "Bytes behind the last record"),
    ("no-question", "A question without a question"),
    (
        "length-zero",
        "A message in TCP whose length is less than a header's",
    ),
    ("unfinished", "The stream ended inside a message"),
];
