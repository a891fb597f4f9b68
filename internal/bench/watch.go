package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
)

// Watches, beside a list of the same: the time until all is told, the memory that is
// held, what an event costs, and how long it takes until all is true again once events
// were lost. No peer has anything like it.

// A watchable is what is watched.
type watchable[T any] struct {
	name  string // of the package
	watch func(c *nlkit.Client, opts ...nlkit.SubscribeOption) (*nlkit.Watch[T], error)
	list  func(c *nlkit.Client) ([]T, error)
	// counts reports whether an object is one of those that the stage was filled with.
	counts func(T) bool
	// flip changes an object, and changes it back the next time.
	flip func(d nlkit.Doer, v *T, links [2]int) error
}

func routesOf(table rtnl.Table) watchable[route.Route] {
	opts := []route.ListOption{route.MatchTable(table), ipv4}
	return watchable[route.Route]{
		name: "route",
		watch: func(c *nlkit.Client, more ...nlkit.SubscribeOption) (*nlkit.Watch[route.Route], error) {
			s, err := route.Source(opts...)
			if err != nil {
				return nil, err
			}
			return nlkit.NewWatch(background, c, s, more...)
		},
		list: listRoutes(opts...), counts: staticRoute,
		flip: func(d nlkit.Doer, r *route.Route, links [2]int) error {
			if r.Link == links[0] {
				r.Link = links[1]
			} else {
				r.Link = links[0]
			}
			return route.Replace(background, d, *r)
		},
	}
}

var mainRoutes = routesOf(rtnl.TableMain)

var allOfLinks = watchable[link.Link]{
	name: "link",
	watch: func(c *nlkit.Client, more ...nlkit.SubscribeOption) (*nlkit.Watch[link.Link], error) {
		s, err := link.Source()
		if err != nil {
			return nil, err
		}
		return nlkit.NewWatch(background, c, s, more...)
	},
	list: listLinks(), counts: notLoopback,
	flip: func(d nlkit.Doer, l *link.Link, _ [2]int) error {
		l.MTU ^= 1
		return link.Set(background, d, link.Index(l.Index), link.WithMTU(l.MTU))
	},
}

// synced returns a watch that has told all that there is, and how much that was.
func (o watchable[T]) synced(c *nlkit.Client, opts ...nlkit.SubscribeOption) (w *nlkit.Watch[T], n int, err error) {
	if w, err = o.watch(c, opts...); err != nil {
		return nil, 0, err
	}
	for {
		ch, err := w.Next()
		switch {
		case err != nil:
			return nil, 0, err
		case ch.Type == nlkit.Synced:
			return w, n, nil
		case o.counts(ch.New):
			n++
		}
	}
}

// untilSynced is the variant that watches until all is told.
func (o watchable[T]) untilSynced() variant {
	return variant{name: o.name + ".Watch", by: byNLKit, run: kept(func(c *nlkit.Client) (any, int, error) { return anyOf(o.synced(c)) })}
}

func anyOf[T any](v T, n int, err error) (any, int, error) { return v, n, err }

// slice is the variant that lists the same.
func (o watchable[T]) slice() variant {
	return variant{name: o.name + ".List", by: byNLKit, run: kept(func(c *nlkit.Client) (keep any, n int, err error) {
		items, err := o.list(c)
		for _, v := range items {
			if o.counts(v) {
				n++
			}
		}
		return items, n, err
	})}
}

// flipped is how many objects change while nobody reads.
const flipped = 2000

// tinyBuffer holds no more than a few events.
const tinyBuffer = 4 << 10

// healed is the variant that loses events, and is measured until it has told all that
// changed meanwhile.
func (o watchable[T]) healed() variant {
	return variant{name: o.name + ".Watch", by: byNLKit, run: singles(func(job) (func() (time.Duration, error), error) {
		c, err := nlkit.New()
		if err != nil {
			return nil, err
		}
		w, _, err := o.synced(c, nlkit.WithEventBuffer(tinyBuffer))
		if err != nil {
			return nil, err
		}
		links, err := pairOf(c)
		if err != nil {
			return nil, err
		}
		var some []T
		for _, v := range w.List() {
			if o.counts(v) && len(some) < flipped {
				some = append(some, v)
			}
		}
		return func() (time.Duration, error) {
			if err := fill(background, c, len(some), func(d nlkit.Doer, i int) error { return o.flip(d, &some[i], links) }); err != nil {
				return 0, err
			}
			overruns, told := w.Stats().Overruns, 0
			begin := time.Now()
			for told < len(some) {
				ch, err := w.Next()
				if err != nil {
					return 0, err
				}
				if ch.Type == nlkit.Changed {
					told++
				}
			}
			took := time.Since(begin)
			if w.Stats().Overruns == overruns {
				return 0, errors.New("no events were lost")
			}
			time.Sleep(2 * took) // or the next list is put off: lists take half of the time at most
			return took, nil
		}, nil
	})}
}

// again is the variant that lists everything, which is the least that must be done.
func (o watchable[T]) again() variant {
	return variant{name: o.name + ".List", by: byNLKit, run: singles(func(job) (func() (time.Duration, error), error) {
		c, err := nlkit.New()
		return func() (time.Duration, error) {
			begin := time.Now()
			_, err := o.list(c)
			return time.Since(begin), err
		}, err
	})}
}

// Changes of routes that there are: in which table is what a variant asks for.

const (
	// fewTable has a thousand of the routes of millionScene.
	fewTable  = 101
	fewRoutes = 1000
)

