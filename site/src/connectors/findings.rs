//! What the scanner found, as a list. It is advice and says so; the gate decides whatever is found.

use browser::policy::findings::{Finding, Severity};
use leptos::prelude::*;

use super::new::sentence;
use crate::results::{Visible, Worded};

/// The findings, the highest severity first.
#[component]
pub(crate) fn Findings(
    /// What was found.
    list: Vec<Finding>,
) -> impl IntoView {
    if list.is_empty() {
        return view! { <p class="small">"The scanner found nothing worth a look. That proves nothing: read what the actions say."</p> }.into_any();
    }
    let rows: Vec<_> = list.into_iter().map(|finding| {
        let look = match finding.severity {
            Severity::High => "tag risk",
            Severity::Medium | Severity::Low => "tag",
        };
        view! {
            <li>
                <p class="marks"><span class=look>{finding.severity.label()}</span><b>{finding.kind.label()}</b>
                    {finding.action.map(|name| view! { <code><Visible text=name/></code> })}</p>
                <p><Worded text=sentence(&finding.words)/></p>
                {(!finding.at.is_empty()).then(|| view! { <p class="small"><code><Visible text=finding.at/></code></p> })}
                {(!finding.quote.is_empty()).then(|| view! { <div class="server-text small"><Visible text=finding.quote/></div> })}
            </li>
        }
    }).collect();
    view! { <ul class="findings plain" aria-label="Findings">{rows}</ul> }.into_any()
}
