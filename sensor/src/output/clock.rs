//! Times as people and machines read them.

use jiff::tz::TimeZone;
use jiff::{Timestamp, fmt::strtime};

/// Writes times in one zone, remembering the last second: most records fall in the same one.
pub struct Clock {
    zone: TimeZone,
    second: i64,
    /// `2026-11-24T14:07:31` of that second.
    date: String,
    /// `+0100`
    offset: String,
}

impl Clock {
    pub fn new(utc: bool) -> Self {
        let zone = if utc {
            TimeZone::UTC
        } else {
            TimeZone::system()
        };
        Clock {
            zone,
            second: i64::MIN,
            date: String::new(),
            offset: String::new(),
        }
    }

    /// EVE's form: `2026-11-24T14:07:31.123456+0100`.
    pub fn eve(&mut self, time: i64, out: &mut Vec<u8>) {
        self.refresh(time);
        out.extend_from_slice(self.date.as_bytes());
        out.push(b'.');
        let micros = time.rem_euclid(1_000_000_000) / 1000;
        let digits = 1_000_000 + micros;
        out.extend_from_slice(&itoa::Buffer::new().format(digits).as_bytes()[1..]);
        out.extend_from_slice(self.offset.as_bytes());
    }

    /// For people: `14:07:31.123`.
    pub fn time_of_day(&mut self, time: i64) -> String {
        self.refresh(time);
        let millis = time.rem_euclid(1_000_000_000) / 1_000_000;
        format!("{}.{millis:03}", self.date.get(11..).unwrap_or_default())
    }

    /// For people: `2026-11-24 14:07:31`.
    pub fn date_and_time(&mut self, time: i64) -> String {
        self.refresh(time);
        self.date.replace('T', " ")
    }

    /// The zone's offset at a time: `+0100`.
    pub fn offset(&mut self, time: i64) -> &str {
        self.refresh(time);
        &self.offset
    }

    fn refresh(&mut self, time: i64) {
        let second = time.div_euclid(1_000_000_000);
        if second == self.second {
            return;
        }
        self.second = second;
        let stamp = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        let zoned = stamp.to_zoned_datetime(self.zone.clone());
        self.date = strtime::format("%Y-%m-%dT%H:%M:%S", &zoned).unwrap_or_default();
        self.offset = strtime::format("%z", &zoned).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eve_time_has_six_digits_and_an_offset() {
        let mut out = Vec::new();
        Clock::new(true).eve(1_764_000_000_000_042_999, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "2025-11-24T16:00:00.000042+0000"
        );
    }

    #[test]
    fn times_before_1970_do_not_run_backwards() {
        let mut out = Vec::new();
        Clock::new(true).eve(-1_000, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "1969-12-31T23:59:59.999999+0000"
        );
    }
}
