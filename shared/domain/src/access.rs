//! Who may do what, for which organization.
//!
//! A caller is denied what no scope of its own allows. A [`Tenant`], which every
//! query of tenant data takes, comes only from a caller: code that has not asked
//! who calls cannot name an organization.

use std::{collections::BTreeSet, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Error, Result, organization::OrganizationId, redact, text_enum::text_enum};

text_enum! {
    /// What an API key or a role may do.
    pub enum Scope, "scope" {
        OrganizationsRead = "organizations:read",
        OrganizationsWrite = "organizations:write",
        OrganizationsExport = "organizations:export",
        OrganizationsPurge = "organizations:purge",
        ConnectorsRead = "connectors:read",
        ConnectorsWrite = "connectors:write",
        SyncSettingsRead = "sync-settings:read",
        SyncSettingsWrite = "sync-settings:write",
        /// Turn single streams on and off.
        SyncStreamsWrite = "sync-streams:write",
        /// Ask for a sync now.
        SyncRun = "sync:run",
        SyncRunsRead = "sync-runs:read",
        /// When data last came, and whether it is behind.
        SyncStatusRead = "sync-status:read",
        TeamMembersRead = "team-members:read",
        ShiftsRead = "shifts:read",
        TimePunchesRead = "time-punches:read",
        LocationsRead = "locations:read",
        RolesRead = "roles:read",
        DepartmentsRead = "departments:read",
        WagesRead = "wages:read",
        RoleAssignmentsRead = "role-assignments:read",
        AvailabilityRead = "availability:read",
        TimeOffRead = "time-off:read",
        /// Everybody's attendance: records, summaries, sick leave, and the policy.
        AttendanceRead = "attendance:read",
        /// One's own records, sick leave and week, and what it all comes to where one works.
        AttendanceOwn = "attendance:own",
        /// What was scheduled against what was worked, with every number.
        AttendanceDeltasRead = "attendance-deltas:read",
        /// Say something of a record or a punch, and have it all decided again.
        AttendanceWrite = "attendance:write",
        /// The policy.
        AttendancePolicyWrite = "attendance-policy:write",
        /// What work costs by the rates of roles; whose rates are told is up to `wages:read`.
        CostingRead = "costing:read",
        /// Who is on shift, and whether a message for people at work is sent to them.
        ShiftChecksRead = "shift-checks:read",
        /// Who works there, by an HR system.
        EmployeesRead = "employees:read",
        /// When they are away, by an HR system.
        LeaveRequestsRead = "leave-requests:read",
        /// What connectors of the type `custom` have listed.
        CustomRecordsRead = "custom-records:read",
        WebhooksRead = "webhooks:read",
        /// Webhooks that are received, and their secrets.
        WebhooksWrite = "webhooks:write",
        /// What webhooks have brought, bodies included.
        WebhookEventsRead = "webhook-events:read",
        /// Have events worked on again.
        WebhookEventsReplay = "webhook-events:replay",
        AutomationRulesRead = "automation-rules:read",
        /// What follows from an event.
        AutomationRulesWrite = "automation-rules:write",
        NoticesRead = "notices:read",
        /// Take down what was seen to.
        NoticesWrite = "notices:write",
        /// What the integrations did.
        LogsRead = "logs:read",
        /// Who changed what is set up.
        AuditRead = "audit:read",
        OutgoingWebhooksRead = "outgoing-webhooks:read",
        /// Endpoints that are sent webhooks, and their secrets.
        OutgoingWebhooksWrite = "outgoing-webhooks:write",
        /// Call an API with the credential of a connector.
        ConnectorsCall = "connectors:call",
        /// Send messages with a connector of the organization.
        NotificationsSend = "notifications:send",
        /// What was sent, and what became of it.
        DeliveriesRead = "deliveries:read",
        /// Have what was given up sent again.
        DeliveriesWrite = "deliveries:write",
        /// Days on which the office is closed.
        ClosuresRead = "closures:read",
        ClosuresWrite = "closures:write",
        /// Other limits of single advisers.
        CapacityOverridesRead = "capacity-overrides:read",
        CapacityOverridesWrite = "capacity-overrides:write",
        /// By what deals are allocated.
        AllocationSettingsRead = "allocation-settings:read",
        AllocationSettingsWrite = "allocation-settings:write",
        /// When advisers have room, what they have to do, and in which weeks they are away.
        AdvisersRead = "advisers:read",
        /// Which deal was given to whom, and why.
        AllocationsRead = "allocations:read",
        /// Have a deal given to an adviser.
        AllocationsRun = "allocations:run",
        /// Give a deal to somebody else, or have it decided again.
        AllocationsWrite = "allocations:write",
        /// Folders of clients in Box.
        ClientFoldersRead = "client-folders:read",
        /// Have one made, or tried again.
        ClientFoldersWrite = "client-folders:write",
        StoresRead = "stores:read",
        /// Stores, which location is which of them, and who people are in the product.
        StoresWrite = "stores:write",
        ApiKeysRead = "api-keys:read",
        ApiKeysWrite = "api-keys:write",
    }
}

