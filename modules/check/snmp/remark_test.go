package snmp_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/onbu/onbu/modules/check/snmp"
)

func TestWeakAgentsAreRemarkedOn(t *testing.T) {
	a := startAgent(t, func(q query) [][]byte { // takes twenty objects a message
		if len(q.names) > 20 {
			return [][]byte{q.reply(1, 0)}
		}
		return [][]byte{q.values(tlv(2, []byte{7}))}
	})
	m := snmp.New(snmp.Options{})
	defer m.Close()
	names := strings.TrimSuffix(strings.Repeat("1.3.6.1.2.1.1.7.0,", 40), ",")
	args := []string{"-H", "127.0.0.1", "-p", a.port, "-P", "2c", "-o", names}
	got := ours(t, m, args)
	if !strings.HasPrefix(got.LongOutput, "the agent takes 20 objects a request, learned from tooBig at ") || len(strings.Fields(got.Perfdata)) != 40 {
		t.Errorf("got %+v, want 40 values and a remark", got)
	}
	p, err := m.Parse(append([]string{"check_snmp"}, args...))
	if err != nil || !strings.HasPrefix(m.Standing(p), "takes 20 objects a request") {
		t.Errorf("standing: got %q, %v", m.Standing(p), err)
	}
}

func TestRepeatsAreRemarkedOn(t *testing.T) {
	lost := false
	a := startAgent(t, func(q query) [][]byte {
		if !lost {
			lost = true
			return nil
		}
		return [][]byte{bytes.Clone(q.values(tlv(2, []byte{7})))}
	})
	m := snmp.New(snmp.Options{})
	defer m.Close()
	got := ours(t, m, []string{"-H", "127.0.0.1", "-p", a.port, "-t", "1", "-o", "1.3.6.1.2.1.1.7.0"})
	if want := "asked 2 times, as not every answer came"; got.LongOutput != want || got.Output != "SNMP OK - 7" {
		t.Errorf("got %+v, want %q", got, want)
	}
}
