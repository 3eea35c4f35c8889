//! Published portfolios of three governments: after each file and after the last, whatever the order, counts and sums by
//! department, rating and category are those that the publisher's file has, to the last digit.

use std::{collections::BTreeMap, path::PathBuf, str::FromStr};

use foliograph::{app::App, auth::Role, config::Config, config::Toggle, importers::Format};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::support::{
    World,
    client::Client,
    dump::dump,
    product, real_data,
    writes::{change, faults},
};

tests! {
    async fn each_year_of_the_uk_portfolio_adds_up(world: &World) {
        adds_up(world, Format::UkGmpp, &UK).await;
    }

    async fn each_year_of_the_canadian_projects_adds_up(world: &World) {
        let house = adds_up(world, Format::CanadaIt, &CANADA).await;
        let told = |day: &str| json!({ "statusReports": { "some": { "periodEndOn": { "eq": day } } } });
        let both = json!({ "and": [told("2016-06-09"), told("2019-05-01")] });
        let found = house.client.query_with("query($f: ProjectFilter) { projects(filter: $f) { totalCount } }", json!({ "f": both })).await;
        let expected = real_data::json("canada-it-projects/expected.json");
        assert_eq!(found.at("/data/projects/totalCount"), expected["overlap"]["in2016and2019"]);
        for (file, day) in [("gc-it-projects-2016.csv", "2016-06-09"), ("gc-it-projects-2019.csv", "2019-05-01")] {
            let expected = &expected[file];
            let query = "query($day: LocalDate!) { budgets(filter: {asOfOn: {eq: $day}, archivedAt: {isNull: true}}, orderBy: [{amount: {direction: DESC, nulls: LAST}}], first: 5) { nodes { amount { amount } } } }";
            let top = house.client.query_with(query, json!({ "day": day })).await.data();
            let top: Vec<Decimal> = elements(&top["budgets"]["nodes"]).iter().map(|node| number(&node["amount"]["amount"])).collect();
            let published: Vec<Decimal> = elements(&expected["top5ByBudget"]).iter().map(|pair| number(&pair[1])).collect();
            assert_eq!(top, published, "{file}");
        }
    }

    async fn each_year_of_the_australian_projects_adds_up(world: &World) {
        let house = adds_up(world, Format::AustraliaMdpr, &AUSTRALIA).await;
        let expected = &real_data::json("australia-mdpr/expected.json")["au_mdpr_2025.csv"];
        let query = "{ statusReports(filter: {periodEndOn: {eq: \"2025-06-30\"}, source: {eq: \"australia-mdpr\"}}) { groups(by: [{field: REPORTED_PORTFOLIO}], first: 100) { count key { reportedPortfolio { parent { name } } } } } \
            projects(filter: {statusReports: {some: {periodEndOn: {eq: \"2025-06-30\"}, source: {eq: \"australia-mdpr\"}}}}) { groups(by: [{field: STATE}]) { count key { state } } } \
            ragAssessments(filter: {report: {source: {eq: \"australia-mdpr:look-back\"}, state: {eq: PUBLISHED}}}) { groups(by: [{field: DECLARED}]) { count key { declared } } }}";
        let data = house.client.query(query).await.data();
        let mut portfolios = Counts::new();
        for group in elements(&data["statusReports"]["groups"]) {
            *portfolios.entry(text(&group["key"]["reportedPortfolio"]["parent"]["name"])).or_default() += group["count"].as_i64().expect("a count");
        }
        assert_eq!(portfolios, counts(&expected["by Portfolio"], one_line));
        assert_eq!(grouped(&data["projects"]["groups"], |key| text(&key["state"])), counts(&expected["by Delivery status"], |status| match status {
            "Active" => "ACTIVE".into(),
            "Closed" => "CLOSED".into(),
            _ => "ON_HOLD".into(),
        }));
        let mut before = counts(&expected["by DCA 2024"], dca);
        before.remove("");
        assert_eq!(grouped(&data["ragAssessments"]["groups"], |key| text(&key["declared"])), before, "what 2025 tells of 2024");
    }

    async fn a_sponsor_sees_exactly_her_department_in_every_total(world: &World) {
        let database = world.database().await;
        let files: Vec<PathBuf> = UK.iter().map(|year| real_data::path(&year.path())).collect();
        product::import_gmpp(&database, &world.clock, &files, false).await.expect("imported");
        let office = world.client_as("anna.keller", &[Role::PmoLead]).await;
        let totals = async |client: &Client, of: &str| {
            let of_source = format!("source: {{eq: \"uk-gmpp\"}}{of}");
            let of_version = |name: &str| format!("{name}: {{source: {{eq: \"uk-gmpp\"}}}}{of}");
            let figures = "totalCount aggregate { count sum { amount { amount currency } } }";
            let query = format!(
                "{{ budgets(filter: {{{of_source}}}) {{ {figures} byYear: groups(by: [{{field: AS_OF_ON}}]) {{ key {{ asOfOn }} count sum {{ amount {{ amount }} allocated {{ amount }} }} }} }} \
                budgetLines(filter: {{{}}}) {{ {figures} }} forecasts(filter: {{{of_source}}}) {{ totalCount aggregate {{ sum {{ allocated {{ amount }} }} }} }} \
                forecastLines(filter: {{{}}}) {{ {figures} }} benefits(filter: {{{of_source}}}) {{ {figures} }} }}",
                of_version("budget"), of_version("forecast"),
            );
            client.query(&query).await.data()
        };
        let whole = totals(&office, "").await;
        // What is promised and not settled is followed, also where it came with a file.
        let followed = office.query("{ said: portfolioItems(filter: {isTrackingBenefits: {eq: true}}) { totalCount } due: portfolioItems(filter: {benefits: {some: {state: {in: [APPROVED, ENABLED, REALIZING]}, archivedAt: {isNull: true}}}}) { totalCount } }").await.data();
        assert_eq!(followed["said"], followed["due"]);
        assert!(followed["said"]["totalCount"].as_i64() > Some(40), "{followed}");
        let sponsor = world.client_as("helen.ashworth", &[Role::Sponsor]).await;
        let none = totals(&sponsor, "").await;
        assert_eq!((&none["budgets"]["totalCount"], &none["benefits"]["totalCount"]), (&json!(0), &json!(0)));
        for department in ["GMPP-DFE", "GMPP-MOD"] {
            let input = json!({ "ref": { "key": department }, "ifVersion": "*", "patch": { "sponsorKey": "helen.ashworth" } });
            assert_eq!(faults(&change(&office, "portfolioUpdate", input).await), [""; 0]);
            let hers = totals(&office, &format!(", portfolio: {{key: {{eq: \"{department}\"}}}}")).await;
            assert_ne!(hers["budgets"], whole["budgets"]);
            assert!(hers["budgets"]["totalCount"].as_i64() > Some(10), "{hers}");
            assert_eq!(totals(&sponsor, "").await, hers, "{department}");
            let input = json!({ "ref": { "key": department }, "ifVersion": "*", "patch": { "sponsorKey": null } });
            assert_eq!(faults(&change(&office, "portfolioUpdate", input).await), [""; 0]);
        }
    }
}

