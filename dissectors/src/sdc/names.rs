//! Namespaces, actions and kinds of SDC.

use super::fields::*;
use crate::action::Verb;
use crate::schema::KindId;

/// A namespace that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ns {
    /// No namespace.
    None,
    /// One that is not listed.
    Other,
    Soap12,
    Soap11,
    Wsa,
    Wsd,
    Dpws,
    Wse,
    Mex,
    Wxf,
    Mdpws,
    Msg,
    Pm,
    Ext,
    Xsi,
    Wsdl,
    /// An older or draft form of one of them.
    Old,
}

impl Ns {
    pub fn of(uri: &str) -> Ns {
        match uri {
            "http://www.w3.org/2003/05/soap-envelope" => Ns::Soap12,
            "http://schemas.xmlsoap.org/soap/envelope/" => Ns::Soap11,
            "http://www.w3.org/2005/08/addressing" => Ns::Wsa,
            "http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01" => Ns::Wsd,
            "http://docs.oasis-open.org/ws-dd/ns/dpws/2009/01" => Ns::Dpws,
            "http://schemas.xmlsoap.org/ws/2004/08/eventing" => Ns::Wse,
            "http://schemas.xmlsoap.org/ws/2004/09/mex" => Ns::Mex,
            "http://schemas.xmlsoap.org/ws/2004/09/transfer" => Ns::Wxf,
            "http://standards.ieee.org/downloads/11073/11073-20702-2016" => Ns::Mdpws,
            "http://standards.ieee.org/downloads/11073/11073-10207-2017/message" => Ns::Msg,
            "http://standards.ieee.org/downloads/11073/11073-10207-2017/participant" => Ns::Pm,
            "http://standards.ieee.org/downloads/11073/11073-10207-2017/extension" => Ns::Ext,
            "http://www.w3.org/2001/XMLSchema-instance" => Ns::Xsi,
            "http://schemas.xmlsoap.org/wsdl/" => Ns::Wsdl,
            // WS-Discovery and WS-Addressing before OASIS and W3C, as printers and trial devices
            // still speak; draft BICEPS.
            _ if uri.starts_with("http://schemas.xmlsoap.org/ws/")
                || uri.starts_with("http://message-model-uri/")
                || uri.starts_with("http://domain-model-uri/") =>
            {
                Ns::Old
            }
            _ => Ns::Other,
        }
    }
}

/// What a message is for, before its content is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Its verb is this, whatever it holds.
    Does(Verb),
    /// Set operations: the verb follows from what is set.
    Set,
    /// An answer, or a fault: no action of its own.
    Answer,
}

/// How much of a body is worth reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The root element's attributes.
    Root,
    /// All of it.
    Whole,
    /// All of it if it names patients, else the root.
    Patients,
}

/// One kind of body: its local name, kind, class, depth.
pub struct Body {
    pub name: &'static str,
    pub kind: KindId,
    pub class: Class,
    pub depth: Depth,
}

macro_rules! bodies {
    ($($name:literal $kind:ident $class:expr, $depth:ident;)+) => {
        /// Every kind of body of SDC.
        pub const BODIES: &[Body] = &[$(Body { name: $name, kind: $kind, class: $class, depth: Depth::$depth }),+];
    };
}

use Class::{Answer, Does, Set};

