//! The commands of the manual.

use crate::action::Verb;
use crate::schema::KindId;

use super::SERVO;
use super::fields::*;

/// The command that a text begins with. In extended mode it has four letters, in basic mode two.
pub fn kind(text: &[u8], extended: bool) -> Option<KindId> {
    let len = if extended { 4 } else { 2 };
    let word = std::str::from_utf8(text.get(..len)?).ok()?;
    if !word.bytes().all(|b| b.is_ascii_uppercase()) {
        return None;
    }
    SERVO.kind(word).filter(|k| *k >= HO)
}

/// What a command does. `configured`: a report was set up before, which HO clears.
pub fn verb(kind: Option<KindId>, configured: bool) -> Option<Verb> {
    let Some(kind) = kind else {
        return Some(Verb::UnknownVerb);
    };
    Some(match kind {
        CHECK => return None,
        HO if configured => Verb::Configure,
        HO | RCTY | RHVE | RPVE | RSEN | RSWV | RADN => Verb::Discover,
        ESCAPE | SDAD | SPVE | SSMP | STOU | STTX | CT | DB | DC | CS => Verb::Configure,
        RADA | RADC | RALO | RCCO | RDAD | RSTI | RTIM | RTOU | RAIC | RBAT | RETX | RPAI => {
            Verb::Read
        }
        AN | BC | SV | RV | RT | RS | AO | RB | RC | UC | TO | UT => Verb::Read,
        _ => Verb::UnknownVerb,
    })
}
