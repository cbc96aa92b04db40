//! Where every frame and byte ended: counters that must close.

/// Declares a struct of named counters that can be summed and listed.
#[macro_export]
macro_rules! counters {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident = $label:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name { $($(#[$doc])* pub $field: u64),+ }

        impl $name {
            /// Every counter with its name, in declaration order.
            pub fn each(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
                [$(($label, self.$field)),+].into_iter()
            }

            /// Adds another tally to this one.
            pub fn add(&mut self, other: &Self) {
                $(self.$field += other.$field;)+
            }

            /// The sum of all counters.
            pub fn total(&self) -> u64 {
                0 $(+ self.$field)+
            }
        }
    };
}

/// One account that must close: what went in equals the sum of where it ended.
#[derive(Clone, Debug)]
pub struct Account {
    pub name: &'static str,
    pub incoming: u64,
    pub reasons: Vec<(&'static str, u64)>,
}

impl Account {
    pub fn new(
        name: &'static str,
        incoming: u64,
        reasons: impl Iterator<Item = (&'static str, u64)>,
    ) -> Self {
        Account {
            name,
            incoming,
            reasons: reasons.collect(),
        }
    }

    pub fn closes(&self) -> bool {
        self.incoming == self.reasons.iter().map(|(_, n)| n).sum::<u64>()
    }
}

/// Every account of a run, and the counters that stand beside them.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub accounts: Vec<Account>,
    /// Losses, limits and other counters, by the part of the sensor that counted.
    pub beside: Vec<(&'static str, Vec<(&'static str, u64)>)>,
}

impl Ledger {
    pub fn closes(&self) -> bool {
        self.accounts.iter().all(Account::closes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_with_a_missing_byte_does_not_close() {
        let reasons = [("dissected", 7), ("gap", 2)];
        assert!(!Account::new("bytes", 10, reasons.into_iter()).closes());
        assert!(Account::new("bytes", 9, reasons.into_iter()).closes());
    }
}
