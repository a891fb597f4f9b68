package mirror

import (
	"strconv"
	"strings"
)

// Kind is a set of kinds of objects.
type Kind uint8

// The kinds of objects that a [Mirror] can watch.
const (
	Links      Kind = 1 << iota // links
	Nexthops                    // next hops, Linux 5.3
	Addresses                   // addresses
	Neighbours                  // neighbours, but no proxies and FDB entries
	FDB                         // entries of forwarding databases
	Rules                       // rules
	Routes                      // routes
)

// allKinds is every kind.
const allKinds = Links | Nexthops | Addresses | Neighbours | FDB | Rules | Routes

// defaultKinds is what is watched if nothing else is asked for.
const defaultKinds = Links | Addresses | Neighbours | Routes

// Has reports whether all kinds of k2 are in k.
func (k Kind) Has(k2 Kind) bool { return k&k2 == k2 }

// String returns the names of the kinds: "links|routes".
func (k Kind) String() string {
	var names []string
	for i, name := range []string{"links", "nexthops", "addresses", "neighbours", "fdb", "rules", "routes"} {
		if k.Has(1 << i) {
			names = append(names, name)
		}
	}
	if rest := k &^ allKinds; rest != 0 || k == 0 {
		names = append(names, "0x"+strconv.FormatUint(uint64(rest), 16))
	}
	return strings.Join(names, "|")
}
