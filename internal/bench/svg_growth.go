package main

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
)

// The plots of growth: a panel for each, two in a row, both axes logarithmic. A flat
// line is a time that grows as the number does.

const (
	panelWidth, panelHeight = 450, 310
	panelLeft, panelRight   = 70, 20
	panelTop, panelBottom   = 62, 45
	growthTop               = 34
)

// An axis is a logarithmic one from low to high.
type axis struct{ low, high, from, to float64 }

func (a axis) at(v float64) float64 {
	return a.from + (a.to-a.from)*math.Log(v/a.low)/math.Log(a.high/a.low)
}

// ticks returns round numbers from low to high: 1, 2 and 5 of each decade; of memory
// the powers of two.
func (f figure) ticks(low, high float64) (all []float64) {
	base, steps := 10., []float64{1, 2, 5}
	if f == memory {
		base, steps = 2, []float64{1}
	}
	for power := math.Floor(math.Log(low) / math.Log(base)); math.Pow(base, power) <= high; power++ {
		for _, step := range steps {
			if v := math.Pow(base, power) * step; v >= low*0.999 && v <= high*1.001 {
				all = append(all, v)
			}
		}
	}
	return all
}

// around returns the round numbers next below and above some values.
func (f figure) around(curves []curve) (low, high float64) {
	low, high = math.Inf(1), 0
	for _, c := range curves {
		for _, v := range c.Values {
			low, high = min(low, max(v, 1)), max(high, v)
		}
	}
	all := f.ticks(low/10, max(high, 1)*10)
	below, above := all[0], all[len(all)-1]
	for _, v := range all {
		if v <= low*0.95 {
			below = v
		}
		if v >= high*1.05 {
			above = v
			break
		}
	}
	return below, above
}

func writeGrowthSVG(w io.Writer, plots []plot) error {
	rows := (len(plots) + 1) / 2
	width, height := 2*panelWidth, growthTop+rows*panelHeight
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="10" y="22" font-size="15">What one costs as there are more: flat is as good as it gets, lower is better</text>`+"\n")
	for i, p := range plots {
		fmt.Fprintf(&b, `<g transform="translate(%d,%d)">`+"\n", i%2*panelWidth, growthTop+i/2*panelHeight)
		p.draw(&b)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// draw draws a panel.
func (p *plot) draw(b *strings.Builder) {
	const bottom = panelHeight - panelBottom
	low, high := p.figure.around(p.Curves)
	x := axis{float64(p.At[0]), float64(p.At[len(p.At)-1]), panelLeft, panelWidth - panelRight}
	y := axis{low, high, bottom, panelTop}
	fmt.Fprintf(b, `<text x="%d" y="20" font-weight="bold">%s</text>`+"\n", panelLeft, html.EscapeString(p.Title))
	text := func(v float64) string { return p.figure.text(v) }
	for _, v := range p.figure.ticks(low, high) {
		fmt.Fprintf(b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#ddd"/>`, panelLeft, y.at(v), panelWidth-panelRight, y.at(v))
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end" fill="#555">%s</text>`+"\n", panelLeft-6, y.at(v)+4, text(v))
	}
	for _, n := range p.At {
		at := x.at(float64(n))
		fmt.Fprintf(b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#ddd"/>`, at, panelTop, at, bottom)
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle" fill="#555">%s</text>`+"\n", min(at, panelWidth-30), bottom+16, thousandsOf(n))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle" fill="#333">%s</text>`+"\n", (panelLeft+panelWidth-panelRight)/2, bottom+34, html.EscapeString(p.X))
	used := make(map[string]int)
	key := float64(panelLeft)
	for _, c := range p.Curves {
		dash := ""
		if used[c.By]++; used[c.By] > 1 {
			dash = ` stroke-dasharray="6 4"`
		}
		line := fmt.Sprintf(`stroke="%s" stroke-width="2" fill="none"%s`, colours[c.By], dash)
		fmt.Fprintf(b, `<path d="M%.0f 40h20" %s/><text x="%.0f" y="44">%s</text>`+"\n", key, line, key+25, html.EscapeString(c.label()))
		key += 40 + 7*float64(len(c.label()))
		var points []string
		for i, v := range c.Values {
			points = append(points, fmt.Sprintf("%.1f,%.1f", x.at(float64(p.At[i])), y.at(max(v, 1))))
		}
		fmt.Fprintf(b, `<polyline points="%s" %s/>`+"\n", strings.Join(points, " "), line)
		for i, v := range c.Values {
			fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"><title>%s, %s: %s</title></circle>`+"\n",
				x.at(float64(p.At[i])), y.at(max(v, 1)), colours[c.By], html.EscapeString(c.label()), thousandsOf(p.At[i]), text(v))
		}
	}
}
