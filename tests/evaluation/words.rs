//! Words that names are made of.

pub const FIRST_NAMES: &[&str] = &[
    "alice", "bob", "carol", "david", "emma", "frank", "grace", "henry", "ines", "jack", "karin",
    "liam", "maria", "noah", "olga", "paul", "quentin", "rosa", "samir", "tara", "umar", "vera",
    "wei", "xenia", "yusuf", "zoe", "andrea", "bjorn", "chloe", "diego", "elif", "fatima",
    "george", "hana", "ivan", "julia", "kenji", "laura", "mehmet", "nadia", "omar", "priya",
    "ravi", "sofia", "tomas", "ulrike", "victor", "wanda", "yuki", "zara",
];

pub const LAST_NAMES: &[&str] = &[
    "smith", "garcia", "mueller", "tanaka", "nguyen", "kowalski", "rossi", "silva", "ivanova",
    "kim", "hansen", "dubois", "novak", "oconnor", "patel", "santos", "yilmaz", "larsen", "cohen",
    "moreau", "jensen", "popescu", "haddad", "ferrari", "lindqvist",
];

pub const NOUNS: &[&str] = &[
    "anchor", "apple", "archive", "atlas", "backend", "bakery", "basket", "beacon", "billing",
    "bridge", "broker", "canvas", "castle", "checkout", "cluster", "comet", "compass", "copper",
    "crawler", "dashboard", "delta", "desert", "dotfiles", "dragon", "edge", "engine", "falcon",
    "forest", "frontend", "galaxy", "garden", "gateway", "glacier", "granite", "harbor", "hello",
    "hornet", "island", "journal", "kernel", "kitchen", "lantern", "ledger", "library", "lighthouse",
    "linux", "lotus", "magnet", "maple", "marble", "marketing", "matrix", "meadow", "mercury",
    "meteor", "mirror", "monitor", "mosaic", "nebula", "network", "notebook", "oasis", "ocean",
    "olive", "orchid", "otter", "parser", "payroll", "pepper", "phoenix", "pilot", "planet",
    "portal", "prism", "proxy", "pulse", "pyramid", "quartz", "rabbit", "radar", "raven", "reactor",
    "redis", "river", "rocket", "router", "saturn", "scheduler", "shadow", "shuttle", "silver",
    "sparrow", "storage", "summit", "sunrise", "telemetry", "temple", "thunder", "tiger", "toolkit",
    "tulip", "tunnel", "turbine", "umbrella", "valley", "velvet", "violet", "volcano", "walnut",
    "warehouse", "waterfall", "website", "whisper", "widget", "willow", "window", "winter", "worker",
    "yellow", "zephyr",
];

pub const ADJECTIVES: &[&str] = &[
    "amber", "ancient", "basic", "blue", "bold", "bright", "busy", "calm", "central", "clever",
    "cold", "crimson", "daily", "dark", "dev", "eager", "early", "eastern", "fancy", "fast",
    "first", "fresh", "gentle", "golden", "grand", "green", "happy", "hidden", "internal", "jolly",
    "kind", "large", "late", "legacy", "little", "lively", "lucky", "main", "mighty", "modern",
    "new", "nightly", "noble", "northern", "old", "orange", "plain", "primary", "prod", "proud",
    "public", "quick", "quiet", "rapid", "red", "remote", "royal", "rusty", "secret", "shared",
    "shiny", "silent", "simple", "small", "smart", "smooth", "solid", "staging", "steady", "sunny",
    "super", "swift", "test", "tiny", "tough", "upper", "vivid", "warm", "western", "white", "wild",
];

pub const COUNTRIES: &[&str] = &[
    "US", "DE", "FR", "GB", "NL", "SE", "NO", "DK", "FI", "ES", "IT", "PT", "PL", "CZ", "AT", "CH",
    "BE", "IE", "JP", "CN", "IN", "BR", "MX", "CA", "AU", "NZ", "ZA", "TR", "KR", "SG",
];

pub const CURRENCIES: &[&str] = &[
    "USD", "EUR", "GBP", "JPY", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "AUD", "CAD", "NZD",
    "INR", "CNY", "BRL", "MXN", "ZAR", "TRY", "KRW",
];

pub const LANGUAGES: &[&str] = &[
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "pl", "ja", "zh", "ko", "en-US", "en-GB",
    "de-DE", "fr-FR", "pt-BR", "zh-CN",
];

pub const REGIONS: &[&str] = &[
    "us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-central-1", "eu-north-1",
    "ap-south-1", "ap-southeast-1", "ap-northeast-1", "sa-east-1", "ca-central-1", "us-central1",
    "europe-west4", "westeurope", "northeurope", "eastus", "westus2",
];

pub const ENDINGS: &[&str] = &["pdf", "png", "jpg", "csv", "txt", "zip", "md", "json"];

pub const PREFIXES: &[&str] =
    &["cus", "ch", "in", "sub", "price", "prod", "pi", "acct", "evt", "tr", "ord", "usr", "msg"];
