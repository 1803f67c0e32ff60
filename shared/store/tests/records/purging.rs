//! Nothing of a purged organization stays, and nothing of another goes.

use std::collections::BTreeSet;

use store::records::{purge, purged_tables};

use crate::fixture::{Fixture, Party, party};
use crate::support::wait;

/// Tables without rows of a tenant, and why.
const NOT_OF_A_TENANT: [&str; 6] = [
    "audit_actors",      // a row only within a transaction
    "organizations",     // its last row, removed by itself
    "sequences",         // one counter for all
    "rate_budgets",      // of credentials, callers and addresses: numbers that are pruned in a day
    "scheduler_ticks",   // one row for all
    "schema_migrations", // the code's
];

/// Tables with one row of an organization.
const ONE_OF_EACH: [&str; 4] = [
    "allocation_notices",
    "allocation_settings",
    "attendance_policies",
    "role_labor_rates",
];

#[test]
fn every_table_is_either_purged_or_nobodys() {
    let fixture = Fixture::new();
    let tables: BTreeSet<String> = tables(&fixture).into_iter().collect();
    let known: BTreeSet<String> = purged_tables()
        .chain(NOT_OF_A_TENANT)
        .map(str::to_owned)
        .collect();
    assert_eq!(tables, known);
}

#[test]
fn a_purge_takes_everything_of_one_organization_in_bounded_steps() {
    let fixture = Fixture::new();
    // Rows as they are, and no more.
    for trigger in texts(
        &fixture,
        "SELECT name FROM sqlite_schema WHERE type = 'trigger'",
    ) {
        fixture.query(&format!("DROP TRIGGER {trigger}"), &[]);
    }
    let (ours, theirs) = (party(1), party(2));
    for party in [&ours, &theirs] {
        for row in 0..3 {
            fill(&fixture, party, row);
        }
    }
    let purged: BTreeSet<_> = purged_tables().collect();
    let total: i64 = purged.iter().map(|table| rows(&fixture, table)).sum();
    let of_each = |table: &str| if ONE_OF_EACH.contains(&table) { 1 } else { 3 };
    for table in &purged {
        let filled = 2 * of_each(table);
        assert_eq!(rows(&fixture, table), filled, "{table} is not filled");
    }
    let mut deleted = 0;
    for step in 0.. {
        let purge = wait(purge(&fixture.database, &ours.tenant, 4)).unwrap();
        assert!(purge.deleted <= 4);
        deleted += purge.deleted;
        if purge.done {
            break;
        }
        assert!(step < 100, "a purge without end");
    }
    assert_eq!(deleted, u64::try_from(total).unwrap() / 2);
    for table in &purged {
        assert_eq!(rows(&fixture, table), of_each(table), "{table}");
        for column in columns(&fixture, table) {
            let left = fixture.query(
                &format!("SELECT count(*) FROM {table} WHERE {column} = ?1"),
                &[ours.tenant.as_str().into()],
            );
            assert_eq!(left[0].integer(0), Ok(0), "{table}.{column}");
        }
    }
    let again = wait(purge(&fixture.database, &ours.tenant, 4)).unwrap();
    assert_eq!((again.deleted, again.done), (0, true));
}

/// A row of every table that has an organization, whatever its columns; so that a new table is
/// filled too.
fn fill(fixture: &Fixture, party: &Party, row: i64) {
    for table in tables(fixture) {
        let columns = fixture.query(
            "SELECT name, type FROM pragma_table_info(?1)",
            &[table.as_str().into()],
        );
        let is_full = row > 0 && ONE_OF_EACH.contains(&table.as_str());
        if is_full || NOT_OF_A_TENANT.contains(&table.as_str()) {
            continue;
        }
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for column in &columns {
            let name = column.text(0).unwrap();
            names.push(name.to_owned());
            values.push(match (name, column.text(1).unwrap()) {
                ("organization_id", _) => format!("'{}'", party.tenant.as_str()),
                ("connector_id", _) => format!("'connector-{}-{row}'", party.tenant.as_str()),
                ("id", _) if table == "connectors" => {
                    format!("'connector-{}-{row}'", party.tenant.as_str())
                }
                ("id", _) if table == "sync_runs" => {
                    format!("'pass-{}-{row}'", party.tenant.as_str())
                }
                ("pass_id", _) => format!("'pass-{}-{row}'", party.tenant.as_str()),
                // SQLite numbers the rows itself.
                ("seq", _) => "NULL".to_owned(),
                (_, "INTEGER") => "1".to_owned(),
                (_, "BLOB") => "x'00'".to_owned(),
                (name, _) => format!("'{name}-{}-{row}'", party.tenant.as_str()),
            });
        }
        fixture.query(
            &format!(
                "INSERT INTO {table} ({}) VALUES ({})",
                names.join(", "),
                values.join(", ")
            ),
            &[],
        );
    }
}

fn tables(fixture: &Fixture) -> Vec<String> {
    texts(
        fixture,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
}

fn columns(fixture: &Fixture, table: &str) -> Vec<String> {
    texts(
        fixture,
        &format!("SELECT name FROM pragma_table_info('{table}')"),
    )
}

fn texts(fixture: &Fixture, sql: &str) -> Vec<String> {
    fixture
        .query(sql, &[])
        .iter()
        .map(|row| row.text(0).unwrap().to_owned())
        .collect()
}

fn rows(fixture: &Fixture, table: &str) -> i64 {
    fixture.number(&format!("SELECT count(*) FROM {table}"))
}
