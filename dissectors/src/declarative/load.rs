//! From a data file to a protocol: every check that needs more than one key.

use toml::de::DeTable;

use crate::action::{Device, Verb};
use crate::contract::{Side, Transport};
use crate::schema::{Field, FieldId, FieldType, Kind, KindId, Port, Privacy, Protocol, Provenance};
use crate::serial;
use crate::serial::signature::Bar;

use super::framing::bytes_of;
use super::reader::{At, Fault, Node, Source, advise};
use super::slots;
use super::table::{FieldRow, Form, Part, Slot, Table, Unit, VerbRow};

/// The largest data file that is read, in bytes.
const LARGEST: usize = 256 * 1024;

/// Reads a data file. `file` is its name, for messages about faults. The protocol lives as long
/// as the program.
///
/// # Errors
/// Every fault of the file. Nothing is kept then.
pub fn load(text: &str, file: &str) -> Result<&'static Protocol, Vec<Fault>> {
    let source = Source::new(text, file);
    if text.len() > LARGEST {
        source.fault(
            0..0,
            format!("the file is larger than {LARGEST} bytes"),
            "split it",
        );
        return Err(source.faults());
    }
    let parsed = match DeTable::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            let at = error.span().unwrap_or(0..0);
            source.fault(
                at,
                format!("this is not TOML: {}", error.message()),
                "correct the syntax",
            );
            return Err(source.faults());
        }
    };
    let made = Loader::default().read(&Node::new(&source, parsed.get_ref(), 0..0));
    let faults = source.faults();
    let Some(made) = made.filter(|_| faults.is_empty()) else {
        return Err(faults);
    };
    // Kept for the life of the program: protocols are named by constants everywhere.
    let table: &'static Table = Box::leak(Box::new(made.table));
    let Some((probe, open)) = slots::claim(table) else {
        return Err(vec![Fault {
            file: file.to_owned(),
            line: 1,
            what: format!("more than {} data files are loaded", slots::MOST),
            fix: "load fewer".to_owned(),
        }]);
    };
    let name = keep(made.name);
    super::remember(name, table);
    Ok(Box::leak(Box::new(Protocol {
        name,
        title: keep(made.title),
        provenance: made.provenance,
        source: keep(made.source),
        fields: Vec::leak(made.fields),
        kinds: Vec::leak(made.kinds),
        anomalies: serial::ANOMALIES,
        hints: Vec::leak(made.hints),
        transports: Vec::leak(made.transports),
        probe,
        open,
        path: None,
    })))
}

fn keep(text: &str) -> &'static str {
    String::leak(text.to_owned())
}

struct Made<'n> {
    name: &'n str,
    title: &'n str,
    provenance: Provenance,
    source: &'n str,
    fields: Vec<Field>,
    kinds: Vec<Kind>,
    hints: Vec<Port>,
    transports: Vec<Transport>,
    table: Table,
}

/// What is known of the file so far.
#[derive(Default)]
pub(super) struct Loader {
    pub(super) slots: Vec<String>,
    kinds: Vec<Kind>,
    fields: Vec<Field>,
}

const GRADES: &[(&str, Provenance)] = &[
    ("specification", Provenance::Specification),
    ("implementation", Provenance::Implementation),
    ("reverse-engineered", Provenance::ReverseEngineered),
    ("behaviour", Provenance::Behaviour),
    ("experimental", Provenance::Experimental),
];

const TYPES: &[(&str, FieldType)] = &[
    ("text", FieldType::Text),
    ("integer", FieldType::Integer),
    ("decimal", FieldType::Decimal),
    ("quantity", FieldType::Quantity),
    ("bytes", FieldType::Bytes),
    ("time", FieldType::Time),
];

