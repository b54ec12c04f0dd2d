//! What is named while it is typed: `@` a connector for the turn (S056) or an account at it, `#` a resource, an action or a
//! tool set, `/` a prompt of a server. One list for all of them, above the text, and the chips of what goes with the
//! message.
//!
//! The text keeps the focus; arrows choose, Enter and Tab take, Escape closes. A prompt is put into the text for the
//! person to read and edit, and is never sent from here (X46). A resource is a chip until the message is sent.

mod fill;
mod list;
mod offers;

pub(crate) use offers::apply_set;

use browser::chat::mention::{Mark, Mention, byte_at, units_at, word};
use browser::{Fills, Wish};
use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;

use super::Writing;
use super::files::Files;
use crate::results::{Visible, flat, size};
use crate::state::{AppState, sentence, use_state};
use crate::ui::{HostName, Icon, IconName, Monogram, Working, unique};
use fill::{Fill, Form};
use list::{Entry, Pick, entries};
use offers::Known;

/// Where a prompt in the text comes from.
#[derive(Clone, PartialEq)]
struct Inserted {
    name: String,
    host: String,
    hidden: usize,
    left_out: usize,
}

/// What the parts of this share. Copy.
#[derive(Clone, Copy)]
struct Naming {
    state: AppState,
    writing: Writing,
    known: Known,
    /// What is being typed, while its list is open.
    open: RwSignal<Option<Mention>>,
    /// Which entry is chosen.
    at: RwSignal<usize>,
    /// Where a list was closed by hand; it stays closed there.
    dismissed: StoredValue<Option<usize>>,
    form: RwSignal<Option<Form>>,
    inserted: RwSignal<Option<Inserted>>,
    problem: RwSignal<Option<String>>,
    /// The mention in whose place something is to be put.
    target: StoredValue<Option<Mention>>,
    /// The host that is being asked for a prompt.
    asking: RwSignal<Option<String>>,
}

/// What is drawn between the text and the row of the composer.
pub fn mentions(writing: Writing) -> AnyView {
    let state = use_state();
    let naming = Naming {
        state,
        writing,
        known: Known::new(state),
        open: RwSignal::new(None),
        at: RwSignal::new(0),
        dismissed: StoredValue::new(None),
        form: RwSignal::new(None),
        inserted: RwSignal::new(None),
        problem: RwSignal::new(None),
        target: StoredValue::new(None),
        asking: RwSignal::new(None),
    };
    let found = Memo::new(move |_| naming.open.get().map(|typed| entries(&typed, naming)).unwrap_or_default());
    // Another text may be another mention. The cursor stands where it is only after the browser has shown the text.
    Effect::new(move |_| {
        if writing.text.with(|text| text.trim().is_empty()) {
            naming.inserted.set(None);
        }
        request_animation_frame(move || naming.look());
    });
    Effect::new(move |_| {
        let Some(typed) = naming.open.get() else { return };
        if typed.mark != Mark::Connector {
            let named = state.ws().named(&writing.text.get_untracked());
            let usable =
                |id: &policy::ConnectorId| state.offers.with(|offers| offers.iter().any(|offer| offer.id == *id));
            let mut wanted = writing.active.get();
            wanted.extend(named.into_iter().filter(usable));
            wanted.dedup();
            naming.known.want(wanted.into_iter());
        }
    });
    let id = unique("mentions");
    listen(naming, found, id.clone());
    view! {
        <List naming=naming found=found id=id/>
        <Chips naming=naming/>
        <Files writing=writing/>
        {move || naming.form.get().map(|form| view! {
            <Fill form=form state=state problem=naming.problem done=Callback::new(move |filled| naming.filled(filled)) close=Callback::new(move |()| {
                naming.form.set(None);
                naming.focus();
            })/>
        })}
    }
    .into_any()
}

impl Naming {
    fn area(self) -> Option<web_sys::HtmlTextAreaElement> {
        self.writing.field.try_get_untracked().flatten()
    }

    /// Looks at what stands before the cursor.
    fn look(self) {
        let Some(area) = self.area() else { return };
        let Some(text) = self.writing.text.try_get_untracked() else { return };
        let focused =
            document().active_element().is_some_and(|active| active == *area.unchecked_ref::<web_sys::Element>());
        let cursor = area.selection_start().ok().flatten().unwrap_or_default();
        let typed = focused.then(|| Mention::at(&text, byte_at(&text, cursor as usize))).flatten();
        let from = typed.as_ref().map(|typed| typed.from);
        if self.dismissed.get_value() != from {
            self.dismissed.set_value(None);
        } else if from.is_some() {
            return;
        }
        if self.open.with_untracked(|open| *open != typed) {
            self.at.set(0);
            self.problem.set(None);
            self.open.set(typed);
        }
    }

