//! Which parameter goes into which field.

use crate::schema::FieldId;

use super::fields::*;

/// Where a parameter's value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A number with this unit.
    Number(FieldId, &'static [u8]),
    /// Pump, parameter and value as one text.
    Named(FieldId),
    /// The value alone.
    Bare(FieldId),
}

/// The place of a parameter; undocumented ones may hold anything.
pub fn place(name: &[u8]) -> Place {
    match name {
        b"INRT" => Place::Number(RATE, b"mL/h"),
        b"INVI" => Place::Number(VOLUME, b"mL"),
        b"INVTB" => Place::Number(VTBI, b"mL"),
        b"INBORT" => Place::Number(BOLUS_RATE, b"mL/h"),
        b"INBOVAL" => Place::Number(BOLUS_VOLUME, b"mL"),
        b"INDORT" => Place::Number(DOSE_RATE, b""),
        b"INSOL" | b"INSOLSN" | b"INSOLID" => Place::Named(DRUG),
        b"DLNAME" | b"DLCRETIME" => Place::Named(LIBRARY),
        b"GNNEW" | b"GNMODEL" | b"INSERNUM" => Place::Named(DEVICE),
        b"AUTOPROGSTATE" | b"LASTAUTOPROGERR" => Place::Named(PROGRAMMING),
        b"RUNSTATE" | b"INSTBY" | b"DSSTATUS" => Place::Named(STATE),
        b"DGDALERTHLH" | b"DGDALERTSLL" | b"DGDALERTSLH" => Place::Named(ALARM),
        b"PATID" | b"PATIDBADGE" | b"PATIDDRUG" => Place::Bare(PATIENT_ID),
        b"PATW" | b"PATH" | b"PATAGE" => Place::Named(PATIENT),
        b"NURSEID" => Place::Bare(NURSE),
        b"DRUGORDERNO" => Place::Bare(ORDER),
        b"INRMT" | b"INTIME" | b"INBOCNT" | b"BOLTYPE" | b"INDORTU" | b"INDCON" | b"INDCONU"
        | b"INP1" | b"INP2" | b"INSYR" | b"INVOLACT" | b"INAKKU" => Place::Named(OTHER),
        [b'I', b'N', b'A', digits @ ..] if few_digits(digits) => Place::Named(ALARM),
        [b'I', b'N', b'M', digits @ ..] if few_digits(digits) => Place::Named(STATE),
        _ => Place::Named(UNLISTED),
    }
}

fn few_digits(text: &[u8]) -> bool {
    (1..=2).contains(&text.len()) && text.iter().all(u8::is_ascii_digit)
}

/// Values that stand for "not there" are not zero.
pub fn absent(value: &[u8]) -> bool {
    matches!(value, b"" | b"_NV" | b"_NA")
}
