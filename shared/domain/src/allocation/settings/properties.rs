//! The names that the account gives to what is read.

macro_rules! properties {
    ($( $(#[$meta:meta])* $name:ident = $default:literal, )+) => {
        /// Internal names of properties in the CRM, of users (`adviser_…`) and deals (`deal_…`).
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Properties {
            $( $(#[$meta])* pub $name: String, )+
        }

        impl Default for Properties {
            fn default() -> Self {
                Self { $( $name: $default.to_owned(), )+ }
            }
        }

        impl Properties {
            pub(super) const NAMES: &'static [&'static str] = &[$( stringify!($name), )+];

            pub(super) fn each(&mut self) -> Vec<(&'static str, &mut String)> {
                vec![$( (stringify!($name), &mut self.$name), )+]
            }
        }
    };
}

properties! {
    adviser_email = "hs_email",
    adviser_owner_id = "hubspot_owner_id",
    adviser_taking_on_clients = "taking_on_clients",
    adviser_packages = "client_types",
    adviser_households = "household_type",
    adviser_pod_type = "pod_type",
    adviser_start_date = "adviser_start_date",
    deal_id = "hs_deal_record_id",
    deal_service_package = "service_package",
    /// Taken where the package is blank.
    deal_renewal_service_package = "renewal_service_package",
    deal_household_type = "household_type",
    /// Taken where the household is blank.
    deal_renewal_household_type = "renewal_household_type",
    deal_agreement_start_date = "agreement_start_date",
    deal_client_email = "client_email",
    /// By which an adviser's deals are found: the mail address, which a workflow of the account keeps current, or the id of the owner,
    /// such as a property that is written here.
    deal_adviser_email = "advisor_email",
    /// Unset, as is the next: there was no first meeting yet.
    deal_clarify_booked = "most_recent_clarify_booked_date",
    deal_clarify_held = "most_recent_clarify_call_date",
}
