//! What an app asks for: of the workspace, which decides by the rules, or of the person, who is asked one thing of a kind
//! at a time.

use std::rc::Rc;

use chat::conversation::AppWords;
use futures_channel::oneshot;
use js_sys::Object;
use mcp::apps::{Ask, Mode, Ticket};
use serde_json::{Map, Value, json};
use wasm_bindgen_futures::spawn_local;

use super::{AppEvent, Inner};
use crate::dispatch::HearsProgress;
use crate::workspace::apps::{Telling, WITHHELD};

/// What an app would have a model know, and somebody looks at first.
pub(super) struct Held {
    pub(super) ticket: Ticket,
    text: String,
    data: Option<Value>,
}

/// What the person is asked for an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Link,
    Words,
    Files,
}

impl Inner {
    pub(super) fn asks(self: &Rc<Self>, ticket: Ticket, ask: Ask) {
        let inner = self.clone();
        match ask {
            Ask::Call { name, arguments, progress } => self.call(ticket, name, arguments, progress),
            Ask::List(list) => spawn_local(async move {
                let answer = inner.workspace.app_list(&inner.of, list).await;
                let how = answer.as_ref().err().cloned().unwrap_or_else(|| "done".to_owned());
                inner.did(list.method().to_owned(), how);
                inner.settle(ticket, answer);
            }),
            Ask::Read { uri } => spawn_local(async move {
                let answer = inner.workspace.app_read(&inner.of, &uri).await;
                inner.did(format!("read {uri}"), answer.as_ref().err().cloned().unwrap_or_else(|| "done".to_owned()));
                inner.settle(ticket, answer);
            }),
            Ask::Tell { text, data } => match self.workspace.telling(&self.of) {
                // That there is nothing to know any more needs no look.
                Telling::AfterALook if !text.is_empty() || data.is_some() => self.hold(Held { ticket, text, data }),
                Telling::Never => {
                    self.did("tell a model what it shows".to_owned(), WITHHELD.to_owned());
                    self.settle(ticket, Err(WITHHELD.to_owned()));
                }
                _ => spawn_local(async move {
                    let answer = inner.workspace.app_tells(&inner.of, text, data).await;
                    inner.settle(ticket, answer.map(|()| json!({})));
                }),
            },
            Ask::Open { url } => self.ask_person(ticket, Wish::Link, AppEvent::Link { ticket, url }),
            Ask::Say { text } => self.ask_person(ticket, Wish::Words, AppEvent::Words { ticket, text }),
            Ask::Save(files) => self.ask_person(ticket, Wish::Files, AppEvent::Files { ticket, files }),
            Ask::Show(mode) => {
                let may = mode == Mode::Inline || self.view.borrow().can_show(mode) && self.is_touched();
                if may && mode != self.mode.get() {
                    self.mode.set(mode);
                    (self.on)(AppEvent::Show(mode));
                }
                self.settle(ticket, Ok(json!({ "mode": self.mode.get().name() })));
            }
        }
    }

    /// A call does not outlive its app: it has no hold on the frame, and is given up with it.
    fn call(self: &Rc<Self>, ticket: Ticket, name: String, arguments: Map<String, Value>, progress: Option<Value>) {
        let (stop, stopped) = oneshot::channel();
        self.calls.borrow_mut().insert(ticket, stop);
        let (workspace, of, inner) = (self.workspace.clone(), self.of.clone(), Rc::downgrade(self));
        let hears = progress.map(|token| -> HearsProgress {
            let inner = inner.clone();
            Rc::new(move |done, total, message| {
                if let Some(inner) = inner.upgrade() {
                    inner.view.borrow_mut().progress(&token, done, total, message);
                    inner.pump();
                }
            })
        });
        spawn_local(async move {
            let answer = workspace.app_call(&of, name.clone(), arguments, stopped, hears).await;
            let Some(inner) = inner.upgrade() else { return };
            // What was given up, nobody waits for.
            let waited = inner.calls.borrow_mut().remove(&ticket).is_some();
            let how = match &answer {
                Ok(result) if chat::results::is_error(result) => "the server says it failed".to_owned(),
                Ok(_) => "done".to_owned(),
                Err(why) => why.clone(),
            };
            inner.did(name, how);
            match waited {
                true => inner.settle(ticket, answer),
                false => (inner.on)(AppEvent::Reported),
            }
        });
    }

    /// Has the person look at what a model is to know. What they read stays as it is; of what comes meanwhile only the
    /// last counts, and is asked about next.
    fn hold(self: &Rc<Self>, new: Held) {
        let (first, replaced) = {
            let mut held = self.held.borrow_mut();
            let replaced = if held.len() > 1 { held.pop() } else { None };
            held.push(new);
            (held.len() == 1, replaced)
        };
        if let Some(replaced) = replaced {
            self.settle(replaced.ticket, Err("it told something newer".to_owned()));
        }
        if first {
            self.ask_held();
        }
    }

    /// Asks about what is to be looked at next.
    fn ask_held(&self) {
        let next = self.held.borrow().first().map(|held| AppEvent::Context {
            ticket: held.ticket,
            text: AppWords::as_text(&held.text, held.data.as_ref()),
        });
        if let Some(next) = next {
            (self.on)(next);
        }
    }

    /// Takes out what waits for a look, and asks about the next.
    pub(super) fn let_go(&self, ticket: Ticket) -> Option<Held> {
        let (held, first) = {
            let mut held = self.held.borrow_mut();
            let at = held.iter().position(|one| one.ticket == ticket)?;
            (held.remove(at), at == 0)
        };
        if first {
            self.ask_held();
        }
        Some(held)
    }

    /// The person has looked.
    pub(super) fn tell(self: &Rc<Self>, held: Held, refused: Option<String>) {
        let inner = self.clone();
        spawn_local(async move {
            let answer = inner.workspace.app_tells_after_a_look(&inner.of, held.text, held.data, refused).await;
            inner.settle(held.ticket, answer.map(|()| json!({})));
        });
    }

    /// One question of a kind at a time: a person is not to be worn down (X95, X96).
    fn ask_person(self: &Rc<Self>, ticket: Ticket, wish: Wish, event: AppEvent) {
        if self.asked.borrow().values().any(|open| *open == wish) {
            return self.settle(ticket, Err("the person is being asked already".to_owned()));
        }
        self.asked.borrow_mut().insert(ticket, wish);
        (self.on)(event);
    }

    /// Whether the person has just used the app: its frame has the focus. Without that, no app takes the whole window.
    fn is_touched(&self) -> bool {
        let active =
            web_sys::window().and_then(|window| window.document()).and_then(|document| document.active_element());
        active.is_some_and(|active| Object::is(active.as_ref(), self.frame.as_ref()))
    }
}
