//! The policy: what each role may do with each class of field, and on which rows. One exhaustive match, no defaults:
//! whoever adds a role or a class must decide every cell. `permissions.txt` prints it field by field.

use std::fmt;

use super::{Reach, Role, Step, steps};

/// A class of fields that share one right (the classes of the published table).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// Identity, names, states, dates.
    Basic,
    /// Tasks, hours, registers, links to tools.
    Work,
    /// Money at project and category level.
    Fin,
    /// Single transactions and vendors.
    FinLine,
    /// Person rates and the cost of one person.
    Rate,
    /// Employment, skills, certificates, absences and hours of people: what is known of each of them.
    Person,
    /// Why somebody is absent.
    Absence,
    /// Benefit profiles, plans, reviews and maps.
    Ben,
    /// Measures of benefits and what was measured: who reads the benefit reads them, its owner writes them.
    BenActual,
    /// Status reports and ratings before they are published.
    WorkDraft,
    /// Gate submissions and decisions, waivers, audit findings.
    Gov,
    /// Committee notes before a decision.
    GovDraft,
    /// Scenarios and runs that are not approved.
    Scen,
    /// The audit trail.
    Aud,
    /// Credentials, assignments of roles, policies.
    Sec,
}

impl Class {
    /// Every class, in the order of the published table.
    pub const ALL: [Self; 15] = [
        Self::Basic,
        Self::Work,
        Self::Fin,
        Self::FinLine,
        Self::Rate,
        Self::Person,
        Self::Absence,
        Self::Ben,
        Self::BenActual,
        Self::WorkDraft,
        Self::Gov,
        Self::GovDraft,
        Self::Scen,
        Self::Aud,
        Self::Sec,
    ];

    /// The name that permissions begin with.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "BASIC",
            Self::Work => "WORK",
            Self::Fin => "FIN",
            Self::FinLine => "FIN_LINE",
            Self::Rate => "RATE",
            Self::Person => "PERSON",
            Self::Absence => "ABSENCE",
            Self::Ben => "BEN",
            Self::BenActual => "BEN_ACTUAL",
            Self::WorkDraft => "WORK_DRAFT",
            Self::Gov => "GOV",
            Self::GovDraft => "GOV_DRAFT",
            Self::Scen => "SCEN",
            Self::Aud => "AUD",
            Self::Sec => "SEC",
        }
    }

    /// Their names, comma-separated, as columns hold them.
    pub fn joined(classes: &[Self]) -> String {
        classes.iter().map(|class| class.as_str()).collect::<Vec<_>>().join(",")
    }

    /// Those whose names stand in such a text, in the order of the table.
    pub fn listed(names: &str) -> Vec<Self> {
        Self::ALL.into_iter().filter(|class| names.split(',').any(|name| name == class.as_str())).collect()
    }

    /// The permission to read fields of this class.
    pub fn read(self) -> Permission {
        Permission { class: self, verb: Verb::Read }
    }

    /// The permission to write fields of this class.
    pub fn write(self) -> Permission {
        Permission { class: self, verb: Verb::Write }
    }

    /// The permission to approve what this class holds.
    pub fn approve(self) -> Permission {
        Permission { class: self, verb: Verb::Approve }
    }
}

/// What is done with a class. Reading, writing and approving are three separate rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// See values.
    Read,
    /// Change values.
    Write,
    /// Decide on them.
    Approve,
}

/// A permission such as `FIN_READ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Permission {
    /// On what.
    pub class: Class,
    /// To do what.
    pub verb: Verb,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.verb {
            Verb::Read => "READ",
            Verb::Write => "WRITE",
            Verb::Approve => "APPROVE",
        };
        write!(f, "{}_{verb}", self.class.as_str())
    }
}

/// A set of row scopes: a right holds on the union of them. Empty means no right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Scopes(u16);

