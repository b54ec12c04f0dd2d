//! Which hosts a workspace deals with: lists for servers, for sign-in, for apps, for links and for models.
//!
//! Each list has what is denied and what is allowed. Denied is looked at first. Where nothing is allowed explicitly,
//! everything is; once one host is, everything else is not. A pattern is a host, or `*.` and a host, which means every
//! host below it and not that host itself. Hosts are compared whole, label by label, in ASCII: a pattern for
//! `example.com` never covers `example.com.evil.test` (X02, X131).

use crate::{MemberId, Rulebook, Why, address};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a host is used for. Each use has a list of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DomainUse {
    /// MCP servers.
    Servers,
    /// Authorization servers, where people sign in.
    SignIn,
    /// What an app of a server may load from and send to.
    Apps,
    /// Links that can be followed from a conversation.
    Links,
    /// Endpoints of language models, also one on this machine (X130).
    Models,
}

impl DomainUse {
    /// Every use, in the order of the page.
    pub const ALL: [DomainUse; 5] =
        [DomainUse::Servers, DomainUse::SignIn, DomainUse::Apps, DomainUse::Links, DomainUse::Models];

    /// What stands above the list.
    pub fn label(self) -> &'static str {
        match self {
            DomainUse::Servers => "Servers",
            DomainUse::SignIn => "Sign-in",
            DomainUse::Apps => "Apps",
            DomainUse::Links => "Links",
            DomainUse::Models => "Models",
        }
    }
}

/// Whether a pattern lets hosts in or keeps them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Lets them in, and so keeps every other out.
    Allow,
    /// Keeps them out, whatever is allowed.
    Deny,
}

/// A host, or every host below one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern(String);

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum PatternError {
    /// Nothing was typed.
    #[error("type a host such as `mcp.example.com`, or `*.example.com` for every host below it")]
    Empty,
    /// It is more than a host.
    #[error("`{0}` is more than a host; leave out the scheme, the port and the path")]
    NotAHost(String),
    /// Letters outside ASCII have several spellings.
    #[error("`{0}` has letters outside ASCII; write it as the address bar shows it, beginning with `xn--`")]
    NotAscii(String),
    /// A star anywhere else than in front.
    #[error("`{0}` has a star where none can be; a star stands alone in front, as in `*.example.com`")]
    Star(String),
    /// A star over a whole ending would allow nearly everything.
    #[error("`{0}` would allow every host that ends so; name at least two parts, as in `*.example.com`")]
    TooWide(String),
}

impl Pattern {
    /// Reads what a person typed.
    ///
    /// # Errors
    /// Why it is no pattern.
    pub fn parse(text: &str) -> Result<Pattern, PatternError> {
        let typed = text.trim();
        if typed.is_empty() {
            return Err(PatternError::Empty);
        }
        if !typed.is_ascii() {
            return Err(PatternError::NotAscii(typed.to_owned()));
        }
        let lower = typed.to_ascii_lowercase();
        let host = lower.strip_prefix("*.").unwrap_or(&lower);
        if host.contains('*') {
            return Err(PatternError::Star(typed.to_owned()));
        }
        let readable = host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        let literal = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
        let v6 = literal.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok());
        let named = readable && host.len() <= 253 && host.split('.').all(|label| (1..=63).contains(&label.len()));
        let star = lower.starts_with("*.");
        if !(named || (v6 && !star)) || (star && host.parse::<std::net::Ipv4Addr>().is_ok()) {
            return Err(PatternError::NotAHost(typed.to_owned()));
        }
        Ok(Pattern(lower))
    }

    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it covers a host name.
    pub fn covers(&self, hostname: &str) -> bool {
        match self.0.strip_prefix("*.") {
            Some(below) => hostname
                .strip_suffix(below)
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|rest| !rest.is_empty()),
            None => self.0 == hostname,
        }
    }

    /// The part that somebody had to register, for emphasis.
    pub fn registrable(&self) -> &str {
        address::registrable_hint(self.0.strip_prefix("*.").unwrap_or(&self.0))
    }
}

/// The hosts of one use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainList {
    /// What is let in. Empty lets everything in.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allow: BTreeSet<Pattern>,
    /// What is kept out, looked at first.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub deny: BTreeSet<Pattern>,
}

/// What a list says about a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing<'a> {
    /// Nothing is listed, so every host is let in.
    Open,
    /// This pattern lets it in.
    Allowed(&'a Pattern),
    /// Not denied, and nothing is allowed explicitly.
    NotDenied,
    /// This pattern keeps it out.
    Denied(&'a Pattern),
    /// Others are allowed and it is not among them.
    NotListed,
}

impl Listing<'_> {
    /// Whether the host is let in.
    pub fn lets_in(&self) -> bool {
        matches!(self, Listing::Open | Listing::Allowed(_) | Listing::NotDenied)
    }
}

