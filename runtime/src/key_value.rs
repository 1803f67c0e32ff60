//! `spin:key-value`: small values in one SQLite file with Spin's schema.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use rusqlite::{Connection, OptionalExtension, params};
use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

use crate::{
    bindings::spin::key_value::key_value::{Error, Host, HostStore, HostStoreWithStore},
    instance::InstanceState,
    storage::open_private,
    trace::lock,
};

/// The documented limits of Spin's hosted stores: what exceeds them would
/// work here and fail there.
const MAX_KEY_BYTES: usize = 255;
const MAX_VALUE_BYTES: usize = 1 << 20;
/// Stores that one instance has open at a time.
const MAX_OPEN_STORES: usize = 256;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS spin_key_value (
        store TEXT NOT NULL,
        key TEXT NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (store, key)
    );
";

/// The file of all stores, opened when it is first used.
pub(crate) struct KeyValueFile {
    path: PathBuf,
    connection: Arc<Mutex<Option<Connection>>>,
}

impl KeyValueFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            connection: Arc::default(),
        }
    }

    /// Work on the file that can be moved to another thread.
    fn task<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> impl FnOnce() -> Result<T, Error> + Send + 'static {
        let (path, connection) = (self.path.clone(), Arc::clone(&self.connection));
        move || {
            let mut guard = lock(&connection);
            let open = || {
                let connection = open_private(&path)?;
                connection.execute_batch(SCHEMA)?;
                Ok(connection)
            };
            let connection = match guard.take() {
                Some(connection) => Ok(connection),
                None => open(),
            };
            connection
                .and_then(|connection| work(guard.insert(connection)))
                .map_err(|error: rusqlite::Error| Error::Other(error.to_string()))
        }
    }
}

/// An open store.
pub struct Store {
    label: String,
}

impl InstanceState {
    async fn on_key_value<T: Send + 'static>(
        context: Arc<crate::instance::ComponentContext>,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let task = context.storage.key_value().task(work);
        context.execution.run(task).await.map_err(Error::Other)?
    }
}

fn label_of(
    accessor: &Accessor<InstanceState, HasSelf<InstanceState>>,
    store: &Resource<Store>,
) -> wasmtime::Result<(Arc<crate::instance::ComponentContext>, String)> {
    accessor.with(|mut access| {
        let state = access.get();
        let label = state.table.get(store)?.label.clone();
        Ok((Arc::clone(&state.context), label))
    })
}

fn check_key(key: &str) -> Result<(), Error> {
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        return Err(Error::Other(format!(
            "a key has 1 to {MAX_KEY_BYTES} bytes"
        )));
    }
    Ok(())
}

impl HostStoreWithStore<InstanceState> for HasSelf<InstanceState> {
    async fn open(
        accessor: &Accessor<InstanceState, Self>,
        label: String,
    ) -> wasmtime::Result<Result<Resource<Store>, Error>> {
        accessor.with(|mut access| {
            let state = access.get();
            if !state.context.key_value_stores.contains(&label) {
                return Ok(Err(Error::AccessDenied));
            }
            if state.open_stores >= MAX_OPEN_STORES {
                return Ok(Err(Error::StoreTableFull));
            }
            state.open_stores += 1;
            Ok(Ok(state.table.push(Store { label })?))
        })
    }

    async fn get(
        accessor: &Accessor<InstanceState, Self>,
        store: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        let (context, label) = label_of(accessor, &store)?;
        let work = move |connection: &Connection| {
            connection
                .prepare_cached("SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2")?
                .query_row(params![label, key], |row| row.get(0))
                .optional()
        };
        Ok(InstanceState::on_key_value(context, work).await)
    }

    async fn set(
        accessor: &Accessor<InstanceState, Self>,
        store: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), Error>> {
        let (context, label) = label_of(accessor, &store)?;
        if let Err(error) = check_key(&key) {
            return Ok(Err(error));
        }
        if value.len() > MAX_VALUE_BYTES {
            return Ok(Err(Error::Other(format!(
                "a value has up to {MAX_VALUE_BYTES} bytes"
            ))));
        }
        let work = move |connection: &Connection| {
            connection
                .prepare_cached(
                    "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
                     ON CONFLICT (store, key) DO UPDATE SET value = excluded.value",
                )?
                .execute(params![label, key, value])
                .map(drop)
        };
        Ok(InstanceState::on_key_value(context, work).await)
    }

    async fn delete(
        accessor: &Accessor<InstanceState, Self>,
        store: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<(), Error>> {
        let (context, label) = label_of(accessor, &store)?;
        let work = move |connection: &Connection| {
            connection
                .prepare_cached("DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2")?
                .execute(params![label, key])
                .map(drop)
        };
        Ok(InstanceState::on_key_value(context, work).await)
    }

    async fn exists(
        accessor: &Accessor<InstanceState, Self>,
        store: Resource<Store>,
        key: String,
    ) -> wasmtime::Result<Result<bool, Error>> {
        let (context, label) = label_of(accessor, &store)?;
        let work = move |connection: &Connection| {
            connection
                .prepare_cached("SELECT 1 FROM spin_key_value WHERE store = ?1 AND key = ?2")?
                .exists(params![label, key])
        };
        Ok(InstanceState::on_key_value(context, work).await)
    }

    async fn get_keys(
        accessor: &Accessor<InstanceState, Self>,
        store: Resource<Store>,
    ) -> wasmtime::Result<(StreamReader<String>, FutureReader<Result<(), Error>>)> {
        let (context, label) = label_of(accessor, &store)?;
        let work = move |connection: &Connection| {
            connection
                .prepare_cached("SELECT key FROM spin_key_value WHERE store = ?1 ORDER BY key")?
                .query_map(params![label], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<String>>>()
        };
        let (keys, result) = match InstanceState::on_key_value(context, work).await {
            Ok(keys) => (keys, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        accessor.with(|mut access| {
            let keys = StreamReader::new(&mut access, keys)?;
            let result =
                FutureReader::new(&mut access, async move { wasmtime::error::Ok(result) })?;
            Ok((keys, result))
        })
    }
}

impl HostStore for InstanceState {
    async fn drop(&mut self, store: Resource<Store>) -> wasmtime::Result<()> {
        self.table.delete(store)?;
        self.open_stores -= 1;
        Ok(())
    }
}

impl Host for InstanceState {}