type Counts = BTreeMap<String, i64>;
type Row = BTreeMap<String, String>;

/// One published file.
struct Year {
    folder: &'static str,
    file: &'static str,
    /// The last day of which it tells.
    day: &'static str,
    department: &'static str,
    category: Option<&'static str>,
    /// Columns of ratings with their assessor, in the order in which one counts.
    ratings: &'static [(&'static str, &'static str)],
    amount: &'static str,
    line: Option<&'static str>,
    forecast: Option<&'static str>,
    benefit: Option<&'static str>,
    /// Units of one of its amounts.
    scale: i64,
}

const UK: [Year; 3] = [
    UK_2019,
    Year { file: "gmpp_2021_semicolon_cp1252.csv", day: "2021-03-31", line: Some("total_baseline"), ..UK_2019 },
    Year {
        file: "gmpp_2023_part1.csv",
        day: "2023-03-31",
        ratings: &[("colour_rating_ipa", "INDEPENDENT"), ("colour_rating_sro", "SPONSOR")],
        line: Some("total_baseline"),
        forecast: Some("forecast_incl_NGC"),
        benefit: Some("total_baseline_benefits"),
        ..UK_2019
    },
];
const UK_2019: Year = Year {
    folder: "gov-uk-gmpp",
    file: "gmpp_2019.csv",
    day: "2019-03-31",
    department: "department",
    category: Some("report_category"),
    ratings: &[("colour_rating", "INDEPENDENT")],
    amount: "wlc_baseline_incl_NCG",
    line: Some("yearly_budget"),
    forecast: Some("yearly_forecast"),
    benefit: None,
    scale: 1_000_000,
};
const CANADA: [Year; 2] = [Year { file: "gc-it-projects-2016.csv", day: "2016-06-09", ..CANADA_2019 }, CANADA_2019];
const CANADA_2019: Year = Year {
    folder: "canada-it-projects",
    file: "gc-it-projects-2019.csv",
    day: "2019-05-01",
    department: "department",
    category: None,
    ratings: &[],
    amount: "totalBudget",
    line: None,
    forecast: None,
    benefit: None,
    scale: 1,
};
const AUSTRALIA: [Year; 2] = [
    Year {
        file: "au_digital_projects_2024.csv",
        day: "2024-06-30",
        ratings: &[("DCA", "INDEPENDENT")],
        amount: "Budget ($m)*",
        line: None,
        ..AUSTRALIA_2025
    },
    AUSTRALIA_2025,
];
const AUSTRALIA_2025: Year = Year {
    folder: "australia-mdpr",
    file: "au_mdpr_2025.csv",
    day: "2025-06-30",
    department: "Agency",
    category: Some("Tier"),
    ratings: &[("DCA 2025", "INDEPENDENT")],
    amount: "Total budget (millions)",
    line: Some("Digital budget (millions)"),
    forecast: None,
    benefit: None,
    scale: 1_000_000,
};

