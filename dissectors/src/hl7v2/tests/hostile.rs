//! Content that attacks the receiver, and content that must not leave.

use super::*;

#[test]
fn segments_that_a_field_made_are_told() {
    for injected in [
        "NTE|1||x\\X0D\\RXG|1|||5678|500||||||||||999\r",
        "NTE|1||x\rRXG|1|||5678|500||||||||||999\r",
        "NTE|1||x\rPID|1||T9\r",
        "NTE|1||x\rORC|CA|O1\r",
        "NTE|1||x\rMSA|AA|W1\r",
    ] {
        let seen = one(&format!("{ADT}{injected}"));
        assert_eq!(seen.anomalies, ["segment-injection"], "{injected:?}");
    }
}

#[test]
fn patients_that_belong_to_a_message_are_no_injection() {
    for message in [
        "MSH|^~\\&|A|B|C|D|2026||ADT^A24|1|P|2.4\rEVN|A24\rPID|1||T1\rPID|2||T2\r",
        "MSH|^~\\&|A|B|C|D|2026||ADT^A40|1|P|2.5\rEVN|A40\rPID|1||T1\rMRG|T2\rPID|2||T3\rMRG|T4\r",
        "MSH|^~\\&|A|B|C|D|2026||ORU^R01|1|P|2.5\rPID|1||T1\rORC|RE\rOBR|1\rPID|2||T2\rOBR|1\r",
    ] {
        assert_eq!(one(message).anomalies, Vec::<String>::new(), "{message}");
    }
}

#[test]
fn nothing_about_the_patient_leaves_outside_patient_fields() {
    use crate::schema::Privacy;
    let secret = "SECRETPERSON";
    let message = format!(
        "MSH|^~\\&|EHR|HOSP|GW|ICU|2026|{secret}|ORU^R01|W1|P|2.5\r\
         PID|1|{secret}|{secret}^^^W|{secret}|{secret}^{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}|{secret}\r\
         PV1|1|I|{secret}^1|||{secret}|{secret}|{secret}|{secret}||||||||{secret}||{secret}\rNK1|1|{secret}\r\
         ORC|RE|{secret}|{secret}|||||{secret}||{secret}|{secret}|{secret}|||||||{secret}\r\
         OBR|1|{secret}|{secret}|X|||||||{secret}||||{secret}|{secret}\r\
         OBX|1|ST|NOTE^n^L||{secret}||||||F|||||{secret}\rNTE|1||{secret}\rDG1|1||{secret}\rAL1|1||{secret}\r\
         ZPM|{secret}\rMSA|AA|W0|{secret}\rERR||||||{secret}|{secret}|{secret}\rMRG|{secret}\rQPD|Q|T|@PID.5.1^{secret}\r"
    );
    let mut conversation = Conversation::new();
    conversation.send(Side::Client, &block(&message));
    let _ = conversation.end(End::Fin);
    let mut checked = 0;
    for m in conversation.batch.messages() {
        for (id, value) in m.fields() {
            if m.describe(id).privacy == Privacy::Open {
                assert!(!show(value).contains(secret), "{}", m.describe(id).name);
                checked += 1;
            }
        }
        let mut action = m.action().map(|a| Done::of(&a)).expect("an action");
        // The order id is the one part that the vocabulary asks for.
        action.order.clear();
        assert!(!format!("{action:?}").contains(secret));
        assert!(!text(m.kind()).contains(secret));
    }
    assert!(checked > 10);
}
