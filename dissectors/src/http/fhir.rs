//! FHIR REST (R4 4.0.1, RESTful API): what a request asks, and what a JSON body tells.

use super::fields::*;
use super::head::Head;
use super::json::{Item, Json};
use super::service::{Ask, contains};
use super::target::Target;
use crate::action::{Action, Device, Outcome, Quantity, Verb};
use crate::message::Draft;
use crate::sdc::nomenclature;

/// Resource types (R4 4.0.1, resource list). Those marked false are also common words: alone they
/// do not make a path FHIR.
const TYPES: &[(&str, bool)] = &[
    ("Account", false),
    ("AdverseEvent", true),
    ("AllergyIntolerance", true),
    ("Appointment", false),
    ("AuditEvent", true),
    ("Basic", false),
    ("Binary", false),
    ("BodyStructure", true),
    ("Bundle", false),
    ("CarePlan", true),
    ("CareTeam", true),
    ("ClinicalImpression", true),
    ("Communication", false),
    ("CommunicationRequest", true),
    ("Composition", false),
    ("Condition", false),
    ("Consent", false),
    ("Coverage", false),
    ("DetectedIssue", true),
    ("Device", false),
    ("DeviceAlert", true),
    ("DeviceDefinition", true),
    ("DeviceDispense", true),
    ("DeviceMetric", true),
    ("DeviceRequest", true),
    ("DeviceUsage", true),
    ("DeviceUseStatement", true),
    ("DiagnosticReport", true),
    ("DocumentReference", true),
    ("Encounter", true),
    ("Endpoint", false),
    ("EpisodeOfCare", true),
    ("FamilyMemberHistory", true),
    ("Flag", false),
    ("Goal", false),
    ("Group", false),
    ("ImagingStudy", true),
    ("Immunization", true),
    ("Library", false),
    ("List", false),
    ("Location", false),
    ("Measure", false),
    ("Media", false),
    ("Medication", false),
    ("MedicationAdministration", true),
    ("MedicationDispense", true),
    ("MedicationRequest", true),
    ("MedicationStatement", true),
    ("MessageHeader", true),
    ("NutritionOrder", true),
    ("Observation", true),
    ("OperationOutcome", true),
    ("Organization", false),
    ("Parameters", false),
    ("Patient", true),
    ("Person", false),
    ("Practitioner", true),
    ("PractitionerRole", true),
    ("Procedure", false),
    ("Provenance", false),
    ("Questionnaire", false),
    ("QuestionnaireResponse", true),
    ("RelatedPerson", true),
    ("RequestGroup", true),
    ("RiskAssessment", true),
    ("Schedule", false),
    ("ServiceRequest", true),
    ("Slot", false),
    ("Specimen", false),
    ("Subscription", false),
    ("Substance", false),
    ("SupplyRequest", true),
    ("Task", false),
    ("ValueSet", true),
    ("VisionPrescription", true),
];

/// Classes a request, if it speaks FHIR.
pub fn ask<'a>(method: &str, target: &Target<'a>, head: &Head<'_>) -> Option<Ask<'a>> {
    let segments = target.segments();
    let base = segments
        .iter()
        .position(|s| contains(s.as_bytes(), b"fhir"));
    let said = base.is_some()
        || contains(head.content_type, b"fhir+")
        || contains(head.content_type, b"+fhir")
        || contains(head.accept, b"fhir+");
    let from = base.map_or(0, |b| b + 1);
    let at = segments.iter().enumerate().skip(from).find(|(_, s)| {
        TYPES
            .iter()
            .any(|(name, sure)| name == *s && (said || *sure))
    });
    let reads = matches!(method, "GET" | "HEAD");
    if let Some((at, kind)) = at {
        return Some(typed(method, target, at, kind, reads));
    }
    if !said {
        return None;
    }
    let rest = segments.get(from..).unwrap_or(&[]);
    let last = rest.last().copied().unwrap_or("");
    let mut ask = Ask {
        service: "fhir",
        fixed: (1u32 << from.min(31)) - 1,
        ..Ask::default()
    };
    if last.starts_with('$') {
        ask.fixed |= 1u32.checked_shl(segments.len() as u32 - 1).unwrap_or(0);
        (ask.interaction, ask.verb) = operation(last, method);
        ask.operation = last;
    } else {
        let (interaction, verb) = match (method, last) {
            ("GET" | "HEAD", "metadata") => ("capabilities", Verb::Discover),
            ("GET" | "HEAD", "smart-configuration") => ("capabilities", Verb::Discover),
            ("OPTIONS", _) => ("options", Verb::Discover),
            ("POST", "_search") => ("search", Verb::Read),
            ("GET" | "HEAD", "_history") => ("history", Verb::Read),
            ("GET" | "HEAD", file) if file.ends_with(".ndjson") => ("bulk-file", Verb::Retrieve),
            ("GET" | "HEAD", "") => ("search", Verb::Read),
            ("GET" | "HEAD", _) => ("other", Verb::Read),
            // What it does stands in the entries.
            ("POST", "") => ("transaction", Verb::UnknownVerb),
            ("POST", "token" | "introspect") => ("token", Verb::Verify),
            ("DELETE", _) => ("other", Verb::Delete),
            _ => ("other", Verb::UnknownVerb),
        };
        (ask.interaction, ask.verb) = (interaction, Some(verb));
    }
    Some(ask)
}

