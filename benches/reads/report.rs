//! Figures of the comparison, as a table and as a drawing.

use std::fmt::Write as _;

use super::queries::Query;

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The product on `PostgreSQL`.
    Ours,
    /// The floor on `PostgreSQL`.
    Floor,
    /// The product on `SQLite`.
    Sqlite,
}

/// What is measured at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The query.
    pub query: Query,
    /// The subject of the token.
    pub caller: &'static str,
    /// Clients at a time.
    pub clients: usize,
}

/// One measurement.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// What.
    pub cell: Cell,
    /// Of whom.
    pub target: Target,
    /// Processor time of a request, in microseconds: server and database.
    pub cpu: f64,
    /// The server's part of it.
    pub server: f64,
    /// Requests in a second.
    pub rate: f64,
}

/// The most that the issue allows.
const LIMIT: f64 = 2.0;

/// All samples.
#[derive(Debug, Default)]
pub struct Report {
    /// In the order taken.
    pub samples: Vec<Sample>,
}

/// A line of the table.
struct Line {
    cell: Cell,
    ours: f64,
    ours_server: f64,
    floor: f64,
    floor_server: f64,
    sqlite: f64,
    rate: f64,
    spread: (f64, f64),
}

impl Line {
    fn ratio(&self) -> f64 {
        self.ours / self.floor
    }
}

impl Report {
    fn of(&self, cell: Cell, target: Target, read: impl Fn(&Sample) -> f64) -> Vec<f64> {
        self.samples.iter().filter(|s| s.cell == cell && s.target == target).map(read).collect()
    }

    fn lines(&self) -> Vec<Line> {
        let mut cells: Vec<Cell> = vec![];
        for sample in &self.samples {
            if !cells.contains(&sample.cell) {
                cells.push(sample.cell);
            }
        }
        let line = |cell| {
            let of = |target, read: fn(&Sample) -> f64| median(self.of(cell, target, read));
            let cpu = |s: &Sample| s.cpu;
            let server = |s: &Sample| s.server;
            // Rounds follow each other, so the n-th of each target belong together.
            let ours = self.of(cell, Target::Ours, cpu);
            let ratios = ours.iter().zip(self.of(cell, Target::Floor, cpu)).map(|(ours, floor)| ours / floor);
            let spread = ratios.fold((f64::MAX, 0.0_f64), |(low, high), r| (low.min(r), high.max(r)));
            Line {
                cell,
                ours: of(Target::Ours, cpu),
                ours_server: of(Target::Ours, server),
                floor: of(Target::Floor, cpu),
                floor_server: of(Target::Floor, server),
                sqlite: of(Target::Sqlite, cpu),
                rate: of(Target::Ours, |s| s.rate),
                spread,
            }
        };
        cells.into_iter().map(line).collect()
    }

    /// The table, in Markdown.
    pub fn table(&self) -> String {
        let mut out = String::from(
            "| query | caller | clients | ours, us CPU (server) | floor, us CPU (server) | ratio (rounds) | ours on SQLite | to PostgreSQL | ours, requests/s |\n\
             |---|---|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        for line in self.lines() {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {:.0} ({:.0}) | {:.0} ({:.0}) | **{:.2}** ({:.2}-{:.2}) | {:.0} | {:.2} | {:.0} |",
                line.cell.query.label(),
                line.cell.caller,
                line.cell.clients,
                line.ours,
                line.ours_server,
                line.floor,
                line.floor_server,
                line.ratio(),
                line.spread.0,
                line.spread.1,
                line.sqlite,
                line.sqlite / line.ours,
                line.rate,
            );
        }
        out
    }

    /// The lines over the limit.
    pub fn misses(&self) -> Vec<String> {
        let over = self.lines().into_iter().filter(|line| line.ratio() >= LIMIT);
        over.map(|l| {
            format!("{}, {}, {} clients: {:.2}", l.cell.query.label(), l.cell.caller, l.cell.clients, l.ratio())
        })
        .collect()
    }

    /// The ratios as bars, with the line that they must not reach.
    pub fn drawing(&self, note: &str) -> String {
        const LEFT: f64 = 330.0;
        const SCALE: f64 = 190.0;
        const STEP: f64 = 26.0;
        let lines = self.lines();
        let bottom = 64.0 + STEP * f64::from(u32::try_from(lines.len()).unwrap_or(0));
        let widest = lines.iter().map(Line::ratio).fold(2.2, f64::max);
        let (width, height) = (LEFT + widest * SCALE + 70.0, bottom + 44.0);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
             font-family=\"sans-serif\" font-size=\"13\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <text x=\"12\" y=\"24\" font-size=\"15\" font-weight=\"bold\" fill=\"#1f2933\">\
             CPU of a request: Foliograph to a hand-written handler (server and PostgreSQL)</text>\n"
        );
        let mut y = 46.0;
        for line in &lines {
            let (ratio, cell) = (line.ratio(), line.cell);
            let color = if ratio >= LIMIT { "#c0392b" } else { "#2f6f9f" };
            let _ = write!(
                out,
                "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\" fill=\"#1f2933\">{}, {}, {}</text>\n\
                 <rect x=\"{LEFT:.0}\" y=\"{y:.0}\" width=\"{:.1}\" height=\"18\" fill=\"{color}\"/>\n\
                 <text x=\"{:.1}\" y=\"{:.0}\" fill=\"#1f2933\">{ratio:.2}</text>\n",
                LEFT - 8.0,
                y + 14.0,
                cell.query.label(),
                cell.caller,
                if cell.clients == 1 { "1 client".to_owned() } else { format!("{} clients", cell.clients) },
                ratio * SCALE,
                LEFT + ratio * SCALE + 6.0,
                y + 14.0,
            );
            y += STEP;
        }
        for (at, color, label) in [(1.0, "#7b8794", "floor"), (LIMIT, "#c0392b", "target: under 2x")] {
            let x = LEFT + at * SCALE;
            let _ = write!(
                out,
                "<line x1=\"{x:.0}\" y1=\"36\" x2=\"{x:.0}\" y2=\"{bottom:.0}\" stroke=\"{color}\" stroke-dasharray=\"5 4\"/>\n\
                 <text x=\"{x:.0}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"{color}\">{label}</text>\n",
                bottom + 14.0,
            );
        }
        let _ = write!(
            out,
            "<text x=\"12\" y=\"{:.0}\" font-size=\"11\" fill=\"#52606d\">{note}</text>\n</svg>\n",
            height - 8.0
        );
        out
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[half],
        _ => f64::midpoint(values[half - 1], values[half]),
    }
}