impl Scope {
    /// Whether it lets change what is set up: what the audit tells of.
    #[must_use]
    pub const fn is_setup(self) -> bool {
        matches!(
            self,
            Self::OrganizationsWrite
                | Self::OrganizationsPurge
                | Self::ConnectorsWrite
                | Self::SyncSettingsWrite
                | Self::SyncStreamsWrite
                | Self::WebhooksWrite
                | Self::AutomationRulesWrite
                | Self::OutgoingWebhooksWrite
                | Self::StoresWrite
                | Self::AttendanceWrite
                | Self::AttendancePolicyWrite
                | Self::ClosuresWrite
                | Self::CapacityOverridesWrite
                | Self::ClientFoldersWrite
                | Self::AllocationSettingsWrite
                | Self::AllocationsWrite
                | Self::ApiKeysWrite
        )
    }
}

/// What a person or the operator's key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Of an organization; others call it *omega*.
    Owner,
    Admin,
    Member,
    /// Runs the installation; belongs to no organization.
    Operator,
}

impl Role {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Operator => "operator",
        }
    }

    /// The one table of what a role may do. Each role of an organization may what
    /// the one below it may: people see the schedule, how current it is and when the office is closed, admins
    /// run the connection and the webhooks, say when the office is closed and how many clients an adviser takes, and see who
    /// worked when, who is away and what work costs, owners also see
    /// what people earn, every sync there was and who changed what, and decide what is synced, by what
    /// deals are allocated and who has keys.
    #[must_use]
    pub fn scopes(self) -> BTreeSet<Scope> {
        const MEMBER: &[Scope] = &[
            Scope::TeamMembersRead,
            Scope::ShiftsRead,
            Scope::LocationsRead,
            Scope::RolesRead,
            Scope::DepartmentsRead,
            Scope::RoleAssignmentsRead,
            Scope::StoresRead,
            Scope::SyncStatusRead,
            Scope::AttendanceOwn,
            Scope::ClosuresRead,
        ];
        const ADMIN: &[Scope] = &[
            Scope::OrganizationsRead,
            Scope::ConnectorsRead,
            Scope::ConnectorsWrite,
            Scope::ConnectorsCall,
            Scope::SyncSettingsRead,
            Scope::SyncSettingsWrite,
            Scope::SyncRun,
            Scope::TimePunchesRead,
            Scope::AvailabilityRead,
            Scope::TimeOffRead,
            Scope::AttendanceRead,
            Scope::AttendanceWrite,
            Scope::AttendancePolicyWrite,
            Scope::CostingRead,
            Scope::ShiftChecksRead,
            Scope::EmployeesRead,
            Scope::LeaveRequestsRead,
            Scope::CustomRecordsRead,
            Scope::ClosuresWrite,
            Scope::CapacityOverridesRead,
            Scope::CapacityOverridesWrite,
            Scope::ClientFoldersRead,
            Scope::ClientFoldersWrite,
            Scope::AllocationSettingsRead,
            Scope::AdvisersRead,
            Scope::AllocationsRead,
            Scope::AllocationsRun,
            Scope::StoresWrite,
            Scope::WebhooksRead,
            Scope::WebhooksWrite,
            Scope::WebhookEventsRead,
            Scope::WebhookEventsReplay,
            Scope::AutomationRulesRead,
            Scope::AutomationRulesWrite,
            Scope::NoticesRead,
            Scope::NoticesWrite,
            Scope::LogsRead,
            Scope::OutgoingWebhooksRead,
            Scope::OutgoingWebhooksWrite,
            Scope::NotificationsSend,
            Scope::DeliveriesRead,
            Scope::DeliveriesWrite,
            Scope::ApiKeysRead,
        ];
        const OWNER: &[Scope] = &[
            Scope::SyncStreamsWrite,
            Scope::SyncRunsRead,
            Scope::ApiKeysWrite,
            Scope::AuditRead,
            Scope::WagesRead,
            Scope::AttendanceDeltasRead,
            Scope::AllocationSettingsWrite,
            Scope::AllocationsWrite,
        ];
        let granted: &[&[Scope]] = match self {
            Self::Member => &[MEMBER],
            Self::Admin => &[MEMBER, ADMIN],
            Self::Owner => &[MEMBER, ADMIN, OWNER],
            Self::Operator => &[Scope::ALL],
        };
        granted.iter().copied().flatten().copied().collect()
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "owner" | "omega" => Ok(Self::Owner),
            "admin" => Ok(Self::Admin),
            "member" => Ok(Self::Member),
            "operator" => Ok(Self::Operator),
            _ => Err(Error::UnknownName {
                what: "role",
                given: redact::excerpt(text, 60, &[]),
                known: "owner admin member operator",
            }),
        }
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// How a caller proved who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerKind {
    ApiKey,
    /// A token of the product that embeds Patchbay.
    Jwt,
    /// A signed-in person.
    Session,
    /// A provider, by the signature of a webhook.
    Provider,
    /// Another function of this installation.
    Internal,
}

