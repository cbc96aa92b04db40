//! The MDIB's description: which operation acts on what, in which unit and range (10207
//! ParticipantModel). What it teaches goes to the judge, and serves this connection at once.

use std::borrow::Cow;
use std::collections::HashMap;

use super::context;
use super::fields::*;
use super::nomenclature::{activate_verb, contains_word, device_kind, setting_verb, ucum};
use super::operation::{Answered, Doing};
use super::xml::{Step, Tag, Xml};
use crate::action::{Device, Verb};
use crate::limits::{self, Limits};
use crate::message::{Draft, Lesson};

/// What a handle means.
#[derive(Clone, Debug)]
pub struct Known {
    pub verb: Verb,
    pub device: Device,
    pub unit: Box<[u8]>,
    pub code: Box<[u8]>,
    /// Its text names a drug.
    pub drug: bool,
}

/// Handles that one connection learned. Those of another SequenceId are forgotten.
pub struct Handles {
    known: HashMap<Box<str>, Known>,
    sequence: String,
    most: usize,
    hit: bool,
    held: usize,
    /// What the metadata say of the device, for an MDIB that does not.
    device: Device,
}

impl Handles {
    pub fn new(most: usize) -> Self {
        Handles {
            known: HashMap::new(),
            sequence: String::new(),
            most,
            hit: false,
            held: 0,
            device: Device::Unknown,
        }
    }

    pub fn get(&self, handle: &str) -> Option<&Known> {
        self.known.get(handle)
    }

    pub fn held(&self) -> usize {
        self.held + self.sequence.capacity()
    }

    /// Was the limit hit since this was asked last?
    pub fn take_hit(&mut self) -> bool {
        std::mem::take(&mut self.hit)
    }

    /// Tells what kind of device the metadata name.
    pub fn carried_by(&mut self, device: Device) {
        if device != Device::Unknown {
            self.device = device;
        }
    }

    fn restart(&mut self, sequence: &str) {
        if self.sequence != sequence {
            self.known.clear();
            self.held = 0;
            self.sequence.clear();
            self.sequence
                .push_str(sequence.get(..sequence.len().min(256)).unwrap_or(""));
        }
    }

    fn learn(&mut self, handle: &str, known: Known) {
        if handle.len() > 256 || self.known.len() >= self.most && !self.known.contains_key(handle) {
            self.hit = true;
            return;
        }
        self.held += handle.len() + known.unit.len() + known.code.len() + size_of::<Known>() + 32;
        self.known.insert(handle.into(), known);
    }
}

/// A code as sent: number, reference id, English description.
#[derive(Clone, Default)]
struct Code<'a> {
    number: u32,
    sent: Cow<'a, str>,
    symbol: Cow<'a, str>,
    text: Cow<'a, str>,
}

impl<'a> Code<'a> {
    fn of(tag: &Tag<'a>) -> Self {
        let sent = tag.attribute("Code").unwrap_or_default();
        Code {
            number: sent.trim().parse().unwrap_or(0),
            sent,
            symbol: tag.attribute("SymbolicCodeName").unwrap_or_default(),
            text: Cow::Borrowed(""),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Mds,
    Metric,
    Operation,
    Clock,
    Alert,
    Other,
}

/// One descriptor.
struct Item<'a> {
    what: What,
    handle: Cow<'a, str>,
    kind: Cow<'a, str>,
    target: Cow<'a, str>,
    device: Device,
    /// MedB or MedC (10207 SafetyClassification).
    grave: bool,
    /// MetricCategory Set or Preset.
    setting: bool,
    code: Code<'a>,
    unit: Code<'a>,
    low: f64,
    high: f64,
    step: f64,
}

/// Which code an open element fills.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Type,
    Unit,
}

