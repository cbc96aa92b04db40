//! One parameter of an update, as the network and the serial line have it: values and limits.

use std::fmt::Display;

use crate::action::Quantity;
use crate::message::Draft;
use crate::octets::{ShortText, be16};
use crate::schema::FieldId;

use super::codes::Parameter;

/// Where a protocol writes a parameter's parts.
#[derive(Clone, Copy)]
pub struct Names {
    pub parameter: FieldId,
    pub value: FieldId,
    pub limit: FieldId,
}

/// At and below this a value is a code: sensor fail, no pulse, ... invalid.
const NO_VALUE: i16 = -32761;

/// Values at 4, limits at 30, by pairs of low and high.
pub fn write(names: Names, entry: &[u8], draft: &mut Draft<'_>) {
    let parameter = Parameter(entry.get(1).copied().unwrap_or(0));
    print(draft, names.parameter, parameter);
    let number = |at| be16(entry, at).map_or(i16::MIN, |n| n as i16);
    for (at, (name, unit)) in parameter.values().iter().enumerate() {
        let value = number(4 + 2 * at);
        // Codes for "no value" lie at the very bottom.
        if value > NO_VALUE {
            draft.quantity(
                names.value,
                Quantity {
                    number: f64::from(value),
                    sent: b"",
                    unit: unit.as_bytes(),
                    code: name.as_bytes(),
                },
            );
        }
        let (low, high) = (number(30 + 4 * at), number(32 + 4 * at));
        if low > NO_VALUE && high > NO_VALUE && (low, high) != (0, 0) {
            let text = ShortText::<48>::of(format_args!("{name} {low}..{high}"));
            draft.text(names.limit, text.as_bytes());
        }
    }
}

/// Writes a code as text.
pub fn print(draft: &mut Draft<'_>, field: FieldId, value: impl Display) {
    if draft.wants(field) {
        draft.text(
            field,
            ShortText::<32>::of(format_args!("{value}")).as_bytes(),
        );
    }
}
