//! *Guide*: search and fetch over the product's own help, and nothing else (S117).

use futures_util::FutureExt as _;
use futures_util::future::{LocalBoxFuture, ready};
use serde_json::{Value, json};

use super::{Server, ToolAnswer, ToolCall, annotations, score, text, words};

/// One article of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Article {
    /// Its id, as in the route `/help/:id`.
    pub id: &'static str,
    /// Its text: Markdown whose first line is the title.
    pub text: &'static str,
}

impl Article {
    /// Its title.
    pub fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches('#').trim()
    }

    /// Its first paragraph.
    pub fn summary(&self) -> &'static str {
        self.text.split("\n\n").nth(1).unwrap_or_default().trim()
    }
}

/// The whole help, in the order of a table of contents.
pub const ARTICLES: &[Article] = &[
    Article { id: "first-minute", text: include_str!("../../help/first-minute.md") },
    Article { id: "direct-mode", text: include_str!("../../help/direct-mode.md") },
    Article { id: "add-a-connector", text: include_str!("../../help/add-a-connector.md") },
    Article { id: "developer-mode", text: include_str!("../../help/developer-mode.md") },
    Article { id: "people", text: include_str!("../../help/people.md") },
    Article { id: "asking", text: include_str!("../../help/asking.md") },
    Article { id: "changed-actions", text: include_str!("../../help/changed-actions.md") },
    Article { id: "connection-problems", text: include_str!("../../help/connection-problems.md") },
    Article { id: "models", text: include_str!("../../help/models.md") },
    Article { id: "privacy", text: include_str!("../../help/privacy.md") },
    Article { id: "modes", text: include_str!("../../help/modes.md") },
    Article { id: "audit", text: include_str!("../../help/audit.md") },
];

/// The server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guide;

impl Server for Guide {
    fn info(&self) -> Value {
        json!({ "name": "guide", "title": "Guide", "version": env!("CARGO_PKG_VERSION") })
    }

    fn instructions(&self) -> &'static str {
        "Help on this product. Search for an article, then fetch it by its id and answer from its text."
    }

    fn tools(&self) -> Vec<Value> {
        vec![
            json!({
                "name": "search",
                "title": "Search the guide",
                "description": "Searches the help on this product: connectors, developer mode, confirmations, models, privacy.",
                "inputSchema": {
                    "type": "object",
                    "properties": {
                        "query": { "type": "string", "title": "Query", "description": "What to look for", "minLength": 1 },
                    },
                    "required": ["query"],
                    "additionalProperties": false,
                },
                "outputSchema": {
                    "type": "object",
                    "properties": {
                        "results": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": {
                                    "id": { "type": "string" },
                                    "title": { "type": "string" },
                                    "summary": { "type": "string" },
                                },
                                "required": ["id", "title", "summary"],
                            },
                        },
                    },
                    "required": ["results"],
                },
                "annotations": annotations(true, false, true),
            }),
            json!({
                "name": "fetch",
                "title": "Read a guide article",
                "description": "Reads one article of the help on this product by its id.",
                "inputSchema": {
                    "type": "object",
                    "properties": {
                        "id": {
                            "type": "string",
                            "title": "Article",
                            "description": "The id of the article",
                            "oneOf": ARTICLES
                                .iter()
                                .map(|article| json!({ "const": article.id, "title": article.title() }))
                                .collect::<Vec<_>>(),
                        },
                    },
                    "required": ["id"],
                    "additionalProperties": false,
                },
                "outputSchema": {
                    "type": "object",
                    "properties": {
                        "id": { "type": "string" },
                        "title": { "type": "string" },
                        "text": { "type": "string" },
                    },
                    "required": ["id", "title", "text"],
                },
                "annotations": annotations(true, false, true),
            }),
        ]
    }

    fn call(&self, call: ToolCall) -> LocalBoxFuture<'static, ToolAnswer> {
        let answer = match call.name.as_str() {
            "search" => search(text(&call.arguments, "query")),
            "fetch" => fetch(text(&call.arguments, "id")),
            _ => ToolAnswer::Unknown,
        };
        ready(answer).boxed_local()
    }
}

fn search(query: &str) -> ToolAnswer {
    let words = words(query);
    let mut found: Vec<(usize, &Article)> =
        ARTICLES.iter().map(|article| (score(&words, article.title(), article.text), article)).collect();
    found.retain(|(score, _)| *score > 0);
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.truncate(5);
    let lines: Vec<String> = found
        .iter()
        .map(|(_, article)| format!("- **{}** (`{}`): {}", article.title(), article.id, article.summary()))
        .collect();
    let text = if lines.is_empty() { "No article matches.".to_owned() } else { lines.join("\n") };
    let results: Vec<Value> = found
        .iter()
        .map(|(_, article)| json!({ "id": article.id, "title": article.title(), "summary": article.summary() }))
        .collect();
    ToolAnswer::Done { text, structured: json!({ "results": results }) }
}

fn fetch(id: &str) -> ToolAnswer {
    match ARTICLES.iter().find(|article| article.id == id) {
        Some(article) => ToolAnswer::Done {
            text: article.text.to_owned(),
            structured: json!({ "id": article.id, "title": article.title(), "text": article.text }),
        },
        None => ToolAnswer::Failed(format!("There is no article `{id}`. Search for one first.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_article_has_a_title_a_summary_and_only_links_to_articles() {
        for article in ARTICLES {
            assert!(article.text.starts_with("# "), "{}", article.id);
            assert!(!article.title().is_empty(), "{}", article.id);
            assert!(article.summary().len() > 20 && article.summary().len() < 300, "{}", article.id);
            for link in article.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let id = link.strip_prefix("help/").unwrap_or(link);
                assert!(ARTICLES.iter().any(|other| other.id == id), "{} links to {link}", article.id);
            }
        }
    }

    #[test]
    fn a_search_finds_the_article_that_is_about_it() {
        let first = |query: &str| match search(query) {
            ToolAnswer::Done { structured, .. } => {
                structured["results"][0]["id"].as_str().unwrap_or_default().to_owned()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(first("how do I add a connector"), "add-a-connector");
        assert_eq!(first("developer mode"), "developer-mode");
        assert_eq!(first("custom roles and groups"), "people");
        assert_eq!(first("where are my tokens kept, privacy"), "privacy");
        assert_eq!(
            search("xyzzy"),
            ToolAnswer::Done { text: "No article matches.".into(), structured: json!({"results": []}) }
        );
    }

    #[test]
    fn s117_the_guide_only_reads() {
        for tool in Guide.tools() {
            assert_eq!(tool["annotations"]["readOnlyHint"], true);
            assert_eq!(tool["annotations"]["openWorldHint"], false);
        }
    }
}
