//! Lines of the record as a table.

use browser::policy::audit::line::{About, CallLine};
use browser::policy::audit::{CallFacts, Decided, Line, Outcome, Question};
use browser::policy::{CallId, GrantId, MemberId};
use browser::{KeptText, Payload, RecordPart};
use leptos::prelude::*;

use super::filter::Filters;
use crate::connectors::new::sentence;
use crate::router::{Route, use_router};
use crate::settings::data::size;
use crate::state::AppState;
use crate::ui::{Button, ButtonLook, ClassMark, clock, seconds};

/// The table of one kind of line.
pub(super) fn table(app: AppState, part: RecordPart, lines: &[Line]) -> AnyView {
    let payloads =
        app.ws().reads_payloads() && app.rulebook.with_untracked(|book| book.workspace.record.payload_days.is_some());
    let rows: Vec<_> = lines.iter().map(|line| row(app, line, payloads)).collect();
    let heads: &[&str] = match part {
        RecordPart::Calls => &["Time", "Person", "Connector", "Action", "Decision", "Outcome", "Definition"],
        RecordPart::Refusals => &["Time", "Person", "Connector", "Action", "Decision", "Outcome", "Definition"],
        RecordPart::Questions => &["Time", "Person", "Connector", "Asked for", "Answer"],
        RecordPart::Changes => &["Time", "Person", "What", "Before", "Now"],
    };
    let label = match part {
        RecordPart::Calls => "Tool calls",
        RecordPart::Refusals => "Refusals",
        RecordPart::Questions => "Questions",
        RecordPart::Changes => "Activity",
    };
    view! {
        <div class="table-wrap record" role="region" aria-label=label tabindex="0"><table class="audit-table">
            <thead><tr>{heads.iter().map(|head| view! { <th scope="col">{*head}</th> }).collect_view()}</tr></thead>
            <tbody>{rows}</tbody>
        </table></div>
    }
    .into_any()
}

fn row(app: AppState, line: &Line, payloads: bool) -> AnyView {
    let (at, person) = (clock(line.at), line.person.as_ref().map(|id| person_name(app, id)));
    match &line.about {
        About::Call(call) => call_row(app, at, person, call, payloads),
        About::Question(question) => question_row(app, at, person, question),
        About::Change { subject, how, before, after } => view! {
            <tr><td class="when">{at}</td><td><bdi>{person.unwrap_or_else(|| "this page".into())}</bdi></td>
                <td><bdi>{subject.clone()}</bdi><span class="small block"><bdi>{how.clone()}</bdi></span></td>
                <td><bdi>{before.clone()}</bdi></td><td><bdi>{after.clone()}</bdi></td></tr>
        }
        .into_any(),
    }
}

fn question_row(app: AppState, at: String, person: Option<String>, question: &Question) -> AnyView {
    let known =
        app.rulebook.with_untracked(|book| book.connector(&question.connector).ok().map(|one| one.name.clone()));
    let name = known.unwrap_or_else(|| question.connector.to_string());
    view! {
        <tr><td class="when">{at}</td><td><bdi>{person}</bdi></td>
            <td><bdi>{name}</bdi><span class="small block"><bdi>{question.host.clone()}</bdi></span></td>
            <td><bdi>{question.wanted()}</bdi></td><td>{question.came.label()}</td></tr>
    }
    .into_any()
}

