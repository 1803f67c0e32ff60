//! Changes to an account while it is being read: what managers, employees and
//! administrators do all day. Each stamps `modified` with the clock's now.

mod availability;
mod merge;
mod time_off;
mod wages;
mod webhooks;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::accounts::{Accounts, Credential, Ids, take};
use super::model::{
    Assignments, Company, Department, InviteStatus, Location, PosType, PunchBreak, Resource, Role,
    TimePunch, User, UserType,
};
use super::shift::{
    AttendanceStatus, OpenOfferType, PlannedBreak, Shift, ShiftDetails, ShiftState,
};
use super::wage::{Wage, WageType};
use crate::Error;

pub use availability::{AvailabilityChanges, NewAvailability};
pub use time_off::{NewTimeOff, TimeOffChanges};
pub use wages::{NewWage, WageChanges};
pub use webhooks::NewWebhook;

/// One change. Times are Unix seconds, money is cents. As JSON:
/// `{"op":"punch_in","user_id":881002,"location_id":5501}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mutation {
    AddShift(NewShift),
    /// With `publish: false` the published face stays until it is published.
    EditShift {
        id: i64,
        changes: ShiftChanges,
        #[serde(default = "yes")]
        publish: bool,
    },
    /// To another time, and to another location if one is given; published.
    MoveShift {
        id: i64,
        start: i64,
        end: i64,
        #[serde(default)]
        location_id: Option<i64>,
    },
    PublishShift {
        id: i64,
    },
    UnpublishShift {
        id: i64,
    },
    DeleteShift {
        id: i64,
        #[serde(default = "yes")]
        publish: bool,
    },
    /// It is in no answer any more, not even among the deleted: only a complete pass finds out.
    ForgetShift {
        id: i64,
    },
    /// Takes the shift from whoever has it and offers it.
    OpenShift {
        id: i64,
    },
    AssignShift {
        id: i64,
        user_id: i64,
    },
    SetAttendance {
        id: i64,
        status: AttendanceStatus,
        #[serde(default)]
        late_minutes: i64,
    },

    /// Begins a punch, now or at `at`.
    PunchIn {
        user_id: i64,
        location_id: i64,
        #[serde(default)]
        department_id: Option<i64>,
        #[serde(default)]
        role_id: Option<i64>,
        #[serde(default)]
        shift_id: Option<i64>,
        #[serde(default)]
        at: Option<i64>,
    },
    PunchOut {
        id: i64,
        #[serde(default)]
        at: Option<i64>,
    },
    AddPunch(NewPunch),
    EditPunch {
        id: i64,
        changes: PunchChanges,
    },
    DeletePunch {
        id: i64,
    },
    /// It is in no answer any more, not even among the deleted: only a complete pass finds out.
    ForgetPunch {
        id: i64,
    },
    StartBreak {
        id: i64,
        paid: bool,
    },
    EndBreak {
        id: i64,
    },

    AddUser(NewUser),
    EditUser {
        id: i64,
        changes: UserChanges,
    },
    DeactivateUser {
        id: i64,
    },
    /// Rehires: the same person, active again.
    ReactivateUser {
        id: i64,
    },
    /// Two entries of one person become one: `from` disappears with its wages,
    /// its shifts, punches, availabilities and time off are `into`'s. With `silent` those rows keep their `modified`, so
    /// that only a complete pass finds them.
    MergeUsers {
        from: i64,
        into: i64,
        #[serde(default)]
        silent: bool,
    },
    /// Replaces where someone works; the user's own `modified` stays.
    AssignUser {
        id: i64,
        assignments: Assignments,
    },

    AddWage(NewWage),
    EditWage {
        id: i64,
        changes: WageChanges,
    },
    /// It is in no answer any more.
    DeleteWage {
        id: i64,
    },
    SetLaborSettings {
        wage_based_roles_enabled: bool,
    },

    AddAvailability(NewAvailability),
    EditAvailability {
        id: i64,
        changes: AvailabilityChanges,
    },
    /// It is in no answer any more.
    DeleteAvailability {
        id: i64,
    },

    AddTimeOff(NewTimeOff),
    EditTimeOff {
        id: i64,
        changes: TimeOffChanges,
    },
    /// It is in no answer any more.
    DeleteTimeOff {
        id: i64,
    },

    AddWebhook(NewWebhook),
    /// Only the URL can change.
    EditWebhook {
        id: i64,
        url: String,
    },
    DeleteWebhook {
        id: i64,
    },

    AddLocation {
        name: String,
    },
    RenameLocation {
        id: i64,
        name: String,
    },
    DeleteLocation {
        id: i64,
    },
    AddDepartment {
        location_id: i64,
        name: String,
    },
    RenameDepartment {
        id: i64,
        name: String,
    },
    /// It is in no answer any more.
    DeleteDepartment {
        id: i64,
    },
    AddRole {
        department_id: i64,
        name: String,
    },
    RenameRole {
        id: i64,
        name: String,
    },
    /// It is in no answer any more.
    DeleteRole {
        id: i64,
    },

    RenameCompany {
        name: String,
    },
    /// Whether the plan includes a kind of data; without it, 403.
    SetPlan {
        resource: Resource,
        included: bool,
    },
    /// The token fails from now on: 401. A revoked one can be restored.
    SetToken {
        token: String,
        revoked: bool,
    },
    /// From now on every answer shows `raw` (JSON text, not necessarily valid)
    /// as this field of this record.
    Corrupt {
        resource: Resource,
        id: i64,
        field: String,
        raw: String,
    },
    /// Ends what `Corrupt` began and stamps the record, as a correction would.
    Heal {
        resource: Resource,
        id: i64,
    },
}

