//! Who may use a connector, and when it asks: two of the three axes, each with its own control (screens.md e.0).

use browser::policy::{Access, Confirm, Connector, ConnectorId, Stage};
use leptos::prelude::*;

use super::new::sentence;
use crate::people::audience::Audience;
use crate::state::use_state;
use crate::ui::Segmented;

/// The tab.
#[component]
pub(super) fn AccessTab(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let access =
        Signal::derive(move || found.with(|found| found.as_ref().map(|one| one.access.clone()).unwrap_or_default()));
    let confirm = Signal::derive(move || found.with(|found| found.as_ref().map(|one| one.confirm).unwrap_or_default()));
    let refused = Memo::new(move |_| {
        app.rulebook.with(|book| {
            let me = book.member(&app.ws().seen_as());
            found.with(|found| {
                found
                    .as_ref()
                    .and_then(|one| me.and_then(|me| book.may_set_access(one, me)).err())
                    .map(|why| why.to_string())
            })
        })
    });
    let fixed = Memo::new(move |_| {
        app.rulebook.with(|book| {
            let me = book.member(&app.ws().seen_as());
            found.with(|found| {
                found
                    .as_ref()
                    .and_then(|one| me.and_then(|me| book.may_control_actions(one, me)).err())
                    .map(|why| why.to_string())
            })
        })
    });
    let draft = move || found.with(|found| found.as_ref().is_some_and(|one| one.stage == Stage::Draft));
    let ceiling = move || app.rulebook.with(|book| book.workspace.confirm == Confirm::Everything);
    view! {
        <section class="setting">
            <h2>"Access"</h2>
            {move || draft().then(|| view! { <p class="small">"While it is a draft only its maker uses it. This counts once it is published."</p> })}
            {move || match refused.get() {
                Some(why) => {
                    let who = match access.get() {
                        Access::Everyone => "Everyone in this workspace may use it.",
                        Access::Nobody => "Nobody may use it yet.",
                        Access::Only { .. } => "Some people may use it.",
                    };
                    view! { <p>{who}</p><p class="small">{sentence(&why)}</p> }.into_any()
                }
                None => view! { <Audience label="Who may use it" value=access on_change=move |access| {
                    let ws = app.ws();
                    app.run(async move { ws.set_access(&id.get_value(), access).await }, |()| ());
                }/> }.into_any(),
            }}
            {move || (access.get() == Access::Nobody && !draft()).then(|| view! { <p class="note warn"><span class="grow">"Nobody has access yet, so nobody can use it."</span></p> })}
        </section>
        <section class="setting">
            <h2>"Permission: when it asks"</h2>
            {move || match fixed.get() {
                Some(why) => view! { <p class="small">{sentence(&why)}</p> }.into_any(),
                None => view! { <Segmented label="When it asks" value=confirm options=vec![(Confirm::Writes, "Before every write"), (Confirm::Everything, "Before everything")]
                    on_change=move |confirm| {
                        let ws = app.ws();
                        app.run(async move { ws.set_connector_confirm(&id.get_value(), confirm).await }, |()| ());
                    }/> }.into_any(),
            }}
            {move || ceiling().then(|| view! { <p class="small">"The workspace asks before everything, so this connector does too."</p> })}
            <p class="small">"Every write asks in any case, and a destructive action every time. Enforced in this client. Restrict scopes on the server to enforce it everywhere."</p>
        </section>
    }
}
