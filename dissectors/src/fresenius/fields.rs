//! What the dissector shows. Verbs that no driver was seen to use are graded experimental.

use crate::{fields, kinds};

fields! {
    MODULE "module" Text, Open, "0 the base, 1.. a syringe module; none for a pump that stands alone";
    ARGUMENT "argument" Text, Open, "arguments of a request or data of a reply, as sent, where they are not text about a person";
    VARIABLE "variable" Text[many], Open, "variables of a reply: id letter and value as sent";
    RATE "rate" Quantity, Open, "flow rate (PR, variable d): hexadecimal tenths of mL/h; for PR unverified";
    VOLUME "volume" Quantity, Open, "volume infused (variable r): hexadecimal microlitres";
    BOLUS_RATE "bolus_rate" Quantity, Open, "bolus rate (variable k), scaled as the flow rate: unverified";
    BOLUS_VOLUME "bolus_volume" Quantity, Open, "bolus volume (variable s), scaled as the volume: unverified";
    ALARM "alarm" Text, Open, "alarm variable a, as sent";
    DRUG "drug" Text, Open, "drug name (EP)";
    IDENTITY "identity" Text, Patient("text"), "identity text (EN, LN); may hold a bed or a patient id";
    SHOWN "shown" Text, Patient("text"), "text of a reply to LP, LN or an unknown request";
    ERROR "error" Text, Open, "code of a refusal or of a NAK";
    MEANING "meaning" Text, Open, "what the code means";
}

kinds! {
    MALFORMED "malformed", "bytes that are no frame";
    ACK "ACK", "frame received";
    NAK "NAK", "frame not accepted; one character says why";
    ENQ "ENQ", "keep-alive question of the base";
    DC4 "DC4", "keep-alive answer of the host";
    DC "DC", "connect";
    FC "FC", "disconnect";
    MO "MO", "mode: 2 takes control, 1 gives it back to the keys";
    RZ "RZ" (Experimental), "reset";
    OF "OF" (Experimental), "power off";
    SI "SI", "silence alarm";
    EP "EP", "enter drug name";
    LP "LP", "read drug name";
    AP "AP" (Experimental), "show drug name";
    EN "EN" (Experimental), "set identity";
    LN "LN" (Experimental), "read identity";
    DE "DE", "enable spontaneous variables";
    AE "AE", "disable spontaneous variables";
    DM "DM" (Experimental), "enable spontaneous adjustments";
    AM "AM" (Experimental), "disable spontaneous adjustments";
    LM "LM" (Experimental), "read adjustments";
    LE "LE", "read variables";
    LF "LF", "read fixed data: b is the device type";
    PR "PR", "set rate";
    PO "PO", "pause";
    PB "PB", "bolus";
    PF "PF" (Experimental), "empty-syringe mode";
    PV "PV" (Experimental), "volume limit";
    RV "RV", "reset volume";
    PP "PP" (Experimental), "pressure limit";
    PS "PS" (Experimental), "dynamic pressure";
    E_ACK "E", "host acknowledges a spontaneous variable";
    M_ACK "M", "host acknowledges a spontaneous adjustment";
    REPLY "reply", "C: done, with data";
    REFUSED "refused", "I: not done, with an error code";
    SPONTANEOUS "spontaneous", "E: a variable that changed";
    ADJUSTMENT "spontaneous-adj", "M: an adjustment that changed";
}
