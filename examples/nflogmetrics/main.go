// Command nflogmetrics counts the packets that the firewall logs, for Prometheus and
// for people: by the prefix of the rule, the hook and the protocol, with every loss.
//
//	nft add rule inet filter input tcp dport 22 ct state new log prefix '"ssh"' group 5
//	nflogmetrics -group 5
//
// It serves /metrics, a page that follows the counts at /, and /healthz, by default on
// this host only; what it tells is nothing for strangers. It runs beside a firewall
// without root: `setcap cap_net_admin+ep nflogmetrics` is all that it takes, and
// without the capability in the first user namespace the receive buffer may be small.
// SIGINT and SIGTERM stop it: what was received is counted, open pages are told.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	listen := flag.String("listen", "127.0.0.1:9469", "where to serve HTTP")
	cfg := config{period: time.Second}
	flag.Func("group", "NFLOG groups, from 0 to 65535, with commas between them or given repeatedly (5)", func(list string) error {
		for s := range strings.SplitSeq(list, ",") {
			g, err := strconv.ParseUint(s, 10, 16)
			if err != nil {
				return err
			}
			cfg.groups = append(cfg.groups, uint16(g))
		}
		return nil
	})
	flag.Parse()
	if len(cfg.groups) == 0 {
		cfg.groups = []uint16{5}
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	s, err := newService(ctx, cfg)
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("groups %v, http://%s/", cfg.groups, l.Addr())
	if err := s.run(ctx, l); err != nil {
		log.Fatal(err)
	}
}
