//! Exactly what a model is told about a connector, byte for byte, with every invisible character shown (N19).

use browser::ModelView;
use browser::policy::{Connector, ConnectorId};
use leptos::prelude::*;

use super::plural;
use crate::results::Visible;
use crate::results::fold::number;
use crate::state::use_state;
use crate::ui::More;

/// How many actions are shown at once.
const SHOWN: usize = 50;

/// The tab.
#[component]
pub(super) fn ModelViewTab(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let most = RwSignal::new(SHOWN);
    move || {
        found.track();
        let views = app.ws().model_views(&id);
        let count = views.actions.len();
        let actions = StoredValue::new(views.actions);
        // What is shown stays as it is when more comes.
        let shown =
            move || actions.with_value(|all| all.iter().take(most.get()).cloned().enumerate().collect::<Vec<_>>());
        view! {
            <p>{format!("{} switched on, about {} tokens in every request, as sent over {}.", plural(count, "action"), number(views.tokens), views.wire)}</p>
            {(!views.instructions.is_empty()).then(|| view! {
                <section><h2 class="section">"The server's instructions, as a model gets them"</h2><pre class="json" tabindex="0"><Visible text=views.instructions/></pre></section>
            })}
            <h2 class="section">"Actions"</h2>
            {(count == 0).then(|| view! { <p class="none">"No action is switched on, so a model is told of none."</p> })}
            <ul class="plain"><For each=shown key=|one| one.0 let:one><OneView one=one.1/></For></ul>
            <More most step=SHOWN all=Signal::stored(count) what="actions"/>
        }
    }
}

/// What a model is told about one action.
#[component]
fn OneView(
    /// What it is told.
    one: ModelView,
) -> impl IntoView {
    view! {
        <li class="model-view">
            <h3><code><Visible text=one.action/></code>" "<span class="small">{format!("about {} tokens", number(one.tokens))}</span></h3>
            {(one.cut > 0).then(|| view! { <p class="small why">{format!("The last {} characters of its description are cut off.", one.cut)}</p> })}
            <pre class="json" tabindex="0"><Visible text=one.text/></pre>
        </li>
    }
}
