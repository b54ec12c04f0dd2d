use super::*;
use crate::fixtures::*;
use crate::{Profile, Setting};

fn someone(id: &str, role: Role) -> NewMember {
    NewMember { id: id.into(), name: id.to_uppercase(), email: None, role, groups: vec![], roles: vec![] }
}

fn id(text: &str) -> MemberId {
    text.into()
}

/// The workspace with a role that manages members, given to *dev*.
fn with_manager() -> Rulebook {
    let mut book = workspace(Profile::Enterprise);
    book.add_role(&id("owner"), "hr".into(), "People").unwrap();
    book.set_role(&id("owner"), &"hr".into(), Permission::ManageMembers, Setting::On).unwrap();
    book.give_role(&id("owner"), &id("dev"), &"hr".into(), true).unwrap();
    book
}

#[test]
fn the_last_owner_stays() {
    let mut book = workspace(Profile::Enterprise);
    assert_eq!(book.set_member_role(&id("owner"), &id("owner"), Role::Admin), Err(Why::LastOwner));
    assert_eq!(book.remove_member(&id("owner"), &id("owner"), Drafts::Archive, NOW), Err(Why::LastOwner));
    book.set_member_role(&id("owner"), &id("admin"), Role::Owner).unwrap();
    book.set_member_role(&id("owner"), &id("owner"), Role::Member).unwrap();
    assert_eq!(book.member(&id("owner")).unwrap().role, Role::Member);
}

#[test]
fn only_owners_decide_about_owners() {
    let mut book = workspace(Profile::Enterprise);
    let refused = |result: Result<(), Why>| assert!(matches!(result, Err(Why::OwnersOnly(_))), "{result:?}");
    refused(book.set_member_role(&id("admin"), &id("owner"), Role::Member));
    refused(book.set_member_role(&id("admin"), &id("admin"), Role::Owner));
    refused(book.add_member(&id("admin"), someone("ada", Role::Owner)));
    refused(book.remove_member(&id("admin"), &id("owner"), Drafts::Archive, NOW));
    book.set_member_role(&id("admin"), &id("member"), Role::Admin).unwrap();
}

#[test]
fn who_manages_members_reaches_plain_members_only() {
    let mut book = with_manager();
    book.add_member(&id("dev"), someone("ada", Role::Member)).unwrap();
    book.rename_member(&id("dev"), &id("ada"), "Ada", Some("ada@example.com")).unwrap();
    let refused = |result: Result<(), Why>| {
        assert!(matches!(result, Err(Why::AdminsOnly(_) | Why::OwnersOnly(_) | Why::ManagersOnly(_))), "{result:?}")
    };
    refused(book.add_member(&id("dev"), someone("eve", Role::Admin)));
    refused(book.add_member(&id("dev"), NewMember { roles: vec!["hr".into()], ..someone("eve", Role::Member) }));
    refused(book.add_member(&id("dev"), NewMember { groups: vec!["builders".into()], ..someone("eve", Role::Member) }));
    refused(book.set_member_role(&id("dev"), &id("dev"), Role::Admin));
    refused(book.set_member_role(&id("dev"), &id("ada"), Role::Admin));
    refused(book.give_role(&id("dev"), &id("ada"), &"hr".into(), true));
    refused(book.set_role(&id("dev"), &"hr".into(), Permission::Publish, Setting::On));
    refused(book.set_in_group(&id("dev"), &"builders".into(), &id("ada"), true));
    refused(book.remove_member(&id("dev"), &id("admin"), Drafts::Archive, NOW));
    book.remove_member(&id("dev"), &id("ada"), Drafts::Archive, NOW).unwrap();
    refused(book.add_member(&id("member"), someone("eve", Role::Member)));
}

