package main

import (
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/jsimonetti/rtnetlink/v2"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/link"
)

// Calls: one request, one answer.

var errOther = errors.New("another link than asked for")

// floorCall is the C program's variant.
func floorCall(threads int, kind, argument string) variant {
	return variant{name: "C", by: byC, c: "call.c", args: []string{strconv.Itoa(threads), kind, argument}}
}

// getLink returns a call that fetches linkName by what is chosen.
func getLink(choose func(index int) link.Selector) (func(int) error, error) {
	c, err := nlkit.New()
	if err != nil {
		return nil, err
	}
	index, err := linkIndex()
	s := choose(index)
	return func(int) error {
		l, err := link.Get(background, c, s)
		if err == nil && l.Index != index {
			err = errOther
		}
		return err
	}, err
}

func byIndex(index int) link.Selector { return link.Index(index) }
func byName(int) link.Selector        { return link.Name(linkName) }

func vishGetLink(get func(h *netlink.Handle, index int) (netlink.Link, error)) (func(int) error, error) {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	index, err := linkIndex()
	return func(int) error {
		l, err := get(h, index)
		if err == nil && l.Attrs().Index != index {
			err = errOther
		}
		return err
	}, err
}

func vishByIndex(h *netlink.Handle, index int) (netlink.Link, error) { return h.LinkByIndex(index) }
func vishByName(h *netlink.Handle, _ int) (netlink.Link, error)      { return h.LinkByName(linkName) }
func vishPackage(_ *netlink.Handle, index int) (netlink.Link, error) {
	return netlink.LinkByIndex(index)
}

func jsimGetLink() (func(int) error, error) {
	c, err := rtnetlink.Dial(nil)
	if err != nil {
		return nil, err
	}
	index, err := linkIndex()
	return func(int) error {
		l, err := c.Link.Get(uint32(index))
		if err == nil && l.Index != uint32(index) {
			err = errOther
		}
		return err
	}, err
}

// alone makes a variant of calls one after the other.
func alone(name, by string, open func() (func(int) error, error)) variant {
	return variant{name: name, by: by, run: calls(func(job) (func(int) error, error) { return open() })}
}

// together makes a variant of calls by many goroutines on one client.
func together(goroutines int, name, by string, open func() (func(int) error, error)) variant {
	return variant{name: name, by: by, run: func(j job) (r report, err error) {
		call, err := open()
		if err != nil {
			return r, err
		}
		all := func(n int) error {
			var wg sync.WaitGroup
			failed := make([]error, goroutines)
			for g := range goroutines {
				wg.Go(func() {
					for i := range n / goroutines {
						if err := call(i); err != nil {
							failed[g] = err
							return
						}
					}
				})
			}
			wg.Wait()
			return errors.Join(failed...)
		}
		if err := all(j.practice); err != nil {
			return r, err
		}
		m := startMeter()
		if err := all(j.n); err != nil {
			return r, err
		}
		m.stop(&r)
		r.Items = uint64(j.n)
		return r, nil
	}}
}

func nlkitByIndex() (func(int) error, error) { return getLink(byIndex) }

func handleByIndex() (func(int) error, error) { return vishGetLink(vishByIndex) }

var callWorks = append([]work{
	{
		name: "link-by-index", about: "fetch a link by its index, among many", unit: "call",
		full: scale{n: 5000, size: manyLinks.n}, quick: scale{n: 2500, size: fewLinks.n}, least: scale{n: 16, size: 20}, practice: 100,
		scene: linkScene,
		variants: []variant{
			floorCall(1, "index", linkName),
			alone("link.Get", byNLKit, nlkitByIndex),
			alone("netlink Handle.LinkByIndex", byVishvananda, handleByIndex),
			alone("netlink LinkByIndex", byVishvananda, func() (func(int) error, error) { return vishGetLink(vishPackage) }),
			alone("rtnetlink Get", byJsimonetti, jsimGetLink),
		},
		goals: []goal{
			{"link.Get", wall, "C", 2.2},
			faster("link.Get", "netlink Handle.LinkByIndex", wall, 1.7),
		},
	},
	{
		name: "link-by-name", about: "fetch a link by its name, among many", unit: "call",
		full: scale{n: 5000, size: manyLinks.n}, quick: scale{n: 2500, size: fewLinks.n}, least: scale{n: 16, size: 20}, practice: 100,
		scene: linkScene,
		variants: []variant{
			floorCall(1, "name", linkName),
			alone("link.Get", byNLKit, func() (func(int) error, error) { return getLink(byName) }),
			alone("netlink Handle.LinkByName", byVishvananda, func() (func(int) error, error) { return vishGetLink(vishByName) }),
		},
		goals: []goal{
			{"link.Get", wall, "C", 2.2},
			faster("link.Get", "netlink Handle.LinkByName", wall, 1.7),
		},
	},
}, goroutineWorks()...)

// goroutineWorks are calls by 1 to 64 goroutines at once; those by 8 are in the table.
func goroutineWorks() (all []work) {
	for n := 1; n <= 64; n *= 2 {
		all = append(all, work{
			name: fmt.Sprintf("goroutines-%d", n), about: fmt.Sprintf("fetch a link by its index, %d goroutines on one client", n), unit: "call",
			full: scale{n: 16_384, size: manyLinks.n}, quick: scale{n: 4096, size: fewLinks.n}, least: scale{n: 64, size: 20}, practice: 256,
			scene: linkScene,
			variants: []variant{
				floorCall(n, "index", linkName),
				together(n, "link.Get", byNLKit, nlkitByIndex),
				together(n, "netlink Handle.LinkByIndex", byVishvananda, handleByIndex),
				together(n, "rtnetlink Get", byJsimonetti, jsimGetLink),
			},
			extra: n != 8,
		})
	}
	return all
}
