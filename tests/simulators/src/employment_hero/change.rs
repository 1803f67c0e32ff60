//! What people do in the application, and rows that move while a list is read.

use serde::{Deserialize, Serialize};

use super::{Employee, LeaveRequest, Organisation, State};
use crate::Error;

/// One change. As JSON: `{"op":"withdraw_leave","id":"0c7e4c0e-…"}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    AddEmployee {
        organisation: String,
        employee: Employee,
    },
    /// The mails are both set; one that is absent is taken away.
    SetMails {
        id: String,
        #[serde(default)]
        company_email: Option<String>,
        #[serde(default)]
        account_email: Option<String>,
    },
    SetEmployeeStatus {
        id: String,
        status: String,
    },
    /// With all leave.
    RemoveEmployee {
        id: String,
    },
    AddLeave {
        organisation: String,
        leave: LeaveRequest,
    },
    /// The one with the same id is replaced.
    SetLeave {
        leave: LeaveRequest,
    },
    SetLeaveStatus {
        id: String,
        status: String,
    },
    /// It vanishes.
    WithdrawLeave {
        id: String,
    },
    /// After each of the next `times` pages of a list, the last row of the page and the first one of
    /// the next change places: one is seen twice, the other not at all.
    SwapAfterPages {
        list: List,
        times: u32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    Employees,
    LeaveRequests,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Swaps {
    employees: u32,
    leave_requests: u32,
}

impl Swaps {
    const fn of(&mut self, list: List) -> &mut u32 {
        match list {
            List::Employees => &mut self.employees,
            List::LeaveRequests => &mut self.leave_requests,
        }
    }

    /// `end` rows come before the next page; on the last page nothing moves.
    pub fn after_page<T>(&mut self, list: List, rows: &mut [T], end: usize) {
        let left = self.of(list);
        if *left > 0 && end > 0 && end < rows.len() {
            *left -= 1;
            rows.swap(end - 1, end);
        }
    }
}

impl State {
    pub(super) fn apply(&mut self, change: Change) -> Result<(), Error> {
        match change {
            Change::AddEmployee {
                organisation,
                employee,
            } => self.organisation(&organisation)?.employees.push(employee),
            Change::SetMails {
                id,
                company_email,
                account_email,
            } => {
                let employee = self.employee(&id)?;
                employee.company_email = company_email;
                employee.account_email = account_email;
            }
            Change::SetEmployeeStatus { id, status } => self.employee(&id)?.status = status,
            Change::RemoveEmployee { id } => {
                self.employee(&id)?;
                for organisation in self.organisations.all_mut() {
                    organisation.employees.retain(|row| row.id != id);
                    organisation
                        .leave_requests
                        .retain(|row| row.employee_id != id);
                }
            }
            Change::AddLeave {
                organisation,
                leave,
            } => {
                let organisation = self.organisation(&organisation)?;
                let mut employees = organisation.employees.iter();
                if !employees.any(|row| row.id == leave.employee_id) {
                    return Err(unknown("employee", &leave.employee_id));
                }
                organisation.leave_requests.push(leave);
            }
            Change::SetLeave { leave } => {
                let held = self.leave(&leave.id)?;
                *held = leave;
            }
            Change::SetLeaveStatus { id, status } => self.leave(&id)?.status = status,
            Change::WithdrawLeave { id } => {
                self.leave(&id)?;
                for organisation in self.organisations.all_mut() {
                    organisation.leave_requests.retain(|row| row.id != id);
                }
            }
            Change::SwapAfterPages { list, times } => *self.swaps.of(list) = times,
        }
        Ok(())
    }

    fn organisation(&mut self, id: &str) -> Result<&mut Organisation, Error> {
        self.organisations
            .get_mut(id)
            .ok_or_else(|| unknown("organisation", id))
    }

    fn employee(&mut self, id: &str) -> Result<&mut Employee, Error> {
        self.organisations
            .all_mut()
            .flat_map(|organisation| &mut organisation.employees)
            .find(|row| row.id == id)
            .ok_or_else(|| unknown("employee", id))
    }

    fn leave(&mut self, id: &str) -> Result<&mut LeaveRequest, Error> {
        self.organisations
            .all_mut()
            .flat_map(|organisation| &mut organisation.leave_requests)
            .find(|row| row.id == id)
            .ok_or_else(|| unknown("leave request", id))
    }
}

fn unknown(what: &'static str, id: &str) -> Error {
    Error::UnknownName {
        what,
        name: id.to_owned(),
    }
}
