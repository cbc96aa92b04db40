//! Which conversations are wanted: those of one host, or between two.

use std::net::IpAddr;
use std::str::FromStr;

use dissectors::message::{Conversation, Endpoint};

/// An address, with or without a port: `10.20.4.7`, `10.20.4.7:104`, `[fe80::1]:104`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    ip: IpAddr,
    port: Option<u16>,
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(ip) = text.parse() {
            return Ok(Host { ip, port: None });
        }
        text.parse::<std::net::SocketAddr>()
            .map(|a| Host {
                ip: a.ip(),
                port: Some(a.port()),
            })
            .map_err(|_| {
                "a host is an address, with a port if you like: 10.20.4.7 or 10.20.4.7:104".into()
            })
    }
}

impl Host {
    fn is(&self, end: &Endpoint) -> bool {
        end.ip == self.ip && self.port.is_none_or(|p| p == end.port)
    }
}

/// True if the conversation is between these hosts (one: it takes part; none: any).
pub fn between(hosts: &[Host], conversation: &Conversation) -> bool {
    let [a, b] = &conversation.ends;
    match hosts {
        [] => true,
        [one] => one.is(a) || one.is(b),
        [one, other, ..] => (one.is(a) && other.is(b)) || (one.is(b) && other.is(a)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_refused_with_the_two_forms_that_are_right() {
        let told = "pacs.hospital".parse::<Host>().unwrap_err();
        assert!(told.contains("10.20.4.7:104"), "{told}");
    }

    #[test]
    fn an_address_with_port_is_that_port_alone() {
        let host: Host = "10.0.0.1:104".parse().unwrap();
        assert_eq!(host.port, Some(104));
        assert_eq!("fe80::1".parse::<Host>().unwrap().port, None);
    }
}