    fn close(self) {
        self.dismissed.set_value(self.open.with_untracked(|open| open.as_ref().map(|typed| typed.from)));
        self.open.set(None);
    }

    /// Puts something into the place of the mention; at the end, where that was changed meanwhile.
    fn replace(self, instead: &str) {
        let text = self.writing.text.get_untracked();
        let still = |typed: &Mention| Mention::at(&text, typed.to).as_ref() == Some(typed);
        let end = || Mention { mark: Mark::Thing, from: text.len(), to: text.len(), query: String::new() };
        let typed = self.target.get_value().filter(still).unwrap_or_else(end);
        self.open.set(None);
        let (text, cursor) = typed.replaced(&text, instead);
        let units = u32::try_from(units_at(&text, cursor)).unwrap_or(u32::MAX);
        self.writing.put.run(text);
        request_animation_frame(move || {
            if let Some(area) = self.area() {
                let _ = area.focus();
                let _ = area.set_selection_range(units, units);
            }
        });
    }

    fn focus(self) {
        request_animation_frame(move || {
            if let Some(area) = self.area() {
                let _ = area.focus();
            }
        });
    }

    /// The person takes an entry of the list.
    fn take(self, entry: Entry) {
        self.target.set_value(self.open.get_untracked());
        self.open.set(None);
        match entry.pick {
            Pick::Connector { name } => self.replace(&format!("@{} ", word(&name))),
            Pick::Account { connector, name, account } => {
                self.state.choose_account(connector, account);
                self.replace(&format!("@{} ", word(&name)));
            }
            Pick::Action { name } => self.replace(&format!("#{name} ")),
            Pick::Set(set) => {
                self.replace("");
                self.known.apply(self.writing, set);
            }
            Pick::Resource { connector, resource } if resource.arguments.is_empty() => {
                self.replace("");
                self.attach(Wish {
                    connector,
                    uri: resource.uri,
                    name: resource.name,
                    host: entry.host,
                    size: resource.size,
                });
            }
            Pick::Resource { connector, resource } => {
                let fills = Fills::Template(resource.uri.clone());
                let Entry { host, beside: from, .. } = entry;
                let arguments = resource.arguments;
                self.form.set(Some(Form {
                    title: resource.name,
                    description: resource.description,
                    account: untrack(|| self.state.account_here(&connector)),
                    connector,
                    host,
                    from,
                    arguments,
                    fills,
                }));
            }
            Pick::Prompt { connector, prompt } => {
                let form = Form {
                    title: prompt.title,
                    description: prompt.description,
                    account: untrack(|| self.state.account_here(&connector)),
                    connector,
                    host: entry.host,
                    from: entry.beside,
                    arguments: prompt.arguments,
                    fills: Fills::Prompt(prompt.name),
                };
                match form.arguments.is_empty() {
                    true => self.filled((form, Default::default())),
                    false => self.form.set(Some(form)),
                }
            }
        }
    }

    fn attach(self, wish: Wish) {
        match self.writing.full() {
            Some(says) => self.problem.set(Some(says)),
            None => self.writing.attached.update(|all| {
                if !all.iter().any(|one| one.connector == wish.connector && one.uri == wish.uri) {
                    all.push(wish);
                }
            }),
        }
    }

    /// A form was filled in: the address is attached, or the prompt is asked for and put into the text.
    fn filled(self, (form, values): (Form, fill::Filled)) {
        match &form.fills {
            Fills::Template(template) => match browser::chat::material::template::expand(template, &values) {
                Ok(uri) => {
                    self.form.set(None);
                    self.replace("");
                    let name = format!("{}: {}", form.title, values.values().cloned().collect::<Vec<_>>().join(", "));
                    self.attach(Wish { connector: form.connector, uri, name, host: form.host, size: None });
                }
                Err(error) => self.problem.set(Some(crate::ui::capital(&error.to_string()))),
            },
            Fills::Prompt(prompt) => {
                let (ws, prompt) = (self.state.ws(), prompt.clone());
                self.asking.set(Some(form.host.clone()));
                leptos::task::spawn_local(async move {
                    let said = ws.prompt(&form.connector, &form.account, &prompt, &values).await;
                    if self.writing.text.try_get_untracked().is_none() {
                        return;
                    }
                    self.asking.set(None);
                    match said {
                        Ok(draft) => {
                            self.form.set(None);
                            self.replace(&draft.text);
                            let (name, host) = (form.title, form.host);
                            let (hidden, left_out) = (draft.hidden, draft.left_out);
                            self.inserted.set(Some(Inserted { name, host, hidden, left_out }));
                        }
                        Err(error) => self.problem.set(Some(sentence(&error))),
                    }
                });
            }
        }
    }
}