impl Loader {
    fn read<'n>(mut self, root: &Node<'n>) -> Option<Made<'n>> {
        let name = root.need(
            "name",
            "one snake_case word, also the name of the JSON object",
        );
        let snake = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if !name.value.is_empty() && !name.value.bytes().all(snake) {
            root.fault(
                name.span.clone(),
                format!("`{}` is not a protocol name", name.value),
                "use small letters, digits and _",
            );
        }
        let title = root.need("title", "what it is, in a few words").value;
        root.need("provenance", "what the description rests on");
        let grade = root
            .word("provenance", GRADES)
            .unwrap_or(Provenance::Experimental);
        let source = root.need("source", "where that is written down").value;
        self.kinds
            .push(Kind::new("malformed", "bytes that are no frame"));

        let forms: Vec<Form> = root.tables("frame").iter().map(|n| self.form(n)).collect();
        if forms.is_empty() {
            root.fault(
                0..0,
                "there is no [[frame]]",
                "describe at least one way of framing",
            );
        }
        let rows = root.tables("verb");
        // Arguments name parts that fields may read: they come before the fields.
        let arguments: Vec<Vec<Part>> = rows.iter().map(|n| self.layout(n, "arguments")).collect();
        let units = match root.table("units") {
            Some(units) => units.pairs(),
            None => Vec::new(),
        };
        let fields: Vec<FieldRow> = root
            .tables("field")
            .iter()
            .filter_map(|n| self.field(n))
            .collect();
        let verbs: Vec<VerbRow> = rows
            .iter()
            .zip(arguments)
            .filter_map(|(node, arguments)| self.verb(node, arguments, grade))
            .collect();
        let table = Table {
            malformed: KindId(0),
            skip: root.bytes("skip"),
            ignore_case: root.flag("ignore_case"),
            verb: self.slots.iter().position(|s| s == "verb").map(Slot),
            channel: self.named_slot(root, "channel"),
            device_id: self.named_slot(root, "device_id"),
            device: self.device(root),
            bar: bar(
                root,
                forms
                    .iter()
                    .any(|f| f.checksum.is_none() && (f.telling || f.kind.is_none())),
            ),
            refused: bytes_of(&root.texts("refused")),
            several: root.flag("answers_in_several_frames"),
            units: units
                .iter()
                .map(|(k, v)| (k.as_bytes().to_vec(), v.as_bytes().to_vec()))
                .collect(),
            forms,
            verbs,
            fields,
        };
        if table.verb.is_none() && !table.verbs.is_empty() {
            let at = rows.first().map_or(0..0, Node::span);
            root.fault(
                at,
                "no layout has a part named `verb`",
                "name the part that holds the verb",
            );
        }
        let mut hints: Vec<Port> = root.numbers("ports").into_iter().map(Port::Tcp).collect();
        if root.flag("serial_ports") {
            hints.extend_from_slice(serial::PORTS);
        }
        root.done();
        Some(Made {
            name: name.value,
            title,
            provenance: grade,
            source,
            fields: self.fields,
            kinds: self.kinds,
            hints,
            transports: serial::TRANSPORTS.to_vec(),
            table,
        })
    }

    fn device(&self, root: &Node<'_>) -> Device {
        let words: Vec<(&str, Device)> = Device::ALL.iter().map(|d| (d.word(), *d)).collect();
        root.word("device", &words).unwrap_or(Device::Unknown)
    }

    /// The slot that a key names; it must be the name of a part.
    fn named_slot(&self, node: &Node<'_>, key: &'static str) -> Option<Slot> {
        let At { value, span } = node.text(key)?;
        let found = self.slots.iter().position(|s| s == value).map(Slot);
        if found.is_none() {
            let known: Vec<&str> = self.slots.iter().map(String::as_str).collect();
            node.fault(
                span,
                format!("no layout has a part named `{value}`"),
                advise(value, &known),
            );
        }
        found
    }

    pub(super) fn kind(&mut self, name: &str, doc: &str, provenance: Option<Provenance>) -> KindId {
        let at = self
            .kinds
            .iter()
            .position(|k| k.name == name)
            .unwrap_or_else(|| {
                self.kinds.push(Kind {
                    name: keep(name),
                    doc: keep(doc),
                    provenance,
                });
                self.kinds.len() - 1
            });
        KindId(at as u16)
    }

    fn field(&mut self, node: &Node<'_>) -> Option<FieldRow> {
        let name = node.need(
            "name",
            "the field's name; a part of this name is read into it",
        );
        let kind = node.word("type", TYPES).unwrap_or(FieldType::Text);
        let doc = node
            .need("doc", "one line: what it is and where that is written")
            .value;
        let privacy = match node.text("privacy").map(|p| (p.value, p.span)) {
            None | Some(("open", _)) => Privacy::Open,
            Some(("secret", _)) => Privacy::Secret,
            Some((other, span)) => match other.strip_prefix("patient:") {
                Some(what) => Privacy::Patient(keep(what)),
                None => {
                    node.fault(
                        span,
                        format!("`privacy = \"{other}\"` is not known"),
                        "write open, secret, or patient:pid, patient:text and the like",
                    );
                    Privacy::Secret
                }
            },
        };
        let from = if node.text("from").is_some() {
            self.named_slot(node, "from")
        } else {
            self.named_slot(node, "name")
        };
        let unit = match (node.text("unit"), node.text("unit_from")) {
            (Some(unit), None) => Unit::Fixed(unit.value.as_bytes().to_vec()),
            (None, Some(_)) => self
                .named_slot(node, "unit_from")
                .map_or(Unit::None, Unit::From),
            (None, None) => Unit::None,
            (Some(_), Some(other)) => {
                node.fault(other.span, "both `unit` and `unit_from`", "keep one");
                Unit::None
            }
        };
        if unit != Unit::None && kind != FieldType::Quantity {
            node.fault(
                node.place("unit"),
                "only a quantity has a unit",
                "write type = \"quantity\"",
            );
        }
        let scale = node.decimal("scale").unwrap_or(1.0);
        let hex = node.number("base", 10..=16) == Some(16);
        node.done();
        if name.value.is_empty() {
            return None;
        }
        if self.fields.iter().any(|f| f.name == name.value) {
            node.fault(
                name.span.clone(),
                format!("`{}` is declared twice", name.value),
                "keep one",
            );
        }
        self.fields.push(Field {
            name: keep(name.value),
            kind,
            privacy,
            many: false,
            doc: keep(doc),
        });
        Some(FieldRow {
            id: FieldId(self.fields.len() as u16 - 1),
            slot: from?,
            kind,
            secret: privacy == Privacy::Secret,
            unit,
            scale,
            hex,
        })
    }

    fn verb(
        &mut self,
        node: &Node<'_>,
        arguments: Vec<Part>,
        grade: Provenance,
    ) -> Option<VerbRow> {
        let Some(At { value: name, span }) = node.text("name") else {
            node.need("name", "the verb as sent");
            return None;
        };
        let side = node.word(
            "side",
            &[("client", Side::Client), ("server", Side::Server)],
        );
        let words: Vec<(&str, Option<Verb>)> = Verb::ALL
            .iter()
            .map(|v| (v.word(), Some(*v)))
            .chain([("none", None)])
            .collect();
        let action = node.word("action", &words);
        if action.is_none() && node.text("action").is_none() {
            node.fault(
                span,
                format!("the verb `{name}` does not say what it does"),
                "add `action`: a word of the vocabulary, unknown-verb, or none for keep-alives",
            );
        }
        let with = self.named_slot(node, "with").map(|s| (s, true));
        let without = self.named_slot(node, "without").map(|s| (s, false));
        let provenance = node.word("provenance", GRADES).filter(|g| *g < grade);
        let doc = node.need("doc", "one line: what it does").value;
        let kind = node.text("kind").map_or(name, |k| k.value);
        if kind.is_empty() {
            node.fault(
                node.span(),
                "an empty verb needs a `kind`",
                "add kind = \"(status)\"",
            );
        }
        let kind = self.kind(kind, doc, None);
        let value = node.text("value").and_then(|v| {
            let at = self.fields.iter().position(|f| f.name == v.value);
            if at.is_none() {
                let known: Vec<&str> = self.fields.iter().map(|f| f.name).collect();
                node.fault(
                    v.span,
                    format!("there is no field `{}`", v.value),
                    advise(v.value, &known),
                );
            }
            at.map(|at| FieldId(at as u16))
        });
        let of = if arguments.is_empty() {
            None
        } else {
            let part = if node.text("arguments_of").is_some() {
                self.named_slot(node, "arguments_of")
            } else {
                self.slots.iter().position(|s| s == "argument").map(Slot)
            };
            if part.is_none() {
                node.fault(
                    node.place("arguments"),
                    "no layout has a part named `argument`",
                    "name it with `arguments_of`",
                );
            }
            part
        };
        node.done();
        Some(VerbRow {
            name: name.as_bytes().to_vec(),
            side: side.unwrap_or(Side::Client),
            when: with.or(without),
            arguments: of.map(|slot| (slot, arguments)),
            kind,
            action: action.flatten(),
            value,
            provenance,
        })
    }
}

fn bar(root: &Node<'_>, words: bool) -> Bar {
    let Some(node) = root.table("recognise") else {
        root.fault(
            0..0,
            "[recognise] is missing",
            "say how many frames are enough and how sure they are",
        );
        return Table::EMPTY.bar;
    };
    let enough = node.number("frames", 1..=100).unwrap_or(3) as u32;
    let confidence = node.number("confidence", 1..=100).unwrap_or(30) as u8;
    let on_port = node.number("on_port", 1..=100).map_or(enough, |n| n as u32);
    let port_confidence = node
        .number("port_confidence", 1..=100)
        .map_or(confidence, |n| n as u8);
    node.done();
    Bar {
        enough,
        confidence,
        on_port,
        port_confidence,
        words,
    }
}
