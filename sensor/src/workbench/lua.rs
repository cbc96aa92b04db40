//! A data-file protocol as a Wireshark dissector in Lua: its table as Lua data, and one engine.

use std::fmt::Write;

use dissectors::declarative::table::{FieldRow, Form, Part, Sum, Table, Take, Unit, VerbRow};
use dissectors::schema::{FieldType, Port, Protocol};
use dissectors::{Side, schema};

/// What reads the table: the same in every export.
const ENGINE: &str = include_str!("engine.lua");

/// The whole file.
pub fn write(protocol: &Protocol, table: &Table) -> String {
    let mut out = format!(
        "-- {}: {}\n-- Rests on: {} ({})\n-- Use: tshark -X lua_script:{}.lua -r FILE; for another port `-d tcp.port==N,{}`\n\nlocal P = {{\n",
        protocol.name,
        protocol.title,
        protocol.provenance.word(),
        protocol.source,
        protocol.name,
        protocol.name
    );
    let mut row = |name: &str, value: &str| {
        // Writing to memory does not fail.
        let _ = writeln!(out, "  {name} = {value},");
    };
    row("name", &quoted(protocol.name.as_bytes()));
    row("title", &quoted(protocol.title.as_bytes()));
    let ports: Vec<String> = protocol
        .hints
        .iter()
        .filter_map(|p| match p {
            Port::Tcp(n) => Some(n.to_string()),
            Port::Udp(_) => None,
        })
        .collect();
    row("ports", &format!("{{ {} }}", ports.join(", ")));
    row("skip", &quoted(&table.skip));
    row("ignore_case", &table.ignore_case.to_string());
    if let Some(slot) = table.verb {
        row("verb", &(slot.0 + 1).to_string());
    }
    let forms = table.forms.iter().map(|f| form(protocol, f));
    row("forms", &list(forms));
    row(
        "verbs",
        &list(table.verbs.iter().map(|v| verb(protocol, v))),
    );
    row(
        "fields",
        &list(table.fields.iter().map(|f| field(protocol, f))),
    );
    let units = table
        .units
        .iter()
        .map(|(sent, ucum)| format!("{{ {}, {} }}", quoted(sent), quoted(ucum)));
    row("units", &list(units));
    out.push_str("}\n\n");
    out.push_str(ENGINE);
    out
}

fn form(protocol: &Protocol, form: &Form) -> String {
    let mut out = format!(
        "{{ client = {}, server = {}, start = {}, [\"end\"] = {}, max = {}",
        form.of(Side::Client),
        form.of(Side::Server),
        quoted(&form.start),
        quoted(&form.end),
        form.max
    );
    if let Some(l) = form.length {
        let _ = write!(
            out,
            ", length = {{ at = {}, add = {}, low = {}, high = {} }}",
            l.at, l.add, l.low, l.high
        );
    }
    if let Some(sum) = &form.checksum {
        let name = Sum::NAMES
            .iter()
            .find(|(_, s)| *s == sum.kind)
            .map_or("", |(n, _)| n);
        let _ = write!(
            out,
            ", checksum = {{ kind = {}, width = {}, hex = {}, separator = {}, after_end = {}, whole = {} }}",
            quoted(name.as_bytes()),
            sum.kind.width(),
            sum.hex,
            quoted(&sum.separator),
            sum.after_end,
            sum.whole
        );
    }
    if let Some((byte, flip)) = form.escape {
        let _ = write!(out, ", escape = {{ {byte}, {flip} }}");
    }
    if let Some(kind) = form.kind {
        let _ = write!(out, ", kind = {}", kind_name(protocol, kind));
    }
    let _ = write!(out, ",\n      layout = {} }}", layout(&form.layout));
    out
}

