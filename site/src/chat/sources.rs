//! What answers stand on: the panel beside the thread, the numbers in an answer, what a search found, and the report.
//!
//! A source is shown by its host, whatever its title says (X62); its address is followed by a click and never before.

use std::sync::Arc;

use browser::chat::conversation::{Answer, Body, CallCard, Item};
use browser::chat::sources::{Source, Sources, gives, numbers_in, report};
use leptos::prelude::*;
use policy::{CallId, Class, ClassSource, ConversationId, Mode};
use wasm_bindgen::JsCast;

use super::thread::bring;
use crate::results::{Cites, Outward, Visible, flat};
use crate::state::{AppState, Load, sentence, use_state};
use crate::ui::{Button, CopyButton, HostName, IconButton, IconName, clock, save_text};

/// From this width of the window on the panel has room beside the thread and opens by itself.
const WIDE: f64 = 1_180.0;

/// The panel's place: which answer it is about, and what is there. In the context of a conversation's page; Copy.
#[derive(Clone, Copy)]
pub(crate) struct Side {
    state: AppState,
    /// The answer whose sources are shown.
    answer: RwSignal<Option<String>>,
    /// The source that the person asked for.
    asked: RwSignal<Option<u32>>,
    /// Every source of the conversation.
    sources: Memo<Arc<Sources>>,
}

impl Side {
    /// Nothing shown yet; after loading, the sources of the last answer where the mode names sources.
    pub(crate) fn new(id: ConversationId) -> Side {
        let state = use_state();
        let ran = id.clone();
        // While something runs the number of items says when something came; at its end everything is there.
        let sources = Memo::new(move |_| {
            state.thread.items.with(Vec::len);
            state.thread.load.track();
            state.is_running(&ran);
            Arc::new(state.ws().sources_of(&id))
        });
        let side = Side { state, answer: RwSignal::new(None), asked: RwSignal::new(None), sources };
        Effect::new(move |before: Option<bool>| {
            let ready = state.thread.load.get() == Load::Ready;
            if ready && before != Some(true) && !state.thread.mode.get_untracked().is_chat() {
                side.open_last();
            }
            ready
        });
        side
    }

    fn open_last(self) {
        let last = self.state.thread.items.with_untracked(|items| {
            let named = |item: &Item| matches!(&item.body, Body::Answer(answer) if answer.done && answer.mode.cites());
            items.iter().rev().find(|cell| cell.item.with_untracked(named)).map(|cell| cell.id.clone())
        });
        if let Some(last) = last {
            self.open_beside(last);
        }
    }

    /// Opens by itself, where there is room and something to show.
    fn open_beside(self, answer: String) {
        let width = window().inner_width().ok().and_then(|width| width.as_f64()).unwrap_or_default();
        if width >= WIDE && !self.of(&answer).is_empty() {
            self.answer.set(Some(answer));
        }
    }

    /// Whether it is open. Tracks.
    pub(crate) fn is_open(self) -> bool {
        self.answer.with(Option::is_some)
    }

    fn close(self) {
        let answer = self.answer.get_untracked();
        self.answer.set(None);
        self.asked.set(None);
        if let Some(answer) = answer {
            focus(&button_id(&answer));
        }
    }

    /// Whether an answer names sources by number.
    fn cites_in(self, answer: &str) -> bool {
        let names = |item: &Item| matches!(&item.body, Body::Answer(answer) if answer.mode.cites());
        self.state
            .thread
            .items
            .with_untracked(|items| items.iter().any(|cell| cell.id == answer && cell.item.with_untracked(names)))
    }

    /// The text of an answer, and the calls of its turn before it that gave it something to stand on. In a chat what wrote
    /// something is no source of what is said about it.
    fn before(self, answer: &str) -> (String, Vec<CallId>) {
        let cites = self.cites_in(answer);
        let reads = |card: &CallCard| card.class == Class::Read || card.class_source == ClassSource::Unlabelled;
        self.state.thread.items.with_untracked(|items| {
            let Some(at) = items.iter().position(|cell| cell.id == answer) else { return Default::default() };
            let mut calls = Vec::new();
            for cell in items.iter().take(at).rev() {
                let said = cell.item.with_untracked(|item| match &item.body {
                    Body::Said { .. } => true,
                    Body::Call(card) => {
                        if gives(card) && (cites || reads(card)) {
                            calls.push(card.call.clone());
                        }
                        false
                    }
                    _ => false,
                });
                if said {
                    break;
                }
            }
            let text = items.get(at).map(|cell| {
                cell.item.with_untracked(|item| match &item.body {
                    Body::Answer(answer) => answer.text.clone(),
                    _ => String::new(),
                })
            });
            (text.unwrap_or_default(), calls)
        })
    }

