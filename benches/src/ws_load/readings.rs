//! What the kernel knows of a server: its processor time, its memory, and what waits in its sockets.

use std::{fs, io, time::Duration};

/// Gives the processor time of a process, in and out of the kernel.
///
/// `/proc/<pid>/stat` counts in hundredths of a second, a tenth of what a short round takes; the schedulers' sums of the
/// threads are exact to the nanosecond.
pub(crate) fn processor_time(process: u32) -> io::Result<Duration> {
    let mut total = 0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        match fs::read_to_string(task?.path().join("schedstat")) {
            Ok(text) => total += nanoseconds_run(&text).ok_or_else(|| unreadable("schedstat"))?,
            // A thread that has just ended.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Duration::from_nanos(total))
}

/// Gives the resident memory of a process in bytes.
pub(crate) fn resident(process: u32) -> io::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status"))?;
    resident_bytes(&text).ok_or_else(|| unreadable("status"))
}

/// Gives the bytes of all TCP sockets' buffers, of this machine.
///
/// The kernel keeps this sum up to date to within 1 MiB a core.
pub(crate) fn socket_memory() -> io::Result<u64> {
    let text = fs::read_to_string("/proc/net/sockstat")?;
    let pages = tcp_pages(&text).ok_or_else(|| unreadable("sockstat"))?;
    Ok(pages * rustix::param::page_size() as u64)
}

/// Gives the bytes that wait in the send buffers of a server's connections, to the byte.
pub(crate) fn unsent(port: u16) -> io::Result<u64> {
    let text = fs::read_to_string("/proc/net/tcp")?;
    Ok(send_queues(&text, port))
}

fn unreadable(file: &str) -> io::Error {
    let message = format!("{file} in /proc does not look as it does on Linux");
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// `<nanoseconds on a processor> <nanoseconds waiting> <times>`.
fn nanoseconds_run(schedstat: &str) -> Option<u64> {
    schedstat.split(' ').next()?.parse().ok()
}

/// `VmRSS:      5432 kB`.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// `TCP: inuse 4 orphan 0 tw 0 alloc 5 mem 336`.
fn tcp_pages(sockstat: &str) -> Option<u64> {
    let line = sockstat
        .lines()
        .find_map(|line| line.strip_prefix("TCP:"))?;
    let mut words = line.split(' ').skip_while(|word| *word != "mem");
    words.nth(1)?.parse().ok()
}

/// `sl local_address rem_address st tx_queue:rx_queue ...`, in hexadecimal.
fn send_queues(table: &str, port: u16) -> u64 {
    let port = format!(":{port:04X}");
    table
        .lines()
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let local = words.nth(1)?;
            let (_, state, queues) = (words.next()?, words.next()?, words.next()?);
            // The queue of a socket that listens is of connections.
            let counts = local.ends_with(&port) && state != "0A";
            let (unsent, _) = queues.split_once(':').filter(|_| counts)?;
            u64::from_str_radix(unsent, 16).ok()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_the_first_number() {
        assert_eq!(nanoseconds_run("123456789 52028 17\n"), Some(123_456_789));
        assert_eq!(nanoseconds_run(""), None);
    }

    #[test]
    fn resident_memory_is_in_kilobytes() {
        let status = "Name:\tws_load\nVmPeak:\t   9000 kB\nVmRSS:\t    5432 kB\nThreads:\t1\n";
        assert_eq!(resident_bytes(status), Some(5432 * 1024));
        assert_eq!(resident_bytes("Name:\tws_load\n"), None);
    }

    #[test]
    fn socket_memory_is_that_of_tcp() {
        let sockstat =
            "sockets: used 17\nTCP: inuse 1 orphan 0 tw 0 alloc 1 mem 336\nUDP: inuse 0 mem 7\n";
        assert_eq!(tcp_pages(sockstat), Some(336));
        assert_eq!(tcp_pages("sockets: used 17\n"), None);
    }

    #[test]
    fn unsent_bytes_are_those_of_the_port() {
        let table = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000007:00000003 00:00000000 00000000     0        0 1 1
   1: 0100007F:1F90 0100007F:C001 01 00004000:00000000 00:00000000 00000000     0        0 2 1
   2: 0100007F:C001 0100007F:1F90 01 00000020:00004000 00:00000000 00000000     0        0 3 1
   3: 0100007F:1F90 0100007F:C002 01 00000001:00000000 00:00000000 00000000     0        0 4 1
";
        assert_eq!(send_queues(table, 8080), 0x4001);
        assert_eq!(send_queues(table, 80), 0);
    }

    #[test]
    fn own_process_can_be_read() {
        let own = std::process::id();
        assert!(resident(own).unwrap() > 0);
        processor_time(own).unwrap();
        socket_memory().unwrap();
    }
}
