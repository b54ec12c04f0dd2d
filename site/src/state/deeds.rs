//! Opening the workspace, and what the first page has it do.

use browser::{BundleSource, Error, Fetcher, Options, Pinned, SignInSite, Where, Workspace};
use leptos::prelude::*;
use leptos::task::spawn_local;
use policy::ConversationId;
use std::sync::Arc;

use super::{AppState, Front, STORE, policy_tag, sentence};
use crate::chat::draft;
use crate::lazy::{Deeds, Said};
use crate::router::base;
use crate::ui::keep_focus;
use crate::{confirm, shell};

/// Opens the workspace and puts its state into the page's owner. None when it cannot be opened; the page then says why
/// and is over.
pub async fn open(front: Front, owner: Owner) -> Option<AppState> {
    let store = Where::IndexedDb(STORE.to_owned());
    let only_published = policy_tag("-custom-servers").is_some_and(|said| said.trim() == "no");
    let fetcher = Fetcher::with_reader(reader());
    let options = Options { store, apps: true, pinned: pinned(), only_published, fetcher, ..Options::default() };
    match Workspace::open(options).await {
        Ok(ws) => Some(owner.with(|| {
            if let Some(page) = sign_in_site() {
                ws.set_sign_in_site(page);
            }
            let state = AppState::new(ws, front);
            provide_context(state);
            confirm::provide_decisions();
            keep_focus();
            state
        })),
        Err(error) => {
            shell::stopped::show("Countersign could not start", &sentence(&error), &format!("{error:?}"));
            None
        }
    }
}

/// The bundle that this site is tied to, if it is. An address without a key is a tie that nothing fits, and not none.
fn pinned() -> Option<Pinned> {
    let address = policy_tag("")?;
    let base = format!("{}{}", window().location().origin().ok()?, base());
    let url = web_sys::Url::new_with_base(&address, &base).map_or(address, |url| url.href());
    let keys = policy_tag("-key").unwrap_or_default().split_whitespace().map(str::to_ascii_lowercase).collect();
    Some(Pinned { source: BundleSource::Url(url), keys, contact: policy_tag("-contact") })
}

/// The script of the worker that reads the answers of models: it is beside the one that starts the page.
fn reader() -> Option<String> {
    let boot = document().get_element_by_id("boot")?.get_attribute("src")?;
    Some(format!("{}reader.js", boot.strip_suffix("boot.js")?))
}

/// Where this site is, as authorization servers see it. Only a site with a name of its own can have a client document.
fn sign_in_site() -> Option<SignInSite> {
    let site = format!("{}{}", window().location().origin().ok()?, base());
    Some(SignInSite {
        client_name: "Countersign".to_owned(),
        redirect_uri: format!("{site}oauth/callback"),
        client_document: site.starts_with("https:").then(|| format!("{site}client.json")),
        dpop: false,
    })
}

/// What the first page has an open workspace do.
pub const DEEDS: Deeds = Deeds {
    say: |state, said, told| {
        spawn_local(async move { told(say(state, said).await) });
    },
    stop: |state, id| state.ws().stop(id),
    activate: |state, id, wanted| {
        let ws = state.ws();
        state.choose(async move { ws.set_active(&id, wanted).await });
    },
    search: |state, text, found| {
        let ws = state.ws();
        spawn_local(async move { found(ws.search_conversations(&text).await) });
    },
};

async fn say(state: AppState, said: Said) -> Result<Option<ConversationId>, Error> {
    let ws = state.ws();
    // What was chosen when this was said: while the conversation is made, the person may go on to another page.
    let (accounts, chosen) = (state.chosen_accounts.get_untracked(), state.chosen_actions.get_untracked());
    let (mode, calls_allowed) = (state.thread.mode.get_untracked(), state.thread.calls_allowed.get_untracked());
    let has_more = !said.files.is_empty() || !said.attached.is_empty();
    let files = said.files.into_iter().map(Arc::unwrap_or_clone).collect();
    // What goes out is no draft any more, also where the composer is gone by then.
    let sent = |id: Option<&ConversationId>| {
        if has_more {
            draft::mark_more(id, false);
            ws.keep_unsent(id, [], &[]);
        }
    };
    if let Some(id) = said.conversation {
        ws.say_with(&id, &said.words, said.attached, files)?;
        sent(Some(&id));
        return Ok(None);
    }
    let new = ws.new_conversation().await?;
    if let Some(connectors) = said.connectors {
        ws.set_active(&new, connectors).await?;
    }
    for (connector, account) in accounts {
        ws.act_as(&new, &connector, Some(account)).await?;
    }
    if !chosen.is_empty() {
        ws.choose(&new, chosen).await?;
    }
    if !mode.is_chat() {
        ws.set_mode(&new, mode, calls_allowed).await?;
    }
    if !said.pins.is_empty() {
        ws.pin(&new, said.pins).await?;
    }
    ws.say_with(&new, &said.words, said.attached, files)?;
    sent(None);
    Ok(Some(new))
}
