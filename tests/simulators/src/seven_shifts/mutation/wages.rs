//! Changes of pay.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Change, Outcome, unknown};
use crate::Error;
use crate::seven_shifts::accounts::take;
use crate::seven_shifts::wage::{Wage, WageType};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewWage {
    pub user_id: i64,
    pub role_id: Option<i64>,
    /// `YYYY-MM-DD`
    pub effective_date: NaiveDate,
    pub wage_type: WageType,
    pub wage_cents: i64,
    /// Adds it beside one of the same person, role and day: a state the API
    /// refuses to make, and that clients must survive.
    pub force: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WageChanges {
    pub effective_date: Option<NaiveDate>,
    pub wage_type: Option<WageType>,
    pub wage_cents: Option<i64>,
}

impl Change<'_> {
    pub(super) fn add_wage(&mut self, new: &NewWage) -> Outcome {
        self.user(new.user_id)?;
        if let Some(role_id) = new.role_id
            && !self.company.roles.contains(role_id)
        {
            return Err(unknown("role", role_id));
        }
        if !new.force {
            self.refuse_clash(None, new.user_id, new.role_id, new.effective_date)?;
        }
        let id = take(&mut self.ids.wage);
        self.company.wages.insert(Wage {
            id,
            user_id: new.user_id,
            role_id: new.role_id,
            effective_date: new.effective_date,
            wage_type: new.wage_type,
            wage_cents: new.wage_cents,
            created: self.now,
            modified: self.now,
        });
        Ok(Some(id))
    }

    pub(super) fn edit_wage(&mut self, id: i64, changes: &WageChanges) -> Outcome {
        let now = self.now;
        let wage = self.company.wages.get(id).ok_or(unknown("wage", id))?;
        if let Some(date) = changes.effective_date {
            self.refuse_clash(Some(id), wage.user_id, wage.role_id, date)?;
        }
        self.company.wages.update(id, |wage| {
            wage.effective_date = changes.effective_date.unwrap_or(wage.effective_date);
            wage.wage_type = changes.wage_type.unwrap_or(wage.wage_type);
            wage.wage_cents = changes.wage_cents.unwrap_or(wage.wage_cents);
            wage.modified = now;
        });
        Ok(Some(id))
    }

    pub(super) fn delete_wage(&mut self, id: i64) -> Outcome {
        self.company
            .wages
            .remove(id)
            .map(|_| Some(id))
            .ok_or(unknown("wage", id))
    }

    fn refuse_clash(
        &self,
        except: Option<i64>,
        user_id: i64,
        role_id: Option<i64>,
        date: NaiveDate,
    ) -> Result<(), Error> {
        let clashes = self.company.wages.iter().any(|wage| {
            except != Some(wage.id)
                && wage.user_id == user_id
                && wage.role_id == role_id
                && wage.effective_date == date
        });
        if clashes {
            return Err(Error::Clash(
                "the user has a wage of this role from this day on",
            ));
        }
        Ok(())
    }
}
