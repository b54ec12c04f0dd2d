//! More about a call that did not work: the next step, the way to the doctor, and what came back, folded.

use browser::chat::conversation::{CallCard, CallState};
use leptos::prelude::*;
use policy::{ConnectorId, Reach};

use crate::results::fold::number;
use crate::results::{Visible, Worded};
use crate::router::{ConnectorTab, Link, Route};
use crate::state::use_state;
use crate::ui::sentence;

/// What is known of the failure beside its cause, where something is.
#[component]
pub(super) fn FailureView(card: Memo<Option<CallCard>>, connector: ConnectorId) -> impl IntoView {
    let app = use_state();
    let failure = Memo::new(move |_| {
        card.with(|card| {
            let card = card.as_ref()?;
            let failed = matches!(card.state, CallState::Failed { .. } | CallState::Unknown { .. });
            card.failure.clone().filter(|_| failed)
        })
    });
    let connector = StoredValue::new(connector);
    move || {
        failure.get().map(|failure| {
            // What is not there any more, or is in the page itself, has no way to examine.
            let far = app.rulebook.with_untracked(|rules| {
                connector.with_value(|id| rules.connector(id).is_ok_and(|one| one.reach != Reach::InPage))
            });
            let doctor = (far && failure.of_the_way).then(|| {
                let to = Route::Connector(connector.get_value().to_string(), ConnectorTab::Overview);
                view! { " "<Link to>"Examine the connection"</Link> }
            });
            // A read of which nobody knows how it ended is simply made again.
            let read = card.with_untracked(|card| {
                card.as_ref().is_some_and(|card| matches!(card.state, CallState::Unknown { .. }) && card.may_repeat())
            });
            let next = failure.next.as_deref().filter(|_| !read).map(sentence);
            let said = failure.said.clone();
            view! {
                {(next.is_some() || doctor.is_some()).then(|| view! {
                    <p class="failure-next">{next.map(|text| view! { <Worded text/> })}{doctor}</p>
                })}
                <details class="sent">
                    <summary>"Details"</summary>
                    <p class="failure-kind">"Kind of failure: "<code>{failure.kind.clone()}</code>{said.is_none().then_some(". Nothing more is known.")}</p>
                    {said.map(|text| view! { <pre class="wire" tabindex="0" aria-label="What came back"><Visible text/></pre> })}
                    {(failure.left_out > 0).then(|| view! { <p class="failure-kind">{format!("{} more characters were not kept.", number(failure.left_out))}</p> })}
                </details>
            }
        })
    }
}