impl Year {
    fn path(&self) -> String {
        format!("{}/{}", self.folder, self.file)
    }

    fn expected(&self) -> Value {
        real_data::json(&format!("{}/expected.json", self.folder))[self.file].clone()
    }

    /// The rows of the file, read without the importer.
    fn rows(&self) -> Vec<Row> {
        let bytes = real_data::bytes(&self.path());
        let (text, delimiter) = match self.file {
            "gmpp_2021_semicolon_cp1252.csv" => (encoding_rs::WINDOWS_1252.decode(&bytes).0.into_owned(), b';'),
            _ => (String::from_utf8(bytes).expect("UTF-8").trim_start_matches('\u{feff}').to_owned(), b','),
        };
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
        let header: Vec<String> = reader.headers().expect("a header").iter().map(one_line).collect();
        let row = |record: csv::StringRecord| header.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
        reader.records().map(|record| row(record.expect("a row"))).collect()
    }

    /// The amount of a cell, in units; none where it is no number.
    fn money(&self, row: &Row, column: &str) -> Option<Decimal> {
        let cell = row[column].trim().replace(['£', '$', ','], "");
        Some(Decimal::from_str(&cell).ok()? * Decimal::from(self.scale))
    }

    /// How many amounts a column has, and their sum.
    fn sum(&self, column: &str) -> (i64, Decimal) {
        let rows = self.rows();
        let amounts: Vec<Decimal> = rows.iter().filter_map(|row| self.money(row, column)).collect();
        (i64::try_from(amounts.len()).expect("a count"), amounts.into_iter().sum())
    }

    fn rating(&self, row: &Row) -> String {
        let cells = self.ratings.iter().map(|(column, _)| row[*column].trim());
        dca(cells.into_iter().find(|cell| !cell.is_empty()).unwrap_or_default())
    }

    fn category(&self, row: &Row) -> String {
        self.category.map(|column| tier(self.folder, &row[column])).unwrap_or_default()
    }

