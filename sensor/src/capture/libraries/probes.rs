//! Entry probes on key-log functions.

use std::{fs::File, os::fd::AsRawFd as _};

use aya::{
    Ebpf,
    programs::{
        ProgramError, UProbe,
        uprobe::{UProbeAttachLocation, UProbeLink, UProbeScope},
    },
};
use sensor_ebpf::names;

use crate::capture::keylog::{Arguments, Found, Register};

/// Puts a probe on a function, for all processes. Dropping the link takes it away.
pub trait Attach: Send {
    /// Keeps the probe.
    type Link: Send;

    /// Attaches to a function of an open file.
    fn attach(&mut self, file: &File, found: &Found) -> Result<Self::Link, AttachError>;
}

/// Why a probe could not be attached.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// No program reads arguments from such places.
    #[error("no kernel program reads this function's arguments")]
    NoProgram,
    /// The object lacks the program.
    #[error("the kernel object has no program {0}; rebuild with `cargo xtask build`")]
    Missing(&'static str),
    /// The kernel refused.
    #[error("the kernel refused the probe: {0}")]
    Refused(#[from] Box<ProgramError>),
}

impl AttachError {
    /// The error with its causes.
    pub(super) fn full(&self) -> String {
        use std::error::Error as _;
        let causes = std::iter::successors(self.source(), |error| (*error).source());
        // A cause that its parent already tells is left out.
        causes.map(ToString::to_string).fold(self.to_string(), |text, cause| {
            if text.contains(&cause) { text } else { format!("{text}: {cause}") }
        })
    }
}

/// The loaded kernel programs that probes call.
#[derive(Debug)]
pub struct Probes(pub Ebpf);

impl Attach for Probes {
    type Link = UProbeLink;

    fn attach(&mut self, file: &File, found: &Found) -> Result<UProbeLink, AttachError> {
        let name = program(found.arguments).ok_or(AttachError::NoProgram)?;
        let program = self.0.program_mut(name).ok_or(AttachError::Missing(name))?;
        let probe: &mut UProbe = program.try_into().map_err(Box::new)?;
        // The link to the open file leads to the very inode that was scanned, deleted or not.
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        let location = UProbeAttachLocation::AbsoluteOffset(found.offset);
        let id = probe.attach(location, path, UProbeScope::AllProcesses).map_err(Box::new)?;
        Ok(probe.take_link(id).map_err(Box::new)?)
    }
}

/// The program that reads its arguments from these registers.
fn program(arguments: Arguments) -> Option<&'static str> {
    use Register::{R9, R10, Rbx, Rcx, Rdi, Rdx, Rsi, X1, X2, X3, X4, X6, X7};
    let Arguments::Secret { label, label_length, secret, secret_length, client_random } = arguments
    else {
        let Arguments::Window { pointer: Rsi | X1, length } = arguments else { return None };
        return (usize::from(length) == sensor_ebpf::WINDOW_BYTES).then_some(names::SECRET_WINDOW);
    };
    match (label, label_length, secret, secret_length, client_random) {
        (Rsi, None, Rdx, Rcx, None) | (X1, None, X2, X3, None) => Some(names::SECRET),
        (Rbx, Some(Rcx), R9, R10, Some((Rdi, Rsi))) | (X1, Some(X2), X6, X7, Some((X3, X4))) => {
            Some(names::SECRET_GO)
        }
        _ => None,
    }
}
