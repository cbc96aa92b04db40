//! States of earlier versions, brought to the present form step by step.

use serde_json::{Value, json};

/// The form that this version writes.
///
/// 1: inventory and open findings. 2: the history of closed findings, restarts, and the hashes of
/// what was in force.
pub const SCHEMA: u64 = 2;

/// Steps from each form to the next; the first makes 2 of 1.
const STEPS: &[fn(&mut Value)] = &[second];

pub fn to_present(mut value: Value) -> Result<Value, String> {
    let schema = value.get("schema").and_then(Value::as_u64);
    let schema = schema.ok_or("it has no schema")?;
    if schema > SCHEMA {
        return Err(format!(
            "schema {schema} is of a newer version; this one reads up to {SCHEMA}"
        ));
    }
    let done = usize::try_from(schema).ok().and_then(|s| s.checked_sub(1));
    let steps = done.and_then(|done| STEPS.get(done..));
    for step in steps.ok_or_else(|| format!("there is no schema {schema}"))? {
        step(&mut value);
    }
    Ok(value)
}

fn second(value: &mut Value) {
    if let Some(object) = value.as_object_mut() {
        object.entry("history").or_insert_with(|| json!([]));
        object.entry("restarts").or_insert_with(|| json!([]));
        for hash in ["rules_hash", "policy_hash", "exceptions_hash"] {
            object.entry(hash).or_insert_with(|| json!(""));
        }
        object.insert("schema".into(), json!(2));
    }
}
