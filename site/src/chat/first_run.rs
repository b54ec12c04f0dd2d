//! An empty chat: what is here to try, and words to start with.

use browser::glance::Missing;
use leptos::prelude::*;

use super::composer::Words;
use crate::router::{Link, Route};
use crate::state::use_front;
use crate::ui::{Icon, IconName};

/// The first words to try.
const TRY: &str = "Create a note titled \"Shopping\" with text \"Milk, bread, coffee\"";

/// Words to start with, and the built-in connector and action that they are about. An example is shown only while its
/// action can be used.
const EXAMPLES: [(&str, &str, &str, &str); 7] = [
    ("workbench", "start_workflow", "Start the workflow Onboard a colleague for Ada", "writes: you are asked first"),
    (
        "workbench",
        "create_task",
        "Create a project task \"Order chairs\" in project \"Move\"",
        "writes: you are asked first",
    ),
    ("workbench", "update_customer", "List customers, then update a customer record", "two steps, one decision"),
    ("notebook", "create_note", TRY, "writes: you are asked first"),
    ("notebook", "list_notes", "List my notes", "only reads"),
    ("notebook", "delete_note", "List notes, then delete a note", "destructive: two steps, one decision"),
    ("guide", "search", "Search the guide for developer mode", "only reads"),
];

/// What the page of a new chat shows before anything is said.
#[component]
pub fn FirstRun() -> impl IntoView {
    let front = use_front();
    let words = expect_context::<Words>();
    let own = Memo::new(move |_| front.offers.with(|offers| offers.iter().any(|offer| offer.custom)));
    // Whoever adds nothing waits for what others publish.
    let waits =
        Memo::new(move |_| front.person.with(|person| matches!(person.missing, Missing::Request | Missing::Nothing)));
    let examples = Memo::new(move |_| {
        front.offers.with(|offers| {
            let offered = |connector: &str, action: &str| {
                let found = offers.iter().find(|offer| offer.id.as_str() == connector && !offer.custom);
                found.is_some_and(|offer| offer.actions.iter().any(|name| name == action))
            };
            EXAMPLES.into_iter().filter(|(connector, action, ..)| offered(connector, action)).collect::<Vec<_>>()
        })
    });
    // The jobs of the third demo are here to try as soon as who runs the workspace has added it.
    let more = Memo::new(move |_| {
        let is_here = front.offers.with(|offers| offers.iter().any(|offer| offer.id.as_str() == "workbench"));
        front.person.with(|person| person.runs_workspace) && !own.get() && !is_here
    });
    view! {
        <div class="first">
            <h2>"What do you want done?"</h2>
            {move || if own.get() {
                view! { <p class="muted">"Ask across all active connectors. Nothing is changed without your decision."</p> }.into_any()
            } else {
                view! {
                    <p class="muted">
                        {move || waits.get().then_some("Nothing has been published for you yet. ")}
                        <em>"Guide"</em>" and the demo "<em>"Notebook"</em>" are here to try. "
                        {move || (!waits.get()).then_some("Your own connectors start as drafts. ")}
                        "Nothing is changed without your decision."
                    </p>
                }.into_any()
            }}
            {move || (!examples.get().is_empty()).then(|| view! {
                <ul class="examples plain" aria-label="Examples">
                    {examples.get().into_iter().map(|(_, _, text, what)| view! {
                        <li><button type="button" class="example" on:click=move |_| words.put(text)>
                            <span class="grow">{text}</span><small>{what}</small>
                        </button></li>
                    }).collect_view()}
                </ul>
            })}
            {move || more.get().then(|| view! {
                <p class="small">
                    "To try work with several systems, "<Link to=Route::Connectors>"add the demo Workbench"</Link>
                    ": start a workflow, create a project task, update a customer record."
                </p>
            })}
            <p class="row">
                {move || front.missing().map(|(words, to)| view! {
                    <Link to class="btn"><Icon name=IconName::Add size=16/>{words}</Link>
                })}
                {move || (!own.get()).then(|| view! {
                    <button type="button" class="btn quiet" on:click=move |_| words.put(TRY)>"Try Notebook"</button>
                })}
            </p>
        </div>
    }
}
