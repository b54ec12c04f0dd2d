//! Adding a connector: details, sign-in, a scan that says what it does, the risks, and then a draft (screens.md e.2).
//!
//! One page, so that nothing typed is lost: not when developer mode is turned on in between (S033), and not when a scan
//! fails. A change of the address or of the sign-in makes an earlier scan void.

use browser::policy::address::{Address, AddressError};
use browser::policy::{Provenance, SignIn};
use browser::{Error, Keep, NewConnector, OAuthReport, ScanKind, Scanned, StepState};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::auth::{Doctor, OAuthFields, Problem};
use super::doctor::ConnectionDoctor;
use super::naming::NameFields;
use crate::results::Worded;
use crate::router::{Link, Route, page_title, use_router};
use crate::settings::advanced::LocalServers;
use crate::settings::developer::{Beta, DeveloperOffer, developer_on};
use crate::sign_in::{Flow, SigningIn};
use crate::state::use_state;
pub(crate) use crate::ui::sentence;
use crate::ui::{Button, ButtonLook, Choice, Field, Icon, IconName, Segmented, Working};

/// How the scan's checklist names its lines.
pub(super) const fn line_name(kind: ScanKind) -> &'static str {
    match kind {
        ScanKind::Reachable => "Reachable",
        ScanKind::Cors => "Lets web pages talk to it",
        ScanKind::Protocol => "Protocol",
        ScanKind::SignIn => "Sign-in",
        ScanKind::List => "List of actions",
        ScanKind::Schemas => "Schemas",
        ScanKind::Excluded => "Left out",
    }
}

/// The lines of a checklist as far as they are known.
pub(super) type Lines = Vec<(ScanKind, Option<StepState>)>;

/// A checklist on which nothing has happened.
pub(super) fn fresh_lines() -> Lines {
    ScanKind::ALL.into_iter().map(|kind| (kind, None)).collect()
}

/// A step is on its line. Whoever looked may be gone.
pub(super) fn went(lines: RwSignal<Lines>, step: browser::ScanStep) {
    let _ = lines.try_update(|lines| {
        if let Some(line) = lines.iter_mut().find(|(kind, _)| *kind == step.kind) {
            line.1 = Some(step.state);
        }
    });
}

/// The live checklist of a scan.
#[component]
pub(super) fn Checklist(
    /// Its lines.
    #[prop(into)]
    lines: Signal<Lines>,
) -> impl IntoView {
    view! {
        <ul class="checklist" aria-label="Scan">
            {move || lines.get().into_iter().map(|(kind, state)| {
                let (look, icon, words) = match state {
                    None => ("todo", None, None),
                    Some(StepState::Running) => ("now", None, Some(view! { <Working what="checking"/> }.into_any())),
                    Some(StepState::Ok(detail)) => ("ok", Some(IconName::Check), Some(view! { <span><bdi>{detail}</bdi></span> }.into_any())),
                    Some(StepState::Failed { why, next }) => ("bad", Some(IconName::Close), Some(view! {
                        <span><Worded text=why/>". "<span class="next"><Worded text=sentence(&next)/></span></span>
                    }.into_any())),
                };
                view! {
                    <li class=look>
                        <span class="sign">{icon.map(|name| view! { <Icon name size=14/> })}</span>
                        <b>{line_name(kind)}</b>
                        {words}
                    </li>
                }
            }).collect_view()}
        </ul>
    }
}

