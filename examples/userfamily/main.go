// Command userfamily shows what the kernel accounts for a process, by a generic netlink
// family that it defines itself, in taskstats.go: its own process, or the one whose
// number is the argument. It takes CAP_NET_ADMIN; without, it shows what the family
// takes and why that is not enough.
//
//	sudo go run ./examples/userfamily
//	sudo go run ./examples/userfamily 1
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strconv"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/genl"
)

func main() {
	flag.Usage = func() { fmt.Fprintln(flag.CommandLine.Output(), "usage: userfamily [PROCESS]") }
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	pid := os.Getpid()
	if len(args) > 0 {
		n, err := strconv.ParseUint(args[0], 10, 31)
		if err != nil {
			return err
		}
		pid = int(n)
	}
	c, err := nlkit.New()
	if err != nil {
		return err
	}
	defer c.Close()

	policy, err := genl.GetPolicy(ctx, c, genl.Name(family))
	if err != nil && !errors.Is(err, errors.ErrUnsupported) { // before Linux 5.8
		return err
	}
	if err == nil {
		if o, ok := policy.Operation(getTask.Command); ok && o.Do != nil {
			fmt.Print("the kernel takes\n", o.Do.Text(getTask.Request), "\n")
		}
	}

	t, err := get(ctx, c, pid)
	if errors.Is(err, fs.ErrPermission) {
		fmt.Println(err)
		return nil
	}
	if err != nil {
		return err
	}
	// Of a process there are only sums; who it is, its first thread says.
	first, err := getTask.Query(ctx, c, genl.Name(family), &query{PID: uint32(pid)})
	if err != nil {
		return err
	}
	s := first.Stats
	fmt.Printf("%s, process %d of %d, user %d, nice %d, running for %v (version %d)\n", s.Command, pid, s.Parent, s.UID, s.Nice, micros(s.Elapsed), s.Version)
	fmt.Printf("first thread: %v in the program, %v in the kernel, %d bytes read, %d written\n", micros(s.User), micros(s.System), s.ReadChars, s.Written)
	fmt.Printf("all threads: %d switches, %d of them forced\n", t.Stats.Voluntary+t.Stats.Forced, t.Stats.Forced)
	return nil
}
