//! What is tried: a dissector in Rust by its folder, or a data file.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use dissectors::registry;
use dissectors::{ProtocolId, declarative};

/// A dissector on the bench.
#[derive(Debug)]
pub struct Subject {
    pub protocol: ProtocolId,
    /// What is watched: its data file, or its folder.
    pub path: PathBuf,
    /// Written in Rust: a change needs a build.
    pub rust: bool,
}

/// Finds the dissector that a path names: `acme.dissector.toml`, a folder that holds one, the folder
/// `dissectors/src/NAME`, or the name alone. Call it before anything asks for the list of protocols.
///
/// # Errors
/// Why there is none, or what is wrong with the data file.
pub fn find(path: &Path) -> Result<Subject, String> {
    if let Some(file) = data_file(path) {
        let text =
            std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let protocol = declarative::load(&text, &file.display().to_string()).map_err(|faults| {
            let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
            lines.join("\n")
        })?;
        let name = protocol.name;
        registry::try_out(protocol).map_err(|e| e.to_string())?;
        let protocol = ProtocolId::of(name).ok_or("the data file was not registered")?;
        return Ok(Subject {
            protocol,
            path: file,
            rust: false,
        });
    }
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let Some(protocol) = ProtocolId::of(&name) else {
        return Err(format!(
            "{} is neither a data file (NAME.dissector.toml), nor a folder with one, nor the folder of a registered dissector; \
             is it registered in dissectors/src/registry.rs, and built?",
            path.display()
        ));
    };
    Ok(Subject {
        protocol,
        path: path.to_owned(),
        rust: true,
    })
}

/// The data file that a path names, if it names one.
pub fn data_file(path: &Path) -> Option<PathBuf> {
    let is_data = |p: &Path| p.to_string_lossy().ends_with(".dissector.toml");
    if is_data(path) {
        return Some(path.to_owned());
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir(path)
        .ok()?
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| is_data(p))
        .collect();
    found.sort();
    found.into_iter().next()
}

/// When anything of a file or folder was last written.
pub fn written(path: &Path) -> Option<SystemTime> {
    let own = path.metadata().and_then(|m| m.modified()).ok();
    let inside = std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .filter_map(|e| written(&e.ok()?.path()))
        .max();
    own.max(inside)
}
