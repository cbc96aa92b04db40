//! Each row knows its own first bytes, and nobody else's.

use crate::contract::{End, Hint, Probe, Side, Transport};
use crate::registry::PROTOCOLS;
use crate::stage::{Stage, bytes, hint, probe, survives_mutations};

/// Name, transport, side, off its port too, first bytes.
fn samples() -> Vec<(&'static str, Transport, Side, bool, Vec<u8>)> {
    use Side::{Client, Server};
    use Transport::{Tcp, Udp};
    let text = |t: &str| t.as_bytes().to_vec();
    let padded = |hex: &str, length: usize| {
        let mut all = bytes(hex);
        all.resize(length, 0x5A);
        all
    };
    vec![
        (
            "modbus",
            Tcp,
            Client,
            false,
            bytes("0001 0000 0006 01 03 0000 0001"),
        ),
        (
            "bacnet",
            Udp,
            Client,
            true,
            bytes("810b 000c 0120 ffff 00ff 1008"),
        ),
        (
            "opc_ua",
            Tcp,
            Client,
            true,
            bytes("48454c46 38000000 00000000 ffff0000"),
        ),
        (
            "iso_tsap",
            Tcp,
            Client,
            true,
            bytes("0300 0016 11 e0 0000 0001 00 c1 02 0100 c2 02 0102 c0 01 0a"),
        ),
        (
            "enip",
            Tcp,
            Client,
            true,
            bytes("65000400 00000000 00000000 0000000000000000 00000000 01000000"),
        ),
        (
            "profinet",
            Transport::Link(0x8892),
            Client,
            true,
            bytes("fefe 05 00 01000001 0001 0004 ffff 0000"),
        ),
        (
            "dnp3",
            Tcp,
            Client,
            false,
            bytes("0564 05 c0 0100 0004 e921"),
        ),
        ("iec104", Tcp, Client, false, bytes("6804 07000000")),
        (
            "postgresql",
            Tcp,
            Client,
            true,
            bytes("00000017 00030000 75736572 00 626f62 00 6461 00 6200 00"),
        ),
        (
            "mysql",
            Tcp,
            Server,
            true,
            [bytes("4a000000 0a"), text("8.0.36\0abcdefgh")].concat(),
        ),
        (
            "tds",
            Tcp,
            Client,
            true,
            bytes("1201 002f 0000 0100 00 001a 0006 01 0020 0001 ff"),
        ),
        (
            "tns",
            Tcp,
            Client,
            true,
            [
                bytes("0070 0000 01 00 0000 0139 012c 0000 2000 7fff 7f08 0000 0100 0036 003a"),
                text("(DESCRIPTION=(CONNECT_DATA=(SID=x)))"),
            ]
            .concat(),
        ),
        (
            "mongodb",
            Tcp,
            Client,
            true,
            bytes("3a000000 01000000 00000000 dd070000 00000000 00"),
        ),
        ("redis", Tcp, Client, true, text("*1\r\n$4\r\nPING\r\n")),
        ("memcached", Tcp, Client, false, text("get session\r\n")),
        (
            "ldap",
            Tcp,
            Client,
            true,
            bytes("300c 020101 6007 020103 0400 8000"),
        ),
        (
            "kerberos",
            Udp,
            Client,
            true,
            bytes("6a81a8 3081a5 a103020105 a20302010a"),
        ),
        (
            "mqtt",
            Tcp,
            Client,
            true,
            bytes("1010 0004 4d515454 04 02 003c 0004 70756d70"),
        ),
        ("amqp", Tcp, Client, true, bytes("414d5150 00000901")),
        (
            "nats",
            Tcp,
            Server,
            true,
            text("INFO {\"server_id\":\"x\"}\r\n"),
        ),
        (
            "dcerpc",
            Tcp,
            Client,
            true,
            bytes(
                "05000b03 10000000 4800 0000 01000000 b810 b810 00000000 01000000 0000 0100 81bb7a364498f135ad3298f038001003 0200 0000 045d888aeb1cc9119fe808002b104860 02000000",
            ),
        ),
        (
            "sunrpc",
            Udp,
            Client,
            true,
            bytes("12345678 00000000 00000002 000186a0 00000002 00000003"),
        ),
        (
            "smtp",
            Tcp,
            Server,
            true,
            text("220 mail.example ESMTP Postfix\r\n"),
        ),
        ("imap", Tcp, Server, true, text("* OK IMAP4rev1 ready\r\n")),
        ("pop3", Tcp, Server, true, text("+OK POP3 ready\r\n")),
        (
            "sip",
            Udp,
            Client,
            true,
            text("OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\n"),
        ),
        (
            "rtsp",
            Tcp,
            Client,
            true,
            text("DESCRIBE rtsp://cam/1 RTSP/1.0\r\n"),
        ),
        (
            "ssdp",
            Udp,
            Client,
            true,
            text("M-SEARCH * HTTP/1.1\r\nHOST: x\r\n"),
        ),
        (
            "syslog",
            Udp,
            Client,
            true,
            text("<34>Oct 11 22:14:15 host su: x"),
        ),
        ("pjl", Tcp, Client, true, text("\x1B%-12345X@PJL\r\n")),
        ("rsync", Tcp, Client, true, text("@RSYNCD: 31.0\n")),
        (
            "bittorrent",
            Tcp,
            Client,
            true,
            text("\x13BitTorrent protocol\0\0\0\0"),
        ),
        (
            "quic",
            Udp,
            Client,
            true,
            padded("c3 00000001 08 0102030405060708 00 00", 1200),
        ),
        (
            "dtls",
            Udp,
            Client,
            true,
            padded("16 fefd 0000 000000000000 0020 01 000014", 45),
        ),
        ("wireguard", Udp, Client, true, padded("01000000", 148)),
        ("openvpn", Udp, Client, false, padded("38", 14)),
        (
            "ike",
            Udp,
            Client,
            false,
            bytes("0102030405060708 0000000000000000 21 20 22 08 00000000 0000001c"),
        ),
        (
            "stun",
            Udp,
            Client,
            true,
            bytes("0001 0000 2112a442 010203040506070809101112"),
        ),
        ("radius", Udp, Client, false, padded("01 07 0014", 20)),
        ("netflow", Udp, Client, false, padded("0005 0001", 72)),
        (
            "sflow",
            Udp,
            Client,
            false,
            padded("00000005 00000001 0a000001", 40),
        ),
        ("ptp", Udp, Client, false, padded("0b 02 0022", 34)),
    ]
}

