//! The flow layer on a wire of its own: situations, and properties that hold in all of them.

mod lines;
mod properties;
mod situations;
mod wire;
