//! One file's rows as a mapping reads them: typed, exact, with everything that is doubtful noted. All cells that cannot
//! be used are told at once, and then nothing of the file is.

use chrono::NaiveDate;

use super::cells::{DateForm, MoneyFault, MoneyForm, excerpt, line, normalized};
use super::mapping::{Column, Mapping, Part, ProjectField, Target, Value, folded};
use super::report::{CellFault, ImportError, NoteKind, RowNote};
use super::table::Table;

/// Most cells that are told of one file.
const MOST_FAULTS: usize = 100;
/// The longest text of a report or a note, in characters.
const LONGEST_TEXT: usize = 20_000;
/// The largest sum of lines, in 1/10,000.
const LARGEST_SUM: i128 = 9_200_000_000_000_000_000;

/// One file's rows.
#[derive(Debug)]
pub(super) struct Sheet {
    pub file: String,
    pub rows: Vec<Record>,
    /// Rows without effect are among them, one note each.
    pub notes: Vec<RowNote>,
}

/// What a row says.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub row: usize,
    /// What the source calls the project; none where it has no ids.
    pub id: Option<String>,
    pub name: String,
    /// From the outermost to the one that holds the project.
    pub portfolios: Vec<PortfolioName>,
    pub fields: Vec<(ProjectField, Field)>,
    pub period: Option<Period>,
    /// Narrative, achievements, next steps.
    pub texts: [Option<String>; 3],
    pub ratings: Vec<Rating>,
    /// Ratings of an earlier day.
    pub look_backs: Vec<(NaiveDate, Rating)>,
    pub budget: Told<Figures>,
    pub forecast: Told<Figures>,
    pub benefit: Told<BenefitCell>,
}

/// What a file says of something.
#[derive(Debug, Default)]
pub(super) enum Told<T> {
    /// It has no such column.
    #[default]
    Nothing,
    /// It has, and the cells are blank.
    Blank,
    /// This.
    Given(T),
}

/// How the source calls a portfolio.
#[derive(Debug)]
pub(super) struct PortfolioName {
    pub id: String,
    pub name: String,
}

/// A value of a project's field.
#[derive(Debug, Clone)]
pub(super) enum Field {
    Text(Option<String>),
    Date(Option<NaiveDate>),
}

/// The days of which a row tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Period {
    /// None where only the last day is known.
    pub start_on: Option<NaiveDate>,
    pub end_on: NaiveDate,
}

/// A rating.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rating {
    pub dimension: String,
    pub assessor: String,
    pub declared: String,
    pub reason: Option<String>,
}

/// Money of a budget or a forecast.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub amount: Option<i64>,
    pub note: Option<String>,
    pub contingency: Option<i64>,
    pub reserve: Option<i64>,
    pub funding: Option<String>,
    pub lines: Vec<Line>,
}

/// A line of a budget or a forecast, in the fiscal year of the row's period.
#[derive(Debug)]
pub(super) struct Line {
    /// Key and name.
    pub category: Option<(String, String)>,
    pub amount: Option<i64>,
    pub note: Option<String>,
}

/// A benefit.
#[derive(Debug, Default)]
pub(super) struct BenefitCell {
    pub title: Option<String>,
    pub amount: Option<i64>,
    pub note: Option<String>,
}

/// A column of the mapping where the file has it.
struct Placed<'m> {
    at: usize,
    /// As the file calls it.
    name: String,
    column: &'m Column,
}

/// Reads a table's rows, or says which cells cannot be used. `as_of` is the day of which the figures are where no column
/// says it.
pub(super) fn read(table: &Table, mapping: &Mapping, as_of: Option<NaiveDate>) -> Result<Sheet, ImportError> {
    let mut notes = vec![];
    let placed = place(table, mapping, &mut notes)?;
    let of_file = placed.iter().find_map(|p| p.column.period_of_file);
    let fallback = as_of.or(of_file).or(mapping.as_of);
    let mut sheet = Sheet { file: table.file.clone(), rows: vec![], notes };
    let mut faults = vec![];
    for (row, cells) in &table.rows {
        if faults.len() >= MOST_FAULTS {
            break;
        }
        let mut reading = Reading { mapping, row: *row, faults: &mut faults, doubts: vec![] };
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            sheet.notes.push(note(&table.file, *row, NoteKind::Skipped, None, "the row is blank"));
            continue;
        }
        if table.cleaned.contains(row) {
            reading.doubts.push((None, "a control character is taken as a space".to_owned()));
        }
        let record = reading.record(&placed, cells, fallback);
        let doubts = reading.doubts.into_iter();
        let doubts = doubts.map(|(column, text)| note(&table.file, *row, NoteKind::Doubtful, column, text));
        sheet.notes.extend(doubts);
        sheet.rows.push(record);
    }
    if faults.is_empty() { Ok(sheet) } else { Err(ImportError::Cells { file: table.file.clone(), faults }) }
}