/// Keys and moves of the cursor, heard before the composer hears them: Enter takes an entry and does not send.
fn listen(naming: Naming, found: Memo<Vec<Entry>>, id: String) {
    let keys = Closure::<dyn Fn(ev::KeyboardEvent)>::new(move |event: ev::KeyboardEvent| {
        if naming.open.try_get_untracked().flatten().is_none() || event.is_composing() {
            return;
        }
        let count = found.with_untracked(Vec::len);
        let here = naming.at.get_untracked();
        match event.key().as_str() {
            "ArrowDown" if count > 0 => naming.at.set((here + 1) % count),
            "ArrowUp" if count > 0 => naming.at.set((here + count - 1) % count),
            "Enter" | "Tab" if count > 0 && !event.shift_key() => {
                if let Some(entry) = found.with_untracked(|found| found.get(here).cloned()) {
                    naming.take(entry);
                }
            }
            "Escape" => naming.close(),
            _ => return,
        }
        event.prevent_default();
        event.stop_immediate_propagation();
    });
    let moved = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| match event.type_().as_str() {
        "blur" => {
            if naming.open.try_get_untracked().flatten().is_some() && naming.form.with_untracked(Option::is_none) {
                naming.open.set(None);
            }
        }
        _ => naming.look(),
    });
    let heard = StoredValue::new_local((keys, moved));
    Effect::new(move |before: Option<Option<web_sys::HtmlTextAreaElement>>| {
        let area = naming.writing.field.get();
        if let (Some(area), true) = (&area, before.flatten().is_none()) {
            let target: &web_sys::EventTarget = area.unchecked_ref();
            let _ = area.set_attribute("aria-autocomplete", "list");
            heard.with_value(|(keys, moved)| {
                let _ =
                    target.add_event_listener_with_callback_and_bool("keydown", keys.as_ref().unchecked_ref(), true);
                for name in ["keyup", "click", "blur", "focus"] {
                    let _ = target.add_event_listener_with_callback(name, moved.as_ref().unchecked_ref());
                }
            });
        }
        area.map(JsCast::unchecked_into)
    });
    // What the list says of itself goes to the text, which has the focus.
    Effect::new(move |_| {
        let open = naming.open.get().is_some();
        let chosen = (open && found.with(|found| naming.at.get() < found.len())).then(|| naming.at.get());
        let Some(area) = naming.area() else { return };
        let _ = match open {
            true => area.set_attribute("aria-controls", &id),
            false => area.remove_attribute("aria-controls"),
        };
        let _ = match chosen {
            Some(at) => area.set_attribute("aria-activedescendant", &format!("{id}-{at}")),
            None => area.remove_attribute("aria-activedescendant"),
        };
    });
    on_cleanup(move || {
        let Some(area) = naming.area() else { return };
        let target: &web_sys::EventTarget = area.unchecked_ref();
        let _ = heard.try_with_value(|(keys, moved)| {
            let _ = target.remove_event_listener_with_callback_and_bool("keydown", keys.as_ref().unchecked_ref(), true);
            for name in ["keyup", "click", "blur", "focus"] {
                let _ = target.remove_event_listener_with_callback(name, moved.as_ref().unchecked_ref());
            }
        });
    });
}

