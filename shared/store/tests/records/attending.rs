//! Attendance: what is written once, what stays whatever is decided again, and that every statement has its index.

use domain::attendance::Few;
use domain::attendance::span::Span;
use proptest::prelude::*;
use store::attendance::answers::{self, Asked, PeopleAsked};
use store::attendance::resolve::{self, Said};
use store::attendance::{
    self, Cursor, DeltaRow, Found, Person, PunchMark, RecordRow, Settled, ShiftMark, Source, Whose,
    policies,
};
use store::jobs::Lease;
use store::records::{Page, ShiftRecord, TeamMemberRecord, TimeOffRecord, TimePunchRecord};
use store::{Database, DatabaseError, Execute};

use crate::fixture::{Fixture, NOW, Party, party};
use crate::support::wait;

const JOB: &str = "job";

struct Written {
    fixture: Fixture,
    party: Party,
    member: String,
    shift: String,
    punch: String,
}

/// One person with a shift and a punch, and the organization's job under a lease.
fn written() -> Written {
    let fixture = Fixture::new();
    let party = party(1);
    let person = TeamMemberRecord {
        external_id: "7".to_owned(),
        first_name: "Ana".to_owned(),
        is_active: true,
        ..TeamMemberRecord::default()
    };
    fixture.write(&party, Page::TeamMembers(&[person]));
    let shift = ShiftRecord {
        external_id: "s".to_owned(),
        external_user_id: Some("7".to_owned()),
        starts_at: NOW,
        ends_at: NOW + 28_800,
        ..ShiftRecord::default()
    };
    fixture.write(&party, Page::Shifts(&[shift]));
    let punch = TimePunchRecord {
        external_id: "p".to_owned(),
        external_user_id: Some("7".to_owned()),
        clocked_in_at: NOW + 720,
        clocked_out_at: Some(NOW + 28_800),
        worked_seconds: Some(28_080),
        ..TimePunchRecord::default()
    };
    fixture.write(&party, Page::TimePunches(&[punch]));
    let id = |table: &str| fixture.text(&format!("SELECT id FROM {table}")).unwrap();
    let (member, shift, punch) = (
        id("team_members"),
        id("schedule_shifts"),
        id("time_punches"),
    );
    let tenant = party.tenant.as_str();
    fixture.query(
        &format!("INSERT INTO organizations (id, name, time_zone, created_at, updated_at) VALUES ('{tenant}', 'A', 'UTC', 0, 0)"),
        &[],
    );
    fixture.query(
        &format!(
            "INSERT INTO jobs (id, kind, name, organization_id, subject, function, concurrency_key, state, next_due_at, run_id,
               lease_holder, lease_version, lease_expires_at, created_at, updated_at)
             VALUES ('{JOB}', 'attendance', 'deltas', '{tenant}', '{tenant}', 'delta-engine', 'a', 'running', {end}, 'run', 'tick', 1, {end}, 0, 0)",
            end = NOW + 60
        ),
        &[],
    );
    Written {
        fixture,
        party,
        member,
        shift,
        punch,
    }
}

impl Written {
    fn delta(&self, member: &'static str) -> DeltaRow<'_> {
        let member = if member.is_empty() {
            &self.member
        } else {
            member
        };
        DeltaRow {
            id: self.fixture.id(),
            connector_id: &self.party.connector_id,
            team_member_id: member,
            subject_id: &self.shift,
            anchor_at: NOW,
            event_date: "2027-01-15".parse().unwrap(),
            external_location_id: None,
            external_role_id: None,
            shift_ids: Few::from_iter([self.shift.as_str()]),
            punch_ids: Few::from_iter([self.punch.as_str()]),
            matched_by: "time",
            categories: 2,
            scheduled_start: Some(NOW),
            scheduled_end: Some(NOW + 28_800),
            scheduled_seconds: Some(28_800),
            actual_start: Some(NOW + 720),
            actual_end: Some(NOW + 28_800),
            worked_seconds: Some(28_080),
            arrival_seconds: Some(720),
            departure_seconds: Some(0),
            delta_minutes: Some(-12),
            is_running: false,
            review: None,
            fingerprint: 1,
        }
    }

    fn record(
        &self,
        member: &'static str,
        points: i64,
        time_off: Option<&'static str>,
    ) -> RecordRow<'_> {
        let member = if member.is_empty() {
            &self.member
        } else {
            member
        };
        RecordRow {
            id: self.fixture.id(),
            connector_id: &self.party.connector_id,
            team_member_id: member,
            subject_id: &self.shift,
            event_type: "late_arrival",
            anchor_at: NOW,
            event_date: "2027-01-15".parse().unwrap(),
            external_location_id: None,
            external_role_id: None,
            shift_ids: Few::from_iter([self.shift.as_str()]),
            punch_ids: Few::from_iter([self.punch.as_str()]),
            matched_by: "time",
            scheduled_start: Some(NOW),
            scheduled_end: Some(NOW + 28_800),
            actual_start: Some(NOW + 720),
            actual_end: Some(NOW + 28_800),
            minutes: 12,
            delta_minutes: Some(-12),
            points,
            tier_minutes: Some(5),
            policy_version: 0,
            review: None,
            time_off_request_id: time_off,
            counts: time_off.is_none(),
            explanation: "Late.".to_owned(),
            fingerprint: 1,
        }
    }

