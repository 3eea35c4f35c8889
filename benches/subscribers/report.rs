//! What was measured, as a table and as a drawing.

use std::{fmt::Write as _, time::Duration};

/// Memory of a follower at most, in KiB: 25 kB.
const MEMORY: f64 = 25_000.0 / 1_024.0;
/// How long after the answer to the writer the last is told at most, in milliseconds: of a hundred writes but one.
const LATENCY: f64 = 100.0;

/// One server with one crowd.
#[derive(Debug)]
pub struct Line {
    /// Which database.
    pub database: &'static str,
    /// How many documents they ask.
    pub documents: usize,
    /// How many they are.
    pub count: usize,
    /// KiB of each when they had come.
    pub memory: f64,
    /// KiB of each when they had been told everything.
    pub memory_after: f64,
    /// Median and 99th percentile until the last is told, from the answer to the writer on.
    pub answered: [Duration; 2],
    /// The same from her request on.
    pub sent: [Duration; 2],
}

/// All of them.
#[derive(Debug, Default)]
pub struct Report {
    /// In the order taken.
    pub lines: Vec<Line>,
}

/// The least value that so many of a hundred do not exceed.
pub fn quantile(values: &mut [Duration], part: usize) -> Duration {
    values.sort_unstable();
    values[(values.len() * part).div_ceil(100).saturating_sub(1)]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl Line {
    fn label(&self) -> String {
        let documents = if self.documents == 1 { "one document" } else { "50 documents" };
        format!("{}, {documents}", self.database)
    }

    /// What is measured against a target: its name, the figure and the target.
    fn tested(&self) -> [(&'static str, f64, f64); 2] {
        [("KiB each", self.memory_after, MEMORY), ("ms to the last, p99", millis(self.answered[1]), LATENCY)]
    }
}

impl Report {
    /// The table, in Markdown.
    pub fn table(&self) -> String {
        let mut out = String::from(
            "| database | documents | subscribers | KiB each (told) | answer to last, ms p50 | p99 | request to last, ms p50 | p99 |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for line in &self.lines {
            let [answered, sent] = [line.answered.map(millis), line.sent.map(millis)];
            let _ = writeln!(
                out,
                "| {} | {} | {} | {:.1} ({:.1}) | {:.0} | **{:.0}** | {:.0} | {:.0} |",
                line.database,
                line.documents,
                line.count,
                line.memory,
                line.memory_after,
                answered[0],
                answered[1],
                sent[0],
                sent[1],
            );
        }
        out
    }

    /// What is over its target.
    pub fn misses(&self) -> Vec<String> {
        let all = self.lines.iter().flat_map(|line| line.tested().map(|tested| (line, tested)));
        let over = all.filter(|(_, (_, figure, target))| figure >= target);
        over.map(|(line, (what, figure, target))| {
            format!("{}: {figure:.1} {what}, not under {target:.1}", line.label())
        })
        .collect()
    }

    /// Figures to their targets as bars, with the line that they must not reach.
    pub fn drawing(&self, note: &str) -> String {
        const LEFT: f64 = 330.0;
        const SCALE: f64 = 300.0;
        const STEP: f64 = 26.0;
        let bars: Vec<_> = self.lines.iter().flat_map(|line| line.tested().map(|tested| (line, tested))).collect();
        let widest = bars.iter().map(|(_, (_, figure, target))| figure / target).fold(1.2, f64::max);
        let bottom = 64.0 + STEP * f64::from(u32::try_from(bars.len()).unwrap_or(0));
        let (width, height) = (LEFT + widest * SCALE + 90.0, bottom + 44.0);
        let count = self.lines.first().map_or(0, |line| line.count);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
             font-family=\"sans-serif\" font-size=\"13\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <text x=\"12\" y=\"24\" font-size=\"15\" font-weight=\"bold\" fill=\"#1f2933\">\
             {count} subscribers to a KPI: memory of each, and time from a write to the last</text>\n"
        );
        let mut y = 46.0;
        for (line, (what, figure, target)) in &bars {
            let end = LEFT + figure / target * SCALE;
            let color = if figure >= target { "#c0392b" } else { "#2f6f9f" };
            let _ = write!(
                out,
                "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\" fill=\"#1f2933\">{}: {what}</text>\n\
                 <rect x=\"{LEFT:.0}\" y=\"{y:.0}\" width=\"{:.1}\" height=\"18\" fill=\"{color}\"/>\n\
                 <text x=\"{:.1}\" y=\"{:.0}\" fill=\"#1f2933\">{figure:.1}</text>\n",
                LEFT - 8.0,
                y + 14.0,
                line.label(),
                end - LEFT,
                end + 6.0,
                y + 14.0,
            );
            y += STEP;
        }
        let x = LEFT + SCALE;
        let _ = write!(
            out,
            "<line x1=\"{x:.0}\" y1=\"36\" x2=\"{x:.0}\" y2=\"{bottom:.0}\" stroke=\"#c0392b\" stroke-dasharray=\"5 4\"/>\n\
             <text x=\"{x:.0}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"#c0392b\">targets: under 25 kB, under 100 ms</text>\n\
             <text x=\"12\" y=\"{:.0}\" font-size=\"11\" fill=\"#52606d\">{note}</text>\n</svg>\n",
            bottom + 14.0,
            height - 8.0,
        );
        out
    }
}
