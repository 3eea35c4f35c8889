//! A page of `/metrics`, read as strictly as the format is written (Prometheus text format 0.0.4): what a lenient reader
//! would overlook fails here.

use std::collections::{BTreeMap, BTreeSet};

use super::client::{Client, Reply};

/// The figures of one moment: values by series, such as `name{a="1",b="2"}` with labels by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The type of each family.
    pub families: BTreeMap<String, String>,
    /// Each series with its value.
    pub series: BTreeMap<String, f64>,
}

/// Labels by name.
type Labels = BTreeMap<String, String>;

impl Page {
    /// Gets and reads the page.
    pub async fn of(client: &Client) -> Self {
        Self::read(&client.get("/metrics").await)
    }

    /// Reads an answer, which must be a page.
    pub fn read(reply: &Reply) -> Self {
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
        Self::parse(reply.text())
    }

    /// Reads a text.
    pub fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        let (mut families, mut series) = (BTreeMap::new(), BTreeMap::new());
        let (mut helped, mut family) = (None, String::new());
        for line in text.strip_suffix('\n').expect("an end").split('\n') {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').unwrap_or_else(|| panic!("no help: {line:?}"));
                assert!(is_name(name) && name.starts_with("foliograph_"), "{line:?}");
                assert!(help.starts_with(char::is_uppercase) && help.ends_with('.') && help.contains(' '), "{line:?}");
                helped = Some(name.to_owned());
            } else if let Some(ty) = line.strip_prefix("# TYPE ") {
                let (name, ty) = ty.split_once(' ').unwrap_or_else(|| panic!("no type: {line:?}"));
                assert_eq!(helped.take().as_deref(), Some(name), "help comes right before the type");
                assert!(["counter", "gauge", "histogram"].contains(&ty), "{line:?}");
                assert_eq!(ty == "counter", name.ends_with("_total"), "{line:?}");
                name.clone_into(&mut family);
                assert_eq!(families.insert(family.clone(), ty.to_owned()), None, "{name} stands there twice");
            } else {
                let (name, labels, value) = sample(line);
                let ty = families.get(&family).unwrap_or_else(|| panic!("a sample before its type: {line:?}"));
                assert!(belongs(&name, &labels, &family, ty), "{line:?} is none of {family}, a {ty}");
                assert!(value.is_finite() && (ty == "gauge" || value >= 0.0), "{line:?}");
                assert_eq!(series.insert(key(&name, &labels), value), None, "{line:?} stands there twice");
            }
        }
        assert_eq!(helped, None, "help without a type");
        let page = Self { families, series };
        page.check_histograms();
        page
    }

    /// The value of a series, such as `name{label="value"}`.
    #[track_caller]
    pub fn value(&self, series: &str) -> f64 {
        *self.series.get(series).unwrap_or_else(|| panic!("no {series} in {:#?}", self.series))
    }

    /// The value of a series that counts something.
    #[track_caller]
    pub fn count(&self, series: &str) -> i64 {
        whole(self.value(series))
    }

    /// Series of a family.
    pub fn of_family<'p>(&'p self, family: &'p str) -> impl Iterator<Item = (&'p str, f64)> {
        let is_of =
            move |series: &str| series == family || series.strip_prefix(family).is_some_and(|r| r.starts_with('{'));
        self.series.iter().filter(move |(series, _)| is_of(series)).map(|(series, value)| (series.as_str(), *value))
    }

    /// What has grown in a family since an earlier page, and by how much.
    pub fn since(&self, earlier: &Self, family: &str) -> Vec<(String, i64)> {
        let grown = |series: &str, value| whole(value) - earlier.series.get(series).map_or(0, |value| whole(*value));
        let all = self.of_family(family).map(|(series, value)| (series.to_owned(), grown(series, value)));
        all.filter(|(_, grown)| *grown != 0).collect()
    }

    /// Buckets grow with their bounds up to the count of all.
    fn check_histograms(&self) {
        for family in self.families.iter().filter(|(_, ty)| *ty == "histogram").map(|(name, _)| name) {
            let mut buckets: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
            for (series, value) in self.of_family(&format!("{family}_bucket")) {
                let (_, mut labels, _) = sample(&format!("{series} 0"));
                let bound = labels.remove("le").expect("a bound").replace("+Inf", "inf").parse().expect("a number");
                buckets.entry(key("", &labels)).or_default().push((bound, value));
            }
            let count_name = format!("{family}_count");
            let counts: BTreeSet<&str> =
                self.of_family(&count_name).filter_map(|(series, _)| series.strip_prefix(&*count_name)).collect();
            assert_eq!(counts, buckets.keys().map(String::as_str).collect(), "{family}");
            for (labels, mut buckets) in buckets {
                buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
                assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{family}{labels}: {buckets:?}");
                let count = self.value(&format!("{family}_count{labels}"));
                assert_eq!(buckets.last().copied(), Some((f64::INFINITY, count)), "{family}{labels}");
                self.value(&format!("{family}_sum{labels}"));
            }
        }
    }
}

/// A line of a value: name, labels, value; no timestamp.
fn sample(line: &str) -> (String, Labels, f64) {
    read_sample(line).unwrap_or_else(|| panic!("no sample: {line:?}"))
}

fn read_sample(line: &str) -> Option<(String, Labels, f64)> {
    let (name, mut rest) = line.split_at(line.find(['{', ' '])?);
    let mut labels = Labels::new();
    if let Some(mut inside) = rest.strip_prefix('{') {
        loop {
            let (label, after) = inside.split_once("=\"")?;
            let (value, after) = quoted(after)?;
            let is_new = labels.insert(label.to_owned(), value).is_none();
            if !is_new || !is_name(label) || label.contains(':') {
                return None;
            }
            if let Some(after) = after.strip_prefix(',') {
                inside = after;
            } else {
                rest = after.strip_prefix('}')?;
                break;
            }
        }
    }
    let value = rest.strip_prefix(' ')?.parse().ok()?;
    is_name(name).then(|| (name.to_owned(), labels, value))
}

/// A number without a fraction, exactly.
#[track_caller]
fn whole(value: f64) -> i64 {
    value.to_string().parse().unwrap_or_else(|_| panic!("{value} counts nothing"))
}

/// A label's value up to its quote, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let (mut value, mut rest) = (String::new(), text.chars());
    loop {
        match rest.next()? {
            '"' => return Some((value, rest.as_str())),
            '\\' => value.push(match rest.next()? {
                'n' => '\n',
                c @ ('"' | '\\') => c,
                _ => return None,
            }),
            c => value.push(c),
        }
    }
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic() || "_:".contains(c))
        && letters.all(|c| c.is_ascii_alphanumeric() || "_:".contains(c))
}

/// Whether a sample is one of a family of that type.
fn belongs(name: &str, labels: &Labels, family: &str, ty: &str) -> bool {
    match name.strip_prefix(family) {
        Some("") => ty != "histogram" && !labels.contains_key("le"),
        Some("_bucket") => ty == "histogram" && labels.contains_key("le"),
        Some("_sum" | "_count") => ty == "histogram" && !labels.contains_key("le"),
        _ => false,
    }
}

fn key(name: &str, labels: &Labels) -> String {
    let labels: Vec<String> = labels.iter().map(|(label, value)| format!("{label}={value:?}")).collect();
    if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
}
