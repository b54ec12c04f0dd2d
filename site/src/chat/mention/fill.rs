//! The form of a prompt or of a template: texts, with what the server suggests for each.
//!
//! Suggestions are asked for when typing pauses, one question at a time, and an answer that is known is not asked for
//! again (MC137, MC138). They are texts to choose from, and never put in by themselves. There is no `form` element here: the
//! dialog stands inside the composer's.

use std::collections::BTreeMap;
use std::time::Duration;

use browser::Fills;
use browser::chat::material::{Argument, template};
use leptos::task::spawn_local;
use leptos::{ev, prelude::*};
use policy::{ConnectionId, ConnectorId};

use crate::results::{Visible, flat};
use crate::state::AppState;
use crate::ui::{Button, ButtonLook, Dialog, capital, unique};

/// How long typing has to pause before the server is asked.
const PAUSE: Duration = Duration::from_millis(300);
/// How many answers are kept.
const KEPT: usize = 60;
/// How many suggestions are on the page at once.
const SHOWN: usize = 30;

/// What was filled in, by name.
pub(super) type Filled = BTreeMap<String, String>;

/// What is to be filled in.
#[derive(Clone, PartialEq)]
pub(super) struct Form {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) connector: ConnectorId,
    /// The account that asks.
    pub(super) account: ConnectionId,
    pub(super) host: String,
    /// Name and host of the connector.
    pub(super) from: String,
    pub(super) arguments: Vec<Argument>,
    pub(super) fills: Fills,
}

/// What the fields of one form share. Copy.
#[derive(Clone, Copy)]
struct Asking {
    state: AppState,
    form: StoredValue<Form>,
    filled: RwSignal<Filled>,
    kept: StoredValue<BTreeMap<String, Vec<String>>>,
    /// Whether a question is under way; no other is asked meanwhile.
    busy: StoredValue<bool>,
    /// The field whose suggestions are on the page. They stay when the focus leaves for a button: nothing moves away from
    /// under a pointer.
    open: RwSignal<Option<String>>,
}

/// The dialog.
#[component]
pub(super) fn Fill(
    /// What is to be filled in.
    form: Form,
    /// The page.
    state: AppState,
    /// The person wants it with these values.
    done: Callback<(Form, Filled)>,
    /// The person wants none of it.
    close: Callback<()>,
    /// Why it did not work, the last time.
    problem: RwSignal<Option<String>>,
) -> impl IntoView {
    let asking = Asking {
        state,
        form: StoredValue::new(form.clone()),
        filled: RwSignal::new(Filled::new()),
        kept: StoredValue::new(BTreeMap::new()),
        busy: StoredValue::new(false),
        open: RwSignal::new(None),
    };
    let tried = RwSignal::new(false);
    let is_prompt = matches!(form.fills, Fills::Prompt(_));
    let missing = move |argument: &Argument| {
        argument.required
            && asking.filled.with(|filled| filled.get(&argument.name).is_none_or(|value| value.trim().is_empty()))
    };
    let address = move || {
        asking.form.with_value(|form| match &form.fills {
            Fills::Template(template) => Some(asking.filled.with(|filled| template::expand(template, filled))),
            Fills::Prompt(_) => None,
        })
    };
    let submit = Callback::new(move |()| {
        tried.set(true);
        problem.set(None);
        let form = asking.form.get_value();
        let whole = !form.arguments.iter().any(|argument| untrack(|| missing(argument)));
        if whole && untrack(address).is_none_or(|address| address.is_ok()) {
            done.run((form, asking.filled.get_untracked()));
        }
    });
    let fields = form.arguments.iter().cloned().map(|argument| {
        let own = argument.clone();
        let missing = Signal::derive(move || tried.get() && missing(&own));
        view! { <Suggested asking=asking argument=argument missing=missing submit=submit/> }
    });
    let fields = fields.collect_view();
    let title = match is_prompt {
        true => format!("Use the prompt {}", flat(&form.title)),
        false => format!("Attach {}", flat(&form.title)),
    };
    let title_again = title.clone();
    view! {
        <Dialog title=title class="fill" on_close=move |()| close.run(())>
                <div class="body" role="group" aria-label=title_again>
                    <p class="small"><Visible text=form.from/></p>
                    {(!form.description.is_empty()).then(|| view! { <p><Visible text=form.description/></p> })}
                    {fields}
                    {move || address().map(|address| match address {
                        Ok(uri) => view! { <p class="small">"Address: "<span class="mono"><Visible text=uri/></span></p> }.into_any(),
                        Err(error) => view! { <p class="form-problem" role="alert">{capital(&error.to_string())}"."</p> }.into_any(),
                    })}
                    <div role="alert">{move || problem.get().map(|text| view! { <p class="form-problem"><Visible text=text/></p> })}</div>
                </div>
                <footer>
                    <Button on:click=move |_| close.run(())>"Cancel"</Button>
                    <Button look=ButtonLook::Primary on:click=move |_| submit.run(())>{if is_prompt { "Put prompt into the text" } else { "Attach resource" }}</Button>
                </footer>
        </Dialog>
    }
}