/// The data of one organization, and the right to touch it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tenant(OrganizationId);

impl Tenant {
    #[must_use]
    pub const fn organization_id(&self) -> &OrganizationId {
        &self.0
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Whoever sent a request, once that is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    kind: CallerKind,
    organization_id: Option<OrganizationId>,
    role: Option<Role>,
    scopes: BTreeSet<Scope>,
    subject: String,
}

/// What is kept of who a caller says that it is.
pub const SUBJECT_MAX_CHARACTERS: usize = 200;

impl Caller {
    /// A caller with the scopes of its role. `subject` (a key's id, a token's
    /// `sub`) is for logs: it is cut to [`SUBJECT_MAX_CHARACTERS`].
    ///
    /// # Errors
    /// [`Error::RoleBinding`]: an operator with an organization, or another role without one.
    pub fn with_role(
        kind: CallerKind,
        role: Role,
        organization_id: Option<OrganizationId>,
        subject: &str,
    ) -> Result<Self> {
        if (role == Role::Operator) == organization_id.is_some() {
            return Err(Error::RoleBinding);
        }
        Ok(Self::new(
            kind,
            organization_id,
            Some(role),
            role.scopes(),
            subject,
        ))
    }

    /// A caller with the scopes of its key. They never reach beyond the
    /// organization's owner, whatever the key's row says.
    #[must_use]
    pub fn with_scopes(
        organization_id: OrganizationId,
        scopes: &BTreeSet<Scope>,
        subject: &str,
    ) -> Self {
        let scopes = scopes & &Role::Owner.scopes();
        Self::new(
            CallerKind::ApiKey,
            Some(organization_id),
            None,
            scopes,
            subject,
        )
    }

