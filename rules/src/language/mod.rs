//! The rule language: TOML prose around one typed condition.
//!
//! A condition is cut into tokens ([`lexer`]), read into a tree ([`ast`], [`parser`]), checked
//! against the field tables of the protocols ([`check`], [`resolve`], [`windows`], [`names`],
//! [`units`]) and compiled ([`compiled`]); [`eval`] evaluates it. [`rulefile`] reads the TOML
//! around it through [`table`]; mistakes are told by [`diagnostic`].

pub mod ast;
pub mod check;
pub mod compiled;
pub mod diagnostic;
pub mod eval;
pub mod lexer;
pub mod names;
pub mod parser;
pub mod reads;
pub mod resolve;
pub mod rulefile;
pub mod ruleset;
pub mod table;
pub mod units;
pub mod windows;

#[cfg(test)]
mod tests;