bodies! {
    "Hello" HELLO Does(Verb::Discover), Whole;
    "Bye" BYE Does(Verb::Discover), Whole;
    "Probe" PROBE Does(Verb::Discover), Whole;
    "ProbeMatches" PROBE_MATCHES Answer, Whole;
    "Resolve" RESOLVE Does(Verb::Discover), Whole;
    "ResolveMatches" RESOLVE_MATCHES Answer, Whole;
    "Get" GET Does(Verb::Verify), Root;
    "GetMetadata" GET_METADATA Does(Verb::Verify), Root;
    "Metadata" METADATA Answer, Whole;
    "Subscribe" SUBSCRIBE Does(Verb::Subscribe), Whole;
    "SubscribeResponse" SUBSCRIBE_RESPONSE Answer, Whole;
    "Renew" RENEW Does(Verb::Subscribe), Whole;
    "RenewResponse" RENEW_RESPONSE Answer, Whole;
    "GetStatus" GET_STATUS Does(Verb::Subscribe), Whole;
    "GetStatusResponse" GET_STATUS_RESPONSE Answer, Whole;
    "Unsubscribe" UNSUBSCRIBE Does(Verb::Subscribe), Whole;
    "UnsubscribeResponse" UNSUBSCRIBE_RESPONSE Answer, Root;
    "SubscriptionEnd" SUBSCRIPTION_END Does(Verb::Notify), Whole;
    "GetMdib" GET_MDIB Does(Verb::Read), Root;
    "GetMdibResponse" GET_MDIB_RESPONSE Answer, Whole;
    "GetMdDescription" GET_MD_DESCRIPTION Does(Verb::Read), Root;
    "GetMdDescriptionResponse" GET_MD_DESCRIPTION_RESPONSE Answer, Whole;
    "GetMdState" GET_MD_STATE Does(Verb::Read), Root;
    "GetMdStateResponse" GET_MD_STATE_RESPONSE Answer, Patients;
    "GetContextStates" GET_CONTEXT_STATES Does(Verb::Read), Root;
    "GetContextStatesResponse" GET_CONTEXT_STATES_RESPONSE Answer, Patients;
    "GetContextStatesByIdentification" GET_CONTEXT_STATES_BY_IDENTIFICATION Does(Verb::Read), Whole;
    "GetContextStatesByIdentificationResponse" GET_CONTEXT_STATES_BY_IDENTIFICATION_RESPONSE Answer, Patients;
    "GetContextStatesByFilter" GET_CONTEXT_STATES_BY_FILTER Does(Verb::Read), Root;
    "GetContextStatesByFilterResponse" GET_CONTEXT_STATES_BY_FILTER_RESPONSE Answer, Patients;
    "SetValue" SET_VALUE Set, Whole;
    "SetValueResponse" SET_VALUE_RESPONSE Answer, Whole;
    "SetString" SET_STRING Set, Whole;
    "SetStringResponse" SET_STRING_RESPONSE Answer, Whole;
    "Activate" ACTIVATE Set, Whole;
    "ActivateResponse" ACTIVATE_RESPONSE Answer, Whole;
    "SetAlertState" SET_ALERT_STATE Set, Whole;
    "SetAlertStateResponse" SET_ALERT_STATE_RESPONSE Answer, Whole;
    "SetMetricState" SET_METRIC_STATE Set, Whole;
    "SetMetricStateResponse" SET_METRIC_STATE_RESPONSE Answer, Whole;
    "SetComponentState" SET_COMPONENT_STATE Set, Whole;
    "SetComponentStateResponse" SET_COMPONENT_STATE_RESPONSE Answer, Whole;
    "SetContextState" SET_CONTEXT_STATE Set, Whole;
    "SetContextStateResponse" SET_CONTEXT_STATE_RESPONSE Answer, Whole;
    "OperationInvokedReport" OPERATION_INVOKED_REPORT Does(Verb::Notify), Whole;
    "EpisodicContextReport" EPISODIC_CONTEXT_REPORT Does(Verb::Notify), Whole;
    "PeriodicContextReport" PERIODIC_CONTEXT_REPORT Does(Verb::Notify), Whole;
    "EpisodicMetricReport" EPISODIC_METRIC_REPORT Does(Verb::Notify), Root;
    "PeriodicMetricReport" PERIODIC_METRIC_REPORT Does(Verb::Notify), Root;
    "EpisodicAlertReport" EPISODIC_ALERT_REPORT Does(Verb::Notify), Whole;
    "PeriodicAlertReport" PERIODIC_ALERT_REPORT Does(Verb::Notify), Root;
    "EpisodicComponentReport" EPISODIC_COMPONENT_REPORT Does(Verb::Notify), Root;
    "PeriodicComponentReport" PERIODIC_COMPONENT_REPORT Does(Verb::Notify), Root;
    "EpisodicOperationalStateReport" EPISODIC_OPERATIONAL_STATE_REPORT Does(Verb::Notify), Root;
    "PeriodicOperationalStateReport" PERIODIC_OPERATIONAL_STATE_REPORT Does(Verb::Notify), Root;
    "SystemErrorReport" SYSTEM_ERROR_REPORT Does(Verb::Notify), Root;
    "DescriptionModificationReport" DESCRIPTION_MODIFICATION_REPORT Does(Verb::Notify), Whole;
    "WaveformStream" WAVEFORM_STREAM Does(Verb::Notify), Root;
    "ObservedValueStream" OBSERVED_VALUE_STREAM Does(Verb::Notify), Root;
    "GetLocalizedText" GET_LOCALIZED_TEXT Does(Verb::Read), Root;
    "GetLocalizedTextResponse" GET_LOCALIZED_TEXT_RESPONSE Answer, Root;
    "GetSupportedLanguages" GET_SUPPORTED_LANGUAGES Does(Verb::Read), Root;
    "GetSupportedLanguagesResponse" GET_SUPPORTED_LANGUAGES_RESPONSE Answer, Root;
    "GetContainmentTree" GET_CONTAINMENT_TREE Does(Verb::Read), Root;
    "GetContainmentTreeResponse" GET_CONTAINMENT_TREE_RESPONSE Answer, Root;
    "GetDescriptor" GET_DESCRIPTOR Does(Verb::Read), Root;
    "GetDescriptorResponse" GET_DESCRIPTOR_RESPONSE Answer, Root;
    "GetDescriptorsFromArchive" GET_DESCRIPTORS_FROM_ARCHIVE Does(Verb::Read), Root;
    "GetDescriptorsFromArchiveResponse" GET_DESCRIPTORS_FROM_ARCHIVE_RESPONSE Answer, Root;
    "GetStatesFromArchive" GET_STATES_FROM_ARCHIVE Does(Verb::Read), Root;
    "GetStatesFromArchiveResponse" GET_STATES_FROM_ARCHIVE_RESPONSE Answer, Patients;
    "Fault" FAULT Answer, Whole;
}

