//! Cross-reference of the labels: which function is called with them.
//!
//! The labels lie among the constants, a tail of a longer string may serve. An instruction that
//! loads the address of one into the register of a second argument leads to a first direct call,
//! which is a vote. At least two different labels have to vote for one function, and no other
//! function may have as many. (A library built without TLS 1.3 has one label and stays dark: no
//! distribution ships one, and one label with a symbol beside it is easily planted.) The function must start
//! where one can start and take as many arguments as this one does.

use super::{
    Arguments, Evidence, Found, Library,
    code::{self, Ahead, End, Load},
    elf::Image,
    explain::{Candidate, LabelUse, Reference, Sign},
    hexadecimal,
    library::{LABELLED, Name, Profile},
    source::Stop,
    symbols::{self, Symbol},
};

/// Labels of the NSS key log format that are a constant of their own in the libraries.
pub(super) const LABELS: [&str; 8] = [
    "CLIENT_RANDOM",
    "CLIENT_EARLY_TRAFFIC_SECRET",
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0",
    "EXPORTER_SECRET",
    "EARLY_EXPORTER_SECRET",
];

/// Copies of one label that are looked at.
pub(super) const COPIES: usize = 32;

/// Different labels that have to agree.
const QUORUM: usize = 2;

/// Bytes of a function that are remembered.
const CODE: usize = 32;

/// What the labels say.
pub(super) struct Verdict {
    pub(super) found: Vec<Found>,
    pub(super) labels: Vec<LabelUse>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) symbols: Vec<String>,
    /// Why nothing was found, where something could have been.
    pub(super) reasons: Vec<String>,
}

/// Looks for the function. `places` are the addresses of each of [`LABELS`].
pub(super) fn find(
    image: &Image<'_>,
    places: &[Vec<u64>],
    signs: &[Sign],
) -> Result<Verdict, Stop> {
    let loads = follow(image, places)?;
    let named = symbols::named(image, &function_names())?;
    let mut candidates = candidates(image, places, &loads, &named)?;
    let mut reasons = Vec::new();
    let mut chosen: Vec<&Candidate> = Vec::new();
    for candidate in candidates.iter().filter(|candidate| has_votes(candidate)) {
        match &candidate.refused {
            None => chosen.push(candidate),
            Some(why) => reasons.push(format!("{:#x}: {why}", candidate.address)),
        }
    }
    for symbol in &named {
        if !chosen.iter().any(|candidate| candidate.address == symbol.address)
            && let Some(other) = chosen.first()
        {
            return Err(Stop::Refused(format!(
                "the labels lead to {:#x}, but {} is at {:#x}",
                other.address, symbol.name, symbol.address
            )));
        }
    }
    // Two libraries in one file are believed when their symbols tell them apart.
    if chosen.len() > 1 && !chosen.iter().all(|candidate| named_at(&named, candidate.address)) {
        let addresses: Vec<_> = chosen.iter().map(|c| format!("{:#x}", c.address)).collect();
        return Err(Stop::Refused(format!("labels lead to {}", addresses.join(" and to "))));
    }
    let found =
        chosen.iter().map(|candidate| found(image, candidate, signs)).collect::<Result<_, _>>()?;
    if reasons.is_empty() && places.iter().any(|places| !places.is_empty()) {
        reasons.push(missing(places, &loads));
    }
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.labels.len()));
    Ok(Verdict {
        found,
        labels: uses(places, &loads),
        candidates,
        symbols: named.iter().map(|s| format!("{} at {:#x}", s.name, s.address)).collect(),
        reasons,
    })
}

fn follow(image: &Image<'_>, places: &[Vec<u64>]) -> Result<Vec<(Load, Option<Ahead>)>, Stop> {
    let mut strings: Vec<u64> = places.iter().flatten().copied().collect();
    strings.sort_unstable();
    strings.dedup();
    if strings.is_empty() {
        return Ok(Vec::new());
    }
    let mut followed = Vec::new();
    for load in code::loads(image, &strings)? {
        let ahead = if load.second_argument { Some(code::ahead(image, &load)?) } else { None };
        followed.push((load, ahead));
    }
    Ok(followed)
}

fn function_names() -> Vec<Name> {
    LABELLED.iter().flat_map(|profile| profile.function).copied().collect()
}

fn named_at(named: &[Symbol], address: u64) -> bool {
    named.iter().any(|symbol| symbol.address == address)
}

/// Functions called with labels, each checked when it has votes enough.
fn candidates(
    image: &Image<'_>,
    places: &[Vec<u64>],
    loads: &[(Load, Option<Ahead>)],
    named: &[Symbol],
) -> Result<Vec<Candidate>, Stop> {
    let mut targets: Vec<u64> =
        loads.iter().filter_map(|(_, ahead)| called(ahead.as_ref())).collect();
    targets.sort_unstable();
    targets.dedup();
    let mut candidates = Vec::new();
    for &address in &targets {
        let mut candidate = votes(address, &targets, places, loads);
        candidate.symbol = named_at(named, address);
        if has_votes(&candidate) {
            check(image, &mut candidate)?;
        }
        candidates.push(candidate);
    }
    Ok(candidates)
}

fn called(ahead: Option<&Ahead>) -> Option<u64> {
    match ahead?.end {
        End::Call(target) => Some(target),
        _ => None,
    }
}

