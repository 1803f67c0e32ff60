//! From a request to what it asks for: credential, limit, company, resource.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};

use super::accounts::{Credential, TokenKind};
use super::model::{Company, Resource};
use super::paging::Paging;
use super::problem::Problem;
use super::query::Query;
use super::settings::Settings;
use super::wire::{
    self, AssignmentsWire, AvailabilityReasonWire, AvailabilityWire, CompanyWire, DepartmentWire,
    LaborSettingsWire, LocationWire, PunchWire, RoleWire, ShiftWire, UserWire, WagesWire,
    WhoamiWire,
};
use super::{SevenShifts, bearer, lists, writes};
use crate::{PageFault, spoil};

/// An answer that went well.
pub struct Reply {
    status: StatusCode,
    body: Bytes,
}

impl Reply {
    pub const fn ok(body: Bytes) -> Self {
        Self {
            status: StatusCode::OK,
            body,
        }
    }

    pub const fn created(body: Bytes) -> Self {
        Self {
            status: StatusCode::CREATED,
            body,
        }
    }

    pub const fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: Bytes::new(),
        }
    }

    pub fn into_response(self) -> Response<Bytes> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        if self.status != StatusCode::NO_CONTENT {
            response.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
        }
        response
    }
}

/// What a read needs to know about its request.
pub struct Reading<'a> {
    pub query: Query,
    pub paging_fault: Option<PageFault>,
    pub settings: &'a Settings,
    pub api_version: &'a str,
}

impl SevenShifts {
    pub(super) fn route(
        &self,
        request: &Request<Bytes>,
        settings: &Settings,
        api_version: &str,
        page_fault: Option<PageFault>,
    ) -> Result<Reply, Problem> {
        let credential = self.authenticate(request, settings)?;
        let path = request.uri().path();
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let reading = Reading {
            query: Query::parse(request.uri().query().unwrap_or_default()),
            paging_fault: page_fault,
            settings,
            api_version,
        };
        match (request.method(), segments.as_slice()) {
            (&Method::GET, ["v2", "whoami"]) => self.whoami(&credential, api_version),
            (&Method::GET, ["v2", "companies"]) => self.companies(&credential, &reading.query),
            (&Method::GET, ["v2", "companies", id]) => self.company(&credential, id),
            (&Method::GET, ["v2", "time_off", rest @ ..]) => {
                self.time_off(&credential, rest, &reading)
            }
            (&Method::GET, ["v2", "time_off_settings", id]) => {
                self.time_off_settings(&credential, id)
            }
            (&Method::GET, ["v2", "company", id, rest @ ..]) => {
                let accounts = self.read();
                let company = owned_company(&accounts.companies, &credential, id)?;
                self.read_company(company, rest, &reading)
            }
            (
                method @ (&Method::POST | &Method::PUT | &Method::DELETE),
                ["v2", "company", id, rest @ ..],
            ) => {
                let now = self.clock.now_seconds();
                let mut accounts = self.write();
                let company_id = owned_company(&accounts.companies, &credential, id)?.id;
                writes::answer(&mut accounts, company_id, method, rest, request.body(), now)
            }
            _ => Err(no_route(request.method(), path)),
        }
    }

    fn authenticate(
        &self,
        request: &Request<Bytes>,
        settings: &Settings,
    ) -> Result<Credential, Problem> {
        let token = bearer(request.headers())
            .ok_or_else(|| Problem::unauthorized("No access token was sent."))?;
        let accounts = self.read();
        let credential = accounts
            .tokens
            .get(token)
            .filter(|credential| !credential.revoked)
            .ok_or_else(|| Problem::unauthorized("The access token is invalid."))?
            .clone();
        self.limiter
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .admit(settings.rate_limit, token, self.clock.now_ms())
            .map_err(|wait_ms| {
                Problem::too_many_requests(settings.rate_limit.retry_after.then_some(wait_ms))
            })?;
        if credential.kind == TokenKind::OAuth {
            let granted = accounts
                .companies
                .get(&credential.company_id)
                .map(|company| company.guid.as_str());
            let named = request
                .headers()
                .get("x-company-guid")
                .and_then(|value| value.to_str().ok())
                .ok_or_else(|| {
                    Problem::bad_parameter("x-company-guid", "x-company-guid is required.")
                })?;
            if granted != Some(named) {
                return Err(Problem::forbidden(
                    "The company has not granted access to this application.",
                ));
            }
        }
        Ok(credential)
    }

    fn whoami(&self, credential: &Credential, api_version: &str) -> Result<Reply, Problem> {
        let accounts = self.read();
        let user = accounts
            .companies
            .get(&credential.company_id)
            .and_then(|company| company.users.get(credential.user_id))
            .ok_or_else(|| Problem::not_found("User", credential.user_id))?;
        Ok(Reply::ok(wire::single(
            "whoami",
            WhoamiWire {
                identity_id: user.identity_id,
                users: vec![UserWire::new(credential.company_id, user, api_version)],
            },
        )))
    }

