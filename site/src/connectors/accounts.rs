//! The accounts of the person at a connector: who is signed in with each, which one acts, when it asks, and its end
//! (screens.md e.3).
//!
//! With one account the tab is about that one alone. With several each has a section of its own, and what only the
//! doctor needs is folded away.

use browser::policy::{Confirm, ConnectionId, ConnectorId};
use browser::{AccountView, Error, Keep, OAuthReport, SignedOut};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::ConnectionState;
use super::auth::{Doctor, Facts, Problem};
use super::new::KeepChoice;
use crate::sign_in::{Flow, SigningIn};
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, Dialog, Field, Segmented};

/// Every account, and the way to another one.
#[component]
pub(super) fn Accounts(
    /// Which connector.
    id: ConnectorId,
) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let looked = RwSignal::new(0_u32);
    let accounts = Memo::new(move |_| {
        app.rulebook.track();
        app.connections.track();
        looked.track();
        app.ws().accounts(&id.get_value())
    });
    let several = Memo::new(move |_| accounts.with(|all| all.len() > 1));
    // Who is signed in is read when somebody looks.
    spawn_local({
        let ws = app.ws();
        async move {
            ws.look_at_accounts(&id.get_value()).await;
            let _ = looked.try_update(|count| *count += 1);
        }
    });
    let adding = Flow::new();
    let problem = RwSignal::new(None::<Error>);
    let add = move |_| {
        problem.set(None);
        let ws = app.ws();
        let told = RwSignal::new(None::<String>);
        adding.begin(
            move |visit| async move {
                let added = ws.add_account(&id.get_value(), Keep::Tab, &visit).await?;
                told.set(Some(match added.same_as {
                    Some(other) => {
                        format!("{} was added. The provider says it is the same person as {other}.", added.name)
                    }
                    None => format!("{} was added.", added.name),
                }));
                Ok(())
            },
            move |ended| match ended {
                Ok(()) => app.tell(told.get_untracked().unwrap_or_default()),
                Err(error) => drop(problem.try_set(Some(error))),
            },
        );
    };
    view! {
        <For each=move || accounts.get() key=|account| account.id.clone() let:account>
            <One id=id.get_value() account=account.id several accounts/>
        </For>
        <section class="setting">
            <h2>"Another account"</h2>
            <p class="small">"Each account has a sign-in, a permission and a list of actions of its own; none sees what another got. In a chat you choose which one acts, and no model chooses for you. The provider is asked to let you pick the account where it can; where it cannot, sign out there first."</p>
            <div class="row"><Button disabled=Signal::derive(move || adding.is_busy()) on:click=add>"Add account"</Button></div>
            <SigningIn flow=adding/>
            <Problem problem/>
        </section>
    }
}

