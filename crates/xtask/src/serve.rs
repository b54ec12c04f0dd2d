//! A static file server for `cargo xtask start` and the suites: the headers of a deployment, compressed variants, the
//! page for every deep link. It listens on loopback only and reads files only.

use crate::headers::{self, Loopback};
use crate::run::{Doing, Failure, Outcome};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What is served, and where.
#[derive(Debug)]
struct Site {
    folder: PathBuf,
    base: String,
    loopback: Loopback,
}

/// A server that runs as long as the program.
pub(crate) struct Server {
    /// The address of the site, with a slash at the end.
    pub(crate) address: String,
    thread: std::thread::JoinHandle<()>,
}

impl Server {
    /// Serves `folder` below `base` (`/` or `/sub/`) at `port`, 0 for any free one.
    pub(crate) fn start(folder: &Path, base: &str, port: u16, loopback: Loopback) -> Outcome<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).map_err(|error| {
            let failure = Failure::new(format!("could not listen on port {port}: {error}"));
            if port == 0 {
                failure
            } else {
                failure.next(format!("choose another port, for example `--port {}`", port.saturating_add(1)))
            }
        })?;
        let port = listener.local_addr().doing("read the address of the server")?.port();
        // `localhost` may mean ::1 first; where that cannot be had, browsers fall back to 127.0.0.1.
        let second = TcpListener::bind(("::1", port)).ok();
        let site = Arc::new(Site { folder: folder.to_path_buf(), base: base.to_owned(), loopback });
        if let Some(second) = second {
            let site = Arc::clone(&site);
            std::thread::spawn(move || accept(&second, &site));
        }
        let thread = std::thread::spawn(move || accept(&listener, &site));
        Ok(Self { address: format!("http://localhost:{port}{base}"), thread })
    }

    /// Serves until the program is ended.
    pub(crate) fn forever(self) {
        let _ = self.thread.join();
    }
}

fn accept(listener: &TcpListener, site: &Arc<Site>) {
    for stream in listener.incoming().flatten() {
        let site = Arc::clone(site);
        std::thread::spawn(move || talk(stream, &site));
    }
}

/// One connection: request after request, until the other side has had enough.
fn talk(stream: TcpStream, site: &Site) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    let _ = stream.set_nodelay(true);
    let Ok(mut out) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    while let Some(request) = Request::read(&mut reader) {
        let answer = site.answer(&request);
        if out.write_all(&answer.bytes(request.method == "HEAD", site.loopback)).is_err() || request.last {
            return;
        }
    }
}

/// The part of a request that matters here.
#[derive(Debug)]
struct Request {
    method: String,
    target: String,
    encodings: String,
    last: bool,
}

