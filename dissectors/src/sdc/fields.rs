//! What an SDC message tells: its fields and kinds.

use crate::{fields, kinds};

fields! {
    SOAP_ACTION "soap_action" Text, Open, "wsa:Action (WS-Addressing 1.0 Core 3.2)";
    MESSAGE_ID "message_id" Text, Open, "wsa:MessageID";
    RELATES_TO "relates_to" Text, Open, "wsa:RelatesTo: the message that this one answers";
    TO "to" Text, Open, "wsa:To";
    HTTP_STATUS "http_status" Integer, Open, "status code of the HTTP response that carries it";
    USER_AGENT "user_agent" Text, Open, "User-Agent of the HTTP request that carries it";
    SERVER "server" Text, Open, "Server of the HTTP response that carries it";
    CONTENT_ENCODING "content_encoding" Text, Open, "gzip, x-lz4... of the HTTP message that carries it";
    INSTANCE "instance" Text, Open, "AppSequence InstanceId: grows when the device restarts (WS-Discovery 1.1 7)";
    NUMBER "number" Text, Open, "AppSequence MessageNumber";
    EPR "epr" Text[many], Open, "address of an endpoint reference: the device's identity (WS-Discovery 1.1 4)";
    TYPES "types" Text[many], Open, "device types, prefixes removed (WS-Discovery 1.1 4)";
    SCOPES "scopes" Text[many], Open, "scopes that tell location, device type or role (11073-20701 9)";
    OTHER_SCOPES "other_scopes" Text[many], Patient("text"), "scopes of any other kind";
    XADDRS "xaddrs" Text[many], Open, "transport addresses (WS-Discovery 1.1 4)";
    METADATA_VERSION "metadata_version" Text, Open, "grows when types, scopes or addresses change";
    MANUFACTURER "manufacturer" Text, Open, "ThisModel or MDS MetaData (DPWS 1.1 4.1)";
    MODEL "model" Text, Open, "ModelName";
    MODEL_NUMBER "model_number" Text, Open, "ModelNumber";
    FRIENDLY_NAME "friendly_name" Text, Open, "ThisDevice FriendlyName";
    FIRMWARE "firmware" Text, Open, "ThisDevice FirmwareVersion";
    SERIAL "serial" Text, Open, "ThisDevice or MetaData SerialNumber";
    UDI "udi" Text, Open, "Udi DeviceIdentifier (10207 MetaData)";
    HOSTED "hosted" Text[many], Open, "types of hosted services";
    DEVICE_CODE "device_code" Text, Open, "Type code of the MDS (11073-10101)";
    DEVICE_SYMBOL "device_symbol" Text, Open, "SymbolicCodeName of the MDS type";
    MDIB_VERSION "mdib_version" Integer, Open, "MdibVersion (10207)";
    SEQUENCE_ID "sequence_id" Text, Open, "SequenceId: a new one voids all handles (10207)";
    INSTANCE_ID "instance_id" Integer, Open, "InstanceId (10207)";
    OPERATION "operation" Text[many], Open, "OperationHandleRef (10207 AbstractSet)";
    OPERATION_TARGET "operation_target" Text[many], Open, "OperationTarget of an OperationInvokedReport";
    VALUE "value" Text[many], Open, "RequestedNumericValue, MetricValue, or an argument, as sent";
    STRING_VALUE "string_value" Text, Patient("text"), "RequestedStringValue (may be any text)";
    TRANSACTION "transaction" Integer[many], Open, "TransactionId (10207 InvocationInfo)";
    INVOCATION_STATE "invocation_state" Text[many], Open, "Wait, Start, Cnclld, CnclldMan, Fin, FinMod, Fail";
    INVOCATION_ERROR "invocation_error" Text[many], Open, "Unspec, Unkn, Inv, Oth";
    STATES "states" Integer, Open, "states in the body";
    HANDLES "handles" Text[many], Open, "DescriptorHandle of the states that a message sets or reports";
    STATE_TYPES "state_types" Text[many], Open, "xsi:type of the states that a message sets or reports";
    ACTIVATION "activation" Text[many], Open, "ActivationState";
    PRESENCE "presence" Text[many], Open, "Presence of an alert";
    LIMIT_LOWER "limit_lower" Decimal, Open, "Limits Lower of a proposed alert state";
    LIMIT_UPPER "limit_upper" Decimal, Open, "Limits Upper of a proposed alert state";
    MONITORED_LIMITS "monitored_limits" Text, Open, "MonitoredAlertLimits: All, LoOff, HiOff, None";
    SIGNALS "signals" Text[many], Open, "SystemSignalActivation as manifestation and state";
    ASSOCIATION "association" Text[many], Open, "ContextAssociation: No, Pre, Assoc, Dis";
    PATIENT_ID "patient_id" Text[many], Patient("pid"), "Identification Extension of a patient context";
    PATIENT_NAME "patient_name" Text[many], Patient("name"), "names of a patient context, family name first";
    PATIENT_BIRTH "patient_birth" Text[many], Patient("birth"), "DateOfBirth";
    PATIENT_SEX "patient_sex" Text[many], Patient("sex"), "Sex";
    STAFF_ID "staff_id" Text[many], Patient("staff"), "Identification Extension of an operator context";
    LOCATION "location" Text[many], Open, "LocationDetail: facility, building, floor, point of care, room, bed";
    PATIENTS "patients" Integer, Open, "patient contexts in the body";
    OPERATIONS "operations" Integer, Open, "operations that a description declares";
    DESCRIPTORS "descriptors" Integer, Open, "metrics that a description declares";
    MODIFICATION "modification" Text[many], Open, "ModificationType: Crt, Upt, Del";
    NOTIFY_TO "notify_to" Text, Open, "NotifyTo address of a subscription (WS-Eventing 3.1)";
    END_TO "end_to" Text, Open, "EndTo address of a subscription";
    EXPIRES "expires" Text, Open, "Expires, as asked or granted (xs:duration)";
    FILTER "filter" Text[many], Open, "names of the actions subscribed to";
    MANAGER "manager" Text, Open, "SubscriptionManager address";
    STATUS "status" Text, Open, "Status of a SubscriptionEnd";
    FAULT_CODE "fault_code" Text[many], Open, "SOAP fault codes, prefixes removed (SOAP 1.2 5.4)";
    FAULT_REASON "fault_reason" Text, Patient("text"), "SOAP fault reason (may repeat what was sent)";
}

