//! The flow layer on a wire of its own: situations, and properties that hold in all of them.

mod datagrams;
mod health;
mod lines;
mod lives;
mod order;
mod properties;
mod refusals;
mod wire;
