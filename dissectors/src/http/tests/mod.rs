pub mod drive;

use drive::{Drive, run, same_at_every_cut, survives_mutations};

use crate::contract::{End, Side};
use crate::limits::Limits;

fn script(pieces: &[(Side, &str)]) -> Vec<(Side, Vec<u8>)> {
    pieces
        .iter()
        .map(|(s, t)| (*s, t.as_bytes().to_vec()))
        .collect()
}

fn lines(pieces: &[(Side, &str)]) -> Vec<String> {
    same_at_every_cut("http", &script(pieces), &Limits::default())
}

use Side::{Client, Server};

#[track_caller]
fn has(line: &str, words: &[&str]) {
    for word in words {
        assert!(line.contains(word), "{word} is not in: {line}");
    }
}

#[test]
fn bytes_that_are_no_http_are_left_to_others() {
    let drive = run(
        "http",
        &script(&[(Client, "\x16\x03\x01 not http")]),
        1,
        &Limits::default(),
    );
    assert!(drive.rejected.is_some());
    assert!(drive.batch.is_empty());
}

#[test]
fn smuggling_signs_are_told_on_the_request_that_carries_them() {
    let both = "POST /a HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    has(
        &lines(&[(Client, both)])[0],
        &["!length-and-chunked", "body_bytes=3"],
    );
    let two = "POST /a HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc";
    has(&lines(&[(Client, two)])[0], &["!lengths-differ"]);
    let sign = "POST /a HTTP/1.1\r\nHost: d\r\nContent-Length: +3\r\n\r\n";
    has(&lines(&[(Client, sign)])[0], &["!bad-length"]);
    let te = "POST /a HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: xchunked\r\n\r\n";
    has(&lines(&[(Client, te)])[0], &["!bad-transfer-encoding"]);
    let chunk = "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc";
    has(&lines(&[(Client, chunk)])[0], &["!bad-chunk"]);
}

#[test]
fn a_body_longer_than_its_length_is_no_request() {
    let text = "POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nabcdef GET /b HTTP/1.1\r\n\r\n";
    let lines = lines(&[(Client, text)]);
    has(&lines[0], &["http POST", "body_bytes=2"]);
    has(&lines[1], &["malformed !not-a-head"]);
    has(&lines[2], &["http GET", "route=/b"]);
}

#[test]
fn a_head_without_end_stops_at_the_limit() {
    let mut limits = Limits::default();
    limits.set("http-head", 200);
    let text = format!(
        "GET / HTTP/1.1\r\nX: {}\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
        "a".repeat(300)
    );
    let lines = same_at_every_cut("http", &[(Client, text.into_bytes())], &limits);
    has(&lines[0], &["malformed !head-too-long"]);
    has(&lines[1], &["route=/b"]);
}

#[test]
fn a_body_that_the_connection_cuts_off_is_short() {
    let text = "POST /a HTTP/1.1\r\nContent-Length: 20\r\n\r\nabc";
    has(
        &lines(&[(Client, text)])[0],
        &["!body-short", "body_cut=true"],
    );
}

#[test]
fn an_encoded_body_that_is_none_is_told() {
    let text = "POST /a HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc";
    has(&lines(&[(Client, text)])[0], &["!bad-content"]);
}

#[test]
fn climbing_paths_and_overridden_methods_are_seen() {
    let text = "POST /fhir/../../etc HTTP/1.1\r\nX-HTTP-Method-Override: DELETE\r\n\r\n";
    has(
        &lines(&[(Client, text)])[0],
        &["!traversal", "method_override=DELETE", "[delete"],
    );
}

