//! Who may take which step: the second table of the policy, beside the classes of fields. Exhaustive as well: whoever
//! adds a role or a step must decide every cell. Which step may follow which state is the domain's to say, in `rules.rs`.

use super::{Role, Scopes};

/// A step in the life of something, taken by a business verb and never by an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// PROPOSED to APPROVED.
    ItemApprove,
    /// APPROVED to ACTIVE.
    ItemStart,
    /// ACTIVE to ON_HOLD.
    ItemHold,
    /// ON_HOLD to ACTIVE.
    ItemResume,
    /// ACTIVE to CLOSING.
    ItemWindUp,
    /// CLOSING to CLOSED.
    ItemClose,
    /// Any open state to CANCELLED.
    ItemCancel,
    /// A new item.
    ItemCreate,
    /// What steers an item: key, parent, people, category, priority, planned dates.
    ItemSteer,
    /// Who may know that an item exists.
    ItemClassify,
    /// An item put into the archive, or taken out of it.
    ItemArchive,
    /// A budget handed in for approval.
    BudgetSubmit,
    /// A budget approved, by another than its submitter, up to the approver's limit.
    BudgetApprove,
    /// A cost plan handed in for approval.
    CostPlanSubmit,
    /// A cost plan approved, by another than its submitter, up to the approver's limit.
    CostPlanApprove,
    /// A status report handed in.
    ReportSubmit,
    /// A submitted report given back as a draft.
    ReportReturn,
    /// A report published; it never changes again.
    ReportPublish,
    /// Objectives, their weights, and what contributes to them.
    StrategySteer,
    /// Fiscal calendars, their periods, and cost categories.
    FinanceSetUp,
    /// A fiscal period closed, or opened again.
    PeriodClose,
    /// A forecast published; it never changes again.
    ForecastPublish,
    /// A rating in the name of the sponsor or of somebody independent.
    ReportAssess,
    /// A benefit profile approved, or given back.
    BenefitApprove,
    /// A benefit that can be had from now on, or is being had.
    BenefitEnable,
    /// A benefit found to be realized or not, or withdrawn.
    BenefitSettle,
    /// What was measured of a benefit validated, given back, or reversed.
    BenefitValidate,
    /// The same of a benefit that is cash.
    BenefitValidateCashable,
    /// A review of a benefit published; it never changes again.
    BenefitReviewPublish,
    /// A file imported.
    ImportRun,
    /// A baseline drafted and handed in for approval.
    BaselineSubmit,
    /// A baseline approved or rejected, by another than its submitter and the project's manager.
    BaselineApprove,
    /// Earned value measured as money.
    ProgressMeasure,
    /// Money of risks, their responses and issues written.
    RiskAppraise,
    /// KPIs of users, bounds, targets, and what is watched.
    KpiSetUp,
    /// A value of a KPI that somebody posts.
    KpiRecord,
    /// Note taken of an alert.
    AlertAcknowledge,
    /// Roles, skills and certificates of resources, and working calendars.
    ResourceSetUp,
    /// Resources, and what is known of them.
    ResourceManage,
    /// Resources asked for and booked, as long as nobody confirmed it.
    AllocationPlan,
    /// A booking confirmed, changed after that, or refused.
    AllocationConfirm,
    /// What somebody has worked recorded, and her week submitted.
    TimeRecord,
    /// A week approved or returned, by another than the one whose week it is and its submitter.
    TimesheetApprove,
    /// An approved week posted, so that its work costs something, and posted time reversed.
    TimesheetPost,
}