/// The kind of a body by the local name of its first element.
pub fn body_named(name: &str) -> Option<&'static Body> {
    BODIES.iter().find(|b| b.name == name)
}

/// The last word of an action: `SetValue` of `.../SetService/SetValue`. The transfer answer that
/// carries metadata, and the request of metadata exchange, are named after what they carry.
pub fn action_name(action: &str) -> &str {
    let action = action.strip_suffix("/Request").unwrap_or(action);
    action.rsplit('/').next().unwrap_or(action)
}

/// Is this an action of SDC, or of a service that SDC uses?
pub fn is_own_action(action: &str) -> bool {
    [
        "http://standards.ieee.org/downloads/11073/",
        "http://docs.oasis-open.org/ws-dd/ns/",
        "http://schemas.xmlsoap.org/ws/2004/08/eventing/",
        "http://schemas.xmlsoap.org/ws/2004/09/transfer/",
        "http://schemas.xmlsoap.org/ws/2004/09/mex/",
    ]
    .iter()
    .any(|own| action.starts_with(own))
}

/// Does the body's name fit the action's? A Fault answers anything; an answer to a transfer Get is
/// named Metadata.
pub fn agree(action: &str, body: &str) -> bool {
    let name = action_name(action);
    name == body
        || body == "Fault"
        || body == "Metadata" && matches!(name, "GetResponse" | "Response")
        || body == "ObservedValueStream" && name == "WaveformStream"
        || body == "GetMetadata" && name == "GetMetadata"
}
