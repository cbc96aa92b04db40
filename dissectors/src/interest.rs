//! Which fields and bodies anybody wants. What nobody wants need not be extracted.
//!
//! A field may be wanted of every message of a protocol, or of some kinds only: a rule that compares
//! orders needs nothing of the acknowledgements that stand between them.

use crate::registry::{PROTOCOLS, ProtocolId};
use crate::schema::{FieldId, KindId};

/// A bit for each field.
type Bits = [u64; 4];

#[derive(Clone, Debug)]
pub struct Interest {
    /// By protocol: what is wanted of any of its messages.
    union: Vec<Bits>,
    /// By protocol and kind, kinds that are no row last: what is wanted of such messages.
    kinds: Vec<Vec<Bits>>,
    bodies: Vec<bool>,
}

/// The rows of a protocol, and one place for kinds that are none.
fn places(protocol: usize) -> usize {
    PROTOCOLS.get(protocol).map_or(0, |p| p.kinds.len()) + 1
}

fn set(bits: &mut Bits, field: FieldId) {
    if let Some(word) = bits.get_mut(usize::from(field.0 / 64)) {
        *word |= 1 << (field.0 % 64);
    }
}

impl Interest {
    fn filled(with: Bits) -> Self {
        Interest {
            union: vec![with; PROTOCOLS.len()],
            kinds: (0..PROTOCOLS.len())
                .map(|p| vec![with; places(p)])
                .collect(),
            bodies: vec![false; PROTOCOLS.len()],
        }
    }

    /// Every field, no body.
    pub fn everything() -> Self {
        Self::filled([u64::MAX; 4])
    }

    /// Nothing but kinds, actions and joins.
    pub fn nothing() -> Self {
        Self::filled([0; 4])
    }

    /// Of messages of every kind.
    pub fn want_field(&mut self, protocol: ProtocolId, field: FieldId) {
        set(&mut self.union[protocol.index()], field);
        for bits in &mut self.kinds[protocol.index()] {
            set(bits, field);
        }
    }

    /// Of messages of some kinds: rows of the table; `None` stands for all that are no row.
    pub fn want_field_of(
        &mut self,
        protocol: ProtocolId,
        kinds: impl Iterator<Item = Option<KindId>>,
        field: FieldId,
    ) {
        let places = &mut self.kinds[protocol.index()];
        let unlisted = places.len().saturating_sub(1);
        for kind in kinds {
            let at = kind.map_or(unlisted, |k| usize::from(k.0));
            if let Some(bits) = places.get_mut(at) {
                set(bits, field);
                set(&mut self.union[protocol.index()], field);
            }
        }
    }

    pub fn want_all_fields(&mut self, protocol: ProtocolId) {
        self.union[protocol.index()] = [u64::MAX; 4];
        self.kinds[protocol.index()].fill([u64::MAX; 4]);
    }

    pub fn want_all_fields_of_all(&mut self) {
        self.union.fill([u64::MAX; 4]);
        for kinds in &mut self.kinds {
            kinds.fill([u64::MAX; 4]);
        }
    }

    pub fn want_body(&mut self, protocol: ProtocolId) {
        self.bodies[protocol.index()] = true;
    }

    /// Wanted of any kind of message.
    pub fn wants(&self, protocol: ProtocolId, field: FieldId) -> bool {
        self.wanted(protocol).has(field)
    }

    pub fn wants_body(&self, protocol: ProtocolId) -> bool {
        self.bodies[protocol.index()]
    }

    pub(crate) fn wanted(&self, protocol: ProtocolId) -> Wanted {
        Wanted(self.union[protocol.index()])
    }

    pub(crate) fn wanted_of(&self, protocol: ProtocolId, kind: Option<KindId>) -> Wanted {
        let kinds = &self.kinds[protocol.index()];
        let at = kind.map_or(kinds.len().saturating_sub(1), |k| usize::from(k.0));
        kinds
            .get(at)
            .map_or_else(|| self.wanted(protocol), |bits| Wanted(*bits))
    }
}

/// Wanted fields of a protocol or of one kind of its messages: for dissectors that ask many times.
#[derive(Clone, Copy, Debug)]
pub struct Wanted(Bits);

impl Wanted {
    #[inline]
    pub fn has(&self, field: FieldId) -> bool {
        // A table longer than the bit set is extracted whole.
        self.0
            .get(usize::from(field.0 / 64))
            .is_none_or(|word| word >> (field.0 % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_wanted_of_one_kind_is_not_wanted_of_another() {
        let id = ProtocolId::of("hl7v2").expect("it is registered");
        let mut interest = Interest::nothing();
        interest.want_field_of(id, [Some(KindId(1)), None].into_iter(), FieldId(7));
        assert!(interest.wants(id, FieldId(7)));
        assert!(interest.wanted_of(id, Some(KindId(1))).has(FieldId(7)));
        assert!(interest.wanted_of(id, None).has(FieldId(7)));
        assert!(!interest.wanted_of(id, Some(KindId(2))).has(FieldId(7)));
        interest.want_field(id, FieldId(70));
        assert!(interest.wanted_of(id, Some(KindId(2))).has(FieldId(70)));
    }

    #[test]
    fn a_kind_beyond_the_table_gets_what_any_kind_gets() {
        let id = ProtocolId::of("hl7v2").expect("it is registered");
        let mut interest = Interest::nothing();
        interest.want_field_of(id, [Some(KindId(1))].into_iter(), FieldId(7));
        assert!(
            interest
                .wanted_of(id, Some(KindId(u16::MAX)))
                .has(FieldId(7))
        );
    }
}