/// The page.
#[component]
pub(crate) fn NewConnectorPage() -> impl IntoView {
    let app = use_state();
    let router = use_router();
    page_title(|| "Add connector".into());

    let typed = Typed::restore();
    let [name, description, address] = [typed.name, typed.description, typed.address].map(RwSignal::new);
    let provenance = RwSignal::new(typed.provenance);
    let colour = RwSignal::new(typed.colour);
    let way = RwSignal::new(typed.way);
    let with_header = Memo::new(move |_| way.get() == Way::Header);
    let with_oauth = Memo::new(move |_| matches!(way.get(), Way::OAuth | Way::Mixed));
    let [client_id, client_secret, scope] = [typed.client_id, String::new(), typed.scope].map(RwSignal::new);
    let flow = Flow::new();
    // A scan stopped because the person is not signed in yet, and what was found on the way there.
    let asks = RwSignal::new(false);
    let failure = RwSignal::new(None::<Error>);
    let doctor = RwSignal::new(None::<OAuthReport>);
    let header_name = RwSignal::new(typed.header_name);
    let header_value = RwSignal::new(String::new());
    let keep = RwSignal::new(Keep::Tab);

    let lines = RwSignal::new(fresh_lines());
    let scanned = RwSignal::new_local(None::<Scanned>);
    let scanning = RwSignal::new(false);
    let begun = RwSignal::new(false);
    let round = StoredValue::new(0_u32);
    let understood = RwSignal::new(false);
    let creating = RwSignal::new(false);
    let problem = RwSignal::new(None::<(String, Option<String>)>);
    let on = developer_on(app);

    // What was scanned is what is created: a later change of where or how voids the scan.
    let void = move || {
        round.update_value(|round| *round += 1);
        scanning.set(false);
        begun.set(false);
        scanned.set(None);
        lines.set(fresh_lines());
        understood.set(false);
        problem.set(None);
        flow.cancel();
        asks.set(false);
        failure.set(None);
        doctor.set(None);
    };
    let checked = Memo::new(move |_| {
        app.rulebook.track();
        let text = address.get();
        (!text.trim().is_empty()).then(|| app.ws().check_address(&text))
    });
    let address_problem = Signal::derive(move || match checked.get() {
        Some(Err(why)) => Some(sentence(&why.to_string())),
        _ => None,
    });
    let header_problem = Signal::derive(move || {
        let name = header_name.get();
        let fits = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        (with_header.get() && !fits).then(|| "A header name has letters, digits and dashes only.".to_owned())
    });
    let ready = Signal::derive(move || {
        on.get()
            && !name.get().trim().is_empty()
            && matches!(checked.get(), Some(Ok(_)))
            && header_problem.get().is_none()
            && !(with_header.get() && header_value.get().is_empty())
    });
    let missing = move || {
        let mut missing = Vec::new();
        if !on.get() {
            missing.push("developer mode");
        }
        if name.get().trim().is_empty() {
            missing.push("a name");
        }
        if !matches!(checked.get(), Some(Ok(_))) {
            missing.push("the server's address");
        }
        if with_header.get() && (header_problem.get().is_some() || header_value.get().is_empty()) {
            missing.push("the header and its value");
        }
        (!missing.is_empty()).then(|| format!("Still needed: {}.", missing.join(", ")))
    };
    let set_colour = move |value: Option<String>| colour.set(value.and_then(|value| value.parse().ok()));
    let draft = move || NewConnector {
        name: name.get_untracked().trim().to_owned(),
        description: description.get_untracked().trim().to_owned(),
        address: address.get_untracked(),
        provenance: provenance.get_untracked(),
        sign_in: match way.get_untracked() {
            Way::None => SignIn::None,
            Way::Header => SignIn::Header { name: header_name.get_untracked() },
            Way::OAuth => SignIn::OAuth { client_id: said(client_id), scope: said(scope), partly: false },
            Way::Mixed => SignIn::OAuth { client_id: said(client_id), scope: said(scope), partly: true },
        },
        header_value: match way.get_untracked() {
            Way::None => None,
            Way::Header => Some(header_value.get_untracked()),
            Way::OAuth | Way::Mixed => said(client_secret),
        },
        keep: keep.get_untracked(),
        colour: colour.get_untracked(),
    };
    let scan = move || {
        void();
        let this = round.get_value();
        scanning.set(true);
        begun.set(true);
        let ws = app.ws();
        spawn_local(async move {
            let current = move || round.try_get_value() == Some(this);
            let on_step = move |step: browser::ScanStep| {
                if current() {
                    went(lines, step);
                }
            };
            let found = ws.scan(&draft(), on_step).await;
            if !current() {
                return;
            }
            scanning.set(false);
            match found {
                Ok(found) => scanned.set(Some(found)),
                Err(stopped) => {
                    let sign_in = with_oauth.get_untracked() && stopped.at == ScanKind::SignIn;
                    asks.set(sign_in);
                    // A sign-in that is asked for is the next step and no failure; the checklist says why.
                    problem.set((!sign_in).then_some((stopped.error.message, stopped.error.hint)));
                }
            }
        });
    };
    let sign_in = move || {
        failure.set(None);
        doctor.set(None);
        let ws = app.ws();
        let new = draft();
        flow.begin(
            move |visit| async move { ws.sign_in_new(&new, &visit).await },
            move |ended| match ended {
                // The form may be gone, or be about another server by now.
                Ok(()) if asks.try_get_untracked() == Some(true) => scan(),
                Ok(()) => {}
                // What was left on purpose needs no words.
                Err(_) if asks.try_get_untracked() != Some(true) => {}
                Err(error) => {
                    let _ = failure.try_set(Some(error));
                    let ws = app.ws();
                    spawn_local(async move { drop(doctor.try_set(ws.tried_report().await)) });
                }
            },
        );
    };
    let create = move || {
        let Some(found) = scanned.get_untracked() else { return };
        creating.set(true);
        problem.set(None);
        let ws = app.ws();
        spawn_local(async move {
            match ws.create_draft(draft(), found).await {
                Ok(id) => {
                    Typed::default().keep();
                    router.go(Route::Connector(id.to_string(), crate::router::ConnectorTab::Actions));
                }
                Err(why) => {
                    creating.set(false);
                    problem.set(Some((why.message, why.hint)));
                }
            }
        });
    };
    Effect::new(move |_| {
        // An address that is refused is kept nowhere (X01); one that only a setting forbids may be allowed in between.
        let fit = matches!(checked.get(), Some(Ok(_) | Err(AddressError::Local(_))));
        let typed = Typed {
            name: name.get(),
            description: description.get(),
            address: if fit { address.get() } else { String::new() },
            provenance: provenance.get(),
            colour: colour.get(),
            way: way.get(),
            header_name: header_name.get(),
            client_id: client_id.get(),
            scope: scope.get(),
        };
        typed.keep();
    });
    on_cleanup(move || {
        let _ = round.try_update_value(|round| *round += 1);
    });

    view! {
        <header class="head"><div class="grow"><h1>"Add connector"</h1>
            <p class="lead">"A connector starts as a draft that only you can use, marked "<span class="tag dev">"Dev"</span>". The built-in Guide only searches; to change things elsewhere, add the connector of the place where they are. Every change asks you first."</p><Beta/></div></header>
        <DeveloperOffer/>
        <form class="steps" on:submit=move |event| {
            event.prevent_default();
            if ready.get_untracked() && !scanning.get_untracked() {
                scan();
            }
        }>
            <section>
                <h2>"Details"</h2>
                <NameFields label="Name" name description/>
                <Field label="Server URL" help="The address of the server's MCP endpoint, as its documentation gives it." problem=address_problem let:field>
                    <input id=field.id aria-describedby=field.described type="text" inputmode="url" class="mono" autocomplete="off"
                        spellcheck="false" placeholder="https://mcp.example.com/mcp"
                        aria-invalid=move || address_problem.get().is_some().to_string()
                        prop:value=move || address.get()
                        on:input=move |event| { address.set(event_target_value(&event)); void(); }/>
                </Field>
                {move || match checked.get() {
                    Some(Ok(address)) => view! { <AddressView address/> }.into_any(),
                    Some(Err(AddressError::Local(_))) if on.get() => view! { <div class="offer"><LocalServers/></div> }.into_any(),
                    _ => ().into_any(),
                }}
                <div class="field">
                    <span class="label">"Who built the server"</span>
                    <Segmented label="Who built the server" value=provenance on_change=move |value| provenance.set(value)
                        options=vec![
                            (Provenance::Own, "We did"), (Provenance::Vendor, "A vendor"),
                            (Provenance::OpenSource, "Open source"), (Provenance::Other, "Other"),
                        ]/>
                </div>
                <Choice label="Monogram colour" all="By its host" options=Signal::stored(colours())
                    value=Signal::derive(move || colour.get().map(|colour| colour.to_string())) on_change=set_colour/>
            </section>
            <section>
                <h2>"Sign-in"</h2>
                <fieldset class="choices">
                    <legend class="sr">"How to sign in"</legend>
                    {[(Way::None, "No sign-in"), (Way::OAuth, "OAuth"), (Way::Mixed, "OAuth for some actions"), (Way::Header, "Header value")].map(|(one, word)| view! {
                        <label class="check"><input type="radio" name="sign-in" prop:checked=move || way.get() == one
                            on:change=move |_| { way.set(one); void(); }/>{word}</label>
                    }).collect_view()}
                </fieldset>
                {move || with_header.get().then(|| view! {
                    <div class="indent">
                        <Field label="Header name" problem=header_problem let:field>
                            <input id=field.id aria-describedby=field.described class="mono" autocomplete="off" spellcheck="false"
                                prop:value=move || header_name.get()
                                on:input=move |event| { header_name.set(event_target_value(&event)); void(); }/>
                        </Field>
                        <Field label="Value" help="For example: Bearer and the token. It is sent to this server only and never shown again." let:field>
                            <input id=field.id aria-describedby=field.described class="mono" type="password" autocomplete="off" spellcheck="false"
                                prop:value=move || header_value.get()
                                on:input=move |event| { header_value.set(event_target_value(&event)); void(); }/>
                        </Field>
                        <KeepChoice keep/>
                    </div>
                })}
                {move || (way.get() == Way::Mixed).then(|| view! {
                    <p class="small">"The list is read and most actions are called without a sign-in. When an action asks for one, its card says so and you sign in from there."</p>
                })}
                {move || with_oauth.get().then(|| view! { <OAuthFields client_id client_secret scope keep on_change=move |()| void()/> })}
            </section>
            <section>
                <h2>"Scan"</h2>
                <p class="small">"Connects as you, reads what the server offers, and calls nothing."</p>
                <div class="row">
                    {move || {
                        // The next step is the loud one.
                        let look = if asks.get() || scanned.with(Option::is_some) { ButtonLook::Plain } else { ButtonLook::Primary };
                        view! {
                            <Button look submit=true disabled=Signal::derive(move || !ready.get() || scanning.get())>
                                {move || if begun.get() { "Scan again" } else { "Scan" }}
                            </Button>
                        }
                    }}
                    {move || scanning.get().then(|| view! {
                        <Button look=ButtonLook::Quiet on:click=move |_| void()>"Stop scan"</Button>
                    })}
                    <span class="small" aria-live="polite">{missing}</span>
                </div>
                {move || begun.get().then(|| view! { <Checklist lines/> })}
                {move || problem.get().map(|(why, next)| view! {
                    <div class="note danger" role="alert"><span class="grow"><Worded text=sentence(&why)/>" "
                        {next.map(|next| view! { <Worded text=sentence(&next)/> })}</span></div>
                    <ConnectionDoctor address/>
                })}
                {move || asks.get().then(|| view! {
                    <div class="row"><Button look=ButtonLook::Primary disabled=Signal::derive(move || flow.is_busy()) on:click=move |_| sign_in()>"Sign in"</Button></div>
                    <SigningIn flow/>
                    <Problem problem=failure/>
                    {move || doctor.get().map(|report| view! { <details><summary>"What was asked and answered"</summary><Doctor report/></details> })}
                })}
                {move || scanned.get().map(|found| view! { <Found found/> })}
            </section>
            {move || scanned.with(Option::is_some).then(|| view! {
                <section>
                    <h2>"Risks"</h2>
                    <p>"A server you connect can read what you send it, and what it returns may try to steer a model. Connect only servers you trust. "
                        <a href=super::publish::LEARN_MORE target="_blank" rel="noopener noreferrer">"Learn more about the risks"</a></p>
                    {move || scanned.get().map(|found| view! { <super::findings::Findings list=app.ws().findings_of(&found, &draft().sign_in)/> })}
                    <label class="check"><input type="checkbox" prop:checked=move || understood.get()
                        on:change=move |event| understood.set(event_target_checked(&event))/>
                        "I understand, and I answer for connecting this server."</label>
                    <div class="row">
                        <Button look=ButtonLook::Primary disabled=Signal::derive(move || !understood.get() || creating.get())
                            on:click=move |_| create()>"Create draft"</Button>
                        <Link to=Route::Connectors class="btn quiet">"Cancel"</Link>
                    </div>
                </section>
            })}
        </form>
    }
}

