//! Programs that run in the background while a command works, and never longer.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process_group};

/// How long a program may take to end in order.
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);
/// How much of a log an error shows.
const TAIL_LINES: usize = 15;
const TAIL_BYTES: u64 = 8 * 1024;

/// A background program. Dropping it stops it.
#[derive(Debug)]
pub struct Background {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Background {
    /// Starts `program` in a process group of its own, its output going to `log`. To be called on
    /// the main thread: on Linux a guarded program ends with the thread that started it.
    ///
    /// # Errors
    /// If the log cannot be written or the program cannot be started.
    pub fn start<'a>(
        name: &'static str,
        program: &Path,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        environment: impl IntoIterator<Item = (&'a str, &'a str)>,
        folder: &Path,
        log: PathBuf,
    ) -> anyhow::Result<Self> {
        let output =
            File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = Command::new(std::env::current_exe()?)
            .arg("guard")
            .arg(std::process::id().to_string())
            .arg(program)
            .args(arguments)
            .envs(environment)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start the {name}"))?;
        Ok(Self { name, child, log })
    }

    /// # Errors
    /// If it has ended; with the end of its log.
    pub fn check(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("the {} ended ({status}); {}", self.name, self.tail()),
        }
    }

    /// The end of its log, for an error.
    pub fn tail(&self) -> String {
        match tail(&self.log) {
            Ok(text) if text.is_empty() => format!("its log {} is empty", self.log.display()),
            Ok(text) => format!("the end of its log {}:\n{text}", self.log.display()),
            Err(error) => format!("its log {} cannot be read: {error}", self.log.display()),
        }
    }

    fn stop(&mut self) {
        self.signal(Signal::TERM);
        let end = Instant::now() + PATIENCE;
        while self.is_running() && Instant::now() < end {
            std::thread::sleep(POLL);
        }
        if self.is_running() {
            self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }

    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// To the whole group, while the child is not waited for: so the id is still its own.
    fn signal(&mut self, signal: Signal) {
        if !self.is_running() {
            return;
        }
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop();
    }
}

fn tail(log: &Path) -> std::io::Result<String> {
    let mut file = File::open(log)?;
    let length = fs::metadata(log)?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.len().saturating_sub(TAIL_LINES);
    Ok(lines
        .into_iter()
        .skip(first)
        .map(|line| format!("  {line}"))
        .collect::<Vec<_>>()
        .join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_long_log_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let lines: Vec<String> = (0..5_000).map(|line| format!("line {line}")).collect();
        fs::write(&log, lines.join("\n")).unwrap();
        let text = tail(&log).unwrap();
        assert_eq!(text.lines().count(), TAIL_LINES);
        assert!(text.ends_with("line 4999"), "{text}");
    }
}
