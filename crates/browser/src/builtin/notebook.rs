//! *Notebook*: notes kept in the browser, with an action of every class to try.

use std::rc::Rc;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Server, ToolAnswer, ToolCall, annotations, score, text, tool, words};
use crate::store::{Op, Store, StoreError, Table};
use crate::time::{new_id, now};
use crate::view::Millis;

/// One note, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    id: String,
    title: String,
    text: String,
    /// The text before the last change, so that a change can be looked at and undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    #[serde(default)]
    archived: bool,
    updated_at: Millis,
}

impl Note {
    fn line(&self) -> Value {
        json!({ "id": self.id, "title": self.title, "archived": self.archived })
    }
}

/// The server.
pub struct Notebook {
    store: Rc<dyn Store>,
}

impl Notebook {
    /// A notebook whose notes are in a store.
    pub fn new(store: Rc<dyn Store>) -> Self {
        Notebook { store }
    }
}

impl Server for Notebook {
    fn info(&self) -> Value {
        json!({ "name": "notebook", "title": "Notebook", "version": env!("CARGO_PKG_VERSION") })
    }

    fn instructions(&self) -> &'static str {
        "Notes that are kept in this browser only. Look up a note's id with list_notes or search_notes before reading, changing or deleting it."
    }

    fn tools(&self) -> Vec<Value> {
        let id = json!({ "type": "string", "title": "Note", "description": "The id of the note" });
        let title = json!({ "type": "string", "title": "Title", "maxLength": 200 });
        let body =
            json!({ "type": "string", "title": "Text", "description": "The text of the note", "maxLength": 20000 });
        let lines = json!({
            "type": "object",
            "properties": {
                "notes": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "id": { "type": "string" },
                            "title": { "type": "string" },
                            "archived": { "type": "boolean" },
                        },
                        "required": ["id", "title", "archived"],
                    },
                },
            },
            "required": ["notes"],
        });
        let note = json!({
            "type": "object",
            "properties": {
                "id": { "type": "string" },
                "title": { "type": "string" },
                "text": { "type": "string" },
                "archived": { "type": "boolean" },
            },
            "required": ["id", "title", "text", "archived"],
        });
        vec![
            tool(
                "list_notes",
                "List notes",
                "Lists the notes in this browser, newest first.",
                json!({ "archived": { "type": "boolean", "title": "Archived notes too", "default": false } }),
                &[],
                lines.clone(),
                annotations(true, false, true),
            ),
            tool(
                "search_notes",
                "Search notes",
                "Searches titles and texts of the notes in this browser.",
                json!({ "query": { "type": "string", "title": "Query", "minLength": 1 } }),
                &["query"],
                lines.clone(),
                annotations(true, false, true),
            ),
            tool(
                "get_note",
                "Read a note",
                "Reads one note.",
                json!({ "id": id }),
                &["id"],
                note.clone(),
                annotations(true, false, true),
            ),
            tool(
                "create_note",
                "Create a note",
                "Writes a new note and keeps it in this browser.",
                json!({ "title": with(&title, "minLength", json!(1)), "text": body }),
                &["title"],
                note.clone(),
                annotations(false, false, false),
            ),
            tool(
                "update_note",
                "Update a note",
                "Changes the title or the text of a note. The text before the change is kept with it.",
                json!({ "id": id, "title": title, "text": body }),
                &["id"],
                note,
                annotations(false, false, true),
            ),
            tool(
                "tidy_notes",
                "Tidy notes",
                "Asks which notes to archive, and archives those. Archived notes can still be read.",
                json!({}),
                &[],
                lines.clone(),
                annotations(false, false, false),
            ),
            tool(
                "delete_note",
                "Delete a note",
                "Deletes one note for good.",
                json!({ "id": id }),
                &["id"],
                lines.clone(),
                annotations(false, true, true),
            ),
            tool(
                "delete_all_notes",
                "Delete all notes",
                "Deletes every note for good, archived ones too.",
                json!({}),
                &[],
                lines,
                annotations(false, true, true),
            ),
        ]
    }

    fn call(&self, call: ToolCall) -> LocalBoxFuture<'static, ToolAnswer> {
        let store = self.store.clone();
        async move {
            match run(store.as_ref(), &call).await {
                Ok(answer) => answer,
                Err(error) => ToolAnswer::Failed(format!("The notebook could not do it: {error}.")),
            }
        }
        .boxed_local()
    }
}

