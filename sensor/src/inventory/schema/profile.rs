//! What one endpoint takes and gives.

mod describe;
mod merge;
mod parameters;

use serde::{Deserialize, Serialize};

use super::{
    FieldId, Learner, Observer, Tree,
    body::{Body, Buffers, MediaType, read},
    field::Field,
    tree::{Counters, Frames},
};
use crate::exchange::{Request, Response};

/// Media types of one message that are told apart; others are learned of not at all.
const MAX_MEDIA_TYPES: usize = 6;

/// Status codes that are told apart; others are joined by class.
const MAX_CODES: usize = 16;

/// Stands in place of a status for the bodies of requests.
const REQUEST: u16 = 0;

/// Bounds and the key of a profile.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Most fields of an endpoint, in all its messages.
    pub max_fields: usize,
    /// Keys the hashes of values: secret, and the same on every node whose profiles are merged.
    pub seed: u64,
}

impl Settings {
    /// 512 fields.
    pub fn new(seed: u64) -> Self {
        Self { max_fields: 512, seed }
    }
}

/// What learning keeps for its allocation: one for all profiles.
#[derive(Debug, Default)]
pub struct Scratch {
    /// For readers of bodies and of operations.
    pub buffers: Buffers,
    frames: Frames,
    text: Vec<u8>,
}

/// What learning from an exchange takes besides it.
#[derive(Debug)]
pub struct Learning<'a, O> {
    /// Bounds and key.
    pub settings: Settings,
    /// Allocations.
    pub scratch: &'a mut Scratch,
    /// Sees every value.
    pub observer: &'a mut O,
}

/// Parameters and bodies of an endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Profile {
    parameters: Tree,
    requests: Vec<Content>,
    responses: Vec<Answer>,
    /// Bodies of media types beyond those that are told apart.
    refused_bodies: u64,
}

/// The bodies of one media type.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Content {
    /// In lower case; empty when none is named.
    media_type: Box<str>,
    tree: Tree,
}

/// The responses of one status.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Answer {
    /// A status code, or the hundreds digit of a class.
    status: u16,
    contents: Vec<Content>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            parameters: parameters::tree(),
            requests: Vec::new(),
            responses: Vec::new(),
            refused_bodies: 0,
        }
    }
}

