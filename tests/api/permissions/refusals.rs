//! Who may take each step of what is planned, measured and decided. Written out here from the published rules, never taken
//! from the policy.

use std::collections::BTreeSet;

use foliograph::{
    auth::{Role, Scopes},
    write::{Mutation, Verb},
};

use super::{
    expected::{Eyes, Row, Rows},
    planned::{PROJECT, id},
    writes::set,
};

/// The codes that a caller is refused with; none where it is done.
pub fn refusal(mutation: &Mutation, eyes: &Eyes<'_>, rows: &Rows) -> Option<BTreeSet<String>> {
    let is = |role| eyes.roles.contains(&role);
    if mutation.name == "importRun" {
        return if is(Role::PmoLead) { None } else { Some(set(&["FORBIDDEN"])) };
    }
    let project = rows.item_by_key(PROJECT);
    let office = is(Role::PmoLead);
    let own =
        is(Role::ProjectManager) && project.project_manager_id.is_some() && project.project_manager_id == eyes.person;
    let granted = is(Role::Integration) && eyes.holds(Scopes::GRANT, project);
    let sponsors = is(Role::Sponsor) && eyes.holds(Scopes::SPON, project);
    let forbidden = || Some(set(&["FORBIDDEN"]));
    let missing = || Some(set(&["NOT_FOUND"]));
    let name = mutation.name.as_str();
    let is_new = matches!(mutation.verb, Verb::Create | Verb::BulkCreate);
    let sees_item = eyes.sees(Row::Item(project));
    let sees_references = eyes.visible("CostCategory").len() >= 2;
    let sees_money = office || own || granted || sponsors || is(Role::Finance) || is(Role::Auditor);
    // Who owns a benefit writes how it is measured; none of the cast owns one of this project.
    let owns = eyes.owns_benefits();
    let writers = is(Role::PmoLead) || is(Role::ProjectManager) || is(Role::Integration);
    // Whom the mutation is for, who sees its row, and who is refused without a look at it.
    let (may, sees, gate) = match mutation.entity {
        // What an hour costs is finance's alone, and reading it the office's for roles.
        "Rate" => (is(Role::Finance), office || is(Role::Finance), is(Role::Finance)),
        "FiscalCalendar" | "FiscalPeriod" | "CostCategory" | "StrategicObjective" | "FxRateSet" | "FxRate"
        | "RateCard" => {
            let may = office || (mutation.entity != "StrategicObjective" && is(Role::Finance));
            if is_new {
                // The key of a calendar or a set that she cannot see leads nowhere.
                let lost = matches!(mutation.entity, "FiscalPeriod" | "FxRate") && !sees_references;
                return match (may, lost) {
                    (true, _) => None,
                    (false, true) => Some(set(&["FORBIDDEN", "NOT_FOUND"])),
                    (false, false) => forbidden(),
                };
            }
            (may, sees_references, true)
        }
        "ResourceRole" | "Skill" | "Certification" | "TimeCategory" | "WorkCalendar" | "CalendarException"
        | "ResourcePool" => {
            let may = office || is(Role::ResourceManager);
            if is_new {
                let lost = mutation.entity == "CalendarException" && !sees_references;
                return match (may, lost) {
                    (true, _) => None,
                    (false, true) => Some(set(&["FORBIDDEN", "NOT_FOUND"])),
                    (false, false) => forbidden(),
                };
            }
            (may, sees_references, true)
        }
        "Resource" | "ResourceSkill" | "CertificationHeld" | "TimeOff" | "ResourceRequest" | "RequestSkill"
        | "Allocation" => {
            return of_resources(mutation, eyes, (office || own || granted, sees_item, sees_references));
        }
        "Timesheet" | "TimeEntry" => return of_time(mutation, eyes, (granted, sees_item)),
        "KpiDefinition" if is_new => return if office { None } else { forbidden() },
        "KpiDefinition" => (office, sees_references, true),
        "KpiPosting" => (office || own || granted, sees_item && sees_references, true),
        "Alert" => (office || own, eyes.visible("Alert").iter().any(|row| row.id() == id(350)), true),
        "ObjectiveContribution" | "KpiThreshold" | "KpiTarget" | "AlertRule" => {
            let sees = rows_of_item(eyes, rows);
            let sees = if is_new { sees_item && sees_references } else { sees };
            (office, sees, true)
        }
        "Budget" if matches!(name, "budgetApprove" | "budgetReject") => (office || sponsors, sees_money, true),
        // One of the two items may be one that she does not see.
        "Budget" if name == "budgetTransfer" && sees_item != eyes.sees(Row::Item(rows.item_by_key("PR-002"))) => {
            return Some(set(&["FORBIDDEN", "NOT_FOUND"]));
        }
        "Budget" | "BudgetLine" => {
            let may = office || own || is(Role::Finance);
            let by_item = name == "budgetTransfer" || (mutation.entity == "Budget" && is_new);
            (may, if by_item { sees_item } else { sees_money }, true)
        }
        "CostPlan" if matches!(name, "costPlanApprove" | "costPlanReject") => (office || sponsors, sees_money, true),
        "CostPlan" if name == "costPlanSubmit" => (own || is(Role::Finance), sees_money, true),
        "Commitment" | "Actual" => {
            let makes = is_new || name == "actualBulkUpsert";
            let hers = granted || is(Role::Finance);
            (hers, if makes { sees_item } else { hers }, is(Role::Finance) || is(Role::Integration))
        }
        "Forecast" if name == "forecastPublish" => (office || own || is(Role::Finance), sees_money, true),
        "Forecast" | "ForecastLine" | "CostPlan" | "CostPlanLine" => {
            let gate = is(Role::ProjectManager) || is(Role::Finance) || is(Role::Integration);
            let by_item = matches!(mutation.entity, "Forecast" | "CostPlan") && is_new;
            (own || granted || is(Role::Finance), if by_item { sees_item } else { sees_money }, gate)
        }
        "StatusReport" | "RagAssessment" => {
            let hers = office || own || granted;
            let is_told = matches!(name, "statusReportArchive" | "statusReportUnarchive");
            let sees = match () {
                () if is_told => rows_of_item(eyes, rows),
                () if is_new && mutation.entity == "StatusReport" => sees_item,
                () => hers,
            };
            let step = matches!(name, "statusReportSubmit" | "statusReportReturn" | "statusReportPublish");
            let may = match name {
                "statusReportSubmit" => own,
                _ if step => office || own,
                _ => hers,
            };
            (may, sees, step || writers)
        }
        "Task" | "ProgressMeasurement" | "Risk" | "RiskResponse" | "Issue" => {
            let by_item = matches!(mutation.entity, "Task" | "Risk" | "Issue") && is_new;
            (office || own || granted, if by_item { sees_item } else { sees_work(eyes) }, writers)
        }
        "Baseline" | "BaselineItem" | "BaselinePeriodValue" => {
            let decides = matches!(name, "baselineApprove" | "baselineReject");
            let by_item = name == "baselineCapture" || (mutation.entity == "Baseline" && is_new);
            let may = if decides { office } else { office || own };
            (may, if by_item { sees_item } else { sees_work(eyes) }, true)
        }
        of if of.starts_with("Benefit") => {
            let step = name == "benefitStateAdvance" || name == "benefitReviewPublish";
            let decides = matches!(name, "benefitActualValidate" | "benefitActualReturn" | "benefitActualReverse");
            let reads = office
                || own
                || granted
                || sponsors
                || is(Role::Finance)
                || is(Role::Auditor)
                || (is(Role::Analyst) && eyes.holds(Scopes::PF, project));
            let of_item = is_new && matches!(of, "Benefit" | "BenefitsMapNode");
            let sees = match () {
                () if !of_item => reads,
                () => sees_item && (of == "BenefitsMapNode" || sees_people(eyes)),
            };
            let may = match () {
                () if name == "benefitStateAdvance" => office || sponsors,
                () if name == "benefitReviewPublish" => office,
                () if decides => office || is(Role::Finance),
                // What is promised is her manager's no longer.
                () if matches!(of, "BenefitActual" | "BenefitReview") => office || granted,
                () => office || own || granted,
            };
            let measures = matches!(of, "BenefitMeasure" | "BenefitActual") && owns;
            (may, sees, step || decides || writers || measures)
        }
        other => panic!("{other} is new: say here who may"),
    };
    match (gate, sees, may) {
        (false, ..) => forbidden(),
        (_, false, _) => missing(),
        (_, _, false) => forbidden(),
        (_, _, true) => None,
    }
}

