//! `--dissector-dir`: protocols in data files, from outside the tree.

use std::path::{Path, PathBuf};

use dissectors::{declarative, registry};

/// The end of a data file's name.
const ENDING: &str = ".dissector.toml";

/// Loads every data file of these directories. Call it before anything asks for the protocols.
///
/// # Errors
/// What is wrong with which file, line by line; nothing is added then.
pub fn load(directories: &[PathBuf]) -> Result<(), String> {
    let mut protocols = Vec::new();
    let mut faults = Vec::new();
    for directory in directories {
        let files = data_files(directory)?;
        if files.is_empty() {
            faults.push(format!(
                "{}: no NAME{ENDING} in it, nor in a folder in it",
                directory.display()
            ));
        }
        for file in files {
            let name = file.display().to_string();
            match std::fs::read_to_string(&file) {
                Err(e) => faults.push(format!("{name}: {e}")),
                Ok(text) => match declarative::load(&text, &name) {
                    Ok(protocol) => protocols.push(protocol),
                    Err(found) => faults.extend(found.iter().map(ToString::to_string)),
                },
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    if protocols.is_empty() {
        return Ok(());
    }
    registry::add(protocols).map_err(|e| format!("--dissector-dir: {e}"))
}

/// Data files in a directory and in the folders in it, one a protocol, in the order of their names.
fn data_files(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for path in entries(directory)? {
        if path.is_dir() {
            files.extend(entries(&path)?.into_iter().filter(|p| is_data_file(p)));
        } else if is_data_file(&path) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let told = |e: std::io::Error| format!("{}: {e}", directory.display());
    std::fs::read_dir(directory)
        .map_err(told)?
        .map(|entry| entry.map(|e| e.path()).map_err(told))
        .collect()
}

fn is_data_file(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().ends_with(ENDING))
        && path.is_file()
}
