//! Screens over the stream of messages, findings, inventory and statistics.
//!
//! This crate knows messages ([`dissectors`]) and findings ([`rules`]); it knows no capture, no
//! socket and no wall clock: times are handed in. The sensor writes into a [`feed::Feed`], which
//! never waits; the terminal takes the newest news from its [`feed::Mailbox`], applies them to the
//! [`state::Model`] and draws ([`screens`]). What a person asks goes back as a
//! [`request::Request`]; bytes of the wire come from an [`evidence::EvidenceSource`].

pub mod app;
pub mod copy;
pub mod evidence;
pub mod feed;
pub mod filter;
pub mod hands;
pub mod keys;
pub mod limits;
pub mod mark;
pub mod proposal;
pub mod report;
pub mod request;
pub mod screens;
pub mod state;
pub mod theme;
pub mod when;
pub mod widgets;
pub mod words;
