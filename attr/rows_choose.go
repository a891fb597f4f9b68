package attr

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Choose is an attribute whose content another attribute beside it chooses, such as a
// link's data by its kind. key is the row of that other attribute, which is a row of
// the table as well, and of is its field. The cases are rows of one type and name:
//
//	var kind = attr.String(1, "IFLA_INFO_KIND", func(i *info) *string { return &i.Kind })
//
//	var infoAttrs = attr.Table[info]{
//		kind,
//		attr.Choose(kind, func(i *info) *string { return &i.Kind }, map[string]attr.Row[info]{
//			"vlan":  attr.Nested(2, "IFLA_INFO_DATA", vlanAttrs, func(i *info) **vlan { return &i.VLAN }),
//			"vxlan": attr.Nested(2, "IFLA_INFO_DATA", vxlanAttrs, func(i *info) **vxlan { return &i.VXLAN }),
//		}, attr.Bytes(2, "IFLA_INFO_DATA", func(i *info) *[]byte { return &i.Data })),
//	}
//
// Other is the row where no case is for the key; without one the attribute is then
// ignored. The order in which the two attributes come does not matter.
func Choose[T any, K comparable](key Row[T], of func(*T) *K, cases map[K]Row[T], other ...Row[T]) Row[T] {
	rows := make(map[K]row[*T], len(cases))
	for k, r := range cases {
		rows[k] = r.row
	}
	return Row[T]{choose(key.row, func() *T { return new(T) }, of, rows, rowsOf(Table[T](other)))}
}

func choose[P any, K comparable](key row[P], empty func() P, of func(P) *K, cases map[K]row[P], other []row[P]) row[P] {
	rows := make(map[K]*row[P], len(cases))
	keys := make([]K, 0, len(cases))
	for k, r := range cases {
		rows[k] = &r
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b K) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	pick := func(v P) *row[P] {
		if r := rows[*of(v)]; r != nil || len(other) == 0 {
			return r
		}
		return &other[0]
	}
	// chosen is pick where there are only bytes.
	chosen := func(siblings []byte) *row[P] {
		v := empty()
		if decodeRows([]row[P]{key}, siblings, v, 0) != nil {
			return nil
		}
		return pick(v)
	}

	r := row[P]{
		late: true,
		put: func(b []byte, v P, always bool, depth int) ([]byte, error) {
			c := pick(v)
			if c == nil || c.put == nil || c.readOnly {
				return b, nil
			}
			return send(c, b, v, always || c.always, depth)
		},
		get: func(typ uint16, p []byte, v P, depth int) error {
			c := pick(v)
			if c == nil || c.get == nil {
				return nil
			}
			return c.get(typ, p, v, depth)
		},
		sub: func(siblings []byte) Schema {
			c := chosen(siblings)
			if c == nil || c.sub == nil {
				return nil
			}
			return c.sub(siblings)
		},
		show: func(b, p, siblings []byte) ([]byte, bool) {
			c := chosen(siblings)
			if c == nil || c.show == nil {
				return b, false
			}
			return c.show(b, p, siblings)
		},
		fill: func(r *rand.Rand, v P, turns int) {
			if len(keys) == 0 {
				return
			}
			k := keys[r.IntN(len(keys))]
			*of(v) = k
			if c := rows[k]; c.fill != nil {
				c.fill(r, v, turns)
			}
		},
	}
	all := slices.Clone(other)
	for _, k := range keys {
		all = append(all, cases[k])
	}
	for i, c := range all {
		switch {
		case i == 0:
			r.typ, r.name, r.problem = c.typ, c.name, c.problem
		case c.typ != r.typ || c.name != r.name:
			r.problem = "its cases are " + r.name + " and " + c.name
		case c.problem != "":
			r.problem = c.problem
		}
	}
	switch {
	case len(all) == 0:
		r.problem = "it has no cases"
	case len(other) > 1:
		r.problem = "it has more than one other row"
	}
	return r
}
