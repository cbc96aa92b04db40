//! Orders: one group an ORC, with its give, encoded order or administration, and what it asks of
//! a pump (HL7 v2 ch. 4A; IHE PCD TF-2 3.3.4.4).

use crate::action::{Quantity, Verb};

use super::delimiters::Delimiters;
use super::fields::*;
use super::segments::{Fields, nth};
use super::units::What;
use super::writer::{Amount, Writer};

/// What has been read of the order group at hand.
#[derive(Clone, Copy, Default)]
pub(super) struct Group<'a> {
    pub control: &'a [u8],
    order: &'a [u8],
    drug: &'a [u8],
    /// Rate, dose rate or dose.
    give: Option<Amount<'a>>,
    volume: Option<Amount<'a>>,
    strength: Option<Amount<'a>>,
    strength_volume: Option<Amount<'a>>,
    concentration: Option<Amount<'a>>,
    weight: Option<Amount<'a>>,
    /// Hours.
    duration: Option<f64>,
    pub pharmacy: bool,
    seen: bool,
}

/// What one order group asks for.
#[derive(Clone, Copy)]
pub(super) struct Command<'a> {
    pub verb: Verb,
    pub value: Option<Amount<'a>>,
    pub order: &'a [u8],
    pub drug: &'a [u8],
    /// The rate that it comes to.
    pub ml_h: f64,
}

impl<'a> Group<'a> {
    /// Reads an ORC, which begins a group.
    pub fn begin(fields: &Fields<'a>, w: &mut Writer<'_, 'a, '_>) -> Self {
        let d = w.d;
        let group = Group {
            control: fields.get(1).trim_ascii(),
            order: d.component(fields.get(2), 1),
            seen: true,
            ..Group::default()
        };
        w.put(ORDER_CONTROL, group.control);
        w.put(PLACER_ORDER, group.order);
        w.put_component(FILLER_ORDER, fields.get(3), 1);
        w.put_component(PARENT_ORDER, fields.get(8), 1);
        if w.wants(STAFF) {
            for n in [10, 11, 12, 19] {
                w.put_each_first(STAFF, fields.get(n));
            }
        }
        group
    }

    /// Reads RXG, RXE, RXA, RXO, RXD.
    pub fn pharmacy(&mut self, id: &[u8], f: &Fields<'a>, w: &mut Writer<'_, 'a, '_>) {
        let d = w.d;
        self.pharmacy = true;
        self.seen = true;
        let (drug, amount, units, rate, rate_units) = match id {
            b"RXG" => (4, 5, 7, 15, 16),
            b"RXE" => (2, 3, 5, 23, 24),
            b"RXO" => (1, 2, 4, 21, 22),
            b"RXA" => (5, 6, 7, 0, 0),
            _ => (2, 4, 5, 0, 0),
        };
        let drug = f.get(drug);
        if !drug.is_empty() {
            self.drug = d.component(drug, 1);
            if self.drug.is_empty() {
                self.drug = d.component(drug, 2);
            }
            w.put(DRUG, self.drug);
            w.put_component(DRUG_TEXT, drug, 2);
        }
        if let Some(amount) = Amount::read(d.component(f.get(amount), 1), f.get(units), &d) {
            w.faults(&amount);
            match amount.unit.unit.and_then(|u| u.measure).map(|m| m.what) {
                Some(What::Volume) => {
                    w.amount(VTBI, &amount);
                    self.volume = Some(amount);
                }
                // RXG-5 is the volume to be infused even where its unit is not understood.
                None if id == b"RXG" => {
                    w.amount(VTBI, &amount);
                    self.volume = Some(amount);
                }
                _ => {
                    w.amount(DOSE, &amount);
                    self.give = self.give.or(Some(amount));
                }
            }
        }
        if rate != 0
            && let Some(give) = Amount::read(d.component(f.get(rate), 1), f.get(rate_units), &d)
        {
            w.faults(&give);
            w.amount(if is_rate(&give) { RATE } else { DOSE }, &give);
            self.give = Some(give);
        }
        let (strength, volume) = match id {
            b"RXG" => ((17, 18), Some((23, 24))),
            b"RXE" => ((25, 26), Some((33, 34))),
            b"RXO" => ((18, 19), Some((25, 26))),
            _ => return,
        };
        self.strength = Amount::read(f.get(strength.0), f.get(strength.1), &d).or(self.strength);
        if let Some((number, unit)) = volume {
            self.strength_volume =
                Amount::read(f.get(number), f.get(unit), &d).or(self.strength_volume);
        }
    }

    /// Reads the duration of a TQ1: up to three repetitions of `2^264384&MDC_DIM_HR&MDC`.
    pub fn timing(&mut self, f: &Fields<'a>, w: &mut Writer<'_, 'a, '_>) {
        let d = w.d;
        let within = Delimiters {
            component: d.subcomponent,
            ..d
        };
        for one in d.repetitions(f.get(13)).take(3) {
            let number = nth(one, d.component, 0);
            let unit = nth(one, d.component, 1);
            if let Some(amount) = Amount::read(number, unit, &within) {
                w.faults(&amount);
                w.amount(DURATION, &amount);
                if let Some(hours) = amount.base() {
                    self.duration = Some(self.duration.unwrap_or(0.0) + hours);
                }
            }
        }
    }

