//! Packages of Debian and its relatives: through apt as root or sudo, else unpacked into the cache.

use crate::places::Places;
use crate::run::{Doing, Environment, Failure, Outcome, Program, found, step};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Whether this machine has apt.
pub(crate) fn is_here() -> bool {
    found("apt-get").is_some() && found("dpkg").is_some()
}

/// Where packages are unpacked when they cannot be installed.
pub(crate) fn unpacked(places: &Places) -> PathBuf {
    places.cache.join("debian")
}

/// Where the shared libraries of unpacked packages are, as `LD_LIBRARY_PATH`.
pub(crate) fn libraries(top: &Path) -> OsString {
    let triple = format!("{}-linux-gnu", std::env::consts::ARCH);
    let folders =
        [format!("usr/lib/{triple}"), format!("lib/{triple}"), "usr/lib".into(), "usr/lib/llvm-22/lib".into()];
    std::env::join_paths(folders.iter().map(|folder| top.join(folder))).unwrap_or_default()
}

/// Makes packages available, the best way this user can.
pub(crate) fn install(places: &Places, what: &str, packages: &[&str]) -> Outcome<()> {
    let by_hand = format!("as root, run `apt-get install {}`", packages.join(" "));
    if !is_here() {
        return Err(Failure::new(format!("{what}: this machine has no apt"))
            .next(format!("on Debian, {by_hand}; elsewhere, see README.md")));
    }
    let mut quiet = Environment::default();
    quiet.set("DEBIAN_FRONTEND", "noninteractive");
    let attempt = match administrator() {
        Some(prefix) => step(&format!("install {what} ({})", packages.join(" ")), || {
            let apt = |arguments: &[&str]| {
                let mut words: Vec<&str> = prefix.to_vec();
                words.push("apt-get");
                words.extend_from_slice(arguments);
                let (program, rest) = words.split_first().ok_or_else(|| Failure::new("nothing to run"))?;
                Program::new(program).args(rest).env(&quiet).done()
            };
            let install = [&["install", "-y", "--no-install-recommends"], packages].concat();
            // The lists are fetched only when those at hand do not do.
            apt(&install).or_else(|_| apt(&["update"]).and_then(|()| apt(&install)))
        }),
        None => step(&format!("unpack {what} ({})", packages.join(" ")), || unpack(places, packages)),
    };
    attempt.map_err(|failure| failure.next(by_hand))
}

/// Unpacks packages into the cache, where they are only wanted for a test and must change nothing on the machine.
pub(crate) fn fetch(places: &Places, what: &str, packages: &[&str]) -> Outcome<()> {
    let by_hand = format!("as root, run `apt-get install {}`", packages.join(" "));
    if !is_here() {
        return Err(
            Failure::new(format!("{what}: this machine has no apt")).next("install it from your system's packages")
        );
    }
    step(&format!("unpack {what} ({})", packages.join(" ")), || {
        // The lists are fetched only when those at hand do not do.
        unpack(places, packages).or_else(|failure| match administrator() {
            Some(prefix) => {
                let words = [prefix, &["apt-get", "update"]].concat();
                let (program, rest) = words.split_first().ok_or_else(|| Failure::new("nothing to run"))?;
                Program::new(program).args(rest).done().and_then(|()| unpack(places, packages))
            }
            None => Err(failure),
        })
    })
    .map_err(|failure| failure.next(by_hand))
}

/// What goes before a command so that it runs as root: nothing, `sudo`, or it cannot.
fn administrator() -> Option<&'static [&'static str]> {
    let me = Program::new("id").args(["-u"]).output().ok()?;
    if me.trim() == "0" {
        return Some(&[]);
    }
    // `-n`: a question for a password nobody sees would hang.
    Program::new("sudo").args(["-n", "true"]).done().ok().map(|()| &["sudo", "-n"] as &[&str])
}

/// Downloads packages with everything they need that is not installed, and unpacks them into the cache.
fn unpack(places: &Places, packages: &[&str]) -> Outcome<()> {
    let plan =
        Program::new("apt-get").args(["install", "--simulate", "--no-install-recommends"]).args(packages).output()?;
    let needed = planned(&plan);
    let folder = places.cache.join("debian-packages");
    std::fs::create_dir_all(&folder).doing("make a folder for packages")?;
    Program::new("apt-get").arg_download(&needed).within(&folder).done()?;
    let top = unpacked(places);
    std::fs::create_dir_all(&top).doing("make a folder to unpack in")?;
    for file in std::fs::read_dir(&folder).doing("find the packages")?.flatten() {
        Program::new("dpkg").args([OsString::from("-x"), file.path().into(), top.clone().into()]).done()?;
    }
    std::fs::remove_dir_all(&folder).doing("remove the packages")
}

impl Program {
    fn arg_download(self, packages: &[String]) -> Self {
        self.args(["download"]).args(packages)
    }
}

/// The packages that `apt-get --simulate` would install.
fn planned(plan: &str) -> Vec<String> {
    plan.lines().filter_map(|line| line.strip_prefix("Inst ")?.split_whitespace().next().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_is_read() {
        let plan = "Reading package lists...\nInst liba (1.0 Debian:12 [amd64])\nInst b [0.9] (1.0)\nConf liba (1.0)\n";
        assert_eq!(planned(plan), ["liba", "b"]);
    }
}
