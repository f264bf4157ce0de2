//! `cargo xtask conformance`: Knative's own ingress suite against net-alb, and against Kourier as the control.

use super::testbed::Testbed;
use super::{Layer, net_alb};
use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use std::collections::BTreeMap;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The suite's one Go test, whose subtests are the claims.
const SUITE: &str = "TestIngressConformance/";

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How often the suite runs
    #[arg(long, default_value_t = 1, value_name = "N")]
    count: usize,
    /// Run Kourier, the control, once afterwards
    #[arg(long)]
    control: bool,
    /// The program to test, in place of a release build of this checkout
    #[arg(long, value_name = "FILE")]
    net_alb: Option<PathBuf>,
    /// Only the tests that match, as for `go test -run`; nothing is claimed then
    #[arg(long, value_name = "REGEX")]
    only: Option<String>,
    /// Who serves: net-alb's gateway, or Ingresses and the embedded ALB as ALB Ingress Controller
    #[arg(long, value_name = "gateway|alb", default_value = "gateway", value_parser = ["gateway", "alb"])]
    target: String,
    /// With --target alb, what goes through the gateway: what ALB can't say, nothing, or everything. Nothing is claimed with `never`
    #[arg(long, value_name = "auto|never|always", default_value = "auto", value_parser = ["auto", "never", "always"])]
    hop: String,
    /// Write the outcome to conformance/REPORT.md
    #[arg(long)]
    record: bool,
    /// Leave quietly where there is no root or no Go, as in some CI
    #[arg(long)]
    if_possible: bool,
}

/// What became of one test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    Skipped,
}

/// One run of the suite.
#[derive(Debug)]
struct Run {
    layer: Layer,
    verdicts: BTreeMap<String, (Verdict, f64)>,
    took: Duration,
}

/// Fails unless every claimed test passed in every run.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    let Some(testbed) = Testbed::start(root, "conformance", arguments.if_possible)? else { return Ok(()) };
    let claims = claims(&fs::read_to_string(root.join("conformance/claims.txt"))?);
    let binary = net_alb(root, arguments.net_alb.as_ref())?;
    let mut runs = Vec::new();
    let layers = [Some(Layer::NetAlb), arguments.control.then_some(Layer::Kourier)];
    for layer in layers.into_iter().flatten() {
        testbed.run(&["conformance-ready"])?;
        layer.install(&testbed, &binary)?;
        if layer == Layer::NetAlb {
            testbed.run(&["net-alb-target", &arguments.target, &arguments.hop])?;
        }
        // The control shows what the cluster can do; once is enough.
        let count = if layer == Layer::Kourier { 1 } else { arguments.count };
        for number in 1..=count {
            println!("{}: run {number} of {count}", layer.name());
            runs.push(suite(&testbed, layer, arguments.only.as_deref())?);
            // What has been run is kept, whatever becomes of the rest.
            if arguments.record {
                fs::write(root.join("conformance/REPORT.md"), report(&runs))?;
            }
        }
    }
    println!("\n{}", report(&runs));
    match &arguments.only {
        Some(_) => Ok(()),
        None if arguments.hop == "never" => Ok(()),
        None => runs.iter().filter(|run| run.layer == Layer::NetAlb).try_for_each(|run| judge(run, &claims)),
    }
}

/// The names in claims.txt: `TIER NAME` a line.
fn claims(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| Some(line.split_once(' ')?.1.trim().to_owned())).collect()
}

fn suite(testbed: &Testbed, layer: Layer, only: Option<&str>) -> Result<Run> {
    let filter = only.map(|regex| format!("{SUITE}{regex}"));
    let mut arguments = vec!["conformance", layer.class()];
    if let Some(filter) = &filter {
        arguments.extend(["-test.run", filter]);
    }
    let began = Instant::now();
    let (mut verdicts, mut log) = (BTreeMap::new(), Vec::new());
    let live = std::io::stdout().is_terminal();
    testbed.lines(&arguments, |line| {
        log.push(line.to_owned());
        let Some((name, verdict, seconds)) = verdict(line) else { return };
        if live || verdict != Verdict::Passed {
            println!("  {verdict:?} {name} ({seconds:.1} s)");
        }
        verdicts.insert(name, (verdict, seconds));
    })?;
    let run = Run { layer, verdicts, took: began.elapsed() };
    if run.count(Verdict::Failed) > 0 || run.verdicts.is_empty() {
        let kept = std::env::temp_dir().join(format!("conformance-{}.log", layer.name()));
        fs::write(&kept, log.join("\n")).with_context(|| format!("writing {}", kept.display()))?;
        println!("  the suite's own output: {}", kept.display());
    }
    Ok(run)
}