    /// The sources of an answer: first those that it names, in its order, then what else was at hand.
    fn of(self, answer: &str) -> Vec<(Source, bool)> {
        let (text, calls) = self.before(answer);
        // In a chat no number was told to anybody, so none in the text means a source.
        let text = if self.cites_in(answer) { text } else { String::new() };
        self.sources.with(|sources| {
            let mut out: Vec<(Source, bool)> =
                numbers_in(&text).into_iter().filter_map(|number| Some((sources.get(number)?.clone(), true))).collect();
            for source in sources.all() {
                let here = source.calls.iter().any(|call| calls.contains(call));
                if here && !out.iter().any(|(one, _)| one.number == source.number) {
                    out.push((source.clone(), false));
                }
            }
            out
        })
    }

    /// What the numbers of an answer lead to.
    pub(crate) fn cites(self, answer: String) -> Cites {
        let name = move |number| {
            self.sources
                .with(|sources| sources.get(number).map(|source| flat(&format!("{}, {}", source.title, source.host))))
        };
        let show = move |number| {
            self.answer.set(Some(answer.clone()));
            self.asked.set(Some(number));
            // The entry is there in the frame after the next.
            let there = move || {
                focus(&entry_id(number));
            };
            request_animation_frame(move || request_animation_frame(there));
        };
        Cites { name: Callback::new(name), show: Callback::new(show) }
    }
}

fn button_id(answer: &str) -> String {
    format!("sources-of-{answer}")
}

fn entry_id(number: u32) -> String {
    format!("source-{number}")
}

/// The element of an item of the thread.
pub(crate) fn item_id(item: &str) -> String {
    format!("item-{item}")
}

pub(super) fn focus(id: &str) -> bool {
    let element = document().get_element_by_id(id).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    let Some(element) = element else { return false };
    element.scroll_into_view();
    element.focus().is_ok()
}

/// Shows the card of the newest of these calls.
fn show_card(state: AppState, calls: &[CallId]) {
    let found = state.thread.items.with_untracked(|items| {
        let is = |item: &Item| matches!(&item.body, Body::Call(card) if calls.last() == Some(&card.call));
        let at = items.iter().position(|cell| cell.item.with_untracked(is))?;
        Some((at, item_id(&items.get(at)?.id)))
    });
    match found {
        Some((at, id)) => bring(at, move || focus(&id)),
        None => state.tell("The result is not in this version of the chat."),
    }
}

/// Below an answer: its sources, and its ways out of the page.
#[component]
pub(crate) fn AnswerFoot(item: ArcRwSignal<Item>) -> impl IntoView {
    let side = expect_context::<Side>();
    let id = item.with_untracked(|item| item.id.to_string());
    let (read, seen) = (item.clone(), id.clone());
    let state = Memo::new(move |_| {
        read.with(|item| match &item.body {
            // An answer of calls alone says nothing that could stand on something.
            Body::Answer(Answer { done, mode, error, text, .. }) => {
                (*done && !text.trim().is_empty(), *mode, error.is_some())
            }
            _ => (false, Mode::Chat, false),
        })
    });
    // In a chat nothing is read for a button: that something was read is enough.
    let count = Memo::new(move |_| {
        let (done, mode, _) = state.get();
        if !done {
            return None;
        }
        if mode.cites() {
            return Some(side.of(&seen).len()).filter(|count| *count > 0).map(Some);
        }
        side.state.thread.items.with(Vec::len);
        (!side.before(&seen).1.is_empty()).then_some(None)
    });
    let opener = id.clone();
    // An answer that ends while the person looks on shows what it stands on.
    Effect::new(move |before: Option<bool>| {
        let done = state.get().0;
        if before == Some(false) && done && state.get_untracked().1.cites() {
            side.open_beside(opener.clone());
        }
        done
    });
    let (mine, toggled, of) = (id.clone(), id.clone(), id.clone());
    let open = Memo::new(move |_| side.answer.with(|answer| answer.as_ref() == Some(&mine)));
    let toggle = move |_| {
        if open.get_untracked() {
            side.close();
        } else {
            side.asked.set(None);
            side.answer.set(Some(toggled.clone()));
        }
    };
    let is_report = is_report(side.state, id.clone(), state);
    let whole = Signal::derive(move || document_of(side, &of));
    let words = Signal::derive(move || {
        item.with(|item| match &item.body {
            Body::Answer(answer) => answer.text.clone(),
            _ => String::new(),
        })
    });
    move || {
        let count = count.get();
        let done = state.get().0;
        done.then(|| {
            let toggle = toggle.clone();
            view! {
                <div class="answer-foot">
                    {count.map(|count| {
                        let says = count.map_or_else(|| "Sources at hand".to_owned(), |count| format!("Sources · {count}"));
                        view! {
                            <button type="button" class="btn small" id=button_id(&id) aria-expanded=move || open.get().to_string()
                                aria-controls="sources" on:click=toggle>{says}</button>
                        }
                    })}
                    {move || (!is_report.get()).then(|| view! { <CopyButton label="Copy answer" text=words/> })}
                    {move || is_report.get().then(|| view! {
                        <CopyButton label="Copy report" text=whole/>
                        <Button small=true on:click=move |_| save_text("report.md", &whole.get_untracked())>"Save report as Markdown"</Button>
                    })}
                </div>
            }
        })
    }
}

