//! The help as pages, which is what *Guide* searches, and what this build is (screens.md e.1, System).
//!
//! An article's links lead to other articles. They stand below it as links of the page: text that is drawn as Markdown
//! links outward only.

use browser::builtin::guide::{ARTICLES, Article};
use leptos::prelude::*;

use crate::results::Markdown;
use crate::router::{Link, Route, page_title};

/// The article of an id, or the table of contents without one.
#[component]
pub(super) fn HelpPage(
    /// The article's id; empty for the table of contents.
    id: String,
) -> impl IntoView {
    match (ARTICLES.iter().find(|one| one.id == id), id.is_empty()) {
        (Some(article), _) => view! { <OneArticle article=*article/> }.into_any(),
        (None, true) => view! { <Contents/> }.into_any(),
        (None, false) => {
            page_title(|| "Help".into());
            view! {
                <h1>"There is no such article"</h1>
                <p><Link to=Route::Help(String::new())>"See every article"</Link></p>
            }
            .into_any()
        }
    }
}

#[component]
fn Contents() -> impl IntoView {
    page_title(|| "Help".into());
    view! {
        <header class="head"><div class="grow"><h1>"Help"</h1>
            <p class="lead">"The same that Guide searches when you ask it in a chat."</p></div></header>
        <ul class="rows">{ARTICLES.iter().map(|article| view! {
            <li class="row-card"><div class="grow">
                <h2><Link to=Route::Help(article.id.to_owned())>{article.title()}</Link></h2>
                // One line of plain words: marks of emphasis would be read as they are written.
                <p class="small">{article.summary().replace(['*', '`'], "")}</p>
            </div></li>
        }).collect_view()}</ul>
        <p class="small"><Link to=Route::About>"About this build"</Link></p>
    }
}

#[component]
fn OneArticle(article: Article) -> impl IntoView {
    page_title(move || article.title().into());
    let (text, linked) = apart(article);
    view! {
        <header class="head"><div class="grow"><h1>{article.title()}</h1></div></header>
        <div class="article"><Markdown text/></div>
        {(!linked.is_empty()).then(|| view! {
            <h2 class="section">"See also"</h2>
            <ul class="plain">{linked.into_iter().map(|other| view! {
                <li><Link to=Route::Help(other.id.to_owned())>{other.title()}</Link></li>
            }).collect_view()}</ul>
        })}
        <p class="small"><Link to=Route::Help(String::new())>"See every article"</Link></p>
    }
}

/// An article's text without its title and with the words of its links only, and the articles that those lead to.
fn apart(article: Article) -> (String, Vec<&'static Article>) {
    let body = article.text.split_once('\n').map_or("", |(_, body)| body);
    let (mut text, mut linked) = (String::new(), Vec::new());
    let mut rest = body;
    while let Some((before, after)) = rest.split_once("](") {
        let (target, after) = after.split_once(')').unwrap_or((after, ""));
        match before.rsplit_once('[') {
            Some((words, link)) => text.extend([words, link]),
            None => text.push_str(before),
        }
        let id = target.strip_prefix("help/").unwrap_or(target);
        let other = ARTICLES.iter().find(|one| one.id == id);
        linked.extend(other.filter(|other| linked.iter().all(|known: &&Article| known.id != other.id)));
        rest = after;
    }
    text.push_str(rest);
    (text, linked)
}

/// What this build is, under which terms, and where its limits are.
#[component]
pub(super) fn About() -> impl IntoView {
    page_title(|| "About".into());
    let kb = |bytes: usize| format!("{} KB", bytes >> 10);
    let mb = |bytes: usize| format!("{} MB", bytes >> 20);
    let build = build();
    view! {
        <header class="head"><div class="grow"><h1>"About Countersign"</h1>
            <p class="lead">"A browser host for remote MCP servers. It has no server of its own: settings and conversations are kept in this browser, and go nowhere but to the servers and models that you choose."</p></div></header>
        <dl class="facts">
            <dt>"Version"</dt><dd>{env!("CARGO_PKG_VERSION")}</dd>
            {build.clone().map(|name| view! { <dt>"Build"</dt><dd><code>{name}</code></dd> })}
            <dt>"Licence"</dt><dd>"MIT or Apache-2.0, at your choice"</dd>
            <dt>"Step budget"</dt><dd>{format!("{} calls for each message at most, in Research and Agent", browser::chat::plan::MAX_CALLS)}</dd>
            <dt>"Kept for auditors"</dt><dd>{format!("{} of the arguments and {} of the result of a call", kb(policy::record::PAYLOAD_CAP), kb(policy::record::PAYLOAD_CAP))}</dd>
            <dt>"Signed workspace"</dt><dd>{format!("A file of {} at most", mb(policy::bundle::LARGEST))}</dd>
        </dl>
        {build.map(|name| view! { <Compare name/> })}
        <section class="setting"><h2>"What it cannot do"</h2>
            <ul class="bullets">
                <li>"Rules are enforced in this client. Whoever owns the browser can change what a page does: restrict scopes on the server to enforce them everywhere."</li>
                <li>"Only servers that let web pages in can be connected, or those that a proxy of your workspace reaches."</li>
                <li>"Who a person is, they say themselves."</li>
            </ul>
        </section>
        <p class="small"><Link to=Route::Help(String::new())>"Help"</Link></p>
    }
}

/// The name of this build: that of the folder which its files were loaded from.
fn build() -> Option<String> {
    let boot = document().get_element_by_id("boot")?.get_attribute("src")?;
    let name = boot.strip_prefix("assets/")?.split_once('/')?.0;
    Some(name.to_owned())
}

/// How anybody compares the files that this site serves with those of a build they trust (X128).
#[component]
fn Compare(
    /// The name of the build.
    name: String,
) -> impl IntoView {
    let list = format!("assets/{name}/files.txt");
    view! {
        <section class="setting"><h2>"Compare this build"</h2>
            <p>"The list names every file of the program itself with its SHA-256, and the build is called by the first 16 digits of the SHA-256 of the list. "<code>"cargo xtask dist"</code>" prints the name of what it built."</p>
            <p><a href=list>"List of the files of this build"</a></p>
            <p>"Put the list and its files into one folder and run there:"</p>
            <pre class="json"><code>"sha256sum --check files.txt\nsha256sum files.txt"</code></pre>
            <p class="small">"The first says whether each file is the one of the list, the second begins with the name of the build. Not in the list are "<code>"index.html"</code>", in which each site has settings of its own, and the two pages beside it: "<code>"sandbox.html"</code>", which keeps apps of servers apart, and the one that ends a sign-in. Compare those, and the list, with an archive that you have from somewhere else: a page that was tampered with could show any name. That two machines build the same files from one source is not proven."</p>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn an_article_keeps_its_words_and_names_what_it_links_to() {
        for article in ARTICLES {
            let (text, linked) = apart(*article);
            assert!(!text.contains("]("), "{}", article.id);
            assert_eq!(article.text.contains("]("), !linked.is_empty(), "{}", article.id);
        }
        let (text, linked) =
            apart(Article { id: "x", text: "# X\nSee [that](people), [it](help/asking) and [that](people)." });
        assert_eq!(text, "See that, it and that.");
        assert_eq!(linked.iter().map(|one| one.id).collect::<Vec<_>>(), ["people", "asking"]);
    }
}
