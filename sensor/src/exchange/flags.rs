//! What an exchange lacks, and what is odd about a message.

/// A set of small flags, shared by [`Missing`] and [`Problems`].
macro_rules! flag_set {
    ($(#[$doc:meta])* $name:ident { $($(#[$flag_doc:meta])* $flag:ident = $bit:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name(u32);

        impl $name {
            $($(#[$flag_doc])* pub const $flag: Self = Self(1 << $bit);)*

            /// Every flag with its name in events.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$flag, $text)),*];

            /// No flag.
            pub const fn empty() -> Self {
                Self(0)
            }

            /// Whether no flag is set.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Whether every flag of `other` is set.
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Sets the flags of `other`.
            pub fn insert(&mut self, other: Self) {
                self.0 |= other.0;
            }

            /// The names of the set flags, in declaration order.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                Self::ALL.iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, name)| *name)
            }
        }
    };
}

flag_set! {
    /// What an exchange lacks. A conclusion from absence must not be drawn when the part that
    /// would show it is named here.
    Missing {
        /// The request was never seen.
        REQUEST = 0, "request";
        /// No response was seen before the connection ended, was lost, or moved on.
        RESPONSE = 1, "response";
        /// Bytes of the request were lost.
        REQUEST_GAP = 2, "request_gap";
        /// Bytes of the response were lost.
        RESPONSE_GAP = 3, "response_gap";
        /// Request content beyond the byte budget was not copied.
        REQUEST_TRUNCATED = 4, "request_truncated";
        /// Response content beyond the byte budget was not copied.
        RESPONSE_TRUNCATED = 5, "response_truncated";
        /// The connection ended inside the request.
        REQUEST_ABORTED = 6, "request_aborted";
        /// The connection ended inside the response.
        RESPONSE_ABORTED = 7, "response_aborted";
        /// Request content was not decoded.
        REQUEST_UNDECODED = 8, "request_undecoded";
        /// Response content was not decoded.
        RESPONSE_UNDECODED = 9, "response_undecoded";
        /// Loss made it ambiguous which request this response answers.
        PAIRING = 10, "pairing";
    }
}

flag_set! {
    /// What is odd about a message: broken input is data.
    Problems {
        /// Content-Length together with Transfer-Encoding (RFC 9112 section 6.3, item 3).
        CONFLICTING_FRAMING = 0, "conflicting_framing";
        /// Content-Length values that differ or are no number (item 5).
        INVALID_CONTENT_LENGTH = 1, "invalid_content_length";
        /// Transfer-Encoding in which chunked is not last, or unknown codings (item 4).
        INVALID_TRANSFER_ENCODING = 2, "invalid_transfer_encoding";
        /// A chunk size line that is none.
        INVALID_CHUNK = 3, "invalid_chunk";
        /// A folded field line (RFC 9112 section 5.2).
        OBSOLETE_FOLDING = 4, "obsolete_folding";
        /// A field line that breaks the grammar was left out.
        INVALID_FIELD = 5, "invalid_field";
        /// HTTP/1.1 without Host, or with two (RFC 9112 section 3.2).
        INVALID_HOST = 6, "invalid_host";
        /// More field lines than are kept; the rest was left out.
        TOO_MANY_FIELDS = 7, "too_many_fields";
        /// Bytes after the end of the message that start no other.
        TRAILING_BYTES = 8, "trailing_bytes";
        /// HTTP/0.9: recognised by its request line without version.
        HTTP_09 = 9, "http_09";
        /// A request line with spaces in its target.
        INVALID_REQUEST_LINE = 10, "invalid_request_line";
    }
}
