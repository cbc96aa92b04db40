//! Stores that are damaged, newer, older, and whole.

use std::fs;

use serde_json::{Value, json};

use super::*;

struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("wardwatch-store-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Dir(path)
    }

    fn write(&self, text: &str) {
        fs::create_dir_all(&self.0).unwrap();
        fs::write(self.0.join(STATE), text).unwrap();
    }

    fn files(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = names
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn damaged_cut_and_foreign_states_are_set_aside_and_told() {
    for (name, text) in [
        ("cut", "{\"schema\":2,\"written\":17,\"inv"),
        ("empty", ""),
        ("binary", "\u{0}\u{1}\u{2}"),
        ("foreign", "{\"a\":1}"),
        ("null", "null"),
        ("untimed", "{\"schema\":2}"),
        ("newer", "{\"schema\":99,\"written\":17}"),
        ("older", "{\"schema\":0,\"written\":17}"),
    ] {
        let dir = Dir::new(name);
        dir.write(text);
        let (store, kept, trouble) = Store::open(&dir.0, 5_000_000_000).unwrap();
        assert!(kept.is_none() && store.blind().is_none(), "{name}");
        let trouble = trouble.unwrap_or_else(|| panic!("{name} is told"));
        assert!(trouble.contains("set aside"), "{name}: {trouble}");
        assert_eq!(dir.files(), ["state.damaged-5.json"], "{name}");
        assert_eq!(
            fs::read(dir.0.join("state.damaged-5.json")).unwrap(),
            text.as_bytes()
        );
    }
}

#[test]
fn state_of_the_first_schema_is_migrated() {
    let dir = Dir::new("first");
    dir.write(include_str!("first.json"));
    let kept = read(&dir.0).unwrap().unwrap();
    assert_eq!(kept.value["schema"], json!(SCHEMA));
    assert_eq!(kept.value["history"], json!([]));
    assert_eq!(kept.value["rules_hash"], "");
    let mut judge = rules::Judge::new(
        rules::RuleSet::load(&[]).unwrap(),
        None,
        rules::Settings::default(),
    );
    let restored = judge.restore(&kept.value, true);
    assert_eq!((restored.assets, restored.findings), (2, 1));
    let ip = "10.20.1.11".parse().unwrap();
    assert_eq!(judge.inventory().asset(ip).unwrap().sent, 42);
}

#[test]
fn every_schema_has_a_step_to_the_next() {
    assert_eq!(
        migrate::to_present(json!({ "schema": SCHEMA })).unwrap()["schema"],
        SCHEMA
    );
    for schema in 1..SCHEMA {
        let value = migrate::to_present(json!({ "schema": schema })).unwrap();
        assert_eq!(value["schema"], json!(SCHEMA));
    }
}

#[test]
fn what_is_replaced_is_whole_and_for_its_owner_alone() {
    let dir = Dir::new("whole");
    let (store, kept, trouble) = Store::open(&dir.0, 1).unwrap();
    assert!(kept.is_none() && trouble.is_none());
    for n in 0..50 {
        store.writer.write(
            json!({ "schema": 2, "written": n })
                .to_string()
                .into_bytes(),
        );
    }
    store.close().unwrap();
    assert_eq!(dir.files(), [STATE]);
    let text = fs::read(dir.0.join(STATE)).unwrap();
    let value: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(value["written"], 49, "the newest wins");
    let mode = fs::metadata(dir.0.join(STATE))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn blind_time_is_from_the_last_state_to_the_start() {
    let dir = Dir::new("blind");
    dir.write("{\"schema\":2,\"written\":100,\"restarts\":[[1,2]]}");
    let (store, kept, _) = Store::open(&dir.0, 250).unwrap();
    assert_eq!(kept.unwrap().written, 100);
    assert_eq!(store.blind(), Some(Restart { from: 100, to: 250 }));
    assert_eq!(store.restarts.len(), 2);
}

#[test]
fn directory_that_cannot_be_made_is_told() {
    let dir = Dir::new("nodir");
    fs::write(&dir.0, "a file").unwrap();
    assert!(Store::open(&dir.0.join("x"), 1).is_err());
    fs::remove_file(&dir.0).unwrap();
}
