//! Workspace, General: the keys that sign the workspace.

use browser::policy::bundle::PublicKey;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::bundle::Known;
use super::files::chosen;
use crate::results::Visible;
use crate::state::{sentence, use_state};
use crate::ui::{Button, ButtonLook, CopyButton, Dialog, Field, save_text};

/// The largest key file, in bytes.
const LARGEST: f64 = 16_384.0;

/// A key's id in groups of four, to be read aloud.
pub(super) fn fingerprint(key: &PublicKey) -> String {
    let id = key.id();
    let digits: Vec<char> = id.as_str().chars().collect();
    digits.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

#[derive(Clone, Copy, PartialEq)]
enum Asking {
    Make,
    Open,
    Add,
}

/// The section.
#[component]
pub(super) fn Keys(
    /// What is known of keys here.
    known: RwSignal<Known>,
    /// Reads it again.
    read: Callback<()>,
) -> impl IntoView {
    let app = use_state();
    let asking = RwSignal::new(None::<Asking>);
    let trust = move |key: PublicKey, trusted: bool| {
        let ws = app.ws();
        app.run(async move { ws.trust_key(key, trusted).await }, move |()| {
            let _ = read.try_run(());
        });
    };
    view! {
        <section class="setting">
            <h2>"Signing keys"</h2>
            <p>"An owner's key signs the exported workspace. It is made in this browser and cannot be read out of it; the file that is saved with it is the only copy. "
                "Let a second owner's key in, so that the loss of one is no loss of the workspace."</p>
            {move || {
                let known = known.get();
                let own = known.own.as_ref().map(PublicKey::id);
                let keys = known.trust.map(|trust| trust.keys).unwrap_or_default();
                let last = keys.len() == 1;
                (!keys.is_empty()).then(|| view! {
                    <table>
                        <caption class="sr">"Keys that may sign"</caption>
                        <thead><tr><th scope="col">"Owner"</th><th scope="col">"Key"</th><th scope="col"><span class="sr">"Actions"</span></th></tr></thead>
                        <tbody><For each=move || keys.clone() key=PublicKey::id children=move |key| {
                            let mine = own.as_ref() == Some(&key.id());
                            let (public, gone) = (serde_json::to_string(&key).unwrap_or_default(), key.clone());
                            let label = format!("Remove the key of {}", key.name);
                            view! {
                                <tr>
                                    <td><Visible text=key.name.clone()/>{mine.then_some(" (this browser)")}</td>
                                    <td><code class="wrap">{fingerprint(&key)}</code></td>
                                    <td class="row">
                                        <CopyButton label="Copy public key" text=Signal::stored(public)/>
                                        {(!last).then(|| view! { <Button small=true attr:aria-label=label on:click=move |_| trust(gone.clone(), false)>"Remove key"</Button> })}
                                    </td>
                                </tr>
                            }
                        }/></tbody>
                    </table>
                })
            }}
            <div class="row">
                {move || known.with(|known| known.own.is_none()).then(|| view! {
                    <Button on:click=move |_| asking.set(Some(Asking::Make))>"Make signing key"</Button>
                    <Button on:click=move |_| asking.set(Some(Asking::Open))>"Open key file"</Button>
                })}
                {move || known.with(|known| known.trust.as_ref().is_some_and(|trust| !trust.keys.is_empty())).then(|| view! {
                    <Button on:click=move |_| asking.set(Some(Asking::Add))>"Add another owner's key"</Button>
                })}
            </div>
            {move || known.with(|known| match (&known.own, &known.trust) {
                (Some(own), Some(trust)) if !trust.keys.iter().any(|key| key.id() == own.id()) => Some(own.clone()),
                _ => None,
            }).map(|own| view! {
                <div class="note warn">
                    <span class="grow">"The key of this browser may not sign yet. Send it to an owner whose key may: "<code class="wrap">{fingerprint(&own)}</code></span>
                    <CopyButton label="Copy public key" text=Signal::stored(serde_json::to_string(&own).unwrap_or_default())/>
                </div>
            })}
        </section>
        {move || asking.get().map(|what| view! { <Ask what asking read/> })}
    }
}

/// The dialog for one of the three ways a key comes in.
#[component]
fn Ask(what: Asking, asking: RwSignal<Option<Asking>>, read: Callback<()>) -> impl IntoView {
    let app = use_state();
    let (one, two) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let file = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let close = move || asking.set(None);
    let go = move || {
        problem.set(None);
        let (ws, passphrase, again, file) = (app.ws(), one.get_untracked(), two.get_untracked(), file.get_untracked());
        if what == Asking::Make && passphrase != again {
            return problem.set(Some("The two passphrases are not the same. Type them again.".to_owned()));
        }
        busy.set(true);
        spawn_local(async move {
            let done = match what {
                Asking::Make => ws.make_signing_key(&passphrase).await.map(|text| {
                    save_text("countersign-signing-key.json", &text);
                    "The signing key was made and its file saved. Keep the file and the passphrase apart."
                }),
                Asking::Open => {
                    let text = file.unwrap_or_default();
                    ws.open_signing_key(&text, &passphrase).await.map(|()| "The signing key was opened.")
                }
                Asking::Add => match serde_json::from_str::<PublicKey>(passphrase.trim()) {
                    Ok(key) => ws.trust_key(key, true).await.map(|()| "The key may sign from the next export on."),
                    Err(_) => Err(browser::Error::new(browser::Code::Invalid, "this is no public key")
                        .hint("paste what the other owner got from Copy public key")),
                },
            };
            let _ = busy.try_set(false);
            match done {
                Ok(told) => {
                    app.tell(told);
                    let _ = read.try_run(());
                    let _ = asking.try_set(None);
                }
                Err(error) => drop(problem.try_set(Some(sentence(&error)))),
            }
        });
    };
    let (title, verb) = match what {
        Asking::Make => ("Make signing key", "Make key and save file"),
        Asking::Open => ("Open key file", "Open key"),
        Asking::Add => ("Add another owner's key", "Add key"),
    };
    let secret = move |label: &'static str, help: &'static str, value: RwSignal<String>| {
        view! {
            <Field label=label help=help let:field>
                <input id=field.id aria-describedby=field.described type="password" autocomplete="new-password" prop:value=move || value.get()
                    on:input=move |event| value.set(event_target_value(&event))/>
            </Field>
        }
    };
    let fields = match what {
        Asking::Make => view! {
            <p>"The key can be saved once, now, in a file under a passphrase. Without the file and the passphrase a lost browser means a lost key."</p>
            {secret("Passphrase", "At least 12 characters. Nobody can recover it.", one)}
            {secret("Passphrase again", "", two)}
        }.into_any(),
        Asking::Open => view! {
            <Field label="Key file" let:field>
                <input id=field.id aria-describedby=field.described type="file" accept="application/json,.json"
                    on:change=move |event| chosen(&event, LARGEST, move |text| file.set(text))/>
            </Field>
            {move || file.with(Option::is_some).then(|| view! { <p class="small" role="status">"The file was read."</p> })}
            {secret("Passphrase", "The one it was saved with.", one)}
        }.into_any(),
        Asking::Add => view! {
            <p>"From the next export on, this key may sign the workspace too. Compare it with its owner before."</p>
            <Field label="Public key" help="What the other owner got from Copy public key." let:field>
                <textarea id=field.id aria-describedby=field.described class="mono" rows="4" spellcheck="false" prop:value=move || one.get()
                    on:input=move |event| one.set(event_target_value(&event))></textarea>
            </Field>
        }.into_any(),
    };
    view! {
        <Dialog title=title on_close=move |()| close()>
            <div class="body">{fields}
                <div role="alert">{move || problem.get().map(|text| view! { <p class="form-problem"><Visible text=text/></p> })}</div>
            </div>
            <footer>
                <Button on:click=move |_| close()>"Change nothing"</Button>
                <Button look=ButtonLook::Primary disabled=Signal::derive(move || busy.get() || one.with(String::is_empty)) on:click=move |_| go()>{verb}</Button>
            </footer>
        </Dialog>
    }
}
