//! People.

use chrono::NaiveDate;
use serde::Deserialize;

use super::field::{Day, Id, Mail};
use crate::field::{Fault, Field, Items, Text};
use crate::record::Row;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Employee {
    pub id: String,
    pub full_name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub known_as: Option<String>,
    /// In lower case, as is `company_email`. It is the login, and may be a private one.
    pub account_email: Option<String>,
    pub company_email: Option<String>,
    pub job_title: Option<String>,
    /// `active`; former and pending people are in the list, too.
    pub status: Option<String>,
    pub start_date: Option<NaiveDate>,
    pub termination_date: Option<NaiveDate>,
    pub time_zone: Option<String>,
    pub teams: Vec<Team>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    pub id: Option<String>,
    pub name: Option<String>,
}

impl Employee {
    /// The name that people know: the full one, or what it is made of.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        if self.full_name.is_some() {
            return self.full_name.clone();
        }
        let parts: Vec<&str> = [&self.first_name, &self.last_name]
            .into_iter()
            .filter_map(|part| part.as_deref())
            .collect();
        if parts.is_empty() {
            self.known_as.clone()
        } else {
            Some(parts.join(" "))
        }
    }

    /// The addresses by which others may know the person, the likeliest first, in lower case.
    pub fn mails(&self) -> impl Iterator<Item = &str> {
        [&self.company_email, &self.account_email]
            .into_iter()
            .filter_map(|mail| mail.as_deref())
    }

    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status
            .as_deref()
            .is_some_and(|status| status.eq_ignore_ascii_case("active"))
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct EmployeeWire {
    id: Field<Id>,
    full_name: Field<Text>,
    first_name: Field<Text>,
    last_name: Field<Text>,
    known_as: Field<Text>,
    account_email: Field<Mail>,
    company_email: Field<Mail>,
    job_title: Field<Text>,
    status: Field<Text>,
    start_date: Field<Day>,
    termination_date: Field<Day>,
    time_zone: Field<Text>,
    teams: Items<TeamWire>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TeamWire {
    id: Field<Id>,
    name: Field<Text>,
}

impl Row for Employee {
    type Wire = EmployeeWire;
    type Id = String;

    fn wire_id(wire: &EmployeeWire) -> Option<String> {
        wire.id.as_text_id()
    }

    fn from_wire(wire: EmployeeWire) -> Result<Self, Fault> {
        Ok(Self {
            id: wire.id.required("id")?,
            full_name: wire.full_name.optional("full_name")?,
            first_name: wire.first_name.optional("first_name")?,
            last_name: wire.last_name.optional("last_name")?,
            known_as: wire.known_as.optional("known_as")?,
            account_email: wire.account_email.optional("account_email")?,
            company_email: wire.company_email.optional("company_email")?,
            job_title: wire.job_title.optional("job_title")?,
            status: wire.status.optional("status")?,
            start_date: wire.start_date.optional("start_date")?,
            termination_date: wire.termination_date.optional("termination_date")?,
            time_zone: wire.time_zone.optional("time_zone")?,
            teams: wire.teams.convert("teams", team)?,
        })
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn owner(&self) -> Option<i64> {
        None
    }
}

fn team(wire: TeamWire) -> Result<Option<Team>, Fault> {
    Ok(Some(Team {
        id: wire.id.optional("id")?,
        name: wire.name.optional("name")?,
    }))
}
