//! The kinds, by family.

pub(super) mod bank;
pub(super) mod card;
pub(super) mod contact;
pub(super) mod device;
pub(super) mod health;
pub(super) mod leak;
pub(super) mod national;
pub(super) mod password;
pub(super) mod person;
pub(super) mod place;
pub(super) mod secret;
pub(super) mod token;
