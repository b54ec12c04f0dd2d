//! What a page declares to load from elsewhere, and the policy that holds it to that (X91, X92).
//!
//! A list of a server is never copied into a policy: each entry is taken apart, and only what is an origin or a
//! wildcard of one subdomain level and more is put together again. What is dropped is told, so that a page that does
//! not work can be understood.

use serde_json::{Value, json};

/// Entries of one list that are looked at. A page that needs more is no page to trust.
const MOST: usize = 50;

/// The origins that a page may use, by what for. Every entry is an origin as [`Sources::read`] writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Requests: `fetch`, `XMLHttpRequest`, `WebSocket`, `EventSource`.
    pub connect: Vec<String>,
    /// Scripts, styles, images, fonts, sound and film.
    pub resource: Vec<String>,
    /// Frames in the page.
    pub frame: Vec<String>,
    /// What `<base>` may name.
    pub base: Vec<String>,
    /// Entries that were left out, with the reason in words.
    pub dropped: Vec<(String, &'static str)>,
}

impl Sources {
    /// Reads `_meta.ui.csp` of a page. `loopback` tells whether origins on this machine count, `listed` whether the
    /// workspace lets pages of servers talk to a host; it is asked with the host alone, a wildcard with its star.
    pub fn read(csp: &Value, loopback: bool, listed: &dyn Fn(&str) -> bool) -> Self {
        let mut sources = Self::default();
        let mut dropped = Vec::new();
        let mut list = |names: [&str; 2], sockets: bool| {
            let entries = names.iter().find_map(|name| csp.get(*name)).and_then(Value::as_array);
            let entries = entries.map(Vec::as_slice).unwrap_or_default();
            let mut kept: Vec<String> = Vec::new();
            for (at, entry) in entries.iter().enumerate() {
                let text = entry.as_str().unwrap_or_default();
                match at < MOST {
                    false => dropped.push((short(text), "there are too many entries")),
                    true => match origin(text, loopback, sockets) {
                        Err(why) => dropped.push((short(text), why)),
                        Ok((_, host)) if !listed(&host) => {
                            dropped.push((short(text), "the workspace's list of UI hosts does not have it"));
                        }
                        Ok((origin, _)) if kept.contains(&origin) => {}
                        Ok((origin, _)) => kept.push(origin),
                    },
                }
            }
            kept
        };
        sources.connect = list(["connectDomains", "connect_domains"], true);
        sources.resource = list(["resourceDomains", "resource_domains"], false);
        sources.frame = list(["frameDomains", "frame_domains"], false);
        sources.base = list(["baseUriDomains", "base_uri_domains"], false);
        sources.dropped = dropped;
        sources
    }

    /// Whether the page is on its own: nothing leaves it and nothing is loaded.
    pub fn is_empty(&self) -> bool {
        self.connect.is_empty() && self.resource.is_empty() && self.frame.is_empty() && self.base.is_empty()
    }

    /// The content security policy of the page (specification, "Content Security Policy Enforcement", made stricter: a
    /// frame without an origin has no *self*, and forms, workers, plugins and WebRTC are off).
    pub fn policy(&self) -> String {
        let with = |always: &str, more: &[String]| {
            let all: Vec<&str> =
                std::iter::once(always).filter(|one| !one.is_empty()).chain(more.iter().map(String::as_str)).collect();
            if all.is_empty() { "'none'".to_owned() } else { all.join(" ") }
        };
        let resource = &self.resource;
        [
            "default-src 'none'".to_owned(),
            format!("script-src {}", with("'unsafe-inline'", resource)),
            format!("style-src {}", with("'unsafe-inline'", resource)),
            format!("img-src {}", with("data: blob:", resource)),
            format!("font-src {}", with("data:", resource)),
            format!("media-src {}", with("data: blob:", resource)),
            format!("connect-src {}", with("", &self.connect)),
            format!("frame-src {}", with("", &self.frame)),
            format!("base-uri {}", with("", &self.base)),
            "worker-src 'none'".to_owned(),
            "object-src 'none'".to_owned(),
            "form-action 'none'".to_owned(),
        ]
        .join("; ")
    }

    /// The same as the page and the sandbox are told it: `McpUiResourceCsp`.
    pub fn to_json(&self) -> Value {
        json!({
            "connectDomains": self.connect, "resourceDomains": self.resource,
            "frameDomains": self.frame, "baseUriDomains": self.base,
        })
    }

