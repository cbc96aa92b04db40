//! WS-Discovery bodies and DPWS metadata: who a device is and where.

use super::fields::*;
use super::nomenclature::device_kind;
use super::xml::{Step, Xml};
use crate::action::Device;
use crate::message::Draft;
use crate::schema::FieldId;

/// Hello, Bye, Probe, Resolve and their matches (WS-Discovery 1.1 4 to 6). `depth` is that of the
/// body's first element.
pub fn read(xml: &mut Xml<'_>, depth: u16, draft: &mut Draft<'_>) {
    loop {
        match xml.step() {
            Step::Open(tag) => match tag.local {
                "Address" => {
                    let text = xml.text();
                    draft.text_if(EPR, text.as_bytes());
                }
                "Types" => types(xml, TYPES, draft),
                "Scopes" => scopes(xml, draft),
                "XAddrs" => {
                    for address in xml.text().split_ascii_whitespace() {
                        draft.text(XADDRS, address.as_bytes());
                    }
                }
                "MetadataVersion" => {
                    let text = xml.text();
                    draft.text_if(METADATA_VERSION, text.as_bytes());
                }
                _ => {}
            },
            Step::Close if xml.depth() < depth => return,
            Step::End => return,
            _ => {}
        }
    }
}

/// Names without their prefixes, which are free.
fn types(xml: &mut Xml<'_>, field: FieldId, draft: &mut Draft<'_>) {
    for name in xml.text().split_ascii_whitespace() {
        draft.text(field, name.rsplit(':').next().unwrap_or(name).as_bytes());
    }
}

/// Scopes of the standard are open; a foreign one may hold anything.
fn scopes(xml: &mut Xml<'_>, draft: &mut Draft<'_>) {
    const OPEN: [&str; 3] = ["sdc.ctxt.loc:", "sdc.cdc.type:", "sdc.mds.pkp:"];
    for scope in xml.text().split_ascii_whitespace() {
        let open = OPEN.iter().any(|o| scope.starts_with(o));
        draft.text(if open { SCOPES } else { OTHER_SCOPES }, scope.as_bytes());
    }
}

/// ThisModel, ThisDevice and Relationship (DPWS 1.1 4.1, 4.2).
/// What the names say of the kind of device.
pub fn metadata(xml: &mut Xml<'_>, draft: &mut Draft<'_>) -> Device {
    let mut hosted = false;
    let mut device = Device::Unknown;
    loop {
        match xml.step() {
            Step::Open(tag) => {
                let field = match tag.local {
                    "Manufacturer" => MANUFACTURER,
                    "ModelName" => MODEL,
                    "ModelNumber" => MODEL_NUMBER,
                    "FriendlyName" => FRIENDLY_NAME,
                    "FirmwareVersion" => FIRMWARE,
                    "SerialNumber" => SERIAL,
                    "Hosted" => {
                        hosted = true;
                        continue;
                    }
                    "Host" => {
                        hosted = false;
                        continue;
                    }
                    "Types" => {
                        types(xml, if hosted { HOSTED } else { TYPES }, draft);
                        continue;
                    }
                    "Address" => {
                        let text = xml.text();
                        draft.text_if(if hosted { XADDRS } else { EPR }, text.as_bytes());
                        continue;
                    }
                    _ => continue,
                };
                let text = xml.text();
                draft.text_if(field, text.as_bytes());
                if device == Device::Unknown && matches!(field, MODEL | FRIENDLY_NAME) {
                    device = device_kind(0, "", &text);
                }
            }
            Step::Close if xml.depth() < 3 => return device,
            Step::End => return device,
            _ => {}
        }
    }
}
