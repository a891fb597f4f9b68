package main

import (
	"fmt"

	"github.com/jsimonetti/rtnetlink/v2"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/link"
)

// What things hold that do nothing.

var memoryWorks = []work{
	{
		name: "client", about: "memory of a client at rest, which has done a call", unit: "client", figure: memory,
		full: scale{n: 200}, quick: scale{n: 100}, least: scale{n: 5}, passes: 3,
		scene: plainScene,
		variants: []variant{
			{name: "nlkit.Client", by: byNLKit, run: held(func(job) (func() (any, error), error) {
				return func() (any, error) {
					c, err := nlkit.New()
					if err != nil {
						return nil, err
					}
					_, err = link.Get(background, c, link.Name(linkName))
					return c, err
				}, nil
			})},
			{name: "netlink Handle", by: byVishvananda, run: held(func(job) (func() (any, error), error) {
				return func() (any, error) {
					h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
					if err != nil {
						return nil, err
					}
					_, err = h.LinkByName(linkName)
					return h, err
				}, nil
			})},
			{name: "rtnetlink Conn", by: byJsimonetti, run: held(func(job) (func() (any, error), error) {
				index, err := linkIndex()
				return func() (any, error) {
					c, err := rtnetlink.Dial(nil)
					if err != nil {
						return nil, err
					}
					_, err = c.Link.Get(uint32(index))
					return c, err
				}, err
			})},
		},
		goals: []goal{{"nlkit.Client", memory, "", 4 << 10}},
	},
	{
		name: "subscriptions", about: "memory of a subscription to links among a thousand, none of which was sent anything", unit: "subscription", figure: memory,
		full: scale{n: 1000}, quick: scale{n: 1000}, least: scale{n: 5}, passes: 3,
		scene: plainScene,
		variants: []variant{
			{name: "link.Subscribe", by: byNLKit, run: held(func(job) (func() (any, error), error) {
				c, err := nlkit.New()
				return func() (any, error) { return link.Subscribe(background, c) }, err
			})},
			{name: "link.Subscribe, waited for", by: byNLKit, run: held(func(job) (func() (any, error), error) {
				c, err := nlkit.New()
				return func() (any, error) {
					sub, err := link.Subscribe(background, c)
					if err == nil {
						go func() { _ = sub.ReadInto(new(link.Event)) }()
					}
					return sub, err
				}, err
			})},
			{name: "netlink LinkSubscribe", by: byVishvananda, run: held(func(job) (func() (any, error), error) {
				return func() (any, error) {
					ch := make(chan netlink.LinkUpdate)
					return ch, netlink.LinkSubscribe(ch, nil)
				}, nil
			})},
		},
		goals: []goal{
			{"link.Subscribe", memory, "", 4 << 10},
			{"link.Subscribe, waited for", memory, "", 16 << 10},
			faster("link.Subscribe, waited for", "netlink LinkSubscribe", memory, 8),
		},
	},
}

// size returns a number of bytes for people.
func size(v float64) string {
	switch {
	case v >= 10<<20:
		return fmt.Sprintf("%.0f MiB", v/(1<<20))
	case v >= 1<<20:
		return fmt.Sprintf("%.1f MiB", v/(1<<20))
	case v >= 10<<10:
		return fmt.Sprintf("%.0f KiB", v/(1<<10))
	case v >= 1<<10:
		return fmt.Sprintf("%.1f KiB", v/(1<<10))
	}
	return fmt.Sprintf("%.0f B", v)
}
