package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/bench/target/snmpagent"
)

// street is where the hosts of the site answer: each on an address of its own, on the ports that its kind has.
type street struct {
	place *place
	hosts []host
	seed  uint64
	now   atomic.Pointer[scene]
	pages *http.Server

	open map[door]io.Closer // only set touches it
	busy sync.WaitGroup
}

// door is a port of a host.
type door struct {
	host int // its index
	port int
}

// patience is how long one conversation with a host may take.
const patience = 5 * time.Second

func newStreet(p *place, hosts []host, seed uint64) *street {
	st := &street{place: p, hosts: hosts, seed: seed, open: map[door]io.Closer{}}
	st.pages = &http.Server{Handler: http.HandlerFunc(st.page), ReadTimeout: patience, WriteTimeout: patience, IdleTimeout: patience}
	st.pages.SetKeepAlivesEnabled(false)
	return st
}

// doors gives the ports that a host has when it is up.
func doors(h *host) []int {
	if h.spoken() {
		return nil
	}
	ports := []int{portSSH}
	if agents(h.kind) {
		ports = append(ports, portAgent)
	}
	switch h.kind {
	case "web", "app", "printers":
		ports = append(ports, portHTTP)
	case "db":
		ports = append(ports, portDB)
	case "mail":
		ports = append(ports, portSMTP)
	case "switches", "routers":
		ports = append(ports, portSNMP)
	}
	return ports
}

func agents(kind string) bool {
	for one := range strings.SplitSeq(servers, ",") {
		if one == kind {
			return true
		}
	}
	return false
}

// set makes the street as a scene has it: doors of hosts that are out of reach are shut, so that connections are refused.
func (st *street) set(s *scene) error {
	st.now.Store(s)
	up := reach(st.hosts, s)
	for i := range st.hosts {
		h := &st.hosts[i]
		for _, port := range doors(h) {
			d := door{i, port}
			opened, is := st.open[d]
			switch {
			case is && !up[h.name]:
				opened.Close()
				delete(st.open, d)
			case !is && up[h.name]:
				c, err := st.openDoor(d)
				if err != nil {
					return fmt.Errorf("host %s of the simulated site: %w", h.name, err)
				}
				st.open[d] = c
			}
		}
	}
	return nil
}

// close shuts all doors and waits for those who are inside.
func (st *street) close() {
	for _, c := range st.open {
		c.Close()
	}
	st.pages.Close()
	st.busy.Wait()
}

// openDoor begins to answer at a door.
func (st *street) openDoor(d door) (io.Closer, error) {
	h := &st.hosts[d.host]
	at := net.JoinHostPort(h.address.String(), st.place.port(d.port))
	if d.port == portSNMP {
		c, err := net.ListenPacket("udp4", at)
		if err == nil {
			st.busy.Go(func() { snmp(c, h.address) })
		}
		return c, err
	}
	l, err := net.Listen("tcp4", at)
	if err != nil {
		return nil, err
	}
	if d.port == portHTTP {
		st.busy.Go(func() { _ = st.pages.Serve(l) })
		return l, nil
	}
	st.busy.Go(func() { st.take(l, h, d.port) })
	return l, nil
}

// take answers connections one after the other until the door is shut.
func (st *street) take(l net.Listener, h *host, port int) {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors
			time.Sleep(10 * time.Millisecond)
			continue
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		_, _ = io.WriteString(c, st.says(h, port)) // who hangs up early wanted no more
		c.Close()
	}
}

// says is what a host says to whoever connects.
func (st *street) says(h *host, port int) string {
	switch port {
	case portAgent:
		s := st.now.Load()
		if s.mute[h.name] {
			return ""
		}
		return agentOutput(h, s, st.hosts, st.seed, time.Now())
	case portDB:
		return "ready for queries\n"
	case portSMTP:
		return "220 " + h.name + " ESMTP\r\n"
	}
	return "SSH-2.0-OpenSSH_10.0\r\n"
}

// page is what web servers answer.
func (st *street) page(w http.ResponseWriter, r *http.Request) {
	at, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if h := st.at(at); h != nil && st.now.Load().broken[h.name] {
		http.Error(w, "the database is away", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "<!doctype html><title>Shop</title><p>All is well.")
}

// at gives the host at an address; nil if nobody lives there.
func (st *street) at(a net.Addr) *host {
	if a == nil {
		return nil
	}
	where, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return nil
	}
	for i := range st.hosts {
		if st.hosts[i].address == where.Addr() {
			return &st.hosts[i]
		}
	}
	return nil
}

// snmp answers for a switch until the door is shut.
func snmp(c net.PacketConn, address netip.Addr) {
	agent, buf := snmpagent.New(snmpagent.Habits{}, time.Now()), make([]byte, 4096)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			return
		}
		if answer := agent.Answer(buf[:n], address, time.Now()); answer != nil {
			_, _ = c.WriteTo(answer, from)
		}
	}
}

// findPlace looks for a network of the loopback interface and ports that nobody uses.
func findPlace(ctx context.Context) (*place, error) {
	for _, ports := range []int{17700, 27700, 7700} {
		for network := byte(77); network < 100; network++ {
			p := &place{network: network, ports: ports}
			if p.free(ctx) {
				p.results = fmt.Sprintf("127.%d.0.2:%d", network, ports+portResults)
				return p, nil
			}
		}
	}
	return nil, errors.New("no network of 127.0.0.0/8 has free ports for the simulated site")
}

// free tries every port at the first host's address, where the site's core switch will be.
func (p *place) free(ctx context.Context) bool {
	for port := range portResults + 1 {
		at := net.JoinHostPort(fmt.Sprintf("127.%d.1.1", p.network), strconv.Itoa(p.ports+port))
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", at)
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}
