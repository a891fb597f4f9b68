package nlkit

// pileLen is how many values a piece of a pile has.
const pileLen = 2048

// A pile holds values one after the other, in pieces: to grow, it copies none but the
// first few, where a slice that doubles takes twice to four times the memory of what is
// in it, all of which the kernel has to provide.
type pile[T any] struct {
	pieces [][]T // all of pileLen, but the first while it grows
	n      int
}

// push adds a zero value and returns where it is, until the next push.
func (p *pile[T]) push() *T {
	i, j := p.n/pileLen, p.n%pileLen
	switch {
	case i == len(p.pieces) && i == 0:
		p.pieces = append(p.pieces, make([]T, 8))
	case i == len(p.pieces):
		p.pieces = append(p.pieces, make([]T, pileLen))
	case j == len(p.pieces[i]):
		p.pieces[i] = append(make([]T, 0, 2*j), p.pieces[i]...)[:2*j]
	}
	p.n++
	return &p.pieces[i][j]
}

// pop takes the last value away.
func (p *pile[T]) pop() {
	var zero T
	*p.at(p.n - 1) = zero
	p.n--
}

// at returns where the value with number i is.
func (p *pile[T]) at(i int) *T { return &p.pieces[i/pileLen][i%pileLen] }

// clear takes all values away and keeps the room for as many.
func (p *pile[T]) clear() {
	for _, piece := range p.pieces {
		clear(piece)
	}
	p.n = 0
}

// slice returns all values. The pile must not be used any more.
func (p *pile[T]) slice() []T {
	if p.n == 0 {
		return nil
	}
	if len(p.pieces) == 1 {
		return p.pieces[0][:p.n:p.n]
	}
	return p.appendTo(make([]T, 0, p.n))
}

// appendTo appends all values to a slice.
func (p *pile[T]) appendTo(s []T) []T {
	for i, piece := range p.pieces {
		s = append(s, piece[:min(len(piece), p.n-i*pileLen)]...)
	}
	return s
}