/// Reads `    --- PASS: TestIngressConformance/grpc/split (2.51s)`. Steps of a test, which Go prints deeper, are passed over.
fn verdict(line: &str) -> Option<(String, Verdict, f64)> {
    let rest = line.strip_prefix("    --- ")?;
    let (word, rest) = rest.split_once(": ")?;
    let verdict = match word {
        "PASS" => Verdict::Passed,
        "FAIL" => Verdict::Failed,
        "SKIP" => Verdict::Skipped,
        _ => return None,
    };
    let (name, seconds) = rest.strip_prefix(SUITE)?.split_once(" (")?;
    Some((name.to_owned(), verdict, seconds.strip_suffix("s)")?.parse().ok()?))
}

/// Whether a run is what we claim.
fn judge(run: &Run, claims: &[String]) -> Result<()> {
    for name in claims {
        match run.verdicts.get(name) {
            Some((Verdict::Passed, _)) => {}
            Some((verdict, _)) => bail!("`{name}` is claimed, and it is {verdict:?}"),
            None => bail!("`{name}` is claimed, and the suite has no such test; mend conformance/claims.txt"),
        }
    }
    let unclaimed = run.verdicts.keys().find(|name| !claims.contains(name));
    ensure!(unclaimed.is_none(), "the suite has a test that isn't in conformance/claims.txt: {unclaimed:?}");
    println!("every claim holds: {} of {}", run.count(Verdict::Passed), claims.len());
    Ok(())
}

impl Run {
    fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.values().filter(|(is, _)| *is == verdict).count()
    }

    fn cell(&self, test: &str) -> String {
        match self.verdicts.get(test) {
            Some((Verdict::Passed, seconds)) => format!("{seconds:.1}"),
            Some((verdict, _)) => format!("{verdict:?}"),
            None => "–".to_owned(),
        }
    }
}

/// A table: tests down, runs across.
fn report(runs: &[Run]) -> String {
    let mut names: Vec<&str> = runs.iter().flat_map(|run| run.verdicts.keys().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    let row = |first: &str, cell: &dyn Fn(&Run) -> String| {
        let cells: Vec<_> = std::iter::once(first.to_owned()).chain(runs.iter().map(cell)).collect();
        format!("| {} |", cells.join(" | "))
    };
    let mut lines = vec![
        "# Knative's ingress conformance suite\n\nSeconds that a test took, where it passed.\n".to_owned(),
        row("test", &|run| run.layer.name().to_owned()),
        row("---", &|_| "---".to_owned()),
    ];
    lines.extend(names.into_iter().map(|name| row(name, &|run| run.cell(name))));
    lines.push(row("**passed**", &|run| {
        format!("{} of {} in {} s", run.count(Verdict::Passed), run.verdicts.len(), run.took.as_secs())
    }));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_suites_own_tests_have_a_verdict() {
        let read = |line| verdict(line).map(|(name, verdict, _)| (name, verdict));
        let split = "    --- PASS: TestIngressConformance/grpc/split (2.51s)";
        assert_eq!(read(split), Some(("grpc/split".to_owned(), Verdict::Passed)));
        let skipped = "    --- SKIP: TestIngressConformance/tls (0.00s)";
        assert_eq!(read(skipped), Some(("tls".to_owned(), Verdict::Skipped)));
        assert_eq!(read("        --- PASS: TestIngressConformance/tls/verify (0.1s)"), None);
        assert_eq!(read("--- FAIL: TestIngressConformance (84.2s)"), None);
    }

    #[test]
    fn a_claim_that_fails_or_is_missing_is_an_error() {
        let verdicts = BTreeMap::from([
            ("a".to_owned(), (Verdict::Passed, 1.0)),
            ("b".to_owned(), (Verdict::Failed, 1.0)),
        ]);
        let run = Run { layer: Layer::NetAlb, verdicts, took: Duration::ZERO };
        let error = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            judge(&run, &names).unwrap_err().to_string()
        };
        assert!(error(&["a", "b"]).contains("`b` is claimed, and it is Failed"));
        assert!(error(&["a", "c"]).contains("no such test"));
        assert!(error(&["a"]).contains("isn't in conformance/claims.txt"));
    }
}
