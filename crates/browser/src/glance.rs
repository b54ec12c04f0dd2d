//! What the first page shows before the workspace is opened.
//!
//! Opening a workspace takes the rules, the gate, the wire and everything else that runs. A page that a person has only
//! opened shows names: the conversations, the connectors that can be used, who answers. They are read here straight
//! from the store. What depends on the rules was worked out when the rulebook was kept (`Glance::of`) and stands beside
//! it; nothing is ever decided by it, and it is replaced by the real thing as soon as the workspace is open.
//!
//! Values are read with the browser's own JSON, so that this needs no more of the program than it is.

use js_sys::{Array, JSON, Reflect};
use policy::{ConnectorId, ConversationId, Member, MemberId, Provider, Rulebook, Why};
use serde_json::{Value, json};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::BroadcastChannel;

use crate::store::indexed_db::IndexedDb;
use crate::store::{Store as _, Table};
use crate::time::global;
use crate::view::{ConversationHead, StorageState};
use crate::workspace::{CHOSEN, GLANCE};

/// What the first page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Who is at the browser.
    pub person: Person,
    /// The connectors that can be used, in the order of the rulebook.
    pub offers: Vec<Offer>,
    /// Every conversation, the one with the latest change first.
    pub conversations: Vec<ConversationHead>,
    /// The models that can be chosen.
    pub models: Vec<ModelName>,
    /// The id of the chosen one; none means direct mode.
    pub chosen_model: Option<String>,
    /// Where things are kept.
    pub storage: StorageState,
}

/// The person at the browser and where they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// The workspace's name.
    pub workspace: String,
    /// Whether they see the workspace's settings.
    pub runs_workspace: bool,
    /// Whether only what was published can be used here, so that nobody adds a server (X131).
    pub only_published: bool,
    /// What they can do about a connector that they miss.
    pub missing: Missing,
}

/// What a person is offered who misses a connector: only what is theirs to do (S028, S038, S042; screens.md e.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// Nothing: nobody adds a server here, or nobody is asked for one.
    #[default]
    Nothing,
    /// Adding it. Who runs the workspace turns developer mode on there, where it is off.
    Add,
    /// Turning developer mode on first, which was given to them.
    TurnOn,
    /// Asking for it.
    Request,
}

impl Missing {
    const ALL: [Missing; 4] = [Missing::Nothing, Missing::Add, Missing::TurnOn, Missing::Request];

    fn of(book: &Rulebook, member: &Member) -> Missing {
        match book.may_toggle_developer(member) {
            Err(Why::OnlyPublished) => Missing::Nothing,
            Ok(()) if member.developer.on || member.role.runs_workspace() => Missing::Add,
            Ok(()) => Missing::TurnOn,
            Err(_) if book.may_request(member).is_ok() => Missing::Request,
            Err(_) => Missing::Nothing,
        }
    }
}

/// A connector that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its id.
    pub id: ConnectorId,
    /// Its name.
    pub name: String,
    /// `Dev`, `custom`, `demo`, or none.
    pub badge: Option<String>,
    /// The colour of its monogram, 0 to 7.
    pub tint: u8,
    /// Whether people added it; the others came with the product.
    pub custom: bool,
    /// How many of its actions are switched on.
    pub on: usize,
    /// The names of those, of a connector that came with the product.
    pub actions: Vec<String>,
}

/// A model that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelName {
    /// Its id here.
    pub id: String,
    /// The name it is shown under.
    pub name: String,
    /// The base URL it is asked at.
    pub base_url: String,
}

impl Offer {
    /// The connectors that a member can use and that have an action switched on.
    pub fn all(book: &Rulebook, member: &Member) -> Vec<Offer> {
        let usable = book.connectors.iter().filter(|connector| book.may_use(connector, member).is_ok());
        usable
            .filter_map(|connector| {
                let on = || connector.actions().iter().map(policy::Action::name).filter(|name| connector.is_on(name));
                let custom = connector.provider == Provider::Custom;
                let offer = Offer {
                    id: connector.id.clone(),
                    name: connector.name.clone(),
                    badge: connector.badge().map(str::to_owned),
                    tint: connector.tint(),
                    custom,
                    on: on().count(),
                    actions: if custom { Vec::new() } else { on().map(str::to_owned).collect() },
                };
                (offer.on > 0).then_some(offer)
            })
            .collect()
    }
}

impl Person {
    /// The person as the rules know them.
    pub fn of(book: &Rulebook, me: &MemberId) -> Person {
        let member = book.member(me).ok();
        Person {
            name: member.map(|member| member.name.clone()).unwrap_or_default(),
            workspace: book.workspace.name.clone(),
            runs_workspace: member.is_some_and(|member| member.role.runs_workspace()),
            only_published: book.workspace.only_published,
            missing: member.map(|member| Missing::of(book, member)).unwrap_or_default(),
        }
    }
}

/// What is kept beside the rulebook.
pub(crate) fn record(book: &Rulebook, me: &MemberId) -> String {
    let person = Person::of(book, me);
    let offers = book.member(me).map(|member| Offer::all(book, member)).unwrap_or_default();
    let offers: Vec<Value> = offers
        .into_iter()
        .map(|offer| {
            json!({
                "id": offer.id.as_str(), "name": offer.name, "badge": offer.badge, "tint": offer.tint,
                "custom": offer.custom, "on": offer.on, "actions": offer.actions,
            })
        })
        .collect();
    json!({
        "name": person.name, "workspace": person.workspace, "runs": person.runs_workspace,
        "fixed": person.only_published, "missing": person.missing as u8, "offers": offers,
    })
    .to_string()
}

