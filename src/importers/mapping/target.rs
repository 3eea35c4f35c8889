//! What a column may become, and what each needs to be said.

use chrono::NaiveDate;

/// A field of a project that a column may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::importers) enum ProjectField {
    Description,
    Type,
    State,
    Category,
    Priority,
    Phase,
    Methodology,
    PlannedStart,
    PlannedFinish,
    ForecastStart,
    ForecastFinish,
    ActualStart,
    ActualFinish,
}

/// A text of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::importers) enum Part {
    Narrative,
    Achievements,
    NextSteps,
}

/// What a column becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::importers) enum Target {
    /// Nothing; it is known and left alone.
    Ignored,
    /// The fiscal year of which the row tells.
    PeriodYear,
    /// The day of which the row tells.
    PeriodDate,
    /// The portfolio; a second such column is the portfolio below it.
    Portfolio,
    /// What the source calls the portfolio.
    PortfolioId,
    /// The program between the portfolio and the project.
    Program,
    /// What the source calls the program.
    ProgramId,
    /// What the source calls the project.
    ProjectId,
    /// What the source calls the project besides. It finds nothing: where several rows have the same, it is told.
    ProjectAlias,
    /// The project's name.
    ProjectName,
    /// A field of the project.
    Project(ProjectField),
    /// A part of the period's report.
    Report(Part),
    /// A rating in the period's report, or in one of its own for an earlier day.
    Rating {
        dimension: String,
        assessor: String,
        as_of: Option<NaiveDate>,
    },
    /// What explains the ratings.
    RatingReason,
    BudgetAmount,
    BudgetContingency,
    BudgetReserve,
    BudgetFunding,
    BudgetNote,
    /// A line of the budget in the year of the period, for a category of that key and name.
    BudgetLine {
        category: Option<(String, String)>,
    },
    ForecastAmount,
    ForecastNote,
    ForecastLine {
        category: Option<(String, String)>,
    },
    BenefitAmount,
    BenefitNote,
}

/// What a cell of a column is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::importers) enum Value {
    Text,
    /// One of these, by `values` or as it stands.
    Choice(&'static [&'static str]),
    Date,
    Year,
    Money,
}

pub(super) const RAGS: &[&str] = &["GREEN", "AMBER_GREEN", "AMBER", "AMBER_RED", "RED", "NOT_RATED"];
pub(super) const DIMENSIONS: &[&str] =
    &["OVERALL", "SCOPE", "SCHEDULE", "COST", "RESOURCE", "RISK", "BENEFIT", "QUALITY"];
pub(super) const ASSESSORS: &[&str] = &["PROJECT_MANAGER", "SPONSOR", "INDEPENDENT"];
pub(super) const STATES: &[&str] = &["PROPOSED", "APPROVED", "ACTIVE", "ON_HOLD", "CLOSING", "CLOSED", "CANCELLED"];

/// Every target by its name, without what a rating or a line says besides.
pub(super) fn named(name: &str) -> Option<Target> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, target)| target.clone())
}

/// The names of all targets.
pub(super) fn names() -> Vec<&'static str> {
    NAMES.iter().map(|(name, _)| *name).collect()
}

