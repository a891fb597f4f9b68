// Command mirror shows a host's network as it changes: its links with their addresses,
// neighbours and routes, and what became of them in the last seconds. Where its output
// is no terminal it prints a line for each change, with -json an object of JSON. With
// -once it shows what there is, and ends. With -demo it watches a network namespace of
// its own, in which it makes changes.
//
//	go run ./examples/mirror
//	go run ./examples/mirror -netns blue -all
//	go run ./examples/mirror -json | jq -c 'select(.kind == "address")'
//
// NO_COLOR in the environment makes it do without colours.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/mirror"
)

// settings are what the flags say.
type settings struct {
	json, once, all, demo bool
	netns                 string
}

func main() {
	log.SetFlags(0)
	var s settings
	flag.BoolVar(&s.json, "json", false, "print an object of JSON for each change")
	flag.BoolVar(&s.once, "once", false, "show what there is, and end")
	flag.BoolVar(&s.all, "all", false, "also show the routes and neighbours that the kernel keeps for itself")
	flag.BoolVar(&s.demo, "demo", false, "make changes in a network namespace, and show them")
	flag.StringVar(&s.netns, "netns", "", "the name of a network namespace, as of ip netns")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, s); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

func run(ctx context.Context, s settings) (err error) {
	screen := openTerminal(os.Stdout)
	var opts []nlkit.Option
	if s.netns != "" {
		opts = append(opts, nlkit.WithNetNS(s.netns))
	}
	if s.demo {
		ns, err := demoNamespace()
		if err != nil {
			return err
		}
		defer ns.Close()
		opts = append(opts, nlkit.WithNetNSFD(int(ns.Fd())))
	}
	c, err := nlkit.New(opts...)
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m, err := mirror.Watch(ctx, c)
	if err != nil {
		return err
	}
	defer m.Close()
	end := isNever
	if s.demo && !s.once {
		end = isDemoEnd
		failed := startDemo(ctx, c, screen != nil && !s.json, cancel)
		defer func() {
			cancel()
			if e := <-failed; e != nil {
				err = e
			}
		}()
	}
	paint := painter(screen != nil && os.Getenv("NO_COLOR") == "")
	switch {
	case s.json && s.once:
		return each(m, (&jsonWriter{os.Stdout, names{}}).write, isSynced)
	case s.json:
		return each(m, (&jsonWriter{os.Stdout, names{}}).write, end)
	case s.once:
		return showOnce(m, newView(paint, hostname(), s.all), screen)
	case screen != nil:
		return show(ctx, m, newView(paint, hostname(), s.all), screen)
	}
	return each(m, (&logger{os.Stdout, paint, names{}}).write, end)
}