/// A jump to a function that is called elsewhere is a call at the end of another one: the vote is
/// for that function, not for what it calls first.
fn vote(ahead: &Ahead, targets: &[u64]) -> Option<u64> {
    let tail = ahead.jumps.iter().find(|jump| targets.binary_search(jump).is_ok());
    tail.copied().or(match ahead.end {
        End::Call(target) => Some(target),
        _ => None,
    })
}

fn votes(
    address: u64,
    targets: &[u64],
    places: &[Vec<u64>],
    loads: &[(Load, Option<Ahead>)],
) -> Candidate {
    let mut candidate = Candidate { address, ..Candidate::default() };
    for (load, ahead) in loads {
        if ahead.as_ref().and_then(|ahead| vote(ahead, targets)) == Some(address) {
            candidate.references += 1;
            for (label, places) in LABELS.iter().zip(places) {
                let known = candidate.labels.iter().any(|known| known == label);
                if !known && places.binary_search(&load.string).is_ok() {
                    candidate.labels.push((*label).to_owned());
                }
            }
        }
    }
    candidate
}

fn has_votes(candidate: &Candidate) -> bool {
    candidate.labels.len() >= QUORUM
}

/// Whether the function is plausible; says why not in `refused`.
fn check(image: &Image<'_>, candidate: &mut Candidate) -> Result<(), Stop> {
    match code::boundary(image, candidate.address)? {
        Ok(boundary) => boundary.clone_into(&mut candidate.boundary),
        Err(why) => {
            candidate.refused = Some(why);
            return Ok(());
        }
    }
    if !code::takes_secret(image, candidate.address)? {
        candidate.refused = Some("it does not take a secret and its length".to_owned());
        return Ok(());
    }
    candidate.symbols =
        symbols::at(image, candidate.address)?.into_iter().map(|symbol| symbol.name).collect();
    // A copy of the function with other arguments (`.constprop.0`, `.isra.0`) has another name.
    if !candidate.symbols.is_empty() && !candidate.symbol {
        candidate.refused = Some(format!("it is {}", candidate.symbols.join(", ")));
    }
    Ok(())
}

fn found(image: &Image<'_>, candidate: &Candidate, signs: &[Sign]) -> Result<Found, Stop> {
    let outside = || Stop::Refused("a function outside of the file".to_owned());
    let code = image.code_bytes(candidate.address, CODE)?;
    Ok(Found {
        library: library(candidate, signs),
        offset: image.offset_of(candidate.address).ok_or_else(outside)?,
        address: candidate.address,
        arguments: Arguments::labelled(image.machine),
        evidence: Evidence {
            labels: candidate.labels.clone(),
            references: candidate.references,
            symbols: candidate.symbols.clone(),
            boundary: candidate.boundary.clone(),
            version: None,
        },
        code: hexadecimal(&code),
    })
}

/// By the function's symbol, else by the only sign of a library.
fn library(candidate: &Candidate, signs: &[Sign]) -> Library {
    let has = |profile: &&Profile| {
        profile.function.iter().any(|name| {
            candidate.symbols.iter().any(|symbol| match name {
                Name::Exact(name) => symbol == name,
                Name::Part(part) => symbol.contains(part),
            })
        })
    };
    if let Some(profile) = LABELLED.iter().find(has) {
        return profile.library;
    }
    let mut signed = LABELLED
        .iter()
        .map(|profile| profile.library)
        .filter(|library| signs.iter().any(|sign| sign.library == *library));
    match (signed.next(), signed.next()) {
        (Some(library), None) => library,
        _ => Library::Unnamed,
    }
}

/// Why no function has votes enough.
fn missing(places: &[Vec<u64>], loads: &[(Load, Option<Ahead>)]) -> String {
    let labels = places.iter().filter(|places| !places.is_empty()).count();
    let second = loads.iter().filter(|(load, _)| load.second_argument).count();
    let calls = loads.iter().filter(|(_, ahead)| called(ahead.as_ref()).is_some()).count();
    format!(
        "{labels} of {} key-log labels, loaded {} times, {second} of them as second argument and \
         {calls} of these before a direct call, do not agree on a function",
        LABELS.len(),
        loads.len()
    )
}

fn uses(places: &[Vec<u64>], loads: &[(Load, Option<Ahead>)]) -> Vec<LabelUse> {
    let reference = |(load, ahead): &(Load, Option<Ahead>)| Reference {
        address: load.at,
        register: load.register.to_owned(),
        call: called(ahead.as_ref()),
        then: ahead.as_ref().map_or_else(|| "not a second argument".to_owned(), then),
    };
    LABELS
        .iter()
        .zip(places)
        .map(|(label, places)| LabelUse {
            label: (*label).to_owned(),
            places: places.clone(),
            references: loads
                .iter()
                .filter(|(load, _)| places.binary_search(&load.string).is_ok())
                .map(reference)
                .collect(),
        })
        .collect()
}

fn then(ahead: &Ahead) -> String {
    let end = match ahead.end {
        End::Call(target) => format!("calls {target:#x}"),
        End::IndirectCall => "calls through a pointer".to_owned(),
        End::Overwritten => "the register is written again".to_owned(),
        End::Left => "leaves without a call".to_owned(),
        End::Undecodable => "no instruction follows".to_owned(),
        End::TooFar => "no call follows soon".to_owned(),
    };
    let jumps = ahead.jumps.iter().map(|jump| format!("jumps to {jump:#x}, "));
    jumps.chain([end]).collect()
}
