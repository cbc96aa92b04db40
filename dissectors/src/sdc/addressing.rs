//! The SOAP header: WS-Addressing 1.0 and the application sequence of WS-Discovery.

use std::borrow::Cow;

use super::fields::*;
use super::names::Ns;
use super::xml::Xml;
use crate::message::Draft;

/// Header facts of one envelope.
#[derive(Default)]
pub struct Header<'a> {
    pub action: Cow<'a, str>,
    pub message_id: Cow<'a, str>,
    pub relates_to: Cow<'a, str>,
    pub to: Cow<'a, str>,
    instance: Option<Cow<'a, str>>,
    number: Option<Cow<'a, str>>,
}

/// Reads the SOAP header.
pub fn read<'a>(xml: &mut Xml<'a>, header: &mut Header<'a>) {
    while let Some(tag) = xml.child(2) {
        if tag.local == "AppSequence" && matches!(tag.ns, Ns::Wsd | Ns::Old) {
            header.instance = tag.attribute("InstanceId");
            header.number = tag.attribute("MessageNumber");
            continue;
        }
        if !matches!(tag.ns, Ns::Wsa | Ns::Old) {
            continue;
        }
        match tag.local {
            "Action" => {
                let action = xml.text();
                if header.action.is_empty() {
                    header.action = action;
                } else if header.action != action {
                    xml.fault("two-actions");
                }
            }
            "MessageID" if header.message_id.is_empty() => header.message_id = xml.text(),
            "RelatesTo" if header.relates_to.is_empty() => header.relates_to = xml.text(),
            "To" if header.to.is_empty() => header.to = xml.text(),
            _ => {}
        }
    }
}

impl Header<'_> {
    pub fn write(&self, draft: &mut Draft<'_>) {
        draft
            .text_if(SOAP_ACTION, self.action.as_bytes())
            .text_if(MESSAGE_ID, self.message_id.as_bytes())
            .text_if(RELATES_TO, self.relates_to.as_bytes())
            .text_if(TO, self.to.as_bytes());
        if let Some(instance) = &self.instance {
            draft.text(INSTANCE, instance.as_bytes());
        }
        if let Some(number) = &self.number {
            draft.text(NUMBER, number.as_bytes());
        }
    }
}
