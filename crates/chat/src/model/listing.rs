//! The models that an endpoint lists.

use super::Wire;
use super::draft::text;
use serde_json::Value;

/// The most models that are taken from a list.
const MAX: usize = 2_000;

/// A model of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name at the provider.
    pub name: String,
    /// The size of its context in tokens, where the list says.
    pub context: Option<u32>,
}

/// The models of a provider's list, by name. What the list says is no chat model is left out.
pub fn read(wire: Wire, list: &Value) -> Vec<Listed> {
    let (key, name) = match wire {
        Wire::Gemini => ("models", "name"),
        Wire::Ollama => ("models", "name"),
        Wire::OpenaiChat | Wire::OpenaiResponses | Wire::Anthropic => ("data", "id"),
        // There is one, and nobody lists it.
        Wire::BuiltIn => return Vec::new(),
    };
    let entries = list.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut models: Vec<Listed> = entries
        .iter()
        .filter(|entry| answers(entry))
        .map(|entry| Listed {
            name: text(entry, name).trim_start_matches("models/").to_owned(),
            context: context(entry),
        })
        .filter(|model| !model.name.is_empty() && model.name.len() <= 200)
        .take(MAX)
        .collect();
    models.sort_by(|a, b| a.name.cmp(&b.name));
    models.dedup_by(|a, b| a.name == b.name);
    models
}

/// Gemini's and Mistral's lists say what a model is for; the others do not.
fn answers(entry: &Value) -> bool {
    let methods = entry.get("supportedGenerationMethods").and_then(Value::as_array);
    let generates = methods.is_none_or(|methods| methods.iter().any(|method| method == "generateContent"));
    generates && entry.pointer("/capabilities/completion_chat").is_none_or(|chats| chats == true)
}

/// OpenRouter, Groq, vLLM, Mistral, Gemini, Anthropic and llama.cpp each have their own word for it.
fn context(entry: &Value) -> Option<u32> {
    let known = [
        "/context_length",
        "/context_window",
        "/max_model_len",
        "/max_context_length",
        "/inputTokenLimit",
        "/max_input_tokens",
        "/meta/n_ctx_train",
    ];
    known.iter().find_map(|path| entry.pointer(path)?.as_u64()?.try_into().ok())
}

#[cfg(test)]
mod tests;