    fn mark(&self, delta_minutes: Option<i64>) -> PunchMark<'_> {
        PunchMark {
            id: &self.punch,
            member_id: &self.member,
            anchor_at: NOW,
            shift_id: Some(&self.shift),
            scheduled_seconds: Some(28_800),
            delta_minutes,
        }
    }

    /// Returns the sequence value, and whether the lease held.
    fn settle(&self, settled: &Settled<'_>, version: i64) -> (i64, bool) {
        let lease = Lease {
            tenant: &self.party.tenant,
            job_id: JOB,
            version,
        };
        wait(self.fixture.database.transaction(async |transaction| {
            let seen = Cursor {
                seq: i64::MAX,
                id: String::new(),
            };
            let (seq, _) = attendance::begin(transaction, lease.tenant, &seen, NOW * 1_000).await?;
            let held =
                attendance::settle(transaction, lease, settled, seq, "{\"a\":1}", NOW).await?;
            Ok::<_, DatabaseError>((seq, held))
        }))
        .unwrap()
    }

    fn number(&self, sql: &str) -> i64 {
        self.fixture.number(sql)
    }
}

/// Its event is gone from one person, and there is this one.
fn goes<'a>(written: &'a Written, from: &'a str, record: RecordRow<'a>) {
    let settled = Settled {
        gone_records: vec![(&written.shift, "late_arrival", from)],
        records: vec![record],
        ..Settled::default()
    };
    written.settle(&settled, 1);
}