impl DomainList {
    /// What the list says about a host, which may carry a port.
    pub fn about(&self, host: &str) -> Listing<'_> {
        if self.is_empty() {
            return Listing::Open;
        }
        let hostname = hostname(host);
        if let Some(pattern) = self.deny.iter().find(|pattern| pattern.covers(&hostname)) {
            return Listing::Denied(pattern);
        }
        match (self.allow.is_empty(), self.allow.iter().find(|pattern| pattern.covers(&hostname))) {
            (_, Some(pattern)) => Listing::Allowed(pattern),
            (false, None) => Listing::NotListed,
            (true, None) => Listing::NotDenied,
        }
    }

    /// The patterns of a side.
    pub fn side(&self, side: Side) -> &BTreeSet<Pattern> {
        match side {
            Side::Allow => &self.allow,
            Side::Deny => &self.deny,
        }
    }

    fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }
}

/// A host without its port and without a dot at its end, in lower case.
fn hostname(host: &str) -> String {
    let end = if host.ends_with(']') { None } else { host.rfind(':') };
    let name = end.and_then(|at| host.get(..at)).unwrap_or(host);
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// The lists of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domains {
    /// For MCP servers.
    #[serde(default, skip_serializing_if = "DomainList::is_empty")]
    pub servers: DomainList,
    /// For authorization servers.
    #[serde(default, skip_serializing_if = "DomainList::is_empty")]
    pub sign_in: DomainList,
    /// For apps.
    #[serde(default, skip_serializing_if = "DomainList::is_empty")]
    pub apps: DomainList,
    /// For links.
    #[serde(default, skip_serializing_if = "DomainList::is_empty")]
    pub links: DomainList,
    /// For endpoints of language models.
    #[serde(default, skip_serializing_if = "DomainList::is_empty")]
    pub models: DomainList,
}

impl Domains {
    /// The list of a use.
    pub fn of(&self, use_: DomainUse) -> &DomainList {
        match use_ {
            DomainUse::Servers => &self.servers,
            DomainUse::SignIn => &self.sign_in,
            DomainUse::Apps => &self.apps,
            DomainUse::Links => &self.links,
            DomainUse::Models => &self.models,
        }
    }

    /// Whether nothing is listed anywhere.
    pub fn is_empty(&self) -> bool {
        DomainUse::ALL.into_iter().all(|use_| self.of(use_).is_empty())
    }

    fn of_mut(&mut self, use_: DomainUse) -> &mut DomainList {
        match use_ {
            DomainUse::Servers => &mut self.servers,
            DomainUse::SignIn => &mut self.sign_in,
            DomainUse::Apps => &mut self.apps,
            DomainUse::Links => &mut self.links,
            DomainUse::Models => &mut self.models,
        }
    }
}

impl Rulebook {
    /// May deal with a host for this use. The host may carry a port.
    ///
    /// # Errors
    /// [`Why::Domain`].
    pub fn may_reach_host(&self, use_: DomainUse, host: &str) -> Result<(), Why> {
        let listed = self.workspace.domains.of(use_).about(host).lets_in();
        listed.then_some(()).ok_or_else(|| Why::Domain(host.to_owned()))
    }

    /// Puts a pattern on a list.
    ///
    /// # Errors
    /// [`Why::AdminsOnly`], and [`Why::Pattern`] when the text is none.
    pub fn add_domain(&mut self, by: &MemberId, use_: DomainUse, side: Side, text: &str) -> Result<(), Why> {
        self.may_set_workspace(self.member(by)?)?;
        let pattern = Pattern::parse(text).map_err(Why::Pattern)?;
        let wide = pattern.0.strip_prefix("*.").is_some_and(|below| !below.contains('.'));
        if side == Side::Allow && wide {
            return Err(Why::Pattern(PatternError::TooWide(pattern.0)));
        }
        let list = self.workspace.domains.of_mut(use_);
        match side {
            Side::Allow => list.allow.insert(pattern),
            Side::Deny => list.deny.insert(pattern),
        };
        Ok(())
    }

