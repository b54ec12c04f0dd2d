use super::super::Wire;
use super::super::testing::endpoint as at;
use super::*;

#[test]
fn refusals_are_said_in_words() {
    let say = |status, retry: Option<&str>, body: &str| refused(&at(Wire::OpenaiChat), status, retry, body).to_string();
    assert_eq!(
        say(401, None, r#"{"error":{"message":"Incorrect API key provided: sk-abc123.","code":"invalid_api_key"}}"#),
        "`api.example.com` did not accept the key: \"Incorrect API key provided: [key]\""
    );
    assert_eq!(
        say(404, None, r#"{"error":"model \"m-1\" not found"}"#),
        "`api.example.com` has no model `m-1` at this address: \"model \"m-1\" not found\""
    );
    assert_eq!(say(429, Some("20"), ""), "`api.example.com` wants fewer requests; try again in 20 s");
    assert_eq!(
        say(429, Some("Mon, 23 Nov 2026 10:00:00 GMT"), ""),
        "`api.example.com` wants fewer requests; try again after Mon, 23 Nov 2026 10:00:00 GMT"
    );
    assert!(
        say(429, None, r#"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}"#)
            .contains("no credit left")
    );
    assert!(
        say(400, None, r#"{"error":{"message":"too long","code":"context_length_exceeded"}}"#)
            .contains("longer than `m-1` can take")
    );
    assert!(
        say(400, None, r#"{"error":{"message":"registry/m-1 does not support tools"}}"#).contains("cannot use tools")
    );
    assert_eq!(say(503, None, "<html>nginx</html>"), "`api.example.com` has a problem of its own (503)");
    assert_eq!(
        say(418, None, r#"[{"error":{"message":"teapot"}}]"#),
        "`api.example.com` refused the request (418): \"teapot\""
    );
    assert_eq!(
        say(422, None, r#"{"detail":"missing field"}"#),
        "`api.example.com` refused the request (422): \"missing field\""
    );
    assert!(say(500, None, "Bearer abc.def leaked").contains("Bearer [key] leaked"), "x21");
}

#[test]
fn wi06_providers_that_want_no_browsers_are_told_from_wrong_keys() {
    let say = |status, body: &str| refused(&at(Wire::Anthropic), status, None, body);
    let organisation = r#"{"type":"error","error":{"type":"authentication_error","message":"CORS requests are not allowed for this Organization because of its settings"}}"#;
    assert!(matches!(say(401, organisation), ModelError::NoBrowsers { .. }));
    assert!(say(401, organisation).hint().unwrap().contains("administrator"));
    assert!(matches!(say(401, r#"{"error":{"message":"invalid x-api-key"}}"#), ModelError::KeyRefused { .. }));
    let gemini = r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}"#;
    assert!(matches!(say(400, gemini), ModelError::KeyRefused { .. }));
    let credit = r#"{"error":{"message":"Your credit balance is too low to access the Anthropic API."}}"#;
    assert!(matches!(say(400, credit), ModelError::NoCredit { .. }));
}

#[test]
fn wi10_the_wait_is_read_from_the_header_or_from_what_google_says() {
    assert_eq!(wait(Some("20"), "", None), Some(20_000));
    assert_eq!(wait(Some(" 0.5 "), "", None), Some(500));
    let google = r#"{"error":{"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay": "7s"}]}}"#;
    assert_eq!(wait(None, google, None), Some(7_000));
    assert_eq!(wait(Some("1e99"), "", None), Some(86_400_000), "too long to wait for, and not unknown");
    for none in ["-1", "NaN", "soon", ""] {
        assert_eq!(wait(Some(none), "", None), None, "{none}");
    }
    assert_eq!(wait(None, "\"retryDelay\"", None), None);
}

#[test]
fn wi10_a_date_counts_from_now() {
    for (text, expected) in [
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777_000)),
        ("Thu, 01 Jan 1970 00:00:01 GMT", Some(1_000)),
        ("Thu, 29 Feb 2024 23:59:60 GMT", Some(1_709_251_200_000)),
        ("Wed, 31 Dec 2025 00:00:00 GMT", Some(1_767_139_200_000)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", None),
        ("Sun Nov  6 08:49:37 1994", None),
        ("Sun, 06 Nov 1994 08:49:37", None),
        ("Sun, 06 Nov 0004 08:49:37 GMT", None),
        ("Sun, 40 Nov 1994 08:49:37 GMT", None),
        (", ", None),
    ] {
        assert_eq!(date(text), expected, "{text}");
    }
    assert_eq!(wait(Some("Sun, 06 Nov 1994 08:49:37 GMT"), "", Some(784_111_770_500)), Some(6_500));
    assert_eq!(wait(Some("Sun, 06 Nov 1994 08:49:37 GMT"), "", Some(784_111_777_000)), None, "it has passed");
    assert_eq!(wait(Some("Sun, 06 Nov 1994 08:49:37 GMT"), "", None), None, "nobody knows what time it is");
}