/// The colours that a monogram can have, with their names. `tokens.css` mixes them.
fn colours() -> Vec<(String, String)> {
    let names = ["Blue", "Sky", "Teal", "Moss", "Olive", "Rose", "Plum", "Indigo"];
    names.into_iter().enumerate().map(|(at, name)| (at.to_string(), name.to_owned())).collect()
}

/// How to sign in, as it is chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    None,
    Header,
    OAuth,
    /// OAuth for some actions only.
    Mixed,
}

/// What was typed into a field that may stay empty.
fn said(field: RwSignal<String>) -> Option<String> {
    Some(field.get_untracked().trim().to_owned()).filter(|text| !text.is_empty())
}

impl Way {
    const ALL: [(Way, &'static str); 4] =
        [(Way::None, "none"), (Way::Header, "header"), (Way::OAuth, "oauth"), (Way::Mixed, "mixed")];
}

/// What was typed and chosen and is not secret, kept until the tab closes: looking something up elsewhere, or a reload,
/// must not lose it. A secret is kept nowhere. A browser without storage loses it, which is what it was asked for.
struct Typed {
    name: String,
    description: String,
    address: String,
    provenance: Provenance,
    colour: Option<u8>,
    way: Way,
    header_name: String,
    client_id: String,
    scope: String,
}

impl Default for Typed {
    fn default() -> Self {
        let none = String::new;
        Typed {
            name: none(),
            description: none(),
            address: none(),
            provenance: Provenance::Other,
            colour: None,
            way: Way::None,
            header_name: "Authorization".to_owned(),
            client_id: none(),
            scope: none(),
        }
    }
}

impl Typed {
    const KEY: &str = "countersign:new-connector";

    fn storage() -> Option<web_sys::Storage> {
        window().session_storage().ok().flatten()
    }

    fn restore() -> Typed {
        let kept = Self::storage().and_then(|storage| storage.get_item(Self::KEY).ok().flatten());
        let Some(kept) = kept.and_then(|kept| serde_json::from_str::<serde_json::Value>(&kept).ok()) else {
            return Typed::default();
        };
        let text = |name: &str| kept.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        let way = text("way").and_then(|word| Way::ALL.into_iter().find(|(_, one)| *one == word));
        let built = kept.get("provenance").and_then(|word| serde_json::from_value(word.clone()).ok());
        Typed {
            name: text("name").unwrap_or_default(),
            description: text("description").unwrap_or_default(),
            address: text("address").unwrap_or_default(),
            provenance: built.unwrap_or(Provenance::Other),
            colour: kept.get("colour").and_then(|colour| serde_json::from_value(colour.clone()).ok()),
            way: way.map_or(Way::None, |(way, _)| way),
            header_name: text("header").unwrap_or_else(|| "Authorization".to_owned()),
            client_id: text("client").unwrap_or_default(),
            scope: text("scope").unwrap_or_default(),
        }
    }

    fn keep(&self) {
        let way = Way::ALL.into_iter().find(|(way, _)| *way == self.way).map(|(_, word)| word);
        let text = serde_json::json!({
            "name": self.name, "description": self.description, "address": self.address, "provenance": self.provenance,
            "colour": self.colour, "way": way, "header": self.header_name, "client": self.client_id, "scope": self.scope,
        });
        if let Some(storage) = Self::storage() {
            let _ = storage.set_item(Self::KEY, &text.to_string());
        }
    }
}

/// Has the form begin with this address, for something that a member asked for. Nothing is contacted by it (X07).
pub(crate) fn prefill(address: &str) {
    Typed { address: address.to_owned(), ..Typed::default() }.keep();
}

/// How long a secret is kept.
#[component]
pub(crate) fn KeepChoice(
    /// The choice.
    keep: RwSignal<Keep>,
) -> impl IntoView {
    view! {
        <div class="field">
            <span class="label">"Keep it"</span>
            <Segmented label="Keep it" value=keep on_change=move |value| keep.set(value)
                options=vec![(Keep::Memory, "Until reload"), (Keep::Tab, "Until the tab closes"), (Keep::Device, "On this device")]/>
            <span class="help">{move || match keep.get() {
                Keep::Memory => "In memory only.",
                Keep::Tab => "Encrypted in this tab's storage; gone when the tab closes.",
                Keep::Device => "Encrypted in this browser under a key that cannot be read out, until you remove it.",
            }}</span>
        </div>
    }
}

/// The host of a checked address, its owner's part in bold, and what looks odd about it (X03).
#[component]
fn AddressView(
    /// The address.
    address: Address,
) -> impl IntoView {
    let warnings: Vec<_> =
        address.warnings.iter().map(|warning| view! { <li>{sentence(&warning.to_string())}</li> }).collect();
    let at = address.host.rfind(address.registrable.as_str()).unwrap_or(0);
    let (before, owner) = address.host.split_at(at);
    view! {
        <p class="address"><span class="small">"Talks to "</span><span class="host">{before.to_owned()}<b>{owner.to_owned()}</b></span></p>
        {(!warnings.is_empty()).then(|| view! { <ul class="note warn">{warnings}</ul> })}
    }
}

/// What a scan found, counted by class, and what was left out with the reason.
#[component]
fn Found(
    /// The scan.
    found: Scanned,
) -> impl IntoView {
    use browser::policy::Class;
    let count = |class| found.snapshot.actions.iter().filter(|action| action.classified().class == class).count();
    let (read, write, destroy) = (count(Class::Read), count(Class::Write), count(Class::Destructive));
    let total = found.snapshot.actions.len();
    let hidden = found.snapshot.actions.iter().filter(|action| !action.hidden().is_empty()).count();
    view! {
        <div class="found">
            <p><b>{crate::connectors::plural(total, "action")}</b>{format!(": {read} read, {write} write, {destroy} destructive.")}</p>
            {(hidden > 0).then(|| view! {
                <div class="note danger"><span class="grow">{format!("{} hidden characters in their texts.", if hidden == 1 { "1 action has".to_owned() } else { format!("{hidden} actions have") })}
                    " They are shown on the next page."</span></div>
            })}
            {(!found.excluded.is_empty()).then(|| view! {
                <details><summary>{format!("{} left out", crate::connectors::plural(found.excluded.len(), "action"))}</summary>
                    <ul>{found.excluded.iter().map(|left| view! { <li><code><bdi>{left.name.clone()}</bdi></code>": "<bdi>{left.why.clone()}</bdi></li> }).collect_view()}</ul>
                </details>
            })}
        </div>
    }
}