impl Step {
    /// Every step, in the order of the published rules.
    pub const ALL: [Self; 44] = [
        Self::ItemApprove,
        Self::ItemStart,
        Self::ItemHold,
        Self::ItemResume,
        Self::ItemWindUp,
        Self::ItemClose,
        Self::ItemCancel,
        Self::ItemCreate,
        Self::ItemSteer,
        Self::ItemClassify,
        Self::ItemArchive,
        Self::BudgetSubmit,
        Self::BudgetApprove,
        Self::CostPlanSubmit,
        Self::CostPlanApprove,
        Self::ReportSubmit,
        Self::ReportReturn,
        Self::ReportPublish,
        Self::StrategySteer,
        Self::FinanceSetUp,
        Self::PeriodClose,
        Self::ForecastPublish,
        Self::ReportAssess,
        Self::BenefitApprove,
        Self::BenefitEnable,
        Self::BenefitSettle,
        Self::BenefitValidate,
        Self::BenefitValidateCashable,
        Self::BenefitReviewPublish,
        Self::ImportRun,
        Self::BaselineSubmit,
        Self::BaselineApprove,
        Self::ProgressMeasure,
        Self::RiskAppraise,
        Self::KpiSetUp,
        Self::KpiRecord,
        Self::AlertAcknowledge,
        Self::ResourceSetUp,
        Self::ResourceManage,
        Self::AllocationPlan,
        Self::AllocationConfirm,
        Self::TimeRecord,
        Self::TimesheetApprove,
        Self::TimesheetPost,
    ];

    /// The name used in tables and the schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ItemApprove => "ITEM_APPROVE",
            Self::ItemStart => "ITEM_START",
            Self::ItemHold => "ITEM_HOLD",
            Self::ItemResume => "ITEM_RESUME",
            Self::ItemWindUp => "ITEM_WIND_UP",
            Self::ItemClose => "ITEM_CLOSE",
            Self::ItemCancel => "ITEM_CANCEL",
            Self::ItemCreate => "ITEM_CREATE",
            Self::ItemSteer => "ITEM_STEER",
            Self::ItemClassify => "ITEM_CLASSIFY",
            Self::ItemArchive => "ITEM_ARCHIVE",
            Self::BudgetSubmit => "BUDGET_SUBMIT",
            Self::BudgetApprove => "BUDGET_APPROVE",
            Self::CostPlanSubmit => "COST_PLAN_SUBMIT",
            Self::CostPlanApprove => "COST_PLAN_APPROVE",
            Self::ReportSubmit => "REPORT_SUBMIT",
            Self::ReportReturn => "REPORT_RETURN",
            Self::ReportPublish => "REPORT_PUBLISH",
            Self::StrategySteer => "STRATEGY_STEER",
            Self::FinanceSetUp => "FINANCE_SET_UP",
            Self::PeriodClose => "PERIOD_CLOSE",
            Self::ForecastPublish => "FORECAST_PUBLISH",
            Self::ReportAssess => "REPORT_ASSESS",
            Self::BenefitApprove => "BENEFIT_APPROVE",
            Self::BenefitEnable => "BENEFIT_ENABLE",
            Self::BenefitSettle => "BENEFIT_SETTLE",
            Self::BenefitValidate => "BENEFIT_VALIDATE",
            Self::BenefitValidateCashable => "BENEFIT_VALIDATE_CASHABLE",
            Self::BenefitReviewPublish => "BENEFIT_REVIEW_PUBLISH",
            Self::ImportRun => "IMPORT_RUN",
            Self::BaselineSubmit => "BASELINE_SUBMIT",
            Self::BaselineApprove => "BASELINE_APPROVE",
            Self::ProgressMeasure => "PROGRESS_MEASURE",
            Self::RiskAppraise => "RISK_APPRAISE",
            Self::KpiSetUp => "KPI_SET_UP",
            Self::KpiRecord => "KPI_RECORD",
            Self::AlertAcknowledge => "ALERT_ACKNOWLEDGE",
            Self::ResourceSetUp => "RESOURCE_SET_UP",
            Self::ResourceManage => "RESOURCE_MANAGE",
            Self::AllocationPlan => "ALLOCATION_PLAN",
            Self::AllocationConfirm => "ALLOCATION_CONFIRM",
            Self::TimeRecord => "TIME_RECORD",
            Self::TimesheetApprove => "TIMESHEET_APPROVE",
            Self::TimesheetPost => "TIMESHEET_POST",
        }
    }

    /// Whether it decides on what others made: whoever takes it must be seen.
    pub fn approves(self) -> bool {
        self == Self::BenefitApprove || !self.barred().is_empty()
    }

    /// Who may not take the step whatever her roles give: a conflict of duty wins over every right.
    pub fn barred(self) -> &'static [Duty] {
        match self {
            Self::ItemApprove => &[Duty::ProjectManager, Duty::Creator],
            Self::BudgetApprove | Self::CostPlanApprove => &[Duty::Submitter],
            Self::BaselineApprove => &[Duty::Submitter, Duty::ProjectManager],
            Self::BenefitValidate | Self::BenefitValidateCashable => &[Duty::Recorder],
            Self::TimesheetApprove => &[Duty::Worker, Duty::Submitter],
            Self::ItemStart
            | Self::ItemHold
            | Self::ItemResume
            | Self::ItemWindUp
            | Self::ItemClose
            | Self::ItemCancel
            | Self::ItemCreate
            | Self::ItemSteer
            | Self::ItemClassify
            | Self::ItemArchive
            | Self::BudgetSubmit
            | Self::CostPlanSubmit
            | Self::ReportSubmit
            | Self::ReportReturn
            | Self::ReportPublish
            | Self::StrategySteer
            | Self::FinanceSetUp
            | Self::PeriodClose
            | Self::ForecastPublish
            | Self::ReportAssess
            | Self::BenefitApprove
            | Self::BenefitEnable
            | Self::BenefitSettle
            | Self::ImportRun
            | Self::BaselineSubmit
            | Self::ProgressMeasure
            | Self::BenefitReviewPublish
            | Self::RiskAppraise
            | Self::KpiSetUp
            | Self::KpiRecord
            | Self::AlertAcknowledge
            | Self::ResourceSetUp
            | Self::ResourceManage
            | Self::AllocationPlan
            | Self::AllocationConfirm
            | Self::TimeRecord
            | Self::TimesheetPost => &[],
        }
    }
}