    /// Neither `meta` nor paging; a `limit` is ignored.
    fn companies(&self, credential: &Credential, query: &Query) -> Result<Reply, Problem> {
        let since = query.date("modified_since")?;
        let accounts = self.read();
        let companies: Vec<CompanyWire<'_>> = accounts
            .companies
            .get(&credential.company_id)
            .filter(|company| since.is_none_or(|since| company.modified >= since))
            .map(CompanyWire::from)
            .into_iter()
            .collect();
        Ok(Reply::ok(wire::single("companies", companies)))
    }

    /// Bare, without an envelope.
    fn company(&self, credential: &Credential, id: &str) -> Result<Reply, Problem> {
        let accounts = self.read();
        let company = owned_company(&accounts.companies, credential, id)?;
        Ok(Reply::ok(wire::bare(&CompanyWire::from(company))))
    }

    fn read_company(
        &self,
        company: &Company,
        rest: &[&str],
        reading: &Reading<'_>,
    ) -> Result<Reply, Problem> {
        let mut resource = rest.first().and_then(|name| resource(name));
        if let Some(resource) = resource {
            require_plan(company, resource)?;
        }
        if let ["users", _, part] = rest {
            resource = part_resource(part);
            if let Some(resource) = resource {
                require_plan(company, resource)?;
            }
        }
        let body = match rest {
            ["labor_settings"] => Some(Ok(labor_settings(company))),
            ["availability_reasons", id] => Some(reason(company, id)),
            [name] => self.list(company, name, resource, reading),
            [_, id] => one(company, resource, id, reading),
            ["users", id, part] => user_part(company, id, part, self.clock.now_seconds()),
            _ => None,
        };
        let body = body.unwrap_or_else(|| {
            Err(no_route(
                &Method::GET,
                &format!("/v2/company/{}/{}", company.id, rest.join("/")),
            ))
        })?;
        Ok(Reply::ok(match (resource, rest) {
            (Some(Resource::Assignments), [_, user_id, _]) => {
                corrupted_assignments(company, user_id, &body)
            }
            (Some(resource), _) => corrupted(company, resource, &body),
            (None, _) => body,
        }))
    }

    /// None when there is no such list.
    fn list(
        &self,
        company: &Company,
        name: &str,
        resource: Option<Resource>,
        reading: &Reading<'_>,
    ) -> Option<Result<Bytes, Problem>> {
        let resource = resource?;
        let settings = reading.settings;
        let query = &reading.query;
        let default_limit = match resource {
            Resource::TimePunches => settings.default_limit_time_punches,
            _ => settings.default_limit,
        };
        let paging = Paging::read(
            query,
            default_limit,
            settings,
            reading.paging_fault,
            &self.serial,
        );
        Some(paging.and_then(|paging| match resource {
            Resource::Locations => lists::locations(company, query, &paging),
            Resource::Departments => lists::departments(company, query, &paging),
            Resource::Roles => lists::roles(company, query, &paging),
            Resource::Users => lists::users(company, query, &paging, settings, reading.api_version),
            Resource::Shifts => lists::shifts(company, query, &paging, settings),
            Resource::TimePunches => lists::time_punches(company, query, &paging),
            Resource::Availability if name == "availability_reasons" => {
                lists::availability_reasons(company, &paging)
            }
            Resource::Availability => lists::availabilities(company, query, &paging),
            Resource::Webhooks => lists::webhooks(company, query, &paging),
            // Elsewhere: under a user, or beside the companies.
            Resource::Wages | Resource::Assignments | Resource::TimeOff => {
                Err(no_route(&Method::GET, name))
            }
        }))
    }
}

/// None when there is no such resource.
fn one(
    company: &Company,
    resource: Option<Resource>,
    id: &str,
    reading: &Reading<'_>,
) -> Option<Result<Bytes, Problem>> {
    let id_text = id;
    let id = id.parse::<i64>().ok();
    let missing = |what| Problem::not_found(what, id_text);
    Some(match resource? {
        Resource::Locations => id
            .and_then(|id| company.locations.get(id))
            .map(|row| wire::single("location", LocationWire::new(company.id, row)))
            .ok_or_else(|| missing("Location")),
        Resource::Departments => id
            .and_then(|id| company.departments.get(id))
            .map(|row| wire::single("department", DepartmentWire::new(company.id, row)))
            .ok_or_else(|| missing("Department")),
        Resource::Roles => id
            .and_then(|id| company.roles.get(id))
            .map(|row| wire::single("role", RoleWire::new(company.id, row)))
            .ok_or_else(|| missing("Role")),
        Resource::Users => match id_text.strip_prefix("punch:") {
            Some(punch_id) => company
                .users
                .iter()
                .find(|user| user.punch_id.as_deref() == Some(punch_id)),
            None => id.and_then(|id| company.users.get(id)),
        }
        .map(|row| wire::single("user", UserWire::new(company.id, row, reading.api_version)))
        .ok_or_else(|| missing("User")),
        Resource::Shifts => reading
            .query
            .boolean("include_deleted")
            .and_then(|include_deleted| {
                id.and_then(|id| company.shifts.get(id))
                    .and_then(|shift| {
                        // What employees see, else what is being planned.
                        shift
                            .published()
                            .or_else(|| Some(shift.newest()))
                            .filter(|face| !face.deleted || include_deleted == Some(true))
                    })
                    .map(|face| wire::single("shift", ShiftWire::new(company, face)))
                    .ok_or_else(|| missing("Shift"))
            }),
        Resource::TimePunches => id
            .and_then(|id| company.time_punches.get(id))
            .filter(|punch| !punch.deleted)
            .map(|row| wire::single("time_punch", PunchWire::new(company.id, row)))
            .ok_or_else(|| missing("Time punch")),
        // The only single answer that does not say what it is.
        Resource::Availability => id
            .and_then(|id| company.availabilities.get(id))
            .map(|row| wire::data_only(&AvailabilityWire::new(company.id, row)))
            .ok_or_else(|| missing("Availability")),
        // There is no reading of a single one.
        Resource::Wages | Resource::Assignments | Resource::TimeOff | Resource::Webhooks => {
            return None;
        }
    })
}