#[test]
fn a_manager_decides_who_is_in_their_group_and_nothing_else() {
    let mut book = workspace(Profile::Enterprise);
    let builders = GroupId::from("builders");
    assert!(matches!(book.set_in_group(&id("member"), &builders, &id("member"), true), Err(Why::ManagersOnly(_))));
    book.set_group_manager(&id("owner"), &builders, &id("member"), true).unwrap();
    book.set_in_group(&id("member"), &builders, &id("member"), true).unwrap();
    book.set_in_group(&id("member"), &builders, &id("dev"), false).unwrap();
    assert_eq!(book.people_of(&builders).map(|member| member.id.as_str()).collect::<Vec<_>>(), ["member"]);
    book.add_group(&id("owner"), "others".into(), "Others").unwrap();
    let refused = |result: Result<(), Why>| {
        assert!(matches!(result, Err(Why::AdminsOnly(_) | Why::ManagersOnly(_))), "{result:?}")
    };
    refused(book.set_in_group(&id("member"), &"others".into(), &id("member"), true));
    refused(book.rename_group(&id("member"), &builders, "Mine"));
    refused(book.remove_group(&id("member"), &builders));
    refused(book.set_group_manager(&id("member"), &builders, &id("dev"), true));
    refused(book.add_group(&id("member"), "more".into(), "More"));
}

#[test]
fn who_is_removed_leaves_no_access_and_no_draft_that_runs() {
    let mut book = published();
    book.create_draft(&id("dev"), crate::NewConnector { id: "draft".into(), ..new_connector("draft") }, NOW).unwrap();
    let mut access = Access::Nobody;
    access.add_member(&id("dev"));
    book.set_access(&id("owner"), &"tracker".into(), access.clone(), NOW).unwrap();
    book.set_developers(&id("owner"), access).unwrap();
    book.set_group_manager(&id("owner"), &"builders".into(), &id("dev"), true).unwrap();
    let mut taken = book.clone();
    book.remove_member(&id("owner"), &id("dev"), Drafts::Archive, NOW + 1).unwrap();
    let draft = book.connector(&"draft".into()).unwrap();
    assert_eq!((draft.stage, draft.owner.as_str()), (Stage::Archived, "owner"));
    let text = serde_json::to_string(&book).unwrap();
    assert!(!text.contains("\"dev\""), "{text}");
    // Somebody else who gets the same id later inherits nothing.
    book.add_member(&id("owner"), someone("dev", Role::Member)).unwrap();
    let again = book.member(&id("dev")).unwrap();
    assert!(book.may_use(book.connector(&"tracker".into()).unwrap(), again).is_err());
    assert!(book.may_toggle_developer(again).is_err());

    taken.remove_member(&id("owner"), &id("dev"), Drafts::TakeOver, NOW + 1).unwrap();
    let draft = taken.connector(&"draft".into()).unwrap();
    assert_eq!((draft.stage, draft.owner.as_str()), (Stage::Draft, "owner"));
}

#[test]
fn taking_drafts_over_needs_developer_mode() {
    let mut book = workspace(Profile::Enterprise);
    book.create_draft(&id("dev"), new_connector("draft"), NOW).unwrap();
    book.set_developer_mode(&id("owner"), false, NOW).unwrap();
    assert_eq!(book.remove_member(&id("owner"), &id("dev"), Drafts::TakeOver, NOW), Err(Why::DeveloperOff));
    assert!(book.member(&id("dev")).is_ok());
}

#[test]
fn s070_a_group_that_is_gone_gives_nothing_any_more() {
    let mut book = published();
    let only = Access::Only {
        members: BTreeSet::new(),
        groups: ["builders".into()].into(),
        roles: BTreeSet::new(),
        custom: Default::default(),
    };
    book.set_access(&id("owner"), &"tracker".into(), only, NOW).unwrap();
    assert!(book.may_use(&book.connectors[0], book.member(&id("dev")).unwrap()).is_ok());
    book.remove_group(&id("owner"), &"builders".into()).unwrap();
    let dev = book.member(&id("dev")).unwrap();
    assert!(book.may_use(&book.connectors[0], dev).is_err() && book.may_toggle_developer(dev).is_err());
    assert!(dev.groups.is_empty());
    book.add_group(&id("owner"), "builders".into(), "Builders").unwrap();
    assert!(book.may_use(&book.connectors[0], book.member(&id("dev")).unwrap()).is_err(), "a new group is another one");
}