/// Reads a description, wherever it stands below the body's first element, and the states beside it.
pub fn read<'a>(
    xml: &mut Xml<'a>,
    handles: &mut Handles,
    limits: &Limits,
    answered: &Answered<'a>,
    doing: &mut Doing<'a>,
    draft: &mut Draft<'_>,
) {
    let most = limits.get(limits::SDC_HANDLES);
    let mut items: Vec<Item<'a>> = Vec::new();
    // Depth and index of the descriptors that are open.
    let mut open: Vec<(u16, usize)> = Vec::new();
    let mut part: Option<(u16, Part)> = None;
    let mut device = Device::Unknown;
    let (mut states, mut patients) = (0, 0);
    loop {
        let tag = match xml.step() {
            Step::Open(tag) => tag,
            Step::Close if xml.depth() < 3 => break,
            Step::Close => {
                let depth = xml.depth();
                open.retain(|(d, _)| *d <= depth);
                part = part.filter(|(d, _)| *d <= depth);
                continue;
            }
            Step::End => break,
            Step::Text(_) => continue,
        };
        let depth = xml.depth();
        let owner = open.last().copied();
        let direct = owner.is_some_and(|(d, _)| d + 1 == depth);
        if let Some(what) = described(&tag) {
            if items.len() >= most {
                handles.hit = true;
                continue;
            }
            items.push(item(what, &tag, device));
            open.push((depth, items.len() - 1));
            continue;
        }
        match tag.local {
            "Type" | "Unit" if direct => {
                let which = if tag.local == "Type" {
                    Part::Type
                } else {
                    Part::Unit
                };
                if let Some(item) = owner.and_then(|(_, i)| items.get_mut(i)) {
                    let code = Code::of(&tag);
                    match which {
                        Part::Type => item.code = code,
                        Part::Unit => item.unit = code,
                    }
                }
                part = Some((depth, which));
                if which == Part::Type && owner.is_some_and(|(_, i)| items[i].what == What::Mds) {
                    let (_, i) = owner.unwrap_or_default();
                    let code = &items[i].code;
                    draft
                        .text_if(DEVICE_CODE, code.sent.as_bytes())
                        .text_if(DEVICE_SYMBOL, code.symbol.as_bytes());
                    device = device_kind(code.number, &code.symbol, "");
                }
            }
            "ConceptDescription" => {
                let Some((at, which)) = part.filter(|(d, _)| d + 1 == depth) else {
                    continue;
                };
                let text = xml.text();
                part = Some((at, which));
                if let Some(item) = owner.and_then(|(_, i)| items.get_mut(i)) {
                    let code = match which {
                        Part::Type => &mut item.code,
                        Part::Unit => &mut item.unit,
                    };
                    if code.text.is_empty() {
                        code.text = text;
                    }
                    if item.what == What::Mds && which == Part::Type && device == Device::Unknown {
                        device = device_kind(0, "", &item.code.text);
                    }
                }
            }
            "TechnicalRange" if direct => {
                if let Some(item) = owner.and_then(|(_, i)| items.get_mut(i)) {
                    item.low = tag.number("Lower").unwrap_or(f64::NAN);
                    item.high = tag.number("Upper").unwrap_or(f64::NAN);
                    item.step = tag.number("StepWidth").unwrap_or(f64::NAN);
                }
            }
            "Manufacturer" | "ModelName" | "ModelNumber" | "SerialNumber" | "DeviceIdentifier" => {
                let field = match tag.local {
                    "Manufacturer" => MANUFACTURER,
                    "ModelName" => MODEL,
                    "ModelNumber" => MODEL_NUMBER,
                    "SerialNumber" => SERIAL,
                    _ => UDI,
                };
                let text = xml.text();
                draft.text_if(field, text.as_bytes());
            }
            "ReportPart" => {
                let kind = tag
                    .attribute("ModificationType")
                    .unwrap_or(Cow::Borrowed("Upt"));
                doing.deletes |= kind == "Del";
                draft.text(MODIFICATION, kind.as_bytes());
            }
            "State" | "ContextState" => {
                states += 1;
                let kind = tag.kind();
                if kind.ends_with("ContextState") && kind != "SystemContextState" {
                    patients += i64::from(kind == "PatientContextState");
                    context::state(&tag, &kind, xml, draft);
                }
            }
            _ => {}
        }
    }
    draft.integer(STATES, states);
    if patients > 0 {
        draft.integer(PATIENTS, patients);
    }
    handles.restart(&answered.sequence);
    if device == Device::Unknown {
        device = handles.device;
    }
    teach(&items, device, handles, draft);
}

/// Is this a descriptor that matters? In a description by its element, in a modification report by
/// its type.
fn described(tag: &Tag<'_>) -> Option<What> {
    Some(match tag.local {
        "Mds" => What::Mds,
        "Metric" => What::Metric,
        "Operation" => What::Operation,
        "Clock" => What::Clock,
        "AlertCondition" | "AlertSignal" | "AlertSystem" => What::Alert,
        "Vmd" | "Channel" | "Sco" | "Battery" | "SystemContext" => What::Other,
        "Descriptor" => {
            let kind = tag.kind();
            match &*kind {
                "MdsDescriptor" => What::Mds,
                "ClockDescriptor" => What::Clock,
                k if k.ends_with("OperationDescriptor") => What::Operation,
                k if k.ends_with("MetricDescriptor") => What::Metric,
                k if k.contains("Alert") => What::Alert,
                _ => What::Other,
            }
        }
        _ => return None,
    })
}

