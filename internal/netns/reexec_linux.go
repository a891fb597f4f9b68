package netns

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// reexecEnv is the marker of Reexec in the environment. It holds "fd:N" in a
// program that Reexec has just started, where N is the pipe to report on, and
// "done" once it has reported. Anything else, by convention "off", turns
// Reexec off, which is of use under a debugger.
const reexecEnv = "NLKIT_REEXEC"

// reportOK is what the child reports when it has the privileges it needs.
const reportOK = "ok"

// Reexec gives an ordinary user's program the privileges that namespaces need:
// it runs the program again, with the same arguments, environment and standard
// streams, as root of a new user namespace with network and mount namespaces of
// its own, whose loopback interface is up. Call it first thing in main.
//
//	exit, done, err := netns.Reexec()
//	if done {
//		os.Exit(exit)
//	}
//	if err != nil {
//		log.Print(err) // not to be had here: go on without
//	}
//
// If done, the program ran, and exit is its status (128 and the number of the
// signal that ended it, as a shell has it). Otherwise the caller goes on: with
// a nil error it has CAP_SYS_ADMIN and CAP_NET_ADMIN, or it is the program that
// was run, or Reexec is off (NLKIT_REEXEC=off); with an error the system does
// not allow any of that, and the caller is as privileged as it was.
func Reexec() (exit int, done bool, err error) {
	marker := os.Getenv(reexecEnv)
	if s, ok := strings.CutPrefix(marker, "fd:"); ok {
		if fd, err := strconv.Atoi(s); err == nil {
			report(fd)
		}
		return 0, false, nil
	}
	if marker != "" || privileged() {
		return 0, false, nil
	}
	return reexec()
}

// privileged reports whether the process may make namespaces and set up what
// is in them.
func privileged() bool {
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData // version 3 has 64 bits of capabilities
	if err := unix.Capget(&hdr, &data[0]); err != nil {
		return os.Geteuid() == 0
	}
	const need = 1<<unix.CAP_SYS_ADMIN | 1<<unix.CAP_NET_ADMIN
	return data[0].Effective&need == need
}

// report tells the parent whether this process got its privileges, and ends it
// if not: the parent is then the one to go on.
func report(fd int) {
	unix.CloseOnExec(fd)
	pipe := os.NewFile(uintptr(fd), "report")
	defer pipe.Close()
	// Programs that this one starts are not to report.
	os.Setenv(reexecEnv, "done")

	if err := probe(); err != nil {
		io.WriteString(pipe, err.Error())
		os.Exit(1)
	}
	io.WriteString(pipe, reportOK)
}

// probe does what the privileges are for. That the process was started says
// little: where AppArmor restricts user namespaces, all that follows is EPERM.
func probe() error {
	if err := loopbackUp(); err != nil {
		return err
	}
	ns, err := New()
	if err != nil {
		return err
	}
	return ns.Close()
}

func reexec() (exit int, done bool, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return 0, false, fmt.Errorf("netns: %w", err)
	}
	defer r.Close()
	defer w.Close()
	// Handed down under its own number: ExtraFiles would put it over a
	// descriptor 3 that the program has inherited and the child needs.
	if _, err := unix.FcntlInt(w.Fd(), unix.F_SETFD, 0); err != nil {
		return 0, false, fmt.Errorf("netns: %w", os.NewSyscallError("fcntl", err))
	}

	cmd := exec.Command("/proc/self/exe")
	cmd.Args = os.Args
	cmd.Env = append(os.Environ(), reexecEnv+"=fd:"+strconv.Itoa(int(w.Fd())))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
		// The kernel wants setgroups off before an ordinary user maps a group.
		GidMappingsEnableSetgroups: false,
		Pdeathsig:                  unix.SIGKILL,
	}

	// Before Start, since the child may have begun when Start returns.
	sigs, stop := catchSignals()
	var forwarding sync.WaitGroup
	defer forwarding.Wait()
	defer stop()

	// The death that Pdeathsig is about is that of the thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return 0, false, fmt.Errorf("netns: start in a user namespace: %w", err)
	}
	w.Close()
	forwarding.Go(func() { forward(cmd.Process, sigs) })

	said, readErr := io.ReadAll(r)
	waitErr := cmd.Wait()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok {
		return 0, false, fmt.Errorf("netns: wait: %w", waitErr)
	}
	switch {
	case string(said) == reportOK, slices.Contains(forwarded, os.Signal(status.Signal())):
		return exitStatus(status), true, nil
	case len(said) > 0:
		return 0, false, fmt.Errorf("netns: no privileges in a user namespace: %s", said)
	default:
		return 0, false, fmt.Errorf("netns: in a user namespace: %w", errors.Join(readErr, waitErr))
	}
}

func exitStatus(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
