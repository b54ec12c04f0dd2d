//! Demos that can be added and taken out again: connectors of this page whose actions are real and whose records stay in
//! this browser (S011).

use browser::Governed;
use browser::policy::{ConnectorId, Provider, Rulebook};
use leptos::prelude::*;

use crate::people::may;
use crate::results::Visible;
use crate::state::use_state;
use crate::ui::{Badge, Button, ButtonLook, Monogram};

/// A demo, and whether it is there.
#[derive(Clone, PartialEq)]
struct Demo {
    id: ConnectorId,
    name: String,
    about: String,
    added: bool,
    /// Whom to ask about it, where signed settings put it here: nobody removes it here then.
    signed: Option<String>,
}

/// The demos, for people who run the workspace.
#[component]
pub(super) fn Demos() -> impl IntoView {
    let app = use_state();
    let runs = may(app, Rulebook::may_set_workspace);
    let demos = Memo::new(move |_| {
        app.rulebook.with(|book| {
            let away = app.ws().demos();
            // Notebook is always there, so it is none that can be added.
            let there =
                book.connectors.iter().filter(|one| one.provider == Provider::Demo && one.id.as_str() != "notebook");
            let added = there.map(|one| (one.clone(), true)).chain(away.into_iter().map(|one| (one, false)));
            let demo = |(one, added): (browser::policy::Connector, bool)| Demo {
                signed: signed_by(&app.ws(), &one.id),
                id: one.id,
                name: one.name,
                about: one.description,
                added,
            };
            added.map(demo).collect::<Vec<_>>()
        })
    });
    move || {
        (runs.get() && demos.with(|demos| !demos.is_empty())).then(|| {
            view! {
                <h2 class="section">"Demos"</h2>
                <ul class="rows" aria-label="Demos">{demos.get().into_iter().map(row).collect_view()}</ul>
            }
        })
    }
}

/// Whom the signed settings name that put a demo here, if they do.
fn signed_by(ws: &browser::Workspace, id: &ConnectorId) -> Option<String> {
    match ws.governed() {
        Governed::Signed { signer, contact, .. } if ws.is_demo_signed(id) => Some(contact.unwrap_or(signer.name)),
        _ => None,
    }
}

fn row(demo: Demo) -> impl IntoView {
    let app = use_state();
    let Demo { id, name, about, added, signed } = demo;
    let (id, word) = (StoredValue::new(id), StoredValue::new(name.clone()));
    let change = move |_| {
        let ws = app.ws();
        let work = async move {
            let id = id.get_value();
            if added { ws.remove_demo(&id).await } else { ws.add_demo(&id).await }
        };
        app.run(work, move |()| {
            let name = word.try_get_value().unwrap_or_default();
            app.tell(if added {
                format!("{name} was removed, with its records.")
            } else {
                format!("{name} was added.")
            });
        });
    };
    let look = if added { ButtonLook::Quiet } else { ButtonLook::Plain };
    let label = if added { format!("Remove {name}") } else { format!("Add {name}") };
    view! {
        <li class="row-card">
            <Monogram name=name.clone()/>
            <div class="grow"><h3>{name}" "<Badge word="demo"/></h3><p class="small">{about}" Start a workflow, create a project task, update a customer record."</p></div>
            {match signed {
                Some(who) => view! { <p class="small why">"The signed settings of this site put it here. To have it removed, ask "<Visible text=who/>"."</p> }.into_any(),
                None => view! { <Button small=true look on:click=change>{label}</Button> }.into_any(),
            }}
        </li>
    }
}