#[test]
fn what_was_decided_is_corrected_and_what_was_said_stays() {
    let written = written();
    let settled = Settled {
        deltas: vec![written.delta("")],
        records: vec![written.record("", 1, None)],
        punches: vec![written.mark(Some(-12))],
        shifts: vec![ShiftMark {
            id: &written.shift,
            member_id: &written.member,
            anchor_at: NOW,
        }],
        ..Settled::default()
    };
    assert!(written.settle(&settled, 1).1);
    let id = written
        .fixture
        .text("SELECT id FROM attendance_records")
        .unwrap();
    let said = Said {
        excused: Some(Some(true)),
        note: Some(Some("bus")),
        resolution: None,
    };
    let is_there = |tenant: &Party, said: &Said<'_>| {
        wait(written.fixture.database.transaction(async |transaction| {
            resolve::record(transaction, &tenant.tenant, &id, said, "boss", NOW * 1_000).await
        }))
        .unwrap()
    };
    assert!(is_there(&written.party, &said));
    assert!(!is_there(&party(2), &said), "another organization's");
    let points = || {
        written.number("SELECT points_assessed FROM attendance_records WHERE deleted_at IS NULL")
    };
    assert_eq!(points(), 0);
    // Decided again, as more: it is the same row, and excused.
    let again = Settled {
        records: vec![written.record("", 2, None)],
        ..Settled::default()
    };
    written.settle(&again, 1);
    assert_eq!(written.number("SELECT count(*) FROM attendance_records"), 1);
    assert_eq!(
        (
            points(),
            written.number("SELECT points FROM attendance_records")
        ),
        (0, 2)
    );
    // Gone, and back.
    let gone = Settled {
        gone_records: vec![(&written.shift, "late_arrival", &written.member)],
        ..Settled::default()
    };
    written.settle(&gone, 1);
    assert_eq!(
        written.number("SELECT deleted_at FROM attendance_records"),
        NOW
    );
    written.settle(&again, 1);
    assert_eq!(
        written.number(
            "SELECT count(*) FROM attendance_records WHERE deleted_at IS NULL AND note = 'bus'"
        ),
        1
    );
    // It points by time off where no manager has said anything.
    is_there(
        &written.party,
        &Said {
            excused: Some(None),
            ..Said::default()
        },
    );
    assert_eq!(points(), 2);
    let off = Settled {
        records: vec![written.record("", 2, Some("off"))],
        ..Settled::default()
    };
    written.settle(&off, 1);
    assert_eq!(points(), 0);
    is_there(
        &written.party,
        &Said {
            excused: Some(Some(false)),
            ..Said::default()
        },
    );
    assert_eq!(points(), 2);
    // A manager's word has a name and a time.
    let decided = || {
        written.number(&format!(
            "SELECT count(*) FROM attendance_records
             WHERE deleted_at IS NULL AND resolved_by = 'boss' AND resolved_at = {NOW}"
        ))
    };
    assert_eq!(decided(), 1);
    // The provider made one of two people: the punch is the same, and so is what was said of it.
    goes(
        &written,
        &written.member,
        written.record("somebody-else", 2, None),
    );
    assert_eq!(decided(), 1);
    assert_eq!(points(), 2);
    // The shift was swapped: what was said was said of somebody else, whose readers see that it is gone.
    let of_another = || RecordRow {
        punch_ids: Few::from_iter(["another-punch"]),
        ..written.record("a-third-one", 5, None)
    };
    goes(&written, "somebody-else", of_another());
    assert_eq!(decided(), 0);
    assert_eq!(points(), 5);
    assert_eq!(
        written.number(
            "SELECT count(*) FROM attendance_records WHERE deleted_at IS NOT NULL AND team_member_id = 'somebody-else'"
        ),
        1
    );
    // And back: it stands again, also of one that no punch is of.
    goes(
        &written,
        "a-third-one",
        RecordRow {
            punch_ids: Few::new(),
            ..written.record("somebody-else", 6, None)
        },
    );
    assert_eq!(decided(), 1);
    assert_eq!(points(), 6);
    goes(&written, "somebody-else", written.record("", 2, None));
    assert_eq!(decided(), 1);
    written.settle(
        &Settled {
            gone_records: vec![
                (&written.shift, "late_arrival", "somebody-else"),
                (&written.shift, "late_arrival", "a-third-one"),
            ],
            ..Settled::default()
        },
        1,
    );
    // What waits for a person counts once that person says so.
    is_there(
        &written.party,
        &Said {
            excused: Some(None),
            ..Said::default()
        },
    );
    let waiting = Settled {
        records: vec![RecordRow {
            counts: false,
            review: Some("on_the_clock"),
            ..written.record("", 6, None)
        }],
        ..Settled::default()
    };
    written.settle(&waiting, 1);
    assert_eq!(points(), 0);
    let say = |excused| {
        let said = Said {
            excused: Some(excused),
            ..Said::default()
        };
        is_there(&written.party, &said)
    };
    say(Some(false));
    assert_eq!(points(), 6);
    written.settle(&waiting, 1);
    assert_eq!(points(), 6);
    say(None);
    assert_eq!(points(), 0);
    assert_eq!(decided(), 0);
}

#[test]
fn readers_of_punches_hear_of_what_they_see_and_of_nothing_else() {
    let written = written();
    let settled = |mark| Settled {
        punches: vec![mark],
        ..Settled::default()
    };
    let changed = || written.number("SELECT changed_seq FROM time_punches");
    let (seq, _) = written.settle(&settled(written.mark(Some(-12))), 1);
    assert_eq!(changed(), seq);
    written.settle(&settled(written.mark(Some(-12))), 1);
    assert_eq!(changed(), seq, "the same again");
    let (later, _) = written.settle(&settled(written.mark(Some(-13))), 1);
    assert_eq!(changed(), later);
}

