use crate::contract::Side;
use crate::stage::{Stage, bytes, datagram, survives_mutations};

/// A bedside device: MAC addresses, name, description, station, management address, inventory.
const FRAME: &str = "0207 04 020000aa0001 0407 03 020000aa0001 0602 0078 0a03 706d70 \
    0c06 50756d703221 0e04 0080 0080 100c 05 01 0a4d0001 02 00000002 00 \
    fe09 0012bb 08 534e303037 fe06 0080c2 01 006e 0000";

#[test]
fn a_message_without_time_to_live_or_end_is_told() {
    let seen = &datagram("lldp", &bytes("0207 04 020000aa0001 0000"))[0];
    assert_eq!(
        (seen.kind.as_str(), seen.anomalies.as_slice()),
        ("malformed", &["no-ttl".to_owned()][..])
    );
    let whole = bytes(FRAME);
    assert_eq!(
        datagram("lldp", &whole[..whole.len() - 2])[0].anomalies,
        ["no-end"]
    );
    assert_eq!(
        datagram("lldp", &whole[..whole.len() - 4])[0].anomalies,
        ["tlv-overrun"]
    );
}

#[test]
fn a_device_names_itself() {
    let mut frame = bytes(FRAME);
    frame.extend([0; 8]);
    let mut stage = Stage::of("lldp");
    assert!(!stage.datagram(Side::Client, &frame), "padding is left");
    let seen = &stage.seen()[0];
    assert_eq!(seen.kind, "advertisement");
    for (field, value) in [
        ("chassis", "02:00:00:aa:00:01"),
        ("port", "02:00:00:aa:00:01"),
        ("ttl", "120"),
        ("system_name", "pmp"),
        ("system_description", "Pump2!"),
        ("capability", "station"),
        ("management", "10.77.0.1"),
        ("serial", "SN007"),
        ("vlan", "110"),
    ] {
        assert_eq!(seen.first(field), value, "{field}");
    }
    assert!(seen.anomalies.is_empty(), "{:?}", seen.anomalies);
}

#[test]
fn a_device_that_leaves_says_so() {
    let seen = &datagram(
        "lldp",
        &bytes("0207 04 020000aa0001 0407 03 020000aa0001 0602 0000 0000"),
    )[0];
    assert_eq!(seen.kind, "shutdown");
}

#[test]
fn changed_bytes_do_no_harm() {
    survives_mutations("lldp", &[(Side::Client, &bytes(FRAME))]);
}