fn typed<'a>(method: &str, target: &Target<'a>, at: usize, kind: &'a str, reads: bool) -> Ask<'a> {
    let segments = target.segments();
    let mut ask = Ask {
        service: "fhir",
        resource: kind,
        ..Ask::default()
    };
    let tail = &segments[at + 1..];
    let mut tail_words = tail;
    if let Some((first, rest)) = tail.split_first()
        && !first.starts_with(['$', '_'])
    {
        ask.resource_id = first;
        tail_words = rest;
    }
    for (i, segment) in segments.iter().enumerate().take(32) {
        let is_version = i > 0 && segments[i - 1] == "_history";
        let word =
            i <= at || segment.starts_with(['$', '_']) || TYPES.iter().any(|(n, _)| n == segment);
        if i > at && (is_version || i == at + 1 && !ask.resource_id.is_empty() || !word) {
            ask.ids |= 1 << i;
        } else {
            ask.fixed |= 1 << i;
        }
    }
    let has_id = !ask.resource_id.is_empty();
    if let Some(op) = tail_words.iter().find(|s| s.starts_with('$')) {
        (ask.interaction, ask.verb) = operation(op, method);
        ask.operation = op;
        return ask;
    }
    let word = tail_words.first().copied().unwrap_or("");
    let (interaction, verb) = match (method, word) {
        ("POST", "_search") => ("search", Verb::Read),
        (_, "_history") if reads && tail_words.len() > 1 => ("vread", Verb::Read),
        (_, "_history") if reads => ("history", Verb::Read),
        (_, "") if reads && has_id => ("read", Verb::Read),
        (_, _) if reads => ("search", Verb::Read),
        ("POST", "") if !has_id => ("create", write_verb(kind, method)),
        ("PUT", "") if has_id => ("update", write_verb(kind, method)),
        ("PUT", "") => ("conditional-update", write_verb(kind, method)),
        ("PATCH", "") => ("patch", write_verb(kind, method)),
        ("DELETE", "") if has_id => ("delete", Verb::Delete),
        ("DELETE", _) => ("conditional-delete", Verb::Delete),
        ("OPTIONS", _) => ("options", Verb::Discover),
        _ => ("other", Verb::UnknownVerb),
    };
    (ask.interaction, ask.verb) = (interaction, Some(verb));
    ask
}

fn operation(name: &str, method: &str) -> (&'static str, Option<Verb>) {
    let verb = match name {
        "$everything" | "$export" | "$document" | "$summary" | "$docref" => Verb::Retrieve,
        "$match" | "$lastn" | "$meta" | "$expand" | "$lookup" | "$translate" | "$validate-code"
        | "$subsumes" | "$stats" | "$find" => Verb::Read,
        "$graphql" if method == "GET" => Verb::Read,
        "$validate" | "$convert" | "$versions" => Verb::Verify,
        "$expunge" | "$mark-all-resources-for-reindexing" => Verb::Delete,
        "$merge" => Verb::Merge,
        "$process-message" | "$submit" => Verb::Store,
        "$reindex" | "$meta-add" | "$meta-delete" => Verb::Configure,
        _ => Verb::UnknownVerb,
    };
    ("operation", Some(verb))
}

