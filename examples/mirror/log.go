package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/mirror"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/route"
)

var marks = map[nlkit.ChangeType]string{nlkit.Added: "+", nlkit.Changed: "~", nlkit.Removed: "-", nlkit.Synced: "="}

// logger writes a line for each change.
type logger struct {
	out   io.Writer
	paint painter
	names names
}

func (l *logger) write(now time.Time, ch mirror.Change) error {
	_, err := fmt.Fprintln(l.out, l.line(now, ch))
	return err
}

func (l *logger) line(now time.Time, ch mirror.Change) string {
	mark := l.paint.text(styles[ch.Type], marks[ch.Type])
	stamp := l.paint.text(dim, now.Format("15:04:05.000"))
	if ch.Type == nlkit.Synced {
		return words(stamp, mark, "this is what there was")
	}
	what, more := l.texts(ch)
	return words(stamp, mark, fmt.Sprintf("%-9s", noun(ch.Kind())), l.paint.text(bold, what), more)
}

func noun(k mirror.Kind) string {
	switch k {
	case mirror.Addresses:
		return "address"
	case mirror.Neighbours:
		return "neighbour"
	}
	return strings.TrimSuffix(k.String(), "s")
}

// texts describes a change: what it is about, and what is to be said of it.
func (l *logger) texts(ch mirror.Change) (what, more string) {
	switch {
	case ch.Link != nil:
		v := latest(ch.Link)
		l.names[v.Index] = v.Name
		if ch.Type == nlkit.Changed {
			return v.Name, l.linkDifference(&ch.Link.Old, &ch.Link.New)
		}
		return v.Name, l.names.linkText(v)
	case ch.Addr != nil:
		return differing(ch.Addr, func(a *addr.Address) (string, string) {
			what, more := addrText(a)
			return what, words("on "+l.names.of(a.Link), more)
		})
	case ch.Neigh != nil:
		return differing(ch.Neigh, func(n *neigh.Neighbour) (string, string) {
			what, more := neighText(n)
			return what, words("on "+l.names.of(n.Link), more)
		})
	case ch.Route != nil:
		return differing(ch.Route, func(r *route.Route) (string, string) {
			what, more := routeText(r)
			return what, words(l.ways(r), more)
		})
	}
	return ch.String(), ""
}

// differing describes an object, and how it was before.
func differing[T any](ch *nlkit.Change[T], texts func(*T) (what, more string)) (what, more string) {
	what, more = texts(latest(ch))
	if ch.Type == nlkit.Changed {
		if _, before := texts(&ch.Old); before != more {
			more = words(more, "(was "+before+")")
		}
	}
	return what, more
}

// ways says where a route leads.
func (l *logger) ways(r *route.Route) string {
	var ways []string
	for _, h := range hops(r) {
		if h.Link != 0 {
			ways = append(ways, words(hopText(&h), "on", l.names.of(h.Link)))
		}
	}
	return strings.Join(ways, ", ")
}

// linkDifference says what changed of a link.
func (l *logger) linkDifference(a, b *link.Link) string {
	var parts []string
	differ := func(what, old, now string) {
		if old != now {
			parts = append(parts, fmt.Sprintf("%s %s → %s", what, blank(old), blank(now)))
		}
	}
	differ("name", a.Name, b.Name)
	differ("state", state(a), state(b))
	differ("mtu", fmt.Sprint(a.MTU), fmt.Sprint(b.MTU))
	differ("address", a.Address.String(), b.Address.String())
	differ("place", l.names.place(a), l.names.place(b))
	differ("flags", (a.Flags &^ b.Flags).String(), (b.Flags &^ a.Flags).String())
	if parts == nil {
		return "other settings"
	}
	return strings.Join(parts, ", ")
}

func blank(s string) string {
	if s == "" || s == "0" {
		return "none"
	}
	return s
}

// latest returns the object as it is, or as it was when it was removed.
func latest[T any](ch *nlkit.Change[T]) *T {
	if ch.Type == nlkit.Removed {
		return &ch.Old
	}
	return &ch.New
}
