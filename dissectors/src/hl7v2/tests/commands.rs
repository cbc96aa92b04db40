//! What messages do, and what their answers say of it.

use super::*;

#[test]
fn a_give_sets_a_rate_on_the_pump_it_names() {
    let seen = one(&give(
        "RE",
        "1|||5678^Saline|500||263762^MDC_DIM_MILLI_L^MDC||||||||13.3|3122^mL/h^UCUM^265266^MDC_DIM_MILLI_L_PER_HR^MDC",
        "",
    ));
    assert_eq!(
        seen.action,
        Some(Done {
            verb: Verb::SetRate,
            device: Device::Pump,
            device_id: "PUMP-1".into(),
            order: "ORD1".into(),
            drug: "5678".into(),
            handle: String::new(),
            value: "13.3 mL/h".into(),
            outcome: Outcome::Requested,
        })
    );
    assert_eq!(seen.first("vtbi"), "500 mL");
    assert_eq!(seen.first("rate_ml_h"), "13.3 mL/h");
    assert_eq!(seen.asks.as_deref(), Some("RG1"));
}

#[test]
fn order_control_says_what_a_give_does() {
    let rxg = "1|||5678|50||mL||||||||100|mL/h";
    for (control, verb) in [
        ("RE", Verb::SetRate),
        ("XO", Verb::SetRate),
        ("CH", Verb::Bolus),
        ("CA", Verb::Stop),
        ("DC", Verb::Stop),
        ("HD", Verb::Pause),
        ("RL", Verb::Start),
    ] {
        assert_eq!(one(&give(control, rxg, "")).verb(), Some(verb), "{control}");
    }
    let bolus = one(&give("CH", rxg, "")).action.map(|a| a.value);
    assert_eq!(bolus.as_deref(), Some("50 mL"));
}

#[test]
fn dose_rates_become_millilitres_an_hour() {
    let rxg =
        "1|||1234|250||mL||||||||10|265619^MDC_DIM_MICRO_G_PER_KG_PER_MIN^MDC|400|mg|||||250|mL";
    let kilograms = give(
        "RE",
        rxg,
        "OBX|2|NM|68063^MDC_ATTR_PT_WEIGHT^MDC||85.0|263875^MDC_DIM_KILO_G^MDC\r",
    );
    let grams = give(
        "RE",
        rxg,
        "OBX|2|NM|68063^MDC_ATTR_PT_WEIGHT^MDC||85000|263872^MDC_DIM_X_G^MDC\r",
    );
    for message in [kilograms, grams] {
        let seen = one(&message);
        assert_eq!(seen.verb(), Some(Verb::SetDose));
        assert_eq!(seen.first("rate_ml_h"), "31.875 mL/h");
        assert_eq!(seen.first("concentration"), "1.6 mg/mL");
    }
    // Without a weight it cannot be told.
    assert_eq!(one(&give("RE", rxg, "")).first("rate_ml_h"), "");
}

#[test]
fn the_graver_of_two_orders_in_a_message_is_its_action() {
    let more = "ORC|RE|ORD2\rRXG|1|||9|||||||||||1999|mL/h\r";
    let seen = one(&give("RE", "1|||5678|||||||||||5|mL/h", more));
    let action = seen.action.expect("an action");
    assert_eq!(
        (action.value.as_str(), action.order.as_str()),
        ("1999 mL/h", "ORD2")
    );
}

#[test]
fn what_is_no_number_is_not_a_rate_of_zero() {
    for (sent, fault) in [
        ("NaN", "bad-number"),
        ("%n%n", "bad-number"),
        ("1e3", "odd-number"),
    ] {
        let seen = one(&give("RE", &format!("1|||5678|||||||||||{sent}|mL/h"), ""));
        assert!(seen.is_at_fault(fault), "{sent}");
        assert_eq!(seen.verb(), Some(Verb::SetRate));
    }
}

#[test]
fn a_continued_field_is_read_whole() {
    // A reader that stops at the segment sees a harmless rate.
    let seen =
        one(&give("RE", "1|||5678|||||||||||1", "").replace("|1\rRXR", "|1\rADD|999|mL/h\rRXR"));
    assert_eq!(seen.first("rate"), "1999 mL/h");
}

#[test]
fn pharmacy_orders_program_a_pump_only_where_they_name_one() {
    let order = |obx: &str| {
        format!(
            "MSH|^~\\&|A|B|C|D|2026||RDE^O11|1|P|2.6\rPID|1||T1\rORC|NW|O1\r\
            RXE||77^Drug|1||mL||||||||||||||||||40|mL/h\r{obx}"
        )
    };
    assert_eq!(one(&order("")).verb(), Some(Verb::Order));
    let pump = one(&order(
        "OBX|1||69986^MDC_DEV_PUMP_INFUS_VMD^MDC|1.1.0.0|||||||X|||||||P9\r",
    ));
    assert_eq!(pump.verb(), Some(Verb::SetRate));
    assert_eq!(
        pump.action.map(|a| (a.device, a.device_id)),
        Some((Device::Pump, "P9".into()))
    );
    let held = one(&order("").replace("ORC|NW", "ORC|HD"));
    assert_eq!(held.verb(), Some(Verb::Pause));
}

