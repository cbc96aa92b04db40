//! One TOML file of settings: every long flag of the command line is a key, and every limit a key
//! under `[limits]`.
//!
//! There is no second list of settings: a key is turned into its flag, unless the command line has
//! that flag, and then everything is parsed as if it had been typed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::flow;
use crate::limits as sensor;

/// All limits of all parts.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    pub sensor: sensor::Limits,
    pub dissectors: dissectors::Limits,
    pub flow: flow::Limits,
    pub judge: rules::limits::Limits,
}

impl Limits {
    /// Sets a limit by its name, whichever part it belongs to. False if there is none.
    pub fn set(&mut self, name: &str, value: u64) -> bool {
        self.sensor.set(name, value)
            || self.dissectors.set(name, value)
            || self.flow.set(name, value)
            || self.judge.set(name, value)
    }

    /// Every limit: name, default, meaning.
    pub fn all() -> impl Iterator<Item = (&'static str, u64, &'static str)> {
        let ours = sensor::ALL
            .iter()
            .chain(dissectors::limits::ALL)
            .chain(flow::limits::ALL);
        ours.map(|l| (l.name, l.default, l.doc)).chain(
            rules::limits::ALL
                .iter()
                .map(|l| (l.name, l.default, l.doc)),
        )
    }

    pub fn flow_settings(&self) -> flow::Settings {
        flow::Settings {
            limits: self.flow.clone(),
            dissector_limits: self.dissectors.clone(),
            ..flow::Settings::default()
        }
    }
}

/// What was typed. It is kept, to be read again together with the file on a reload.
#[derive(Clone, Debug)]
pub struct CommandLine(Arc<[OsString]>);

impl CommandLine {
    pub fn of_process() -> Self {
        CommandLine(std::env::args_os().collect())
    }

    #[cfg(test)]
    pub(crate) fn typed(words: &[&str]) -> Self {
        CommandLine(words.iter().map(OsString::from).collect())
    }

    /// Parses it together with the configuration that it names. A wrong command line ends the
    /// process, with its usage; a wrong file gives an error.
    pub fn parse<C: CommandFactory + FromArgMatches>(&self) -> Result<(C, Limits), String> {
        let matches = C::command().get_matches_from(self.0.iter());
        match named(&matches) {
            None => C::from_arg_matches(&matches)
                .map(|cli| (cli, Limits::default()))
                .map_err(|e| e.to_string()),
            Some(path) => self.parse_with(&matches, &path),
        }
    }

    /// The same for a reload: nothing ends the process.
    pub fn parse_again<C: CommandFactory + FromArgMatches>(&self) -> Result<(C, Limits), String> {
        let matches = C::command()
            .try_get_matches_from(self.0.iter())
            .map_err(|e| e.to_string())?;
        match named(&matches) {
            None => C::from_arg_matches(&matches)
                .map(|cli| (cli, Limits::default()))
                .map_err(|e| e.to_string()),
            Some(path) => self.parse_with(&matches, &path),
        }
    }

    /// Keys and values of the configuration file that it names, as written; limits by their name.
    pub fn settings(&self) -> BTreeMap<String, toml::Value> {
        let mut words = self.0.iter().map(|w| w.to_string_lossy());
        let mut path = None;
        while let Some(word) = words.next() {
            if word == "--config" {
                path = words.next().map(|w| w.into_owned());
            } else if let Some(named) = word.strip_prefix("--config=") {
                path = Some(named.to_owned());
            }
        }
        let text = path.and_then(|p| std::fs::read_to_string(p).ok());
        let table: toml::Table = text
            .and_then(|t| toml::from_str(&t).ok())
            .unwrap_or_default();
        let mut settings = BTreeMap::new();
        for (key, value) in table {
            match value {
                toml::Value::Table(limits) => settings.extend(
                    limits
                        .into_iter()
                        .map(|(name, value)| (format!("{key}.{name}"), value)),
                ),
                value => {
                    settings.insert(key, value);
                }
            }
        }
        settings
    }

