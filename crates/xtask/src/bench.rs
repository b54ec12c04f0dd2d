//! `cargo xtask bench`: measurements that are asked for, never part of a test run.
//!
//! What is only measured against (Cedar) is compiled in a workspace of its own below `tests/bench`, so that no build and
//! no test of the product waits for it.

mod client;

pub(crate) use client::mcp;

use crate::Words;
use crate::places::Places;
use crate::run::{Environment, Failure, Outcome, Program};
use crate::suites;

/// Long work in the chat: the journeys of `tests/browser/long.test.mjs` against the release site, each with what it
/// measured. Says whether all kept their budgets; in a suite the same journeys have wider limits, so that a busy machine
/// fails nothing.
pub(crate) fn chat(words: &mut Words) -> Outcome<bool> {
    words.end()?;
    let well = suites::measure("browser/long", &[("COUNTERSIGN_BUDGETS", "1")])?;
    again("chat");
    Ok(well)
}

/// The record with 100,000 rows: the journey that has a tenth of them in the suite. Says whether it passed.
pub(crate) fn record(words: &mut Words) -> Outcome<bool> {
    words.end()?;
    let well = suites::measure("RE006", &[("COUNTERSIGN_RECORD_ROWS", "100000")])?;
    again("record");
    Ok(well)
}

/// How the same is measured once more.
fn again(what: &str) {
    println!(
        "on {} processors; again: `cargo xtask bench {what}`, on a machine that does nothing else",
        std::thread::available_parallelism().map_or(1, usize::from)
    );
}

/// How long a decision takes, that loading is linear, and Cedar asked the same questions. Fails when a promise does not
/// hold.
pub(crate) fn policy(words: &mut Words) -> Outcome<()> {
    let huge = words.switch("--huge");
    words.end()?;
    let places = Places::find()?;
    let mut environment = Environment::default();
    environment.set("CARGO_TARGET_DIR", places.target.join("bench"));
    println!("building; the first time takes some minutes");
    let last: &[&str] = if huge { &["--", "--huge"] } else { &[] };
    let well = Program::new("cargo")
        .args(["bench", "--locked", "--quiet"])
        .args(last)
        .env(&environment)
        .within(&places.root.join("tests/bench/policy"))
        .listen(|line| println!("{line}"))?;
    if well { Ok(()) } else { Err(Failure::new("the bench of the rules failed").next("read what it said above")) }
}
