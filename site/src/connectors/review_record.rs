//! The record of a connector's reviews: who vouched for the version that runs, on which evidence, and who did before
//! (S112). A record says who looked at what and when; whoever reads it decides.

use browser::policy::Connector;
use browser::policy::review::{Acceptance, Check, Publication, date};
use leptos::prelude::*;

use super::plural;
use crate::results::{Visible, Worded};
use crate::ui::sentence;

/// The record, folded; nothing when nobody vouched for it.
#[component]
pub(super) fn Record(
    /// The connector.
    connector: Connector,
) -> impl IntoView {
    connector.vouched().map(|head| {
        let review = connector.review;
        let mut accepted = review.acceptances.into_iter().rev();
        let current = accepted.next();
        let earlier: Vec<Acceptance> = accepted.collect();
        let published = review.publication;
        let body = match (current, published) {
                    (None, None) => ().into_any(),
                    (None, Some(record)) => view! { <Published record/> }.into_any(),
                    (Some(current), published) => view! {
                        <Accepted record=current/>
                        <ul class="plain checks" aria-label="Earlier reviews">
                            {earlier.into_iter().map(|record| {
                                let head = format!("Version {}, accepted by {}, {}", record.version, record.name, date(record.at));
                                view! { <li>{folded(head, view! { <Accepted record/> })}</li> }
                            }).collect_view()}
                            {published.map(|record| {
                                let head = format!("Version {}, published by {}, {}", record.version, record.name, date(record.at));
                                view! { <li>{folded(head, view! { <Published record/> })}</li> }
                            })}
                        </ul>
                    }.into_any(),
                };
        folded(head, body)
    })
}

/// A record under its head.
fn folded(head: String, body: impl IntoView) -> impl IntoView {
    view! { <details class="record"><summary class="small"><bdi>{head}</bdi></summary>{body}</details> }
}

/// A change that was accepted.
#[component]
fn Accepted(
    /// Its record.
    record: Acceptance,
) -> impl IntoView {
    view! {
        <dl class="facts">
            <dt>"Definition"</dt><dd><code>{record.digest.short().to_owned()}</code></dd>
            <dt>"Accepted"</dt><dd><Worded text=record.what.join(", ")/></dd>
            <dt>"New high findings"</dt><dd><Found list=record.findings/>
                {record.reason.map(|reason| view! { <span class="block">"Accepted because: "<bdi>{reason}</bdi></span> })}</dd>
        </dl>
    }
}

/// The review before it was published: what was looked at, what was accepted all the same.
#[component]
fn Published(
    /// Its record.
    record: Publication,
) -> impl IntoView {
    view! {
        <dl class="facts">
            <dt>"Definition"</dt><dd><code>{record.digest.short().to_owned()}</code></dd>
            <dt>"Checklist"</dt><dd>{format!("{} of {} points", record.checklist.len(), Check::ALL.len())}
                <ul class="plain checks">{Check::ALL.into_iter().map(|check| {
                    let ticked = record.checklist.contains(&check);
                    let said = record.evidence.get(&check).cloned();
                    view! {
                        <li><span aria-hidden="true">{if ticked { "✓ " } else { "– " }}</span>
                            <span class="sr">{if ticked { "ticked: " } else { "not ticked: " }}</span>{check.sentence()}
                            {said.map(|text| view! { <span class="small block"><Visible text/></span> })}</li>
                    }
                }).collect_view()}</ul></dd>
            <dt>"High findings"</dt><dd>{match (record.high, record.accepted.is_empty()) {
                    (high, true) if high > 0 => plural(high, "finding").into_any(),
                    _ => view! { <Found list=record.accepted/> }.into_any(),
                }}
                {record.reason.map(|reason| view! { <span class="block">"Published because: "<bdi>{reason}</bdi></span> })}</dd>
            <dt>"Tried before"</dt><dd>{if record.tried.is_empty() { "nothing".to_owned() } else { record.tried.join(", ") }}</dd>
        </dl>
    }
}

/// How many findings there were, and each as a sentence.
#[component]
fn Found(
    /// The findings.
    list: Vec<String>,
) -> impl IntoView {
    match list.len() {
        0 => "none".into_any(),
        count => view! {
            {plural(count, "finding")}
            <ul class="plain checks">{list.iter().map(|one| view! { <li><Worded text=sentence(one)/></li> }).collect_view()}</ul>
        }
        .into_any(),
    }
}
