//! `cargo xtask bench policy`: how long a decision takes in a large workspace, that loading is linear, and Cedar beside it.

use bench_policy::beside::Beside;
use bench_policy::{LARGE, Size, call, questions, workspace};
use criterion::Criterion;
use policy::{Indexed, Rulebook, Rules, Verdict};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// What is promised for one decision.
const PROMISE: Duration = Duration::from_micros(10);
/// Ten times as much may take this many times as long; more is not linear.
const LINEAR: f64 = 16.0;

/// The shortest of some runs: what the work takes when nothing else disturbs it.
fn shortest<T>(runs: usize, mut work: impl FnMut() -> T) -> Duration {
    (0..runs)
        .map(|_| {
            let begun = Instant::now();
            black_box(work());
            begun.elapsed()
        })
        .min()
        .unwrap_or_default()
}

/// From the stored text to the first decision.
fn load(text: &str) -> Indexed {
    Indexed::new(serde_json::from_str::<Rulebook>(text).expect("a rulebook"))
}

fn main() {
    println!(
        "{} members, {} connectors, {} actions, {} rules on values (two of five are patterns), {} remembered answers",
        LARGE.members, LARGE.connectors, LARGE.actions, LARGE.values, LARGE.answers
    );
    println!("{} on {}, {} threads", std::env::consts::OS, processor(), threads());
    println!("policy {} · cedar-policy 4.14.1 · criterion 0.8.2 · release build", env!("CARGO_PKG_NAME"));
    println!("again: cargo xtask bench policy\n");

    let book = Indexed::new(workspace(LARGE));
    let asked = questions(LARGE);
    let calls: Vec<_> = asked.iter().map(|(by, of, what)| call(&book, *by, *of, *what)).collect();

    // Both have to give the same answers, or the comparison means nothing.
    let cedar = Beside::new(LARGE);
    let requests: Vec<_> = asked.iter().map(|(by, of, what)| Beside::request(*by, *of, *what)).collect();
    let mut answers = [0_usize; 3];
    for (call, request) in calls.iter().zip(&requests) {
        let verdict = book.rules(call).verdict();
        assert_eq!(verdict, Rules::of(&book, call).verdict(), "the index answers as the lists do");
        assert_eq!(verdict == Verdict::Run, cedar.runs(request), "Cedar answers as we do: {call:?}");
        answers[verdict as usize] += 1;
    }
    println!("{} questions: {} run, {} ask, {} are refused; Cedar gives the same answers\n", calls.len(), answers[0], answers[1], answers[2]);

    let mut criterion = Criterion::default();
    let mut next = (0..calls.len()).cycle();
    criterion.bench_function("a decision, indexed", |bench| {
        bench.iter(|| black_box(book.rules(black_box(&calls[next.next().unwrap_or_default()])).verdict()));
    });
    criterion.bench_function("the same, through the lists", |bench| {
        bench.iter(|| black_box(Rules::of(&book, black_box(&calls[next.next().unwrap_or_default()])).verdict()));
    });
    criterion.bench_function("the same, asked of Cedar", |bench| {
        bench.iter(|| black_box(cedar.runs(black_box(&requests[next.next().unwrap_or_default()]))));
    });

    // Asked of connectors that nobody called before, where the index has to be worked out first.
    let fresh = Indexed::new(workspace(LARGE));
    let first = shortest(1, || calls.iter().take(100).map(|call| fresh.rules(call).verdict()).max()) / 100;
    let warm = shortest(20, || calls.iter().map(|call| book.rules(call).verdict()).max()) / calls.len() as u32;
    println!("\na decision takes {warm:?} (promised: under {PROMISE:?}); the first about a connector {first:?}");

    let small = Size { members: 1_000, connectors: 100, actions: 5_000, values: 500, answers: 500 };
    let mut times = Vec::new();
    for factor in [1, 10, 100] {
        if factor == 100 && !std::env::args().any(|word| word == "--huge") {
            continue;
        }
        let size = small.times(factor);
        let text = serde_json::to_string(&workspace(size)).expect("a text");
        let took = shortest(5, || load(&text));
        println!("loading {} members, {} actions ({} MB): {took:?}", size.members, size.actions, text.len() >> 20);
        times.push(took);
    }
    let members = [10_000, 100_000].map(|members| {
        let size = Size { members, connectors: 10, actions: 100, values: 0, answers: 0 };
        let text = serde_json::to_string(&workspace(size)).expect("a text");
        let took = shortest(5, || load(&text));
        println!("loading {members} members: {took:?}");
        took
    });
    times.sort();
    let growths = times.windows(2).map(|pair| pair[1].as_secs_f64() / pair[0].as_secs_f64());
    let growths: Vec<f64> = growths.chain([members[1].as_secs_f64() / members[0].as_secs_f64()]).collect();
    println!("ten times as much takes {:.1} times as long at most", growths.iter().copied().fold(0.0, f64::max));

    assert!(warm < PROMISE, "a decision takes {warm:?}, promised are {PROMISE:?}");
    assert!(growths.iter().all(|growth| *growth < LINEAR), "loading is not linear: {growths:?}");
    println!("both promises hold");
}

fn processor() -> String {
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
