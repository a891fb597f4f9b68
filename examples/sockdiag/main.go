// Command sockdiag lists the TCP sockets of its network namespace, as `ss -tan` does,
// by a netlink protocol that it defines itself, in diag.go. With a number as its
// argument it shows only the sockets of that port, and asks again for each by itself.
// It takes no privilege.
//
//	go run ./examples/sockdiag
//	go run ./examples/sockdiag 22
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
	"text/tabwriter"

	"github.com/nlkit/nlkit"
)

func main() {
	flag.Usage = func() { fmt.Fprintln(flag.CommandLine.Output(), "usage: sockdiag [PORT]") }
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	c, err := nlkit.New()
	if err != nil {
		return err
	}
	defer c.Close()
	port := 0
	if len(args) > 0 {
		if port, err = strconv.Atoi(args[0]); err != nil {
			return err
		}
	}

	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STATE\tRECV-Q\tSEND-Q\tLOCAL\tPEER\tUID\tRTT\tCONGESTION")
	for _, family := range []uint8{inet, inet6} {
		sockets, err := list(ctx, c, family)
		if err != nil {
			return err
		}
		for _, s := range sockets {
			if port != 0 {
				if int(s.ID.SourcePort) != port && int(s.ID.DestinationPort) != port {
					continue
				}
				info := s.Info // which get does not ask for
				s, err = get(ctx, c, s)
				if errors.Is(err, fs.ErrNotExist) {
					continue // it is gone since it was listed
				}
				if err != nil {
					return err
				}
				s.Info = info
			}
			fmt.Fprintf(w, "%v\t%d\t%d\t%v\t%v\t%d\t%v\t%s\n", s.State, s.ReceiveQ, s.SendQ, s.local(), s.peer(), s.UID, s.Info.rtt(), s.Congestion)
		}
	}
	return w.Flush()
}
