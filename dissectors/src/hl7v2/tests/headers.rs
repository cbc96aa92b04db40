//! Headers that cannot be trusted, and types that nobody knows.

use super::*;

#[test]
fn headers_that_two_readers_split_differently_are_malformed() {
    for (header, fault) in [
        ("MSH||||||EHR|HOSP", "malformed-header"),
        ("MSHAbcdeAEHRAHOSPA", "malformed-header"),
        ("MSH|^&&^|S|F|R|F|2026||ADT^A01|1|P|2.6", "malformed-header"),
        ("MSH|^~", "header-cut-short"),
        ("MSH", "header-cut-short"),
        ("M", "header-cut-short"),
        (
            "msh|^~\\&|A|B|C|D|2026||ADT^A08|X1|P|2.5",
            "segment-id-case",
        ),
        ("HELLO|WORLD", "not-er7"),
    ] {
        let seen = one(header);
        assert_eq!(seen.kind, "malformed", "{header}");
        assert!(seen.is_at_fault(fault), "{header}: {:?}", seen.anomalies);
    }
}

#[test]
fn a_command_behind_a_doubtful_header_is_still_a_command() {
    let message = give("RE", "1|||5678|||||||||||20|mL/h", "").replacen("^~\\&", "^~\\^", 1);
    let seen = one(&message);
    assert_eq!(seen.kind, "malformed");
    assert_eq!(seen.verb(), Some(Verb::SetRate));
}

#[test]
fn equal_delimiters_hide_no_fields_in_wrong_places() {
    let seen = one("MSH||||||EHR|HOSP|A|B|C");
    assert_eq!(seen.first("control_id"), "");
    assert_eq!(seen.verb(), None);
}

#[test]
fn unknown_and_missing_types_are_never_reads() {
    assert_eq!(
        one("MSH|^~\\&|A|B|C|D|2026||XYZ^Z99|1|P|2.5\r").verb(),
        Some(Verb::UnknownVerb)
    );
    let untyped = one("MSH|^~\\&|A|B|C|D|2026|||1|P|2.5\r");
    assert_eq!(untyped.kind, "untyped");
    assert_eq!(untyped.verb(), Some(Verb::UnknownVerb));
    assert!(untyped.is_at_fault("type-missing"));
}

#[test]
fn a_type_in_small_letters_means_what_it_means() {
    let seen = one("MSH|^~\\&|A|B|C|D|2026||adt^a40|1|P|2.5\rPID|1||T1\rMRG|T2\r");
    assert_eq!(seen.verb(), Some(Verb::Merge));
    assert!(seen.is_at_fault("type-case"));
}
