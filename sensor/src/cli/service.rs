//! Tells the service manager how we are (sd_notify(3)): ready, alive, ending.

use std::env;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

/// The manager's socket; without one nothing is told.
pub struct Service {
    /// Written to, not sent to: the system-call filter knows no call that sends.
    socket: Option<File>,
    /// The manager restarts us when it hears nothing for so long.
    watchdog: Option<Duration>,
    told: Instant,
}

impl Service {
    /// From the environment that the manager gave. To be called before privileges are given up.
    pub fn of_environment() -> Self {
        let socket = env::var_os("NOTIFY_SOCKET").and_then(|path| connect(path.to_str()?).ok());
        let watchdog = env::var("WATCHDOG_USEC")
            .ok()
            .and_then(|n| n.parse().ok())
            .map(Duration::from_micros);
        Service {
            socket: socket.map(|s| File::from(OwnedFd::from(s))),
            watchdog,
            told: Instant::now(),
        }
    }

    /// `READY=1`, `STOPPING=1`, `STATUS=...`: what the manager knows, line by line.
    pub fn tell(&mut self, what: &str) {
        if let Some(socket) = &mut self.socket {
            // A manager that is gone is no reason to end.
            let _ = socket.write_all(what.as_bytes());
        }
    }

    /// Frames and time go through the whole pipeline: told at half the time that is allowed.
    pub fn alive(&mut self) {
        if self.watchdog.is_some_and(|w| self.told.elapsed() >= w / 3) {
            self.told = Instant::now();
            self.tell("WATCHDOG=1");
        }
    }
}

fn connect(path: &str) -> std::io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    #[cfg(target_os = "linux")]
    if let Some(name) = path.strip_prefix('@') {
        use std::os::linux::net::SocketAddrExt;
        let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
        socket.connect_addr(&address)?;
        return Ok(socket);
    }
    socket.connect(path)?;
    Ok(socket)
}
