package genl_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/mdlayher/genetlink"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/attr/attrtest"
	"github.com/nlkit/nlkit/genl"
	"github.com/nlkit/nlkit/internal/nstest"
	"github.com/nlkit/nlkit/internal/uapi"
)

func TestTables(t *testing.T) {
	attrtest.RoundTrip(t, genl.FamilyAttrs)
	attrtest.RoundTrip(t, genl.FamilyRequestAttrs)
	attrtest.RoundTrip(t, genl.OperationAttrs)
	attrtest.RoundTrip(t, genl.GroupAttrs)
	attrtest.RoundTrip(t, genl.AnnouncementAttrs)
	attrtest.RoundTrip(t, genl.PolicyPartAttrs)
	attrtest.RoundTrip(t, genl.CommandSetsAttrs)
	attrtest.RoundTrip(t, genl.RuleAttrs)
	attrtest.Covers(t, genl.FamilyAttrs)
	attrtest.Covers(t, genl.FamilyRequestAttrs)
	attrtest.Covers(t, genl.OperationAttrs)
	attrtest.Covers(t, genl.GroupAttrs)
	attrtest.Covers(t, genl.AnnouncementAttrs)
	attrtest.Covers(t, genl.PolicyPartAttrs)
	attrtest.Covers(t, genl.CommandSetsAttrs)
	attrtest.Covers(t, genl.RuleAttrs)
}

var recordings = map[string]genl.Family{
	"nlctrl": {
		ID: 16, Name: "nlctrl", Version: 2,
		Operations: []genl.Operation{
			{Command: uapi.CTRL_CMD_GETFAMILY, Flags: genl.OpDo | genl.OpDump | genl.OpHasPolicy},
			{Command: uapi.CTRL_CMD_GETPOLICY, Flags: genl.OpDump | genl.OpHasPolicy},
		},
		Groups: []genl.Group{{ID: 16, Name: "notify"}},
	},
	"TASKSTATS": {
		ID: 31, Name: "TASKSTATS", Version: 1,
		Operations: []genl.Operation{
			{Command: 1, Flags: genl.OpAdmin | genl.OpDo | genl.OpHasPolicy},
			{Command: 4, Flags: genl.OpDo | genl.OpHasPolicy},
		},
	},
	"thermal": {
		ID: 19, Name: "thermal", Version: 2, MaxAttr: 27,
		Operations: []genl.Operation{
			{Command: 1, Flags: genl.OpDump},
			{Command: 2, Flags: genl.OpDo | genl.OpHasPolicy},
			{Command: 3, Flags: genl.OpDo | genl.OpHasPolicy},
			{Command: 4, Flags: genl.OpDo | genl.OpHasPolicy},
			{Command: 6, Flags: genl.OpDump},
			{Command: 7, Flags: genl.OpDo | genl.OpHasPolicy},
			{Command: 8, Flags: genl.OpDo | genl.OpHasPolicy},
			{Command: 9, Flags: genl.OpDo | genl.OpHasPolicy},
			{Command: 10, Flags: genl.OpDo | genl.OpHasPolicy},
		},
		Groups: []genl.Group{{ID: 2, Name: "sampling"}, {ID: 3, Name: "event"}},
	},
}

func TestRecordedFamilies(t *testing.T) {
	if !nstest.LittleEndian() {
		return // the recordings are not this machine's; TestTables runs on it
	}
	messages := nstest.Recorded(t)
	for name, want := range recordings {
		m, err := genl.Controller.Parse(nlkit.Message{Data: messages[name]})
		if err != nil || m.Command != uapi.CTRL_CMD_NEWFAMILY || m.Version != 2 || len(m.Header) != 0 {
			t.Fatalf("%s: got %+v, %v", name, m, err)
		}
		var got genl.Family
		if err := genl.FamilyAttrs.Decode(m.Attrs, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v\nwant %+v", name, got, err, want)
		}
	}
}

func TestZeroRequestIsEmpty(t *testing.T) {
	b, err := genl.FamilyRequestAttrs.Append(nil, new(genl.FamilyRequest))
	if err != nil || len(b) != 0 {
		t.Errorf("got % x, %v", b, err)
	}
}