const NAMES: [(&str, Target); 39] = [
    ("ignored", Target::Ignored),
    ("period.year", Target::PeriodYear),
    ("period.date", Target::PeriodDate),
    ("portfolio", Target::Portfolio),
    ("portfolio.id", Target::PortfolioId),
    ("program", Target::Program),
    ("program.id", Target::ProgramId),
    ("project.id", Target::ProjectId),
    ("project.alias", Target::ProjectAlias),
    ("project.name", Target::ProjectName),
    ("project.description", Target::Project(ProjectField::Description)),
    ("project.type", Target::Project(ProjectField::Type)),
    ("project.state", Target::Project(ProjectField::State)),
    ("project.category", Target::Project(ProjectField::Category)),
    ("project.priority", Target::Project(ProjectField::Priority)),
    ("project.phase", Target::Project(ProjectField::Phase)),
    ("project.methodology", Target::Project(ProjectField::Methodology)),
    ("project.plannedStartOn", Target::Project(ProjectField::PlannedStart)),
    ("project.plannedFinishOn", Target::Project(ProjectField::PlannedFinish)),
    ("project.forecastStartOn", Target::Project(ProjectField::ForecastStart)),
    ("project.forecastFinishOn", Target::Project(ProjectField::ForecastFinish)),
    ("project.actualStartOn", Target::Project(ProjectField::ActualStart)),
    ("project.actualFinishOn", Target::Project(ProjectField::ActualFinish)),
    ("report.narrative", Target::Report(Part::Narrative)),
    ("report.achievements", Target::Report(Part::Achievements)),
    ("report.nextSteps", Target::Report(Part::NextSteps)),
    ("rating", Target::Rating { dimension: String::new(), assessor: String::new(), as_of: None }),
    ("rating.reason", Target::RatingReason),
    ("budget.amount", Target::BudgetAmount),
    ("budget.contingency", Target::BudgetContingency),
    ("budget.reserve", Target::BudgetReserve),
    ("budget.fundingSource", Target::BudgetFunding),
    ("budget.note", Target::BudgetNote),
    ("budget.line", Target::BudgetLine { category: None }),
    ("forecast.amount", Target::ForecastAmount),
    ("forecast.note", Target::ForecastNote),
    ("forecast.line", Target::ForecastLine { category: None }),
    ("benefit.amount", Target::BenefitAmount),
    ("benefit.note", Target::BenefitNote),
];

impl Target {
    /// What its cells are read as.
    pub(in crate::importers) fn value(&self) -> Value {
        match self {
            Self::Project(field) => match field {
                ProjectField::State => Value::Choice(STATES),
                ProjectField::Category => Value::Choice(&["RUN", "GROW", "TRANSFORM"]),
                ProjectField::Priority => Value::Choice(&["1", "2", "3", "4", "5"]),
                ProjectField::Methodology => Value::Choice(&["WATERFALL", "AGILE", "HYBRID"]),
                ProjectField::Description | ProjectField::Type | ProjectField::Phase => Value::Text,
                ProjectField::PlannedStart
                | ProjectField::PlannedFinish
                | ProjectField::ForecastStart
                | ProjectField::ForecastFinish
                | ProjectField::ActualStart
                | ProjectField::ActualFinish => Value::Date,
            },
            Self::Rating { .. } => Value::Choice(RAGS),
            Self::PeriodYear => Value::Year,
            Self::PeriodDate => Value::Date,
            Self::BudgetAmount
            | Self::BudgetContingency
            | Self::BudgetReserve
            | Self::BudgetLine { .. }
            | Self::ForecastAmount
            | Self::ForecastLine { .. }
            | Self::BenefitAmount => Value::Money,
            Self::Ignored
            | Self::Portfolio
            | Self::PortfolioId
            | Self::Program
            | Self::ProgramId
            | Self::ProjectId
            | Self::ProjectAlias
            | Self::ProjectName
            | Self::Report(_)
            | Self::RatingReason
            | Self::BudgetFunding
            | Self::BudgetNote
            | Self::ForecastNote
            | Self::BenefitNote => Value::Text,
        }
    }

    /// Whether several columns may become it.
    pub(in crate::importers) fn repeats(&self) -> bool {
        matches!(
            self,
            Self::Ignored
                | Self::Portfolio
                | Self::Report(_)
                | Self::RatingReason
                | Self::BudgetNote
                | Self::ForecastNote
                | Self::BenefitNote
        )
    }

    /// Whether it is told of a period.
    pub(in crate::importers) fn is_history(&self) -> bool {
        !matches!(
            self,
            Self::Ignored
                | Self::PeriodYear
                | Self::PeriodDate
                | Self::Portfolio
                | Self::PortfolioId
                | Self::Program
                | Self::ProgramId
                | Self::ProjectId
                | Self::ProjectAlias
                | Self::ProjectName
                | Self::Project(_)
        )
    }

    /// Whether there is a place for a text that is no value.
    pub(super) fn may_keep_text(&self) -> bool {
        matches!(self.value(), Value::Date | Value::Money)
            && *self != Self::PeriodDate
            && !matches!(self, Self::BudgetContingency | Self::BudgetReserve)
    }
}
