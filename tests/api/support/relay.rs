//! What stands before servers: a port that stays while they come and go behind it, as a load balancer's does.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

/// An address at which whatever server is there now is reached.
pub struct Relay {
    address: SocketAddr,
    behind: Arc<(Mutex<Option<SocketAddr>>, Condvar)>,
}

impl Relay {
    /// Before a server. It listens as long as the run.
    pub fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let behind = Arc::new((Mutex::new(Some(server)), Condvar::new()));
        let target = Arc::clone(&behind);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // A server that is gone by now: the client finds its connection closed.
                let Ok(server) = TcpStream::connect(someone(&target)) else { continue };
                pass(&client, &server);
                pass(&server, &client);
            }
        });
        Self { address, behind }
    }

    /// Where clients come.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Has new connections wait for the next server.
    pub fn hold(&self) {
        *self.behind.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Has new connections, and those that wait, go to another server.
    pub fn turn(&self, server: SocketAddr) {
        *self.behind.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(server);
        self.behind.1.notify_all();
    }
}

/// The server that is there, once there is one.
fn someone((behind, turned): &(Mutex<Option<SocketAddr>>, Condvar)) -> SocketAddr {
    let mut server = behind.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        match *server {
            Some(server) => return server,
            None => server = turned.wait(server).unwrap_or_else(PoisonError::into_inner),
        }
    }
}

/// Passes bytes on until one side ends, which ends the other.
fn pass(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().expect("a handle"), to.try_clone().expect("a handle"));
    thread::spawn(move || {
        // Either way there is nothing more to pass.
        let _ = io::copy(&mut from, &mut to);
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    });
}
