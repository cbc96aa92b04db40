//! The command line: commands, flags and what they mean. One flag has one meaning everywhere.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::talk::Host;

/// Who told which medical device to do what, and what of it was not allowed.
///
/// wardwatch reads captures of a device network, decodes the medical protocols in them and judges
/// every message. It never sends a packet.
#[derive(Debug, Parser)]
#[command(name = "wardwatch", version, args_conflicts_with_subcommands = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 usage, 3 findings at or above --fail-on.")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// `wardwatch -r FILE` is short for `wardwatch replay -r FILE`.
    #[command(flatten)]
    pub replay: Replay,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read captures and judge what is in them
    Replay(Box<Replay>),
    /// Print conversations as an engineer reads them, and why they failed
    Talk(TalkArgs),
    /// Draw screens of a sensor that runs elsewhere, or of a file that it wrote
    View(Box<View>),
    /// Look at the rules: check them, list them, explain one
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Look at a policy
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// List the protocols that are decoded, and what each dissector rests on
    Protocols {
        #[arg(long)]
        json: bool,
    },
    /// Document every field of a protocol
    Fields { protocol: String },
}

/// What is read, and which of it.
#[derive(Debug, Args)]
pub struct Input {
    /// Captures to read: files, directories, or - for standard input
    #[arg(short = 'r', long = "read", value_name = "FILE", num_args = 1, required = true, action = ArgAction::Append)]
    pub read: Vec<PathBuf>,
    /// Only frames that this BPF expression matches
    #[arg(short = 'f', long = "filter", value_name = "BPF")]
    pub filter: Option<String>,
    /// Stop after this many frames
    #[arg(short = 'c', long = "count", value_name = "N")]
    pub count: Option<u64>,
    /// Checksums: `none` decodes frames whose checksum is wrong too
    #[arg(
        short = 'k',
        long = "checksums",
        value_name = "MODE",
        default_value = "verify"
    )]
    pub checksums: Checksums,
}

#[derive(Debug, Args)]
pub struct TalkArgs {
    #[command(flatten)]
    pub input: Input,
    /// Only conversations of this host, or between these two (10.20.4.7 or 10.20.4.7:104)
    #[arg(value_name = "HOST", num_args = 0..=2)]
    pub hosts: Vec<Host>,
    /// Every field too; of HL7 a line a segment
    #[arg(short = 'v', long)]
    pub verbose: bool,
    /// Show patient data as sent instead of masking them
    #[arg(long)]
    pub show_patient_data: bool,
    /// File of 32 bytes that keys the pseudonyms
    #[arg(long, value_name = "FILE")]
    pub pseudonym_key: Option<PathBuf>,
    /// Times in UTC rather than local time
    #[arg(long)]
    pub utc: bool,
}

#[derive(Debug, Args)]
pub struct Replay {
    /// Captures to read: files (pcap, pcapng; gzip or zstd of both), directories, or - for standard input
    #[arg(short = 'r', long = "read", value_name = "FILE", num_args = 1.., action = ArgAction::Append)]
    pub read: Vec<PathBuf>,
    /// Only frames that this BPF expression matches (frame numbers stay as in the file)
    #[arg(short = 'f', long = "filter", value_name = "BPF")]
    pub filter: Option<String>,
    /// Stop after this many frames
    #[arg(short = 'c', long = "count", value_name = "N")]
    pub count: Option<u64>,
    /// Checksums: `none` decodes frames whose checksum is wrong too
    #[arg(
        short = 'k',
        long = "checksums",
        value_name = "MODE",
        default_value = "verify"
    )]
    pub checksums: Checksums,
    #[command(flatten)]
    pub judge: JudgeArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    /// Draw screens instead of writing text
    #[arg(long)]
    pub tui: bool,
    /// Let `wardwatch view` attach through this Unix socket
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    #[command(flatten)]
    pub screen: ScreenArgs,
    /// How fast: `1x` as captured, `10x` ten times as fast, `max` as fast as possible
    #[arg(long, value_name = "SPEED", value_parser = speed, default_value = "max")]
    pub speed: Pace,
    /// Threads that decode beside the reader and the judge; 0 does everything in one thread
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub workers: usize,
}

