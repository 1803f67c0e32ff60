//! The words that Slack gives for what went wrong, and what follows from each.

/// What follows from a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Later,
    /// As [`Later`](Self::Later), and a part of the work may have been done.
    LaterAndPerhapsDone,
    Broken,
    BadTarget,
    BadMessage,
    /// A bad message whose text alone may pass.
    BadLayout,
    Ours,
}

/// A word that Slack documents, or that was seen.
pub(super) struct Word {
    pub(super) text: &'static str,
    pub(super) meaning: Meaning,
    pub(super) remedy: &'static str,
}

impl Word {
    pub(super) fn find(text: &str) -> Option<&'static Self> {
        WORDS.iter().find(|word| word.text == text)
    }
}

const fn word(text: &'static str, meaning: Meaning, remedy: &'static str) -> Word {
    Word {
        text,
        meaning,
        remedy,
    }
}

pub(super) const WAIT: &str = "Slack is slowing us down or has a fault; it is tried again later.";
const PERHAPS_DONE: &str =
    "Slack failed halfway; the message may have arrived, and may come twice if it is tried again.";
const RECONNECT_WEBHOOK: &str =
    "The webhook was removed or disabled in Slack. Make a new one there and connect again.";
const RECONNECT_TOKEN: &str = "Slack does not accept the bot token any more. Install the app again and connect with its new token.";
const INACTIVE_WORKSPACE: &str =
    "The Slack workspace is not active. Ask its owner, then connect again.";
const MISSING_CHANNEL: &str = "The channel does not exist, or the app cannot see it. Choose another channel, or invite the app to it.";
const ARCHIVED_CHANNEL: &str =
    "The channel is archived. Unarchive it in Slack, or choose another channel.";
const RESTRICTED: &str = "An administrator of the Slack workspace does not allow this. Ask them, or choose another channel.";
const BAD_BLOCKS: &str = "Slack does not accept the blocks. Correct the template.";
const BAD_ATTACHMENTS: &str = "Slack does not accept the attachments. Correct the template.";
const NOTHING_TO_SHOW: &str = "The message is empty. Give it text, blocks or attachments.";
const OUR_FAULT: &str = "The request was built wrongly. This is a fault of Patchbay: report it.";

const WORDS: [Word; 45] = [
    // Both spellings occur.
    word("ratelimited", Meaning::Later, WAIT),
    word("rate_limited", Meaning::Later, WAIT),
    word("request_timeout", Meaning::Later, WAIT),
    word("service_unavailable", Meaning::Later, WAIT),
    word("rollup_error", Meaning::Later, WAIT),
    word("fatal_error", Meaning::LaterAndPerhapsDone, PERHAPS_DONE),
    word("internal_error", Meaning::LaterAndPerhapsDone, PERHAPS_DONE),
    // The webhook
    word("invalid_token", Meaning::Broken, RECONNECT_WEBHOOK),
    word("no_service", Meaning::Broken, RECONNECT_WEBHOOK),
    word("no_service_id", Meaning::Broken, RECONNECT_WEBHOOK),
    word("no_active_hooks", Meaning::Broken, RECONNECT_WEBHOOK),
    word("no_team", Meaning::Broken, RECONNECT_WEBHOOK),
    word("team_disabled", Meaning::Broken, INACTIVE_WORKSPACE),
    // The token
    word("not_authed", Meaning::Broken, RECONNECT_TOKEN),
    word("invalid_auth", Meaning::Broken, RECONNECT_TOKEN),
    word("account_inactive", Meaning::Broken, RECONNECT_TOKEN),
    word("token_revoked", Meaning::Broken, RECONNECT_TOKEN),
    word("token_expired", Meaning::Broken, RECONNECT_TOKEN),
    word(
        "missing_scope",
        Meaning::Broken,
        "The app lacks a permission. Add the scope chat:write, and chat:write.customize for a name or an icon, install the app again and connect again.",
    ),
    // The target
    word("channel_not_found", Meaning::BadTarget, MISSING_CHANNEL),
    word(
        "not_in_channel",
        Meaning::BadTarget,
        "The app is not a member of the channel. Invite it there, or choose another channel.",
    ),
    word("is_archived", Meaning::BadTarget, ARCHIVED_CHANNEL),
    word("channel_is_archived", Meaning::BadTarget, ARCHIVED_CHANNEL),
    word(
        "user_not_found",
        Meaning::BadTarget,
        "The person that is addressed does not exist in this workspace. Choose another one, or a channel.",
    ),
    word("restricted_action", Meaning::BadTarget, RESTRICTED),
    word("action_prohibited", Meaning::BadTarget, RESTRICTED),
    word("no_permission", Meaning::BadTarget, RESTRICTED),
    word("ekm_access_denied", Meaning::BadTarget, RESTRICTED),
    word(
        "posting_to_general_channel_denied",
        Meaning::BadTarget,
        "Whoever made the webhook may not post to the general channel. Choose another channel.",
    ),
    // The message
    word("invalid_blocks", Meaning::BadLayout, BAD_BLOCKS),
    word("invalid_blocks_format", Meaning::BadLayout, BAD_BLOCKS),
    word(
        "msg_blocks_too_long",
        Meaning::BadLayout,
        "The blocks are too long together. Shorten them, or send several messages.",
    ),
    word("invalid_attachments", Meaning::BadLayout, BAD_ATTACHMENTS),
    word(
        "too_many_attachments",
        Meaning::BadLayout,
        "The message has more than 100 attachments. Use fewer, or blocks.",
    ),
    word("no_text", Meaning::BadMessage, NOTHING_TO_SHOW),
    word(
        "msg_too_long",
        Meaning::BadMessage,
        "The text is too long. Keep it under 4000 characters.",
    ),
    word(
        "invalid_payload",
        Meaning::BadMessage,
        "Slack cannot read the message. Correct the template.",
    ),
    // The request
    word("invalid_arg_name", Meaning::Ours, OUR_FAULT),
    word("invalid_array_arg", Meaning::Ours, OUR_FAULT),
    word("invalid_charset", Meaning::Ours, OUR_FAULT),
    word("invalid_form_data", Meaning::Ours, OUR_FAULT),
    word("invalid_post_type", Meaning::Ours, OUR_FAULT),
    word("missing_post_type", Meaning::Ours, OUR_FAULT),
    word("invalid_json", Meaning::Ours, OUR_FAULT),
    word("unknown_method", Meaning::Ours, OUR_FAULT),
];
