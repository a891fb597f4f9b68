package neigh

import (
	"context"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
	"github.com/nlkit/nlkit/rtnl"
)

// Tables returns the neighbour tables that match the options, each followed by its
// settings for every link of the network namespace. `ip ntable show`
//
// Errors: [fs.ErrInvalid] for options that make no sense.
func Tables(ctx context.Context, c *nlkit.Client, opts ...TableOption) ([]Table, error) {
	var f filter
	for _, o := range opts {
		if o != nil {
			o.applyTables(&f)
		}
	}
	families := []rtnl.Family{f.family}
	if f.family == rtnl.FamilyUnspec {
		// One after the other: asked for all, older kernels, 6.1 among them, forget
		// the links of a table that begins a datagram.
		families = []rtnl.Family{rtnl.FamilyIPv4, rtnl.FamilyIPv6}
	}
	var all []Table
	for _, family := range families {
		req := nlkit.Request{
			Op: "neigh.Tables", Protocol: uapi.NETLINK_ROUTE, Type: uapi.RTM_GETNEIGHTBL,
			Data: tableHeader(nil, family), Header: tableHeaderLen, Schema: tableAttrs,
		}
		if tableName(family) == "" {
			return nil, req.Fail(attr.Refuse("there is no table of neighbours of the family %v", family))
		}
		tables, err := nlkit.List(ctx, c, req, func(m nlkit.Message, t *Table) (bool, error) {
			if m.Type != uapi.RTM_NEWNEIGHTBL {
				return false, nil
			}
			if err := decodeTable(m.Data, t); err != nil {
				return false, err
			}
			return t.Family == family && (!f.hasLink || t.Link == f.link), nil
		})
		if err != nil {
			return nil, err
		}
		all = append(all, tables...)
	}
	return all, nil
}

// SetTable changes what is set in t: of the table of t.Family, or t.Name, on t.Link.
// It takes what [Tables] returned; fields that are only read are ignored.
// `ip ntable change`
//
//	err := neigh.SetTable(ctx, c, neigh.Table{
//		Family: rtnl.FamilyIPv4, Link: 2, UnicastProbes: new(uint32(5)),
//	})
//
// Errors: [fs.ErrNotExist] if there is no such table or link, or for thresholds, GC
// interval and Link zero outside of the initial network namespace, [fs.ErrInvalid]
// for a table that is refused before it is sent, and for a time that is out of
// range, [fs.ErrPermission] without CAP_NET_ADMIN.
func SetTable(ctx context.Context, d nlkit.Doer, t Table) error {
	req := nlkit.Request{
		Op: "neigh.SetTable", Protocol: uapi.NETLINK_ROUTE, Type: uapi.RTM_SETNEIGHTBL,
		Header: tableHeaderLen, Schema: tableAttrs, Describe: describeTable,
	}
	t.Unknown = nil
	if t.Name == "" {
		t.Name = tableName(t.Family)
	}
	var err error
	if t.Name == "" {
		err = attr.Invalid("NDTA_NAME", "no name, and the family %v has no table", t.Family)
	} else {
		req.Data, err = tableAttrs.Append(tableHeader(nil, t.Family), &t)
	}
	if err != nil {
		req.Describe = func([]byte) string { return t.String() }
		return req.Fail(err)
	}
	return nlkit.Do(ctx, d, req)
}