/// What findings are judged by.
#[derive(Debug, Args)]
pub struct JudgeArgs {
    /// Who may do what: the policy file
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Further rules beside the shipped ones: a file or a directory of TOML files
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Exit with 3 if there is a finding of this severity or worse
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<Level>,
}

/// Look at a sensor that runs, or at what one wrote.
#[derive(Debug, Args)]
pub struct View {
    /// The sensor's Unix socket
    #[arg(value_name = "SOCKET", required_unless_present = "eve")]
    pub socket: Option<PathBuf>,
    /// Follow this file of EVE JSON lines instead
    #[arg(long, value_name = "FILE", conflicts_with = "socket")]
    pub eve: Option<PathBuf>,
    /// The capture that it came from, for bytes and evidence
    #[arg(short = 'r', long = "read", value_name = "FILE")]
    pub read: Vec<PathBuf>,
    /// The policy that it is judged by, so that filters may ask for it
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Times in UTC rather than local time
    #[arg(long)]
    pub utc: bool,
    #[command(flatten)]
    pub screen: ScreenArgs,
}

/// The screens.
#[derive(Debug, Args)]
pub struct ScreenArgs {
    /// Keep acknowledgements in this file (JSON lines), for later runs and other viewers
    #[arg(long, value_name = "FILE")]
    pub marks: Option<PathBuf>,
    /// Write evidence here: for the finding chosen on the screen, or without --tui for every finding
    #[arg(long, value_name = "DIR")]
    pub evidence: Option<PathBuf>,
    /// Who sits at the screen; without it, asked once before the first acknowledgement
    #[arg(long, value_name = "NAME")]
    pub operator: Option<String>,
    /// Colours; NO_COLOR always means plain
    #[arg(long, value_name = "THEME", value_enum)]
    pub theme: Option<LookWord>,
    /// Lines and signs in plain ASCII
    #[arg(long)]
    pub ascii: bool,
    /// Ring the bell for new critical and high findings
    #[arg(long)]
    pub bell: bool,
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub no_mouse: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LookWord {
    Dark,
    Light,
    Plain,
}

/// How fast a capture is replayed: seconds of capture a second, or as fast as possible.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace(pub Option<f64>);

fn speed(text: &str) -> Result<Pace, String> {
    if text == "max" {
        return Ok(Pace(None));
    }
    match text.strip_suffix('x').map(str::parse::<f64>) {
        Some(Ok(factor)) if (0.001..=1_000_000.0).contains(&factor) => Ok(Pace(Some(factor))),
        _ => Err("write `1x`, `10x` or `max`".into()),
    }
}

/// What is written, and where.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Write EVE JSON lines to this file
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub eve: Option<PathBuf>,
    /// Write EVE JSON lines to standard output instead of text
    #[arg(long)]
    pub json: bool,
    /// Output format of standard output
    #[arg(short = 'T', value_name = "FORMAT", value_enum)]
    pub format: Option<Format>,
    /// One line a message too
    #[arg(long)]
    pub messages: bool,
    /// Byte ranges of the fields in JSON
    #[arg(long)]
    pub offsets: bool,
    /// Show patient data as sent instead of pseudonyms
    #[arg(long)]
    pub show_patient_data: bool,
    /// File of 32 bytes that keys the pseudonyms; without it they differ from run to run
    #[arg(long, value_name = "FILE")]
    pub pseudonym_key: Option<PathBuf>,
    /// Times in UTC rather than local time
    #[arg(long)]
    pub utc: bool,
    /// Names are never looked up; accepted for the habit
    #[arg(short = 'n', hide = true)]
    pub numeric: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Checksums {
    Verify,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Load the rules and say what is wrong with them
    Check {
        /// Files or directories; none checks the shipped rules
        paths: Vec<PathBuf>,
    },
    /// List the rules in force
    List {
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// Say in plain words what a rule looks at and what to do when it fires
    Explain {
        id: String,
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Load a policy and say what is wrong with it
    Check { file: PathBuf },
}

impl OutputArgs {
    /// True if standard output is JSON lines.
    pub fn json_on_stdout(&self) -> bool {
        self.json || self.format == Some(Format::Json)
    }
}