    /// A provider whose webhook names this organization's connector. It has no scopes.
    #[must_use]
    pub fn provider(organization_id: OrganizationId, subject: &str) -> Self {
        Self::new(
            CallerKind::Provider,
            Some(organization_id),
            None,
            BTreeSet::new(),
            subject,
        )
    }

    /// Another function. It has no scopes: the routes for it ask for the kind.
    #[must_use]
    pub fn internal(subject: &str) -> Self {
        Self::new(CallerKind::Internal, None, None, BTreeSet::new(), subject)
    }

    fn new(
        kind: CallerKind,
        organization_id: Option<OrganizationId>,
        role: Option<Role>,
        scopes: BTreeSet<Scope>,
        subject: &str,
    ) -> Self {
        let subject = redact::excerpt(subject, SUBJECT_MAX_CHARACTERS, &[]);
        Self {
            kind,
            organization_id,
            role,
            scopes,
            subject,
        }
    }

    #[must_use]
    pub const fn kind(&self) -> CallerKind {
        self.kind
    }

    /// Whether the subject is somebody of the product: an API key is no person.
    #[must_use]
    pub const fn is_person(&self) -> bool {
        matches!(self.kind, CallerKind::Jwt | CallerKind::Session)
    }

    /// How it proved who it is, in the words of the audit.
    #[must_use]
    pub const fn kind_name(&self) -> &'static str {
        match (self.kind, self.role) {
            (_, Some(Role::Operator)) => "operator",
            (CallerKind::ApiKey, _) => "api_key",
            (CallerKind::Jwt, _) => "jwt",
            (CallerKind::Session, _) => "session",
            (CallerKind::Provider | CallerKind::Internal, _) => "system",
        }
    }

    #[must_use]
    pub const fn role(&self) -> Option<Role> {
        self.role
    }

    #[must_use]
    pub const fn organization_id(&self) -> Option<&OrganizationId> {
        self.organization_id.as_ref()
    }

    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    #[must_use]
    pub const fn scopes(&self) -> &BTreeSet<Scope> {
        &self.scopes
    }

    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// # Errors
    /// [`Error::MissingScope`].
    pub fn require(&self, scope: Scope) -> Result<()> {
        if self.may(scope) {
            Ok(())
        } else {
            Err(Error::MissingScope(scope))
        }
    }

    /// The caller's own organization.
    ///
    /// # Errors
    /// [`Error::NoOrganization`] for operators and functions, which name one with [`Caller::tenant_named`].
    pub fn tenant(&self) -> Result<Tenant> {
        self.organization_id
            .clone()
            .map(Tenant)
            .ok_or(Error::NoOrganization)
    }

    /// The organization that a request names: the caller's own, or any for
    /// operators and functions. That it exists is for the query to find out.
    ///
    /// # Errors
    /// [`Error::OrganizationId`]; [`Error::ForeignOrganization`].
    pub fn tenant_named(&self, organization_id: &str) -> Result<Tenant> {
        let named = OrganizationId::parse(organization_id)?;
        let unbound = self.kind == CallerKind::Internal || self.role == Some(Role::Operator);
        if unbound || self.organization_id.as_ref() == Some(&named) {
            Ok(Tenant(named))
        } else {
            Err(Error::ForeignOrganization)
        }
    }

