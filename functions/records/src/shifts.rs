//! Shifts: everybody sees the schedule, and of attendance what they may know.

use api::Problem;
use domain::access::Scope;
use platform::{Context, Reply};
use store::lists::{AttendanceOf, get_shift};

const SHIFT: &str = "shift";

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id(SHIFT)?;
    let of = attendance_of(context)?;
    crate::found(get_shift(&context.database, &tenant, &id, of).await, SHIFT)
}

/// Whose attendance the caller may know of.
pub fn attendance_of(context: &Context) -> Result<AttendanceOf<'_>, Problem> {
    let caller = context.caller()?;
    Ok(if caller.may(Scope::AttendanceRead) {
        AttendanceOf::Everybody
    } else if caller.may(Scope::AttendanceOwn) && caller.is_person() {
        AttendanceOf::Person(caller.subject())
    } else {
        AttendanceOf::Nobody
    })
}