fn call_row(app: AppState, at: String, person: Option<String>, line: &CallLine, payloads: bool) -> AnyView {
    let facts = &line.call;
    let known = app
        .rulebook
        .with_untracked(|book| book.connector(&facts.connector).ok().map(|one| (one.name.clone(), one.host.clone())));
    let (name, host) = match known {
        Some(known) => known,
        None if facts.connector.as_str().is_empty() => ("no connector".to_owned(), String::new()),
        None => (facts.connector.to_string(), "removed".to_owned()),
    };
    let refused = line.decided >= Decided::Denied;
    let bad = !refused && line.outcome != Some(Outcome::Done);
    let took = line.took.map(|took| format!(" · {}", seconds(took)));
    let again = (line.sent > 1).then(|| format!(" · sent {} times", line.sent));
    let grant = line.grant.clone().map(|id| view! { <ByGrant id own={ facts.member == app.ws().me() }/> });
    let reason = line.reason.clone();
    let call = facts.id.clone();
    view! {
        <tr>
            <td class="when">{at}</td>
            <td><bdi>{person}</bdi></td>
            <td><bdi>{name}</bdi><span class="small block"><bdi>{host}</bdi>
                {acts_as(app, facts).map(|name| view! { " · as "<bdi>{name}</bdi> })}</span></td>
            <td><bdi>{facts.action.clone()}</bdi><span class="block">{line.class.map(|class| view! { <ClassMark class/> })}</span></td>
            <td>{line.decided.label()}<span class="small block"><bdi>{sentence(&line.why)}</bdi></span></td>
            <td class:stop=bad>{line.outcome_words()}{took}{again}
                {reason.map(|reason| view! { <span class="small block"><bdi>{sentence(&reason)}</bdi></span> })}
                {(payloads && !refused).then(|| view! { <PayloadOf call/> })}</td>
            <td><span class="mono" title=facts.definition.to_string()>{facts.definition.short().to_owned()}</span>
                {grant}</td>
        </tr>
    }
    .into_any()
}

/// The answer that allowed a call: one's own is among the approvals, and by another's the calls are sorted out.
#[component]
fn ByGrant(
    /// Which answer.
    id: GrantId,
    /// Whether it is the answer of the person who looks.
    own: bool,
) -> impl IntoView {
    let (filters, router) = (expect_context::<Filters>(), use_router());
    let words = format!("grant {id}");
    let go = move |_| match own {
        true => {
            filters.approvals.set(id.to_string());
            router.go(Route::Approvals);
        }
        false => filters.by_grant(id.clone()),
    };
    let does = if own { "See it among your approvals: " } else { "Show only calls by " };
    view! { <span class="small block"><Button look=ButtonLook::Link small=true on:click=go><span class="sr">{does}</span><bdi>{words}</bdi></Button></span> }
}

/// The account that acted, where the person has several at the connector or it is gone.
fn acts_as(app: AppState, facts: &CallFacts) -> Option<String> {
    app.rulebook.with_untracked(|book| {
        let all = book.accounts_of(&facts.member, &facts.connector);
        let found = all.iter().find(|one| one.id == facts.connection).map(|one| one.name.clone());
        let tells = all.len() > 1 || found.is_none();
        let name = found.unwrap_or_else(|| format!("removed account {}", facts.connection));
        (tells && !facts.connector.as_str().is_empty()).then_some(name)
    })
}

fn person_name(app: AppState, id: &MemberId) -> String {
    app.rulebook.with_untracked(|book| book.member(id).map_or_else(|_| id.to_string(), |one| one.name.clone()))
}

/// What is kept of a call, read when an auditor wants to see it.
#[component]
fn PayloadOf(
    /// Which call.
    call: CallId,
) -> impl IntoView {
    let app = crate::state::use_state();
    let found = RwSignal::new(None::<Option<Payload>>);
    let read = move || {
        let (ws, call) = (app.ws(), call.clone());
        app.run(async move { ws.payload(&call).await }, move |payload| {
            found.try_set(Some(payload));
        });
    };
    move || {
        match found.get() {
        None => {
            let read = read.clone();
            view! { <span class="block"><Button look=ButtonLook::Link small=true on:click=move |_| read()>"Show payload"</Button></span> }.into_any()
        }
        Some(None) => view! { <span class="small block">"Nothing is kept of this call."</span> }.into_any(),
        Some(Some(payload)) => view! {
            <span class="payload block">{part("Sent", &payload.arguments)}{payload.result.as_ref().map(|result| part("Came back", result))}</span>
        }
        .into_any(),
    }
    }
}

fn part(label: &'static str, kept: &KeptText) -> impl IntoView + use<> {
    let here = u64::try_from(kept.text.len()).unwrap_or(u64::MAX);
    let of = (here < kept.bytes).then(|| format!(", kept {} of {}", size(here), size(kept.bytes)));
    view! {
        <span class="block"><b>{label}</b>", secrets masked"{of}</span>
        <pre class="block" tabindex="0"><bdi>{kept.text.clone()}</bdi></pre>
    }
}
