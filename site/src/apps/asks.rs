//! What an app asks of the person: to open an address, to say something. The questions stand above the frame, in words of
//! this page, and nothing happens without a click (X95, X96).

use browser::mcp::apps::{File, FileContent, Ticket};
use leptos::prelude::*;

use super::shown::Shown;
use crate::results::{Visible, away, safe_name, save_file, unlisted};
use crate::ui::{Button, ButtonLook, HostName, save_bytes};

/// Something that an app wants.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    /// To open an address.
    Open {
        /// By which it is answered.
        ticket: Ticket,
        /// The address, not looked at.
        url: String,
    },
    /// To say something in the conversation.
    Say {
        /// By which it is answered.
        ticket: Ticket,
        /// The words.
        text: String,
    },
    /// To have a model know something at its next turn.
    Tell {
        /// By which it is answered.
        ticket: Ticket,
        /// The words.
        text: String,
    },
    /// To have files kept.
    Save {
        /// By which it is answered.
        ticket: Ticket,
        /// The files.
        files: Vec<File>,
    },
}

impl Wish {
    /// By which it is answered.
    pub(super) fn ticket(&self) -> Ticket {
        match self {
            Wish::Open { ticket, .. }
            | Wish::Say { ticket, .. }
            | Wish::Tell { ticket, .. }
            | Wish::Save { ticket, .. } => *ticket,
        }
    }
}

/// The open questions.
#[component]
pub(super) fn Asks(
    /// The app.
    it: Shown,
) -> impl IntoView {
    let draw = move |wish: Wish| match &wish {
        Wish::Open { url, .. } => open(it, &wish, url),
        Wish::Say { text, .. } => say(it, &wish, text),
        Wish::Tell { text, .. } => tell(it, &wish, text),
        Wish::Save { files, .. } => save(it, &wish, files),
    };
    move || it.wishes.get().into_iter().map(draw).collect_view()
}

fn open(it: Shown, wish: &Wish, url: &str) -> AnyView {
    let (name, host) = it.whose();
    let refuse = {
        let wish = wish.clone();
        move |why: &'static str| it.answer(&wish, Some(why))
    };
    match away(url).filter(|link| unlisted(&link.host).is_none()) {
        // A link that may not be followed is no question: the app is told, and the person sees that it tried.
        None => view! {
            <div class="app-ask" role="group" aria-label="Link of the app">
                <p><HostName host=host name=Some(name)/>" wanted to open an address that cannot be opened from here."</p>
                <code class="wrap"><Visible text=url.to_owned()/></code>
                <p class="row"><Button small=true on:click=move |_| refuse("only addresses over https:, on hosts that the workspace lists, can be opened")>"Close the note"</Button></p>
            </div>
        }
        .into_any(),
        Some(link) => {
            let yes = {
                let wish = wish.clone();
                move |_| it.answer(&wish, None)
            };
            view! {
                <div class="app-ask" role="group" aria-label="Link of the app">
                    <p><HostName host=host name=Some(name)/>" wants to open a page of "<b class="app-target"><bdi>{link.host.clone()}</bdi></b>"."</p>
                    <code class="wrap"><Visible text=link.href.clone()/></code>
                    <p class="row">
                        <a class="btn small primary" href=link.href target="_blank" rel="noopener noreferrer" referrerpolicy="no-referrer" on:click=yes>
                            {format!("Open {} in a new tab", link.host)}
                        </a>
                        <Button small=true on:click=move |_| refuse("the person did not want it opened")>"Do not open it"</Button>
                    </p>
                </div>
            }
            .into_any()
        }
    }
}

