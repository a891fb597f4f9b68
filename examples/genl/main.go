// Command genl lists the generic netlink families that the kernel has. With a name
// or a number as its argument it shows that family's operations and multicast
// groups. It takes no privilege.
//
//	go run ./examples/genl
//	go run ./examples/genl nlctrl
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strconv"
	"text/tabwriter"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/genl"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
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
	if len(args) > 0 {
		return show(ctx, c, args[0])
	}

	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tNAME\tVERSION\tGROUPS")
	for f, err := range genl.All(ctx, c) {
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%#x\t%s\t%d\t%s\n", f.ID, f.Name, f.Version, groups(f))
	}
	return w.Flush()
}

func show(ctx context.Context, c *nlkit.Client, which string) error {
	f, err := genl.Resolve(ctx, c, which)
	if id, bad := strconv.ParseUint(which, 0, 16); bad == nil && errors.Is(err, fs.ErrNotExist) {
		f, err = genl.ResolveID(ctx, c, uint16(id))
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s: id %#x, version %d, header of %d bytes, attributes to %d\n", f.Name, f.ID, f.Version, f.HeaderSize, f.MaxAttr)
	for _, op := range f.Operations {
		fmt.Printf("  command %3d  %v\n", op.Command, op.Flags)
	}
	for _, g := range f.Groups {
		fmt.Printf("  group %#4x    %s\n", g.ID, g.Name)
	}
	return nil
}

func groups(f genl.Family) (names []string) {
	for _, g := range f.Groups {
		names = append(names, g.Name)
	}
	return names
}
