//! The list of protocols. Registering one is one line here.
//!
//! The list is made once, at its first use: protocols written in Rust, those described by data
//! files in this crate, then those that [`add`] brought before (`--dissector-dir`). From then on it
//! never changes, so that a [`ProtocolId`] means the same everywhere.

use std::sync::OnceLock;

use crate::schema::{FieldId, KindId, Protocol};

/// Protocols written in Rust, in registration order (which breaks ties between signatures).
#[rustfmt::skip] // one line a protocol
const BUILT_IN: &[&Protocol] = &[
    &crate::tcp::TCP,
    &crate::ip::IP,
    &crate::health::HEALTH,
    &crate::dicom::DICOM,
    &crate::hl7v2::HL7V2,
    &crate::http::HTTP,
    &crate::sdc::SDC,
    &crate::tls::TLS,
    &crate::intellivue::INTELLIVUE,
    &crate::astm::ASTM,
    &crate::poct1a::POCT1A,
    &crate::phd::PHD,
    &crate::ge_unity::GE_UNITY,
    &crate::ge_serial::GE_SERIAL,
    &crate::contec::CONTEC,
    &crate::datex_s5::DATEX_S5,
    &crate::capnostream::CAPNOSTREAM,
    &crate::masimo::MASIMO,
    &crate::nellcor::NELLCOR,
    &crate::nonin::NONIN,
    &crate::mindray::MINDRAY,
    &crate::alaris::ALARIS,
    &crate::medibus::MEDIBUS,
    &crate::bcc::BCC,
    &crate::fresenius::FRESENIUS,
    &crate::puritan_bennett::PURITAN_BENNETT,
    &crate::servo::SERVO,
    &crate::hamilton::HAMILTON,
    &crate::telnet::TELNET,
    &crate::ftp::FTP,
    &crate::lantronix::LANTRONIX,
    &crate::moxa::MOXA,
    &crate::baxter_spectrum::BAXTER_SPECTRUM,
    &crate::hospira_lifecare::HOSPIRA_LIFECARE,
    &crate::spacecom_config::SPACECOM_CONFIG,
    &crate::serial::SERIAL,
    &crate::arp::ARP,
    &crate::dhcp::DHCP,
    &crate::dhcp::DHCPV6,
    &crate::dns::DNS,
    &crate::dns::MDNS,
    &crate::dns::LLMNR,
    &crate::ssh::SSH,
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

/// Every protocol: reads like a slice. See [`protocols`].
pub static PROTOCOLS: Protocols = Protocols;

/// The most protocols that can be registered: one bit each in `identify::Candidates`.
pub const MOST: usize = crate::identify::Candidates::BITS as usize;

static ALL: OnceLock<Vec<&'static Protocol>> = OnceLock::new();
static ADDED: OnceLock<Vec<&'static Protocol>> = OnceLock::new();

/// Every protocol, in registration order.
pub fn protocols() -> &'static [&'static Protocol] {
    ALL.get_or_init(|| {
        let embedded = crate::declarative::embedded();
        let added = ADDED.get().map_or(&[][..], Vec::as_slice);
        let mut all: Vec<&'static Protocol> = Vec::with_capacity(MOST);
        // What is tried out stands in for the shipped one of its name.
        let shipped = embedded
            .iter()
            .filter(|p| !added.iter().any(|a| a.name == p.name));
        all.extend(BUILT_IN.iter().chain(shipped).chain(added));
        all.truncate(MOST);
        all
    })
}

/// Adds protocols that were loaded at start. Works once, before anything asked for the list.
///
/// # Errors
/// Nothing was added: the list is in use already, a name is taken, or there are too many.
pub fn add(protocols: Vec<&'static Protocol>) -> Result<(), NotAdded> {
    if ALL.get().is_some() {
        return Err(NotAdded::TooLate);
    }
    let embedded = crate::declarative::embedded();
    let mut names: Vec<&str> = BUILT_IN.iter().chain(embedded).map(|p| p.name).collect();
    for protocol in &protocols {
        if names.contains(&protocol.name) {
            return Err(NotAdded::NameTaken(protocol.name));
        }
        names.push(protocol.name);
    }
    if names.len() > MOST {
        return Err(NotAdded::TooMany(names.len()));
    }
    ADDED.set(protocols).map_err(|_| NotAdded::TooLate)
}

/// As [`add`] of one protocol, which may have the name of a data file in this crate and then takes its
/// place: for trying out a changed file.
///
/// # Errors
/// It was not added.
pub fn try_out(protocol: &'static Protocol) -> Result<(), NotAdded> {
    if ALL.get().is_some() {
        return Err(NotAdded::TooLate);
    }
    if BUILT_IN.iter().any(|p| p.name == protocol.name) {
        return Err(NotAdded::NameTaken(protocol.name));
    }
    ADDED.set(vec![protocol]).map_err(|_| NotAdded::TooLate)
}

/// Why protocols were not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAdded {
    /// The list was asked for, or added to, before.
    TooLate,
    NameTaken(&'static str),
    TooMany(usize),
}

impl std::fmt::Display for NotAdded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NotAdded::TooLate => f.write_str(
                "protocols can be added only once and before the first packet; load all data files first",
            ),
            NotAdded::NameTaken(name) => write!(
                f,
                "there is a protocol named {name} already; give the data file another `name`"
            ),
            NotAdded::TooMany(n) => write!(
                f,
                "{n} protocols are more than the {MOST} that fit; load fewer data files"
            ),
        }
    }
}

impl std::error::Error for NotAdded {}

/// Stands for the list of all protocols; dereferences to the slice of them.
#[derive(Clone, Copy, Debug)]
pub struct Protocols;

impl std::ops::Deref for Protocols {
    type Target = [&'static Protocol];

    fn deref(&self) -> &Self::Target {
        protocols()
    }
}

impl IntoIterator for Protocols {
    type Item = &'static &'static Protocol;
    type IntoIter = std::slice::Iter<'static, &'static Protocol>;

    fn into_iter(self) -> Self::IntoIter {
        protocols().iter()
    }
}

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

    /// The sensor itself writes it: nobody speaks it.
    pub fn is_of_the_sensor(self) -> bool {
        self.protocol().is_of_the_sensor()
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
    /// The sensor itself writes it (transport and packet events, its own health): nobody speaks it.
    pub const fn is_of_the_sensor(&self) -> bool {
        self.transports.is_empty()
    }

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
