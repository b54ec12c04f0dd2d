//! *Workbench*: a demo for the three jobs that connectors are mostly for (S011): starting a workflow, creating a project
//! task, bringing a customer record up to date. The records are real and stay in this browser, as one value, because
//! they are few and belong together.

use std::rc::Rc;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value, json};

use super::{Server, ToolAnswer, ToolCall, annotations, text, tool};
use crate::store::{Op, Store, StoreError, Table};
use crate::time::now;

/// Where its records are, among the settings.
pub(crate) const KEY: &str = "demo:workbench";
/// The workflows that can be started.
const WORKFLOWS: [(&str, &str); 3] =
    [("onboarding", "Onboard a colleague"), ("offer", "Prepare an offer"), ("release", "Release a version")];
/// What a customer can be.
const STANDINGS: [&str; 3] = ["lead", "customer", "former"];
/// How urgent a task can be.
const PRIORITIES: [&str; 3] = ["low", "normal", "high"];

/// The server.
pub struct Workbench {
    store: Rc<dyn Store>,
}

impl Workbench {
    /// A workbench whose records are in a store.
    pub fn new(store: Rc<dyn Store>) -> Self {
        Workbench { store }
    }
}

impl Server for Workbench {
    fn info(&self) -> Value {
        json!({ "name": "workbench", "title": "Workbench", "version": env!("CARGO_PKG_VERSION") })
    }

    fn instructions(&self) -> &'static str {
        "Workflows, project tasks and customers of a demo, kept in this browser only. Look up a customer's id with list_customers before updating the record."
    }

    fn tools(&self) -> Vec<Value> {
        let words = |title: &str, longest: u32| json!({ "type": "string", "title": title, "minLength": 1, "maxLength": longest });
        let list = |name: &str| {
            json!({
                "type": "object",
                "properties": { name: { "type": "array", "items": { "type": "object" } } },
                "required": [name],
            })
        };
        let one = || json!({ "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] });
        let workflows: Vec<Value> =
            WORKFLOWS.iter().map(|(id, title)| json!({ "const": id, "title": title })).collect();
        let (reads, writes) = (annotations(true, false, true), annotations(false, false, false));
        vec![
            tool(
                "start_workflow",
                "Start a workflow",
                "Starts a workflow of the demo, and says which run it is.",
                json!({
                    "workflow": { "type": "string", "title": "Workflow", "oneOf": workflows },
                    "about": words("For whom or what", 200),
                }),
                &["workflow", "about"],
                one(),
                writes.clone(),
            ),
            tool(
                "list_runs",
                "List workflow runs",
                "Lists the workflows that were started, newest first.",
                json!({}),
                &[],
                list("runs"),
                reads.clone(),
            ),
            tool(
                "create_task",
                "Create a project task",
                "Puts a new task into a project.",
                json!({
                    "title": words("Title", 200),
                    "project": words("Project", 80),
                    "priority": { "type": "string", "title": "Priority", "enum": PRIORITIES, "default": "normal" },
                }),
                &["title", "project"],
                one(),
                writes.clone(),
            ),
            tool(
                "list_tasks",
                "List project tasks",
                "Lists the tasks of every project, newest first.",
                json!({}),
                &[],
                list("tasks"),
                reads.clone(),
            ),
            tool(
                "update_customer",
                "Update a customer record",
                "Changes what is known of a customer. What is not given stays as it is.",
                json!({
                    "id": { "type": "string", "title": "Customer", "description": "The id of the customer" },
                    "standing": { "type": "string", "title": "Standing", "enum": STANDINGS },
                    "contact": words("Contact", 200),
                    "remark": words("Remark", 2000),
                }),
                &["id"],
                one(),
                annotations(false, false, true),
            ),
            tool(
                "list_customers",
                "List customers",
                "Lists the customers of the demo with what is known of each.",
                json!({}),
                &[],
                list("customers"),
                reads,
            ),
        ]
    }

    fn call(&self, call: ToolCall) -> LocalBoxFuture<'static, ToolAnswer> {
        let store = self.store.clone();
        async move {
            match run(store.as_ref(), &call).await {
                Ok(answer) => answer,
                Err(error) => ToolAnswer::Failed(format!("The workbench could not do it: {error}.")),
            }
        }
        .boxed_local()
    }
}

