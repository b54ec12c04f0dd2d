//! `cargo xtask start`: the site on this machine, as a deployment would serve it.

use crate::Words;
use crate::demo;
use crate::headers::Loopback;
use crate::places::{Places, files_below};
use crate::run::{Failure, Outcome, seconds};
use crate::serve::Server;
use crate::setup::{self, Tools};
use crate::site::{self, Wanted};
use std::time::{Duration, Instant, SystemTime};

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Options {
    port: u16,
    base: String,
    demo: bool,
    dev: bool,
}

impl Options {
    /// Reads the words after `start`.
    pub(crate) fn read(words: &mut Words) -> Outcome<Self> {
        let port =
            match words.value("--port")? {
                Some(typed) => typed.parse().ok().filter(|port| *port > 0).ok_or_else(|| {
                    Failure::new(format!("`{typed}` is no port")).next("give a number from 1 to 65535")
                })?,
                None => 8080,
            };
        let base = site::base(&words.value("--base")?.unwrap_or_default())?;
        let options = Self { port, base, demo: words.switch("--demo"), dev: words.switch("--dev") };
        words.end()?;
        Ok(options)
    }
}

/// Sets up, builds, serves, until it is ended.
pub(crate) fn start(options: &Options) -> Outcome<()> {
    let started = Instant::now();
    let places = Places::find()?;
    let tools = setup::for_building(&places)?;
    let wanted = Wanted { base: options.base.clone(), loopback: Loopback::Allowed, apart: None, debug: options.dev };
    let demo = if options.demo { Some(demo::start(&places)?) } else { None };
    if options.dev {
        return develop(&places, &tools, &wanted, options.port);
    }
    let www = site::build(&places, &tools, &wanted)?;
    let server = Server::start(&www, &options.base, options.port, Loopback::Allowed)?;
    println!("Countersign is at {} (ready after {}; Ctrl-C ends it)", server.address, seconds(started.elapsed()));
    if let Some(demo) = &demo {
        println!("{}", demo.advice());
    }
    server.forever();
    Ok(())
}

/// Serves a debug build and builds it again when a source file changes.
fn develop(places: &Places, tools: &Tools, wanted: &Wanted, port: u16) -> Outcome<()> {
    let www = site::folder(places, wanted);
    let server = Server::start(&www, &wanted.base, port, Loopback::Allowed)?;
    println!("{} gives the last build that worked; reload the page after a change (Ctrl-C ends it)", server.address);
    let mut seen = None;
    loop {
        let now = newest(places);
        if seen.as_ref() != Some(&now) {
            seen = Some(now);
            if let Err(failure) = site::build(places, tools, wanted) {
                println!("{failure}");
            }
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// When a source file was last changed, and how many there are (one that is removed changes nothing else).
fn newest(places: &Places) -> (Option<SystemTime>, usize) {
    let files: Vec<_> =
        ["site", "crates"].iter().filter_map(|folder| files_below(&places.root.join(folder)).ok()).flatten().collect();
    (files.iter().filter_map(|file| file.metadata().ok()?.modified().ok()).max(), files.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Outcome<Options> {
        Options::read(&mut Words(line.split_whitespace().map(str::to_owned).collect()))
    }

    #[test]
    fn a_port_and_a_path_are_read() {
        let options = read("--port 9000 --base sub").unwrap();
        assert_eq!((options.port, options.base.as_str(), options.demo), (9000, "/sub/", false));
        assert_eq!(read("").unwrap().port, 8080);
        for wrong in ["--port 0", "--port x", "--port", "--what"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
