//! When a grant holds: `Mon-Fri 07:00-19:00`, in the policy's time zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A part of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// A bit for each day, Monday first: the days on which it begins.
    days: u8,
    /// Minutes of the day; the end is no longer part of it. An end at or before the beginning
    /// lies on the next day.
    from: u16,
    to: u16,
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const EVERY_DAY: u8 = 0x7F;

impl Hours {
    /// `[days] HH:MM-HH:MM`; days are `Mon-Fri`, `Sat,Sun`, `daily`, or left out.
    pub fn parse(text: &str) -> Result<Hours, String> {
        let mut parts = text.split_whitespace();
        let (days, times) = match (parts.next(), parts.next(), parts.next()) {
            (Some(times), None, _) => (EVERY_DAY, times),
            (Some(days), Some(times), None) => (self::days(days)?, times),
            _ => return Err("write `Mon-Fri 07:00-19:00`".to_owned()),
        };
        let (from, to) = times
            .split_once('-')
            .ok_or("a time is written `07:00-19:00`")?;
        let (from, to) = (minute(from)?, minute(to)?);
        if from == 24 * 60 {
            return Err("a day begins at 00:00".to_owned());
        }
        Ok(Hours { days, from, to })
    }

    pub fn contain(&self, weekday: usize, minute: u16) -> bool {
        let on = |day: usize| self.days >> (day % 7) & 1 == 1;
        if self.from < self.to {
            return on(weekday) && (self.from..self.to).contains(&minute);
        }
        on(weekday) && minute >= self.from || on(weekday + 6) && minute < self.to
    }
}

/// Day of the week (Monday is 0) and minute of the day of a packet time.
pub fn local(time: i64, zone: &TimeZone) -> Option<(usize, u16)> {
    let at = Timestamp::from_nanosecond(i128::from(time))
        .ok()?
        .to_zoned_datetime(zone.clone());
    let weekday = at.weekday().to_monday_zero_offset();
    Some((
        usize::try_from(weekday).ok()?,
        at.hour() as u16 * 60 + at.minute() as u16,
    ))
}

fn days(text: &str) -> Result<u8, String> {
    let lower = text.to_ascii_lowercase();
    if lower == "daily" {
        return Ok(EVERY_DAY);
    }
    let day = |name: &str| {
        DAYS.iter()
            .position(|d| *d == name)
            .ok_or_else(|| format!("`{name}` is no day; days are Mon Tue Wed Thu Fri Sat Sun"))
    };
    let mut mask = 0u8;
    for part in lower.split(',') {
        match part.split_once('-') {
            Some((first, last)) => {
                let (mut at, last) = (day(first)?, day(last)?);
                loop {
                    mask |= 1 << at;
                    if at == last {
                        break;
                    }
                    at = (at + 1) % 7;
                }
            }
            None => mask |= 1 << day(part)?,
        }
    }
    Ok(mask)
}

fn minute(text: &str) -> Result<u16, String> {
    let wrong = || format!("`{text}` is no time of day; write `07:00`");
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let digits = |t: &str| t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return Err(wrong());
    }
    let (hour, minute): (u16, u16) = (
        hour.parse().map_err(|_| wrong())?,
        minute.parse().map_err(|_| wrong())?,
    );
    if hour > 24 || minute > 59 || hour == 24 && minute > 0 {
        return Err(wrong());
    }
    Ok(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_part_of_a_week_is_refused() {
        for wrong in [
            "",
            "Mon",
            "7-19",
            "Mon-Fri 7:00-19:00",
            "Mo 07:00-08:00",
            "Mon 24:00-01:00",
            "25:00-26:00",
            "Mon 07:00-08:00 x",
            "07:00-08:60",
        ] {
            assert!(Hours::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_last_minute_is_in_and_the_end_is_out() {
        let h = Hours::parse("Mon-Fri 07:00-19:00").unwrap();
        assert!(h.contain(0, 7 * 60) && h.contain(4, 19 * 60 - 1));
        assert!(!h.contain(0, 7 * 60 - 1) && !h.contain(4, 19 * 60) && !h.contain(5, 600));
        assert!(Hours::parse("00:00-24:00").unwrap().contain(6, 1439));
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let h = Hours::parse("Fri 22:00-06:00").unwrap();
        assert!(h.contain(4, 23 * 60) && h.contain(5, 5 * 60));
        assert!(!h.contain(4, 5 * 60) && !h.contain(5, 6 * 60) && !h.contain(5, 23 * 60));
        assert!(Hours::parse("Sat-Mon 10:00-11:00").unwrap().contain(6, 610));
        assert!(Hours::parse("Sun 22:00-06:00").unwrap().contain(0, 60));
    }
}
