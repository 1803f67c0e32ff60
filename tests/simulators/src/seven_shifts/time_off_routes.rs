//! What lies beside the companies in the API's paths: time off and its
//! settings. The company is named in the query, or is the token's.

use bytes::Bytes;
use http::Method;

use super::SevenShifts;
use super::accounts::Credential;
use super::lists;
use super::model::{Company, Resource};
use super::paging::Paging;
use super::problem::Problem;
use super::query::Query;
use super::routes::{Reading, Reply, corrupted, no_route, owned_company, require_plan};
use super::wire::{self, TimeOffSettingsWire, TimeOffWire};

impl SevenShifts {
    /// `/v2/time_off` and what follows it.
    pub(super) fn time_off(
        &self,
        credential: &Credential,
        rest: &[&str],
        reading: &Reading<'_>,
    ) -> Result<Reply, Problem> {
        let accounts = self.read();
        let query = &reading.query;
        let body = match rest {
            [] => {
                let company = named_company(&accounts.companies, credential, query)?;
                require_plan(company, Resource::TimeOff)?;
                let paging = Paging::read(
                    query,
                    reading.settings.default_limit,
                    reading.settings,
                    reading.paging_fault,
                    &self.serial,
                )?;
                corrupted(
                    company,
                    Resource::TimeOff,
                    &lists::time_off(company, query, &paging)?,
                )
            }
            ["total_hours"] => {
                let company = named_company(&accounts.companies, credential, query)?;
                require_plan(company, Resource::TimeOff)?;
                lists::total_hours(company, query)?
            }
            [id] => {
                let company = owned_company(
                    &accounts.companies,
                    credential,
                    &credential.company_id.to_string(),
                )?;
                require_plan(company, Resource::TimeOff)?;
                corrupted(company, Resource::TimeOff, &one(company, id)?)
            }
            _ => {
                return Err(no_route(
                    &Method::GET,
                    &format!("/v2/time_off/{}", rest.join("/")),
                ));
            }
        };
        Ok(Reply::ok(body))
    }

    /// Bare, without an envelope.
    pub(super) fn time_off_settings(
        &self,
        credential: &Credential,
        company_id: &str,
    ) -> Result<Reply, Problem> {
        let accounts = self.read();
        let company = owned_company(&accounts.companies, credential, company_id)?;
        require_plan(company, Resource::TimeOff)?;
        Ok(Reply::ok(wire::bare(&TimeOffSettingsWire::new(
            company.id,
            &company.time_off_settings,
        ))))
    }
}

/// Bare, without an envelope.
fn one(company: &Company, id: &str) -> Result<Bytes, Problem> {
    id.parse()
        .ok()
        .and_then(|id| company.time_off.get(id))
        .map(|off| wire::bare(&TimeOffWire::new(company.id, off)))
        .ok_or_else(|| Problem::not_found("Time off", id))
}

fn named_company<'a>(
    companies: &'a std::collections::BTreeMap<i64, Company>,
    credential: &Credential,
    query: &Query,
) -> Result<&'a Company, Problem> {
    let id = query
        .text("company_id")
        .ok_or_else(|| Problem::bad_parameter("company_id", "company_id is required."))?;
    owned_company(companies, credential, id)
}
