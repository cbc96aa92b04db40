//! Codes in words: statuses, refusals, aborts, context results.

use crate::action::Outcome;

/// Status (0000,0900) (PS3.7 annex C, PS3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u16);

impl Status {
    /// success, pending, cancel, warning or failure.
    pub const fn class(self) -> &'static str {
        match self.0 {
            0 => "success",
            0xFF00 | 0xFF01 => "pending",
            0xFE00 => "cancel",
            0x0001 | 0x0107 | 0x0116 | 0xB000..=0xBFFF => "warning",
            _ => "failure",
        }
    }

    /// No further answer follows this one.
    pub const fn is_last(self) -> bool {
        !matches!(self.0, 0xFF00 | 0xFF01)
    }

    /// What became of the request. The standard calls "refused": not authorised (0124), SOP class
    /// not supported (0122), out of resources (A7xx), move destination unknown (A801).
    pub fn outcome(self) -> Outcome {
        match (self.class(), self.0) {
            ("success" | "warning", _) => Outcome::Accepted,
            ("pending", _) => Outcome::Requested,
            (_, 0x0122 | 0x0124 | 0xA700..=0xA7FF | 0xA801) => Outcome::Refused,
            _ => Outcome::Failed,
        }
    }

    pub const fn text(self) -> &'static str {
        match self.0 {
            0x0000 => "success",
            0x0001 => "warning: requested optional attributes are not supported",
            0x0105 => "no such attribute",
            0x0106 => "invalid attribute value",
            0x0107 => "warning: attribute list error",
            0x0110 => "processing failure",
            0x0111 => "duplicate SOP instance",
            0x0112 => "no such SOP instance",
            0x0113 => "no such event type",
            0x0114 => "no such argument",
            0x0115 => "invalid argument value",
            0x0116 => "warning: attribute value out of range",
            0x0117 => "invalid object instance",
            0x0118 => "no such SOP class",
            0x0119 => "class-instance conflict",
            0x0120 => "missing attribute",
            0x0121 => "missing attribute value",
            0x0122 => "refused: SOP class not supported",
            0x0123 => "no such action",
            0x0124 => "refused: not authorised",
            0x0210 => "duplicate invocation",
            0x0211 => "unrecognised operation",
            0x0212 => "mistyped argument",
            0x0213 => "resource limitation",
            0xA701 => "refused: out of resources, cannot count matches",
            0xA702 => "refused: out of resources, cannot perform sub-operations",
            0xA700 | 0xA703..=0xA7FF => "refused: out of resources",
            0xA801 => "refused: move destination unknown",
            0xA900..=0xA9FF => "data set does not match SOP class",
            0xAA00..=0xAA04 => "frames cannot be retrieved",
            0xB000 => "warning: elements coerced, or sub-operations with failures",
            0xB001 => "warning: matching reached the response limit",
            0xB006 => "warning: elements discarded",
            0xB007 => "warning: data set does not match SOP class",
            0xB300..=0xB306 => "warning: unified procedure step",
            0xC301 => "wrong transaction UID",
            0xC307 => "no such unified procedure step",
            0xC310 => "unified procedure step is not in progress",
            0xFE00 => "cancelled",
            0xFF00 => "pending",
            0xFF01 => "pending: some optional keys are not supported",
            other => match other >> 12 {
                0xA => "failure",
                0xB => "warning",
                0xC => "unable to process",
                _ => "unknown status",
            },
        }
    }
}

/// Result, source and reason of A-ASSOCIATE-RJ (PS3.8 table 9-21).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub result: u8,
    pub source: u8,
    pub reason: u8,
}

impl Rejection {
    pub const fn result_text(self) -> &'static str {
        match self.result {
            1 => "rejected-permanent",
            2 => "rejected-transient",
            _ => "reserved",
        }
    }

    pub const fn source_text(self) -> &'static str {
        match self.source {
            1 => "service-user",
            2 => "service-provider (ACSE)",
            3 => "service-provider (presentation)",
            _ => "reserved",
        }
    }

    pub const fn reason_text(self) -> &'static str {
        match (self.source, self.reason) {
            (1 | 2, 1) => "no reason given",
            (1, 2) => "application context name not supported",
            (1, 3) => "calling AE title not recognised",
            (1, 7) => "called AE title not recognised",
            (2, 2) => "protocol version not supported",
            (3, 1) => "temporary congestion",
            (3, 2) => "local limit exceeded",
            _ => "reserved",
        }
    }
}

/// Source of A-ABORT (PS3.8 table 9-26).
pub const fn abort_source_text(source: u8) -> &'static str {
    match source {
        0 => "service-user",
        2 => "service-provider",
        _ => "reserved",
    }
}

/// Reason of A-ABORT; a service-user gives none.
pub const fn abort_reason_text(source: u8, reason: u8) -> &'static str {
    match (source, reason) {
        (0, _) => "not significant",
        (2, 0) => "not specified",
        (2, 1) => "unrecognised PDU",
        (2, 2) => "unexpected PDU",
        (2, 4) => "unrecognised PDU parameter",
        (2, 5) => "unexpected PDU parameter",
        (2, 6) => "invalid PDU parameter value",
        _ => "reserved",
    }
}

/// Result of a presentation context in A-ASSOCIATE-AC (PS3.8 table 9-18).
pub const fn context_result_text(result: u8) -> &'static str {
    match result {
        0 => "acceptance",
        1 => "user-rejection",
        2 => "no-reason",
        3 => "abstract-syntax-not-supported",
        4 => "transfer-syntaxes-not-supported",
        _ => "reserved",
    }
}
