//! A program that passes its standard input on and prints what comes back.

use std::{
    io::{Read, Result, Write},
    net::SocketAddr,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use super::super::Client;

/// Its pipes. It is killed when they are dropped.
#[derive(Debug)]
pub struct Pipes {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Pipes {
    /// A client that speaks through it.
    pub fn client(command: &mut Command, address: SocketAddr) -> Client<Self> {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let input = child.stdin.take().expect("a pipe");
        let output = child.stdout.take().expect("a pipe");
        Client::over(Self { child, input, output }, address)
    }
}

impl Read for Pipes {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.output.read(buffer)
    }
}

impl Write for Pipes {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.input.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.input.flush()
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
