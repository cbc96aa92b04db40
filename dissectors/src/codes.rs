//! Code points as newtypes: unknown values survive and print.

/// Declares a code newtype with the names of its known values.
macro_rules! codes {
    ($($(#[$doc:meta])* $type:ident($int:ty, $digits:literal) { $($value:literal => $name:literal),* $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $type(pub $int);

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.0 {
                    $($value => f.write_str($name),)*
                    other => write!(f, "0x{other:0width$x}", width = $digits),
                }
            }
        }
    )+};
}

pub(crate) use codes;
