//! The site as it is deployed: built by trunk, split, shrunk, named by its content, compressed.
//!
//! Trunk builds the page as one module. A screen that is marked with `wasm_split` is taken out of it here and loaded
//! when it is first opened: `wasm-split-cli` divides the linked module (`site/build.rs` has the linker keep what that needs), `wasm-bindgen` writes the JavaScript of the main
//! part, `wasm-opt` shrinks every part. The parts name each other by relative paths, so the folder they are in carries
//! the digest of the build, not each file. A debug build goes the same way, without the shrinking.

use crate::build_name;
use crate::headers::{self, Loopback};
use crate::places::{Places, files_below};
use crate::run::{Doing, Environment, Failure, Outcome, Program, step};
use crate::setup::Tools;
use crate::toolchain::FLAGS;
use std::path::{Path, PathBuf};

/// How a site is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The path it is at, `/` or `/sub/`.
    pub(crate) base: String,
    /// Whether it may connect to servers on this machine.
    pub(crate) loopback: Loopback,
    /// The origin that the sandbox of apps is on, if it has one of its own.
    pub(crate) apart: Option<String>,
    /// Whether it is built for speed of building.
    pub(crate) debug: bool,
}

impl Wanted {
    /// The release site at `/`, as this machine serves it to itself.
    pub(crate) fn here() -> Self {
        Self { base: "/".into(), loopback: Loopback::Allowed, apart: None, debug: false }
    }

    fn profile(&self) -> &'static str {
        if self.debug { "debug" } else { "release" }
    }
}

/// The path a site is served at, from what was typed: `sub`, `/sub` and `/sub/` are the same.
pub(crate) fn base(typed: &str) -> Outcome<String> {
    let inner = typed.trim_matches('/');
    if !inner.chars().all(|c| c.is_ascii_alphanumeric() || "/-._~".contains(c))
        || inner.split('/').any(|part| inner.len() > 1 && part.is_empty() || part == "..")
    {
        return Err(Failure::new(format!("`{typed}` is no path of a site")).next("give one like `/sub/`"));
    }
    Ok(if inner.is_empty() { "/".into() } else { format!("/{inner}/") })
}

/// The script that loads the other parts, as `wasm-split-cli` calls it.
const SPLITTER: &str = "__wasm_split.js";

fn workshop(places: &Places, wanted: &Wanted) -> PathBuf {
    places.target.join("site").join(wanted.profile())
}

/// Where a site is once it is built.
pub(crate) fn folder(places: &Places, wanted: &Wanted) -> PathBuf {
    let name = match wanted.loopback {
        Loopback::Allowed => "www",
        Loopback::Refused => "dist",
    };
    workshop(places, wanted).join(name)
}

/// Copies a built site to another place, for another path.
pub(crate) fn move_below(www: &Path, base: &str, to: &Path, tools: &Tools) -> Outcome<()> {
    let _ = std::fs::remove_dir_all(to);
    // The compressed pages are of the other path.
    let page = |file: &Path| file.to_string_lossy().contains(".html.");
    let files = files_below(www)?;
    // A debug build has no compressed variants: its module would take minutes.
    let compressed = files.iter().any(|file| file.extension().is_some_and(|extension| extension == "br"));
    for file in files.into_iter().filter(|file| !page(file)) {
        let copy = to.join(file.strip_prefix(www).unwrap_or(&file));
        std::fs::create_dir_all(copy.parent().unwrap_or(to)).doing("make a folder for the copy")?;
        if copy.extension().is_some_and(|extension| extension == "html") {
            let page = std::fs::read_to_string(&file).doing("read the page")?;
            // The sandbox of apps has no base, and needs none.
            let page = replaced(&page, "<base ", "href", "", &format!("<base href=\"{base}\">")).unwrap_or(page);
            // A deployment without a second origin for apps.
            let page = replaced(&page, "<meta ", SANDBOX, "", &sandbox("")).unwrap_or(page);
            std::fs::write(&copy, page).doing("write the page")?;
        } else {
            std::fs::copy(&file, &copy).doing(format_args!("copy `{}`", file.display()))?;
        }
    }
    if compressed { compress(to, tools) } else { Ok(()) }
}

