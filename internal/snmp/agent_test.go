package snmp

import (
	"maps"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"github.com/onbu/onbu/internal/probe/probetest"
)

// agent is an honest agent of versions 1 and 2c with a few weaknesses to choose. It answers from one goroutine; tests look
// at it while nothing is under way, or with the lock.
type agent struct {
	addr netip.AddrPort

	sync.Mutex
	objects map[OID]Binding
	order   []OID
	most    int  // octets of an answer; more is tooBig, and GETBULK stops there; 0 for no limit
	mute    int  // more objects or repetitions than that get no answer; 0 for no limit
	silent  bool // says nothing at all
	circle  bool // begins again at the end
	swap    bool // gives the answer for the first object for all
	blame   int  // the error-status of a request with several objects, without an index; 0 for none
	asked   []pdu
}

func startAgent(t testing.TB, objects map[string]string, weaknesses ...func(*agent)) *agent {
	t.Helper()
	a := &agent{objects: map[OID]Binding{}}
	for name, value := range objects {
		o := must1(ParseOID(name))
		a.objects[o] = Binding{Name: o, Tag: TagOctets, Value: []byte(value)}
	}
	a.order = slices.SortedFunc(maps.Keys(a.objects), OID.Compare)
	for _, weaken := range weaknesses {
		weaken(a)
	}
	a.addr = probetest.ServeUDP(t, func(datagram []byte) [][]byte {
		if b := a.answer(datagram); b != nil {
			return [][]byte{b}
		}
		return nil
	})
	return a
}

func must1[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// readRequest reads a request, with memory of its own.
func readRequest(msg []byte) (version Version, community string, p pdu, ok bool) {
	all := newReader(slices.Clone(msg))
	r := all.enter(tagSequence)
	version = Version(r.int())
	name, _ := r.octets()
	kind, body := r.element()
	p = pdu{kind: kind, request: int32(body.int()), status: int(body.int()), index: int(body.int())}
	for list := body.enter(tagSequence); list.more(); {
		v, ok := readBinding(&list)
		if !ok || v.Tag != TagNull {
			return 0, "", p, false
		}
		p.bindings = append(p.bindings, v)
	}
	return version, string(name), p, body.err == nil && r.err == nil
}

func (a *agent) answer(msg []byte) []byte {
	version, community, p, ok := readRequest(msg)
	a.Lock()
	defer a.Unlock()
	if !ok {
		panic("the engine sent what cannot be read")
	}
	a.asked = append(a.asked, p)
	if a.silent || a.mute > 0 && max(len(p.bindings), p.index) > a.mute || community != "public" {
		return nil
	}
	answer := pdu{kind: tagResponse, request: p.request, bindings: slices.Clone(p.bindings)}
	switch {
	case a.blame > 0 && len(p.bindings) > 1:
		answer.status = a.blame
	case p.kind == tagGetBulk:
		answer.bindings = a.bulk(p, a.most)
	default:
		for i := range answer.bindings {
			v, found := a.find(p.bindings[i].Name, p.kind == tagGetNext)
			if !found && version == Version1 {
				answer.status, answer.index, answer.bindings = 2, i+1, p.bindings
				break
			}
			answer.bindings[i] = v
		}
	}
	if a.swap {
		for i := range answer.bindings {
			answer.bindings[i] = answer.bindings[0]
		}
	}
	b := appendCommunity(nil, version, community, &answer)
	if a.most > 0 && len(b) > a.most {
		return appendCommunity(nil, version, community, &pdu{kind: tagResponse, request: p.request, status: tooBig})
	}
	return b
}

func (a *agent) find(name OID, next bool) (Binding, bool) {
	if !next {
		v, ok := a.objects[name]
		if !ok {
			v = Binding{Name: name, Tag: TagNoSuchInstance}
		}
		return v, ok
	}
	at, found := slices.BinarySearchFunc(a.order, name, OID.Compare)
	if found {
		at++
	}
	if at == len(a.order) && a.circle {
		at = 0
	}
	if at == len(a.order) {
		return Binding{Name: name, Tag: TagEndOfMibView}, false
	}
	return a.objects[a.order[at]], true
}

// bulk gives as many of the wanted repetitions as fit the octets.
func (a *agent) bulk(p pdu, octets int) []Binding {
	var list []Binding
	name, size := p.bindings[0].Name, 60
	for range p.index {
		v, _ := a.find(name, true)
		if size += v.size() + 2; octets > 0 && size > octets {
			break
		}
		list, name = append(list, v), v.Name
	}
	return list
}

// messages gives how many objects each message asked for since the last call, in their order; for GETBULK the
// repetitions.
func (a *agent) messages() []int {
	a.Lock()
	defer a.Unlock()
	var list []int
	for _, p := range a.asked {
		list = append(list, max(len(p.bindings), p.index))
	}
	a.asked = nil
	return list
}
