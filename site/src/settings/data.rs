//! Settings, Data: what is stored, where, how large; export and erase.

use browser::{StorageState, StorageUse};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::import::Import;
use crate::audit::work::Work;
use crate::connectors::plural;
use crate::router::page_title;
use crate::state::use_state;
use crate::ui::{Button, ButtonLook, Dialog, Growing, Working};

/// A size in words: `4.2 KB`.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GB", bytes as f64 / 1_073_741_824.0),
    }
}

/// What can be erased on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Erase {
    Conversations,
    Results,
    Everything,
}

impl Erase {
    fn title(self) -> &'static str {
        match self {
            Erase::Conversations => "Erase every conversation",
            Erase::Results => "Erase every result",
            Erase::Everything => "Erase everything in this browser",
        }
    }

    fn consequence(self) -> &'static str {
        match self {
            Erase::Conversations => {
                "What was said, the calls and their results go. The record keeps which calls were made. This cannot be undone."
            }
            Erase::Results => {
                "What servers answered goes, also what is kept for auditors. The words of the conversations stay. This cannot be undone."
            }
            Erase::Everything => "This cannot be undone. What servers already did stays done.",
        }
    }

    fn buttons(self) -> (&'static str, &'static str) {
        match self {
            Erase::Conversations => ("Keep conversations", "Erase conversations"),
            Erase::Results => ("Keep results", "Erase results"),
            Erase::Everything => ("Keep everything", "Erase everything now"),
        }
    }
}

/// What a table holds, and until when.
fn about(table: &str, payload_days: Option<u16>) -> (&'static str, String) {
    let (what, until) = match table {
        "settings" => ("Settings, connectors, people and approvals", "until you change or erase them"),
        "conversations" => ("Conversations: titles and times", "until you delete them"),
        "items" => ("Conversations: what was said, calls and results", "until you delete the conversation"),
        "audit" => ("The record: which calls were made and what was changed", "until you erase everything"),
        "notes" => ("Notes of Notebook", "until Notebook deletes them"),
        "models" => ("Models, without their keys", "until you remove them"),
        "secrets" => ("Sign-ins and keys kept on this device, encrypted", "until you sign out or remove them"),
        "payloads" => match payload_days {
            None => ("Arguments and results for auditors", "not kept"),
            Some(days) => {
                return ("Arguments and results for auditors", format!("{days} days, as the workspace decided"));
            }
        },
        _ => ("Other", "until you erase everything"),
    };
    (what, until.to_owned())
}

/// The page.
#[component]
pub(crate) fn Data() -> impl IntoView {
    let app = use_state();
    page_title(|| "Data".into());
    let used = RwSignal::new(None::<StorageUse>);
    let erasing = RwSignal::new(None::<Erase>);
    let read = move || {
        let ws = app.ws();
        spawn_local(async move {
            match ws.storage().await {
                Ok(found) => {
                    used.try_set(Some(found));
                }
                Err(why) => app.tell_error(&why),
            }
        });
    };
    read();
    let work = Work::new();
    let export = move || {
        let (ws, mut file) = (app.ws(), Growing::new("countersign-export.json"));
        let export = async move {
            ws.export(|text, here, of| {
                file.put(text);
                work.told(here, of);
            })
            .await?;
            Ok(file)
        };
        work.begin(app, "Exporting everything", export, Growing::save);
    };
    let done = move |words: String| {
        erasing.set(None);
        app.tell(words);
        read();
    };
    let erase = move |what: Erase| {
        let ws = app.ws();
        match what {
            Erase::Conversations => app.run(async move { ws.erase_conversations().await }, move |count| {
                done(format!("{} erased. The record keeps which calls were made.", plural(count, "conversation")));
            }),
            Erase::Results => app.run(async move { ws.erase_results().await }, move |count| {
                done(format!("{} erased. The words of the conversations stay.", plural(count, "result")));
            }),
            Erase::Everything => app.run(async move { ws.erase_all().await }, move |()| {
                crate::chat::draft::forget_all();
                done("Everything was erased. The workspace is as on the first day.".to_owned());
            }),
        }
    };
    let payload_days = move || app.rulebook.with_untracked(|book| book.workspace.record.payload_days);
    view! {
        <header class="head"><div class="grow"><h1>"Data"</h1>
            <p class="lead">{move || match app.storage.get() {
                StorageState::Kept => "Everything is kept in this browser, on this device. There is no copy elsewhere.".to_owned(),
                StorageState::Memory | StorageState::Unavailable { .. } => "This browser will not keep history after you close the tab.".to_owned(),
                StorageState::Full { why } => format!("The browser's storage is full; the last change was not kept ({why}). Export and erase what you do not need."),
            }}</p></div></header>
        {move || match used.get() {
            None => view! { <Working what="Reading what is stored"/> }.into_any(),
            Some(found) => {
                let place = if found.state == StorageState::Kept { "IndexedDB" } else { "memory" };
                view! {
                <div class="table-wrap record" role="region" aria-label="What is stored" tabindex="0"><table class="audit-table">
                    <thead><tr><th scope="col">"What"</th><th scope="col">"Where"</th><th scope="col">"Until"</th>
                        <th scope="col" class="num">"Records"</th><th scope="col" class="num">"Size"</th></tr></thead>
                    <tbody>{found.tables.iter().map(|table| {
                        let (what, until) = about(table.name, payload_days());
                        view! {
                            <tr><td>{what}</td><td>{place}</td><td>{until}</td><td class="num">{table.records}</td><td class="num">{size(table.bytes)}</td></tr>
                        }
                    }).collect_view()}
                    <tr><td>"Sign-ins and keys of this tab, encrypted"</td><td>"sessionStorage"</td><td>"until you close this tab"</td><td class="num">"–"</td><td class="num">"–"</td></tr></tbody>
                </table></div>
                {found.used.map(|used| view! { <p class="small">{format!("The browser counts {} for this site", size(used))}
                    {found.quota.map(|quota| format!(" of {} it allows", size(quota)))}"."</p> })}
                <p class="small">{if found.persisted { "The browser promised not to remove it by itself." } else { "The browser may remove it when space is short: export what must last." }}</p>
            }.into_any()
            }
        }}
        <section class="setting"><h2>"Export"</h2><p>"Settings, connectors, conversations, notes and the record as one JSON file. Tokens and keys are not in it."</p>
            {work.view("Cancel export")}
            <Button disabled=Signal::derive(move || work.busy()) on:click=move |_| export()>"Export everything"</Button></section>
        <Import/>
        <section class="setting"><h2>"Erase"</h2><p>"One conversation is deleted in its own menu. Erasing everything removes conversations, connectors, notes and keys from this browser; the record begins a new chain whose first entry says so."</p>
            <div class="row">
                <Button on:click=move |_| erasing.set(Some(Erase::Results))>"Erase results"</Button>
                <Button on:click=move |_| erasing.set(Some(Erase::Conversations))>"Erase conversations"</Button>
                <Button look=ButtonLook::Danger on:click=move |_| erasing.set(Some(Erase::Everything))>"Erase everything"</Button>
            </div></section>
        {move || erasing.get().map(|what| {
            let (keep, go) = what.buttons();
            view! {
                <Dialog title=what.title() role="alertdialog" on_close=move |()| erasing.set(None)>
                    <div class="body"><p>{what.consequence()}</p></div>
                    <footer>
                        <Button on:click=move |_| erasing.set(None)>{keep}</Button>
                        <Button look=ButtonLook::Danger on:click=move |_| erase(what)>{go}</Button>
                    </footer>
                </Dialog>
            }
        })}
    }
}
