//! `wardwatch protocols` and `wardwatch fields`: what is decoded, made from the tables themselves.
//! The pages under `dissectors/reference/` are made here too.

use dissectors::schema::{FieldType, Port, Privacy, Protocol};
use dissectors::{PROTOCOLS, ProtocolId};

use super::{Ending, complain};

/// Which shipped captures speak which protocol, and how many messages: `protocol capture messages`.
/// Made by `tests/tests/reference.rs`, which also holds it current.
pub const CAPTURES: &str = include_str!("../../../pcaps/captures.tsv");

/// One line a protocol: name, grade, kinds, fields, captures that prove it, ports.
pub fn protocols(json: bool) -> Ending {
    for protocol in PROTOCOLS.iter() {
        let proofs: Vec<&str> = captures(CAPTURES, protocol.name)
            .map(|(name, _)| name)
            .collect();
        if json {
            let line = serde_json::json!({
                "name": protocol.name, "title": protocol.title, "provenance": protocol.provenance.word(),
                "source": protocol.source, "ports": ports(protocol),
                "kinds": protocol.kinds.iter().map(|k| k.name).collect::<Vec<_>>(),
                "captures": proofs,
            });
            println!("{line}");
        } else {
            let ports = ports(protocol);
            println!(
                "{:<17} {:<18} {:>3} kinds {:>3} fields {:>2} captures  {}{}",
                protocol.name,
                protocol.provenance.word(),
                protocol.kinds.len(),
                protocol.fields.len(),
                proofs.len(),
                protocol.title,
                if ports.is_empty() {
                    String::new()
                } else {
                    format!("  ({})", ports.join(", "))
                },
            );
        }
    }
    if !json {
        println!("\nThe same with every field and capture: `wardwatch fields NAME`.");
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

/// A protocol's reference page for a terminal.
pub fn page(protocol: &Protocol) -> String {
    let mut out = format!(
        "{}: {}\nRests on: {} ({})\n",
        protocol.name,
        protocol.title,
        protocol.provenance.word(),
        protocol.source
    );
    let ports = ports(protocol);
    if !ports.is_empty() {
        out.push_str(&format!("Ports by habit: {}\n", ports.join(", ")));
    }
    out.push_str("\nFields\n");
    for field in protocol.fields {
        out.push_str(&format!(
            "  {}.{:<28} {}{}  {}\n",
            protocol.name,
            field.name,
            type_words(field.kind, field.many),
            privacy(field.privacy)
                .map(|p| format!(" [{p}]"))
                .unwrap_or_default(),
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
    let mut proofs = captures(CAPTURES, protocol.name).peekable();
    if proofs.peek().is_some() {
        out.push_str("\nCaptures\n");
        for (name, messages) in proofs {
            out.push_str(&format!("  pcaps/{name}  {messages} messages\n"));
        }
    }
    out
}

/// The same as a page of Markdown. `rows`: as [`CAPTURES`].
pub fn markdown(protocol: &Protocol, rows: &str) -> String {
    let mut out = format!(
        "# {}\n\n{}. Rests on: {} ({}).\n",
        protocol.name,
        protocol.title,
        protocol.provenance.word(),
        protocol.source
    );
    let ports = ports(protocol);
    if !ports.is_empty() {
        out.push_str(&format!("\nPorts by habit: {}.\n", ports.join(", ")));
    }
    if !protocol.fields.is_empty() {
        out.push_str("\n## Fields\n\n| field | type | about a person | meaning |\n| --- | --- | --- | --- |\n");
        for field in protocol.fields {
            out.push_str(&format!(
                "| `{}.{}` | {} | {} | {} |\n",
                protocol.name,
                field.name,
                type_words(field.kind, field.many),
                privacy(field.privacy).unwrap_or_default(),
                cell(field.doc)
            ));
        }
    }
    if !protocol.kinds.is_empty() {
        out.push_str("\n## Kinds\n\n| kind | meaning | rests on less |\n| --- | --- | --- |\n");
        for kind in protocol.kinds {
            let grade = kind.provenance.map_or("", |p| p.word());
            out.push_str(&format!(
                "| `{}` | {} | {grade} |\n",
                cell(kind.name),
                cell(kind.doc)
            ));
        }
    }
    if !protocol.anomalies.is_empty() {
        out.push_str("\n## Anomalies\n\n| anomaly | meaning |\n| --- | --- |\n");
        for (name, doc) in protocol.anomalies {
            out.push_str(&format!("| `{name}` | {} |\n", cell(doc)));
        }
    }
    let mut proofs = captures(rows, protocol.name).peekable();
    if proofs.peek().is_some() {
        out.push_str("\n## Captures\n\n| capture | messages |\n| --- | --- |\n");
        for (name, messages) in proofs {
            out.push_str(&format!("| `pcaps/{name}` | {messages} |\n"));
        }
    }
    out
}

/// The list of all pages, as Markdown.
pub fn index(rows: &str) -> String {
    let mut out = "# Protocols\n\nMade from the tables in the code; `wardwatch protocols` and `wardwatch fields NAME` \
                   print the same.\n\n| protocol | what it is | rests on | kinds | fields | captures |\n\
                   | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for protocol in PROTOCOLS.iter() {
        out.push_str(&format!(
            "| [{0}]({0}.md) | {1} | {2} | {3} | {4} | {5} |\n",
            protocol.name,
            cell(protocol.title),
            protocol.provenance.word(),
            protocol.kinds.len(),
            protocol.fields.len(),
            captures(rows, protocol.name).count()
        ));
    }
    out
}

/// Shipped captures of a protocol, with the number of its messages in each.
fn captures<'r>(rows: &'r str, protocol: &str) -> impl Iterator<Item = (&'r str, &'r str)> {
    rows.lines().filter_map(move |line| {
        let mut parts = line.split('\t');
        (parts.next()? == protocol).then_some((parts.next()?, parts.next()?))
    })
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn type_words(kind: FieldType, many: bool) -> String {
    let word = match kind {
        FieldType::Text => "text",
        FieldType::Integer => "integer",
        FieldType::Decimal => "decimal",
        FieldType::Quantity => "quantity",
        FieldType::Bytes => "bytes",
        FieldType::Time => "time",
        FieldType::Flag => "flag",
    };
    format!("{word}{}", if many { " list" } else { "" })
}

fn privacy(privacy: Privacy) -> Option<String> {
    match privacy {
        Privacy::Open => None,
        Privacy::Patient(kind) => Some(format!("patient data: {kind}")),
        Privacy::Secret => Some("secret".into()),
    }
}

/// Ports by habit, neighbours as a range: `tcp/4001-4016`.
fn ports(protocol: &Protocol) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut run: Option<(&str, u16, u16)> = None;
    let mut close = |run: Option<(&str, u16, u16)>| match run {
        Some((transport, from, to)) if from == to => out.push(format!("{transport}/{from}")),
        Some((transport, from, to)) => out.push(format!("{transport}/{from}-{to}")),
        None => {}
    };
    for port in protocol.hints {
        let (transport, n) = match port {
            Port::Tcp(n) => ("tcp", *n),
            Port::Udp(n) => ("udp", *n),
        };
        run = match run {
            Some((t, from, to)) if t == transport && to.checked_add(1) == Some(n) => {
                Some((t, from, n))
            }
            before => {
                close(before);
                Some((transport, n, n))
            }
        };
    }
    close(run);
    out
}
