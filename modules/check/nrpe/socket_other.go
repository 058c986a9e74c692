//go:build !linux

package nrpe

import "syscall"

// bindLate is for Linux only.
func bindLate(_, _ string, _ syscall.RawConn) error { return nil }

// acknowledge is for Linux only.
func acknowledge(syscall.Conn) {}