kinds! {
    HELLO "Hello", "WS-Discovery 1.1 4.1";
    BYE "Bye", "WS-Discovery 1.1 4.2";
    PROBE "Probe", "WS-Discovery 1.1 5.2";
    PROBE_MATCHES "ProbeMatches", "WS-Discovery 1.1 5.3";
    RESOLVE "Resolve", "WS-Discovery 1.1 6.2";
    RESOLVE_MATCHES "ResolveMatches", "WS-Discovery 1.1 6.3";
    GET "Get", "WS-Transfer Get of a device's metadata";
    GET_METADATA "GetMetadata", "WS-MetadataExchange of a hosted service";
    METADATA "Metadata", "answer to Get and GetMetadata (DPWS 1.1 4)";
    SUBSCRIBE "Subscribe", "WS-Eventing 3.1";
    SUBSCRIBE_RESPONSE "SubscribeResponse", "WS-Eventing 3.1";
    RENEW "Renew", "WS-Eventing 3.2";
    RENEW_RESPONSE "RenewResponse", "WS-Eventing 3.2";
    GET_STATUS "GetStatus", "WS-Eventing 3.3";
    GET_STATUS_RESPONSE "GetStatusResponse", "WS-Eventing 3.3";
    UNSUBSCRIBE "Unsubscribe", "WS-Eventing 3.4";
    UNSUBSCRIBE_RESPONSE "UnsubscribeResponse", "WS-Eventing 3.4";
    SUBSCRIPTION_END "SubscriptionEnd", "WS-Eventing 3.5";
    GET_MDIB "GetMdib", "10207 Get service";
    GET_MDIB_RESPONSE "GetMdibResponse", "10207 Get service";
    GET_MD_DESCRIPTION "GetMdDescription", "10207 Get service";
    GET_MD_DESCRIPTION_RESPONSE "GetMdDescriptionResponse", "10207 Get service";
    GET_MD_STATE "GetMdState", "10207 Get service";
    GET_MD_STATE_RESPONSE "GetMdStateResponse", "10207 Get service";
    GET_CONTEXT_STATES "GetContextStates", "10207 Context service";
    GET_CONTEXT_STATES_RESPONSE "GetContextStatesResponse", "10207 Context service";
    GET_CONTEXT_STATES_BY_IDENTIFICATION "GetContextStatesByIdentification", "10207 Context service";
    GET_CONTEXT_STATES_BY_IDENTIFICATION_RESPONSE "GetContextStatesByIdentificationResponse", "10207 Context service";
    GET_CONTEXT_STATES_BY_FILTER "GetContextStatesByFilter", "10207 Context service";
    GET_CONTEXT_STATES_BY_FILTER_RESPONSE "GetContextStatesByFilterResponse", "10207 Context service";
    SET_VALUE "SetValue", "10207 Set service: one numeric setting";
    SET_VALUE_RESPONSE "SetValueResponse", "10207 Set service";
    SET_STRING "SetString", "10207 Set service: one text setting";
    SET_STRING_RESPONSE "SetStringResponse", "10207 Set service";
    ACTIVATE "Activate", "10207 Set service: starts an action";
    ACTIVATE_RESPONSE "ActivateResponse", "10207 Set service";
    SET_ALERT_STATE "SetAlertState", "10207 Set service: one alert state";
    SET_ALERT_STATE_RESPONSE "SetAlertStateResponse", "10207 Set service";
    SET_METRIC_STATE "SetMetricState", "10207 Set service: several metric states";
    SET_METRIC_STATE_RESPONSE "SetMetricStateResponse", "10207 Set service";
    SET_COMPONENT_STATE "SetComponentState", "10207 Set service: component states";
    SET_COMPONENT_STATE_RESPONSE "SetComponentStateResponse", "10207 Set service";
    SET_CONTEXT_STATE "SetContextState", "10207 Context service: context states";
    SET_CONTEXT_STATE_RESPONSE "SetContextStateResponse", "10207 Context service";
    OPERATION_INVOKED_REPORT "OperationInvokedReport", "10207 Set service: what became of an operation";
    EPISODIC_CONTEXT_REPORT "EpisodicContextReport", "10207 Context service";
    PERIODIC_CONTEXT_REPORT "PeriodicContextReport", "10207 Context service";
    EPISODIC_METRIC_REPORT "EpisodicMetricReport", "10207 State event service";
    PERIODIC_METRIC_REPORT "PeriodicMetricReport", "10207 State event service";
    EPISODIC_ALERT_REPORT "EpisodicAlertReport", "10207 State event service";
    PERIODIC_ALERT_REPORT "PeriodicAlertReport", "10207 State event service";
    EPISODIC_COMPONENT_REPORT "EpisodicComponentReport", "10207 State event service";
    PERIODIC_COMPONENT_REPORT "PeriodicComponentReport", "10207 State event service";
    EPISODIC_OPERATIONAL_STATE_REPORT "EpisodicOperationalStateReport", "10207 State event service";
    PERIODIC_OPERATIONAL_STATE_REPORT "PeriodicOperationalStateReport", "10207 State event service";
    SYSTEM_ERROR_REPORT "SystemErrorReport", "10207 State event service";
    DESCRIPTION_MODIFICATION_REPORT "DescriptionModificationReport", "10207 Description event service";
    WAVEFORM_STREAM "WaveformStream", "10207 Waveform service";
    OBSERVED_VALUE_STREAM "ObservedValueStream", "10207 Waveform service";
    GET_LOCALIZED_TEXT "GetLocalizedText", "10207 Localization service";
    GET_LOCALIZED_TEXT_RESPONSE "GetLocalizedTextResponse", "10207 Localization service";
    GET_SUPPORTED_LANGUAGES "GetSupportedLanguages", "10207 Localization service";
    GET_SUPPORTED_LANGUAGES_RESPONSE "GetSupportedLanguagesResponse", "10207 Localization service";
    GET_CONTAINMENT_TREE "GetContainmentTree", "10207 Containment tree service";
    GET_CONTAINMENT_TREE_RESPONSE "GetContainmentTreeResponse", "10207 Containment tree service";
    GET_DESCRIPTOR "GetDescriptor", "10207 Containment tree service";
    GET_DESCRIPTOR_RESPONSE "GetDescriptorResponse", "10207 Containment tree service";
    GET_DESCRIPTORS_FROM_ARCHIVE "GetDescriptorsFromArchive", "10207 Archive service";
    GET_DESCRIPTORS_FROM_ARCHIVE_RESPONSE "GetDescriptorsFromArchiveResponse", "10207 Archive service";
    GET_STATES_FROM_ARCHIVE "GetStatesFromArchive", "10207 Archive service";
    GET_STATES_FROM_ARCHIVE_RESPONSE "GetStatesFromArchiveResponse", "10207 Archive service";
    FAULT "Fault", "SOAP 1.2 5.4";
    EMPTY "empty", "an HTTP response without a body to one of these messages";
    MALFORMED "malformed", "no envelope can be read";
}

