// Command errors shows what nlkit tells of requests that fail: the operation and the
// object, the kernel's errno and its own words, the attribute at fault by name, and
// whether the request reached the kernel at all. It works in a network namespace of
// its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/netip"
	"os"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/netns"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/route"
)

func main() {
	log.SetFlags(0)
	exit, done, err := netns.Reexec() // an ordinary user needs a user namespace
	if done {
		os.Exit(exit)
	}
	if err == nil {
		err = run(context.Background())
	}
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
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
	if err := link.Set(ctx, c, link.Name("lo"), link.Up()); err != nil {
		return err
	}

	_, err = link.Get(ctx, c, link.Name("eth9"))
	explain("A link that is not there", err)
	explain("A value that the kernel refuses, with its words",
		link.Add(ctx, c, "vx0", &link.VXLAN{VNI: 42, DF: new(link.VXLANDF(9))}))
	explain("A value that is refused before anything is sent",
		link.Add(ctx, c, "vx0", &link.VXLAN{VNI: 1 << 24}))
	lo := addr.Address{Link: 1, Prefix: netip.MustParsePrefix("127.0.0.1/8")}
	explain("An address that is there already", addr.Add(ctx, c, lo))
	explain("A gateway that cannot be reached",
		route.Add(ctx, c, route.Route{Dst: netip.MustParsePrefix("192.0.2.0/24"), Gateway: netip.MustParseAddr("198.51.100.1")}))
	_, err = genl.Resolve(ctx, c, "teleport")
	explain("A family that the kernel does not have", err)

	late, cancel := context.WithDeadline(ctx, time.Now())
	defer cancel()
	_, err = link.List(late, c)
	explain("A deadline that has passed", err)
	b := c.NewBatch()
	if err := errors.Join(addr.Add(ctx, b, lo), link.Set(ctx, b, link.Name("eth9"), link.Up())); err != nil {
		return err
	}
	explain("A batch of which both items fail", b.Send(ctx))
	return nil
}

// explain prints an error, what it matches, and its parts.
func explain(title string, err error) {
	fmt.Printf("%s:\n  %v\n", title, err)
	for _, sentinel := range []struct {
		name string
		err  error
	}{
		{"fs.ErrNotExist", fs.ErrNotExist}, {"fs.ErrExist", fs.ErrExist}, {"fs.ErrPermission", fs.ErrPermission},
		{"fs.ErrInvalid", fs.ErrInvalid}, {"errors.ErrUnsupported", errors.ErrUnsupported},
		{"context.DeadlineExceeded", context.DeadlineExceeded},
	} {
		if errors.Is(err, sentinel.err) {
			fmt.Println("  is", sentinel.name)
		}
	}
	if e, ok := errors.AsType[*nlkit.Error](err); ok {
		fmt.Printf("  op %q, object %s, errno %d, message %q, attribute %q, missing %t, sent %t\n\n",
			e.Op, e.Object, uint(e.Errno), e.Message, e.Attr, e.Missing, e.Sent)
	}
}
