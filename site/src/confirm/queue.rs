//! Which question is in front, how questions that are alike differ, and what waits in all. Pure.

use browser::Asked;
use policy::CallId;
use serde_json::{Map, Value};

/// The place of the question to show: the one that was asked for by its card, otherwise the first that was not set
/// aside. None when everything that waits was set aside.
pub(crate) fn head(waiting: &[CallId], aside: &[CallId], wanted: Option<&CallId>) -> Option<usize> {
    wanted
        .and_then(|id| waiting.iter().position(|waits| waits == id))
        .or_else(|| waiting.iter().position(|waits| !aside.contains(waits)))
}

/// What waits, each action once with how often, in the order in which it came (X69).
pub(crate) fn groups(queue: &[Asked]) -> Vec<(usize, String)> {
    let mut groups: Vec<(usize, String)> = Vec::new();
    for asked in queue {
        let says = format!("{} · {}", asked.view.verb_sentence, asked.view.host);
        match groups.iter_mut().find(|(_, known)| *known == says) {
            Some((count, _)) => *count += 1,
            None => groups.push((1, says)),
        }
    }
    groups
}

/// What another call has in other words than the one in front: each argument that differs, with its value there, none
/// when it is not there at all.
pub(crate) fn differences(front: &Map<String, Value>, other: &Map<String, Value>) -> Vec<(String, Option<Value>)> {
    let changed = other.iter().filter(|(name, value)| front.get(*name) != Some(*value));
    let gone = front.keys().filter(|name| !other.contains_key(*name));
    changed
        .map(|(name, value)| (name.clone(), Some(value.clone())))
        .chain(gone.map(|name| (name.clone(), None)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn ids(names: &[&str]) -> Vec<CallId> {
        names.iter().map(|name| CallId::from(*name)).collect()
    }

    #[test]
    fn the_first_is_in_front_unless_set_aside_or_another_is_wanted() {
        let waiting = ids(&["a", "b", "c"]);
        assert_eq!(head(&waiting, &[], None), Some(0));
        assert_eq!(head(&waiting, &ids(&["a"]), None), Some(1));
        assert_eq!(head(&waiting, &ids(&["a"]), Some(&"a".into())), Some(0));
        assert_eq!(head(&waiting, &ids(&["a"]), Some(&"answered".into())), Some(1));
        assert_eq!(head(&waiting, &ids(&["a", "b", "c"]), None), None);
        assert_eq!(head(&[], &[], Some(&"a".into())), None);
    }

    #[test]
    fn x69_calls_that_are_alike_list_only_what_differs() {
        let map = |value: Value| value.as_object().cloned().unwrap_or_default();
        let front = map(json!({"title": "A", "queue": "q", "note": 1}));
        assert_eq!(differences(&front, &front), vec![]);
        assert_eq!(
            differences(&front, &map(json!({"title": "B", "queue": "q", "extra": true}))),
            vec![
                ("title".to_owned(), Some(json!("B"))),
                ("extra".to_owned(), Some(json!(true))),
                ("note".to_owned(), None),
            ]
        );
    }
}