/// Puts the compressed variants beside the files.
fn compress(folder: &Path, tools: &Tools) -> Outcome<()> {
    Program::new("node").args([tools.scripts.join("compress.mjs"), folder.to_path_buf()]).env(&tools.wasm).done()
}

/// Builds the site and gives the folder it is in, ready to be served.
pub(crate) fn build(places: &Places, tools: &Tools, wanted: &Wanted) -> Outcome<PathBuf> {
    let work = workshop(places, wanted);
    let trunk = work.join("trunk");
    let built = places.target.join("wasm32-unknown-unknown").join(wanted.profile()).join("site.wasm");
    // Whoever waits for the first time should know that it is no fault.
    let patience = if built.exists() { "" } else { ", which takes minutes the first time" };
    step(&format!("build the site with trunk ({}){patience}", wanted.profile()), || {
        let mut environment = if wanted.debug { tools.wasm.clone() } else { tools.shipping.clone() };
        environment.set("CARGO_TARGET_DIR", places.target.clone());
        environment.set("TRUNK_SKIP_VERSION_CHECK", "true");
        // What matters of a failed build is what the compiler said.
        environment.set("RUST_LOG", "off");
        environment.set("RUST_BACKTRACE", "0");
        environment.unset("NO_COLOR");
        if wanted.debug {
            environment.set("CARGO_PROFILE_DEV_DEBUG", "0");
        } else {
            erase(&mut environment);
        }
        std::fs::create_dir_all(&trunk).doing("make the folder for trunk")?;
        let release: &[&str] = if wanted.debug { &[] } else { &["--release"] };
        Program::new("trunk")
            .args(["build", "--dist"])
            .args([&trunk])
            .args(release)
            .env(&environment)
            .within(&places.root)
            .done()
    })?;
    let assets = work.join("assets");
    let www = folder(places, wanted);
    step("split it into what is loaded first and what is loaded on use", || {
        split(tools, &built, &work, &assets, wanted.debug)
    })?;
    step("shrink, name and compress its files", || {
        for name in ["boot.js", "callback.js", "reader.js", "icon.svg"] {
            std::fs::copy(trunk.join(name), assets.join(name)).doing(format_args!("copy {name}"))?;
        }
        for sheet in ["app.css", "later.css"] {
            Program::new("esbuild")
                .args(["--bundle", "--minify", "--log-level=warning"])
                .args([trunk.join("style").join(sheet)])
                .args([out_file(&assets.join(sheet))])
                .env(&tools.wasm)
                .done()?;
        }
        if !wanted.debug {
            shrink(tools, &assets)?;
        }
        let page = std::fs::read_to_string(trunk.join("index.html")).doing("read the page trunk made")?;
        std::fs::copy(trunk.join(headers::SANDBOX), work.join(headers::SANDBOX)).doing("copy the sandbox of apps")?;
        let back = std::fs::read_to_string(trunk.join("callback.html")).doing("read the page that ends a sign-in")?;
        assemble(&page, &back, &work.join(headers::SANDBOX), &assets, &www, wanted)?;
        if !wanted.debug {
            compress(&www, tools)?;
        }
        Ok(())
    })?;
    Ok(www)
}

/// Has leptos give every component one type, which makes the module smaller: otherwise each view is a type of its own,
/// with code of its own.
fn erase(environment: &mut Environment) {
    let mut flags = environment.get(FLAGS).unwrap_or_default();
    flags.push(" --cfg erase_components");
    environment.set(FLAGS, flags);
}

fn out_file(path: &Path) -> String {
    format!("--outfile={}", path.display())
}

/// Divides the module and writes its parts, with their JavaScript, into `assets`.
fn split(tools: &Tools, built: &Path, work: &Path, assets: &Path, debug: bool) -> Outcome<()> {
    let stage = work.join("stage");
    for folder in [&stage, &assets.to_path_buf()] {
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder).doing("make a folder to split in")?;
    }
    Program::new("wasm-split-cli").args([built, &stage]).args(["--out-name", "app"]).env(&tools.wasm).done()?;
    let debugging: &[&str] = if debug { &["--debug"] } else { &[] };
    Program::new("wasm-bindgen")
        .args(["--target", "web", "--keep-lld-exports", "--no-demangle", "--no-typescript", "--out-name", "app"])
        .args(debugging)
        .args(["--out-dir".as_ref(), assets.as_os_str(), stage.join("app.wasm").as_os_str()])
        .env(&tools.wasm)
        .done()?;
    for file in files_below(&stage)? {
        let name = file.file_name().unwrap_or_default();
        if name != "app.wasm" {
            std::fs::copy(&file, assets.join(name)).doing(format_args!("copy `{}`", file.display()))?;
        }
    }
    Ok(())
}