#[test]
fn cancelling_a_laboratory_order_deletes_it_and_stops_nothing() {
    let order = |control: &str| {
        format!("MSH|^~\\&|A|B|C|D|2026||ORM^O01|1|P|2.3\rPID|1||T1\rORC|{control}|L1\rOBR|1|L1\r")
    };
    assert_eq!(one(&order("NW")).verb(), Some(Verb::Order));
    assert_eq!(one(&order("CA")).verb(), Some(Verb::Delete));
}

#[test]
fn equipment_commands_are_told_apart() {
    for (command, verb) in [
        ("ES", Verb::Stop),
        ("PA", Verb::Pause),
        ("RE", Verb::Start),
        ("CN", Verb::SilenceAlarm),
        ("DI", Verb::DisableAlarm),
        ("LK", Verb::Configure),
        ("QQ", Verb::UnknownVerb),
    ] {
        let seen = one(&format!(
            "MSH|^~\\&|LAS|LAB|AN|LAB|2026||EAC^U07|1|P|2.5\rEQU|AN1^LAB|2026\rECD|1|{command}^x^HL70368\r"
        ));
        let action = seen.action.expect("an action");
        assert_eq!(
            (action.verb, action.device),
            (verb, Device::Analyser),
            "{command}"
        );
        assert_eq!(
            (action.device_id.as_str(), action.handle.as_str()),
            ("AN1", command)
        );
    }
}

#[test]
fn identity_acts_are_told_apart() {
    for (event, verb) in [
        ("A01", Verb::SetPatient),
        ("A40", Verb::Merge),
        ("A23", Verb::Delete),
        ("A29", Verb::Delete),
        ("Z01", Verb::UnknownVerb),
    ] {
        let seen = one(&format!(
            "MSH|^~\\&|A|B|C|D|2026||ADT^{event}|1|P|2.5\rPID|1||T1\rMRG|T2^^^W~T3\r"
        ));
        assert_eq!(seen.verb(), Some(verb), "{event}");
        assert_eq!(seen.all("prior_patient_id"), ["T2", "T3"]);
    }
}

#[test]
fn a_deleted_result_is_a_deletion() {
    let result = |status: &str| {
        format!(
            "MSH|^~\\&|A|B|C|D|2026||ORU^R01|1|P|2.5\rOBR|1|O1|F1\rOBX|1|NM|1||5||||||{status}\r"
        )
    };
    assert_eq!(one(&result("F")).verb(), Some(Verb::Store));
    let deleted = one(&result("D"));
    assert_eq!(deleted.verb(), Some(Verb::Delete));
    assert_eq!(deleted.all("result_status"), ["D"]);
}

#[test]
fn an_answer_says_what_became_of_the_request() {
    for (code, last, outcome) in [
        ("AA", true, Outcome::Accepted),
        ("CA", false, Outcome::Accepted),
        ("AE", true, Outcome::Failed),
        ("CE", true, Outcome::Failed),
        ("AR", true, Outcome::Refused),
        ("CR", true, Outcome::Refused),
        ("aa", true, Outcome::Accepted),
        ("??", true, Outcome::Unknown),
    ] {
        let seen = one(&format!(
            "MSH|^~\\&|A|B|C|D|2026||ACK^O15^ACK|K1|P|2.6\rMSA|{code}|RG1\r"
        ));
        assert_eq!(seen.kind, "ACK^O15");
        assert_eq!(seen.answers, Some(("RG1".into(), last, outcome)), "{code}");
        assert_eq!((seen.action, seen.asks), (None, None));
    }
}

#[test]
fn an_answer_without_an_id_means_the_last_request() {
    let mut conversation = Conversation::new();
    conversation.send(Side::Client, &block(ADT));
    conversation.send(
        Side::Server,
        &block("MSH|^~\\&|A|B|C|D|2026||ACK|K1|P|2.6\rMSA|AA|\r"),
    );
    let seen = conversation.end(End::Fin);
    assert_eq!(
        seen[1].answers,
        Some(("W1".into(), true, Outcome::Accepted))
    );
}

#[test]
fn a_typed_answer_may_ask_for_an_acknowledgement_itself() {
    let seen = one(
        "MSH|^~\\&|A|B|C|D|2026||RRG^O16|RR1|P|2.6|||AL|NE\rMSA|AR|RG1\r\
        ERR||RXG^1^15|207^e^HL70357|E|9005^Out of range^X|||patient text\r",
    );
    assert_eq!(seen.asks.as_deref(), Some("RR1"));
    assert_eq!(seen.answers, Some(("RG1".into(), true, Outcome::Refused)));
    assert_eq!(seen.first("error_app_code"), "9005");
    assert_eq!(seen.verb(), None);
}

#[test]
fn results_of_a_query_are_a_disclosure_with_its_size() {
    let seen =
        one("MSH|^~\\&|A|B|C|D|2026||RSP^K22|1|P|2.5\rMSA|AA|Q1\rQAK|Q|OK\rPID|1||T1\rPID|2||T2\r");
    assert_eq!(seen.verb(), Some(Verb::Retrieve));
    assert_eq!(
        seen.action.as_ref().map(|a| a.outcome),
        Some(Outcome::Accepted)
    );
    assert_eq!(seen.first("query_hits"), "2");
}
