//! The list of protocols. Registering one is one line here.

use crate::schema::{FieldId, KindId, Protocol};

/// Every protocol, in registration order (which breaks ties between signatures).
#[rustfmt::skip] // one line a protocol
pub const PROTOCOLS: &[&Protocol] = &[
    &crate::tcp::TCP,
    &crate::dicom::DICOM,
    &crate::hl7v2::HL7V2,
    &crate::arp::ARP,
    &crate::dhcp::DHCP,
    &crate::dhcp::DHCPV6,
    &crate::dns::DNS,
    &crate::dns::MDNS,
    &crate::dns::LLMNR,
    &crate::ssh::SSH,
    &crate::ftp::FTP,
    &crate::icmp::ICMP,
    &crate::icmp::ICMPV6,
    &crate::ndp::NDP,
    &crate::lldp::LLDP,
    &crate::nbns::NBNS,
    &crate::smb::SMB,
    &crate::rdp::RDP,
    &crate::snmp::SNMP,
    &crate::ntp::NTP,
    &crate::tftp::TFTP,
    &crate::vnc::VNC,
    &crate::named::MODBUS,
    &crate::named::BACNET,
    &crate::named::OPC_UA,
    &crate::named::ISO_TSAP,
    &crate::named::ENIP,
    &crate::named::PROFINET,
    &crate::named::DNP3,
    &crate::named::IEC104,
    &crate::named::POSTGRESQL,
    &crate::named::MYSQL,
    &crate::named::TDS,
    &crate::named::TNS,
    &crate::named::MONGODB,
    &crate::named::REDIS,
    &crate::named::MEMCACHED,
    &crate::named::LDAP,
    &crate::named::KERBEROS,
    &crate::named::MQTT,
    &crate::named::AMQP,
    &crate::named::NATS,
    &crate::named::DCERPC,
    &crate::named::SUNRPC,
    &crate::named::SMTP,
    &crate::named::IMAP,
    &crate::named::POP3,
    &crate::named::SIP,
    &crate::named::RTSP,
    &crate::named::SSDP,
    &crate::named::SYSLOG,
    &crate::named::PJL,
    &crate::named::RSYNC,
    &crate::named::BITTORRENT,
    &crate::named::QUIC,
    &crate::named::DTLS,
    &crate::named::WIREGUARD,
    &crate::named::OPENVPN,
    &crate::named::IKE,
    &crate::named::STUN,
    &crate::named::RADIUS,
    &crate::named::NETFLOW,
    &crate::named::SFLOW,
    &crate::named::PTP,
];

/// Index of a protocol in [`PROTOCOLS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProtocolId(pub u16);

impl ProtocolId {
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    pub fn protocol(self) -> &'static Protocol {
        PROTOCOLS[self.index()]
    }

    pub fn name(self) -> &'static str {
        self.protocol().name
    }

    /// Finds a protocol by its name.
    pub fn of(name: &str) -> Option<ProtocolId> {
        PROTOCOLS
            .iter()
            .position(|p| p.name == name)
            .map(|at| ProtocolId(at as u16))
    }
}

impl Protocol {
    pub fn field(&self, name: &str) -> Option<FieldId> {
        self.fields
            .iter()
            .position(|f| f.name == name)
            .map(|at| FieldId(at as u16))
    }

    pub fn kind(&self, name: &str) -> Option<KindId> {
        self.kinds
            .iter()
            .position(|k| k.name == name)
            .map(|at| KindId(at as u16))
    }
}
