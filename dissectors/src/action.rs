//! The vocabulary of clinical actions: one set of words over every protocol.
//!
//! A dissector maps its verbs to a [`Verb`]; rules, policy and screens use only these words. A verb
//! that a dissector cannot map is [`Verb::UnknownVerb`], never [`Verb::Read`].

use std::borrow::Cow;

use crate::message::Span;
use crate::schema::Privacy;

/// Declares an enum whose variants have a spelling used in rules, policies and output.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every word of the vocabulary, in declaration order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word as rules, policies and output spell it.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// The reverse of [`Self::word`].
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words! {
    /// What a message asks for or reports.
    Verb {
        SetRate = "set-rate",
        SetDose = "set-dose",
        SetVolume = "set-volume",
        Start = "start",
        Stop = "stop",
        Pause = "pause",
        Bolus = "bolus",
        SetMode = "set-mode",
        SetAlarmLimit = "set-alarm-limit",
        SilenceAlarm = "silence-alarm",
        DisableAlarm = "disable-alarm",
        SetPatient = "set-patient",
        SetTime = "set-time",
        LoadLibrary = "load-library",
        LoadFirmware = "load-firmware",
        Configure = "configure",
        Restart = "restart",
        ServiceMode = "service-mode",
        Order = "order",
        Store = "store",
        Retrieve = "retrieve",
        Read = "read",
        Subscribe = "subscribe",
        Delete = "delete",
        Merge = "merge",
        Verify = "verify",
        Discover = "discover",
        Print = "print",
        Notify = "notify",
        /// The dissector does not know this verb; it may be a write.
        UnknownVerb = "unknown-verb",
    }
}

words! {
    /// What an action puts at stake. It follows from the verb (and, for an unknown verb, the device).
    Effect {
        Therapy = "therapy",
        Safety = "safety",
        Identity = "identity",
        Record = "record",
        Integrity = "integrity",
        Availability = "availability",
        Disclosure = "disclosure",
        None = "none",
    }
}

words! {
    /// The kind of device that an action works on.
    Device {
        Unknown = "unknown",
        Pump = "pump",
        Ventilator = "ventilator",
        Monitor = "monitor",
        Anaesthesia = "anaesthesia",
        Dialysis = "dialysis",
        Analyser = "analyser",
        Imaging = "imaging",
        Radiotherapy = "radiotherapy",
        Pacs = "pacs",
        Gateway = "gateway",
        SerialGateway = "serial-gateway",
        Meter = "meter",
        Server = "server",
        Workstation = "workstation",
    }
}

words! {
    /// What became of a request, as its answer tells.
    Outcome {
        /// Asked; no answer seen yet, or the answer says "in progress".
        Requested = "requested",
        Accepted = "accepted",
        Refused = "refused",
        Failed = "failed",
        /// The answer cannot be known (other direction missing, capture ended).
        Unknown = "unknown",
    }
}

impl Verb {
    /// The effect of this verb on a device of the given kind.
    pub const fn effect(self, device: Device) -> Effect {
        match self {
            Verb::SetRate
            | Verb::SetDose
            | Verb::SetVolume
            | Verb::Start
            | Verb::Stop
            | Verb::Pause
            | Verb::Bolus
            | Verb::SetMode
            | Verb::LoadLibrary
            | Verb::LoadFirmware
            | Verb::Order => Effect::Therapy,
            Verb::SetAlarmLimit | Verb::SilenceAlarm | Verb::DisableAlarm => Effect::Safety,
            Verb::SetPatient => Effect::Identity,
            Verb::Store | Verb::Delete | Verb::Merge => Effect::Record,
            Verb::SetTime => Effect::Integrity,
            Verb::Configure | Verb::Restart | Verb::ServiceMode => Effect::Availability,
            Verb::Retrieve | Verb::Read | Verb::Subscribe => Effect::Disclosure,
            Verb::Verify | Verb::Discover | Verb::Print | Verb::Notify => Effect::None,
            Verb::UnknownVerb if device.gives_therapy() => Effect::Therapy,
            Verb::UnknownVerb => Effect::Availability,
        }
    }
}

