//! Exactly what a model is told about a connector, byte for byte, with every invisible character shown (N19).

use browser::policy::{Connector, ConnectorId};
use leptos::prelude::*;

use super::plural;
use crate::results::Visible;
use crate::results::fold::number;
use crate::state::use_state;

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
    move || {
        found.track();
        let views = app.ws().model_views(&id);
        let count = views.actions.len();
        let left = count.saturating_sub(SHOWN);
        let rows: Vec<_> = views.actions.into_iter().take(SHOWN).map(|one| view! {
            <li class="model-view">
                <h3><code><Visible text=one.action/></code>" "<span class="small">{format!("about {} tokens", number(one.tokens))}</span></h3>
                {(one.cut > 0).then(|| view! { <p class="small why">{format!("The last {} characters of its description are cut off.", one.cut)}</p> })}
                <pre class="json" tabindex="0"><Visible text=one.text/></pre>
            </li>
        }).collect();
        view! {
            <p>{format!("{} switched on, about {} tokens in every request, as sent over {}.", plural(count, "action"), number(views.tokens), views.wire)}</p>
            {(!views.instructions.is_empty()).then(|| view! {
                <section><h2 class="section">"The server's instructions, as a model gets them"</h2><pre class="json" tabindex="0"><Visible text=views.instructions/></pre></section>
            })}
            <h2 class="section">"Actions"</h2>
            {(count == 0).then(|| view! { <p class="none">"No action is switched on, so a model is told of none."</p> })}
            <ul class="plain">{rows}</ul>
            {(left > 0).then(|| view! { <p class="small">{format!("And {left} more.")}</p> })}
        }
    }
}
