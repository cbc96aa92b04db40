//! What codes and units of ISO/IEEE 11073-10101 mean for a command: a setting's verb, a unit in
//! UCUM, the kind of a device.

use crate::action::{Device, Verb};

/// The verb for setting a parameter, by its context-free code (partition * 65536 + term) and its
/// unit in UCUM. `None` where neither tells.
pub fn setting_verb(code: u32, ucum: &[u8]) -> Option<Verb> {
    match code {
        // MDC_FLOW_FLUID_PUMP
        157_784 => return Some(Verb::SetRate),
        // MDC_VOL_FLUID_TBI, and MDC_VOL_FLUID_TBI_REMAIN
        157_884 | 157_872 => return Some(Verb::SetVolume),
        _ => {}
    }
    let mut parts = ucum.split(|b| *b == b'/');
    let top = parts.next().unwrap_or(b"");
    let over_time = parts
        .clone()
        .any(|p| matches!(p, b"h" | b"min" | b"d" | b"s"));
    let over_mass = parts.clone().any(|p| matches!(p, b"kg" | b"m2"));
    match top {
        b"mL" | b"ml" | b"uL" | b"ul" if over_time => Some(Verb::SetRate),
        b"L" | b"l" if ucum.ends_with(b"/h") => Some(Verb::SetRate),
        b"mL" | b"ml" if parts.next().is_none() => Some(Verb::SetVolume),
        b"g" | b"mg" | b"ug" | b"ng" | b"U" | b"mU" | b"[iU]" | b"m[iU]" | b"k[iU]" | b"mmol"
        | b"umol" | b"meq"
            if over_time || over_mass =>
        {
            Some(Verb::SetDose)
        }
        _ => None,
    }
}

/// Units by context-free code (11073-10101, partition 4), as UCUM.
const UNITS: &[(u32, &str)] = &[
    (262_656, "1"),
    (262_688, "%"),
    (263_441, "cm"),
    (263_744, "L"),
    (263_762, "mL"),
    (263_875, "kg"),
    (263_890, "mg"),
    (263_891, "ug"),
    (264_320, "s"),
    (264_338, "ms"),
    (264_352, "min"),
    (264_384, "h"),
    (264_864, "{beat}/min"),
    (264_928, "{breath}/min"),
    (265_216, "L/min"),
    (265_234, "mL/min"),
    (265_266, "mL/h"),
    (265_987, "kPa"),
    (266_016, "mm[Hg]"),
    (266_048, "cm[H2O]"),
    (268_192, "Cel"),
];

/// A unit as UCUM: by code, else from its reference id (`MDC_DIM_MICRO_G_PER_KG_PER_MIN`), else by
/// its text where that already looks like one. Empty if none of them tells.
pub fn ucum<'a>(code: u32, symbol: &str, text: &'a str, room: &'a mut [u8; 24]) -> &'a [u8] {
    if let Some((_, unit)) = UNITS.iter().find(|(c, _)| *c == code) {
        return unit.as_bytes();
    }
    if let Some(len) = from_symbol(symbol, room) {
        return &room[..len];
    }
    let fits = !text.is_empty()
        && text.len() <= 16
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/[]%{}.*-".contains(&b));
    if fits { text.as_bytes() } else { b"" }
}

/// Builds the UCUM form of an `MDC_DIM_` reference id from its words.
fn from_symbol(symbol: &str, room: &mut [u8; 24]) -> Option<usize> {
    let words = symbol.strip_prefix("MDC_DIM_")?;
    match words {
        "MMHG" => return put(room, 0, "mm[Hg]"),
        "CM_H2O" => return put(room, 0, "cm[H2O]"),
        "PERCENT" => return put(room, 0, "%"),
        "DIMLESS" => return put(room, 0, "1"),
        _ => {}
    }
    let mut at = 0;
    let mut prefix = "";
    for word in words.split('_') {
        let unit = match word {
            "PER" => "/",
            "L" => "L",
            "G" => "g",
            "KG" => "kg",
            "M" => "m",
            "SEC" | "S" => "s",
            "MIN" => "min",
            "HR" => "h",
            "DAY" => "d",
            "PASCAL" | "PA" => "Pa",
            "MOLE" => "mol",
            "EQUIV" => "eq",
            "VOLT" => "V",
            "HZ" => "Hz",
            "BEAT" => "{beat}",
            "RESP" | "BREATH" => "{breath}",
            "X" => "",
            "KILO" => "k",
            "DECI" => "d",
            "CENTI" => "c",
            "MILLI" => "m",
            "MICRO" => "u",
            "NANO" => "n",
            "INTL" => "[iU]",
            "UNIT" => "",
            _ => return None,
        };
        let is_prefix = matches!(word, "KILO" | "DECI" | "CENTI" | "MILLI" | "MICRO" | "NANO");
        if is_prefix {
            prefix = unit;
            continue;
        }
        at = put(room, at, prefix)?;
        prefix = "";
        at = put(room, at, unit)?;
    }
    (at > 0 && prefix.is_empty()).then_some(at)
}