func TestOpFlags(t *testing.T) {
	for v, want := range map[genl.OpFlags]string{
		0:                             "0",
		genl.OpAdmin | genl.OpDo:      "admin|do",
		0x0e:                          "do|dump|haspol",
		genl.OpNetAdmin | 0x400:       "uns-admin|0x400",
		genl.OpDump | genl.OpAdmin:    "admin|dump",
		genl.OpHasPolicy:              "haspol",
		0x80000000 | genl.OpHasPolicy: "haspol|0x80000000",
	} {
		text, err := v.MarshalText()
		if err != nil || string(text) != want || v.String() != want {
			t.Errorf("%#x: got %q, %v, want %q", uint32(v), text, err, want)
		}
		var back genl.OpFlags
		if err := back.UnmarshalText(text); err != nil || back != v {
			t.Errorf("%q: got %#x, %v", text, uint32(back), err)
		}
	}
	if new(genl.OpFlags).UnmarshalText([]byte("dumped")) == nil {
		t.Error("an unknown word is taken")
	}
	if f := genl.OpDo | genl.OpDump; !f.Has(genl.OpDump) || f.Has(genl.OpDo|genl.OpAdmin) {
		t.Error("Has is wrong")
	}
	if got := (genl.Operation{Command: 3, Flags: 0xe}).String(); got != "3 do|dump|haspol" {
		t.Errorf("got %q", got)
	}
	for flag, want := range map[genl.OpFlags]uint32{
		genl.OpAdmin: uapi.GENL_ADMIN_PERM, genl.OpDo: uapi.GENL_CMD_CAP_DO, genl.OpDump: uapi.GENL_CMD_CAP_DUMP,
		genl.OpHasPolicy: uapi.GENL_CMD_CAP_HASPOL, genl.OpNetAdmin: uapi.GENL_UNS_ADMIN_PERM,
	} {
		if uint32(flag) != want {
			t.Errorf("%v is %#x, the kernel's is %#x", flag, uint32(flag), want)
		}
	}
}

func TestOperation(t *testing.T) {
	f := recordings["thermal"]
	if op, ok := f.Operation(6); !ok || op.Flags != genl.OpDump {
		t.Errorf("got %v, %t", op, ok)
	}
	if op, ok := f.Operation(5); ok {
		t.Errorf("got %v", op)
	}
}

