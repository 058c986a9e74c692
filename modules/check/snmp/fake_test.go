package snmp_test

import (
	"encoding/binary"
	"strconv"
	"testing"

	"github.com/onbu/onbu/internal/probe/probetest"
)

// agent is a little SNMP 1 and 2c agent: answer gives the datagrams to send back for a request.
type agent struct{ port string }

// startAgent serves until the test ends.
func startAgent(t testing.TB, answer func(q query) [][]byte) *agent {
	t.Helper()
	addr := probetest.ServeUDP(t, func(datagram []byte) [][]byte { return answer(parseQuery(datagram)) })
	return &agent{strconv.Itoa(int(addr.Port()))}
}

// query is what the agent needs of a request: its parts as they stand in the message.
type query struct {
	version   byte
	community []byte
	kind      byte
	id        []byte
	names     [][]byte // bodies of the object identifiers
}

// take cuts the first element off b; it trusts b, which our own encoder or net-snmp's made.
func take(b []byte) (tag byte, body, rest []byte) {
	n, at := int(b[1]), 2
	if n >= 0x80 {
		size := n & 0x7f
		n = 0
		for _, c := range b[2 : 2+size] {
			n = n<<8 | int(c)
		}
		at += size
	}
	return b[0], b[at : at+n], b[at+n:]
}

func parseQuery(msg []byte) query {
	var q query
	_, b, _ := take(append([]byte(nil), msg...))
	_, version, b := take(b)
	q.version = version[0]
	_, q.community, b = take(b)
	kind, b, _ := take(b)
	q.kind = kind
	_, q.id, b = take(b)
	_, _, b = take(b)
	_, _, b = take(b)
	_, list, _ := take(b)
	for len(list) > 0 {
		var one, name []byte
		_, one, list = take(list)
		_, name, _ = take(one)
		q.names = append(q.names, name)
	}
	return q
}

func tlv(tag byte, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	head := []byte{tag, byte(len(body))}
	if len(body) >= 0x80 {
		head = []byte{tag, 0x82, 0, 0}
		binary.BigEndian.PutUint16(head[2:], uint16(len(body)))
	}
	return append(head, body...)
}

// reply answers q with an error and bindings.
func (q query) reply(status, index byte, bindings ...[]byte) []byte {
	p := tlv(0xa2, tlv(2, q.id), tlv(2, []byte{status}), tlv(2, []byte{index}), tlv(0x30, bindings...))
	return tlv(0x30, tlv(2, []byte{q.version}), tlv(4, q.community), p)
}

// values answers each object of q with a value, the last value again for those without.
func (q query) values(values ...[]byte) []byte {
	var list [][]byte
	for i, name := range q.names {
		list = append(list, tlv(0x30, tlv(6, name), values[min(i, len(values)-1)]))
	}
	return q.reply(0, 0, list...)
}

func itoa(n int) string { return strconv.Itoa(n) }