#[test]
fn a_lease_that_is_lost_keeps_nothing() {
    let written = written();
    assert!(!written.settle(&Settled::default(), 2).1);
    assert!(written.settle(&Settled::default(), 1).1);
    assert_eq!(
        written
            .fixture
            .text("SELECT checkpoint FROM jobs")
            .as_deref(),
        Some("{\"a\":1}")
    );
}

/// What each row shows is what a reader adds up.
#[test]
fn a_summary_adds_up_the_minutes_of_its_rows() {
    let written = written();
    let whole = |seconds: i64| seconds.div_euclid(60);
    let nearest = |seconds: i64| (seconds + 30).div_euclid(60);
    // Categories, seconds late, seconds after the end, scheduled, worked.
    let works: [(i64, [Option<i64>; 4]); 9] = [
        (2, [Some(359), Some(0), Some(28_800), Some(28_441)]),
        (2 | 32, [Some(359), Some(1_300), Some(28_829), Some(29_731)]),
        (32, [Some(0), Some(950), Some(28_800), Some(29_729)]),
        (4 | 64, [Some(0), Some(-1_019), Some(3_600), Some(2_611)]),
        (4 | 64, [Some(10), Some(-1_019), Some(3_629), Some(2_599)]),
        // Until closing, on the clock, nobody came, nobody was expected.
        (1, [Some(-29), None, None, Some(20_029)]),
        (2, [Some(400), None, Some(28_829), None]),
        (8, [None, None, Some(28_829), None]),
        (16, [None, None, None, Some(5_429)]),
    ];
    let deltas = || {
        works
            .iter()
            .map(|&(categories, [arrival, departure, scheduled, worked])| {
                let both = worked.zip(scheduled);
                DeltaRow {
                    id: written.fixture.id(),
                    categories,
                    arrival_seconds: arrival,
                    departure_seconds: departure,
                    scheduled_seconds: scheduled,
                    worked_seconds: worked,
                    delta_minutes: both
                        .map(|(worked, scheduled)| nearest(worked) - nearest(scheduled)),
                    ..written.delta("")
                }
            })
    };
    let subjects: Vec<String> = works.iter().map(|_| written.fixture.id()).collect();
    let outside: Vec<String> = (0..2).map(|_| written.fixture.id()).collect();
    // Of two months, which are added up each and then together; what lies outside of the days asked for is not.
    let days = ["2026-12-31", "2027-01-01", "2027-01-31"];
    let rows = deltas().zip(&subjects).zip(days.iter().cycle());
    let mut rows: Vec<_> = rows
        .map(|((delta, subject_id), day)| DeltaRow {
            subject_id,
            event_date: day.parse().unwrap(),
            ..delta
        })
        .collect();
    for (subject_id, day) in outside.iter().zip(["2026-12-30", "2027-02-01"]) {
        rows.push(DeltaRow {
            subject_id,
            event_date: day.parse().unwrap(),
            ..written.delta("")
        });
    }
    let settled = Settled {
        deltas: rows,
        ..Settled::default()
    };
    assert!(written.settle(&settled, 1).1);
    let asked = Asked {
        from: "2026-12-31",
        to: "2027-01-31",
        ..Asked::default()
    };
    let sums = wait(answers::sums(
        &written.fixture.database,
        &written.party.tenant,
        asked,
    ))
    .unwrap();
    let [sums] = sums.as_slice() else {
        panic!("{sums:?}");
    };
    let sum = |bit: i64, minutes: &dyn Fn(&DeltaRow<'_>) -> Option<i64>| -> i64 {
        deltas()
            .filter(|row| bit == 0 || row.categories & bit != 0)
            .filter_map(|row| minutes(&row))
            .sum()
    };
    let net = |row: &DeltaRow<'_>| row.delta_minutes;
    let size = |row: &DeltaRow<'_>| row.delta_minutes.map(i64::abs);
    assert_eq!(
        [
            sums.late_minutes,
            sums.early_departure_minutes,
            sums.overtime_minutes,
            sums.short_shift_minutes,
            sums.scheduled_minutes,
            sums.worked_minutes,
            sums.net_minutes,
            sums.works_not_compared,
        ],
        [
            sum(2, &|row| row.arrival_seconds.map(whole)),
            sum(4, &|row| row
                .departure_seconds
                .map(|seconds| whole(-seconds))),
            sum(32, &size),
            sum(64, &size),
            sum(0, &|row| row.scheduled_seconds.map(nearest)),
            sum(0, &|row| row.worked_seconds.map(nearest)),
            sum(0, &net),
            2,
        ]
    );
    // Not what the seconds come to.
    let seconds: i64 = deltas()
        .filter(|row| row.categories & 2 != 0)
        .filter_map(|row| row.arrival_seconds)
        .sum();
    assert_ne!(sums.late_minutes, whole(seconds));
}

