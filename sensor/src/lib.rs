//! The sensor: capture, decoding, flows, pipeline and outputs of `wardwatch`.

pub mod capture;
pub mod decode;
pub mod flow;
pub mod ledger;
pub mod limits;
