//! What each plan allows, as data.
//!
//! Nothing in this crate asks *which plan is it*; it asks what the plan's rules contain (C7). What a plan does not have
//! is absent from its rules, so no switch or screen can reach it: Business has no delegation to grant with, Pro has no
//! publishing to publish with.

use crate::Class;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// The plan of a workspace. `plus` and `personal` are read as [`Profile::Pro`] (C7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Admins develop and publish; what is published stays as it is.
    Business,
    /// Roles and groups decide who develops and who uses what.
    Enterprise,
    /// As [`Profile::Enterprise`], for schools and universities.
    Edu,
    /// One person, own connectors, reading only.
    #[serde(alias = "plus", alias = "personal")]
    Pro,
}

/// What a plan allows. What is `None` does not exist in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileRules {
    /// The plan's name as shown.
    pub label: &'static str,
    /// Gate 1, the workspace's developer-mode switch. `None`: everyone here is on an account of their own and passes.
    pub gate: Option<Gate>,
    /// The strictest class of action that exists in this plan. *Read* means no full MCP (S001, S124, S125).
    pub ceiling: Class,
    /// Publishing for the whole workspace. `None`: connectors stay with the person who made them.
    pub publishing: Option<Publishing>,
    /// Conversations can be exported for compliance (S097).
    pub compliance_export: bool,
}

/// Gate 1: the workspace permission *Developer mode / Create custom MCP connectors* (S026).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Admins may extend it to roles, groups and people who are not admins (S007, S016). Without it only admins and
    /// owners ever pass (S028, S029).
    pub delegation: bool,
}

/// What a plan can do about connectors for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publishing {
    /// Finer control than all or nothing. `None`: a published connector has all its actions, is for everyone, and is
    /// never updated (S067, S068).
    pub controls: Option<Controls>,
}

/// The controls that Enterprise and Edu have over what is published (S069 to S083). They come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controls;

const BUSINESS: ProfileRules = ProfileRules {
    label: "Business",
    gate: Some(Gate { delegation: false }),
    ceiling: Class::Destructive,
    publishing: Some(Publishing { controls: None }),
    compliance_export: false,
};

const ENTERPRISE: ProfileRules = ProfileRules {
    label: "Enterprise",
    gate: Some(Gate { delegation: true }),
    ceiling: Class::Destructive,
    publishing: Some(Publishing { controls: Some(Controls) }),
    compliance_export: true,
};

const EDU: ProfileRules = ProfileRules { label: "Edu", ..ENTERPRISE };

const PRO: ProfileRules =
    ProfileRules { label: "Pro", gate: None, ceiling: Class::Read, publishing: None, compliance_export: false };

impl Profile {
    /// Every plan, in the order they are compared on the Plans page.
    pub const ALL: [Profile; 4] = [Profile::Business, Profile::Enterprise, Profile::Edu, Profile::Pro];

    /// What the plan allows.
    pub fn rules(self) -> &'static ProfileRules {
        match self {
            Profile::Business => &BUSINESS,
            Profile::Enterprise => &ENTERPRISE,
            Profile::Edu => &EDU,
            Profile::Pro => &PRO,
        }
    }

    /// The name as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Profile::Business => "business",
            Profile::Enterprise => "enterprise",
            Profile::Edu => "edu",
            Profile::Pro => "pro",
        }
    }
}

impl ProfileRules {
    /// Whether writing actions exist at all (S001).
    pub fn full_mcp(&self) -> bool {
        self.ceiling > Class::Read
    }

    /// Whether access, single actions and refreshes of published connectors can be decided (S069).
    pub fn has_controls(&self) -> bool {
        self.publishing.is_some_and(|publishing| publishing.controls.is_some())
    }

    /// Whether people who are not admins can be let through gate 1 (S016).
    pub fn delegates(&self) -> bool {
        self.gate.is_some_and(|gate| gate.delegation)
    }
}

/// There is no plan of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no plan `{0}`; use `business`, `enterprise`, `edu` or `pro`")]
pub struct UnknownProfile(pub String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "business" => Ok(Profile::Business),
            "enterprise" => Ok(Profile::Enterprise),
            "edu" => Ok(Profile::Edu),
            "pro" | "plus" | "personal" => Ok(Profile::Pro),
            other => Err(UnknownProfile(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s001_only_plans_with_full_mcp_have_writing_actions() {
        let full: Vec<_> = Profile::ALL.into_iter().filter(|profile| profile.rules().full_mcp()).collect();
        assert_eq!(full, [Profile::Business, Profile::Enterprise, Profile::Edu]);
    }

    #[test]
    fn s029_business_has_no_delegation_to_grant_developer_mode_with() {
        assert!(!Profile::Business.rules().delegates());
        assert!(Profile::Enterprise.rules().delegates() && Profile::Edu.rules().delegates());
    }

    #[test]
    fn c7_plus_and_personal_are_read_as_pro() {
        for name in ["pro", "plus", "personal"] {
            assert_eq!(name.parse(), Ok(Profile::Pro));
            assert_eq!(serde_json::from_value::<Profile>(name.into()).unwrap(), Profile::Pro);
        }
        assert_eq!("free".parse::<Profile>(), Err(UnknownProfile("free".into())));
    }

    #[test]
    fn a_plan_is_stored_under_the_name_it_is_read_by() {
        for profile in Profile::ALL {
            assert_eq!(serde_json::to_value(profile).unwrap(), profile.as_str());
            assert_eq!(profile.as_str().parse(), Ok(profile));
        }
    }
}
