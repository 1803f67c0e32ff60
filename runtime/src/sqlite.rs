//! `spin:sqlite`: one file per database, any number of readers, one writer.
//!
//! Writers wait for each other in a fair queue of this host, not in SQLite's
//! busy handler: a statement that changes data, or that begins a transaction,
//! first takes its database's one permit. The permit is kept while a
//! transaction is open, and taken away when it stays open for too long.
//! Changes without a transaction that wait at the same time take it together.
//!
//! A short read runs at once, in the thread of the guest's task: handing it to
//! a thread for blocking work takes longer than the read. What turns out not
//! to be short is interrupted and begun again there, for at most as long as a
//! request may take.

mod checkpoint;
mod database;
mod group;
mod session;
mod statement;

use std::sync::Arc;

use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

pub(crate) use self::database::Database;
pub use self::session::Connection;
use crate::{
    bindings::spin::sqlite::sqlite::{
        Error, Host, HostConnection, HostConnectionWithStore, QueryResult, RowResult, Value,
    },
    faults::StatementFault,
    instance::{ComponentContext, InstanceState},
    trace::Effect,
};

/// Connections that one instance has open at a time.
const MAX_OPEN_CONNECTIONS: usize = 256;

/// Opens a connection for a component, if its manifest allows the label.
async fn open(context: &ComponentContext, label: String) -> Result<Connection, Error> {
    if !context.sqlite_databases.contains(&label) {
        return Err(Error::AccessDenied);
    }
    context
        .storage
        .database(&label)
        .connect(context.execution)
        .await
}

/// Runs a statement under the faults of a test, and records it.
async fn execute(
    context: &ComponentContext,
    connection: &Connection,
    sql: String,
    parameters: Vec<Value>,
) -> Result<QueryResult, Error> {
    let database = &connection.database.label;
    let fault = context.faults.statement(&context.id, database, &sql);
    let traced = context.trace.is_on().then(|| sql.clone());
    let result = match fault {
        StatementFault::FailBefore(message) => Err(Error::Io(message)),
        StatementFault::FailAfter(message) => {
            match connection.execute(sql, parameters, context).await {
                Ok(_) => Err(Error::Io(message)),
                Err(error) => Err(error),
            }
        }
        StatementFault::Delay(time) => {
            tokio::time::sleep(time).await;
            connection.execute(sql, parameters, context).await
        }
        StatementFault::None => connection.execute(sql, parameters, context).await,
    };
    if let Some(sql) = traced {
        let outcome = result
            .as_ref()
            .map(|result| result.rows.len())
            .map_err(ToString::to_string);
        context.record(Effect::Statement {
            database: database.clone(),
            sql,
            outcome,
        });
    }
    result
}

impl InstanceState {
    fn keep(
        &mut self,
        connection: Connection,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        if self.open_connections >= MAX_OPEN_CONNECTIONS {
            return Ok(Err(Error::Io(format!(
                "more than {MAX_OPEN_CONNECTIONS} open connections"
            ))));
        }
        self.open_connections += 1;
        Ok(Ok(self.table.push(connection)?))
    }

    fn connection(
        &self,
        resource: &Resource<Connection>,
    ) -> wasmtime::Result<(Arc<ComponentContext>, Connection)> {
        Ok((Arc::clone(&self.context), self.table.get(resource)?.clone()))
    }
}

impl HostConnectionWithStore<InstanceState> for HasSelf<InstanceState> {
    async fn open_async(
        accessor: &Accessor<InstanceState, Self>,
        database: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let context = accessor.with(|mut access| Arc::clone(&access.get().context));
        match open(&context, database).await {
            Ok(connection) => accessor.with(|mut access| access.get().keep(connection)),
            Err(error) => Ok(Err(error)),
        }
    }

    /// As in Spin, an error of the statement arrives in the future, after the
    /// (empty) stream of rows.
    async fn execute_async(
        accessor: &Accessor<InstanceState, Self>,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<
        Result<
            (
                Vec<String>,
                StreamReader<RowResult>,
                FutureReader<Result<(), Error>>,
            ),
            Error,
        >,
    > {
        let (context, connection) =
            accessor.with(|mut access| access.get().connection(&connection))?;
        let (set, outcome) = match execute(&context, &connection, statement, parameters).await {
            Ok(set) => (set, Ok(())),
            Err(error) => (
                QueryResult {
                    columns: Vec::new(),
                    rows: Vec::new(),
                },
                Err(error),
            ),
        };
        accessor.with(|mut access| {
            let rows = StreamReader::new(&mut access, set.rows)?;
            let outcome =
                FutureReader::new(&mut access, async move { wasmtime::error::Ok(outcome) })?;
            Ok(Ok((set.columns, rows, outcome)))
        })
    }

    async fn last_insert_rowid_async(
        accessor: &Accessor<InstanceState, Self>,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<i64> {
        let (_, connection) = accessor.with(|mut access| access.get().connection(&connection))?;
        Ok(connection.session.lock().await.last_insert_rowid())
    }

    async fn changes_async(
        accessor: &Accessor<InstanceState, Self>,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<u64> {
        let (_, connection) = accessor.with(|mut access| access.get().connection(&connection))?;
        Ok(connection.session.lock().await.changes())
    }
}

/// The synchronous twins, for guests that know nothing of WASI 0.3.
impl HostConnection for InstanceState {
    async fn open(
        &mut self,
        database: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        match open(&self.context, database).await {
            Ok(connection) => self.keep(connection),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<QueryResult, Error>> {
        let (context, connection) = self.connection(&connection)?;
        Ok(execute(&context, &connection, statement, parameters).await)
    }

    async fn last_insert_rowid(
        &mut self,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<i64> {
        let (_, connection) = self.connection(&connection)?;
        Ok(connection.session.lock().await.last_insert_rowid())
    }

    async fn changes(&mut self, connection: Resource<Connection>) -> wasmtime::Result<u64> {
        let (_, connection) = self.connection(&connection)?;
        Ok(connection.session.lock().await.changes())
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        self.open_connections -= 1;
        Ok(())
    }
}

impl Host for InstanceState {}