impl Scopes {
    /// No rows: the right is not there.
    pub const NONE: Self = Self(0);
    /// Every row.
    pub const ALL: Self = Self(1);
    /// Items in state ACTIVE.
    pub const ACTIVE: Self = Self(1 << 1);
    /// Projects that the caller manages.
    pub const OWN: Self = Self(1 << 2);
    /// Items that the caller sponsors, and everything below them.
    pub const SPON: Self = Self(1 << 3);
    /// Portfolio subtrees that the caller owns or that an assignment of hers names.
    pub const PF: Self = Self(1 << 4);
    /// Resources whose manager the caller is, and what is about them.
    pub const TEAM: Self = Self(1 << 5);
    /// The caller herself.
    pub const SELF: Self = Self(1 << 6);
    /// Rows granted to an API key.
    pub const GRANT: Self = Self(1 << 7);
    /// Own rows until they are approved.
    pub const OWN_DRAFT: Self = Self(1 << 8);
    /// What has been decided, in the caller's portfolios.
    pub const DECIDED: Self = Self(1 << 9);
    /// Scenarios shared with the caller.
    pub const SHARED: Self = Self(1 << 10);
    /// Rates of roles, never of a person.
    pub const ROLE_RATES: Self = Self(1 << 11);
    /// Own rows that are no labor.
    pub const OWN_NON_LABOR: Self = Self(1 << 12);
    /// Items whose benefits the caller owns, or for which she works.
    pub const LINKED: Self = Self(1 << 13);
    /// Items that use the caller's team.
    pub const USED: Self = Self(1 << 14);

    /// The names of all scopes, for printing.
    pub const NAMES: [(Self, &'static str); 15] = [
        (Self::ALL, "ALL"),
        (Self::ACTIVE, "ACTIVE"),
        (Self::OWN, "OWN"),
        (Self::SPON, "SPON"),
        (Self::PF, "PF"),
        (Self::TEAM, "TEAM"),
        (Self::SELF, "SELF"),
        (Self::GRANT, "GRANT"),
        (Self::OWN_DRAFT, "OWN_DRAFT"),
        (Self::DECIDED, "DECIDED"),
        (Self::SHARED, "SHARED"),
        (Self::ROLE_RATES, "ROLE_RATES"),
        (Self::OWN_NON_LABOR, "OWN_NON_LABOR"),
        (Self::LINKED, "LINKED"),
        (Self::USED, "USED"),
    ];

    /// Both together.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Where a right on drafts lets new ones be made: what is new is a draft, so on all of her own.
    #[must_use]
    pub const fn of_new(self) -> Self {
        if self.has(Self::OWN_DRAFT) { self.or(Self::OWN) } else { self }
    }

    /// Whether there is any right at all.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it holds on every row.
    pub const fn is_all(self) -> bool {
        self.0 & Self::ALL.0 != 0
    }

    /// Whether `other` is part of it.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether a right with these scopes holds on every row that `rows` shows.
    pub const fn covers(self, rows: Self) -> bool {
        self.is_all() || (!rows.is_empty() && self.has(rows))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("-");
        }
        let names: Vec<_> = Self::NAMES.iter().filter(|(s, _)| self.has(*s)).map(|(_, n)| *n).collect();
        f.write_str(&names.join("|"))
    }
}

/// What one role may do with one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Rows it may read.
    pub read: Scopes,
    /// Rows it may write.
    pub write: Scopes,
    /// Rows it may approve.
    pub approve: Scopes,
}

const fn grant(read: Scopes, write: Scopes, approve: Scopes) -> Grant {
    Grant { read, write, approve }
}

const fn reads(read: Scopes) -> Grant {
    grant(read, Scopes::NONE, Scopes::NONE)
}

const NOTHING: Grant = reads(Scopes::NONE);
const EVERYTHING: Grant = grant(Scopes::ALL, Scopes::ALL, Scopes::ALL);
const GRANTED: Grant = grant(Scopes::GRANT, Scopes::GRANT, Scopes::NONE);

