package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// The state of a connection that is over (Linux, include/net/tcp_states.h): both sides ended and acknowledged it, or one reset it.
const tcpClose = 7

// errEarly is why broks come again although the other side closed its side in good order.
var errEarly = errors.New("it closed the connection before it had everything")

// Ended waits until both sides have acknowledged the end of a connection whose other side has closed. A program that takes a
// connection and closes it at once, as carbon does beyond MAX_RECEIVER_CONNECTIONS, seems to close in good order too: but what
// we sent is answered with a reset.
func Ended(ctx context.Context, conn *net.TCPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		var state uint8
		var why int
		var failed error
		err := raw.Control(func(fd uintptr) {
			info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
			if failed = err; err == nil {
				state = info.State
				why, failed = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
			}
		})
		switch err = errors.Join(err, failed); {
		case err != nil:
			return fmt.Errorf("the end of the connection: %w", err)
		case why != 0:
			return fmt.Errorf("%w: %w", errEarly, unix.Errno(why))
		case state == tcpClose:
			return nil
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return errEarly
		case <-t.C:
		}
	}
}
