package nexthop

import (
	"context"
	"io/fs"
	"iter"
	"math"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/internal/uapi"
)

// Add makes a next hop, whose id must not be there yet; without an id the kernel
// chooses one, which [Into] tells. It takes what [List] returned; fields that are
// only read are ignored. `ip nexthop add`
//
// Errors: [fs.ErrExist] if the id is there, [fs.ErrInvalid] for a next hop that is
// refused, by the kernel or before it is sent: a link or a member that is not
// there, too. [fs.ErrPermission] without CAP_NET_ADMIN,
// [errors.ErrUnsupported] if the kernel has no next hops, or not that
// encapsulation. A link that is down or has no carrier is ENETDOWN, a gateway that
// is not on the link ENETUNREACH.
func Add(ctx context.Context, d nlkit.Doer, n Nexthop, opts ...WriteOption) error {
	req, err := request("nexthop.Add", uapi.NLM_F_CREATE|uapi.NLM_F_EXCL, n)
	if err != nil {
		return err
	}
	if into := writeOptions(opts).into; into != nil {
		req.Lookup = lookup(req.Op, n.ID, into)
		req.Flags |= uapi.NLM_F_ECHO
		req.Reply = func(m nlkit.Message) error {
			var v Nexthop
			ok, err := new(filter).message(m, &v)
			if ok && err == nil {
				*into = v
			}
			return err
		}
	}
	return nlkit.Do(ctx, d, req)
}

// Replace makes a next hop, or puts it in the place of the one that has its id:
// routes and groups that use that one now use this. It must have an id. A group
// can't become anything else, nor anything else a group. Settings of a resilient
// group that are not given stay as they are. `ip nexthop replace`
//
// Errors: those of [Add] but [fs.ErrExist].
func Replace(ctx context.Context, d nlkit.Doer, n Nexthop, opts ...WriteOption) error {
	req, err := request("nexthop.Replace", uapi.NLM_F_CREATE|uapi.NLM_F_REPLACE, n)
	if err != nil {
		return err
	}
	if into := writeOptions(opts).into; into != nil {
		// An echo would bring every route that uses the next hop as well.
		req.Lookup = lookup(req.Op, n.ID, into)
	}
	return nlkit.Do(ctx, d, req)
}

// lookup returns a function that stores the next hop with this id into n.
func lookup(op string, id uint32, n *Nexthop) func(context.Context, *nlkit.Client) error {
	return func(ctx context.Context, c *nlkit.Client) error {
		if id == 0 {
			return nlkit.Request{Op: op}.Fail(nlkit.ErrNoReply)
		}
		v, err := get(ctx, c, op, id, new(filter))
		if err == nil {
			*n = v
		}
		return err
	}
}

func writeOptions(opts []WriteOption) (cfg writeConfig) {
	for _, o := range opts {
		if o != nil {
			o.applyWrite(&cfg)
		}
	}
	return cfg
}

// request builds a message that makes n, or refuses to.
func request(op string, flags uint16, n Nexthop) (nlkit.Request, error) {
	req := nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Type: uapi.RTM_NEWNEXTHOP, Flags: flags,
		Header: headerLen, Schema: attrs, Describe: describe,
	}
	err := check(&n, flags&uapi.NLM_F_REPLACE != 0)
	if err == nil {
		req.Data, err = encode(&n)
	}
	if err != nil {
		req.Describe = func([]byte) string { return n.String() }
		return req, req.Fail(err)
	}
	return req, nil
}

// Delete removes the next hop with this id, and with it the routes and entries of
// forwarding databases that use it. Groups lose the member; one without any left
// goes too. `ip nexthop del`
//
// Errors: [fs.ErrNotExist] if there is none, [fs.ErrInvalid] for id 0,
// [fs.ErrPermission] without CAP_NET_ADMIN.
func Delete(ctx context.Context, d nlkit.Doer, id uint32) error {
	return del(ctx, d, "nexthop.Delete", id)
}

