//! Which fields say what a device is: maker, model, serial number, software.

use std::sync::LazyLock;

use dissectors::message::Interest;
use dissectors::registry::{PROTOCOLS, ProtocolId};
use dissectors::schema::{FieldId, Privacy};

/// What a field says of the device that sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mark {
    Vendor,
    Model,
    Serial,
    Firmware,
    /// A program with its version, as a banner names it.
    Software,
    /// Implementation class (DICOM): tells the toolkit.
    Class,
    /// What people call it: bed, station, host name.
    Label,
}

impl Mark {
    pub const ALL: [Mark; 7] = [
        Mark::Vendor,
        Mark::Model,
        Mark::Serial,
        Mark::Firmware,
        Mark::Software,
        Mark::Class,
        Mark::Label,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Mark::Vendor => "vendor",
            Mark::Model => "model",
            Mark::Serial => "serial",
            Mark::Firmware => "firmware",
            Mark::Software => "software",
            Mark::Class => "implementation class",
            Mark::Label => "label",
        }
    }
}

/// Where the protocols put them. A protocol or field that is not built in is passed over.
const TABLE: &[(&str, &str, Mark)] = &[
    ("sdc", "manufacturer", Mark::Vendor),
    ("sdc", "model", Mark::Model),
    ("sdc", "serial", Mark::Serial),
    ("sdc", "firmware", Mark::Firmware),
    ("sdc", "friendly_name", Mark::Label),
    ("sdc", "server", Mark::Software),
    ("sdc", "user_agent", Mark::Software),
    ("dicom", "impl_version", Mark::Software),
    ("dicom", "impl_class", Mark::Class),
    ("dicom", "manufacturer", Mark::Vendor),
    ("dicom", "model", Mark::Model),
    ("dicom", "serial", Mark::Serial),
    ("dicom", "station_name", Mark::Label),
    ("http", "server", Mark::Software),
    ("http", "user_agent", Mark::Software),
    ("intellivue", "vendor", Mark::Vendor),
    ("intellivue", "model", Mark::Model),
    ("intellivue", "serial", Mark::Serial),
    ("intellivue", "bed_label", Mark::Label),
    ("poct1a", "vendor", Mark::Vendor),
    ("poct1a", "model", Mark::Model),
    ("poct1a", "serial", Mark::Serial),
    ("poct1a", "device_name", Mark::Label),
    ("phd", "vendor", Mark::Vendor),
    ("phd", "model", Mark::Model),
    ("phd", "serial", Mark::Serial),
    ("ge_unity", "bed", Mark::Label),
    ("mindray", "bed", Mark::Label),
    ("masimo", "serial", Mark::Serial),
    ("alaris", "serial", Mark::Serial),
    ("alaris", "revision", Mark::Firmware),
    ("medibus", "device_name", Mark::Model),
    ("medibus", "revision", Mark::Firmware),
    ("bcc", "version", Mark::Firmware),
    ("hamilton", "serial", Mark::Serial),
    ("capnostream", "device", Mark::Model),
    ("lantronix", "model", Mark::Model),
    ("lantronix", "firmware", Mark::Firmware),
    ("moxa", "model", Mark::Model),
    ("moxa", "device_name", Mark::Label),
    ("telnet", "banner", Mark::Software),
    ("ftp", "banner", Mark::Software),
    ("ssh", "software", Mark::Software),
    ("smb", "native_os", Mark::Software),
    ("snmp", "sys_descr", Mark::Software),
    ("lldp", "system_name", Mark::Label),
    ("lldp", "system_description", Mark::Software),
    ("nbns", "owner", Mark::Label),
];

/// Serial numbers that a message names without being of the sender.
const BEHIND: &[(&str, &str)] = &[("hl7v2", "device")];

/// What a field is to the inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Nothing,
    /// A name: read by the claims.
    Name,
    Mark(Mark),
    Behind,
    /// Who the patient is.
    Patient,
}

/// By protocol, by field. Empty where a protocol tells nothing.
static ROLES: LazyLock<Vec<Vec<Role>>> = LazyLock::new(|| {
    let mut all: Vec<Vec<Role>> = Vec::new();
    for protocol in PROTOCOLS {
        let mut roles = vec![Role::Nothing; protocol.fields.len()];
        for (field, role) in protocol.fields.iter().zip(&mut roles) {
            let mark = TABLE
                .iter()
                .find(|(p, f, _)| *p == protocol.name && *f == field.name);
            let behind = BEHIND.contains(&(protocol.name, field.name));
            *role = match (field.privacy, mark) {
                (Privacy::Open, Some((_, _, mark))) => Role::Mark(*mark),
                (Privacy::Open, None) if behind => Role::Behind,
                (Privacy::Patient("pid" | "name"), _) => Role::Patient,
                _ => Role::Nothing,
            };
        }
        for name in super::claims::fields_of(protocol.name) {
            if let Some(role) = roles.get_mut(usize::from(name.0)) {
                *role = Role::Name;
            }
        }
        if roles.iter().all(|r| *r == Role::Nothing) {
            roles.clear();
        }
        all.push(roles);
    }
    all
});

/// What the fields of a protocol are to the inventory; empty if none is anything.
pub fn roles(protocol: ProtocolId) -> &'static [Role] {
    ROLES.get(protocol.index()).map_or(&[], Vec::as_slice)
}

/// Adds the fields that are read.
pub fn interest(interest: &mut Interest) {
    for (at, roles) in ROLES.iter().enumerate() {
        let protocol = ProtocolId(at as u16);
        let device = super::usage::is_device(protocol);
        for (field, role) in roles.iter().enumerate() {
            let wanted = match role {
                Role::Nothing => false,
                Role::Patient => device,
                _ => true,
            };
            if wanted {
                interest.want_field(protocol, FieldId(field as u16));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mark_is_read_from_patient_data_or_secrets() {
        for (protocol, field, _) in TABLE {
            let Some(id) = ProtocolId::of(protocol) else {
                continue;
            };
            let Some(row) = id.protocol().fields.iter().find(|f| f.name == *field) else {
                continue;
            };
            assert_eq!(row.privacy, Privacy::Open, "{protocol}.{field}");
        }
    }

    #[test]
    fn protocols_of_devices_tell_marks() {
        for name in ["sdc", "intellivue", "dicom", "poct1a"] {
            let id = ProtocolId::of(name).unwrap();
            assert!(
                roles(id).iter().any(|r| matches!(r, Role::Mark(_))),
                "{name}"
            );
        }
    }
}
