package genl_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"

	"github.com/nlkit/nlkit"
	"github.com/nlkit/nlkit/attr"
	"github.com/nlkit/nlkit/genl"
)

// A family of one's own: nlctrl, the one that knows the others, written down as any
// family is. Requests and answers are plain structs, and one row ties an attribute
// to a field.

// familyQuery is the request of CTRL_CMD_GETFAMILY.
type familyQuery struct {
	Name string
}

// familyInfo is its answer.
type familyInfo struct {
	ID     uint16
	Name   string
	Groups []groupInfo
}

// groupInfo is a nest within the answer.
type groupInfo struct {
	ID   uint32
	Name string
}

var familyQueryAttrs = attr.Table[familyQuery]{
	attr.String(2, "CTRL_ATTR_FAMILY_NAME", func(q *familyQuery) *string { return &q.Name }),
}

var familyInfoAttrs = attr.Table[familyInfo]{
	attr.U16(1, "CTRL_ATTR_FAMILY_ID", func(f *familyInfo) *uint16 { return &f.ID }),
	attr.String(2, "CTRL_ATTR_FAMILY_NAME", func(f *familyInfo) *string { return &f.Name }),
	attr.List(7, "CTRL_ATTR_MCAST_GROUPS", groupInfoAttrs, func(f *familyInfo) *[]groupInfo { return &f.Groups }),
}

var groupInfoAttrs = attr.Table[groupInfo]{
	attr.String(1, "CTRL_ATTR_MCAST_GRP_NAME", func(g *groupInfo) *string { return &g.Name }),
	attr.U32(2, "CTRL_ATTR_MCAST_GRP_ID", func(g *groupInfo) *uint32 { return &g.ID }),
}

// One variable a command: the compiler checks what it is called with.
var getFamilyInfo = genl.Call[familyQuery, familyInfo]{
	Op:       "nlctrl.GetFamily",
	Command:  3, // CTRL_CMD_GETFAMILY
	Request:  familyQueryAttrs,
	Reply:    familyInfoAttrs,
	Describe: func(q *familyQuery) string { return q.Name },
}

func Example() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	fam, err := genl.Resolve(ctx, c, "nlctrl")
	if err != nil {
		log.Fatal(err)
	}

	// One request, one answer.
	info, err := getFamilyInfo.Query(ctx, c, fam, &familyQuery{Name: "nlctrl"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Name, info.ID, info.Groups)

	// The same command as a dump.
	for f, err := range getFamilyInfo.All(ctx, c, fam, nil) {
		if err != nil {
			log.Fatal(err)
		}
		if f.ID == fam.ID {
			fmt.Println("listed:", f.Name)
		}
	}

	// Errors say what was asked for, and can be asked what they are.
	_, err = getFamilyInfo.Query(ctx, c, fam, &familyQuery{Name: "nlkit-none"})
	fmt.Println(err)
	fmt.Println(errors.Is(err, fs.ErrNotExist))

	// Output:
	// nlctrl 16 [{16 notify}]
	// listed: nlctrl
	// nlctrl.GetFamily nlkit-none: no such file or directory
	// true
}

func ExampleResolve() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	fam, err := genl.Resolve(ctx, c, "nlctrl")
	if err != nil {
		log.Fatal(err)
	}
	op, _ := fam.Operation(3) // CTRL_CMD_GETFAMILY
	fmt.Println(fam.Name, fam.ID, op.Flags.Has(genl.OpDo|genl.OpDump))

	_, err = genl.Resolve(ctx, c, "nlkit-none")
	fmt.Println(err)
	fmt.Println(errors.Is(err, fs.ErrNotExist))

	// Output:
	// nlctrl 16 true
	// genl.Resolve "nlkit-none": no such file or directory
	// true
}