/// A text with what the server suggests for it.
#[component]
fn Suggested(asking: Asking, argument: Argument, missing: Signal<bool>, submit: Callback<()>) -> impl IntoView {
    let id = unique("fill");
    let (list_id, help_id) = (format!("{id}-list"), format!("{id}-help"));
    let name = StoredValue::new(argument.name);
    let value = move || asking.filled.with(|filled| filled.get(&name.get_value()).cloned().unwrap_or_default());
    let suggested = RwSignal::new(Vec::<String>::new());
    let is_open = move || asking.open.with(|open| open.as_deref() == Some(name.get_value().as_str()));
    let open = move |on: bool| {
        asking.open.set(on.then(|| name.get_value()));
    };
    let at = RwSignal::new(None::<usize>);
    let typed = StoredValue::new(0_u32);
    let shown = Memo::new(move |_| is_open() && suggested.with(|all| !all.is_empty()));
    let put = move |new: String| {
        asking.filled.update(|filled| {
            filled.insert(name.get_value(), new);
        });
    };
    let want = move || {
        typed.update_value(|count| *count += 1);
        let now = typed.get_value();
        set_timeout(
            move || {
                if typed.try_get_value() == Some(now) {
                    asking.ask(name.get_value(), suggested);
                }
            },
            PAUSE,
        );
    };
    let take = move |new: String| {
        put(new);
        open(false);
        at.set(None);
    };
    let keys = move |event: ev::KeyboardEvent| {
        let count = suggested.with_untracked(Vec::len).min(SHOWN);
        match event.key().as_str() {
            "ArrowDown" | "ArrowUp" if count > 0 => {
                open(true);
                let last = count.saturating_sub(1);
                at.update(|at| {
                    *at = Some(match (*at, event.key() == "ArrowDown") {
                        (None, true) => 0,
                        (None, false) | (Some(0), false) => last,
                        (Some(here), true) => {
                            if here >= last {
                                0
                            } else {
                                here + 1
                            }
                        }
                        (Some(here), false) => here - 1,
                    });
                });
            }
            "Enter" if shown.get_untracked() && at.get_untracked().is_some() => {
                let new = at.get_untracked().and_then(|at| suggested.with_untracked(|all| all.get(at).cloned()));
                new.map(take);
            }
            "Enter" if !event.is_composing() => submit.run(()),
            "Escape" if shown.get_untracked() => {
                event.stop_propagation();
                open(false);
                at.set(None);
            }
            _ => return,
        }
        event.prevent_default();
    };
    let help = argument.description;
    let has_help = !help.is_empty();
    let row_id = list_id.clone();
    let rows = move || {
        let row_id = row_id.clone();
        suggested.get().into_iter().take(SHOWN).enumerate().map(move |(index, text)| {
            let own = text.clone();
            view! {
                <li id=format!("{row_id}-{index}") class="menu-item" role="option" aria-selected=move || (at.get() == Some(index)).to_string()
                    on:pointerdown=move |event| event.prevent_default() on:click=move |_| take(own.clone())><Visible text=text/></li>
            }
        }).collect_view()
    };
    let chosen_id = list_id.clone();
    let label = argument.title;
    view! {
        <div class="field suggested">
            <label for=id.clone()><Visible text=label.clone()/>{(!argument.required).then(|| view! { <span class="optional">"optional"</span> })}</label>
            <input id=id type="text" role="combobox" autocomplete="off" spellcheck="false" dir="auto" aria-autocomplete="list"
                aria-expanded=move || shown.get().to_string() aria-controls=list_id.clone()
                aria-activedescendant=move || at.get().filter(|_| shown.get()).map(|at| format!("{chosen_id}-{at}"))
                aria-describedby=help_id.clone() aria-invalid=move || missing.get().to_string() aria-required=argument.required.to_string()
                prop:value=value
                on:input=move |event| {
                    put(event_target_value(&event));
                    at.set(None);
                    open(true);
                    want();
                }
                on:focus=move |_| {
                    open(true);
                    want();
                }
                on:keydown=keys/>
            <ul id=list_id class="plain palette-list suggestions" role="listbox" aria-label=format!("Suggestions for {}", flat(&label)) hidden=move || !shown.get()>{rows}</ul>
            <span id=help_id class="help">
                {has_help.then(|| view! { <Visible text=help/> })}
                {move || missing.get().then(|| view! { <span class="problem">"Fill this in"</span> })}
            </span>
        </div>
    }
}

impl Asking {
    /// Asks what the server suggests for a value as it is now, unless that is known.
    fn ask(self, name: String, into: RwSignal<Vec<String>>) {
        let Some(mut filled) = self.filled.try_get_untracked() else { return };
        let value = filled.remove(&name).unwrap_or_default();
        let key = format!("{name}\n{value}\n{filled:?}");
        if let Some(known) = self.kept.with_value(|kept| kept.get(&key).cloned()) {
            return into.set(known);
        }
        if self.busy.get_value() {
            // Once the answer is there, what is typed by then is asked for.
            set_timeout(move || self.ask(name, into), PAUSE);
            return;
        }
        self.busy.set_value(true);
        let (ws, form) = (self.state.ws(), self.form.get_value());
        spawn_local(async move {
            let found = ws.suggestions(&form.connector, &form.account, &form.fills, &name, &value, &filled).await;
            let _ = self.busy.try_set_value(false);
            // Without suggestions a value is typed: a server that has none is no failure.
            let found = found.unwrap_or_default();
            let _ = self.kept.try_update_value(|kept| {
                if kept.len() >= KEPT {
                    kept.clear();
                }
                kept.insert(key, found.clone());
            });
            let now = self.filled.try_with_untracked(|filled| filled.get(&name).cloned().unwrap_or_default());
            if now.as_deref() == Some(value.as_str()) {
                let _ = into.try_set(found);
            }
        });
    }
}
