//! The test of a model: what was asked, what came back, and what to do about it.

use browser::ModelCheck;
use browser::workspace::doctor::Verdict;
use leptos::prelude::*;

use crate::results::Worded;
use crate::ui::{Icon, IconName, capital};

/// The checks so far.
#[component]
pub(super) fn Checks(
    /// The checks, in the order in which they were made.
    checks: Vec<ModelCheck>,
) -> impl IntoView {
    let rows: Vec<AnyView> = checks
        .into_iter()
        .map(|check| {
            let (look, icon, word) = match check.verdict {
                Verdict::Good => ("ok", IconName::Check, "good"),
                Verdict::Doubtful => ("warn", IconName::Warning, "doubtful"),
                Verdict::Bad => ("bad", IconName::Close, "in the way"),
            };
            view! {
                <li class=look>
                    <span class="sign"><Icon name=icon size=14/></span>
                    <b>{check.asked}</b>
                    <span>
                        <span class="verdict" class:sr={ check.verdict == Verdict::Good }>{word}": "</span><Worded text=check.answered/>
                        {check.remedy.map(|remedy| view! { <span class="next">". "<Worded text=capital(&remedy)/>"."</span> })}
                    </span>
                </li>
            }
            .into_any()
        })
        .collect();
    view! { <ul class="checklist examined" aria-label="Test">{rows}</ul> }
}

/// What the test comes to, in one sentence.
pub(super) fn summary(checks: &[ModelCheck]) -> &'static str {
    let any = |verdict| checks.iter().any(|check| check.verdict == verdict);
    match (any(Verdict::Bad), any(Verdict::Doubtful)) {
        (true, _) => "This model does not work yet.",
        (false, true) => "This model answers, with a doubt.",
        (false, false) => "This model works.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn wi06_the_summary_is_no_better_than_the_worst_check() {
        let check = |verdict| ModelCheck { asked: "x", answered: "y".into(), verdict, remedy: None };
        let (good, doubt, bad) = (check(Verdict::Good), check(Verdict::Doubtful), check(Verdict::Bad));
        assert_eq!(summary(std::slice::from_ref(&good)), "This model works.");
        assert_eq!(summary(&[good.clone(), doubt.clone()]), "This model answers, with a doubt.");
        assert_eq!(summary(&[good, doubt, bad]), "This model does not work yet.");
    }
}
