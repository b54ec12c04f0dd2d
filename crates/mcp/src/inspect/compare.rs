//! How two JSON values differ, path by path.
//!
//! Members are compared by name, items of a list by their position. That is what a person expects of two answers to the
//! same request, and it costs one walk.

use serde_json::Value;

/// What became of one place.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Only in the second value.
    Added(Value),
    /// Only in the first value.
    Removed(Value),
    /// In both, and not the same.
    Changed(Value, Value),
}

/// One place in which two values differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where, as a JSON Pointer (RFC 6901); empty is the whole value.
    pub path: String,
    /// What became of it.
    pub change: Change,
}

/// The places in which two values differ, in the order of the first value, at most `limit` of them. The flag says that
/// there are more.
pub fn compare(before: &Value, after: &Value, limit: usize) -> (Vec<Difference>, bool) {
    let mut found = Found { list: Vec::new(), limit, more: false };
    found.walk(&mut String::new(), before, after);
    (found.list, found.more)
}

struct Found {
    list: Vec<Difference>,
    limit: usize,
    more: bool,
}

impl Found {
    fn walk(&mut self, path: &mut String, before: &Value, after: &Value) {
        match (before, after) {
            _ if before == after || self.more => {}
            (Value::Object(old), Value::Object(new)) => {
                for (name, value) in old {
                    self.step(path, name, Some(value), new.get(name));
                }
                for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                    self.step(path, name, None, Some(value));
                }
            }
            (Value::Array(old), Value::Array(new)) => {
                for at in 0..old.len().max(new.len()) {
                    self.step(path, &at.to_string(), old.get(at), new.get(at));
                }
            }
            _ => self.add(path, Change::Changed(before.clone(), after.clone())),
        }
    }

    fn step(&mut self, path: &mut String, name: &str, before: Option<&Value>, after: Option<&Value>) {
        let here = path.len();
        path.push('/');
        path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        match (before, after) {
            (Some(before), Some(after)) => self.walk(path, before, after),
            (Some(before), None) => self.add(path, Change::Removed(before.clone())),
            (None, Some(after)) => self.add(path, Change::Added(after.clone())),
            (None, None) => {}
        }
        path.truncate(here);
    }

    fn add(&mut self, path: &str, change: Change) {
        if self.list.len() == self.limit {
            self.more = true;
            return;
        }
        self.list.push(Difference { path: path.to_owned(), change });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_by_name_and_items_by_position() {
        let before = json!({"same": 1, "list": [1, 2, 3], "gone": true, "a/b~c": "x", "kind": {"deep": null}});
        let after = json!({"list": [1, 5], "same": 1, "a/b~c": "y", "kind": [], "new": {}});
        let (found, more) = compare(&before, &after, 100);
        let told: Vec<(&str, &Change)> = found.iter().map(|one| (one.path.as_str(), &one.change)).collect();
        assert_eq!(
            told,
            [
                ("/list/1", &Change::Changed(json!(2), json!(5))),
                ("/list/2", &Change::Removed(json!(3))),
                ("/gone", &Change::Removed(json!(true))),
                ("/a~1b~0c", &Change::Changed(json!("x"), json!("y"))),
                ("/kind", &Change::Changed(json!({"deep": null}), json!([]))),
                ("/new", &Change::Added(json!({}))),
            ]
        );
        assert!(!more && compare(&before, &before, 1).0.is_empty());
    }

    #[test]
    fn the_order_of_members_is_no_difference_and_there_is_a_limit() {
        assert!(compare(&json!({"a": 1, "b": 2}), &json!({"b": 2, "a": 1}), 9).0.is_empty());
        let (found, more) = compare(&json!([1, 2, 3]), &json!([4, 5, 6]), 2);
        assert_eq!((found.len(), more), (2, true));
        let (found, more) = compare(&json!([1, 2]), &json!([4, 5]), 2);
        assert_eq!((found.len(), more), (2, false));
    }
}
