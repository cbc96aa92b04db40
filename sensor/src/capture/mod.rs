//! Where frames come from.

pub mod block;
