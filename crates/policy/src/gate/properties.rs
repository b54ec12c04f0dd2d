//! What must hold for every rulebook and every set of rules, tried on generated ones.

use super::*;
use crate::explain::{Explanation, Outcome, Step};
use crate::fixtures::*;
use crate::{
    Access, ArgumentRule, CustomRole, Member, Pattern, Permission, Profile, Reach, Role, Setting, Stage,
    connector::Control, rules::Effect,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

const DAY: Millis = 24 * 60 * 60 * 1_000;

fn levels() -> impl Strategy<Value = Level> {
    select(vec![Level::Workspace, Level::Connector, Level::Access, Level::Action, Level::Account, Level::Conversation])
}

fn vetoes() -> impl Strategy<Value = Veto> {
    let causes = select(vec![
        Cause::Lockdown,
        Cause::Off,
        Cause::Held,
        Cause::NoAccess,
        Cause::Invalid { problem: "x".into() },
        Cause::Broken { what: "y".into() },
    ]);
    prop_oneof![
        3 => (levels(), "[a-c]{1,2}").prop_map(|(level, because)| Veto::ask(level, because)),
        3 => (levels(), "[a-c]{1,2}").prop_map(|(level, because)| Veto::ask_unanswered(level, because)),
        1 => (levels(), causes).prop_map(|(level, cause)| Veto::refuse(level, cause)),
    ]
}

fn grants() -> impl Strategy<Value = BTreeSet<Basis>> {
    let basis =
        prop_oneof![Just(Basis::Reading), "[a-c]".prop_map(|id| Basis::Remembered { grant: GrantId::from(id) }),];
    btree_set(basis, 0..3)
}

/// Rules for `call` with these vetoes, added in this order, and these grants.
fn rules(call: &Call, vetoes: &[Veto], grants: &BTreeSet<Basis>) -> Rules {
    let book = published();
    let mut rules = Rules::of(&book, call);
    rules.vetoes.clear();
    rules.grants.clone_from(grants);
    vetoes.iter().for_each(|veto| rules.add(veto.clone()));
    rules
}

fn kind(decision: &Decision) -> Verdict {
    match decision {
        Decision::Run(_) => Verdict::Run,
        Decision::Ask(_) => Verdict::Ask,
        Decision::Refuse(_) => Verdict::Refuse,
    }
}

/// Everything about a decision that a person sees.
fn seen(decision: &Decision) -> String {
    match decision {
        Decision::Run(permit) => format!("run: {:?}", permit.basis()),
        Decision::Ask(question) => format!("ask: {:?}", question.reasons()),
        Decision::Refuse(refusal) => format!("refuse: {}", refusal.sentence()),
    }
}

/// One rulebook, and a call to decide by it.
#[derive(Clone, Debug)]
struct Case {
    book: Rulebook,
    call: Call,
    /// The strictest of the rules on values that the call meets.
    met: Option<Effect>,
}

fn profiles() -> impl Strategy<Value = Profile> {
    select(Profile::ALL.to_vec())
}

fn accesses() -> impl Strategy<Value = Access> {
    let only = Access::Only {
        members: ["dev".into()].into(),
        groups: Default::default(),
        roles: Default::default(),
        custom: Default::default(),
    };
    select(vec![Access::Nobody, Access::Everyone, only])
}

fn confirms() -> impl Strategy<Value = Confirm> {
    select(vec![Confirm::Writes, Confirm::Everything])
}

fn actions() -> impl Strategy<Value = Action> {
    let names = select(vec!["find", "get_ticket", "create", "delete_all", "thing"]);
    let hints = (option::of(any::<bool>()), option::of(any::<bool>()), option::of(any::<bool>()));
    (names, hints).prop_map(|(name, (read_only, destructive, open_world))| {
        let hints = json!({"readOnlyHint": read_only, "destructiveHint": destructive, "openWorldHint": open_world});
        tool(name, hints)
    })
}

/// Rules on values, each with whether the call of the fixtures meets it, written down by hand.
fn value_rules() -> impl Strategy<Value = Vec<(ArgumentRule, bool)>> {
    use crate::rules::Test;
    let within =
        |min: Option<u32>, max: Option<u32>| Test::Within { min: min.map(Into::into), max: max.map(Into::into) };
    let matches = |pattern: &str| Test::Matches(pattern.to_owned().into());
    let known = vec![
        ("/title", Test::Equals(json!("Leak")), false, true),
        ("/title", Test::Equals(json!("Leak")), true, false),
        ("/title", Test::OneOf(vec![json!("ops"), json!("dev")]), true, true),
        ("/title", Test::OneOf(vec![json!("ops"), json!("dev")]), false, false),
        ("/title", Test::Prefix("Le".into()), true, false),
        ("/title", matches("^L[a-z]+k$"), true, false),
        ("/title", matches("[0-9]"), false, false),
        ("/title", matches("eak"), false, true),
        // What cannot be judged is met.
        ("/title", matches("("), true, true),
        ("/title", within(Some(1), None), false, true),
        ("/z", within(None, Some(5)), true, false),
        ("/z", within(Some(2), None), true, true),
        ("/a", Test::Equals(json!(9007199254740993_u64)), false, true),
        // What is left out is none of what is allowed.
        ("/missing", Test::Equals(json!("x")), true, true),
        ("/missing", Test::Equals(json!("x")), false, false),
    ];
    let one =
        (select(known), select(vec![Effect::Ask, Effect::Deny])).prop_map(|((argument, test, unless, met), effect)| {
            (ArgumentRule { argument: argument.into(), test, unless, ..rule(effect) }, met)
        });
    prop_oneof![3 => Just(Vec::new()), 2 => vec(one, 1..4)]
}

fn cases() -> impl Strategy<Value = Case> {
    let remember = select(vec![Remember::Never, Remember::Conversation, Remember::Longer]);
    let workspace = (profiles(), any::<bool>(), any::<bool>(), any::<bool>(), confirms(), remember);
    let stages = select(vec![Stage::Draft, Stage::Published, Stage::Published, Stage::Archived]);
    let providers = select(vec![Provider::FirstParty, Provider::Demo, Provider::Custom, Provider::Custom]);
    let reaches = select(vec![Reach::Public, Reach::Public, Reach::Local]);
    let connector = (stages, providers, reaches, accesses(), confirms(), select(vec!["owner", "dev", "member"]));
    let class = option::of(select(Class::ALL.to_vec()));
    let control = (proptest::bool::weighted(0.8), class, confirms());
    let callers = select(vec![Caller::Model, Caller::Person, Caller::App, Caller::Sdk, Caller::Automatic]);
    let call = (
        callers,
        select(vec!["owner", "admin", "dev", "member", "nobody"]),
        proptest::bool::weighted(0.1),
        any::<bool>(),
        proptest::bool::weighted(0.8),
        option::of(option::of(select(vec![DAY, 31 * DAY]))),
        option::of((any::<bool>(), confirms())),
    );
    let parts = (workspace, connector, actions(), control, call, value_rules());
    parts.prop_map(|(workspace, connector, action, control, call, rules)| {
        let mut book = published();
        let settings = &mut book.workspace;
        (settings.profile, settings.developer_gate, settings.lockdown) =
            (workspace.0, workspace.1, workspace.2 && workspace.3);
        (settings.allow_loopback, settings.confirm) = (workspace.3, workspace.4);
        settings.remember = workspace.5;
        let (drifted, granted, on) = (call.2, call.3, call.4);
        let tracker = &mut book.connectors[0];
        (tracker.stage, tracker.provider, tracker.reach) = (connector.0, connector.1, connector.2);
        (tracker.access, tracker.confirm, tracker.owner) = (connector.3, connector.4, connector.5.into());
        tracker.snapshot = Some(snapshot(vec![action.clone()]));
        let control = Control { on: on && control.0, class: control.1, confirm: control.2 };
        tracker.controls = [(action.name().to_owned(), control)].into();
        let met = rules.iter().filter(|(_, met)| *met).map(|(rule, _)| rule.effect).max();
        let rules: Vec<ArgumentRule> = rules.into_iter().map(|(rule, _)| rule).collect();
        tracker.rules = [(action.name().to_owned(), rules)].into();
        let address = tracker.address.clone();
        let mut wanted = Call { by: call.0, member: call.1.into(), ..self::call(&book, action.name()) };
        if let Some((theirs, confirm)) = &call.6 {
            wanted.connection = "tracker~2".into();
            book.accounts.push(crate::Account {
                id: wanted.connection.clone(),
                connector: wanted.connector.clone(),
                member: if *theirs { "somebody".into() } else { wanted.member.clone() },
                name: "Account 2".into(),
                confirm: *confirm,
                preferred: false,
                added_at: NOW,
            });
        }
        if granted {
            book.grants.push(Grant {
                id: "g".into(),
                given_for: "earlier".into(),
                given_at: NOW,
                until: call.5.flatten().map(|after| NOW + after),
                member: wanted.member.clone(),
                connector: wanted.connector.clone(),
                address,
                connection: wanted.connection.clone(),
                action: wanted.action.clone(),
                definition: wanted.definition.clone(),
                conversation: call.5.is_none().then(|| "talk".into()),
                arguments: None,
            });
        }
        if drifted {
            wanted.definition = Digest::of_bytes(b"drifted");
        }
        Case { book, call: wanted, met }
    })
}

/// A rule that the call of the fixtures meets.
fn rule(effect: Effect) -> ArgumentRule {
    let test = crate::rules::Test::Equals(json!("Leak"));
    let argument = "/title".to_owned();
    let (note, examples) = (String::new(), Vec::new());
    ArgumentRule { id: "r".into(), argument, test, unless: false, effect, note, examples, by: String::new(), at: NOW }
}

fn verdict(book: &Rulebook, call: &Call) -> Verdict {
    let rules = Rules::of(book, call);
    let decision = decide(call.clone(), &rules);
    assert_eq!(kind(&decision), rules.verdict(), "the verdict foretells the decision");
    kind(&decision)
}

proptest! {
    #[test]
    fn adding_a_veto_never_loosens(before in vec(vetoes(), 0..6), more in vetoes(), grants in grants()) {
        let call = call(&published(), "find");
        let mut rules = rules(&call, &before, &grants);
        let first = kind(&decide(call.clone(), &rules));
        rules.add(more);
        prop_assert!(kind(&decide(call, &rules)) >= first);
    }

    #[test]
    fn the_order_of_rules_never_matters(
        (one, other) in vec(vetoes(), 0..6).prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
        grants in grants(),
    ) {
        let call = call(&published(), "find");
        let one = decide(call.clone(), &rules(&call, &one, &grants));
        let other = decide(call.clone(), &rules(&call, &other, &grants));
        prop_assert_eq!(seen(&one), seen(&other));
    }

    #[test]
    fn removing_a_grant_never_loosens(vetoes in vec(vetoes(), 0..4), grants in grants()) {
        let call = call(&published(), "find");
        let with = kind(&decide(call.clone(), &rules(&call, &vetoes, &grants)));
        for grant in &grants {
            let mut fewer = grants.clone();
            fewer.remove(grant);
            prop_assert!(kind(&decide(call.clone(), &rules(&call, &vetoes, &fewer))) >= with);
        }
    }

    #[test]
    fn no_verdict_means_ask(vetoes in vec(vetoes(), 0..4)) {
        let call = call(&published(), "find");
        let rules = rules(&call, &vetoes, &BTreeSet::new());
        prop_assert!(kind(&decide(call, &rules)) >= Verdict::Ask);
    }

    #[test]
    fn the_strictest_veto_wins(vetoes in vec(vetoes(), 1..6), grants in grants()) {
        let call = call(&published(), "find");
        let all = kind(&decide(call.clone(), &rules(&call, &vetoes, &grants)));
        let alone = vetoes.iter().map(|veto| {
            kind(&decide(call.clone(), &rules(&call, std::slice::from_ref(veto), &grants)))
        });
        prop_assert_eq!(Some(all), alone.max());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// What runs unasked satisfies every condition at once, written down here a second time and independently.
    #[test]
    fn nothing_runs_unasked_that_is_not_allowed(case in cases()) {
        let Case { book, call, met } = case;
        let rules = Rules::of(&book, &call);
        prop_assert!(met != Some(Effect::Deny) || rules.verdict() == Verdict::Refuse, "a rule on a value was passed over");
        let Decision::Run(permit) = decide(call.clone(), &rules) else { return Ok(()) };
        prop_assert_eq!(met, None, "a rule on a value was passed over");
        prop_assert_eq!(permit.call(), &call);
        let frozen = permit.spend();
        let connector = &book.connectors[0];
        let action = connector.action(&call.action).unwrap();
        let control = connector.controls[&call.action];
        let member = book.member(&call.member).unwrap();
        let class = control.class.unwrap_or(action.classified().class);

        prop_assert!(!book.workspace.lockdown);
        prop_assert!(control.on);
        prop_assert_eq!(&call.definition, action.digest());
        prop_assert!(connector.reach != Reach::Local || book.workspace.allow_loopback);
        let account = book.accounts.iter().find(|one| one.id == call.connection && one.member == call.member);
        prop_assert!(account.is_some() || call.connection.as_str() == "tracker", "an account of nobody acted");
        let ceilings = [book.workspace.confirm, connector.confirm, account.map_or(Confirm::Writes, |one| one.confirm)];
        let remembered = matches!(frozen.basis(), Basis::Remembered { .. });
        let everything = ceilings.contains(&Confirm::Everything);
        prop_assert!(!everything || (remembered && class == Class::Read), "asking for everything was passed over");
        prop_assert!(control.confirm == Confirm::Writes);
        if remembered {
            let grant = &book.grants[0];
            let lasts = grant.until.is_some_and(|until| until <= NOW + 30 * DAY && call.at < until);
            let longer = book.workspace.remember == Remember::Longer && class == Class::Read && lasts;
            let here = book.workspace.remember > Remember::Never && grant.conversation == call.conversation;
            prop_assert!(here || (grant.conversation.is_none() && longer));
            prop_assert_eq!(&grant.connection, &call.connection);
        }
        prop_assert!(call.by != Caller::Automatic || connector.provider != Provider::Custom);
        match connector.stage {
            Stage::Draft => prop_assert!(connector.owner == member.id && book.developer_mode(member).is_ok()),
            Stage::Published => prop_assert!(book.may_use(connector, member).is_ok()),
            Stage::Archived => prop_assert!(false, "an archived connector ran"),
        }
        if book.workspace.profile == Profile::Pro || connector.provider == Provider::FirstParty {
            prop_assert_eq!(action.classified().class, Class::Read);
        }
        match class {
            Class::Read => {}
            Class::Write => {
                prop_assert!(book.workspace.remember > Remember::Never && book.grants.len() == 1);
                prop_assert!(remembered, "a write ran unasked: {:?}", frozen);
            }
            Class::Destructive => prop_assert!(false, "a destructive action ran unasked"),
        }
        prop_assert!(frozen.basis() != &Basis::Answer, "nobody answered");
    }

    /// Text that took a way which always asks never gets through unasked or remembered, whatever the rulebook says, and
    /// more sources never make anything milder (N20).
    #[test]
    fn n20_no_rulebook_lets_a_flow_through_unasked(
        case in cases(),
        labels in vec((any::<bool>(), any::<bool>(), any::<bool>()), 0..3),
    ) {
        let Case { book, call, .. } = case;
        let source = |(same, private, untrusted): (bool, bool, bool)| lineage::Source {
            connector: if same { call.connector.clone() } else { "other".into() },
            name: "Other".into(),
            host: "example.org".into(),
            private,
            untrusted,
            text: "the title is Leak".into(),
        };
        let sources: Vec<lineage::Source> = labels.iter().copied().map(source).collect();
        let traces = lineage::trace(&call.arguments, &sources);
        prop_assert_eq!(traces.len(), sources.len());
        let plain = Rules::of(&book, &call);
        let mut rules = plain.clone();
        rules.add_lineage(&call, &sources, &traces);
        prop_assert!(rules.verdict() >= plain.verdict());
        // Written down a second time: what must never run unasked.
        let connector = &book.connectors[0];
        let action = connector.action(&call.action).unwrap();
        let control = connector.controls[&call.action].class;
        let class = control.map_or(action.classified().class, |class| class.max(action.classified().class));
        let public = action.open_world() || (connector.reach == Reach::Public && connector.sign_in == crate::SignIn::None);
        let flows = labels.iter().any(|(same, private, untrusted)| {
            let destroys = class == Class::Destructive && (*untrusted || !*same);
            destroys || (!*same && (*private && public || action.open_world() || class > Class::Read))
        });
        match decide(call.clone(), &rules) {
            Decision::Run(_) => prop_assert!(!flows),
            Decision::Ask(question) if flows => {
                prop_assert_eq!(question.remembering(), Remembering::default());
                prop_assert!(question.allow_for_conversation(&plain, "g".into(), NOW).is_err());
            }
            Decision::Ask(_) | Decision::Refuse(_) => {}
        }
    }

    /// The index finds what looking through the lists finds, also where there are two of a kind.
    #[test]
    fn the_indexed_answer_is_the_plain_one(
        case in cases(),
        twice in (proptest::bool::weighted(0.1), proptest::bool::weighted(0.2)),
        others in vec(("[a-z]{1,6}", "[a-z]{1,6}"), 0..5),
    ) {
        let Case { mut book, call, .. } = case;
        for (at, (member, connector)) in others.into_iter().enumerate() {
            book.members.insert(at % (book.members.len() + 1), person(&member, crate::Role::Admin));
            let other = crate::Connector { id: connector.into(), ..book.connectors[0].clone() };
            book.connectors.push(other);
        }
        if twice.0 {
            let again = book.connectors[0].clone();
            book.connectors.push(again);
        }
        if twice.1 {
            let weaker = crate::Member { role: crate::Role::Member, ..person(call.member.as_str(), crate::Role::Member) };
            book.members.push(weaker);
        }
        let plain = Rules::of(&book, &call);
        let indexed = crate::Indexed::new(book).rules(&call);
        prop_assert_eq!(plain.verdict(), indexed.verdict());
        prop_assert_eq!(plain.vetoes, indexed.vetoes);
        prop_assert_eq!(plain.grants, indexed.grants);
        prop_assert_eq!(plain.facts, indexed.facts);
    }

    /// An answer never gets a call through that the rules refuse.
    #[test]
    fn an_answer_never_overrules_a_refusal(asked in cases(), later in cases()) {
        let call = asked.call;
        let Decision::Ask(question) = decide(call.clone(), &Rules::of(&asked.book, &call)) else { return Ok(()) };
        let mut book = later.book;
        book.connectors[0].snapshot = asked.book.connectors[0].snapshot.clone();
        let rules = Rules::of(&book, &call);
        let refused = rules.verdict() == Verdict::Refuse;
        match question.allow(&rules) {
            Ok(permit) => prop_assert!(!refused && permit.call() == &call),
            Err(Refusal { cause: Cause::Stale { .. }, .. }) => {}
            Err(refusal) => prop_assert!(refused, "{:?}", refusal),
        }
    }

    #[test]
    fn a_stricter_rulebook_never_loosens(case in cases()) {
        let before = verdict(&case.book, &case.call);
        let stricter: [fn(&mut Rulebook); 20] = [
            |book| book.accounts.iter_mut().for_each(|account| account.confirm = Confirm::Everything),
            |book| book.accounts.clear(),
            |book| book.workspace.remember = book.workspace.remember.min(Remember::Conversation),
            |book| {
                let everything = Pattern::parse("*.com").unwrap();
                book.workspace.domains.servers.deny.insert(everything);
            },
            |book| {
                book.workspace.defaults.insert(Permission::UseConnectors, false);
            },
            |book| book.workspace.lockdown = true,
            |book| book.workspace.confirm = Confirm::Everything,
            |book| book.workspace.remember = Remember::Never,
            |book| book.workspace.allow_loopback = false,
            |book| book.workspace.developer_gate = false,
            |book| book.workspace.developers = Access::Nobody,
            |book| book.grants.clear(),
            |book| book.members.iter_mut().for_each(|member| member.developer.on = false),
            |book| book.connectors[0].confirm = Confirm::Everything,
            |book| book.connectors[0].access = Access::Nobody,
            |book| book.connectors[0].stage = Stage::Archived,
            |book| book.connectors[0].controls.values_mut().for_each(|control| control.on = false),
            |book| book.pause(&"owner".into(), &"tracker".into(), "a reason", NOW).unwrap_or_default(),
            |book| {
                let action = book.connectors[0].actions()[0].name().to_owned();
                book.connectors[0].rules.entry(action).or_default().extend([rule(Effect::Deny), rule(Effect::Ask)]);
            },
            |book| book.connectors[0].controls.values_mut().for_each(|control| control.class = Some(Class::Destructive)),
        ];
        for change in stricter {
            let mut book = case.book.clone();
            change(&mut book);
            prop_assert!(verdict(&book, &case.call) >= before);
        }
    }

    #[test]
    fn what_is_offered_is_what_would_not_be_refused(mut case in cases()) {
        // What is offered is offered for some arguments, and these may be others.
        case.book.connectors[0].rules.clear();
        let Ok(member) = case.book.member(&case.call.member) else { return Ok(()) };
        let offered = !case.book.offered(member).is_empty();
        let action = case.book.connectors[0].actions()[0].digest().clone();
        let call = Call { by: Caller::Person, connection: "tracker".into(), definition: action, ..case.call };
        prop_assert_eq!(offered, verdict(&case.book, &call) < Verdict::Refuse);
    }

    /// Every explanation ends with the gate's own verdict, and whatever keeps a connector from being used is a step.
    #[test]
    fn an_explanation_agrees_with_the_verdict(
        case in cases(),
        role in option::of(select(vec![Setting::Default, Setting::On, Setting::Off])),
        (everyone, listed) in (any::<bool>(), option::of(any::<bool>())),
        more in vec(vetoes(), 0..3),
    ) {
        let Case { mut book, call, .. } = case;
        book.workspace.defaults.insert(Permission::UseConnectors, everyone);
        if let Some(setting) = role {
            let settings = [(Permission::UseConnectors, setting), (Permission::CreateConnectors, setting)].into();
            book.roles.push(CustomRole { id: "r".into(), name: "R".into(), settings });
            book.members.iter_mut().for_each(|member| member.roles.push("r".into()));
        }
        if let Some(fits) = listed {
            let host = if fits { "mcp.example.com" } else { "other.example" };
            book.workspace.domains.servers.allow.insert(Pattern::parse(host).unwrap());
        }
        let mut rules = Rules::of(&book, &call);
        let explanation = book.explain(&call, &rules);
        prop_assert_eq!(explanation.verdict, rules.verdict(), "{:#?}", explanation);
        prop_assert!(!explanation.depends());
        if let Decision::Ask(question) = decide(call.clone(), &rules) {
            prop_assert_eq!(explanation.remembers, question.remembering() != Remembering::default());
        }
        // Of what is sent somewhere, the explanation without it is the mildest that can come of it.
        let any = Rules::of_any(&book, &call);
        let open = book.explain(&call, &any);
        prop_assert_eq!(open.verdict, any.verdict(), "{:#?}", open);
        prop_assert!(open.verdict <= explanation.verdict, "{:#?}", open);
        prop_assert!(open.verdict == explanation.verdict || open.depends(), "{:#?}", open);
        prop_assert!(matches!(decide(call.clone(), &any), Decision::Refuse(_)), "nothing is decided by it");
        more.into_iter().for_each(|veto| rules.add(veto));
        let explanation = book.explain(&call, &rules);
        prop_assert_eq!(explanation.verdict, rules.verdict(), "{:#?}", explanation);
        prop_assert!(explanation.steps.iter().all(|step| !step.says.is_empty()), "{:#?}", explanation);
        prop_assert!(explanation.steps.is_sorted_by_key(|step| step.subject));

        let (Ok(member), connector) = (book.member(&call.member), &book.connectors[0]) else { return Ok(()) };
        let may = book.may_use(connector, member);
        let using = book.explain_use(&call.member, &call.connector);
        let stops = |explanation: &Explanation, why: &Why| {
            let stops = |step: &Step| step.outcome == Outcome::Stops && step.says.contains(&why.to_string());
            explanation.steps.iter().any(stops)
        };
        match &may {
            Err(why) => prop_assert!(stops(&using, why) && stops(&book.explain(&call, &rules), why), "{:#?}", using),
            Ok(()) => {
                let reason = book.workspace.lockdown || !connector.actions().iter().any(|one| connector.is_on(one.name()));
                prop_assert_eq!(using.verdict == Verdict::Refuse, reason, "{:#?}", using);
            }
        }
    }

    /// A second custom role only ever adds (C8).
    #[test]
    fn c8_another_role_never_takes_anything_away(
        first in btree_map(select(Permission::ALL.to_vec()), select(SETTINGS.to_vec()), 0..10),
        second in btree_map(select(Permission::ALL.to_vec()), select(SETTINGS.to_vec()), 0..10),
        profile in profiles(),
        everyone in any::<bool>(),
    ) {
        let mut book = workspace(profile);
        book.workspace.defaults.insert(Permission::SeeDrafts, everyone);
        book.roles = vec![
            CustomRole { id: "one".into(), name: "One".into(), settings: first },
            CustomRole { id: "two".into(), name: "Two".into(), settings: second },
        ];
        let one = Member { roles: vec!["one".into()], ..person("member", Role::Member) };
        let both = Member { roles: vec!["one".into(), "two".into()], ..one.clone() };
        for permission in Permission::ALL {
            prop_assert!(book.holds(&both, permission) || !book.holds(&one, permission), "{permission:?}");
        }
    }
}

const SETTINGS: [Setting; 3] = [Setting::Default, Setting::On, Setting::Off];