    /// The sum of whole budgets by what a row is.
    fn sums(&self, by: impl Fn(&Row) -> String) -> BTreeMap<String, Decimal> {
        let mut sums = BTreeMap::new();
        for row in self.rows() {
            if let Some(amount) = self.money(&row, self.amount) {
                *sums.entry(by(&row)).or_insert(Decimal::ZERO) += amount;
            }
        }
        sums
    }
}

/// A rating's name as the schema has it; nothing for a blank cell.
fn dca(cell: &str) -> String {
    match cell.to_lowercase().replace('-', " ").as_str() {
        "" => "",
        "green" | "high" => "GREEN",
        "amber/green" | "medium high" => "AMBER_GREEN",
        "amber" | "medium" => "AMBER",
        "amber/red" | "medium low" => "AMBER_RED",
        "red" | "low" => "RED",
        _ => "NOT_RATED",
    }
    .to_owned()
}

fn tier(folder: &str, cell: &str) -> String {
    match (folder, cell) {
        ("australia-mdpr", "1" | "2" | "3" | "R") => format!("Tier {cell}"),
        _ => one_line(cell),
    }
}

/// A database of its own, and who sees all of it.
struct House {
    app: std::sync::Arc<App>,
    client: Client,
}

impl House {
    async fn new(world: &World) -> Self {
        let config = Config { migrate: Toggle::On, ..product::settings(&world.empty_url().await) };
        let app = product::open(config, world.clock.clone()).await.expect("the product");
        let client = Client::new(app.router()).bearer(&product::token(&*world.clock, "pmo", &[Role::PmoLead]));
        Self { app, client }
    }

    async fn ask(&self, query: &str, year: &Year, format: Format) -> Value {
        let query = format!("query($day: LocalDate!, $source: String!) {{ {query} }}");
        self.client.query_with(&query, json!({ "day": year.day, "source": format.as_str() })).await.data()
    }
}

/// Loads the years one after the other, forward and backward, and looks at all that are there after each.
async fn adds_up(world: &World, format: Format, years: &[Year]) -> House {
    let mut last = None;
    for is_backward in [true, false] {
        let house = House::new(world).await;
        let mut there: Vec<&Year> = vec![];
        let order: Vec<&Year> = if is_backward { years.iter().rev().collect() } else { years.iter().collect() };
        for year in order {
            let files = [real_data::path(&year.path())];
            let report = product::import(&house.app.database, &world.clock, format, &files, false).await;
            let report = report.unwrap_or_else(|e| panic!("{}: {e}", year.file));
            assert_eq!(json!(report.read), year.expected()["rows"], "{}", year.file);
            assert_eq!(report.skipped, 0, "{}", year.file);
            there.push(year);
            for year in &there {
                is_as_published(&house, format, year).await;
            }
        }
        let before = dump(&house.app.database).await;
        world.clock.advance_seconds(60);
        for year in &there {
            let files = [real_data::path(&year.path())];
            let again = product::import(&house.app.database, &world.clock, format, &files, false).await.expect("again");
            assert_eq!((again.created, again.updated, again.unchanged), (0, 0, again.read), "{}", year.file);
        }
        assert!(dump(&house.app.database).await == before, "a second import of {format:?} changed a table");
        last = Some(house);
    }
    last.expect("a house")
}

