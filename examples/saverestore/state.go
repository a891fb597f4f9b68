package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rtnl"
	"github.com/nlkit/nlkit/rule"
)

// state is what a file holds: the structs as List returns them.
type state struct {
	Links      map[string]int // the indexes that the others refer to
	Addresses  []addr.Address
	Nexthops   []nexthop.Nexthop
	Routes     []route.Route
	Rules      []rule.Rule
	Neighbours []neigh.Neighbour // and proxies
}

func (s *state) String() string {
	return fmt.Sprintf("%d addresses, %d next hops, %d routes, %d rules, %d neighbours",
		len(s.Addresses), len(s.Nexthops), len(s.Routes), len(s.Rules), len(s.Neighbours))
}

// save lists everything but what the kernel makes by itself when the rest is there:
// routes to the networks of addresses, temporary addresses, neighbours that it found.
func save(ctx context.Context, c *nlkit.Client) (*state, error) {
	s := &state{Links: map[string]int{}}
	links, errLinks := link.List(ctx, c)
	for _, l := range links {
		s.Links[l.Name] = l.Index
	}
	addrs, errAddrs := addr.List(ctx, c)
	for _, a := range addrs {
		if a.Prefix.Addr().Is4() || !a.Flags.Has(addr.FlagTemporary) {
			s.Addresses = append(s.Addresses, a)
		}
	}
	routes, errRoutes := route.List(ctx, c)
	for _, r := range routes {
		if r.Protocol != rtnl.ProtocolKernel {
			s.Routes = append(s.Routes, r)
		}
	}
	proxies, errProxies := neigh.List(ctx, c, neigh.Proxies())
	var errHops, errRules, errNeigh error
	s.Nexthops, errHops = nexthop.List(ctx, c)
	s.Rules, errRules = rule.List(ctx, c)
	s.Neighbours, errNeigh = neigh.List(ctx, c, neigh.MatchState(neigh.StatePermanent))
	s.Neighbours = append(s.Neighbours, proxies...)
	s.settle()
	return s, errors.Join(errLinks, errAddrs, errRoutes, errProxies, errHops, errRules, errNeigh)
}

// settle drops what is of the moment: ages, counters, and states.
func (s *state) settle() {
	for i := range s.Addresses {
		a := &s.Addresses[i]
		a.Created, a.Updated = 0, 0
		a.Flags &^= addr.FlagTentative | addr.FlagDADFailed | addr.FlagStablePrivacy
	}
	for i := range s.Routes {
		s.Routes[i].Flags &= route.FlagOnlink | route.FlagPervasive
		for j := range s.Routes[i].Multipath {
			s.Routes[i].Multipath[j].Flags &= route.FlagOnlink | route.FlagPervasive
		}
		if e := s.Routes[i].Extra; e != nil {
			e.CacheInfo = nil
			if reflect.ValueOf(*e).IsZero() {
				s.Routes[i].Extra = nil
			}
		}
	}
	for i := range s.Nexthops {
		s.Nexthops[i].Flags &= nexthop.FlagOnlink
		if r := s.Nexthops[i].Resilient; r != nil {
			r.UnbalancedTime = 0
		}
	}
	for e := range s.encaps() {
		if local, ok := e.(*rtnl.SEG6LocalEncap); ok && local.Counters != nil {
			*local.Counters = rtnl.SEG6Counters{} // that it counts stays
		}
	}
	for i := range s.Neighbours {
		s.Neighbours[i].CacheInfo, s.Neighbours[i].Probes = nil, 0
	}
}

// encaps are the encapsulations of routes and next hops.
func (s *state) encaps() iter.Seq[rtnl.Encap] {
	return func(yield func(rtnl.Encap) bool) {
		some := func(e rtnl.Encap) bool { return e == nil || yield(e) }
		for _, n := range s.Nexthops {
			if !some(n.Encap) {
				return
			}
		}
		for _, r := range s.Routes {
			if r.Extra != nil && !some(r.Extra.Encap) {
				return
			}
			for _, h := range r.Multipath {
				if !some(h.Encap) {
					return
				}
			}
		}
	}
}

// encode returns s as JSON, having made sure that it can be read again, and then put
// back: that is not so of BPF programs, which the kernel only tells the names of.
func encode(s *state) ([]byte, error) {
	for e := range s.encaps() {
		if err := rtnl.CheckEncap("encap", e); err != nil {
			return nil, err
		}
	}
	text, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return nil, err
	}
	read := new(state)
	if err := json.Unmarshal(text, read); err != nil {
		return nil, err
	}
	if err := compare(read, s); err != nil {
		return nil, fmt.Errorf("does not survive JSON: %w", err)
	}
	return text, nil
}

// compare returns an error that names what differs. The time that passes does not.
func compare(got, want *state) error {
	for _, s := range []*state{got, want} {
		for i := range s.Addresses {
			limit(&s.Addresses[i].ValidLifetime)
			limit(&s.Addresses[i].PreferredLifetime)
		}
		for i := range s.Routes {
			if e := s.Routes[i].Extra; e != nil {
				limit(&e.Expires)
			}
		}
	}
	return errors.Join(
		differ("addresses", got.Addresses, want.Addresses), differ("next hops", got.Nexthops, want.Nexthops),
		differ("routes", got.Routes, want.Routes), differ("rules", got.Rules, want.Rules),
		differ("neighbours", got.Neighbours, want.Neighbours),
	)
}

// limit makes all times that run out the same.
func limit(d *time.Duration) {
	if *d != 0 && *d != addr.Forever {
		*d = time.Second
	}
}

func differ[T any](what string, got, want []T) error {
	if len(got)+len(want) == 0 || reflect.DeepEqual(got, want) {
		return nil
	}
	return fmt.Errorf("%s are\n%+v\nand should be\n%+v", what, got, want)
}
