//go:build linux

// Command procmon prints which processes start, execute programs and end, as the
// kernel announces it on its connector (NETLINK_CONNECTOR): a protocol of events
// alone, whose messages are C structs without attributes. events.go describes it.
// With -demo it starts a program itself, shows what is told of that, and ends.
//
// The kernel announces processes only in its first network namespace, to who is in
// its first namespaces of users and processes, and before Linux 6.6 only to root.
// Where that is not so, procmon says so.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/nlkit/nlkit"
)

func main() {
	log.SetFlags(0)
	demo := flag.Bool("demo", false, "start a program, show its events, and end")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *demo); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

func run(ctx context.Context, demo bool) error {
	c, err := nlkit.New(nlkit.WithNetNSPID(1)) // the first network namespace, but in a container
	if err != nil {
		if c, err = nlkit.New(); err != nil {
			return err
		}
	}
	defer c.Close()
	sub, err := Subscribe(ctx, c)
	if silent(err) {
		fmt.Println("The kernel does not tell its processes here:", err)
		fmt.Println("It takes root, outside of containers, and a kernel with CONFIG_PROC_EVENTS.")
		return nil
	}
	if err != nil {
		return err
	}
	defer sub.Close()

	child := 0
	if demo {
		cmd := exec.CommandContext(ctx, "/bin/sh", "-c", "exit 7")
		if err := cmd.Start(); err != nil {
			return err
		}
		child = cmd.Process.Pid
		defer cmd.Wait() //nolint:errcheck // it exits with 7
	}
	for ev, err := range sub.All() {
		switch {
		case errors.Is(err, nlkit.ErrOverrun):
			fmt.Println("events were lost")
			continue
		case err != nil:
			return err
		case demo && ev.Process != child && ev.Child != child:
			continue // of other programs
		}
		fmt.Printf("%v %v\n", ev.Time.Round(time.Millisecond), ev)
		if demo && ev.What == Exit {
			return nil
		}
	}
	return nil
}

// silent reports whether an error means that there are no events to be had here.
func silent(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, errSilent) ||
		errors.Is(err, syscall.ECONNREFUSED) || // this network namespace has no connector
		errors.Is(err, fs.ErrNotExist) // nor has it that group
}