/// A part that a person has in the matter itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// She manages the project.
    ProjectManager,
    /// She created it.
    Creator,
    /// She submitted it.
    Submitter,
    /// She wrote what is to be decided on.
    Recorder,
    /// It is her own work.
    Worker,
}

impl Duty {
    /// The name used in tables and the schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProjectManager => "PROJECT_MANAGER",
            Self::Creator => "CREATOR",
            Self::Submitter => "SUBMITTER",
            Self::Recorder => "RECORDER",
            Self::Worker => "WORKER",
        }
    }
}

/// On which rows a role may take a step.
pub fn decide(role: Role, step: Step) -> Scopes {
    match role {
        Role::PmoLead => match step {
            Step::ItemApprove
            | Step::ItemStart
            | Step::ItemHold
            | Step::ItemResume
            | Step::ItemWindUp
            | Step::ItemClose
            | Step::ItemCancel
            | Step::ItemCreate
            | Step::ItemSteer
            | Step::ItemClassify
            | Step::ItemArchive
            | Step::BudgetSubmit
            | Step::BudgetApprove
            | Step::CostPlanApprove
            | Step::ReportReturn
            | Step::ReportPublish
            | Step::StrategySteer
            | Step::FinanceSetUp
            | Step::PeriodClose
            | Step::ForecastPublish
            | Step::ReportAssess
            | Step::BenefitApprove
            | Step::BenefitEnable
            | Step::BenefitSettle
            | Step::ImportRun
            | Step::BaselineSubmit
            | Step::BaselineApprove
            | Step::ProgressMeasure
            | Step::BenefitValidate
            | Step::BenefitValidateCashable
            | Step::BenefitReviewPublish
            | Step::RiskAppraise
            | Step::KpiSetUp
            | Step::KpiRecord
            | Step::AlertAcknowledge
            | Step::ResourceSetUp
            | Step::ResourceManage
            | Step::AllocationPlan
            | Step::TimeRecord
            | Step::TimesheetApprove
            | Step::TimesheetPost => Scopes::ALL,
            // Whoever answers for people confirms what they are booked for.
            Step::CostPlanSubmit | Step::ReportSubmit | Step::AllocationConfirm => Scopes::NONE,
        },
        Role::ProjectManager => match step {
            Step::ItemStart
            | Step::ItemHold
            | Step::ItemResume
            | Step::ItemWindUp
            | Step::BudgetSubmit
            | Step::CostPlanSubmit
            | Step::ReportSubmit
            | Step::ReportReturn
            | Step::ReportPublish
            | Step::ForecastPublish
            | Step::BenefitEnable
            | Step::BaselineSubmit
            | Step::ProgressMeasure
            | Step::RiskAppraise
            | Step::KpiRecord
            | Step::AlertAcknowledge
            | Step::AllocationPlan => Scopes::OWN,
            Step::ItemApprove
            | Step::ItemClose
            | Step::ItemCancel
            | Step::ItemCreate
            | Step::ItemSteer
            | Step::ItemClassify
            | Step::ItemArchive
            | Step::BudgetApprove
            | Step::CostPlanApprove
            | Step::StrategySteer
            | Step::FinanceSetUp
            | Step::PeriodClose
            | Step::ReportAssess
            | Step::BenefitApprove
            | Step::BenefitSettle
            | Step::ImportRun
            | Step::BaselineApprove
            | Step::BenefitValidate
            | Step::BenefitValidateCashable
            | Step::BenefitReviewPublish
            | Step::KpiSetUp
            | Step::ResourceSetUp
            | Step::ResourceManage
            | Step::AllocationConfirm
            | Step::TimeRecord
            | Step::TimesheetApprove
            | Step::TimesheetPost => Scopes::NONE,
        },
        Role::Sponsor => match step {
            Step::ItemApprove
            | Step::ItemClose
            | Step::ItemCancel
            | Step::BudgetApprove
            | Step::CostPlanApprove
            | Step::BenefitApprove
            | Step::BenefitSettle => Scopes::SPON,
            Step::ItemStart
            | Step::ItemHold
            | Step::ItemResume
            | Step::ItemWindUp
            | Step::ItemCreate
            | Step::ItemSteer
            | Step::ItemClassify
            | Step::ItemArchive
            | Step::BudgetSubmit
            | Step::CostPlanSubmit
            | Step::ReportSubmit
            | Step::ReportReturn
            | Step::ReportPublish
            | Step::StrategySteer
            | Step::FinanceSetUp
            | Step::PeriodClose
            | Step::ForecastPublish
            | Step::ReportAssess
            | Step::BenefitEnable
            | Step::ImportRun
            | Step::BaselineSubmit
            | Step::BaselineApprove
            | Step::ProgressMeasure
            | Step::BenefitValidate
            | Step::BenefitValidateCashable
            | Step::BenefitReviewPublish
            | Step::RiskAppraise
            | Step::KpiSetUp
            | Step::KpiRecord
            | Step::AlertAcknowledge
            | Step::ResourceSetUp
            | Step::ResourceManage
            | Step::AllocationPlan
            | Step::AllocationConfirm
            | Step::TimeRecord
            | Step::TimesheetApprove
            | Step::TimesheetPost => Scopes::NONE,
        },
        Role::Finance => match step {
            Step::BudgetSubmit
            | Step::CostPlanSubmit
            | Step::FinanceSetUp
            | Step::PeriodClose
            | Step::ForecastPublish
            | Step::BenefitValidateCashable => Scopes::ALL,
            Step::ItemApprove
            | Step::ItemStart
            | Step::ItemHold
            | Step::ItemResume
            | Step::ItemWindUp
            | Step::ItemClose
            | Step::ItemCancel
            | Step::ItemCreate
            | Step::ItemSteer
            | Step::ItemClassify
            | Step::ItemArchive
            | Step::BudgetApprove
            | Step::CostPlanApprove
            | Step::ReportSubmit
            | Step::ReportReturn
            | Step::ReportPublish
            | Step::StrategySteer
            | Step::ReportAssess
            | Step::BenefitApprove
            | Step::BenefitEnable
            | Step::BenefitSettle
            | Step::ImportRun
            | Step::BaselineSubmit
            | Step::BaselineApprove
            | Step::ProgressMeasure
            | Step::BenefitValidate
            | Step::BenefitReviewPublish
            | Step::RiskAppraise
            | Step::KpiSetUp
            | Step::KpiRecord
            | Step::AlertAcknowledge
            | Step::ResourceSetUp
            | Step::ResourceManage
            | Step::AllocationPlan
            | Step::AllocationConfirm
            | Step::TimeRecord
            | Step::TimesheetApprove
            | Step::TimesheetPost => Scopes::NONE,
        },
        // A script makes items below what was granted to it and tells what it measured there; it steers nothing.
        Role::Integration => match step {
            Step::ItemCreate
            | Step::ProgressMeasure
            | Step::RiskAppraise
            | Step::KpiRecord
            | Step::AllocationPlan
            | Step::TimeRecord => Scopes::GRANT,
            Step::ItemApprove
            | Step::ItemStart
            | Step::ItemHold
            | Step::ItemResume
            | Step::ItemWindUp
            | Step::ItemClose
            | Step::ItemCancel
            | Step::ItemSteer
            | Step::ItemClassify
            | Step::ItemArchive
            | Step::BudgetSubmit
            | Step::BudgetApprove
            | Step::CostPlanSubmit
            | Step::CostPlanApprove
            | Step::ReportSubmit
            | Step::ReportReturn
            | Step::ReportPublish
            | Step::StrategySteer
            | Step::FinanceSetUp
            | Step::PeriodClose
            | Step::ForecastPublish
            | Step::ReportAssess
            | Step::BenefitApprove
            | Step::BenefitEnable
            | Step::BenefitSettle
            | Step::ImportRun
            | Step::BaselineSubmit
            | Step::BaselineApprove
            | Step::BenefitValidate
            | Step::BenefitValidateCashable
            | Step::BenefitReviewPublish
            | Step::KpiSetUp
            | Step::AlertAcknowledge
            | Step::ResourceSetUp
            | Step::ResourceManage
            | Step::AllocationConfirm
            | Step::TimesheetApprove
            | Step::TimesheetPost => Scopes::NONE,
        },
        // What all resources are described by is common: each of their managers keeps it.
        Role::ResourceManager => match step {
            Step::ResourceSetUp => Scopes::ALL,
            Step::ResourceManage
            | Step::AllocationPlan
            | Step::AllocationConfirm
            | Step::TimeRecord
            | Step::TimesheetApprove => Scopes::TEAM,
            _ => Scopes::NONE,
        },
        Role::Analyst | Role::Auditor | Role::Admin => Scopes::NONE,
    }
}

