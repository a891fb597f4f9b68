package rtnl

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Labels is a stack of MPLS labels, the outermost first. A label has 20 bits;
// those below 16 have a meaning of their own (RFC 3032). Traffic class and TTL are
// the kernel's to fill in. (struct mpls_label in include/uapi/linux/mpls.h)
type Labels []uint32

const (
	labelLen = 4
	maxLabel = 1<<20 - 1
)

// ParseLabels returns the stack for iproute2's notation: "100/200".
func ParseLabels(s string) (Labels, error) {
	var labels Labels
	for word := range strings.SplitSeq(s, "/") {
		n, err := strconv.ParseUint(word, 0, 32)
		if err != nil || n > maxLabel {
			return nil, fmt.Errorf("%q is no stack of labels", s)
		}
		labels = append(labels, uint32(n))
	}
	return labels, nil
}

// String returns iproute2's notation: "100/200"; "" for an empty stack.
func (l Labels) String() string {
	var b []byte
	for i, label := range l {
		if i > 0 {
			b = append(b, '/')
		}
		b = strconv.AppendUint(b, uint64(label), 10)
	}
	return string(b)
}

// MarshalText returns the same as String.
func (l Labels) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText takes what [ParseLabels] takes, and nothing for an empty stack.
func (l *Labels) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*l = nil
		return nil
	}
	labels, err := ParseLabels(string(text))
	if err == nil {
		*l = labels
	}
	return err
}

// MarshalBinary returns the stack as attributes have it: struct mpls_label each,
// the last marked as the bottom. It refuses labels of more than 20 bits.
func (l Labels) MarshalBinary() ([]byte, error) {
	p := make([]byte, 0, labelLen*len(l))
	for i, label := range l {
		if label > maxLabel {
			return nil, attr.Refuse("label %d has more than 20 bits", label)
		}
		entry := label << uapi.MPLS_LS_LABEL_SHIFT
		if i == len(l)-1 {
			entry |= uapi.MPLS_LS_S_MASK
		}
		p = binary.BigEndian.AppendUint32(p, entry)
	}
	if len(p) > 255*labelLen {
		return nil, attr.Refuse("%d labels", len(l))
	}
	return p, nil
}

// UnmarshalBinary reads what MarshalBinary returns. It ignores traffic class and
// TTL.
func (l *Labels) UnmarshalBinary(p []byte) error {
	if len(p)%labelLen != 0 {
		return malformed("%d bytes are no labels", len(p))
	}
	*l = nil
	for ; len(p) > 0; p = p[labelLen:] {
		*l = append(*l, binary.BigEndian.Uint32(p)>>uapi.MPLS_LS_LABEL_SHIFT)
	}
	return nil
}
