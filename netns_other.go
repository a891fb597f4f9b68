//go:build !linux

package nlkit

import (
	"errors"
	"os"
)

func (n namespace) open() (*os.File, error) { return nil, errors.ErrUnsupported }