/// The table of roles and classes. BENEFIT_OWNER and TEAM_MEMBER are relations, not roles: [`Rights::of_benefit_owner`] and
/// [`Rights::of_team_member`].
pub fn decide(role: Role, class: Class) -> Grant {
    use Scopes as S;
    match class {
        Class::Basic => match role {
            Role::PmoLead => EVERYTHING,
            Role::ProjectManager => grant(S::ALL, S::OWN, S::NONE),
            // A sponsor also decides on a proposal of hers and closes or cancels what she sponsors.
            Role::Sponsor => grant(S::SPON.or(S::ACTIVE), S::NONE, S::SPON),
            Role::ResourceManager => reads(S::USED),
            Role::Finance | Role::Auditor => reads(S::ALL),
            Role::Analyst => reads(S::PF),
            Role::Integration => GRANTED,
            // Directory rows only: an administrator sees people to give them roles, and no business data.
            Role::Admin => reads(S::SELF),
        },
        Class::Work => match role {
            Role::PmoLead => EVERYTHING,
            Role::ProjectManager => grant(S::OWN, S::OWN, S::NONE),
            Role::Sponsor => reads(S::SPON),
            // What is asked of her people and what they are booked for, never a project's own registers.
            Role::ResourceManager => reads(S::TEAM),
            Role::Analyst => reads(S::PF),
            Role::Auditor => reads(S::ALL),
            Role::Integration => GRANTED,
            // Finance reads summaries of work, which are figures of their own, never single rows.
            Role::Finance | Role::Admin => NOTHING,
        },
        Class::Fin => match role {
            Role::PmoLead => grant(S::ALL, S::NONE, S::ALL),
            Role::ProjectManager => grant(S::OWN, S::OWN, S::NONE),
            Role::Sponsor => grant(S::SPON, S::NONE, S::SPON),
            Role::Finance => grant(S::ALL, S::ALL, S::NONE),
            Role::Auditor => reads(S::ALL),
            Role::Integration => GRANTED,
            // An analyst reads money only where it was granted to her, which no assignment can say yet.
            Role::Analyst | Role::ResourceManager | Role::Admin => NOTHING,
        },
        Class::FinLine => match role {
            Role::PmoLead | Role::Auditor => reads(S::ALL),
            Role::ProjectManager => reads(S::OWN_NON_LABOR),
            Role::Finance => grant(S::ALL, S::ALL, S::NONE),
            Role::Integration => GRANTED,
            Role::Sponsor | Role::ResourceManager | Role::Analyst | Role::Admin => NOTHING,
        },
        Class::Rate => match role {
            Role::PmoLead => reads(S::ROLE_RATES),
            Role::Finance => grant(S::ALL, S::ALL, S::NONE),
            Role::ProjectManager
            | Role::Sponsor
            | Role::ResourceManager
            | Role::Analyst
            | Role::Auditor
            | Role::Integration
            | Role::Admin => NOTHING,
        },
        Class::Person => match role {
            Role::PmoLead => reads(S::ALL),
            Role::ProjectManager => reads(S::OWN),
            Role::ResourceManager => grant(S::TEAM, S::TEAM, S::NONE),
            Role::Integration => GRANTED,
            Role::Sponsor | Role::Finance | Role::Analyst | Role::Auditor | Role::Admin => NOTHING,
        },
        // Whoever manages people writes why they are away, and reads it where the house lets her: by an option.
        Class::Absence => match role {
            Role::ResourceManager => grant(S::NONE, S::TEAM, S::NONE),
            Role::PmoLead
            | Role::ProjectManager
            | Role::Sponsor
            | Role::Finance
            | Role::Analyst
            | Role::Auditor
            | Role::Integration
            | Role::Admin => NOTHING,
        },
        Class::Ben => match role {
            Role::PmoLead => EVERYTHING,
            Role::ProjectManager => grant(S::OWN, S::OWN_DRAFT, S::NONE),
            Role::Sponsor => grant(S::SPON, S::NONE, S::SPON),
            Role::Finance => grant(S::ALL, S::NONE, S::ALL),
            Role::Analyst => reads(S::PF),
            Role::Auditor => reads(S::ALL),
            Role::Integration => GRANTED,
            Role::ResourceManager | Role::Admin => NOTHING,
        },
        // The same rows as its benefit. What was measured is approved by whoever validates it, never by who may write it alone.
        Class::BenActual => match role {
            Role::PmoLead => EVERYTHING,
            Role::ProjectManager => grant(S::OWN, S::OWN_DRAFT, S::NONE),
            Role::Sponsor => reads(S::SPON),
            Role::Finance => grant(S::ALL, S::NONE, S::ALL),
            Role::Analyst => reads(S::PF),
            Role::Auditor => reads(S::ALL),
            Role::Integration => GRANTED,
            Role::ResourceManager | Role::Admin => NOTHING,
        },
        // Who writes reports sees them before they are published; everybody else waits.
        Class::WorkDraft => match role {
            Role::PmoLead => grant(S::ALL, S::ALL, S::NONE),
            Role::ProjectManager => grant(S::OWN, S::OWN, S::NONE),
            Role::Integration => GRANTED,
            Role::Sponsor | Role::ResourceManager | Role::Finance | Role::Analyst | Role::Auditor | Role::Admin => {
                NOTHING
            }
        },
        Class::Gov => match role {
            Role::PmoLead => EVERYTHING,
            Role::ProjectManager => grant(S::OWN, S::OWN, S::NONE),
            Role::Sponsor => grant(S::SPON, S::NONE, S::SPON),
            Role::Finance => grant(S::ALL, S::NONE, S::ALL),
            Role::Analyst => reads(S::DECIDED),
            Role::Auditor => reads(S::ALL),
            Role::Integration => GRANTED,
            Role::ResourceManager | Role::Admin => NOTHING,
        },
        Class::GovDraft => match role {
            Role::PmoLead => grant(S::ALL, S::ALL, S::NONE),
            Role::ProjectManager
            | Role::Sponsor
            | Role::ResourceManager
            | Role::Finance
            | Role::Analyst
            | Role::Auditor
            | Role::Integration
            | Role::Admin => NOTHING,
        },
        Class::Scen => match role {
            Role::PmoLead => EVERYTHING,
            Role::Sponsor | Role::Analyst => reads(S::SHARED),
            Role::ResourceManager => reads(S::TEAM),
            Role::Finance => grant(S::ALL, S::ALL, S::NONE),
            Role::Auditor => reads(S::ALL),
            Role::Integration => GRANTED,
            Role::ProjectManager | Role::Admin => NOTHING,
        },
        Class::Aud => match role {
            Role::PmoLead | Role::Auditor => reads(S::ALL),
            Role::ProjectManager => reads(S::OWN),
            // Finance reads the trail of finance entities; it comes with them.
            Role::Finance | Role::Sponsor | Role::ResourceManager | Role::Analyst | Role::Integration | Role::Admin => {
                NOTHING
            }
        },
        Class::Sec => match role {
            Role::PmoLead | Role::Admin => grant(S::ALL, S::ALL, S::NONE),
            Role::Auditor => reads(S::ALL),
            Role::ProjectManager
            | Role::Sponsor
            | Role::ResourceManager
            | Role::Finance
            | Role::Analyst
            | Role::Integration => NOTHING,
        },
    }
}

