//! Why what is in a file is not carried, as sentences for the report of an import.

const TASKS: &str = "Tasks come with the import of schedules.";
const LINKS: &str = "Links between tasks come with the import of schedules.";
/// Why baselines are left.
pub(super) const BASELINES: &str = "Baselines come with the import of schedules.";
const CUSTOM: &str = "Custom fields and outline codes come with the import of schedules.";
const SETTINGS: &str = "Settings of the project come with the import of schedules.";
const WORKED_OUT: &str = "It is worked out from what is carried.";
const DISPLAY: &str = "It is how the other program shows the project.";
const NO_PLACE: &str = "There is no place for it.";

/// What Microsoft Project stores with its rows and works out itself.
const RESULTS: [&str; 43] = [
    "ACWP",
    "ActualCost",
    "ActualFinish",
    "ActualOvertimeCost",
    "ActualOvertimeWork",
    "ActualOvertimeWorkProtected",
    "ActualStart",
    "ActualWork",
    "ActualWorkProtected",
    "BCWP",
    "BCWS",
    "BudgetCost",
    "BudgetWork",
    "CV",
    "Cost",
    "CostVariance",
    "Finish",
    "FinishVariance",
    "LevelingDelayFormat",
    "LinkedFields",
    "Milestone",
    "OverAllocated",
    "Overallocated",
    "OvertimeCost",
    "OvertimeWork",
    "PeakUnits",
    "PercentWorkComplete",
    "RegularWork",
    "RemainingCost",
    "RemainingOvertimeCost",
    "RemainingOvertimeWork",
    "RemainingWork",
    "Resume",
    "SV",
    "Start",
    "StartVariance",
    "Stop",
    "Summary",
    "UpdateNeeded",
    "VAC",
    "Work",
    "WorkVariance",
    "Active",
];

/// The reason for a name in a place.
pub(super) fn why(place: &str, what: &str) -> &'static str {
    match what {
        "PredecessorLink" => LINKS,
        "Baseline" => BASELINES,
        "ExtendedAttribute" | "ExtendedAttributes" | "OutlineCode" | "OutlineCodes" | "WBSMasks" | "WBSMask" => CUSTOM,
        "Task" | "Tasks" => TASKS,
        "Views" | "Filters" | "Groups" | "Tables" | "Maps" | "Reports" | "Drawings" | "DataLinks" | "VBAProjects" => {
            DISPLAY
        }
        _ => match place.split('/').nth(1) {
            None => SETTINGS,
            Some("Tasks") => TASKS,
            Some("ExtendedAttributes" | "OutlineCodes" | "WBSMasks") => CUSTOM,
            Some(
                "Views" | "Filters" | "Groups" | "Tables" | "Maps" | "Reports" | "Drawings" | "DataLinks"
                | "VBAProjects",
            ) => DISPLAY,
            Some("Resources" | "Assignments") if RESULTS.contains(&what) => WORKED_OUT,
            Some(_) => NO_PLACE,
        },
    }
}
