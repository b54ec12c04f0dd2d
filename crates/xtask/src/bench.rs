//! `cargo xtask bench`: measurements that are asked for, never part of a test run.
//!
//! What is only measured against (Cedar) is compiled in a workspace of its own below `tests/bench`, so that no build and
//! no test of the product waits for it.

mod client;

pub(crate) use client::mcp;

use crate::Words;
use crate::places::Places;
use crate::run::{Environment, Failure, Outcome, Program};

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
