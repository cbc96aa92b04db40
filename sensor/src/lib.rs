//! The sensor: capture, decoding, flows, pipeline and outputs of `wardwatch`.

pub mod capture;
pub mod cli;
pub mod config;
pub mod decode;
pub mod flow;
pub mod handover;
pub mod health;
pub mod ledger;
pub mod limits;
pub mod output;
pub mod pipeline;
pub mod privileges;
pub mod span;
pub mod store;
pub mod talk;
pub mod view;
pub mod workbench;