#[test]
fn each_row_knows_its_own_and_no_other_claims_it_as_surely() {
    for (name, transport, side, off_port, first) in samples() {
        let own = probe(name, side, &first, hint(transport, true));
        let Probe::Yes(sure) = own else {
            panic!("{name}: {own:?}");
        };
        let off = probe(name, side, &first, hint(transport, false));
        assert_eq!(
            matches!(off, Probe::Yes(_)),
            off_port,
            "{name} off its port: {off:?}"
        );
        for other in PROTOCOLS.iter().filter(|p| p.name != name) {
            if !other.transports.contains(&transport) {
                continue;
            }
            if let Probe::Yes(c) = (other.probe)(side, &first, hint(transport, false)) {
                assert!(c < sure, "{name} is claimed by {}", other.name);
            }
        }
    }
}

#[test]
fn every_row_has_a_sample() {
    let mut rows: Vec<&str> = PROTOCOLS
        .iter()
        .filter(|p| p.kinds.first().is_some_and(|k| k.name == "seen"))
        .map(|p| p.name)
        .collect();
    let mut sampled: Vec<&str> = samples().iter().map(|s| s.0).collect();
    rows.sort_unstable();
    sampled.sort_unstable();
    assert_eq!(rows, sampled);
}

#[test]
fn no_row_claims_the_first_bytes_of_a_medical_conversation() {
    const MEDICAL: &[(&str, &[u8])] = &[
        ("hl7v2", b"\x0BMSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5\r"),
        (
            "dicom",
            b"\x01\0\0\0\0\xCD\0\x01\0\0ANY-SCP         STORESCU        ",
        ),
        ("astm", b"\x05"),
        ("intellivue", b"\xE1\0\0\x02\0\x01\0\x10\0\x01\0\x01"),
        (
            "intellivue",
            b"\x0D\xEC\x05\x08\x13\x01\0\x16\x01\x02\x80\0\x14\x02",
        ),
        ("medibus", b"\x1BQ6C\r"),
        ("alaris", b"!INF_RATE^120|1234\r"),
        ("ge_unity", b"\0\0\0\0\0\0\0\x01\x7F\xFF"),
        ("datex", b"\x7E\x22\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x7E"),
        ("moxa", b"\x81\0\0\x08\0\0\0\0"),
        (
            "moxa",
            b"\x81\x01\0\x18\0\0\0\0\x10\x51\0\x80\x10\x51\0\x90\xE8\x01\x02\x03\x0A\0\0\x01",
        ),
        ("lantronix", b"\0\0\0\xF6"),
        ("text", b"220 mL/h\r\n"),
        ("text", b"* OK 12\r\n"),
        ("text", b"+OK\r\n"),
        ("text", b"INFO 7\r\n"),
        ("zeros", &[0; 64]),
        ("ones", &[0xFF; 64]),
    ];
    let own: Vec<_> = PROTOCOLS
        .iter()
        .filter(|p| !["tcp", "dicom", "hl7v2"].contains(&p.name))
        .filter(|p| {
            p.transports
                .iter()
                .all(|t| matches!(t, Transport::Tcp | Transport::Udp))
        })
        .filter(|p| BESIDE.contains(&p.name) || p.kinds.first().is_some_and(|k| k.name == "seen"))
        .collect();
    assert!(own.len() > 50);
    for (what, first) in MEDICAL {
        for protocol in &own {
            for transport in protocol.transports {
                for side in Side::BOTH {
                    for whole in [true, false] {
                        let hint = Hint {
                            transport: *transport,
                            port: false,
                            mid_stream: false,
                            whole,
                        };
                        let answer = (protocol.probe)(side, first, hint);
                        assert!(
                            !matches!(answer, Probe::Yes(_)),
                            "{} claims {what}",
                            protocol.name
                        );
                    }
                }
            }
        }
    }
}

