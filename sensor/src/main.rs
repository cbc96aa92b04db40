//! `wardwatch`: a passive intrusion-detection sensor for medical device networks.

use std::process::ExitCode;

fn main() -> ExitCode {
    sensor::cli::run()
}
