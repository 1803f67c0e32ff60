//! The marks for speed and memory, measured on this machine.
//!
//! Each family measures several rows in one run; ratios compare what ran side by side. A row that
//! cannot be measured is printed without a value and does not hold.

mod allocating;
mod allocation;
mod attendance;
mod availability;
mod backfill;
mod claims;
mod costing;
mod deployment;
mod digest;
mod guests;
mod integration;
mod leave_sync;
mod load;
mod logs;
mod night;
mod notify;
mod receiver;
mod requests;
mod rules;
mod shift_checks;
mod sync_calls;
mod table;

use std::future::ready;
use std::pin::Pin;

use clap::Parser;
use table::{Measured, Row};

/// The allocator that the runtime's own program has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures what the project promises about speed and memory.
#[derive(Parser)]
struct Options {
    /// One JSON object a row: id, value, unit, mark, holds.
    #[arg(long)]
    json: bool,
    /// Only this row; repeatable.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// The rows, without measuring them.
    #[arg(long)]
    list: bool,
}

/// Rows that are measured together.
struct Family {
    rows: &'static [Row],
    measure: fn() -> Measuring,
}

type Measuring = Pin<Box<dyn Future<Output = anyhow::Result<Vec<Measured>>> + Send>>;

const FAMILIES: &[Family] = &[
    Family {
        rows: requests::ROWS,
        measure: || Box::pin(requests::measure()),
    },
    Family {
        rows: receiver::ROWS,
        measure: || Box::pin(receiver::measure()),
    },
    Family {
        rows: receiver::PACED_ROWS,
        measure: || Box::pin(receiver::measure_paced()),
    },
    Family {
        rows: receiver::CRASH_ROWS,
        measure: || Box::pin(receiver::measure_crash()),
    },
    Family {
        rows: receiver::MEMORY_ROWS,
        measure: || Box::pin(receiver::measure_memory()),
    },
    Family {
        rows: digest::ROWS,
        measure: || Box::pin(digest::measure()),
    },
    Family {
        rows: notify::ROWS,
        measure: || Box::pin(notify::measure()),
    },
    Family {
        rows: rules::ROWS,
        measure: || Box::pin(rules::measure()),
    },
    Family {
        rows: attendance::NATIVE_ROWS,
        measure: || Box::pin(ready(Ok(attendance::native()))),
    },
    Family {
        rows: attendance::DAY_ROWS,
        measure: || Box::pin(attendance::one_day()),
    },
    Family {
        rows: attendance::YEAR_ROWS,
        measure: || Box::pin(attendance::one_year()),
    },
    Family {
        rows: allocation::ROWS,
        measure: || Box::pin(ready(allocation::measure())),
    },
    Family {
        rows: allocating::ROWS,
        measure: || Box::pin(allocating::measure()),
    },
    Family {
        rows: availability::ROWS,
        measure: || Box::pin(availability::measure()),
    },
    Family {
        rows: costing::ROWS,
        measure: || Box::pin(costing::measure()),
    },
    Family {
        rows: logs::ROWS,
        measure: || Box::pin(logs::measure()),
    },
    Family {
        rows: backfill::ROWS,
        measure: || Box::pin(backfill::measure()),
    },
    Family {
        rows: backfill::BUDGET_ROWS,
        measure: || Box::pin(backfill::measure_budget()),
    },
    Family {
        rows: leave_sync::ROWS,
        measure: || Box::pin(leave_sync::measure()),
    },
    Family {
        rows: night::ROWS,
        measure: || Box::pin(night::measure()),
    },
    Family {
        rows: integration::ROWS,
        measure: || Box::pin(integration::measure()),
    },
    Family {
        rows: shift_checks::ROWS,
        measure: || Box::pin(shift_checks::measure()),
    },
    Family {
        rows: sync_calls::ROWS,
        measure: || Box::pin(sync_calls::measure()),
    },
    Family {
        rows: claims::IDLE_ROWS,
        measure: || Box::pin(claims::measure_idle()),
    },
    Family {
        rows: claims::ROWS,
        measure: || Box::pin(claims::measure()),
    },
    Family {
        rows: deployment::START_ROWS,
        measure: || Box::pin(deployment::measure_start()),
    },
    Family {
        rows: deployment::SIZE_ROWS,
        measure: || Box::pin(ready(deployment::measure_sizes())),
    },
    Family {
        rows: deployment::DEMO_ROWS,
        measure: || Box::pin(ready(Ok(Vec::new()))),
    },
];

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let known = || FAMILIES.iter().flat_map(|family| family.rows);
    for id in &options.only {
        anyhow::ensure!(
            known().any(|row| row.id == id),
            "there is no row {id}; --list shows them"
        );
    }
    if options.list {
        known().for_each(|row| println!("{:24} {}", row.id, row.what));
        return Ok(());
    }
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run(&options));
    Ok(())
}

async fn run(options: &Options) {
    let is_wanted =
        |row: &Row| options.only.is_empty() || options.only.iter().any(|id| id == row.id);
    let mut lines = Vec::new();
    for family in FAMILIES {
        let wanted: Vec<_> = family.rows.iter().filter(|row| is_wanted(row)).collect();
        let Some(first) = wanted.first() else {
            continue;
        };
        eprintln!("measuring {} …", first.what);
        // In a task of its own: a panic in the application under test costs one family.
        let measured = match tokio::spawn((family.measure)()).await {
            Ok(Ok(measured)) => measured,
            Ok(Err(error)) => {
                eprintln!("not measured: {error:#}");
                Vec::new()
            }
            Err(error) => {
                eprintln!("not measured: {error}");
                Vec::new()
            }
        };
        for row in wanted {
            let value = Measured::of(&measured, row.id);
            if options.json {
                println!("{}", table::json(row, value));
            }
            lines.push((row, value));
        }
    }
    if !options.json {
        print!("{}", table::markdown(&lines));
    }
}