    pub fn weighs(&mut self, weight: Amount<'a>) {
        self.weight = Some(weight);
    }

    pub fn concentrates(&mut self, concentration: Amount<'a>) {
        self.concentration = Some(concentration);
    }

    /// Ends the group: writes what follows from its parts together, and says what it asks for.
    pub fn end(&self, w: &mut Writer<'_, 'a, '_>) -> Option<Command<'a>> {
        if !self.seen {
            return None;
        }
        let concentration = self.concentration();
        if let Some((number, unit)) = concentration
            && self.concentration.is_none()
            && w.wants(CONCENTRATION)
        {
            // Base units: micrograms (or units) in a millilitre.
            let (number, unit) = match unit {
                What::Mass => (number / 1e3, &b"mg/mL"[..]),
                _ => (number, &b"U/mL"[..]),
            };
            w.draft.quantity(CONCENTRATION, derived(number, unit));
        }
        let ml_h = self.ml_h(concentration);
        if let Some(ml_h) = ml_h
            && w.wants(RATE_ML_H)
        {
            w.draft.quantity(RATE_ML_H, derived(ml_h, b"mL/h"));
        }
        let (verb, value) = self.verb();
        Some(Command {
            verb,
            value,
            order: self.order,
            drug: self.drug,
            ml_h: ml_h.unwrap_or(0.0),
        })
    }

    /// The verb if a pump takes this group for a program. A give never starts a pump (TF-2
    /// 3.3.4.4.10); RL ends a hold.
    fn verb(&self) -> (Verb, Option<Amount<'a>>) {
        match cancels(self.control) {
            Some(verb) => (verb, None),
            None if self.control == b"RL" => (Verb::Start, None),
            None if self.control == b"CH" => (Verb::Bolus, self.volume.or(self.give)),
            None => match (self.give, self.volume) {
                (Some(give), _) if is_rate(&give) => (Verb::SetRate, Some(give)),
                (Some(give), _) => (Verb::SetDose, Some(give)),
                (None, Some(volume)) => (Verb::SetVolume, Some(volume)),
                (None, None) => (Verb::Order, None),
            },
        }
    }

    /// ug/mL or U/mL.
    fn concentration(&self) -> Option<(f64, What)> {
        if let Some(stated) = self.concentration {
            let measure = stated.unit.unit?.measure?;
            return measure.per_volume.then_some((stated.base()?, measure.what));
        }
        let (strength, volume) = (self.strength?, self.strength_volume.or(self.volume)?);
        let what = strength.unit.unit?.measure?.what;
        let volume_what = volume.unit.unit?.measure?.what;
        let ratio = strength.base()? / volume.base()?;
        (volume_what == What::Volume && ratio.is_finite() && ratio > 0.0).then_some((ratio, what))
    }

    /// The rate in mL/h:
    /// a volume rate is converted; a dose rate is multiplied by the weight (kg) if it is per weight,
    /// and divided by the concentration; of a dose, or of a volume alone, the volume is divided by
    /// the duration.
    fn ml_h(&self, concentration: Option<(f64, What)>) -> Option<f64> {
        let over_duration = || {
            let volume = self.volume?;
            let is_volume = volume.unit.unit?.measure?.what == What::Volume;
            is_volume.then_some(volume.base()? / self.duration?)
        };
        let Some(give) = self.give else {
            return over_duration().filter(|r| r.is_finite());
        };
        let measure = give.unit.unit?.measure?;
        let mut rate = give.base()?;
        if measure.per_weight {
            rate *= self.weight?.base()? / 1e9;
        }
        if measure.what != What::Volume {
            let (strength, what) = concentration?;
            if what != measure.what {
                return None;
            }
            rate /= strength;
        }
        if !measure.per_time {
            rate = over_duration().or_else(|| Some(rate / self.duration?))?;
        }
        rate.is_finite().then_some(rate)
    }
}

/// What ORC-1 stops, if it does (table 0119).
pub(super) fn cancels(control: &[u8]) -> Option<Verb> {
    match control {
        b"CA" | b"OC" | b"DC" | b"OD" => Some(Verb::Stop),
        b"HD" | b"OH" => Some(Verb::Pause),
        _ => None,
    }
}

/// A volume per time; so is taken what has no unit that we know.
fn is_rate(give: &Amount<'_>) -> bool {
    give.unit
        .unit
        .and_then(|u| u.measure)
        .is_none_or(|m| m.what == What::Volume && m.per_time)
}

fn derived(number: f64, unit: &[u8]) -> Quantity<'_> {
    Quantity {
        number,
        sent: b"",
        unit,
        code: b"",
    }
}

/// Of two commands in one message, the one that can harm more.
pub(super) fn graver<'a>(a: Option<Command<'a>>, b: Command<'a>) -> Command<'a> {
    let rank = |c: &Command<'_>| match c.verb {
        Verb::SetRate | Verb::SetDose | Verb::Bolus => 3,
        Verb::Stop | Verb::Start => 2,
        Verb::Pause | Verb::SetVolume => 1,
        _ => 0,
    };
    match a {
        Some(a) if (rank(&a), a.ml_h) >= (rank(&b), b.ml_h) => a,
        _ => b,
    }
}