/// Who writes resources and what they are asked and booked for: the office, who manages them, and who plans the project.
fn of_resources(
    mutation: &Mutation,
    eyes: &Eyes<'_>,
    (plans, sees_item, sees_references): (bool, bool, bool),
) -> Option<BTreeSet<String>> {
    let (forbidden, missing) = (Some(set(&["FORBIDDEN"])), Some(set(&["NOT_FOUND"])));
    let manages = eyes.roles.contains(&Role::ResourceManager) && eyes.manages(id(412));
    let office = eyes.roles.contains(&Role::PmoLead);
    let is_new = matches!(mutation.verb, Verb::Create | Verb::BulkCreate);
    let sees_resources = !eyes.visible("Resource").is_empty();
    let of_staff = matches!(mutation.entity, "Resource" | "ResourceSkill" | "CertificationHeld" | "TimeOff");
    let may = match mutation.name.as_str() {
        "allocationConfirm"
        | "allocationBulkConfirm"
        | "allocationDecline"
        | "allocationProposalDecide"
        | "resourceRequestDecline" => manages,
        // Who asks is who plans the project.
        "resourceRequestCreate" | "resourceRequestBulkCreate" => plans,
        _ if of_staff => office || manages,
        _ => plans || manages,
    };
    if is_new && mutation.entity == "Resource" && !may {
        return if sees_references { forbidden } else { Some(set(&["FORBIDDEN", "NOT_FOUND"])) };
    }
    let sees = match (is_new, mutation.entity) {
        (true, "Resource") => true,
        (true, "TimeOff") | (false, "Resource") => sees_resources,
        (true, "ResourceSkill" | "CertificationHeld") => sees_resources && sees_references,
        (true, "ResourceRequest") => sees_item && sees_references,
        (true, "Allocation") => sees_item && sees_resources,
        (true, _) => eyes.visible("ResourceRequest").iter().any(|row| row.id() == id(420)) && sees_references,
        (false, entity) => {
            let number = match entity {
                "ResourceSkill" => 414,
                "CertificationHeld" => 416,
                "TimeOff" => 418,
                "ResourceRequest" => 420,
                "RequestSkill" => 421,
                _ => 423,
            };
            let is_old = mutation.verb == Verb::Unarchive;
            eyes.visible(entity).iter().any(|row| row.id() == id(number + u128::from(is_old)))
        }
    };
    match (sees, may) {
        (false, _) => missing,
        (true, false) => forbidden,
        (true, true) => None,
    }
}