fn item<'a>(what: What, tag: &Tag<'a>, device: Device) -> Item<'a> {
    let is =
        |name: &str, values: &[&str]| tag.attribute(name).is_some_and(|v| values.contains(&&*v));
    Item {
        what,
        handle: tag.attribute("Handle").unwrap_or_default(),
        kind: tag.kind(),
        target: if what == What::Operation {
            tag.attribute("OperationTarget").unwrap_or_default()
        } else {
            Cow::Borrowed("")
        },
        device,
        grave: is("SafetyClassification", &["MedB", "MedC"]),
        setting: is("MetricCategory", &["Set", "Preset"]),
        code: Code::default(),
        unit: Code::default(),
        low: f64::NAN,
        high: f64::NAN,
        step: f64::NAN,
    }
}

/// Teaches every operation and every setting.
fn teach(items: &[Item<'_>], device: Device, handles: &mut Handles, draft: &mut Draft<'_>) {
    let by_handle: HashMap<&str, &Item<'_>> = items.iter().map(|i| (&*i.handle, i)).collect();
    let (mut operations, mut metrics) = (0, 0);
    for item in items {
        let target = match item.what {
            What::Operation => {
                operations += 1;
                by_handle.get(&*item.target).copied()
            }
            What::Metric => {
                metrics += 1;
                Some(item)
            }
            _ => continue,
        };
        if item.handle.is_empty() {
            continue;
        }
        let device = if item.device == Device::Unknown {
            device
        } else {
            item.device
        };
        let mut room = [0u8; 24];
        let metric = target.filter(|t| t.what == What::Metric);
        let unit: &[u8] = metric.map_or(b"", |m| {
            ucum(m.unit.number, &m.unit.symbol, &m.unit.text, &mut room)
        });
        let verb = match item.what {
            What::Metric => setting(item, unit, device),
            _ => operates(item, target, unit, device),
        };
        let code = metric.map_or(&item.code, |m| &m.code);
        let label = if item.code.text.is_empty() {
            &item.code.symbol
        } else {
            &item.code.text
        };
        let (low, high, step) =
            metric.map_or((f64::NAN, f64::NAN, f64::NAN), |m| (m.low, m.high, m.step));
        let drug = metric.is_some_and(|m| {
            contains_word(&m.code.symbol.replace('_', " "), "drug") || m.code.number == 184_330
        });
        draft.teaches(Lesson {
            handle: item.handle.as_bytes(),
            verb,
            device,
            unit,
            code: code.sent.as_bytes(),
            label: label.as_bytes(),
            low,
            high,
            step,
        });
        handles.learn(
            &item.handle,
            Known {
                verb,
                device,
                unit: unit.into(),
                code: code.sent.as_bytes().into(),
                drug,
            },
        );
    }
    if operations + metrics > 0 {
        draft
            .integer(OPERATIONS, operations)
            .integer(DESCRIPTORS, metrics);
    }
}

/// What setting a metric does.
fn setting(metric: &Item<'_>, unit: &[u8], device: Device) -> Verb {
    let infuses = matches!(device, Device::Pump | Device::Unknown);
    if let Some(verb) = setting_verb(metric.code.number, unit).filter(|_| infuses) {
        return verb;
    }
    let words = [&*metric.code.symbol, &*metric.code.text];
    if words
        .iter()
        .any(|w| contains_word(&w.replace('_', " "), "alarm") || contains_word(w, "limit"))
    {
        return Verb::SetAlarmLimit;
    }
    // A setting of a device that treats somebody, whichever it is.
    if metric.grave || metric.setting && device.gives_therapy() {
        Verb::SetMode
    } else {
        Verb::Configure
    }
}

/// What an operation does, by its own code and by what it acts on.
fn operates(operation: &Item<'_>, target: Option<&Item<'_>>, unit: &[u8], device: Device) -> Verb {
    let code = &operation.code;
    let words = || activate_verb(code.number, &code.symbol.replace('_', " "), &code.text);
    let kind = operation
        .kind
        .strip_suffix("Descriptor")
        .unwrap_or(&operation.kind);
    match (kind, target.map(|t| t.what)) {
        (_, Some(What::Clock)) => Verb::SetTime,
        (
            "SetValueOperation" | "SetStringOperation" | "SetMetricStateOperation",
            Some(What::Metric),
        ) => target.map_or(Verb::UnknownVerb, |t| setting(t, unit, device)),
        ("SetStringOperation", _) => match words() {
            Some(verb @ Verb::SetTime) => verb,
            _ if operation.grave && device.gives_therapy() => Verb::UnknownVerb,
            _ => Verb::Configure,
        },
        ("ActivateOperation", _) => match words() {
            Some(verb) => verb,
            None if operation.grave || device.gives_therapy() => Verb::UnknownVerb,
            None => Verb::Configure,
        },
        ("SetAlertStateOperation", _) => Verb::SetAlarmLimit,
        ("SetContextStateOperation", _) => Verb::SetPatient,
        ("SetComponentStateOperation", _) => Verb::Configure,
        _ => Verb::UnknownVerb,
    }
}
