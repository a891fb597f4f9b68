package genl

import (
	"context"

	"github.com/nlkit/nlkit"
)

// LookUp is what a call by name does before its request.
func LookUp(ctx context.Context, c *nlkit.Client, name string) (Family, error) {
	fam, _, err := familiesOf(c).get(ctx, c, "test.LookUp", name)
	return fam, err
}

// For tests.
var (
	Controller         = controller
	FamilyAttrs        = familyAttrs
	FamilyRequestAttrs = familyRequestAttrs
	OperationAttrs     = operationAttrs
	GroupAttrs         = groupAttrs
	AnnouncementAttrs  = announcementAttrs
	PolicyPartAttrs    = policyPartAttrs
	CommandSetsAttrs   = commandSetsAttrs
	RuleAttrs          = ruleAttrs
	JoinPolicy         = joinPolicy
)

// PolicyPart is policyPart.
type PolicyPart = policyPart

// FamilyRequest is familyRequest.
type FamilyRequest = familyRequest
