package rule_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/rtnl"
	"github.com/nlkit/nlkit/rule"
)

var (
	ctx = context.Background()
	c   *nlkit.Client
)

// Packets from a network are routed by a table of their own.
func ExampleAdd() {
	err := rule.Add(ctx, c, rule.Rule{
		From:     netip.MustParsePrefix("10.0.0.0/8"),
		Table:    100,
		Priority: new(uint32(1000)),
	})
	if errors.Is(err, fs.ErrExist) {
		err = nil // it is there, which is what was wanted
	}
	fmt.Println(err)
}

// All packets without a mark go through a tunnel's table, but what table main
// knows better than by its default route comes first: what wg-quick sets up.
func ExampleAdd_tunnel() {
	for _, r := range []rule.Rule{
		{Family: rtnl.FamilyIPv4, Mark: 51820, Flags: rule.FlagInvert, Table: 51820},
		{Family: rtnl.FamilyIPv4, Table: rtnl.TableMain, SuppressPrefixLen: new(0)},
	} {
		if err := rule.Add(ctx, c, r); err != nil {
			fmt.Println(err)
		}
	}
}

// Packets with mark 7 are routed by table 101, whatever was there before: a program
// that is started again does not pile up rules.
func ExampleReplace() {
	err := rule.Replace(ctx, c, rule.Rule{
		Family:   rtnl.FamilyIPv4,
		Priority: new(uint32(1000)),
		Mark:     7,
		Table:    101,
	})
	fmt.Println(err)
}

// The rule as the kernel made it has the priority that it chose.
func ExampleInto() {
	var made rule.Rule
	err := rule.Add(ctx, c, rule.Rule{Family: rtnl.FamilyIPv6, Mark: 1, Action: rule.ActionProhibit}, rule.Into(&made))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*made.Priority, made)
}

// What List returned is put back as it was.
func ExampleList() {
	saved, err := rule.List(ctx, c, rule.MatchTable(100))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := rule.Flush(ctx, c, rule.MatchTable(100)); err != nil {
		fmt.Println(err)
	}
	b := c.NewBatch()
	for _, r := range saved {
		if err := rule.Add(ctx, b, r); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(b.Send(ctx))
}

func ExampleAll() {
	for r, err := range rule.All(ctx, c, rule.MatchFamily(rtnl.FamilyIPv4)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r)
	}
}

// Everything that one program made goes, by its protocol number.
func ExampleFlush() {
	const mine rtnl.Protocol = 99
	fmt.Println(rule.Flush(ctx, c, rule.MatchProtocol(mine)))
}

func ExampleDelete() {
	err := rule.Delete(ctx, c, rule.Rule{Family: rtnl.FamilyIPv4, Priority: new(uint32(1000))})
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Println("there is none")
	}
}

func ExampleSubscribe() {
	sub, err := rule.Subscribe(ctx, c)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sub.Close()
	for e, err := range sub.All() {
		if errors.Is(err, nlkit.ErrOverrun) {
			continue // list again: events are lost
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(e.Type, e.Object)
	}
}

func ExampleRule_String() {
	fmt.Println(rule.Rule{
		From:     netip.MustParsePrefix("10.0.0.0/8"),
		DPort:    rule.Port(443),
		IPProto:  6,
		Action:   rule.ActionLookup,
		Table:    100,
		Priority: new(uint32(1000)),
	})
	// Output: 1000: from 10.0.0.0/8 ipproto 6 dport 443 lookup 100
}
