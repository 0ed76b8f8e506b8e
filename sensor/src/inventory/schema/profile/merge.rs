//! Joining profiles of several nodes, or of templates that became one.

use super::{Answer, Content, MAX_MEDIA_TYPES, Profile, Settings, answer_of};

impl Profile {
    /// Joins what was learned elsewhere of the same endpoint. The result does not depend on the
    /// order while there is room for all fields, statuses and media types.
    pub fn merge(&mut self, other: &Self, settings: Settings) {
        let limit = self.parameters.len() + self.room(settings);
        self.parameters.merge(&other.parameters, limit);
        for content in &other.requests {
            self.merge_content(None, content, settings);
        }
        for Answer { status, contents } in &other.responses {
            let status = answer_of(&mut self.responses, *status).status;
            for content in contents {
                self.merge_content(Some(status), content, settings);
            }
        }
        self.refused_bodies = self.refused_bodies.saturating_add(other.refused_bodies);
    }

    /// Joins the bodies of a status, or of requests.
    fn merge_content(&mut self, status: Option<u16>, other: &Content, settings: Settings) {
        let room = self.room(settings);
        let contents = match status {
            Some(status) => &mut answer_of(&mut self.responses, status).contents,
            None => &mut self.requests,
        };
        if let Some(own) = contents.iter_mut().find(|own| own.media_type == other.media_type) {
            own.tree.merge(&other.tree, own.tree.len() + room);
        } else if contents.len() < MAX_MEDIA_TYPES {
            let mut own = Content::new(status.unwrap_or_default(), other.media_type.to_string());
            own.tree.merge(&other.tree, 1 + room);
            contents.push(own);
        } else {
            self.refused_bodies = self.refused_bodies.saturating_add(1);
        }
    }
}
