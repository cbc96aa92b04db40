//! What an inventory takes from an X.509 certificate (RFC 5280), by a small reader of DER.

use std::io::Write;

use md5::Digest;
use sha2::Sha256;

use super::fields::*;
use super::fingerprint::hex;
use crate::message::Draft;

/// Names and usages of one certificate that are read.
const MOST: usize = 64;
/// The longest rendering of a distinguished name.
const LONGEST_NAME: usize = 512;

/// One DER element.
#[derive(Clone, Copy)]
struct Element<'a> {
    tag: u8,
    body: &'a [u8],
    /// With its tag and length.
    whole: &'a [u8],
}

/// The first element of `i` and what follows it. Definite lengths of up to four bytes.
fn element(i: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = i.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let n = usize::from(first & 0x7f);
            let bytes = rest.get(..n)?;
            let len = bytes.iter().fold(0usize, |l, b| l << 8 | usize::from(*b));
            (len, &rest[n..])
        }
        _ => return None,
    };
    let body = rest.get(..len)?;
    let after = &rest[len..];
    let whole = &i[..i.len() - after.len()];
    Some((Element { tag, body, whole }, after))
}

/// All elements of a body; stops at the first that does not fit.
fn elements(body: &[u8]) -> impl Iterator<Item = Element<'_>> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let (found, after) = element(rest)?;
        rest = after;
        Some(found)
    })
}

/// Writes what a certificate tells. `None` if its DER does not fit.
pub fn note(der: &[u8], draft: &mut Draft<'_>) -> Option<()> {
    draft.text(CERT_SHA256, &hex::<64>(&Sha256::digest(der)));
    let (outer, _) = element(der).filter(|(e, _)| e.tag == 0x30)?;
    let mut parts = elements(outer.body);
    let tbs = parts.next().filter(|e| e.tag == 0x30)?;
    let algorithm = parts.next().filter(|e| e.tag == 0x30)?;
    let mut tbs = elements(tbs.body).peekable();
    // [0] version
    tbs.next_if(|e| e.tag == 0xa0);
    let serial = tbs.next().filter(|e| e.tag == 0x02)?;
    let _signature = tbs.next()?;
    let issuer = tbs.next().filter(|e| e.tag == 0x30)?;
    let validity = tbs.next().filter(|e| e.tag == 0x30)?;
    let subject = tbs.next().filter(|e| e.tag == 0x30)?;
    let key = tbs.next().filter(|e| e.tag == 0x30)?;
    let mut room = Vec::with_capacity(LONGEST_NAME);
    name(subject.body, &mut room);
    draft.text(SUBJECT, &room);
    name(issuer.body, &mut room);
    draft.text(ISSUER, &room);
    draft.flag(SELF_SIGNED, issuer.whole == subject.whole);
    let digits = serial.body.strip_prefix(b"\0").unwrap_or(serial.body);
    let digits = &digits[..digits.len().min(32)];
    draft.text(SERIAL, &hex::<64>(digits)[..2 * digits.len()]);
    for (time, field) in elements(validity.body).zip([NOT_BEFORE, NOT_AFTER]) {
        let mut full = [0u8; 15];
        draft.time(field, century(time, &mut full));
    }
    draft.text(KEY_SHA256, &hex::<64>(&Sha256::digest(key.whole)));
    public_key(key.body, draft);
    signature(elements(algorithm.body).next()?.body, draft);
    if let Some(extensions) = tbs.find(|e| e.tag == 0xa3) {
        for extension in elements(element(extensions.body)?.0.body).take(MOST) {
            let mut parts = elements(extension.body);
            let (Some(oid), Some(value)) = (parts.next(), parts.last()) else {
                continue;
            };
            match oid.body {
                [0x55, 0x1d, 0x11] => alternative_names(value.body, draft),
                [0x55, 0x1d, 0x25] => {
                    let (list, _) = element(value.body)?;
                    for usage in elements(list.body).take(MOST) {
                        dotted(usage.body, &mut room);
                        draft.text(EKU, &room);
                    }
                }
                _ => {}
            }
        }
    }
    Some(())
}

/// Renders a distinguished name as `CN=a, O=b`, in the order of the certificate.
pub fn name(body: &[u8], out: &mut Vec<u8>) {
    out.clear();
    for set in elements(body).take(MOST) {
        for pair in elements(set.body).take(MOST) {
            let mut parts = elements(pair.body);
            let (Some(oid), Some(value)) = (parts.next(), parts.next()) else {
                continue;
            };
            if out.len() + value.body.len() + 32 > LONGEST_NAME {
                return;
            }
            if !out.is_empty() {
                out.extend_from_slice(b", ");
            }
            let short: &[u8] = match oid.body {
                [0x55, 4, 3] => b"CN",
                [0x55, 4, 5] => b"serialNumber",
                [0x55, 4, 6] => b"C",
                [0x55, 4, 7] => b"L",
                [0x55, 4, 8] => b"ST",
                [0x55, 4, 10] => b"O",
                [0x55, 4, 11] => b"OU",
                [0x09, 0x92, 0x26, .., 0x19] => b"DC",
                _ => b"",
            };
            if short.is_empty() {
                let mut oid_text = Vec::with_capacity(32);
                dotted(oid.body, &mut oid_text);
                out.extend_from_slice(&oid_text[..oid_text.len().min(32)]);
            } else {
                out.extend_from_slice(short);
            }
            out.push(b'=');
            // BMPString: the low halves tell enough of Latin names.
            let wide = value.tag == 0x1e;
            out.extend(
                value
                    .body
                    .iter()
                    .skip(usize::from(wide))
                    .step_by(1 + usize::from(wide)),
            );
        }
    }
}