    fn parse_with<C: CommandFactory + FromArgMatches>(
        &self,
        typed: &ArgMatches,
        path: &Path,
    ) -> Result<(C, Limits), String> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| format!("configuration {}: {e}", path.display()))?;
        let command = C::command();
        let file = File::read(&path.display().to_string(), &text, &command)?;
        let mut words: Vec<OsString> = self.0.to_vec();
        let (here, typed) = match typed.subcommand() {
            Some((name, inner)) => match command.find_subcommand(name) {
                Some(sub) => (sub, inner),
                None => (&command, typed),
            },
            None => (&command, typed),
        };
        for setting in &file.settings {
            let Some(arg) = here
                .get_arguments()
                .find(|a| a.get_long() == Some(&setting.key))
            else {
                // A key of another command.
                continue;
            };
            if typed.value_source(arg.get_id().as_str()) != Some(ValueSource::CommandLine) {
                words.extend(setting.words.iter().map(OsString::from));
            }
        }
        let matches = C::command()
            .try_get_matches_from(words)
            .map_err(|e| format!("{}: {}", path.display(), e.render()))?;
        let cli = C::from_arg_matches(&matches).map_err(|e| e.to_string())?;
        Ok((cli, file.limits))
    }
}

/// The file that `--config` names, in whichever command.
fn named(matches: &ArgMatches) -> Option<PathBuf> {
    let inner = matches.subcommand().map(|(_, inner)| inner);
    [inner, Some(matches)]
        .into_iter()
        .flatten()
        .find_map(|m| m.try_get_one::<PathBuf>("config").ok().flatten().cloned())
}

/// A configuration file, checked.
struct File {
    settings: Vec<Setting>,
    limits: Limits,
}

/// A key as the words of a command line.
struct Setting {
    key: String,
    words: Vec<String>,
}

impl File {
    /// All mistakes of the file are told at once.
    fn read(name: &str, text: &str, command: &Command) -> Result<File, String> {
        let place = |span: std::ops::Range<usize>| {
            let before = text.get(..span.start).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().map_or(0, str::len) + 1;
            format!("{name}:{line}:{column}")
        };
        let table = DeTable::parse(text)
            .map_err(|e| format!("{}: {}", place(e.span().unwrap_or_default()), e.message()))?;
        let known = flags(command);
        let mut file = File {
            settings: Vec::new(),
            limits: Limits::default(),
        };
        let mut wrong = Vec::new();
        for (key, value) in table.get_ref() {
            let at = place(key.span());
            let key = key.get_ref().as_ref();
            if key == "limits" {
                limits(&mut file.limits, value, &place, &mut wrong);
                continue;
            }
            let Some(arg) = known.iter().find(|a| a.get_long() == Some(key)) else {
                let names = known.iter().filter_map(|a| a.get_long());
                wrong.push(format!("{at}: unknown key `{key}`{}", nearest(key, names)));
                continue;
            };
            match words(key, arg, value) {
                Ok(words) => file.settings.push(Setting {
                    key: key.to_owned(),
                    words,
                }),
                Err(why) => wrong.push(format!("{at}: `{key}` {why}")),
            }
        }
        if wrong.is_empty() {
            Ok(file)
        } else {
            Err(format!(
                "the configuration has mistakes\n\n{}",
                wrong.join("\n")
            ))
        }
    }
}

fn limits(
    limits: &mut Limits,
    value: &Spanned<DeValue<'_>>,
    place: &impl Fn(std::ops::Range<usize>) -> String,
    wrong: &mut Vec<String>,
) {
    let DeValue::Table(table) = value.get_ref() else {
        wrong.push(format!("{}: `limits` is a table", place(value.span())));
        return;
    };
    for (name, value) in table {
        let number = match value.get_ref() {
            DeValue::Integer(n) => u64::from_str_radix(n.as_str(), n.radix()).ok(),
            _ => None,
        };
        let at = place(name.span());
        let name = name.get_ref().as_ref();
        match number {
            None => wrong.push(format!(
                "{at}: limit `{name}` is a whole number, not negative"
            )),
            Some(number) if !limits.set(name, number) => {
                let names = Limits::all().map(|(name, ..)| name);
                wrong.push(format!("{at}: no limit `{name}`{}", nearest(name, names)));
            }
            Some(_) => {}
        }
    }
}

/// The flags that may be keys: those of every command that takes a configuration.
fn flags(command: &Command) -> Vec<Arg> {
    let takes = |c: &&Command| c.get_arguments().any(|a| a.get_long() == Some("config"));
    std::iter::once(command)
        .chain(command.get_subcommands())
        .filter(takes)
        .flat_map(|c| c.get_arguments().cloned())
        .filter(|a| !matches!(a.get_long(), None | Some("config" | "help" | "version")))
        .collect()
}

