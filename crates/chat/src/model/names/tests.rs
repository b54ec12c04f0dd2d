use super::*;

fn names(list: &[(&str, &str, &str)]) -> Vec<String> {
    let ids: Vec<ConnectorId> = list.iter().map(|(id, ..)| ConnectorId::from(*id)).collect();
    safe(&ids.iter().zip(list).map(|(id, (_, connector, action))| (id, *connector, *action)).collect::<Vec<_>>())
}

#[test]
fn x34_look_alikes_and_collisions_get_names_of_their_own() {
    assert_eq!(names(&[("1", "My Desk", "create_ticket")]), ["my_desk__create_ticket"]);
    let list = names(&[
        ("1", "Desk", "search"),
        ("2", "Desk", "search"),
        ("1", "Desk", "sеarch"),
        ("1", "Desk", "Search"),
        ("1", "Desk", "sea-rch"),
        ("1", "Desk", "検索"),
        ("1", "Desk", "検証"),
        ("3", "", "plain"),
    ]);
    let mut unique = list.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), list.len(), "{list:?}");
    assert_eq!(list[7], "plain");
    assert!(!names(&[("1", "", "")])[0].is_empty());
}

#[test]
fn names_do_not_depend_on_the_order_of_the_list() {
    let forth = names(&[("1", "Desk", "search"), ("2", "Desk", "search"), ("3", "Shop", "buy")]);
    let mut back = names(&[("3", "Shop", "buy"), ("2", "Desk", "search"), ("1", "Desk", "search")]);
    back.reverse();
    assert_eq!(forth, back);
}

proptest::proptest! {
    #[test]
    fn x34_every_name_is_taken_by_every_provider(list in proptest::collection::vec(("[ab]", "\\PC{0,40}", "\\PC{0,90}"), 0..8)) {
        let list: Vec<(&str, &str, &str)> = list.iter().map(|(id, connector, action)| (id.as_str(), connector.as_str(), action.as_str())).collect();
        let mut all = names(&list);
        for name in &all {
            proptest::prop_assert!((1..=MAX).contains(&name.len()), "{}", name);
            proptest::prop_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'));
        }
        all.sort();
        all.dedup();
        proptest::prop_assert_eq!(all.len(), list.len());
    }
}