const fn yes() -> bool {
    true
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewShift {
    pub location_id: i64,
    pub department_id: Option<i64>,
    pub role_id: Option<i64>,
    /// Nobody: an open shift.
    pub user_id: Option<i64>,
    pub start: i64,
    pub end: i64,
    pub notes: String,
    pub breaks: Vec<PlannedBreak>,
    pub open_offer_type: Option<OpenOfferType>,
    pub publish: bool,
}

impl Default for NewShift {
    fn default() -> Self {
        Self {
            location_id: 0,
            department_id: None,
            role_id: None,
            user_id: None,
            start: 0,
            end: 0,
            notes: String::new(),
            breaks: Vec::new(),
            open_offer_type: None,
            publish: true,
        }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShiftChanges {
    pub location_id: Option<i64>,
    pub department_id: Option<i64>,
    pub role_id: Option<i64>,
    pub start: Option<i64>,
    pub end: Option<i64>,
    pub notes: Option<String>,
    pub close: Option<bool>,
    pub business_decline: Option<bool>,
    pub breaks: Option<Vec<PlannedBreak>>,
    /// Gives the shift to someone.
    pub user_id: Option<i64>,
    /// `true` takes it from whoever has it and offers it.
    pub open: Option<bool>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewPunch {
    pub user_id: i64,
    pub location_id: i64,
    pub department_id: Option<i64>,
    pub role_id: Option<i64>,
    pub shift_id: Option<i64>,
    pub clocked_in: i64,
    pub clocked_out: Option<i64>,
    pub breaks: Vec<NewBreak>,
    pub tips: i64,
    pub notes: String,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBreak {
    #[serde(rename = "in")]
    pub started: i64,
    #[serde(rename = "out", default)]
    pub ended: Option<i64>,
    pub paid: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PunchChanges {
    pub location_id: Option<i64>,
    pub department_id: Option<i64>,
    pub role_id: Option<i64>,
    pub shift_id: Option<i64>,
    pub clocked_in: Option<i64>,
    pub clocked_out: Option<i64>,
    pub tips: Option<i64>,
    pub notes: Option<String>,
    pub approved: Option<bool>,
    pub breaks: Option<Vec<NewBreak>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewUser {
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub mobile_number: String,
    #[serde(rename = "type")]
    pub kind: UserType,
    pub punch_id: Option<String>,
    pub hourly_wage: i64,
    pub assignments: Assignments,
}

impl Default for NewUser {
    fn default() -> Self {
        Self {
            first_name: "New".to_owned(),
            last_name: "Hire".to_owned(),
            email: String::new(),
            mobile_number: String::new(),
            kind: UserType::Employee,
            punch_id: None,
            hourly_wage: 0,
            assignments: Assignments::default(),
        }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserChanges {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub preferred_first_name: Option<String>,
    pub email: Option<String>,
    pub mobile_number: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<UserType>,
    pub punch_id: Option<String>,
    pub employee_id: Option<String>,
    pub hourly_wage: Option<i64>,
    pub notes: Option<String>,
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The row that was added or changed.
    pub id: Option<i64>,
}

impl Accounts {
    /// Applies one change to one company at `now` (Unix seconds).
    ///
    /// # Errors
    /// When it names a row that is not there, or asks for what cannot be.
    pub fn apply(
        &mut self,
        company_id: i64,
        mutation: Mutation,
        now: i64,
    ) -> Result<Changed, Error> {
        let company = self
            .companies
            .get_mut(&company_id)
            .ok_or(Error::UnknownCompany(company_id))?;
        let mut change = Change {
            company,
            tokens: &mut self.tokens,
            ids: &mut self.ids,
            now,
        };
        Ok(Changed {
            id: change.apply(mutation)?,
        })
    }
}

struct Change<'a> {
    company: &'a mut Company,
    tokens: &'a mut BTreeMap<String, Credential>,
    ids: &'a mut Ids,
    now: i64,
}

type Outcome = Result<Option<i64>, Error>;

impl Change<'_> {
    fn apply(&mut self, mutation: Mutation) -> Outcome {
        match mutation {
            Mutation::AddShift(new) => self.add_shift(new),
            Mutation::EditShift {
                id,
                changes,
                publish,
            } => self.edit_shift(id, publish, changes),
            Mutation::MoveShift {
                id,
                start,
                end,
                location_id,
            } => self.edit_shift(
                id,
                true,
                ShiftChanges {
                    start: Some(start),
                    end: Some(end),
                    location_id,
                    ..ShiftChanges::default()
                },
            ),
            Mutation::PublishShift { id } => {
                let now = self.now;
                self.change_shift(id, |state| Some(state.publish(now)))
            }
            Mutation::UnpublishShift { id } => {
                let now = self.now;
                self.change_shift(id, |state| state.unpublish(now))
            }
            Mutation::DeleteShift { id, publish } => {
                let now = self.now;
                self.change_shift(id, |state| state.delete(publish, now))
            }
            Mutation::ForgetShift { id } => self
                .company
                .shifts
                .remove(id)
                .map(|_| Some(id))
                .ok_or(unknown("shift", id)),
            Mutation::OpenShift { id } => self.change_holder(
                id,
                ShiftChanges {
                    open: Some(true),
                    ..ShiftChanges::default()
                },
            ),
            Mutation::AssignShift { id, user_id } => self.change_holder(
                id,
                ShiftChanges {
                    user_id: Some(user_id),
                    ..ShiftChanges::default()
                },
            ),
            Mutation::SetAttendance {
                id,
                status,
                late_minutes,
            } => {
                let now = self.now;
                self.change_shift(id, |mut state| {
                    state.each_details(|details| {
                        details.attendance_status = status;
                        details.late_minutes = late_minutes;
                        details.modified = now;
                    });
                    Some(state)
                })
            }

            Mutation::PunchIn {
                user_id,
                location_id,
                department_id,
                role_id,
                shift_id,
                at,
            } => self.punch_in(NewPunch {
                user_id,
                location_id,
                department_id,
                role_id,
                shift_id,
                clocked_in: at.unwrap_or(self.now),
                ..NewPunch::default()
            }),
            Mutation::PunchOut { id, at } => {
                let at = at.unwrap_or(self.now);
                self.change_punch(id, |punch| {
                    for taken in &mut punch.breaks {
                        taken.ended.get_or_insert(at);
                    }
                    punch.clocked_out = Some(at);
                })
            }
            Mutation::AddPunch(new) => self.add_punch(new),
            Mutation::EditPunch { id, changes } => self.edit_punch(id, changes),
            Mutation::DeletePunch { id } => self.change_punch(id, |punch| punch.deleted = true),
            Mutation::ForgetPunch { id } => self
                .company
                .time_punches
                .remove(id)
                .map(|_| Some(id))
                .ok_or(unknown("time punch", id)),
            Mutation::StartBreak { id, paid } => self.start_break(id, paid),
            Mutation::EndBreak { id } => self.end_break(id),
            Mutation::AddUser(new) => Ok(Some(self.add_user(new))),
            Mutation::EditUser { id, changes } => self.change_user(id, |user| changes.apply(user)),
            Mutation::DeactivateUser { id } => self.change_user(id, |user| {
                user.active = false;
                user.reactivation_status = None;
            }),
            Mutation::ReactivateUser { id } => self.change_user(id, |user| {
                user.active = true;
                user.reactivation_status = Some("accepted".to_owned());
            }),
            Mutation::MergeUsers { from, into, silent } => self.merge_users(from, into, silent),
            Mutation::AssignUser { id, assignments } => {
                self.company
                    .users
                    .update(id, |user| user.assignments = assignments)
                    .ok_or(unknown("user", id))?;
                Ok(Some(id))
            }
            Mutation::AddWage(new) => self.add_wage(&new),
            Mutation::EditWage { id, changes } => self.edit_wage(id, &changes),
            Mutation::DeleteWage { id } => self.delete_wage(id),
            Mutation::SetLaborSettings {
                wage_based_roles_enabled,
            } => {
                self.company.wage_based_roles = wage_based_roles_enabled;
                Ok(None)
            }
            Mutation::AddAvailability(new) => self.add_availability(new),
            Mutation::EditAvailability { id, changes } => self.edit_availability(id, changes),
            Mutation::DeleteAvailability { id } => self.delete_availability(id),
            Mutation::AddTimeOff(new) => self.add_time_off(new),
            Mutation::EditTimeOff { id, changes } => self.edit_time_off(id, changes),
            Mutation::DeleteTimeOff { id } => self.delete_time_off(id),
            Mutation::AddWebhook(new) => self.add_webhook(new),
            Mutation::EditWebhook { id, url } => self.edit_webhook(id, url),
            Mutation::DeleteWebhook { id } => self.delete_webhook(id),
            Mutation::AddLocation { name } => Ok(Some(self.add_location(name))),
            Mutation::RenameLocation { id, name } => self.change_location(id, |location| {
                location.name = name;
            }),
            Mutation::DeleteLocation { id } => self.change_location(id, |location| {
                location.deleted = true;
            }),
            Mutation::AddDepartment { location_id, name } => self.add_department(location_id, name),
            Mutation::RenameDepartment { id, name } => self.rename_department(id, name),
            Mutation::DeleteDepartment { id } => self
                .company
                .departments
                .remove(id)
                .map(|_| Some(id))
                .ok_or(unknown("department", id)),
            Mutation::AddRole {
                department_id,
                name,
            } => self.add_role(department_id, name),
            Mutation::RenameRole { id, name } => self.rename_role(id, name),
            Mutation::DeleteRole { id } => self
                .company
                .roles
                .remove(id)
                .map(|_| Some(id))
                .ok_or(unknown("role", id)),
            Mutation::RenameCompany { name } => {
                self.company.name = name;
                self.company.modified = self.now;
                Ok(None)
            }
            Mutation::SetPlan { resource, included } => {
                if included {
                    self.company.not_in_plan.remove(&resource);
                } else {
                    self.company.not_in_plan.insert(resource);
                }
                Ok(None)
            }
            Mutation::Corrupt {
                resource,
                id,
                field,
                raw,
            } => {
                let record = self.company.corrupted.entry((resource, id)).or_default();
                record.insert(field, raw);
                Ok(Some(id))
            }
            Mutation::Heal { resource, id } => {
                self.company.corrupted.remove(&(resource, id));
                self.touch(resource, id);
                Ok(Some(id))
            }
            Mutation::SetToken { token, revoked } => self.set_token(&token, revoked),
        }
    }

    fn add_shift(&mut self, new: NewShift) -> Outcome {
        self.require_location(new.location_id)?;
        let hourly_wage = match new.user_id {
            Some(user_id) => self.user(user_id)?.hourly_wage,
            None => 0,
        };
        if new.end <= new.start {
            return Err(Error::Impossible("a shift ends after it starts"));
        }
        let id = take(&mut self.ids.shift);
        let details = ShiftDetails {
            location_id: new.location_id,
            department_id: new.department_id,
            role_id: new.role_id,
            station_id: None,
            user_id: new.user_id,
            start: new.start,
            end: new.end,
            close: false,
            business_decline: false,
            hourly_wage,
            notes: new.notes,
            notified: new.publish && new.user_id.is_some(),
            open: new.user_id.is_none(),
            unassigned: false,
            open_offer_type: new.open_offer_type.or_else(|| {
                new.user_id
                    .is_none()
                    .then_some(OpenOfferType::AllRoleMembers)
            }),
            attendance_status: AttendanceStatus::None,
            late_minutes: 0,
            breaks: new.breaks,
            modified: self.now,
        };
        self.company.shifts.insert(Shift {
            id,
            created: self.now,
            state: if new.publish {
                ShiftState::Published(details)
            } else {
                ShiftState::Draft(details)
            },
        });
        Ok(Some(id))
    }

    fn edit_shift(&mut self, id: i64, publish: bool, changes: ShiftChanges) -> Outcome {
        let wage = match changes.user_id {
            Some(user_id) => self.user(user_id)?.hourly_wage,
            None => 0,
        };
        let now = self.now;
        self.change_shift(id, |state| {
            state.edited(publish, now, |details| changes.apply(details, wage))
        })
    }

    /// Who works a shift changes at once for all to see, but a draft stays one.
    fn change_holder(&mut self, id: i64, changes: ShiftChanges) -> Outcome {
        let publish = self
            .company
            .shifts
            .get(id)
            .is_some_and(|shift| shift.published().is_some());
        self.edit_shift(id, publish, changes)
    }

    /// A state that cannot make the step stays as it was.
    fn change_shift(
        &mut self,
        id: i64,
        step: impl FnOnce(ShiftState) -> Option<ShiftState>,
    ) -> Outcome {
        let next = self
            .company
            .shifts
            .get(id)
            .ok_or(unknown("shift", id))
            .map(|shift| step(shift.state.clone()))?
            .ok_or(Error::Impossible("the shift is deleted"))?;
        self.company.shifts.update(id, |shift| shift.state = next);
        Ok(Some(id))
    }

    fn punch_in(&mut self, new: NewPunch) -> Outcome {
        let on_the_clock = self.company.time_punches.iter().rev().any(|punch| {
            punch.user_id == new.user_id && punch.clocked_out.is_none() && !punch.deleted
        });
        if on_the_clock {
            return Err(Error::Impossible("the user is already on the clock"));
        }
        self.add_punch(new)
    }

    fn add_punch(&mut self, new: NewPunch) -> Outcome {
        self.require_location(new.location_id)?;
        let hourly_wage = self.user(new.user_id)?.hourly_wage;
        if new.clocked_out.is_some_and(|out| out < new.clocked_in) {
            return Err(Error::Impossible("a punch ends after it begins"));
        }
        let breaks = self.breaks(&new.breaks);
        let id = take(&mut self.ids.punch);
        self.company.time_punches.insert(TimePunch {
            id,
            user_id: new.user_id,
            location_id: new.location_id,
            department_id: new.department_id,
            role_id: new.role_id,
            shift_id: new.shift_id,
            clocked_in: new.clocked_in,
            clocked_out: new.clocked_out,
            hourly_wage,
            approved: false,
            editable_punch: true,
            auto_clocked_out: false,
            clocked_in_offline: false,
            clocked_out_offline: false,
            tips: new.tips,
            notes: new.notes.into(),
            pos_type: Some(PosType::Web),
            breaks,
            deleted: false,
            created: self.now,
            modified: self.now,
        });
        Ok(Some(id))
    }

    fn edit_punch(&mut self, id: i64, changes: PunchChanges) -> Outcome {
        let breaks = changes.breaks.as_deref().map(|breaks| self.breaks(breaks));
        self.change_punch(id, |punch| {
            punch.location_id = changes.location_id.unwrap_or(punch.location_id);
            punch.department_id = changes.department_id.or(punch.department_id);
            punch.role_id = changes.role_id.or(punch.role_id);
            punch.shift_id = changes.shift_id.or(punch.shift_id);
            punch.clocked_in = changes.clocked_in.unwrap_or(punch.clocked_in);
            punch.clocked_out = changes.clocked_out.or(punch.clocked_out);
            punch.tips = changes.tips.unwrap_or(punch.tips);
            punch.approved = changes.approved.unwrap_or(punch.approved);
            if let Some(notes) = changes.notes {
                punch.notes = notes.into();
            }
            if let Some(breaks) = breaks {
                punch.breaks = breaks;
            }
        })
    }

    fn breaks(&mut self, new: &[NewBreak]) -> Box<[PunchBreak]> {
        new.iter()
            .map(|taken| PunchBreak {
                id: take(&mut self.ids.punch_break),
                paid: taken.paid,
                started: taken.started,
                ended: taken.ended,
                deleted: false,
            })
            .collect()
    }

    fn start_break(&mut self, id: i64, paid: bool) -> Outcome {
        let now = self.now;
        let started = PunchBreak {
            id: take(&mut self.ids.punch_break),
            paid,
            started: now,
            ended: None,
            deleted: false,
        };
        self.change_punch(id, |punch| {
            let mut breaks = std::mem::take(&mut punch.breaks).into_vec();
            breaks.push(started);
            punch.breaks = breaks.into();
        })
    }

    fn end_break(&mut self, id: i64) -> Outcome {
        let now = self.now;
        self.change_punch(id, |punch| {
            for taken in &mut punch.breaks {
                taken.ended.get_or_insert(now);
            }
        })
    }

    fn change_punch(&mut self, id: i64, change: impl FnOnce(&mut TimePunch)) -> Outcome {
        let now = self.now;
        let live = self
            .company
            .time_punches
            .get(id)
            .is_some_and(|punch| !punch.deleted);
        if !live {
            return Err(unknown("time punch", id));
        }
        self.company.time_punches.update(id, |punch| {
            change(punch);
            punch.modified = now;
        });
        Ok(Some(id))
    }

    fn add_user(&mut self, new: NewUser) -> i64 {
        let id = take(&mut self.ids.user);
        let invite_status = if new.email.is_empty() && new.mobile_number.is_empty() {
            InviteStatus::MissingContactInfo
        } else {
            InviteStatus::Pending
        };
        if new.hourly_wage > 0 {
            let wage_id = take(&mut self.ids.wage);
            self.company.wages.insert(Wage {
                id: wage_id,
                user_id: id,
                role_id: new.assignments.primary_role_id,
                effective_date: self.company.today(self.now),
                wage_type: WageType::Hourly,
                wage_cents: new.hourly_wage,
                created: self.now,
                modified: self.now,
            });
        }
        self.company.users.insert(User {
            id,
            identity_id: id + 1_000_000,
            first_name: new.first_name,
            last_name: new.last_name,
            preferred_first_name: None,
            email: new.email,
            mobile_number: new.mobile_number,
            kind: new.kind,
            active: true,
            invite_status,
            punch_id: new.punch_id,
            employee_id: None,
            max_weekly_hours: String::new(),
            hourly_wage: new.hourly_wage,
            wage_type: (new.hourly_wage > 0).then(|| "hourly".to_owned()),
            skill_level: 1,
            hire_date: date(self.now),
            birth_date: None,
            last_login: None,
            reactivation_status: None,
            notes: String::new(),
            assignments: new.assignments,
            created: self.now,
            modified: self.now,
        });
        id
    }

    fn change_user(&mut self, id: i64, change: impl FnOnce(&mut User)) -> Outcome {
        let now = self.now;
        self.company
            .users
            .update(id, |user| {
                change(user);
                user.modified = now;
                Some(id)
            })
            .ok_or(unknown("user", id))
    }

    fn add_location(&mut self, name: String) -> i64 {
        let id = take(&mut self.ids.location);
        self.company.locations.insert(Location {
            id,
            formatted_address: format!("1 {name} Street"),
            name,
            country: self.company.country.clone(),
            state: String::new(),
            city: String::new(),
            lat: 0.0,
            lng: 0.0,
            timezone: self.company.timezone,
            deleted: false,
            created: self.now,
            modified: self.now,
        });
        id
    }

    fn change_location(&mut self, id: i64, change: impl FnOnce(&mut Location)) -> Outcome {
        let now = self.now;
        self.company
            .locations
            .update(id, |location| {
                change(location);
                location.modified = now;
                Some(id)
            })
            .ok_or(unknown("location", id))
    }

    fn add_department(&mut self, location_id: i64, name: String) -> Outcome {
        self.require_location(location_id)?;
        let id = take(&mut self.ids.department);
        self.company.departments.insert(Department {
            id,
            location_id,
            name,
            default: false,
            created: self.now,
            modified: self.now,
        });
        Ok(Some(id))
    }

    fn rename_department(&mut self, id: i64, name: String) -> Outcome {
        let now = self.now;
        self.company
            .departments
            .update(id, |department| {
                department.name = name;
                department.modified = now;
                Some(id)
            })
            .ok_or(unknown("department", id))
    }

    fn rename_role(&mut self, id: i64, name: String) -> Outcome {
        let now = self.now;
        self.company
            .roles
            .update(id, |role| {
                role.name = name;
                role.modified = now;
                Some(id)
            })
            .ok_or(unknown("role", id))
    }

    fn add_role(&mut self, department_id: i64, name: String) -> Outcome {
        let location_id = self
            .company
            .departments
            .get(department_id)
            .ok_or(unknown("department", department_id))?
            .location_id;
        let id = take(&mut self.ids.role);
        self.company.roles.insert(Role {
            id,
            location_id,
            department_id,
            name,
            color: None,
            job_code: None,
            sort: 0,
            is_tipped_role: false,
            stations: Vec::new(),
            created: self.now,
            modified: self.now,
        });
        Ok(Some(id))
    }

    fn set_token(&mut self, token: &str, revoked: bool) -> Outcome {
        let company_id = self.company.id;
        let credential = self
            .tokens
            .get_mut(token)
            .filter(|credential| credential.company_id == company_id)
            .ok_or(Error::Impossible("the company has no such token"))?;
        credential.revoked = revoked;
        Ok(None)
    }

    /// Stamps a record without changing it.
    fn touch(&mut self, resource: Resource, id: i64) {
        let now = self.now;
        let company = &mut self.company;
        // A record that is gone needs no stamp.
        let _stamped = match resource {
            Resource::Locations => company.locations.update(id, |row| row.modified = now),
            Resource::Departments => company.departments.update(id, |row| row.modified = now),
            Resource::Roles => company.roles.update(id, |row| row.modified = now),
            Resource::Users => company.users.update(id, |row| row.modified = now),
            Resource::Shifts => company.shifts.update(id, |row| {
                row.state.each_details(|details| details.modified = now);
            }),
            Resource::TimePunches => company.time_punches.update(id, |row| row.modified = now),
            Resource::Wages => company.wages.update(id, |row| row.modified = now),
            Resource::Availability => company.availabilities.update(id, |row| row.modified = now),
            Resource::TimeOff => company.time_off.update(id, |row| row.modified = now),
            Resource::Webhooks => company.webhooks.update(id, |row| row.modified = now),
            // Assignments carry no stamp.
            Resource::Assignments => None,
        };
    }

    fn user(&self, id: i64) -> Result<&User, Error> {
        self.company.users.get(id).ok_or(unknown("user", id))
    }

    fn require_location(&self, id: i64) -> Result<(), Error> {
        if self.company.locations.contains(id) {
            Ok(())
        } else {
            Err(unknown("location", id))
        }
    }
}

impl ShiftChanges {
    /// `wage` is that of the user the shift is given to.
    fn apply(self, details: &mut ShiftDetails, wage: i64) {
        details.location_id = self.location_id.unwrap_or(details.location_id);
        details.department_id = self.department_id.or(details.department_id);
        details.role_id = self.role_id.or(details.role_id);
        details.start = self.start.unwrap_or(details.start);
        details.end = self.end.unwrap_or(details.end);
        details.close = self.close.unwrap_or(details.close);
        details.business_decline = self.business_decline.unwrap_or(details.business_decline);
        if let Some(notes) = self.notes {
            details.notes = notes;
        }
        if let Some(breaks) = self.breaks {
            details.breaks = breaks;
        }
        if self.open == Some(true) {
            details.user_id = None;
            details.open = true;
            details.notified = false;
            details.hourly_wage = 0;
            details.open_offer_type = Some(OpenOfferType::AllRoleMembers);
        } else if let Some(user_id) = self.user_id {
            details.user_id = Some(user_id);
            details.open = false;
            details.hourly_wage = wage;
        }
    }
}

impl UserChanges {
    fn apply(self, user: &mut User) {
        user.preferred_first_name = self
            .preferred_first_name
            .or(user.preferred_first_name.take());
        user.punch_id = self.punch_id.or(user.punch_id.take());
        user.employee_id = self.employee_id.or(user.employee_id.take());
        user.kind = self.kind.unwrap_or(user.kind);
        user.hourly_wage = self.hourly_wage.unwrap_or(user.hourly_wage);
        for (field, change) in [
            (&mut user.first_name, self.first_name),
            (&mut user.last_name, self.last_name),
            (&mut user.email, self.email),
            (&mut user.mobile_number, self.mobile_number),
            (&mut user.notes, self.notes),
        ] {
            if let Some(value) = change {
                *field = value;
            }
        }
    }
}

const fn unknown(what: &'static str, id: i64) -> Error {
    Error::Unknown { what, id }
}

/// The UTC date of a moment, `YYYY-MM-DD`.
pub(super) fn date(unix_seconds: i64) -> String {
    chrono::DateTime::from_timestamp(unix_seconds, 0)
        .unwrap_or_default()
        .format("%Y-%m-%d")
        .to_string()
}
