//! Every promise and what proves it: `tests/requirements.toml`, checked against what ran.

use crate::results::Results;
use crate::run::{Doing, Failure, Outcome};
use std::collections::BTreeSet;
use std::path::Path;

/// How many behaviours the source text states: the rows S001, S002 and so on, each of which has to be entered.
const ROWS: u32 = 129;

/// What the product promises.
#[derive(Debug)]
pub(crate) struct Requirements {
    pub(crate) promises: Vec<Promise>,
}

/// One promise.
#[derive(Debug)]
pub(crate) struct Promise {
    /// Its id.
    pub(crate) id: String,
    /// What is promised.
    pub(crate) sentence: String,
    /// The tests that prove it, or a part of it.
    pub(crate) tests: Vec<String>,
    /// Why it is not proven, wholly or in part.
    pub(crate) open: Option<String>,
    /// How much the MCP specification asks for it: `MUST` or `SHOULD`; none for promises of another source.
    pub(crate) level: Option<String>,
    /// Where it does, by revision: the page below the revision and the section, as in `basic/lifecycle#operation`.
    pub(crate) sections: Vec<(String, String)>,
}

/// What a check of the promises found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// Promises that are proven by tests that ran.
    pub(crate) covered: usize,
    /// Promises that are open, wholly or in part.
    pub(crate) open: usize,
    /// Tests that are named and did not run, with the promise that names them.
    pub(crate) missing: Vec<String>,
}

impl Requirements {
    /// Reads the file.
    pub(crate) fn read(file: &Path) -> Outcome<Self> {
        let text = std::fs::read_to_string(file).doing(format_args!("read `{}`", file.display()))?;
        Self::parse(&text)
            .and_then(Self::whole)
            .map_err(|wrong| Failure::new(format!("`{}`: {}", file.display(), wrong.join("; "))))
    }

