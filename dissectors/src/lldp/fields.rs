//! Names of what an LLDP message holds.

use crate::{fields, kinds};

fields! {
    CHASSIS "chassis" Text, Open, "which device speaks: a MAC address, an IP address or a name (IEEE 802.1AB 8.5.2)";
    PORT "port" Text, Open, "which of its ports (IEEE 802.1AB 8.5.3)";
    TTL "ttl" Integer, Open, "seconds for which this holds; 0 takes it back (IEEE 802.1AB 8.5.4)";
    PORT_DESCRIPTION "port_description" Text, Open, "the port in words (IEEE 802.1AB 8.5.5)";
    SYSTEM_NAME "system_name" Text, Open, "name of the device (IEEE 802.1AB 8.5.6)";
    SYSTEM_DESCRIPTION "system_description" Text, Open, "hardware and software in words (IEEE 802.1AB 8.5.7)";
    CAPABILITY "capability" Text[many], Open, "what the device is for, as enabled (IEEE 802.1AB 8.5.8)";
    MANAGEMENT "management" Text[many], Open, "addresses under which it is managed (IEEE 802.1AB 8.5.9)";
    VLAN "vlan" Integer, Open, "VLAN of untagged frames on the port (IEEE 802.1Q D.2.1)";
    HARDWARE "hardware" Text, Open, "hardware revision (ANSI/TIA-1057 10.2.6)";
    FIRMWARE "firmware" Text, Open, "firmware revision";
    SOFTWARE "software" Text, Open, "software revision";
    SERIAL "serial" Text, Open, "serial number";
    MANUFACTURER "manufacturer" Text, Open, "manufacturer";
    MODEL "model" Text, Open, "model";
    ASSET "asset" Text, Open, "asset id";
}

kinds! {
    ADVERTISEMENT "advertisement", "this is what stands at the other end";
    SHUTDOWN "shutdown", "it is about to leave";
    MALFORMED "malformed", "a message without time to live, which none may lack";
}

pub const ANOMALIES: &[(&str, &str)] = &[
    ("tlv-overrun", "A value is longer than what follows it"),
    ("no-end", "The message ends without its end mark"),
    ("no-ttl", "The time to live is missing"),
];
