package genl

// For tests.
var (
	Controller         = controller
	FamilyAttrs        = familyAttrs
	FamilyRequestAttrs = familyRequestAttrs
	OperationAttrs     = operationAttrs
	GroupAttrs         = groupAttrs
)

// FamilyRequest is familyRequest.
type FamilyRequest = familyRequest
