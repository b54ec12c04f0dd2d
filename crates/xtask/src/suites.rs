//! `cargo xtask test`: every suite, one line for each, and the sum.

use crate::headers::Loopback;
use crate::house;
use crate::package;
use crate::places::Places;
use crate::requirements::Requirements;
use crate::results::{LibtestReader, Results};
use crate::run::{Aside, Environment, Failure, Outcome, Program, seconds, step};
use crate::serve::Server;
use crate::setup::{self, Testing, Tools};
use crate::site::{self, Wanted};
use crate::size;
use crate::toolchain::WASM;
use std::path::PathBuf;
use std::time::Instant;

/// The suites, in the order they run.
const SUITES: &[&str] = &["native", "wasm", "browser", "package", "conformance", "size"];
/// What the name of a test can begin with: the suites, and the checks made here.
pub(crate) const SOURCES: &[&str] = &["native", "wasm", "browser", "package", "conformance", "xtask"];

/// Crates that are built and tested for this machine.
const PURE: &[&str] = &["policy", "mcp", "chat", "xtask"];
/// Crates that are built for the browser.
const FOR_WASM: &[&str] = &["browser", "sdk", "site"];
/// Those of them that have tests of their own, and what they need to run in a browser; the promises of `sdk` are proven
/// by the package suite.
const TESTED_IN_WASM: &[(&str, &[&str])] = &[("browser", &["--features", "in-browser"]), ("site", &[])];
/// A path the site is also served at, to prove that it can be.
const BELOW: &str = "/some/sub/path/";

/// What a run of suites works with.
struct Bench {
    places: Places,
    tools: Tools,
    filter: Option<String>,
    /// The site as a debug build, which is ready sooner: for a few tests while writing code, never for a whole suite.
    quick: bool,
    /// What else the tests in a browser are told.
    more: &'static [(&'static str, &'static str)],
    testing: Option<Testing>,
    www: Option<PathBuf>,
    /// Whether `pkg/wasm/` holds what this checkout makes.
    packaged: bool,
    /// The release builds of site and package, which take long and use one processor for most of that: with all suites
    /// they are made while the first ones run.
    ahead: Option<Aside<PathBuf>>,
}

/// Runs one suite or all, and says whether everything passed.
///
/// `quick` tests a debug build of the site, and only together with a filter.
pub(crate) fn test(name: Option<&str>, filter: Option<String>, quick: bool) -> Outcome<bool> {
    run(name, filter, quick, &[])
}

/// Runs a part of the browser suite against the release site to measure something; `more` is added to its environment.
pub(crate) fn measure(part: &str, more: &'static [(&'static str, &'static str)]) -> Outcome<bool> {
    run(Some("browser"), Some(part.to_owned()), false, more)
}

fn run(
    name: Option<&str>,
    filter: Option<String>,
    quick: bool,
    more: &'static [(&'static str, &'static str)],
) -> Outcome<bool> {
    let started = Instant::now();
    if quick && filter.is_none() {
        return Err(Failure::new("`--dev` is for a part of a suite").next("name the part: `test browser PART --dev`"));
    }
    let wanted: Vec<&str> = match name {
        None => SUITES.to_vec(),
        Some(name) => vec![*SUITES.iter().find(|suite| **suite == name).ok_or_else(|| {
            Failure::new(format!("`{name}` is no suite")).next(format!("choose one of {}", SUITES.join(", ")))
        })?],
    };
    let places = Places::find()?;
    let tools = setup::for_building(&places)?;
    println!("compiler for the browser: {}", tools.route);
    let filtered = filter.is_some();
    let mut bench = Bench::new(places, tools);
    (bench.filter, bench.quick, bench.more) = (filter, quick, more);
    if name.is_none() && !filtered {
        bench.build_ahead();
    }
    let mut all = Results::default();
    let mut lines = Vec::new();
    for suite in &wanted {
        println!("{suite}");
        let begun = Instant::now();
        let mut results = bench.run(suite).unwrap_or_else(|failure| {
            println!("{failure}");
            let mut results = Results::default();
            results.add(format!("xtask::{suite} could run"), false);
            results
        });
        if results.passed() + results.failed().len() == 0 {
            println!("  {suite} ran nothing");
            results.add(format!("xtask::{suite} ran something"), false);
        }
        let line = told(suite, &results, &seconds(begun.elapsed()));
        println!("{line}");
        lines.push(line);
        all.take(results);
    }
    // With a filter most tests do not run on purpose: nothing can be said about what is missing.
    if !filtered {
        let coverage = bench.coverage(&wanted, &all)?;
        lines.push(told("requirements", &coverage, "0.0 s"));
        all.take(coverage);
    }
    println!("\nall suites ({})", seconds(started.elapsed()));
    for name in all.failed() {
        println!("  failed: {name}");
    }
    for name in all.unsteady() {
        println!("  unsteady: {name}");
    }
    for line in lines {
        println!("{line}");
    }
    let failed = all.failed().len();
    println!("{} passed, {failed} failed", all.passed());
    Ok(failed == 0)
}

