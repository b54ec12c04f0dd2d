//! The permission matrix of the specification (a.10) as a table: one row per capability, one column per kind of person.

use crate::fixtures::*;
use crate::*;

/// The columns: who asks. Everyone has their own developer switch on, so only the plan, gate 1 and roles differ.
const WHO: [(&str, &[Profile], &[&str]); 6] = [
    ("Business owner/admin", &[Profile::Business], &["owner", "admin"]),
    ("Business member", &[Profile::Business], &["member", "dev"]),
    ("Ent/Edu owner/admin", &[Profile::Enterprise, Profile::Edu], &["owner", "admin"]),
    ("Ent/Edu member with grant", &[Profile::Enterprise, Profile::Edu], &["dev"]),
    ("Ent/Edu member", &[Profile::Enterprise, Profile::Edu], &["member"]),
    ("Pro user", &[Profile::Pro], &["owner"]),
];

const Y: bool = true;
const N: bool = false;

type Row = (&'static str, fn(&Rulebook, &Member) -> bool, [bool; 6]);

/// The rows. `Y` is may, `N` is may not; what does not exist in a plan is `N`.
const MATRIX: [Row; 30] = [
    ("open gate 1", |book, who| book.may_open_gate(who).is_ok(), [Y, N, Y, N, N, N]),
    ("grant developer mode to others", |book, who| book.may_grant_developer(who).is_ok(), [N, N, Y, N, N, N]),
    ("flip the own developer switch", |book, who| book.may_toggle_developer(who).is_ok(), [Y, N, Y, Y, N, Y]),
    ("create a draft", |book, who| book.may_create_draft(who).is_ok(), [Y, N, Y, Y, N, Y]),
    ("create a draft with the switch off", |book, who| book.may_create_draft(&off(who)).is_ok(), [N, N, N, N, N, N]),
    ("see an own draft", |book, who| book.may_see(&draft_of(who.id.as_str()), who).is_ok(), [Y, N, Y, Y, N, Y]),
    ("see others' drafts", |book, who| book.may_see(&draft_of("someone"), who).is_ok(), [Y, N, Y, N, N, N]),
    (
        "test an own draft, reading",
        |book, who| verdict(book, who, draft_of(who.id.as_str()), "find") == Verdict::Run,
        [Y, N, Y, Y, N, Y],
    ),
    (
        "test an own draft, writing",
        |book, who| verdict(book, who, draft_of(who.id.as_str()), "create") == Verdict::Ask,
        [Y, N, Y, Y, N, N],
    ),
    ("use others' drafts", |book, who| book.may_use(&draft_of("someone"), who).is_ok(), [N, N, N, N, N, N]),
    ("publish", |book, who| book.may_publish(&draft_of("someone"), who).is_ok(), [Y, N, Y, N, N, N]),
    ("leave actions out when publishing", |book, who| book.may_publish(&one_off(), who).is_ok(), [N, N, Y, N, N, N]),
    ("configure access", |book, who| book.may_set_access(&draft_of("someone"), who).is_ok(), [N, N, Y, N, N, N]),
    ("manage published actions", |book, who| book.may_control_actions(&public(), who).is_ok(), [N, N, Y, N, N, N]),
    ("refresh after publishing", |book, who| book.may_refresh(&public(), who, true).is_ok(), [N, N, Y, N, N, N]),
    (
        "refresh without an own connection",
        |book, who| book.may_refresh(&public(), who, false).is_ok(),
        [N, N, N, N, N, N],
    ),
    ("use what is published, in the access set", |book, who| book.may_use(&public(), who).is_ok(), [Y, Y, Y, Y, Y, N]),
    (
        "use what is published, outside the access set",
        |book, who| book.may_use(&nobodys(), who).is_ok(),
        [Y, Y, N, N, N, N],
    ),
    // Everybody sees their own. On a plan of one person there are no others.
    ("see everyone's calls", |book, who| book.may_see_record(who).is_ok(), [Y, N, Y, N, N, Y]),
    ("export everyone's calls", |book, who| book.lines_of(who, None).is_none(), [Y, N, Y, N, N, Y]),
    (
        "see and export others' calls by asking for them",
        |book, who| book.lines_of(who, Some(&"somebody".into())) == Some("somebody".into()),
        [Y, N, Y, N, N, Y],
    ),
    (
        "see and export own calls",
        |book, who| book.lines_of(who, Some(&who.id)).as_ref() == Some(&who.id),
        [Y, Y, Y, Y, Y, Y],
    ),
    ("see payloads of the audit", |book, who| book.may_read_payloads(who), [Y, N, N, N, N, Y]),
    ("see who else is here", |book, who| book.may_see_members(who).is_ok(), [Y, N, Y, N, N, N]),
    ("add and remove members", |book, who| book.may_manage_members(who).is_ok(), [Y, N, Y, N, N, N]),
    ("make groups", |book, who| book.may_manage_groups(who).is_ok(), [N, N, Y, N, N, N]),
    ("make custom roles", |book, who| book.may_manage_roles(who).is_ok(), [N, N, Y, N, N, N]),
    ("request a connector", |book, who| book.may_request(who).is_ok(), [Y, Y, Y, Y, Y, N]),
    ("change settings, domains and lockdown", |book, who| book.may_set_workspace(who).is_ok(), [Y, N, Y, N, N, Y]),
    ("archive what others published", |book, who| book.may_archive(&public(), who).is_ok(), [Y, N, Y, N, N, N]),
];

/// What a custom role gives to somebody who has nothing else: its own capabilities, and no other.
type Gift = (Permission, fn(&Rulebook, &Member) -> bool);

const GIFTS: [Gift; 10] = [
    (Permission::UseConnectors, |book, who| book.may_use(&public(), who).is_ok()),
    (Permission::RequestConnectors, |book, who| book.may_request(who).is_ok()),
    (Permission::CreateConnectors, |book, who| book.may_create_draft(who).is_ok()),
    (Permission::SeeDrafts, |book, who| book.may_see(&draft_of("someone"), who).is_ok()),
    (Permission::ControlActions, |book, who| book.may_control_actions(&public(), who).is_ok()),
    (Permission::ManageAccess, |book, who| book.may_set_access(&public(), who).is_ok()),
    (Permission::Publish, |book, who| book.may_publish(&draft_of("someone"), who).is_ok()),
    (Permission::ManageMembers, |book, who| book.may_manage_members(who).is_ok()),
    (Permission::SeeAudit, |book, who| book.may_see_record(who).is_ok()),
    (Permission::SeePayloads, |book, who| book.may_read_payloads(who)),
];

/// A workspace with a role that says `setting` about one permission and *Off* about all others.
fn with_role(profile: Profile, permission: Permission, setting: Setting) -> Rulebook {
    let mut book = workspace(profile);
    let settings = Permission::ALL.map(|one| (one, if one == permission { setting } else { Setting::Off }));
    book.roles = vec![CustomRole { id: "role".into(), name: "Role".into(), settings: settings.into() }];
    book
}

#[test]
fn c8_each_permission_gives_its_own_capability_and_no_other() {
    for profile in [Profile::Enterprise, Profile::Edu] {
        for (permission, _) in GIFTS {
            let book = with_role(profile, permission, Setting::On);
            let who = Member { roles: vec!["role".into()], ..person("member", Role::Member) };
            for (other, may) in GIFTS {
                // Whoever reads what was sent sees the calls that it belongs to.
                let along = (permission, other) == (Permission::SeePayloads, Permission::SeeAudit);
                assert_eq!(may(&book, &who), other == permission || along, "{other:?} by a role for {permission:?}");
            }
            assert!(book.may_manage_roles(&who).is_err() && book.may_manage_groups(&who).is_err());
            assert!(book.may_set_workspace(&who).is_err() && book.may_open_gate(&who).is_err());
        }
    }
}

#[test]
fn c8_a_role_counts_through_a_group_too_and_not_in_plans_without_roles() {
    for (profile, counts) in [(Profile::Enterprise, true), (Profile::Edu, true), (Profile::Business, false)] {
        let mut book = with_role(profile, Permission::Publish, Setting::On);
        book.groups[0].roles = ["role".into()].into();
        let dev = book.member(&"dev".into()).unwrap();
        assert_eq!(book.may_publish(&draft_of("someone"), dev).is_ok(), counts, "{profile:?}");
        // Off for use stops what everyone has, where roles exist.
        assert_eq!(book.may_use(&public(), dev).is_ok(), !counts, "{profile:?}");
    }
}

#[test]
fn c8_off_denies_through_its_own_role_only() {
    let mut book = with_role(Profile::Enterprise, Permission::UseConnectors, Setting::Off);
    let settings = [(Permission::UseConnectors, Setting::Default)].into();
    book.roles.push(CustomRole { id: "plain".into(), name: "Plain".into(), settings });
    let with = |roles: &[&str]| Member {
        roles: roles.iter().map(|id| RoleId::from(*id)).collect(),
        ..person("member", Role::Member)
    };
    assert_eq!(book.may_use(&public(), &with(&["role"])), Err(Why::NotPermitted("use connectors")));
    assert_eq!(book.may_use(&public(), &with(&["role", "plain"])), Ok(()));
    assert_eq!(book.may_use(&public(), &with(&[])), Ok(()));
    // Whoever runs the workspace is not limited by a role.
    let admin = Member { role: Role::Admin, ..with(&["role"]) };
    assert_eq!(book.may_use(&public(), &admin), Ok(()));
}

#[test]
fn a10_payloads_are_for_auditors_even_among_owners() {
    let mut book = with_role(Profile::Enterprise, Permission::SeePayloads, Setting::On);
    assert!(!book.may_read_payloads(book.member(&"owner".into()).unwrap()));
    book.give_role(&"owner".into(), &"owner".into(), &"role".into(), true).unwrap();
    assert!(book.may_read_payloads(book.member(&"owner".into()).unwrap()));
}

#[test]
fn what_reaches_far_is_never_given_to_everyone() {
    let mut book = workspace(Profile::Enterprise);
    for permission in Permission::ALL {
        let given = book.set_default(&"owner".into(), permission, true);
        assert_eq!(given.is_ok(), permission.for_everyone(), "{permission:?}");
    }
    // Written into the store by hand, it does not count either.
    book.workspace.defaults.insert(Permission::Publish, true);
    assert!(book.may_publish(&draft_of("someone"), book.member(&"member".into()).unwrap()).is_err());
}

#[test]
fn who_may_see_drafts_sees_them_and_uses_none() {
    let mut book = workspace(Profile::Enterprise);
    let draft = draft_of("someone");
    book.set_default(&"owner".into(), Permission::SeeDrafts, true).unwrap();
    let member = book.member(&"member".into()).unwrap();
    assert_eq!(book.may_see(&draft, member), Ok(()));
    assert_eq!(book.may_use(&draft, member), Err(Why::NotYours));
}

#[test]
fn what_was_stored_before_there_were_roles_still_loads() {
    let mut book = published();
    book.groups.clear();
    let mut stored = serde_json::to_value(&book).unwrap();
    for (place, names) in [("", vec!["roles", "requests", "groups"]), ("/workspace", vec!["defaults", "domains"])] {
        let object = stored.pointer_mut(place).and_then(serde_json::Value::as_object_mut).unwrap();
        names.iter().for_each(|name| {
            object.remove(*name);
        });
    }
    assert_eq!(serde_json::from_value::<Rulebook>(stored).unwrap(), book);
    let group: Group = serde_json::from_str(r#"{"id":"g","name":"G"}"#).unwrap();
    assert_eq!(group, Group::new("g".into(), "G".into()));
}

fn off(member: &Member) -> Member {
    Member { developer: Developer::default(), ..member.clone() }
}

fn draft_of(owner: &str) -> Connector {
    let mut book = workspace(Profile::Enterprise);
    book.create_draft(&"owner".into(), new_connector("tracker"), NOW).unwrap();
    Connector { owner: owner.into(), ..book.connectors.remove(0) }
}

fn one_off() -> Connector {
    let mut connector = draft_of("someone");
    connector.controls.get_mut("delete").unwrap().on = false;
    connector
}

fn public() -> Connector {
    Connector { stage: Stage::Published, access: Access::Everyone, ..draft_of("someone") }
}

fn nobodys() -> Connector {
    Connector { access: Access::Nobody, ..public() }
}

fn verdict(book: &Rulebook, who: &Member, connector: Connector, action: &str) -> Verdict {
    let mut book = book.clone();
    book.connectors = vec![connector];
    let call = Call { member: who.id.clone(), ..call(&book, action) };
    Rules::of(&book, &call).verdict()
}

#[test]
fn a10_the_permission_matrix_holds() {
    for (capability, may, columns) in MATRIX {
        for ((column, profiles, people), expected) in WHO.iter().zip(columns) {
            for profile in *profiles {
                for id in *people {
                    let book = workspace(*profile);
                    let who = book.member(&(*id).into()).unwrap();
                    assert_eq!(may(&book, who), expected, "{capability}: {column} ({id}, {profile:?})");
                }
            }
        }
    }
}

#[test]
fn a10_a_pro_user_uses_own_connectors_in_developer_mode_only() {
    let book = workspace(Profile::Pro);
    let owner = book.member(&"owner".into()).unwrap();
    let own = Connector { owner: "owner".into(), ..public() };
    assert_eq!(book.may_use(&own, owner), Ok(()));
    assert_eq!(book.may_use(&own, &off(owner)), Err(Why::DeveloperOff));
    // What comes with the product is neither custom nor someone else's.
    let demo = Connector { provider: Provider::Demo, ..public() };
    assert_eq!(book.may_use(&demo, &off(owner)), Ok(()));
}

#[test]
fn s014_only_admins_and_owners_open_gate_1() {
    let mut book = workspace(Profile::Enterprise);
    assert_eq!(
        book.set_developer_gate(&"dev".into(), true),
        Err(Why::AdminsOnly("open developer mode for the workspace"))
    );
    assert_eq!(book.set_developer_gate(&"admin".into(), false), Ok(()));
}

#[test]
fn s025_with_gate_1_shut_nobody_flips_their_switch() {
    let mut book = workspace(Profile::Enterprise);
    book.set_developer_gate(&"owner".into(), false).unwrap();
    for member in &book.members {
        assert_eq!(book.may_toggle_developer(member), Err(Why::DeveloperNotGranted));
    }
}

#[test]
fn s032_one_admins_switch_leaves_the_others_off() {
    let mut book = workspace(Profile::Business);
    book.members.iter_mut().for_each(|member| member.developer.on = false);
    book.set_developer_mode(&"admin".into(), true, NOW).unwrap();
    let on = |id: &str| book.developer_mode(book.member(&id.into()).unwrap()).is_ok();
    assert!(on("admin") && !on("owner"));
}

#[test]
fn s038_a_grant_alone_switches_nobody_on() {
    let mut book = workspace(Profile::Enterprise);
    book.members.iter_mut().for_each(|member| member.developer.on = false);
    let dev = book.member(&"dev".into()).unwrap();
    assert_eq!(book.may_toggle_developer(dev), Ok(()));
    assert_eq!(book.may_create_draft(dev), Err(Why::DeveloperOff));
}

#[test]
fn s016_developer_mode_is_granted_by_role_group_or_person() {
    let mut book = workspace(Profile::Edu);
    let only = |members: &[&str], roles: &[Role]| Access::Only {
        members: members.iter().map(|id| MemberId::from(*id)).collect(),
        groups: Default::default(),
        roles: roles.iter().copied().collect(),
        custom: Default::default(),
    };
    let passes = |book: &Rulebook, id: &str| book.may_toggle_developer(book.member(&id.into()).unwrap()).is_ok();
    book.set_developers(&"owner".into(), only(&["member"], &[])).unwrap();
    assert!(passes(&book, "member") && !passes(&book, "dev"));
    book.set_developers(&"owner".into(), only(&[], &[Role::Member])).unwrap();
    assert!(passes(&book, "member") && passes(&book, "dev"));
    book.set_developers(&"owner".into(), Access::Nobody).unwrap();
    assert!(!passes(&book, "member") && passes(&book, "admin"));
}

#[test]
fn s128_access_decides_who_sees_a_published_connector() {
    let book = workspace(Profile::Enterprise);
    let member = book.member(&"member".into()).unwrap();
    assert_eq!(book.may_see(&nobodys(), member), Err(Why::NoAccess));
    assert_eq!(book.may_see(&public(), member), Ok(()));
}

#[test]
fn the_first_run_is_an_enterprise_workspace_of_one_owner_with_developer_mode_off() {
    let book = Rulebook::first_run("You", NOW);
    let [me] = book.members.as_slice() else { panic!("one member") };
    assert_eq!((book.workspace.name.as_str(), book.workspace.profile), ("My workspace", Profile::Enterprise));
    assert_eq!((me.name.as_str(), me.role), ("You", Role::Owner));
    assert_eq!(book.may_toggle_developer(me), Ok(()));
    assert_eq!(book.may_create_draft(me), Err(Why::DeveloperOff));
    assert!(!book.workspace.allow_loopback && book.workspace.remember == Remember::Never);
}

#[test]
fn every_why_is_in_the_house_style() {
    let whys = [
        Why::UnknownMember("x".into()),
        Why::UnknownConnector("x".into()),
        Why::Exists("x".into()),
        Why::UnknownAction("x".into()),
        Why::NotInPlan { what: "publishing", plan: "Pro" },
        Why::AdminsOnly("publish"),
        Why::DeveloperNotGranted,
        Why::DeveloperOff,
        Why::NotYours,
        Why::NoAccess,
        Why::WrongStage { stage: Stage::Archived, what: "use it" },
        Why::NeverScanned,
        Why::AllOrNothing { plan: "Business", off: 2 },
        Why::Frozen("Business"),
        Why::ConnectFirst,
        Why::BuiltIn("archive it"),
        Why::LocalServers,
        Why::LoweringClass,
        Why::NoGrant,
        Why::Rule("has no values; give at least one".into()),
        Why::Paused { name: "ADA".into(), date: "1 May 2026".into(), reason: "it leaks".into() },
        Why::NotReady("the checklist is not complete; go through every point".into()),
        Why::NoName,
        Why::Reserved("Guide".into()),
        Why::UnknownGroup("x".into()),
        Why::UnknownRole("x".into()),
        Why::UnknownRequest("x".into()),
        Why::Taken("x".into()),
        Why::Email("x".into()),
        Why::LastOwner,
        Why::OwnersOnly("add an owner"),
        Why::ManagersOnly("x".into()),
        Why::NotPermitted("use connectors"),
        Why::NotForEveryone("x"),
        Why::NotNeeded,
        Why::AskedAlready,
        Why::Domain("x".into()),
        Why::Pattern(crate::domains::PatternError::Empty),
        Why::Roster("line 1: x".into()),
    ];
    for sentence in whys.map(|why| why.to_string()) {
        let start = sentence.starts_with(|c: char| c.is_lowercase() || c == '`');
        assert!(start && !sentence.ends_with('.') && !sentence.contains("::"), "{sentence}");
    }
}

#[test]
fn s099_a_fresh_workspace_has_the_strict_choice_everywhere() {
    let book = Rulebook::first_run("You", NOW);
    let settings = &book.workspace;
    assert_eq!((settings.confirm, settings.remember), (crate::Confirm::Writes, crate::Remember::Never));
    assert_eq!(settings.developers, Access::Nobody, "nobody but admins and owners passes gate 1");
    assert!(book.members.iter().all(|member| !member.developer.on), "gate 2 is off for everybody");
    assert!(!settings.allow_loopback && settings.checklist && settings.proxies.is_empty());
    assert_eq!(settings.record.payload_days, None, "no arguments and results are kept");
    // A connector that somebody adds is for nobody, and what is new in it later is off.
    let mut book = workspace(Profile::Enterprise);
    book.create_draft(&"owner".into(), new_connector("tracker"), NOW).unwrap();
    let draft = book.connector(&"tracker".into()).unwrap();
    assert_eq!((draft.access.clone(), draft.review.new_actions), (Access::Nobody, crate::review::NewActions::Off));
}
