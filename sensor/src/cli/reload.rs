//! SIGHUP: rules, policy, exceptions, names and settings loaded anew, and taken only if all is good.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::args::{Cli, Command, Watch};
use super::complain;
use super::in_force::InForce;
use crate::config::{CommandLine, Limits};
use crate::pipeline::{Change, Changes};

/// What reloads came to.
pub struct Reloads {
    pub done: AtomicU64,
    pub failed: AtomicU64,
    /// Seconds between statistics, as the newest settings say.
    stats_every: AtomicU64,
    /// Why the last ones failed, not told as findings yet.
    why: Mutex<Vec<String>>,
}

impl Reloads {
    pub fn new(stats_every: u64) -> Self {
        Reloads {
            done: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            stats_every: AtomicU64::new(stats_every),
            why: Mutex::default(),
        }
    }

    pub fn why(&self) -> MutexGuard<'_, Vec<String>> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn stats_every(&self) -> Duration {
        Duration::from_secs(self.stats_every.load(Ordering::Relaxed))
    }
}

/// Settings that a reload takes; all others hold from the start to the end of a run.
const TAKEN: &[&str] = &[
    "policy",
    "policy-additions",
    "rules",
    "names",
    "exceptions",
    "exception-additions",
    "canary",
    "stats-every",
];

/// Waits for SIGHUP, loads everything anew, and hands it over only if all of it is good.
pub struct Reloader {
    pub line: CommandLine,
    /// Keys of the configuration file, as the run began.
    pub settings: BTreeMap<String, toml::Value>,
    pub in_force: InForce,
    pub all_fields: bool,
    pub changes: Changes,
    pub reloads: Arc<Reloads>,
}

