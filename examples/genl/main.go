// Command genl lists the generic netlink families that the kernel has, like `genl
// ctrl list`. With a name or a number as its argument it shows that family's
// operations and multicast groups, and what the kernel demands of the attributes of
// each command. With -group it tells whose a multicast group is. It takes no
// privilege.
//
//	go run ./examples/genl
//	go run ./examples/genl nlctrl
//	go run ./examples/genl -group 16
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
	"strings"
	"text/tabwriter"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/genl"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	group := flag.Uint("group", 0, "tell whose the multicast group of this number is")
	flag.Parse()
	if err := run(ctx, uint32(*group), flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, group uint32, args []string) error {
	c, err := nlkit.New()
	if err != nil {
		return err
	}
	defer c.Close()
	if group > 0 {
		f, g, err := genl.LookupGroup(ctx, c, group)
		if err != nil {
			return err
		}
		fmt.Printf("group %d is %q of %s\n", g.ID, g.Name, f.Name)
		return nil
	}
	if len(args) > 0 {
		return show(ctx, c, args[0])
	}

	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tNAME\tVERSION\tOPERATIONS\tGROUPS")
	for f, err := range genl.All(ctx, c) {
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%#x\t%s\t%d\t%d\t%s\n", f.ID, f.Name, f.Version, len(f.Operations), groups(f))
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
	for _, g := range f.Groups {
		fmt.Printf("  group %#x  %s\n", g.ID, g.Name)
	}
	policy, err := genl.GetPolicy(ctx, c, f)
	if errors.Is(err, errors.ErrUnsupported) {
		policy, err = new(genl.Policy), nil // before Linux 5.8 the kernel does not tell
	}
	if err != nil {
		return err
	}
	for _, op := range f.Operations {
		fmt.Printf("  command %d  %v\n", op.Command, op.Flags)
		if p, ok := policy.Operation(op.Command); ok {
			demands("do", p.Do)
			demands("dump", p.Dump)
		}
	}
	return nil
}

// demands prints what the attributes of a command must be, nests indented. They have
// numbers here; a program that has tables for them prints their names.
func demands(how string, set *genl.PolicySet) {
	if set == nil {
		return
	}
	fmt.Printf("    %s takes\n", how)
	for line := range strings.Lines(set.Text(nil)) {
		fmt.Print("      ", line)
	}
}

func groups(f genl.Family) string {
	var names []string
	for _, g := range f.Groups {
		names = append(names, g.Name)
	}
	return strings.Join(names, " ")
}
