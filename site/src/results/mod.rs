//! What servers and models said, on the page: tool results in three views, and the Markdown of answers.
//!
//! Everything stands in a frame that the host draws and labels with the server's host (X55), and everything in it is
//! text nodes and elements of ours. `chat::results` takes a result apart, this room draws the parts.

mod cite;
mod cover;
mod data;
pub(crate) mod fold;
mod growing;
mod link;
pub(crate) mod markdown;
mod media;
mod prose;
mod table;
mod text;
mod ways;
mod written;

use std::sync::Arc;

use browser::chat::results::{Look, Part, Shown, Structured, shown};
use browser::chat::schema;
use leptos::prelude::*;
use serde_json::Value;

pub(crate) use cite::Cites;
use data::{Card, Tree};
use fold::count;
pub(crate) use fold::number;
pub(crate) use link::{Outward, away, unlisted};
pub(crate) use media::{safe_name, save_file, size};
use table::TableView;
use text::Long;
pub(crate) use text::{Folded, Visible, Worded, flat, pieces};
use ways::Ways;
pub(crate) use written::Markdown;

/// Results of more bytes than this are drawn when somebody opens them (look.md, *Long things*).
const ON_DEMAND: usize = 64 * 1024;
/// Content blocks that are on the page at once.
const BLOCKS: usize = 25;

/// The three ways to look at a result.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// As what it is: prose, table, picture.
    Readable,
    /// The whole result as a tree.
    Json,
    /// The text in which it came, where that is known. A result is kept as a value, so otherwise it is written anew.
    Wire,
}

/// The result of a call: what the server sent, in a frame that says whose words these are.
#[component]
pub(crate) fn ResultView(
    /// The `CallToolResult` as received.
    result: Value,
    /// The connector's name.
    #[prop(into)]
    connector: String,
    /// The host that sent it; who a server is, is its host (X55).
    #[prop(into)]
    host: String,
    /// The schema which the action promised for its structured result.
    #[prop(optional_no_strip)]
    output_schema: Option<Value>,
    /// The text in which it went over the wire, secrets covered.
    #[prop(optional_no_strip)]
    wire: Option<Arc<str>>,
) -> impl IntoView {
    let bytes = weight(&result);
    let result = Arc::new(result);
    let opened = RwSignal::new(bytes <= ON_DEMAND);
    let look = RwSignal::new(Reading::Readable);
    let failed = browser::chat::results::is_error(&result);
    let label = format!("Result from {host}");
    let tabs =
        [(Reading::Readable, "Readable"), (Reading::Json, "JSON"), (Reading::Wire, "Wire")].map(|(this, name)| {
            view! {
                <button
                    type="button"
                    class="look"
                    aria-pressed=move || if look.get() == this { "true" } else { "false" }
                    on:click=move |_| {
                        opened.set(true);
                        look.set(this);
                    }
                >
                    {name}
                </button>
            }
        });
    let says = if failed { " says this failed" } else { " sent" };
    let taken = result.clone();
    let mismatch = mismatch(&result, output_schema.as_ref());
    // What is not opened costs nothing: looking for secrets in megabytes takes its time.
    let body = move || {
        if opened.get() {
            return opened_result(result.clone(), bytes > ON_DEMAND, look, output_schema.clone(), wire.clone());
        }
        let says = format!("Open the result, {}", media::size(bytes as u64));
        view! { <div class="result-body"><p><button type="button" class="btn" on:click=move |_| opened.set(true)>{says}</button></p></div> }
            .into_any()
    };
    view! {
        <section class="result" class:failed=failed role="group" aria-label=label>
            <header class="result-head">
                <span class="grow"><bdi>{connector}</bdi>" · "<bdi class="host"><b>{host}</b></bdi>{says}</span>
                <Ways result=taken/>
                <span class="looks" role="group" aria-label="View">{tabs}</span>
            </header>
            {mismatch}
            {body}
        </section>
    }
}

/// A result that somebody looks at.
fn opened_result(
    result: Arc<Value>,
    large: bool,
    look: RwSignal<Reading>,
    promised: Option<Value>,
    wire: Option<Arc<str>>,
) -> AnyView {
    cover::covered(result, large, move |result| match look.get() {
        Reading::Readable => readable(shown(result, promised.as_ref())),
        Reading::Json => view! { <Tree value=result.clone()/> }.into_any(),
        Reading::Wire => {
            let text = wire.as_ref().map_or_else(|| result.to_string(), |wire| wire.to_string());
            view! { <Raw text/> }.into_any()
        }
    })
}