/// One account.
#[component]
fn One(
    /// Which connector.
    id: ConnectorId,
    /// Which account.
    account: ConnectionId,
    /// Whether there are others.
    several: Memo<bool>,
    /// All of them, as they are now.
    accounts: Memo<Vec<AccountView>>,
) -> impl IntoView {
    let app = use_state();
    let flow = Flow::new();
    let report = RwSignal::new(None::<OAuthReport>);
    let problem = RwSignal::new(None::<Error>);
    let busy = RwSignal::new(false);
    let keep = RwSignal::new(Keep::Tab);
    let (id, account) = (StoredValue::new(id), StoredValue::new(account));
    let status = Signal::derive(move || app.connection_as(&account.get_value()));
    let here = Memo::new(move |_| {
        accounts.with(|all| account.with_value(|account| all.iter().find(|one| one.id == *account).cloned()))
    });
    let name = Signal::derive(move || here.get().map(|one| one.name).unwrap_or_default());
    let read = move || {
        let ws = app.ws();
        spawn_local(async move {
            match ws.oauth_report_as(&id.get_value(), &account.get_value()).await {
                Ok(seen) => {
                    let _ = keep.try_set(seen.keep);
                    let _ = report.try_set(Some(seen));
                }
                Err(error) => drop(problem.try_set(Some(error))),
            }
        });
    };
    // What the connection meets on its way changes what is known.
    Effect::new(move |_| {
        status.track();
        read();
    });
    let sign_in = move |_| {
        problem.set(None);
        let ws = app.ws();
        flow.begin(
            move |visit| async move {
                ws.sign_in_as(&id.get_value(), &account.get_value(), keep.get_untracked(), &visit).await
            },
            move |ended| {
                match ended {
                    Ok(()) => {
                        app.tell("You are signed in.");
                        let ws = app.ws();
                        spawn_local(async move { drop(ws.connect_as(&id.get_value(), &account.get_value()).await) });
                    }
                    Err(error) => drop(problem.try_set(Some(error))),
                }
                read();
            },
        );
    };
    let sign_out = move |_| {
        busy.set(true);
        problem.set(None);
        let ws = app.ws();
        spawn_local(async move {
            let ended = ws.sign_out_as(&id.get_value(), &account.get_value()).await;
            let _ = busy.try_set(false);
            match ended {
                Ok(how) => app.tell(signed_out(&how)),
                Err(error) => drop(problem.try_set(Some(error))),
            }
            read();
        });
    };
    let examine = move |_| {
        busy.set(true);
        problem.set(None);
        let ws = app.ws();
        spawn_local(async move {
            let ended = ws.examine_sign_in_as(&id.get_value(), &account.get_value()).await;
            let _ = busy.try_set(false);
            let _ = problem.try_set(ended.err());
            read();
        });
    };
    let signed_in = Memo::new(move |_| report.with(|report| report.as_ref().is_some_and(|report| report.signed_in)));
    let waits = Signal::derive(move || busy.get() || flow.is_busy());
    let doctor = move || {
        view! {
            <h2>"What was asked and answered"</h2>
            <p class="small">"Each step of the sign-in with the rule it is checked against. Nothing in it is secret."</p>
            {move || report.get().map(|report| view! { <Doctor report/> })}
            <div class="row"><Button disabled=waits on:click=examine>"Read the documents again"</Button></div>
        }
    };
    view! {
        <section class="setting account begins" aria-label=move || name.get()>
            {move || several.get().then(|| view! { <Named id account here/> })}
            <p><ConnectionState status/></p>
            {move || report.get().map(|report| view! { <Facts report/> })}
            <div class="row">
                <Button look=ButtonLook::Primary disabled=waits on:click=sign_in>{move || if signed_in.get() { "Sign in again" } else { "Sign in" }}</Button>
                {move || signed_in.get().then(|| view! { <Button disabled=waits on:click=sign_out>"Sign out"</Button> })}
            </div>
            <SigningIn flow/>
            <Problem problem/>
            <Permission id account here/>
            {move || if several.get() {
                view! { <details><summary>"How long it is kept, and what was asked"</summary><KeepChoice keep/>{doctor()}</details> }.into_any()
            } else {
                view! { <KeepChoice keep/>{doctor()} }.into_any()
            }}
        </section>
    }
}