    /// Checks that this caller may make a key with these scopes: nobody grants what they do not have.
    ///
    /// # Errors
    /// [`Error::ScopeNotGrantable`] with the first such scope.
    pub fn may_grant(&self, scopes: &BTreeSet<Scope>) -> Result<()> {
        match scopes.difference(&self.scopes).next() {
            Some(&scope) => Err(Error::ScopeNotGrantable(scope)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0190a5c0-7e1b-7c3e-8f00-00000000000a";
    const B: &str = "0190a5c0-7e1b-7c3e-8f00-00000000000b";

    fn id(text: &str) -> OrganizationId {
        text.parse().unwrap()
    }

    fn person(role: Role) -> Caller {
        Caller::with_role(CallerKind::Jwt, role, Some(id(A)), "user-1").unwrap()
    }

    fn operator() -> Caller {
        Caller::with_role(CallerKind::ApiKey, Role::Operator, None, "bootstrap").unwrap()
    }

    #[test]
    fn another_organization_is_not_found() {
        for role in [Role::Owner, Role::Admin, Role::Member] {
            let caller = person(role);
            assert_eq!(caller.tenant_named(B), Err(Error::ForeignOrganization));
            assert_eq!(caller.tenant_named(A).unwrap(), caller.tenant().unwrap());
        }
        let provider = Caller::provider(id(A), "7shifts");
        assert_eq!(provider.tenant_named(B), Err(Error::ForeignOrganization));
    }

    #[test]
    fn those_who_serve_all_must_name_one() {
        for caller in [operator(), Caller::internal("cron-tick")] {
            assert_eq!(caller.tenant(), Err(Error::NoOrganization));
            assert_eq!(caller.tenant_named("x"), Err(Error::OrganizationId));
            assert_eq!(caller.tenant_named(B).unwrap().as_str(), B);
        }
    }

    #[test]
    fn a_role_is_bound_to_an_organization_exactly_when_it_is_of_one() {
        let with = |role, organization| Caller::with_role(CallerKind::Jwt, role, organization, "s");
        assert_eq!(with(Role::Owner, None), Err(Error::RoleBinding));
        assert_eq!(with(Role::Operator, Some(id(A))), Err(Error::RoleBinding));
    }

    #[test]
    fn roles_may_what_the_table_says() {
        // owner, admin, member, operator
        let table = [
            (Scope::OrganizationsRead, "oa.p"),
            (Scope::OrganizationsWrite, "...p"),
            (Scope::OrganizationsExport, "...p"),
            (Scope::OrganizationsPurge, "...p"),
            (Scope::ConnectorsRead, "oa.p"),
            (Scope::ConnectorsWrite, "oa.p"),
            (Scope::ConnectorsCall, "oa.p"),
            (Scope::SyncSettingsRead, "oa.p"),
            (Scope::SyncSettingsWrite, "oa.p"),
            (Scope::SyncStreamsWrite, "o..p"),
            (Scope::SyncRun, "oa.p"),
            (Scope::SyncRunsRead, "o..p"),
            (Scope::SyncStatusRead, "oamp"),
            (Scope::TeamMembersRead, "oamp"),
            (Scope::ShiftsRead, "oamp"),
            (Scope::TimePunchesRead, "oa.p"),
            (Scope::LocationsRead, "oamp"),
            (Scope::RolesRead, "oamp"),
            (Scope::DepartmentsRead, "oamp"),
            (Scope::WagesRead, "o..p"),
            (Scope::RoleAssignmentsRead, "oamp"),
            (Scope::AvailabilityRead, "oa.p"),
            (Scope::TimeOffRead, "oa.p"),
            (Scope::AttendanceRead, "oa.p"),
            (Scope::AttendanceOwn, "oamp"),
            (Scope::AttendanceDeltasRead, "o..p"),
            (Scope::AttendanceWrite, "oa.p"),
            (Scope::AttendancePolicyWrite, "oa.p"),
            (Scope::CostingRead, "oa.p"),
            (Scope::ShiftChecksRead, "oa.p"),
            (Scope::EmployeesRead, "oa.p"),
            (Scope::LeaveRequestsRead, "oa.p"),
            (Scope::CustomRecordsRead, "oa.p"),
            (Scope::WebhooksRead, "oa.p"),
            (Scope::WebhooksWrite, "oa.p"),
            (Scope::WebhookEventsRead, "oa.p"),
            (Scope::WebhookEventsReplay, "oa.p"),
            (Scope::AutomationRulesRead, "oa.p"),
            (Scope::AutomationRulesWrite, "oa.p"),
            (Scope::NoticesRead, "oa.p"),
            (Scope::NoticesWrite, "oa.p"),
            (Scope::LogsRead, "oa.p"),
            (Scope::AuditRead, "o..p"),
            (Scope::OutgoingWebhooksRead, "oa.p"),
            (Scope::OutgoingWebhooksWrite, "oa.p"),
            (Scope::NotificationsSend, "oa.p"),
            (Scope::DeliveriesRead, "oa.p"),
            (Scope::DeliveriesWrite, "oa.p"),
            (Scope::ClosuresRead, "oamp"),
            (Scope::ClosuresWrite, "oa.p"),
            (Scope::CapacityOverridesRead, "oa.p"),
            (Scope::CapacityOverridesWrite, "oa.p"),
            (Scope::ClientFoldersRead, "oa.p"),
            (Scope::ClientFoldersWrite, "oa.p"),
            (Scope::AllocationSettingsRead, "oa.p"),
            (Scope::AllocationSettingsWrite, "o..p"),
            (Scope::AdvisersRead, "oa.p"),
            (Scope::AllocationsRead, "oa.p"),
            (Scope::AllocationsRun, "oa.p"),
            (Scope::AllocationsWrite, "o..p"),
            (Scope::StoresRead, "oamp"),
            (Scope::StoresWrite, "oa.p"),
            (Scope::ApiKeysRead, "oa.p"),
            (Scope::ApiKeysWrite, "o..p"),
        ];
        assert_eq!(table.len(), Scope::ALL.len());
        let callers = [
            person(Role::Owner),
            person(Role::Admin),
            person(Role::Member),
            operator(),
        ];
        for (scope, expected) in table {
            for (caller, letter) in callers.iter().zip(expected.chars()) {
                assert_eq!(
                    caller.may(scope),
                    letter != '.',
                    "{scope} {:?}",
                    caller.role()
                );
                assert_eq!(caller.require(scope).is_ok(), letter != '.');
            }
        }
    }

    #[test]
    fn functions_and_providers_have_no_scopes() {
        for caller in [Caller::internal("tick"), Caller::provider(id(A), "7shifts")] {
            assert!(Scope::ALL.iter().all(|&scope| !caller.may(scope)));
        }
    }

    #[test]
    fn nobody_grants_what_they_do_not_have() {
        let wanted = BTreeSet::from([Scope::ShiftsRead, Scope::SyncStreamsWrite]);
        assert_eq!(
            person(Role::Admin).may_grant(&wanted),
            Err(Error::ScopeNotGrantable(Scope::SyncStreamsWrite))
        );
        assert_eq!(person(Role::Owner).may_grant(&wanted), Ok(()));
    }

    #[test]
    fn a_key_never_reaches_beyond_its_owner() {
        let caller = Caller::with_scopes(id(A), &Scope::ALL.iter().copied().collect(), "key-1");
        assert!(caller.may(Scope::SyncStreamsWrite));
        assert!(!caller.may(Scope::OrganizationsPurge));
        assert_eq!(caller.tenant_named(B), Err(Error::ForeignOrganization));
    }

    #[test]
    fn omega_is_the_owner() {
        assert_eq!("omega".parse::<Role>().unwrap(), Role::Owner);
        assert_eq!(
            serde_json::from_str::<Role>("\"omega\"").unwrap(),
            Role::Owner
        );
        assert_eq!(serde_json::to_string(&Role::Owner).unwrap(), "\"owner\"");
        assert!("Owner".parse::<Role>().is_err());
        for role in [Role::Owner, Role::Admin, Role::Member, Role::Operator] {
            assert_eq!(role.as_str().parse::<Role>().unwrap(), role);
        }
    }
}
