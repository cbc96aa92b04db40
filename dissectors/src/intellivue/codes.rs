//! Code points of the Data Export guide, as newtypes: unknown ones survive and print.

use crate::codes::codes;

codes! {
    /// Command type of a remote operation.
    Command(u16, 4) {
        0 => "event_report", 1 => "confirmed_event_report", 3 => "get", 4 => "set",
        5 => "confirmed_set", 7 => "confirmed_action",
    }
    /// Object class, partition 1.
    Class(u16, 4) {
        5 => "enumeration", 6 => "numeric", 9 => "wave", 33 => "mds", 41 => "battery",
        42 => "patient_demographics", 54 => "alarm_monitor",
    }
    /// Event type.
    Event(u16, 4) { 0x0D06 => "mds_create", 0x0D17 => "connect_indication" }
    /// Action type.
    ObjectAction(u16, 4) { 0x0C16 => "poll", 0xF13B => "extended_poll" }
    /// Attribute group.
    Group(u16, 4) {
        0 => "ALL", 0x0801 => "AL_MON", 0x0803 => "METRIC_VAL_OBS", 0x0807 => "PT_DEMOG",
        0x080A => "SYS_APPL", 0x080B => "SYS_ID", 0x080C => "SYS_PROD", 0x0810 => "VMO_DYN",
        0x0811 => "VMO_STATIC",
    }
    /// Error of a ROER.
    ErrorValue(u16, 4) {
        0 => "no-such-object-class", 1 => "no-such-object-instance", 2 => "access-denied",
        7 => "get-list-error", 8 => "set-list-error", 9 => "no-such-action",
        10 => "processing-failure", 15 => "invalid-argument-value", 16 => "invalid-scope",
        17 => "invalid-object-instance",
    }
    /// What a set does with an attribute.
    ModifyOperator(u16, 4) { 0 => "replace", 1 => "add", 2 => "remove", 3 => "set-to-default" }
    /// Place in a run of linked results.
    LinkedState(u8, 2) { 1 => "first", 2 => "middle", 3 => "last" }
    /// Who associates.
    SystemType(u32, 8) { 0x8000_0000 => "client", 0x0080_0000 => "server" }
    /// How the association starts.
    Startup(u32, 8) { 0x8000_0000 => "hot", 0x4000_0000 => "warm", 0x2000_0000 => "cold" }
    /// State of the patient demographics.
    Admission(u16, 4) { 0 => "empty", 1 => "pre-admitted", 2 => "admitted", 8 => "discharged" }
    /// Operating mode; one bit is set as a rule.
    OperatingMode(u16, 4) {
        0x4000 => "monitoring", 0x2000 => "demo", 0x1000 => "service", 0x0002 => "standby",
        0x0001 => "config",
    }
    /// A 32-bit set of bits or a text id.
    Word(u32, 8) {}
    /// An attribute id.
    AttributeId(u16, 4) {}
}

impl Class {
    pub const MDS: Class = Class(33);
    pub const DEMOGRAPHICS: Class = Class(42);
}

impl AttributeId {
    pub const NUMERIC_PRIORITY: AttributeId = AttributeId(0xF239);
    pub const WAVE_PRIORITY: AttributeId = AttributeId(0xF23A);
    pub const POLL_PERIOD: AttributeId = AttributeId(0xF13E);
}

/// The unit code (partition 4) as UCUM, empty if it has no entry here.
pub fn ucum(unit: u16) -> &'static [u8] {
    match unit {
        0x0200 => b"1",
        0x0220 => b"%",
        0x0511 => b"cm",
        0x0652 => b"mL",
        0x06C3 => b"kg",
        0x0880 => b"s",
        0x0AA0 => b"{beats}/min",
        0x0AE0 => b"{breaths}/min",
        0x0F03 => b"kPa",
        0x0F20 => b"mm[Hg]",
        0x10B2 => b"mV",
        0x10C0 => b"Ohm",
        0x1140 => b"[degF]",
        0x17A0 => b"Cel",
        _ => b"",
    }
}

/// The few vital signs that are worth keeping: heart and pulse rate, SpO2, respiration rate,
/// arterial, non-invasive and central venous pressure, temperature.
pub fn is_vital(physio: u16) -> bool {
    matches!(
        physio,
        0x4182 | 0x4822 | 0x4BB8 | 0x500A | 0x4A04..=0x4A07 | 0x4A14..=0x4A17 | 0x4A44 | 0x4B48
    )
}