/// On which rows a caller with these roles may take a step: the union over them.
pub fn scopes(roles: &[Role], step: Step) -> Scopes {
    roles.iter().fold(Scopes::NONE, |all, role| all.or(decide(*role, step)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_manager_never_approves_closes_or_cancels() {
        for step in [
            Step::ItemApprove,
            Step::ItemClose,
            Step::ItemCancel,
            Step::BudgetApprove,
            Step::CostPlanApprove,
            Step::BaselineApprove,
        ] {
            assert!(decide(Role::ProjectManager, step).is_empty(), "{}", step.as_str());
        }
    }

    #[test]
    fn who_reads_only_takes_no_step() {
        for role in [Role::Analyst, Role::Auditor, Role::Admin] {
            assert!(Step::ALL.iter().all(|step| decide(role, *step).is_empty()), "{}", role.as_str());
        }
    }

    #[test]
    fn a_proposal_is_not_approved_by_who_made_it_or_runs_it() {
        assert_eq!(Step::ItemApprove.barred(), [Duty::ProjectManager, Duty::Creator]);
        assert_eq!(Step::BudgetApprove.barred(), [Duty::Submitter]);
        assert_eq!(Step::BaselineApprove.barred(), [Duty::Submitter, Duty::ProjectManager]);
        assert_eq!(Step::CostPlanApprove.barred(), [Duty::Submitter]);
        assert_eq!(Step::TimesheetApprove.barred(), [Duty::Worker, Duty::Submitter]);
    }
}
