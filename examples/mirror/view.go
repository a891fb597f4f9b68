package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/addr"
	"github.com/nlkit/nlkit/link"
	"github.com/nlkit/nlkit/mirror"
	"github.com/nlkit/nlkit/neigh"
	"github.com/nlkit/nlkit/route"
)

// fresh is how long a change is highlighted.
const fresh = 5 * time.Second

// view draws a mirror. What there is it takes from a snapshot, and what became of it
// lately from the changes.
type view struct {
	paint painter
	host  string
	all   bool // also what the kernel keeps for its own addresses and for multicast

	names  names
	told   int
	synced bool
	counts map[int]int      // changes of each link and of what refers to it
	recent map[string]event // what changed lately
	gone   []ghost          // what was removed lately
}

type event struct {
	what nlkit.ChangeType
	at   time.Time
}

type ghost struct {
	row
	at time.Time
}

// row is a line about an object: of a link, of its addresses, neighbours and routes,
// in this order.
type row struct {
	link  int
	key   string // what makes it the same object
	order string // its place among those of the link, "" for the link itself
	cells []cell
	mark  nlkit.ChangeType
}

func newView(paint painter, host string, all bool) *view {
	return &view{paint: paint, host: host, all: all, names: names{}, counts: map[int]int{}, recent: map[string]event{}}
}

// apply notes a change.
func (v *view) apply(now time.Time, ch mirror.Change) {
	v.told++
	switch {
	case ch.Type == nlkit.Synced:
		v.synced = true
	case ch.Link != nil:
		l := latest(ch.Link)
		v.names[l.Index] = l.Name
		v.note(now, ch.Type, []row{v.linkRow(l)})
		if ch.Type == nlkit.Removed {
			delete(v.counts, l.Index)
		}
	case ch.Addr != nil:
		v.note(now, ch.Type, []row{addrRow(latest(ch.Addr))})
	case ch.Neigh != nil:
		v.note(now, ch.Type, v.neighRows(latest(ch.Neigh)))
	case ch.Route != nil:
		v.note(now, ch.Type, v.routeRows(latest(ch.Route)))
	}
}

func (v *view) note(now time.Time, what nlkit.ChangeType, rows []row) {
	if !v.synced {
		return // all is new then
	}
	for _, r := range rows {
		v.counts[r.link]++
		delete(v.recent, r.key)
		if what == nlkit.Removed {
			v.gone = append(v.gone, ghost{r, now})
		} else {
			v.recent[r.key] = event{what, now}
		}
	}
}

// forget drops what is not fresh any more, and reports whether anything still is.
func (v *view) forget(now time.Time) (some bool) {
	for key, e := range v.recent {
		if now.Sub(e.at) >= fresh {
			delete(v.recent, key)
		}
	}
	v.gone = slices.DeleteFunc(v.gone, func(g ghost) bool { return now.Sub(g.at) >= fresh })
	return len(v.recent) > 0 || len(v.gone) > 0
}

func (v *view) linkRow(l *link.Link) row {
	s := state(l)
	dot, look := "●", green
	switch s {
	case "up":
	case "off":
		dot, look = "○", dim
	default:
		look = yellow
	}
	changes := ""
	if n := v.counts[l.Index]; n > 0 {
		changes = "Δ" + strconv.Itoa(n)
	}
	return row{link: l.Index, key: "link " + strconv.Itoa(l.Index), cells: []cell{
		{span: span{look, dot}},
		{span: span{dim, strconv.Itoa(l.Index)}, right: true},
		{span: span{bold, l.Name}},
		{span: span{look, s}},
		{span: span{plain, kindOf(l)}},
		{span: span{dim, strconv.Itoa(l.MTU)}, right: true},
		{span: span{plain, l.Address.String()}},
		{span: span{cyan, v.names.place(l)}},
		{span: span{dim, changes}, right: true},
	}}
}

func addrRow(a *addr.Address) row {
	what, more := addrText(a)
	return detail(a.Link, "addr", sortable(a.Prefix), what, more)
}

func (v *view) neighRows(n *neigh.Neighbour) []row {
	if !v.all && n.State == neigh.StateNoARP {
		return nil
	}
	what, more := neighText(n)
	return []row{detail(n.Link, "neigh", sortable(netip.PrefixFrom(n.Addr, n.Addr.BitLen())), what, more)}
}

// routeRows has a row for each way of a route, which stand under the link that it
// leads to.
func (v *view) routeRows(r *route.Route) (rows []row) {
	if !v.all && isHousekeeping(r) {
		return nil
	}
	what, more := routeText(r)
	for i, h := range hops(r) {
		way := ""
		if h.Link != 0 {
			way = hopText(&h)
		}
		rows = append(rows, detail(h.Link, "route", sortable(r.Dst)+way, what, words(way, hopShare(r, i), more)))
	}
	return rows
}

// sortable is a text that sorts as the prefix does, IPv4 first.
func sortable(p netip.Prefix) string {
	return fmt.Sprintf("%03d %x %03d", p.Addr().BitLen(), p.Addr().AsSlice(), p.Bits())
}

