//! Whose folder it is, written into its description.

/// What Box takes as a description.
pub const MAX_DESCRIPTION_CHARS: usize = 256;
/// The longest id of a CRM that is marked. HubSpot's have up to 20 digits.
pub const MAX_ID_CHARS: usize = 40;

const OPENING: &str = "[patchbay ";
const CLOSING: char = ']';

/// Whose folder it is: `[patchbay portal=77 deal=9001 contact=501]`, anywhere in its description.
///
/// A description is there on every plan, is read with the folder, and needs nobody to set up a
/// metadata template. People may write around the mark; who removes it makes the folder theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    portal: String,
    deal: String,
    contact: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not an id: 1 to {MAX_ID_CHARS} letters, digits, - and _")]
pub struct InvalidMark(pub &'static str);

impl Mark {
    /// `portal` is the CRM's account, because one Box may hold the folders of several; `contact` is
    /// the deal's primary contact.
    ///
    /// # Errors
    /// [`InvalidMark`] names the id that is none.
    pub fn new(portal: &str, deal: &str, contact: Option<&str>) -> Result<Self, InvalidMark> {
        let id = |name, text: &str| {
            if is_id(text) {
                Ok(text.to_owned())
            } else {
                Err(InvalidMark(name))
            }
        };
        Ok(Self {
            portal: id("portal", portal)?,
            deal: id("deal", deal)?,
            contact: contact.map(|text| id("contact", text)).transpose()?,
        })
    }

    /// The mark in a description. Two that differ are none: nobody can say whose it is.
    #[must_use]
    pub fn find(description: &str) -> Option<Self> {
        let mut marks = description.split(OPENING).skip(1).filter_map(Self::parse);
        let mark = marks.next()?;
        marks.all(|other| other == mark).then_some(mark)
    }

    /// The description with this mark: in place of another, or behind what is there, of which as much
    /// stays as fits.
    #[must_use]
    pub fn write_into(&self, description: &str) -> String {
        let rest = without_marks(description);
        let tag = self.to_string();
        let room = MAX_DESCRIPTION_CHARS
            .saturating_sub(tag.chars().count())
            .saturating_sub(1);
        let kept: String = rest.trim().chars().take(room).collect();
        match kept.trim_end() {
            "" => tag,
            kept => format!("{kept} {tag}"),
        }
    }

    /// Whether both are of one client: of one deal, or of one contact with several. A folder is a
    /// client's, so that a second deal of theirs gets the folder of the first.
    #[must_use]
    pub fn is_of_same_client(&self, other: &Self) -> bool {
        let same_contact = self.contact.is_some() && self.contact == other.contact;
        self.portal == other.portal && (self.deal == other.deal || same_contact)
    }

    /// `text` begins behind the opening.
    fn parse(text: &str) -> Option<Self> {
        let (inside, _) = text.split_once(CLOSING)?;
        let mut words = inside.split(' ');
        let portal = words.next()?.strip_prefix("portal=")?;
        let deal = words.next()?.strip_prefix("deal=")?;
        let contact = words
            .next()
            .map(|word| word.strip_prefix("contact=").ok_or(()))
            .transpose()
            .ok()?;
        if words.next().is_some() {
            return None;
        }
        Self::new(portal, deal, contact).ok()
    }
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{OPENING}portal={} deal={}", self.portal, self.deal)?;
        if let Some(contact) = &self.contact {
            write!(f, " contact={contact}")?;
        }
        write!(f, "{CLOSING}")
    }
}

/// What people wrote, without marks and without what could become one with what is written behind it.
fn without_marks(description: &str) -> String {
    let mut parts = description.split(OPENING);
    let mut rest = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(CLOSING) {
            Some((_, behind)) if Mark::parse(part).is_some() => rest.push_str(behind),
            _ => rest.push_str(part),
        }
    }
    while rest.contains(OPENING.trim_end()) {
        rest = rest.replace(OPENING.trim_end(), "");
    }
    rest
}

