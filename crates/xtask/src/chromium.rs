//! A Chromium and the driver that belongs to it: the machine's, Debian's, or one fetched through npm.

use crate::debian;
use crate::places::Places;
use crate::run::{Doing, Environment, Failure, Outcome, Program, found, step};
use std::path::{Path, PathBuf};

/// What the suites drive.
#[derive(Clone, Debug)]
pub(crate) struct Chromium {
    browser: PathBuf,
    driver: PathBuf,
    /// For libraries that were unpacked and not installed.
    libraries: Option<PathBuf>,
}

const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const ON_MACOS: &[&str] = &[
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
const PACKAGES: &[&str] = &["chromium", "chromium-driver"];
/// The version of the npm package that fetches browsers where there are no packages of the system.
const FETCHER: &str = "@puppeteer/browsers@3.2.6";

/// Finds one, or installs it. `COUNTERSIGN_CHROMIUM` and `CHROMEDRIVER` name others.
pub(crate) fn find(places: &Places) -> Outcome<Chromium> {
    if let Some(chromium) = present(places) {
        return Ok(chromium);
    }
    if debian::is_here() {
        debian::install(places, "Chromium", PACKAGES)?;
    } else {
        fetch(places)?;
    }
    present(places).ok_or_else(|| Failure::new("no Chromium with its driver was found").next("install Chromium (or Chrome) and chromedriver of the same version, or name them in COUNTERSIGN_CHROMIUM and CHROMEDRIVER"))
}

fn named(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from).filter(|file| file.is_file())
}

fn present(places: &Places) -> Option<Chromium> {
    let on_macos = ON_MACOS.iter().map(PathBuf::from).find(|file| file.is_file());
    let browser = named("COUNTERSIGN_CHROMIUM").or_else(|| BROWSERS.iter().find_map(|name| found(name))).or(on_macos);
    let driver = named("CHROMEDRIVER").or_else(|| found("chromedriver"));
    if let (Some(browser), Some(driver)) = (browser, driver) {
        return Some(Chromium { browser, driver, libraries: None });
    }
    let top = debian::unpacked(places);
    let unpacked = Chromium {
        browser: top.join("usr/lib/chromium/chromium"),
        driver: top.join("usr/bin/chromedriver"),
        libraries: Some(top),
    };
    if unpacked.browser.is_file() && unpacked.driver.is_file() {
        return Some(unpacked);
    }
    let list = std::fs::read_to_string(places.tools().join("browsers/paths")).ok()?;
    let mut lines = list.lines().map(PathBuf::from).filter(|file| file.is_file());
    Some(Chromium { browser: lines.next()?, driver: lines.next()?, libraries: None })
}

/// Fetches Chrome for Testing with its driver.
fn fetch(places: &Places) -> Outcome<()> {
    let folder = places.tools().join("browsers");
    step("fetch Chrome and its driver", || {
        std::fs::create_dir_all(&folder).doing("make a folder for browsers")?;
        let mut paths = String::new();
        for part in ["chrome@stable", "chromedriver@stable"] {
            let said = Program::new("npx").args(["--yes", FETCHER, "install", part, "--path"]).args([&folder]).within(&folder).output()?;
            let path = said.lines().last().and_then(|line| line.split_once(' ')).map(|(_, path)| path.trim());
            paths.push_str(path.ok_or_else(|| Failure::new(format!("{FETCHER} did not say where it put {part}")))?);
            paths.push('\n');
        }
        std::fs::write(folder.join("paths"), paths).doing("note where the browsers are")
    })
    .map_err(|failure| failure.next("install Chromium (or Chrome) and chromedriver of the same version, or name them in COUNTERSIGN_CHROMIUM and CHROMEDRIVER"))
}

impl Chromium {
    /// Tells the suites where it is.
    pub(crate) fn put_into(&self, places: &Places, environment: &mut Environment) -> Outcome<()> {
        let browser = match &self.libraries {
            Some(top) => wrapper(places, top, &self.browser)?,
            None => self.browser.clone(),
        };
        let driver = match &self.libraries {
            Some(top) => wrapper(places, top, &self.driver)?,
            None => self.driver.clone(),
        };
        let folder = places.target.join("xtask");
        std::fs::create_dir_all(&folder).doing("make a folder for the driver's settings")?;
        let settings = folder.join("webdriver.json");
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
        ];
        let json = serde_json::json!({ "goog:chromeOptions": { "binary": browser, "args": arguments } });
        std::fs::write(&settings, json.to_string()).doing("write the driver's settings")?;
        environment.set("COUNTERSIGN_CHROMIUM", browser);
        environment.set("CHROMEDRIVER", driver);
        environment.set("WASM_BINDGEN_TEST_WEBDRIVER_JSON", settings);
        Ok(())
    }
}

/// A script that starts an unpacked program with its unpacked libraries.
pub(crate) fn wrapper(places: &Places, top: &Path, program: &Path) -> Outcome<PathBuf> {
    let folder = places.cache.join("debian-programs");
    std::fs::create_dir_all(&folder).doing("make a folder for programs")?;
    let file = folder.join(program.file_name().unwrap_or_default());
    let libraries = debian::libraries(top);
    let text =
        format!("#!/bin/sh\nLD_LIBRARY_PATH='{}' exec '{}' \"$@\"\n", libraries.to_string_lossy(), program.display());
    std::fs::write(&file, text).doing(format_args!("write `{}`", file.display()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).doing("make a script executable")?;
    }
    Ok(file)
}