async fn run(store: &dyn Store, call: &ToolCall) -> Result<ToolAnswer, StoreError> {
    let arguments = &call.arguments;
    let mut kept = Kept::read(store).await?;
    Ok(match call.name.as_str() {
        "list_runs" => kept.listed("runs", "No workflow was started yet."),
        "list_tasks" => kept.listed("tasks", "There are no tasks."),
        "list_customers" => kept.listed("customers", "There are no customers."),
        "start_workflow" => {
            let wanted = text(arguments, "workflow");
            let Some((id, title)) = WORKFLOWS.iter().find(|(id, _)| *id == wanted) else {
                let known = WORKFLOWS.map(|(id, _)| format!("`{id}`")).join(", ");
                return Ok(ToolAnswer::Failed(format!("There is no workflow `{wanted}`. Start one of {known}.")));
            };
            let run = json!({ "workflow": id, "title": title, "about": text(arguments, "about"), "started": now() });
            let run = kept.add("runs", "RUN", run);
            kept.write(store).await?;
            done(&run, format!("Started “{title}” for {}", text(arguments, "about")))
        }
        "create_task" => {
            let priority = match text(arguments, "priority") {
                "" => "normal",
                given => given,
            };
            let (title, project) = (text(arguments, "title").trim(), text(arguments, "project").trim());
            if title.is_empty() || project.is_empty() {
                return Ok(ToolAnswer::Failed("A task needs a title and a project.".to_owned()));
            }
            let task = json!({ "title": title, "project": project, "priority": priority, "created": now() });
            let task = kept.add("tasks", "TASK", task);
            kept.write(store).await?;
            done(&task, format!("Created “{title}” in {project}"))
        }
        "update_customer" => {
            let id = text(arguments, "id");
            let Some(customer) = kept.find("customers", id) else {
                return Ok(ToolAnswer::Failed(format!(
                    "There is no customer `{id}`. List the customers to see their ids."
                )));
            };
            for field in ["standing", "contact", "remark"] {
                if let Some(value) = arguments.get(field) {
                    customer.insert(field.to_owned(), value.clone());
                }
            }
            customer.insert("changed".to_owned(), json!(now()));
            let customer = Value::Object(customer.clone());
            kept.write(store).await?;
            let name = customer.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            done(&customer, format!("Updated “{name}”"))
        }
        _ => ToolAnswer::Unknown,
    })
}

/// All of its records.
struct Kept(Map<String, Value>);

impl Kept {
    /// Reads them; the first time there are two customers to begin with.
    async fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let text = store.get(Table::Settings, KEY).await?;
        let kept = text.and_then(|text| serde_json::from_str(&text).ok());
        Ok(Kept(kept.unwrap_or_else(|| {
            let customers = json!([
                { "id": "CUST-1", "name": "Example Bakery", "standing": "customer", "contact": "orders@bakery.example" },
                { "id": "CUST-2", "name": "Example Bicycles", "standing": "lead", "contact": "hello@bicycles.example" },
            ]);
            Map::from_iter([("customers".to_owned(), customers)])
        })))
    }

    async fn write(&self, store: &dyn Store) -> Result<(), StoreError> {
        let text = serde_json::to_string(&self.0).map_err(|error| StoreError::Failed(error.to_string()))?;
        store.write(vec![Op::Put(Table::Settings, KEY.to_owned(), text)]).await
    }

    /// The records of a kind, as they were added.
    fn list(&self, name: &str) -> Vec<Value> {
        self.0.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
    }

    /// Adds a record under the next id, and gives it back.
    fn add(&mut self, name: &str, prefix: &str, mut record: Value) -> Value {
        let mut list = self.list(name);
        if let Some(fields) = record.as_object_mut() {
            fields.insert("id".to_owned(), json!(format!("{prefix}-{}", list.len() + 1)));
        }
        list.push(record.clone());
        self.0.insert(name.to_owned(), Value::Array(list));
        record
    }

    fn find(&mut self, name: &str, id: &str) -> Option<&mut Map<String, Value>> {
        let same = |record: &&mut Value| record.get("id").and_then(Value::as_str) == Some(id);
        self.0.get_mut(name)?.as_array_mut()?.iter_mut().find(same)?.as_object_mut()
    }

    /// The records of a kind, newest first.
    fn listed(&self, name: &str, none: &str) -> ToolAnswer {
        let records: Vec<Value> = self.list(name).iter().rev().cloned().collect();
        let said = |record: &Value, key: &str| record.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let lines: Vec<String> = records
            .iter()
            .map(|record| {
                let title = [said(record, "title"), said(record, "name")].concat();
                format!("- {title} ({})", said(record, "id"))
            })
            .collect();
        let text = if lines.is_empty() { none.to_owned() } else { lines.join("\n") };
        ToolAnswer::Done { text, structured: json!({ name: records }) }
    }
}

fn done(record: &Value, said: String) -> ToolAnswer {
    let id = record.get("id").and_then(Value::as_str).unwrap_or_default();
    ToolAnswer::Done { text: format!("{said} ({id})."), structured: record.clone() }
}