fn put(room: &mut [u8; 24], at: usize, text: &str) -> Option<usize> {
    let end = at + text.len();
    room.get_mut(at..end)?.copy_from_slice(text.as_bytes());
    Some(end)
}

/// The kind of a device by the code of its MDS and that code's reference id, else by its
/// description in English.
pub fn device_kind(code: u32, symbol: &str, text: &str) -> Device {
    match code {
        // MDC_DEV_PUMP_INFUS, _MDS, _VMD and the syringe pump.
        69_984..=69_987 => return Device::Pump,
        // MDC_DEV_MON_PHYSIO_MULTI_PARAM, _MDS, and METER_PHYSIO_MULTI_PARAM.
        69_964..=69_967 | 69_956..=69_959 => return Device::Monitor,
        // MDC_DEV_SYS_PT_VENT, _MDS.
        70_000..=70_003 => return Device::Ventilator,
        _ => {}
    }
    for words in [symbol, text] {
        let has = |w: &str| contains_word(words, w);
        if has("PUMP") || has("INFUSION") || has("SYRINGE") {
            return Device::Pump;
        }
        if has("ANESTH") || has("ANAESTH") {
            return Device::Anaesthesia;
        }
        if has("VENT") || has("VENTILATOR") {
            return Device::Ventilator;
        }
        if has("DIALYSIS") {
            return Device::Dialysis;
        }
        if has("MON") || has("MONITOR") {
            return Device::Monitor;
        }
    }
    Device::Unknown
}

/// What an Activate operation does, by its code, else by the words of its reference id or its
/// English description. `None` where they tell nothing.
pub fn activate_verb(code: u32, symbol: &str, text: &str) -> Option<Verb> {
    match code {
        // Alarm audio pause: set, and taken back (public test MDIBs).
        193_820 | 128_284 => return Some(Verb::SilenceAlarm),
        193_821 | 128_285 => return Some(Verb::Configure),
        128_505 | 68_632 => return Some(Verb::SetTime),
        _ => {}
    }
    for words in [symbol, text] {
        let has = |w: &str| contains_word(words, w);
        let alarm = has("alarm") || has("alert") || has("audio");
        if alarm && (has("cancel") || has("resume") || has("enable")) {
            return Some(Verb::Configure);
        }
        if alarm
            && (has("pause") || has("silence") || has("mute") || has("ack") || has("acknowledge"))
        {
            return Some(Verb::SilenceAlarm);
        }
        if alarm && (has("off") || has("disable")) {
            return Some(Verb::DisableAlarm);
        }
        if has("bolus") {
            return Some(Verb::Bolus);
        }
        if has("restart") || has("reboot") || has("reset") || has("shutdown") {
            return Some(Verb::Restart);
        }
        if has("service") || has("maintenance") {
            return Some(Verb::ServiceMode);
        }
        if has("stop") {
            return Some(Verb::Stop);
        }
        if has("pause") || has("standby") || has("suspend") {
            return Some(Verb::Pause);
        }
        if has("start") || has("resume") || has("run") {
            return Some(Verb::Start);
        }
        if has("time") || has("clock") {
            return Some(Verb::SetTime);
        }
    }
    None
}

/// Is `word` one of the words of `text`, case aside? Words are runs of letters.
pub fn contains_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphabetic())
        .any(|w| w.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_that_is_neither_coded_nor_named_stays_empty() {
        let mut room = [0; 24];
        assert_eq!(ucum(1, "MDC_DIM_FURLONG", "per fortnight", &mut room), b"");
        assert_eq!(ucum(1, "MDC_DIM_MILLI", "", &mut room), b"");
    }

    #[test]
    fn units_come_from_code_name_or_text() {
        let mut room = [0; 24];
        assert_eq!(ucum(265_266, "", "", &mut room), b"mL/h");
        assert_eq!(
            ucum(1, "MDC_DIM_MICRO_G_PER_KG_PER_MIN", "", &mut room),
            b"ug/kg/min"
        );
        assert_eq!(ucum(1, "", "mg/h", &mut room), b"mg/h");
    }

    #[test]
    fn gas_flow_is_no_infusion_rate() {
        assert_eq!(setting_verb(0, b"L/min"), None);
        assert_eq!(setting_verb(0, b"mL/h"), Some(Verb::SetRate));
        assert_eq!(setting_verb(0, b"ug/kg/min"), Some(Verb::SetDose));
        assert_eq!(setting_verb(0, b"mL"), Some(Verb::SetVolume));
        assert_eq!(setting_verb(0, b"mL/kg"), None);
    }

    #[test]
    fn taking_a_pause_back_is_no_silencing() {
        assert_eq!(
            activate_verb(0, "", "Cancel audio pause of alarms"),
            Some(Verb::Configure)
        );
        assert_eq!(
            activate_verb(0, "", "Pause alarm audio"),
            Some(Verb::SilenceAlarm)
        );
        assert_eq!(activate_verb(0, "", "Stop infusion"), Some(Verb::Stop));
        assert_eq!(activate_verb(0, "", "Nurse call"), None);
    }
}
