//! A shift and its life between draft, published and deleted.
//!
//! A published shift that is edited keeps its published face until the edit is
//! published: employees go on seeing the old one. What 7shifts documents are
//! the faces of each state; which face each listing shows is inferred.

use serde::{Deserialize, Serialize};

use super::table::Row;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    pub id: i64,
    pub created: i64,
    pub state: ShiftState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShiftState {
    /// Never published, or withdrawn from publication.
    Draft(ShiftDetails),
    Published(ShiftDetails),
    /// Published, then edited; the edit is not published yet.
    Edited {
        published: ShiftDetails,
        draft: ShiftDetails,
    },
    /// A draft that was thrown away.
    DraftDeleted(ShiftDetails),
    /// Published, then deleted; the deletion is not published yet. The moment
    /// of deletion is `deleted.modified`.
    DeletionPending {
        published: ShiftDetails,
        deleted: ShiftDetails,
    },
    /// Published and then deleted for all to see.
    Deleted(ShiftDetails),
}

/// What a shift says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShiftDetails {
    pub location_id: i64,
    pub department_id: Option<i64>,
    pub role_id: Option<i64>,
    pub station_id: Option<i64>,
    /// None on an open shift.
    pub user_id: Option<i64>,
    pub start: i64,
    pub end: i64,
    pub close: bool,
    pub business_decline: bool,
    pub hourly_wage: i64,
    pub notes: String,
    pub notified: bool,
    pub open: bool,
    pub unassigned: bool,
    pub open_offer_type: Option<OpenOfferType>,
    pub attendance_status: AttendanceStatus,
    pub late_minutes: i64,
    pub breaks: Vec<PlannedBreak>,
    pub modified: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedBreak {
    pub name: String,
    /// Minutes.
    pub length: i64,
    pub paid: bool,
}

/// Text on read, a number on write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenOfferType {
    AllLocationMembers,
    AllRoleMembers,
    SetOfLocationMembers,
    AllCompanyEmployees,
}

impl OpenOfferType {
    pub const fn from_write(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::AllLocationMembers),
            1 => Some(Self::AllRoleMembers),
            2 => Some(Self::SetOfLocationMembers),
            3 => Some(Self::AllCompanyEmployees),
            _ => None,
        }
    }
}

/// Text on read, a number in the field `status` on write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttendanceStatus {
    #[default]
    None,
    Sick,
    NoShow,
    Late,
    CalledOff,
    CalledIn,
    Custom,
}

impl AttendanceStatus {
    /// 5 is "left late" on write, for which reading has no word of its own.
    pub const fn from_write(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::None),
            1 => Some(Self::Sick),
            2 => Some(Self::NoShow),
            3 => Some(Self::Late),
            4 => Some(Self::CalledOff),
            5 | -1 => Some(Self::Custom),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishStatus {
    Draft,
    Published,
    DraftDeleted,
    PublishedDeleted,
}

/// A shift as one listing shows it.
#[derive(Clone, Copy, Debug)]
pub struct ShiftFace<'a> {
    pub id: i64,
    pub created: i64,
    pub details: &'a ShiftDetails,
    pub publish_status: PublishStatus,
    pub draft: bool,
    pub deleted: bool,
}

/// Which shifts a listing is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShiftView {
    /// The default.
    Published,
    /// `deleted=true`
    Deleted,
    /// `draft=true`
    Draft,
    /// `include_draft=true`
    PublishedAndDraft,
}

