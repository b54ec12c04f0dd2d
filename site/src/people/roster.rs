//! Importing and exporting the list of people: nothing is applied before it was looked at.

use browser::policy::roster::{self, Preview, Problem, Row};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use crate::connectors::new::sentence;
use crate::connectors::plural;
use crate::results::Worded;
use crate::state::use_state;
use crate::ui::{Button, Dialog, Field, save_text};

/// Problems and people that are listed at once.
const LISTED: usize = 50;

/// The dialog.
#[component]
pub(super) fn Roster(
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    move || open.get().then(|| view! { <Inside open/> })
}

#[component]
fn Inside(open: RwSignal<bool>) -> impl IntoView {
    let app = use_state();
    let text = RwSignal::new(String::new());
    let remove = RwSignal::new(false);
    let read = Memo::new(move |_| {
        let text = text.get();
        (!text.trim().is_empty()).then(|| roster::parse(&text))
    });
    let preview = Memo::new(move |_| match read.get()? {
        Err(problems) => Some(Preview { problems, ..Preview::default() }),
        Ok(rows) => Some(app.rulebook.with(|book| book.preview_roster(&app.ws().me(), &rows, remove.get()))),
    });
    let rows = move || read.get_untracked().and_then(Result::ok).unwrap_or_default();
    let ready = Signal::derive(move || preview.with(|preview| preview.as_ref().is_some_and(Preview::can_apply)));
    let apply = move |_| {
        let (ws, rows, remove): (_, Vec<Row>, bool) = (app.ws(), rows(), remove.get_untracked());
        app.run(async move { ws.apply_roster(&rows, remove).await }, move |()| {
            open.set(false);
            app.tell("The list was taken over.");
        });
    };
    let file = move |event: leptos::ev::Event| {
        let input = event_target::<web_sys::HtmlInputElement>(&event);
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        if file.size() > roster::LARGEST as f64 {
            app.tell(format!("The file is larger than {} MB. Split it.", roster::LARGEST / 1024 / 1024));
            return;
        }
        let blob: &web_sys::Blob = file.unchecked_ref();
        let reading = blob.text();
        spawn_local(async move {
            match JsFuture::from(reading).await.ok().and_then(|read| read.as_string()) {
                Some(read) => drop(text.try_set(read)),
                None => app.tell("The file could not be read. Choose it again."),
            }
        });
    };
    let export = move |_| save_text("countersign-members.csv", &app.rulebook.with_untracked(|book| book.roster()));
    view! {
        <Dialog title="Import or export members" on_close=move |()| open.set(false)>
            <div class="body">
                <div class="row"><Button on:click=export>"Export members as CSV"</Button></div>
                <Field label="List to import" help="CSV with the columns id, name, email, role, groups, roles. Several groups or roles are separated by a semicolon." let:field>
                    <textarea id=field.id aria-describedby=field.described class="mono" rows="5" spellcheck="false" placeholder="name,email,role,groups"
                        prop:value=move || text.get() on:input=move |event| text.set(event_target_value(&event))></textarea>
                </Field>
                <label class="file">"Or choose a file "<input type="file" accept=".csv,text/csv" on:change=file/></label>
                <label class="check"><input type="checkbox" prop:checked=move || remove.get()
                    on:change=move |event| remove.set(event_target_checked(&event))/>"Remove people who are not in the list; their drafts are archived"</label>
                <div aria-live="polite">{move || preview.get().map(|preview| view! { <Looked preview/> })}</div>
            </div>
            <footer>
                <Button on:click=move |_| open.set(false)>"Close without importing"</Button>
                <button type="button" class="btn primary" disabled=move || !ready.get() on:click=apply>"Import this list"</button>
            </footer>
        </Dialog>
    }
}

/// What would happen.
#[component]
fn Looked(preview: Preview) -> impl IntoView {
    let nothing = preview == Preview::default();
    let changed: Vec<String> =
        preview.changed.iter().map(|(name, how)| format!("{name}: {}", how.join(", "))).collect();
    view! {
        {nothing.then(|| view! { <p>"The list says what is here already. There is nothing to do."</p> })}
        {(!preview.problems.is_empty()).then(|| {
            let count = preview.problems.len();
            view! {
                <div class="note danger"><div class="grow"><b>{plural(count, "problem")}</b>
                    <ul class="plain">{preview.problems.into_iter().take(LISTED).map(|problem| view! { <li><Worded text=problem_says(&problem)/></li> }).collect_view()}</ul>
                    <p class="small">"Nothing is taken over until these are put right."</p></div></div>
            }
        })}
        {names("Added", preview.added)}
        {names("Changed", changed)}
        {names("Removed", preview.removed)}
    }
}

fn problem_says(problem: &Problem) -> String {
    sentence(&if problem.line == 0 { problem.what.clone() } else { problem.to_string() })
}

fn names(what: &'static str, names: Vec<String>) -> Option<impl IntoView> {
    (!names.is_empty()).then(|| {
        let (count, more) = (names.len(), names.len().saturating_sub(LISTED));
        view! {
            <h3>{format!("{what}: {count}")}</h3>
            <ul class="plain">{names.into_iter().take(LISTED).map(|name| view! { <li><bdi>{name}</bdi></li> }).collect_view()}</ul>
            {(more > 0).then(|| view! { <p class="small">{format!("and {more} more")}</p> })}
        }
    })
}
