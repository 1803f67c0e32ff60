//! People.

use serde::Deserialize;

use crate::field::{Fault, Field, Flag, Integer, OptionalObject, Text, Time};
use crate::record::Row;

/// A person's membership of one company. Where they work and as what is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: i64,
    /// The person behind the memberships: users who share it are one human being.
    pub identity_id: Option<i64>,
    pub company_id: Option<i64>,
    pub first_name: String,
    pub last_name: String,
    pub preferred_first_name: Option<String>,
    pub preferred_last_name: Option<String>,
    pub email: Option<String>,
    pub mobile_number: Option<String>,
    pub home_number: Option<String>,
    pub photo: Option<String>,
    /// `employee`, `asst_manager`, `manager`, `employer` (an administrator or owner).
    pub r#type: Option<String>,
    /// False: deactivated. A rehire makes it true again.
    pub active: bool,
    /// `accepted`, `pending`, `required`, `missing_contact_info`.
    pub invite_status: Option<String>,
    /// `accepted`, `pending`, `expired`.
    pub reactivation_status: Option<String>,
    /// From `meta`.
    pub identity_status: Option<String>,
    /// The code people clock in with; its leading zeros count.
    pub punch_id: Option<String>,
    /// The payroll system's id.
    pub employee_id: Option<String>,
    /// Text on the wire too.
    pub max_weekly_hours: Option<String>,
    pub timezone: Option<String>,
    pub language: Option<String>,
    pub skill_level: Option<i64>,
    /// Cents; often 0. The wages endpoint is what counts.
    pub hourly_wage: Option<i64>,
    pub wage_type: Option<String>,
    /// `YYYY-MM-DD`, as sent; no longer part of the pinned version.
    pub hire_date: Option<String>,
    pub appear_as_employee: bool,
    pub created: Option<i64>,
    pub modified: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct UserWire {
    id: Field<Integer>,
    identity_id: Field<Integer>,
    company_id: Field<Integer>,
    first_name: Field<Text>,
    last_name: Field<Text>,
    preferred_first_name: Field<Text>,
    preferred_last_name: Field<Text>,
    email: Field<Text>,
    mobile_number: Field<Text>,
    home_number: Field<Text>,
    photo: Field<Text>,
    r#type: Field<Text>,
    active: Field<Flag>,
    invite_status: Field<Text>,
    reactivation_status: Field<Text>,
    meta: OptionalObject<MetaWire>,
    punch_id: Field<Text>,
    employee_id: Field<Text>,
    max_weekly_hours: Field<Text>,
    timezone: Field<Text>,
    language: Field<Text>,
    skill_level: Field<Integer>,
    hourly_wage: Field<Integer>,
    wage_type: Field<Text>,
    hire_date: Field<Text>,
    appear_as_employee: Field<Flag>,
    created: Field<Time>,
    modified: Field<Time>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct MetaWire {
    identity_status: Field<Text>,
}

impl Row for User {
    type Wire = UserWire;
    type Id = i64;

    fn wire_id(wire: &UserWire) -> Option<i64> {
        wire.id.as_id()
    }

    fn from_wire(wire: UserWire) -> Result<Self, Fault> {
        let OptionalObject(meta) = wire.meta;
        Ok(Self {
            id: wire.id.id("id")?,
            identity_id: wire.identity_id.link("identity_id")?,
            company_id: wire.company_id.link("company_id")?,
            first_name: wire.first_name.or_default("first_name")?,
            last_name: wire.last_name.or_default("last_name")?,
            preferred_first_name: wire.preferred_first_name.optional("preferred_first_name")?,
            preferred_last_name: wire.preferred_last_name.optional("preferred_last_name")?,
            email: wire.email.optional("email")?,
            mobile_number: wire.mobile_number.optional("mobile_number")?,
            home_number: wire.home_number.optional("home_number")?,
            photo: wire.photo.optional("photo")?,
            r#type: wire.r#type.optional("type")?,
            // Guessing would dismiss someone, or take them back.
            active: wire.active.required("active")?,
            invite_status: wire.invite_status.optional("invite_status")?,
            reactivation_status: wire.reactivation_status.optional("reactivation_status")?,
            identity_status: meta.identity_status.optional("meta.identity_status")?,
            punch_id: wire.punch_id.optional("punch_id")?,
            employee_id: wire.employee_id.optional("employee_id")?,
            max_weekly_hours: wire.max_weekly_hours.optional("max_weekly_hours")?,
            timezone: wire.timezone.optional("timezone")?,
            language: wire.language.optional("language")?,
            skill_level: wire.skill_level.optional("skill_level")?,
            hourly_wage: wire.hourly_wage.optional("hourly_wage")?,
            wage_type: wire.wage_type.optional("wage_type")?,
            hire_date: wire.hire_date.optional("hire_date")?,
            appear_as_employee: wire.appear_as_employee.or_default("appear_as_employee")?,
            created: wire.created.optional("created")?,
            modified: wire.modified.optional("modified")?,
        })
    }

    fn id(&self) -> i64 {
        self.id
    }

    fn owner(&self) -> Option<i64> {
        self.company_id
    }
}