/// On which rows each class can be read, by its place in the published table.
pub type Reads = [Scopes; Class::ALL.len()];

/// The rights of a caller: the union over her roles. Also the part of a plan's key that rights decide.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rights {
    read: Reads,
    write: Reads,
    approve: Reads,
    steps: [Scopes; Step::ALL.len()],
    /// Which sets of her rows have any.
    pub reach: Reach,
}

impl Default for Rights {
    /// No rights.
    fn default() -> Self {
        let (read, write, approve) = Default::default();
        Self { read, write, approve, steps: [Scopes::NONE; Step::ALL.len()], reach: Reach::default() }
    }
}

impl Rights {
    /// The union of what the roles give. ALL absorbs the narrower scopes, so that equal rights are equal keys.
    pub fn of(roles: &[Role]) -> Self {
        let mut rights = Self::default();
        for class in Class::ALL {
            let i = class as usize;
            for role in roles {
                let given = decide(*role, class);
                rights.read[i] = absorb(rights.read[i].or(given.read));
                rights.write[i] = absorb(rights.write[i].or(given.write));
                rights.approve[i] = absorb(rights.approve[i].or(given.approve));
            }
        }
        rights.steps = Step::ALL.map(|step| absorb(steps::scopes(roles, step)));
        rights
    }

