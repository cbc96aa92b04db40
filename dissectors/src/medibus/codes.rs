//! MEDIBUS code points: commands, and the data codes worth a name.

use crate::action::Verb;
use crate::schema::KindId;

use super::fields::*;

/// A command code (MEDIBUS 7th ed., chapter on commands). Unknown ones survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(pub u8);

impl Code {
    pub const NAK: Code = Code(0x15);
    pub const MEASURED_1: Code = Code(0x24);
    pub const LOW_1: Code = Code(0x25);
    pub const HIGH_1: Code = Code(0x26);
    pub const ALARMS_1: Code = Code(0x27);
    pub const DATE_TIME: Code = Code(0x28);
    pub const SETTINGS: Code = Code(0x29);
    pub const TEXT: Code = Code(0x2A);
    pub const MEASURED_2: Code = Code(0x2B);
    pub const LOW_2: Code = Code(0x2C);
    pub const HIGH_2: Code = Code(0x2D);
    pub const ALARMS_2: Code = Code(0x2E);
    pub const ALARMS_3: Code = Code(0x23);
    pub const DEVICE_ID: Code = Code(0x52);
    pub const CONFIGURE_RESPONSE: Code = Code(0x4A);
    pub const REALTIME_CONFIG: Code = Code(0x53);
    pub const CONFIGURE_REALTIME: Code = Code(0x54);
    pub const DEVICE_SPECIFIC: Code = Code(0x6A);

    /// The kind of a command or response with this code, if it is a published one.
    pub fn kind(self) -> Option<KindId> {
        Some(match self.0 {
            0x15 => NAK,
            0x23 => ALARMS_3,
            0x24 => MEASURED_1,
            0x25 => LOW_LIMITS_1,
            0x26 => HIGH_LIMITS_1,
            0x27 => ALARMS_1,
            0x28 => DATE_TIME,
            0x29 => SETTINGS,
            0x2A => TEXT,
            0x2B => MEASURED_2,
            0x2C => LOW_LIMITS_2,
            0x2D => HIGH_LIMITS_2,
            0x2E => ALARMS_2,
            0x30 => NOP,
            0x49 => TIME_CHANGED,
            0x4A => CONFIGURE_RESPONSE,
            0x51 => ICC,
            0x52 => DEVICE_ID,
            0x53 => REALTIME_CONFIG,
            0x54 => CONFIGURE_REALTIME,
            0x55 => STOP,
            0x56 => REALTIME_CHANGED,
            0x6A => DEVICE_SPECIFIC,
            0x6C => TREND_STATUS,
            0x6D => TREND_DATA,
            _ => return None,
        })
    }

    /// What a command with this code does. `None`: it keeps the link, nothing more.
    pub fn verb(self) -> Option<Verb> {
        Some(match self.0 {
            0x30 | 0x51 => return None,
            0x52 => Verb::Discover,
            0x49 | 0x56 => Verb::Notify,
            0x4A | 0x54 | 0x55 => Verb::Configure,
            0x23..=0x2E | 0x53 | 0x6A | 0x6C | 0x6D => Verb::Read,
            _ => Verb::UnknownVerb,
        })
    }
}

/// UCUM unit of a setting (code of a 29 response), empty if not in the manual's table as read.
pub fn setting_unit(code: u8) -> &'static [u8] {
    match code {
        0x01 | 0x27 => b"%",
        0x02 | 0x29 => b"L/min",
        0x04 => b"L",
        0x05 | 0x0F | 0x10 | 0x11 | 0x2E => b"s",
        0x09 | 0x0A | 0x42 => b"/min",
        0x0B..=0x0E | 0x12 | 0x13 | 0x15 | 0x45 => b"mbar",
        0x2F => b"mL/min",
        0x40 => b"mL",
        0x4A => b"a",
        0x4B => b"kg",
        _ => b"",
    }
}

/// UCUM unit of a measured value or a limit (codes of 24, 25, 26), empty if unknown.
pub fn measured_unit(code: u8) -> &'static [u8] {
    match code {
        0x07 => b"L/bar",
        0x73 | 0x74 | 0x78 | 0x7D => b"mbar",
        0x82 => b"L",
        0x88 => b"mL",
        0xB5 | 0xD6 | 0xE1 => b"/min",
        0xB7 | 0xB9 => b"L/min",
        0xC1 => b"Cel",
        0xDB | 0xEB | 0xF0 | 0xB0 | 0xB1 | 0xAE | 0xAF | 0xFB | 0xFC => b"%",
        0xE3 => b"kPa",
        0xE6 => b"mm[Hg]",
        _ => b"",
    }
}

/// Settings that describe the patient: age and weight.
pub const AGE: u8 = 0x4A;
pub const WEIGHT: u8 = 0x4B;

/// Names of the keys in a 6A '2' response, for those that quiet the device.
pub fn key_name(key: &[u8]) -> &'static str {
    match key {
        b"32" => "alarm silence active",
        b"33" => "nebuliser",
        b"34" => "display stop",
        b"35" => "O2 calibration",
        b"36" => "O2 monitoring off",
        b"37" => "suction",
        b"38" => "flow calibration",
        b"39" => "CO2 calibration",
        b"40" => "flow monitoring",
        b"41" => "FiO2 monitoring",
        b"42" => "SpO2 monitoring",
        b"43" => "CO2 monitoring",
        b"44" => "paediatric flow monitoring",
        _ => "",
    }
}

/// True for the names of anaesthesia machines in a device identification.
pub fn anaesthesia(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 9] = [
        b"primus", b"apollo", b"cicero", b"julian", b"vamos", b"fabius", b"zeus", b"perseus",
        b"cato",
    ];
    let mut lower = [0u8; 16];
    let len = name.len().min(lower.len());
    lower[..len].copy_from_slice(&name[..len]);
    lower.make_ascii_lowercase();
    NAMES
        .iter()
        .any(|n| lower.windows(n.len()).any(|w| w == *n))
}
