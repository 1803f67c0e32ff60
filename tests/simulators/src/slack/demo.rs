//! One workspace, so that there is something to connect to.

use super::model::{Workspace, Workspaces};

/// The restaurant group that the simulated 7shifts knows, in Slack: the
/// webhook posts to `#ops`, the bot is a member of `#ops` and `#shifts`.
#[must_use]
pub fn demo_data() -> Workspaces {
    let lakeshore = Workspace::new("T0LAKESHR", "Lakeshore Kitchens")
        .channel("C0GENERAL", "general")
        .channel("C0OPERATN", "ops")
        .channel("C0SHIFTSS", "shifts")
        .webhook("B0OPSHOOK", "simslackLakeshoreOps0001", "C0OPERATN")
        .bot(
            "xoxb-sim-lakeshore-1",
            "patchbay",
            &["chat:write", "chat:write.customize"],
            &["C0OPERATN", "C0SHIFTSS"],
        );
    Workspaces::default().with(lakeshore)
}
