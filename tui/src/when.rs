//! Times as people read them. The zone is handed in; nothing here asks what time it is.

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// How the screens show times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeStyle {
    #[default]
    Clock,
    SinceStart,
    SincePrevious,
}

/// Shows times in one zone.
#[derive(Clone, Debug)]
pub struct When {
    zone: TimeZone,
}

impl When {
    pub fn utc() -> Self {
        When {
            zone: TimeZone::UTC,
        }
    }

    pub fn local() -> Self {
        When {
            zone: TimeZone::system(),
        }
    }

    /// `14:07:31`
    pub fn clock(&self, time: i64) -> String {
        self.written("%H:%M:%S", time)
    }

    /// `14:07:31.214`
    pub fn precise(&self, time: i64) -> String {
        let millis = time.rem_euclid(1_000_000_000) / 1_000_000;
        format!("{}.{millis:03}", self.clock(time))
    }

    /// `14:07:31` on the day of `now`, else `Nov 24`.
    pub fn near(&self, time: i64, now: i64) -> String {
        if self.same_day(time, now) {
            self.clock(time)
        } else {
            self.written("%b %e", time)
        }
    }

    /// `14:07:31.214` on the day of `now`, else `Nov 24 14:07`.
    pub fn near_precise(&self, time: i64, now: i64) -> String {
        if self.same_day(time, now) {
            self.precise(time)
        } else {
            self.written("%b %e %H:%M", time)
        }
    }

    fn same_day(&self, time: i64, now: i64) -> bool {
        let day = |time| self.written("%Y-%m-%d", time);
        // Most often it is: without a calendar.
        (time - now).abs() < 1_000_000_000 || day(time) == day(now)
    }

    /// `CET`, `UTC`, `+03`
    pub fn zone(&self, time: i64) -> String {
        self.written("%Z", time)
    }

    /// `2026-11-24 14:07:31 +0100`
    pub fn full(&self, time: i64) -> String {
        self.written("%Y-%m-%d %H:%M:%S %z", time)
    }

    fn written(&self, format: &str, time: i64) -> String {
        let stamp =
            Timestamp::from_second(time.div_euclid(1_000_000_000)).unwrap_or(Timestamp::UNIX_EPOCH);
        strtime::format(format, &stamp.to_zoned_datetime(self.zone.clone())).unwrap_or_default()
    }
}

/// A length of time in few characters: `<1 s`, `12 s`, `3 min`, `2 h`, `5 d`.
pub fn ago(nanoseconds: i64) -> String {
    let seconds = nanoseconds.max(0) / 1_000_000_000;
    match seconds {
        0 => "<1 s".into(),
        1..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A length of time as `00:42:10`.
pub fn long(nanoseconds: i64) -> String {
    let seconds = nanoseconds.max(0) / 1_000_000_000;
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// A delay: `12 ms`, `340 us`, `2.5 s`.
pub fn delay(nanoseconds: i64) -> String {
    match nanoseconds.max(0) {
        n @ 0..1_000_000 => format!("{} us", n / 1000),
        n @ 1_000_000..10_000_000_000 if n < 1_000_000_000 => format!("{} ms", n / 1_000_000),
        n => format!("{:.1} s", n as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_short_to_read() {
        assert_eq!(delay(12_300_000), "12 ms");
        assert_eq!(delay(2_500_000_000), "2.5 s");
        assert_eq!(ago(119_000_000_000), "119 s");
        assert_eq!(long(2_530_000_000_000), "00:42:10");
    }

    #[test]
    fn a_time_of_another_day_tells_its_day() {
        let when = When::utc();
        let noon = 1_764_072_000_000_000_000;
        let day = 86_400_000_000_000;
        assert_eq!(when.near(noon, noon + 3_600_000_000_000), "12:00:00");
        assert_eq!(when.near(noon, noon + day), "Nov 25");
        assert_eq!(when.near_precise(noon, noon + day), "Nov 25 12:00");
        assert_eq!(when.zone(noon), "UTC");
    }

    #[test]
    fn clock_of_a_time_before_1970_does_not_panic() {
        assert_eq!(When::utc().precise(-1_000_000), "23:59:59.999");
    }
}
