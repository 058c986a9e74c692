package snmp

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/mmsg"
)

// While many messages wait to be sent again, answers to the first tries may come: those devices are not asked again, and what is
// left of their conversations is used for others.
func TestNobodyIsAskedAgainWhoAnswersBeforeTheRepeatLeaves(t *testing.T) {
	s := newShard(16)
	m, err := openSocket("udp4")
	if err != nil {
		t.Fatal(err)
	}
	defer m.conn.Close()
	s.sockets[0] = m
	name := oids(t, "1.3.6.1.2.1.1.3.0")
	const devices, answering = 3 * mmsg.Batch, mmsg.Batch
	var group sync.WaitGroup
	group.Add(answering)
	for i := range byte(devices) {
		to := &Device{Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 1, i}), 9), Version: Version2c, Timeout: time.Second, Retries: 1}
		c := &collect{Request: Request{To: to, OIDs: name}, group: &group}
		c.Then = c
		s.intake.push(&c.Request)
	}
	s.turn()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.now += time.Second + tick
	s.expire()
	for _, l := range s.lanes[devices-answering:] {
		answerFor(t, m, l, pdu{kind: tagResponse, request: l.id, bindings: []Binding{{Name: name[0], Tag: TagNull}}})
	}
	s.settleAll()
	group.Wait()
	if s.count.Answers != answering || len(s.free) != answering {
		t.Errorf("%d answers were taken and %d conversations ended, want %d", s.count.Answers, len(s.free), answering)
	}
}

// answerFor has the device of a lane answer.
func answerFor(t *testing.T, m *socket, l *lane, p pdu) {
	t.Helper()
	agent, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(l.device.addr))
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: m.conn.LocalAddr().(*net.UDPAddr).Port}
	if _, err := agent.WriteToUDP(appendCommunity(nil, Version2c, "", &p), to); err != nil {
		t.Fatal(err)
	}
}

// Whatever kept this machine from looking, a device that has answered has answered, and one that had no chance to gets one.
func TestAMachineThatWasAwayMakesNoDeviceDead(t *testing.T) {
	s := newShard(16)
	m, err := openSocket("udp4")
	if err != nil {
		t.Fatal(err)
	}
	defer m.conn.Close()
	s.sockets[0] = m
	name := oids(t, "1.3.6.1.2.1.1.3.0")
	var group sync.WaitGroup
	group.Add(2)
	list := make([]*collect, 2)
	for i := range list {
		to := &Device{Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 1, byte(i)}), 9), Version: Version2c, Timeout: time.Second}
		list[i] = &collect{Request: Request{To: to, OIDs: name}, group: &group}
		list[i].Then = list[i]
		s.intake.push(&list[i].Request)
	}
	s.turn()
	answer := func(l *lane) {
		answerFor(t, m, l, pdu{kind: tagResponse, request: l.id, bindings: []Binding{{Name: name[0], Tag: TagNull}}})
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	answer(s.lanes[0])
	back := s.now + 10*time.Second
	s.look(back)
	answer(s.lanes[1])
	s.look(back + stall)
	group.Wait()
	for i, c := range list {
		if c.reply.Err != nil {
			t.Errorf("device %d: %v", i, c.reply.Err)
		}
	}
}
