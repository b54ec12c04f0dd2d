//! What the tests of all wires do: read bytes, in every way they can be split.

use super::{Answered, Delta, Endpoint, ModelError, Part, Stream, Wire};

/// What a stream said: its text, its thinking, and how it ended.
pub(crate) type Said = (String, String, Result<Answered, ModelError>);

pub(crate) fn endpoint(wire: Wire) -> Endpoint {
    Endpoint { wire, base_url: "https://api.example.com/v1".to_owned(), model: "m-1".to_owned(), ..Endpoint::default() }
}

pub(crate) fn read(wire: Wire, chunks: &[&[u8]]) -> Said {
    let mut stream = Stream::new(endpoint(wire));
    let mut deltas: Vec<Delta> = chunks.iter().flat_map(|chunk| stream.push(chunk)).collect();
    let (last, result) = stream.finish();
    deltas.extend(last);
    let (mut text, mut thinking) = (String::new(), String::new());
    for delta in deltas {
        match delta {
            Delta::Text(piece) => text.push_str(&piece),
            Delta::Thinking(piece) => thinking.push_str(&piece),
        }
    }
    (text, thinking, result)
}

/// Reads a recorded stream whole, split in two at every offset, and byte by byte; it must say the same each time.
pub(crate) fn read_in_every_way(wire: Wire, recorded: &str) -> Said {
    let bytes = recorded.as_bytes();
    let whole = read(wire, &[bytes]);
    for at in 0..=bytes.len() {
        let (a, b) = bytes.split_at(at);
        assert_eq!(read(wire, &[a, b]), whole, "split at {at}");
    }
    assert_eq!(read(wire, &bytes.chunks(1).collect::<Vec<_>>()), whole, "byte by byte");
    whole
}

/// The calls of a recorded stream: id, name, arguments.
pub(crate) fn calls(answer: &Answered) -> Vec<(&str, &str, &str)> {
    answer.calls().map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.as_str())).collect()
}

/// The thoughts that have to go back.
pub(crate) fn thoughts(answer: &Answered) -> Vec<&serde_json::Value> {
    answer
        .parts
        .iter()
        .filter_map(|part| if let Part::Thought(thought) = part { Some(thought) } else { None })
        .collect()
}

/// Lines as the data of server-sent events.
pub(crate) fn events(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("data: {line}\n\n")).collect()
}

/// Whatever is no answer of the wire is an error in words, for all of them the same.
pub(crate) fn refuses_garbage(wire: Wire) {
    for nonsense in [
        "data: {nope\n\n",
        "<html>Sign in</html>",
        "data: [1]\n\n",
        "{\"hello\":",
        "data: {\"hello\":1}\n\n",
        "{\"hello\":1}",
    ] {
        let (text, _, result) = read_in_every_way(wire, nonsense);
        assert_eq!(text, "");
        let error = result.unwrap_err();
        assert!(matches!(error, ModelError::NotUnderstood { .. }), "{nonsense}: {error:?}");
        assert!(error.hint().is_some());
    }
    assert!(matches!(read(wire, &[b"\n\n  "]).2, Err(ModelError::BrokeOff { .. })));
    let midway = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded: sk-secret"}}"#;
    let midway = if wire == Wire::Ollama { format!("{midway}\n") } else { events(&[midway]) };
    let (_, _, result) = read_in_every_way(wire, &midway);
    assert_eq!(
        result.unwrap_err().to_string(),
        "`api.example.com` stopped in the middle of the answer: \"Overloaded: [key]\""
    );
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), at in 0_usize..200) {
        for wire in Wire::ALL {
            let (a, b) = bytes.split_at(at.min(bytes.len()));
            proptest::prop_assert_eq!(read(wire, &[a, b]), read(wire, &[&bytes]));
        }
    }

    #[test]
    fn any_members_are_read_without_a_panic(
        kind in "response\\.(output_item\\.(added|done)|function_call_arguments\\.(delta|done)|output_text\\.(delta|done)|completed|failed)|content_block_(start|delta|stop)|message(_start|_delta|_stop)?",
        key in "choices|delta|usage|item|output_index|index|content_block|response|candidates|message|content|usageMetadata|done",
        inner in "(\\{|\\}|\\[|\\]|\"a\"|:|,|1|null|true){0,12}",
    ) {
        for wire in Wire::ALL {
            let line = format!("{{\"type\":\"{kind}\",\"{key}\":{inner}}}");
            let _ = read(wire, &[line.as_bytes(), b"\n"]);
            let _ = read(wire, &[events(&[&line, &line]).as_bytes()]);
        }
    }
}
