//! `wardwatch protocols export --lua NAME`.

use dissectors::ProtocolId;
use dissectors::declarative;

use super::lua;

/// The Lua dissector of a protocol that a data file describes.
///
/// # Errors
/// There is none of that name, or it is written in Rust.
pub fn lua(name: &str) -> Result<String, String> {
    let id = ProtocolId::of(name)
        .ok_or_else(|| format!("no protocol {name}; `wardwatch protocols` lists them"))?;
    let table = declarative::table_of(name).ok_or_else(|| {
        let all: Vec<&str> = declarative::described().collect();
        format!(
            "{name} is written in Rust; only protocols of a data file can be turned into Lua: {}",
            all.join(", ")
        )
    })?;
    Ok(lua::write(id.protocol(), table))
}
