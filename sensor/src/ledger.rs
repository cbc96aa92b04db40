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