impl Shift {
    /// The face this shift has in a view, if it is in it.
    pub fn face(&self, view: ShiftView) -> Option<ShiftFace<'_>> {
        match view {
            ShiftView::Published => self.published(),
            ShiftView::Deleted => match &self.state {
                ShiftState::Deleted(_) => Some(self.newest()),
                _ => None,
            },
            ShiftView::Draft => Some(self.newest()).filter(|face| face.draft),
            ShiftView::PublishedAndDraft => {
                Some(self.newest()).filter(|face| face.draft || !face.deleted)
            }
        }
    }

    /// What employees see.
    pub fn published(&self) -> Option<ShiftFace<'_>> {
        match &self.state {
            ShiftState::Published(details)
            | ShiftState::Edited {
                published: details, ..
            }
            | ShiftState::DeletionPending {
                published: details, ..
            } => Some(self.face_of(details, PublishStatus::Published, false, false)),
            ShiftState::Draft(_) | ShiftState::DraftDeleted(_) | ShiftState::Deleted(_) => None,
        }
    }

    /// What the manager who edits the schedule sees.
    pub fn newest(&self) -> ShiftFace<'_> {
        match &self.state {
            ShiftState::Draft(details) => self.face_of(details, PublishStatus::Draft, true, false),
            ShiftState::Published(details) => {
                self.face_of(details, PublishStatus::Published, false, false)
            }
            ShiftState::Edited { draft, .. } => {
                self.face_of(draft, PublishStatus::Published, true, false)
            }
            ShiftState::DraftDeleted(details) => {
                self.face_of(details, PublishStatus::DraftDeleted, true, true)
            }
            ShiftState::DeletionPending { deleted, .. } => {
                self.face_of(deleted, PublishStatus::PublishedDeleted, true, true)
            }
            ShiftState::Deleted(details) => {
                self.face_of(details, PublishStatus::PublishedDeleted, false, true)
            }
        }
    }

    const fn face_of<'a>(
        &self,
        details: &'a ShiftDetails,
        publish_status: PublishStatus,
        draft: bool,
        deleted: bool,
    ) -> ShiftFace<'a> {
        ShiftFace {
            id: self.id,
            created: self.created,
            details,
            publish_status,
            draft,
            deleted,
        }
    }
}

impl ShiftState {
    /// Changes what the shift says. None when it is deleted.
    pub fn edited(
        self,
        publish: bool,
        now: i64,
        change: impl FnOnce(&mut ShiftDetails),
    ) -> Option<Self> {
        let apply = |mut details: ShiftDetails| {
            change(&mut details);
            details.modified = now;
            details
        };
        Some(match (self, publish) {
            (Self::Draft(details), false) => Self::Draft(apply(details)),
            (Self::Published(published), false) => Self::Edited {
                draft: apply(published.clone()),
                published,
            },
            (Self::Edited { published, draft }, false) => Self::Edited {
                published,
                draft: apply(draft),
            },
            (Self::Draft(details) | Self::Published(details), true)
            | (Self::Edited { draft: details, .. }, true) => Self::Published(apply(details)),
            (Self::DraftDeleted(_) | Self::DeletionPending { .. } | Self::Deleted(_), _) => {
                return None;
            }
        })
    }

    /// Makes the newest face the one employees see.
    pub fn publish(self, now: i64) -> Self {
        let stamped = |mut details: ShiftDetails| {
            details.modified = now;
            details
        };
        match self {
            Self::Draft(details) | Self::Edited { draft: details, .. } => {
                Self::Published(stamped(details))
            }
            Self::DeletionPending { deleted, .. } => Self::Deleted(stamped(deleted)),
            unchanged @ (Self::Published(_) | Self::DraftDeleted(_) | Self::Deleted(_)) => {
                unchanged
            }
        }
    }

    /// Withdraws a shift from employees' sight. None when it is deleted.
    pub fn unpublish(self, now: i64) -> Option<Self> {
        match self {
            Self::Draft(details)
            | Self::Published(details)
            | Self::Edited { draft: details, .. } => Some(Self::Draft(ShiftDetails {
                modified: now,
                ..details
            })),
            Self::DraftDeleted(_) | Self::DeletionPending { .. } | Self::Deleted(_) => None,
        }
    }

    /// Deletes a shift; what was published goes on being seen until the
    /// deletion is published. None when it is deleted already.
    pub fn delete(self, publish: bool, now: i64) -> Option<Self> {
        let stamped = |mut details: ShiftDetails| {
            details.modified = now;
            details
        };
        match self {
            Self::Draft(details) => Some(Self::DraftDeleted(stamped(details))),
            Self::Published(details)
            | Self::Edited {
                published: details, ..
            } if publish => Some(Self::Deleted(stamped(details))),
            Self::Published(published) => Some(Self::DeletionPending {
                deleted: stamped(published.clone()),
                published,
            }),
            Self::Edited { published, draft } => Some(Self::DeletionPending {
                published,
                deleted: stamped(draft),
            }),
            Self::DraftDeleted(_) | Self::DeletionPending { .. } | Self::Deleted(_) => None,
        }
    }

