//! Exact bytes over a real connection, in turns.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

/// What happens next on a connection.
#[derive(Clone, Debug)]
pub enum Turn {
    /// The client sends, the server has received it all.
    Client(Vec<u8>),
    /// The server sends, the client has received it all.
    Server(Vec<u8>),
    /// The client closes its half.
    ClientEnds,
    /// The server closes its half.
    ServerEnds,
}

impl Turn {
    /// The client sends a text.
    pub fn client(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Client(bytes.into())
    }

    /// The server sends a text.
    pub fn server(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Server(bytes.into())
    }
}

/// Plays a conversation on a connection to `listener` and closes it.
pub fn converse(listener: &TcpListener, turns: &[Turn]) {
    let address: SocketAddr = listener.local_addr().expect("a bound socket");
    let client = TcpStream::connect(address).expect("a listener");
    let (server, _) = listener.accept().expect("a client");
    for stream in [&client, &server] {
        stream.set_nodelay(true).expect("a TCP socket");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
    }
    for turn in turns {
        match turn {
            Turn::Client(bytes) => pass(&client, &server, bytes),
            Turn::Server(bytes) => pass(&server, &client, bytes),
            Turn::ClientEnds => end(&client, &server),
            Turn::ServerEnds => end(&server, &client),
        }
    }
}

/// Sends and receives at the same time: the socket buffers may be smaller.
fn pass(mut from: &TcpStream, mut to: &TcpStream, bytes: &[u8]) {
    std::thread::scope(|scope| {
        scope.spawn(move || from.write_all(bytes).expect("an open connection"));
        let mut received = vec![0; bytes.len()];
        to.read_exact(&mut received).expect("what was sent");
        assert!(received == bytes, "other bytes than were sent");
    });
}

fn end(from: &TcpStream, mut to: &TcpStream) {
    from.shutdown(Shutdown::Write).expect("an open connection");
    assert_eq!(to.read(&mut [0]).expect("an end"), 0);
}