/// Runs the official conformance suite with its own options, and says whether everything passed.
pub(crate) fn conformance(options: &[String]) -> Outcome<bool> {
    let places = Places::find()?;
    let tools = setup::for_building(&places)?;
    let mut bench = Bench::new(places, tools);
    let results = bench.conformance(options)?;
    Ok(results.failed().is_empty() && results.passed() > 0)
}

/// One line for a suite.
fn told(suite: &str, results: &Results, time: &str) -> String {
    let some = |count: usize, word: &str| if count == 0 { String::new() } else { format!(", {count} {word}") };
    let rest = some(results.ignored().len(), "ignored") + &some(results.unsteady().len(), "unsteady");
    format!("{suite:12} {} passed, {} failed{rest} ({time})", results.passed(), results.failed().len())
}

impl Bench {
    fn new(places: Places, tools: Tools) -> Self {
        Bench {
            places,
            tools,
            filter: None,
            quick: false,
            more: &[],
            testing: None,
            www: None,
            packaged: false,
            ahead: None,
        }
    }

    /// Begins the release builds of all suites.
    fn build_ahead(&mut self) {
        let (places, tools) = (self.places.clone(), self.tools.clone());
        self.ahead = Some(Aside::begin(move || {
            let www = site::build(&places, &tools, &Wanted::here())?;
            package::build(&places, &tools)?;
            Ok(www)
        }));
    }

    fn run(&mut self, suite: &str) -> Outcome<Results> {
        match suite {
            "native" => self.native(),
            "wasm" => self.wasm(),
            "browser" => self.browser(),
            "package" => self.package(),
            "conformance" => self.conformance(&[]),
            _ => self.size(),
        }
    }

    /// Checks that need no test to run: form, lints, documents, the plan of the house; then the tests of the pure crates.
    fn native(&self) -> Outcome<Results> {
        let mut results = Results::default();
        let mut check = |name: &str, work: &dyn Fn() -> Outcome<()>| {
            let outcome = step(name, work);
            if let Err(failure) = &outcome {
                println!("{failure}");
            }
            results.add(format!("xtask::{name}"), outcome.is_ok());
        };
        if self.filter.is_none() {
            let here = Environment::default();
            let mut strict = here.clone();
            strict.set("RUSTDOCFLAGS", "-D warnings");
            let fmt = ["fmt", "--all", "--check", "--message-format", "short"];
            let clippy = ["clippy", "--all-targets"];
            let clippy_wasm = ["clippy", "--all-targets", "--target", WASM];
            let lints = ["--", "-D", "warnings"];
            let doc = ["doc", "--no-deps", "--document-private-items"];
            let doc_wasm = [&doc[..], &["--target", WASM]].concat();
            check("fmt", &|| {
                self.cargo(&here, &fmt, &[], &[]).map_err(|failure| failure.next("run `cargo fmt --all`"))
            });
            check("clippy", &|| self.cargo(&here, &clippy, PURE, &lints));
            check("clippy-wasm", &|| self.cargo(&self.tools.wasm, &clippy_wasm, FOR_WASM, &lints));
            check("doc", &|| self.cargo(&strict, &doc, PURE, &[]));
            check("doc-wasm", &|| self.cargo(&strict_for_wasm(&self.tools.wasm), &doc_wasm, FOR_WASM, &[]));
            check("arrows", &|| house::arrows(&self.places));
            check("readme-map", &|| house::readme_map(&self.places));
        }
        for name in PURE {
            results.take(self.libtest("native", name, &Environment::default(), &[])?);
        }
        Ok(results)
    }