impl Request {
    /// The next one, or nothing at the end or when it is no HTTP.
    fn read(reader: &mut impl BufRead) -> Option<Self> {
        let mut line = String::new();
        // A bound for the whole head, so that no client can fill the memory.
        let mut head = reader.take(64 * 1024);
        head.read_line(&mut line).ok().filter(|count| *count > 0)?;
        let mut words = line.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut request = Self { method, target, encodings: String::new(), last: words.next() == Some("HTTP/1.0") };
        loop {
            line.clear();
            head.read_line(&mut line).ok().filter(|count| *count > 0)?;
            let Some((name, value)) = line.split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "accept-encoding" => request.encodings = value.trim().to_ascii_lowercase(),
                "connection" => request.last |= value.trim().eq_ignore_ascii_case("close"),
                // A body would be read as the next request: nothing here takes one.
                "content-length" | "transfer-encoding" => request.last |= value.trim() != "0",
                _ => {}
            }
        }
        Some(request)
    }

    fn accepts(&self, encoding: &str) -> bool {
        self.encodings.split(',').any(|each| {
            let mut parts = each.split(';').map(str::trim);
            parts.next() == Some(encoding)
                && parts.next().is_none_or(|quality| !matches!(quality, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
    }
}

/// An answer before it is bytes.
#[derive(Debug)]
struct Answer {
    status: &'static str,
    media_type: &'static str,
    kept: &'static str,
    encoding: Option<&'static str>,
    extra: Option<(&'static str, String)>,
    /// Whether it is the sandbox of apps, which has headers of its own.
    sandbox: bool,
    body: Vec<u8>,
}

impl Answer {
    fn sentence(status: &'static str, text: &str) -> Self {
        Self {
            status,
            media_type: "text/plain; charset=utf-8",
            kept: headers::kept(""),
            encoding: None,
            extra: None,
            sandbox: false,
            body: format!("{text}\n").into_bytes(),
        }
    }

    fn bytes(&self, head_only: bool, loopback: Loopback) -> Vec<u8> {
        let mut head = format!(
            "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: {}\r\nVary: Accept-Encoding\r\n",
            self.status,
            self.media_type,
            self.body.len(),
            self.kept
        );
        let encoding = self.encoding.map(|encoding| ("Content-Encoding", encoding.to_owned()));
        let common = match self.sandbox {
            true => headers::of_sandbox(loopback, None),
            false => headers::everywhere(loopback, None),
        };
        for (name, value) in common.into_iter().chain(encoding).chain(self.extra.clone()) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if !head_only {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

impl Site {
    fn answer(&self, request: &Request) -> Answer {
        if request.method != "GET" && request.method != "HEAD" {
            let mut answer = Answer::sentence("405 Method Not Allowed", "this server only gives files");
            answer.extra = Some(("Allow", "GET, HEAD".into()));
            return answer;
        }
        let path = request.target.split(['?', '#']).next().unwrap_or_default();
        let Some(path) = decoded(path) else {
            return Answer::sentence("400 Bad Request", "this address cannot be read");
        };
        if format!("{path}/") == self.base {
            let mut answer = Answer::sentence("308 Permanent Redirect", &format!("the site is at {}", self.base));
            answer.extra = Some(("Location", self.base.clone()));
            return answer;
        }
        let Some(path) = path.strip_prefix(&self.base) else {
            return Answer::sentence("404 Not Found", &format!("the site is at {}", self.base));
        };
        if path.split('/').any(|part| part == ".." || part == "." || part.contains('\\')) {
            return Answer::sentence("400 Bad Request", "this address cannot be read");
        }
        // A deep link is the page's own business; a missing asset is not.
        self.file(path, request)
            .or_else(|| self.file(&format!("{path}.html"), request))
            .or_else(|| (!path.starts_with(headers::ASSETS)).then(|| self.file("index.html", request)).flatten())
            .unwrap_or_else(|| Answer::sentence("404 Not Found", "no such file"))
    }

    fn file(&self, path: &str, request: &Request) -> Option<Answer> {
        let file = self.folder.join(path);
        if path.is_empty() || !file.is_file() {
            return None;
        }
        let variant = [("br", "br"), ("gzip", "gz")].into_iter().find_map(|(encoding, suffix)| {
            let bytes = request
                .accepts(encoding)
                .then(|| std::fs::read(self.folder.join(format!("{path}.{suffix}"))).ok())
                .flatten()?;
            Some((Some(encoding), bytes))
        });
        let (encoding, body) = match variant {
            Some(variant) => variant,
            None => (None, std::fs::read(&file).ok()?),
        };
        Some(Answer {
            status: "200 OK",
            media_type: headers::media_type(path),
            kept: headers::kept(path),
            encoding,
            extra: None,
            sandbox: path == headers::SANDBOX,
            body,
        })
    }
}

/// A path with its percent escapes read, if they are well formed.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let (high, low) = (char::from(rest.next()?).to_digit(16)?, char::from(rest.next()?).to_digit(16)?);
                u8::try_from(high * 16 + low).ok().filter(|byte| *byte != 0)?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A small site, and what it answers.
    fn get(base: &str, target: &str, encodings: &str) -> Answer {
        // Tests run side by side: each has a folder of its own.
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("countersign-serve-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(folder.join("assets/1")).unwrap();
        for (name, text) in [
            ("index.html", "page"),
            ("index.html.br", "PAGE"),
            ("there.html", "other page"),
            ("sandbox.html", "sandbox"),
            ("assets/1/app.js", "code"),
            ("assets/1/app.js.gz", "CODE"),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let site = Site { folder: folder.clone(), base: base.into(), loopback: Loopback::Refused };
        let text = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {encodings}\r\n\r\n");
        let answer = site.answer(&Request::read(&mut text.as_bytes()).unwrap());
        std::fs::remove_dir_all(folder).unwrap();
        answer
    }

    fn text(answer: &Answer) -> &str {
        std::str::from_utf8(&answer.body).unwrap()
    }

    #[test]
    fn the_page_is_given_for_every_deep_link() {
        for target in ["/", "/index.html", "/c/123", "/connectors/a.b?tab=c", "/c/a%20b"] {
            let answer = get("/", target, "");
            assert_eq!((answer.status, text(&answer), answer.kept), ("200 OK", "page", "no-cache"), "{target}");
        }
    }

    #[test]
    fn a_page_of_its_own_needs_no_extension() {
        let answer = get("/", "/there?code=1", "");
        assert_eq!((text(&answer), answer.media_type), ("other page", "text/html; charset=utf-8"));
    }

    #[test]
    fn x101_the_sandbox_of_apps_has_headers_of_its_own() {
        for target in ["/sandbox.html?host=http%3A%2F%2Flocalhost%3A1", "/sandbox"] {
            let answer = get("/", target, "");
            let head = String::from_utf8(answer.bytes(true, Loopback::Allowed)).unwrap();
            assert!(
                head.contains(
                    "Content-Security-Policy: frame-ancestors 'self' http://localhost:* http://127.0.0.1:*\r\n"
                ),
                "{head}"
            );
            assert_eq!(text(&answer), "sandbox");
        }
        let page = String::from_utf8(get("/", "/", "").bytes(true, Loopback::Allowed)).unwrap();
        assert!(page.contains("frame-ancestors 'none'") && page.contains("default-src 'none'"), "{page}");
    }

    #[test]
    fn a_missing_asset_is_missing() {
        assert_eq!(get("/", "/assets/1/gone.wasm", "").status, "404 Not Found");
    }

    #[test]
    fn the_variant_the_browser_takes_is_given() {
        assert_eq!(text(&get("/", "/", "gzip, deflate, br, zstd")), "PAGE");
        assert_eq!(text(&get("/", "/", "gzip, br;q=0")), "page");
        let asset = get("/", "/assets/1/app.js", "gzip, br");
        assert_eq!(
            (text(&asset), asset.encoding, asset.media_type),
            ("CODE", Some("gzip"), "text/javascript; charset=utf-8")
        );
        assert!(asset.kept.contains("immutable"));
    }

    #[test]
    fn below_a_path_nothing_else_is_served() {
        assert_eq!(text(&get("/sub/", "/sub/c/1", "")), "page");
        assert_eq!(get("/sub/", "/sub", "").extra, Some(("Location", "/sub/".into())));
        assert_eq!(get("/sub/", "/", "").status, "404 Not Found");
    }

    #[test]
    fn nothing_outside_the_folder_is_given() {
        for target in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/..%2fCargo.toml", "/a\\..\\b", "/%zz", "/%00"] {
            assert_eq!(get("/", target, "").status, "400 Bad Request", "{target}");
        }
    }

    #[test]
    fn a_body_is_not_read_as_the_next_request() {
        let text = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        let request = Request::read(&mut text.as_bytes()).unwrap();
        assert!(request.last);
        let site = Site { folder: "/nowhere".into(), base: "/".into(), loopback: Loopback::Refused };
        assert_eq!(site.answer(&request).status, "405 Method Not Allowed");
    }

    #[test]
    fn an_answer_carries_the_headers_of_a_deployment() {
        let bytes = get("/", "/", "br").bytes(true, Loopback::Refused);
        let head = String::from_utf8(bytes).unwrap();
        for (name, value) in headers::everywhere(Loopback::Refused, None) {
            assert!(head.contains(&format!("{name}: {value}\r\n")), "{name}");
        }
        assert!(
            head.contains("Content-Encoding: br\r\n")
                && head.contains("Vary: Accept-Encoding\r\n")
                && head.ends_with("\r\n\r\n")
        );
    }
}
