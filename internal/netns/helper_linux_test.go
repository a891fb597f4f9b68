package netns_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit/internal/netns"
)

const (
	helperEnv = "NLKIT_NETNS_HELPER"
	markerEnv = "NLKIT_REEXEC"

	nobody = 65534

	// What a helper exits with that has come to its end.
	exitReport = 7
	exitError  = 9
)

// helper is this test binary as a program of its own.
func helper(mode string) {
	if mode == "main thread" {
		os.Exit(mainThread())
	}

	exit, done, err := netns.Reexec()
	if done {
		os.Exit(exit)
	}
	if err != nil {
		fmt.Printf("uid %d: %v\n", os.Getuid(), err)
		os.Exit(exitError)
	}
	switch mode {
	case "report":
		report()
	case "signal":
		c := make(chan os.Signal, 1)
		signal.Notify(c, unix.SIGINT, unix.SIGTERM)
		fmt.Println("ready")
		fmt.Println(<-c)
	case "sleep":
		fmt.Println("ready")
		time.Sleep(time.Minute)
	case "killed":
		unix.Kill(os.Getpid(), unix.SIGKILL)
	case "no user namespaces":
		os.Exit(limited(limitUser))
	case "one network namespace":
		os.Exit(limited(limitNet))
	}
	os.Exit(exitReport)
}

// report writes what the program has got.
func report() {
	stdin, _ := io.ReadAll(os.Stdin)
	inherited, _ := io.ReadAll(os.NewFile(3, "inherited"))
	fmt.Printf("args: %q\n", os.Args[1:])
	fmt.Printf("marker: %q\n", os.Getenv(markerEnv))
	fmt.Printf("stdin: %s, descriptor 3: %s\n", stdin, inherited)
	fmt.Printf("uid %d, gid %d\n", os.Getuid(), os.Getgid())
	if lo, err := net.InterfaceByName("lo"); err != nil {
		fmt.Println(err)
	} else {
		fmt.Printf("lo is up: %t\n", lo.Flags&net.FlagUp != 0)
	}
	ns, err := netns.New()
	if err == nil {
		err = netns.LoopbackUp(ns)
	}
	fmt.Printf("namespace: %v\n", err)
}

// mainThread checks that no call changes the main thread: an unlocked main
// goroutine that waits leaves it to the next one to run.
func mainThread() int {
	runtime.UnlockOSThread() // nstest locks it
	before, _ := os.Readlink("/proc/self/ns/net")
	for range 50 {
		ns, err := netns.New()
		if err != nil {
			fmt.Println(err)
			return exitError
		}
		ns.Close()
		if after, _ := os.Readlink("/proc/self/ns/net"); after != before {
			fmt.Printf("main thread went from %s to %s\n", before, after)
			return exitError
		}
	}
	return exitReport
}

// limitUser allows no user namespace in the one that this process is in.
func limitUser() error {
	return limit("max_user_namespaces", 0)
}

// limitNet allows one more network namespace: that which the program is started
// in, but none that it makes.
func limitNet() error {
	// One that is no longer in use counts until the kernel has cleared it away.
	// Once there is room for a second there are just this process's and that.
	if err := limit("max_net_namespaces", 2); err != nil {
		return err
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		_, err := netns.New() // kept until the process ends
		if err == nil {
			return limit("max_net_namespaces", 3)
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

func limit(name string, n int) error {
	return os.WriteFile("/proc/sys/user/"+name, []byte(strconv.Itoa(n)), 0)
}

// limited runs the helper within a limit, and not privileged enough to do
// without Reexec.
func limited(set func() error) int {
	if err := set(); err != nil {
		fmt.Println(err)
		return exitReport // not what comes of a refusal
	}
	cmd := helperCommand("report")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := startWithoutAdmin(cmd); err != nil {
		fmt.Println(err)
		return exitReport
	}
	cmd.Wait()
	return cmd.ProcessState.ExitCode()
}

func helperCommand(mode string, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	for _, env := range os.Environ() {
		if !strings.HasPrefix(env, markerEnv+"=") {
			cmd.Env = append(cmd.Env, env)
		}
	}
	cmd.Env = append(cmd.Env, helperEnv+"="+mode)
	// Without a terminal a signal is passed on whoever it comes from.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

// startAsNobody starts cmd as an ordinary user.
func startAsNobody(cmd *exec.Cmd) error {
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	return cmd.Start()
}

// startWithoutAdmin starts cmd with neither CAP_SYS_ADMIN nor a way to get it.
func startWithoutAdmin(cmd *exec.Cmd) error {
	errc := make(chan error)
	go func() {
		// Capabilities are the thread's, which is to end, so never unlocked.
		runtime.LockOSThread()
		// This fails for one who has not got it in the first place.
		unix.Prctl(unix.PR_CAPBSET_DROP, unix.CAP_SYS_ADMIN, 0, 0, 0)
		errc <- cmd.Start()
	}()
	return <-errc
}

// unprivileged returns the ways to start a program that needs Reexec.
func unprivileged(t *testing.T) map[string]func(*exec.Cmd) error {
	t.Helper()
	ways := map[string]func(*exec.Cmd) error{"without CAP_SYS_ADMIN": startWithoutAdmin}
	// Only the first user namespace knows other users.
	uids, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		t.Fatal(err)
	}
	if f := strings.Fields(string(uids)); os.Geteuid() == 0 && len(f) == 3 && f[2] == "4294967295" {
		ways["as an ordinary user"] = startAsNobody
	}
	return ways
}