/// Whether the figures of a year are the published ones.
async fn is_as_published(house: &House, format: Format, year: &Year) {
    let (name, expected) = (year.file, year.expected());
    let reports = "state: {eq: PUBLISHED}, source: {eq: $source}, periodEndOn: {eq: $day}";
    let data = house
        .ask(
            &format!(
                "statusReports(filter: {{{reports}}}) {{ totalCount \
                departments: groups(by: [{{field: REPORTED_PORTFOLIO}}], first: 100) {{ count key {{ reportedPortfolio {{ name }} }} }} \
                categories: groups(by: [{{field: REPORTED_TYPE}}], first: 100) {{ count key {{ reportedType }} }} }} \
                first: ragAssessments(filter: {{assessor: {{eq: INDEPENDENT}}, report: {{{reports}}}}}) {{ groups(by: [{{field: DECLARED}}]) {{ count key {{ declared }} }} }} \
                second: ragAssessments(filter: {{assessor: {{eq: SPONSOR}}, report: {{{reports}, ratings: {{none: {{assessor: {{eq: INDEPENDENT}}}}}}}}}}) {{ groups(by: [{{field: DECLARED}}]) {{ count key {{ declared }} }} }}"
            ),
            year,
            format,
        )
        .await;
    assert_eq!(data["statusReports"]["totalCount"], expected["rows"], "{name}");
    let departments = grouped(&data["statusReports"]["departments"], |key| text(&key["reportedPortfolio"]["name"]));
    if let Some(published) = expected.get("byDepartment").or_else(|| expected.get("by Agency")) {
        assert_eq!(departments, counts(published, one_line), "{name}");
    } else {
        assert_eq!(json!(departments.len()), expected["departments"], "{name}");
        for pair in elements(&expected["projectsByDepartment_top5"]) {
            assert_eq!(json!(departments[&text(&pair[0])]), pair[1], "{name}");
        }
    }
    if let Some(published) = expected.get("byCategory").or_else(|| expected.get("by Tier")) {
        let categories = grouped(&data["statusReports"]["categories"], |key| text(&key["reportedType"]));
        assert_eq!(categories, counts(published, |cell| tier(year.folder, cell)), "{name}");
    }
    let mut ratings = grouped(&data["first"]["groups"], |key| text(&key["declared"]));
    for (rating, count) in grouped(&data["second"]["groups"], |key| text(&key["declared"])) {
        *ratings.entry(rating).or_default() += count;
    }
    let published = ["byRating", "by DCA", "by DCA 2025"].iter().find_map(|name| expected.get(name));
    if let Some(published) = published {
        let mut published = counts(published, dca);
        published.remove("");
        assert_eq!(ratings, published, "{name}");
    }
    sums_are_as_published(house, format, year, &expected).await;
}