impl Device {
    /// True for devices that act on a patient.
    pub const fn gives_therapy(self) -> bool {
        matches!(
            self,
            Device::Pump
                | Device::Ventilator
                | Device::Anaesthesia
                | Device::Dialysis
                | Device::Radiotherapy
        )
    }
}

/// What an order id is about: it identifies a visit, in whichever part of a message it stands.
pub const ORDER: Privacy = Privacy::Patient("accession");

/// An action as a dissector states it. Everything but the verb is optional (empty or `None`).
#[derive(Clone, Copy, Debug)]
pub struct Action<'a> {
    pub verb: Verb,
    /// The kind of device acted on, if the protocol tells.
    pub device: Device,
    /// The device's own name on the wire: a serial number, a bed, an AE title, an EUI-64.
    pub device_id: &'a [u8],
    /// Channel or module within the device.
    pub channel: &'a [u8],
    /// Operation handle (SDC), SOP instance, command code: what exactly is operated.
    pub handle: &'a [u8],
    /// Order id (placer order number, accession...): patient data, [`ORDER`].
    pub order: &'a [u8],
    /// Drug code or name.
    pub drug: &'a [u8],
    /// Where data are sent to, if that is somebody other than the receiver (C-MOVE destination).
    pub destination: &'a [u8],
    pub value: Option<Quantity<'a>>,
    pub outcome: Outcome,
}

impl Action<'_> {
    /// An action of which only the verb is known.
    pub const fn of(verb: Verb) -> Self {
        Action {
            verb,
            device: Device::Unknown,
            device_id: b"",
            channel: b"",
            handle: b"",
            order: b"",
            drug: b"",
            destination: b"",
            value: None,
            outcome: Outcome::Requested,
        }
    }
}

/// A number with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity<'a> {
    /// The number; NaN where the text sent is not a number (keep it in `sent`, add an anomaly).
    pub number: f64,
    /// The number as sent.
    pub sent: &'a [u8],
    /// The unit as a UCUM code (`mL/h`, `ug/kg/min`, `mm[Hg]`, `cm[H2O]`, `%`), empty if unknown.
    pub unit: &'a [u8],
    /// The parameter's or unit's code as sent (MDC, vendor), empty if none.
    pub code: &'a [u8],
}

impl<'a> Quantity<'a> {
    /// The number as people read it: see [`shown_number`].
    pub fn shown(&self) -> Cow<'a, [u8]> {
        shown_number(self.number, self.sent)
    }
}

/// A number as people read it: the text that was sent where that says the number, else the number
/// and what was sent (a hexadecimal field, tenths without a point).
pub fn shown_number(number: f64, sent: &[u8]) -> Cow<'_, [u8]> {
    if number.is_nan() {
        return sent.into();
    }
    let text = std::str::from_utf8(sent).unwrap_or("").trim();
    let said = text.replace(',', ".").parse::<f64>().ok();
    match said {
        Some(said) if said == number => sent.into(),
        _ if sent.is_empty() => number.to_string().into_bytes().into(),
        _ => [number.to_string().as_bytes(), b" (sent ", sent, b")"]
            .concat()
            .into(),
    }
}

/// An action as it lies in a batch; read it through `Message::action`.
#[derive(Clone, Copy, Debug)]
pub struct StoredAction {
    pub verb: Verb,
    pub device: Device,
    pub outcome: Outcome,
    pub device_id: Span,
    pub channel: Span,
    pub handle: Span,
    pub order: Span,
    pub drug: Span,
    pub destination: Span,
    pub value: Option<StoredQuantity>,
}

/// A quantity as it lies in a batch.
#[derive(Clone, Copy, Debug)]
pub struct StoredQuantity {
    pub number: f64,
    pub sent: Span,
    pub unit: Span,
    pub code: Span,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_shown_as_sent_only_where_people_would_read_it_so() {
        for (number, sent, shown) in [
            (1200.0, "2EE0", "1200 (sent 2EE0)"),
            (16.0, "10", "16 (sent 10)"),
            (45.0, "450", "45 (sent 450)"),
            (120.0, "120.0", "120.0"),
            (1.5, "1,5", "1,5"),
            (7.25, "", "7.25"),
            (f64::NAN, "LO", "LO"),
        ] {
            assert_eq!(shown_number(number, sent.as_bytes()), shown.as_bytes());
        }
    }
}
