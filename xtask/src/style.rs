//! What the commands say while they work: on stderr, so that stdout stays for results.
//!
//! `anstream` takes colours out unless the stream is a terminal and `NO_COLOR` is unset.

use anstyle::{AnsiColor, Style};

pub const GOOD: Style = AnsiColor::Green.on_default().bold();
pub const BAD: Style = AnsiColor::Red.on_default().bold();
pub const QUIET: Style = Style::new().dimmed();
pub const HEADING: Style = Style::new().bold();

/// A step, in cargo's own form.
pub fn step(verb: &str, what: &str) {
    anstream::eprintln!("{GOOD}{verb:>12}{GOOD:#} {what}");
}

pub fn note(what: &str) {
    anstream::eprintln!("{QUIET}{:>12}{QUIET:#} {what}", "");
}

pub fn error(error: &anyhow::Error) {
    anstream::eprintln!("{BAD}error{BAD:#}: {error}");
    for cause in error.chain().skip(1) {
        anstream::eprintln!("  because: {cause}");
    }
}
