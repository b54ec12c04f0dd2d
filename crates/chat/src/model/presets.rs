//! Providers and local servers that are known: where they are, what they speak, and what is in the way of a browser.
//!
//! Source: wires.md B1. A preset fills a form and says what to do when a browser is not let in; nothing else depends on
//! it, and everything it fills in can be changed.

use super::Wire;

/// Whether a provider wants a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Every request needs one; it is made at this page of the provider.
    At(&'static str),
    /// One is made by signing in at OpenRouter, and can be pasted too.
    SignIn(&'static str),
    /// It can be set up to want one.
    Optional,
}

/// A provider or a local server.
#[derive(Debug, PartialEq, Eq)]
pub struct Preset {
    /// Names it in a configuration. Never changed.
    pub id: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// The wire it speaks best.
    pub wire: Wire,
    /// Its base URL; empty where everybody has another one.
    pub base_url: &'static str,
    /// Its key.
    pub key: Key,
    /// What lets web pages in, where it is a setting. `{origin}` stands for the origin of this page.
    pub lets_in: Option<&'static str>,
    /// What has to be true for tools to work, where something has.
    pub tools: Option<&'static str>,
}

/// The preset of any other endpoint.
pub const CUSTOM: &str = "custom";

/// All presets, in the order in which they are offered.
pub const ALL: &[Preset] = &[
    Preset {
        id: "openai",
        name: "OpenAI",
        wire: Wire::OpenaiResponses,
        base_url: "https://api.openai.com/v1",
        key: Key::At("https://platform.openai.com/api-keys"),
        lets_in: None,
        tools: None,
    },
    Preset {
        id: "anthropic",
        name: "Anthropic",
        wire: Wire::Anthropic,
        base_url: "https://api.anthropic.com/v1",
        key: Key::At("https://console.anthropic.com/settings/keys"),
        lets_in: Some("some organisations forbid requests from browsers: an administrator can allow them"),
        tools: None,
    },
    Preset {
        id: "gemini",
        name: "Google Gemini",
        wire: Wire::Gemini,
        base_url: "https://generativelanguage.googleapis.com/v1beta",
        key: Key::At("https://aistudio.google.com/apikey"),
        lets_in: None,
        tools: None,
    },
    Preset {
        id: "openrouter",
        name: "OpenRouter",
        wire: Wire::OpenaiChat,
        base_url: "https://openrouter.ai/api/v1",
        key: Key::SignIn("https://openrouter.ai/settings/keys"),
        lets_in: None,
        tools: Some("choose a model whose page lists tools"),
    },
    Preset {
        id: "mistral",
        name: "Mistral",
        wire: Wire::OpenaiChat,
        base_url: "https://api.mistral.ai/v1",
        key: Key::At("https://console.mistral.ai/api-keys"),
        lets_in: None,
        tools: None,
    },
    Preset {
        id: "groq",
        name: "Groq",
        wire: Wire::OpenaiChat,
        base_url: "https://api.groq.com/openai/v1",
        key: Key::At("https://console.groq.com/keys"),
        lets_in: None,
        tools: None,
    },
    Preset {
        id: "ollama",
        name: "Ollama",
        wire: Wire::Ollama,
        base_url: "http://localhost:11434",
        key: Key::Optional,
        lets_in: Some("start it with `OLLAMA_ORIGINS={origin}` in its environment"),
        tools: Some("choose a model that is marked with tools in Ollama's library, and enter the size of its context"),
    },
    Preset {
        id: "lm-studio",
        name: "LM Studio",
        wire: Wire::OpenaiChat,
        base_url: "http://localhost:1234/v1",
        key: Key::Optional,
        lets_in: Some("turn on Enable CORS under Developer, or start it with `lms server start --cors`"),
        tools: None,
    },
    Preset {
        id: "llama-cpp",
        name: "llama.cpp",
        wire: Wire::OpenaiChat,
        base_url: "http://localhost:8080/v1",
        key: Key::Optional,
        lets_in: Some("start it with `--cors-origins {origin}`"),
        tools: Some("start it with `--jinja`"),
    },
    Preset {
        id: "vllm",
        name: "vLLM",
        wire: Wire::OpenaiChat,
        base_url: "http://localhost:8000/v1",
        key: Key::Optional,
        lets_in: Some("start it with `--allowed-origins '[\"{origin}\"]'`"),
        tools: Some("start it with `--enable-auto-tool-choice` and the `--tool-call-parser` of the model"),
    },
    Preset {
        id: CUSTOM,
        name: "Another endpoint",
        wire: Wire::OpenaiChat,
        base_url: "",
        key: Key::Optional,
        lets_in: None,
        tools: None,
    },
];

/// The preset of this name.
pub fn of(id: &str) -> Option<&'static Preset> {
    ALL.iter().find(|preset| preset.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Endpoint;

    #[test]
    fn wi04_the_providers_and_local_servers_that_are_there_to_choose() {
        let all: Vec<_> = ALL.iter().map(|preset| (preset.id, preset.wire, preset.base_url)).collect();
        assert_eq!(
            all,
            [
                ("openai", Wire::OpenaiResponses, "https://api.openai.com/v1"),
                ("anthropic", Wire::Anthropic, "https://api.anthropic.com/v1"),
                ("gemini", Wire::Gemini, "https://generativelanguage.googleapis.com/v1beta"),
                ("openrouter", Wire::OpenaiChat, "https://openrouter.ai/api/v1"),
                ("mistral", Wire::OpenaiChat, "https://api.mistral.ai/v1"),
                ("groq", Wire::OpenaiChat, "https://api.groq.com/openai/v1"),
                ("ollama", Wire::Ollama, "http://localhost:11434"),
                ("lm-studio", Wire::OpenaiChat, "http://localhost:1234/v1"),
                ("llama-cpp", Wire::OpenaiChat, "http://localhost:8080/v1"),
                ("vllm", Wire::OpenaiChat, "http://localhost:8000/v1"),
                (CUSTOM, Wire::OpenaiChat, ""),
            ]
        );
        let signs_in = |preset: &&Preset| matches!(preset.key, Key::SignIn(_));
        assert_eq!(ALL.iter().filter(signs_in).map(|preset| preset.id).collect::<Vec<_>>(), ["openrouter"]);
    }

    #[test]
    fn wi04_every_preset_can_be_found_and_is_encrypted_or_local() {
        for preset in ALL {
            assert_eq!(of(preset.id), Some(preset));
            let fine = preset.base_url.is_empty()
                || preset.base_url.starts_with("https://")
                || preset.base_url.starts_with("http://localhost:");
            assert!(fine && !preset.base_url.ends_with('/'), "{}", preset.id);
            let endpoint = Endpoint { wire: preset.wire, base_url: preset.base_url.to_owned(), ..Endpoint::default() };
            assert!(preset.base_url.is_empty() || endpoint.models_url().starts_with(preset.base_url));
            // Who wants a key is not on this machine, and the page where it is made is the provider's own.
            if let Key::At(page) | Key::SignIn(page) = preset.key {
                assert!(page.starts_with("https://") && preset.base_url.starts_with("https://"));
            }
        }
        assert_eq!(of("nobody"), None);
    }
}