    /// What the page may do, a sentence for each kind.
    pub fn sentences(&self) -> Vec<String> {
        let mut said = Vec::new();
        let mut say = |hosts: &[String], what: &str| {
            if !hosts.is_empty() {
                said.push(format!("{what} {}", hosts.join(", ")));
            }
        };
        say(&self.connect, "It may send requests to");
        say(&self.resource, "It may load scripts, styles, pictures and fonts from");
        say(&self.frame, "It may show frames of");
        say(&self.base, "Its relative addresses may begin at");
        if said.is_empty() {
            said.push("It may not send or load anything over the network".to_owned());
        }
        said
    }
}

/// An origin as it is written in a policy, and its host. Only what a policy can take without meaning more.
fn origin(text: &str, loopback: bool, sockets: bool) -> Result<(String, String), &'static str> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (scheme, rest) = text.split_once("://").ok_or("it is not an origin such as `https://example.com`")?;
    let scheme = scheme.to_ascii_lowercase();
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (rest, None),
    };
    if port.is_some_and(|port| port.parse::<u16>().ok().is_none_or(|number| number == 0) || port.starts_with('+')) {
        return Err("its port is no number");
    }
    let host = host.to_ascii_lowercase();
    let (star, named) = match host.strip_prefix("*.") {
        Some(named) => (true, named),
        None => (false, host.as_str()),
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if host.contains('*') && !star || named.contains('*') {
        return Err("a star may only stand for subdomains, as in `https://*.example.com`");
    }
    if named.len() > 253 || !named.split('.').all(label) {
        return Err("it is not an origin such as `https://example.com`");
    }
    let local = matches!(named, "localhost" | "127.0.0.1");
    if star && named.split('.').count() < 2 {
        return Err("a star may only stand for subdomains, as in `https://*.example.com`");
    }
    match scheme.as_str() {
        "https" => {}
        "wss" if sockets => {}
        "http" | "ws" if local && loopback && !star && (sockets || scheme == "http") => {}
        "http" | "ws" => return Err("what is sent to it would not be encrypted"),
        _ => return Err("its scheme is not one that can be allowed here"),
    }
    if local && !loopback {
        return Err("it is on this machine");
    }
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Ok((format!("{scheme}://{host}{port}"), host))
}

/// An entry as it is told: not more of it than fits a line.
fn short(text: &str) -> String {
    let mut line: String = text.chars().take(80).collect();
    if line.len() < text.len() {
        line.push('…');
    }
    line
}

/// Something that the policy of a page stopped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blocked {
    /// The directive that stopped it, for example `connect-src`.
    pub directive: String,
    /// The host it was about, or what stands for one: `inline`, `eval`, `data`, `blob`.
    pub target: String,
}

impl Blocked {
    /// Reads what the browser reports, whatever a page made of it.
    pub fn new(directive: &str, address: &str) -> Self {
        let name: String = directive.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let target: String = host.chars().filter(|c| c.is_ascii_graphic()).take(120).collect();
        Self { directive: name, target }
    }

    /// What was stopped, in words.
    pub fn sentence(&self) -> String {
        let what = match self.directive.trim_end_matches("-elem").trim_end_matches("-attr") {
            "connect-src" => "a request to",
            "img-src" => "a picture from",
            "script-src" => "a script from",
            "style-src" => "a style from",
            "font-src" => "a font from",
            "media-src" => "sound or film from",
            "frame-src" | "child-src" => "a frame or a move of the app to",
            "form-action" => "a form sent to",
            "worker-src" => "a worker from",
            "object-src" => "a plugin from",
            "base-uri" => "a new start of relative addresses at",
            _ => "something from",
        };
        let target = match self.target.as_str() {
            "" => "an address that the browser does not tell",
            "inline" => "the page's own text",
            "eval" => "text made into code",
            "data" => "a data address",
            "blob" => "a blob",
            target => target,
        };
        format!("{what} {target}")
    }
}

/// Runs first in the page and reports two things to the sandbox that it cannot see from outside: what the policy
/// stopped, and the Escape key. A page can make such reports up; they are only counted and shown, and only lead out of
/// the full screen.
const REPORTER: &str = r#"(()=>{const s=document.currentScript,p=parent,say=m=>p.postMessage(m,"*");s.remove();addEventListener("securitypolicyviolation",e=>say({countersign:"blocked",directive:e.effectiveDirective,address:e.blockedURI}),true);addEventListener("keydown",e=>{if(e.key==="Escape")say({countersign:"escape"})},true)})()"#;

