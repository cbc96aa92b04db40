use super::*;
use crate::contract::{End, Side};
use crate::http::tests::drive::{Drive, capture, run, same_at_every_cut, survives_mutations};
use crate::limits::Limits;

#[track_caller]
fn has(line: &str, words: &[&str]) {
    for word in words {
        assert!(line.contains(word), "{word} is not in: {line}");
    }
}

fn two(n: usize) -> [u8; 2] {
    (n as u16).to_be_bytes()
}

fn list(codes: &[u16]) -> Vec<u8> {
    codes.iter().flat_map(|c| c.to_be_bytes()).collect()
}

fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &two(body.len()), body].concat()
}

fn long_list(codes: &[u16]) -> Vec<u8> {
    [&two(codes.len() * 2)[..], &list(codes)].concat()
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 3, 1][..], &two(body.len()), body].concat()
}

fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let n = body.len();
    [&[kind, (n >> 16) as u8, (n >> 8) as u8, n as u8][..], body].concat()
}

fn client(ciphers: &[u16], extensions: &[Vec<u8>]) -> Vec<u8> {
    let extensions = extensions.concat();
    let body = [
        &[3, 3][..],
        &[7; 32],
        &[0],
        &long_list(ciphers),
        &[1, 0],
        &two(extensions.len()),
        &extensions,
    ]
    .concat();
    handshake(1, &body)
}

/// The hello of the public JA4 example: a browser with GREASE.
fn browser() -> Vec<u8> {
    let signatures = [
        0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601,
    ];
    client(
        &[
            0x0a0a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013,
            0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
        ],
        &[
            extension(0x3a3a, b""),
            extension(0, &[0, 8, 0, 0, 5, b'a', b'.', b'c', b'o', b'm']),
            extension(0x17, b""),
            extension(0xff01, &[0]),
            extension(0x0a, &long_list(&[0x1a1a, 0x11ec, 0x001d])),
            extension(0x0b, &[1, 0]),
            extension(0x23, b""),
            extension(
                0x10,
                &[
                    0, 12, 2, b'h', b'2', 8, b'h', b't', b't', b'p', b'/', b'1', b'.', b'1',
                ],
            ),
            extension(0x05, &[1, 0, 0, 0, 0]),
            extension(0x0d, &long_list(&signatures)),
            extension(0x12, b""),
            extension(0x33, &[0, 5, 0x1a, 0x1a, 0, 1, 0]),
            extension(0x2d, &[1, 1]),
            extension(0x2b, &[7, 0x2a, 0x2a, 3, 4, 3, 3, 3]),
            extension(0x1b, &[2, 0, 2]),
            extension(0x4469, &[0, 3, 2, b'h', b'2']),
            extension(0x15, &[0; 10]),
            extension(0x2a2a, &[0]),
        ],
    )
}

#[test]
fn bytes_that_are_no_record_are_left_to_others() {
    let drive = run(
        "tls",
        &[(Side::Client, b"GET / HTTP/1.1\r\n".to_vec())],
        1,
        &Limits::default(),
    );
    assert!(drive.rejected.is_some() && drive.batch.is_empty());
}

#[test]
fn hellos_with_lengths_that_lie_are_told() {
    let mut hello = browser();
    hello[39] = 200;
    let lines = same_at_every_cut(
        "tls",
        &[(Side::Client, record(22, &hello))],
        &Limits::default(),
    );
    has(&lines[0], &["ClientHello !bad-hello"]);
    let huge = record(22, &[1, 0xff, 0xff, 0xff, 0, 0]);
    let lines = same_at_every_cut("tls", &[(Side::Client, huge)], &Limits::default());
    has(&lines[0], &["malformed !handshake-too-long"]);
    let half = record(22, &browser()[..50]);
    let lines = same_at_every_cut("tls", &[(Side::Client, half)], &Limits::default());
    has(&lines[0], &["malformed !handshake-cut"]);
}

#[test]
fn a_certificate_that_is_no_der_is_told() {
    let body = [&[0, 0, 8, 0, 0, 5][..], b"\x30\x82\xff\xff\x00"].concat();
    let lines = same_at_every_cut(
        "tls",
        &[(Side::Server, record(22, &handshake(11, &body)))],
        &Limits::default(),
    );
    has(&lines[0], &["Certificate", "!bad-certificate"]);
}

#[test]
fn the_public_ja4_example_has_its_fingerprint() {
    let lines = same_at_every_cut(
        "tls",
        &[(Side::Client, record(22, &browser()))],
        &Limits::default(),
    );
    has(
        &lines[0],
        &[
            "ja4=t13d1516h2_8daaf6152771_e5627efa2ab1",
            "sni=a.com",
            "alpn=h2 alpn=http/1.1",
            "version=TLS 1.3",
            "groups=X25519MLKEM768 groups=x25519",
            "pq_offered=true",
            "ciphers=15",
        ],
    );
}

#[test]
fn a_hello_over_several_records_is_one_message() {
    let hello = browser();
    let text = [
        record(22, &hello[..3]),
        record(22, &hello[3..100]),
        record(22, &hello[100..]),
    ]
    .concat();
    let len = text.len();
    let lines = same_at_every_cut("tls", &[(Side::Client, text)], &Limits::default());
    has(
        &lines[0],
        &[
            &format!("Client 0..{len} tls ClientHello"),
            "ja4=t13d1516h2_",
        ],
    );
}

