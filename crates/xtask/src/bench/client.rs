//! `cargo xtask bench mcp`: one tools/call with the package's client against the official TypeScript client.
//!
//! Both call the same real server from the same page, one after the other in an order drawn for every pair, so that
//! whatever else the machine does meets both alike. What is compared is the logarithm of each pair's ratio: its mean is
//! free of the drift that a ratio of two means has. A budget that is not met is told and fails nothing: a busy machine
//! must not turn a test red.

use crate::Words;
use crate::package;
use crate::places::Places;
use crate::run::{Failure, Outcome, Program};
use crate::setup;
use serde_json::Value;

/// What the budget of issue "the MCP client, to the letter" asks for: the ratio itself, and the upper end of its interval.
const AIM: f64 = 1.0;
const BOUND: f64 = 1.05;
/// How many pairs are counted when nobody says otherwise.
const PAIRS: u32 = 1_000;
/// The 97.5% point of the normal distribution, which Student's is by a thousand pairs.
const NORMAL: f64 = 1.96;

/// Builds the package's client, runs the pairs and prints what they tell.
pub(crate) fn mcp(words: &mut Words) -> Outcome<()> {
    let pairs = match words.value("--pairs")? {
        None => PAIRS,
        Some(said) => said
            .parse()
            .ok()
            .filter(|pairs| *pairs >= 100)
            .ok_or_else(|| Failure::new(format!("`{said}` is no number of pairs")).next("use 100 or more"))?,
    };
    words.end()?;
    let places = Places::find()?;
    let tools = setup::for_building(&places)?;
    let testing = setup::for_testing(&places, &tools)?;
    package::build_client(&places, &tools)?;
    let said = Program::new("node")
        .args([places.root.join("crates/xtask/tools/client-bench.mjs"), places.root.join("pkg")])
        .args([places.root.join("tests"), places.target.join("xtask/client-bench")])
        .args([pairs.to_string()])
        .env(&testing.environment)
        .output()?;
    println!("{}", Measured::read(&said)?.told());
    Ok(())
}

/// What a run found.
struct Measured {
    /// Milliseconds of ours and theirs.
    pairs: Vec<(f64, f64)>,
    ran: String,
}

/// The ratio of the pairs: its best guess, and the 95% interval around it.
#[derive(Debug, PartialEq)]
struct Ratio {
    mean: f64,
    low: f64,
    high: f64,
}

impl Measured {
    fn read(said: &str) -> Outcome<Self> {
        let broken = |what: &str| Failure::new(format!("the clients could not be timed: {what}"));
        let value: Value = serde_json::from_str(said).map_err(|error| broken(&error.to_string()))?;
        let time = |pair: &Value, at: usize| pair.get(at).and_then(Value::as_f64).filter(|time| *time > 0.0);
        let list = value.get("pairs").and_then(Value::as_array).ok_or_else(|| broken("no pairs came back"))?;
        let pairs: Option<Vec<(f64, f64)>> = list.iter().map(|pair| time(pair, 0).zip(time(pair, 1))).collect();
        let pairs = pairs.ok_or_else(|| broken("a call took no time"))?;
        if pairs.len() < 2 {
            return Err(broken("fewer than two pairs came back"));
        }
        let word = |path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or("?");
        let ran = format!(
            "countersign/mcp {} ({}) and @modelcontextprotocol/client {} ({}), in one page of Chromium {},\n  \
             with {} on loopback, across origins; {} processors",
            env!("CARGO_PKG_VERSION"),
            word("/protocols/0"),
            word("/client"),
            word("/protocols/1"),
            word("/chromium"),
            word("/server"),
            std::thread::available_parallelism().map_or(1, usize::from),
        );
        Ok(Self { pairs, ran })
    }

    fn ratio(&self) -> Ratio {
        let logs: Vec<f64> = self.pairs.iter().map(|(ours, theirs)| (ours / theirs).ln()).collect();
        let count = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / count;
        let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let reach = NORMAL * (variance / count).sqrt();
        Ratio { mean: mean.exp(), low: (mean - reach).exp(), high: (mean + reach).exp() }
    }

    fn told(&self) -> String {
        let ratio = self.ratio();
        let half = |of: fn(&(f64, f64)) -> f64| median(self.pairs.iter().map(of).collect());
        let met = if ratio.mean < AIM && ratio.high <= BOUND { "met" } else { "not met" };
        format!(
            "  {}\n  one tools/call, median of {} pairs: {:.2} ms ours, {:.2} ms theirs\n  \
             ratio of a pair: {:.3}, 95% interval {:.3} to {:.3}; budget (below {AIM:.2}, upper end at most {BOUND:.2}): {met}\n  \
             again: `cargo xtask bench mcp`, on a machine that does nothing else",
            self.ran,
            self.pairs.len(),
            half(|pair| pair.0),
            half(|pair| pair.1),
            ratio.mean,
            ratio.low,
            ratio.high,
        )
    }
}

/// The middle of some times.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    let at = |index: usize| times.get(index).copied().unwrap_or_default();
    let middle = times.len() / 2;
    if times.len().is_multiple_of(2) { (at(middle.saturating_sub(1)) + at(middle)) / 2.0 } else { at(middle) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(pairs: &str) -> Outcome<Measured> {
        Measured::read(&format!(r#"{{"pairs":{pairs},"client":"2.4.0","server":"s 1"}}"#))
    }

    #[test]
    fn the_ratio_is_the_one_of_the_pairs_and_not_of_the_means() {
        // One slow moment that met both says nothing about either.
        let ratio = measured("[[1,2],[2,4],[500,1000]]").unwrap().ratio();
        assert!((ratio.mean - 0.5).abs() < 1e-9 && (ratio.high - ratio.low).abs() < 1e-9, "{ratio:?}");
        let ratio = measured("[[1,2],[2,1]]").unwrap().ratio();
        assert!((ratio.mean - 1.0).abs() < 1e-9 && ratio.low < 1.0 && ratio.high > 1.0, "{ratio:?}");
    }

    #[test]
    fn a_budget_is_told_met_or_not() {
        assert!(measured("[[1,2],[1,2]]").unwrap().told().contains("upper end at most 1.05): met"));
        assert!(measured("[[2,1],[2,1]]").unwrap().told().contains("upper end at most 1.05): not met"));
        // On average as fast, and no certainty at all.
        assert!(measured("[[1,9],[9,1]]").unwrap().told().contains("not met"));
    }

    #[test]
    fn what_was_not_measured_is_no_result() {
        for pairs in ["[]", "[[1,2]]", "[[0,1],[1,1]]", "[[1],[1,1]]", "null"] {
            assert!(measured(pairs).is_err(), "{pairs}");
        }
    }

    #[test]
    fn the_middle_is_between_two_when_they_are_even() {
        assert_eq!(median(vec![4.0, 1.0, 3.0]), 3.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
