//! What an HTTP message tells: its fields and kinds.

use crate::{fields, kinds};

fields! {
    METHOD "method" Text, Open, "request method (RFC 9110 9); in a response, the method that it answers";
    TARGET "target" Text, Patient("text"), "request target as sent, secrets taken out (RFC 9112 3.2)";
    ROUTE "route" Text, Open, "path of the target with everything that may be an identifier replaced by {id}";
    PARAMETERS "parameters" Text[many], Open, "names of the query parameters, never their values";
    STATUS "status" Integer, Open, "status code (RFC 9110 15)";
    REASON "reason" Text, Open, "reason phrase (RFC 9112 4)";
    VERSION "version" Text, Open, "protocol version (RFC 9112 2.3)";
    HOST "host" Text, Open, "Host (RFC 9110 7.2)";
    USER_AGENT "user_agent" Text, Open, "User-Agent (RFC 9110 10.1.5)";
    SERVER "server" Text, Open, "Server (RFC 9110 10.2.4)";
    CONTENT_TYPE "content_type" Text, Open, "Content-Type without parameters (RFC 9110 8.3)";
    CONTENT_ENCODING "content_encoding" Text, Open, "Content-Encoding (RFC 9110 8.4)";
    BODY_BYTES "body_bytes" Integer, Open, "bytes of the body as sent, chunk framing aside";
    BODY_CUT "body_cut" Flag, Open, "only the front of the body was read";
    AUTH_SCHEME "auth_scheme" Text, Open, "scheme of Authorization (RFC 9110 11.4)";
    USER "user" Text, Patient("staff"), "user of Basic authorisation (RFC 7617)";
    PASSWORD "password" Bytes, Secret, "password of Basic authorisation or of a form (RFC 7617)";
    DEFAULT_LOGIN "default_login" Text, Open, "what the login is of, where it is one that products are shipped with or that became public; never the login";
    TOKEN "token" Bytes, Secret, "bearer token, in a header, a form or the target (RFC 6750)";
    TOKEN_ALG "token_alg" Text, Open, "alg of a JSON web token (RFC 7515 4.1.1)";
    TOKEN_SCOPE "token_scope" Text, Open, "scope claim of a JSON web token (RFC 8693 4.2)";
    TOKEN_EXPIRES "token_expires" Integer, Open, "exp claim of a JSON web token, seconds since 1970 (RFC 7519 4.1.4)";
    API_KEY "api_key" Bytes, Secret, "a key in a header such as X-API-Key";
    COOKIE "cookie" Bytes, Secret, "Cookie or Set-Cookie (RFC 6265 4)";
    METHOD_OVERRIDE "method_override" Text, Open, "verb of X-HTTP-Method-Override and its like";
    UPGRADE "upgrade" Text, Open, "protocol that the connection turns to (RFC 9110 7.8)";
    SOAP_ACTION "soap_action" Text, Open, "SOAPAction, or the action parameter of the content type";
    SERVICE "service" Text, Open, "clinical service: fhir, dicomweb, wado, orthanc, hl7, soap, mirth";
    INTERACTION "interaction" Text, Open, "what is asked in that service's words: read, search, create, stow...";
    RESOURCE "resource" Text, Open, "FHIR resource type or DICOMweb level";
    OPERATION "operation" Text, Open, "name of a FHIR operation, with its $";
    RESOURCE_ID "resource_id" Text, Patient("text"), "id of the resource in the target";
    PATIENT_ID "patient_id" Text[many], Patient("pid"), "patient ids in target and body";
    COUNT "count" Integer, Open, "how many results are asked for (_count, limit)";
    TOTAL "total" Integer, Open, "total that a FHIR Bundle or a list names";
    RESOURCES "resources" Integer, Open, "FHIR resources or DICOM objects in the body";
    PATIENTS "patients" Integer, Open, "Patient resources in the body";
    BUNDLE "bundle" Text, Open, "type of a FHIR Bundle";
    DEVICE "device" Text, Open, "id of the device that the body or the target names";
    CODE "code" Text[many], Open, "codes of parameters that the body sets (MDC)";
    MESSAGE_TYPE "message_type" Text, Open, "MSH-9 of an HL7 v2 message in the body";
    CONTROL_ID "control_id" Text, Open, "MSH-10 of an HL7 v2 message in the body";
    UIDS "uids" Text[many], Open, "DICOM UIDs in the target";
    PREAMBLE "preamble" Text[many], Open, "what the first 128 bytes of a DICOM file hold: zero, tiff, MZ, ELF, shebang, PK, other (PS3.10 7.1)";
    MAGIC "magic" Text, Open, "what the body begins with: MSCF, ELF, MZ, gzip, tar, zip, UBI, squashfs, dicom, pdf";
    FILE "file" Text[many], Open, "file names of uploaded parts and archive members, identifiers replaced";
    ERROR_CODE "error_code" Text, Open, "code of a FHIR OperationOutcome";
}

kinds! {
    GET "GET", "RFC 9110 9.3.1";
    HEAD "HEAD", "RFC 9110 9.3.2";
    POST "POST", "RFC 9110 9.3.3";
    PUT "PUT", "RFC 9110 9.3.4";
    DELETE "DELETE", "RFC 9110 9.3.5";
    CONNECT "CONNECT", "RFC 9110 9.3.6";
    OPTIONS "OPTIONS", "RFC 9110 9.3.7";
    TRACE "TRACE", "RFC 9110 9.3.8";
    PATCH "PATCH", "RFC 5789";
    RESPONSE "response", "a status line and what follows (RFC 9112 4)";
    PART "part", "a DICOM part of a multipart body, found after the message's own range (RFC 2046 5.1)";
    PRI "PRI", "the preface of HTTP/2 in clear, which is not decoded (RFC 9113 3.4)";
    MALFORMED "malformed", "bytes where a request or a response should stand";
}

/// Faults that an HTTP message may carry.
pub const ANOMALIES: &[(&str, &str)] = &[
    ("bad-head", "the head is no HTTP head (RFC 9112 2.1)"),
    ("head-too-long", "the head exceeds the limit http-head"),
    ("not-a-head", "bytes where a start line should stand"),
    ("bare-lf", "a head line ends in LF alone (RFC 9112 2.2)"),
    (
        "length-and-chunked",
        "Content-Length beside Transfer-Encoding (RFC 9112 6.3)",
    ),
    (
        "lengths-differ",
        "two Content-Length values that disagree (RFC 9112 6.3)",
    ),
    (
        "length-repeated",
        "Content-Length twice, with one value (RFC 9110 8.6)",
    ),
    (
        "bad-length",
        "Content-Length is not a number (RFC 9110 8.6)",
    ),
    (
        "bad-transfer-encoding",
        "Transfer-Encoding is not chunked, or chunked is not last (RFC 9112 6.1)",
    ),
    ("bad-chunk", "a chunk's size or end is wrong (RFC 9112 7.1)"),
    ("host-repeated", "two Host fields (RFC 9112 3.2)"),
    ("traversal", "the path climbs with .. (CWE-22)"),
    (
        "body-short",
        "the stream ended before the body did (RFC 9112 8)",
    ),
    ("body-lost", "bytes of the body did not reach the sensor"),
    (
        "bad-content",
        "the body does not decode as its Content-Encoding says",
    ),
    (
        "content-too-long",
        "the decoded body exceeds the limit http-content",
    ),
    ("bad-json", "the JSON body is malformed (RFC 8259)"),
    (
        "multipart-cut",
        "a multipart body without its closing boundary (RFC 2046 5.1.1)",
    ),
    ("http2", "HTTP/2 in clear is not decoded"),
];
