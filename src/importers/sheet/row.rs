//! One row, cell by cell: each cell becomes what its column becomes, or is told.

use chrono::{DateTime, NaiveDate};

use super::gathered::{Gathered, joined};
use super::{BenefitCell, Field, Figures, Line, Period, Placed, PortfolioName, Rating, Record, Told};
use crate::importers::cells::{DateForm, MoneyFault, MoneyForm, excerpt, line, normalized};
use crate::importers::mapping::{Column, Mapping, Part, ProjectField, Target, Value, folded};
use crate::importers::report::CellFault;

/// The longest text of a report or a note, in characters.
const LONGEST_TEXT: usize = 20_000;
/// The largest sum of lines, in 1/10,000.
const LARGEST_SUM: i128 = 9_200_000_000_000_000_000;

/// One row under reading.
pub(super) struct Reading<'r, 'f> {
    pub mapping: &'r Mapping,
    pub row: usize,
    pub faults: &'f mut Vec<CellFault>,
    /// Columns with what is doubtful of them.
    pub doubts: Vec<(Option<String>, String)>,
}

impl Reading<'_, '_> {
    fn fault(&mut self, column: Option<&str>, text: String) {
        self.faults.push(CellFault { row: self.row, column: column.map(str::to_owned), text });
    }

    pub(super) fn record(&mut self, placed: &[Placed<'_>], cells: &[String], fallback: Option<NaiveDate>) -> Record {
        let mut record = Record { row: self.row, ..Record::default() };
        let mut reasons = vec![];
        let mut texts: [Vec<String>; 3] = Default::default();
        let mut portfolio_column = None;
        let (mut portfolio_id, mut program_id) = (None, None);
        let (mut budget, mut forecast, mut benefit) =
            (Gathered::<Figures>::default(), Gathered::<Figures>::default(), Gathered::<BenefitCell>::default());
        for Placed { at, name, column } in placed {
            let cell = cells[*at].trim();
            let cell = if column.blanks.contains(&folded(cell)) { "" } else { cell };
            match &column.to {
                Target::Ignored => {}
                Target::PeriodYear => record.period = self.year(name, cell),
                Target::PeriodDate => {
                    // An instant is of its day.
                    let day = DateTime::parse_from_rfc3339(cell).map(|at| at.to_utc().date_naive());
                    let end_on = day.ok().or_else(|| self.date(name, column, cell).0);
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
                Target::Program => {
                    let name = line(&translated(column, cell));
                    if !normalized(&name).is_empty() {
                        record.program = Some(PortfolioName { id: name.clone(), name });
                    }
                }
                Target::ProgramId => program_id = Some(line(cell)).filter(|id| !id.is_empty()),
                Target::ProjectAlias => record.alias = Some(line(cell)).filter(|alias| !alias.is_empty()),
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
                    let rating = Rating { dimension: dimension.clone(), assessor: assessor.clone(), declared, reason };
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
        if let (Some(id), Some(program)) = (program_id, &mut record.program) {
            program.id = id;
        }
        if let Some(name) = portfolio_column.filter(|_| record.portfolios.is_empty()) {
            self.fault(Some(name), format!("{name} holds no name"));
        }
        for rating in &mut record.ratings {
            let parts = rating.reason.take().into_iter().chain(reasons.iter().cloned());
            rating.reason = joined(&parts.collect::<Vec<_>>());
        }
        record.texts = texts.map(|parts| joined(&parts));
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
