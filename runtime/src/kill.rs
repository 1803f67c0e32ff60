//! The end of a host, as its components learn of it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::watch;

/// Ends the instances of a runtime, at the latest when it is dropped.
pub(crate) struct KillSwitch {
    flag: Arc<AtomicBool>,
    changes: watch::Sender<bool>,
}

/// What an instance knows of its host. Clones are cheap.
#[derive(Clone)]
pub(crate) struct Killed {
    /// For those who ask with every request.
    flag: Arc<AtomicBool>,
    /// For those who wait.
    changes: watch::Receiver<bool>,
}

impl KillSwitch {
    pub(crate) fn new() -> Self {
        Self {
            flag: Arc::default(),
            changes: watch::Sender::new(false),
        }
    }

    pub(crate) fn kill(&self) {
        // First, so that whoever is woken sees it.
        self.flag.store(true, Ordering::Release);
        self.changes.send_replace(true);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.flag.load(Ordering::Acquire)
    }

    pub(crate) fn watch(&self) -> Killed {
        Killed {
            flag: Arc::clone(&self.flag),
            changes: self.changes.subscribe(),
        }
    }
}

impl Drop for KillSwitch {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Killed {
    pub(crate) fn is_set(&self) -> bool {
        self.flag.load(Ordering::Acquire)
    }

    pub(crate) async fn wait(mut self) {
        // A switch that is gone was turned when it was dropped.
        let _ = self.changes.wait_for(|killed| *killed).await;
    }
}
