//! Code points of IEEE 11073-20601 and -10101, as far as they are known here.

use crate::codes::codes;

codes! {
    /// Event type of an event report.
    EventType(u16, 4) {
        3356 => "MDC_NOTI_CONFIG", 3357 => "MDC_NOTI_SCAN_REPORT_FIXED",
        3358 => "MDC_NOTI_SCAN_REPORT_VAR", 3359 => "MDC_NOTI_SCAN_REPORT_MP_FIXED",
        3360 => "MDC_NOTI_SCAN_REPORT_MP_VAR", 3361 => "MDC_NOTI_SEGMENT_DATA",
        3362 => "MDC_NOTI_UNBUF_SCAN_REPORT_VAR", 3363 => "MDC_NOTI_UNBUF_SCAN_REPORT_FIXED",
        3364 => "MDC_NOTI_UNBUF_SCAN_REPORT_GROUPED", 3365 => "MDC_NOTI_UNBUF_SCAN_REPORT_MP_VAR",
        3366 => "MDC_NOTI_UNBUF_SCAN_REPORT_MP_FIXED",
        3367 => "MDC_NOTI_UNBUF_SCAN_REPORT_MP_GROUPED",
        3368 => "MDC_NOTI_BUF_SCAN_REPORT_VAR", 3369 => "MDC_NOTI_BUF_SCAN_REPORT_FIXED",
        3370 => "MDC_NOTI_BUF_SCAN_REPORT_GROUPED", 3371 => "MDC_NOTI_BUF_SCAN_REPORT_MP_VAR",
        3372 => "MDC_NOTI_BUF_SCAN_REPORT_MP_FIXED", 3373 => "MDC_NOTI_BUF_SCAN_REPORT_MP_GROUPED",
    }
    /// Action type.
    ActionType(u16, 4) {
        3084 => "MDC_ACT_SEG_CLR", 3085 => "MDC_ACT_SEG_GET_INFO", 3095 => "MDC_ACT_SET_TIME",
        3099 => "MDC_ACT_DATA_REQUEST", 3100 => "MDC_ACT_SEG_TRIG_XFER",
    }
    /// Attribute id.
    AttributeId(u16, 4) {
        2387 => "MDC_ATTR_OP_STAT", 2344 => "MDC_ATTR_ID_MODEL", 2349 => "MDC_ATTR_ID_PROD_SPECN",
        2436 => "MDC_ATTR_SYS_ID", 2438 => "MDC_ATTR_SYS_TYPE", 2439 => "MDC_ATTR_TIME_ABS",
        2628 => "MDC_ATTR_DEV_CONFIG_ID", 2650 => "MDC_ATTR_SYS_TYPE_SPEC_LIST",
    }
    /// What a set does with an attribute.
    ModifyOperator(u16, 4) { 0 => "replace", 1 => "add", 2 => "remove", 3 => "default" }
    /// Result of an association.
    AssociateResult(u16, 4) {
        0 => "accepted", 1 => "rejected-permanent", 2 => "rejected-transient",
        3 => "accepted-unknown-config", 4 => "rejected-no-common-protocol",
        5 => "rejected-no-common-parameter", 6 => "rejected-unknown", 7 => "rejected-unauthorized",
        8 => "rejected-unsupported-assoc-version",
    }
    /// Reason of a release.
    ReleaseReason(u16, 4) { 0 => "normal" }
    /// Reason of an abort.
    AbortReason(u16, 4) {
        0 => "undefined", 1 => "buffer-overflow", 2 => "response-timeout",
        3 => "configuration-timeout",
    }
    /// Result of a configuration report.
    ConfigResult(u16, 4) {
        0 => "accepted", 1 => "unsupported-config", 2 => "standard-config-unknown",
    }
    /// Who associates.
    SystemType(u32, 8) { 0x8000_0000 => "manager", 0x0080_0000 => "agent" }
    /// Error of a roer.
    ErrorCode(u16, 4) {
        1 => "no-such-object-instance", 2 => "access-denied", 9 => "no-such-action",
        17 => "invalid-object-instance", 23 => "protocol-violation", 24 => "not-allowed-by-object",
        25 => "action-timed-out", 26 => "action-aborted",
    }
    /// Problem of a rorj.
    Problem(u16, 4) {
        0 => "unrecognized-apdu", 2 => "badly-structured-apdu", 101 => "unrecognized-operation",
        103 => "resource-limitation", 303 => "unexpected-error",
    }
    /// A configuration or protocol id.
    Id(u16, 4) {}
}

impl EventType {
    pub const CONFIG: Self = Self(3356);

    /// Reports of several persons have a person id above their observations.
    pub fn is_multi_person(self) -> bool {
        matches!(self.0, 3359 | 3360 | 3365..=3367 | 3371..=3373)
    }
}

/// Data protocol id of 20601.
pub const DATA_PROTOCOL_20601: u16 = 0x5079;
