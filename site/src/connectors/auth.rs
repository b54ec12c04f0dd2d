//! How one connector is signed in to: who is signed in, whether it goes on by itself, and the OAuth doctor (screens.md
//! e.2, e.2.1).

use browser::mcp::oauth::{Step, Verdict};
use browser::policy::{Connector, ConnectorId, SignIn};
use browser::{Error, Keep, OAuthReport, registered_words, verdict_word};
use leptos::prelude::*;

use super::accounts::Accounts;
use super::new::{KeepChoice, sentence};
use crate::results::{Visible, Worded};
use crate::state::use_state;
use crate::ui::{Button, CopyButton, Field, Icon, IconName, clock, save_text};

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
            view! { <Accounts id=id.clone()/> }.into_any()
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
                    <Worded text=sentence(&error.message)/>" "
                    {said.map(|text| view! { "The provider says: "<q><Visible text/></q>". " })}
                    {error.hint.map(|next| view! { <Worded text=sentence(&next)/> })}
                </span></div>
            }
        })
    }
}

/// What is known about the sign-in of an account.
#[component]
pub(super) fn Facts(
    /// What is known.
    report: OAuthReport,
) -> impl IntoView {
    let state = match (&report.needs, report.signed_in, &report.issuer) {
        (Some(scopes), true, _) if !scopes.is_empty() => format!("More access needed: {}", scopes.join(", ")),
        (None, true, Some(issuer)) => format!("Signed in at {issuer}"),
        (_, true, _) => "Sign-in needed: the provider does not take the old one any more".to_owned(),
        (_, false, _) => "Not signed in".to_owned(),
    };
    let (renewal, next) = (report.renewal(clock), report.renewal_next());
    let scopes = report.scopes.join(", ");
    view! {
        <dl class="facts">
            <dt>"Account"</dt><dd><bdi>{state}</bdi></dd>
            {report.issuer.map(|issuer| view! { <dt>"Issuer"</dt><dd><code class="wrap"><bdi>{issuer}</bdi></code></dd> })}
            {(!scopes.is_empty()).then(|| view! { <dt>"Scopes"</dt><dd><bdi>{scopes}</bdi></dd> })}
            {renewal.map(|words| view! { <dt>"Renewal"</dt><dd><Renewal words next/></dd> })}
            {report.refresh_token.map(|received| view! { <dt>"Refresh token"</dt><dd>{if received { "received" } else { "not received" }}</dd> })}
            {report.expires_at.map(|at| view! { <dt>"Access token"</dt><dd>{format!("until {}", clock(at))}{report.bound.then_some(", bound to a key of this browser")}</dd> })}
            {report.registered.map(|how| view! { <dt>"Registered"</dt><dd>{registered_words(how)}</dd> })}
            {report.client_id.map(|id| view! { <dt>"Client id"</dt><dd><code class="wrap"><bdi>{id}</bdi></code></dd> })}
            <dt>"Redirect URI"</dt><dd><RedirectUri uri=report.redirect_uri/></dd>
        </dl>
    }
}

/// Whether the sign-in goes on by itself, with a warning and the next step where that is not certain (C5).
#[component]
fn Renewal(
    /// The verdict.
    words: String,
    /// What to do, where it is not certain.
    next: Option<&'static str>,
) -> impl IntoView {
    match next {
        None => words.into_any(),
        Some(next) => view! {
            <span class="doubt"><Icon name=IconName::Warning size=14/>" "<b>{words}</b></span>" "<Worded text=next/>
        }
        .into_any(),
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
            <details open={ !client_id.with_untracked(String::is_empty) || !scope.with_untracked(String::is_empty) }>
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
