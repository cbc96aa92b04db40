//! What is unknown, and what values are compared as.

use super::*;

#[test]
fn unknown_is_never_true_nor_is_its_not() {
    for when in [
        "authorised",
        "not authorised",
        "not listed(actor)",
        "hl7v2.ack is \"AA\"",
        "not hl7v2.ack is \"AA\"",
        "hl7v2.ack != \"AA\"",
        "value > 20 mm[Hg]",
        "not value > 20 mm[Hg]",
        "hl7v2[OBX-5] is \"1\"",
        "verb is set-rate and authorised",
        "not (verb is set-rate and authorised)",
        "request.kind is \"ACK\"",
        "not exists(request)",
    ] {
        let mut b = Bench::new(when);
        b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 50.0, "mL/h"));
        b.finish();
        assert_eq!(b.said(), [""; 0], "{when}");
    }
}

#[test]
fn unknown_beside_true_or_false_is_what_logic_says() {
    for (when, fires) in [
        ("authorised or verb is set-rate", true),
        ("authorised and verb is stop", false),
        ("not (authorised and verb is stop)", true),
        ("exists(hl7v2.ack)", false),
        ("not exists(hl7v2.ack)", true),
        ("exists(anomaly)", false),
        ("not exists(anomaly)", true),
        ("anomaly is not \"gap\"", true),
        ("not surely(authorised)", true),
        ("surely(not authorised)", false),
    ] {
        let mut b = Bench::new(when);
        b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 50.0, "mL/h"));
        b.finish();
        assert_eq!(!b.said().is_empty(), fires, "{when}");
    }
}

#[test]
fn rate_is_compared_in_any_unit_of_flow() {
    for (when, fires) in [
        ("value > 20 mL/h", true),
        ("value > 500 mL/h", false),
        ("value >= 0.5 L/h", true),
        ("value = 0.5 L/h", true),
        ("value in 400..500 mL/h", true),
        ("value in [1 mL/h, 500 mL/h]", true),
        ("value / 2 > 0.2 L/h", true),
        ("value.number > 0.4 and value.unit is \"L/h\"", true),
        ("value < 500 mL/h", false),
    ] {
        let mut b = Bench::new(when);
        b.hl7("RGV^O15", A, B, 0.0, |d| rate(d, 0.5, "L/h"));
        assert_eq!(!b.said().is_empty(), fires, "{when}");
    }
}

#[test]
fn field_with_several_values_is_met_by_any_of_them() {
    for (when, fires) in [
        ("hl7v2.order_control is \"CA\"", true),
        ("hl7v2.order_control in [\"DC\", \"CA\"]", true),
        ("hl7v2.order_control != \"CA\"", false),
        ("hl7v2.order_control starts with \"X\"", false),
        ("hl7v2.order_control matches \"?A\"", true),
        ("hl7v2.order_control matches /^N[A-Z]$/", true),
    ] {
        let mut b = Bench::new(when);
        let field = ProtocolId::of("hl7v2")
            .unwrap()
            .protocol()
            .field("order_control")
            .unwrap();
        b.hl7("ORM^O01", A, B, 0.0, |d| {
            d.text(field, b"NW").text(field, b"CA");
        });
        assert_eq!(!b.said().is_empty(), fires, "{when}");
    }
}
