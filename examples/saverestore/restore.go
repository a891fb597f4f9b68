package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
	"github.com/nlkit/nlkit/rule"
)

// flush removes what save lists, dependent things first. Rules of priority 0 stay: they
// are those that make the host's own addresses reachable.
func flush(ctx context.Context, c *nlkit.Client) error {
	s, err := save(ctx, c)
	if err != nil {
		return err
	}
	b := c.NewBatch()
	for _, r := range s.Routes {
		if err := route.Delete(ctx, b, r); err != nil {
			return err
		}
	}
	if err := b.Send(ctx, fs.ErrNotExist); err != nil { // one may take others along
		return err
	}
	return errors.Join(
		rule.Flush(ctx, c),
		nexthop.Flush(ctx, c),
		neigh.Flush(ctx, c, neigh.MatchState(neigh.StatePermanent)),
		neigh.Flush(ctx, c, neigh.Proxies()),
		addr.Flush(ctx, c), // and with the addresses the routes to their networks
	)
}

// restore puts back what s holds, each thing after what it needs.
func restore(ctx context.Context, c *nlkit.Client, s *state) error {
	// Rules first: without them the kernel finds no way to the gateways of what comes
	// next. Those of priority 0 are there, which Replace does not mind.
	for _, r := range s.Rules {
		if err := rule.Replace(ctx, c, r); err != nil {
			return err
		}
	}
	b := c.NewBatch()
	var refused error // before anything is sent
	do := func(err error) { refused = errors.Join(refused, err) }

	// Then addresses: the kernel makes the routes to their networks, without which
	// there is no gateway. IPv6 lists the newest first, IPv4 the oldest.
	for _, a := range s.Addresses {
		if a.Prefix.Addr().Is4() {
			do(addr.Replace(ctx, b, a))
		}
	}
	for i := range s.Addresses {
		if a := s.Addresses[len(s.Addresses)-1-i]; a.Prefix.Addr().Is6() {
			do(addr.Replace(ctx, b, a))
		}
	}
	for _, n := range s.Neighbours {
		do(neigh.Replace(ctx, b, n))
	}
	// Next hops before the groups of them, and both before the routes that use them.
	for _, groups := range []bool{false, true} {
		for _, n := range s.Nexthops {
			if n.IsGroup() == groups {
				do(nexthop.Replace(ctx, b, n))
			}
		}
	}
	// Routes on a link before those by a gateway, which may be reached by them.
	for _, gateways := range []bool{false, true} {
		for _, r := range s.Routes {
			if (r.Gateway.IsValid() || r.Multipath != nil) == gateways {
				do(route.Append(ctx, b, r)) // there may be several to one destination
			}
		}
	}
	if refused != nil {
		return refused
	}
	return b.Send(ctx)
}

// renumber turns the indexes of links in s into those that the links have now: they are
// others after a restart, or in another namespace.
func (s *state) renumber(ctx context.Context, c *nlkit.Client) error {
	links, err := link.List(ctx, c)
	if err != nil {
		return err
	}
	now := map[string]int{}
	for _, l := range links {
		now[l.Name] = l.Index
	}
	index := map[int]int{0: 0}
	for name, was := range s.Links {
		index[was] = now[name]
	}
	var missing error
	turn := func(link *int) {
		i := index[*link]
		if i == 0 && *link != 0 {
			missing = fmt.Errorf("there is no link with the name that index %d had", *link)
		}
		*link = i
	}
	for i := range s.Addresses {
		turn(&s.Addresses[i].Link)
	}
	for i := range s.Nexthops {
		turn(&s.Nexthops[i].Link)
	}
	for i := range s.Routes {
		turn(&s.Routes[i].Link)
		for j := range s.Routes[i].Multipath {
			turn(&s.Routes[i].Multipath[j].Link)
		}
	}
	for e := range s.encaps() {
		switch e := e.(type) {
		case *rtnl.SEG6LocalEncap:
			turn(&e.IIF)
			turn(&e.OIF)
		case *rtnl.XFRMEncap:
			turn(&e.Link)
		}
	}
	for i := range s.Neighbours {
		turn(&s.Neighbours[i].Link)
	}
	return missing
}