func del(ctx context.Context, d nlkit.Doer, op string, id uint32) error {
	req := byID(op, uapi.RTM_DELNEXTHOP, id)
	if id == 0 {
		return req.Fail(errNoID)
	}
	return nlkit.Do(ctx, d, req)
}

var errNoID = attr.Invalid("NHA_ID", "0 is no id")

// byID returns a request about one next hop.
func byID(op string, typ uint16, id uint32) nlkit.Request {
	return nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Type: typ,
		Data:   attr.AppendUint32(header(make([]byte, 0, 32), 0, 0, 0), uapi.NHA_ID, id),
		Header: headerLen, Schema: attrs, Describe: describe,
	}
}

// Get returns the next hop with this id. `ip nexthop get id …`
//
// Errors: [fs.ErrNotExist] if there is none, [fs.ErrInvalid] for id 0.
func Get(ctx context.Context, c *nlkit.Client, id uint32, opts ...GetOption) (Nexthop, error) {
	f := new(filter)
	for _, o := range opts {
		if o != nil {
			o.applyGet(f)
		}
	}
	return get(ctx, c, "nexthop.Get", id, f)
}

func get(ctx context.Context, c *nlkit.Client, op string, id uint32, f *filter) (Nexthop, error) {
	req := byID(op, uapi.RTM_GETNEXTHOP, id)
	if id == 0 {
		return Nexthop{}, req.Fail(errNoID)
	}
	req.Data = f.stats(req.Data)
	var n Nexthop
	err := c.Query(ctx, req, func(m nlkit.Message) error {
		n = Nexthop{}
		ok, err := f.message(m, &n)
		if err == nil && !ok {
			err = nlkit.ErrNoReply
		}
		return err
	})
	if err != nil {
		return Nexthop{}, err
	}
	return n, nil
}

// List returns the next hops that match the options, all without any, in the
// order of their ids. To put back what it returned, add those first that are no
// groups. `ip nexthop show`
//
// Errors: [nlkit.ErrDumpInterrupted] if next hops change all the time,
// [fs.ErrInvalid] for an option that makes no sense, [errors.ErrUnsupported] if
// the kernel has no next hops.
func List(ctx context.Context, c *nlkit.Client, opts ...ListOption) ([]Nexthop, error) {
	return list(ctx, c, "nexthop.List", opts)
}

func list(ctx context.Context, c *nlkit.Client, op string, opts []ListOption) ([]Nexthop, error) {
	f, req, err := listRequest(op, opts)
	if err != nil {
		return nil, err
	}
	return nlkit.List(ctx, c, req, f.message)
}

// All yields what [List] returns, one at a time as it comes. At most one error
// comes, and comes last: [nlkit.ErrDumpInterrupted] if next hops changed
// meanwhile, so that some may be missing or come twice.
func All(ctx context.Context, c *nlkit.Client, opts ...ListOption) iter.Seq2[Nexthop, error] {
	f, req, err := listRequest("nexthop.All", opts)
	if err != nil {
		return func(yield func(Nexthop, error) bool) { yield(Nexthop{}, err) }
	}
	return nlkit.All(ctx, c, req, f.message)
}

func listRequest(op string, opts []ListOption) (*filter, nlkit.Request, error) {
	f := new(filter)
	for _, o := range opts {
		if o != nil {
			o.applyList(f)
		}
	}
	req := nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Type: uapi.RTM_GETNEXTHOP,
		Data: f.request(), Header: headerLen, Schema: attrs,
	}
	return f, req, req.Fail(f.err)
}

// Flush removes the next hops that match the options, all without any. What that
// takes along stands at [Delete]. A next hop that is gone by the time its turn
// comes is no error. `ip nexthop flush`
//
// Errors: those of [List], and a *[nlkit.BatchError] that names each next hop that
// the kernel refused to remove, which is [fs.ErrPermission] without CAP_NET_ADMIN.
func Flush(ctx context.Context, c *nlkit.Client, opts ...ListOption) error {
	const op = "nexthop.Flush"
	all, err := list(ctx, c, op, opts)
	if err != nil {
		return err
	}
	b := c.NewBatch()
	for _, groups := range []bool{true, false} { // a group would go with its last member
		for i := range all {
			if all[i].IsGroup() != groups {
				continue
			}
			if err := del(ctx, b, op, all[i].ID); err != nil {
				return err
			}
		}
	}
	return b.Send(ctx, fs.ErrNotExist)
}

