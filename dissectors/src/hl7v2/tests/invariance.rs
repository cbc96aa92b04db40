//! What must not matter: how a stream is cut, what is wanted, and single wrong bytes.

use super::*;

fn conversations() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../pcaps/hl7v2/vectors.tsv"
    ))
    .expect("vectors.tsv is in the repository")
    .lines()
    .skip(1)
    .filter_map(|line| line.split('\t').nth(1))
    .map(|hex| {
        (0..hex.len() / 2)
            .filter_map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).ok())
            .collect()
    })
    .collect();
    let joined = all.concat();
    all.push(joined);
    all
}

#[test]
fn however_a_stream_is_cut_it_gives_the_same_messages() {
    for bytes in conversations() {
        let whole = converse(&bytes, usize::MAX);
        for piece in [1, 2, 3, 5, 17, 1460] {
            assert_eq!(converse(&bytes, piece), whole, "pieces of {piece}");
        }
    }
}

#[test]
fn what_nobody_wants_to_see_changes_nothing_else() {
    for bytes in conversations() {
        let mut conversation = Conversation::for_interest(Limits::default(), Interest::nothing());
        conversation.send(Side::Client, &bytes);
        let bare = conversation.end(End::Fin);
        let full = converse(&bytes, usize::MAX);
        assert_eq!(bare.len(), full.len());
        for (bare, full) in bare.iter().zip(&full) {
            assert!(bare.fields.is_empty() && bare.body.is_empty());
            assert_eq!(
                (&bare.kind, &bare.range, &bare.anomalies, &bare.action),
                (&full.kind, &full.range, &full.anomalies, &full.action)
            );
            assert_eq!((&bare.asks, &bare.answers), (&full.asks, &full.answers));
        }
    }
}

#[test]
fn no_change_of_bytes_breaks_the_dissector() {
    let mut seed = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below.max(1) as u64) as usize
    };
    const TELLING: &[u8] = b"\x0B\x1C\r\n|^~\\&MSH<>\0\xFF\x1B\"0";
    for bytes in conversations() {
        for _ in 0..40 {
            let mut changed = bytes.clone();
            for _ in 0..=random(8) {
                if changed.is_empty() {
                    break;
                }
                let at = random(changed.len());
                match random(4) {
                    0 => changed[at] = random(256) as u8,
                    1 => changed[at] = TELLING[random(TELLING.len())],
                    2 => drop(changed.remove(at)),
                    _ => changed.insert(at, TELLING[random(TELLING.len())]),
                }
            }
            let piece = 1 + random(200);
            let whole = converse(&changed, usize::MAX);
            assert_eq!(converse(&changed, piece), whole);
        }
        for end in 0..bytes.len().min(400) {
            let _ = converse(&bytes[..end], usize::MAX);
        }
    }
}