/// Makes every module and script as small as the tools can.
fn shrink(tools: &Tools, assets: &Path) -> Outcome<()> {
    for file in files_below(assets)? {
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("wasm") => Program::new("wasm-opt")
                .args(["-Oz".as_ref(), file.as_os_str(), "-o".as_ref(), file.as_os_str()])
                .env(&tools.wasm)
                .done()?,
            Some("js") => {
                let format: &[&str] = if file.ends_with("boot.js") { &[] } else { &["--format=esm"] };
                Program::new("esbuild")
                    .args(["--minify", "--log-level=warning", "--allow-overwrite"])
                    .args(format)
                    .args([out_file(&file)])
                    .args([&file])
                    .env(&tools.wasm)
                    .done()?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Puts the page and its assets together, the assets in a folder named by what is in them.
fn assemble(page: &str, back: &str, sandbox: &Path, assets: &Path, www: &Path, wanted: &Wanted) -> Outcome<()> {
    let files = files_below(assets)?;
    let list = build_name::list(assets, &files)?;
    let folder = format!("{}{}", headers::ASSETS, build_name::name(&list));
    let page = page_with(page, &folder, assets.join(SPLITTER).is_file(), wanted)?;
    let back = callback_with(back, &folder, wanted)?;
    // Beside the old one until it is complete, so that a server that is running never sees half a site.
    let new = www.with_extension("new");
    let _ = std::fs::remove_dir_all(&new);
    for file in files {
        let to = new.join(&folder).join(file.strip_prefix(assets).unwrap_or(&file));
        std::fs::create_dir_all(to.parent().unwrap_or(&new)).doing("make the folder for assets")?;
        std::fs::copy(&file, &to).doing(format_args!("copy `{}`", file.display()))?;
    }
    std::fs::write(new.join(&folder).join(build_name::LIST), list).doing("write the list of files")?;
    std::fs::write(new.join("index.html"), &page).doing("write the page")?;
    // Hosts that know no rules give this for a deep link; it is the same page.
    std::fs::write(new.join("404.html"), &page).doing("write the page")?;
    let callback = new.join(headers::CALLBACK).with_extension("html");
    std::fs::create_dir_all(callback.parent().unwrap_or(&new)).doing("make the folder for the end of a sign-in")?;
    std::fs::write(callback, &back).doing("write the page that ends a sign-in")?;
    std::fs::copy(sandbox, new.join(headers::SANDBOX)).doing("copy the sandbox of apps")?;
    let _ = std::fs::remove_dir_all(www);
    std::fs::rename(&new, www).doing("put the site in place")
}

/// The page trunk made, pointing at the assets.
fn page_with(page: &str, folder: &str, splits: bool, wanted: &Wanted) -> Outcome<String> {
    // The module that loads the other parts is there only if something was split off.
    let splitter =
        if splits { format!(r#"<link rel="modulepreload" href="{folder}/{SPLITTER}">"#) } else { String::new() };
    let style = format!(
        r#"<link rel="stylesheet" href="{folder}/app.css"><link rel="modulepreload" href="{folder}/app.js">{splitter}<link rel="preload" href="{folder}/app_bg.wasm" as="fetch" type="application/wasm" crossorigin="anonymous">"#
    );
    let boot = format!(
        r#"<script src="{folder}/boot.js" id="boot" data-js="app.js" data-wasm="app_bg.wasm" data-later="later.css" data-callback="callback.js"></script>"#
    );
    all_replaced(
        page,
        [
            ("<base ", "href", "", head(wanted)),
            ("<link ", "stylesheet", "", style),
            ("<link ", "icon.svg", "", icon(folder)),
            ("<meta ", SANDBOX, "", sandbox(&place_of_sandbox(wanted))),
            ("<script ", "id=\"boot\"", "</script>", boot),
        ],
    )
}

/// The page that ends a sign-in, pointing at the assets.
fn callback_with(page: &str, folder: &str, wanted: &Wanted) -> Outcome<String> {
    let style = format!(r#"<link rel="stylesheet" href="{folder}/app.css">"#);
    let script = format!(r#"<script src="{folder}/callback.js" type="module"></script>"#);
    all_replaced(
        page,
        [
            ("<base ", "href", "", head(wanted)),
            ("<link ", "stylesheet", "", style),
            ("<link ", "icon.svg", "", icon(folder)),
            ("<script ", "callback.js", "</script>", script),
        ],
    )
}

/// The policy comes before anything that loads; the base before anything relative.
fn head(wanted: &Wanted) -> String {
    let policy = headers::policy_in_page(wanted.loopback, wanted.apart.as_deref());
    format!(r#"<meta http-equiv="Content-Security-Policy" content="{policy}"><base href="{}">"#, wanted.base)
}

/// The name under which the page says where its sandbox of apps is.
const SANDBOX: &str = "countersign-sandbox";

fn sandbox(place: &str) -> String {
    format!(r#"<meta name="{SANDBOX}" content="{place}">"#)
}

/// Where the sandbox of apps is: an origin, `loopback` for the other name of this machine, or nothing for this site.
fn place_of_sandbox(wanted: &Wanted) -> String {
    match (&wanted.apart, wanted.loopback) {
        (Some(origin), _) => origin.clone(),
        (None, Loopback::Allowed) => "loopback".to_owned(),
        (None, Loopback::Refused) => String::new(),
    }
}

/// An origin for the sandbox of apps, from what was typed.
pub(crate) fn apart(typed: &str) -> Outcome<String> {
    let host = typed.strip_prefix("https://").unwrap_or_default().trim_end_matches('/');
    if host.is_empty() || !host.chars().all(|c| c.is_ascii_alphanumeric() || "-.:".contains(c)) {
        return Err(Failure::new(format!("`{typed}` is no origin for the sandbox of apps"))
            .next("give one like `https://apps.example.net`, at which the same archive is served"));
    }
    Ok(format!("https://{}", host.to_ascii_lowercase()))
}

fn icon(folder: &str) -> String {
    format!(r#"<link rel="icon" href="{folder}/icon.svg" type="image/svg+xml">"#)
}

fn all_replaced<const N: usize>(page: &str, tags: [(&str, &str, &str, String); N]) -> Outcome<String> {
    tags.into_iter().try_fold(page.to_owned(), |page, (opening, mark, closing, with)| {
        replaced(&page, opening, mark, closing, &with)
            .ok_or_else(|| Failure::new(format!("a page of the site has no `{opening}...{mark}...>`")))
    })
}

/// Our Client ID Metadata Document for a site at an origin: `client_id` is its own address.
pub(crate) fn client_document(origin: &str, base: &str) -> Outcome<String> {
    let wrong =
        || Failure::new(format!("`{origin}` is no origin of a site")).next("give one like `https://app.example.com`");
    let host = origin.strip_prefix("https://").ok_or_else(wrong)?.trim_end_matches('/');
    if host.is_empty() || !host.chars().all(|c| c.is_ascii_alphanumeric() || "-.:".contains(c)) {
        return Err(wrong());
    }
    let site = format!("https://{}{base}", host.to_ascii_lowercase());
    let document = serde_json::json!({
        "client_id": format!("{site}client.json"),
        "client_name": "Countersign",
        "client_uri": site,
        "redirect_uris": [format!("{site}{}", headers::CALLBACK)],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "web",
    });
    Ok(format!("{document:#}\n"))
}

/// Replaces the first tag that starts with `opening` and has `mark` in it, up to `closing` if that is given.
fn replaced(page: &str, opening: &str, mark: &str, closing: &str, with: &str) -> Option<String> {
    let mut from = 0;
    loop {
        let start = from + page.get(from..)?.find(opening)?;
        let tag_end = start + page.get(start..)?.find('>')? + 1;
        if page.get(start..tag_end)?.contains(mark) {
            let end = tag_end + page.get(tag_end..)?.find(closing)? + closing.len();
            return Some(format!("{}{with}{}", page.get(..start)?, page.get(end..)?));
        }
        from = tag_end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_read_as_it_is_typed() {
        for typed in ["sub", "/sub", "/sub/", "sub/"] {
            assert_eq!(base(typed).unwrap(), "/sub/");
        }
        assert_eq!(base("/").unwrap(), "/");
        assert_eq!(base("/a/b/").unwrap(), "/a/b/");
        for typed in ["https://example.com/", "a//b", "a/../b", "a b", "\"><script>"] {
            assert!(base(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn the_page_points_at_the_assets_and_carries_the_policy() {
        let page = include_str!("../../../site/index.html").replace(
            "</head>",
            r#"<script src="boot.js" id="boot" data-js="/a.js" data-wasm="/a.wasm"></script></head>"#,
        );
        let page = page_with(
            &page,
            "assets/12",
            true,
            &Wanted { base: "/sub/".into(), loopback: Loopback::Refused, apart: None, debug: false },
        )
        .unwrap();
        for expected in [
            "<base href=\"/sub/\">",
            "href=\"assets/12/app.css\"",
            "href=\"assets/12/icon.svg\"",
            "<script src=\"assets/12/boot.js\" id=\"boot\" data-js=\"app.js\"",
            "content=\"default-src 'none';",
            "<meta name=\"countersign-sandbox\" content=\"\">",
        ] {
            assert!(page.contains(expected), "{expected} in {page}");
        }
        assert!(!page.contains("a.wasm"));
        assert_eq!(page.matches("<script").count(), 1, "no other script");
        assert!(page.find("Content-Security-Policy") < page.find("<link"));
    }

    #[test]
    fn the_page_that_ends_a_sign_in_has_the_policy_and_one_script_of_its_own() {
        let wanted = Wanted { base: "/sub/".into(), loopback: Loopback::Refused, apart: None, debug: false };
        let page = callback_with(include_str!("../../../site/callback.html"), "assets/12", &wanted).unwrap();
        assert!(page.contains(r#"<base href="/sub/">"#) && page.contains("content=\"default-src 'none';"), "{page}");
        assert!(page.contains(r#"<script src="assets/12/callback.js" type="module"></script>"#), "{page}");
        assert_eq!(page.matches("<script").count(), 1, "no other script");
        assert!(!page.contains("wasm\""), "no program");
    }

    #[test]
    fn a_client_document_is_about_its_own_address() {
        let document = client_document("https://App.Example.com/", "/sub/").unwrap();
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        assert_eq!(document["client_id"], "https://app.example.com/sub/client.json");
        assert_eq!(document["redirect_uris"], serde_json::json!(["https://app.example.com/sub/oauth/callback"]));
        assert_eq!(document["token_endpoint_auth_method"], "none");
        for wrong in ["http://app.example.com", "app.example.com", "https://", "https://a/b", "https://a?b"] {
            assert!(client_document(wrong, "/").is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_page_says_where_its_sandbox_of_apps_is() {
        let wanted = |apart: Option<&str>, loopback| Wanted {
            base: "/".into(),
            loopback,
            apart: apart.map(|typed| super::apart(typed).unwrap()),
            debug: false,
        };
        assert_eq!(place_of_sandbox(&wanted(None, Loopback::Refused)), "");
        assert_eq!(place_of_sandbox(&wanted(None, Loopback::Allowed)), "loopback");
        assert_eq!(
            place_of_sandbox(&wanted(Some("https://Apps.example.net/"), Loopback::Refused)),
            "https://apps.example.net"
        );
        assert!(
            head(&wanted(Some("https://apps.example.net"), Loopback::Refused))
                .contains("frame-src 'self' https://apps.example.net;")
        );
        for wrong in ["apps.example.net", "http://apps.example.net", "https://a/b", "https://a; script-src *"] {
            assert!(super::apart(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_tag_is_found_by_its_mark() {
        let page = "<link rel=a><link rel=b>x</link>";
        assert_eq!(replaced(page, "<link ", "rel=b", "</link>", "!").as_deref(), Some("<link rel=a>!"));
        assert_eq!(replaced(page, "<link ", "rel=c", "", "!"), None);
    }
}
