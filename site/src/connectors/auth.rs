//! How one connector is signed in to: who is signed in, whether it goes on by itself, and the OAuth doctor (screens.md
//! e.2, e.2.1).

use browser::mcp::oauth::{Step, Verdict};
use browser::policy::{Connector, ConnectorId, SignIn};
use browser::{Error, Keep, OAuthReport, SignedOut, registered_words, verdict_word};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::ConnectionState;
use super::new::{KeepChoice, sentence};
use crate::results::Visible;
use crate::sign_in::{Flow, SigningIn};
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, CopyButton, Field, Icon, IconName, clock, save_text};

/// The tab.
#[component]
pub(crate) fn Authentication(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let with_oauth = Memo::new(move |_| {
        found.with(|found| found.as_ref().is_some_and(|one| matches!(one.sign_in, SignIn::OAuth { .. })))
    });
    move || {
        if with_oauth.get() {
            view! { <Account id=id.clone()/> }.into_any()
        } else {
            let words = found.with(|found| match found.as_ref().map(|one| &one.sign_in) {
                Some(SignIn::Header { name }) => {
                    format!("Requests carry the header {name}. Its value is replaced on the Overview tab.")
                }
                _ => "Nobody signs in to this server.".to_owned(),
            });
            view! { <p>{words}</p> }.into_any()
        }
    }
}

