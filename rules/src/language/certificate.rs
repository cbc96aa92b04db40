//! How long a certificate that a message shows still is valid, by the time of the packets.

use std::sync::LazyLock;

use dissectors::message::{Interest, Message, Value};
use dissectors::registry::ProtocolId;
use dissectors::schema::FieldId;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Protocol, notBefore, notAfter.
static FIELDS: LazyLock<Option<(ProtocolId, FieldId, FieldId)>> = LazyLock::new(|| {
    let protocol = ProtocolId::of("tls")?;
    let field = |name| protocol.protocol().field(name);
    Some((protocol, field("not_before")?, field("not_after")?))
});

/// Adds the dates.
pub fn interest(interest: &mut Interest) {
    if let Some((protocol, from, to)) = *FIELDS {
        interest.want_field(protocol, from);
        interest.want_field(protocol, to);
    }
}

/// Seconds from the message to the end of its certificate; `age`: from its beginning to the message.
pub fn seconds(message: Message<'_>, age: bool) -> Option<f64> {
    let (protocol, from, to) = (*FIELDS)?;
    if message.protocol() != protocol {
        return None;
    }
    let Some(Value::Time(text) | Value::Text(text)) = message.field(if age { from } else { to })
    else {
        return None;
    };
    let date = second(text)? as f64;
    let now = message.frame().time as f64 / 1e9;
    Some(if age { now - date } else { date - now })
}

/// `YYYYMMDDhhmmssZ` as seconds since 1970 (RFC 5280 4.1.2.5).
fn second(text: &[u8]) -> Option<i64> {
    let digits = text.get(..14)?;
    if !digits.iter().all(u8::is_ascii_digit) || text.get(14..) != Some(b"Z") {
        return None;
    }
    let part = |range: std::ops::Range<usize>| {
        let part = std::str::from_utf8(digits.get(range)?).ok()?;
        part.parse::<i16>().ok()
    };
    let small = |range| i8::try_from(part(range)?).ok();
    let date = DateTime::new(
        part(0..4)?,
        small(4..6)?,
        small(6..8)?,
        small(8..10)?,
        small(10..12)?,
        small(12..14)?,
        0,
    );
    let zoned = date.ok()?.to_zoned_datetime(TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::second;

    #[test]
    fn what_is_no_date_is_none() {
        for wrong in [
            &b""[..],
            b"20261301000000Z",
            b"20260101000000",
            b"2026010100000xZ",
        ] {
            assert_eq!(second(wrong), None);
        }
        assert_eq!(second(b"19700101000100Z"), Some(60));
    }
}