#[test]
fn s075_a_connector_is_for_whoever_has_a_custom_role_by_themselves_or_by_a_group() {
    let mut book = published();
    let owner = id("owner");
    book.add_role(&owner, "clerks".into(), "Clerks").unwrap();
    let only = Access::Only {
        members: BTreeSet::new(),
        groups: BTreeSet::new(),
        roles: BTreeSet::new(),
        custom: ["clerks".into()].into(),
    };
    book.set_access(&owner, &"tracker".into(), only.clone(), NOW).unwrap();
    let uses = |book: &Rulebook, who: &str| {
        let member = book.member(&id(who)).unwrap();
        let may = book.may_use(&book.connectors[0], member);
        assert_eq!(may.is_ok(), book.connectors[0].access.includes(member, book), "{who}");
        may
    };
    assert_eq!(uses(&book, "member"), Err(Why::NoAccess), "nobody has it yet");
    book.give_role(&owner, &id("member"), &"clerks".into(), true).unwrap();
    assert_eq!(uses(&book, "member"), Ok(()));
    assert_eq!(uses(&book, "dev"), Err(Why::NoAccess));
    book.give_group_role(&owner, &"builders".into(), &"clerks".into(), true).unwrap();
    assert_eq!(uses(&book, "dev"), Ok(()), "by their group");
    let call = call(&book, "find");
    assert_eq!(crate::Rules::of(&book, &call).verdict(), crate::Verdict::Run);
    // It is stored and read again, and a workspace without it looks as before.
    let again: Access = serde_json::from_value(serde_json::to_value(&only).unwrap()).unwrap();
    assert_eq!(again, only);
    let older = r#"{"kind":"only","members":["ada"],"groups":[],"roles":[]}"#;
    assert_eq!(serde_json::to_string(&serde_json::from_str::<Access>(older).unwrap()).unwrap(), older);
    // A role that is gone gives nothing, and a new one of its name is another.
    book.remove_role(&owner, &"clerks".into()).unwrap();
    assert_eq!(uses(&book, "member"), Err(Why::NoAccess));
    book.add_role(&owner, "clerks".into(), "Clerks").unwrap();
    book.give_role(&owner, &id("member"), &"clerks".into(), true).unwrap();
    assert_eq!(uses(&book, "member"), Err(Why::NoAccess));
}

#[test]
fn s028_business_has_members_and_no_groups_or_roles() {
    let mut book = workspace(Profile::Business);
    book.add_member(&id("admin"), someone("ada", Role::Member)).unwrap();
    assert!(matches!(book.add_group(&id("owner"), "g".into(), "G"), Err(Why::NotInPlan { .. })));
    assert!(matches!(book.add_role(&id("owner"), "r".into(), "R"), Err(Why::NotInPlan { .. })));
    let mut pro = workspace(Profile::Pro);
    assert!(matches!(pro.add_member(&id("owner"), someone("ada", Role::Member)), Err(Why::NotInPlan { .. })));
}

#[test]
fn names_and_addresses_are_checked() {
    let mut book = workspace(Profile::Enterprise);
    let add = |book: &mut Rulebook, name: &str, email: &str| {
        let new = NewMember {
            name: name.into(),
            email: Some(email.into()),
            ..someone(&format!("m{}", book.members.len()), Role::Member)
        };
        book.add_member(&"owner".into(), new)
    };
    assert_eq!(add(&mut book, "\u{200b}", ""), Err(Why::NoName));
    for email in ["ada", "@b", "a@", "a b@c", "a@b@c", "a\u{200b}@b.c"] {
        assert_eq!(add(&mut book, "Ada", email), Err(Why::Email(email.into())), "{email}");
    }
    add(&mut book, "Ada", " ada@example.com ").unwrap();
    assert_eq!(add(&mut book, "Eve", "ADA@example.com"), Err(Why::Taken("ADA@example.com".into())));
    assert_eq!(book.add_member(&id("owner"), someone("dev", Role::Member)), Err(Why::Taken("dev".into())));
}
