//! Lists that come page by page, and what is kept of them.
//!
//! A complete list of 2026-07-28 is kept as long as the shortest `ttlMs` of its pages says, within its session and so for
//! one connection and one sign-in (X117), and never after a notification that it changed. Pages are not kept one by one:
//! a list is wanted as one snapshot (server/utilities/caching, "Interaction with Pagination").

use std::collections::VecDeque;

use serde_json::Value;

use crate::era::y2026;
use crate::error::{OpError, Sent};
use crate::headers::{self, Mirrored};
use crate::jsonrpc::{Answered, quoted};
use crate::request::List;
use crate::session::{Kind, Session};
use crate::table::Table;
use crate::types::{Era, Event, Excluded, Listed, Millis, OpId};

/// What a list taught about one tool.
pub(super) enum Known {
    /// It can be called.
    Usable {
        /// Its definition; null where only `task` matters.
        definition: Value,
        mirrored: Vec<Mirrored>,
        /// It runs as a task only (2025-11-25, `execution.taskSupport`).
        task: bool,
    },
    /// It was left out.
    Excluded { reason: String },
}

/// A list under way.
pub(super) struct Listing {
    pub(super) list: List,
    items: Vec<Value>,
    excluded: Vec<Excluded>,
    keys: Table<String, ()>,
    cursor: Option<String>,
    cursors: Table<String, ()>,
    pages: usize,
    bytes: usize,
    /// Until when it may be kept, as far as its pages say so far.
    until: Option<Millis>,
    /// It changed on the server since its first page was asked for, or is not to be kept for another reason.
    pub(super) changed: bool,
    /// The call that needs this list to learn its headers, instead of the host.
    pub(super) for_call: Option<OpId>,
}

impl Listing {
    pub(super) fn new(list: List, for_call: Option<OpId>) -> Self {
        Self {
            list,
            items: Vec::new(),
            excluded: Vec::new(),
            keys: Table::default(),
            cursor: None,
            cursors: Table::default(),
            pages: 0,
            bytes: 0,
            until: None,
            changed: false,
            for_call,
        }
    }

    /// Begins anew: cursors do not outlive the session.
    pub(super) fn restart(&mut self) {
        *self = Self::new(self.list, self.for_call);
    }
}

/// A list that is kept.
struct Kept {
    list: List,
    items: Vec<Value>,
    excluded: Vec<Excluded>,
    until: Millis,
}

/// A resource that is kept.
struct KeptResource {
    uri: String,
    result: Value,
    bytes: usize,
    until: Millis,
}

/// What is kept of answers for as long as their server allows.
#[derive(Default)]
pub(super) struct Cache {
    lists: Vec<Kept>,
    /// The oldest first.
    resources: VecDeque<KeptResource>,
}

impl Cache {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn drop_list(&mut self, list: List) {
        self.lists.retain(|kept| kept.list != list);
    }

    /// A resource changed. So may have what is below it, and what it is below of.
    fn drop_resource(&mut self, uri: &str) {
        self.resources.retain(|kept| !kept.uri.starts_with(uri) && !uri.starts_with(&kept.uri));
    }

    pub(super) fn resource(&self, uri: &str, now: Millis) -> Option<Value> {
        self.resources.iter().find(|kept| kept.uri == uri && now < kept.until).map(|kept| kept.result.clone())
    }

    /// Keeps a resource, and lets older ones go where all of them together would be more than `limit` bytes.
    pub(super) fn keep_resource(&mut self, uri: &str, result: &Value, bytes: usize, now: Millis, limit: usize) {
        self.resources.retain(|kept| kept.uri != uri && now < kept.until);
        let until = now.saturating_add(y2026::ttl(result));
        if until <= now || bytes > limit {
            return;
        }
        let mut all = bytes + self.resources.iter().map(|kept| kept.bytes).sum::<usize>();
        while all > limit
            && let Some(oldest) = self.resources.pop_front()
        {
            all -= oldest.bytes;
        }
        self.resources.push_back(KeptResource { uri: uri.to_owned(), result: result.clone(), bytes, until });
    }
}

