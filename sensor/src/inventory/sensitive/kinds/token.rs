//! Tokens of cloud and software services, by the prefix that their makers gave them for just
//! this purpose, and by checksum where there is one.

use crate::inventory::sensitive::{
    definition::{ANY_COUNT, CREDENTIAL, Class, Definition, Fit, Shape},
    text::{Bytes, Text},
};

/// Letters, digits, `-` and `_`.
const URL_SAFE: Bytes = Bytes::ALNUM.or(Bytes::DASH).or(Bytes::UNDERSCORE);
const LOWER_HEX: Bytes = Bytes::LOWER.or(Bytes::DIGIT);

/// A prefix, the length of what follows (least, greatest), and its bytes.
type Form = (&'static str, (usize, usize), Bytes);

fn has_form(text: &Text<'_>, forms: &[Form]) -> bool {
    forms.iter().any(|&(prefix, length, allowed)| text.after(prefix, length, allowed).is_some())
}

const fn shape(first: &'static str, least: u16, greatest: u16) -> Shape {
    Shape {
        digits: ANY_COUNT,
        first,
        length: (least, greatest),
        allowed: Bytes::TOKEN.or(Bytes::COLON).or(Bytes::OTHER).or(Bytes::SLASH).or(Bytes::PLUS),
        required: Bytes::NONE,
    }
}

const fn token(
    name: &'static str,
    title: &'static str,
    validator: &'static str,
    shape: Shape,
    check: fn(&Text<'_>) -> Fit,
) -> Definition {
    Definition {
        name,
        title,
        class: Class::Secret,
        regulations: CREDENTIAL,
        validator,
        names: &[],
        shape,
        alone: true,
        check,
    }
}

/// The last six characters are the CRC-32 of the rest in base 62 (GitHub, 2021; npm took it
/// over). A token that fails it was made up, or cut and filled: it is found, but less surely.
fn has_checksum(body: &str) -> bool {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some((random, check)) = body.split_at_checked(body.len().saturating_sub(6)) else {
        return false;
    };
    let mut crc = flate2::Crc::new();
    crc.update(random.as_bytes());
    let mut rest = crc.sum();
    check.bytes().rev().all(|byte| {
        let expected = ALPHABET[(rest % 62) as usize];
        rest /= 62;
        byte == expected
    })
}

pub(in crate::inventory::sensitive) const AWS_ACCESS_KEY_ID: Definition = Definition {
    names: &["aws access key id", "aws access key", "access key id"],
    ..token(
        "aws_access_key_id",
        "AWS access key id",
        "prefix `AKIA` or `ASIA`, 16 characters of base 32",
        shape("A", 20, 20),
        |text| {
            let (prefix, body) = text.value.split_at_checked(4).unwrap_or_default();
            let base32 = body.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'));
            Fit::Proof.when(matches!(prefix, "AKIA" | "ASIA" | "ABIA" | "ACCA") && base32)
        },
    )
};

pub(in crate::inventory::sensitive) const AWS_SECRET_KEY: Definition = Definition {
    names: &["aws secret access key", "aws secret key", "secret access key", "aws secret"],
    alone: false,
    ..token(
        "aws_secret_key",
        "AWS secret access key",
        "field name; 40 characters of base 64",
        shape("", 40, 40),
        |text| {
            let base64 = text
                .value
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
            Fit::Rare.when(base64 && Bytes::ALNUM.within(text.classes))
        },
    )
};

pub(in crate::inventory::sensitive) const GITHUB_TOKEN: Definition = token(
    "github_token",
    "GitHub token",
    "prefix `ghp_`, `gho_`, `ghu_`, `ghs_`, `ghr_` with CRC-32, or `github_pat_`",
    shape("g", 40, 255),
    |text| {
        if has_form(text, &[("github_pat_", (82, 82), Bytes::ALNUM.or(Bytes::UNDERSCORE))]) {
            return Fit::Proof;
        }
        let prefixes = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"];
        let body = prefixes.iter().find_map(|prefix| text.after(prefix, (36, 76), Bytes::ALNUM));
        match body.map(has_checksum) {
            None => Fit::No,
            Some(true) => Fit::Proof,
            Some(false) => Fit::Rare,
        }
    },
);

pub(in crate::inventory::sensitive) const NPM_TOKEN: Definition =
    token("npm_token", "npm token", "prefix `npm_` with CRC-32", shape("n", 40, 40), |text| {
        match text.after("npm_", (36, 36), Bytes::ALNUM).map(has_checksum) {
            None => Fit::No,
            Some(true) => Fit::Proof,
            Some(false) => Fit::Rare,
        }
    });

pub(in crate::inventory::sensitive) const GITLAB_TOKEN: Definition = token(
    "gitlab_token",
    "GitLab token",
    "prefix `glpat-` and its kin",
    shape("g", 26, 128),
    |text| {
        let prefixes = [
            "glpat-", "gldt-", "glptt-", "glrt-", "glcbt-", "glsoat-", "glimt-", "glagent-",
            "glft-",
        ];
        Fit::Proof.when(
            prefixes.iter().any(|prefix| text.after(prefix, (20, 100), Bytes::TOKEN).is_some()),
        )
    },
);

pub(in crate::inventory::sensitive) const SLACK_TOKEN: Definition = token(
    "slack_token",
    "Slack token or webhook",
    "prefix `xoxb-` and its kin, `xapp-`, or the address of a webhook",
    shape("xh", 24, 255),
    |text| {
        let prefixes = [
            "xoxb-",
            "xoxp-",
            "xoxa-",
            "xoxr-",
            "xoxs-",
            "xoxe-",
            "xoxe.xoxp-",
            "xoxc-",
            "xoxd-",
            "xapp-",
        ];
        let token =
            prefixes.iter().any(|prefix| text.after(prefix, (20, 240), Bytes::TOKEN).is_some());
        let hook = text.value.strip_prefix("https://hooks.slack.com/services/T");
        Fit::Proof.when(token || hook.is_some_and(|hook| hook.split('/').count() == 3))
    },
);

pub(in crate::inventory::sensitive) const STRIPE_KEY: Definition = token(
    "stripe_key",
    "Stripe secret key",
    "prefix `sk_`, `rk_` with `live_` or `test_`, or `whsec_`",
    shape("srw", 24, 255),
    |text| {
        Fit::Proof.when(has_form(
            text,
            &[
                ("sk_live_", (16, 240), Bytes::ALNUM),
                ("sk_test_", (16, 240), Bytes::ALNUM),
                ("rk_live_", (16, 240), Bytes::ALNUM),
                ("rk_test_", (16, 240), Bytes::ALNUM),
                (
                    "whsec_",
                    (24, 240),
                    Bytes::ALNUM.or(Bytes::PLUS).or(Bytes::SLASH).or(Bytes::OTHER),
                ),
            ],
        ))
    },
);

pub(in crate::inventory::sensitive) const GOOGLE_API_KEY: Definition = token(
    "google_api_key",
    "Google API key or OAuth secret",
    "prefix `AIza`, `GOCSPX-` or `ya29.`",
    shape("AGy", 30, 2048),
    |text| {
        Fit::Proof.when(has_form(
            text,
            &[
                ("AIza", (35, 35), URL_SAFE),
                ("GOCSPX-", (28, 28), URL_SAFE),
                ("ya29.", (30, 2000), Bytes::TOKEN),
            ],
        ))
    },
);

pub(in crate::inventory::sensitive) const SENDGRID_KEY: Definition = token(
    "sendgrid_key",
    "SendGrid key",
    "prefix `SG.`, parts of 22 and 43 characters",
    shape("S", 69, 69),
    |text| {
        let parts = text.after("SG.", (66, 66), Bytes::TOKEN).and_then(|rest| rest.split_once('.'));
        Fit::Proof.when(parts.is_some_and(|(left, right)| (left.len(), right.len()) == (22, 43)))
    },
);

pub(in crate::inventory::sensitive) const TWILIO_KEY: Definition = token(
    "twilio_key",
    "Twilio key",
    "prefix `SK` or `AC`, 32 hex digits",
    shape("SA", 34, 34),
    |text| {
        let body =
            text.after("SK", (32, 32), LOWER_HEX).or_else(|| text.after("AC", (32, 32), LOWER_HEX));
        Fit::Rare.when(body.is_some_and(|body| body.bytes().all(|byte| byte.is_ascii_hexdigit())))
    },
);

pub(in crate::inventory::sensitive) const AI_KEY: Definition = token(
    "ai_service_key",
    "Key of an AI service (OpenAI, Anthropic, Hugging Face, ...)",
    "prefix `sk-`, `sk-proj-`, `sk-ant-`, `hf_`, `gsk_`, `r8_`, `pplx-`",
    shape("shgrp", 32, 255),
    |text| {
        let forms: &[Form] = &[
            ("sk-proj-", (20, 240), URL_SAFE),
            ("sk-ant-", (20, 240), URL_SAFE),
            ("sk-svcacct-", (20, 240), URL_SAFE),
            ("sk-or-v1-", (64, 64), LOWER_HEX),
            ("hf_", (34, 34), Bytes::ALNUM),
            ("gsk_", (52, 52), Bytes::ALNUM),
            ("r8_", (37, 37), Bytes::ALNUM),
            ("pplx-", (40, 64), Bytes::ALNUM),
        ];
        if has_form(text, forms) {
            return Fit::Proof;
        }
        let plain = text.after("sk-", (32, 64), Bytes::ALNUM);
        Fit::Proof.when(plain.is_some() && Bytes::DIGIT.within(text.classes))
    },
);

pub(in crate::inventory::sensitive) const PYPI_TOKEN: Definition = token(
    "pypi_token",
    "PyPI token",
    "prefix `pypi-`, a macaroon of pypi.org",
    shape("p", 64, 512),
    |text| {
        let forms = [
            ("pypi-AgEIcHlwaS5vcmc", (40, 480), URL_SAFE),
            ("pypi-AgENdGVzdC5weXBpLm9yZ", (40, 480), URL_SAFE),
        ];
        Fit::Proof.when(has_form(text, &forms))
    },
);

pub(in crate::inventory::sensitive) const SHOPIFY_TOKEN: Definition = token(
    "shopify_token",
    "Shopify token",
    "prefix `shpat_` and its kin, 32 hex digits",
    shape("s", 38, 38),
    |text| {
        let prefixes = ["shpat_", "shpca_", "shppa_", "shpss_"];
        Fit::Proof.when(
            prefixes.iter().any(|prefix| text.after(prefix, (32, 32), Bytes::ALNUM).is_some()),
        )
    },
);

pub(in crate::inventory::sensitive) const DIGITALOCEAN_TOKEN: Definition = token(
    "digitalocean_token",
    "DigitalOcean token",
    "prefix `dop_v1_`, `doo_v1_` or `dor_v1_`, 64 hex digits",
    shape("d", 71, 71),
    |text| {
        let prefixes = ["dop_v1_", "doo_v1_", "dor_v1_"];
        Fit::Proof
            .when(prefixes.iter().any(|prefix| text.after(prefix, (64, 64), LOWER_HEX).is_some()))
    },
);

pub(in crate::inventory::sensitive) const TELEGRAM_TOKEN: Definition = token(
    "telegram_bot_token",
    "Telegram bot token",
    "number, `:`, 35 characters that begin with `AA`",
    shape("123456789", 43, 47),
    |text| {
        let Some((number, secret)) = text.value.split_once(':') else { return Fit::No };
        let number =
            (8..=11).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        let secret = Text::new(secret);
        Fit::Proof.when(number && secret.after("AA", (33, 33), URL_SAFE).is_some())
    },
);

pub(in crate::inventory::sensitive) const MAIL_SERVICE_KEY: Definition = token(
    "mail_service_key",
    "Mailgun, Mailchimp or Brevo key",
    "prefix `key-` or `xkeysib-`, or suffix `-us1` to `-us99`; hex digits",
    Shape { required: Bytes::DASH, ..shape("0123456789abcdefkx", 35, 90) },
    |text| {
        let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let mailgun = text.after("key-", (32, 32), LOWER_HEX).is_some_and(hex);
        let brevo = text.after("xkeysib-", (80, 81), URL_SAFE).is_some();
        let mailchimp = text.value.split_once("-us").is_some_and(|(key, center)| {
            key.len() == 32
                && hex(key)
                && matches!(center.len(), 1 | 2)
                && center.parse::<u8>().is_ok()
        });
        Fit::Proof.when(mailgun || brevo || mailchimp)
    },
);

pub(in crate::inventory::sensitive) const AZURE_KEY: Definition = token(
    "azure_key",
    "Azure storage key or connection string",
    "`AccountKey=` or `SharedAccessKey=` with base 64",
    Shape {
        digits: ANY_COUNT,
        first: "DEAB",
        length: (60, 1024),
        allowed: Bytes::ANY,
        required: Bytes::OTHER,
    },
    |text| {
        let key =
            ["AccountKey=", "SharedAccessKey="].iter().find_map(|name| text.value.split_once(name));
        Fit::Proof.when(key.is_some_and(|(_, key)| {
            key.split(';').next().is_some_and(|key| key.len() >= 40 && !key.contains(' '))
        }))
    },
);

pub(in crate::inventory::sensitive) const SERVICE_TOKEN: Definition = token(
    "service_token",
    "Token of another service (Vault, Docker, Databricks, Atlassian, Grafana, New Relic, ...)",
    "the service's prefix",
    shape("AEHNPdfghlnprst", 24, 512),
    |text| {
        Fit::Proof.when(has_form(
            text,
            &[
                ("hvs.", (24, 300), Bytes::TOKEN),
                ("hvb.", (24, 300), Bytes::TOKEN),
                ("dckr_pat_", (20, 64), URL_SAFE),
                ("dapi", (32, 34), LOWER_HEX.or(Bytes::DASH)),
                ("ATATT3", (100, 300), Bytes::TOKEN.or(Bytes::OTHER)),
                ("ATCTT3", (100, 300), Bytes::TOKEN.or(Bytes::OTHER)),
                ("glsa_", (41, 41), Bytes::ALNUM.or(Bytes::UNDERSCORE)),
                ("glc_", (40, 400), Bytes::TOKEN.or(Bytes::OTHER).or(Bytes::PLUS).or(Bytes::SLASH)),
                ("NRAK-", (27, 27), Bytes::ALNUM),
                ("lin_api_", (40, 40), Bytes::ALNUM),
                ("PMAK-", (59, 59), URL_SAFE),
                ("pscale_tkn_", (32, 64), Bytes::TOKEN),
                ("pscale_pw_", (32, 64), Bytes::TOKEN),
                ("dp.pt.", (40, 50), Bytes::ALNUM),
                ("sq0atp-", (22, 22), URL_SAFE),
                ("sq0csp-", (43, 43), URL_SAFE),
                ("rubygems_", (48, 48), LOWER_HEX),
                ("secret_", (43, 43), Bytes::ALNUM),
                ("ntn_", (46, 46), Bytes::ALNUM),
                ("figd_", (40, 60), URL_SAFE),
                (
                    "sntrys_",
                    (60, 300),
                    Bytes::TOKEN.or(Bytes::OTHER).or(Bytes::PLUS).or(Bytes::SLASH),
                ),
                ("pul-", (40, 40), LOWER_HEX),
                ("HRKU-", (36, 64), URL_SAFE),
                ("EAAA", (60, 60), URL_SAFE),
                ("tskey-", (20, 80), URL_SAFE),
                ("AGE-SECRET-KEY-1", (58, 58), Bytes::ALNUM),
                ("sbp_", (40, 40), LOWER_HEX),
            ],
        ))
    },
);