// A mover changes the routes of some tables, one after the other as they come: each
// goes from one end of the pair to the other, and back the next time.
type mover struct {
	size  map[rtnl.Table]int
	moved map[rtnl.Table]int // so far
}

// stride is how far apart the routes are that change one after the other: a prime
// number, so that each has its turn.
const stride = 7919

func (m *mover) drive(ctx context.Context, c *nlkit.Client, n int, ask string) error {
	table := rtnl.TableMain
	if id, err := strconv.Atoi(ask); err == nil {
		table = rtnl.Table(id)
	}
	links, err := pairOf(c)
	if err != nil {
		return err
	}
	size := m.size[table]
	at := func(i, turn int) route.Route {
		r := route4(i, links[1-turn%2])
		r.Table = table
		return r
	}
	from := m.moved[table]
	m.moved[table] += n
	err = fill(ctx, c, n, func(d nlkit.Doer, i int) error {
		i += from
		return route.Replace(ctx, d, at(i*stride%size, i/size))
	})
	if err != nil {
		return err
	}
	return markEnd(ctx, c, at(noRoute, 0))
}

// followWatch counts what a watch of a table tells.
func followWatch(table rtnl.Table) func(j job) (report, error) {
	return func(j job) (report, error) {
		e := &eventCounter{n: j.n}
		c, err := nlkit.New()
		if err != nil {
			return e.r, err
		}
		w, _, err := routesOf(table).synced(c, nlkit.WithEventBuffer(eventBuffer))
		if err != nil {
			return e.r, err
		}
		fmt.Println(ready, int(table))
		for {
			ch, err := w.Next()
			if err != nil {
				return e.r, err
			}
			if ch.Type != nlkit.Removed && e.see(int(ch.New.Protocol)) {
				return e.r, nil
			}
		}
	}
}

// watchGoals are those of what is held and of the time until all is told.
func watchGoals(name string) []goal {
	return []goal{
		{name + ".Watch", memory, name + ".List", 1.3},
		{name + ".Watch", peak, name + ".List", 1.3},
		{name + ".Watch", wall, name + ".List", 2},
	}
}

// healGoals are those of the time until all is true again.
func healGoals(name string) []goal {
	return []goal{{name + ".Watch", single, name + ".List", 2}}
}

var watchWorks = []work{
	{
		name: "watch", about: "watch IPv4 routes, until all are told", unit: "route",
		full: scale{n: 100_000}, quick: scale{n: 30_000}, least: scale{n: 500}, passes: 5,
		scene:    routeScene,
		variants: []variant{floorDump("route"), mainRoutes.untilSynced(), mainRoutes.slice()},
		goals:    watchGoals("route"),
	},
	{
		name: "watch-overrun", about: "watch IPv4 routes, from lost events to a true state", unit: "time", figure: single,
		full: scale{n: 5, size: 100_000}, quick: scale{n: 3, size: 30_000}, least: scale{n: 2, size: 500}, practice: 1, passes: 5,
		scene:    routeScene,
		variants: []variant{mainRoutes.healed(), mainRoutes.again()},
		goals:    healGoals("route"),
	},
}

var watchMillionWorks = []work{
	{
		name: "watch-1M", about: "watch a million IPv4 routes, until all are told", unit: "route",
		full: scale{n: 1_000_000}, quick: fewMillion, least: scale{n: 500}, passes: 3,
		scene:    millionScene,
		variants: []variant{floorDump("route:254"), mainRoutes.untilSynced(), mainRoutes.slice()},
		goals:    watchGoals("route"),
	},
	{
		name: "watch-1M-overrun", about: "watch a million IPv4 routes, from lost events to a true state", unit: "time", figure: single,
		full: scale{n: 3, size: 1_000_000}, quick: scale{n: 1, size: fewMillion.n}, least: scale{n: 1, size: 500}, practice: 1, passes: 3,
		scene:    millionScene,
		variants: []variant{mainRoutes.healed(), mainRoutes.again()},
		goals:    healGoals("route"),
	},
	{
		name: "watch-event", about: "an event of a watch of a million routes", unit: "event", figure: cpuTime,
		full: scale{n: 50_000, size: 1_000_000}, quick: scale{n: 20_000, size: fewMillion.n}, least: scale{n: 300, size: 500},
		scene: millionScene,
		variants: []variant{
			floorEvents(eventBuffer),
			{name: "route.Watch", by: byNLKit, run: followWatch(rtnl.TableMain)},
			{name: "route.Watch, a thousand", by: byNLKit, run: followWatch(fewTable)},
			{name: "Subscription.ReadInto", by: byNLKit, run: follow(eventBuffer, true)},
		},
		goals: []goal{
			// How many there are does not matter, but that a thousand fit the CPU's cache.
			{"route.Watch", cpuTime, "route.Watch, a thousand", 1.3},
			{"route.Watch", cpuTime, "C", 3},
		},
	},
}

var watchLinkWorks = []work{
	{
		name: "watch-links", about: "watch links, until all are told", unit: "link",
		full: manyLinks, quick: fewLinks, least: scale{n: 20}, passes: 5,
		scene:    linkScene,
		variants: []variant{floorDump("link"), allOfLinks.untilSynced(), allOfLinks.slice()},
		goals:    watchGoals("link"),
	},
	{
		name: "watch-links-overrun", about: "watch links, from lost events to a true state", unit: "time", figure: single,
		full: scale{n: 5, size: manyLinks.n}, quick: scale{n: 3, size: fewLinks.n}, least: scale{n: 2, size: 20}, practice: 1, passes: 5,
		scene:    linkScene,
		variants: []variant{allOfLinks.healed(), allOfLinks.again()},
		goals:    healGoals("link"),
	},
}
