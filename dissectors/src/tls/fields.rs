//! What a TLS handshake tells: its fields and kinds.

use crate::{fields, kinds};

fields! {
    VERSION "version" Text, Open, "version: offered at most (ClientHello), chosen (ServerHello) (RFC 8446 4.2.1)";
    VERSIONS "versions" Text[many], Open, "versions offered in supported_versions";
    SNI "sni" Text, Open, "server name asked for (RFC 6066 3)";
    ALPN "alpn" Text[many], Open, "application protocols offered or chosen (RFC 7301)";
    CIPHER "cipher" Text, Open, "cipher suite chosen (IANA TLS Cipher Suites)";
    CIPHER_CODE "cipher_code" Integer, Open, "cipher suite chosen, as a number";
    CIPHERS "ciphers" Integer, Open, "cipher suites offered, GREASE aside";
    GROUP "group" Text, Open, "group chosen in key_share (RFC 8446 4.2.8)";
    GROUPS "groups" Text[many], Open, "groups offered in supported_groups, GREASE aside (RFC 8446 4.2.7)";
    SHARES "shares" Text[many], Open, "groups for which a key share is sent";
    PQ_OFFERED "pq_offered" Flag, Open, "a post-quantum group is offered (RFC 8446; IANA TLS Supported Groups)";
    PQ_CHOSEN "pq_chosen" Flag, Open, "a post-quantum group was chosen";
    WEAK "weak" Text[many], Open, "what is weak in what was chosen or shown: SSL 3.0, TLS 1.0, RC4, 3DES, NULL, EXPORT, anon, RSA 1024, SHA-1...";
    JA3 "ja3" Text, Open, "JA3 of the ClientHello: the TLS stack, not the device";
    JA3S "ja3s" Text, Open, "JA3S of the ServerHello";
    JA4 "ja4" Text, Open, "JA4 of the ClientHello";
    RESUMES "resumes" Flag, Open, "the ClientHello carries a ticket or a pre-shared key";
    SUBJECT "subject" Text, Open, "subject of the sender's certificate (RFC 5280 4.1.2.6)";
    ISSUER "issuer" Text, Open, "issuer of the sender's certificate (RFC 5280 4.1.2.4)";
    SERIAL "serial" Text, Open, "serial number of the certificate, hexadecimal";
    NOT_BEFORE "not_before" Time, Open, "notBefore as YYYYMMDDhhmmssZ (RFC 5280 4.1.2.5)";
    NOT_AFTER "not_after" Time, Open, "notAfter as YYYYMMDDhhmmssZ";
    SAN "san" Text[many], Open, "names and addresses in subjectAltName (RFC 5280 4.2.1.6)";
    EKU "eku" Text[many], Open, "extended key usages as OIDs (RFC 5280 4.2.1.12); 1.2.840.10004.20701.1.1 is an SDC provider";
    KEY_TYPE "key_type" Text, Open, "rsa, ec, ed25519... of the certificate";
    KEY_BITS "key_bits" Integer, Open, "bits of the certificate's key";
    SIGNATURE "signature" Text, Open, "algorithm of the certificate's signature, as an OID if not known";
    SELF_SIGNED "self_signed" Flag, Open, "issuer and subject are the same";
    CHAIN "chain" Integer, Open, "certificates in the chain";
    CERT_SHA256 "cert_sha256" Text, Open, "SHA-256 of the certificate";
    KEY_SHA256 "key_sha256" Text, Open, "SHA-256 of its SubjectPublicKeyInfo";
    AUTHORITIES "authorities" Text[many], Open, "authorities that a CertificateRequest accepts (RFC 5246 7.4.4)";
    LEVEL "level" Text, Open, "alert level (RFC 8446 6)";
    ALERT "alert" Text, Open, "alert description";
    RECORDS "records" Integer, Open, "application records of this side";
    BYTES "bytes" Integer, Open, "bytes in them";
}

kinds! {
    CLIENT_HELLO "ClientHello", "RFC 8446 4.1.2";
    SERVER_HELLO "ServerHello", "RFC 8446 4.1.3";
    HELLO_RETRY_REQUEST "HelloRetryRequest", "RFC 8446 4.1.4";
    CERTIFICATE "Certificate", "RFC 5246 7.4.2; in TLS 1.3 it is encrypted";
    CERTIFICATE_REQUEST "CertificateRequest", "RFC 5246 7.4.4";
    ALERT_SENT "Alert", "RFC 8446 6, before encryption began";
    SESSION "session", "what one side sent in encrypted records, told when it ends";
    MALFORMED "malformed", "bytes that are no TLS record, or no handshake message";
}

/// Faults that a TLS message may carry.
pub const ANOMALIES: &[(&str, &str)] = &[
    (
        "bad-record",
        "a record with an unknown type, version or length (RFC 8446 5.1)",
    ),
    ("bad-hello", "a hello whose lengths do not fit"),
    (
        "bad-certificate",
        "a certificate whose DER does not fit (RFC 5280)",
    ),
    (
        "handshake-too-long",
        "a handshake message beyond the limit tls-handshake",
    ),
    (
        "handshake-cut",
        "a handshake message that another record type, a hole or the end cut off",
    ),
];
