//! Why a provider refused, in words.
//!
//! Providers say it in many shapes. The status and a few words decide what kind it is; what they said is quoted, without
//! whatever looks like a key (X21).

use super::{Endpoint, ModelError};
use serde_json::Value;

/// How many characters of what a provider said are kept in an error.
const SAID_CHARS: usize = 300;

/// What an HTTP answer other than success means. `body` is what came, as text; `retry_after` the header's value.
pub fn refused(endpoint: &Endpoint, status: u16, retry_after: Option<&str>, body: &str) -> ModelError {
    let host = endpoint.host().to_owned();
    let model = endpoint.model.clone();
    let parsed = serde_json::from_str::<Value>(body).ok();
    let said = match &parsed {
        Some(value) => error_said(value).unwrap_or_default(),
        // An HTML page of some proxy says nothing to a person.
        None if body.trim_start().starts_with('<') => String::new(),
        None => said(body),
    };
    let code = parsed.as_ref().map(error_code).unwrap_or_default();
    let about = format!("{code} {said}").to_lowercase();
    let mentions = |words: &[&str]| words.iter().any(|word| about.contains(word));
    let too_long = [
        "context_length",
        "context length",
        "context window",
        "context size",
        "maximum context",
        "too many tokens",
        "prompt is too long",
        "n_ctx",
    ];
    match status {
        // Anthropic, where the header is missing or the organisation does not want browsers (wires.md B1).
        400..=403 if mentions(&["cors requests"]) => ModelError::NoBrowsers { host, said },
        400 | 413 | 422 | 500 if mentions(&too_long) => ModelError::TooLong { model, said },
        413 => ModelError::TooLong { model, said },
        400 | 404 | 422 | 500
            if about.contains("tool")
                && mentions(&["not support", "unsupported", "no endpoints", "tool-call-parser"]) =>
        {
            ModelError::NoTools { model, said }
        }
        400 if mentions(&["credit balance"]) => ModelError::NoCredit { host, said },
        400 if mentions(&["api key not valid", "api_key_invalid", "invalid api key", "incorrect api key"]) => {
            ModelError::KeyRefused { host, said }
        }
        401 | 403 => ModelError::KeyRefused { host, said },
        402 => ModelError::NoCredit { host, said },
        429 if mentions(&["insufficient_quota", "credit"]) => ModelError::NoCredit { host, said },
        404 => ModelError::NotFound { host, model, said },
        400 if mentions(&["model_not_found", "invalid model", "model not found"]) => {
            ModelError::NotFound { host, model, said }
        }
        429 => ModelError::TooMany { host, wait: retry_after.and_then(wait_words), said },
        500.. => ModelError::Server { host, status, said },
        _ => ModelError::Rejected { host, status, said },
    }
}

/// How long a provider wants to be left alone, in milliseconds, where it says so in a way that is understood: the header
/// of RFC 9110, section 10.2.3, or Google's `retryDelay`. A date counts from `now`, in milliseconds since the Unix epoch.
pub fn wait(retry_after: Option<&str>, body: &str, now: Option<u64>) -> Option<u64> {
    let header = retry_after.map(str::trim);
    if let Some(until) = header.and_then(date) {
        // One that has passed says nothing about how long.
        return until.checked_sub(now?).filter(|wait| *wait > 0);
    }
    let seconds = header.and_then(|value| value.parse::<f64>().ok()).or_else(|| {
        let (_, rest) = body.split_once("\"retryDelay\"")?;
        rest.trim_start_matches([':', ' ', '"', '\n']).split_once('s')?.0.parse().ok()
    })?;
    // A longer one than a day is a day: nobody waits for either. The cast is exact, as the range is checked.
    (seconds.is_finite() && seconds >= 0.0).then(|| (seconds.min(86_400.0) * 1000.0).ceil() as u64)
}

/// A date as RFC 9110, section 5.6.7, has them written (`Sun, 06 Nov 1994 08:49:37 GMT`), in milliseconds since the Unix
/// epoch. The two obsolete ways are not read.
fn date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_once(", ")?.1.split(' ');
    let number = |words: &mut std::str::Split<'_, char>| words.next()?.parse::<u64>().ok();
    let day = number(&mut words)?;
    let month = words.next()?;
    let (month, _) = (1_u64..).zip(MONTHS).find(|(_, name)| *name == month)?;
    let year = number(&mut words).filter(|year| (1970..10_000).contains(year))?;
    let mut clock = words.next()?.splitn(3, ':').map(str::parse::<u64>);
    let (hour, minute, second) = (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
    if words.next()? != "GMT" || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Years that begin in March have their leap day last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    // 719,468 days lie between the first of March of the year 0 and the Unix epoch.
    Some((((days - 719_468) * 24 + hour) * 60 + minute) * 60_000 + second * 1_000)
}

/// RFC 9110, section 10.2.3: seconds or a date.
fn wait_words(value: &str) -> Option<String> {
    let value = value.trim();
    if value.is_empty() || value.len() > 40 || value.contains(char::is_control) {
        return None;
    }
    match value.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => Some(format!("in {} s", seconds.ceil())),
        Ok(_) => None,
        Err(_) => Some(format!("after {value}")),
    }
}

/// The words of an error in one of the shapes that providers use.
pub(crate) fn error_said(value: &Value) -> Option<String> {
    // Some wrap it in a list.
    let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
    let error = value.get("error").filter(|error| !error.is_null());
    let text = match error {
        Some(Value::String(text)) => Some(text.as_str()),
        Some(error) => error.get("message").and_then(Value::as_str),
        None => value.get("message").or_else(|| value.get("detail")).and_then(Value::as_str),
    };
    match (text, error) {
        (Some(text), _) => Some(said(text)),
        (None, Some(error)) => Some(said(&error.to_string())),
        (None, None) => None,
    }
}

fn error_code(value: &Value) -> String {
    let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
    let error = value.get("error").unwrap_or(value);
    ["code", "type"].iter().filter_map(|key| error.get(*key).and_then(Value::as_str)).collect::<Vec<_>>().join(" ")
}

/// One line of what a provider said. Providers quote keys in their errors, whole or in part, so whatever looks like one
/// goes (X21).
fn said(text: &str) -> String {
    let mut after_bearer = false;
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            let key = std::mem::take(&mut after_bearer) || bare.starts_with("sk-");
            after_bearer = bare.eq_ignore_ascii_case("bearer");
            if key { "[key]" } else { word }
        })
        .collect();
    crate::conversation::one_line(&policy::secrets::mask(&words.join(" ")), SAID_CHARS)
}

#[cfg(test)]
mod tests;
