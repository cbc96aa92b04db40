//! What the sensor says of itself.

use std::net::IpAddr;

use rules::inventory::Use;

/// An account that must close: what came in and where it went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub incoming: u64,
    pub reasons: Vec<(String, u64)>,
}

impl Account {
    pub fn closes(&self) -> bool {
        self.incoming == self.reasons.iter().map(|(_, n)| n).sum::<u64>()
    }

    pub fn of(&self, reason: &str) -> u64 {
        self.reasons
            .iter()
            .find(|(name, _)| name == reason)
            .map_or(0, |(_, n)| *n)
    }
}

/// How long judging took, nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    pub p50: u64,
    pub p99: u64,
    pub max: u64,
    pub count: u64,
}

/// What shows that a device is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InUse {
    pub ip: IpAddr,
    pub what: Use,
    /// Packet time, nanoseconds: since when without a longer pause, and seen last.
    pub since: i64,
    pub last: i64,
}

/// The sensor's own state, newest wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Accounts that must close, in the order in which they are shown.
    pub accounts: Vec<Account>,
    /// Further counters by part.
    pub beside: Vec<(String, Vec<(String, u64)>)>,
    /// From the packet to the verdict.
    pub latency: Option<Latency>,
    /// Live: how long frames take, by stage.
    pub stages: Vec<(String, Latency)>,
    /// Resident bytes of the process, and the most so far.
    pub memory: Option<(u64, u64)>,
    pub rules: usize,
    pub policy: Option<String>,
    /// Rules with the time that judging by them took, nanoseconds, dearest first.
    pub costs: Vec<(String, u64)>,
    /// Devices in use, as far as something shows it.
    pub uses: Vec<InUse>,
    /// Things that went wrong with the inputs.
    pub troubles: Vec<String>,
    /// Frames lost before the sensor saw them.
    pub lost: u64,
    /// Frames, and bytes of payload, so far.
    pub frames: u64,
}

impl Stats {
    /// Lost of all that was there, in percent; `None` before anything was counted.
    pub fn loss(&self) -> Option<f64> {
        let all = self.frames + self.lost;
        (all > 0).then(|| self.lost as f64 * 100.0 / all as f64)
    }
}
