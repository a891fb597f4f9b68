// Package enum gives typed numbers of the kernel their words: those that iproute2
// prints. A type that has them implements fmt.Stringer and the text interfaces of
// package encoding in one line each.
package enum

import (
	"fmt"
	"strconv"
	"strings"
)

// Integer is the type of an enumeration.
type Integer interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64 | ~int8 | ~int16 | ~int32 | ~int64 | ~int
}

// A Word is the name of one value, or of one flag.
type Word[T Integer] struct {
	Value T
	Name  string
}

// Words are the names of an enumeration.
type Words[T Integer] struct {
	Type  string // for values without a name: Type(9)
	Words []Word[T]
}

// String returns the word for v, "Type(9)" if it has none.
func (w *Words[T]) String(v T) string {
	for i := range w.Words {
		if w.Words[i].Value == v {
			return w.Words[i].Name
		}
	}
	return fmt.Sprintf("%s(%d)", w.Type, v)
}

// Parse stores the value for a word, a number, or what String returned.
func (w *Words[T]) Parse(text []byte, v *T) error {
	s := string(text)
	for i := range w.Words {
		if w.Words[i].Name == s {
			*v = w.Words[i].Value
			return nil
		}
	}
	number := s
	if inner, ok := strings.CutPrefix(s, w.Type+"("); ok {
		number = strings.TrimSuffix(inner, ")")
	}
	if n, ok := parse[T](number); ok {
		*v = n
		return nil
	}
	return fmt.Errorf("%q is no %s", s, w.Type)
}

// Unsigned is the type of a set of flags.
type Unsigned interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64
}

// Flags are the names of the bits of a set.
type Flags[T Unsigned] struct {
	Type  string
	Words []Word[T]
}

// String returns the words of the flags in v, in the order of the table, and the
// bits without a name: "up|broadcast|0x40000". No flag is "0".
func (f *Flags[T]) String(v T) string {
	if v == 0 {
		return "0"
	}
	var b strings.Builder
	for _, w := range f.Words {
		if v&w.Value == w.Value {
			if b.Len() > 0 {
				b.WriteByte('|')
			}
			b.WriteString(w.Name)
			v &^= w.Value
		}
	}
	if v != 0 {
		if b.Len() > 0 {
			b.WriteByte('|')
		}
		b.WriteString("0x" + strconv.FormatUint(uint64(v), 16))
	}
	return b.String()
}

// Parse stores the flags whose words, or numbers, stand in text.
func (f *Flags[T]) Parse(text []byte, v *T) error {
	var all T
next:
	for part := range strings.SplitSeq(string(text), "|") {
		for _, w := range f.Words {
			if w.Name == part {
				all |= w.Value
				continue next
			}
		}
		n, ok := parse[T](part)
		if !ok {
			return fmt.Errorf("%q is no %s", part, f.Type)
		}
		all |= n
	}
	*v = all
	return nil
}

// parse reads a number that fits T.
func parse[T Integer](s string) (T, bool) {
	if i, err := strconv.ParseInt(s, 0, 64); err == nil {
		return T(i), int64(T(i)) == i
	}
	u, err := strconv.ParseUint(s, 0, 64)
	return T(u), err == nil && T(u) > 0 && uint64(T(u)) == u
}