    /// What is left of it to an API key: it hands out no rights, approves nothing and takes no step from which a duty bars
    /// somebody, since who holds it is not seen.
    #[must_use]
    pub fn of_key(mut self) -> Self {
        self.write[Class::Sec as usize] = Scopes::NONE;
        self.approve = [Scopes::NONE; Class::ALL.len()];
        for step in Step::ALL.into_iter().filter(|step| step.approves()) {
            self.steps[step as usize] = Scopes::NONE;
        }
        self
    }

    /// Beside it what BENEFIT_OWNER may, a relation and no role: she reads her benefits, and names, states and dates of the
    /// items that bring them, and writes how her benefits are measured and what was.
    #[must_use]
    pub fn of_benefit_owner(mut self) -> Self {
        for (class, scopes) in
            [(Class::Basic, Scopes::LINKED), (Class::Ben, Scopes::SELF), (Class::BenActual, Scopes::SELF)]
        {
            let read = &mut self.read[class as usize];
            *read = absorb(read.or(scopes));
        }
        let write = &mut self.write[Class::BenActual as usize];
        *write = absorb(write.or(Scopes::SELF));
        self
    }

    /// Beside it what TEAM_MEMBER may, likewise: she reads what is known of herself, what she is booked for, and names, states
    /// and dates of the items there, and records what she has worked.
    #[must_use]
    pub fn of_team_member(mut self) -> Self {
        for (class, scopes) in [
            (Class::Basic, Scopes::LINKED),
            (Class::Work, Scopes::SELF),
            (Class::Person, Scopes::SELF),
            (Class::Absence, Scopes::SELF),
        ] {
            let read = &mut self.read[class as usize];
            *read = absorb(read.or(scopes));
        }
        let records = &mut self.steps[Step::TimeRecord as usize];
        *records = absorb(records.or(Scopes::SELF));
        self
    }

    /// Beside it what the house lets who manages a team read of it, which a resource manager does not by her role alone.
    #[must_use]
    pub fn of_opened(mut self, roles: &[Role], opened: &[Class]) -> Self {
        for class in opened.iter().filter(|_| roles.contains(&Role::ResourceManager)) {
            let read = &mut self.read[*class as usize];
            *read = absorb(read.or(Scopes::TEAM));
        }
        self
    }

    /// On which rows the permission holds.
    pub fn scopes(&self, permission: Permission) -> Scopes {
        let i = permission.class as usize;
        match permission.verb {
            Verb::Read => self.read[i],
            Verb::Write => self.write[i],
            Verb::Approve => self.approve[i],
        }
    }

    /// On which rows fields of this class can be read.
    pub fn read(&self, class: Class) -> Scopes {
        self.read[class as usize]
    }

    /// On which items fields of this class can be read as a whole. A right on what is about a resource reads no item, and
    /// neither does one on what is her own, but for the benefits that she owns.
    pub fn read_of_items(&self, class: Class) -> Scopes {
        let all = self.read(class);
        match class {
            Class::Ben | Class::BenActual => all.without(Scopes::TEAM),
            _ => all.without(Scopes::TEAM.or(Scopes::SELF)),
        }
    }

    /// On which rows the step can be taken.
    pub fn takes(&self, step: Step) -> Scopes {
        self.steps[step as usize]
    }

    /// On which rows each class can be read.
    pub fn reads(&self) -> Reads {
        self.read
    }

    /// Whether anything can be written at all.
    pub fn writes_anything(&self) -> bool {
        self.write.iter().chain(&self.approve).chain(&self.steps).any(|s| !s.is_empty())
    }
}

fn absorb(scopes: Scopes) -> Scopes {
    if scopes.is_all() { Scopes::ALL } else { scopes }
}