#[test]
fn identifiers_and_secrets_do_not_leave_their_fields() {
    let text = "GET /fhir/Patient/T90001?access_token=abc&name=TESTA HTTP/1.1\r\nHost: d\r\nAuthorization: Basic dGVzdDpzZWNyZXQ=\r\nCookie: a=b\r\n\r\n";
    let lines = lines(&[(Client, text)]);
    has(
        &lines[0],
        &[
            "route=/fhir/Patient/{id} ",
            "target=/fhir/Patient/T90001?access_token=***&name=TESTA",
            "token=secret(3)",
            "user=test",
            "password=secret(6)",
            "cookie=secret(3)",
        ],
    );
    assert!(!lines[0].contains("abc") && !lines[0].contains("dGVz"));
}

#[test]
fn claims_of_a_bearer_token_are_read_and_the_token_is_not() {
    // {"alg":"none"} . {"scope":"system/*.read"} .
    let text = "GET / HTTP/1.1\r\nAuthorization: Bearer eyJhbGciOiJub25lIn0.eyJzY29wZSI6InN5c3RlbS8qLnJlYWQifQ.\r\n\r\n";
    let lines = lines(&[(Client, text)]);
    has(
        &lines[0],
        &[
            "token_alg=none",
            "token_scope=system/*.read",
            "auth_scheme=Bearer",
        ],
    );
    assert!(!lines[0].contains("eyJ"));
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let lines = lines(&[
        (
            Client,
            "HEAD /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nPOST /c HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
        ),
        (
            Server,
            "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
        ),
        (Server, "HTTP/1.1 100 Continue\r\n\r\n"),
        (Client, "x"),
        (Server, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"),
    ]);
    has(&lines[0], &["Client", "http HEAD", "?http 0"]);
    let of = |word: &str| lines.iter().find(|l| l.contains(word)).unwrap().clone();
    has(&of("status=200"), &["method=HEAD", "=http 0/Accepted/true"]);
    has(&of("status=404"), &["method=GET", "=http 1/Refused/true"]);
    has(&of("status=100"), &["=http 2/Requested/false"]);
    has(&of("status=500"), &["method=POST", "=http 2/Failed/true"]);
}

#[test]
fn a_response_seen_before_its_request_still_answers_it() {
    let lines = lines(&[
        (Server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        (Client, "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n"),
        (Server, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"),
    ]);
    has(
        lines.iter().find(|l| l.contains("status=200")).unwrap(),
        &["=http 0/"],
    );
    has(
        lines.iter().find(|l| l.contains("status=403")).unwrap(),
        &["=http 1/", "method=GET"],
    );
}

#[test]
fn bodies_that_nobody_reads_are_passed_over() {
    let page = "x".repeat(5000);
    let chunks = format!(
        "1000\r\n{}\r\n388\r\n{}\r\n0\r\n\r\n",
        &page[..4096],
        &page[..904]
    );
    let server = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n{page}HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}HTTP/1.0 200 OK\r\n\r\n{page}"
    );
    let lines = lines(&[
        (
            Client,
            "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.0\r\n\r\n",
        ),
        (Server, &server),
    ]);
    let answers: Vec<_> = lines.iter().filter(|l| l.contains("response")).collect();
    assert_eq!(answers.len(), 3, "{lines:#?}");
    assert!(answers.iter().all(|a| a.contains("body_cut=true")));
    has(answers[0], &["body_bytes=5000"]);
}

#[test]
fn a_granted_tunnel_is_handed_on() {
    let drive = run(
        "http",
        &script(&[
            (Client, "CONNECT ehr.test:443 HTTP/1.1\r\n\r\n"),
            (Server, "HTTP/1.1 200 Connection established\r\n\r\n"),
            (Client, "\x16\x03\x01"),
        ]),
        5,
        &Limits::default(),
    );
    assert!(drive.rejected.is_some());
    assert_eq!(drive.batch.len(), 2);
}

#[test]
fn after_a_hole_in_a_body_the_next_message_is_found() {
    let mut drive = Drive::new("http", Limits::default());
    drive.feed(Client, b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n");
    drive.feed(Server, b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: 100\r\n\r\n{\"resourceType\":");
    drive.gap(Server, 70);
    drive.feed(Server, &[b'}'; 14]);
    drive.feed(Server, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
    drive.end(End::Fin);
    let lines = drive.lines();
    has(
        lines.iter().find(|l| l.contains("!body-lost")).unwrap(),
        &["Server 0..177", "=http 0/"],
    );
    has(
        lines.iter().find(|l| l.contains("status=404")).unwrap(),
        &["=http 1/Refused"],
    );
}

#[test]
fn a_conversation_joined_in_its_middle_is_taken_up_at_the_next_head() {
    let mut drive = Drive::new("http", Limits::default());
    drive.gap(Client, 0);
    drive.gap(Server, 0);
    drive.feed(
        Server,
        b"tail of a page</html>HTTP/1.1 304 Not Modified\r\n\r\n",
    );
    drive.feed(Client, b"\"}POST /fhir/Observation HTTP/1.1\r\nContent-Type: application/fhir+json\r\nContent-Length: 2\r\n\r\n{}");
    drive.feed(Server, b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    drive.end(End::Capture);
    let lines = drive.lines();
    has(
        lines.iter().find(|l| l.contains("http POST")).unwrap(),
        &["[store", "?http 0"],
    );
    has(
        lines.iter().find(|l| l.contains("status=201")).unwrap(),
        &["=http 0/Accepted"],
    );
    assert!(
        lines
            .iter()
            .any(|l| l.contains("status=304") && !l.contains("=http"))
    );
}

#[test]
fn a_transaction_is_as_grave_as_its_gravest_entry() {
    let body = r#"{"resourceType":"Bundle","type":"transaction","entry":[
        {"request":{"method":"GET","url":"Patient/1"}},
        {"resource":{"resourceType":"MedicationRequest"},"request":{"url":"MedicationRequest","method":"POST"}}]}"#;
    let text = format!(
        "POST /fhir HTTP/1.1\r\nContent-Type: application/fhir+json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    has(
        &lines(&[(Client, &text)])[0],
        &["interaction=transaction", "[order"],
    );
    has(
        &lines(&[(Client, "POST /fhir/Patient/$purge-all HTTP/1.1\r\n\r\n")])[0],
        &["[unknown-verb"],
    );
    has(
        &lines(&[(Client, "POST /fhir/Patient/_search HTTP/1.1\r\n\r\n")])[0],
        &["[read"],
    );
    has(
        &lines(&[(Client, "GET /app/1/view.html HTTP/1.1\r\n\r\n")])[0],
        &["route=/app/{id}/view.html"],
    );
}

/// A STOW body with `count` parts of `size` bytes, the last one with a program in its preamble.
fn stow(count: usize, size: usize) -> Vec<u8> {
    let mut body = Vec::new();
    for n in 0..count {
        body.extend_from_slice(b"--BOUND\r\nContent-Type: application/dicom\r\n\r\n");
        let mut file = vec![0u8; size];
        if n + 1 == count {
            file[..2].copy_from_slice(b"MZ");
        }
        file[128..132].copy_from_slice(b"DICM");
        body.extend_from_slice(&file);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--BOUND--\r\n");
    let mut text = format!(
        "POST /dicom-web/studies HTTP/1.1\r\nContent-Type: multipart/related; type=\"application/dicom\"; boundary=BOUND\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    text.extend_from_slice(&body);
    text
}

#[test]
fn a_program_in_a_part_beyond_the_limit_is_found_too() {
    let mut limits = Limits::default();
    limits.set("http-body", 2000);
    let mut text = stow(5, 900);
    text.extend_from_slice(b"GET /next HTTP/1.1\r\n\r\n");
    let script = vec![(Client, text)];
    let lines = same_at_every_cut("http", &script, &limits);
    has(&lines[0], &["interaction=stow", "[store", "preamble=zero"]);
    assert!(
        lines.iter().any(|l| l.contains("part preamble=MZ")),
        "{lines:#?}"
    );
    assert_eq!(
        lines
            .iter()
            .map(|l| l.matches("preamble=").count())
            .sum::<usize>(),
        5
    );
    assert!(lines.iter().any(|l| l.contains("route=/next")));
    let whole = same_at_every_cut("http", &[(Client, stow(2, 300))], &Limits::default());
    has(&whole[0], &["preamble=zero preamble=MZ resources=2"]);
}

#[test]
fn nothing_panics_whatever_the_bytes() {
    let mut limits = Limits::default();
    limits.set("http-body", 3000);
    limits.set("http-head", 2000);
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x4c\x4a\x06\0\xc2\x41\x24\x35\x03\0\0\0";
    let mut coded = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Encoding: gzip\r\nContent-Length: 23\r\n\r\n".to_vec();
    coded.extend_from_slice(gzip);
    let script = vec![
        (Client, stow(4, 1200)),
        (Server, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\n{\"a\":\r\n3\r\n[1}\r\n0\r\nA: b\r\n\r\n".to_vec()),
        (Client, b"POST /fhir/Patient/1/$x?_count=3&patient=a%7Cb HTTP/1.1\r\nContent-Type: application/fhir+json\r\nAuthorization: Bearer eyJh.eyJi.c\r\nContent-Length: 40\r\n\r\n{\"resourceType\":\"Bundle\",\"entry\":[{}]  }".to_vec()),
        (Server, coded),
        (Client, b"POST /u HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=q\r\nContent-Length: 60\r\n\r\n--q\r\nContent-Disposition: form-data; filename=\"a.cab\"\r\n\r\nMSC".to_vec()),
        (Server, b"HTTP/1.0 200 OK\r\n\r\nuntil close".to_vec()),
    ];
    survives_mutations("http", &script, &limits, 1500);
}

/// Path and text of every leaf of a JSON text.
pub fn leaves(json: &[u8]) -> Vec<(String, String)> {
    use super::json::{Item, Json};
    let mut walk = Json::new(json);
    let mut path: Vec<String> = Vec::new();
    let mut leaves = Vec::new();
    for item in walk.by_ref() {
        match item {
            Item::Open { key, .. } => path.push(String::from_utf8_lossy(key).into_owned()),
            Item::Close => drop(path.pop()),
            Item::Text { key, value } | Item::Word { key, value } => {
                let value = String::from_utf8_lossy(value).replace("\\\"", "\"");
                leaves.push((
                    format!("{}.{}", path.join("."), String::from_utf8_lossy(key)),
                    value,
                ));
            }
        }
    }
    assert!(!walk.bad);
    leaves
}

#[test]
fn captures_give_the_same_messages_at_every_cut() {
    for name in [
        "fhir-everyday",
        "fhir-bulk-read-and-rate-order",
        "dicomweb-preambles",
        "drug-library-upload",
    ] {
        for flow in drive::capture(&format!("http/{name}.pcap")) {
            same_at_every_cut("http", &flow, &Limits::default());
        }
    }
}

#[test]
fn captured_clinical_requests_have_their_actions() {
    let all = |name: &str| -> String {
        drive::capture(&format!("http/{name}.pcap"))
            .iter()
            .flat_map(|flow| run("http", flow, usize::MAX, &Limits::default()).lines())
            .collect::<Vec<_>>()
            .join("\n")
    };
    let text = all("fhir-bulk-read-and-rate-order");
    has(
        &text,
        &[
            "[set-rate unknown  999mL/h]",
            "[retrieve unknown $export ]",
            "[delete unknown",
            "patients=40",
            "count=1000",
        ],
    );
    let text = all("dicomweb-preambles");
    has(
        &text,
        &[
            "preamble=MZ preamble=ELF",
            "preamble=tiff",
            "service=orthanc interaction=delete",
            "interaction=wado-uri",
        ],
    );
    has(
        &all("drug-library-upload"),
        &["[load-library", "magic=tar", "file=druglib.json"],
    );
    has(
        &all("fhir-everyday"),
        &["message_type=ADT^A08^ADT_A01", "interaction=capabilities"],
    );
}
