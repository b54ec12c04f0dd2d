use super::*;
use serde_json::json;

fn at(wire: Wire, base: &str) -> Endpoint {
    Endpoint { wire, base_url: base.to_owned(), model: "m".to_owned(), ..Endpoint::default() }
}

#[test]
fn addresses_are_made_from_the_base_url() {
    let chat = at(Wire::OpenaiChat, "http://localhost:11434/v1");
    assert_eq!(chat.url(), "http://localhost:11434/v1/chat/completions");
    assert_eq!(chat.host(), "localhost:11434");
    let whole = at(Wire::OpenaiChat, "https://x.example/v1/chat/completions");
    assert_eq!(
        (whole.url().as_str(), whole.models_url().as_str()),
        ("https://x.example/v1/chat/completions", "https://x.example/v1/models")
    );
    assert_eq!(
        at(Wire::Anthropic, "https://x.example/v1/messages/").models_url(),
        "https://x.example/v1/models?limit=1000"
    );
    assert_eq!(at(Wire::OpenaiResponses, "https://x.example/v1").url(), "https://x.example/v1/responses");
    assert_eq!(at(Wire::Ollama, "http://localhost:11434/api/chat").models_url(), "http://localhost:11434/api/tags");
}

#[test]
fn a_wire_is_stored_under_a_name_and_chat_is_what_was_there_before() {
    for wire in Wire::ALL {
        let text = serde_json::to_string(&wire).unwrap();
        assert_eq!(serde_json::from_str::<Wire>(&text).unwrap(), wire, "{text}");
    }
    assert_eq!(serde_json::to_string(&Wire::OpenaiChat).unwrap(), "\"openai-chat\"");
    assert_eq!(Wire::default(), Wire::OpenaiChat);
}

#[test]
fn wi12_what_was_said_stays_a_prefix_of_what_is_said_later() {
    let tools = [ToolSpec { name: "f".to_owned(), description: "d".to_owned(), schema: json!({ "b": 1, "a": 2 }) }];
    for wire in Wire::ALL {
        let endpoint = at(wire, "https://x.example");
        let first = [Message::System("s".to_owned()), Message::User("one".to_owned())];
        let mut second = first.to_vec();
        second.push(Message::Assistant(vec![super::super::Part::Text("two".to_owned())]));
        second.push(Message::User("three".to_owned()));
        let body = |messages: &[Message]| request(&endpoint, messages, &tools, Extras::All).body;
        assert_eq!(body(&first), body(&first));
        // Up to the end of the first question; the marks for a cache, which move along, stand behind it.
        let common = body(&first).find("one").map(|at| at + "one".len()).unwrap();
        assert!(
            body(&second).contains(
                body(&first)
                    .get(
                        body(&first)
                            .find("messages")
                            .or(body(&first).find("contents"))
                            .or(body(&first).find("input"))
                            .unwrap()..common
                    )
                    .unwrap()
            ),
            "{wire:?}"
        );
    }
}

#[test]
fn a_request_that_is_refused_for_something_optional_is_known() {
    assert!(is_about_extras(400, "Encrypted content is not supported with this model."));
    assert!(is_about_extras(
        422,
        r#"{"detail":[{"loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}"#
    ));
    assert!(!is_about_extras(401, "reasoning"));
    assert!(!is_about_extras(400, "prompt is too long"));
}

#[test]
fn a_picture_goes_in_the_way_of_each_wire_and_as_words_where_none_is_taken() {
    let picture = |mime: &str| {
        let says = "[a picture]".to_owned();
        [
            Message::Picture { says, mime: mime.to_owned(), data: "iVBORw0K".to_owned() },
            Message::User("what is it?".into()),
        ]
    };
    let body = |wire: Wire, mime: &str| -> Value {
        let request = request(&at(wire, "https://x.example"), &picture(mime), &[], Extras::None);
        serde_json::from_str(&request.body).unwrap()
    };
    for (wire, place, expected) in [
        (Wire::OpenaiChat, "/messages/0/content/1/image_url/url", "data:image/png;base64,iVBORw0K"),
        (Wire::OpenaiResponses, "/input/0/content/1/image_url", "data:image/png;base64,iVBORw0K"),
        (Wire::Anthropic, "/messages/0/content/1/source/data", "iVBORw0K"),
        (Wire::Gemini, "/contents/0/parts/1/inlineData/data", "iVBORw0K"),
        (Wire::Ollama, "/messages/0/images/0", "iVBORw0K"),
    ] {
        let body = body(wire, "image/png");
        assert_eq!(body.pointer(place).and_then(Value::as_str), Some(expected), "{wire:?} {body}");
        assert!(body.to_string().contains("[a picture]") && wire.takes_picture("image/png"));
    }
    for (wire, mime) in [
        (Wire::Gemini, "image/gif"),
        (Wire::Ollama, "image/webp"),
        (Wire::BuiltIn, "image/png"),
        (Wire::OpenaiChat, "image/svg+xml"),
        (Wire::OpenaiResponses, "image/svg+xml"),
        (Wire::Anthropic, "image/svg+xml"),
    ] {
        let body = body(wire, mime).to_string();
        assert!(!wire.takes_picture(mime) && !body.contains("iVBORw0K"), "{wire:?} {body}");
        assert!(body.contains("You cannot be shown it"), "{body}");
    }
}