/// Who records the time of a person whom nobody of the cast is: the office, who manages her, and a key where it is of what is
/// granted to it. The office and who manages her approve, the office alone posts.
fn of_time(mutation: &Mutation, eyes: &Eyes<'_>, (granted, sees_item): (bool, bool)) -> Option<BTreeSet<String>> {
    let manages = eyes.roles.contains(&Role::ResourceManager) && eyes.manages(id(442));
    let office = eyes.roles.contains(&Role::PmoLead);
    let is_new = matches!(mutation.verb, Verb::Create | Verb::BulkCreate);
    let sees_resources = !eyes.visible("Resource").is_empty();
    let may = match mutation.name.as_str() {
        "timesheetPost" | "timesheetBulkPost" | "timeEntryReverse" => office,
        _ if mutation.entity == "TimeEntry" => office || manages || granted,
        _ => office || manages,
    };
    let number = match mutation.name.as_str() {
        "timesheetSubmit" => 443,
        "timesheetApprove" | "timesheetBulkApprove" | "timesheetReturn" => 444,
        "timesheetPost" | "timesheetBulkPost" => 445,
        "timeEntryReverse" => 451,
        _ => 450,
    };
    let sees = match (is_new, mutation.entity) {
        (true, "Timesheet") => sees_resources,
        (true, _) => sees_item && sees_resources,
        (false, entity) => eyes.visible(entity).iter().any(|row| row.id() == id(number)),
    };
    match (sees, may) {
        (false, _) => Some(set(&["NOT_FOUND"])),
        (true, false) => Some(set(&["FORBIDDEN"])),
        (true, true) => None,
    }
}

/// Whether she sees rows of class BASIC that belong to the project: an item's state counts for the item alone.
fn rows_of_item(eyes: &Eyes<'_>, rows: &Rows) -> bool {
    eyes.visible("StatusReport").iter().any(|row| row.id() == id(43)) && rows.item_by_key(PROJECT).archived_at.is_none()
}

/// Whether she sees what work of the project is planned.
fn sees_work(eyes: &Eyes<'_>) -> bool {
    eyes.visible("Task").iter().any(|row| row.id() == id(160))
}

fn sees_people(eyes: &Eyes<'_>) -> bool {
    !eyes.visible("Person").is_empty()
}