    /// Takes a pattern off a list.
    ///
    /// # Errors
    /// [`Why::AdminsOnly`].
    pub fn remove_domain(&mut self, by: &MemberId, use_: DomainUse, side: Side, pattern: &Pattern) -> Result<(), Why> {
        self.may_set_workspace(self.member(by)?)?;
        let list = self.workspace.domains.of_mut(use_);
        match side {
            Side::Allow => list.allow.remove(pattern),
            Side::Deny => list.deny.remove(pattern),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::*;
    use crate::{Cause, Profile, Rules, Stage, Verdict};

    fn list(allow: &[&str], deny: &[&str]) -> DomainList {
        let all = |texts: &[&str]| texts.iter().map(|text| Pattern::parse(text).unwrap()).collect();
        DomainList { allow: all(allow), deny: all(deny) }
    }

    #[test]
    fn x131_a_host_is_compared_whole() {
        let exact = list(&["example.com"], &[]);
        assert!(exact.about("example.com").lets_in() && exact.about("EXAMPLE.com.:8443").lets_in());
        for host in ["example.com.evil.test", "notexample.com", "a.example.com", "xexample.com", ""] {
            assert_eq!(exact.about(host), Listing::NotListed, "{host}");
        }
        let below = list(&["*.example.com"], &[]);
        assert!(below.about("a.example.com").lets_in() && below.about("a.b.example.com:1").lets_in());
        for host in ["example.com", ".example.com", "aexample.com", "example.com.evil.test"] {
            assert!(!below.about(host).lets_in(), "{host}");
        }
        assert!(list(&["[2001:4860::1]"], &[]).about("[2001:4860::1]:8443").lets_in());
    }

    #[test]
    fn x130_models_have_a_list_of_their_own_and_older_rules_have_none() {
        let mut book = workspace(Profile::Enterprise);
        book.add_domain(&"owner".into(), DomainUse::Models, Side::Allow, "api.example.com").unwrap();
        assert!(book.may_reach_host(DomainUse::Models, "api.example.com").is_ok());
        assert!(book.may_reach_host(DomainUse::Models, "localhost:11434").is_err(), "also what runs on this machine");
        assert!(book.may_reach_host(DomainUse::Servers, "other.example").is_ok());
        let older: Domains = serde_json::from_str(r#"{"links":{"deny":["example.com"]}}"#).unwrap();
        assert_eq!(older.models, DomainList::default());
    }

    #[test]
    fn denied_is_looked_at_first() {
        let both = list(&["*.example.com"], &["bad.example.com"]);
        assert!(matches!(both.about("bad.example.com"), Listing::Denied(_)));
        assert!(both.about("good.example.com").lets_in());
        assert_eq!(list(&[], &["bad.example.com"]).about("other.example"), Listing::NotDenied);
        assert_eq!(list(&[], &[]).about("other.example"), Listing::Open);
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        use PatternError::*;
        for (text, error) in [
            ("", Empty),
            ("https://example.com", NotAHost("https://example.com".into())),
            ("example.com/x", NotAHost("example.com/x".into())),
            ("example.com:443", NotAHost("example.com:443".into())),
            ("user@example.com", NotAHost("user@example.com".into())),
            ("a..example.com", NotAHost("a..example.com".into())),
            ("*.192.168.0.1", NotAHost("*.192.168.0.1".into())),
            ("a.*.example.com", Star("a.*.example.com".into())),
            ("*", Star("*".into())),
            ("ex\u{430}mple.com", NotAscii("ex\u{430}mple.com".into())),
        ] {
            assert_eq!(Pattern::parse(text), Err(error), "{text}");
        }
        assert_eq!(Pattern::parse(" *.Example.COM ").unwrap().as_str(), "*.example.com");
        assert_eq!(Pattern::parse("*.mcp.example.co.uk").unwrap().registrable(), "example.co.uk");
    }

    #[test]
    fn only_admins_change_the_lists_and_a_whole_ending_is_never_allowed() {
        let mut book = workspace(Profile::Enterprise);
        let refused = book.add_domain(&"dev".into(), DomainUse::Servers, Side::Allow, "example.com");
        assert!(matches!(refused, Err(Why::AdminsOnly(_))));
        let wide = book.add_domain(&"owner".into(), DomainUse::Servers, Side::Allow, "*.com");
        assert_eq!(wide, Err(Why::Pattern(PatternError::TooWide("*.com".into()))));
        book.add_domain(&"owner".into(), DomainUse::Servers, Side::Deny, "*.com").unwrap();
        assert!(book.may_reach_host(DomainUse::Servers, "mcp.example.com").is_err());
        assert!(book.may_reach_host(DomainUse::Links, "mcp.example.com").is_ok(), "each use has its own list");
        let pattern = Pattern::parse("*.com").unwrap();
        book.remove_domain(&"owner".into(), DomainUse::Servers, Side::Deny, &pattern).unwrap();
        assert!(book.workspace.domains.is_empty());
    }

    #[test]
    fn x131_a_server_off_the_list_is_neither_added_nor_called() {
        let mut book = published();
        book.add_domain(&"owner".into(), DomainUse::Servers, Side::Allow, "other.example").unwrap();
        let refused = Why::Domain("mcp.example.com".into());
        assert_eq!(book.create_draft(&"owner".into(), new_connector("second"), NOW), Err(refused.clone()));
        let member = book.member(&"member".into()).unwrap();
        assert_eq!(book.may_use(book.connector(&"tracker".into()).unwrap(), member), Err(refused));
        let wanted = call(&book, "find");
        let rules = Rules::of(&book, &wanted);
        assert_eq!(rules.verdict(), Verdict::Refuse);
        let crate::Decision::Refuse(refusal) = crate::decide(wanted, &rules) else { panic!("refused") };
        assert_eq!(refusal.cause, Cause::Domain { host: "mcp.example.com".into() });
        assert!(refusal.sentence().contains("is not on your workspace's list"));
        assert!(book.connectors.iter().all(|connector| connector.stage == Stage::Published));
    }
}
