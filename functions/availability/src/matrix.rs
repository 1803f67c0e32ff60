//! Who takes clients of which service package and household.

use api::Problem;
use api::advisers::{AdviserMatrix, MatrixRow};
use api::query::Query;
use domain::allocation::availability;
use http::StatusCode;
use platform::advisers::Wanted;
use platform::table::{self, Table};
use platform::{Context, Reply};
use serde_json::{Map, Value};

use crate::asked::Found;
use crate::told;

const SERVICE_PACKAGE: &str = "service_package";

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let mut query = Query::parse(&context.query);
    let organization_id = query.id("organization_id");
    let connector = query.id("connector");
    let is_table = table::is_wanted(&mut query);
    query.finish()?;
    let tenant = context.tenant(organization_id.as_deref())?;
    let found = Found::of(context, tenant, connector.as_deref()).await?;
    let connector_id = found.connector.id.clone();
    let known = found.known(context, &Wanted::USERS).await?;
    let gathered = &known.gathered;
    let matrix = availability::matrix(&gathered.view().advisers, &gathered.settings);
    let freshness = told::freshness(&gathered.readings);
    if is_table {
        let columns = matrix.household_types.iter().map(String::as_str);
        let columns: Vec<&str> = std::iter::once(SERVICE_PACKAGE).chain(columns).collect();
        let rows: Vec<Map<String, Value>> = matrix
            .rows
            .iter()
            .map(|row| {
                let cells = row.advisers.iter().map(|names| names.clone().into());
                let cells = matrix.household_types.iter().cloned().zip(cells);
                let package = (
                    SERVICE_PACKAGE.to_owned(),
                    row.service_package.clone().into(),
                );
                std::iter::once(package).chain(cells).collect()
            })
            .collect();
        let table = Table {
            name: "adviser-matrix",
            columns: &columns,
        };
        return table.reply(&rows, &freshness);
    }
    let answer = AdviserMatrix {
        connector_id,
        household_types: matrix.household_types,
        rows: matrix
            .rows
            .into_iter()
            .map(|row| MatrixRow {
                service_package: row.service_package,
                ignores_household: row.ignores_household,
                advisers: row.advisers,
            })
            .collect(),
        synced_at: freshness.synced_at,
        is_stale: freshness.is_stale,
        sources: told::sources_of(gathered),
    };
    Reply::json(StatusCode::OK, &answer)
}
