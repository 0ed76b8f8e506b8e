//! What a kind of sensitive data is.

use serde::{Deserialize, Serialize};

use super::text::{Bytes, Text};

/// What a leak of the data would be.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Personal data.
    Pii,
    /// Payment card data and accounts.
    Pci,
    /// Data on health.
    Phi,
    /// What opens a door.
    Secret,
    /// What tells an attacker of the inside.
    Leak,
}

impl Class {
    /// The name in rows and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pii => "pii",
            Self::Pci => "pci",
            Self::Phi => "phi",
            Self::Secret => "secret",
            Self::Leak => "leak",
        }
    }
}

/// A rule book that data of a kind matters for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Regulation {
    /// General Data Protection Regulation (EU) 2016/679, and its twin of the United Kingdom.
    Gdpr,
    /// California Consumer Privacy Act.
    Ccpa,
    /// Payment Card Industry Data Security Standard 4.
    PciDss,
    /// Health Insurance Portability and Accountability Act.
    Hipaa,
    /// Gramm-Leach-Bliley Act.
    Glba,
    /// Lei Geral de Proteção de Dados (Brazil).
    Lgpd,
    /// Digital Personal Data Protection Act (India).
    Dpdp,
    /// Personal Information Protection Law (China).
    Pipl,
    /// Personal Information Protection and Electronic Documents Act (Canada).
    Pipeda,
    /// Privacy Act 1988 (Australia).
    PrivacyAct,
    /// Protection of Personal Information Act (South Africa).
    Popia,
    /// Act on the Protection of Personal Information (Japan).
    Appi,
    /// Personal Information Protection Act (Korea).
    Pipa,
    /// Personal Data Protection Act (Singapore).
    Pdpa,
}

impl Regulation {
    /// The usual abbreviation.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gdpr => "GDPR",
            Self::Ccpa => "CCPA",
            Self::PciDss => "PCI DSS",
            Self::Hipaa => "HIPAA",
            Self::Glba => "GLBA",
            Self::Lgpd => "LGPD",
            Self::Dpdp => "DPDP Act",
            Self::Pipl => "PIPL",
            Self::Pipeda => "PIPEDA",
            Self::PrivacyAct => "Privacy Act 1988",
            Self::Popia => "POPIA",
            Self::Appi => "APPI",
            Self::Pipa => "PIPA",
            Self::Pdpa => "PDPA",
        }
    }
}

/// Personal data in general.
pub(super) const PERSONAL: &[Regulation] = &[Regulation::Gdpr, Regulation::Ccpa];
/// Personal data of people in the European Union and the United Kingdom.
pub(super) const EUROPEAN: &[Regulation] = &[Regulation::Gdpr];
/// Card data.
pub(super) const CARD: &[Regulation] = &[Regulation::PciDss, Regulation::Gdpr, Regulation::Ccpa];
/// Bank data of persons.
pub(super) const BANK: &[Regulation] = &[Regulation::Gdpr, Regulation::Glba, Regulation::Ccpa];
/// Data on health.
pub(super) const HEALTH: &[Regulation] = &[Regulation::Hipaa, Regulation::Gdpr, Regulation::Ccpa];
/// Credentials: card data standard requirement 8, personal data wherever they open an account.
pub(super) const CREDENTIAL: &[Regulation] = &[Regulation::PciDss, Regulation::Gdpr];
/// What no rule book names.
pub(super) const NONE: &[Regulation] = &[];

/// How much a value by itself speaks for a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It is not of the kind.
    No,
    /// It has the form, as many other values have; only the field's name tells.
    Form,
    /// Check digits or form that one in ten to one in a hundred values passes by chance.
    Check,
    /// Digits of which one in forty or fewer passes by chance: a finding until most values of
    /// the field turn out not to pass.
    Few,
    /// A form that one in a thousand values or fewer have by chance.
    Rare,
    /// It can hardly be anything else.
    Proof,
}

impl Fit {
    /// `fit` when the condition holds, else [`Fit::No`].
    pub(super) fn when(self, condition: bool) -> Self {
        if condition { self } else { Self::No }
    }
}

/// How sure a finding is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Chance passes the check too often. No finding by itself: see
    /// [`SensitiveStats`](super::SensitiveStats).
    Low,
    /// The name with a form that fits, or a distinctive value in a field of any name.
    Medium,
    /// The name with a valid value, or a value that can hardly be anything else.
    High,
}

impl Confidence {
    /// The name in rows and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// Of a value in a field that is named for the kind.
    pub(super) fn named(fit: Fit) -> Option<Self> {
        match fit {
            Fit::No => None,
            Fit::Form => Some(Self::Medium),
            Fit::Check | Fit::Few | Fit::Rare | Fit::Proof => Some(Self::High),
        }
    }
}

/// Any number of digits.
pub(super) const ANY_COUNT: (u16, u16) = (0, u16::MAX);

/// What values of a kind look like from outside: what rules most values out before they are
/// checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Least and greatest number of digits.
    pub digits: (u16, u16),
    /// The first byte is one of these; empty when it may be any.
    pub first: &'static str,
    /// Least and greatest length in bytes.
    pub length: (u16, u16),
    /// No byte of another class.
    pub allowed: Bytes,
    /// At least a byte of each of these.
    pub required: Bytes,
}

impl Shape {
    pub(super) fn fits(&self, text: &Text<'_>) -> bool {
        let (length, digits) = (text.value.len(), text.digits);
        let first = text.value.as_bytes().first().copied().unwrap_or_default();
        length >= usize::from(self.length.0)
            && length <= usize::from(self.length.1)
            && digits >= usize::from(self.digits.0)
            && digits <= usize::from(self.digits.1)
            && (self.first.is_empty() || self.first.as_bytes().contains(&first))
            && text.classes.within(self.allowed)
            && self.required.within(text.classes)
    }
}

/// A kind, as the registry has it.
pub(super) struct Definition {
    /// In rows and events: lower case with underscores.
    pub name: &'static str,
    /// In words.
    pub title: &'static str,
    pub class: Class,
    pub regulations: &'static [Regulation],
    /// How a value is checked, in words.
    pub validator: &'static str,
    /// What fields with it are called, in lower-case words; the last is the noun.
    pub names: &'static [&'static str],
    pub shape: Shape,
    /// Whether values are looked at in fields of other names too.
    pub alone: bool,
    pub check: fn(&Text<'_>) -> Fit,
}
