package target_test

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"
)

func connect(port int, patience time.Duration) error {
	c, err := net.DialTimeout("tcp4", fmt.Sprintf("127.4.5.6:%d", port), patience)
	if err == nil {
		c.Close()
	}
	return err
}

func TestTheDeadAreDeadInTheirWay(t *testing.T) {
	if err := connect(start(t, "tcp-closed"), time.Minute); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a closed port: %v", err)
	}
	var late net.Error
	if err := connect(start(t, "tcp-mute"), 100*time.Millisecond); !errors.As(err, &late) || !late.Timeout() {
		t.Errorf("a mute host: %v", err)
	}
}

func TestARefusingTargetComesBackAtItsPort(t *testing.T) {
	r := run(t, "tcp")
	for _, trouble := range []string{"1", "0", "1", "0"} {
		fmt.Fprintf(r.input, "trouble %s 7\n", trouble)
		for { // the word takes a moment
			err := connect(int(r.port), time.Minute)
			if errors.Is(err, syscall.ECONNREFUSED) == (trouble == "1") {
				break
			}
		}
	}
}

func TestAShareOfTheHostsIsSilentInTrouble(t *testing.T) {
	r := run(t, "snmp")
	answers := func(host string) bool {
		c := r.client(host)
		c.Timeout, c.Retries = 300*time.Millisecond, 0
		_, err := c.Get([]string{".1.3.6.1.2.1.1.3.0"})
		return err == nil
	}
	fmt.Fprintln(r.input, "trouble 0.5 1")
	fmt.Fprintln(r.input, "count") // its answer comes after the trouble
	var n int
	r.scan("answered %d", &n)
	silent := 0
	for i := range 8 {
		if !answers(fmt.Sprintf("127.1.%d.%d", i*31, i*11+1)) {
			silent++
		}
	}
	if silent == 0 || silent == 8 {
		t.Errorf("%d of 8 hosts are silent, want about half", silent)
	}
	fmt.Fprintln(r.input, "trouble 0 0")
	fmt.Fprintln(r.input, "count")
	r.scan("answered %d", &n)
	if !answers("127.1.0.1") {
		t.Error("it stays silent")
	}
}