    /// The tests of the crates for the browser, in Node and in a browser.
    fn wasm(&mut self) -> Outcome<Results> {
        let mut results = Results::default();
        let mut in_browser = self.testing()?.environment.clone();
        let mut in_node = in_browser.clone();
        in_node.set("WASM_BINDGEN_TEST_ONLY_NODE", "1");
        in_browser.set("WASM_BINDGEN_USE_BROWSER", "1");
        for environment in [&mut in_node, &mut in_browser] {
            // With its debug symbols the site's test module has hundreds of megabytes, which a browser takes minutes to load.
            environment.set("CARGO_PROFILE_DEV_DEBUG", "0");
            environment.set("WASM_BINDGEN_TEST_TIMEOUT", "180");
        }
        let arguments = ["--target", WASM, "--tests"];
        for (name, for_browser) in TESTED_IN_WASM {
            results.take(self.libtest("wasm", name, &in_node, &arguments)?);
            results.take(self.libtest("wasm", name, &in_browser, &[&arguments[..], for_browser].concat())?);
        }
        Ok(results)
    }

    /// The journeys and attacks of `tests/`, against the release site as it is deployed.
    fn browser(&mut self) -> Outcome<Results> {
        let mut environment = self.testing()?.environment.clone();
        let www = self.site()?;
        let below = www.with_file_name("www-below");
        site::move_below(&www, BELOW, &below, &self.tools)?;
        let at_root = Server::start(&www, "/", 0, Loopback::Allowed)?;
        let at_path = Server::start(&below, BELOW, 0, Loopback::Allowed)?;
        environment.set("COUNTERSIGN_SITE", at_root.address.trim_end_matches('/'));
        environment.set("COUNTERSIGN_SITE_BASE", at_path.address.clone());
        if self.quick {
            environment.set("COUNTERSIGN_DEBUG_SITE", "1");
        }
        for (name, value) in self.more {
            environment.set(name, *value);
        }
        // What `dist` puts beside a site with a name; a suite serves the site under it.
        environment.set("COUNTERSIGN_CLIENT_DOCUMENT", site::client_document("https://app.example.com", "/")?);
        self.in_tests("browser", &environment, &[])
    }

    /// The package, packed and installed where a portal would.
    fn package(&mut self) -> Outcome<Results> {
        let mut environment = self.testing()?.environment.clone();
        if !self.packaged {
            package::build(&self.places, &self.tools)?;
            self.packaged = true;
        }
        environment.set("COUNTERSIGN_PACKAGE", package::pack(&self.places, &self.tools)?);
        environment.set("COUNTERSIGN_NODE20", setup::node_20(&self.places)?);
        self.in_tests("package", &environment, &[])
    }

    /// The official suite, with the package's client in a page, a worker and Node.
    fn conformance(&mut self, options: &[String]) -> Outcome<Results> {
        let environment = self.testing()?.environment.clone();
        if !self.packaged {
            package::build_client(&self.places, &self.tools)?;
        }
        self.in_tests("conformance", &environment, options)
    }

    /// The budget of the first page.
    fn size(&mut self) -> Outcome<Results> {
        let testing = self.testing()?.clone();
        let www = self.site()?;
        let mut results = Results::default();
        results.add("xtask::size", size::check(&self.places, &testing, &www)?);
        if !self.packaged {
            package::build_client(&self.places, &self.tools)?;
        }
        size::compare_clients(&self.places, &testing)?;
        Ok(results)
    }

