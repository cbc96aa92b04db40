//! What several screens are made of.

pub mod bars;
pub mod columns;
pub mod input;
pub mod list;
pub mod overlay;
pub mod table;
