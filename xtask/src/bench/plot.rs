//! The plot of the ratios, drawn by hand: bars, whiskers and words are less than any plotting crate asks to be told.

use super::peer::Peer;
use super::report::Report;
use super::rounds::Ratio;
use super::workload::Workload;
use std::fmt::Write;

const WIDTH: f64 = 760.0;
/// Where the bars begin; names are left of it.
const LEFT: f64 = 250.0;
const RIGHT: f64 = 690.0;
const TOP: f64 = 60.0;
const BAR: f64 = 18.0;
const GAP: f64 = 14.0;
/// Grid lines; the axis is logarithmic, since these are ratios: 2 and ½ are equally far from 1.
const GRID: [f64; 8] = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
/// Where 1 is in it.
const ONE: usize = 1;

/// An image of the ratios, readable on light and dark pages.
pub(super) fn svg(report: &Report) -> String {
    let rows: Vec<(Workload, Vec<Ratio>)> =
        report.runs.iter().map(|(workload, runs)| (*workload, report.ratios(runs))).collect();
    let most =
        rows.iter().flat_map(|(_, ratios)| ratios).map(|ratio| ratio.quartiles.upper).fold(2.0, f64::max);
    let axis = Axis { most: GRID.into_iter().find(|line| *line >= most).unwrap_or(most) };
    let base = report.base().map_or("", Peer::title);
    let mut y = TOP;
    let mut bars = String::new();
    for (workload, ratios) in &rows {
        let _ =
            writeln!(bars, r#"<text x="10" y="{:.0}" class="name">{}</text>"#, y + 13.0, workload.title());
        for ratio in ratios {
            bars += &bar(&axis, *workload, ratio, y);
            y += BAR;
        }
        y += GAP;
    }
    let mut image = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {:.0}" font-family="sans-serif" font-size="12">
<style>
text {{ fill: #1f2328 }} .name {{ font-weight: bold }} .grid {{ stroke: #8886 }} .one {{ stroke: #888; stroke-width: 2 }}
.bar {{ fill: #3b82c4 }} .whisker {{ stroke: #1f2328 }} .promise {{ stroke: #d1242f; stroke-width: 2 }}
@media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} .whisker {{ stroke: #e6edf3 }} }}
</style>
<text x="10" y="20" class="name">CPU per request, peer ÷ {base} (log scale; right of 1: {base} needs less)</text>
<text x="10" y="36">bar: median; line: quartiles; red: what is promised</text>
"#,
        y + 20.0
    );
    for (i, line) in GRID.into_iter().enumerate().filter(|(_, line)| *line <= axis.most) {
        let x = axis.x(line);
        let class = if i == ONE { "one" } else { "grid" };
        let _ = writeln!(
            image,
            r#"<line x1="{x:.1}" x2="{x:.1}" y1="{:.0}" y2="{y:.0}" class="{class}"/>"#,
            TOP - 6.0
        );
        let _ = writeln!(image, r#"<text x="{x:.1}" y="{:.0}" text-anchor="middle">{line}</text>"#, y + 14.0);
    }
    image + &bars + "</svg>\n"
}

struct Axis {
    most: f64,
}

impl Axis {
    fn x(&self, ratio: f64) -> f64 {
        let least = GRID[0];
        let share = (ratio.max(least) / least).ln() / (self.most / least).ln();
        LEFT + share.min(1.0) * (RIGHT - LEFT)
    }
}

fn bar(axis: &Axis, workload: Workload, ratio: &Ratio, y: f64) -> String {
    let (one, x) = (axis.x(1.0), axis.x(ratio.quartiles.median));
    let (low, high) = (axis.x(ratio.quartiles.lower), axis.x(ratio.quartiles.upper));
    let middle = y + BAR / 2.0;
    let mut text = format!(
        r#"<text x="{:.0}" y="{:.1}" text-anchor="end">{}</text>
<rect x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" class="bar"/>
<line x1="{low:.1}" x2="{high:.1}" y1="{middle:.1}" y2="{middle:.1}" class="whisker"/>
<text x="{:.1}" y="{:.1}">{:.2}</text>
"#,
        LEFT - 8.0,
        middle + 4.0,
        ratio.peer.title(),
        one.min(x),
        y + 3.0,
        (x - one).abs(),
        BAR - 5.0,
        high.max(one) + 6.0,
        middle + 4.0,
        ratio.quartiles.median
    );
    if let Some(promise) = workload.promise(ratio.peer) {
        let x = axis.x(promise);
        let _ = writeln!(
            text,
            r#"<line x1="{x:.1}" x2="{x:.1}" y1="{:.1}" y2="{:.1}" class="promise"/>"#,
            y + 1.0,
            y + BAR
        );
    }
    text
}
