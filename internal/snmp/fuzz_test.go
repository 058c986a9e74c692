package snmp

import (
	"context"
	"sync"
	"testing"
	"time"
)

// Whatever an agent answers, each request gets exactly one answer, and nothing of it is left in the engine.
func FuzzAnswers(f *testing.F) {
	good := pdu{kind: tagResponse, bindings: []Binding{{Name: "\x2b\x06\x01", Tag: TagInteger, Value: []byte{1}}, {Name: "\x2b\x06\x02", Tag: TagNull}}}
	f.Add(appendCommunity(nil, Version2c, "public", &good), appendCommunity(nil, Version2c, "", &pdu{kind: tagResponse, status: tooBig}))
	f.Add(appendCommunity(nil, Version2c, "", &pdu{kind: tagResponse, status: 2, index: 2}), appendCommunity(nil, Version2c, "", &pdu{kind: tagResponse, status: 5}))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		s := newShard(16)
		var group sync.WaitGroup
		list := []*collect{}
		to := &Device{Version: Version2c, Community: "public", Timeout: time.Second}
		for i, names := range [][]OID{{"\x2b\x06\x01", "\x2b\x06\x02"}, {"\x2b\x06\x02"}, {"\x2b\x06"}, {"\x2b"}} {
			c := &collect{Request: Request{To: to, OIDs: names, Kind: Kind(max(i-1, 0))}, group: &group}
			c.Then = c
			group.Add(1)
			list = append(list, c)
			s.intake.push(&c.Request)
		}
		s.sockets[1] = &socket{} // it collects what is to be sent, and sends nothing
		s.admit()
		s.beginReady()
		for range 50 {
			for _, l := range s.lanes {
				for _, msg := range [][]byte{first, second} {
					if _, err := s.pdu.readCommunity(msg); l != nil && l.id != 0 && err == nil && s.pdu.kind == tagResponse {
						s.take(l, &s.pdu)
					}
				}
			}
			s.beginReady()
			s.sockets[1].sending = nil
		}
		for _, c := range list { // who has no answer yet gives up
			if c.lane != nil {
				s.drop(c.lane, &c.Request, context.DeadlineExceeded)
			}
		}
		for _, d := range s.devices {
			for _, l := range append([]*lane(nil), d.lanes...) {
				s.abandon(l)
			}
		}
		s.beginReady()
		group.Wait()
		if len(s.devices) > 0 || len(s.free) != len(s.lanes) || s.limits.Len() > 0 || s.retries.Len() > 0 {
			t.Errorf("%d devices, %d of %d slots free, %d and %d timers are left", len(s.devices), len(s.free), len(s.lanes), s.limits.Len(), s.retries.Len())
		}
	})
}