#[test]
fn who_is_asked_for_by_id_is_there_and_who_left_is_in_no_list() {
    let written = written();
    let people = |ids: Option<&[&str]>, after: Option<&str>| {
        let asked = PeopleAsked {
            ids,
            after,
            limit: 5,
            ..PeopleAsked::default()
        };
        wait(answers::people(
            &written.fixture.database,
            &written.party.tenant,
            asked,
        ))
        .unwrap()
    };
    let member = written.member.as_str();
    assert_eq!(people(None, None), [member]);
    written
        .fixture
        .query("UPDATE team_members SET is_active = 0", &[]);
    assert!(people(None, None).is_empty());
    assert_eq!(people(Some(&[member, "somebody"]), None), [member]);
    assert!(people(Some(&[member]), Some(member)).is_empty());
    assert!(people(Some(&[]), None).is_empty());
    let foreign = PeopleAsked {
        ids: Some(&[member]),
        limit: 5,
        ..PeopleAsked::default()
    };
    let foreign = wait(answers::people(
        &written.fixture.database,
        &party(2).tenant,
        foreign,
    ));
    assert!(foreign.unwrap().is_empty());
}

/// Every statement that reads, on a database that refuses to read whole tables.
#[test]
fn points_are_of_the_days_asked_for_and_of_the_window() {
    let written = written();
    let days = ["2026-12-30", "2026-12-31", "2027-01-01", "2027-02-01"];
    let subjects: Vec<String> = days.iter().map(|_| written.fixture.id()).collect();
    let records = days.iter().zip(&subjects).zip([1, 10, 100, 1_000]);
    let settled = Settled {
        records: records
            .map(|((day, subject_id), points)| RecordRow {
                id: written.fixture.id(),
                subject_id,
                event_date: day.parse().unwrap(),
                ..written.record("", points, None)
            })
            .collect(),
        ..Settled::default()
    };
    assert!(written.settle(&settled, 1).1);
    let points = |from, window_from| {
        let asked = Asked {
            from,
            to: "2027-01-31",
            ..Asked::default()
        };
        let database = &written.fixture.database;
        let found = wait(answers::points(
            database,
            &written.party.tenant,
            asked,
            window_from,
        ));
        let found = found.unwrap();
        let [one] = found.as_slice() else {
            panic!("{found:?}");
        };
        (one.points, one.window_points)
    };
    assert_eq!(points("2027-01-01", "2026-12-31"), (100, 110));
    assert_eq!(points("2026-12-30", "2026-12-31"), (111, 110));
    assert_eq!(points("2026-12-31", "2026-12-31"), (110, 110));
}