func ExampleName() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	// The client looks the family up, once, and follows it.
	for range 3 {
		info, err := getFamilyInfo.Query(ctx, c, genl.Name("nlctrl"), &familyQuery{Name: "nlctrl"})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(info.Groups)
	}

	_, err = getFamilyInfo.Query(ctx, c, genl.Name("nlkit-none"), &familyQuery{Name: "nlctrl"})
	fmt.Println(err)
	fmt.Println(errors.Is(err, fs.ErrNotExist))

	// Output:
	// [{16 notify}]
	// [{16 notify}]
	// [{16 notify}]
	// nlctrl.GetFamily "nlkit-none": no such file or directory
	// true
}

func ExampleGetPolicy() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	policy, err := genl.GetPolicy(ctx, c, genl.Name("nlctrl"))
	if err != nil {
		log.Fatal(err)
	}
	o, _ := policy.Operation(3) // CTRL_CMD_GETFAMILY
	fmt.Print(o.Do.Text(familyQueryAttrs))

	// Every request of a call can be held against it before it is sent.
	checked := getFamilyInfo
	checked.Check = true
	_, err = checked.Query(ctx, c, genl.Name("nlctrl"), &familyQuery{Name: "a-name-that-is-too-long"})
	fmt.Println(err)

	// Output:
	// 1 U16 0..65535
	// CTRL_ATTR_FAMILY_NAME NUL_STRING of 15 bytes at most
	// nlctrl.GetFamily a-name-that-is-too-long: 23 bytes, the kernel takes 15 at most (CTRL_ATTR_FAMILY_NAME)
}

func ExampleLookupGroup() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	fam, group, err := genl.LookupGroup(ctx, c, 16)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(fam.Name, group.Name)

	// Output:
	// nlctrl notify
}

func ExampleFamily_Group() {
	fam := genl.Family{Name: "thermal", Groups: []genl.Group{{ID: 2, Name: "sampling"}, {ID: 3, Name: "event"}}}

	group, err := fam.Group("event")
	fmt.Println(group.ID, err)

	_, err = fam.Group("events")
	if e, ok := errors.AsType[*genl.GroupError](err); ok {
		fmt.Println("choose one of", e.Known)
	}

	// Output:
	// 3 <nil>
	// choose one of [sampling event]
}

func ExampleSubscribe() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	// The tables of a family's commands are those of its events.
	sub, err := genl.Subscribe(ctx, c, "nlctrl", []string{"notify"}, genl.ByTable(familyInfoAttrs))
	if err != nil {
		log.Fatal(err)
	}
	defer sub.Close()
	for e, err := range sub.All() {
		if errors.Is(err, nlkit.ErrOverrun) {
			continue // events were lost: time to list again
		}
		if err != nil {
			log.Fatal(err)
		}
		switch e.Command {
		case 1: // CTRL_CMD_NEWFAMILY
			fmt.Println("new:", e.Object.Name)
		case 2: // CTRL_CMD_DELFAMILY
			fmt.Println("gone:", e.Object.Name)
		}
	}
}

func ExampleList() {
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	families, err := genl.List(context.Background(), c)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range families {
		fmt.Println(f.ID, f.Name, f.Version, f.Operations, f.Groups)
	}
}

func ExampleFamily_Request() {
	ctx := context.Background()
	c, err := nlkit.New()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	fam, err := genl.Resolve(ctx, c, "nlctrl")
	if err != nil {
		log.Fatal(err)
	}
	req, err := fam.Request("nlctrl.GetFamily", genl.Message{
		Command: 3,                                   // CTRL_CMD_GETFAMILY
		Attrs:   attr.AppendString(nil, 2, "nlctrl"), // CTRL_ATTR_FAMILY_NAME
	})
	if err != nil {
		log.Fatal(err)
	}
	err = c.Query(ctx, req, func(m nlkit.Message) error {
		answer, err := fam.Parse(m)
		if err != nil {
			return err
		}
		for s := attr.Scan(answer.Attrs); s.Next(); {
			if s.Type() == 1 { // CTRL_ATTR_FAMILY_ID
				fmt.Println(s.Uint16())
			}
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}

	// Output:
	// 16
}