/// Writes an OID with dots.
fn dotted(oid: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut value = 0u64;
    for (i, b) in oid.iter().take(64).enumerate() {
        value = value.checked_shl(7).unwrap_or(0) | u64::from(b & 0x7f);
        if b & 0x80 != 0 {
            continue;
        }
        if out.is_empty() {
            let top = (value / 40).min(2);
            let _ = write!(out, "{top}.{}", value - 40 * top);
        } else {
            let _ = write!(out, ".{value}");
        }
        value = 0;
        let _ = i;
    }
}

/// A time with its century (RFC 5280 4.1.2.5.1: two digits from 50 on are of the last one).
fn century<'a>(time: Element<'a>, full: &'a mut [u8; 15]) -> &'a [u8] {
    match (time.tag, time.body) {
        (0x17, body) if body.len() == 13 => {
            full[..2].copy_from_slice(if body[0] >= b'5' { b"19" } else { b"20" });
            full[2..].copy_from_slice(body);
            full
        }
        (_, body) => &body[..body.len().min(32)],
    }
}

fn public_key(body: &[u8], draft: &mut Draft<'_>) {
    let mut parts = elements(body);
    let (Some(algorithm), Some(bits)) = (parts.next(), parts.next()) else {
        return;
    };
    let mut algorithm = elements(algorithm.body);
    let oid = algorithm.next().map_or(&b""[..], |e| e.body);
    let key = bits.body.get(1..).unwrap_or(b"");
    let (kind, size): (&[u8], Option<usize>) = match oid {
        // rsaEncryption, RSASSA-PSS
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1 | 10] => {
            let modulus = element(key).and_then(|(e, _)| elements(e.body).next());
            let bits = modulus.map(|m| {
                let m = m.body.strip_prefix(b"\0").unwrap_or(m.body);
                8 * m.len()
                    - m.first()
                        .map_or(0, |b| b.leading_zeros() as usize)
                        .min(8 * m.len())
            });
            (b"rsa", bits)
        }
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1] => {
            let bits = match algorithm.next().map_or(&b""[..], |e| e.body) {
                [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7] => 256,
                [0x2b, 0x81, 4, 0, 0x22] => 384,
                [0x2b, 0x81, 4, 0, 0x23] => 521,
                _ => key.len().saturating_sub(1) * 4,
            };
            (b"ec", Some(bits))
        }
        [0x2b, 0x65, 0x70] => (b"ed25519", Some(256)),
        [0x2b, 0x65, 0x71] => (b"ed448", Some(456)),
        [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1] => (b"dsa", None),
        _ => (b"other", None),
    };
    draft.text(KEY_TYPE, kind);
    if let Some(size) = size {
        draft.integer(KEY_BITS, size as i64);
        if kind == b"rsa" && size < 2048 {
            let mut room = [0u8; 16];
            let mut at = &mut room[..];
            let _ = write!(at, "RSA {size}");
            let left = at.len();
            draft.text(WEAK, &room[..16 - left]);
        }
    }
}

fn signature(oid: &[u8], draft: &mut Draft<'_>) {
    const RSA: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
    const EC: [u8; 6] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4];
    let name: &[u8] = match (oid.strip_prefix(&RSA), oid.strip_prefix(&EC), oid) {
        (Some([2 | 4]), ..) => b"md5WithRSA",
        (Some([5]), ..) => b"sha1WithRSA",
        (Some([10]), ..) => b"rsassaPss",
        (Some([11]), ..) => b"sha256WithRSA",
        (Some([12]), ..) => b"sha384WithRSA",
        (Some([13]), ..) => b"sha512WithRSA",
        (_, Some([1]), _) => b"ecdsa-sha1",
        (_, Some([3, 2]), _) => b"ecdsa-sha256",
        (_, Some([3, 3]), _) => b"ecdsa-sha384",
        (_, Some([3, 4]), _) => b"ecdsa-sha512",
        (_, _, [0x2b, 0x65, 0x70]) => b"ed25519",
        _ => b"",
    };
    if name.is_empty() {
        let mut room = Vec::with_capacity(32);
        dotted(oid, &mut room);
        draft.text(SIGNATURE, &room);
        return;
    }
    draft.text(SIGNATURE, name);
    if name.starts_with(b"md5") {
        draft.text(WEAK, b"MD5 signature");
    } else if name.starts_with(b"sha1") || name.ends_with(b"sha1") {
        draft.text(WEAK, b"SHA-1 signature");
    }
}

/// DNS names, URIs and addresses; mail addresses belong to people and stay out.
fn alternative_names(value: &[u8], draft: &mut Draft<'_>) {
    let Some((list, _)) = element(value) else {
        return;
    };
    for item in elements(list.body).take(MOST) {
        match (item.tag, item.body) {
            (0x82 | 0x86, text) => {
                draft.text(SAN, text);
            }
            (0x87, ip) => {
                let text = match (<[u8; 4]>::try_from(ip), <[u8; 16]>::try_from(ip)) {
                    (Ok(v4), _) => std::net::IpAddr::from(v4).to_string(),
                    (_, Ok(v6)) => std::net::IpAddr::from(v6).to_string(),
                    _ => continue,
                };
                draft.text(SAN, text.as_bytes());
            }
            _ => {}
        }
    }
}