/// Faults that an SDC message may carry. Those of the HTTP message that carries it stand first.
pub const ANOMALIES: &[(&str, &str)] = &[
    ("bare-lf", "a head line ends in LF alone (RFC 9112 2.2)"),
    (
        "length-and-chunked",
        "Content-Length beside Transfer-Encoding (RFC 9112 6.3)",
    ),
    (
        "lengths-differ",
        "two Content-Length values that disagree (RFC 9112 6.3)",
    ),
    (
        "length-repeated",
        "Content-Length twice, with one value (RFC 9110 8.6)",
    ),
    (
        "bad-length",
        "Content-Length is not a number (RFC 9110 8.6)",
    ),
    (
        "bad-transfer-encoding",
        "Transfer-Encoding is not chunked, or chunked is not last (RFC 9112 6.1)",
    ),
    ("bad-chunk", "a chunk's size or end is wrong (RFC 9112 7.1)"),
    ("host-repeated", "two Host fields (RFC 9112 3.2)"),
    ("body-short", "the stream ended before the body did"),
    ("body-lost", "bytes of the body did not reach the sensor"),
    (
        "bad-content",
        "the body does not decode as its Content-Encoding says",
    ),
    ("content-too-long", "the decoded body exceeds a limit"),
    (
        "head-lost",
        "the envelope's HTTP head did not reach the sensor",
    ),
    ("not-xml", "no XML where an envelope should stand"),
    ("not-well-formed", "XML that is not well-formed"),
    ("truncated", "the document ends inside an element"),
    (
        "doctype",
        "a document type declaration: refused in SOAP 1.2 (5), not obeyed here",
    ),
    (
        "entity",
        "an entity that XML does not predefine; not expanded",
    ),
    ("too-deep", "nesting beyond the limit sdc-depth"),
    (
        "too-many-attributes",
        "attributes beyond the limit sdc-attributes",
    ),
    (
        "too-many-namespaces",
        "namespace declarations beyond what is kept",
    ),
    ("utf-16", "the document is UTF-16 (some devices take it)"),
    ("not-utf-8", "bytes that are no UTF-8; read as ISO 8859-1"),
    ("no-action", "no wsa:Action"),
    ("two-actions", "two wsa:Action headers that disagree"),
    (
        "action-body",
        "wsa:Action and the body's first element disagree",
    ),
    ("two-bodies", "more than one element in the body"),
    (
        "two-operations",
        "more than one OperationHandleRef or requested value",
    ),
    (
        "relates-elsewhere",
        "RelatesTo names another message than the one that the HTTP request carried",
    ),
    ("bad-number", "a requested value that is no decimal number"),
    (
        "datagram-too-long",
        "more than 4096 bytes in one datagram (DPWS 1.1 MAX_UDP_ENVELOPE_SIZE)",
    ),
];
