package main

import (
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
)

// The plot: a row for each work, and on it a dot for each column, as far to the right
// as it takes times the work's floor, on a logarithmic scale. The floor is C, or nlkit
// where there is no C.

const (
	plotLeft, plotRight = 170, 40
	plotWidth           = 900
	plotTop, plotRow    = 70, 22
	dotRadius           = 5
)

var colours = map[string]string{
	byC: "#888888", byNLKit: "#d62728", byVishvananda: "#1f77b4", byJsimonetti: "#2ca02c", byMdlayher: "#9467bd", byNFLog: "#ff7f0e", byIP: "#8c564b",
}

// A dot is one variant.
type dot struct {
	by, name string
	times    float64
}

func dots(r *result) []dot {
	floor := r.first(byC)
	if floor == nil {
		floor = r.first(byNLKit)
	}
	var all []dot
	for i := range r.lines {
		l := &r.lines[i]
		if r.first(l.v.by) == l { // one for each, as in the table
			all = append(all, dot{l.v.by, l.v.name, ratio(l, floor, r.w.figure)})
		}
	}
	return all
}

func writeSVG(w io.Writer, all []*result) error {
	rows := make([][]dot, len(all))
	low, high := 1., 2.
	var present []string
	for i, r := range all {
		rows[i] = dots(r)
		for _, d := range rows[i] {
			low, high = min(low, d.times), max(high, d.times)
			if !slices.Contains(present, d.by) {
				present = append(present, d.by)
			}
		}
	}
	low, high = max(low, 0.1)/1.1, min(high, 1e4)*1.1
	x := func(times float64) float64 {
		times = min(max(times, low), high)
		return plotLeft + (plotWidth-plotLeft-plotRight)*math.Log(times/low)/math.Log(high/low)
	}
	height := plotTop + plotRow*len(all) + 40
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", plotWidth, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", plotWidth, height)
	fmt.Fprintf(&b, `<text x="%d" y="20" font-size="15">Times what C takes, or nlkit where there is no C: further left is better</text>`+"\n", 10)
	at := 10
	for _, by := range columns {
		if slices.Contains(present, by) {
			fmt.Fprintf(&b, `<circle cx="%d" cy="40" r="%d" fill="%s"/><text x="%d" y="44">%s</text>`+"\n", at+dotRadius, dotRadius, colours[by], at+15, html.EscapeString(by))
			at += 30 + 8*len(by)
		}
	}
	bottom := plotTop + plotRow*len(all)
	for decade := 0.1; decade <= high; decade *= 10 {
		for _, step := range []float64{1, 2, 5} {
			times := decade * step
			if times < low || times > high {
				continue
			}
			colour := "#ddd"
			if times == 1 {
				colour = "#888"
			}
			fmt.Fprintf(&b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="%s"/>`, x(times), plotTop-10, x(times), bottom, colour)
			fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle" fill="#555">%g</text>`+"\n", x(times), bottom+16, math.Round(10*times)/10)
		}
	}
	for i, r := range all {
		y := plotTop + plotRow*i + plotRow/2
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, plotLeft-10, y+4, html.EscapeString(r.w.name))
		fmt.Fprintf(&b, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#eee"/>`+"\n", plotLeft, y, plotWidth-plotRight, y)
		for _, d := range rows[i] {
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%d" r="%d" fill="%s" fill-opacity="0.85"><title>%s: %.2f</title></circle>`+"\n",
				x(d.times), y, dotRadius, colours[d.by], html.EscapeString(d.name), d.times)
		}
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}