    /// The details of every face, for changes that reach all of them.
    pub fn each_details(&mut self, mut change: impl FnMut(&mut ShiftDetails)) {
        match self {
            Self::Draft(details)
            | Self::Published(details)
            | Self::DraftDeleted(details)
            | Self::Deleted(details) => change(details),
            Self::Edited {
                published,
                draft: other,
            }
            | Self::DeletionPending {
                published,
                deleted: other,
            } => {
                change(published);
                change(other);
            }
        }
    }
}

impl Row for Shift {
    fn id(&self) -> i64 {
        self.id
    }

    fn modified(&self) -> i64 {
        let newest = self.newest().details.modified;
        self.published()
            .map_or(newest, |face| face.details.modified.max(newest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEWS: [ShiftView; 4] = [
        ShiftView::Published,
        ShiftView::Deleted,
        ShiftView::Draft,
        ShiftView::PublishedAndDraft,
    ];

    fn details() -> ShiftDetails {
        ShiftDetails {
            location_id: 1,
            department_id: None,
            role_id: None,
            station_id: None,
            user_id: Some(9),
            start: 0,
            end: 3600,
            close: false,
            business_decline: false,
            hourly_wage: 0,
            notes: "first".to_owned(),
            notified: true,
            open: false,
            unassigned: false,
            open_offer_type: None,
            attendance_status: AttendanceStatus::None,
            late_minutes: 0,
            breaks: Vec::new(),
            modified: 10,
        }
    }

    /// For each view: status, draft flag, deleted flag, notes.
    fn faces(state: ShiftState) -> Vec<Option<(PublishStatus, bool, bool, String)>> {
        let shift = Shift {
            id: 1,
            created: 0,
            state,
        };
        VIEWS
            .iter()
            .map(|view| {
                shift.face(*view).map(|face| {
                    (
                        face.publish_status,
                        face.draft,
                        face.deleted,
                        face.details.notes.clone(),
                    )
                })
            })
            .collect()
    }

    #[test]
    fn each_state_is_seen_in_the_views_that_are_documented() {
        use PublishStatus::{Draft, DraftDeleted, Published, PublishedDeleted};
        let face =
            |status, draft, deleted, notes: &str| Some((status, draft, deleted, notes.to_owned()));
        let draft = ShiftState::Draft(details());
        let published = draft.clone().publish(11);
        let edited = published
            .clone()
            .edited(false, 12, |details| details.notes = "second".to_owned())
            .unwrap();
        let first = || face(Published, false, false, "first");
        let new = face(Draft, true, false, "first");
        assert_eq!(faces(draft.clone()), [None, None, new.clone(), new]);
        assert_eq!(faces(published.clone()), [first(), None, None, first()]);
        let second = face(Published, true, false, "second");
        assert_eq!(
            faces(edited.clone()),
            [first(), None, second.clone(), second]
        );
        let thrown = face(DraftDeleted, true, true, "first");
        assert_eq!(
            faces(draft.delete(true, 13).unwrap()),
            [None, None, thrown.clone(), thrown]
        );
        let pending = face(PublishedDeleted, true, true, "second");
        assert_eq!(
            faces(edited.delete(false, 13).unwrap()),
            [first(), None, pending.clone(), pending]
        );
        assert_eq!(
            faces(published.delete(true, 13).unwrap()),
            [
                None,
                face(PublishedDeleted, false, true, "first"),
                None,
                None
            ]
        );
    }

    #[test]
    fn publishing_an_edit_makes_it_the_published_face_and_stamps_it() {
        let state = ShiftState::Published(details())
            .edited(false, 20, |details| details.start = 60)
            .unwrap();
        let ShiftState::Published(details) = state.publish(30) else {
            panic!("published");
        };
        assert_eq!((details.start, details.modified), (60, 30));
    }

    #[test]
    fn what_is_deleted_stays_deleted() {
        let deleted = ShiftState::Published(details()).delete(true, 20).unwrap();
        assert!(deleted.clone().edited(true, 30, |_| ()).is_none());
        assert!(deleted.clone().unpublish(30).is_none());
        assert!(deleted.clone().delete(true, 30).is_none());
        assert_eq!(deleted.clone().publish(30), deleted);
    }
}
