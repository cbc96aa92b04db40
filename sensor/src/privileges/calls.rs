//! The system-call filter: what a running sensor asks the kernel for, and nothing else. A call that
//! is not in the list fails with EPERM.
//!
//! No call that sends is in it: neither `sendto`, `sendmsg` nor `sendmmsg`, and `write` is refused
//! on the descriptors of captures. The service manager is told by `write` on a local socket.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use super::{Measure, Needs};

pub const NAME: &str = "system-call filter";

pub fn restrict(needs: &Needs) -> Measure {
    let filtered = program(needs)
        .map_err(|e| e.to_string())
        .and_then(|p| seccompiler::apply_filter_all_threads(&p).map_err(|e| e.to_string()));
    match filtered {
        Ok(()) if needs.network => Measure::on(NAME, "what a sensor with network outputs needs"),
        Ok(()) => Measure::on(
            NAME,
            "no call that starts programs, sends or opens network sockets",
        ),
        Err(why) => Measure::off(NAME, why),
    }
}

fn program(needs: &Needs) -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        PLAIN.iter().map(|call| (*call, Vec::new())).collect();
    // Conditions of one rule must all hold; one rule of a call must.
    let is = |value: i32| condition(0, SeccompCmpOp::Eq, value);
    let mut families = vec![libc::AF_UNIX];
    if needs.capture {
        families.extend([libc::AF_PACKET, libc::AF_NETLINK]);
        rules.insert(libc::SYS_bind, Vec::new());
        // libpcap asks netlink about the interface.
        rules.insert(libc::SYS_sendto, Vec::new());
        rules.insert(libc::SYS_sendmsg, Vec::new());
    }
    if needs.network {
        families.extend([libc::AF_INET, libc::AF_INET6]);
        for call in [libc::SYS_sendto, libc::SYS_sendmsg, libc::SYS_shutdown] {
            rules.insert(call, Vec::new());
        }
    }
    for call in [libc::SYS_socket, libc::SYS_socketpair] {
        let families: Result<Vec<_>, _> = families
            .iter()
            .map(|family| SeccompRule::new(vec![is(*family)?]))
            .collect();
        rules.insert(call, families?);
    }
    let names: Result<Vec<_>, _> = [libc::PR_SET_NAME, libc::PR_GET_NAME, PR_SET_VMA]
        .into_iter()
        .map(|what| SeccompRule::new(vec![is(what)?]))
        .collect();
    rules.insert(libc::SYS_prctl, names?);
    for call in [libc::SYS_write, libc::SYS_writev] {
        let others: Result<Vec<_>, _> = needs
            .captures
            .iter()
            .map(|fd| condition(0, SeccompCmpOp::Ne, *fd))
            .collect();
        let rule = others?;
        let rule = if rule.is_empty() {
            Vec::new()
        } else {
            vec![SeccompRule::new(rule)?]
        };
        rules.insert(call, rule);
    }
    SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into()?,
    )?
    .try_into()
}

fn condition(
    arg: u8,
    op: SeccompCmpOp,
    value: i32,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(
        arg,
        SeccompCmpArgLen::Dword,
        op,
        u64::from(value.unsigned_abs()),
    )
}

/// Names a mapping; the C library's allocator does.
const PR_SET_VMA: i32 = 0x5356_4d41;

/// Calls without a condition.
const PLAIN: &[i64] = &[
    // Files that are open, or that the file-system sandbox lets through.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_fstat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_mkdirat,
    libc::SYS_ftruncate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_fchmod,
    libc::SYS_fcntl,
    libc::SYS_ioctl,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    // Memory.
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    // Threads, signals, time.
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_get_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    libc::SYS_restart_syscall,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // Who and where we are.
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_prlimit64,
    libc::SYS_getrusage,
    // Captures, the terminal, the local sockets.
    libc::SYS_ppoll,
    libc::SYS_pselect6,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_connect,
    libc::SYS_accept4,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    // Calls with newer names elsewhere.
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_select,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_getrlimit,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_time,
];