/// What writing a resource of this type does.
fn write_verb(kind: &str, method: &str) -> Verb {
    if method == "DELETE" {
        return Verb::Delete;
    }
    match kind {
        "DeviceRequest" | "MedicationRequest" | "ServiceRequest" | "NutritionOrder"
        | "RequestGroup" | "SupplyRequest" | "CarePlan" => Verb::Order,
        "Patient" | "Person" | "RelatedPerson" | "Encounter" | "EpisodeOfCare" => Verb::SetPatient,
        "DeviceMetric" | "Device" | "DeviceDefinition" | "DeviceUsage" | "DeviceUseStatement"
        | "Endpoint" => Verb::Configure,
        "Subscription" => Verb::Subscribe,
        "Task" | "Communication" | "CommunicationRequest" => Verb::Notify,
        "Bundle" => Verb::UnknownVerb,
        _ => Verb::Store,
    }
}

/// The verb whose effect weighs more.
fn graver(a: Verb, b: Verb) -> Verb {
    if b.effect(Device::Unknown) < a.effect(Device::Unknown) {
        b
    } else {
        a
    }
}

/// Walks a JSON body, writes what it tells into `draft`, and gives the action. `asks` is none for a
/// response. False if the body is no JSON.
pub fn body(json: &[u8], cut: bool, asks: Option<&Ask<'_>>, draft: &mut Draft<'_>) -> bool {
    let mut walk = Json::new(json);
    let mut found = Found::default();
    // The key, resource type and id of each open object.
    let mut open: [Level<'_>; 65] = [Level::default(); 65];
    while let Some(item) = walk.next() {
        let depth = walk.depth;
        match item {
            Item::Open { key, .. } => {
                if let Some(level) = open.get_mut(depth) {
                    *level = Level {
                        key,
                        ..Level::default()
                    };
                }
            }
            Item::Close => {
                if let Some(level) = open.get(depth + 1).copied() {
                    found.close(&level, draft);
                }
            }
            Item::Text { key, value } | Item::Word { key, value } => {
                if let Some((level, above)) =
                    open.get_mut(..=depth).and_then(|o| o.split_last_mut())
                {
                    found.value(key, value, depth, level, above, draft);
                }
            }
        }
    }
    found.write(asks, draft);
    !walk.bad || cut
}

#[derive(Clone, Copy, Default)]
struct Level<'a> {
    key: &'a [u8],
    resource: &'a [u8],
    id: &'a [u8],
}

#[derive(Default)]
struct Found<'a> {
    top: &'a [u8],
    resources: i64,
    patients: i64,
    bundle: &'a [u8],
    total: Option<i64>,
    code: &'a [u8],
    value: &'a [u8],
    unit: &'a [u8],
    quantity_of: &'a [u8],
    device: &'a [u8],
    issue: &'a [u8],
    status: &'a [u8],
    entries: Option<Verb>,
    entry_method: &'a [u8],
    entry_url: &'a [u8],
}

