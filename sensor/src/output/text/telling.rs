//! Which fields of a message a person needs to recognise it in one line. JSON has the rest.

use dissectors::message::{Message, Value};
use dissectors::schema::Field;

/// Fields in one line at most.
const MOST: usize = 4;

/// By protocol, the fields that tell what happened, the most telling first. What the action says
/// already (device, value, drug, order) is left out by itself.
#[rustfmt::skip]
const TELLING: &[(&str, &[&str])] = &[
    ("hl7v2", &["ack", "ack_text", "error_code", "error_text", "alarm_event", "alarm_phase", "alarm_state", "pump_status", "infusion_event", "command", "command_response", "equipment_state", "patient_id", "prior_patient_id", "dose", "vtbi", "reported_rate", "reported_dose", "master_file", "result_status"]),
    ("dicom", &["calling_ae", "called_ae", "result_text", "reason_text", "sop_class_name", "status", "status_text", "query_level", "move_destination", "remaining", "failed", "patient_id", "transfer_syntax_name"]),
    ("tcp", &["step", "client_bytes", "server_bytes", "mac", "flow_mac"]),
    ("astm", &["test", "value", "unit", "flags", "specimen_id", "patient_id", "instrument", "sender", "status", "termination"]),
    ("sdc", &["operation", "value", "string_value", "invocation_state", "invocation_error", "activation", "fault_reason", "friendly_name", "model", "serial", "epr", "patient_id"]),
    ("intellivue", &["event", "bed_label", "model", "serial", "operating_mode", "polled", "value", "alert_state", "error", "admission", "patient_id"]),
    ("datex_s5", &["main_type", "alarm", "alarm_colour", "silence", "interval", "value", "patient_id"]),
    ("poct1a", &["ack_type", "detail", "reason", "command", "model", "serial", "condition", "patient_id", "test", "value", "unit", "event"]),
    ("phd", &["system_type", "result", "specialisation", "model", "serial", "value", "error", "person_id"]),
    ("ge_unity", &["ward", "bed", "alarm", "alarm_state", "alarm_level", "parameter", "value", "limit", "patient_name"]),
    ("mindray", &["ward", "bed", "address", "patient_id"]),
    ("http", &["status", "reason", "route", "host", "resource", "operation", "device", "file", "server", "user_agent"]),
    ("tls", &["version", "sni", "cipher", "weak", "subject", "not_after", "self_signed", "alert"]),
    ("dhcp", &["host_name", "your_ip", "requested_ip", "client_ip", "vendor_class", "client_mac", "server_id", "message"]),
    ("dhcpv6", &["fqdn", "address", "status", "client_mac", "vendor_class"]),
    ("dns", &["domain", "code_name", "answers"]),
    ("mdns", &["question", "service", "pointer", "address", "code_name"]),
    ("llmnr", &["question", "address", "code_name"]),
    ("nbns", &["name", "address"]),
    ("lldp", &["system_name", "system_description", "port"]),
    ("arp", &["sender_ip", "target_ip"]),
    ("ndp", &["target", "target_mac", "source_mac", "lifetime"]),
    ("icmp", &["code", "size"]),
    ("icmpv6", &["code", "size"]),
    ("ntp", &["stratum"]),
    ("snmp", &["object", "error", "description", "system_name", "default_community"]),
    ("ssh", &["software"]),
    ("lantronix", &["model", "mac", "firmware", "ip", "gateway"]),
    ("moxa", &["model", "device_name", "mac", "ip"]),
    ("telnet", &["command", "name"]),
    ("serial", &["sent", "shape", "length"]),
];

/// Names that no other protocol's line needs either.
#[rustfmt::skip]
const NOISE: &[&str] = &[
    "verb", "version", "control_id", "message_id", "request_id", "transaction", "id", "invoke_id",
    "sequence", "clock", "function", "sub_function", "process", "record_number", "level", "framing",
    "code", "form", "mode", "address", "module", "argument", "first", "request",
    "created", "time", "message_time", "frame_number",
];

/// The fields of a message for one line, in the order in which they are to be read.
pub fn fields<'m>(m: Message<'m>) -> impl Iterator<Item = (&'static Field, Value<'m>)> {
    let mut told: Vec<Vec<u8>> = vec![m.kind().to_vec()];
    if let Some(action) = m.action() {
        told.extend(
            [
                action.device_id,
                action.drug,
                action.order,
                action.destination,
            ]
            .map(<[u8]>::to_vec),
        );
        told.extend(action.value.map(|v| v.sent.to_vec()));
    }
    let wanted = TELLING
        .iter()
        .find(|(name, _)| *name == m.protocol().name())
        .map(|(_, fields)| *fields);
    let mut found: Vec<(&'static Field, Value<'m>)> = match wanted {
        Some(names) => names
            .iter()
            .filter_map(|name| {
                let id = m.protocol().protocol().field(name)?;
                Some((m.describe(id), m.field(id)?))
            })
            .collect(),
        None => m
            .fields()
            .map(|(id, value)| (m.describe(id), value))
            .filter(|(field, value)| {
                !field.many && !NOISE.contains(&field.name) && !matches!(value, Value::Time(_))
            })
            .collect(),
    };
    // What was said is not said again, and a zero says nothing.
    found.retain(|(_, value)| match value {
        Value::Text([]) => false,
        Value::Text(b) | Value::Bytes(b) => {
            let fresh = !told.iter().any(|t| t == b);
            told.push(b.to_vec());
            fresh
        }
        Value::Quantity(q) => !told.iter().any(|t| t == q.sent),
        Value::Integer(0) | Value::Flag(false) => false,
        _ => true,
    });
    found.truncate(MOST);
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_field_exists() {
        for (name, fields) in TELLING {
            let protocol = dissectors::PROTOCOLS
                .iter()
                .find(|p| p.name == *name)
                .unwrap_or_else(|| panic!("no protocol {name}"));
            for field in *fields {
                assert!(protocol.field(field).is_some(), "{name}.{field}");
            }
        }
    }
}