/// Tens of thousands of rows are read for one answer: none of them is looked up in its table.
#[test]
fn what_is_read_of_many_is_in_its_index() {
    let written = written();
    let database = &written.fixture.database;
    let tenant = &written.party.tenant;
    let asked = Asked {
        from: "2027-01-01",
        to: "2027-01-31",
        ..Asked::default()
    };
    let last_plan = || {
        let statements = database.take_statements();
        database.plan(statements.last().unwrap()).join("\n")
    };
    wait(answers::sums(database, tenant, asked)).unwrap();
    let plan = last_plan();
    assert!(
        plan.contains(
            "COVERING INDEX attendance_deltas_summary (organization_id=? AND <expr>>? AND <expr><?)"
        ),
        "{plan}"
    );
    assert_eq!(plan.matches("TEMP B-TREE").count(), 1, "{plan}");
    wait(answers::points(database, tenant, asked, "2026-11-01")).unwrap();
    let plan = last_plan();
    assert!(
        plan.contains(
            "COVERING INDEX attendance_records_points (organization_id=? AND <expr>>? AND <expr><?)"
        ),
        "{plan}"
    );
    assert_eq!(plan.matches("TEMP B-TREE").count(), 1, "{plan}");
    wait(attendance::read(database, tenant, &[])).unwrap();
    let of_parts = last_plan();
    wait(attendance::read_everybody(database, tenant, "a", "b")).unwrap();
    let of_everybody = last_plan();
    for (plan, columns) in [
        (of_parts, "team_member_id=? AND anchor_at>? AND anchor_at<?"),
        (of_everybody, "team_member_id>? AND team_member_id<?"),
    ] {
        for index in ["attendance_deltas_member", "attendance_records_member"] {
            let line = format!("COVERING INDEX {index} (organization_id=? AND {columns})");
            assert!(plan.contains(&line), "{plan}");
        }
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}

/// The rows of all tables, each with whose it is: one way to read names people by their places, the other by their ids.
fn told(found: &Found, people: &[Person<'_>]) -> Vec<(String, String)> {
    let id = |whose: Whose<'_>| match whose {
        Whose::Place(place) => people[usize::try_from(place).unwrap()].member_id.to_owned(),
        Whose::Id(id) => id.to_owned(),
    };
    let mut rows = found.rows().unwrap();
    let mut told = Vec::new();
    for row in &mut rows.members {
        let whose = std::mem::replace(&mut row.0, Whose::Place(0));
        told.push((id(whose), format!("{row:?}")));
    }
    macro_rules! tell {
        ($($rows:ident),*) => { $(
            for row in &mut rows.$rows {
                let whose = std::mem::replace(&mut row.whose, Whose::Place(0));
                told.push((id(whose), format!("{row:?}")));
            }
        )* };
    }
    tell!(shifts, punches, time_off, deltas, records);
    told
}

#[test]
fn everybody_is_read_as_each_person_is() {
    let written = written();
    let (fixture, party) = (&written.fixture, &written.party);
    let tenant = &party.tenant;
    for name in ["8", "foreign", "9", "x"] {
        // People of another organization are between them.
        let party = &crate::fixture::party(if name == "foreign" { 2 } else { 1 });
        let user = || Some(name.to_owned());
        let person = TeamMemberRecord {
            external_id: name.to_owned(),
            is_active: true,
            user_type: Some("employee".to_owned()),
            ..TeamMemberRecord::default()
        };
        fixture.write(party, Page::TeamMembers(&[person]));
        let shift = |number: i64| ShiftRecord {
            external_id: format!("{name}-{number}"),
            external_user_id: user(),
            starts_at: NOW - number * 86_400,
            ends_at: NOW - number * 86_400 + 28_800,
            ..ShiftRecord::default()
        };
        fixture.write(party, Page::Shifts(&[shift(0), shift(400), shift(-3)]));
        let punch = |number: i64| TimePunchRecord {
            external_id: format!("{name}-{number}"),
            external_user_id: user(),
            clocked_in_at: NOW - number * 86_400,
            ..TimePunchRecord::default()
        };
        fixture.write(party, Page::TimePunches(&[punch(0), punch(500)]));
        let off = |status: &str| TimeOffRecord {
            external_id: format!("{name}-{status}"),
            external_user_id: name.to_owned(),
            start_date: "2026-01-01".to_owned(),
            end_date: "2026-01-02".to_owned(),
            status: status.to_owned(),
            ..TimeOffRecord::default()
        };
        fixture.write(party, Page::TimeOff(&[off("approved"), off("declined")]));
    }
    fixture.query(
        "UPDATE schedule_shifts SET deleted_at = 1 WHERE external_id = '9-0'",
        &[],
    );
    fixture.query(
        "UPDATE time_punches SET deleted_at = 1 WHERE external_id = '8-0'",
        &[],
    );
    fixture.query(
        "UPDATE team_members SET deleted_at = 1 WHERE external_id = 'x'",
        &[],
    );
    let settled = Settled {
        deltas: vec![written.delta("")],
        records: vec![written.record("", 1, None)],
        ..Settled::default()
    };
    assert!(written.settle(&settled, 1).1);

    let database = &fixture.database;
    let ids = wait(attendance::members(database, tenant, "", 10)).unwrap();
    assert_eq!(ids.len(), 4);
    for ids in [ids.as_slice(), &ids[1..3], &ids[..1]] {
        let people: Vec<_> = ids
            .iter()
            .map(|member_id| Person {
                member_id,
                span: Span::ALWAYS,
            })
            .collect();
        let each = wait(attendance::read(database, tenant, &people)).unwrap();
        let (first, last) = (&ids[0], &ids[ids.len() - 1]);
        let everybody = wait(attendance::read_everybody(database, tenant, first, last)).unwrap();
        assert_eq!(told(&everybody, &people), told(&each, &people));
    }
    let (first, last) = (&ids[0], &ids[3]);
    let everybody = wait(attendance::read_everybody(database, tenant, first, last)).unwrap();
    let rows = everybody.rows().unwrap();
    let counts = [
        rows.members.len(),
        rows.shifts.len(),
        rows.punches.len(),
        rows.time_off.len(),
        rows.deltas.len(),
        rows.records.len(),
    ];
    assert_eq!(counts, [4, 9, 6, 3, 1, 1]);
    let foreign = wait(attendance::read_everybody(
        database,
        &crate::fixture::party(3).tenant,
        first,
        last,
    ));
    assert_eq!(told(&foreign.unwrap(), &[]), []);
}

#[test]
fn a_row_is_before_of_or_behind_a_part() {
    use std::cmp::Ordering::{Equal, Greater, Less};

    let person = Person {
        member_id: "0190a5c0-0000-7000-8000-00000000000b",
        span: Span::ALWAYS,
    };
    for (whose, expected) in [
        (Whose::Place(0), Less),
        (Whose::Place(1), Equal),
        (Whose::Place(2), Greater),
        (Whose::Id("0190a5c0-0000-7000-8000-00000000000a"), Less),
        (Whose::Id("0190a5c0-0000-7000-8000-00000000000b"), Equal),
        (Whose::Id("0190a5c0-0000-7000-8000-00000000000c"), Greater),
        (Whose::Id(""), Less),
    ] {
        assert_eq!(whose.compare(1, &person), expected, "{whose:?}");
    }
}

proptest! {
    /// Where what they have in common ends anywhere, and one may be the beginning of the other.
    #[test]
    fn ids_are_in_the_order_of_text(common in "[a-é]{0,12}", one in "[a-é]{0,6}", other in "[a-é]{0,6}") {
        let (one, other) = (format!("{common}{one}"), format!("{common}{other}"));
        prop_assert_eq!(attendance::compare_ids(&one, &other), one.cmp(&other));
    }
}

#[test]
fn every_question_has_an_index() {
    let written = written();
    let database = &written.fixture.database;
    let tenant = &written.party.tenant;
    let connector = written.party.connector_id.as_str();
    let work = wait(attendance::load(database, JOB, 1, NOW))
        .unwrap()
        .unwrap();
    assert_eq!((work.policy_version, work.run_id.as_str()), (0, "run"));
    assert!(
        wait(attendance::load(database, JOB, 2, NOW))
            .unwrap()
            .is_none()
    );
    assert!(
        wait(attendance::connectors(database, tenant))
            .unwrap()
            .is_empty()
    );
    let start = Cursor::default();
    for (source, rows) in [
        (Source::Shifts, 1),
        (Source::Punches, 1),
        (Source::TimeOff, 0),
        (Source::Members, 1),
    ] {
        let changed = wait(attendance::changed(database, tenant, source, &start, 10)).unwrap();
        assert_eq!(changed.len(), rows, "{source:?}");
    }
    assert_eq!(
        wait(attendance::members(database, tenant, "", 10)).unwrap(),
        std::slice::from_ref(&written.member)
    );
    let open = Cursor {
        seq: NOW - 1,
        id: String::new(),
    };
    assert_eq!(
        wait(attendance::unjudged(
            database, tenant, connector, &open, NOW, 10
        ))
        .unwrap()
        .len(),
        1
    );
    assert!(
        wait(attendance::unjudged(
            database,
            tenant,
            connector,
            &open,
            NOW - 1,
            10
        ))
        .unwrap()
        .is_empty()
    );
    // Nobody has time off of a part of the day, however far back a connector's first run looks.
    for until in [i64::MIN, NOW] {
        let later = wait(attendance::expected_later(
            database, tenant, connector, until,
        ));
        assert!(later.unwrap().is_empty());
        let statements = database.take_statements();
        let plan = database.plan(statements.last().unwrap()).join("\n");
        for part in [
            "time_off_requests_start (organization_id=? AND start_date>? AND start_date<?)",
            "schedule_shifts_member (organization_id=? AND team_member_id=? AND starts_at>? AND starts_at<?)",
        ] {
            assert!(plan.contains(part), "{plan}");
        }
    }
    let people = [Person {
        member_id: &written.member,
        span: Span { from: NOW, to: NOW },
    }];
    let found = wait(attendance::read(database, tenant, &people)).unwrap();
    let rows = found.rows().unwrap();
    assert_eq!(
        (rows.members.len(), rows.shifts.len(), rows.punches.len()),
        (1, 1, 1)
    );
    let found = wait(attendance::read(database, &party(2).tenant, &people)).unwrap();
    let foreign = found.rows().unwrap();
    assert_eq!(
        (
            foreign.members.len(),
            foreign.shifts.len(),
            foreign.punches.len()
        ),
        (0, 0, 0)
    );
    wait(attendance::state(database, tenant)).unwrap();
    wait(attendance::newest(database)).unwrap();
    assert!(
        wait(attendance::ahead(database, tenant, "{}", "r", NOW))
            .unwrap()
            .is_some()
    );
    let ruling = || wait(policies::get(database, tenant)).unwrap().unwrap();
    assert_eq!(
        (ruling().time_zone.as_str(), ruling().policy.is_none()),
        ("UTC", true)
    );
    assert!(
        wait(policies::get(database, &party(2).tenant))
            .unwrap()
            .is_none()
    );
    for (document, version) in [("{}", 1), ("{}", 1), ("{\"a\":1}", 2)] {
        wait(policies::put(database, tenant, document, "me", NOW)).unwrap();
        let set = ruling().policy.unwrap();
        assert_eq!((set.document.as_str(), set.version), (document, version));
    }
    written.settle(
        &Settled {
            deltas: vec![written.delta("")],
            records: vec![written.record("", 1, None)],
            ..Settled::default()
        },
        1,
    );
    for bits in 0..4 {
        let asked = Asked {
            from: "2027-01-01",
            to: "2027-01-31",
            team_member_id: (bits & 1 != 0).then_some(written.member.as_str()),
            location_id: (bits & 2 != 0).then_some("x"),
        };
        let rows = usize::from(bits & 2 == 0);
        let sums = wait(answers::sums(database, tenant, asked)).unwrap();
        assert_eq!(sums.len(), rows);
        assert_eq!(
            wait(answers::points(database, tenant, asked, "2026-11-01"))
                .unwrap()
                .len(),
            rows
        );
        let one = [written.member.as_str()];
        let people = PeopleAsked {
            ids: asked.team_member_id.map(|_| one.as_slice()),
            location_id: asked.location_id,
            after: None,
            limit: 5,
        };
        assert_eq!(
            wait(answers::people(database, tenant, people))
                .unwrap()
                .len(),
            rows
        );
    }
    let ids = [written.member.as_str()];
    assert_eq!(
        wait(answers::names(database, tenant, &ids))
            .unwrap()
            .people
            .len(),
        1
    );
    let people = wait(answers::people_names(database, tenant, &ids)).unwrap();
    assert_eq!(people[0].name.as_deref(), Some("Ana"));
    wait(answers::time_off(
        database,
        tenant,
        &ids,
        ("2027-01-01", "2027-12-31"),
    ))
    .unwrap();
    wait(answers::availability(database, tenant, &ids)).unwrap();
    wait(answers::called(database, tenant, "user")).unwrap();
    wait(answers::works_at(
        database,
        tenant,
        std::slice::from_ref(&written.member),
    ))
    .unwrap();
    wait(database.transaction(async |transaction| {
        resolve::punch(
            transaction,
            tenant,
            &written.punch,
            (true, Some("no")),
            "boss",
            NOW * 1_000,
        )
        .await
    }))
    .unwrap();
    wait(database.execute("SELECT 1", &[])).unwrap();
}
