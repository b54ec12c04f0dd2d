//! Who decided what about a connector, and the way back to earlier settings of ours. A server's definition is never
//! rolled back: it is the server's.

use browser::policy::{Connector, ConnectorId};
use leptos::prelude::*;

use super::new::sentence;
use super::plural;
use crate::results::Visible;
use crate::state::use_state;
use crate::ui::{Button, Dialog, clock};

/// The tab.
#[component]
pub(super) fn HistoryTab(
    /// Which connector.
    id: ConnectorId,
    /// The connector.
    found: Memo<Option<Connector>>,
) -> impl IntoView {
    let app = use_state();
    let id = StoredValue::new(id);
    let asking = RwSignal::new(None::<u32>);
    let refused = Memo::new(move |_| {
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
    let restore = move |number: u32| {
        let ws = app.ws();
        app.run(async move { ws.roll_back(&id.get_value(), number).await }, move |()| {
            asking.try_set(None);
            app.tell("The settings were restored. The definition stays as it is.");
        });
    };
    view! {
        <super::overview::ReviewRecord found/>
        <h2 class="section">"Versions of its settings here"</h2>
        {move || refused.get().map(|why| view! { <p class="small">{sentence(&why)}</p> })}
        {move || found.get().map(|connector| {
            let current = connector.settings();
            let rows: Vec<_> = connector.review.versions.iter().rev().map(|version| {
                let number = version.number;
                let now = version.settings == current;
                let on = version.settings.controls.values().filter(|control| control.on).count();
                view! {
                    <tr><th scope="row">{number}</th><td class="nowrap">{clock(version.at)}</td><td><bdi>{version.by.clone()}</bdi></td>
                        <td>{sentence(&version.how)}" "<span class="small">{format!("{} on", plural(on, "action"))}</span></td>
                        <td>{version.definition.as_ref().map(|digest| view! { <code>{digest.short().to_owned()}</code> })}</td>
                        <td>{if now { view! { <span class="small">"as now"</span> }.into_any() } else { view! { <Button small=true disabled=Signal::derive(move || refused.get().is_some()) on:click=move |_| asking.set(Some(number))>{format!("Restore version {number}")}</Button> }.into_any() }}</td></tr>
                }
            }).collect();
            match rows.is_empty() {
                true => view! { <p class="none">"Nothing was changed since it was added."</p> }.into_any(),
                false => view! {
                    <div class="table-wrap" role="region" aria-label="Versions" tabindex="0"><table><thead><tr><th scope="col">"Version"</th><th scope="col">"When"</th><th scope="col">"Who"</th><th scope="col">"What"</th><th scope="col">"Definition"</th><th scope="col">"Restore"</th></tr></thead><tbody>{rows}</tbody></table></div>
                }.into_any(),
            }
        })}
        {move || found.get().filter(|one| !one.review.tombstones.is_empty()).map(|connector| view! {
            <h2 class="section">"Actions that were removed"</h2>
            <ul class="plain">{connector.review.tombstones.iter().map(|one| view! {
                <li><code><Visible text=one.name.clone()/></code>" "<span class="small">{format!("{}; under this name it would be a new action", clock(one.at))}</span></li>
            }).collect_view()}</ul>
        })}
        {move || asking.get().map(|number| view! {
            <Dialog title=format!("Restore the settings of version {number}") on_close=move |()| asking.set(None)>
                <div class="body"><p>"Switches, access, permission and rules go back to how they were. Actions that are new since then are switched off. The definition stays: it is the server's."</p></div>
                <footer>
                    <Button on:click=move |_| asking.set(None)>"Keep the settings"</Button>
                    <Button look=crate::ui::ButtonLook::Primary on:click=move |_| restore(number)>"Restore settings"</Button>
                </footer>
            </Dialog>
        })}
    }
}
