//! Running other programs, and saying what happened.
//!
//! A step prints what it does before it starts and how long it took when it is done. What a failed program said is
//! shown only then: a good day is quiet.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Why a command of ours stopped: what went wrong, and what the reader can do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    next: Option<String>,
}

impl Failure {
    /// A failure that needs no advice.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), next: None }
    }

    /// Adds what to do by hand.
    #[must_use]
    pub(crate) fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.next {
            Some(next) => write!(f, "\n  next: {next}"),
            None => Ok(()),
        }
    }
}

/// What every step gives.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// Puts what was being done in front of an error of the system.
pub(crate) trait Doing<T> {
    /// `what` reads as the end of "could not ...".
    fn doing(self, what: impl fmt::Display) -> Outcome<T>;
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, what: impl fmt::Display) -> Outcome<T> {
        self.map_err(|error| Failure::new(format!("could not {what}: {error}")))
    }
}

/// Does one step aloud; inside an [`Aside`] its line is kept for later.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let said = format!("  {what} ... ");
    let aside = SAID_ASIDE.with_borrow(Option::is_some);
    if !aside {
        print!("{said}");
        let _ = std::io::stdout().flush();
    }
    let started = Instant::now();
    let done = work();
    let after = if done.is_ok() { "" } else { "failed after " };
    let after = format!("{after}{}", seconds(started.elapsed()));
    SAID_ASIDE.with_borrow_mut(|lines| match lines {
        Some(lines) => lines.push(said + &after),
        None => println!("{after}"),
    });
    done
}

thread_local! {
    /// What the steps of this thread said, where somebody else has the word.
    static SAID_ASIDE: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Work that goes on beside other work.
pub(crate) struct Aside<T>(JoinHandle<(Outcome<T>, Vec<String>)>);

impl<T: Send + 'static> Aside<T> {
    /// Begins it.
    pub(crate) fn begin(work: impl FnOnce() -> Outcome<T> + Send + 'static) -> Self {
        Aside(std::thread::spawn(move || {
            SAID_ASIDE.set(Some(Vec::new()));
            (work(), SAID_ASIDE.take().unwrap_or_default())
        }))
    }

    /// Waits for its end, and says what its steps were.
    pub(crate) fn end(self) -> Outcome<T> {
        let (done, said) = self.0.join().map_err(|_| Failure::new("work beside other work broke down"))?;
        said.iter().for_each(|line| println!("{line}"));
        done
    }
}

/// A duration as people read it.
pub(crate) fn seconds(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {:02} s", elapsed.as_secs() / 60, elapsed.as_secs() % 60)
    }
}

/// One program to run, with the environment it gets.
pub(crate) struct Program {
    command: Command,
    line: String,
}

