//! The table and the plot.

use super::measure::{Figures, Spread};
use std::fmt::Write;

#[derive(Debug)]
pub(super) struct Report<'a> {
    all: &'a [Figures],
}

/// A line of the table: what it is, and its cell for one measurement.
type Line = (&'static str, fn(&Figures) -> String);

/// A group of bars in the plot: what it is, and its length for one measurement, in milliseconds.
type Bar = (&'static str, fn(&Figures) -> f64);

const LINES: [Line; 11] = [
    ("all at once: the last is ready", |f| time(f.bulk)),
    ("all at once: each", |f| both(f.bulk_each)),
    ("one more: ready", |f| both(f.more_ready)),
    ("one more: first 200", |f| both(f.more_served)),
    ("one changed: ready", |f| both(f.changed_ready)),
    ("one changed: in traffic", |f| both(f.changed_seen)),
    ("one deleted: 404", |f| both(f.deleted)),
    ("all restarted: all served", |f| time(f.restart)),
    ("CPU, s", |f| sum(f, "CPU")),
    ("memory, MiB", |f| sum(f, "memory")),
    ("by process: CPU s, MiB", |f| {
        let one = |usage: &super::processes::Usage| {
            format!("{} {:.1}, {:.0}", usage.name, usage.cpu, usage.resident)
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
            "# Many KIngresses\n\nMedian and 99th percentile, where there are two figures.\n\n".to_owned();
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
            ("all at once", |f| f.bulk),
            ("one more: first 200", |f| f.more_served.p50),
            ("one changed: in traffic", |f| f.changed_seen.p50),
            ("one deleted: 404", |f| f.deleted.p50),
            ("all restarted", |f| f.restart),
        ];
        let mut bars = String::new();
        let mut y = 30;
        for (name, figure) in lines {
            let _ = writeln!(bars, r#"<text x="10" y="{}" font-weight="bold">{name}</text>"#, y + 12);
            y += 18;
            for figures in self.all {
                let (value, color) =
                    (figure(figures), if figures.layer == "net-alb" { "#3b82c4" } else { "#999" });
                let width = (value.max(1.0).log10() * 70.0).round();
                let label = format!("{} at {}", figures.layer, figures.size);
                let _ = writeln!(
                    bars,
                    r#"<text x="20" y="{}">{label}</text><rect x="170" y="{y}" width="{width}" height="13" fill="{color}"/><text x="{}" y="{}">{}</text>"#,
                    y + 11,
                    175.0 + width,
                    y + 11,
                    time(value)
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

fn both(spread: Spread) -> String {
    format!("{}, {}", time(spread.p50), time(spread.p99))
}

/// Milliseconds in words.
fn time(milliseconds: f64) -> String {
    if milliseconds < 1000.0 {
        format!("{milliseconds:.0} ms")
    } else {
        format!("{:.1} s", milliseconds / 1000.0)
    }
}

fn sum(figures: &Figures, what: &str) -> String {
    let one = |usage: &super::processes::Usage| if what == "CPU" { usage.cpu } else { usage.resident };
    format!("{:.1}", figures.processes.iter().map(one).sum::<f64>())
}
