//! A request to a token endpoint while it is made: what is sent, what is shown of it, and what must not be repeated.

use super::address::{encode, hidden};
use super::step::join;
use crate::types::without_query;

/// A form (`application/x-www-form-urlencoded`) and the headers that go with it.
#[derive(Clone, Default)]
pub(crate) struct Form {
    pub(crate) body: String,
    /// The parameters for a person: secret values left out, addresses without their query.
    pub(crate) shown: String,
    /// Every secret value in it.
    pub(crate) secrets: Vec<String>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

// Each method is called from many places, so none is copied into them.
impl Form {
    /// A form that begins with its grant type.
    #[inline(never)]
    pub(crate) fn grant(grant: &str) -> Self {
        let mut form = Self::default();
        form.open("grant_type", grant);
        form
    }

    /// Adds a parameter that anybody may see, except for the query of an address.
    #[inline(never)]
    pub(crate) fn open(&mut self, name: &str, value: &str) {
        self.push(name, value);
        if !hidden(value).is_empty() {
            self.secrets.push(value.to_owned());
        }
        self.shown.push_str(&join(&[", ", name, " ", without_query(value)]));
    }

    /// Adds a parameter if there is one.
    #[inline(never)]
    pub(crate) fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.open(name, value);
        }
    }

    /// Adds a parameter that nobody may see.
    #[inline(never)]
    pub(crate) fn secret(&mut self, name: &str, value: &str) {
        self.push(name, value);
        self.shown.push_str(&join(&[", ", name, " [hidden]"]));
        self.secrets.push(value.to_owned());
    }

    /// Adds a header with a secret value.
    #[inline(never)]
    pub(crate) fn header(&mut self, name: &'static str, value: String) {
        self.secrets.push(value.clone());
        self.headers.push((name, value));
    }

    fn push(&mut self, name: &str, value: &str) {
        if !self.body.is_empty() {
            self.body.push('&');
        }
        self.body.push_str(&join(&[name, "=", &encode(value)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_sent_but_not_shown() {
        let mut form = Form::grant("g");
        form.secret("code", "a b&c");
        form.open("resource", "https://a.example/?key=k");
        form.maybe("scope", None);
        assert_eq!(form.body, "grant_type=g&code=a%20b%26c&resource=https%3A%2F%2Fa.example%2F%3Fkey%3Dk");
        assert_eq!(form.shown, ", grant_type g, code [hidden], resource https://a.example/");
        assert_eq!(form.secrets, ["a b&c", "https://a.example/?key=k"]);
    }
}
