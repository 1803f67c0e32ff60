//! Life at a restaurant: one plausible change after another, from one seed.
//!
//! For tests that let days pass: what happens is up to the seed, what a mirror
//! must hold afterwards is [`SevenShifts::truth`].
//!
//! Shifts, punches and people are drawn from one sequence, their terms (wages,
//! assignments, availability, time off) from another beside it: what a seed makes
//! happen to the former does not depend on the latter.

mod terms;

use rand::Rng as _;
use rand::SeedableRng as _;
use rand::seq::IteratorRandom as _;
use rand_chacha::ChaCha8Rng;

use super::SevenShifts;
use super::model::{Company, TimePunch, UserType};
use super::mutation::{
    Mutation, NewPunch, NewShift, NewUser, PunchChanges, ShiftChanges, UserChanges,
};
use super::shift::{AttendanceStatus, Shift, ShiftState};
use crate::Error;

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// Draws before giving up on finding something that can happen.
const DRAWS_MAX: usize = 20;

/// The same seed makes the same things happen to the same account.
#[derive(Clone, Debug)]
pub struct Life {
    random: ChaCha8Rng,
    terms: terms::Terms,
}

impl Life {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            terms: terms::Terms::new(seed),
        }
    }

    /// Makes the next thing happen now; gives what it was. Now and then
    /// someone's terms change too.
    ///
    /// # Errors
    /// When the company does not exist, or nothing can happen in it.
    pub fn happen(&mut self, provider: &SevenShifts, company_id: i64) -> Result<Mutation, Error> {
        let now = provider.clock.now_seconds();
        let mut accounts = provider.write();
        for _ in 0..DRAWS_MAX {
            let company = accounts
                .companies
                .get(&company_id)
                .ok_or(Error::UnknownCompany(company_id))?;
            let Some(mutation) = self.draw(company, now) else {
                continue;
            };
            if accounts.apply(company_id, mutation.clone(), now).is_ok() {
                self.terms.happen(&mut accounts, company_id, now);
                return Ok(mutation);
            }
        }
        Err(Error::Impossible("nothing can happen in this company"))
    }

    /// Punches happen most, the rest of a day's work often, changes of people
    /// and places rarely.
    fn draw(&mut self, company: &Company, now: i64) -> Option<Mutation> {
        match self.random.random_range(0..100) {
            0..20 => self.punch_in(company),
            20..38 => self.punch_out(company),
            38..44 => self.begin_break(company),
            44..50 => self.end_break(company),
            50..56 => self.correct_punch(company),
            56..58 => self.add_forgotten_punch(company, now),
            58..61 => Some(Mutation::DeletePunch {
                id: self.punch(company, |_| true)?.id,
            }),
            61..68 => self.add_shift(company, now),
            68..74 => self.edit_shift(company),
            74..78 => self.publish_shift(company),
            78..80 => Some(Mutation::UnpublishShift {
                id: self.shift(company, |shift| shift.published().is_some())?.id,
            }),
            80..84 => self.delete_shift(company),
            84..86 => Some(Mutation::OpenShift {
                id: self.shift(company, is_live)?.id,
            }),
            86..89 => Some(Mutation::AssignShift {
                id: self.shift(company, is_live)?.id,
                user_id: self.user(company, true)?,
            }),
            89..92 => self.note_attendance(company),
            92..94 => Some(Mutation::EditUser {
                id: self.user(company, true)?,
                changes: UserChanges {
                    mobile_number: Some(format!(
                        "555{:07}",
                        self.random.random_range(0..9_999_999)
                    )),
                    ..UserChanges::default()
                },
            }),
            94 => self.deactivate_user(company),
            95 => Some(Mutation::ReactivateUser {
                id: self.user(company, false)?,
            }),
            96 => Some(Mutation::AddUser(NewUser::default())),
            97 => Some(Mutation::MergeUsers {
                from: self.user(company, false)?,
                into: self.user(company, true)?,
                silent: self.random.random_bool(0.2),
            }),
            98 => self.rename_a_place(company),
            _ => Some(Mutation::AddRole {
                department_id: company.departments.iter().choose(&mut self.random)?.id,
                name: format!("Role {}", self.random.random_range(1..1_000)),
            }),
        }
    }

    fn punch_in(&mut self, company: &Company) -> Option<Mutation> {
        let shift = self.shift(company, |shift| {
            shift
                .published()
                .is_some_and(|face| face.details.user_id.is_some())
        })?;
        let details = shift.published()?.details;
        let linked = self.random.random_bool(0.9);
        Some(Mutation::PunchIn {
            user_id: details.user_id?,
            location_id: details.location_id,
            department_id: details.department_id.filter(|_| linked),
            role_id: details.role_id.filter(|_| linked),
            shift_id: linked.then_some(shift.id),
            at: None,
        })
    }

    fn punch_out(&mut self, company: &Company) -> Option<Mutation> {
        Some(Mutation::PunchOut {
            id: self.punch(company, |punch| punch.clocked_out.is_none())?.id,
            at: None,
        })
    }

    fn begin_break(&mut self, company: &Company) -> Option<Mutation> {
        let id = self
            .punch(company, |punch| {
                punch.clocked_out.is_none() && !is_on_a_break(punch)
            })?
            .id;
        Some(Mutation::StartBreak {
            id,
            paid: self.random.random_bool(0.3),
        })
    }

    fn end_break(&mut self, company: &Company) -> Option<Mutation> {
        Some(Mutation::EndBreak {
            id: self.punch(company, is_on_a_break)?.id,
        })
    }

    /// Of any age: payroll is corrected late.
    fn correct_punch(&mut self, company: &Company) -> Option<Mutation> {
        let punch = self.punch(company, |punch| punch.clocked_out.is_some())?;
        let earlier = self.random.random_range(1..30) * MINUTE;
        Some(Mutation::EditPunch {
            id: punch.id,
            changes: PunchChanges {
                clocked_in: Some(punch.clocked_in - earlier),
                approved: Some(self.random.random_bool(0.5)),
                ..PunchChanges::default()
            },
        })
    }

    fn add_forgotten_punch(&mut self, company: &Company, now: i64) -> Option<Mutation> {
        let clocked_in = now - self.random.random_range(DAY..30 * DAY);
        Some(Mutation::AddPunch(NewPunch {
            user_id: self.user(company, true)?,
            location_id: self.location(company)?,
            clocked_in,
            clocked_out: Some(clocked_in + self.random.random_range(HOUR..9 * HOUR)),
            ..NewPunch::default()
        }))
    }

    fn add_shift(&mut self, company: &Company, now: i64) -> Option<Mutation> {
        let role = company.roles.iter().choose(&mut self.random)?;
        let start = now + self.random.random_range(-2 * DAY..14 * DAY);
        let is_open = self.random.random_bool(0.15);
        let user_id = self.user(company, true).filter(|_| !is_open);
        Some(Mutation::AddShift(NewShift {
            location_id: role.location_id,
            department_id: Some(role.department_id),
            role_id: Some(role.id),
            user_id,
            start,
            end: start + self.random.random_range(3 * HOUR..9 * HOUR),
            publish: self.random.random_bool(0.6),
            ..NewShift::default()
        }))
    }

    fn edit_shift(&mut self, company: &Company) -> Option<Mutation> {
        let shift = self.shift(company, is_live)?;
        let details = shift.newest().details;
        let by = self.random.random_range(-4..=4) * 15 * MINUTE;
        Some(Mutation::EditShift {
            id: shift.id,
            changes: ShiftChanges {
                start: Some(details.start + by),
                end: Some(details.end + by),
                notes: Some(format!("Moved by {} minutes", by / MINUTE)),
                ..ShiftChanges::default()
            },
            publish: self.random.random_bool(0.5),
        })
    }

    fn publish_shift(&mut self, company: &Company) -> Option<Mutation> {
        let id = self
            .shift(company, |shift| {
                matches!(
                    shift.state,
                    ShiftState::Draft(_)
                        | ShiftState::Edited { .. }
                        | ShiftState::DeletionPending { .. }
                )
            })?
            .id;
        Some(Mutation::PublishShift { id })
    }

    fn delete_shift(&mut self, company: &Company) -> Option<Mutation> {
        Some(Mutation::DeleteShift {
            id: self.shift(company, is_live)?.id,
            publish: self.random.random_bool(0.7),
        })
    }

    fn note_attendance(&mut self, company: &Company) -> Option<Mutation> {
        let id = self.shift(company, is_live)?.id;
        let (status, late_minutes) = match self.random.random_range(0..3) {
            0 => (AttendanceStatus::NoShow, 0),
            1 => (AttendanceStatus::Sick, 0),
            _ => (AttendanceStatus::Late, self.random.random_range(6..40)),
        };
        Some(Mutation::SetAttendance {
            id,
            status,
            late_minutes,
        })
    }

    /// Not the owner: the account's tokens are the owner's.
    fn deactivate_user(&mut self, company: &Company) -> Option<Mutation> {
        let id = self.user(company, true)?;
        let user = company.users.get(id)?;
        (user.kind != UserType::Employer).then_some(Mutation::DeactivateUser { id })
    }

    fn rename_a_place(&mut self, company: &Company) -> Option<Mutation> {
        let name = format!("Renamed {}", self.random.random_range(1..1_000));
        Some(match self.random.random_range(0..3) {
            0 => Mutation::RenameLocation {
                id: self.location(company)?,
                name,
            },
            1 => Mutation::RenameDepartment {
                id: company.departments.iter().choose(&mut self.random)?.id,
                name,
            },
            _ => Mutation::RenameRole {
                id: company.roles.iter().choose(&mut self.random)?.id,
                name,
            },
        })
    }

    fn punch<'a>(
        &mut self,
        company: &'a Company,
        wanted: impl Fn(&TimePunch) -> bool,
    ) -> Option<&'a TimePunch> {
        company
            .time_punches
            .iter()
            .filter(|punch| !punch.deleted && wanted(punch))
            .choose(&mut self.random)
    }

    fn shift<'a>(
        &mut self,
        company: &'a Company,
        wanted: impl Fn(&Shift) -> bool,
    ) -> Option<&'a Shift> {
        company
            .shifts
            .iter()
            .filter(|shift| wanted(shift))
            .choose(&mut self.random)
    }

    fn user(&mut self, company: &Company, active: bool) -> Option<i64> {
        company
            .users
            .iter()
            .filter(|user| user.active == active)
            .map(|user| user.id)
            .choose(&mut self.random)
    }

    fn location(&mut self, company: &Company) -> Option<i64> {
        company
            .locations
            .iter()
            .filter(|location| !location.deleted)
            .map(|location| location.id)
            .choose(&mut self.random)
    }
}

fn is_on_a_break(punch: &TimePunch) -> bool {
    punch.clocked_out.is_none() && punch.breaks.iter().any(|taken| taken.ended.is_none())
}

fn is_live(shift: &Shift) -> bool {
    !shift.newest().deleted
}