impl Session {
    pub(super) fn send_list(&mut self, op: OpId) {
        let stepped = self.was_modern(op) != self.is_modern();
        if stepped && let Some(Kind::List(listing)) = self.ops.get_mut(&op).map(|op| &mut op.kind) {
            // The pages of two revisions are no snapshot.
            listing.restart();
        }
        let Some(Kind::List(listing)) = self.ops.get(&op).map(|op| &op.kind) else { return };
        let (list, first) = (listing.list, listing.pages == 0);
        let lacks = list != List::Tools && self.lacks(list.capability());
        if lacks {
            let what = format!("`{}`", list.capability());
            return self.fail(op, OpError::Unsupported { what }, Sent::No);
        }
        if first
            && listing.for_call.is_none()
            && let Some(kept) = self.cache.lists.iter().find(|kept| kept.list == list && self.now < kept.until)
        {
            let (items, excluded) = (kept.items.clone(), kept.excluded.clone());
            self.ops.remove(&op);
            return self.tell_list(op, list, items, excluded);
        }
        let params = listing.cursor.iter().map(|cursor| ("cursor", quoted(cursor))).collect();
        self.send(op, list.method(), params, None, Vec::new(), false);
    }

    /// One page of a list arrived.
    pub(super) fn page(&mut self, op: OpId, answered: Answered) {
        match self.take_page(op, answered) {
            Ok(true) => self.send_list(op),
            Ok(false) => self.listed(op),
            Err(error) => self.fail(op, error, Sent::Yes),
        }
    }

    /// Takes one page; true when there is another one.
    fn take_page(&mut self, op: OpId, answered: Answered) -> Result<bool, OpError> {
        let (limits, now, modern) = (self.config.limits, self.now, self.was_modern(op));
        let Some(Kind::List(listing)) = self.ops.get_mut(&op).map(|op| &mut op.kind) else { return Ok(false) };
        let Value::Object(mut result) = answered.result else {
            return Err(OpError::Invalid { what: "the list is not an object".into() });
        };
        if modern && result.get("resultType").is_some_and(|kind| kind != "complete") {
            return Err(OpError::Invalid { what: "the list has an unknown `resultType`".into() });
        }
        let member = listing.list.member();
        let Some(Value::Array(items)) = result.remove(member) else {
            return Err(OpError::Invalid { what: format!("the list has no `{member}`") });
        };
        listing.pages += 1;
        listing.bytes = listing.bytes.saturating_add(answered.bytes);
        if listing.bytes > limits.list_bytes {
            return Err(OpError::TooMuch { what: "bytes", limit: limits.list_bytes });
        }
        for item in items {
            listing.take(item, modern);
            if listing.items.len() + listing.excluded.len() > limits.tools {
                return Err(OpError::TooMuch { what: member, limit: limits.tools });
            }
        }
        let cursor = result.remove("nextCursor");
        let until = now.saturating_add(y2026::ttl(&Value::Object(result)));
        listing.until = Some(listing.until.map_or(until, |before| before.min(until)));
        match cursor {
            None | Some(Value::Null) => Ok(false),
            // 2026-07-28 says that an empty cursor is one. In older revisions it is how several servers say that there
            // is no more.
            Some(Value::String(cursor)) if cursor.is_empty() && !modern => Ok(false),
            Some(Value::String(cursor)) => {
                if !listing.cursors.insert(cursor.clone(), ()) {
                    return Err(OpError::CursorLoop);
                }
                if listing.pages >= limits.pages {
                    return Err(OpError::TooMuch { what: "pages", limit: limits.pages });
                }
                listing.cursor = Some(cursor);
                Ok(true)
            }
            Some(_) => Err(OpError::Invalid { what: "`nextCursor` is not text".into() }),
        }
    }