/// Runs right after it and takes WebRTC away, which no policy forbids (Chromium does not know the directive `webrtc`; X92).
///
/// A frame in the page would bring a WebRTC of its own. One without an origin cannot be reached from the page, so only a
/// frame whose text comes from the page is one: such a frame is taken out before it is loaded, in every tree that a
/// script can make. What it needs is taken from the page before the page can change it. A closed tree that is written
/// in the markup itself, and a page that replaces itself by a `javascript:` address, stay out of its sight; [`NOT_STOPPED`] says so.
const GUARD: &str = r#"(()=>{delete window.RTCPeerConnection;delete window.webkitRTCPeerConnection;const p=parent,u=f=>Function.prototype.call.bind(f),E=Element.prototype,has=u(E.hasAttribute),all=u(E.querySelectorAll),gone=u(E.remove),of=(c,n)=>u(Object.getOwnPropertyDescriptor(c.prototype,n).get),name=of(Element,"localName"),src=of(HTMLIFrameElement,"src"),added=of(MutationRecord,"addedNodes"),target=of(MutationRecord,"target"),many=of(NodeList,"length"),begins=u(String.prototype.startsWith),web=v=>begins(v,"http:")||begins(v,"https:"),kind=of(Node,"nodeType");const one=f=>{if(name(f)!=="iframe"&&name(f)!=="frame")return;if(has(f,"srcdoc")||has(f,"src")&&!(name(f)==="iframe"&&web(src(f)))){gone(f);p.postMessage({countersign:"blocked",directive:"frame-src",address:"inline"},"*")}},look=n=>{if(kind(n)!==1)return;one(n);const l=all(n,"iframe,frame");for(let i=0;i<many(l);i++)one(l[i])};const o=new MutationObserver(l=>{for(let i=0;i<l.length;i++){const n=target(l[i]);if(kind(n)===1)one(n);const a=added(l[i]);for(let j=0;j<many(a);j++)look(a[j])}}),watch=u(MutationObserver.prototype.observe),how={subtree:true,childList:true,attributes:true,attributeFilter:["srcdoc","src"]};watch(o,document,how);const shadow=u(E.attachShadow);E.attachShadow=function(i){const r=shadow(this,i);watch(o,r,how);return r};for(const c of[Element,ShadowRoot])delete c.prototype.setHTMLUnsafe;delete Document.parseHTMLUnsafe})()"#;

/// What nothing here stops, in words for whoever looks at an app.
pub const NOT_STOPPED: &str = "Direct connections to other computers (WebRTC) are taken away from the app. No policy of the browser forbids them, so a page that is made to get around that could still open one.";

