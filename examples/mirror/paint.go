package main

import (
	"strings"
	"unicode/utf8"

	"github.com/nlkit/nlkit"
)

// style is the parameters of an escape sequence that selects how text looks.
type style string

const (
	plain   style = ""
	bold    style = "1"
	dim     style = "2"
	reverse style = "7"
	red     style = "31"
	green   style = "32"
	yellow  style = "33"
	cyan    style = "36"
)

// styles are for what changed lately. What was removed is struck out.
var styles = map[nlkit.ChangeType]style{nlkit.Added: "1;32", nlkit.Changed: "1;33", nlkit.Removed: "9;31", nlkit.Synced: dim}

// painter paints text, or leaves it as it is: see no-color.org.
type painter bool

func (p painter) text(s style, text string) string {
	if !p || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// span is text of one style.
type span struct {
	style style
	text  string
}

// line paints spans, up to a width; 0 is no limit.
func (p painter) line(spans []span, width int) string {
	var b strings.Builder
	left := width
	for _, s := range spans {
		n := utf8.RuneCountInString(s.text)
		if width > 0 && n > left {
			s.text = string([]rune(s.text)[:left])
			n = left
		}
		b.WriteString(p.text(s.style, s.text))
		left -= n
	}
	return strings.TrimRight(b.String(), " ")
}

// cell is a span in a table. right moves it to the right of its column.
type cell struct {
	span
	right bool
}

// columns are the widths of the columns of a table.
type columns []int

func (c *columns) fit(row []cell) {
	for i, cell := range row {
		if i == len(*c) {
			*c = append(*c, 0)
		}
		(*c)[i] = max((*c)[i], utf8.RuneCountInString(cell.text))
	}
}

// spans are the cells of a row, two spaces apart. A column without text takes no room.
func (c columns) spans(row []cell) (spans []span) {
	for i, cell := range row {
		if c[i] == 0 {
			continue
		}
		pad := span{text: strings.Repeat(" ", c[i]-utf8.RuneCountInString(cell.text))}
		gap := span{text: "  "}
		if cell.right {
			spans = append(spans, pad, cell.span, gap)
		} else {
			spans = append(spans, cell.span, pad, gap)
		}
	}
	return spans
}