async fn run(store: &dyn Store, call: &ToolCall) -> Result<ToolAnswer, StoreError> {
    let arguments = &call.arguments;
    match call.name.as_str() {
        "list_notes" => {
            let archived = arguments.get("archived").and_then(Value::as_bool).unwrap_or_default();
            let notes: Vec<Note> = all(store).await?.into_iter().filter(|note| archived || !note.archived).collect();
            Ok(listed(&notes, "There are no notes."))
        }
        "search_notes" => {
            let words = words(text(arguments, "query"));
            let mut notes: Vec<(usize, Note)> =
                all(store).await?.into_iter().map(|note| (score(&words, &note.title, &note.text), note)).collect();
            notes.retain(|(score, _)| *score > 0);
            notes.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
            let notes: Vec<Note> = notes.into_iter().map(|(_, note)| note).collect();
            Ok(listed(&notes, "No note matches."))
        }
        "get_note" => with_note(store, arguments, |note| Ok(shown(&note))).await,
        "create_note" => {
            let title = text(arguments, "title").trim();
            if title.is_empty() {
                return Ok(ToolAnswer::Failed("A note needs a title.".to_owned()));
            }
            let note = Note {
                id: new_id("note"),
                title: title.to_owned(),
                text: text(arguments, "text").to_owned(),
                previous: None,
                archived: false,
                updated_at: now(),
            };
            put(store, &[&note]).await?;
            Ok(said(&note, format!("Created “{}” ({}).", note.title, note.id)))
        }
        "update_note" => {
            let Some(mut note) = find(store, text(arguments, "id")).await? else { return Ok(missing(arguments)) };
            if let Some(title) = arguments.get("title").and_then(Value::as_str).filter(|title| !title.trim().is_empty())
            {
                note.title = title.trim().to_owned();
            }
            if let Some(text) = arguments.get("text").and_then(Value::as_str) {
                note.previous = Some(std::mem::replace(&mut note.text, text.to_owned()));
            }
            note.updated_at = now();
            put(store, &[&note]).await?;
            Ok(said(&note, format!("Updated “{}” ({}).", note.title, note.id)))
        }
        "tidy_notes" => tidy(store, &call.answers).await,
        "delete_note" => {
            let Some(note) = find(store, text(arguments, "id")).await? else { return Ok(missing(arguments)) };
            store.write(vec![Op::Delete(Table::Notes, note.id.clone())]).await?;
            Ok(changed(std::slice::from_ref(&note), format!("Deleted “{}”.", note.title)))
        }
        "delete_all_notes" => {
            let notes = all(store).await?;
            store.write(vec![Op::Clear(Table::Notes)]).await?;
            Ok(changed(&notes, format!("Deleted {}.", count(notes.len()))))
        }
        _ => Ok(ToolAnswer::Unknown),
    }
}

