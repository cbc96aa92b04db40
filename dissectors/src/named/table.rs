//! The protocols that are known by name only, a row each.

use super::seen::{Detail, Seen};
use super::{FIELDS, KINDS, data, industrial, network, text};
use crate::contract::Transport;
use crate::schema::{Port, Protocol, Provenance};

/// Constant, name, title, transports, ports by habit, signature, detail, where that is written.
macro_rules! named {
    ($($id:ident $name:literal $title:literal on [$($on:ident $(($ether:literal))?),+] at [$($kind:ident $port:literal),*]
        by $probe:path, $detail:expr, $source:literal;)+) => {$(
        #[doc = $title]
        pub const $id: Protocol = Protocol {
            name: $name,
            title: $title,
            provenance: Provenance::Specification,
            source: $source,
            fields: FIELDS,
            kinds: KINDS,
            anomalies: &[],
            hints: &[$(Port::$kind($port)),*],
            transports: &[$(Transport::$on $(($ether))?),+],
            probe: $probe,
            open: |_| Box::new(Seen::new($detail)),
            path: None,
        };
    )+};
}

named! {
    // Plants and buildings.
    MODBUS "modbus" "Modbus over TCP" on [Tcp] at [Tcp 502]
        by industrial::modbus, Detail::Nothing, "Modbus Messaging on TCP/IP 1.0b 3.1.3";
    BACNET "bacnet" "BACnet/IP" on [Udp] at [Udp 47808]
        by industrial::bacnet, Detail::Nothing, "ASHRAE 135 annex J";
    OPC_UA "opc_ua" "OPC UA binary" on [Tcp] at [Tcp 4840]
        by industrial::opc_ua, Detail::Nothing, "OPC 10000-6 7.1.2";
    ISO_TSAP "iso_tsap" "ISO transport over TCP (S7, MMS)" on [Tcp] at [Tcp 102]
        by industrial::iso_tsap, Detail::Nothing, "RFC 1006, X.224 13.3";
    ENIP "enip" "EtherNet/IP" on [Tcp, Udp] at [Tcp 44818, Udp 44818]
        by industrial::enip, Detail::Nothing, "CIP volume 2 2-3";
    PROFINET "profinet" "PROFINET" on [Link(0x8892)] at []
        by industrial::profinet, Detail::Nothing, "IEC 61158-6-10";
    DNP3 "dnp3" "DNP3" on [Tcp, Udp] at [Tcp 20000, Udp 20000]
        by industrial::dnp3, Detail::Nothing, "IEEE 1815 9.2";
    IEC104 "iec104" "IEC 60870-5-104" on [Tcp] at [Tcp 2404]
        by industrial::iec104, Detail::Nothing, "IEC 60870-5-104 5";
    // Data bases, directories, queues.
    POSTGRESQL "postgresql" "PostgreSQL" on [Tcp] at [Tcp 5432]
        by data::postgresql, Detail::Nothing, "PostgreSQL 16 documentation 55.7";
    MYSQL "mysql" "MySQL" on [Tcp] at [Tcp 3306]
        by data::mysql, Detail::In(64, data::mysql_version), "MySQL internals, HandshakeV10";
    TDS "tds" "Tabular Data Stream (SQL Server)" on [Tcp] at [Tcp 1433]
        by data::tds, Detail::Nothing, "MS-TDS 2.2.6.5";
    TNS "tns" "Oracle Net" on [Tcp] at [Tcp 1521]
        by data::tns, Detail::Nothing, "observed; no published specification";
    MONGODB "mongodb" "MongoDB" on [Tcp] at [Tcp 27017]
        by data::mongodb, Detail::Nothing, "MongoDB wire protocol, OP_MSG and OP_QUERY";
    REDIS "redis" "Redis" on [Tcp] at [Tcp 6379]
        by data::redis, Detail::Nothing, "Redis serialization protocol";
    MEMCACHED "memcached" "memcached" on [Tcp] at [Tcp 11211]
        by data::memcached, Detail::Nothing, "memcached protocol.txt";
    LDAP "ldap" "LDAP" on [Tcp, Udp] at [Tcp 389, Udp 389]
        by data::ldap, Detail::Nothing, "RFC 4511 4";
    KERBEROS "kerberos" "Kerberos 5" on [Tcp, Udp] at [Tcp 88, Udp 88]
        by data::kerberos, Detail::Nothing, "RFC 4120 5.4, 7.2";
    MQTT "mqtt" "MQTT" on [Tcp] at [Tcp 1883]
        by data::mqtt, Detail::Nothing, "MQTT 5.0 3.1";
    AMQP "amqp" "AMQP" on [Tcp] at [Tcp 5672]
        by data::amqp, Detail::Nothing, "AMQP 0-9-1 4.2.2, AMQP 1.0 2.2";
    NATS "nats" "NATS" on [Tcp] at [Tcp 4222]
        by data::nats, Detail::Nothing, "NATS client protocol";
    DCERPC "dcerpc" "DCE/RPC" on [Tcp] at [Tcp 135]
        by data::dcerpc, Detail::In(48, data::dcerpc_interface), "DCE 1.1 RPC 12.6.4.3";
    SUNRPC "sunrpc" "ONC RPC (portmapper, NFS)" on [Tcp, Udp] at [Tcp 111, Udp 111, Tcp 2049, Udp 2049]
        by data::sunrpc, Detail::In(32, data::sunrpc_program), "RFC 5531 9, 11";
    // Text.
    SMTP "smtp" "SMTP" on [Tcp] at [Tcp 25, Tcp 587]
        by text::smtp, Detail::Line, "RFC 5321 4.2";
    IMAP "imap" "IMAP" on [Tcp] at [Tcp 143]
        by text::imap, Detail::Line, "RFC 9051 7.1";
    POP3 "pop3" "POP3" on [Tcp] at [Tcp 110]
        by text::pop3, Detail::Line, "RFC 1939 4";
    SIP "sip" "SIP" on [Tcp, Udp] at [Tcp 5060, Udp 5060]
        by text::sip, Detail::Nothing, "RFC 3261 7";
    RTSP "rtsp" "RTSP" on [Tcp] at [Tcp 554]
        by text::rtsp, Detail::Nothing, "RFC 2326 4";
    SSDP "ssdp" "SSDP" on [Udp] at [Udp 1900]
        by text::ssdp, Detail::Nothing, "UPnP Device Architecture 2.0 1";
    SYSLOG "syslog" "syslog" on [Udp, Tcp] at [Udp 514, Tcp 514, Tcp 601]
        by text::syslog, Detail::Nothing, "RFC 3164 4, RFC 5424 6";
    PJL "pjl" "Printer job (PJL, JetDirect)" on [Tcp] at [Tcp 9100]
        by text::pjl, Detail::Nothing, "HP PJL Technical Reference 2";
    RSYNC "rsync" "rsync" on [Tcp] at [Tcp 873]
        by text::rsync, Detail::Line, "rsync csprotocol.txt";
    BITTORRENT "bittorrent" "BitTorrent" on [Tcp] at []
        by text::bittorrent, Detail::Nothing, "BEP 3";
    // Networks and tunnels.
    QUIC "quic" "QUIC" on [Udp] at [Udp 443]
        by network::quic, Detail::Nothing, "RFC 9000 17.2, RFC 9369 3";
    DTLS "dtls" "DTLS" on [Udp] at []
        by network::dtls, Detail::Nothing, "RFC 9147 4, RFC 6347 4.1";
    WIREGUARD "wireguard" "WireGuard" on [Udp] at [Udp 51820]
        by network::wireguard, Detail::Nothing, "WireGuard whitepaper 5.4";
    OPENVPN "openvpn" "OpenVPN" on [Udp, Tcp] at [Udp 1194, Tcp 1194]
        by network::openvpn, Detail::Nothing, "OpenVPN network protocol";
    IKE "ike" "IKE" on [Udp] at [Udp 500, Udp 4500]
        by network::ike, Detail::Nothing, "RFC 7296 3.1";
    STUN "stun" "STUN" on [Udp] at [Udp 3478]
        by network::stun, Detail::Nothing, "RFC 8489 5";
    RADIUS "radius" "RADIUS" on [Udp] at [Udp 1812, Udp 1813, Udp 1645, Udp 1646]
        by network::radius, Detail::Nothing, "RFC 2865 3";
    NETFLOW "netflow" "NetFlow and IPFIX" on [Udp] at [Udp 2055, Udp 9995, Udp 9996, Udp 4739]
        by network::netflow, Detail::Nothing, "RFC 3954 5, RFC 7011 3.1";
    SFLOW "sflow" "sFlow" on [Udp] at [Udp 6343]
        by network::sflow, Detail::Nothing, "sFlow version 5, 5";
    PTP "ptp" "Precision Time Protocol" on [Udp] at [Udp 319, Udp 320]
        by network::ptp, Detail::Nothing, "IEEE 1588 13.3";
}
