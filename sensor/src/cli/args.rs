//! The command line: commands, flags and what they mean. One flag has one meaning everywhere.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::health::Canary;
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
    /// Protocols in data files (NAME.dissector.toml) of this directory, and of the folders in it
    #[arg(long, value_name = "DIR", global = true)]
    pub dissector_dir: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read captures and judge what is in them
    Replay(Box<Replay>),
    /// Watch interfaces and judge what is on them
    Watch(Box<Watch>),
    /// List the interfaces that can be captured on, and why others cannot
    Interfaces {
        #[arg(long)]
        json: bool,
    },
    /// Say in words whether an interface (or a capture) is a usable mirror
    Span(Box<Span>),
    /// Load configuration, policy and rules together and say what is wrong with them
    Check(Box<Check>),
    /// Print conversations as an engineer reads them, and why they failed
    Talk(TalkArgs),
    /// Draw screens of a sensor that runs elsewhere, or of a file that it wrote
    View(Box<View>),
    /// Write the handover of a shift: what opened, closed and stands, what is new, silent, missing
    Report(Box<ReportArgs>),
    /// List the devices of captures: identities, roles, use, conflicts
    Devices(Box<DevicesArgs>),
    /// Make from captures a policy that a person reads, edits and signs
    Learn(LearnArgs),
    /// Run one dissector on a capture: each message's fields with byte offsets, the bytes that nobody
    /// claimed, and the first difference to the golden beside the capture
    Try(TryArgs),
    /// Write each direction's bytes into a file, with a table of what they look like
    Streams(StreamsArgs),
    /// Begin a dissector: folder, registration, capture and golden, made from a template that works
    NewDissector(NewDissectorArgs),
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
        #[command(subcommand)]
        command: Option<ProtocolsCommand>,
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