fn say(it: Shown, wish: &Wish, text: &str) -> AnyView {
    let (name, host) = it.whose();
    let (yes, no) = (wish.clone(), wish.clone());
    let said = text.to_owned();
    view! {
        <div class="app-ask" role="group" aria-label="Message of the app">
            <p><HostName host=host name=Some(name)/>" wants to say this in your conversation. It will stand there as the app's words, not as yours."</p>
            <blockquote><Visible text=text.to_owned()/></blockquote>
            {move || it.withheld().then(|| view! { <p>"You withheld the result that this app shows from the model. These words may hold parts of it."</p> })}
            <p class="row">
                <Button small=true look=ButtonLook::Primary on:click=move |_| it.say(&yes, said.clone())>"Let the app say it"</Button>
                <Button small=true on:click=move |_| it.answer(&no, Some("the person did not want it said"))>"Do not let it"</Button>
            </p>
        </div>
    }
    .into_any()
}

/// What a model would be told beside the results that the person looks at (X54). Where the result was withheld there is
/// nothing left to allow.
fn tell(it: Shown, wish: &Wish, text: &str) -> AnyView {
    let (name, host) = it.whose();
    let wish = StoredValue::new(wish.clone());
    let answer = move |refused: Option<&'static str>| it.answer(&wish.get_value(), refused);
    let buttons = move || {
        match it.withheld() {
        true => view! {
            <p>"You withheld the result that this app shows from the model, so the model is not told this either."</p>
            <p class="row"><Button small=true on:click=move |_| answer(Some("the person withheld the result from the model"))>"Close the note"</Button></p>
        }
        .into_any(),
        false => view! {
            <p class="row">
                <Button small=true look=ButtonLook::Primary on:click=move |_| answer(None)>"Let the app tell it"</Button>
                <Button small=true on:click=move |_| answer(Some("the person did not want it told"))>"Do not let it"</Button>
            </p>
        }
        .into_any(),
    }
    };
    view! {
        <div class="app-ask" role="group" aria-label="What the app tells a model">
            <p><HostName host=host name=Some(name)/>" wants a model to know this at its next turn. What this connector gives is looked at first, and so are the words of its app."</p>
            <blockquote><Visible text=text.to_owned()/></blockquote>
            {buttons}
        </div>
    }
    .into_any()
}

/// Files go to the disk by a click each, under plain names and as no type at all, so that nothing opens them by itself.
fn save(it: Shown, wish: &Wish, files: &[File]) -> AnyView {
    let (name, host) = it.whose();
    let left = RwSignal::new(files.len());
    let broken = RwSignal::new(false);
    let rows: Vec<AnyView> = files
        .iter()
        .map(|file| {
            let (file, wish) = (file.clone(), wish.clone());
            let saved = RwSignal::new(false);
            let target = safe_name(&file.uri);
            let size = match &file.content {
                FileContent::Text(text) => text.len(),
                FileContent::Base64(text) => text.len() / 4 * 3,
            };
            let label = format!("Save {target}");
            let save = move |_| {
                let done = match &file.content {
                    FileContent::Text(text) => save_bytes(&target, text.as_bytes()),
                    FileContent::Base64(text) => save_file(text, &target),
                };
                broken.set(done.is_err());
                if done.is_ok() && !saved.get_untracked() {
                    saved.set(true);
                    left.update(|left| *left = left.saturating_sub(1));
                    if left.get_untracked() == 0 {
                        it.answer(&wish, None);
                    }
                }
            };
            view! {
                <p class="row"><Button small=true look=ButtonLook::Primary on:click=save>{label}</Button>
                    <small>{crate::results::size(size as u64)}</small>
                    {move || saved.get().then(|| view! { <small role="status">"Saved"</small> })}</p>
            }
            .into_any()
        })
        .collect();
    let no = wish.clone();
    view! {
        <div class="app-ask" role="group" aria-label="Files of the app">
            <p><HostName host=host name=Some(name)/>" wants to give you "{if files.len() == 1 { "a file" } else { "files" }}". Nothing looked into it; open it as you would open any file from there."</p>
            {rows}
            {move || broken.get().then(|| view! { <p role="alert">"These bytes are not valid base64, so nothing was saved."</p> })}
            <p class="row"><Button small=true on:click=move |_| it.answer(&no, Some("the person did not want it saved"))>"Do not save"</Button></p>
        </div>
    }
    .into_any()
}