func TestUnknownGroupListsTheGroups(t *testing.T) {
	f := recordings["thermal"]
	if g, err := f.Group("event"); err != nil || g.ID != 3 {
		t.Errorf("got %+v, %v", g, err)
	}
	_, err := f.Group("events")
	e, ok := errors.AsType[*genl.GroupError](err)
	if !ok || !errors.Is(err, fs.ErrNotExist) || e.Family != "thermal" || e.Group != "events" || !reflect.DeepEqual(e.Known, []string{"sampling", "event"}) {
		t.Fatalf("got %#v", err)
	}
	if got, want := err.Error(), `no group "events" in family "thermal", which has sampling, event`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, err = recordings["TASKSTATS"].Group("x")
	if got, want := err.Error(), `no group "x" in family "TASKSTATS", which has no groups`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// datapath is a request and an answer of a family with a header of its own, as
// openvswitch's: one 32-bit field, made 6 bytes long to see the padding.
type datapath struct {
	Port uint16
	Link uint32
	Name string
}

var datapathAttrs = attr.Table[datapath]{
	attr.String(1, "OVS_DP_ATTR_NAME", func(d *datapath) *string { return &d.Name }),
}

var setDatapath = genl.Call[datapath, datapath]{
	Op: "ovs_datapath.Set", Command: 4, Flags: uapi.NLM_F_ECHO, Request: datapathAttrs, Reply: datapathAttrs,
	AppendHeader: func(b []byte, d *datapath) []byte {
		return append(b, byte(d.Port>>8), byte(d.Port), byte(d.Link>>24), byte(d.Link>>16), byte(d.Link>>8), byte(d.Link))
	},
	DecodeHeader: func(b []byte, d *datapath) error {
		d.Port = uint16(b[0])<<8 | uint16(b[1])
		d.Link = uint32(b[2])<<24 | uint32(b[3])<<16 | uint32(b[4])<<8 | uint32(b[5])
		return nil
	},
	Describe: func(d *datapath) string { return d.Name },
}

var ovs = genl.Family{ID: 0x31, Name: "ovs_datapath", Version: 2, HeaderSize: 6}

// recorder is a Doer that keeps what it is given.
type recorder struct{ got nlkit.Request }

func (r *recorder) Do(_ context.Context, req nlkit.Request) error {
	r.got = req
	return nil
}

func TestRequestBytes(t *testing.T) {
	var r recorder
	d := &datapath{Port: 0x0102, Link: 0x03040506, Name: "br0"}
	if err := setDatapath.Do(t.Context(), &r, ovs, d); err != nil {
		t.Fatal(err)
	}
	want := append([]byte{4, 2, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0}, attr.AppendString(nil, 1, "br0")...)
	got := r.got
	if !bytes.Equal(got.Data, want) {
		t.Errorf("got  % x\nwant % x", got.Data, want)
	}
	if got.Op != "ovs_datapath.Set" || got.Protocol != uapi.NETLINK_GENERIC || got.Type != 0x31 || got.Flags != uapi.NLM_F_ECHO || got.Header != 12 {
		t.Errorf("got %+v", got)
	}
	d.Name = "changed since"
	if object := got.Describe(got.Data); object != "br0" {
		t.Errorf("the request is about %q", object)
	}
	if path := attr.Path(got.Schema, got.Data[got.Header:], 0); path != "OVS_DP_ATTR_NAME" {
		t.Errorf("the first attribute is %q", path)
	}

	t.Run("by hand", func(t *testing.T) {
		req, err := ovs.Request("", genl.Message{Command: 4, Header: want[4:10], Attrs: want[12:]})
		if err != nil || !bytes.Equal(req.Data, want) || req.Op != "ovs_datapath.4" || req.Type != 0x31 || req.Header != 12 {
			t.Errorf("got %+v, %v", req, err)
		}
		m, err := ovs.Parse(nlkit.Message{Data: req.Data})
		if err != nil || m.Command != 4 || m.Version != 2 || !bytes.Equal(m.Header, want[4:10]) || !bytes.Equal(m.Attrs, want[12:]) {
			t.Errorf("got %+v, %v", m, err)
		}
	})
	t.Run("no header, no attributes, a version", func(t *testing.T) {
		bare := genl.Call[struct{}, struct{}]{Command: 9, Version: 7}
		if err := bare.Do(t.Context(), &r, ovs, nil); err != nil {
			t.Fatal(err)
		}
		if want := []byte{9, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}; !bytes.Equal(r.got.Data, want) || r.got.Op != "ovs_datapath.9" {
			t.Errorf("%s: got % x", r.got.Op, r.got.Data)
		}
	})
	t.Run("framed as by genetlink", func(t *testing.T) {
		var m genetlink.Message
		if err := m.UnmarshalBinary(got.Data); err != nil || m.Header.Command != 4 || m.Header.Version != 2 {
			t.Errorf("got %+v, %v", m.Header, err)
		}
	})
}

func TestRefusedBeforeItIsSent(t *testing.T) {
	short := setDatapath
	short.AppendHeader = func(b []byte, _ *datapath) []byte { return append(b, 1, 2, 3) }
	lost := setDatapath
	lost.AppendHeader = func([]byte, *datapath) []byte { return nil }
	for _, tt := range []struct {
		name string
		call genl.Call[datapath, datapath]
		fam  genl.Family
		req  datapath
		want string
	}{
		{"a family that was not resolved", setDatapath, genl.Family{}, datapath{Name: "br0"}, "ovs_datapath.Set br0: 0 is no family's number: resolve the family first"},
		{"a short header", short, ovs, datapath{}, `ovs_datapath.Set: a header of 3 bytes, family "ovs_datapath" has one of 6`},
		{"a header that was thrown away", lost, ovs, datapath{}, "ovs_datapath.Set: the header was put in place of what it was to be appended to"},
		{"a family without header", setDatapath, genl.Family{ID: 40, Name: "x"}, datapath{}, `ovs_datapath.Set: a header of 6 bytes, family "x" has one of 0`},
		{"a header that fits nowhere", setDatapath, genl.Family{ID: 40, HeaderSize: 1 << 30}, datapath{}, "ovs_datapath.Set: a family's header has no 1073741824 bytes"},
		{"a value that fits nowhere", setDatapath, ovs, datapath{Name: "a\x00b"}, "ovs_datapath.Set a\x00b: the text contains a NUL (OVS_DP_ATTR_NAME)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r recorder
			errs := []error{tt.call.Do(t.Context(), &r, tt.fam, &tt.req)}
			_, err := tt.call.Query(t.Context(), nil, tt.fam, &tt.req)
			errs = append(errs, err)
			_, err = tt.call.List(t.Context(), nil, tt.fam, &tt.req)
			errs = append(errs, err)
			for _, err := range tt.call.All(t.Context(), nil, tt.fam, &tt.req) {
				errs = append(errs, err)
			}
			if len(errs) != 4 {
				t.Fatalf("%d errors", len(errs))
			}
			for _, err := range errs {
				if !errors.Is(err, fs.ErrInvalid) || err.Error() != tt.want || !nlkit.SafeToRetry(err) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
			}
			if r.got.Data != nil {
				t.Error("it was sent")
			}
		})
	}
	if _, err := (genl.Family{}).Request("x.Y", genl.Message{}); !errors.Is(err, fs.ErrInvalid) || !strings.HasPrefix(err.Error(), "x.Y: ") {
		t.Errorf("got %v", err)
	}
}

