//! The assignable roles, and a set of them.

/// A role that a token or a role assignment can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Role {
    /// Head of the project management office: sees every project, decides gates and baselines.
    PmoLead,
    /// Runs her own projects.
    ProjectManager,
    /// Answers for value and money of what she sponsors.
    Sponsor,
    /// Answers for people: capacity, bookings, absences.
    ResourceManager,
    /// Keeps budgets, actuals and rates.
    Finance,
    /// Reads and analyzes the portfolios that she was given.
    Analyst,
    /// Reads everything, changes nothing.
    Auditor,
    /// A script or tool with rows granted to it.
    Integration,
    /// Keeps credentials and configuration; no business data.
    Admin,
}

impl Role {
    /// Every role, in the order of the published tables.
    pub const ALL: [Self; 9] = [
        Self::PmoLead,
        Self::ProjectManager,
        Self::Sponsor,
        Self::ResourceManager,
        Self::Finance,
        Self::Analyst,
        Self::Auditor,
        Self::Integration,
        Self::Admin,
    ];

    /// The name used in tokens, tables and the schema.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PmoLead => "PMO_LEAD",
            Self::ProjectManager => "PROJECT_MANAGER",
            Self::Sponsor => "SPONSOR",
            Self::ResourceManager => "RESOURCE_MANAGER",
            Self::Finance => "FINANCE",
            Self::Analyst => "ANALYST",
            Self::Auditor => "AUDITOR",
            Self::Integration => "INTEGRATION",
            Self::Admin => "ADMIN",
        }
    }

    /// The role of that name; an unknown name is no role and gives no right.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}
