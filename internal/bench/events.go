package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

// Routes are added, many in a datagram, while a variant follows the changes. Then,
// slowly, routes of another protocol are, until the variant ends: one of them tells it
// that there are no more.
const (
	eventBuffer = 128 << 20 // holds a hundred thousand events
	smallBuffer = 64 << 10
)

var eventScene = scene{name: "events", fresh: true, build: func(int) (*stage, error) {
	s, err := newStage(nil)
	if err == nil {
		s.drive = func(ctx context.Context, n int, _ string) error {
			return s.with(func(c *nlkit.Client) error { return addAndMark(ctx, c, n) })
		}
	}
	return s, err
}}

func addAndMark(ctx context.Context, c *nlkit.Client, n int) error {
	l, err := link.Get(background, c, link.Name(linkName))
	if err != nil {
		return err
	}
	if err := addRoutes(ctx, c, n, func(i int) route.Route { return route4(i, l.Index) }); err != nil {
		if ctx.Err() != nil {
			return nil // a variant that does not go on ends early
		}
		return err
	}
	return markEnd(ctx, c, route4(noRoute, l.Index))
}

// noRoute is the number of a route that no stage has.
const noRoute = 1<<24 - 1

// markEnd says by a route, again and again until the variant ends, that there are no
// more events.
func markEnd(ctx context.Context, c *nlkit.Client, mark route.Route) (err error) {
	defer func() {
		mark.Protocol = 0 // whichever it has

		// It is not there if the variant ended before it was made.
		if gone := route.Delete(background, c, mark); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		// The kernel tells nobody of a route that is replaced by the same.
		mark.Protocol = []rtnl.Protocol{rtnl.ProtocolBoot, rtnl.ProtocolRA}[i%2]
		if err := route.Replace(ctx, c, mark); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// An eventCounter makes a report of events.
type eventCounter struct {
	n int
	m meter
	r report
}

// see counts an event, and reports whether it is the last.
func (e *eventCounter) see(protocol int) (done bool) {
	if protocol == unix.RTPROT_STATIC {
		if e.r.Items++; e.r.Items == 1 {
			e.m = startMeter()
		}
		return false
	}
	e.end()
	return true
}

func (e *eventCounter) end() {
	if e.r.Items == 0 {
		e.m = startMeter()
	}
	e.m.stop(&e.r)
	e.r.Lost = uint64(e.n) - e.r.Items
}

// follow is nlkit: its loop, or its read into a value that is used again.
func follow(buffer int, into bool) func(j job) (report, error) {
	return func(j job) (report, error) {
		e := &eventCounter{n: j.n}
		c, err := nlkit.New()
		if err != nil {
			return e.r, err
		}
		sub, err := route.SubscribeFamilies(background, c, []rtnl.Family{rtnl.FamilyIPv4}, nlkit.WithEventBuffer(buffer))
		if err != nil {
			return e.r, err
		}
		defer sub.Close()
		fmt.Println(ready)
		if into {
			var ev route.Event
			for done := false; !done && err == nil; {
				done, err = e.take(&ev, sub.ReadInto(&ev))
			}
			return e.r, err
		}
		for ev, err := range sub.All() {
			if done, err := e.take(&ev, err); done || err != nil {
				return e.r, err
			}
		}
		return e.r, errors.New("the subscription ended")
	}
}

// take counts what nlkit read.
func (e *eventCounter) take(ev *route.Event, err error) (done bool, _ error) {
	switch {
	case errors.Is(err, nlkit.ErrOverrun):
		e.r.Overruns++
		return false, nil
	case err != nil:
		return false, err
	}
	return e.see(int(ev.Object.Protocol)), nil
}

// vishFollow is vishvananda/netlink, which subscribes to IPv6 as well; there are no
// such events.
func vishFollow(buffer int) func(j job) (report, error) {
	return func(j job) (report, error) {
		e := &eventCounter{n: j.n}
		var failed error
		ch := make(chan netlink.RouteUpdate, 64)
		options := netlink.RouteSubscribeOptions{
			ReceiveBufferSize: buffer, ReceiveBufferForceSize: true, ErrorCallback: func(err error) { failed = err },
		}
		err := netlink.RouteSubscribeWithOptions(ch, nil, options)
		if errors.Is(err, fs.ErrPermission) { // an ordinary user takes what the system grants
			options.ReceiveBufferForceSize = false
			err = netlink.RouteSubscribeWithOptions(ch, nil, options)
		}
		if err != nil {
			return e.r, err
		}
		fmt.Println(ready)
		for u := range ch {
			if e.see(int(u.Protocol)) {
				return e.r, nil
			}
		}
		e.end()
		e.r.Overruns = 1
		e.r.Note = fmt.Sprintf("ended after %d events: %v", e.r.Items, failed)
		return e.r, nil
	}
}

func floorEvents(buffer int) variant {
	return variant{name: "C", by: byC, c: "events.c", args: []string{fmt.Sprint(buffer)}}
}

var eventWorks = []work{
	{
		name: "event", about: "an event of a subscription to routes", unit: "event", figure: cpuTime,
		full: scale{n: 100_000}, quick: scale{n: 15_000}, least: scale{n: 300},
		scene: eventScene,
		variants: []variant{
			floorEvents(eventBuffer),
			{name: "Subscription.ReadInto", by: byNLKit, run: follow(eventBuffer, true)},
			{name: "Subscription.All", by: byNLKit, run: follow(eventBuffer, false)},
			{name: "netlink RouteSubscribe", by: byVishvananda, run: vishFollow(eventBuffer)},
		},
		goals: []goal{
			{"Subscription.ReadInto", cpuTime, "C", 2.2},
			{"Subscription.ReadInto", cpuTime, "netlink RouteSubscribe", 0.6},
		},
	},
	{
		name: "overrun", about: "the same with a buffer so small that events are lost: who goes on", unit: "event", figure: cpuTime,
		full: scale{n: 20_000}, quick: scale{n: 10_000}, least: scale{n: 1000}, passes: 3,
		scene: eventScene,
		variants: []variant{
			floorEvents(smallBuffer),
			{name: "Subscription.All", by: byNLKit, run: mustOverrun(follow(smallBuffer, false))},
			{name: "netlink RouteSubscribe", by: byVishvananda, run: vishFollow(smallBuffer)},
		},
	},
}

// mustOverrun is a variant that must have gone on after a loss.
func mustOverrun(run func(j job) (report, error)) func(j job) (report, error) {
	return func(j job) (report, error) {
		r, err := run(j)
		if err == nil && r.Lost > 0 && r.Overruns == 0 {
			r.Wrong = fmt.Sprintf("%d events are lost, and nothing said so", r.Lost)
		}
		return r, err
	}
}