impl Program {
    /// A program found in `PATH`, or by its path.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let line = program.as_ref().to_string_lossy().into_owned();
        Self { command: Command::new(program), line }
    }

    /// Adds arguments.
    #[must_use]
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        for arg in args {
            self.line.push(' ');
            self.line.push_str(&arg.as_ref().to_string_lossy());
            self.command.arg(arg);
        }
        self
    }

    /// Sets environment variables.
    #[must_use]
    pub(crate) fn env(mut self, environment: &Environment) -> Self {
        for (name, value) in &environment.0 {
            match value {
                Some(value) => self.command.env(name, value),
                None => self.command.env_remove(name),
            };
        }
        self
    }

    /// Runs in this folder.
    #[must_use]
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it and gives back what it wrote to its output; what it complained is part of the failure.
    pub(crate) fn output(mut self) -> Outcome<String> {
        let output = self.command.stdin(Stdio::null()).output().map_err(|error| self.not_started(&error))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = [output.stdout, output.stderr].concat();
        Err(self.failed(output.status, &String::from_utf8_lossy(&said)))
    }

    /// Runs it for its effect.
    pub(crate) fn done(self) -> Outcome<()> {
        self.output().map(|_| ())
    }

    /// Runs it, hands over everything it says (output and complaints in the order they came) line by line, and says
    /// whether it ended well.
    pub(crate) fn listen(mut self, mut heard: impl FnMut(&str)) -> Outcome<bool> {
        let (mut reader, writer) = std::io::pipe().doing("make a pipe")?;
        let second = writer.try_clone().doing("make a pipe")?;
        let spawned = self.command.stdin(Stdio::null()).stdout(writer).stderr(second).spawn();
        let mut child = spawned.map_err(|error| self.not_started(&error))?;
        // The command keeps its ends of the pipe open for as long as it lives; without this the reading never ends.
        drop(self);
        let mut pending = Vec::new();
        let mut buffer = [0; 8192];
        loop {
            let count = reader.read(&mut buffer).doing("read what a program says")?;
            pending.extend_from_slice(buffer.get(..count).unwrap_or_default());
            while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                let rest = pending.split_off(end + 1);
                heard(String::from_utf8_lossy(&pending).trim_end());
                pending = rest;
            }
            if count == 0 {
                break;
            }
        }
        if !pending.is_empty() {
            heard(String::from_utf8_lossy(&pending).trim_end());
        }
        Ok(child.wait().doing("wait for a program")?.success())
    }

    /// Starts it and leaves it running; what it says is not shown.
    pub(crate) fn spawn_quietly(mut self) -> Outcome<Running> {
        let child = self
            .command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| self.not_started(&error))?;
        Ok(Running(child))
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        Failure::new(format!("could not run `{}`: {error}", self.line))
    }

    fn failed(&self, status: ExitStatus, said: &str) -> Failure {
        Failure::new(format!("`{}` failed ({status})\n{}", self.line, tail(said, 120)))
    }
}

/// A program left running; it ends with this value.
pub(crate) struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Variables to set, or with `None` to take away.
#[derive(Clone, Default, Debug)]
pub(crate) struct Environment(pub(crate) Vec<(OsString, Option<OsString>)>);

impl Environment {
    /// Sets a variable.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.0.push((name.into(), Some(value.into())));
    }

    /// What a variable is set to here.
    pub(crate) fn get(&self, name: &str) -> Option<OsString> {
        self.0.iter().rev().find(|(key, _)| key == name).and_then(|(_, value)| value.clone())
    }

    /// Takes a variable away.
    pub(crate) fn unset(&mut self, name: &str) {
        self.0.push((name.into(), None));
    }
}

/// The last lines of what a program said, indented.
pub(crate) fn tail(said: &str, lines: usize) -> String {
    let all: Vec<&str> = said.lines().collect();
    let from = all.len().saturating_sub(lines);
    all.iter().skip(from).map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

/// Where a program is in `PATH`.
pub(crate) fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).map(|folder| folder.join(&name)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_to_do_next() {
        let failure = Failure::new("no `trunk`").next("install it");
        assert_eq!(failure.to_string(), "no `trunk`\n  next: install it");
    }

    #[test]
    fn the_tail_keeps_the_end() {
        assert_eq!(tail("a\nb\nc", 2), "    b\n    c");
    }

    #[test]
    fn what_goes_on_beside_other_work_gives_what_it_made_or_why_not() {
        assert_eq!(Aside::begin(|| step("add", || Ok(1 + 1))).end().unwrap(), 2);
        let failed = Aside::begin(|| step("fetch", || Err::<(), _>(Failure::new("no disk")))).end();
        assert_eq!(failed.unwrap_err().to_string(), "no disk");
    }

    #[test]
    #[cfg(unix)]
    fn output_and_complaints_are_heard_in_their_order() {
        let mut heard = Vec::new();
        let well = Program::new("sh")
            .args(["-c", "echo one; echo two >&2; printf three; exit 3"])
            .listen(|line| heard.push(line.to_owned()));
        assert!(!well.unwrap());
        assert_eq!(heard, ["one", "two", "three"]);
    }

    #[test]
    #[cfg(unix)]
    fn what_a_failed_program_said_is_told() {
        let failure = Program::new("sh").args(["-c", "echo no disk >&2; exit 1"]).output().unwrap_err();
        assert!(failure.to_string().contains("no disk"), "{failure}");
    }
}