    fn parse(text: &str) -> Result<Self, Vec<String>> {
        let table: toml::Table = text.parse().map_err(|error| vec![format!("no TOML: {error}")])?;
        let list = table.get("promise").and_then(toml::Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut wrong = Vec::new();
        let mut ids = BTreeSet::new();
        let mut promises = Vec::new();
        for entry in list {
            let word =
                |key: &str| entry.get(key).and_then(toml::Value::as_str).map(str::trim).filter(|word| !word.is_empty());
            let Some(id) = word("id") else {
                wrong.push("a promise has no `id`".to_owned());
                continue;
            };
            let sections: Vec<(String, String)> = entry
                .get("section")
                .and_then(toml::Value::as_table)
                .into_iter()
                .flatten()
                .filter_map(|(revision, section)| Some((revision.clone(), section.as_str()?.to_owned())))
                .collect();
            let level = word("level");
            // What the specification asks for has its source in it.
            let source = if sections.is_empty() { word("source") } else { Some("") };
            for (key, missing) in [
                ("sentence", word("sentence").is_none()),
                ("source", source.is_none()),
                ("level", !sections.is_empty() && !matches!(level, Some("MUST" | "SHOULD"))),
            ] {
                if missing {
                    wrong.push(format!("`{id}` has no `{key}`"));
                }
            }
            if !ids.insert(id) {
                wrong.push(format!("`{id}` is there twice"));
            }
            let tests: Vec<String> = entry
                .get("tests")
                .and_then(toml::Value::as_array)
                .map(|tests| tests.iter().filter_map(|test| test.as_str().map(str::to_owned)).collect())
                .unwrap_or_default();
            let open = word("open").map(str::to_owned);
            if tests.is_empty() && open.is_none() {
                wrong.push(format!("`{id}` has neither `tests` nor `open`"));
            }
            let sentence = word("sentence").unwrap_or_default().to_owned();
            promises.push(Promise {
                id: id.to_owned(),
                sentence,
                tests,
                open,
                level: level.map(str::to_owned),
                sections,
            });
        }
        if promises.is_empty() {
            wrong.push("no promise in it".into());
        }
        if wrong.is_empty() { Ok(Self { promises }) } else { Err(wrong) }
    }

    /// The promises, if every row of the source text is one of them: a row that is not there is no promise that was kept.
    fn whole(self) -> Result<Self, Vec<String>> {
        let known: BTreeSet<&str> = self.promises.iter().map(|promise| promise.id.as_str()).collect();
        let rows = (1..=ROWS).map(|row| format!("S{row:03}"));
        let missing: Vec<String> =
            rows.filter(|id| !known.contains(id.as_str())).map(|id| format!("`{id}` is not there")).collect();
        if missing.is_empty() { Ok(self) } else { Err(missing) }
    }

    /// Compares the promises with what ran. Of a test whose suite was not asked for, nothing can be said: `asked` are the
    /// suites that were.
    pub(crate) fn check(&self, results: &Results, asked: &[&str]) -> Coverage {
        let mut coverage = Coverage { covered: 0, open: 0, missing: Vec::new() };
        for promise in &self.promises {
            if promise.open.is_some() {
                coverage.open += 1;
            } else {
                coverage.covered += 1;
            }
            for test in &promise.tests {
                let suite = test.split("::").next().unwrap_or_default();
                if asked.contains(&suite) && !results.ran(test) {
                    coverage.missing.push(format!("{}: `{test}` did not run", promise.id));
                } else if !crate::suites::SOURCES.contains(&suite) {
                    coverage.missing.push(format!("{}: `{test}` names no suite", promise.id));
                }
            }
        }
        coverage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = r#"
        [[promise]]
        id = "S001"
        sentence = "One."
        source = "page 1"
        tests = ["native::policy::gate::asks", "browser::first run"]
        [[promise]]
        id = "S002"
        sentence = "Two."
        source = "page 1"
        open = "not built"
    "#;

    fn ran(names: &[&str]) -> Results {
        let mut results = Results::default();
        names.iter().for_each(|name| results.add(*name, true));
        results
    }

    #[test]
    fn a_named_test_must_have_run() {
        let requirements = Requirements::parse(TWO).unwrap();
        let all = ["native", "browser"];
        let coverage = requirements.check(&ran(&["native::policy::gate::asks", "browser::first run"]), &all);
        assert_eq!(coverage, Coverage { covered: 1, open: 1, missing: vec![] });
        let coverage = requirements.check(&ran(&["native::policy::gate::asks"]), &all);
        assert_eq!(coverage.missing, ["S001: `browser::first run` did not run"]);
        assert!(requirements.check(&ran(&["native::policy::gate::asks"]), &["native"]).missing.is_empty());
    }

    #[test]
    fn a_test_of_no_suite_is_found() {
        let requirements = Requirements::parse(&TWO.replace("browser::", "brwoser::")).unwrap();
        let coverage = requirements.check(&ran(&["native::policy::gate::asks"]), &["native", "browser"]);
        assert_eq!(coverage.missing, ["S001: `brwoser::first run` names no suite"]);
    }

    #[test]
    fn a_promise_says_everything() {
        let wrong = Requirements::parse(&TWO.replace("S002", "S001").replace("open = \"not built\"", "")).unwrap_err();
        assert_eq!(wrong, ["`S001` is there twice", "`S001` has neither `tests` nor `open`"]);
        assert!(Requirements::parse("").is_err(), "nothing read is not fine");
        assert!(Requirements::parse("[[promise]]\nid = \"A\"\nopen = \"x\"").is_err());
    }

    #[test]
    fn ro010_every_row_of_the_source_text_is_entered() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/requirements.toml");
        let text = std::fs::read_to_string(file).unwrap();
        let wrong = Requirements::parse(&text.replace("id = \"S077\"", "id = \"S999\"")).unwrap().whole().unwrap_err();
        assert_eq!(wrong, ["`S077` is not there"]);
    }

    #[test]
    fn the_file_of_this_checkout_can_be_read() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/requirements.toml");
        Requirements::read(&file).unwrap();
    }
}
