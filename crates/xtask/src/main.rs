//! The commands of the README: `cargo xtask start`, `test`, `dist` and the few they are made of.

#![allow(clippy::print_stdout, reason = "a command talks to the person who typed it")]

mod bench;
mod build_name;
mod chromium;
mod debian;
mod demo;
mod dist;
mod headers;
mod house;
mod package;
mod places;
mod proxies;
mod requirements;
mod results;
mod run;
mod serve;
mod setup;
mod site;
mod size;
mod start;
mod suites;
mod table;
mod toolchain;
mod verify;

use places::Places;
use run::{Failure, Outcome};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  start     set up what is missing, build the site, serve it on http://localhost:8080
            --port PORT   another port
            --base PATH   below a path, for example /sub/
            --demo        also start a real MCP server on this machine to connect to
            --dev         a debug build, built again when a source file changes
  test      set up what is missing and run every suite; ends in `N passed, N failed`
            NAME          one suite: native, wasm, browser, package, conformance, size
            NAME PART     only its tests with PART in their name
            --dev         with a PART: against a debug build of the site, which is ready sooner
  conformance   run the official MCP conformance suite with the package's client, in a page, a worker and Node
            --in PLACE    only in page, worker or node
            --requirements REVISION   only what 2025-11-25 or 2026-07-28 requires
            --scenario NAME   only this one
            --unmodified  nothing added to the suite; the browser's web security is off instead
  dist      write the site as one archive for any static host into dist/
            --base PATH   for a path, for example /sub/
            --origin URL  where it will be, for example https://app.example.com: adds client.json, by which
                          authorization servers know this site
            --sandbox URL an origin of its own for the apps of servers, for example https://apps.example.net, at
                          which the same archive is served
            --allow-loopback   may connect to servers on the reader's own machine
  package   build what `npm pack` needs in pkg/
  bench policy   how long a decision takes in a large workspace, that loading it is linear, and Cedar beside it
            --huge        also load ten times as much
  size      what the first page weighs, and how soon it can be used
  bench mcp   one tools/call with countersign/mcp against the official TypeScript client, in pairs
            --pairs N     how many, 1000 when not said
  bench chat     what long conversations, streams and results cost the page, against their budgets
  bench record   how soon a record of 100,000 rows is found, checked and exported, and what that costs the page
  headers   write site/deploy/ from the table of headers
  verify-audit FILE   check an exported audit, without the app
            --checkpoint FILE   and that it agrees with a checkpoint that was kept elsewhere
  table     write into crates/mcp/README.md what the MCP specification asks of clients, and what proves it

Tools are kept outside the checkout, in COUNTERSIGN_CACHE or the platform's folder for caches.
COUNTERSIGN_RUST=rustup|debian chooses where the compiler for the browser comes from.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run_command(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one command and says whether all is well.
fn run_command(arguments: &[String]) -> Outcome<bool> {
    let mut words = Words(arguments.to_vec());
    let Some(command) = words.next() else {
        println!("{USAGE}");
        return Ok(false);
    };
    match command.as_str() {
        "start" => start::start(&start::Options::read(&mut words)?).map(|()| true),
        "test" => {
            let quick = words.switch("--dev");
            let name = words.next();
            let filter = words.next();
            words.end()?;
            suites::test(name.as_deref(), filter, quick)
        }
        "conformance" => suites::conformance(&words.0),
        "bench" => match words.next().as_deref() {
            Some("policy") => bench::policy(&mut words).map(|()| true),
            Some("mcp") => bench::mcp(&mut words).map(|()| true),
            Some("chat") => bench::chat(&mut words),
            Some("record") => bench::record(&mut words),
            other => Err(Failure::new(format!("there is no bench `{}`", other.unwrap_or_default()))
                .next("run `cargo xtask bench` with `policy`, `mcp`, `chat` or `record`")),
        },
        "size" => {
            words.end()?;
            suites::test(Some("size"), None, false)
        }
        "dist" => dist::dist(&mut words).map(|()| true),
        "package" => {
            words.end()?;
            let places = Places::find()?;
            let tools = setup::for_building(&places)?;
            package::build(&places, &tools)?;
            println!("pkg/ is complete: `npm pack` in it, or use {}", package::pack(&places, &tools)?.display());
            Ok(true)
        }
        "headers" => {
            words.end()?;
            headers::write(&Places::find()?).map(|()| true)
        }
        "verify-audit" => verify::verify(&mut words),
        "table" => {
            words.end()?;
            table::write(&Places::find()?).map(|()| true)
        }
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(true)
        }
        other => Err(Failure::new(format!("`{other}` is no command")).next("run `cargo xtask help`")),
    }
}

/// The words of a command line that are not read yet.
pub(crate) struct Words(Vec<String>);

impl Words {
    /// The next word.
    fn next(&mut self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }

    /// Takes a switch, and says whether it was there.
    fn switch(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|word| word != name);
        self.0.len() != before
    }

    /// Takes `--name VALUE` or `--name=VALUE`.
    fn value(&mut self, name: &str) -> Outcome<Option<String>> {
        let Some(at) = self
            .0
            .iter()
            .position(|word| word == name || word.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
        else {
            return Ok(None);
        };
        let word = self.0.remove(at);
        if let Some((_, value)) = word.split_once('=') {
            return Ok(Some(value.to_owned()));
        }
        if at < self.0.len() {
            Ok(Some(self.0.remove(at)))
        } else {
            Err(Failure::new(format!("`{name}` needs a value")))
        }
    }

    /// Refuses what nobody asked for.
    fn end(&self) -> Outcome<()> {
        match self.0.first() {
            Some(word) => Err(Failure::new(format!("`{word}` is not understood here")).next("run `cargo xtask help`")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Words {
        Words(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn options_are_taken_in_any_order() {
        let mut words = words("--demo --port 1 --base=/x/ rest");
        assert_eq!(words.value("--base").unwrap().as_deref(), Some("/x/"));
        assert_eq!(words.value("--port").unwrap().as_deref(), Some("1"));
        assert!(words.switch("--demo") && !words.switch("--demo"));
        assert!(words.end().is_err());
        assert_eq!(words.next().as_deref(), Some("rest"));
        assert!(words.end().is_ok());
    }

    #[test]
    fn a_missing_value_is_told() {
        assert!(words("--port").value("--port").is_err());
    }
}
