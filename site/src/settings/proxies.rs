//! Workspace, General: which servers are reached through a proxy, because they let no web page in (wires.md D).

use leptos::prelude::*;

use crate::results::Visible;
use crate::state::{sentence, use_state};
use crate::ui::{Button, Field};

/// The list with what a proxy means, and a form to add to it.
#[component]
pub(super) fn Proxies() -> impl IntoView {
    let app = use_state();
    let (origin, through) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let problem = RwSignal::new(None::<String>);
    let proxies = move || app.rulebook.with(|rulebook| rulebook.workspace.proxies.clone());
    let add = move || {
        problem.set(None);
        let (ws, from, to) = (app.ws(), origin.get_untracked(), through.get_untracked());
        leptos::task::spawn_local(async move {
            match ws.set_proxy(&from, Some(&to)).await {
                Ok(()) => {
                    let _ = origin.try_set(String::new());
                    let _ = through.try_set(String::new());
                    app.tell("The proxy was added.");
                }
                // What was typed stays.
                Err(error) => {
                    let _ = problem.try_set(Some(sentence(&error)));
                }
            }
        });
    };
    let remove = move |origin: String| {
        let ws = app.ws();
        app.run(async move { ws.set_proxy(&origin, None).await }, move |()| app.tell("The proxy was removed."));
    };
    view! {
        <section class="setting">
            <h2>"Proxies"</h2>
            <p>"For servers that do not let web pages talk to them. Requests to the server go to your proxy instead, which passes them on. "
                "A proxy sees everything that goes through it, sign-ins too: use only one that you run. Ready files for nginx and Caddy are in the source of this site, under site/deploy."</p>
            {move || {
                let proxies = proxies();
                (!proxies.is_empty()).then(|| view! {
                    <table>
                        <caption class="sr">"Proxies"</caption>
                        <thead><tr><th scope="col">"Server"</th><th scope="col">"Goes through"</th><th scope="col"><span class="sr">"Remove"</span></th></tr></thead>
                        <tbody><For each=move || proxies.clone() key=|one| one.clone() children=move |(origin, through)| {
                            let label = format!("Remove the proxy of {origin}");
                            let gone = origin.clone();
                            view! {
                                <tr>
                                    <td><code class="wrap">{origin}</code></td>
                                    <td><code class="wrap">{through}</code></td>
                                    <td><Button small=true attr:aria-label=label on:click=move |_| remove(gone.clone())>"Remove proxy"</Button></td>
                                </tr>
                            }
                        }/></tbody>
                    </table>
                })
            }}
            <form class="inline-form" on:submit=move |event| { event.prevent_default(); add(); }>
                <Field label="Origin of the server" help="For example https://mcp.example.com, without a path." let:field>
                    <input id=field.id aria-describedby=field.described class="mono" autocomplete="off" spellcheck="false" prop:value=move || origin.get()
                        on:input=move |event| origin.set(event_target_value(&event))/>
                </Field>
                <Field label="Goes through" help="A path of this site, for example /mcp-proxy/example, or an address with https://." let:field>
                    <input id=field.id aria-describedby=field.described class="mono" autocomplete="off" spellcheck="false" prop:value=move || through.get()
                        on:input=move |event| through.set(event_target_value(&event))/>
                </Field>
                <Button submit=true disabled=Signal::derive(move || origin.with(|text| text.trim().is_empty()) || through.with(|text| text.trim().is_empty()))>"Add proxy"</Button>
            </form>
            <div role="alert">{move || problem.get().map(|text| view! { <p class="form-problem"><Visible text=text/></p> })}</div>
        </section>
    }
}