/// A note on a row.
pub(super) fn note(
    file: &str,
    row: usize,
    kind: NoteKind,
    column: Option<String>,
    text: impl Into<String>,
) -> RowNote {
    RowNote { file: file.to_owned(), row, kind, column, text: text.into() }
}

/// Where each column of the mapping stands.
fn place<'m>(table: &Table, mapping: &'m Mapping, notes: &mut Vec<RowNote>) -> Result<Vec<Placed<'m>>, ImportError> {
    let refuse = |text: String| Err(table.refuse(Some(table.header_row), text));
    let is_called = |column: &Column, header: &str| column.names.iter().any(|name| folded(name) == folded(header));
    let has = |column: &Column| table.header.iter().any(|header| is_called(column, header));
    let missing: Vec<String> = mapping
        .columns
        .iter()
        .filter(|column| !column.is_optional && !has(column))
        .map(|column| column.names.join(" or "))
        .collect();
    if !missing.is_empty() {
        if is_transposed(table, mapping) {
            let text = "transposed layout (one column a project): turn it so that each project is a row";
            return refuse(text.to_owned());
        }
        return refuse(format!("missing column: {}", missing.join(", ")));
    }
    let mut placed: Vec<Placed<'m>> = vec![];
    for (at, header) in table.header.iter().enumerate() {
        let name = line(header);
        match mapping.columns.iter().find(|column| is_called(column, header)) {
            None if mapping.refuses_unknown => return refuse(format!("unknown column {}: {name:?}", at + 1)),
            None => {
                let text = format!("column {name:?} is not in the mapping and is left out");
                notes.push(note(&table.file, table.header_row, NoteKind::Doubtful, Some(name), text));
            }
            Some(column) => {
                let is_same = |p: &&Placed<'_>| {
                    let is_one = std::ptr::eq(p.column, column) && column.to != Target::Ignored;
                    is_one || (p.column.to == column.to && !column.to.repeats())
                };
                if let Some(other) = placed.iter().find(is_same) {
                    return refuse(if folded(&other.name) == folded(&name) {
                        format!("column {name:?} occurs twice")
                    } else {
                        format!("columns {:?} and {name:?} mean the same", other.name)
                    });
                }
                placed.push(Placed { at, name, column });
            }
        }
    }
    Ok(placed)
}

/// Whether the first column holds what should be the header.
fn is_transposed(table: &Table, mapping: &Mapping) -> bool {
    let first = table.header.first().into_iter().chain(table.rows.iter().filter_map(|(_, cells)| cells.first()));
    let names: Vec<String> = mapping.columns.iter().flat_map(|c| &c.names).map(|name| normalized(name)).collect();
    first.filter(|cell| names.contains(&normalized(cell))).count() > 1
}

/// One row under reading.
struct Reading<'r, 'f> {
    mapping: &'r Mapping,
    row: usize,
    faults: &'f mut Vec<CellFault>,
    doubts: Vec<(Option<String>, String)>,
}

impl Reading<'_, '_> {
    fn fault(&mut self, column: Option<&str>, text: String) {
        self.faults.push(CellFault { row: self.row, column: column.map(str::to_owned), text });
    }