func detail(link int, label, order, what, more string) row {
	return row{link: link, key: fmt.Sprint(link, label, order, what), order: label + order, cells: []cell{
		{span: span{dim, label}},
		{span: span{plain, what}},
		{span: span{dim, more}},
	}}
}

// rows are those of a snapshot, and of what was removed lately. hidden is how many
// objects have none.
func (v *view) rows(s *mirror.Snapshot) (rows []row, hidden int) {
	add := func(of []row) {
		if len(of) == 0 {
			hidden++
		}
		rows = append(rows, of...)
	}
	for i := range s.Links {
		rows = append(rows, v.linkRow(&s.Links[i]))
	}
	for i := range s.Addresses {
		rows = append(rows, addrRow(&s.Addresses[i]))
	}
	for i := range s.Neighbours {
		add(v.neighRows(&s.Neighbours[i]))
	}
	for i := range s.Routes {
		add(v.routeRows(&s.Routes[i]))
	}
	there := map[string]bool{}
	for i, r := range rows {
		there[r.key] = true
		rows[i].mark = v.recent[r.key].what
	}
	for _, g := range v.gone {
		if !there[g.key] {
			there[g.key] = true
			g.mark = nlkit.Removed
			rows = append(rows, g.row)
		}
	}
	last := func(r row) int { // what has no link stands below
		if r.link == 0 {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		if d := last(a) - last(b); d != 0 {
			return d
		}
		if a.link != b.link {
			return a.link - b.link
		}
		return strings.Compare(a.order, b.order)
	})
	return rows, hidden
}

// frame draws a screen of a width and height, without limit if they are 0.
func (v *view) frame(s mirror.Snapshot, stats nlkit.WatchStats, now time.Time, width, height int) []string {
	rows, hidden := v.rows(&s)
	var links, details columns
	for _, r := range rows {
		if r.order == "" {
			links.fit(r.cells)
		} else {
			details.fit(r.cells)
		}
	}
	lines := []string{v.header(&s, hidden, now, width), ""}
	under := -1
	for _, r := range rows {
		if r.link == 0 && under != 0 {
			lines = append(lines, v.paint.line([]span{{text: "  "}, {dim, "without a link"}}, width))
		}
		under = r.link
		lines = append(lines, v.line(r, links, details, width))
	}
	if height == 0 {
		lines = append(lines, "")
	}
	if room := height - 1; height > 0 && len(lines) > room {
		rest := fmt.Sprintf("  … %d lines more", len(lines)-room+1)
		lines = append(lines[:max(0, room-1)], v.paint.line([]span{{dim, rest}}, width))[:room]
	}
	for len(lines) < height-1 {
		lines = append(lines, "")
	}
	return append(lines, v.status(stats, width))
}

func (v *view) line(r row, links, details columns, width int) string {
	spans := []span{{styles[r.mark], "  "}}
	if r.mark != 0 {
		spans[0].text = marks[r.mark] + " "
	}
	if r.order == "" {
		spans = append(spans, links.spans(r.cells)...)
	} else {
		spans = append(append(spans, span{text: "      "}), details.spans(r.cells)...)
	}
	if r.mark != 0 {
		for i, s := range spans {
			if strings.TrimSpace(s.text) != "" {
				spans[i].style = styles[r.mark]
			}
		}
	}
	return v.paint.line(spans, width)
}

func (v *view) header(s *mirror.Snapshot, hidden int, now time.Time, width int) string {
	text := fmt.Sprintf("  %d links · %d addresses · %d neighbours · %d routes", len(s.Links), len(s.Addresses), len(s.Neighbours), len(s.Routes))
	if hidden > 0 {
		text += fmt.Sprintf(" · %d not shown", hidden)
	}
	return v.between([]span{{bold, v.host}, {plain, text}}, span{dim, now.Format("15:04:05")}, width)
}

func (v *view) status(s nlkit.WatchStats, width int) string {
	text := fmt.Sprintf(" told %d · events %d · unchanged %d · heals %d, %d repaired · vanished %d", v.told, s.Events, s.Unchanged, s.Heals, s.Repaired, s.Vanished)
	lost := span{reverse, fmt.Sprintf(" · overruns %d", s.Overruns)}
	if s.Overruns > 0 {
		lost.style = "7;33"
	}
	if width == 0 {
		return v.paint.line([]span{{reverse, text}, lost, {reverse, " "}}, 0)
	}
	return v.between([]span{{reverse, text}, lost}, span{reverse, " Ctrl-C ends "}, width)
}

// between fills a line with what is left and right.
func (v *view) between(left []span, right span, width int) string {
	n := utf8.RuneCountInString(right.text)
	for _, s := range left {
		n += utf8.RuneCountInString(s.text)
	}
	look := plain
	if strings.HasPrefix(string(right.style), string(reverse)) {
		look = reverse
	}
	gap := span{look, strings.Repeat(" ", max(2, width-n))}
	return v.paint.line(append(left, gap, right), width)
}
