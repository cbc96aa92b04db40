//! Points in time as devices write them, so that a date in a field can be held against the time of
//! the capture.

/// Milliseconds since 1970 of a time written as in ISO 8601, HL7, DICOM or a certificate:
/// `2026-11-01`, `2026-11-01T07:30:00.5Z`, `20261101`, `202611010730+0100`, `20261101073000Z`.
///
/// Without a zone it is read as UTC: what a ward means by it differs by hours, not by days.
pub fn moment(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let mut pen = Reader(text.as_bytes());
    let year = pen.number(4)?;
    let dashed = pen.skip(b'-');
    let month = pen.number(2)?;
    if dashed && !pen.skip(b'-') {
        return None;
    }
    let day = pen.number(2)?;
    let days = days_of(year, month, day)?;
    let mut seconds = 0;
    let mut milliseconds = 0;
    let separated = pen.skip(b'T') || pen.skip(b' ');
    if pen.digit() {
        let hour = pen.number(2)?;
        let colons = pen.skip(b':');
        let minute = pen.number(2)?;
        let mut second = 0;
        if pen.skip(b':') || !colons && pen.digit() {
            second = pen.number(2)?;
            if pen.skip(b'.') || pen.skip(b',') {
                milliseconds = pen.fraction()?;
            }
        }
        // A leap second is the last of its minute.
        if hour > 24 || minute > 59 || second > 60 {
            return None;
        }
        seconds = hour * 3600 + minute * 60 + second;
    } else if separated {
        return None;
    }
    let zone = pen.zone()?;
    if !pen.0.is_empty() {
        return None;
    }
    Some((days * 86_400 + seconds - zone) * 1000 + milliseconds)
}

/// A moment as ISO 8601, in UTC.
pub fn shown(milliseconds: i64) -> String {
    match jiff::Timestamp::from_millisecond(milliseconds) {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => "the end of time".to_owned(),
    }
}

/// Days since 1970 of a day that the calendar has.
fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March: the leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    Some(era * 146_097 + of_era - 719_468)
}

struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    fn digit(&self) -> bool {
        self.0.first().is_some_and(u8::is_ascii_digit)
    }

    fn skip(&mut self, what: u8) -> bool {
        let there = self.0.first() == Some(&what);
        if there {
            self.0 = self.0.get(1..).unwrap_or_default();
        }
        there
    }

    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        if !number.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.0 = rest;
        Some(number.iter().fold(0, |n, d| n * 10 + i64::from(d - b'0')))
    }

    /// Milliseconds after the point; further digits are passed over.
    fn fraction(&mut self) -> Option<i64> {
        let (mut sum, mut weight) = (0, 100);
        if !self.digit() {
            return None;
        }
        while self.digit() {
            sum += self.number(1)? * weight;
            weight /= 10;
        }
        Some(sum)
    }

    /// Seconds east of Greenwich.
    fn zone(&mut self) -> Option<i64> {
        if self.0.is_empty() || self.skip(b'Z') {
            return Some(0);
        }
        let west = match (self.skip(b'+'), self.skip(b'-')) {
            (false, false) => return None,
            (_, west) => west,
        };
        let hours = self.number(2)?;
        self.skip(b':');
        let minutes = if self.digit() { self.number(2)? } else { 0 };
        let east = hours * 3600 + minutes * 60;
        Some(if west { -east } else { east })
    }
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-29",
            "20260229",
            "20261",
            "2026-11-01T",
            "today",
            "2026-11-01T25:00",
            "2026-11-01 07:61",
            "20261101-20261105",
            "2026-1101",
            "20261101073000X",
        ] {
            assert_eq!(moment(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn one_moment_is_written_in_many_ways() {
        // date -u -d '2026-11-01 07:30:00' +%s
        let at = 1_793_518_200_000;
        for text in [
            "2026-11-01T07:30Z",
            "2026-11-01 07:30:00",
            "2026-11-01T08:30:00+01:00",
            "20261101073000Z",
            "202611010730",
            "20261101023000.000-0500",
        ] {
            assert_eq!(moment(text.as_bytes()), Some(at), "{text}");
        }
        assert_eq!(moment(b"20261101073000.25"), Some(at + 250));
        assert_eq!(moment(b"19700101"), Some(0));
        assert_eq!(moment(b"20000229"), Some(951_782_400_000));
        // A certificate without an end (RFC 5280 4.1.2.5).
        assert_eq!(moment(b"99991231235959Z"), Some(253_402_300_799_000));
    }
}
