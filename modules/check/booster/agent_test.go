package booster_test

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gosnmp/gosnmp"

	"github.com/onbu/onbu/internal/probe/probetest"
)

// agent is an SNMP agent whose objects a test changes.
type agent struct {
	port string

	mu      sync.Mutex
	objects map[string]gosnmp.SnmpPDU // by name, without a dot in front
	quiet   bool
	asked   []string // names of GETs
	walks   int
}

func startAgent(t testing.TB) *agent {
	t.Helper()
	a := &agent{objects: map[string]gosnmp.SnmpPDU{}}
	addr := probetest.ServeUDP(t, func(datagram []byte) [][]byte {
		if out := a.answer(datagram); out != nil {
			return [][]byte{out}
		}
		return nil
	})
	a.port = strconv.Itoa(int(addr.Port()))
	return a
}

// set sets objects: name, type and value, three words each time.
func (a *agent) set(list ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := 0; i < len(list); i += 3 {
		name := list[i].(string)
		a.objects[name] = gosnmp.SnmpPDU{Name: "." + name, Type: list[i+1].(gosnmp.Asn1BER), Value: list[i+2]}
	}
}

// silence has the agent answer nothing any more.
func (a *agent) silence() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.quiet = true
}

func (a *agent) remove(names ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, name := range names {
		delete(a.objects, name)
	}
}

// counts gives how many objects were asked for by GET, and how often a walk began, since it was called last.
func (a *agent) counts() (gets []string, walks int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	gets, walks = a.asked, a.walks
	a.asked, a.walks = nil, 0
	return gets, walks
}

func (a *agent) answer(msg []byte) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, err := (&gosnmp.GoSNMP{}).SnmpDecodePacket(msg)
	if err != nil || a.quiet {
		return nil
	}
	r := &gosnmp.SnmpPacket{Version: p.Version, Community: p.Community, PDUType: gosnmp.GetResponse, RequestID: p.RequestID}
	for i, v := range p.Variables {
		name := strings.TrimPrefix(v.Name, ".")
		switch p.PDUType {
		case gosnmp.GetRequest:
			a.asked = append(a.asked, name)
			found, ok := a.objects[name]
			if !ok {
				found = gosnmp.SnmpPDU{Name: v.Name, Type: gosnmp.NoSuchInstance}
				if p.Version == gosnmp.Version1 {
					found.Type, r.Error, r.ErrorIndex = gosnmp.Null, gosnmp.NoSuchName, uint8(i+1)
				}
			}
			r.Variables = append(r.Variables, found)
		case gosnmp.GetNextRequest, gosnmp.GetBulkRequest:
			a.walks++
			r.Variables = append(r.Variables, a.behind(name, max(1, int(p.MaxRepetitions)))...)
		}
	}
	out, err := r.MarshalMsg()
	if err != nil {
		panic(err)
	}
	return out
}

// behind gives the objects that come behind a name.
func (a *agent) behind(name string, most int) []gosnmp.SnmpPDU {
	var names []string
	for one := range a.objects {
		if arcs(one, name) > 0 {
			names = append(names, one)
		}
	}
	slices.SortFunc(names, arcs)
	var list []gosnmp.SnmpPDU
	for _, one := range names[:min(most, len(names), 40)] {
		list = append(list, a.objects[one])
	}
	if len(list) == 0 {
		list = append(list, gosnmp.SnmpPDU{Name: "." + name, Type: gosnmp.EndOfMibView})
	}
	return list
}

// arcs compares names number by number.
func arcs(a, b string) int {
	return slices.Compare(numbers(a), numbers(b))
}

func numbers(name string) []int {
	var list []int
	for arc := range strings.SplitSeq(name, ".") {
		n, err := strconv.Atoi(arc)
		if err != nil {
			panic(err)
		}
		list = append(list, n)
	}
	return list
}