/// Whether an answer is the report of its turn: the last thing that a turn of the mode Research said, whole.
fn is_report(state: AppState, id: String, answer: Memo<(bool, Mode, bool)>) -> Memo<bool> {
    Memo::new(move |_| {
        let (done, mode, failed) = answer.get();
        done && !failed
            && mode == Mode::Research
            && state.thread.items.with(|items| {
                let after = items.iter().skip_while(|cell| cell.id != id).skip(1);
                let next = after.map(|cell| {
                    cell.item.with_untracked(|item| match &item.body {
                        Body::Said { .. } => Some(true),
                        Body::Answer(_) | Body::Call(_) => Some(false),
                        _ => None,
                    })
                });
                next.flatten().next().unwrap_or(true)
            })
    })
}

/// An answer as a document, with the sources that it names.
fn document_of(side: Side, answer: &str) -> String {
    let (text, _) = side.before(answer);
    let question = side.state.thread.items.with_untracked(|items| {
        let before = items.iter().take_while(|cell| cell.id != answer);
        let said = before.filter_map(|cell| {
            cell.item.with_untracked(|item| match &item.body {
                Body::Said { text } => Some(text.clone()),
                _ => None,
            })
        });
        said.last().unwrap_or_default()
    });
    let named: Vec<Source> =
        side.of(answer).into_iter().filter(|(_, named)| *named).map(|(source, _)| source).collect();
    report(&question, &text, &named.iter().collect::<Vec<_>>())
}

/// The panel.
#[component]
pub(crate) fn SourcesPanel() -> impl IntoView {
    let side = expect_context::<Side>();
    let rows = Memo::new(move |_| side.answer.get().map(|answer| side.of(&answer)));
    let list = move |rows: Vec<(Source, bool)>, named: bool, title: &'static str| {
        let rows: Vec<Source> = rows.into_iter().filter(|(_, is)| *is == named).map(|(source, _)| source).collect();
        (!rows.is_empty()).then(|| {
            view! {
                <h3>{title}</h3>
                <ol class="plain">{rows.into_iter().map(|source| view! { <Entry source/> }).collect_view()}</ol>
            }
        })
    };
    move || {
        rows.get().map(|rows| {
            let none = rows.is_empty();
            view! {
                <section id="sources" class="sources" aria-label="Sources" on:keydown=move |event| if event.key() == "Escape" { side.close() }>
                    <header>
                        <h2>"Sources"</h2>
                        <span class="grow"></span>
                        <IconButton label="Close sources" icon=IconName::Close on:click=move |_| side.close()/>
                    </header>
                    <div class="sources-list" tabindex="0" role="region" aria-label="List of sources">
                        {none.then(|| view! { <p class="muted">"No result was at hand for this answer."</p> })}
                        {list(rows.clone(), true, "Named in the answer")}
                        {list(rows, false, "Also at hand")}
                    </div>
                </section>
            }
        })
    }
}