fn verb(protocol: &Protocol, row: &VerbRow) -> String {
    let side = match row.side {
        Side::Client => "client",
        Side::Server => "server",
    };
    let mut out = format!(
        "{{ name = {}, side = \"{side}\", kind = {}",
        quoted(&row.name),
        kind_name(protocol, row.kind)
    );
    if let Some((slot, there)) = row.when {
        let _ = write!(out, ", when = {}, there = {there}", slot.0 + 1);
    }
    if let Some(action) = row.action {
        let _ = write!(out, ", action = \"{action}\"");
    }
    if let Some((slot, parts)) = &row.arguments {
        let _ = write!(
            out,
            ", arguments_of = {}, arguments = {}",
            slot.0 + 1,
            layout(parts)
        );
    }
    out.push_str(" }");
    out
}

fn field(protocol: &Protocol, row: &FieldRow) -> String {
    let declared = protocol.fields.get(usize::from(row.id.0));
    let kind = match row.kind {
        FieldType::Integer | FieldType::Decimal | FieldType::Quantity => "number",
        FieldType::Bytes => "bytes",
        FieldType::Text | FieldType::Time | FieldType::Flag => "text",
    };
    let mut out = format!(
        "{{ name = {}, type = \"{kind}\", slot = {}, secret = {}, hex = {}, scale = {}, doc = {}",
        quoted(declared.map_or(b"", |f| f.name.as_bytes())),
        row.slot.0 + 1,
        row.secret,
        row.hex,
        row.scale,
        quoted(declared.map_or(b"", |f| f.doc.as_bytes()))
    );
    match &row.unit {
        Unit::None => {}
        Unit::Fixed(unit) => {
            let _ = write!(out, ", unit = {}", quoted(unit));
        }
        Unit::From(slot) => {
            let _ = write!(out, ", unit_from = {}", slot.0 + 1);
        }
    }
    out.push_str(" }");
    out
}

fn layout(parts: &[Part]) -> String {
    let rows: Vec<String> = parts.iter().map(part).collect();
    if rows.is_empty() {
        return "{}".into();
    }
    format!("{{ {} }}", rows.join(", "))
}

fn part(part: &Part) -> String {
    let most = |n: usize| n.min(8192);
    let take = match &part.take {
        Take::Digits(n) => format!("take = \"digits\", max = {}", most(*n)),
        Take::Number => "take = \"number\"".into(),
        Take::Letters(n) => format!("take = \"letters\", max = {}", most(*n)),
        Take::Word => "take = \"word\"".into(),
        Take::Space => "take = \"space\"".into(),
        Take::Bytes(n) => format!("take = \"bytes\", max = {n}"),
        Take::Until(byte) => format!("take = \"until\", stop = {}", quoted(&[*byte])),
        Take::Of(words) => {
            let words: Vec<String> = words.iter().map(|w| quoted(w)).collect();
            format!("take = \"of\", of = {{ {} }}", words.join(", "))
        }
        Take::Verb => "take = \"verb\"".into(),
        Take::Rest => "take = \"rest\"".into(),
    };
    let slot = part
        .slot
        .map(|s| format!(", slot = {}", s.0 + 1))
        .unwrap_or_default();
    format!("{{ {take}{slot}, optional = {} }}", part.optional)
}

fn kind_name(protocol: &Protocol, kind: schema::KindId) -> String {
    let name = protocol
        .kinds
        .get(usize::from(kind.0))
        .map_or("", |k| k.name);
    quoted(name.as_bytes())
}

fn list(rows: impl Iterator<Item = String>) -> String {
    let mut out = "{".to_owned();
    for row in rows {
        let _ = write!(out, "\n    {row},");
    }
    out.push_str("\n  }");
    out
}

/// A Lua string of any bytes.
fn quoted(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(*byte as char);
            }
            0x20..=0x7e => out.push(*byte as char),
            _ => {
                let _ = write!(out, "\\{byte:03}");
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn control_bytes_and_quotes_survive_as_a_lua_string() {
        assert_eq!(super::quoted(b"a\"\x02\\9\xff"), "\"a\\\"\\002\\\\9\\255\"");
    }
}