/// The name of an account, and what can be decided about it as one of several.
#[component]
fn Named(
    /// Which connector.
    id: StoredValue<ConnectorId>,
    /// Which account.
    account: StoredValue<ConnectionId>,
    /// The account as it is now.
    here: Memo<Option<AccountView>>,
) -> impl IntoView {
    let app = use_state();
    let (renaming, removing) = (RwSignal::new(false), RwSignal::new(false));
    let text = RwSignal::new(String::new());
    let problem = RwSignal::new(None::<String>);
    let name = move || here.get().map(|one| one.name).unwrap_or_default();
    let usual = Memo::new(move |_| here.get().is_some_and(|one| one.usual));
    let first = account.with_value(|account| id.with_value(|id| account.is_first_of(id)));
    let prefer = move |_| {
        let ws = app.ws();
        app.run(async move { ws.prefer_account(&id.get_value(), &account.get_value()).await }, |()| ());
    };
    let rename = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        problem.set(None);
        let ws = app.ws();
        spawn_local(async move {
            let ended = ws.rename_account(&id.get_value(), &account.get_value(), &text.get_untracked()).await;
            match ended {
                Ok(()) => drop(renaming.try_set(false)),
                Err(error) => drop(problem.try_set(Some(crate::state::sentence(&error)))),
            }
        });
    };
    let remove = move |_| {
        let ws = app.ws();
        app.run(async move { ws.remove_account(&id.get_value(), &account.get_value()).await }, move |()| {
            app.tell("The account was removed and is signed out here.");
        });
        removing.set(false);
    };
    view! {
        <h2><bdi>{name}</bdi>{move || usual.get().then(|| view! { " "<span class="tag">"usual"</span> })}</h2>
        {move || if renaming.get() {
            view! {
                <form class="inline-form" on:submit=rename>
                    <Field label="Name of the account" problem=Signal::derive(move || problem.get()) let:field>
                        <input id=field.id aria-describedby=field.described class="input" autocomplete="off" maxlength="80"
                            prop:value=move || text.get() on:input=move |event| text.set(event_target_value(&event))/>
                    </Field>
                    <div class="row">
                        <Button look=ButtonLook::Primary submit=true>"Save name"</Button>
                        <Button look=ButtonLook::Quiet on:click=move |_| renaming.set(false)>"Keep name"</Button>
                    </div>
                </form>
            }.into_any()
        } else {
            view! {
                <div class="row">
                    {move || (!usual.get()).then(|| view! { <Button small=true on:click=prefer>"Make usual"</Button> })}
                    <Button small=true on:click=move |_| { text.set(name()); renaming.set(true) }>"Rename account"</Button>
                    {(!first).then(|| view! { <Button small=true look=ButtonLook::Danger on:click=move |_| removing.set(true)>"Remove account"</Button> })}
                </div>
            }.into_any()
        }}
        {move || removing.get().then(|| view! {
            <Dialog title=format!("Remove {}", name()) role="alertdialog" on_close=move |()| removing.set(false)>
                <div class="body"><p>"It is signed out here, and the provider is asked to end its tokens. Answers remembered for it end. A chat that used it asks you to choose another account."</p></div>
                <footer>
                    <Button on:click=move |_| removing.set(false)>"Keep account"</Button>
                    <Button look=ButtonLook::Danger on:click=remove>"Remove account"</Button>
                </footer>
            </Dialog>
        })}
    }
}

/// When an account asks: never less than the ceilings above it, which are named.
#[component]
fn Permission(
    /// Which connector.
    id: StoredValue<ConnectorId>,
    /// Which account.
    account: StoredValue<ConnectionId>,
    /// The account as it is now.
    here: Memo<Option<AccountView>>,
) -> impl IntoView {
    let app = use_state();
    let confirm = Signal::derive(move || here.get().map(|one| one.confirm).unwrap_or_default());
    let ceiling = Memo::new(move |_| {
        app.rulebook.with(|book| {
            let connector = book.connector(&id.get_value()).map(|one| one.confirm).unwrap_or_default();
            match (book.workspace.confirm, connector) {
                (Confirm::Everything, _) => Some("The workspace asks before everything, so this account does too."),
                (_, Confirm::Everything) => Some("The connector asks before everything, so this account does too."),
                _ => None,
            }
        })
    });
    view! {
        <div class="field">
            <span class="label">"When it asks"</span>
            <Segmented label="When it asks as this account" value=confirm
                options=vec![(Confirm::Writes, "Before every write"), (Confirm::Everything, "Before everything")]
                on_change=move |confirm| {
                    let ws = app.ws();
                    app.run(async move { ws.set_account_confirm(&id.get_value(), &account.get_value(), confirm).await }, |()| ());
                }/>
            <span class="help">{move || ceiling.get().unwrap_or("This adds to what workspace and connector ask for, and takes nothing away.")}</span>
        </div>
    }
}

fn signed_out(how: &SignedOut) -> String {
    match how {
        SignedOut::Nobody => "Nobody was signed in.".to_owned(),
        SignedOut::Revoked => "You are signed out, and the provider ended the sign-in too.".to_owned(),
        SignedOut::NotOffered => {
            "You are signed out here. The provider offers no way to end it there: the token stays valid until it expires."
                .to_owned()
        }
        SignedOut::Failed(why) => {
            format!("You are signed out here. The provider did not confirm it, so the token may still be valid: {why}.")
        }
    }
}
