//go:build !linux

package route_test

import "errors"

func loadProgram(string) (int, error) { return 0, errors.ErrUnsupported }

func closeProgram(int) {}