fn reason(company: &Company, id: &str) -> Result<Bytes, Problem> {
    id.parse()
        .ok()
        .and_then(|id| company.availability_reasons.get(id))
        .map(|row| {
            wire::single(
                "availability_reason",
                AvailabilityReasonWire::new(company.id, row),
            )
        })
        .ok_or_else(|| Problem::not_found("Availability reason", id))
}

fn labor_settings(company: &Company) -> Bytes {
    wire::single("labor_settings", LaborSettingsWire::from(company))
}

/// None when users have no such part.
fn user_part(company: &Company, id: &str, part: &str, now: i64) -> Option<Result<Bytes, Problem>> {
    let Some(user) = id.parse().ok().and_then(|id| company.users.get(id)) else {
        return Some(Err(Problem::not_found("User", id)));
    };
    let assignments = || AssignmentsWire::new(company, user);
    let body = match part {
        "assignments" => wire::single("assignments", assignments()),
        "location_assignments" => wire::single(
            "location_assignments",
            wire::renamed_ids(&assignments().locations, "location_id"),
        ),
        "department_assignments" => wire::single(
            "department_assignments",
            wire::renamed_ids(&assignments().departments, "department_id"),
        ),
        "role_assignments" => wire::single(
            "role_assignments",
            wire::renamed_ids(&assignments().roles, "role_id"),
        ),
        "wages" => wire::single("user_wages", WagesWire::new(company, user, now)),
        _ => return None,
    };
    Some(Ok(body))
}

/// A token opens its own company; any other, existing or not, is 403.
pub fn owned_company<'a>(
    companies: &'a std::collections::BTreeMap<i64, Company>,
    credential: &Credential,
    id: &str,
) -> Result<&'a Company, Problem> {
    id.parse()
        .ok()
        .filter(|id| *id == credential.company_id)
        .and_then(|id| companies.get(&id))
        .ok_or_else(|| Problem::forbidden("The token has no access to this company."))
}

pub fn require_plan(company: &Company, resource: Resource) -> Result<(), Problem> {
    if company.not_in_plan.contains(&resource) {
        return Err(Problem::forbidden(
            "The company's plan does not include this feature.",
        ));
    }
    Ok(())
}

pub fn resource(segment: &str) -> Option<Resource> {
    match segment {
        "locations" => Some(Resource::Locations),
        "departments" => Some(Resource::Departments),
        "roles" => Some(Resource::Roles),
        "users" => Some(Resource::Users),
        "shifts" => Some(Resource::Shifts),
        "time_punches" => Some(Resource::TimePunches),
        "availabilities" | "availability_reasons" => Some(Resource::Availability),
        "webhooks" => Some(Resource::Webhooks),
        _ => None,
    }
}

fn part_resource(part: &str) -> Option<Resource> {
    match part {
        "wages" => Some(Resource::Wages),
        "assignments" | "location_assignments" | "department_assignments" | "role_assignments" => {
            Some(Resource::Assignments)
        }
        _ => None,
    }
}

pub fn no_route(method: &Method, path: &str) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        format!("There is no {method} {path}."),
    )
}

/// Shows the records that a test corrupted as it corrupted them.
pub fn corrupted(company: &Company, resource: Resource, body: &Bytes) -> Bytes {
    let fields = company
        .corrupted
        .iter()
        .filter(|((of, _), _)| *of == resource)
        .flat_map(|((_, id), fields)| {
            fields
                .iter()
                .map(move |(field, raw)| (*id, field.as_str(), raw.as_str()))
        });
    spoil::raw_fields(body, fields)
}

/// The same for the assignments of one user, whose fields are its lists.
fn corrupted_assignments(company: &Company, user_id: &str, body: &Bytes) -> Bytes {
    let fields = user_id
        .parse()
        .ok()
        .and_then(|id| company.corrupted.get(&(Resource::Assignments, id)))
        .into_iter()
        .flatten()
        .map(|(field, raw)| (field.as_str(), raw.as_str()));
    spoil::raw_parts(body, fields)
}
