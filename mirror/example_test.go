package mirror_test

import (
	"context"
	"fmt"
	"log"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/mirror"
	"github.com/nlkit/nlkit/route"
)

// What the host has, as one picture whose parts belong together.
func Example() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	m, err := mirror.Watch(ctx, c)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	for ch, err := range m.All() {
		if err != nil {
			log.Fatal(err)
		}
		if ch.Type == nlkit.Synced {
			break // a service would go on
		}
	}
	s := m.Snapshot()
	lo, ok := s.LinkByName("lo")
	fmt.Println(lo.Name, ok)
	// Output: lo true
}

// The links whose name begins with "lo", and the routes of the main table that they are
// used by, which are told after their links and before the links go.
func Example_filters() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	m, err := mirror.Watch(ctx, c,
		mirror.WithKinds(mirror.Links|mirror.Routes),
		mirror.WithLinks(link.MatchName("lo*")),
		mirror.WithRoutes(route.MatchTable(254)),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	for ch, err := range m.All() {
		if err != nil {
			log.Fatal(err)
		}
		if ch.Link != nil {
			fmt.Println(ch)
		}
		if ch.Type == nlkit.Synced {
			break
		}
	}
	// Output: added link 1 lo
}