#[derive(Debug, Subcommand)]
pub enum ProtocolsCommand {
    /// Write a protocol of a data file as a Wireshark dissector
    Export {
        /// Name of the protocol, or path of its data file
        #[arg(long, value_name = "NAME")]
        lua: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct TryArgs {
    /// dissectors/src/NAME, NAME.dissector.toml, or a folder with one
    #[arg(value_name = "FOLDER")]
    pub subject: PathBuf,
    #[command(flatten)]
    pub input: Input,
    /// Again at each save (of Rust code: after a build)
    #[arg(long)]
    pub watch: bool,
    /// Show patient data, and the bytes of messages, as sent
    #[arg(long)]
    pub show_patient_data: bool,
}

#[derive(Debug, Args)]
pub struct StreamsArgs {
    #[command(flatten)]
    pub input: Input,
    /// Only conversations whose protocol nobody knows
    #[arg(long)]
    pub unidentified: bool,
    /// Folder for the streams; files are readable by their owner alone
    #[arg(short = 'o', long = "output", value_name = "DIR")]
    pub output: PathBuf,
}

#[derive(Debug, Args)]
pub struct NewDissectorArgs {
    /// One snake_case word: folder, event_type, JSON object and prefix of fields
    pub name: String,
    /// TCP port that it is found on by habit
    #[arg(long, value_name = "PORT")]
    pub tcp: u16,
    /// Written in Rust rather than as a data file
    #[arg(long)]
    pub rust: bool,
    /// Top of the source tree
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub tree: PathBuf,
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
    /// Read a directory of captures as it grows (what `watch -w DIR` writes), until stopped
    #[arg(long, value_name = "DIR")]
    pub follow: Option<PathBuf>,
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
    #[command(flatten)]
    pub beside: BesideArgs,
    /// How fast: `1x` as captured, `10x` ten times as fast, `max` as fast as possible
    #[arg(long, value_name = "SPEED", value_parser = speed, default_value = "max")]
    pub speed: Pace,
    /// Threads that decode beside the reader and the judge; 0 does everything in one thread
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub workers: usize,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Flags that are not on the command line may stand in a file.
#[derive(Clone, Debug, Default, Args)]
pub struct ConfigArgs {
    /// TOML file of settings: each long flag is a key, limits are under [limits]; flags win
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct Watch {
    #[command(flatten)]
    pub port: PortArgs,
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
    /// Keep all frames in this directory, as a ring of pcapng files
    #[arg(short = 'w', long = "write", value_name = "DIR")]
    pub write: Option<PathBuf>,
    /// Size of one file of the ring, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 100)]
    pub write_file: u64,
    /// Time that one file of the ring spans, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub write_age: u64,
    /// Size of the whole ring, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 10_240)]
    pub write_total: u64,
    /// Number of files of the ring
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub write_files: usize,
    #[command(flatten)]
    pub judge: JudgeArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    /// Threads that decode beside the reader and the judge; 0 does everything in one thread
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub workers: usize,
    #[command(flatten)]
    pub beside: BesideArgs,
    /// Seconds between two statistics records; at most 60
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub stats_every: u64,
    /// Keep inventory, open findings and acknowledgements in this directory, for the next run
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    #[command(flatten)]
    pub privileges: PrivilegeArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Where frames come from.
#[derive(Clone, Debug, Args)]
pub struct PortArgs {
    /// Interface to capture on; two for a TAP with one direction on each
    #[arg(short = 'i', long = "interface", value_name = "IFACE", action = ArgAction::Append)]
    pub interface: Vec<String>,
    /// Only frames that this BPF expression matches; the kernel judges it
    #[arg(short = 'f', long = "filter", value_name = "BPF")]
    pub filter: Option<String>,
    /// Bytes kept of a frame
    #[arg(short = 's', long = "snaplen", value_name = "BYTES", default_value_t = 262_144, value_parser = clap::value_parser!(u32).range(64..=262_144))]
    pub snaplen: u32,
    /// Ring between kernel and sensor, in MiB for each interface
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=2047))]
    pub buffer: u64,
    /// Only frames for this machine: no promiscuous mode
    #[arg(short = 'p', long = "no-promiscuous")]
    pub no_promiscuous: bool,
    /// How long a frame waits for earlier ones of another interface, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 200, value_parser = clap::value_parser!(u64).range(0..=10_000))]
    pub merge_wait: u64,
}

/// What is given up once the interfaces are open.
#[derive(Clone, Debug, Args)]
pub struct PrivilegeArgs {
    /// User to become when started as root; `nobody` where there is none of that name
    #[arg(long, value_name = "NAME", default_value = "wardwatch")]
    pub user: String,
    /// Keep the capability to capture, to open an interface again that was removed and came back
    #[arg(long)]
    pub keep_capture: bool,
    /// No file-system and system-call sandbox
    #[arg(long)]
    pub no_sandbox: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Span {
    #[command(flatten)]
    pub port: PortArgs,
    /// A capture file instead of an interface
    #[arg(short = 'r', long = "read", value_name = "FILE", num_args = 1.., action = ArgAction::Append)]
    pub read: Vec<PathBuf>,
    /// How long to watch
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub seconds: u64,
    /// The verdict as one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub privileges: PrivilegeArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Clone, Debug, Args)]
pub struct Check {
    #[command(flatten)]
    pub judge: JudgeArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// What findings are judged by.
#[derive(Clone, Debug, Args)]
pub struct JudgeArgs {
    /// Who may do what: the policy file
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Policy lines written at the screens: kept in this file, and part of the policy
    #[arg(long, value_name = "FILE", requires = "policy")]
    pub policy_additions: Option<PathBuf>,
    /// Further rules beside the shipped ones: a file or a directory of TOML files
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Names, tags and rooms of devices: a file that `devices import` wrote
    #[arg(long, value_name = "FILE")]
    pub names: Option<PathBuf>,
    /// What is expected for a while: exceptions, maintenance windows, thresholds; a TOML file or a
    /// directory of them
    #[arg(long, value_name = "FILE")]
    pub exceptions: Vec<PathBuf>,
    /// How each device usually behaves: a file that `learn --baseline-out` wrote
    #[arg(long, value_name = "FILE", conflicts_with = "learn_for")]
    pub baseline: Option<PathBuf>,
    /// Learn how each device behaves for so long (`7d`), then tell what is new or out of range
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub learn_for: Option<Back>,
    /// Exceptions and windows written at the screens: kept in this file, and in force with the others
    #[arg(long, value_name = "FILE")]
    pub exception_additions: Option<PathBuf>,
    /// A heart-beat of others that must be seen: `NAME FROM TO[:PORT] TIME`, as in
    /// `echo 10.20.1.7 10.20.1.50:104 5m`; its absence is a finding
    #[arg(long, value_name = "TEXT")]
    pub canary: Vec<Canary>,
    /// Exit with 3 if there is a finding of this severity or worse
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<Level>,
}

/// The handover of a shift.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Captures to read: files, directories, or - for standard input
    #[arg(short = 'r', long = "read", value_name = "FILE", num_args = 1.., action = ArgAction::Append)]
    pub read: Vec<PathBuf>,
    /// The state directory of a sensor, running or not
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// How far back from the end: `12h`, `30m`, `2d`
    #[arg(long, value_name = "TIME", value_parser = span, default_value = "12h")]
    pub since: Back,
    /// Acknowledgements, as `watch --marks` or `--state` keeps them
    #[arg(long, value_name = "FILE")]
    pub marks: Option<PathBuf>,
    /// Markdown instead of text
    #[arg(long)]
    pub markdown: bool,
    /// Write to this file instead of standard output
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// File of 32 bytes that keys the pseudonyms; without it they differ from run to run
    #[arg(long, value_name = "FILE")]
    pub pseudonym_key: Option<PathBuf>,
    /// Checksums: `none` decodes frames whose checksum is wrong too
    #[arg(
        short = 'k',
        long = "checksums",
        value_name = "MODE",
        default_value = "verify"
    )]
    pub checksums: Checksums,
    /// Times in UTC rather than local time
    #[arg(long)]
    pub utc: bool,
    #[command(flatten)]
    pub judge: JudgeArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// A time back, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Back(pub i64);

fn span(text: &str) -> Result<Back, String> {
    let wrong = || "write `12h`, `30m` or `2d`".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let scale: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number = text.strip_suffix(unit).and_then(|n| n.parse::<i64>().ok());
    number
        .filter(|n| (1..=1_000_000).contains(n))
        .and_then(|n| n.checked_mul(scale)?.checked_mul(1_000_000_000))
        .map(Back)
        .ok_or_else(wrong)
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

/// Screens beside the work, here or through a socket.
#[derive(Clone, Debug, Args)]
pub struct BesideArgs {
    /// Draw screens instead of writing text
    #[arg(long)]
    pub tui: bool,
    /// Let `wardwatch view` attach through this Unix socket
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    #[command(flatten)]
    pub screen: ScreenArgs,
}

/// The screens.
#[derive(Clone, Debug, Args)]
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
#[derive(Clone, Debug, Args)]
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

/// Hold a rule against one frame.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// The rule: WW-PUMP-0014, or without the WW-
    pub id: String,
    #[command(flatten)]
    pub input: Input,
    /// Number of the frame in the capture, from 1
    #[arg(long, value_name = "N")]
    pub frame: u64,
    /// Who may do what to whom
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Further rules beside the shipped ones: a file or a directory of TOML files
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Show patient data as sent, not as pseudonyms
    #[arg(long)]
    pub show_patient_data: bool,
}

/// Run the tests of rules.
#[derive(Debug, Args)]
pub struct RulesTestArgs {
    /// Rules to test; none tests all that name captures
    pub ids: Vec<String>,
    /// Further rules beside the shipped ones: a file or a directory of TOML files
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// The folder from which the shipped rules name their captures: the top of the source tree
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub top: PathBuf,
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
        /// What the catalogue of detections names and no rule covers or no capture proves, and why
        #[arg(long)]
        missing: bool,
        #[arg(long)]
        json: bool,
    },
    /// Say in plain words what a rule looks at and what to do when it fires
    Explain {
        id: String,
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
    /// Hold a rule against one frame: its condition part by part with the values that it met, and so
    /// why it fired or did not
    Trace(TraceArgs),
    /// Run the captures that rules name as their tests: where they must fire, where stay silent
    Test(RulesTestArgs),
}

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Load a policy and say what is wrong with it
    Check { file: PathBuf },
    /// Say who allows it, or what is missing: `policy explain 10.1.2.3 set-rate icu-pumps --policy FILE`
    Explain {
        /// An address, a member (ae:PACSMAIN, hl7:APP|FACILITY, mac:..) or a group
        from: String,
        verb: String,
        to: String,
        #[arg(long, value_name = "FILE")]
        policy: PathBuf,
        /// Judge hours and lapses at this time (2026-11-24T20:41:00Z)
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
    /// Hold captures against a policy and print, pair by pair, what it would have denied
    Shadow {
        file: PathBuf,
        #[command(flatten)]
        input: Input,
        /// Times in UTC rather than local time
        #[arg(long)]
        utc: bool,
    },
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct DevicesArgs {
    #[command(subcommand)]
    pub command: Option<DevicesCommand>,
    #[command(flatten)]
    pub input: Input,
    /// How they are written
    #[arg(
        short = 'T',
        long = "form",
        value_name = "FORM",
        default_value = "text"
    )]
    pub form: Form,
    /// JSON, one device a line
    #[arg(long)]
    pub json: bool,
    /// Further advisories: CSAF files (CISA), or directories of them
    #[arg(long, value_name = "FILE")]
    pub csaf: Vec<PathBuf>,
    /// Names, tags and rooms: a file that `devices import` wrote
    #[arg(long, value_name = "FILE")]
    pub names: Option<PathBuf>,
    /// Times in UTC rather than local time
    #[arg(long)]
    pub utc: bool,
}

#[derive(Debug, Subcommand)]
pub enum DevicesCommand {
    /// Print one device's day: who commanded it, findings, silences, when it was in use
    Show {
        /// An address, a MAC, an AE title, an application, a serial number, a tag
        name: String,
        #[command(flatten)]
        input: Input,
        #[command(flatten)]
        judge: Box<JudgeArgs>,
        /// Further advisories: CSAF files (CISA), or directories of them
        #[arg(long, value_name = "FILE")]
        csaf: Vec<PathBuf>,
        #[arg(long)]
        utc: bool,
    },
    /// Read an export of the device list (CMMS, NetBox) and write a names file
    Import {
        /// The export: CSV with a header line
        file: PathBuf,
        /// Which column is what: TOML of `tag name model serial mac address room owner` = column title
        #[arg(long, value_name = "FILE")]
        mapping: Option<PathBuf>,
        /// Where the names file is written; standard output if not given
        #[arg(short = 'o', long = "output", value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// What is on the list and never seen, what is seen and not on the list, and where they differ
    Diff {
        /// A names file
        names: PathBuf,
        #[command(flatten)]
        input: Input,
        #[arg(long)]
        utc: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Text,
    Json,
    Csv,
}

#[derive(Debug, Args)]
pub struct LearnArgs {
    #[command(flatten)]
    pub input: Input,
    /// Where the policy is written; standard output if not given
    #[arg(long, value_name = "FILE")]
    pub policy_out: Option<PathBuf>,
    /// Write how each device behaves to this file too
    #[arg(long, value_name = "FILE")]
    pub baseline_out: Option<PathBuf>,
    /// Add to this policy what it does not allow yet, and show what is added
    #[arg(long, value_name = "FILE")]
    pub merge: Option<PathBuf>,
}

impl OutputArgs {
    /// True if standard output is JSON lines.
    pub fn json_on_stdout(&self) -> bool {
        self.json || self.format == Some(Format::Json)
    }
}