/// One source.
#[component]
fn Entry(source: Source) -> impl IntoView {
    let side = expect_context::<Side>();
    let number = source.number;
    let calls = StoredValue::new(source.calls.clone());
    let asked = move || side.asked.get() == Some(number);
    view! {
        <li id=entry_id(number) class="source" class:asked=asked tabindex="-1">
            <span class="cite" aria-hidden="true">{number}</span>
            <div class="grow">
                <SourceWords source/>
                <p><button type="button" class="text-btn" on:click=move |_| show_card(side.state, &calls.get_value())>"Show result"</button></p>
            </div>
        </li>
    }
}

/// What is known of a source: its title, where it is, who gave it and when.
#[component]
fn SourceWords(source: Source) -> impl IntoView {
    let Source { title, url, connector_name, host, account, at, .. } = source;
    let account = account.filter(|account| !account.is_empty()).map(|account| view! { " · "<bdi>{account}</bdi> });
    view! {
        <b class="source-title"><Visible text=title/></b>
        {url.map(|url| view! { <p class="source-place"><Outward target=url>"Open at"</Outward></p> })}
        <small><HostName host=host name=Some(connector_name)/>{account}" · "{clock(at)}</small>
    }
}

/// What a search without a model found, in the order in which it came.
#[component]
pub(crate) fn SearchView(item: ArcRwSignal<Item>, conversation: ConversationId) -> impl IntoView {
    let side = expect_context::<Side>();
    let search = item.with_untracked(|item| match &item.body {
        Body::Search(search) => Some(search.clone()),
        _ => None,
    });
    let conversation = StoredValue::new(conversation);
    search.map(move |search| {
        let asked = search.calls.len();
        let calls = StoredValue::new(search.calls);
        let running = Memo::new(move |_| side.state.is_running(&conversation.get_value()));
        let found = Memo::new(move |_| {
            side.sources.with(|sources| {
                let here = |source: &&Source| calls.with_value(|calls| source.calls.iter().any(|call| calls.contains(call)));
                sources.all().iter().filter(here).cloned().collect::<Vec<_>>()
            })
        });
        let says = move || {
            let of = if asked == 1 { "1 connector".to_owned() } else { format!("{asked} connectors") };
            match (found.with(Vec::len), running.get()) {
                (0, true) => format!("Searching {of}"),
                (0, false) if asked == 0 => "No connector of this chat can be searched".to_owned(),
                (0, false) => format!("Nothing was found in {of}"),
                (1, _) => format!("1 source in {of}"),
                (count, _) => format!("{count} sources in {of}"),
            }
        };
        view! {
            <section class="card found" role="group" aria-label="What was found">
                <header><h3>{says}</h3></header>
                <ol class="plain">
                    <For each=move || found.get() key=|source| (source.number, source.calls.len()) let:source>
                        <Hit source conversation/>
                    </For>
                </ol>
                {search.left_out.into_iter().map(|why| view! { <p class="found-out"><Visible text=why/></p> }).collect_view()}
                <p class="found-foot"><small>"Knowledge without a model lists what the connectors' own searches find. With a model it reads the sources and answers."</small></p>
            </section>
        }
    })
}

/// One thing that was found, and reading it.
#[component]
fn Hit(source: Source, conversation: StoredValue<ConversationId>) -> impl IntoView {
    let side = expect_context::<Side>();
    let (number, connector, id) = (source.number, source.connector.clone(), source.id.clone());
    let calls = StoredValue::new(source.calls.clone());
    let title = flat(&source.title);
    let read = id.map(|id| {
        let (id, connector) = (StoredValue::new(id), StoredValue::new(connector));
        let go = move |_| {
            let started =
                side.state.ws().read_source(&conversation.get_value(), &connector.get_value(), &id.get_value());
            if let Err(error) = started {
                side.state.tell(sentence(&error));
            }
        };
        view! { <Button small=true attr:aria-label=format!("Read {title}") on:click=go>"Read"</Button> }
    });
    view! {
        <li class="source">
            <span class="cite" aria-hidden="true">{number}</span>
            <div class="grow">
                <SourceWords source/>
                <p><button type="button" class="text-btn" on:click=move |_| show_card(side.state, &calls.get_value())>"Show result"</button></p>
            </div>
            {read}
        </li>
    }
}
