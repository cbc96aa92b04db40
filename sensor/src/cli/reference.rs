//! `wardwatch protocols` and `wardwatch fields`: what is decoded, made from the tables themselves.

use dissectors::schema::{FieldType, Port, Privacy, Protocol};
use dissectors::{PROTOCOLS, ProtocolId};

use super::{Ending, complain};

/// One line a protocol: name, grade, ports, kinds.
pub fn protocols(json: bool) -> Ending {
    for protocol in PROTOCOLS {
        let ports: Vec<String> = protocol.hints.iter().map(port).collect();
        if json {
            let line = serde_json::json!({
                "name": protocol.name, "title": protocol.title, "provenance": protocol.provenance.word(),
                "source": protocol.source, "ports": ports,
                "kinds": protocol.kinds.iter().map(|k| k.name).collect::<Vec<_>>(),
            });
            println!("{line}");
        } else {
            println!(
                "{:<16} {:<18} {:>3} kinds  {:>3} fields  {}  {}",
                protocol.name,
                protocol.provenance.word(),
                protocol.kinds.len(),
                protocol.fields.len(),
                protocol.title,
                if ports.is_empty() {
                    String::new()
                } else {
                    format!("({})", ports.join(", "))
                },
            );
        }
    }
    Ending::Done
}

/// Every field, kind and anomaly of a protocol.
pub fn fields(name: &str) -> Ending {
    let Some(id) = ProtocolId::of(name) else {
        let known: Vec<&str> = PROTOCOLS.iter().map(|p| p.name).collect();
        complain(format!(
            "no protocol {name}; there are: {}",
            known.join(", ")
        ));
        return Ending::Failed;
    };
    print!("{}", page(id.protocol()));
    Ending::Done
}

/// A protocol's reference page.
pub fn page(protocol: &Protocol) -> String {
    let mut out = format!(
        "{}: {}\nRests on: {} ({})\n\nFields\n",
        protocol.name,
        protocol.title,
        protocol.provenance.word(),
        protocol.source
    );
    for field in protocol.fields {
        let privacy = match field.privacy {
            Privacy::Open => String::new(),
            Privacy::Patient(kind) => format!(" [patient data: {kind}]"),
            Privacy::Secret => " [secret]".into(),
        };
        let many = if field.many { " list" } else { "" };
        out.push_str(&format!(
            "  {}.{:<28} {}{many}{privacy}  {}\n",
            protocol.name,
            field.name,
            type_word(field.kind),
            field.doc
        ));
    }
    out.push_str("\nKinds\n");
    for kind in protocol.kinds {
        let grade = kind
            .provenance
            .map(|p| format!(" [{}]", p.word()))
            .unwrap_or_default();
        out.push_str(&format!("  {:<30}{grade} {}\n", kind.name, kind.doc));
    }
    if !protocol.anomalies.is_empty() {
        out.push_str("\nAnomalies\n");
        for (name, doc) in protocol.anomalies {
            out.push_str(&format!("  {name:<30} {doc}\n"));
        }
    }
    out
}

fn type_word(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "text",
        FieldType::Integer => "integer",
        FieldType::Decimal => "decimal",
        FieldType::Quantity => "quantity",
        FieldType::Bytes => "bytes",
        FieldType::Time => "time",
        FieldType::Flag => "flag",
    }
}

fn port(port: &Port) -> String {
    match port {
        Port::Tcp(n) => format!("tcp/{n}"),
        Port::Udp(n) => format!("udp/{n}"),
    }
}
