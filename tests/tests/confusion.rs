//! Every shipped capture against every signature: nobody claims another's conversation.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dissectors::schema::{Port, Provenance};
use dissectors::{PROTOCOLS, ProtocolId};
use wardwatch_tests::capture::{all_shipped, shipped, write};
use wardwatch_tests::replay::heard;
use wardwatch_tests::talk::{Who, tcp};

/// Which protocols captures speak beside the one of their folder, as their READMEs tell: a folder's name,
/// or a capture's.
const COMPANIONS: &[(&str, &[&str])] = &[
    ("sdc", &["http"]),
    ("dhcp", &["dhcpv6"]),
    ("tls/plain-dicom-after-tls.pcap", &["dicom"]),
    ("contec/contec_beacon.pcap", &["sunrpc"]),
    ("mindray/mindray_pds_4601.pcap", &["hl7v2"]),
    ("ward", &["hl7v2"]),
    ("ordinary-failures", &["dicom", "hl7v2"]),
    ("astm/atk_lab.pcap", &["poct1a"]),
    (
        "bcc/attack_bbraun_config_upload.pcap",
        &["http", "spacecom_config"],
    ),
    ("lantronix/attack_terminal_server_reconfig.pcap", &["moxa"]),
    ("telnet/attack_medfusion_telnet_ftp.pcap", &["ftp"]),
];

/// What hosts say below and beside any conversation: it may stand in every capture.
const BENEATH: &[&str] = &["arp", "icmp", "icmpv6", "ndp"];

/// Protocols whose content is not published: only behaviour is judged, and whatever comes on their
/// ports is theirs unless somebody knows it better.
fn goes_by_port(protocol: &str) -> bool {
    ProtocolId::of(protocol).is_some_and(|id| id.protocol().provenance == Provenance::Behaviour)
}

/// `hl7v2/vlan.pcap` and the folder's name.
fn place(capture: &Path) -> (String, String) {
    let top = shipped("pcaps");
    let name = capture.strip_prefix(&top).unwrap_or(capture);
    let folder = name
        .components()
        .next()
        .map(|c| c.as_os_str().to_string_lossy().into_owned())
        .unwrap_or_default();
    (folder, name.display().to_string())
}

fn expected(folder: &str, name: &str, protocol: &str) -> bool {
    folder == protocol
        || BENEATH.contains(&protocol)
        || COMPANIONS
            .iter()
            .any(|(f, list)| (*f == folder || *f == name) && list.contains(&protocol))
}

/// Multicast DNS and LLMNR are DNS messages (RFC 6762 18, RFC 4795 2.1): asked alone, DNS reads them.
/// Asked together, the port tells them apart.
fn same_format(folder: &str, protocol: &str) -> bool {
    protocol == "dns" && ["mdns", "llmnr"].contains(&folder)
}