impl<'a> Found<'a> {
    fn value(
        &mut self,
        key: &'a [u8],
        value: &'a [u8],
        depth: usize,
        level: &mut Level<'a>,
        above: &[Level<'a>],
        draft: &mut Draft<'_>,
    ) {
        let at = level.key;
        match key {
            b"resourceType" => {
                level.resource = value;
                self.resources += 1;
                if depth == 1 && self.top.is_empty() {
                    self.top = value;
                }
            }
            b"id" => level.id = value,
            b"total" if depth == 1 => self.total = integer(value),
            b"type" if depth == 1 => self.bundle = value,
            b"operationalStatus" => self.status = value,
            b"reference" => {
                if let Some(id) = local_id(value, b"Patient/") {
                    draft.text(PATIENT_ID, id);
                } else if let Some(id) = local_id(value, b"Device/")
                    && self.device.is_empty()
                {
                    self.device = id;
                }
            }
            b"code"
                if at.ends_with(b"Quantity")
                    && (self.value.is_empty() || self.quantity_of == at) =>
            {
                self.unit = value;
            }
            b"code" if above.iter().any(|l| matches!(l.key, b"coding")) || at == b"coding" => {
                let setting = above
                    .iter()
                    .any(|l| matches!(l.key, b"parameter" | b"code"));
                if setting && value.len() <= 12 && value.iter().all(u8::is_ascii_digit) {
                    draft.text(CODE, value);
                    if self.value.is_empty() {
                        self.code = value;
                    }
                }
            }
            b"code"
                if at.is_empty()
                    && above.iter().any(|l| l.key == b"issue")
                    && self.issue.is_empty() =>
            {
                self.issue = value;
            }
            b"value" if at.ends_with(b"Quantity") && self.value.is_empty() => {
                self.value = value;
                self.quantity_of = at;
            }
            b"unit"
                if at.ends_with(b"Quantity")
                    && (self.value.is_empty() || self.quantity_of == at)
                    && self.unit.is_empty() =>
            {
                self.unit = value;
            }
            b"method" if at == b"request" => self.entry_method = value,
            b"url" if at == b"request" => self.entry_url = value,
            _ => {}
        }
    }

    fn close(&mut self, level: &Level<'a>, draft: &mut Draft<'_>) {
        if level.resource == b"Patient" {
            self.patients += 1;
            if !level.id.is_empty() {
                draft.text(PATIENT_ID, level.id);
            }
        }
        if level.resource == b"Device" && self.device.is_empty() {
            self.device = level.id;
        }
        if level.key == b"request" && !self.entry_method.is_empty() {
            let text = |b: &'a [u8]| std::str::from_utf8(b).unwrap_or("");
            let (method, url) = (text(self.entry_method), text(self.entry_url));
            let path = url.split('?').next().unwrap_or("");
            let mut pieces = path.split('/').filter(|s| !s.is_empty());
            let kind = pieces
                .find(|s| TYPES.iter().any(|(n, _)| n == s))
                .unwrap_or("");
            let verb = match method {
                "GET" | "HEAD" => Verb::Read,
                "POST" | "PUT" | "PATCH" | "DELETE" => match pieces.find(|s| s.starts_with('$')) {
                    Some(op) => operation(op, method).1.unwrap_or(Verb::UnknownVerb),
                    None => write_verb(kind, method),
                },
                _ => Verb::UnknownVerb,
            };
            self.entries = Some(self.entries.map_or(verb, |e| graver(e, verb)));
            (self.entry_method, self.entry_url) = (b"", b"");
        }
    }

    fn write(&self, asks: Option<&Ask<'_>>, draft: &mut Draft<'_>) {
        draft
            .integer(RESOURCES, self.resources)
            .integer(PATIENTS, self.patients);
        if self.top == b"Bundle" {
            draft.text_if(BUNDLE, self.bundle);
        }
        if let Some(total) = self.total {
            draft.integer(TOTAL, total);
        }
        draft.text_if(DEVICE, self.device);
        if self.top == b"OperationOutcome" {
            draft.text_if(ERROR_CODE, self.issue);
        }
        let Some(ask) = asks else {
            if !self.top.is_empty() {
                draft.text(RESOURCE, self.top);
            }
            return;
        };
        let mut verb = ask.verb.unwrap_or(Verb::UnknownVerb);
        if ask.interaction == "transaction" {
            // An empty bundle does nothing; one without requests cannot be classed.
            verb = match self.entries {
                Some(entries) => entries,
                None if self.top == b"Bundle" && self.resources == 1 => Verb::Read,
                None => Verb::UnknownVerb,
            };
        }
        let value = (!self.value.is_empty()).then(|| Quantity {
            number: number(self.value),
            sent: self.value,
            unit: self.unit,
            code: self.code,
        });
        if verb == Verb::Order && ask.resource == "DeviceRequest" && value.is_some() {
            let code = std::str::from_utf8(self.code)
                .ok()
                .and_then(|c| c.parse().ok())
                .unwrap_or(0);
            verb = nomenclature::setting_verb(code, self.unit).unwrap_or(verb);
        }
        let writes = !matches!(verb, Verb::Read | Verb::Retrieve | Verb::Store);
        draft.action(Action {
            device_id: if self.device.is_empty() && ask.resource == "Device" {
                ask.resource_id.as_bytes()
            } else {
                self.device
            },
            handle: if ask.resource == "DeviceMetric" {
                ask.resource_id.as_bytes()
            } else {
                b""
            },
            value: value.filter(|_| writes),
            outcome: Outcome::Requested,
            ..Action::of(verb)
        });
    }
}

/// The id in a reference such as `Patient/17` or `http://host/fhir/Patient/17/_history/2`.
fn local_id<'a>(reference: &'a [u8], kind: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(reference, kind)?;
    if at > 0 && reference[at - 1] != b'/' {
        return None;
    }
    let id = &reference[at + kind.len()..];
    let end = memchr::memchr2(b'/', b'?', id).unwrap_or(id.len());
    (end > 0).then(|| &id[..end])
}

fn integer(value: &[u8]) -> Option<i64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn number(value: &[u8]) -> f64 {
    std::str::from_utf8(value)
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(f64::NAN)
}