    /// Whether every promise is kept by a test that ran, as far as the suites that ran can say.
    fn coverage(&self, wanted: &[&str], ran: &Results) -> Outcome<Results> {
        let requirements = Requirements::read(&self.places.root.join("tests/requirements.toml"))?;
        let everything = wanted.len() == SUITES.len();
        let asked: Vec<&str> = wanted.iter().copied().chain(everything.then_some("xtask")).collect();
        let coverage = requirements.check(ran, &asked);
        for missing in &coverage.missing {
            println!("  {missing}");
        }
        println!("promises: {} covered, {} open", coverage.covered, coverage.open);
        let mut results = Results::default();
        results.add("xtask::coverage", coverage.missing.is_empty());
        Ok(results)
    }

    fn testing(&mut self) -> Outcome<&Testing> {
        if self.testing.is_none() {
            self.testing = Some(setup::for_testing(&self.places, &self.tools)?);
        }
        self.testing.as_ref().ok_or_else(|| Failure::new("the suites are not set up"))
    }

    fn site(&mut self) -> Outcome<PathBuf> {
        if let Some(www) = &self.www {
            return Ok(www.clone());
        }
        let www = match self.ahead.take() {
            Some(ahead) => {
                let www = ahead.end()?;
                self.packaged = true;
                www
            }
            None => site::build(&self.places, &self.tools, &Wanted { debug: self.quick, ..Wanted::here() })?,
        };
        self.www = Some(www.clone());
        Ok(www)
    }

    /// Runs cargo for some crates, quietly.
    fn cargo(&self, environment: &Environment, words: &[&str], crates: &[&str], last: &[&str]) -> Outcome<()> {
        let crates = crates.iter().flat_map(|name| ["-p", *name]);
        Program::new("cargo").args(words).args(crates).args(last).env(environment).within(&self.places.root).done()
    }

    /// Runs the tests of one crate and shows those that failed.
    fn libtest(&self, suite: &'static str, name: &str, environment: &Environment, words: &[&str]) -> Outcome<Results> {
        let mut reader = LibtestReader::new(suite, name);
        let mut said = Vec::new();
        let filter = self.filter.iter().flat_map(|filter| ["--", filter.as_str()]);
        let well = Program::new("cargo")
            .args(["test", "--no-fail-fast", "-p", name])
            .args(words)
            .args(filter)
            .env(environment)
            .within(&self.places.root)
            .listen(|line| {
                reader.read(line);
                said.push(line.to_owned());
            })?;
        let mut results = reader.results;
        if !well {
            println!("{}", crate::run::tail(&said.join("\n"), 200));
            // It may have failed without a case that did: it did not compile, or the browser did not start.
            if results.failed().is_empty() {
                results.add(format!("xtask::{suite} tests of {name} could run"), false);
            }
        }
        Ok(results)
    }

    /// Runs `tests/SUITE/run.mjs` and reads what it leaves.
    fn in_tests(&self, suite: &'static str, environment: &Environment, options: &[String]) -> Outcome<Results> {
        let tests = self.places.root.join("tests");
        let left = tests.join("out").join(format!("{suite}.json"));
        let _ = std::fs::remove_file(&left);
        let well = Program::new("node")
            .args([tests.join(suite).join("run.mjs")])
            .args(options)
            .args(&self.filter)
            .env(environment)
            .within(&tests)
            .listen(|line| println!("  {line}"))?;
        let mut results = Results::read_json(suite, &left)?;
        if !well && results.failed().is_empty() {
            results.add(format!("xtask::{suite} ended well"), false);
        }
        Ok(results)
    }
}

/// The environment for the browser's compiler, with warnings of documents as errors.
fn strict_for_wasm(environment: &Environment) -> Environment {
    const FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTDOCFLAGS";
    let mut strict = environment.clone();
    let mut flags = environment.get(FLAGS).unwrap_or_default();
    if !flags.is_empty() {
        flags.push(" ");
    }
    flags.push("-Dwarnings");
    strict.set(FLAGS, flags);
    strict.unset("RUSTDOCFLAGS");
    strict
}
