//! Parts of the messages that have a tab of their own: those of apps, what servers asked, what they logged, and calls that
//! became tasks.

use browser::inspect::{Message, Peer};
use browser::mcp::inspect::Kind;
use serde_json::Value;

/// Which messages a tab shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All that go to servers and come from them.
    All,
    /// Those between this page and the apps of servers, each in its frame.
    Apps,
    /// Questions to the person and their answers (elicitation), in every era.
    Questions,
    /// What servers log, and how they are told what to log.
    Logs,
    /// How calls became tasks, how these are doing, and what came of them (the tasks extension, and tasks of 2025-11-25).
    Tasks,
}

impl Part {
    pub(super) fn title(self) -> &'static str {
        match self {
            Part::All => "Protocol",
            Part::Apps => "Apps",
            Part::Questions => "Questions",
            Part::Logs => "Logs",
            Part::Tasks => "Tasks",
        }
    }

    /// The words for an empty tab.
    pub(super) fn nothing(self) -> &'static str {
        match self {
            Part::All => "Nothing was seen yet. Use a connector in a chat, or run a request here.",
            Part::Apps => "No app has said anything yet. Show one in a chat while this page records.",
            Part::Questions => "No server has asked anything yet.",
            Part::Logs => "No server has logged anything yet.",
            Part::Tasks => "No call has become a task yet.",
        }
    }

    pub(super) fn takes(self, message: &Message) -> bool {
        let of_app = matches!(message.of.peer, Peer::App(_));
        match self {
            Part::Apps => of_app,
            _ if of_app => false,
            Part::All => true,
            Part::Questions => {
                matches!(message.method.as_str(), "elicitation/create" | "notifications/elicitation/complete")
                    || asks(message)
                    || answers(message)
            }
            Part::Logs => matches!(message.method.as_str(), "notifications/message" | "logging/setLevel"),
            Part::Tasks => {
                message.method.starts_with("tasks/")
                    || message.method.starts_with("notifications/tasks")
                    || begins(message)
            }
        }
    }

    /// What a message is about, as far as its line has room for it.
    pub(super) fn about(self, message: &Message) -> String {
        match self {
            Part::All | Part::Apps => message.about(),
            Part::Questions => question(message).unwrap_or_else(|| message.about()),
            Part::Logs => log(message).unwrap_or_else(|| message.about()),
            Part::Tasks => task(message).unwrap_or_else(|| message.about()),
        }
    }
}

/// Whether an answer asks for input (2026-07-28, multi round-trip requests).
fn asks(message: &Message) -> bool {
    message.kind == Kind::Result && message.text.contains(r#""inputRequests":"#)
}

/// Whether a request brings what was asked for.
fn answers(message: &Message) -> bool {
    message.kind == Kind::Request && message.text.contains(r#""inputResponses":"#)
}

/// The words of a question, or what was answered to it.
fn question(message: &Message) -> Option<String> {
    let value: Value = serde_json::from_str(&message.text).ok()?;
    let text = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let each = |path: &str, member: &str| -> Option<String> {
        let all = value.pointer(path)?.as_object()?;
        let words: Vec<String> = all.values().filter_map(|one| text(one, member)).collect();
        (!words.is_empty()).then(|| words.join(" · "))
    };
    text(&value, "/params/message")
        .or_else(|| text(&value, "/result/action"))
        .or_else(|| each("/result/inputRequests", "/params/message"))
        .or_else(|| each("/params/inputResponses", "/action"))
        .map(
            |words| {
                if message.method == "elicitation/create" { words } else { format!("{}: {words}", message.about()) }
            },
        )
}

/// Level, logger and text of a log message.
fn log(message: &Message) -> Option<String> {
    let value: Value = serde_json::from_str(&message.text).ok()?;
    let params = value.get("params")?;
    let level = params.get("level")?.as_str()?;
    let logger = params.get("logger").and_then(Value::as_str);
    let said = match params.get("data") {
        Some(Value::String(text)) => text.clone(),
        Some(data) => data.to_string(),
        None => return Some(format!("{} {level}", message.about())),
    };
    let short: String = said.chars().take(300).collect();
    Some([Some(level), logger, Some(&short)].into_iter().flatten().collect::<Vec<&str>>().join(" · "))
}

/// Whether an answer says that the call became a task.
fn begins(message: &Message) -> bool {
    message.kind == Kind::Result && message.method == "tools/call" && message.text.contains(r#""taskId":"#)
}

/// What a message says of a task: how it is doing, in the server's words, and which one it is.
fn task(message: &Message) -> Option<String> {
    let value: Value = serde_json::from_str(&message.text).ok()?;
    let places = ["/result/task", "/result", "/params"].into_iter().filter_map(|place| value.pointer(place));
    let task = places.into_iter().find(|place| place.get("taskId").is_some())?;
    let member = |name: &str| task.get(name).and_then(Value::as_str);
    let words =
        [Some(message.about()), member("status").map(str::to_owned), member("statusMessage").map(str::to_owned)];
    let id = member("taskId").map(|id| format!("task {id}"));
    Some(words.into_iter().chain([id]).flatten().collect::<Vec<_>>().join(" · "))
}
