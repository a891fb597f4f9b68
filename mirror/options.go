package mirror

import (
	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/nexthop"
	"github.com/nlkit/nlkit/route"
	"github.com/nlkit/nlkit/rule"
)

// Option says what a [Mirror] watches, and how. The same option may be given more than
// once: what its arguments ask for adds up.
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

// config is what the options fill in.
type config struct {
	kinds, more Kind
	subscribe   []nlkit.SubscribeOption

	links      []link.ListOption
	nexthops   []nexthop.ListOption
	addresses  []addr.ListOption
	neighbours []neigh.ListOption
	fdb        []neigh.ListOption
	rules      []rule.ListOption
	routes     []route.ListOption
}

func newConfig(opts []Option) (config, error) {
	c := config{kinds: defaultKinds}
	for _, o := range opts {
		if o != nil {
			o.apply(&c)
		}
	}
	c.kinds |= c.more
	if rest := c.kinds &^ allKinds; rest != 0 || c.kinds == 0 {
		return c, nlkit.Request{Op: "mirror.Watch"}.Fail(attr.Refuse("kinds of objects: %v", c.kinds))
	}
	return c, nil
}

// WithKinds says which kinds are watched instead of links, addresses, neighbours and
// routes, besides those that another option is about.
func WithKinds(kinds Kind) Option {
	return option(func(c *config) { c.kinds = kinds })
}

// WithLinks says which links are watched, and what is told of them.
func WithLinks(opts ...link.ListOption) Option {
	return option(func(c *config) { c.links, c.more = append(c.links, opts...), c.more|Links })
}

// WithNexthops has next hops watched, and says which.
func WithNexthops(opts ...nexthop.ListOption) Option {
	return option(func(c *config) { c.nexthops, c.more = append(c.nexthops, opts...), c.more|Nexthops })
}

// WithAddresses says which addresses are watched.
func WithAddresses(opts ...addr.ListOption) Option {
	return option(func(c *config) { c.addresses, c.more = append(c.addresses, opts...), c.more|Addresses })
}

// WithNeighbours says which neighbours are watched; with [neigh.Proxies] it is proxies.
func WithNeighbours(opts ...neigh.ListOption) Option {
	return option(func(c *config) { c.neighbours, c.more = append(c.neighbours, opts...), c.more|Neighbours })
}

// WithFDB has the entries of forwarding databases watched, and says which.
func WithFDB(opts ...neigh.ListOption) Option {
	return option(func(c *config) { c.fdb, c.more = append(c.fdb, opts...), c.more|FDB })
}

// WithRules has rules watched, and says which.
func WithRules(opts ...rule.ListOption) Option {
	return option(func(c *config) { c.rules, c.more = append(c.rules, opts...), c.more|Rules })
}

// WithRoutes says which routes are watched.
func WithRoutes(opts ...route.ListOption) Option {
	return option(func(c *config) { c.routes, c.more = append(c.routes, opts...), c.more|Routes })
}

// WithEventBuffer sets the kernel's receive buffer in bytes: see
// [nlkit.WithEventBuffer]. What does not fit costs time, since it takes a list of
// everything to heal, and never truth.
func WithEventBuffer(bytes int) Option {
	return option(func(c *config) { c.subscribe = append(c.subscribe, nlkit.WithEventBuffer(bytes)) })
}
