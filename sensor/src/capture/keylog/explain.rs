//! A scan with all that it saw, for whoever asks why.

use serde::{Deserialize, Serialize};

use super::{
    Budget, Found, Library, Nothing, Source, Spent,
    elf::{self, Image, Machine, Opened},
    go, labels,
    library::{DARK, LABELLED, Name, Profile},
    rustls,
    source::{Reader, Stop},
    symbols,
};

/// What a scan saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The result.
    pub outcome: Result<Vec<Found>, Nothing>,
    /// Instruction set.
    pub machine: Option<Machine>,
    /// GNU or Go build id.
    pub build_id: Option<String>,
    /// What gives libraries away.
    pub signs: Vec<Sign>,
    /// Each label with its uses.
    pub labels: Vec<LabelUse>,
    /// Functions that labels lead to, the one with the most labels first.
    pub candidates: Vec<Candidate>,
    /// Symbols with the name of a key-log function.
    pub symbols: Vec<String>,
    /// Go's table of functions.
    pub go: Option<GoTable>,
    /// What it took.
    pub spent: Spent,
}

/// A sign of a library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// Of which.
    pub library: Library,
    /// The constant or the symbol.
    pub by: String,
}

/// Where a label is and what uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelUse {
    /// The label.
    pub label: String,
    /// Addresses of its copies.
    pub places: Vec<u64>,
    /// Instructions that load one.
    pub references: Vec<Reference>,
}

/// An instruction that loads a label's address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Address of the instruction.
    pub address: u64,
    /// Register that it loads.
    pub register: String,
    /// First direct call after it.
    pub call: Option<u64>,
    /// What follows, in words.
    pub then: String,
}

/// A function that labels lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its address.
    pub address: u64,
    /// Labels that lead to it, each once.
    pub labels: Vec<String>,
    /// Loads that lead to it.
    pub references: usize,
    /// A symbol of a key-log function is there.
    pub symbol: bool,
    /// All symbols there.
    pub symbols: Vec<String>,
    /// How its start is known.
    pub boundary: String,
    /// Why it is not believed.
    pub refused: Option<String>,
}

/// Go's table of functions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoTable {
    /// Address of the table.
    pub address: u64,
    /// Its layout, by the first Go version that writes it.
    pub layout: String,
    /// Version of the toolchain, where the file says.
    pub version: Option<String>,
    /// Functions in it.
    pub functions: u64,
    /// Where code starts, by what says so.
    pub text: Vec<(String, u64)>,
}

/// Scans a file and keeps all that was seen.
pub fn explain(file: &dyn Source, budget: Budget) -> Explanation {
    let mut explanation = Explanation {
        outcome: Err(Nothing::NoTls),
        machine: None,
        build_id: None,
        signs: Vec::new(),
        labels: Vec::new(),
        candidates: Vec::new(),
        symbols: Vec::new(),
        go: None,
        spent: Spent::default(),
    };
    let outcome = Reader::new(file, budget).and_then(elf::open).map(|opened| match opened {
        Opened::Other => Err(Nothing::NoTls),
        Opened::Unsupported(why) => Err(Nothing::NoFunction { library: None, reasons: vec![why] }),
        Opened::Image(image) => {
            explanation.machine = Some(image.machine);
            explanation.build_id.clone_from(&image.build_id);
            let outcome = all(&image, &mut explanation).unwrap_or_else(|stop| Err(stop.into()));
            explanation.spent = image.reader.spent();
            outcome
        }
    });
    explanation.outcome = outcome.unwrap_or_else(|stop| Err(stop.into()));
    explanation
}

/// The build id of a file, without a scan.
pub fn build_id(file: &dyn Source) -> Option<String> {
    match Reader::new(file, Budget::default()).and_then(elf::open) {
        Ok(Opened::Image(image)) => image.build_id,
        _ => None,
    }
}