fn is_id(text: &str) -> bool {
    (1..=MAX_ID_CHARS).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mark(portal: &str, deal: &str, contact: Option<&str>) -> Mark {
        Mark::new(portal, deal, contact).unwrap()
    }

    #[test]
    fn a_mark_is_found_among_what_people_write() {
        let ours = mark("77", "9001", Some("501"));
        for description in [
            "[patchbay portal=77 deal=9001 contact=501]",
            "Lee family [patchbay portal=77 deal=9001 contact=501], since 2019 [vip]",
            "[patchbay portal=77 deal=9001 contact=501][patchbay portal=77 deal=9001 contact=501]",
            "[patchbay nonsense] [patchbay portal=77 deal=9001 contact=501]",
        ] {
            assert_eq!(
                Mark::find(description).as_ref(),
                Some(&ours),
                "{description}"
            );
        }
        for description in [
            "",
            "9001",
            "[patchbay ]",
            "[patchbay portal=77]",
            "[patchbay portal=77 deal=9001",
            "[patchbay portal=77 deal=9001 contact=501 more=1]",
            "[patchbay portal=77 deal=9001 phone=501]",
            "[patchbay portal=77 deal=90 01]",
            "[patchbay portal=77 deal=9001] [patchbay portal=77 deal=9002]",
        ] {
            assert_eq!(Mark::find(description), None, "{description}");
        }
    }

    #[test]
    fn a_mark_is_written_beside_what_is_there() {
        let ours = mark("77", "9001", None);
        let tag = "[patchbay portal=77 deal=9001]";
        assert_eq!(ours.write_into(""), tag);
        assert_eq!(ours.write_into(" Template \n"), format!("Template {tag}"));
        assert_eq!(
            ours.write_into("A [patchbay portal=1 deal=2] B"),
            format!("A  B {tag}")
        );
        let long = ours.write_into(&"å".repeat(256));
        assert_eq!(long.chars().count(), MAX_DESCRIPTION_CHARS);
        assert_eq!(Mark::find(&long), Some(ours));
    }

    #[test]
    fn one_client_may_have_several_deals() {
        let first = mark("77", "9001", Some("501"));
        for (other, is_same) in [
            (mark("77", "9001", Some("501")), true),
            (mark("77", "9001", None), true),
            (mark("77", "9001", Some("502")), true),
            (mark("77", "9002", Some("501")), true),
            (mark("77", "9002", Some("502")), false),
            (mark("77", "9002", None), false),
            (mark("78", "9001", Some("501")), false),
        ] {
            assert_eq!(first.is_of_same_client(&other), is_same, "{other}");
            assert_eq!(other.is_of_same_client(&first), is_same, "{other}");
        }
        assert!(!mark("77", "1", None).is_of_same_client(&mark("77", "2", None)));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for (portal, deal, contact, name) in [
            ("", "1", None, "portal"),
            ("7 7", "1", None, "portal"),
            ("77", "1]", None, "deal"),
            ("77", "1", Some(""), "contact"),
            ("77", "1", Some("é"), "contact"),
        ] {
            assert_eq!(Mark::new(portal, deal, contact), Err(InvalidMark(name)));
        }
        assert!(Mark::new(&"1".repeat(41), "1", None).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_found_and_fits(
            deal in "[0-9a-zA-Z_-]{1,40}",
            contact in prop::option::of("[0-9]{1,40}"),
            description in prop_oneof!["\\PC{0,300}", "(\\[patchbay |portal=1 deal=2\\]| |x){0,12}"],
        ) {
            let mark = mark("77", &deal, contact.as_deref());
            let written = mark.write_into(&description);
            prop_assert!(written.chars().count() <= MAX_DESCRIPTION_CHARS);
            prop_assert_eq!(Mark::find(&written), Some(mark.clone()));
            prop_assert_eq!(mark.write_into(&written), written);
        }
    }
}
