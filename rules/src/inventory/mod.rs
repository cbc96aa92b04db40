//! What is on the wire: assets by address, with every identity that they claim.

/// Every asset seen.
#[derive(Debug, Default)]
pub struct Inventory {}
