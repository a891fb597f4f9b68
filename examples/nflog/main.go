// Command nflog follows the packets that the firewall logs to groups, as tail follows
// a file: those of a rule such as `nft add rule inet filter input log group 5`. At the
// end, and as often as -stats asks for, it says how many were received and lost. With
// -demo it makes such a rule in a network namespace of its own, sends itself packets,
// and ends.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are what the command line asks for.
type options struct {
	groups []uint16
	prefix string        // of the packets that are shown
	format formatter     // how they are shown
	stats  time.Duration // how often the counts are, 0 for at the end only
	n      uint64        // how many packets, 0 for all
}

func main() {
	log.SetFlags(0)
	o := options{format: text}
	flag.Func("group", "NFLOG groups, from 0 to 65535, with commas between them or given repeatedly (5)", func(list string) error {
		for s := range strings.SplitSeq(list, ",") {
			g, err := strconv.ParseUint(s, 10, 16)
			if err != nil {
				return err
			}
			o.groups = append(o.groups, uint16(g))
		}
		return nil
	})
	flag.StringVar(&o.prefix, "prefix", "", "show only packets whose prefix begins so")
	flag.Func("format", "text or json, one packet a line (text)", func(s string) (err error) {
		o.format, err = format(s)
		return err
	})
	flag.DurationVar(&o.stats, "stats", 0, "how often to say what was received and lost; 0 for at the end only")
	flag.Uint64Var(&o.n, "n", 0, "end after so many packets; 0 goes on")
	demo := flag.Bool("demo", false, "log packets in a network namespace, and end")
	flag.Parse()
	if len(o.groups) == 0 {
		o.groups = []uint16{5}
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := func() error {
		if *demo {
			return show(ctx, o)
		}
		return follow(ctx, o)
	}()
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}
