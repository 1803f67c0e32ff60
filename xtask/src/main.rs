//! The developer's commands: `cargo xtask --help`.

mod bench;
mod children;
mod cli;
mod coverage;
mod demo;
mod functions;
mod guard;
mod http;
mod interrupt;
mod listen;
mod native;
mod openapi;
mod process;
mod secrets;
mod sim;
mod simulators;
mod stale;
mod style;
mod table;
mod test;
mod toolchain;
mod up;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::workspace::Workspace;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if interrupt::requested() => {
            // Whatever was being waited for failed because it was interrupted.
            style::note(&format!("Interrupted ({error})"));
            ExitCode::from(interrupt::EXIT_CODE)
        }
        Err(error) => {
            style::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    // The guard becomes another program: it needs no workspace and no handler.
    if let Command::Guard(arguments) = cli.command {
        return guard::run(&arguments);
    }
    interrupt::install()?;
    let workspace = Workspace::find()?;
    match cli.command {
        Command::Build => functions::build(&workspace).map(|_| ()),
        Command::Up(arguments) => up::run(&workspace, &arguments),
        Command::Sim(arguments) => sim::run(&workspace, &arguments),
        Command::Demo(arguments) => demo::run(&workspace, &arguments),
        Command::Test(arguments) => test::run(&workspace, &arguments),
        Command::Openapi(arguments) => openapi::run(&workspace, arguments.check),
        Command::Bench(arguments) => bench::run(&workspace, &arguments),
        Command::Coverage(arguments) => coverage::run(&workspace, &arguments),
        Command::Guard(arguments) => guard::run(&arguments),
    }
}
