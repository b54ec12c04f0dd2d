//! Whether what was sent and what came back is kept, and for whom.

use browser::policy::record::{PAYLOAD_CAP, PAYLOAD_DAYS};
use leptos::prelude::*;

use crate::settings::data::size;
use crate::state::use_state;
use crate::ui::Field;

/// The setting, for who may change it; who may not reads what it is.
#[component]
pub(super) fn Payloads() -> impl IntoView {
    let app = use_state();
    let days = Memo::new(move |_| app.rulebook.with(|book| book.workspace.record.payload_days));
    let me = app.ws().me();
    let may = app.rulebook.with_untracked(|book| book.member(&me).is_ok_and(|me| me.role.runs_workspace()));
    let set = move |value: String| {
        let ws = app.ws();
        app.run(async move { ws.set_payload_days(value.parse().ok()).await }, |()| ());
    };
    let cap = size(u64::try_from(PAYLOAD_CAP).unwrap_or(u64::MAX));
    let choices = move || {
        PAYLOAD_DAYS
            .map(|choice| view! { <option value=choice.to_string() selected=move || days.get() == Some(choice)>{format!("For {choice} days").replace("For 1 days", "For 1 day")}</option> })
            .collect_view()
    };
    let reads = app.ws().reads_payloads();
    may.then(|| view! {
        <section class="setting"><h2>"Arguments and results"</h2>
            <p>{format!("They are not kept unless you turn that on. Then the first {cap} of each are kept in this browser, secrets masked, and only auditors can read them here.")}
                {(!reads).then_some(" You are not an auditor: a role that sees payloads makes one.")}</p>
            <Field label="Keep arguments and results" let:field>
                <select id=field.id class="input" on:change=move |event| set(event_target_value(&event))>
                    <option value="" selected=move || days.get().is_none()>"Do not keep them"</option>
                    {choices()}
                </select>
            </Field>
            <p class="small">"Enforced in this client: whoever owns the browser can read what it keeps. Switching it off erases what is kept."</p>
        </section>
    })
}
