//! Every limit of the screens. What is given up because of one is counted and shown on the Sensor
//! screen; nothing here makes the sensor forget a finding.

/// Bytes of messages kept for the Message screen and for filters; the oldest go first.
pub const MESSAGES_BYTES: usize = 64 << 20;

/// Messages handed over in one piece.
pub const CHUNK_MESSAGES: usize = 4096;

/// Pieces that wait for a terminal that does not draw; then the oldest go.
pub const CHUNKS_WAITING: usize = 64;

/// Commands kept for the timeline; the oldest go first.
pub const COMMANDS: usize = 20_000;

/// Commands whose answer is waited for.
pub const COMMANDS_WAITING: usize = 4096;

/// Devices in the table.
pub const DEVICES: usize = 65_536;

/// Commanders kept of one device.
pub const COMMANDERS: usize = 8;

/// Conversations in the table; the oldest go first.
pub const CONVERSATIONS: usize = 65_536;

/// Seconds that patient data stay shown after the key that reveals them.
pub const REVEALED_SECONDS: i64 = 30;

/// Bytes of a message shown in the byte pane.
pub const SHOWN_BYTES: usize = 1 << 20;

/// Notes of a mark, characters.
pub const NOTE: usize = 200;