// Buckets returns the buckets of the resilient group with this id that match the
// options, in their order; those of all such groups for id 0. Linux 5.13.
// `ip nexthop bucket show id …`
//
// Errors: [fs.ErrNotExist] if there is no such next hop, [fs.ErrInvalid] if it is
// no resilient group, or for an option that makes no sense,
// [nlkit.ErrDumpInterrupted] if next hops change all the time.
func Buckets(ctx context.Context, c *nlkit.Client, id uint32, opts ...BucketOption) ([]Bucket, error) {
	f, req, err := bucketsRequest("nexthop.Buckets", id, opts)
	if err != nil {
		return nil, err
	}
	return nlkit.List(ctx, c, req, f.bucket)
}

// AllBuckets yields what [Buckets] returns, one at a time as it comes. At most one
// error comes, and comes last: [nlkit.ErrDumpInterrupted] if next hops changed
// meanwhile.
func AllBuckets(ctx context.Context, c *nlkit.Client, id uint32, opts ...BucketOption) iter.Seq2[Bucket, error] {
	f, req, err := bucketsRequest("nexthop.AllBuckets", id, opts)
	if err != nil {
		return func(yield func(Bucket, error) bool) { yield(Bucket{}, err) }
	}
	return nlkit.All(ctx, c, req, f.bucket)
}

func bucketsRequest(op string, id uint32, opts []BucketOption) (*filter, nlkit.Request, error) {
	f := &filter{group: id}
	for _, o := range opts {
		if o != nil {
			o.applyBuckets(f)
		}
	}
	req := nlkit.Request{
		Op: op, Protocol: uapi.NETLINK_ROUTE, Type: uapi.RTM_GETNEXTHOPBUCKET,
		Data: f.bucketRequest(), Header: headerLen, Schema: bucketAttrs,
	}
	if id != 0 {
		req.Describe = func([]byte) string { return Nexthop{ID: id}.String() }
	}
	return f, req, req.Fail(f.err)
}

// GetBucket returns one bucket of the resilient group with this id, by its index
// from 0. Linux 5.13. `ip nexthop bucket get id … index …`
//
// Errors: [fs.ErrNotExist] if there is no such next hop or bucket,
// [fs.ErrInvalid] if it is no resilient group, or for id 0.
func GetBucket(ctx context.Context, c *nlkit.Client, id uint32, index int) (Bucket, error) {
	req := nlkit.Request{
		Op: "nexthop.GetBucket", Protocol: uapi.NETLINK_ROUTE, Type: uapi.RTM_GETNEXTHOPBUCKET,
		Header: headerLen, Schema: bucketAttrs,
		Describe: func([]byte) string { return Bucket{GroupID: id, Index: index}.String() },
	}
	var err error
	switch {
	case id == 0:
		err = errNoID
	case index < 0 || index > math.MaxUint16:
		err = attr.Invalid("NHA_RES_BUCKET.NHA_RES_BUCKET_INDEX", "%d is out of range", index)
	default:
		req.Data, err = bucketAttrs.Append(header(make([]byte, 0, 32), 0, 0, 0), &Bucket{GroupID: id, Index: index})
	}
	if err != nil {
		return Bucket{}, req.Fail(err)
	}
	var got Bucket
	err = c.Query(ctx, req, func(m nlkit.Message) error {
		got = Bucket{}
		ok, err := new(filter).bucket(m, &got)
		if err == nil && !ok {
			err = nlkit.ErrNoReply
		}
		return err
	})
	if err != nil {
		return Bucket{}, err
	}
	return got, nil
}
