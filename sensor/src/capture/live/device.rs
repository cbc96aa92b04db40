//! What can be captured on this machine, and why something cannot.

use std::fmt;

use pcap::{Capture, Device, Error};

use crate::capture::block::LinkType;

/// An interface that cannot be captured on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is none of that name; these there are.
    NoSuch { name: String, known: Vec<String> },
    /// The process may not.
    NotAllowed { name: String },
    /// It is switched off.
    Down { name: String },
    /// The BPF expression does not compile for it.
    Filter {
        expression: String,
        interface: String,
        why: String,
    },
    /// Something else, in the system's words.
    Other { name: String, why: String },
}

impl Refusal {
    pub(super) fn of(name: &str, error: &Error) -> Refusal {
        let why = match error {
            Error::PcapError(text) => text.clone(),
            other => other.to_string(),
        };
        let low = why.to_lowercase();
        let name = name.to_owned();
        if low.contains("no such device") || low.contains("doesn't exist") {
            let mut known: Vec<String> = Device::list()
                .unwrap_or_default()
                .into_iter()
                .filter(|d| !is_odd(&d.name))
                .map(|d| d.name)
                .collect();
            known.sort();
            Refusal::NoSuch { name, known }
        } else if low.contains("permission") || low.contains("not permitted") {
            Refusal::NotAllowed { name }
        } else if low.contains("is not up") || low.contains("network is down") {
            Refusal::Down { name }
        } else {
            Refusal::Other { name, why }
        }
    }

    /// The reason alone, without the interface's name.
    pub fn why(&self) -> String {
        match self {
            Refusal::NoSuch { .. } => "no interface of that name".into(),
            Refusal::NotAllowed { .. } => "not permitted: run as root, or give the program the \
                 right to capture once with `setcap cap_net_raw=ep PROGRAM`"
                .into(),
            Refusal::Down { name } => format!("it is down: `ip link set {name} up`"),
            Refusal::Filter {
                expression, why, ..
            } => format!("the filter `{expression}` does not compile: {why}"),
            Refusal::Other { why, .. } => why.clone(),
        }
    }

    fn name(&self) -> &str {
        match self {
            Refusal::NoSuch { name, .. }
            | Refusal::NotAllowed { name }
            | Refusal::Down { name }
            | Refusal::Other { name, .. } => name,
            Refusal::Filter { interface, .. } => interface,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.why())?;
        if let Refusal::NoSuch { known, .. } = self
            && !known.is_empty()
        {
            write!(f, "; there are: {}", known.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// An interface of this machine.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub name: String,
    pub addresses: Vec<String>,
    pub up: bool,
    pub loopback: bool,
    /// What it says of itself.
    pub description: String,
    pub link: Option<LinkType>,
    /// Why nothing can be captured on it; `None` if it can.
    pub refusal: Option<String>,
}

/// All interfaces. Each is opened for a moment, without promiscuous mode, to know whether it can be.
pub fn candidates() -> Result<Vec<Candidate>, String> {
    let list = Device::list().map_err(|e| match e {
        Error::PcapError(text) => text,
        other => other.to_string(),
    })?;
    let mut out: Vec<Candidate> = list.into_iter().map(candidate).collect();
    out.sort_by(|a, b| {
        (a.refusal.is_some(), a.loopback, &a.name).cmp(&(b.refusal.is_some(), b.loopback, &b.name))
    });
    Ok(out)
}

fn candidate(device: Device) -> Candidate {
    let mut out = Candidate {
        addresses: device
            .addresses
            .iter()
            .map(|a| a.addr.to_string())
            .collect(),
        up: device.flags.is_up(),
        loopback: device.flags.is_loopback(),
        description: device.desc.clone().unwrap_or_default(),
        link: None,
        refusal: None,
        name: device.name.clone(),
    };
    if is_odd(&device.name) {
        out.refusal = Some("not a network interface: nothing on it is decoded".into());
        return out;
    }
    let opened = Capture::from_device(device.name.as_str())
        .and_then(|c| c.promisc(false).snaplen(256).open());
    match opened {
        Ok(capture) => {
            let link = super::lane::link_type(&capture);
            out.link = Some(link);
            if !link.is_read() {
                out.refusal = Some(format!("frames of {link} are not decoded"));
            } else if !out.up {
                out.refusal = Some(Refusal::Down { name: device.name }.why());
            }
        }
        Err(error) => out.refusal = Some(Refusal::of(&device.name, &error).why()),
    }
    out
}

/// What libpcap lists beside network interfaces.
fn is_odd(name: &str) -> bool {
    ["nflog", "nfqueue", "usbmon", "bluetooth", "dbus-"]
        .iter()
        .any(|p| name.starts_with(p))
}