#[component]
fn Account(
    /// Which connector.
    id: ConnectorId,
) -> impl IntoView {
    let app = use_state();
    let flow = Flow::new();
    let report = RwSignal::new(None::<OAuthReport>);
    let problem = RwSignal::new(None::<Error>);
    let busy = RwSignal::new(false);
    let keep = RwSignal::new(Keep::Tab);
    let status = {
        let id = id.clone();
        Signal::derive(move || app.connection(&id))
    };
    let id = StoredValue::new(id);
    let read = move || {
        let ws = app.ws();
        spawn_local(async move {
            match ws.oauth_report(&id.get_value()).await {
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
            move |visit| async move { ws.sign_in(&id.get_value(), keep.get_untracked(), &visit).await },
            move |ended| {
                match ended {
                    Ok(()) => {
                        app.tell("You are signed in.");
                        let ws = app.ws();
                        spawn_local(async move { drop(ws.connect(&id.get_value()).await) });
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
            let ended = ws.sign_out(&id.get_value()).await;
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
            let ended = ws.examine_sign_in(&id.get_value()).await;
            let _ = busy.try_set(false);
            let _ = problem.try_set(ended.err());
            read();
        });
    };
    let signed_in = Memo::new(move |_| report.with(|report| report.as_ref().is_some_and(|report| report.signed_in)));
    let waits = Signal::derive(move || busy.get() || flow.is_busy());
    view! {
        <p><ConnectionState status/></p>
        {move || report.get().map(|report| view! { <Facts report/> })}
        <div class="row">
            <Button look=ButtonLook::Primary disabled=waits on:click=sign_in>{move || if signed_in.get() { "Sign in again" } else { "Sign in" }}</Button>
            {move || signed_in.get().then(|| view! { <Button disabled=waits on:click=sign_out>"Sign out"</Button> })}
        </div>
        <SigningIn flow/>
        <Problem problem/>
        <KeepChoice keep/>
        <section class="setting">
            <h2>"What was asked and answered"</h2>
            <p class="small">"Each step of the sign-in with the rule it is checked against. Nothing in it is secret."</p>
            {move || report.get().map(|report| view! { <Doctor report/> })}
            <div class="row"><Button disabled=waits on:click=examine>"Read the documents again"</Button></div>
        </section>
    }
}

/// What went wrong, with the next step.
#[component]
pub(crate) fn Problem(
    /// The error.
    problem: RwSignal<Option<Error>>,
) -> impl IntoView {
    move || {
        problem.get().map(|error| {
            // What the provider said is its own words, and text.
            let said =
                error.cause.as_ref().and_then(|cause| cause.get("error_description")?.as_str().map(str::to_owned));
            let said = said.filter(|said| !said.is_empty());
            view! {
                <div class="note danger" role="alert"><span class="grow">
                    <bdi>{sentence(&error.message)}</bdi>" "
                    {said.map(|text| view! { "The provider says: "<q><Visible text/></q>". " })}
                    {error.hint.map(|next| view! { <bdi>{sentence(&next)}</bdi> })}
                </span></div>
            }
        })
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

#[component]
fn Facts(
    /// What is known.
    report: OAuthReport,
) -> impl IntoView {
    let state = match (&report.needs, report.signed_in, &report.issuer) {
        (Some(scopes), true, _) if !scopes.is_empty() => format!("More access needed: {}", scopes.join(", ")),
        (None, true, Some(issuer)) => format!("Signed in at {issuer}"),
        (_, true, _) => "Sign-in needed: the provider does not take the old one any more".to_owned(),
        (_, false, _) => "Not signed in".to_owned(),
    };
    let renewal = report.renewal(clock);
    let scopes = report.scopes.join(", ");
    view! {
        <dl class="facts">
            <dt>"Account"</dt><dd><bdi>{state}</bdi></dd>
            {report.issuer.map(|issuer| view! { <dt>"Issuer"</dt><dd><code class="wrap"><bdi>{issuer}</bdi></code></dd> })}
            {(!scopes.is_empty()).then(|| view! { <dt>"Scopes"</dt><dd><bdi>{scopes}</bdi></dd> })}
            {renewal.map(|words| view! { <dt>"Renewal"</dt><dd>{words}</dd> })}
            {report.refresh_token.map(|received| view! { <dt>"Refresh token"</dt><dd>{if received { "received" } else { "not received" }}</dd> })}
            {report.expires_at.map(|at| view! { <dt>"Access token"</dt><dd>{format!("until {}", clock(at))}{report.bound.then_some(", bound to a key of this browser")}</dd> })}
            {report.registered.map(|how| view! { <dt>"Registered"</dt><dd>{registered_words(how)}</dd> })}
            {report.client_id.map(|id| view! { <dt>"Client id"</dt><dd><code class="wrap"><bdi>{id}</bdi></code></dd> })}
            <dt>"Redirect URI"</dt><dd><RedirectUri uri=report.redirect_uri/></dd>
        </dl>
    }
}

/// The address that a provider has to know, to copy.
#[component]
pub(crate) fn RedirectUri(
    /// The address.
    uri: String,
) -> impl IntoView {
    let copied = uri.clone();
    view! {
        <code class="wrap">{uri}</code>" "
        <CopyButton label="Copy redirect URI" text=copied/>
    }
}

/// The steps of the latest sign-ins: what was asked, what came back, the rule, how it ended, what to do.
#[component]
pub(crate) fn Doctor(
    /// What is known.
    report: OAuthReport,
) -> impl IntoView {
    if report.steps.is_empty() {
        return view! { <p class="none">"Nothing was asked since this page was opened."</p> }.into_any();
    }
    let text = report.to_json();
    let file = text.clone();
    view! {
        <ol class="checklist doctor" aria-label="Steps of the sign-in">
            {report.steps.into_iter().map(|step| view! { <StepRow step/> }).collect_view()}
        </ol>
        <div class="row">
            <CopyButton label="Copy report" text/>
            <Button small=true on:click=move |_| save_text("sign-in-report.json", &file)>"Save report"</Button>
        </div>
    }
    .into_any()
}

#[component]
fn StepRow(
    /// The step.
    step: Step,
) -> impl IntoView {
    let (look, icon) = match step.verdict {
        Verdict::Ok => ("ok", IconName::Check),
        Verdict::Warn => ("warn", IconName::Warning),
        Verdict::Stop => ("bad", IconName::Close),
    };
    view! {
        <li class=look>
            <span class="sign"><Icon name=icon size=14/></span>
            <b>{verdict_word(step.verdict)}</b>
            <span>
                <Visible text=step.asked/>": "<Visible text=step.answered/>
                <span class="small rule">{step.rule}</span>
                {(!step.remedy.is_empty()).then(|| view! { <span class="next">{sentence(step.remedy)}</span> })}
            </span>
        </li>
    }
}

/// The fields of a sign-in with OAuth: nothing has to be filled in.
#[component]
pub(crate) fn OAuthFields(
    /// A client id that the operator gave.
    client_id: RwSignal<String>,
    /// The secret that belongs to it.
    client_secret: RwSignal<String>,
    /// Scopes to ask for.
    scope: RwSignal<String>,
    /// How long the sign-in is kept.
    keep: RwSignal<Keep>,
    /// Something changed.
    #[prop(into)]
    on_change: Callback<()>,
) -> impl IntoView {
    let app = use_state();
    let changed = move |signal: RwSignal<String>, event: &leptos::ev::Event| {
        signal.set(event_target_value(event));
        on_change.run(());
    };
    view! {
        <div class="indent">
            <p class="small">"You sign in in a window of the server's provider. The rest is found by itself."</p>
            <details open=!client_id.get_untracked().is_empty()>
                <summary>"The operator gave you a client id, or wants certain scopes"</summary>
                <Field label="Client id" optional=true let:field>
                    <input id=field.id aria-describedby=field.described class="mono" autocomplete="off" spellcheck="false"
                        prop:value=move || client_id.get() on:input=move |event| changed(client_id, &event)/>
                </Field>
                <Field label="Client secret" optional=true help="Only if the operator gave you one. It is sent to the provider only and never shown again." let:field>
                    <input id=field.id aria-describedby=field.described class="mono" type="password" autocomplete="off" spellcheck="false"
                        prop:value=move || client_secret.get() on:input=move |event| changed(client_secret, &event)/>
                </Field>
                <Field label="Scopes" optional=true help="Separated by spaces. Without any, the server says what it needs." let:field>
                    <input id=field.id aria-describedby=field.described class="mono" autocomplete="off" spellcheck="false"
                        prop:value=move || scope.get() on:input=move |event| changed(scope, &event)/>
                </Field>
                {app.ws().redirect_uri().map(|uri| view! {
                    <div class="field"><span class="label">"Redirect URI"</span><span><RedirectUri uri/></span>
                        <span class="help">"The operator has to allow this address for the client id."</span></div>
                })}
            </details>
            <KeepChoice keep/>
        </div>
    }
}