impl From<Stop> for Nothing {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::OverBudget(limit) => Self::OverBudget { limit: limit.to_owned() },
            Stop::Refused(why) => Self::Refused { why },
        }
    }
}

/// All kinds of search, one after the other.
fn all(
    image: &Image<'_>,
    explanation: &mut Explanation,
) -> Result<Result<Vec<Found>, Nothing>, Stop> {
    let places = constants(image, explanation)?;
    let mut found = Vec::new();
    let mut reasons = Vec::new();
    let signed = |profiles: &'static [Profile]| {
        let has = |p: &&Profile| explanation.signs.iter().any(|sign| sign.library == p.library);
        profiles.iter().find(has)
    };
    let (dark, labelled) = (signed(DARK), signed(LABELLED));
    let verdict = labels::find(image, &places, &explanation.signs)?;
    explanation.labels = verdict.labels;
    explanation.candidates = verdict.candidates;
    explanation.symbols = verdict.symbols;
    // A library that labels its secrets alike but hands over something else is never probed.
    match dark.and_then(|dark| dark.dark) {
        Some(reason) if labelled.is_none() => reasons.push(reason.to_owned()),
        _ if verdict.found.is_empty() => reasons.extend(verdict.reasons),
        _ => found.extend(verdict.found),
    }
    match go::find(image, &mut explanation.go)? {
        Ok(function) => found.extend(function),
        Err(reason) => {
            explanation.signs.push(Sign { library: Library::Go, by: "crypto/tls".to_owned() });
            reasons.push(reason);
        }
    }
    match rustls::find(image)? {
        Ok(functions) => found.extend(functions),
        Err(reason) => {
            explanation.signs.push(Sign { library: Library::Rustls, by: "rustls".to_owned() });
            reasons.push(reason);
        }
    }
    if !found.is_empty() {
        return Ok(Ok(found));
    }
    let library = explanation.signs.first().map(|sign| sign.library);
    if library.is_none() && reasons.is_empty() {
        return Ok(Err(Nothing::NoTls));
    }
    if reasons.is_empty() {
        reasons.push("the library is there, but none of the key log's labels".to_owned());
    }
    Ok(Err(Nothing::NoFunction { library, reasons }))
}

/// Searches the constants once for the labels, whose addresses it returns, and for signs.
fn constants(image: &Image<'_>, explanation: &mut Explanation) -> Result<Vec<Vec<u64>>, Stop> {
    let profiles = || LABELLED.iter().chain(DARK);
    let labels: Vec<String> = labels::LABELS.iter().map(|label| format!("{label}\0")).collect();
    let signs: Vec<(&Profile, &str)> = profiles()
        .flat_map(|profile| profile.constants.iter().map(move |constant| (profile, *constant)))
        .collect();
    let mut needles: Vec<&[u8]> = labels.iter().map(String::as_bytes).collect();
    needles.extend(signs.iter().map(|(_, constant)| constant.as_bytes()));
    let mut places = image.constants(&needles, labels::COPIES)?;
    for ((profile, constant), hits) in signs.iter().zip(&places[labels.len()..]) {
        if !hits.is_empty() {
            let by = constant.trim_end_matches('\0').to_owned();
            explanation.signs.push(Sign { library: profile.library, by });
        }
    }
    places.truncate(labels.len());
    exports(image, explanation)?;
    Ok(places)
}

fn exports(image: &Image<'_>, explanation: &mut Explanation) -> Result<(), Stop> {
    let profiles = || LABELLED.iter().chain(DARK);
    let names: Vec<Name> = profiles().flat_map(|p| p.exports).copied().map(Name::Exact).collect();
    for symbol in symbols::named(image, &names)? {
        let exported = |p: &&Profile| p.exports.contains(&symbol.name.as_str());
        if let Some(profile) = profiles().find(exported) {
            explanation.signs.push(Sign { library: profile.library, by: symbol.name });
        }
    }
    Ok(())
}
