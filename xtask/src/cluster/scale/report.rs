//! The table and the plot.

use super::measure::Figures;
use super::processes::Usage;
use super::spread::{Spread, Took};
use std::fmt::Write;

#[derive(Debug)]
pub(super) struct Report<'a> {
    all: &'a [Figures],
}

/// A line of the table: what it is, and its cell for one measurement.
type Line = (&'static str, fn(&Figures) -> String);

/// A group of bars in the plot: what it is, and its length for one measurement.
type Bar = (&'static str, fn(&Figures) -> Option<Took>);

const LINES: [Line; 14] = [
    ("ready at the end of the first phase", |f| f.ready.to_string()),
    ("all at once: the last is ready", |f| f.bulk.to_string()),
    ("all at once: each", |f| both(f.bulk_each)),
    ("one more: ready", |f| both(f.more_ready)),
    ("one more: first 200", |f| both(f.more_served)),
    ("one changed: ready", |f| both(f.changed_ready)),
    ("one changed: in traffic", |f| both(f.changed_seen)),
    ("one deleted: 404", |f| both(f.deleted)),
    ("measured one by one: more, changed, deleted", |f| {
        let count = |spread: Option<Spread>| spread.map_or(0, |spread| spread.count);
        format!("{}, {}, {}", count(f.more_ready), count(f.changed_ready), count(f.deleted))
    }),
    ("all restarted: all served", |f| f.restart.to_string()),
    ("LISTs then, by kind", |f| {
        f.lists.iter().map(|(kind, count)| format!("{kind} {count}")).collect::<Vec<_>>().join(", ")
    }),
    ("CPU, s", |f| sum(f, |usage| usage.cpu)),
    ("memory, MiB", |f| sum(f, |usage| usage.resident)),
    ("by program: processes, CPU s, MiB", |f| {
        let one = |usage: &Usage| {
            format!("{} {}, {:.1}, {:.0}", usage.name, usage.count, usage.cpu, usage.resident)
        };
        f.processes.iter().map(one).collect::<Vec<_>>().join("; ")
    }),
];

impl<'a> Report<'a> {
    pub(super) fn new(all: &'a [Figures]) -> Report<'a> {
        Report { all }
    }

    pub(super) fn markdown(&self) -> String {
        let row = |first: &str, cell: &dyn Fn(&Figures) -> String| {
            let cells = std::iter::once(first.to_owned()).chain(self.all.iter().map(cell));
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let mut text =
            "# Many KIngresses\n\nMedian and 99th percentile, where there are two times. `>`: it hadn't happened when its phase ended.\n\n".to_owned();
        text += &row("", &|figures| format!("{} at {}", figures.layer, figures.size));
        text += &row("---", &|_| "---:".to_owned());
        for (name, cell) in LINES {
            text += &row(name, &cell);
        }
        text
    }

    /// Medians as bars, logarithmic: a millisecond to a quarter of an hour.
    pub(super) fn svg(&self) -> String {
        let lines: [Bar; 5] = [
            ("all at once", |f| Some(f.bulk)),
            ("one more: first 200", |f| f.more_served.map(|spread| spread.p50)),
            ("one changed: in traffic", |f| f.changed_seen.map(|spread| spread.p50)),
            ("one deleted: 404", |f| f.deleted.map(|spread| spread.p50)),
            ("all restarted", |f| Some(f.restart)),
        ];
        let mut bars = String::new();
        let mut y = 30;
        for (name, figure) in lines {
            let _ = writeln!(bars, r#"<text x="10" y="{}" font-weight="bold">{name}</text>"#, y + 12);
            y += 18;
            for figures in self.all {
                let Some(took) = figure(figures) else { continue };
                let color = if figures.layer == "net-alb" { "#3b82c4" } else { "#999" };
                let width = (took.milliseconds.max(1.0).log10() * 70.0).round();
                let label = format!("{} at {}", figures.layer, figures.size);
                let _ = writeln!(
                    bars,
                    r#"<text x="20" y="{}">{label}</text><rect x="170" y="{y}" width="{width}" height="13" fill="{color}"/><text x="{}" y="{}">{}</text>"#,
                    y + 11,
                    175.0 + width,
                    y + 11,
                    took.to_string().replace('>', "&gt;")
                );
                y += 16;
            }
            y += 8;
        }
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {y}" font-family="sans-serif" font-size="12">
<style>text {{ fill: #1f2328 }} @media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} }}</style>
<text x="10" y="16">medians, logarithmic</text>
{bars}</svg>
"#
        )
    }
}

fn both(spread: Option<Spread>) -> String {
    spread.map_or_else(|| "–".to_owned(), |spread| spread.to_string())
}

fn sum(figures: &Figures, of: fn(&Usage) -> f64) -> String {
    format!("{:.1}", figures.processes.iter().map(of).sum::<f64>())
}
