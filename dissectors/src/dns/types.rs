//! Record types and response codes by name (IANA, Domain Name System Parameters).

/// A record's type. Unknown ones are shown as `TYPE65280` (RFC 3597 5).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RecordType(pub u16);

impl RecordType {
    pub const A: Self = RecordType(1);
    pub const NS: Self = RecordType(2);
    pub const CNAME: Self = RecordType(5);
    pub const NULL: Self = RecordType(10);
    pub const PTR: Self = RecordType(12);
    pub const MX: Self = RecordType(15);
    pub const TXT: Self = RecordType(16);
    pub const AAAA: Self = RecordType(28);
    pub const SRV: Self = RecordType(33);
    pub const DNAME: Self = RecordType(39);
    pub const OPT: Self = RecordType(41);

    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            1 => "A",
            2 => "NS",
            5 => "CNAME",
            6 => "SOA",
            10 => "NULL",
            12 => "PTR",
            13 => "HINFO",
            15 => "MX",
            16 => "TXT",
            25 => "KEY",
            28 => "AAAA",
            29 => "LOC",
            33 => "SRV",
            35 => "NAPTR",
            39 => "DNAME",
            41 => "OPT",
            43 => "DS",
            46 => "RRSIG",
            47 => "NSEC",
            48 => "DNSKEY",
            50 => "NSEC3",
            52 => "TLSA",
            64 => "SVCB",
            65 => "HTTPS",
            99 => "SPF",
            249 => "TKEY",
            250 => "TSIG",
            251 => "IXFR",
            252 => "AXFR",
            255 => "ANY",
            257 => "CAA",
            _ => return None,
        })
    }
}

/// A response code (the four bits of the header).
pub const fn code_name(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        _ => return None,
    })
}