async fn sums_are_as_published(house: &House, format: Format, year: &Year, expected: &Value) {
    let name = year.file;
    let version = "source: {eq: $source}, asOfOn: {eq: $day}, archivedAt: {isNull: true}";
    let money = "aggregate { count sum { amount { amount } } }";
    let told = |filter: &str| {
        format!(
            "item: {{statusReports: {{some: {{state: {{eq: PUBLISHED}}, source: {{eq: $source}}, periodEndOn: {{eq: $day}}, {filter}}}}}}}"
        )
    };
    let data = house
        .ask(
            &format!(
                "budgets(filter: {{{version}, amount: {{isNull: false}}}}) {{ {money} \
                departments: groups(by: [{{field: REPORTED_PORTFOLIO}}], first: 100) {{ key {{ reportedPortfolio {{ name }} }} sum {{ amount {{ amount }} }} }} }} \
                withheld: budgets(filter: {{{version}, amount: {{isNull: true}}}}) {{ nodes {{ amountNote }} }} \
                budgetLines(filter: {{amount: {{isNull: false}}, budget: {{{version}}}}}) {{ {money} }} \
                forecastLines(filter: {{amount: {{isNull: false}}, forecast: {{{version}}}}}) {{ {money} }} \
                benefits(filter: {{source: {{eq: $source}}, asOfOn: {{eq: $day}}, amount: {{isNull: false}}}}) {{ {money} }}"
            ),
            year,
            format,
        )
        .await;
    let figures = |list: &str| {
        let aggregate = &data[list]["aggregate"];
        let sum = aggregate["sum"]["amount"].get(0).map_or(Decimal::ZERO, |sum| number(&sum["amount"]));
        (aggregate["count"].as_i64().expect("a count"), sum)
    };
    let published = |count: &str, sum: &str| {
        let (count, sum) = (expected.pointer(count)?.as_i64()?, number(expected.pointer(sum)?));
        Some((count, sum * Decimal::from(year.scale)))
    };
    let pointers = |column: &str| {
        let column = column.replace('~', "~0").replace('/', "~1");
        [format!("/{column}/numericRows"), format!("/{column}/sum_aud_m")]
    };
    let of = |list: &str, column: Option<&str>, told: [&str; 2]| {
        let Some(column) = column else {
            return assert_eq!(figures(list).0, 0, "{name}: {list}");
        };
        let [count, sum] = pointers(column);
        let published = published(told[0], told[1]).or_else(|| published(&count, &sum));
        assert_eq!(Some(figures(list)), published, "{name}: {list}");
        assert_eq!(figures(list), year.sum(column), "{name}: {list} by the file");
    };
    let whole = if year.folder == "canada-it-projects" {
        ["/rowsWithNumericBudget", "/budget_sum_cad"]
    } else {
        ["/wholeLifeCost_numericRows", "/wholeLifeCost_sum_gbp_m"]
    };
    of("budgets", Some(year.amount), whole);
    of("budgetLines", year.line, ["/fyBaseline_numericRows", "/fyBaseline_sum_gbp_m"]);
    of("forecastLines", year.forecast, ["/fyForecast_numericRows", "/fyForecast_sum_gbp_m"]);
    of("benefits", year.benefit, ["/monetisedBenefits_numericRows", "/monetisedBenefits_sum_gbp_m"]);
    assert!(
        elements(&data["withheld"]["nodes"]).iter().all(|node| node["amountNote"].is_string()),
        "{name}: a text is lost"
    );

    let departments: BTreeMap<String, Decimal> = elements(&data["budgets"]["departments"])
        .iter()
        .map(|group| (text(&group["key"]["reportedPortfolio"]["name"]), number(&group["sum"]["amount"][0]["amount"])))
        .collect();
    assert_eq!(departments, year.sums(|row| one_line(&row[year.department])), "{name}");
    let by = async |filter: String| {
        let query = format!("budgets(filter: {{{version}, {}}}) {{ {money} }}", told(&filter));
        let data = house.ask(&query, year, format).await;
        data["budgets"]["aggregate"]["sum"]["amount"].get(0).map_or(Decimal::ZERO, |sum| number(&sum["amount"]))
    };
    for (category, sum) in year.sums(|row| year.category(row)).iter().filter(|(category, _)| !category.is_empty()) {
        assert_eq!(by(format!("reportedType: {{eq: \"{category}\"}}")).await, *sum, "{name}: {category}");
    }
    for (rating, sum) in year.sums(|row| year.rating(row)).iter().filter(|(rating, _)| !rating.is_empty()) {
        let declared =
            |assessor: &str| format!("ratings: {{some: {{assessor: {{eq: {assessor}}}, declared: {{eq: {rating}}}}}}}");
        let second = format!("{}, not: {{ratings: {{some: {{assessor: {{eq: INDEPENDENT}}}}}}}}", declared("SPONSOR"));
        let found = by(declared("INDEPENDENT")).await + by(second).await;
        assert_eq!(found, *sum, "{name}: {rating}");
    }
}

fn elements(value: &Value) -> &[Value] {
    value.as_array().map_or_else(|| panic!("no list: {value}"), Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// A number as it is written, in quotation marks or not.
fn number(value: &Value) -> Decimal {
    let written = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Decimal::from_str(&written).unwrap_or_else(|e| panic!("{value}: {e}"))
}

fn counts(published: &Value, name: impl Fn(&str) -> String) -> Counts {
    let mut counts = Counts::new();
    for (key, count) in published.as_object().expect("counts") {
        *counts.entry(name(key)).or_default() += count.as_i64().expect("a count");
    }
    counts
}

fn grouped(groups: &Value, name: impl Fn(&Value) -> String) -> Counts {
    elements(groups).iter().map(|group| (name(&group["key"]), group["count"].as_i64().expect("a count"))).collect()
}

fn one_line(cell: &str) -> String {
    cell.split_whitespace().collect::<Vec<_>>().join(" ")
}