impl Reloader {
    pub fn listen(&self, hang_up: &AtomicBool, ended: &AtomicBool) {
        while !ended.load(Ordering::Relaxed) {
            if hang_up.swap(false, Ordering::Relaxed) {
                match self.load() {
                    Ok(change) => self.changes.put(change),
                    Err(why) => {
                        self.reloads.failed.fetch_add(1, Ordering::Relaxed);
                        self.reloads.why().push(why.clone());
                        complain(format!(
                            "not reloaded, the old rules and policy stay: {why}"
                        ));
                    }
                }
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn load(&self) -> Result<Change, String> {
        let (cli, limits): (Cli, Limits) = self.line.parse_again()?;
        let Some(Command::Watch(args)) = cli.command else {
            return Err("the command line is not that of a watch".into());
        };
        let Watch { judge, .. } = &*args;
        let change = self.in_force.reload(judge, &limits, self.all_fields)?;
        let every = args.stats_every;
        self.reloads.stats_every.store(every, Ordering::Relaxed);
        let waiting = self.needs_restart(&self.line.settings());
        if !waiting.is_empty() {
            complain(format!(
                "reloaded, but these settings need a restart: {}",
                waiting.join(", ")
            ));
        }
        Ok(change)
    }

    /// Keys that have another value than at the start, and that no reload takes.
    fn needs_restart(&self, now: &BTreeMap<String, toml::Value>) -> Vec<String> {
        let mut keys: Vec<&String> = self.settings.keys().chain(now.keys()).collect();
        keys.sort();
        keys.dedup();
        keys.into_iter()
            .filter(|key| self.settings.get(*key) != now.get(*key))
            .filter(|key| !TAKEN.contains(&key.as_str()))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::view::clerk::Pending;

    /// A folder with a configuration and a policy, and who reloads them.
    struct Site {
        folder: PathBuf,
        reloader: Reloader,
    }

    impl Site {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("reload-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).expect("a writable temporary folder");
            let config = folder.join("wardwatch.toml");
            let policy = folder.join("policy.toml");
            std::fs::write(&policy, "schema = 1\n").expect("our folder");
            let text = format!("policy = {:?}\n", policy.display().to_string());
            std::fs::write(&config, text).expect("our folder");
            let config = config.display().to_string();
            let line = CommandLine::typed(&["wardwatch", "watch", "-i", "lo", "--config", &config]);
            let (cli, limits) = line.parse_again::<Cli>().expect("a good configuration");
            let Some(Command::Watch(args)) = cli.command else {
                unreachable!()
            };
            Site {
                folder,
                reloader: Reloader {
                    settings: line.settings(),
                    in_force: InForce::new(&args.judge, &limits),
                    line,
                    all_fields: false,
                    changes: Changes::default(),
                    reloads: Arc::new(Reloads::new(60)),
                },
            }
        }

        fn add_to_config(&self, text: &str) {
            let path = self.folder.join("wardwatch.toml");
            let old = std::fs::read_to_string(&path).expect("our file");
            std::fs::write(path, old + text).expect("our file");
        }
    }

    impl Drop for Site {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    fn entries() -> Pending {
        Pending {
            grants: "[[grant]]\nwho = [\"10.0.0.1\"]\nmay = [\"read\"]\non = [\"any\"]\n".into(),
            exceptions: "schema = 1\n[[exception]]\nrule = \"WW-CMD-0001\"\nreason = \"a test\"\nby = \"me\"\nuntil = 2099-01-01\n".into(),
        }
    }

    #[test]
    fn entries_that_stand_in_no_file_are_still_in_force_after_a_reload() {
        let site = Site::new("entries");
        let r = &site.reloader;
        let before = r.load().unwrap_or_else(|e| panic!("{e}")).ruling;
        let entries = entries();
        let written = r.in_force.with(&entries, Some(&entries));
        let written = written.unwrap_or_else(|e| panic!("{e}")).ruling;
        let after = r.load().unwrap_or_else(|e| panic!("{e}"));
        assert_ne!(before.policy, written.policy);
        assert_eq!(after.ruling.policy, written.policy);
        assert_eq!(after.ruling.exceptions, written.exceptions);
        assert_eq!(after.exceptions.causes().count(), 1);
    }

    #[test]
    fn entry_with_a_mistake_does_not_stay() {
        let site = Site::new("mistake");
        let r = &site.reloader;
        let wrong = Pending {
            grants: "[[grant]]\nwho = [\n".into(),
            exceptions: String::new(),
        };
        assert!(r.in_force.with(&wrong, Some(&wrong)).is_err());
        assert!(r.load().is_ok());
    }

    #[test]
    fn reload_takes_a_policy_of_another_name_and_entries_are_checked_with_it() {
        let site = Site::new("other");
        let r = &site.reloader;
        let other = site.folder.join("other.toml");
        std::fs::write(&other, "schema = 1\n# another\n").expect("our folder");
        let text = format!(
            "policy = {:?}\nstats-every = 7\n",
            other.display().to_string()
        );
        std::fs::write(site.folder.join("wardwatch.toml"), text).expect("our folder");
        let change = r.load().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(r.reloads.stats_every(), Duration::from_secs(7));
        let same = r.in_force.with(&Pending::default(), None);
        let same = same.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(same.ruling.policy, change.ruling.policy);
        assert!(r.needs_restart(&r.line.settings()).is_empty());
    }

    #[test]
    fn settings_that_need_a_restart_are_named() {
        let site = Site::new("restart");
        site.add_to_config("workers = 3\nstats-every = 5\n[limits]\nflows = 1000\n");
        let r = &site.reloader;
        assert_eq!(
            r.needs_restart(&r.line.settings()),
            ["limits.flows", "workers"]
        );
    }

    #[test]
    fn mistake_in_the_configuration_keeps_everything_as_it_was() {
        let site = Site::new("config");
        site.add_to_config("stats-evry = 5\n");
        let error = site.reloader.load().err().expect("a mistake");
        assert!(error.contains("stats-evry"), "{error}");
        assert_eq!(site.reloader.reloads.stats_every(), Duration::from_secs(60));
    }
}