func TestParseShortMessages(t *testing.T) {
	whole := []byte{4, 2, 0, 0, 1, 2, 3, 4, 5, 6}
	for n := range len(whole) {
		if _, err := ovs.Parse(nlkit.Message{Data: whole[:n]}); !errors.Is(err, nlkit.ErrMalformed) {
			t.Errorf("%d bytes: got %v", n, err)
		}
	}
	// A message may end with its header, unpadded; and newer kernels may use what
	// is reserved.
	m, err := ovs.Parse(nlkit.Message{Data: append([]byte{4, 2, 1, 1}, whole[4:]...)})
	if err != nil || len(m.Header) != 6 || len(m.Attrs) != 0 {
		t.Errorf("got %+v, %v", m, err)
	}
	if _, err := (genl.Family{HeaderSize: -1}).Parse(nlkit.Message{Data: whole}); !errors.Is(err, nlkit.ErrMalformed) {
		t.Errorf("a negative header: got %v", err)
	}
}

func FuzzFamily(f *testing.F) {
	var seeds [][]byte
	messages := nstest.Recorded(f)
	for name := range recordings {
		seeds = append(seeds, messages[name][uapi.GENL_HDRLEN:])
	}
	attrtest.Fuzz(f, genl.FamilyAttrs, seeds...)
}

func FuzzParse(f *testing.F) {
	messages := nstest.Recorded(f)
	for name := range recordings {
		f.Add(messages[name], 0)
	}
	f.Add([]byte{4, 2, 0, 0, 1, 2, 3, 4, 5, 6}, 6)
	f.Add([]byte{4, 2, 0, 0}, math.MaxInt)
	f.Fuzz(func(t *testing.T, b []byte, header int) {
		fam := genl.Family{ID: 40, HeaderSize: header}
		m, err := fam.Parse(nlkit.Message{Data: b})
		if err != nil {
			return
		}
		if len(m.Header) != header || len(m.Header)+len(m.Attrs) > len(b)-uapi.GENL_HDRLEN {
			t.Fatalf("%d bytes of header, %d of attributes, from %d", len(m.Header), len(m.Attrs), len(b))
		}
		var v genl.Family
		if err := genl.FamilyAttrs.Decode(m.Attrs, &v); err != nil && !errors.Is(err, attr.ErrMalformed) {
			t.Fatal(err)
		}
	})
}