/// The page as it is loaded: a document of ours whose head has the policy before anything else, and the page's own
/// text behind it. A parser takes the head and body of the page as parts of ours, and nothing of the page can come
/// before the policy, whatever it begins with. `first` is a script of ours that runs before the page.
pub fn framed(html: &str, sources: &Sources, first: Option<&str>) -> String {
    let policy = sources.policy();
    let first = first.map(|script| format!("<script>{script};document.currentScript.remove()</script>"));
    let first = first.unwrap_or_default();
    format!(
        r#"<!DOCTYPE html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}"><meta http-equiv="x-dns-prefetch-control" content="off"><script>{REPORTER}</script><script>{GUARD};document.currentScript.remove()</script>{first}</head><body>{html}</body></html>"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(csp: Value) -> Sources {
        Sources::read(&csp, false, &|_| true)
    }

    #[test]
    fn what_declares_nothing_gets_nothing() {
        let policy = read(json!({})).policy();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';"),
            "{policy}"
        );
        for none in [
            "connect-src 'none'",
            "frame-src 'none'",
            "base-uri 'none'",
            "object-src 'none'",
            "form-action 'none'",
            "worker-src 'none'",
        ] {
            assert!(policy.contains(none), "{none} in {policy}");
        }
        assert!(!policy.contains("http") && !policy.contains("'self'") && !policy.contains("unsafe-eval"));
    }

    #[test]
    fn declared_origins_are_where_they_belong() {
        let sources = read(json!({
            "connectDomains": ["https://api.example.com", "wss://live.example.com:8443"],
            "resourceDomains": ["https://*.cdn.example.com/", "https://CDN.example.com"],
            "frameDomains": ["https://player.example.com"],
            "baseUriDomains": ["https://base.example.com"],
        }));
        let policy = sources.policy();
        assert!(policy.contains("connect-src https://api.example.com wss://live.example.com:8443;"), "{policy}");
        assert!(
            policy.contains("script-src 'unsafe-inline' https://*.cdn.example.com https://cdn.example.com;"),
            "{policy}"
        );
        assert!(
            policy.contains("frame-src https://player.example.com;")
                && policy.contains("base-uri https://base.example.com;")
        );
        assert_eq!(sources.dropped, []);
    }

    #[test]
    fn the_older_names_are_read() {
        let sources = read(json!({ "connect_domains": ["https://a.example"], "frame_domains": ["https://b.example"] }));
        assert_eq!(
            (sources.connect, sources.frame),
            (vec!["https://a.example".to_owned()], vec!["https://b.example".to_owned()])
        );
    }

    #[test]
    fn x91_whatever_is_no_origin_is_dropped_and_told() {
        let bad = [
            "*",
            "https:",
            "https://",
            "https://*",
            "https://*.com",
            "data:",
            "blob:",
            "'self'",
            "'unsafe-eval'",
            "http://example.com",
            "https://a.example; script-src *",
            "https://a.example script-src",
            "https://a.example\nx",
            "https://a.example\r",
            "https://a.*.example",
            "https://a.example/path",
            "https://user@a.example",
            "https://a.example:99999",
            "https://a.example:+80",
            "https://[::1]",
            "javascript://a.example",
            "https://a.example,https://b.example",
            "https://a.example\"><script>",
            "https://ex\u{e4}mple.com",
            "https://-a.example",
            "wss://a.example",
            "",
        ];
        let sources = read(json!({ "resourceDomains": bad }));
        assert_eq!(sources.resource, Vec::<String>::new());
        assert_eq!(sources.dropped.len(), bad.len());
        assert_eq!(sources.policy(), Sources::default().policy());
        let mixed =
            read(json!({ "connectDomains": ["https://a.example", 7, null, "*"], "frameDomains": "https://a.example" }));
        assert_eq!((mixed.connect, mixed.dropped.len()), (vec!["https://a.example".to_owned()], 3));
    }

    #[test]
    fn x91_more_entries_than_anybody_needs_are_dropped() {
        let many: Vec<String> = (0..80).map(|n| format!("https://h{n}.example")).collect();
        let sources = read(json!({ "connectDomains": many }));
        assert_eq!((sources.connect.len(), sources.dropped.len()), (50, 30));
    }

    #[test]
    fn hosts_that_the_workspace_does_not_list_are_dropped() {
        let csp =
            json!({ "connectDomains": ["https://good.example", "https://evil.example", "https://*.good.example"] });
        let sources = Sources::read(&csp, false, &|host| host.ends_with("good.example"));
        assert_eq!(sources.connect, ["https://good.example", "https://*.good.example"]);
        assert_eq!(
            sources.dropped,
            [("https://evil.example".to_owned(), "the workspace's list of UI hosts does not have it")]
        );
    }

    #[test]
    fn this_machine_counts_only_where_it_is_allowed() {
        let csp = json!({ "connectDomains": ["http://localhost:3000", "ws://127.0.0.1:1", "https://localhost"] });
        assert_eq!(Sources::read(&csp, false, &|_| true).connect, Vec::<String>::new());
        assert_eq!(
            Sources::read(&csp, true, &|_| true).connect,
            ["http://localhost:3000", "ws://127.0.0.1:1", "https://localhost"]
        );
    }

    #[test]
    fn nothing_of_a_page_comes_before_its_policy() {
        for html in [
            "<!-- <head> --><script>1</script>",
            "</head></html><script>1</script>",
            "<base href=\"https://evil.example\">",
            "\u{feff}<html>",
        ] {
            let page = framed(html, &Sources::default(), Some("(() => {})()"));
            assert!(page.starts_with(
                "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\""
            ));
            assert!(page.find("default-src 'none'") < page.find("(() => {})()"));
            assert!(page.find("(() => {})()") < page.find(html));
        }
    }

    #[test]
    fn what_was_stopped_is_told_in_words() {
        let told = |directive: &str, address: &str| Blocked::new(directive, address).sentence();
        assert_eq!(told("connect-src", "https://evil.example/steal?q=1"), "a request to evil.example");
        assert_eq!(told("img-src", "https://evil.example:8080/x.png"), "a picture from evil.example:8080");
        assert_eq!(told("script-src-elem", "https://cdn.example"), "a script from cdn.example");
        assert_eq!(told("script-src", "eval"), "a script from text made into code");
        assert_eq!(told("frame-src", ""), "a frame or a move of the app to an address that the browser does not tell");
        assert_eq!(Blocked::new("x<script>", "a b").directive, "xscript");
    }
}