/// Rows are captures, columns the protocols that claimed anything.
fn matrix(rows: &[(PathBuf, BTreeMap<&'static str, u64>)]) -> String {
    let columns: Vec<&str> = PROTOCOLS
        .iter()
        .map(|p| p.name)
        .filter(|name| rows.iter().any(|(_, counts)| counts.contains_key(name)))
        .collect();
    let mut out = format!("{:<52}", "");
    for column in &columns {
        out.push_str(&format!("{column:>8.7}"));
    }
    out.push('\n');
    for (capture, counts) in rows {
        out.push_str(&format!("{:<52}", place(capture).1));
        for column in &columns {
            let cell = counts.get(column).map_or(".".to_owned(), u64::to_string);
            out.push_str(&format!("{cell:>8}"));
        }
        out.push('\n');
    }
    out
}

#[test]
fn no_protocol_claims_the_conversation_of_another() {
    let rows: Vec<_> = all_shipped()
        .into_iter()
        .map(|capture| {
            let counts = heard(&capture, None);
            (capture, counts)
        })
        .collect();
    println!(
        "Messages by protocol, all signatures asked\n{}",
        matrix(&rows)
    );
    let mut wrong = Vec::new();
    for (capture, counts) in &rows {
        let (folder, name) = place(capture);
        for (protocol, n) in counts {
            if !expected(&folder, &name, protocol) {
                wrong.push(format!("{name}: {n} messages of {protocol}"));
            }
        }
        let own = counts
            .keys()
            .any(|protocol| expected(&folder, &name, protocol));
        if !own && folder != "ordinary-failures" {
            wrong.push(format!("{name}: no message of {folder}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Harder: nobody else is there to claim it with more confidence.
#[test]
fn no_signature_asked_alone_claims_the_conversation_of_another() {
    let mut wrong = Vec::new();
    let mut rows = Vec::new();
    for capture in all_shipped() {
        let (folder, name) = place(&capture);
        let mut claimed = BTreeMap::new();
        for at in 0..PROTOCOLS.len() {
            let id = ProtocolId(at as u16);
            for (protocol, n) in heard(&capture, Some(id)) {
                *claimed.entry(id.name()).or_insert(0) += n;
                let own = expected(&folder, &name, id.name()) || same_format(&folder, id.name());
                if !own && !goes_by_port(id.name()) {
                    wrong.push(format!(
                        "{name}: {} asked alone gives {n} messages of {protocol}",
                        id.name()
                    ));
                }
            }
        }
        rows.push((capture, claimed));
    }
    println!("Messages by signature, each asked alone\n{}", matrix(&rows));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is said on a hospital's network beside, each with the answer to it.
fn background() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let ssh = [
        &b"SSH-2.0-OpenSSH_9.6\r\n"[..],
        &[0, 0, 4, 0x14, 8, 20],
        &[0x5a; 400],
    ]
    .concat();
    let mut noise = Vec::new();
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..8192 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        noise.extend_from_slice(&random.to_le_bytes());
    }
    let lines: Vec<u8> = (0..200)
        .flat_map(|n| format!("{n},{},{}\r\n", n * 7 % 13, n * 31 % 97).into_bytes())
        .collect();
    vec![
        ("ssh", ssh.clone(), ssh),
        (
            "noise",
            noise.clone(),
            noise.iter().rev().copied().collect(),
        ),
        ("comma separated lines", lines.clone(), b"OK\r\n".to_vec()),
        (
            "smtp",
            b"EHLO mail.example\r\nMAIL FROM:<a@example>\r\n".to_vec(),
            b"220 mail.example ESMTP\r\n250-SIZE\r\n250 OK\r\n".to_vec(),
        ),
        (
            "redis",
            b"*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n".to_vec(),
            b"+PONG\r\n$-1\r\n".to_vec(),
        ),
        (
            "postgresql",
            [
                &[0, 0, 0, 27, 0, 3, 0, 0][..],
                b"user\0app\0database\0app\0\0",
            ]
            .concat(),
            b"R\0\0\0\x08\0\0\0\0S\0\0\0\x19client_encoding\0UTF8\0".to_vec(),
        ),
        (
            "mqtt",
            [
                &[0x10, 16, 0, 4][..],
                b"MQTT",
                &[4, 2, 0, 60, 0, 4],
                b"abcd",
            ]
            .concat(),
            vec![0x20, 2, 0, 0],
        ),
        (
            "smb",
            [&[0, 0, 0, 64][..], b"\xfeSMB", &[64, 0], &[0; 58]].concat(),
            [&[0, 0, 0, 64][..], b"\xfeSMB", &[64, 0], &[0; 58]].concat(),
        ),
        (
            "rdp",
            vec![3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0],
            vec![
                3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0, 8, 0, 2, 0, 0, 0,
            ],
        ),
        (
            "modbus",
            vec![0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 10],
            vec![
                0, 1, 0, 0, 0, 23, 1, 3, 20, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0, 9,
                0, 10,
            ],
        ),
        ("zeros", vec![0; 4096], vec![0; 4096]),
        ("ones", vec![0xff; 4096], vec![0xff; 4096]),
        (
            "syslog",
            b"<34>1 2026-11-24T20:00:00Z host app 1 - - started|ok|1\n".repeat(20),
            Vec::new(),
        ),
        (
            "pjl",
            b"\x1b%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE=PCL\r\n".to_vec(),
            b"@PJL INFO STATUS\r\nCODE=10001\r\n".to_vec(),
        ),
    ]
}

#[test]
fn background_traffic_on_medical_ports_is_claimed_by_nobody_else() {
    let mut ports: Vec<u16> = PROTOCOLS
        .iter()
        .flat_map(|p| p.hints.iter())
        .filter_map(|hint| match hint {
            Port::Tcp(n) => Some(*n),
            Port::Udp(_) => None,
        })
        .collect();
    ports.sort_unstable();
    ports.dedup();
    assert!(ports.len() > 10, "{ports:?}");
    let mut wrong = Vec::new();
    for (name, asked, answered) in background() {
        for port in &ports {
            let capture = write(&tcp(
                *port,
                &[(Who::Client, &asked), (Who::Server, &answered)],
            ));
            for (protocol, n) in heard(&capture.0, None) {
                // Under its own name it may be known anywhere.
                if protocol != name && !goes_by_port(protocol) {
                    wrong.push(format!("{name} on port {port}: {n} messages of {protocol}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
