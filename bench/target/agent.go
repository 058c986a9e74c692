package target

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// agentKind is the name of the fake agent. With guests it is called agent+HOSTSxBYTES: every agent's output has payloads of so
// many bytes for so many hosts.
const agentKind = "agent"

// What a fake agent may be told.
const (
	mostGuests      = 100_000
	mostGuestsBytes = 1 << 20
)

// AgentWith gives the name of the fake agent whose output holds payloads for that many hosts, of about so many bytes each.
func AgentWith(guests, bytes int) string { return fmt.Sprintf("%s+%dx%d", agentKind, guests, bytes) }

// guestsOf reads what follows the name of the agent.
func guestsOf(text string) (guests, bytes int, err error) {
	first, second, both := strings.Cut(text, "x")
	guests, err1 := strconv.Atoi(first)
	bytes, err2 := strconv.Atoi(second)
	if !both || err1 != nil || err2 != nil || guests < 0 || guests > mostGuests || bytes < 0 || bytes > mostGuestsBytes {
		return 0, 0, fmt.Errorf("%q is not HOSTSxBYTES, such as 10000x4096, with at most %d hosts of %d bytes", text, mostGuests, mostGuestsBytes)
	}
	return guests, bytes, nil
}

// agentsWith is the kind that writes what an agent of Checkmk does and hangs up; nobody asks anything before: "Checkmk agent
// protocol", plain output. There are 30 kB of it, as of a Linux server with some file systems, disks and 90 processes, and the
// payloads behind that.
func agentsWith(guests, bytes int) Kind {
	a := &agents{guests: guests, bytes: bytes, began: time.Now()}
	about := "a Checkmk agent: 30 kB of plain output"
	if guests > 0 {
		about += fmt.Sprintf(", and %d payloads of %d bytes for other hosts", guests, bytes)
	}
	return Kind{
		Name: agentKind, About: about, Count: a.outputs.Load,
		Serve: func(ctx context.Context, ready func(port int)) error {
			return listen(ctx, ready, func(c net.Conn) {
				defer c.Close()
				_ = a.write(c, addressOf(c), time.Now())
			})
		},
	}
}

// agents are the agents on all addresses of the loopback interface. They differ in their names and in those of their guests.
type agents struct {
	guests, bytes int
	began         time.Time
	outputs       atomic.Int64

	mu   sync.Mutex
	own  []byte // of this second; only read once it is made
	made int64
}

// addressOf is the address that the other side asked.
func addressOf(c net.Conn) netip.Addr {
	at, _ := netip.ParseAddrPort(c.LocalAddr().String())
	return at.Addr().Unmap()
}

// AgentOutput is the item of the local check that ends an output. Its text says which output it is and when the last byte before
// it was written: "output 17 at 1700000000.123456".
const AgentOutput = "Output"

// write writes one output. What is for other hosts is made while it is written.
func (a *agents) write(c net.Conn, at netip.Addr, now time.Time) error {
	number := a.outputs.Add(1)
	w := bufio.NewWriterSize(c, 1<<16)
	fmt.Fprintf(w, "<<<check_mk>>>\nVersion: 2.3.0p10\nAgentOS: linux\nHostname: %s\n", hostname(at))
	_, _ = w.Write(a.sections(now)) // an error stays with w
	g := guest{number: number, bytes: a.bytes, began: a.began, now: now}
	for i := range a.guests {
		if _, err := w.Write(g.block(Guest(at, i), i)); err != nil {
			return err
		}
	}
	if a.guests > 0 {
		fmt.Fprint(w, "<<<<>>>>\n")
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "<<<local:sep(0)>>>\n0 %s - output %d at %.6f\n", AgentOutput, number, float64(time.Now().UnixMicro())/1e6)
	return w.Flush()
}

// hostname is what the agent at an address calls itself.
func hostname(at netip.Addr) string { return fmt.Sprintf("host-%06x", low(at)) }

// Guest is the name of a host that the agent at an address has a payload for, the first being 0.
func Guest(at netip.Addr, i int) string { return fmt.Sprintf("vm%06x-%05d", low(at), i) }

// low is what tells addresses of 127.0.0.0/8 apart.
func low(at netip.Addr) uint32 {
	if !at.Is4() {
		return 0
	}
	four := at.As4()
	return binary.BigEndian.Uint32(four[:]) & 0xffffff
}

// sections gives what an agent says of its own host, made anew once a second.
func (a *agents) sections(now time.Time) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.own == nil || a.made != now.Unix() {
		a.own, a.made = agentSections(now, now.Sub(a.began)), now.Unix()
	}
	return a.own
}
