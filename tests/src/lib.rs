//! What the end-to-end tests share: captures as frames, ways to send the same bytes differently,
//! and replays inside the test's own process or by the program itself.

pub mod capture;
pub mod live;
pub mod program;
pub mod replay;
pub mod rewrite;
pub mod screens;
pub mod talk;
pub mod tmux;