impl Glance {
    /// What a workspace shows that was never opened before; a test holds it to what opening one makes.
    pub fn first() -> Glance {
        let built_in = |id: &str, name: &str, badge: Option<&str>, actions: &[&str]| Offer {
            id: id.into(),
            name: name.to_owned(),
            badge: badge.map(str::to_owned),
            tint: policy::tint("this page"),
            custom: false,
            on: actions.len(),
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        };
        Glance {
            person: Person {
                name: "You".to_owned(),
                workspace: policy::FIRST_WORKSPACE.to_owned(),
                runs_workspace: true,
                only_published: false,
                missing: Missing::Add,
            },
            offers: vec![
                built_in("guide", "Guide", None, &["search", "fetch"]),
                built_in(
                    "notebook",
                    "Notebook",
                    Some("demo"),
                    &[
                        "list_notes",
                        "search_notes",
                        "get_note",
                        "create_note",
                        "update_note",
                        "tidy_notes",
                        "delete_note",
                        "delete_all_notes",
                    ],
                ),
            ],
            conversations: Vec::new(),
            models: Vec::new(),
            chosen_model: None,
            storage: StorageState::Kept,
        }
    }

    /// Reads it from the store of this name. What cannot be read is as on the first run: opening the workspace says what
    /// is wrong.
    pub async fn read(name: &str) -> Glance {
        let mut glance = Glance::first();
        let store = match IndexedDb::open(name, || ()).await {
            Ok(store) => store,
            Err(error) => {
                glance.storage = StorageState::Unavailable { why: error.to_string() };
                return glance;
            }
        };
        if let Ok(Some(text)) = store.get(Table::Settings, GLANCE).await
            && let Ok(kept) = JSON::parse(&text)
        {
            glance.person = Person {
                name: text_in(&kept, "name").unwrap_or_default(),
                workspace: text_in(&kept, "workspace").unwrap_or_default(),
                runs_workspace: truth_in(&kept, "runs"),
                only_published: truth_in(&kept, "fixed"),
                missing: number_in(&kept, "missing")
                    .and_then(|at| Missing::ALL.get(at as usize).copied())
                    .unwrap_or_default(),
            };
            glance.offers = list_in(&kept, "offers").iter().filter_map(|offer| offer_of(&offer)).collect();
        }
        if let Ok(records) = store.all(Table::Conversations).await {
            glance.conversations = records.iter().filter_map(|(_, text)| head_of(&JSON::parse(text).ok()?)).collect();
            newest_first(&mut glance.conversations);
        }
        if let Ok(records) = store.all(Table::Models).await {
            glance.models = records.iter().filter_map(|(_, text)| model_of(&JSON::parse(text).ok()?)).collect();
            // The browser's own model, where this browser has none.
            let there = global("LanguageModel").is_some();
            glance.models.retain(|model| there || model.base_url != chat::model::built_in::PLACE);
        }
        if let Ok(Some(text)) = store.get(Table::Settings, CHOSEN).await {
            let chosen = JSON::parse(&text).ok().and_then(|id| id.as_string());
            glance.chosen_model = chosen.filter(|id| glance.models.iter().any(|model| model.id == *id));
        }
        store.close();
        glance
    }
}

/// The order in which conversations are listed.
pub(crate) fn newest_first(heads: &mut [ConversationHead]) {
    heads.sort_unstable_by(|one, two| two.updated_at.cmp(&one.updated_at).then_with(|| two.id.cmp(&one.id)));
}

fn offer_of(offer: &JsValue) -> Option<Offer> {
    Some(Offer {
        id: text_in(offer, "id")?.into(),
        name: text_in(offer, "name")?,
        badge: text_in(offer, "badge"),
        tint: number_in(offer, "tint").map_or(0, |tint| tint as u8),
        custom: truth_in(offer, "custom"),
        on: number_in(offer, "on").map_or(0, |on| on as usize),
        actions: list_in(offer, "actions").iter().filter_map(|name| name.as_string()).collect(),
    })
}

fn head_of(head: &JsValue) -> Option<ConversationHead> {
    Some(ConversationHead {
        id: ConversationId::from(text_in(head, "id")?),
        title: text_in(head, "title")?,
        created_at: number_in(head, "created_at")? as u64,
        updated_at: number_in(head, "updated_at")? as u64,
    })
}

fn model_of(model: &JsValue) -> Option<ModelName> {
    Some(ModelName { id: text_in(model, "id")?, name: text_in(model, "name")?, base_url: text_in(model, "base_url")? })
}

fn member(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &JsValue::from_str(name)).ok()
}

fn text_in(object: &JsValue, name: &str) -> Option<String> {
    member(object, name)?.as_string()
}

fn number_in(object: &JsValue, name: &str) -> Option<f64> {
    member(object, name)?.as_f64()
}

fn truth_in(object: &JsValue, name: &str) -> bool {
    member(object, name).is_some_and(|value| value.is_truthy())
}

fn list_in(object: &JsValue, name: &str) -> Array {
    member(object, name).and_then(|value| value.dyn_into().ok()).unwrap_or_default()
}

/// Listens to what other tabs change, until it is dropped.
pub struct Watch {
    channel: Option<BroadcastChannel>,
    _on_news: Closure<dyn FnMut()>,
}

impl Watch {
    /// Runs `changed` whenever another tab changed something in the store of this name.
    pub fn new(name: &str, changed: impl FnMut() + 'static) -> Watch {
        let on_news = Closure::new(changed);
        let exists = global("BroadcastChannel").is_some();
        let channel = exists.then(|| BroadcastChannel::new(&format!("countersign:{name}")).ok()).flatten();
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(on_news.as_ref().unchecked_ref()));
        }
        Watch { channel, _on_news: on_news }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(channel) = &self.channel {
            channel.set_onmessage(None);
            channel.close();
        }
    }
}
