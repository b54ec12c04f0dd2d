//! What was asked and answered, for a person who wants to know why a sign-in fails. No secret gets in here.

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As the rule says.
    Ok,
    /// Not as the rule says, but the flow went on.
    Warn,
    /// The flow ended here.
    Stop,
}

/// One step of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was asked of whom. Secret values are left out.
    pub asked: String,
    /// What came back, in short. Secret values are left out; server text is cut.
    pub answered: String,
    /// The rule that it was checked against, such as `RFC 8414 section 3.3`.
    pub rule: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What a person can do; empty where nothing is to be done.
    pub remedy: &'static str,
}

/// Longest server text that is kept, in bytes.
const LONGEST: usize = 300;
/// Most steps that are kept; the oldest go first.
const MOST: usize = 100;

/// The steps of the latest sign-ins.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<Step>);

impl Steps {
    pub(crate) fn list(&self) -> &[Step] {
        &self.0
    }

    pub(crate) fn add(
        &mut self,
        verdict: Verdict,
        rule: &'static str,
        asked: &str,
        answered: &str,
        remedy: &'static str,
    ) {
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(Step { asked: asked.to_owned(), answered: cut(answered), rule, verdict, remedy });
    }

    pub(crate) fn ok(&mut self, rule: &'static str, asked: &str, answered: &str) {
        self.add(Verdict::Ok, rule, asked, answered, "");
    }

    pub(crate) fn warn(&mut self, rule: &'static str, asked: &str, answered: &str) {
        self.add(Verdict::Warn, rule, asked, answered, "");
    }
}

/// Server text for showing: control characters become blanks, and it is cut at [`LONGEST`] bytes.
pub(crate) fn cut(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        if out.len() + char.len_utf8() > LONGEST {
            out.push('…');
            break;
        }
        out.push(if char.is_control() { ' ' } else { char });
    }
    out
}

/// Removes secrets from server text: an authorization server may repeat what it was sent.
pub(crate) fn scrub(text: &str, secrets: &[&str]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        // Shorter ones would only tear holes into ordinary words; of two that fit, the longer one counts.
        let fits = secrets.iter().filter(|secret| secret.len() >= 4 && rest.starts_with(**secret));
        let taken = match fits.map(|secret| secret.len()).max() {
            Some(len) => {
                out.push_str("[hidden]");
                len
            }
            None => {
                out.push(next);
                next.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    cut(&out)
}

/// Joins the pieces of a sentence. In a module that is downloaded this is a good deal smaller than `format!`.
#[inline(never)]
pub(crate) fn join(parts: &[&str]) -> String {
    parts.concat()
}

/// An HTTP status in words.
pub(crate) fn http(status: u16) -> String {
    join(&["HTTP ", &status.to_string()])
}
