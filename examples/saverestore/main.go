// Command saverestore writes the network configuration of a namespace to a file and
// puts it back: addresses, next hops, routes, rules, neighbours and proxies, but not
// the links themselves. It shows that what List returns is what Add takes.
//
//	saverestore                 save, flush and restore in a namespace of its own
//	saverestore -save FILE      save that of the current namespace
//	saverestore -restore FILE   put back that of the current namespace
//
// What a file does not hold is removed by -restore: for a moment there is no network.
// Encapsulations are restored with their routes and next hops, but those by BPF programs,
// which -save refuses: the kernel keeps no name by which to load them again.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/internal/netns"
)

func main() {
	log.SetFlags(0)
	saveTo := flag.String("save", "", "write the configuration of this namespace to a `file`")
	restoreFrom := flag.String("restore", "", "put back the configuration in a `file`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	var err error
	switch {
	case *saveTo != "":
		err = inThisNamespace(ctx, saveFile, *saveTo)
	case *restoreFrom != "":
		err = inThisNamespace(ctx, restoreFile, *restoreFrom)
	default:
		exit, done, reexecErr := netns.Reexec() // an ordinary user needs a user namespace
		if done {
			os.Exit(exit)
		}
		if err = reexecErr; err == nil {
			err = demo(ctx)
		}
	}
	if err != nil {
		log.Fatal(err)
	}
}

func inThisNamespace(ctx context.Context, do func(context.Context, *nlkit.Client, string) error, file string) error {
	c, err := nlkit.New()
	if err != nil {
		return err
	}
	defer c.Close()
	return do(ctx, c, file)
}

func saveFile(ctx context.Context, c *nlkit.Client, file string) error {
	s, err := save(ctx, c)
	if err != nil {
		return err
	}
	text, err := encode(s)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	fmt.Println("saved", s)
	return nil
}

func restoreFile(ctx context.Context, c *nlkit.Client, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if err := s.renumber(ctx, c); err != nil {
		return err
	}
	return putBack(ctx, c, &s)
}

// putBack makes the namespace what s says, and looks whether it is.
func putBack(ctx context.Context, c *nlkit.Client, s *state) error {
	if err := flush(ctx, c); err != nil {
		return err
	}
	if err := restore(ctx, c, s); err != nil {
		return err
	}
	now, err := save(ctx, c)
	if err != nil {
		return err
	}
	fmt.Println("restored", now)
	return compare(now, s)
}

// demo shows all of it in a namespace that is gone afterwards.
func demo(ctx context.Context) error {
	ns, err := netns.New()
	if err != nil {
		return err
	}
	defer ns.Close()
	c, err := nlkit.New(nlkit.WithNetNSFD(int(ns.Fd())))
	if err != nil {
		return err
	}
	defer c.Close()
	if err := furnish(ctx, c); err != nil {
		return err
	}

	s, err := save(ctx, c)
	if err != nil {
		return err
	}
	text, err := encode(s)
	if err != nil {
		return err
	}
	fmt.Printf("saved %v: %d bytes of JSON\n", s, len(text))

	if err := flush(ctx, c); err != nil {
		return err
	}
	left, err := save(ctx, c)
	if err != nil {
		return err
	}
	fmt.Println("flushed, left are", left)
	if n := len(left.Addresses) + len(left.Nexthops) + len(left.Routes) + len(left.Neighbours); n > 0 {
		return fmt.Errorf("%d objects are left", n)
	}

	var read state
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	return putBack(ctx, c, &read)
}