    /// A list is complete.
    fn listed(&mut self, op: OpId) {
        let Some(Kind::List(listing)) = self.ops.remove(&op).map(|op| op.kind) else { return };
        let before = match listing.list {
            List::Tools => self.learn_tools(&listing),
            _ => Table::default(),
        };
        let Listing { list, items, excluded, until, changed, for_call, .. } = *listing;
        let until = until.filter(|until| self.is_modern() && !changed && *until > self.now);
        self.cache.drop_list(list);
        if let Some(until) = until {
            self.cache.lists.push(Kept { list, items: items.clone(), excluded: excluded.clone(), until });
        }
        match for_call {
            None => self.tell_list(op, list, items, excluded),
            Some(call) => self.relisted(call, before),
        }
    }

    fn tell_list(&mut self, op: OpId, list: List, items: Vec<Value>, excluded: Vec<Excluded>) {
        self.tell(match list {
            List::Tools => Event::Tools { op, tools: items, excluded },
            _ => Event::Listed { op, list, items, excluded },
        });
    }

    /// Keeps what calls need to know of the tools, and gives back what was known before.
    fn learn_tools(&mut self, listing: &Listing) -> Table<String, Known> {
        let before = std::mem::take(&mut self.tools);
        let named = |tool: &Value| tool.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        match self.wire.as_ref().map(crate::era::Wire::era) {
            Some(Era::Y2026) => {
                for Excluded { name, reason } in &listing.excluded {
                    self.tools.insert(name.clone(), Known::Excluded { reason: reason.clone() });
                }
                for tool in &listing.items {
                    let mirrored = tool.get("inputSchema").and_then(|schema| headers::mirrored(schema).ok());
                    let mirrored = mirrored.unwrap_or_default();
                    self.tools.insert(named(tool), Known::Usable { definition: tool.clone(), mirrored, task: false });
                }
            }
            Some(Era::Y2025) if self.config.tasks => {
                let required =
                    |tool: &&Value| tool.pointer("/execution/taskSupport").and_then(Value::as_str) == Some("required");
                for tool in listing.items.iter().filter(required) {
                    let known = Known::Usable { definition: Value::Null, mirrored: Vec::new(), task: true };
                    self.tools.insert(named(tool), known);
                }
            }
            _ => {}
        }
        before
    }

    /// A list changed on the server: nothing of it is kept, and a list under way is not either.
    pub(super) fn void_list(&mut self, changed: Listed) {
        let lists = changed.lists();
        for list in lists {
            self.cache.drop_list(*list);
        }
        for op in self.ops.values_mut() {
            if let Kind::List(listing) = &mut op.kind {
                listing.changed |= lists.contains(&listing.list);
            }
        }
    }

    /// A resource changed on the server: nothing of it is kept, and an answer under way is not either.
    pub(super) fn void_resource(&mut self, uri: &str) {
        self.cache.drop_resource(uri);
        for op in self.ops.values_mut() {
            if let Kind::Call(call) = &mut op.kind {
                call.keep = false;
            }
        }
    }
}

impl Listing {
    /// Takes one entry in, or says why not.
    fn take(&mut self, item: Value, modern: bool) {
        let place = self.items.len() + self.excluded.len() + 1;
        let key = self.list.key();
        let name = item.get(key).and_then(Value::as_str).filter(|name| !name.is_empty());
        let is_tool = self.list == List::Tools;
        let reason = match name {
            None if key == "name" => Some("it has no name".to_owned()),
            None => Some("it has no address".to_owned()),
            Some(name) if self.keys.contains_key(name) => {
                let what = if is_tool { "tool" } else { "entry" };
                Some(format!(
                    "its {} is taken by another {what} of the list",
                    if key == "name" { key } else { "address" }
                ))
            }
            Some(_) if is_tool && !item.get("inputSchema").is_some_and(Value::is_object) => {
                Some("it has no input schema".into())
            }
            Some(_) if is_tool && modern => item.get("inputSchema").and_then(|schema| headers::mirrored(schema).err()),
            Some(_) => None,
        };
        let name = name.map_or_else(|| format!("#{place}"), str::to_owned);
        match reason {
            Some(reason) => self.excluded.push(Excluded { name, reason }),
            None => {
                self.keys.insert(name, ());
                self.items.push(item);
            }
        }
    }
}
