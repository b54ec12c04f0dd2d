//! Where a reference of a JSON Schema leads, inside the document that it stands in (JSON Schema 2020-12 core, 8.2).
//!
//! A document is one resource, and each part with an `$id` is one of its own. `$ref` names a resource by its `$id` and a
//! place in it by a JSON Pointer or an anchor. Nothing is ever fetched: a reference that leads out of the document, or to
//! one of several places, leads nowhere, and the caller refuses what lies behind it (2026-07-28, basic, "`$ref` Resolution").

use serde_json::Value;

/// How much of a document is looked through for one name; in the whole check it counts as work.
const MAX_SOUGHT: usize = 20_000;

/// The longest address, reference or `$id`, in bytes: addresses are put together and compared for every part of a document.
const MAX_ADDRESS: usize = 2_000;

/// Takes work off what is left. When there is not enough, nothing is left.
pub(super) fn spend(left: &mut usize, work: usize) -> Option<()> {
    let rest = left.checked_sub(work);
    *left = rest.unwrap_or_default();
    rest.map(|_| ())
}

/// How many parts a value has.
pub(super) fn width(value: &Value) -> usize {
    match value {
        Value::Array(parts) => parts.len(),
        Value::Object(members) => members.len(),
        _ => 0,
    }
}

/// The place that `reference` names, and the resource that it lies in. `resource` is the one that the reference stands in,
/// `root` the document. What is looked through is taken off `left`.
pub(super) fn target<'a>(
    root: &'a Value,
    resource: &'a Value,
    reference: &str,
    left: &mut usize,
) -> Option<(&'a Value, &'a Value)> {
    spend(left, 1)?;
    if reference.len() > MAX_ADDRESS {
        return None;
    }
    let (address, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let resource = match address {
        "" => resource,
        address => resource_named(root, resource, address, left)?,
    };
    if fragment.is_empty() || fragment.starts_with('/') {
        return Some((resource, resource.pointer(&percent_decoded(fragment)?)?));
    }
    anchored(resource, fragment, left).map(|found| (resource, found))
}

/// Where `$dynamicRef` leads. Every check begins at the document, so its own anchor of that name is the outermost one;
/// where it has none, the reference is an ordinary one.
pub(super) fn dynamic_target<'a>(
    root: &'a Value,
    resource: &'a Value,
    reference: &str,
    left: &mut usize,
) -> Option<(&'a Value, &'a Value)> {
    let found = target(root, resource, reference, left)?;
    let name = reference.split_once('#').map(|(_, name)| name);
    let is_dynamic = name.is_some() && found.1.get("$dynamicAnchor").and_then(Value::as_str) == name;
    // `$recursiveRef` of 2019-09 is always `#`, and its anchor a yes.
    let is_recursive = found.1.get("$recursiveAnchor") == Some(&Value::Bool(true));
    match name {
        Some(name) if is_dynamic => anchored(root, name, left).map(|outer| (root, outer)).or(Some(found)),
        _ if is_recursive && root.get("$recursiveAnchor") == Some(&Value::Bool(true)) => Some((root, root)),
        _ => Some(found),
    }
}

/// The address that makes a part of a document a resource of its own; a bare fragment is an anchor (draft-07).
pub(super) fn id(schema: &Value) -> Option<&str> {
    schema
        .get("$id")
        .and_then(Value::as_str)
        .filter(|id| id.len() <= MAX_ADDRESS)
        .map(|id| id.trim_end_matches('#'))
        .filter(|id| !id.starts_with('#') && !id.is_empty())
}

fn resource_named<'a>(root: &'a Value, resource: &'a Value, address: &str, left: &mut usize) -> Option<&'a Value> {
    let top = id(root).unwrap_or_default();
    let bases = [id(resource).unwrap_or_default(), top];
    let wanted: Vec<String> = bases.into_iter().filter_map(|base| joined(base, address)).collect();
    let is_wanted = |id: &str| joined(top, id).is_some_and(|id| wanted.contains(&id));
    let names = |schema: &Value| id(schema).is_some_and(|id| id == address || is_wanted(id));
    only(root, &names, true, left)
}

fn anchored<'a>(resource: &'a Value, name: &str, left: &mut usize) -> Option<&'a Value> {
    let is = |schema: &Value, keyword: &str, value: &str| schema.get(keyword).and_then(Value::as_str) == Some(value);
    let names = |schema: &Value| {
        is(schema, "$anchor", name)
            || is(schema, "$dynamicAnchor", name)
            || schema.get("$id").and_then(Value::as_str).and_then(|id| id.strip_prefix('#')) == Some(name)
    };
    only(resource, &names, false, left)
}

/// The one schema that fits; none where several do. Other resources inside are looked into only where `all` says so.
fn only<'a>(top: &'a Value, fits: &dyn Fn(&Value) -> bool, all: bool, left: &mut usize) -> Option<&'a Value> {
    let mut open = vec![top];
    let mut found = None;
    let mut sought = 1;
    while let Some(schema) = open.pop() {
        // Paid when it is put aside, not when it is taken up: one wide part would be free otherwise.
        let work = width(schema);
        sought += work;
        spend(left, work)?;
        if sought > MAX_SOUGHT {
            return None;
        }
        if let Value::Array(parts) = schema {
            open.extend(parts);
        }
        let Value::Object(keywords) = schema else { continue };
        if !all && !std::ptr::eq(schema, top) && id(schema).is_some() {
            continue;
        }
        if fits(schema) && found.replace(schema).is_some() {
            return None;
        }
        // Values, not schemas.
        let data = ["const", "enum", "default", "examples"];
        open.extend(keywords.iter().filter(|(keyword, _)| !data.contains(&keyword.as_str())).map(|(_, part)| part));
    }
    found
}

/// An address against its base (RFC 3986, 5.2), without dots to resolve: what has them is not found. None if it is too long.
fn joined(base: &str, address: &str) -> Option<String> {
    let has_scheme = |text: &str| text.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    if has_scheme(address) {
        return (address.len() <= MAX_ADDRESS).then(|| address.to_owned());
    }
    let start = base.find("://").map_or(0, |at| at + 3);
    let host_end = base.get(start..).and_then(|rest| rest.find('/')).map_or(base.len(), |at| start + at);
    let end = match address.starts_with('/') {
        true => host_end,
        false => base.rfind('/').filter(|at| *at >= host_end).map_or(0, |at| at + 1),
    };
    let base = base.get(..end).unwrap_or_default();
    (base.len() + address.len() <= MAX_ADDRESS).then(|| format!("{base}{address}"))
}

/// A pointer in a fragment is percent-encoded (RFC 6901, section 6).
fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}
