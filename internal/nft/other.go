//go:build !linux

package nft

import (
	"errors"
	"fmt"
	"runtime"
)

// AddLogRule adds a rule to the network namespace.
func AddLogRule(int, LogRule) error {
	return fmt.Errorf("nft: no nftables on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}
