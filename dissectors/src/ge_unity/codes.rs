//! Codes of the family, by their names where known.

use crate::codes::codes;

codes! {
    /// Alarm state of a parameter update.
    AlarmState(u8, 2) {
        0 => "active", 1 => "silenced", 2 => "paused", 3 => "off", 4 => "volume-off",
        5 => "paused-display-off",
    }
    /// Alarm level.
    AlarmLevel(u8, 2) {
        0 => "status-only", 1 => "system-message", 2 => "system-advisory", 3 => "system-warning",
        4 => "message", 5 => "advisory", 6 => "warning", 7 => "crisis",
    }
    /// Parameter of an entry or alarm.
    Parameter(u8, 2) {
        0x18 => "nibp", 0x22 => "resp", 0x23 => "temp", 0x2D => "spo2", 0x3A => "ecg",
        0x56 => "ecg_I", 0x57 => "ecg_II", 0x58 => "ecg_III", 0x59 => "ecg_V",
    }
    /// Channel of a waveform.
    Channel(u8, 2) {
        0x07 => "ecg_I", 0x08 => "ecg_II", 0x09 => "ecg_III", 0x0A => "ecg_V", 0x17 => "resp",
        0x27 => "pleth",
    }
}

impl Parameter {
    /// Names and UCUM units of the up to three values.
    pub fn values(self) -> &'static [(&'static str, &'static str)] {
        match self.0 {
            0x3A => &[("hr", "/min"), ("pvc", "/min")],
            0x2D => &[("spo2", "%"), ("pulse", "/min")],
            0x18 => &[
                ("nibp_mean", "mm[Hg]"),
                ("nibp_systolic", "mm[Hg]"),
                ("nibp_diastolic", "mm[Hg]"),
            ],
            0x22 => &[("resp_rate", "/min")],
            0x23 => &[("temp", "")],
            _ => &[],
        }
    }
}

impl Channel {
    /// Samples in a batch. `None` for what is no channel.
    pub fn samples(self) -> Option<usize> {
        match self.0 {
            0x07..=0x0A => Some(4),
            0x17 | 0x27 => Some(1),
            _ => None,
        }
    }
}
