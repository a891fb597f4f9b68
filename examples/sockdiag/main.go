//go:build linux

// Command sockdiag lists the TCP sockets of this host, like `ss -tan`. The kernel
// has a netlink protocol of its own for them (NETLINK_SOCK_DIAG), of which nlkit
// knows nothing: sockets.go describes it, as any program can. With -i it shows round
// trip time and congestion control as well. It takes no privilege.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/signal"
	"text/tabwriter"

	"github.com/nlkit/nlkit"
)

func main() {
	log.SetFlags(0)
	info := flag.Bool("i", false, "show round trip time, congestion window and algorithm")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *info); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, info bool) error {
	c, err := nlkit.New()
	if err != nil {
		return err
	}
	defer c.Close()

	sockets, err := TCPSockets(ctx, c, AllStates)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Println("This kernel does not tell its TCP sockets: it has no tcp_diag.")
		return nil
	}
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STATE\tRECV-Q\tSEND-Q\tLOCAL\tPEER\tUID")
	for _, s := range sockets {
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%d", s.State, s.RecvQueue, s.SendQueue, s.Local(), s.Peer(), s.UID)
		if info && s.State != Listen {
			fmt.Fprintf(w, "\t%s, rtt %v, cwnd %d", s.Congestion, s.RTT(), s.Info.CongestionWindow)
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Println(len(sockets), "sockets")
	return nil
}