/// The list of what can be named.
#[component]
fn List(naming: Naming, found: Memo<Vec<Entry>>, id: String) -> impl IntoView {
    let list = NodeRef::<html::Ul>::new();
    Effect::new(move |_| {
        naming.at.track();
        request_animation_frame(move || {
            let row = list.try_get_untracked().flatten();
            let row = row.and_then(|list| list.query_selector("[aria-selected=true]").ok().flatten());
            if let Some(row) = row {
                let options = web_sys::ScrollIntoViewOptions::new();
                options.set_block(web_sys::ScrollLogicalPosition::Nearest);
                row.scroll_into_view_with_scroll_into_view_options(&options);
            }
        });
    });
    let mark = Memo::new(move |_| naming.open.get().map(|typed| typed.mark));
    let id = StoredValue::new(id);
    let rows = move || {
        let mut group = "";
        let entry = move |(at, entry): (usize, Entry)| {
            let heading = (entry.group != group).then_some(entry.group);
            group = entry.group;
            let taken = entry.clone();
            view! {
                {heading.map(|heading| view! { <li class="grp" role="presentation">{heading}</li> })}
                <li id=format!("{}-{at}", id.get_value()) class="menu-item" role="option" aria-selected=move || (naming.at.get() == at).to_string()
                    on:pointerdown=move |event| event.prevent_default()
                    on:click=move |_| naming.take(taken.clone())
                    on:pointermove=move |_| if naming.at.get_untracked() != at { naming.at.set(at) }>
                    {entry.icon.map(|icon| view! { <Icon name=icon size=16/> })}
                    <span class="grow mention-name">
                        <span class="ellipsis"><Visible text=entry.text/></span>
                        {(!entry.says.is_empty()).then(|| view! { <small class="ellipsis"><Visible text=entry.says/></small> })}
                    </span>
                    <small class="ellipsis mention-from"><Visible text=entry.beside/></small>
                </li>
            }
        };
        found.get().into_iter().enumerate().map(entry).collect_view()
    };
    let none = move || {
        let typed = naming.open.get()?;
        if found.with(|found| !found.is_empty()) || naming.known.loading() {
            return None;
        }
        Some(match typed.mark {
            Mark::Connector => "No connector has this name.",
            Mark::Thing => "Nothing of the connectors in this chat has this name.",
            Mark::Prompt => "No server of the connectors in this chat has such a prompt.",
        })
    };
    let says = move || {
        mark.get()?;
        let count = found.with(Vec::len);
        (count > 0).then(|| format!("{} to choose from. Arrow keys choose, Enter takes one.", count))
    };
    view! {
        <span class="sr" role="status">{says}</span>
        {move || mark.get().map(|mark| {
            let label = match mark {
                Mark::Connector => "Connectors",
                Mark::Thing => "Resources, actions and tool sets",
                Mark::Prompt => "Prompts",
            };
            view! {
                <div class="mentions">
                    <ul node_ref=list id=id.get_value() class="plain palette-list" role="listbox" aria-label=label>{rows}</ul>
                    {move || (mark != Mark::Connector && naming.known.loading()).then(|| view! { <Working what="Asking the servers what they have"/> })}
                    {move || (mark != Mark::Connector).then(|| naming.known.failed().into_iter().map(|(name, why)| view! {
                        <p class="mention-none"><bdi>{name}</bdi>": "<Visible text=why/></p>
                    }).collect_view())}
                    {move || none().map(|text| view! { <p class="mention-none">{text}</p> })}
                </div>
            }
        })}
    }
}

/// What goes with the message, and what is for this turn only.
#[component]
fn Chips(naming: Naming) -> impl IntoView {
    let Naming { state, writing, inserted, problem, asking, .. } = naming;
    let named = Memo::new(move |_| {
        let active = writing.active.get();
        let named = writing.text.with(|text| state.ws().named(text));
        state.offers.with(|offers| {
            let joins =
                |id: policy::ConnectorId| offers.iter().find(|offer| offer.id == id && !active.contains(&id)).cloned();
            named.into_iter().filter_map(joins).collect::<Vec<_>>()
        })
    });
    let attached = move |wish: Wish| {
        let label = format!("Take {} off this message", flat(&wish.name));
        let own = wish.clone();
        view! {
            <li class="chip with">
                <span class="ellipsis"><Visible text=wish.name/></span>
                <small class="ellipsis"><HostName host=wish.host/>{wish.size.map(|bytes| format!(" · {}", size(bytes)))}</small>
                <button type="button" class="chip-off" aria-label=label.clone() title=label
                    on:click=move |_| writing.attached.update(|all| all.retain(|one| *one != own))>
                    <Icon name=IconName::Close size=12/>
                </button>
            </li>
        }
    };
    let from = move |Inserted { name, host, hidden, left_out }: Inserted| {
        let hidden = match hidden {
            0 => String::new(),
            1 => " 1 character that could not be seen was taken out.".to_owned(),
            count => format!(" {count} characters that could not be seen were taken out."),
        };
        let cut = if left_out > 0 { format!(" {left_out} characters at its end did not fit.") } else { String::new() };
        view! {
            <p class="inserted" role="status">
                "These words are from the prompt "<b><Visible text=name/></b>" of "<HostName host=host/>
                ". Read and change them; they are sent as yours."{hidden}{cut}
            </p>
        }
    };
    view! {
        {move || asking.get().map(|host| view! { <Working what=format!("Asking {host} for the prompt")/> })}
        {move || inserted.get().map(from)}
        <div role="alert" class="mention-problem">{move || problem.get().map(|text| view! { <p class="form-problem"><Visible text=text/></p> })}</div>
        {move || writing.attached.with(|all| !all.is_empty()).then(|| view! {
            <ul class="chips plain" aria-label="Attached to this message">{move || writing.attached.get().into_iter().map(attached).collect_view()}</ul>
        })}
        {move || named.with(|named| !named.is_empty()).then(|| view! {
            <ul class="chips plain" aria-label="For this turn">{move || named.get().into_iter().map(|offer| view! {
                <li class="chip for-turn">
                    <Monogram name=offer.name.clone() tint=offer.tint size="small"/>
                    <span class="ellipsis"><bdi>{offer.name}</bdi></span><small>"for this turn"</small>
                </li>
            }).collect_view()}</ul>
        })}
    }
}
