//! The vocabulary of clinical actions: one set of words over every protocol.
//!
//! A dissector maps its verbs to a [`Verb`]; rules, policy and screens use only these words. A verb
//! that a dissector cannot map is [`Verb::UnknownVerb`], never [`Verb::Read`].

use crate::message::Span;

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
    /// Order id (placer order number, accession...).
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