fn server(version: [u8; 2], cipher: u16, extensions: &[Vec<u8>]) -> Vec<u8> {
    let extensions = extensions.concat();
    handshake(
        2,
        &[
            &version[..],
            &[9; 32],
            &[0],
            &list(&[cipher]),
            &[0],
            &two(extensions.len()),
            &extensions,
        ]
        .concat(),
    )
}

#[test]
fn weak_choices_are_named() {
    let lines = same_at_every_cut(
        "tls",
        &[(Side::Server, record(22, &server([3, 1], 0x0005, &[])))],
        &Limits::default(),
    );
    has(
        &lines[0],
        &[
            "version=TLS 1.0",
            "weak=TLS 1.0",
            "weak=RC4",
            "pq_chosen=false",
        ],
    );
    let modern = server(
        [3, 3],
        0x1301,
        &[
            extension(43, &[3, 4]),
            extension(51, &[0x11, 0xec, 0, 1, 0]),
        ],
    );
    let lines = same_at_every_cut(
        "tls",
        &[(Side::Server, record(22, &modern))],
        &Limits::default(),
    );
    has(
        &lines[0],
        &["version=TLS 1.3", "group=X25519MLKEM768", "pq_chosen=true"],
    );
    assert!(!lines[0].contains("weak"));
}

#[test]
fn a_fatal_alert_refuses_the_hello() {
    let script = vec![
        (Side::Client, record(22, &browser())),
        (Side::Server, record(21, &[2, 40])),
    ];
    let lines = same_at_every_cut("tls", &script, &Limits::default());
    has(
        &lines[1],
        &[
            "Alert level=fatal alert=handshake_failure",
            "=tls/Refused/true",
        ],
    );
}

#[test]
fn application_records_are_counted_and_a_hole_in_them_is_survived() {
    let mut drive = Drive::new("tls", Limits::default());
    drive.feed(Side::Client, &record(22, &browser()));
    drive.feed(Side::Client, &record(20, &[1]));
    drive.feed(Side::Client, &record(23, &[5; 300])[..100]);
    drive.gap(Side::Client, 150);
    drive.feed(Side::Client, &[5; 55]);
    drive.feed(Side::Client, &record(23, &[6; 10]));
    drive.end(End::Fin);
    has(
        drive.lines().last().unwrap(),
        &["session records=2 bytes=310"],
    );
    assert_eq!(drive.rejected, None);
}

#[test]
fn both_chains_of_tls_1_2_are_read() {
    let flows = capture("tls/tls12-mutual-handshake.pcap");
    let lines = same_at_every_cut("tls", &flows[0], &Limits::default());
    let of = |word: &str| lines.iter().find(|l| l.contains(word)).unwrap();
    // As tshark 4.0.17 says.
    has(
        of("ClientHello"),
        &[
            "ja3=e9d8351d9365fe7b2c666bf31aad662f",
            "ciphers=15",
            "version=TLS 1.2",
        ],
    );
    has(
        of("ServerHello"),
        &[
            "ja3s=abade5a4a7f42baf54766e5d108283b6",
            "cipher=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        ],
    );
    has(
        of("CN=pump1.example"),
        &[
            "Server",
            "eku=1.2.840.10004.20701.1.1",
            "not_after=20351230000000Z",
            "san=10.73.8.21",
            "issuer=O=Example Test Hospital, CN=Test SDC CA",
            "chain=2",
            "key_bits=256",
        ],
    );
    has(
        of("CN=ws1.example"),
        &["Client", "eku=1.2.840.10004.20701.1.2"],
    );
}

#[test]
fn of_tls_1_3_only_the_hellos_are_read() {
    let flows = capture("tls/tls13-mutual-handshake.pcap");
    let lines = same_at_every_cut("tls", &flows[0], &Limits::default());
    let of = |word: &str| lines.iter().find(|l| l.contains(word)).unwrap();
    has(of("ClientHello"), &["ja3=8a9d5d0f12f7d43ee3af1c51d2998d99"]);
    has(
        of("ServerHello"),
        &["ja3s=15af977ce25de452b96affa2addb1036", "group=x25519"],
    );
    assert!(lines.iter().all(|l| !l.contains("Certificate")));
}

#[test]
fn nothing_panics_whatever_the_bytes() {
    for name in [
        "tls/tls12-mutual-handshake.pcap",
        "tls/tls13-mutual-handshake.pcap",
    ] {
        survives_mutations("tls", &capture(name)[0], &Limits::default(), 1500);
    }
    survives_mutations(
        "tls",
        &[(Side::Client, record(22, &browser()))],
        &Limits::default(),
        2000,
    );
}

#[test]
fn the_signature_takes_hellos_and_not_noise() {
    let hint = |mid| Hint {
        transport: Transport::Tcp,
        port: false,
        mid_stream: mid,
        whole: false,
    };
    assert_eq!(
        probe(Side::Client, &record(22, &browser()), hint(false)),
        Probe::Yes(Confidence(95))
    );
    assert_eq!(
        probe(Side::Client, b"\x16\x03", hint(false)),
        Probe::More(5)
    );
    assert_eq!(
        probe(Side::Client, b"\x16\x03\x09\0\x05hello", hint(false)),
        Probe::No
    );
    assert_eq!(
        probe(Side::Client, b"\x17\x03\x03\0\x05hello", hint(false)),
        Probe::No
    );
    let two = [record(23, b"hello"), record(23, b"x")].concat();
    assert_eq!(
        probe(Side::Client, &two, hint(true)),
        Probe::Yes(Confidence(80))
    );
}