async fn tidy(store: &dyn Store, answers: &Map<String, Value>) -> Result<ToolAnswer, StoreError> {
    const QUESTION: &str = "archive";
    let open: Vec<Note> = all(store).await?.into_iter().filter(|note| !note.archived).collect();
    if open.is_empty() {
        return Ok(changed(&[], "There is nothing to tidy.".to_owned()));
    }
    let Some(answer) = answers.get(QUESTION) else {
        let choices: Vec<Value> = open.iter().map(|note| json!({ "const": note.id, "title": note.title })).collect();
        return Ok(ToolAnswer::Ask {
            name: QUESTION,
            message: "Which notes should be archived? They can still be read afterwards.".to_owned(),
            schema: json!({
                "type": "object",
                "properties": {
                    "notes": {
                        "type": "array",
                        "title": "Notes to archive",
                        "items": { "anyOf": choices },
                        "minItems": 1,
                    },
                },
                "required": ["notes"],
            }),
        });
    };
    if answer.get("action").and_then(Value::as_str) != Some("accept") {
        return Ok(changed(&[], "Nothing was archived.".to_owned()));
    }
    let chosen = answer.get("content").and_then(|content| content.get("notes")).and_then(Value::as_array);
    let chosen: Vec<&str> = chosen.map(|ids| ids.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    let archived: Vec<Note> = open
        .into_iter()
        .filter(|note| chosen.contains(&note.id.as_str()))
        .map(|note| Note { archived: true, updated_at: now(), ..note })
        .collect();
    put(store, &archived.iter().collect::<Vec<_>>()).await?;
    Ok(changed(&archived, format!("Archived {}.", count(archived.len()))))
}

fn with(schema: &Value, key: &str, value: Value) -> Value {
    let mut schema = schema.clone();
    if let Some(schema) = schema.as_object_mut() {
        schema.insert(key.to_owned(), value);
    }
    schema
}

async fn all(store: &dyn Store) -> Result<Vec<Note>, StoreError> {
    let mut notes: Vec<Note> =
        store.all(Table::Notes).await?.iter().filter_map(|(_, text)| serde_json::from_str(text).ok()).collect();
    notes.sort_by_key(|note| std::cmp::Reverse(note.updated_at));
    Ok(notes)
}

async fn find(store: &dyn Store, id: &str) -> Result<Option<Note>, StoreError> {
    Ok(store.get(Table::Notes, id).await?.and_then(|text| serde_json::from_str(&text).ok()))
}

async fn with_note(
    store: &dyn Store,
    arguments: &Map<String, Value>,
    then: impl FnOnce(Note) -> Result<ToolAnswer, StoreError>,
) -> Result<ToolAnswer, StoreError> {
    match find(store, text(arguments, "id")).await? {
        Some(note) => then(note),
        None => Ok(missing(arguments)),
    }
}

async fn put(store: &dyn Store, notes: &[&Note]) -> Result<(), StoreError> {
    let ops = notes
        .iter()
        .filter_map(|note| Some(Op::Put(Table::Notes, note.id.clone(), serde_json::to_string(note).ok()?)))
        .collect();
    store.write(ops).await
}

fn missing(arguments: &Map<String, Value>) -> ToolAnswer {
    ToolAnswer::Failed(format!("There is no note `{}`. List the notes to see their ids.", text(arguments, "id")))
}

fn listed(notes: &[Note], none: &str) -> ToolAnswer {
    let lines: Vec<String> = notes.iter().map(|note| format!("- {} ({})", note.title, note.id)).collect();
    changed(notes, if lines.is_empty() { none.to_owned() } else { lines.join("\n") })
}

fn changed(notes: &[Note], text: String) -> ToolAnswer {
    ToolAnswer::Done { text, structured: json!({ "notes": notes.iter().map(Note::line).collect::<Vec<_>>() }) }
}

fn shown(note: &Note) -> ToolAnswer {
    said(note, format!("## {}\n\n{}", note.title, note.text))
}

fn said(note: &Note, text: String) -> ToolAnswer {
    let mut structured = json!({ "id": note.id, "title": note.title, "text": note.text, "archived": note.archived });
    if let (Some(previous), Some(object)) = (&note.previous, structured.as_object_mut()) {
        object.insert("previous".to_owned(), json!(previous));
    }
    ToolAnswer::Done { text, structured }
}

fn count(notes: usize) -> String {
    if notes == 1 { "1 note".to_owned() } else { format!("{notes} notes") }
}