const BESIDE: &[&str] = &[
    "dhcp", "dhcpv6", "dns", "mdns", "llmnr", "nbns", "ssh", "ftp", "smb", "rdp", "snmp", "ntp",
    "tftp", "vnc",
];

#[test]
fn a_conversation_is_told_once_and_passed_over() {
    let mut stage = Stage::of("smtp");
    stage
        .send(Side::Server, b"220 mail.example ES")
        .send(Side::Server, b"MTP Postfix\r\n");
    stage
        .send(Side::Client, b"EHLO x\r\n")
        .send(Side::Server, &[b'x'; 5000]);
    let seen = stage.end(End::Fin);
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].kind.as_str(), seen[0].range.clone()),
        ("seen", 0..32)
    );
    assert_eq!(seen[0].first("detail"), "220 mail.example ESMTP Postfix");
}

#[test]
fn details_name_version_interface_and_program() {
    for (name, detail) in [
        ("mysql", "8.0.36"),
        // The service control manager (MS-SCMR 1.9).
        ("dcerpc", "367abb81-9844-35f1-ad32-98f038001003"),
        ("sunrpc", "portmapper 2"),
    ] {
        let (_, _, side, _, mut first) = samples()
            .into_iter()
            .find(|s| s.0 == name)
            .expect("a sample");
        first.resize(first.len().max(80), 0);
        let mut stage = Stage::of(name);
        stage.send(side, &first);
        assert_eq!(stage.seen()[0].first("detail"), detail, "{name}");
    }
}

#[test]
fn changed_bytes_do_no_harm() {
    for (name, transport, side, _, first) in samples() {
        survives_mutations(name, &[(side, &first)]);
        for cut in 0..first.len().min(64) {
            for whole in [true, false] {
                let hint = Hint {
                    transport,
                    port: true,
                    mid_stream: false,
                    whole,
                };
                if let Probe::More(n) = probe(name, side, &first[..cut], hint) {
                    assert!(n > cut || whole, "{name}: {n} of {cut}");
                }
            }
        }
    }
}
