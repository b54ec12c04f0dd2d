//! A person signs in to a server: a window that is opened by their click, and what this page shows meanwhile.
//!
//! The window is opened in the click itself, or browsers block it; it is led to the sign-in page once that is known. It
//! does not know this page: its `opener` is taken from it before it leaves (X18). How it comes back is in
//! `browser::visit`. Where no window may open there is a link, and where no answer comes through, the address can be
//! pasted.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use browser::{Error, Visit};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;

use crate::ui::{Button, ButtonLook, Field, Working};

/// How far a sign-in is.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    /// None is under way.
    Idle,
    /// The sign-in page is being found.
    Finding,
    /// The person is at the sign-in page, or could be.
    Away { url: String, opened: bool },
}

/// One sign-in at a time, of one place on a page. Copy.
#[derive(Clone, Copy)]
pub(crate) struct Flow {
    stage: RwSignal<Stage>,
    visit: StoredValue<Option<Visit>, LocalStorage>,
}

impl Flow {
    /// Nothing is under way. What is, ends with the place that shows it.
    pub(crate) fn new() -> Self {
        let flow = Flow { stage: RwSignal::new(Stage::Idle), visit: StoredValue::new_local(None) };
        on_cleanup(move || flow.cancel());
        flow
    }

    /// Whether one is under way. Tracks.
    pub(crate) fn is_busy(self) -> bool {
        self.stage.with(|stage| *stage != Stage::Idle)
    }

    /// Begins one. To be called in the handler of a click: a window opens at once.
    pub(crate) fn begin<W>(self, work: impl FnOnce(Visit) -> W, done: impl FnOnce(Result<(), Error>) + 'static)
    where
        W: Future<Output = Result<(), Error>> + 'static,
    {
        self.cancel();
        let opened = open_window();
        let waits = Rc::new(RefCell::new(opened));
        let led = waits.clone();
        let visit = Visit::new(move |url| {
            // From here on the window is the provider's, and the page that the person comes back to closes it.
            let window = led.take();
            let opened = window.is_some_and(|window| lead(&window, url));
            let _ = self.stage.try_set(Stage::Away { url: url.to_owned(), opened });
        });
        self.visit.set_value(Some(visit.clone()));
        self.stage.set(Stage::Finding);
        let work = work(visit);
        spawn_local(async move {
            let ended = work.await;
            // It never got away from here.
            if let Some(window) = waits.take() {
                let _ = window.close();
            }
            let _ = self.visit.try_update_value(|visit| visit.take());
            let _ = self.stage.try_set(Stage::Idle);
            done(ended);
        });
    }

    /// Ends it.
    pub(crate) fn cancel(self) {
        let visit = self.visit.try_update_value(Option::take).flatten();
        if let Some(visit) = visit {
            visit.cancel();
        }
    }

    fn paste(self, address: &str) {
        let visit = self.visit.try_with_value(Clone::clone).flatten();
        if let Some(visit) = visit {
            visit.paste(address);
        }
    }
}

/// A window of our own that knows nothing of this page and shows what is coming. None when the browser blocks it.
fn open_window() -> Option<web_sys::Window> {
    let features = "popup,width=560,height=760";
    let opened = window().open_with_url_and_target_and_features("about:blank", "_blank", features).ok().flatten()?;
    // A page that signs people in must not be able to lead this one elsewhere.
    let _ = opened.set_opener(&JsValue::NULL);
    if let Some(document) = opened.document() {
        document.set_title("Sign-in");
        if let Some(body) = document.body() {
            body.set_text_content(Some("Finding the sign-in page of the server. This window goes there by itself."));
        }
    }
    Some(opened)
}

/// Leads the window to the sign-in page; whether it was still there.
fn lead(window: &web_sys::Window, url: &str) -> bool {
    !window.closed().unwrap_or(true) && window.location().replace(url).is_ok()
}

/// The host of the sign-in page, and the scopes that it is asked for.
fn about(url: &str) -> (String, String) {
    let read = web_sys::Url::new(url).ok();
    let scope = read.as_ref().and_then(|url| url.search_params().get("scope")).unwrap_or_default();
    (read.map(|url| url.host()).unwrap_or_default(), scope.split_whitespace().collect::<Vec<_>>().join(", "))
}

/// What this page shows while a person signs in: where, what is asked for, the ways back, and the way out.
#[component]
pub(crate) fn SigningIn(
    /// The sign-in.
    flow: Flow,
) -> impl IntoView {
    move || match flow.stage.get() {
        Stage::Idle => ().into_any(),
        Stage::Finding => view! {
            <div class="note signing"><Working what="Finding the sign-in page"/>
                <Button small=true on:click=move |_| flow.cancel()>"Cancel sign-in"</Button></div>
        }
        .into_any(),
        Stage::Away { url, opened } => view! { <Away flow url opened/> }.into_any(),
    }
}

#[component]
fn Away(
    /// The sign-in.
    flow: Flow,
    /// The sign-in page.
    url: String,
    /// Whether the window could be led there.
    opened: bool,
) -> impl IntoView {
    let (host, scopes) = about(&url);
    let pasted = RwSignal::new(String::new());
    let words = if opened {
        "Sign in there in the other window. This page goes on by itself."
    } else {
        "The browser let no window open. Open the page yourself; this page goes on by itself."
    };
    view! {
        <div class="note signing" role="group" aria-label="Sign-in under way">
            <div class="grow">
                <p role="status"><b class="host"><bdi>{host}</bdi></b>" "{words}</p>
                {(!scopes.is_empty()).then(|| view! { <p class="small">"It is asked for: "<bdi>{scopes}</bdi></p> })}
                <div class="row">
                    <a class=if opened { "btn" } else { "btn primary" } href=url target="_blank" rel="noopener noreferrer">
                        {if opened { "Open the sign-in page again" } else { "Open the sign-in page" }}</a>
                    <Button look=ButtonLook::Quiet on:click=move |_| flow.cancel()>"Cancel sign-in"</Button>
                </div>
                <details open=!opened>
                    <summary>"Signed in, and nothing happens here?"</summary>
                    <Field label="Address that you came back to" help="Copy it from the window that you signed in in. It works once." let:field>
                        <input id=field.id aria-describedby=field.described class="mono" type="password" autocomplete="off" spellcheck="false"
                            prop:value=move || pasted.get() on:input=move |event| pasted.set(event_target_value(&event))/>
                    </Field>
                    <Button disabled=Signal::derive(move || pasted.with(|text| text.trim().is_empty()))
                        on:click=move |_| flow.paste(&pasted.get_untracked())>"Use this address"</Button>
                </details>
            </div>
        </div>
    }
}