/// A value as it would be typed.
fn words(key: &str, arg: &Arg, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, String> {
    let takes_value = arg.get_action().takes_values();
    let one = |value: &DeValue<'_>| match value {
        DeValue::String(s) => Ok(format!("--{key}={s}")),
        DeValue::Integer(n) => i128::from_str_radix(n.as_str(), n.radix())
            .map(|n| format!("--{key}={n}"))
            .map_err(|e| e.to_string()),
        _ => Err("is a text or a number".to_owned()),
    };
    match (value.get_ref(), takes_value) {
        (DeValue::Boolean(true), false) => Ok(vec![format!("--{key}")]),
        (DeValue::Boolean(false), false) => Ok(Vec::new()),
        (_, false) => Err("is true or false".into()),
        (DeValue::Array(list), true) => {
            if !matches!(arg.get_action(), ArgAction::Append) {
                return Err("takes one value, not a list".into());
            }
            list.iter().map(|v| one(v.get_ref())).collect()
        }
        (value, true) => Ok(vec![one(value)?]),
    }
}

/// `; did you mean ...?` where something is near enough.
fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|name| (distance(wrong, name), name))
        .filter(|(d, _)| *d <= 3)
        .min()
        .map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}

/// Letters to insert, remove or change.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args, Parser, Subcommand};

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(subcommand)]
        command: Sub,
    }

    #[derive(Debug, Subcommand)]
    enum Sub {
        Watch(Watch),
        Other {
            #[arg(long)]
            config: Option<PathBuf>,
            #[arg(long)]
            colour: bool,
        },
    }

    #[derive(Debug, Args)]
    struct Watch {
        #[arg(short, long)]
        interface: Vec<String>,
        #[arg(long, default_value_t = 7)]
        wait: u64,
        #[arg(long)]
        utc: bool,
        #[arg(long)]
        config: Option<PathBuf>,
    }

    fn parse(text: &str, typed: &[&str]) -> Result<(Watch, Limits), String> {
        let path = std::env::temp_dir().join(format!(
            "wardwatch-config-{}-{:?}.toml",
            std::process::id(),
            std::thread::current().id()
        ));
        std::fs::write(&path, text).unwrap();
        let mut words = vec!["wardwatch", "watch", "--config", path.to_str().unwrap()];
        words.extend(typed);
        let parsed = CommandLine::typed(&words).parse_again::<Cli>();
        std::fs::remove_file(&path).unwrap();
        parsed.map(|(cli, limits)| match cli.command {
            Sub::Watch(watch) => (watch, limits),
            Sub::Other { .. } => unreachable!(),
        })
    }

    #[test]
    fn misspelt_key_is_told_with_line_and_nearest_name() {
        let error = parse("utc = true\ninterfaces = [\"eth1\"]\n", &[]).unwrap_err();
        assert!(error.contains(":2:1: unknown key `interfaces`; did you mean `interface`?"));
    }

    #[test]
    fn misspelt_limit_and_wrong_type_are_told_together() {
        let error = parse("wait = true\n[limits]\nfram = 3\n", &[]).unwrap_err();
        assert!(error.contains("`wait` is a text or a number"), "{error}");
        assert!(
            error.contains(":3:1: no limit `fram`; did you mean `frame`?"),
            "{error}"
        );
    }

    #[test]
    fn broken_toml_is_told_with_its_line() {
        let error = parse("utc = true\nwait = \n", &[]).unwrap_err();
        assert!(error.contains(":2:"), "{error}");
    }

    #[test]
    fn keys_are_flags_and_flags_win() {
        let text = "interface = [\"eth1\", \"eth2\"]\nwait = 9\nutc = true\ncolour = true\n[limits]\nframe = 9000\nflows = 5\n";
        let (watch, limits) = parse(text, &[]).unwrap();
        assert_eq!(watch.interface, ["eth1", "eth2"]);
        assert_eq!((watch.wait, watch.utc), (9, true));
        assert_eq!(limits.sensor.get(sensor::FRAME), 9000);
        assert_eq!(limits.flow.get(flow::limits::FLOWS), 5);
        let (watch, _) = parse(text, &["-i", "lo", "--wait", "1"]).unwrap();
        assert_eq!(watch.interface, ["lo"]);
        assert_eq!(watch.wait, 1);
    }

    #[test]
    fn every_limit_has_a_name_of_its_own() {
        let mut names: Vec<&str> = Limits::all().map(|(name, ..)| name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for name in names {
            assert!(Limits::default().set(name, 1));
        }
    }
}