    fn record(&mut self, placed: &[Placed<'_>], cells: &[String], fallback: Option<NaiveDate>) -> Record {
        let mut record = Record { row: self.row, ..Record::default() };
        let mut reasons = vec![];
        let mut texts: [Vec<String>; 3] = Default::default();
        let mut portfolio_column = None;
        let mut portfolio_id = None;
        let (mut budget, mut forecast, mut benefit) =
            (Gathered::<Figures>::default(), Gathered::<Figures>::default(), Gathered::<BenefitCell>::default());
        for Placed { at, name, column } in placed {
            let cell = cells[*at].trim();
            let cell = if column.blanks.contains(&folded(cell)) { "" } else { cell };
            match &column.to {
                Target::Ignored => {}
                Target::PeriodYear => record.period = self.year(name, cell),
                Target::PeriodDate => {
                    let end_on = self.date(name, column, cell).0;
                    record.period = end_on.map(|end_on| Period { start_on: None, end_on });
                }
                Target::Portfolio => {
                    portfolio_column = Some(name);
                    let name = line(&translated(column, cell));
                    if !normalized(&name).is_empty() {
                        record.portfolios.push(PortfolioName { id: name.clone(), name });
                    }
                }
                Target::PortfolioId => portfolio_id = Some(line(cell)).filter(|id| !id.is_empty()),
                Target::ProjectId => record.id = Some(line(cell)).filter(|id| !id.is_empty()),
                Target::ProjectName => {
                    record.name = line(cell);
                    if normalized(cell).is_empty() {
                        self.fault(Some(name), format!("{name} holds no name"));
                    }
                }
                Target::Project(field) => {
                    if let Some(value) = self.field(name, column, cell, &mut texts[0]) {
                        record.fields.push((*field, value));
                    }
                }
                Target::Report(part) => {
                    let at = match part {
                        Part::Narrative => 0,
                        Part::Achievements => 1,
                        Part::NextSteps => 2,
                    };
                    texts[at].extend(headed(column.heading.as_deref(), &translated(column, cell)));
                }
                Target::Rating { dimension, assessor, as_of } => {
                    let Some(declared) = self.choice(name, column, cell) else { continue };
                    let reason = (declared == "NOT_RATED").then(|| cell.to_owned());
                    let rating =
                        Rating { dimension: dimension.clone(), assessor: assessor.clone(), declared, reason };
                    match as_of {
                        Some(day) => record.look_backs.push((*day, rating)),
                        None => record.ratings.push(rating),
                    }
                }
                Target::RatingReason => reasons.extend(headed(column.heading.as_deref(), cell)),
                Target::BudgetAmount => {
                    let (amount, text) = self.money(name, column, cell);
                    budget.amount(amount, text, |f| &mut f.amount, |f| &mut f.note);
                }
                Target::BudgetContingency => {
                    let amount = self.money_not_negative(name, column, cell);
                    budget.amount(amount, None, |f| &mut f.contingency, |f| &mut f.note);
                }
                Target::BudgetReserve => {
                    let amount = self.money_not_negative(name, column, cell);
                    budget.amount(amount, None, |f| &mut f.reserve, |f| &mut f.note);
                }
                Target::BudgetFunding => budget.text(&translated(column, cell), |f| &mut f.funding),
                Target::BudgetNote => budget.text(cell, |f| &mut f.note),
                Target::BudgetLine { category } => {
                    let line = self.line(name, column, cell, category.as_ref());
                    budget.line(line);
                }
                Target::ForecastAmount => {
                    let (amount, text) = self.money(name, column, cell);
                    forecast.amount(amount, text, |f| &mut f.amount, |f| &mut f.note);
                }
                Target::ForecastNote => forecast.text(cell, |f| &mut f.note),
                Target::ForecastLine { category } => {
                    let line = self.line(name, column, cell, category.as_ref());
                    forecast.line(line);
                }
                Target::BenefitAmount => {
                    let (amount, text) = self.money(name, column, cell);
                    benefit.value.title.clone_from(&column.heading);
                    benefit.amount(amount, text, |b| &mut b.amount, |b| &mut b.note);
                }
                Target::BenefitNote => benefit.text(cell, |b| &mut b.note),
            }
        }
        if let (Some(id), [portfolio]) = (portfolio_id, record.portfolios.as_mut_slice()) {
            portfolio.id = id;
        }
        if let Some(name) = portfolio_column.filter(|_| record.portfolios.is_empty()) {
            self.fault(Some(name), format!("{name} holds no name"));
        }
        for rating in &mut record.ratings {
            let parts = rating.reason.take().into_iter().chain(reasons.iter().cloned());
            rating.reason = joined(parts.collect());
        }
        record.texts = texts.map(joined);
        (record.budget, record.forecast, record.benefit) = (budget.told(), forecast.told(), benefit.told());
        self.check(&mut record, placed, fallback);
        record
    }

    /// What must hold of a row as a whole.
    fn check(&mut self, record: &mut Record, placed: &[Placed<'_>], fallback: Option<NaiveDate>) {
        if record.period.is_none() {
            record.period = fallback.map(|end_on| Period { start_on: None, end_on });
        }
        if record.period.is_none() && placed.iter().any(|p| p.column.to.is_history()) {
            let line = "of which day the figures are is not known: no column says it, nor does the mapping or the call";
            self.fault(None, line.to_owned());
        }
        for (name, told) in [("budget", &record.budget), ("forecast", &record.forecast)] {
            let Told::Given(figures) = told else { continue };
            let sum: i128 = figures.lines.iter().filter_map(|line| line.amount).map(i128::from).sum();
            if sum.abs() > LARGEST_SUM {
                self.fault(None, format!("the lines of the {name} sum to more than is kept"));
            }
            if figures.amount.is_some_and(|amount| sum > i128::from(amount)) {
                self.doubts.push((None, format!("the lines of the {name} sum to more than its amount")));
            }
        }
        let texts = record.texts.iter_mut().chain(record.ratings.iter_mut().map(|rating| &mut rating.reason));
        for text in texts.flatten() {
            if let Some((at, _)) = text.char_indices().nth(LONGEST_TEXT) {
                text.truncate(at);
                self.doubts.push((None, format!("a text is cut after {LONGEST_TEXT} characters")));
            }
        }
    }

    fn year(&mut self, name: &str, cell: &str) -> Option<Period> {
        if cell.is_empty() {
            return None;
        }
        let year = cell.parse().ok().filter(|year| (1900..=2200).contains(year));
        let days = year.and_then(|year| self.mapping.fiscal.as_ref()?.year(year));
        if days.is_none() {
            self.fault(Some(name), format!("{name} holds no year: {:?}", excerpt(cell)));
        }
        days.map(|(start, end_on)| Period { start_on: Some(start), end_on })
    }

    /// A date, or the text that stands in its place.
    fn date(&mut self, name: &str, column: &Column, cell: &str) -> (Option<NaiveDate>, Option<String>) {
        if cell.is_empty() {
            return (None, None);
        }
        let date = DateForm::read(&self.mapping.dates, self.mapping.century, cell);
        if date.is_some() {
            return (date, None);
        }
        if column.keeps_text {
            let text = format!("{name} holds no date and stays empty: {:?}", excerpt(cell));
            self.doubts.push((Some(name.to_owned()), text));
            return (None, Some(cell.to_owned()));
        }
        self.fault(Some(name), format!("{name} holds no date: {:?}", excerpt(cell)));
        (None, None)
    }

    /// The value of a project's field; none where it is not to be touched.
    fn field(&mut self, name: &str, column: &Column, cell: &str, narrative: &mut Vec<String>) -> Option<Field> {
        match column.to.value() {
            Value::Date => {
                let (date, text) = self.date(name, column, cell);
                narrative.extend(headed(Some(column.heading.as_deref().unwrap_or(name)), &text.unwrap_or_default()));
                Some(Field::Date(date))
            }
            Value::Choice(_) => self.choice(name, column, cell).map(|text| Field::Text(Some(text))),
            Value::Text | Value::Year | Value::Money => {
                let text = translated(column, cell);
                let text = if column.to == Target::Project(ProjectField::Description) { text } else { line(&text) };
                Some(Field::Text(Some(text).filter(|text| !text.is_empty())))
            }
        }
    }

    fn choice(&mut self, name: &str, column: &Column, cell: &str) -> Option<String> {
        if cell.is_empty() {
            return None;
        }
        let Value::Choice(among) = column.to.value() else { return None };
        let meant = column.values.iter().find(|(from, _)| *from == folded(cell)).map(|(_, to)| to.clone());
        let itself = || among.iter().find(|value| **value == cell).map(|value| (*value).to_owned());
        let meant = meant.or_else(itself).or_else(|| column.other.clone());
        if meant.is_none() {
            self.fault(Some(name), format!("{name} holds what the mapping does not know: {:?}", excerpt(cell)));
        }
        meant
    }

    /// An amount, or the text that stands in its place.
    fn money(&mut self, name: &str, column: &Column, cell: &str) -> (Option<i64>, Option<String>) {
        let form: MoneyForm = self.mapping.money_of(column);
        let shown = excerpt(cell);
        let text = match form.read(cell) {
            Ok(amount) => return (amount, None),
            Err(MoneyFault::NoNumber) if column.keeps_text => {
                let text = format!("{name} holds no number and is kept as text: {shown:?}");
                self.doubts.push((Some(name.to_owned()), text));
                return (None, Some(cell.to_owned()));
            }
            Err(MoneyFault::NoNumber) => format!("{name} holds no amount of money: {shown:?}"),
            Err(MoneyFault::TooPrecise) => format!("{name} has more decimals than are kept: {shown:?}"),
            Err(MoneyFault::TooLarge) => format!("{name} is larger than what is kept: {shown:?}"),
        };
        self.fault(Some(name), text);
        (None, None)
    }

    fn money_not_negative(&mut self, name: &str, column: &Column, cell: &str) -> Option<i64> {
        let (amount, _) = self.money(name, column, cell);
        if amount.is_some_and(|amount| amount < 0) {
            self.fault(Some(name), format!("{name} is negative: {:?}", excerpt(cell)));
        }
        amount
    }

    fn line(&mut self, name: &str, column: &Column, cell: &str, category: Option<&(String, String)>) -> Option<Line> {
        let (amount, text) = self.money(name, column, cell);
        let note = text.or_else(|| column.note.clone().filter(|_| amount.is_some()));
        (amount.is_some() || note.is_some()).then(|| Line { category: category.cloned(), amount, note })
    }
}

/// What several columns say of one thing.
#[derive(Default)]
struct Gathered<T> {
    value: T,
    has_column: bool,
    is_given: bool,
}

impl<T> Gathered<T> {
    fn amount(
        &mut self,
        amount: Option<i64>,
        text: Option<String>,
        to: impl Fn(&mut T) -> &mut Option<i64>,
        note: impl Fn(&mut T) -> &mut Option<String>,
    ) {
        self.has_column = true;
        self.is_given |= amount.is_some();
        *to(&mut self.value) = amount;
        // What stands in place of the amount comes before what explains it, whatever the order of columns.
        if let Some(text) = text {
            let explains = note(&mut self.value).take();
            self.text(&text, &note);
            self.text(&explains.unwrap_or_default(), &note);
        }
    }

    /// Adds a text; one that is there already says nothing new.
    fn text(&mut self, text: &str, to: impl Fn(&mut T) -> &mut Option<String>) {
        self.has_column = true;
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.is_given = true;
        let there = to(&mut self.value);
        let parts = there.take().filter(|known| known != text).into_iter().chain([text.to_owned()]);
        *there = joined(parts.collect());
    }

    fn told(self) -> Told<T> {
        match (self.has_column, self.is_given) {
            (false, _) => Told::Nothing,
            (true, false) => Told::Blank,
            (true, true) => Told::Given(self.value),
        }
    }
}

impl Gathered<Figures> {
    fn line(&mut self, line: Option<Line>) {
        self.has_column = true;
        self.is_given |= line.is_some();
        self.value.lines.extend(line);
    }
}

/// A text as `values` has it, or as it stands.
fn translated(column: &Column, cell: &str) -> String {
    let meant = column.values.iter().find(|(from, _)| *from == folded(cell));
    meant.map_or_else(|| cell.to_owned(), |(_, to)| to.clone())
}

/// A text with its heading; none where it is blank.
fn headed(heading: Option<&str>, text: &str) -> Option<String> {
    let text = text.trim();
    let headed = || heading.map_or_else(|| text.to_owned(), |heading| format!("{heading}: {text}"));
    (!text.is_empty()).then(headed)
}

fn joined(parts: Vec<String>) -> Option<String> {
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}
