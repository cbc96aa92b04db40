//! What the dissector shows.

use crate::{fields, kinds};

fields! {
    BED "bed" Text, Open, "bed id, as configured in the SpaceCom";
    REQUEST "request" Text, Open, "request as sent, where it is a documented one";
    LAST "last" Flag, Open, "no further block follows (ETX)";
    QUADRUPLES "quadruples" Integer, Open, "entries in a block: time, pump, parameter, value";
    UPTIME "uptime" Integer, Open, "seconds since the rack was switched on";
    PUMP "pump" Text[many], Open, "pumps told of: pillar and place";
    VERSION "version" Text, Open, "software of the SpaceCom";
    CODE "code" Text, Open, "code of GNACK or GNERR";
    RATE "rate" Quantity[many], Open, "INRT; code: pump and parameter";
    VOLUME "volume" Quantity[many], Open, "volume infused, INVI";
    VTBI "vtbi" Quantity[many], Open, "volume to be infused, INVTB";
    BOLUS_RATE "bolus_rate" Quantity[many], Open, "INBORT";
    BOLUS_VOLUME "bolus_volume" Quantity[many], Open, "INBOVAL";
    DOSE_RATE "dose_rate" Quantity[many], Open, "INDORT; its unit code is in INDORTU";
    DRUG "drug" Text[many], Open, "INSOL, INSOLSN, INSOLID: pump, parameter, value";
    ALARM "alarm" Text[many], Open, "active alarms INA1.., DGDALERT..: pump, parameter, value";
    STATE "state" Text[many], Open, "INM1.., INSTBY, RUNSTATE: pump, parameter, value";
    LIBRARY "library" Text[many], Open, "DLNAME, DLCRETIME: drug library and when it was made";
    DEVICE "device" Text[many], Open, "GNNEW, GNMODEL, INSERNUM: software, model, serial number";
    PROGRAMMING "programming" Text[many], Open, "AUTOPROGSTATE, LASTAUTOPROGERR";
    OTHER "other" Text[many], Open, "further documented parameters: pump, parameter, value";
    PATIENT_ID "patient_id" Text, Patient("pid"), "PATID, PATIDBADGE, PATIDDRUG";
    PATIENT "patient" Text[many], Patient("text"), "PATW, PATH, PATAGE";
    NURSE "nurse" Text, Patient("staff"), "NURSEID";
    ORDER "order" Text, Patient("accession"), "DRUGORDERNO";
    UNLISTED "unlisted" Text[many], Patient("text"), "undocumented parameters and requests, as sent";
}

kinds! {
    MALFORMED "malformed", "bytes that are no frame";
    ACK "ACK", "the host received the block";
    NAK "NAK", "the host asks for the block again";
    ALIVE "ADMIN:ALIVE", "is anybody there";
    VERSION_RQ "ADMIN:VERSION", "software of the SpaceCom";
    GET "MEM:GET", "all parameters of all pumps";
    GETSLOT "MEM:GETSLOT", "all parameters of one pump";
    GNACK "GNACK", "done";
    GNERR "GNERR", "not done, with a code";
    VERSION_RSP "version", "answer to ADMIN:VERSION";
    BLOCK "block", "parameters of pumps";
}