impl Profile {
    /// Learns from a request: the parameters of its path as (name, value as sent), its query and
    /// fields, and its body where one was kept. A body that is `None` proves nothing.
    pub fn learn_request<'p>(
        &mut self,
        request: &Request,
        path: impl Iterator<Item = (&'p str, &'p [u8])>,
        body: Option<Body<'_>>,
        learning: &mut Learning<'_, impl Observer>,
    ) {
        let room = self.room(learning.settings);
        parameters::learn(&mut self.parameters, request, path, room, learning);
        if let Some(body) = body.filter(|body| !body.bytes.is_empty()) {
            let room = self.room(learning.settings);
            let media_type = media_type(request.head.get("content-type"));
            match content_of(&mut self.requests, REQUEST, media_type) {
                Some(content) => content.learn(body, media_type, room, learning),
                None => self.refused_bodies = self.refused_bodies.saturating_add(1),
            }
        }
    }

    /// Learns from a response, and its body where one was kept.
    pub fn learn_response(
        &mut self,
        response: &Response,
        body: Option<Body<'_>>,
        learning: &mut Learning<'_, impl Observer>,
    ) {
        let room = self.room(learning.settings);
        let answer = answer_of(&mut self.responses, response.status);
        let Some(body) = body.filter(|body| !body.bytes.is_empty()) else { return };
        let media_type = media_type(response.head.get("content-type"));
        match content_of(&mut answer.contents, answer.status, media_type) {
            Some(content) => content.learn(body, media_type, room, learning),
            None => self.refused_bodies = self.refused_bodies.saturating_add(1),
        }
    }

    /// What is known of a field.
    pub fn field(&self, field: FieldId) -> Option<&Field> {
        self.trees().find_map(|tree| tree.field(field))
    }

    /// Every field with how many of its values were seen.
    pub fn values(&self) -> impl Iterator<Item = (FieldId, u64)> {
        self.trees().flat_map(Tree::values)
    }

    /// How many whole objects above a field carry it, and of how many. A parameter's are the
    /// requests.
    pub fn share(&self, field: FieldId) -> Option<(u64, u64)> {
        self.trees().find_map(|tree| tree.share(field))
    }

    /// What could not be learned. Bodies of too many media types are among the refused.
    pub fn counters(&self) -> Counters {
        let mut all = Counters { refused: self.refused_bodies, ..Counters::default() };
        self.trees().for_each(|tree| all.merge(&tree.counters()));
        all
    }

    /// Fields in all messages.
    pub fn fields(&self) -> usize {
        self.trees().map(Tree::len).sum()
    }

    /// Memory that it holds, in bytes.
    pub fn memory(&self) -> usize {
        let contents = self.responses.iter().map(|answer| &answer.contents);
        let contents = contents.chain([&self.requests]);
        size_of::<Self>() - size_of::<Tree>()
            + self.trees().map(Tree::memory).sum::<usize>()
            + self.responses.capacity() * size_of::<Answer>()
            + contents
                .map(|contents| (contents.capacity() - contents.len()) * size_of::<Content>())
                .sum::<usize>()
    }

    /// Fields that there is still room for.
    fn room(&self, settings: Settings) -> usize {
        settings.max_fields.saturating_sub(self.fields())
    }

    fn trees(&self) -> impl Iterator<Item = &Tree> {
        let answers = self.responses.iter().flat_map(|answer| &answer.contents);
        let contents = self.requests.iter().chain(answers);
        std::iter::once(&self.parameters).chain(contents.map(|content| &content.tree))
    }
}

impl Content {
    fn new(status: u16, media_type: String) -> Self {
        let tree = Tree::new(FieldId::root(&format!("{status} {media_type}")));
        Self { media_type: media_type.into(), tree }
    }

    fn learn(
        &mut self,
        body: Body<'_>,
        media_type: MediaType<'_>,
        room: usize,
        learning: &mut Learning<'_, impl Observer>,
    ) {
        let limit = self.tree.len() + room;
        let Learning { settings, scratch, observer } = learning;
        let Scratch { buffers, frames, .. } = &mut **scratch;
        let mut learner =
            Learner::new(&mut self.tree, frames, &mut **observer, limit, settings.seed);
        let ending = read(body, &media_type, buffers, &mut learner);
        learner.finish(ending);
    }
}

fn media_type(field: Option<&[u8]>) -> MediaType<'_> {
    MediaType::read(field.unwrap_or_default())
}

/// The bodies of a media type, made when there are none; `None` when there are too many.
fn content_of<'c>(
    contents: &'c mut Vec<Content>,
    status: u16,
    media_type: MediaType<'_>,
) -> Option<&'c mut Content> {
    let is_same =
        |content: &Content| media_type.name.eq_ignore_ascii_case(content.media_type.as_bytes());
    let place = contents.iter().position(is_same);
    let place = match place {
        Some(place) => place,
        None if contents.len() < MAX_MEDIA_TYPES => {
            let media_type = String::from_utf8_lossy(media_type.name).to_ascii_lowercase();
            contents.push(Content::new(status, media_type));
            contents.len() - 1
        }
        None => return None,
    };
    contents.get_mut(place)
}

/// The responses of a status: of its class when too many statuses are told apart.
fn answer_of(answers: &mut Vec<Answer>, status: u16) -> &mut Answer {
    let known = answers.iter().position(|answer| answer.status == status);
    let class = status / 100;
    let status = if known.is_none() && answers.len() >= MAX_CODES { class } else { status };
    let known = known.or_else(|| answers.iter().position(|answer| answer.status == status));
    let place = known.unwrap_or_else(|| {
        answers.push(Answer { status, contents: Vec::new() });
        answers.len() - 1
    });
    &mut answers[place]
}

#[cfg(test)]
mod tests;
