//! What can be typed after `cargo xtask`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Patchbay's developer commands. Two are enough to begin with: `demo` shows it run, `test` runs
/// everything that a change must pass.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build the functions for wasm32-wasip2 (adding the target if it is missing) and check their sizes
    Build,
    /// Build and run the application: the functions of spin.toml in the embedded runtime
    Up(UpArguments),
    /// Run the simulators of the providers alone
    Sim(SimArguments),
    /// Show it run: simulators, application, two organizations, their data, and commands to look around
    Demo(DemoArguments),
    /// Everything that a change must pass: fmt, clippy, unit, store and whole-system tests, and the demo
    Test(TestArguments),
    /// Write functions/status/openapi.json from the route table
    Openapi(OpenapiArguments),
    /// Measure, and print the table of the README
    Bench(BenchArguments),
    /// Line coverage of the native tests (installs cargo-llvm-cov if it is missing)
    Coverage(CoverageArguments),
    /// Run a program that dies with its parent
    #[command(hide = true)]
    Guard(GuardArguments),
}

#[derive(Args, Debug)]
pub struct UpArguments {
    /// Address and port to serve on; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:3000", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// Where databases and development secrets are kept
    #[arg(long, default_value = ".spin", value_name = "FOLDER")]
    pub state_dir: PathBuf,
    /// Run what was built before; an error if a function is older than its sources
    #[arg(long)]
    pub no_build: bool,
    /// More flags for the runtime, after `--`
    #[arg(last = true, value_name = "RUNTIME FLAGS")]
    pub runtime_flags: Vec<OsString>,
}

#[derive(Args, Debug)]
pub struct SimArguments {
    /// Address and port to serve on; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:3900", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// The same seed gives the same accounts
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// More flags for the simulators, after `--`
    #[arg(last = true, value_name = "SIMULATOR FLAGS")]
    pub simulator_flags: Vec<OsString>,
}

#[derive(Args, Debug)]
pub struct DemoArguments {
    /// End after the summary; status 0 only if every stream of both organizations succeeded
    #[arg(long)]
    pub exit: bool,
    /// Print the summary as one JSON object on stdout
    #[arg(long)]
    pub json: bool,
    /// Address and port of the application; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:3000", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// Address and port of the simulators; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    pub sim_listen: SocketAddr,
    /// The same seed gives the same accounts
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Go on with the data of the demo before instead of starting empty
    #[arg(long)]
    pub keep: bool,
    /// Run what was built before; an error if a function is older than its sources
    #[arg(long)]
    pub no_build: bool,
}

#[derive(Args, Debug)]
pub struct TestArguments {
    /// Run only this part
    #[arg(long, value_name = "PART")]
    pub only: Option<TestPart>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TestPart {
    /// Formatting of every crate
    Fmt,
    /// Lints, natively and for wasm32-wasip2, warnings denied
    Clippy,
    /// Unit, property and store tests of every native crate, and whether openapi.json is current
    Unit,
    /// The built functions in the runtime against the simulators, at instance reuse 1 and 128; the demo
    System,
}

#[derive(Args, Debug)]
pub struct OpenapiArguments {
    /// Change nothing; fail if the file is not current
    #[arg(long)]
    pub check: bool,
}

#[derive(Args, Debug)]
pub struct BenchArguments {
    /// One JSON object a row: id, value, unit, mark, holds
    #[arg(long)]
    pub json: bool,
    /// Measure only this row (may be given more than once)
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    /// More flags for the bench, after `--`
    #[arg(last = true, value_name = "BENCH FLAGS")]
    pub bench_flags: Vec<OsString>,
}

#[derive(Args, Debug)]
pub struct CoverageArguments {
    /// Also write an HTML report and say where
    #[arg(long)]
    pub html: bool,
}

#[derive(Args, Debug)]
pub struct GuardArguments {
    /// The process that must stay alive
    pub parent: u32,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub program: Vec<OsString>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(std::iter::once("xtask").chain(line.split_whitespace()))
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_demo_needs_no_flags_and_takes_them_all() {
        let Command::Demo(plain) = parse("demo").unwrap().command else {
            panic!("not the demo");
        };
        assert_eq!(plain.listen.to_string(), "127.0.0.1:3000");
        assert!(!plain.exit && !plain.json && !plain.keep && !plain.no_build);

        let line = "demo --exit --json --listen 127.0.0.1:0 --seed 7 --keep --no-build";
        let Command::Demo(full) = parse(line).unwrap().command else {
            panic!("not the demo");
        };
        assert!(full.exit && full.json && full.keep && full.no_build);
        assert_eq!((full.seed, full.listen.port()), (7, 0));
    }

    #[test]
    fn a_bad_address_or_part_is_named() {
        let address = parse("up --listen 3000").unwrap_err().to_string();
        assert!(address.contains("--listen <ADDRESS:PORT>"), "{address}");
        let part = parse("test --only lint").unwrap_err().to_string();
        assert!(part.contains("fmt, clippy, unit, system"), "{part}");
    }

    #[test]
    fn flags_after_two_dashes_go_to_the_program() {
        let Command::Up(up) = parse("up -- --allow-private-networks").unwrap().command else {
            panic!("not up");
        };
        assert_eq!(up.runtime_flags, ["--allow-private-networks"]);
        assert!(parse("up --allow-private-networks").is_err());
    }

    #[test]
    fn the_guard_passes_hyphens_on_and_stays_out_of_the_help() {
        let Command::Guard(guard) = parse("guard 42 sleep --help -x").unwrap().command else {
            panic!("not the guard");
        };
        assert_eq!(guard.parent, 42);
        assert_eq!(guard.program, ["sleep", "--help", "-x"]);
        let help = Cli::command().render_help().to_string();
        assert!(help.contains("demo") && !help.contains("guard"), "{help}");
    }
}