/// A result as what it is.
fn readable(shown: Shown) -> AnyView {
    let Shown { parts, more, structured, repeated, .. } = shown;
    // A text that only repeats the structured result is for older clients.
    let parts: Vec<Part> =
        parts.into_iter().filter(|part| !(repeated && matches!(part, Part::Text { look: Look::Json, .. }))).collect();
    let total = parts.len();
    let empty = total == 0 && structured.is_none();
    let structured = structured.map(drawn);
    let limit = RwSignal::new(BLOCKS);
    let parts = Arc::new(parts);
    let blocks = move || parts.iter().take(limit.get()).cloned().enumerate().collect::<Vec<_>>();
    let rest = move || {
        (limit.get() < total).then(|| {
            let says = format!("Show more, {} left", number(total - limit.get()));
            view! { <p><button type="button" class="btn" on:click=move |_| limit.update(|n| *n += BLOCKS)>{says}</button></p> }
        })
    };
    view! {
        {structured}
        <For each=blocks key=|(at, _)| *at children=|(_, one)| part(one)/>
        {rest}
        {(more > 0).then(|| view! { <p class="cut">{format!("{} not shown here; they are in the JSON.", count(more, "more block"))}</p> })}
        {empty.then(|| view! { <p class="nothing">"The server sent an empty result."</p> })}
    }
    .into_any()
}

/// Data as what it is.
fn drawn(structured: Structured) -> AnyView {
    match structured {
        Structured::Table(table) => view! { <TableView table=table/> }.into_any(),
        Structured::Card(facts) => view! { <Card facts=facts/> }.into_any(),
        Structured::Tree(value) => view! { <Tree value=Arc::new(value)/> }.into_any(),
    }
}

/// One content block.
fn part(part: Part) -> AnyView {
    match part {
        Part::Text { text, cut, look } => {
            let body = match look {
                Look::Markdown => {
                    let text = Signal::stored(text);
                    view! { <Markdown text=text/> }.into_any()
                }
                Look::Json => match serde_json::from_str::<Value>(&text) {
                    Ok(value) => drawn(browser::chat::results::structured(&value)),
                    Err(_) => plain(text),
                },
                Look::Plain => plain(text),
            };
            let cut = (cut > 0)
                .then(|| view! { <p class="cut">{format!("{} not shown here; they are in the JSON.", count(cut, "more character"))}</p> });
            view! { {body}{cut} }.into_any()
        }
        media @ Part::Media { .. } => media::media(media),
        Part::Link(resource) => view! { <media::Link resource=resource/> }.into_any(),
        Part::Embedded { resource, text, cut, blob } => {
            view! { <media::Embedded resource=resource text=text cut=cut blob=blob/> }.into_any()
        }
        Part::Unknown(value) => view! {
            <p class="cut">"A kind of block that is not known here, as it came:"</p>
            <Tree value=Arc::new(value)/>
        }
        .into_any(),
    }
}

fn plain(text: String) -> AnyView {
    view! { <div class="plain"><Raw text=text/></div> }.into_any()
}

/// A long text as it is, a stretch at a time.
#[component]
pub(crate) fn Raw(
    /// The whole text.
    text: String,
) -> impl IntoView {
    let long = Long::new(text);
    let rest = move || {
        let left = long.left();
        (left > 0).then(|| {
            let says = format!("Show more, {} left", count(left, "character"));
            view! { <p><button type="button" class="btn" on:click=move |_| long.more()>{says}</button></p> }
        })
    };
    view! {
        <pre class="raw"><bdi>{long.shown()}</bdi></pre>
        {rest}
    }
}

/// Says when a structured result is not what the action promised (X57). Both stay on the page.
fn mismatch(result: &Value, promised: Option<&Value>) -> Option<AnyView> {
    let value = result.get("structuredContent").filter(|value| !value.is_null())?;
    let problems = schema::check(promised?, value);
    (!problems.is_empty()).then(|| {
        let first: Vec<AnyView> = problems
            .iter()
            .take(5)
            .map(|problem| {
                view! { <li><code>{pieces(&problem.path)}</code>" "{pieces(&problem.message)}</li> }.into_any()
            })
            .collect();
        view! {
            <details class="mismatch">
                <summary>"The result does not match its schema."</summary>
                <ul>{first}</ul>
            </details>
        }
        .into_any()
    })
}

/// About how many bytes a value is as text, without making the text.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(list) => list.iter().map(|inner| weight(inner) + 1).sum::<usize>() + 2,
        Value::Object(object) => object.iter().map(|(key, inner)| key.len() + 4 + weight(inner)).sum::<usize>() + 2,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn weight_is_about_the_length_of_the_text() {
        for value in [json!({"a": ["x", 1, null]}), json!("ä".repeat(100_000)), json!([])] {
            let (is, about) = (value.to_string().len(), weight(&value));
            assert!(about.abs_diff(is) <= 8, "{about} for {is}");
        }
    }

    #[test]
    fn x57_a_result_that_breaks_its_promise_is_marked() {
        let promised = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
        let marked = |result: Value| mismatch(&result, Some(&promised)).is_some();
        assert!(marked(json!({"structuredContent": {"n": "one"}})));
        assert!(!marked(json!({"structuredContent": {"n": 1}})));
        assert!(!marked(json!({"content": []})));
    }
}
