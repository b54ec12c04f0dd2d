//! A request as a command line, for a shell.
//!
//! What is covered never comes back: in its place stands a variable, which the person who has the secret sets before the
//! line is run.

/// What stands in the place of a secret.
pub const COVER: &str = "••••";

/// A request as a line for `curl` in a POSIX shell. Where a header or a part of the address or body is covered with
/// [`COVER`], the line reads a variable: a header's own name in capitals, otherwise `$SECRET`.
pub fn curl(method: &str, url: &str, headers: &[(String, String)], body: Option<&str>) -> String {
    let mut line = format!("curl --no-buffer --request {method} {}", quoted(url, "SECRET"));
    for (name, value) in headers {
        let header = format!("{name}: {value}");
        line.push_str(&format!(" \\\n  --header {}", quoted(&header, &variable(name))));
    }
    if let Some(body) = body {
        line.push_str(&format!(" \\\n  --data-raw {}", quoted(body, "SECRET")));
    }
    line
}

/// The name of a header as the name of a variable.
fn variable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// A text in single quotes, in which a shell replaces nothing, with the variable in the place of every cover.
fn quoted(text: &str, variable: &str) -> String {
    let plain = |part: &str| format!("'{}'", part.replace('\'', r"'\''"));
    let parts: Vec<String> = text.split(COVER).map(plain).collect();
    parts.join(&format!("\"${variable}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_variable_and_nothing_else_is_read_by_the_shell() {
        let headers = [
            ("Authorization".to_owned(), "Bearer ••••".to_owned()),
            ("Mcp-Session-Id".to_owned(), "••••".to_owned()),
            ("Mcp-Name".to_owned(), "it's $HOME `id`".to_owned()),
        ];
        let line = curl("POST", "https://a.example/mcp?key=••••&b=1", &headers, Some(r#"{"a":"'; rm -rf /"}"#));
        assert_eq!(
            line,
            r#"curl --no-buffer --request POST 'https://a.example/mcp?key='"$SECRET"'&b=1' \
  --header 'Authorization: Bearer '"$AUTHORIZATION"'' \
  --header 'Mcp-Session-Id: '"$MCP_SESSION_ID"'' \
  --header 'Mcp-Name: it'\''s $HOME `id`' \
  --data-raw '{"a":"'\''; rm -rf /"}'"#
        );
    }

    #[test]
    fn a_request_without_a_body_has_none() {
        assert_eq!(curl("GET", "https://a.example/", &[], None), "curl --no-buffer --request GET 'https://a.example/'");
    }
}
