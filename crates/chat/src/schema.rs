//! A form from a JSON Schema, and the check of what was filled in.
//!
//! Schemas come from servers and are data to distrust (attacks.md X41): a reference is followed only inside the same
//! document and only so often, a remote one never, and what lies behind one of those is refused; work and depth are
//! limited; a `pattern` is not run here, because a backtracking engine can be made to hang: the caller lends a
//! [`Matches`], and without one the check says that the pattern was not looked at.
//!
//! JSON Schema 2020-12 is what MCP uses; 2019-09, draft-07 and draft-06 are read the same way, and by no other dialect is
//! anything judged. A keyword that is not checked is named in [`Checked::unchecked`], so nothing
//! passes silently; what a form cannot show becomes a field for raw JSON, so nothing is out of reach.

mod check;
mod form;
mod reference;
mod wanted;

pub(crate) use check::is_date;
pub use check::{Checked, Matches, Problem, check, check_with};
pub use form::{Field, Form, Format, Kind, Opt, TypedError, collect, display, form_of, typed};
pub use wanted::secrets_wanted;

use serde_json::Value;

/// How often references may lead on before a schema counts as going in circles.
const MAX_HOPS: usize = 16;

/// How many parts of a schema are looked at for one purpose, all its references together: a form, or the titles of a
/// table (X41: many references, each looked for in a wide document).
pub(crate) const MAX_LOOKED: usize = 200_000;

/// A schema inside `root` with its references followed; `None` where one leads nowhere. What is looked through is taken
/// off `left`.
pub(crate) fn resolved<'a>(root: &'a Value, schema: &'a Value, left: &mut usize) -> Option<&'a Value> {
    resolve(root, schema, left).ok()
}

/// The title of a schema inside `root`, without what surrounds it, when there is one.
pub(crate) fn title(root: &Value, schema: &Value, left: &mut usize) -> Option<String> {
    // A title beside a reference is nearer than the one it leads to.
    let said = |schema: &Value| schema.get("title").and_then(Value::as_str).map(str::trim).map(str::to_owned);
    said(schema).or_else(|| said(resolved(root, schema, left)?)).filter(|title| !title.is_empty())
}

/// Follows `$ref` as long as it points into the same document (`#`, `#/$defs/name`, any JSON Pointer).
/// `Err` holds a reference that leads nowhere, leads elsewhere, goes in circles or is one too many.
fn resolve<'a>(root: &'a Value, mut schema: &'a Value, left: &mut usize) -> Result<&'a Value, String> {
    for _ in 0..MAX_HOPS {
        let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
            return Ok(schema);
        };
        schema = reference::target(root, root, reference, left)
            .map(|(_, found)| found)
            .ok_or_else(|| reference.to_owned())?;
    }
    Err(schema.get("$ref").and_then(Value::as_str).unwrap_or("$ref").to_owned())
}

/// The types a schema allows, as written; empty when it does not say.
fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
